"""From the database and from handlers to Telegram: lanes, limits, and what follows from each answer.

Answers to the person who acted come from memory and go first; everything that must arrive is a row of the outbox.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from telegram import Bot
from telegram.error import TelegramError

from bot import calls, claims, outbox
from bot.aftermath import BACK_OFF, Aftermath, Reach
from bot.answers import Meaning, Verdict, verdict
from bot.claims import Waiting
from bot.clock import Clock
from bot.context import Answer
from bot.db import Database, NotSaved
from bot.limits import Limits
from bot.message import Edit, Message, PressAnswer
from bot.outbox import Claimed, Lane, Sent

log = structlog.get_logger()

IN_FLIGHT = 4  # rows: what a crash can leave in doubt
WINDOW = 200  # rows looked at in one reading
CALM_SHARE = timedelta(milliseconds=500)  # one calm row or card edit in this time, however long the queue above
EDIT_GAP = timedelta(seconds=4)  # between two edits of one card
FLOOD_CHATS, FLOOD_SPAN = 3, timedelta(seconds=10)  # so many chats told to wait in this time: all wait
TOAST_LIFE = 15.0  # seconds a toast is tried: Telegram forgets the press
LOOK_AGAIN = 5.0  # seconds: another process may have enqueued something
SAVE_AGAIN = 1.0  # seconds after which a database that could not be used is tried again


@dataclass(slots=True)
class _Chat:
    """What stands against sending to one chat now."""

    answers: deque[Answer] = field(default_factory=deque)
    is_busy: bool = False
    waits_until: datetime | None = None


class Delivery:
    """One process's sender. `pump` starts all that may go now; `run` pumps whenever something changes."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        hooks: Mapping[str, outbox.Hooks],
        reach: Reach,
        *,
        has_limits: bool = True,
        edit_gap: timedelta = EDIT_GAP,
    ) -> None:
        self.bot: Bot | None = None
        self.username = ""
        self.is_stopped = False  # Telegram refused the token: storing goes on, sending does not
        self._is_standing_by = False  # another process sends
        self._database, self._clock, self._hooks = database, clock, hooks
        self._aftermath = Aftermath(hooks, reach)
        self._limits, self._edit_gap = Limits(has_limits), edit_gap
        self._chats: dict[int, _Chat] = {}
        self._window: deque[Waiting] = deque()
        self._window_is_stale = True
        self._in_flight: set[int] = set()  # ids of rows
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._edited_at: dict[str, datetime] = {}
        self._calm_at: datetime | None = None
        self._floods: deque[tuple[datetime, int]] = deque()
        self._all_wait_until: datetime | None = None

    # -- lane 0 ---------------------------------------------------------------------------------------------------

    def say(self, answer: Answer) -> None:
        """Take an answer to the person who acted; it is sent as soon as his chat is free."""
        if answer.callback_id is not None:
            self._start(self._toast(answer.callback_id, answer.part))
        if not isinstance(answer.part, PressAnswer):
            self._chat(answer.chat_id).answers.append(answer)
            if not self._pump_answers(answer.chat_id):
                self._wake.set()

    async def _toast(self, callback_id: str, part: object) -> None:
        for pause in (0.5, 2.0, 5.0, None):
            try:
                await calls.answer_press(self._telegram, callback_id, part, self.username)
            except TelegramError as error:
                told = verdict(error)
                if told.meaning not in (Meaning.NOT_SENT, Meaning.WAIT) or pause is None:
                    if told.meaning not in (Meaning.HARMLESS, Meaning.UNKNOWN):
                        log.warning("toast_refused", meaning=told.meaning.name)
                    return
                if told.wait.total_seconds() > TOAST_LIFE:
                    return
                await asyncio.sleep(max(pause, told.wait.total_seconds()))
            else:
                return

    def _pump_answers(self, chat_id: int) -> bool:
        chat, now = self._chat(chat_id), self._clock.now()
        if chat.is_busy or not chat.answers or self._free_at(chat_id, now, is_urgent=True) > now:
            return False
        chat.is_busy = True
        self._limits.take(chat_id, now)
        self._start(self._answer(chat.answers.popleft()))
        return True

    async def _answer(self, answer: Answer) -> None:
        try:
            await self._perform_answer(answer)
        finally:
            self._free(answer.chat_id)

    async def _perform_answer(self, answer: Answer) -> None:
        place = calls.Place(answer.chat_id, answer.thread_id, None, answer.message_id)
        part = answer.part
        assert not isinstance(part, PressAnswer)
        try:
            await calls.perform(self._telegram, place, part, self.username)
        except TelegramError as error:
            told = verdict(error)
            if told.meaning in (Meaning.WAIT, Meaning.NOT_SENT):
                self._hold(answer.chat_id, told.wait or timedelta(seconds=BACK_OFF[0]))
                self._chat(answer.chat_id).answers.appendleft(answer)
            elif told.meaning is Meaning.TARGET_GONE and isinstance(part, Edit):
                self._chat(answer.chat_id).answers.appendleft(replace(answer, part=part.message, message_id=None))
            elif told.meaning is Meaning.BAD_HTML and isinstance(part, Message | Edit):
                log.error("html_refused", part=type(part).__name__)
                self._chat(answer.chat_id).answers.appendleft(replace(answer, part=calls.plain(part)))
            elif told.meaning not in (Meaning.HARMLESS, Meaning.TARGET_GONE, Meaning.UNKNOWN):
                log.warning("answer_refused", meaning=told.meaning.name)

    # -- rows -----------------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Something was enqueued: look at the rows anew."""
        self._window_is_stale = True
        self._wake.set()

    async def run(self) -> None:
        """Pump until cancelled."""
        while True:
            self._wake.clear()
            try:
                await self.pump()
                pause = await self.pause()
            except NotSaved:  # the rows are where they were, and wait for the database as we do
                pause = SAVE_AGAIN
                self._window_is_stale = True
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                self._window_is_stale = True

    async def pause(self) -> float:
        """Seconds until something can change by itself; while rows are in flight their end wakes us."""
        if self._is_freed(now := self._clock.now()):
            return 0.0
        if len(self._in_flight) >= IN_FLIGHT:
            return LOOK_AGAIN
        due = await self._next_due(now)
        return LOOK_AGAIN if due is None else min(LOOK_AGAIN, max(0.01, (due - self._clock.now()).total_seconds()))

    def _is_freed(self, now: datetime) -> bool:
        """Whether a limit has let something go since the last pump: no later moment tells of it."""
        talking = [c for c, chat in self._chats.items() if chat.answers and not chat.is_busy]
        if any(self._free_at(chat_id, now, is_urgent=True) <= now for chat_id in talking):
            return True
        is_held = self.is_stopped or self._is_standing_by or len(self._in_flight) >= IN_FLIGHT
        return not is_held and any(self._may_go(row, now) for row in self._window)

    async def pump(self) -> None:
        """Start everything that may go at this moment."""
        for chat_id in [chat_id for chat_id, chat in self._chats.items() if chat.answers]:
            self._pump_answers(chat_id)
        if self._is_standing_by:
            return
        if self._window_is_stale or (not self._window and not self._in_flight):
            await self._look()
        self._start_rows()

    async def _look(self) -> None:
        self._window_is_stale = False
        now = self._clock.now()
        blocked = [c for c, chat in self._chats.items() if chat.waits_until is not None and chat.waits_until > now]
        seen = await self._database.read(claims.look, now=now, most=WINDOW, without=blocked)
        self._window = deque(seen.waiting)
        for row_id in set(seen.interrupted) - self._in_flight:
            row = await self._database.transact(claims.reclaim, row_id, now=now)
            if row is not None:
                await self._database.transact(self._aftermath.interrupted, row, now=now)

    def _start_rows(self) -> None:
        if self.is_stopped or self._is_standing_by:
            return
        now = self._clock.now()
        left: deque[Waiting] = deque()
        while self._window and len(self._in_flight) < IN_FLIGHT:
            row = self._next_row(now)
            if self._may_go(row, now):
                self._take(row, now)
            else:
                left.append(row)
        self._window.extendleft(reversed(left))

    def _next_row(self, now: datetime) -> Waiting:
        """The first of the window; twice a second the first calm one, so that cards move during a bulk."""
        if self._calm_at is None or now - self._calm_at >= CALM_SHARE:
            for row in self._window:
                if row.lane >= Lane.CALM and self._may_go(row, now):
                    self._window.remove(row)
                    return row
        return self._window.popleft()

    def _may_go(self, row: Waiting, now: datetime) -> bool:
        if row.id in self._in_flight:  # an edit that was asked for again: first the one, then the other
            return False
        if row.body_is_late and now < self._edited_at.get(row.key, now - self._edit_gap) + self._edit_gap:
            return False
        if row.chat_id is None:
            return self._all_wait_until is None or self._all_wait_until <= now
        chat = self._chats.get(row.chat_id)
        if chat is not None and (chat.is_busy or chat.answers):
            return False
        return self._free_at(row.chat_id, now, is_urgent=row.lane <= Lane.URGENT) <= now

    def _take(self, row: Waiting, now: datetime) -> None:
        self._in_flight.add(row.id)
        if row.lane >= Lane.CALM:
            self._calm_at = now
        if row.body_is_late:
            self._edited_at = {k: at for k, at in self._edited_at.items() if now - at < self._edit_gap}
            self._edited_at[row.key] = now
        if row.chat_id is not None:
            self._chat(row.chat_id).is_busy = True
            self._limits.take(row.chat_id, now)
        self._start(self._send_row(row))

    async def _send_row(self, row: Waiting) -> None:
        try:
            claimed = await self._database.transact(claims.claim, row.id, self._hooks, now=self._clock.now())
            if claimed is not None:
                await self._deliver(claimed)
        except NotSaved:
            self.hold_all(timedelta(seconds=1))
        finally:
            self._in_flight.discard(row.id)
            if row.chat_id is not None:
                self._free(row.chat_id)
            if not self._window:
                self._window_is_stale = True
            self._start_rows()
            self._wake.set()

    async def _deliver(self, row: Claimed) -> None:
        place = calls.Place(row.chat_id, row.thread_id, row.reply_to, None)
        content = calls.marked_as_repeat(row.content) if row.is_repeat else row.content
        try:
            sent = await calls.perform(self._telegram, place, content, self.username)
        except TelegramError as error:
            await self._refused(row, verdict(error), type(error).__name__)
        else:
            done = Sent(row.chat_id, sent.message_id, sent.poll_id, self._clock.now())
            await self._keep(claims.mark_sent, row, done, self._hooks)
            log.debug("row_sent", row=row.id, lane=row.lane, seconds_late=round((done.at - row.due_at).total_seconds()))

    async def _refused(self, row: Claimed, told: Verdict, error: str) -> None:
        """The table of answers, for rows."""
        now = self._clock.now()
        match told.meaning:
            case Meaning.HARMLESS:
                await self._keep(claims.mark_sent, row, Sent(row.chat_id, None, None, now), self._hooks)
            case Meaning.WAIT:
                self._hold(row.chat_id, told.wait)
                self._note_flood(row.chat_id, told.wait, now)
                await self._keep(claims.retry, row, due_at=now + told.wait, counts=False)
            case Meaning.NOT_SENT:
                pause = BACK_OFF[min(row.attempts, len(BACK_OFF)) - 1]
                await self._keep(claims.retry, row, due_at=now + timedelta(seconds=pause))
            case Meaning.UNAUTHORIZED:
                self.is_stopped = True
                await self._keep(claims.retry, row, due_at=now, counts=False)
            case Meaning.UNKNOWN:
                await self._keep(self._aftermath.unknown, row, now=now)
            case _:
                await self._keep(self._aftermath.lasting, row, told, error, now=now)

    async def _keep(self, fn: Callable[..., object], *args: object, **kwargs: object) -> None:
        """Write down what Telegram answered, however long the database is away: forgotten, it would be said twice."""
        while True:
            try:
                await self._database.transact(fn, *args, **kwargs)
            except NotSaved:
                await asyncio.sleep(SAVE_AGAIN)
            else:
                return

    # -- waiting ----------------------------------------------------------------------------------------------------

    async def next_due(self) -> datetime | None:
        """When something that cannot go now may go."""
        return await self._next_due(self._clock.now())

    async def _next_due(self, now: datetime) -> datetime | None:
        moments = [c.waits_until for c in self._chats.values() if c.waits_until is not None and c.waits_until > now]
        moments += [self._limits.free_at(c, now, is_urgent=True) for c, chat in self._chats.items() if chat.answers]
        moments += [self._row_due(row, now) for row in self._window]
        row_due = await self._database.read(claims.next_due, after=now)
        return min((m for m in [*moments, row_due] if m is not None and m > now), default=None)

    def _row_due(self, row: Waiting, now: datetime) -> datetime:
        edited = self._edited_at.get(row.key)
        spaced = edited + self._edit_gap if row.body_is_late and edited is not None else now
        if row.chat_id is None:
            return spaced
        return max(spaced, self._free_at(row.chat_id, now, is_urgent=row.lane <= Lane.URGENT))

    async def drain(self) -> None:
        """Wait until nothing is in flight and nothing more may go now."""
        while True:
            await self.pump()
            if not self._tasks:
                return
            await asyncio.wait(set(self._tasks), return_when=asyncio.FIRST_COMPLETED)

    async def drain_answers(self) -> None:
        """At a stop: let what is in flight end; rows that have not begun stay where they are."""
        self.is_stopped = True
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def abandon(self) -> None:
        self.is_stopped = True
        for task in self._tasks:
            task.cancel()

    def resume(self) -> None:
        """Telegram takes our token (again)."""
        if self.is_stopped:
            self.is_stopped = False
            self.wake()

    def stand_by(self, is_standing_by: bool) -> None:
        """While another process of ours sends, rows are its business; two would only wait for each other's locks."""
        self._is_standing_by = is_standing_by
        self._window.clear()
        self.wake()

    def hold_all(self, span: timedelta) -> None:
        self._all_wait_until = max(self._all_wait_until or self._clock.now(), self._clock.now() + span)

    def _hold(self, chat_id: int, span: timedelta) -> None:
        self._chat(chat_id).waits_until = self._clock.now() + span

    def _note_flood(self, chat_id: int, wait: timedelta, now: datetime) -> None:
        self._floods.append((now, chat_id))
        while self._floods and now - self._floods[0][0] > FLOOD_SPAN:
            self._floods.popleft()
        if len({chat for _, chat in self._floods}) >= FLOOD_CHATS:
            self.hold_all(wait)

    def _free_at(self, chat_id: int, now: datetime, *, is_urgent: bool) -> datetime:
        chat = self._chats.get(chat_id)
        ready = self._limits.free_at(chat_id, now, is_urgent=is_urgent)
        return max(ready, (chat.waits_until if chat else None) or now, self._all_wait_until or now)

    def _chat(self, chat_id: int) -> _Chat:
        return self._chats.setdefault(chat_id, _Chat())

    def _free(self, chat_id: int) -> None:
        chat = self._chat(chat_id)
        chat.is_busy = False
        if chat.answers:
            self._pump_answers(chat_id)
        elif chat.waits_until is None or chat.waits_until <= self._clock.now():
            del self._chats[chat_id]

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("delivery_failed", exc_info=error)

    @property
    def _telegram(self) -> Bot:
        assert self.bot is not None, "delivery has no bot yet"
        return self.bot
