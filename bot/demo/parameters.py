"""The decoded parameters of one call, read the way the server reads them: what does not fit counts as not given."""

from __future__ import annotations

from dataclasses import dataclass

from bot.demo.wire import Payload, Upload


@dataclass(frozen=True, slots=True)
class Parameters:
    values: Payload

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def raw(self, name: str) -> object:
        return self.values.get(name)

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if value is None or isinstance(value, (dict, list, Upload)):
            return ""
        return str(value)

    def number(self, name: str) -> int | None:
        return as_number(self.values.get(name))

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.values.get(name)
        return default if value is None else str(value).lower() in ("true", "1", "yes")

    def items(self, name: str) -> list[object]:
        value = self.values.get(name)
        return value if isinstance(value, list) else []

    def mapping(self, name: str) -> Payload:
        value = self.values.get(name)
        return value if isinstance(value, dict) else {}


def as_number(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return int(value)
    except ValueError:
        return None
