"""What a member got wrong, once everybody may know the key: for whoever lets him learn from it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from bot.banks.models import QuestionVersion
from bot.quiz.models import Attempt, AttemptItem, Paper, PaperLog, Round
from bot.quiz.rules import AttemptState, PaperAction, PaperState, RoundState, ShowKey

HANDED_IN = (AttemptState.SUBMITTED, AttemptState.AUTO_SUBMITTED)


@dataclass(frozen=True, slots=True)
class Wrong:
    """An answer with less than full marks; `at` is when the results were out."""

    item_id: int
    question_id: int
    version_id: int
    at: datetime


def errors(session: Session, member_id: int) -> list[Wrong]:
    """In finished rounds, and in released exams that show their key, oldest first. What was left open is no error."""
    out_at = (
        select(func.min(PaperLog.at))
        .where(PaperLog.paper_id == Paper.id, PaperLog.action == PaperAction.RELEASED)
        .correlate(Paper)
        .scalar_subquery()
    )
    is_out = (Paper.state == PaperState.RELEASED) & (Paper.show_key != ShowKey.NEVER)
    query = (
        select(AttemptItem.id, QuestionVersion.question_id, AttemptItem.version_id)
        .add_columns(out_at, Paper.closes_at, Round.next_step_at, Attempt.submitted_at)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(Paper, Paper.id == Attempt.paper_id)
        .join(QuestionVersion, QuestionVersion.id == AttemptItem.version_id)
        .outerjoin(Round, Round.id == Attempt.round_id)
        .where(Attempt.member_id == member_id, Attempt.state.in_(HANDED_IN))
        .where(AttemptItem.answered_at.is_not(None), AttemptItem.awarded_centi < AttemptItem.max_centi)
        .where(
            or_(
                Round.state == RoundState.FINISHED,
                Attempt.round_id.is_(None) & is_out,
            )
        )
    )
    found = [
        Wrong(item_id, question_id, version_id, ended_at or released_at or closed_at or submitted_at)
        for item_id, question_id, version_id, released_at, closed_at, ended_at, submitted_at in session.execute(query)
    ]
    return sorted(found, key=lambda one: (one.at, one.item_id))
