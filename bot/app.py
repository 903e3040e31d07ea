"""The composition root: configuration, database and clock become the running bot. Features are listed in `doors`."""

import asyncio
import contextlib
import gc
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import structlog
from sqlalchemy.orm import Session
from telegram import Update
from telegram.error import TelegramError
from telegram.ext import Application, ApplicationBuilder, ContextTypes, ExtBot

from bot import claims, doors, exports, inbox, incoming, migrations, outbox, schedule
from bot.aftermath import Reach
from bot.banks import service as banks
from bot.banks import views as banks_views
from bot.banks.reading import Loaded
from bot.clock import Clock, SystemClock, monotonic
from bot.config import Config
from bot.context import Answer, Context, Deps, Routes, Turn
from bot.db import Database, NotSaved
from bot.delivery import EDIT_GAP, Delivery
from bot.errors import UserError
from bot.gate import Gate, Incident
from bot.inbox import Received
from bot.intake import IncidentNotice, Intake, NotSavedNotice, Process, Trouble, UnreadableError, new_incident
from bot.limits import Patience
from bot.meetings import kinds
from bot.members import calendar, menus, reach
from bot.members import views as members_views
from bot.members.prompts import awaited
from bot.message import Alert, Message, escape
from bot.outbox import Claimed, Lane
from bot.periods import local_day
from bot.polling import Poller, connect, own_name
from bot.transport import Transport

log = structlog.get_logger()

CONTENT = Path(__file__).parents[1] / "content"
STOP_TIME = 3.0  # seconds for what is in flight when we are told to stop
RETRY_LOOK = 0.5  # seconds between looks at updates whose handler failed
# Objects made between two looks for circles of garbage, and looks at the young between those at the old: a press makes
# hundreds of objects, and by Python's own measure (700, 10, 10) each press was looked through, for a twentieth of it.
GARBAGE = (10_000, 20, 20)
STALL = 1.0  # seconds in which nothing could run: something of ours has kept the loop for itself
WARN_EVERY = timedelta(hours=1)
DEAF_AFTER = 60.0  # seconds without a good poll after which we are not well

Telegram = Application[ExtBot[None], Context, dict[object, object], dict[object, object], Deps, None]


@dataclass(slots=True)
class House:
    """The running bot and its parts."""

    config: Config
    database: Database
    clock: Clock
    telegram: Telegram
    transport: Transport
    delivery: Delivery
    intake: Intake
    poller: Poller
    schedule: schedule.Schedule
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self) -> None:
        """Connect, however long Telegram is away, and get ready; nothing runs by itself yet. Raises Fatal."""
        await connect(self.telegram.initialize)
        self.delivery.username = self.telegram.bot.username
        loop = asyncio.get_running_loop()
        self.database.listen(lambda signals: _tell(loop, self, signals))
        await self.poller.hold()  # before any job: some must know that there is a backlog still to be fetched

    def run(self) -> None:
        """Receive, send and ring from now on, unless another process of ours does."""
        gc.freeze()  # what the start made stays: to look through it again and again was an eighth of each press
        gc.set_threshold(*GARBAGE)
        self.schedule.start()
        for work in (self.poller.run(), self.delivery.run(), self._retry()):
            self._tasks.append(asyncio.get_running_loop().create_task(work))

    async def wait(self) -> None:
        """Until a part of the house ends, which only a fatal error can make it do: that is raised."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """Take nothing more, finish what runs, give the rest back; what is not done stays in the database."""
        self.schedule.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        with contextlib.suppress(NotSaved, TimeoutError):
            async with asyncio.timeout(STOP_TIME):
                await self.intake.stop()
                await self.delivery.drain_answers()
        await self.poller.stop()
        await self.telegram.shutdown()
        await self.transport.shutdown()

    async def abandon(self) -> None:
        """End as a killed process ends: nothing is finished and nothing given back."""
        self.schedule.stop()
        self.intake.abandon()
        self.delivery.abandon()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.telegram.shutdown()
        await self.transport.shutdown()

    async def health(self) -> dict[str, object]:
        """Codes and counts, no names."""
        now = self.clock.now()
        try:
            waiting, parked, due, oldest = await self.database.read(_counts, now)
            database = "ok"
        except NotSaved:
            waiting, parked, due, oldest, database = 0, 0, 0, None, "unreachable"
        silent = monotonic() - self.poller.last_good
        receiver = "conflict" if self.poller.is_conflict else "ok" if silent < DEAF_AFTER else "deaf"
        if self.poller.is_standing_by:
            receiver = "standing by"
        is_well = database == "ok" and receiver in ("ok", "standing by") and not self.delivery.is_stopped
        return {
            "status": "ok" if is_well else "conflict" if receiver == "conflict" else "unwell",
            "database": database,
            "receiver": {"mode": "polling", "state": receiver, "seconds_since_good_poll": round(silent, 1)},
            "inbox": {"waiting": waiting, "parked": parked},
            "outbox": {
                "due": due,
                "seconds_late": round(max(0.0, (now - oldest).total_seconds()), 1) if oldest else 0.0,
                "is_stopped": self.delivery.is_stopped,
            },
        }

    async def _retry(self) -> None:
        while True:
            began = monotonic()
            await asyncio.sleep(RETRY_LOOK)
            if (held_up := monotonic() - began - RETRY_LOOK) > STALL:
                log.warning("loop_stalled", seconds=round(held_up, 1))
            if self.schedule.look_at_clock():
                self.delivery.forget_waits()
            self.intake.wake_due()


def prepare(config: Config, database: Database, *, now: datetime) -> None:
    """Before the start: the newest tables, the shipped question banks and command lists. Raises NewerSchema, and
    KindsError where the office's own file of meetings cannot be used."""
    kinds.shipped()
    migrations.upgrade(database)
    files = banks.load_folder(CONTENT / "banks", database.look(banks.synced), on=local_day(now))
    database.run(banks.sync, files, banks_views.left_alone, config.root_user_ids, now=now)
    database.run(menus.push_defaults, now=now)


