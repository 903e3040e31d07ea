"""The clocks: the machine's own, and one that can be set forward. Nothing else in the house reads the time."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The moment, aware, UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class VirtualClock:
    """A clock of its own for demo and tests: stands still or runs at real speed, jumps, never goes back."""

    def __init__(self, start: datetime, *, running: bool = False) -> None:
        if start.tzinfo is None:
            raise ValueError("an aware start is needed")
        self._base = start.astimezone(UTC)
        self._running = running
        self._mark = time.monotonic()

    def now(self) -> datetime:
        if not self._running:
            return self._base
        return self._base + timedelta(seconds=time.monotonic() - self._mark)

    def advance(self, span: timedelta) -> None:
        self.set(self.now() + span)

    def set(self, to: datetime) -> None:
        """Go to `to`; a moment already past raises ValueError."""
        if to < self.now():
            raise ValueError(f"the clock stands at {self.now()}, {to} is past")
        self._base, self._mark = to.astimezone(UTC), time.monotonic()

    def pause(self) -> None:
        self._base, self._running = self.now(), False

    def resume(self) -> None:
        self._mark, self._running = time.monotonic(), True


def monotonic() -> float:
    """Seconds for spacing and time-outs inside one process; unrelated to any date."""
    return time.monotonic()
