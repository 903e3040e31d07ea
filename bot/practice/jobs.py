"""The noon message of those who wish one, and what is forgotten with time."""

from datetime import timedelta

from bot.context import Job
from bot.practice import daily

JOBS: tuple[Job, ...] = (
    Job("practice.noon", daily.remind, timedelta(minutes=10), daily.next_due),
    Job("practice.old", daily.forget_old, timedelta(days=1)),
)