def problems(config: Config) -> list[str]:
    """What stands in the way of a start, one line each; changes nothing and asks nobody outside."""
    found = [line for loaded in _shipped_banks() for line in banks_views.report(loaded.checked) if loaded.ready is None]
    try:
        kinds.shipped()
    except UserError as error:
        found.append(str(error))
    found += calendar.problems(CONTENT / "calendar")
    found += exports.problems(config)
    obstacle = migrations.obstacle(config.database.url)
    return found if obstacle is None else [*found, str(obstacle)]


def _shipped_banks() -> list[Loaded]:
    return banks.load_folder(CONTENT / "banks", frozenset(), on=local_day(SystemClock().now()))


def build(
    config: Config,
    token: str,
    *,
    database: Database,
    clock: Clock,
    has_limits: bool = True,
    edit_gap: timedelta = EDIT_GAP,
    routes: Sequence[Routes] = doors.ROUTES,
) -> House:
    """All parts, connected; nothing runs and nothing has been sent."""
    os.environ["PTB_TIMEDELTA"] = "true"  # spans as timedelta; without it the library warns at each
    transport = Transport(proxy=config.bot.proxy or None)
    hooks = schedule.hooks()
    delivery = Delivery(database, clock, hooks, _reach(config), has_limits=has_limits, edit_gap=edit_gap)
    deps = Deps(config, database, clock, delivery, bot_id=int(token.partition(":")[0]))
    telegram = _telegram(config, token, transport, deps)
    gate = Gate(doors.merged(routes), awaited, members_views.confirm_yourself, Patience(has_limits))
    delivery.bot = telegram.bot
    intake = Intake(
        database,
        clock,
        _process(telegram, gate),
        owner=own_name(),
        on_trouble=_on_trouble(config, delivery, database, clock),
        on_busy=_on_busy(config, delivery, clock),
    )
    rings = schedule.Schedule(database, clock, schedule.jobs(config))
    poller = Poller(
        database,
        clock,
        transport,
        intake,
        url=f"{config.bot.base_url}{token}",
        on_good=delivery.resume,
        on_conflict=_on_conflict(config, database, clock),
        on_stand_by=_on_stand_by(delivery, rings),
    )
    return House(
        config=config,
        database=database,
        clock=clock,
        telegram=telegram,
        transport=transport,
        delivery=delivery,
        intake=intake,
        poller=poller,
        schedule=rings,
    )


def _telegram(config: Config, token: str, transport: Transport, deps: Deps) -> Telegram:
    types = ContextTypes(context=Context, bot_data=cast("type[Deps]", lambda: deps))  # PTB calls it once, for this
    return (
        ApplicationBuilder()
        .token(token)
        .base_url(config.bot.base_url)
        .base_file_url(config.bot.base_url.removesuffix("bot") + "file/bot")
        .request(transport)
        .get_updates_request(transport)
        .updater(None)
        .job_queue(None)
        .context_types(types)
        .build()
    )


