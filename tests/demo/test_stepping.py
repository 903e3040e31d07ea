"""Time going on: every due moment at its own time, and a clock that cannot go on says why."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from bot.context import Job
from bot.demo.acts import Impossible
from bot.demo.run import possible
from bot.demo.seed import START
from bot.demo.stage import Stage
from bot.demo.stepping import StuckClock
from bot.periods import BEIJING

DUE = datetime(2026, 3, 5, 16, tzinfo=BEIJING)
STUCK = "时间停在 3月5日 16:00：schedule stuck 反复报告同一到期时刻"


def nothing(session: Session, *, now: datetime) -> bool:
    return False


@pytest.fixture
def stuck(stage: Stage) -> Stage:
    """A play with a job that is due on Thursday and stays so."""
    job = Job("stuck", nothing, timedelta(days=1), lambda _session, _now: DUE)
    stage.house.schedule.jobs = (*stage.house.schedule.jobs, job)
    return stage


async def test_a_job_that_stays_due_stops_the_clock_and_is_named(stuck: Stage) -> None:
    with pytest.raises(StuckClock, match=STUCK):
        await stuck.stepper.advance(START + timedelta(days=7))
    assert stuck.clock.now() == DUE


async def test_a_stuck_clock_is_told_in_the_window_that_moved_it(stuck: Stage) -> None:
    with pytest.raises(Impossible, match=f"{STUCK}。"):
        await possible(stuck.stepper.advance(START + timedelta(days=7)))


async def test_before_the_stuck_moment_time_goes_on(stuck: Stage) -> None:
    assert await possible(stuck.stepper.advance(DUE - timedelta(hours=1))) == []
    assert stuck.clock.now() == DUE - timedelta(hours=1)


async def test_without_anything_due_time_stands(stage: Stage) -> None:
    stage.house.schedule.jobs = ()
    assert await stage.stepper.to_next() is None
    assert stage.clock.now() == START


async def test_due_moments_without_a_message_move_the_clock_and_say_so(stage: Stage) -> None:
    job = Job("quiet", nothing, timedelta(days=1), lambda _session, now: DUE if now < DUE else None)
    stage.house.schedule.jobs = (job,)
    assert await stage.stepper.to_next() == []
    assert stage.clock.now() == DUE
