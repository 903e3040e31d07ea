"""Timed jobs of members: what has waited too long ends, a year of days off that is missing is asked for."""

from datetime import timedelta

from bot.context import Job
from bot.members import calendar, expiry, menus
from bot.outbox import Hooks
from bot.retention import keep_all

HOOKS = {"menu": Hooks(outlive=keep_all)}  # the newest is what somebody sees, their number the next one's key
JOBS = (
    Job("members.expire", expiry.expire, timedelta(hours=1)),
    Job("members.menus", menus.follow, timedelta(hours=1)),
    Job("ask_calendar", calendar.ask_calendar, timedelta(days=1), calendar.next_due),
)
