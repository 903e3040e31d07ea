"""Timed work of banks: files that nobody confirmed are dropped."""

from datetime import timedelta

from bot.banks.importing import discard_expired
from bot.context import Job

JOBS = (Job("banks_discard_expired", discard_expired, every=timedelta(hours=1)),)
