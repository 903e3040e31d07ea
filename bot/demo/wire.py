"""What the installed python-telegram-bot says about the Bot API: parameters of each method, shape of each object.

Nothing of the Bot API is written down here; moving the pin of the library moves these checks."""

from __future__ import annotations

import inspect
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import TypeAlias

import telegram
from telegram import Bot, TelegramObject
from telegram.warnings import PTBDeprecationWarning

Payload: TypeAlias = dict[str, object]

# Parameters of the library's own coroutines that never travel.
LOCAL_NAMES = frozenset({"self", "api_kwargs", "filename", "contact", "location", "venue"})
# The real server sends both fields of a quiz with one right answer; the library warns of the older one.
ALLOWED_WARNING = "The parameter `correct_option_id` is deprecated"


class Mismatch(Exception):
    """An object the emulator made is not one of the Bot API."""


class Kind(Enum):
    TEXT = auto()
    CHAT = auto()  # a number, or an @username
    FILE = auto()  # an upload, an `attach://` reference or a file id
    JSON = auto()


@dataclass(frozen=True, slots=True)
class Method:
    name: str
    kinds: Mapping[str, Kind]
    required: frozenset[str]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came as a part of a multipart body."""

    name: str
    data: bytes
    content_type: str = ""

    def __repr__(self) -> str:
        return f"Upload({self.name!r}, {len(self.data)} bytes)"


def _kind(annotation: object) -> Kind:
    words = set(re.findall(r"\w+", annotation if isinstance(annotation, str) else str(annotation)))
    if "FileInput" in words:
        return Kind.FILE
    is_text = "str" in words and "Sequence" not in words
    if is_text and "int" in words:
        return Kind.CHAT
    return Kind.TEXT if is_text else Kind.JSON


def _method(name: str, function: object) -> Method:
    kinds: dict[str, Kind] = {}
    required = set()
    for parameter in inspect.signature(function).parameters.values():  # type: ignore[arg-type]  # checked by caller
        if parameter.name in LOCAL_NAMES or parameter.name.endswith("_timeout"):
            continue
        kinds[parameter.name] = _kind(parameter.annotation)
        if parameter.default is inspect.Parameter.empty:
            required.add(parameter.name)
    return Method(name, kinds, frozenset(required))


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


@cache
def methods() -> Mapping[str, Method]:
    """Every method of the Bot API that the library knows, by its name in lower case."""
    found = {}
    for name, function in inspect.getmembers(Bot, inspect.iscoroutinefunction):
        if not name.startswith("_") and "_" in name:
            camel = _camel(name)
            found[camel.lower()] = _method(camel, function)
    return found


@dataclass(frozen=True, slots=True)
class Arguments:
    """The decoded parameters of one call, and those that the method does not know."""

    values: Payload
    unknown: tuple[str, ...]
    missing: tuple[str, ...]


def decode(method: Method, fields: Mapping[str, object], uploads: Mapping[str, Upload]) -> Arguments:
    """Turns the fields of a form (or JSON body) into values: JSON where the signature is no string, joined uploads."""
    values: Payload = {}
    unknown = []
    for name, raw in fields.items():
        kind = method.kinds.get(name)
        if kind is None:
            unknown.append(name)
        else:
            values[name] = _join(_value(kind, raw), uploads)
    for name, upload in uploads.items():
        if method.kinds.get(name) is Kind.FILE:
            values[name] = upload
    missing = tuple(sorted(name for name in method.required if name not in values))
    return Arguments(values, tuple(unknown), missing)


def _value(kind: Kind, raw: object) -> object:
    if not isinstance(raw, str) or kind in (Kind.TEXT, Kind.FILE):
        return raw
    if kind is Kind.CHAT:
        return int(raw) if re.fullmatch(r"-?\d+", raw) else raw
    try:
        return json.loads(raw)
    except ValueError:
        return raw


def _join(value: object, uploads: Mapping[str, Upload]) -> object:
    if isinstance(value, str) and value.startswith("attach://"):
        return uploads.get(value.removeprefix("attach://"), value)
    return value


def check(cls: type[TelegramObject], data: object) -> None:
    """Raises Mismatch unless `data` is a whole, known object of the Bot API, at any depth."""
    if not isinstance(data, dict):
        raise Mismatch(f"{cls.__name__} expected, got {data!r}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=f".*{re.escape(ALLOWED_WARNING)}", category=PTBDeprecationWarning)
        try:
            made = cls.de_json(data, None)
        except (TypeError, ValueError, KeyError, AttributeError, Warning) as error:
            raise Mismatch(f"{cls.__name__}: {error}: {data!r}") from error
    for part in _parts(made):
        if part.api_kwargs:
            raise Mismatch(f"{type(part).__name__} has no {sorted(part.api_kwargs)}: {data!r}")


def _parts(value: object) -> Iterator[TelegramObject]:
    if isinstance(value, TelegramObject):
        yield value
        for owner in type(value).__mro__:
            for slot in getattr(owner, "__slots__", ()):
                if slot not in ("_bot", "_id_attrs", "api_kwargs"):
                    yield from _parts(getattr(value, slot, None))
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _parts(one)


@cache
def _result_class(name: str) -> tuple[type[TelegramObject] | None, bool]:
    """The class a method answers with, if it is an object, and whether it answers with a list of them."""
    public = (one for one in inspect.getmembers(Bot, inspect.iscoroutinefunction) if not one[0].startswith("_"))
    function = next(function for called, function in public if _camel(called).lower() == name)
    annotation = str(inspect.signature(function).return_annotation)
    for word in re.findall(r"\w+", annotation):
        found = getattr(telegram, word, None)
        if inspect.isclass(found) and issubclass(found, TelegramObject):
            return found, "tuple" in annotation
    return None, False


def check_result(method: str, result: object) -> None:
    """Raises Mismatch unless `result` is what this method (lower case) may answer with."""
    cls, is_list = _result_class(method)
    if is_list:
        if not isinstance(result, list) or cls is None:
            raise Mismatch(f"{method} answers with a list, got {result!r}")
        for one in result:
            check(cls, one)
    elif isinstance(result, dict) and cls is not None:
        check(cls, result)
    elif not isinstance(result, (bool, int)):
        raise Mismatch(f"{method} cannot answer with {result!r}")
