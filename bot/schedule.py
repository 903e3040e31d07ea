"""Every timed job of the house in one place, and the alarm clock that rings for them.

APScheduler only wakes us: what is due is asked of the database, so a lost or doubled ring changes nothing.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot import exports, inbox, retention, undo
from bot.attendance import jobs as attendance
from bot.attendance.service import roll
from bot.banks import jobs as banks
from bot.clock import Clock
from bot.config import Config
from bot.context import Job
from bot.db import Database, NotSaved
from bot.meetings import jobs as meetings
from bot.members import jobs as members
from bot.outbox import Hooks
from bot.practice import jobs as practice
from bot.quiz import jobs as quiz

log = structlog.get_logger()

HOUSEKEEPING = timedelta(hours=6)
JOB_TIME = 60.0  # seconds one ring of a job may take
SET_BACK = timedelta(seconds=5)  # the machine's clock shows so much less than before: somebody has set it
ROUNDS = 10_000  # calls of one job in one ring: more is a job that never finds an end


def jobs(config: Config) -> tuple[Job, ...]:
    """Every timed job there is; root users read what a downtime cost."""
    quizzes = quiz.jobs(top_names_allowed=config.quiz.top_names_allowed)
    features = (*attendance.JOBS, *banks.JOBS, *quizzes, *practice.JOBS)
    prune_outbox = partial(retention.prune, hooks=hooks())
    core = (
        Job("inbox.prune", inbox.prune, HOUSEKEEPING),
        Job("outbox.prune", prune_outbox, HOUSEKEEPING),
        Job("undo.prune", undo.prune, timedelta(minutes=10)),
        Job("exports.prune", partial(exports.prune, config=config), HOUSEKEEPING),
    )
    return (*core, *members.JOBS, *meetings.jobs(roll, config.root_user_ids), *features)


def hooks() -> Mapping[str, Hooks]:
    """What features want to be asked and told about their messages, by the prefix of the key."""
    return {**members.HOOKS, **meetings.hooks(roll), **attendance.HOOKS, **banks.HOOKS, **quiz.HOOKS}


class Schedule:
    """Jobs by the clock. `run_due` is one ring; `start` lets APScheduler ring by real time."""

    def __init__(self, database: Database, clock: Clock, jobs: Sequence[Job]) -> None:
        self._database, self._clock, self.jobs = database, clock, tuple(jobs)
        self._ran_at: dict[str, datetime] = {}
        self._alarm: AsyncIOScheduler | None = None
        self._look: asyncio.Task[None] | None = None
        self._is_looked_at = True  # false: something was planned since the last look began
        self._is_standing_by = False  # another process rings
        self._busy = asyncio.Lock()
        self._last_seen = clock.now()

    async def run_due(self) -> None:
        """Run every job that has something to do now."""
        async with self._busy:
            for job in self.jobs:
                if await self._is_due(job):
                    await self._run(job)

    async def next_due(self) -> tuple[datetime, str] | None:
        """The next moment a job names, with its name; rings that come only by interval name none."""
        named = [(job.name, job.next_due) for job in self.jobs if job.next_due is not None]
        moments = [(await self._database.read(ask, self._clock.now()), name) for name, ask in named]
        return min(((due, name) for due, name in moments if due is not None), default=None)

    def start(self) -> None:
        self._alarm = AsyncIOScheduler(timezone=UTC)
        self._set_intervals(self._alarm)
        self._alarm.start()
        self.wake()

    def _set_intervals(self, alarm: AsyncIOScheduler) -> None:
        options = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1, "replace_existing": True}
        for job in self.jobs:
            seconds = job.every.total_seconds()
            alarm.add_job(self._wake_up, "interval", seconds=seconds, id=job.name, args=[job], **options)

    def look_at_clock(self) -> bool:
        """Whether it was set back; to be called by what no clock can stop.

        APScheduler keeps the moments of its next rings: after the clock was set back by an hour it would be silent for
        an hour. Set forward, it rings at once by itself.
        """
        now, before = self._clock.now(), self._last_seen
        self._last_seen = now
        if before - now < SET_BACK:
            return False
        log.warning("clock_jump_noticed", seconds=round((before - now).total_seconds()))
        self._ran_at.clear()
        if self._alarm is not None:
            self._set_intervals(self._alarm)
        self.wake()
        return True

    def stop(self) -> None:
        if self._alarm is not None:
            self._alarm.shutdown(wait=False)
            self._alarm = None
        if self._look is not None:
            self._look.cancel()

    def wake(self) -> None:
        """Something was planned: look at all jobs now and set the alarm for what comes next."""
        self._is_looked_at = False
        if self._alarm is not None and (self._look is None or self._look.done()):
            self._look = asyncio.get_running_loop().create_task(self._look_at_all())

    def stand_by(self, is_standing_by: bool) -> None:
        self._is_standing_by = is_standing_by
        self.wake()

    async def _look_at_all(self) -> None:
        while not self._is_looked_at:
            self._is_looked_at = True
            for job in self.jobs:
                await self._ring(job)

    async def _wake_up(self, job: Job) -> None:
        """What the alarm clock calls. It logs what it cuts short when it is stopped as if that were a mistake."""
        try:
            await self._ring(job)
        except asyncio.CancelledError:
            if self._alarm is not None:
                raise

    async def _ring(self, job: Job) -> None:
        if self._is_standing_by:
            return
        try:
            async with self._busy, asyncio.timeout(JOB_TIME):
                if await self._is_due(job):
                    await self._run(job)
            await self._set_alarm(job)
        except (NotSaved, TimeoutError) as error:
            log.error("job_failed", job=job.name, error=type(error).__name__)

    async def _set_alarm(self, job: Job) -> None:
        """Ring at the very moment something comes due, not at the next interval."""
        if job.next_due is None or self._alarm is None:
            return
        due = await self._database.read(job.next_due, self._clock.now())
        if due is None or due - self._clock.now() > job.every or self._alarm is None:
            return
        at = datetime.now(UTC) + max(due - self._clock.now(), timedelta())  # APScheduler's own time
        self._alarm.add_job(
            self._wake_up,
            "date",
            run_date=at,
            id=f"{job.name}:next",
            args=[job],
            replace_existing=True,
            misfire_grace_time=None,
        )

    async def _is_due(self, job: Job) -> bool:
        now = self._clock.now()
        if job.next_due is not None:
            due = await self._database.read(job.next_due, now)
            return due is not None and due <= now
        ran_at = self._ran_at.get(job.name)
        return ran_at is None or now - ran_at >= job.every

    async def _run(self, job: Job) -> None:
        """Call the job until it has nothing more to do; each call is a transaction of its own."""
        for _ in range(ROUNDS):
            self._ran_at[job.name] = self._clock.now()
            if await self._database.transact(job.run, now=self._clock.now()) is not True:
                return
        log.error("job_never_ended", job=job.name)
