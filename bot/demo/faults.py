"""Failures on order, and Telegram's limits on the virtual clock."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from bot.demo.refusals import Refused, other_poller, unauthorized
from bot.demo.refusals import flood as flooded


class Way(Enum):
    REFUSE = auto()  # an answer of the Bot API
    LOST_BEFORE = auto()  # no effect, the connection breaks
    LOST_AFTER = auto()  # the effect is done, the answer never comes: the caller waits until his own time is over
    CUT_AFTER = auto()  # the effect is done, the connection breaks: as unknown to the caller, without the wait
    BAD_GATEWAY = auto()  # 502 with a page instead of JSON
    GARBAGE = auto()  # 200, but no JSON


@dataclass(frozen=True, slots=True)
class Failure:
    way: Way
    refusal: Refused | None = None

    @property
    def has_effect(self) -> bool:
        return self.way in (Way.LOST_AFTER, Way.CUT_AFTER)


LOST_BEFORE = Failure(Way.LOST_BEFORE)
LOST_AFTER = Failure(Way.LOST_AFTER)
CUT_AFTER = Failure(Way.CUT_AFTER)
BAD_GATEWAY = Failure(Way.BAD_GATEWAY)
GARBAGE = Failure(Way.GARBAGE)


def refuse(code: int, text: str, **parameters: int) -> Failure:
    return Failure(Way.REFUSE, Refused(code, text, **parameters))


def flood(seconds: int) -> Failure:
    return Failure(Way.REFUSE, flooded(seconds))


UNAUTHORIZED = Failure(Way.REFUSE, unauthorized())
CONFLICT = Failure(Way.REFUSE, other_poller())


@dataclass(slots=True)
class Fault:
    """Fails `times` calls of a method (lower case; `*` for any), after letting `after` of them pass."""

    method: str
    chat_id: int | None
    times: int
    after: int
    failure: Failure

    def matches(self, method: str, chat_id: int | None) -> bool:
        is_chat = self.chat_id is None or self.chat_id == chat_id
        return self.times > 0 and is_chat and self.method in ("*", method)


@dataclass(slots=True)
class Faults:
    programmed: list[Fault] = field(default_factory=list)

    def add(self, method: str, failure: Failure, *, chat_id: int | None, times: int, after: int) -> None:
        self.programmed.append(Fault(method.lower(), chat_id, times, after, failure))

    def strike(self, method: str, chat_id: int | None) -> Failure | None:
        """The failure this call meets, if any; every matching call counts."""
        for fault in self.programmed:
            if not fault.matches(method, chat_id):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.times -= 1
            return fault.failure
        return None

    def clear(self) -> None:
        self.programmed.clear()

    @property
    def left(self) -> int:
        """Programmed failures that no call has met yet."""
        return sum(fault.times for fault in self.programmed)


@dataclass(slots=True)
class Bucket:
    """Fills with `rate` per second up to `burst`."""

    rate: float
    burst: float
    tokens: float
    at: datetime

    def fill(self, now: datetime) -> None:
        self.tokens = min(self.burst, self.tokens + (now - self.at).total_seconds() * self.rate)
        self.at = now

    @property
    def wait(self) -> float:
        return max(0.0, (1 - self.tokens) / self.rate)


OVERALL = (30.0, 30.0)  # Telegram's published 30 messages a second
PER_CHAT = (1.0, 5.0)  # one a second, short bursts pass
PER_GROUP = timedelta(minutes=1)
IN_GROUP = 20  # messages a minute in one group


@dataclass(slots=True)
class Limits:
    """Telegram's published limits; nothing is counted for a call that is refused."""

    buckets: dict[int, Bucket] = field(default_factory=dict)
    groups: dict[int, list[datetime]] = field(default_factory=dict)

    def spend(self, chat_id: int, now: datetime) -> None:
        """Counts one message, or raises 429 with the whole seconds to wait."""
        buckets = [self._bucket(0, OVERALL, now), self._bucket(chat_id, PER_CHAT, now)]
        wait = max(bucket.wait for bucket in buckets)
        sent = [at for at in self.groups.get(chat_id, []) if now - at < PER_GROUP]
        if chat_id < 0 and len(sent) >= IN_GROUP:
            wait = max(wait, (sent[-IN_GROUP] + PER_GROUP - now).total_seconds())
        if wait > 0:
            raise flooded(max(1, math.ceil(wait)))
        for bucket in buckets:
            bucket.tokens -= 1
        self.groups[chat_id] = [*sent, now]

    def _bucket(self, key: int, size: tuple[float, float], now: datetime) -> Bucket:
        rate, burst = size
        bucket = self.buckets.setdefault(key, Bucket(rate, burst, burst, now))
        bucket.fill(now)
        return bucket
