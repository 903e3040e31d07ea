"""The queue of updates for the bot: what it asked for, what it confirmed, what died unread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.demo.wire import Payload

# How long an update waits for the bot; afterwards it is gone and nobody is told.
LIFE = timedelta(seconds=86_400)
LIFE_OF_A_PRESS = timedelta(seconds=150)

KINDS = ("message", "edited_message", "callback_query", "poll", "poll_answer", "my_chat_member", "chat_member")
DEFAULT_KINDS = frozenset(KINDS) - {"chat_member"}


@dataclass(frozen=True, slots=True)
class Update:
    id: int
    kind: str
    body: Payload
    dies_at: datetime

    @property
    def payload(self) -> Payload:
        return {"update_id": self.id, self.kind: self.body}


@dataclass(slots=True)
class Updates:
    """`arrived` is told of each update put in: the server wakes a waiting getUpdates with it."""

    now: Callable[[], datetime]
    allowed: frozenset[str] = DEFAULT_KINDS
    asked: tuple[str, ...] | None = None  # the list as the bot gave it; None: never or empty
    webhook_url: str = ""
    last_id: int = 500000000
    queue: deque[Update] = field(default_factory=deque)
    died: list[Update] = field(default_factory=list)
    arrived: list[Callable[[], None]] = field(default_factory=list)
    buried_at: datetime | None = None  # at this moment nothing in the queue was dead
    waiting: int = 0  # getUpdates calls that wait at this moment

    def allow(self, kinds: Sequence[str]) -> None:
        """Remembers which kinds the bot wants; unknown names are dropped as the server drops them."""
        wanted = tuple(kind for kind in kinds if kind in KINDS)
        self.asked = wanted or None
        self.allowed = frozenset(wanted) if kinds else DEFAULT_KINDS

    def put(self, kind: str, body: Payload) -> None:
        self.last_id += 1
        life = LIFE_OF_A_PRESS if kind == "callback_query" else LIFE
        self.queue.append(Update(self.last_id, kind, body, self.now() + life))
        for told in self.arrived:
            told()

    def confirm(self, offset: int) -> None:
        """Forgets everything below `offset`; a negative one keeps that many from the end."""
        if offset < 0:
            while len(self.queue) > -offset:
                self.queue.popleft()
        elif offset <= self.last_id + 1:
            while self.queue and self.queue[0].id < offset:
                self.queue.popleft()

    def batch(self, limit: int) -> list[Update]:
        self.bury()
        return [self.queue[index] for index in range(min(limit, len(self.queue)))]

    def bury(self) -> None:
        """Takes out what died waiting."""
        now = self.now()
        if now == self.buried_at:
            return
        self.buried_at = now
        if any(update.dies_at <= now for update in self.queue):
            self.died.extend(update for update in self.queue if update.dies_at <= now)
            self.queue = deque(update for update in self.queue if update.dies_at > now)

    def clear(self) -> None:
        self.queue.clear()

    @property
    def pending(self) -> int:
        self.bury()
        return len(self.queue)
