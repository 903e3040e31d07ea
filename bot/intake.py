"""From Telegram to the handlers: every update is stored before Telegram hears of it, then handled in order per person.

Polling and webhook end in the same `accept`. What a handler does is not known here: the Application is called, and
what it could not do is tried again, then put aside with an incident number.
"""

import asyncio
import contextlib
import json
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeGuard, cast

import structlog

from bot import inbox
from bot.clock import Clock
from bot.context import TURN, Turn
from bot.db import Database, NotSaved
from bot.errors import UserError
from bot.inbox import AlreadyHandledError, Received
from bot.incoming import Json

log = structlog.get_logger()

ALLOWED_UPDATES = ["message", "callback_query", "poll", "poll_answer", "my_chat_member", "chat_member"]
AT_ONCE = 60  # updates of different people handled together: their calls and a store fit into one commit
HANDLER_TIME = 30.0
RETRIES = (timedelta(seconds=1), timedelta(seconds=5))
NOT_SAVED_PAUSE = timedelta(seconds=2)
PROBATION = timedelta(seconds=5)  # a process whose start went well handles what the last two perhaps ended on
LONGEST = max(*RETRIES, NOT_SAVED_PAUSE, PROBATION)
LATE_AFTER = timedelta(seconds=60)  # without a good poll: what comes then may have been pressed long ago
# Telegram keeps an update for a day from its date on; the rest is for two clocks that differ. Presses and votes have no
# date of their own.
OLDEST = timedelta(days=1, minutes=5)
DATED = ("message", "my_chat_member", "chat_member")
POLL = "p"  # what the order keys of polls begin with
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0 O 1 I: read over the telephone


class Process(Protocol):
    """Calls the handlers for one stored update; what failed is left in the turn. Unreadable: ValueError."""

    async def __call__(self, turn: Turn) -> None: ...


@dataclass(frozen=True, slots=True)
class Trouble:
    """A handler failed for good: the person is told once, with the number under which it is logged."""

    row: Received
    incident: str


