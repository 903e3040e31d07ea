"""Timed jobs of members: what has waited too long ends."""

from datetime import timedelta

from bot.context import Job
from bot.members import expiry

JOBS = (Job("members.expire", expiry.expire, timedelta(hours=1)),)
