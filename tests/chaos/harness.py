"""One run: a town, its Telegram, and the bot that is killed in the middle of it as often as wanted."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import inbox
from bot.db import Database
from bot.outbox import OutboxRow, State
from bot.quiz.models import Round
from bot.quiz.rules import RoundState
from tests.chaos.life import Life
from tests.chaos.processes import STARTING, Process
from tests.chaos.town import Town
from tests.chaos.wire import Fields, Moment, Point, Wire

# What has happened when these are seen, and what has not.
DEATHS = (Moment.RECEIVED, Moment.TAKEN, Moment.DONE)
AFTER_STORE = (Moment.RECEIVED, Moment.TAKEN)
SOON = timedelta(minutes=10)  # what is due later is not waited for
YOUNGEST = 0.2  # of the processes are killed before they have asked for anything


def _has_offset(fields: Fields) -> bool:
    return "offset" in fields


POINTS = (
    *(Point("answerCallbackQuery", moment, skip=7) for moment in DEATHS),  # committed, not answered
    *(Point("sendMessage", moment, skip=7) for moment in DEATHS),  # claimed, not marked
    *(Point("getUpdates", moment, skip=3, is_meant=_has_offset) for moment in AFTER_STORE),  # stored, just told or not
    Point("getUpdates", Moment.DONE, skip=3),  # given out, not stored
    *(Point("editMessageText", moment, skip=1) for moment in DEATHS),
    *(Point("sendPoll", moment) for moment in (Moment.TAKEN, Moment.DONE)),
    *(Point("stopPoll", moment) for moment in DEATHS),
)


@dataclass
class Kills:
    """How the processes ended, and what they left in doubt."""

    ends: Counter[str] = field(default_factory=Counter)
    acts: int = 0  # presses and votes until the last of them
    doubtful: set[tuple[int, int]] = field(default_factory=set)  # rows on their way when their sender died

    @property
    def count(self) -> int:
        return self.ends.total()

    @property
    def in_flight(self) -> int:
        return len(self.doubtful)


class Run:
    """Lives of the bot one after the other, on one database and one wire."""

    def __init__(self, town: Town, wire: Wire, database: Database, folder: Path, *, seed: int) -> None:
        self.town, self.wire, self.database, self.folder = town, wire, database, folder
        self.rng = random.Random(seed)
        self.longest_life = 12.0  # seconds after which a process is killed wherever it is
        self.kills = Kills()
        self.processes: list[Process] = []

    @property
    def process(self) -> Process:
        """The newest."""
        return self.processes[-1]

    async def launch(self) -> Process:
        """A new process, that has just begun."""
        self.processes.append(await Process.start(self.wire, self.town.url, self.folder))
        return self.process

    async def start(self) -> Process:
        """A new process; returns when it asks for updates."""
        before = self.wire.arrived["getupdates"]
        process = await self.launch()

        def has_asked() -> bool:
            assert not process.has_ended, process.tail()
            return self.wire.arrived["getupdates"] > before

        try:
            await self.wire.until(has_asked, within=STARTING, what="the first getUpdates")
        except AssertionError as error:
            raise AssertionError(await process.dump()) from error
        return process

    async def kill(self, process: Process, reason: str) -> None:
        process.kill()
        await process.ended(within=10)
        self.kills.ends[reason] += 1
        self.kills.doubtful |= await self.database.read(_on_their_way)

    async def live_and_die(self, point: Point | None, life: Life, acts: int) -> None:
        """One life that ends at the named point if it gets there, else anywhere; meanwhile people do `acts` things."""
        if self.rng.random() < YOUNGEST:
            process = await self.launch()
            assert await process.lives(self.rng.uniform(0, 1)), process.tail()
            await self.kill(process, "while starting")
            return
        life.allowed = self.rng.randrange(acts // 2)  # while nobody is there
        process = await self.start()
        if point is not None:
            self.wire.watch(replace(point, skip=self.rng.randint(0, point.skip)), process.kill)
        life.allowed += acts
        enough = 0 if point is not None else self.rng.randrange(acts)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.longest_life):
                while not process.has_ended and (life.allowed > enough or point is not None):
                    await self.wire.pulse.next(0.02)
        is_struck = self.wire.forget()
        assert is_struck or not process.has_ended, process.tail()
        await self.kill(process, str(point) if is_struck else "anywhere")

    async def kill_often(self, times: int, points: Sequence[Point | None], life: Life, *, acts: int) -> None:
        """The process that runs, and then one after the other; in each life people do so much and no more, so that
        there is something to lose until the last."""
        await self.kill(self.process, "anywhere")
        for number in range(times - 1):
            await self.live_and_die(points[number % len(points)], life, acts)
        self.kills.acts = sum(update.kind in ("callback_query", "poll_answer") for update in life.emitted)
        life.allowed = None

    async def settle(self, *, within: float) -> None:
        """Until Telegram has nothing left, all of it is handled, and what is to be said of it has gone out."""
        await self.wire.until(self.is_handled, within=within, what="the end of the backlog")
        await self.deliver(within=within, with_doubtful=False)
        await self.wire.until(self.is_handled, within=within, what="what Telegram says of the bot's own pins")

    def is_handled(self) -> bool:
        return self.town.world.updates.pending == 0 and self.database.look(inbox.open_count) == 0

    async def play_out(self, life: Life, *, within: float) -> None:
        """Until the live round has come to its end and nobody has anything left to press."""

        def is_over() -> bool:
            return life.has_everybody_signed and self.database.look(_is_round_over)

        await self.wire.until(is_over, within=within, what="the end of the round")

    async def deliver(self, *, within: float, with_doubtful: bool) -> None:
        """Until every message that waits has gone out; `with_doubtful`: those whose sender died once more, too, which
        begins when its lease is over and a minute has passed."""
        states = [State.PENDING, State.SENDING] if with_doubtful else [State.PENDING]
        until = self.town.clock.now() + SOON
        await self.wire.until(
            lambda: self.database.look(_count, states, with_doubtful, until) == 0,
            within=within,
            what="the end of the outbox",
        )

    async def close(self) -> None:
        for process in self.processes:
            await process.destroy()


def _on_their_way(session: Session) -> set[tuple[int, int]]:
    rows = session.execute(select(OutboxRow.id, OutboxRow.fence).where(OutboxRow.state == State.SENDING))
    return {(row_id, fence) for row_id, fence in rows}


def _count(session: Session, states: Sequence[State], with_repeats: bool, until: datetime) -> int:
    """Reminders of an exam come hours later."""
    rows = select(func.count()).select_from(OutboxRow).where(OutboxRow.state.in_(states), OutboxRow.due_at < until)
    return session.scalar(rows if with_repeats else rows.where(OutboxRow.is_repeat.is_(False))) or 0


def _is_round_over(session: Session) -> bool:
    return session.scalar(select(Round.id).where(Round.state != RoundState.FINISHED)) is None


@asynccontextmanager
async def running(town: Town, folder: Path, *, seed: int) -> AsyncIterator[Run]:
    """The town's Telegram is open inside the block, and no process outlives it."""
    database = Database(town.url)
    async with Wire(town.world).serving() as wire:
        run = Run(town, wire, database, folder, seed=seed)
        try:
            yield run
        finally:
            await run.close()
            database.close()


@asynccontextmanager
async def living(life: Life) -> AsyncIterator[None]:
    """People act inside the block."""
    stop = asyncio.Event()
    going_on = asyncio.ensure_future(life.go_on(stop))
    try:
        yield
    finally:
        stop.set()
        await going_on
