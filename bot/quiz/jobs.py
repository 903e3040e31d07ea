"""The clock of live rounds, papers and exams, and what delivery asks of them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from bot import exports
from bot.context import Job
from bot.outbox import Hooks
from bot.quiz import (
    exams,
    inviting,
    outage_credits,
    papers,
    releasing,
    results,
    rounds,
    sending,
    sweeping,
    votes,
)
from bot.quiz.rules import SWEEP_EVERY


def step_rounds(session: Session, *, now: datetime) -> bool:
    """Count what came before its poll was known, then take the next step that is due."""
    votes.take_up(session, now=now)
    return rounds.step_due(session, now=now)


def jobs(*, top_names_allowed: bool) -> tuple[Job, ...]:
    """`top_names_allowed`: whether the office lets groups read names at all, whatever a paper asks for."""
    release = partial(releasing.release_due, top_names_allowed=top_names_allowed)
    return (
        Job("rounds", step_rounds, every=timedelta(seconds=1), next_due=rounds.next_due),
        Job("stray_votes", votes.drop_strays, every=timedelta(minutes=1), next_due=votes.next_stray_due),
        Job("live_papers", papers.close_due, every=timedelta(hours=1), next_due=papers.next_due),
        Job("exams", exams.step_due, every=timedelta(minutes=1), next_due=exams.next_due),
        Job("exam_credits", outage_credits.credit_all, every=timedelta(minutes=1), next_due=outage_credits.next_due),
        Job("exam_sweep", sweeping.sweep, every=SWEEP_EVERY, next_due=sweeping.next_due),
        Job("exam_release", release, every=SWEEP_EVERY, next_due=releasing.next_due),
        Job("old_answers", results.forget_old, every=timedelta(days=1)),
    )


HOOKS: Mapping[str, Hooks] = {
    "round": Hooks(
        is_wanted=sending.is_wanted,
        render=sending.render,
        sent=sending.sent,
        failed=sending.failed,
        tells_unsure=sending.is_question,
    ),
    "paper": Hooks(is_wanted=inviting.is_wanted, render=inviting.render),
    "examfile": exports.HOOKS,
}