class Intake:
    """One process's receiver: `accept` stores, workers handle, `recover` takes over what a dead process left."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        process: Process,
        *,
        owner: str,
        on_trouble: Callable[[Trouble], Awaitable[None]],
        on_busy: Callable[[Received], Awaitable[None]],
    ) -> None:
        self._database, self._clock, self._process, self.owner = database, clock, process, owner
        self._on_trouble, self._on_busy = on_trouble, on_busy
        self._queues: dict[str, deque[Received]] = {}
        self._ready: deque[str] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._looking = 0  # workers that will still look for work; tasks end a little later than that
        self._later: list[tuple[datetime, str]] = []
        self._told_busy: set[int] = set()
        self._has_suspect = False  # an update that may have ended a process is handled beside no other such one
        self._suspects: deque[str] = deque()  # keys whose turn comes when it is done
        self._is_stopping = False
        self.next_update_id: int | None = None
        self.last_good_at: datetime | None = None

    # -- storing --------------------------------------------------------------------------------------------------

    async def accept(self, updates: Sequence[object]) -> None:
        """Store the updates in one commit and queue them; raises NotSaved, and then nothing may be acknowledged."""
        now = self._clock.now()
        is_late = self.last_good_at is not None and now - self.last_good_at >= LATE_AFTER
        rows = [row for raw in updates if (row := _received(raw, now, is_late=is_late)) is not None]
        fresh = await self._database.transact(inbox.store, rows, owner=self.owner, now=now)
        self.note_good_poll()
        if rows:
            self.next_update_id = max(row.update_id for row in rows) + 1
        for row in fresh:
            self._enqueue(row)

    def note_good_poll(self) -> None:
        self.last_good_at = self._clock.now()

    async def recover(self, *, only_lapsed: bool = False) -> int:
        """Take over what was stored and not handled by a process that is gone; how many updates.

        `only_lapsed`: others may live and handle what they have, but not longer than its lease.
        """
        now = self._clock.now()
        rows = await self._database.transact(inbox.leftovers, owner=self.owner, now=now, only_lapsed=only_lapsed)
        for row in rows:
            self._enqueue(row)
        if rows:
            log.info("updates_taken_over", count=len(rows))
        return len(rows)

    # -- handling -------------------------------------------------------------------------------------------------

    def _enqueue(self, row: Received) -> None:
        queue = self._queues.get(row.order_key)
        if queue is None:
            self._queues[row.order_key] = deque([row])
            self._make_ready(row.order_key)
        else:
            queue.append(row)

    def _make_ready(self, key: str) -> None:
        if self._queues[key][0].deaths > 1:
            self._later.append((self._clock.now() + PROBATION, key))
            return
        self._ready.append(key)
        if self._looking < AT_ONCE and not self._is_stopping:
            self._looking += 1
            worker = asyncio.get_running_loop().create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def _work(self) -> None:
        try:
            while self._ready and not self._is_stopping:
                await self._handle_next(self._ready.popleft())
        finally:
            self._looking -= 1

    async def _handle_next(self, key: str) -> None:
        is_suspect = self._queues[key][0].deaths > 0
        if is_suspect and self._has_suspect:
            self._suspects.append(key)
            return
        self._has_suspect = self._has_suspect or is_suspect
        try:
            await self._skip_replaced(key)
            await self._handle_first(key)
        finally:
            if is_suspect:
                self._has_suspect = False
                if self._suspects:
                    self._make_ready(self._suspects.popleft())

    async def _handle_first(self, key: str) -> None:
        pause = await self._handle(self._queues[key][0])
        if pause is not None:  # the key waits with it, so that its order is kept
            self._later.append((self._clock.now() + pause, key))
        else:
            self._next_of(key)

    async def _skip_replaced(self, key: str) -> None:
        """Every vote brings the whole state of its poll: of those that wait only the newest is handled."""
        queue = self._queues[key]
        if not key.startswith(POLL) or len(queue) == 1:
            return
        replaced = [row.update_id for row in queue][:-1]
        with contextlib.suppress(NotSaved):
            await self._database.transact(inbox.finish_all, replaced, now=self._clock.now())
            for _ in replaced:
                queue.popleft()

    def _next_of(self, key: str) -> None:
        queue = self._queues[key]
        self._told_busy.discard(queue.popleft().update_id)
        if queue:
            self._make_ready(key)
        else:
            del self._queues[key]

    async def _handle(self, row: Received) -> timedelta | None:
        """Handle one update; the pause after which it is to be tried again, if it is."""
        turn = Turn(row)
        token = TURN.set(turn)
        try:
            if row.is_left:
                await self._database.transact(inbox.begin, row.update_id)
                self._queues[row.order_key][0] = turn.row = replace(row, is_left=False)
            async with asyncio.timeout(HANDLER_TIME):
                await self._process(turn)
            if turn.failure is None and not turn.is_marked:
                await self._database.transact(inbox.finish, row.update_id, now=self._clock.now())
        except Exception as error:  # whatever a handler raises concerns this update only
            turn.failure = error
        finally:
            TURN.reset(token)
        return await self._after(turn, turn.failure) if turn.failure is not None else None

    async def _after(self, turn: Turn, error: BaseException) -> timedelta | None:
        row = turn.row
        if isinstance(error, AlreadyHandledError):
            return None
        if isinstance(error, NotSaved):
            if row.update_id not in self._told_busy:
                self._told_busy.add(row.update_id)
                await self._on_busy(row)
            return NOT_SAVED_PAUSE
        if turn.is_marked:  # the effect is committed: an incident, never a replay
            await self._report(row, error, "after the commit")
            return None
        if isinstance(error, UnreadableError | TimeoutError) or row.tries >= len(RETRIES):
            return await self._park(row, error)
        self._queues[row.order_key][0] = replace(row, tries=row.tries + 1)
        return RETRIES[row.tries]

    async def _park(self, row: Received, error: BaseException) -> timedelta | None:
        incident = await self._report(row, error, "gave up")
        reason = f"{type(error).__name__}: {error}"
        try:
            await self._database.transact(inbox.park, row.update_id, reason, incident, now=self._clock.now())
        except NotSaved:
            return NOT_SAVED_PAUSE
        return None

    async def _report(self, row: Received, error: BaseException, when: str) -> str:
        incident = new_incident()
        log.error("update_failed", update=row.update_id, incident=incident, when=when, exc_info=error)
        await self._on_trouble(Trouble(row, incident))
        return incident

    # -- time -----------------------------------------------------------------------------------------------------

    def next_due(self) -> datetime | None:
        """When the next failed update is to be tried again."""
        return min((at for at, _ in self._later), default=None)

    def wake_due(self) -> None:
        """Try again what is due, or was planned before the clock was set back: nothing ever waits that long."""
        now = self._clock.now()
        waiting = [entry for entry in self._later if timedelta() < entry[0] - now <= LONGEST]
        due = [entry for entry in self._later if entry not in waiting]
        self._later = waiting
        for _, key in due:
            queue = self._queues[key]
            queue[0] = replace(queue[0], deaths=min(queue[0].deaths, 1))  # its probation is over
            self._make_ready(key)

    def is_idle(self) -> bool:
        return not self._workers and not self._ready

    async def drain(self) -> None:
        """Wait until no handler runs and none can start."""
        self.wake_due()
        while self._workers:
            await asyncio.wait(set(self._workers))

    async def stop(self) -> None:
        """Finish the handlers that run, give the rest back."""
        self._is_stopping = True
        if self._workers:
            await asyncio.wait(set(self._workers), timeout=4.0)
        await self._database.transact(inbox.release, self.owner)

    def abandon(self) -> None:
        self._is_stopping = True
        for worker in self._workers:
            worker.cancel()


class NotSavedNotice(UserError):
    text = "数据库写不进去，大家的操作暂未保存。请查看磁盘空间和日志；恢复后会自动继续。一小时内不再通知。"


class IncidentNotice(UserError):
    text = "程序出错，编号 {incident}，已记入日志。一小时内的同类错误不再通知。"


class UnreadableError(ValueError):
    """The stored update is nothing python-telegram-bot can read."""


def new_incident() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(6))


def order_key(update: Json) -> str:
    """Updates with one key are handled one after the other: those of one person, one poll, one chat."""
    for kind in ("callback_query", "message", "poll_answer"):
        part = update.get(kind)
        if isinstance(part, Mapping):
            person = part.get("user" if kind == "poll_answer" else "from")
            if isinstance(person, Mapping) and "migrate_to_chat_id" not in part:
                return f"u{person.get('id')}"
            return f"c{_chat_id(update)}"
    poll = update.get("poll")
    if isinstance(poll, Mapping):
        return f"{POLL}{poll.get('id')}"[:24]
    return f"c{_chat_id(update)}"


def _chat_id(update: Json) -> int | None:
    for part in update.values():
        if isinstance(part, Mapping):
            holder = part.get("message") if isinstance(part.get("message"), Mapping) else part
            chat = cast("Json", holder).get("chat")
            if isinstance(chat, Mapping) and _is_number(chat.get("id")):
                return cast("int", chat["id"])
    return None


_encode = json.JSONEncoder(separators=(",", ":")).encode


def _received(raw: object, now: datetime, *, is_late: bool) -> Received | None:
    """An update as it came; what has no number cannot be told apart from its repetition and is dropped."""
    if not is_update(raw):
        log.warning("update_dropped", reason="no update_id")
        return None
    body = _encode(raw)  # in ASCII: half a character would fail the whole batch
    number, is_stale = cast("int", raw["update_id"]), _is_stale(raw, now)
    if is_stale:
        log.warning("update_dropped", reason="older than a day", update=number)
    return Received(number, order_key(raw)[:24], _chat_id(raw), body, now, is_late, is_stale, parsed=raw)


def _is_stale(update: Json, now: datetime) -> bool:
    """Whether Telegram would have forgotten it by now."""
    parts = (update.get(kind) for kind in DATED)
    dates = (part.get("date") for part in parts if isinstance(part, Mapping))
    return any(_is_number(date) and cast("int", date) < (now - OLDEST).timestamp() for date in dates)


def is_update(raw: object) -> TypeGuard[Json]:
    return isinstance(raw, Mapping) and _is_number(raw.get("update_id"))


def _is_number(value: object) -> bool:
    """Whether the database can hold it."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
