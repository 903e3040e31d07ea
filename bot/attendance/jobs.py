"""The clock that opens and closes meetings, and what delivery asks about lists and requests."""

from collections.abc import Mapping
from datetime import timedelta

from bot import exports
from bot.attendance import closing, leave, marking, proposals
from bot.context import Job
from bot.outbox import Hooks

JOBS = (
    Job("advance", closing.advance, timedelta(seconds=15), closing.next_due),
    Job("attendance.expire", proposals.expire, timedelta(hours=1), proposals.next_due),
)

HOOKS: Mapping[str, Hooks] = {
    "sheet": Hooks(render=marking.render, sent=marking.sent),
    "leave": Hooks(render=leave.render, sent=leave.sent),
    "export": exports.HOOKS,
    "correction": Hooks(render=proposals.render, sent=proposals.sent),
}