def _process(telegram: Telegram, gate: Gate) -> Process:
    """What is done with an update; what the handlers raise is `intake`'s to judge, so they are called from here and
    not by the Application, which would swallow it.
    """

    async def process(turn: Turn) -> None:
        try:
            told = incoming.read(turn.row.update) or Update.de_json(dict(turn.row.update), telegram.bot)
        except (ValueError, TypeError, KeyError, AttributeError, TelegramError) as error:
            raise UnreadableError(str(error)) from error
        await gate.dispatch(told, Context(telegram))

    return process


def _tell(loop: asyncio.AbstractEventLoop, house: House, signals: frozenset[str]) -> None:
    """Heard on the database thread: wake the parts on their own."""
    if loop.is_closed():
        return
    if "outbox" in signals:
        loop.call_soon_threadsafe(house.delivery.wake)
    if "jobs" in signals:
        loop.call_soon_threadsafe(house.schedule.wake)


def _counts(session: Session, now: datetime) -> tuple[int, int, int, datetime | None]:
    return inbox.open_count(session), inbox.dead_count(session), *claims.due_count(session, now=now)


def _person(row: Received) -> tuple[int | None, str | None]:
    """Where the person behind an update can be answered: his private chat or the chat he wrote in, and the press."""
    body = row.update if row.body else {}
    query = body.get("callback_query")
    if isinstance(query, dict):
        return row.chat_id or query["from"]["id"], str(query["id"])
    return (row.chat_id, None) if "message" in body else (None, None)


def _answer(delivery: Delivery, row: Received, text: UserError) -> None:
    chat_id, callback_id = _person(row)
    if chat_id is None:
        return
    part = Alert(str(text)) if callback_id else Message(escape(text))
    delivery.say(Answer(chat_id, part, callback_id))


def _on_trouble(
    config: Config, delivery: Delivery, database: Database, clock: Clock
) -> Callable[[Trouble], Awaitable[None]]:
    async def tell(trouble: Trouble) -> None:
        _answer(delivery, trouble.row, Incident(incident=trouble.incident))
        with contextlib.suppress(NotSaved):
            await database.transact(
                _warn, config, "incident", IncidentNotice(incident=trouble.incident), now=clock.now()
            )

    return tell


def _on_busy(config: Config, delivery: Delivery, clock: Clock) -> Callable[[Received], Awaitable[None]]:
    told_at: datetime | None = None

    async def tell(row: Received) -> None:
        nonlocal told_at
        _answer(delivery, row, NotSaved())
        if told_at is None or clock.now() - told_at >= WARN_EVERY:
            told_at = clock.now()
            for user_id in config.root_user_ids:  # from memory: no row can be written now
                delivery.say(Answer(user_id, Message(escape(NotSavedNotice()))))

    return tell


def _on_stand_by(delivery: Delivery, rings: schedule.Schedule) -> Callable[[bool], None]:
    def tell(is_standing_by: bool) -> None:
        delivery.stand_by(is_standing_by)
        rings.stand_by(is_standing_by)

    return tell


def _on_conflict(config: Config, database: Database, clock: Clock) -> Callable[[UserError], Awaitable[None]]:
    async def tell(notice: UserError) -> None:
        await database.transact(_warn, config, "conflict", notice, now=clock.now())

    return tell


def _warn(session: Session, config: Config, kind: str, notice: UserError, *, now: datetime) -> None:
    """One message to the administrators of one kind and hour."""
    for user_id in config.root_user_ids:
        key = f"warn:{kind}:{now:%Y%m%d%H}:{user_id}"
        outbox.enqueue(session, key, chat_id=user_id, content=Message(escape(notice)), lane=Lane.URGENT, now=now)


def _reach(config: Config) -> Reach:
    def unreadable(session: Session, row: Claimed, error: str, now: datetime) -> None:
        incident = new_incident()
        log.error("row_refused", row=row.id, key=row.key, error=error, incident=incident)
        _warn(session, config, "refused", IncidentNotice(incident=incident), now=now)

    return Reach(
        unreachable=lambda session, user_id, now: reach.mark_unreachable(session, user_id, now=now),
        lost=lambda session, chat_id, now: reach.chat_gone(session, chat_id, now=now),
        migrated=lambda session, old, new, now: reach.chat_migrated(session, old, new, now=now),
        unsure=lambda session, row, now: reach.post_unsure(session, row.chat_id, row.id, now=now),
        muted=lambda session, row, now: reach.chat_muted(session, row, now=now),
        topic_lost=lambda session, row, now: reach.topic_lost(session, row, now=now),
        unreadable=unreadable,
    )
