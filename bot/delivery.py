"""From the database and from handlers to Telegram: lanes, limits, and what follows from each answer.

Answers to the person who acted come from memory and go first; everything that must arrive is a row of the outbox.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog
from telegram import Bot
from telegram.error import TelegramError

from bot import calls, claims, outbox
from bot.aftermath import BACK_OFF, Aftermath, Reach
from bot.answers import Meaning, Verdict, verdict
from bot.chats import Chats
from bot.claims import Settle, Waiting
from bot.clock import Clock
from bot.context import Answer
from bot.db import Database, NotSaved
from bot.message import Edit, Message, PressAnswer
from bot.outbox import Claimed, Lane, Sent

log = structlog.get_logger()
R = TypeVar("R")

IN_FLIGHT = 4  # rows: what a crash can leave in doubt
WINDOW = 200  # rows looked at in one reading
CALM_SHARE = timedelta(milliseconds=500)  # one calm row or card edit in this time, however long the queue above
EDIT_GAP = timedelta(seconds=4)  # between two edits of one card
TOAST_LIFE = 15.0  # seconds a toast is tried: Telegram forgets the press
LOOK_AGAIN = 5.0  # seconds: another process may have enqueued something
PUT_OFF = timedelta(minutes=1)  # a row that we cannot take because of a mistake of ours
SAVE_AGAIN = 1.0  # seconds after which a database that could not be used is tried again


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
        self._chats, self._edit_gap = Chats(has_limits=has_limits), edit_gap
        self._window: deque[Waiting] = deque()
        self._window_is_stale, self._has_more = True, False  # more: behind those of the window
        self._in_flight: set[int] = set()  # ids of rows
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._sleeps_until: datetime | None = None
        self._edited_at: dict[str, datetime] = {}
        self._calm_at: datetime | None = None

    # -- lane 0 ---------------------------------------------------------------------------------------------------

    def say(self, answer: Answer) -> None:
        """Take an answer to the person who acted; it is sent as soon as may be."""
        if answer.callback_id is not None:
            self._start(self._toast(answer.callback_id, answer.part))
        if not isinstance(answer.part, PressAnswer):
            self._chats.queue(answer)
            self._pump_answers()
            if self._chats.is_asking(answer.chat_id) and self._oversleeps(answer.chat_id):
                self._wake.set()

    def _oversleeps(self, chat_id: int) -> bool:
        """Whether `run` looks again only after this chat may be answered; at work it may have looked already."""
        until = self._sleeps_until
        return until is None or self._chats.free_at(chat_id, self._clock.now(), is_urgent=True) < until

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

    def _pump_answers(self) -> None:
        """Who waits longest goes first: what is said now does not take a limit's next place from him."""
        if not self._chats.are_asking:
            return
        now = self._clock.now()
        for chat_id in self._chats.answerable(now):
            self._chats.take(chat_id, now)
            self._start(self._answer(self._chats.next_answer(chat_id)))

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
                wait = told.wait or timedelta(seconds=BACK_OFF[0])
                self._chats.hold(answer.chat_id, self._clock.now() + wait)
                self._chats.put_back(answer)
            elif told.meaning is Meaning.TARGET_GONE and isinstance(part, Edit):
                self._chats.put_back(replace(answer, part=part.message, message_id=None))
            elif told.meaning is Meaning.BAD_HTML and isinstance(part, Message | Edit):
                log.error("html_refused", part=type(part).__name__)
                self._chats.put_back(replace(answer, part=calls.plain(part)))
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
            self._sleeps_until = self._clock.now() + timedelta(seconds=pause)
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                self._window_is_stale = True
            self._sleeps_until = None

    async def pause(self) -> float:
        """Seconds until something can change by itself; while rows are in flight their end wakes us."""
        if self._is_freed(now := self._clock.now()):
            return 0.0
        if len(self._in_flight) >= IN_FLIGHT:
            return LOOK_AGAIN
        due = await self.next_due(now)
        return LOOK_AGAIN if due is None else min(LOOK_AGAIN, max(0.01, (due - self._clock.now()).total_seconds()))

    def _is_freed(self, now: datetime) -> bool:
        """Whether a limit has let something go since the last pump: no later moment tells of it."""
        is_held = self.is_stopped or self._is_standing_by or len(self._in_flight) >= IN_FLIGHT
        return any(self._chats.answerable(now)) or (not is_held and any(self._may_go(row, now) for row in self._window))

    async def pump(self) -> None:
        """Start everything that may go at this moment."""
        self._pump_answers()
        if self._is_standing_by:
            return
        if self._window_is_stale or (not self._window and not self._in_flight):
            await self._look()
        self._start_rows()
        while self._has_more and not self._in_flight and not self.is_stopped:  # all that was seen waits for its chat
            await self._look(beyond=self._window)
            self._start_rows()

    async def _look(self, beyond: Collection[Waiting] = ()) -> None:
        """Read the next rows; `beyond` those that wait for their chats, and whatever else waits for these."""
        self._window_is_stale = False
        now = self._clock.now()
        blocked = {*self._chats.told_to_wait(now), *(row.chat_id for row in beyond if row.chat_id is not None)}
        seen = await self._database.read(claims.look, now=now, most=WINDOW, without=sorted(blocked))
        self._window = deque([*beyond, *(row for row in seen.waiting if row not in beyond)])
        self._has_more = len(seen.waiting) >= WINDOW
        for row_id in set(seen.interrupted) - self._in_flight:
            row = await self._database.transact(claims.reclaim, row_id, now=now)
            if row is not None:
                await self._database.transact(self._aftermath.interrupted, row, now=now)

    def _start_rows(self) -> None:
        now = self._clock.now()
        while len(self._in_flight) < IN_FLIGHT and (row := self._pick(now)) is not None:
            self._start(self._send_row(row))

    def _pick(self, now: datetime) -> Waiting | None:
        """Take the first of the window that may go."""
        if self.is_stopped or self._is_standing_by:
            return None
        left: list[Waiting] = []
        picked = None
        while self._window and picked is None:
            row = self._next_row(now)
            if self._may_go(row, now):
                picked = row
            else:
                left.append(row)
        self._window.extendleft(reversed(left))
        if picked is not None:
            self._take(picked, now)
        return picked

    def _next_row(self, now: datetime) -> Waiting:
        """The first of the window; twice a second the first calm one, so that cards move during a bulk."""
        if self._calm_at is None or abs(now - self._calm_at) >= CALM_SHARE:
            for row in self._window:
                if row.lane >= Lane.CALM and self._may_go(row, now):
                    self._window.remove(row)
                    return row
        return self._window.popleft()

    def _may_go(self, row: Waiting, now: datetime) -> bool:
        if row.id in self._in_flight:  # an edit that was asked for again: first the one, then the other
            return False
        if row.body_is_late and abs(now - self._edited_at.get(row.key, now - self._edit_gap)) < self._edit_gap:
            return False  # either way: after the clock was set back, an edit may seem to be still to come
        return self._chats.may_send(row.chat_id, now, is_urgent=row.lane <= Lane.URGENT)

    def _take(self, row: Waiting, now: datetime) -> None:
        self._in_flight.add(row.id)
        if row.lane >= Lane.CALM:
            self._calm_at = now
        if row.body_is_late:
            self._edited_at = {k: at for k, at in self._edited_at.items() if abs(now - at) < self._edit_gap}
            self._edited_at[row.key] = now
        if row.chat_id is not None:
            self._chats.take(row.chat_id, now)

    async def _send_row(self, row: Waiting, claimed: Claimed | None = None) -> None:
        try:
            if claimed is None:
                claimed = await self._database.transact(claims.claim, row.id, self._hooks, now=self._clock.now())
            if claimed is not None:
                await self._settle(await self._deliver(claimed))
        except NotSaved:
            self._chats.hold_all(self._clock.now() + timedelta(seconds=1))
        except Exception:  # a mistake of ours about this row: taken again at once, it would be made without end
            await self._keep(claims.put_off, row.id, until=self._clock.now() + PUT_OFF)
            raise
        finally:
            self._let_go(row)

    def _let_go(self, row: Waiting) -> None:
        self._in_flight.discard(row.id)
        if row.chat_id is not None:
            self._free(row.chat_id)
        if not self._window:
            self._window_is_stale = True
        self._start_rows()
        if self._window_is_stale or len(self._in_flight) < IN_FLIGHT:
            self._wake.set()

    async def _deliver(self, row: Claimed) -> Settle:
        place = calls.Place(row.chat_id, row.thread_id, row.reply_to, None)
        content = calls.marked_as_repeat(row.content) if row.is_repeat else row.content
        try:
            sent = await calls.perform(self._telegram, place, content, self.username)
        except TelegramError as error:
            return self._refused(row, verdict(error), type(error).__name__)
        done = Sent(row.chat_id, sent.message_id, sent.poll_id, self._clock.now())
        log.debug("row_sent", row=row.id, lane=row.lane, seconds_late=round((done.at - row.due_at).total_seconds()))
        return partial(claims.mark_sent, row=row, sent=done, hooks=self._hooks)

    async def _settle(self, settle: Settle) -> None:
        """Write down what became of a row and take the next in the same transaction: half the commits of a bulk."""
        following = self._pick(self._clock.now())
        if following is None:
            await self._keep(settle)
            return
        try:
            claimed = await self._keep(claims.go_on, settle, following.id, self._hooks, now=self._clock.now())
        except Exception:  # a mistake about one of the two: alone, it does not undo the other
            try:
                await self._keep(settle)
            finally:
                self._start(self._send_row(following))
        else:
            self._start(self._send_row(following, claimed)) if claimed is not None else self._let_go(following)

    def _refused(self, row: Claimed, told: Verdict, error: str) -> Settle:
        """The table of answers, for rows."""
        now = self._clock.now()
        match told.meaning:
            case Meaning.HARMLESS:
                sent = Sent(row.chat_id, row.content.message_id if isinstance(row.content, Edit) else None, None, now)
                return partial(claims.mark_sent, row=row, sent=sent, hooks=self._hooks)
            case Meaning.WAIT:
                self._chats.hold(row.chat_id, now + told.wait)
                self._chats.note_flood(row.chat_id, told.wait, now)
                return partial(claims.retry, row=row, due_at=now + told.wait, counts=False)
            case Meaning.NOT_SENT:
                pause = BACK_OFF[min(row.attempts, len(BACK_OFF)) - 1]
                return partial(claims.retry, row=row, due_at=now + timedelta(seconds=pause))
            case Meaning.UNAUTHORIZED:
                self.is_stopped = True
                return partial(claims.retry, row=row, due_at=now, counts=False)
            case Meaning.UNKNOWN:
                return partial(self._aftermath.unknown, row=row, now=now)
        return partial(self._aftermath.lasting, row=row, told=told, error=error, now=now)

    async def _keep(self, fn: Callable[..., R], *args: object, **kwargs: object) -> R:
        """Commit what Telegram answered, however long the database is away: forgotten, it would be said twice."""
        while True:
            try:
                return await self._database.transact(fn, *args, **kwargs)
            except NotSaved:
                await asyncio.sleep(SAVE_AGAIN)

    # -- waiting ----------------------------------------------------------------------------------------------------

    async def next_due(self, at: datetime | None = None) -> datetime | None:
        """When something that cannot go now may go."""
        now = at or self._clock.now()
        moments = self._chats.moments(now) + [self._row_due(row, now) for row in self._window]
        row_due = await self._database.read(claims.next_due, after=now)
        return min((m for m in [*moments, row_due] if m is not None and m > now), default=None)

    def _row_due(self, row: Waiting, now: datetime) -> datetime:
        edited = self._edited_at.get(row.key)
        spaced = edited + self._edit_gap if row.body_is_late and edited is not None else now
        if row.chat_id is None:
            return spaced
        return max(spaced, self._chats.free_at(row.chat_id, now, is_urgent=row.lane <= Lane.URGENT))

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

    def forget_waits(self) -> None:
        """The clock was set back."""
        self._chats.forget_waits()
        self.wake()

    def _free(self, chat_id: int) -> None:
        self._chats.free(chat_id, self._clock.now())
        self._pump_answers()

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
