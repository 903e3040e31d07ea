"""The alarm clock of the house, on a machine whose own clock cannot be relied on."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from bot.context import Job, Turn
from bot.db import Database
from bot.inbox import Received, open_count
from bot.intake import Intake, Trouble
from bot.schedule import Schedule
from tests.databases import Again

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    database = Again(sqlite_url)
    yield database
    database.close()


class Wrong:
    """A clock that somebody sets."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


class Rings:
    """A job that notes when it is called."""

    def __init__(self, every: timedelta) -> None:
        self.job = Job("hourly", self.note, every)
        self.noted: list[datetime] = []
        self.came = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def note(self, session: Session, *, now: datetime) -> None:
        assert session.is_active
        self.noted.append(now)
        self._loop.call_soon_threadsafe(self.came.set)

    async def next(self) -> None:
        async with asyncio.timeout(10):
            await self.came.wait()
        self.came.clear()


async def test_a_clock_set_back_an_hour_does_not_silence_the_jobs_for_an_hour(database: Database) -> None:
    clock, rings = Wrong(), Rings(timedelta(hours=1))
    schedule = Schedule(database, clock, [rings.job])
    schedule.start()
    await rings.next()
    clock.at -= timedelta(hours=1)
    assert schedule.look_at_clock()
    await rings.next()
    assert not schedule.look_at_clock()
    schedule.stop()
    assert rings.noted == [NOON, NOON - timedelta(hours=1)]


class Failing:
    """A handler that fails once."""

    def __init__(self) -> None:
        self.tries = 0

    async def __call__(self, turn: Turn) -> None:
        assert turn.row.update_id == 1
        self.tries += 1
        if self.tries == 1:
            raise ValueError("this time only")


async def nobody(_: Trouble | Received) -> None:
    raise AssertionError("nothing is given up")


async def test_an_update_that_waits_for_its_next_try_does_not_wait_an_hour_longer(database: Database) -> None:
    clock, handler = Wrong(), Failing()
    intake = Intake(database, clock, handler, owner="here:1:us", on_trouble=nobody, on_busy=nobody)
    await intake.accept([{"update_id": 1, "message": {"from": {"id": 1001}, "chat": {"id": 1001}}}])
    await intake.drain()
    assert handler.tries == 1
    clock.at -= timedelta(hours=1)
    await intake.drain()
    assert handler.tries == 2
    assert database.look(open_count) == 0


async def test_a_clock_read_a_moment_earlier_or_set_forward_rings_nothing_twice(database: Database) -> None:
    clock, rings = Wrong(), Rings(timedelta(hours=1))
    schedule = Schedule(database, clock, [rings.job])
    await schedule.run_due()
    for step in (timedelta(seconds=-1), timedelta(minutes=30), timedelta(minutes=-30)):
        clock.at += step
        schedule.look_at_clock()
    await schedule.run_due()
    assert len(rings.noted) == 2  # once at the start, once because the clock went back by half an hour
    clock.at += timedelta(hours=1)
    await schedule.run_due()
    await schedule.run_due()
    assert len(rings.noted) == 3
