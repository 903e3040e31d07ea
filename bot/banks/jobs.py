"""Timed work of banks: files that nobody confirmed are dropped. And how far the reading of one is."""

from datetime import timedelta

from bot.banks import progress
from bot.banks.importing import discard_expired
from bot.context import Job
from bot.outbox import Hooks
from bot.retention import keep_all

JOBS = (Job("banks_discard_expired", discard_expired, every=timedelta(hours=1)),)
HOOKS = {**progress.HOOKS, "bank": Hooks(outlive=keep_all)}  # of a file that was left alone is told once
