"""Two processes on one database: one receives, sends and rings, the other stands by and takes over."""

import signal
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.inbox import Lease
from bot.meetings.rules import MeetingKind
from tests.chaos.harness import Run, living, running
from tests.chaos.judgement import judge
from tests.chaos.life import Life
from tests.chaos.processes import Process
from tests.chaos.town import Town

TAKEN_OVER_IN = 30.0
PEOPLE = 150


def receiver(run: Run) -> int:
    """The number of the process that receives; its name holds it."""

    def look(session: Session) -> str:
        return session.scalars(select(Lease.owner)).one()

    return int(run.database.look(look).split(":")[-2])


async def second(run: Run) -> Process:
    """One more process, once it is ready to stand by."""
    before = run.wire.arrived["getme"]
    process = await run.launch()
    await run.wire.until(lambda: run.wire.arrived["getme"] > before, within=30, what="the second process")
    return process


@pytest.fixture
def town(database_url: str) -> Town:
    return Town(database_url, near=PEOPLE, far=PEOPLE)


def settle(town: Town, run: Run) -> Life:
    town.settle(run.database)
    town.plan(run.database, "学习二十大精神", MeetingKind.THEME_PARTY_DAY, opens_in=8)
    town.plan(run.database, "专题学习", MeetingKind.THEME_PARTY_DAY, opens_in=8, is_far=True)
    return Life(town, run.wire, seed=7, a_tick=4)


@pytest.mark.long
async def test_the_one_who_stands_by_takes_over_from_the_dead(tmp_path: Path, town: Town) -> None:
    async with running(town, tmp_path, seed=7) as run:
        life = settle(town, run)
        first = await run.start()
        other = await second(run)
        async with living(life):
            await run.wire.until(lambda: len(life.emitted) > PEOPLE, within=60, what="the first presses")
            assert receiver(run) == first.pid
            await run.kill(first, "the receiver")
            await run.wire.until(lambda: receiver(run) == other.pid, within=TAKEN_OVER_IN, what="the successor")
            await run.wire.until(lambda: life.has_everybody_signed, within=120, what="the last sign-in")
        await run.settle(within=60)
        verdict = judge(town, run.database, life.emitted, is_over=False)
        assert verdict.faults == []
        assert verdict.repeated <= run.kills.in_flight


@pytest.mark.long
async def test_a_receiver_that_wakes_up_finds_itself_replaced(tmp_path: Path, town: Town) -> None:
    """Stopped like a machine that sleeps; when it goes on, two believe for a moment that they receive.

    On SQLite it is stopped at rest: in the middle of a transaction it would keep the file locked for everybody.
    """
    async with running(town, tmp_path, seed=8) as run:
        life = settle(town, run)
        first = await run.start()
        other = await second(run)
        async with living(life):
            await run.wire.until(lambda: len(life.emitted) > PEOPLE, within=60, what="the first presses")
            if not run.database.is_sqlite:
                first.signal(signal.SIGSTOP)
        if run.database.is_sqlite:
            await run.settle(within=60)
            first.signal(signal.SIGSTOP)
        async with living(life):
            await run.wire.until(lambda: receiver(run) == other.pid, within=TAKEN_OVER_IN, what="the successor")
            first.signal(signal.SIGCONT)
            await run.wire.until(lambda: life.has_everybody_signed, within=120, what="the last sign-in")
        await run.settle(within=60)
        assert receiver(run) == other.pid
        verdict = judge(town, run.database, life.emitted, is_over=False)
        assert verdict.faults == []
        assert verdict.repeated == 0
