"""How much may be said when, and asked by one person: token buckets, below Telegram's own limits overall and for each
chat. Pure.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

SET_BACK = timedelta(seconds=5)  # a moment so much earlier: the clock was set, not only read a little before


@dataclass(slots=True)
class Bucket:
    """Tokens that fill at `rate` a second up to `burst`."""

    rate: float
    burst: float
    tokens: float
    at: datetime

    def fill(self, now: datetime) -> None:
        if now > self.at:
            self.tokens = min(self.burst, self.tokens + (now - self.at).total_seconds() * self.rate)
            self.at = now
        elif self.at - now > SET_BACK:  # or nothing would be there until the clock has caught up
            self.at = now

    def free_at(self, now: datetime, kept: float = 0.0) -> datetime:
        """When one token beyond the `kept` ones will be there; `now` if it is."""
        self.fill(now)
        missing = 1 + kept - self.tokens
        return now if missing <= 1e-9 else now + timedelta(seconds=missing / self.rate)

    def take(self, now: datetime) -> None:
        self.fill(now)
        self.tokens -= 1


ALL_RATE, ALL_BURST = 28.5, 28.0  # Telegram allows 30 a second
ALL_KEPT = 5.0  # for answers and urgent things
GROUP_RATE, GROUP_BURST, GROUP_KEPT = 18 / 60, 5.0, 1.0  # Telegram allows 20 a minute
PRIVATE_RATE, PRIVATE_BURST = 1.0, 3.0
# Nobody taps faster; what waited through an outage comes at once: a tap every three seconds while Telegram keeps them.
ASKED_RATE, ASKED_BURST = 5.0, 50.0
FORGET = 2000  # new buckets after which those that say nothing are looked for


@dataclass(slots=True)
class Limits:
    """The buckets of one process. `is_on` false: nothing ever waits (tests, demo)."""

    is_on: bool
    _all: Bucket | None = None
    _chats: dict[int, Bucket] = field(default_factory=dict)

    def free_at(self, chat_id: int, now: datetime, *, is_urgent: bool) -> datetime:
        """When a message to this chat may go."""
        if not self.is_on:
            return now
        kept_all, kept_chat = (0.0, 0.0) if is_urgent else (ALL_KEPT, GROUP_KEPT if chat_id < 0 else 0.0)
        return max(self._overall(now).free_at(now, kept_all), self._chat(chat_id, now).free_at(now, kept_chat))

    def any_free_at(self, now: datetime) -> datetime:
        """When an urgent message may go to some chat."""
        return self._overall(now).free_at(now) if self.is_on else now

    def take(self, chat_id: int, now: datetime) -> None:
        if self.is_on:
            self._overall(now).take(now)
            self._chat(chat_id, now).take(now)

    def _overall(self, now: datetime) -> Bucket:
        if self._all is None:
            self._all = Bucket(ALL_RATE, ALL_BURST, ALL_BURST, now)
        return self._all

    def _chat(self, chat_id: int, now: datetime) -> Bucket:
        bucket = self._chats.get(chat_id)
        if bucket is None:
            _forget(self._chats, now)
            rate, burst = (GROUP_RATE, GROUP_BURST) if chat_id < 0 else (PRIVATE_RATE, PRIVATE_BURST)
            bucket = self._chats[chat_id] = Bucket(rate, burst, burst, now)
        return bucket


@dataclass(slots=True)
class Patience:
    """How much the house takes from one person: who asks without end is not heard for a while, others are."""

    is_on: bool
    _people: dict[int, Bucket] = field(default_factory=dict)

    def hears(self, person_id: int, now: datetime) -> bool:
        if not self.is_on:
            return True
        bucket = self._people.get(person_id)
        if bucket is None:
            _forget(self._people, now)
            bucket = self._people[person_id] = Bucket(ASKED_RATE, ASKED_BURST, ASKED_BURST, now)
        is_heard = bucket.free_at(now) <= now
        if is_heard:
            bucket.take(now)
        return is_heard


def _forget(buckets: dict[int, Bucket], now: datetime) -> None:
    """Make room each time so many more have come: a full one says nothing."""
    if not buckets or len(buckets) % FORGET:
        return
    for of_id, bucket in list(buckets.items()):
        bucket.fill(now)
        if bucket.tokens >= bucket.burst:
            del buckets[of_id]
