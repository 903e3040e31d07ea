"""What quiz knows of one person, for the file he may have, and what of it goes when his data are erased."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.banks.models import BankRevision, ImportRun, QuestionVersion
from bot.members.facts import Table
from bot.members.personal import PersonalData, Traces, hide_in
from bot.quiz import personal_views as words
from bot.quiz.models import (
    AnswerEvent,
    Attempt,
    AttemptItem,
    Candidate,
    Paper,
    PaperLog,
    Result,
    RoundGuest,
    RoundPoll,
    SeatChoice,
    StrayVote,
)

NOWHERE = NOBODY = 0  # in place of a private chat, of an account


def export(session: Session, member_id: int) -> Sequence[Table]:
    results = (
        select(Paper.title, Result.outcome, Result.score_centi, Result.time_s, Result.passed, Result.excellent)
        .join(Result, Result.paper_id == Paper.id)
        .where(Result.member_id == member_id)
        .order_by(Paper.id, Result.revision)
    )
    attempts = (
        select(Paper.title, Attempt.number, Attempt.state, Attempt.started_at, Attempt.submitted_at)
        .add_columns(Attempt.score_centi)
        .join(Attempt, Attempt.paper_id == Paper.id)
        .where(Attempt.member_id == member_id)
        .order_by(Attempt.id)
    )
    answers = (
        select(Paper.title, Attempt.number, AttemptItem.position, AttemptItem.selection, AttemptItem.answered_at)
        .add_columns(AttemptItem.awarded_centi, AttemptItem.max_centi, AttemptItem.option_order, QuestionVersion.type)
        .join(Attempt, Attempt.paper_id == Paper.id)
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .join(QuestionVersion, QuestionVersion.id == AttemptItem.version_id)
        .where(Attempt.member_id == member_id, AttemptItem.answered_at.is_not(None))
        .order_by(AttemptItem.id)
    )
    return (
        words.results([(*row[:2], words.points(row[2]), *row[3:]) for row in session.execute(results)]),
        words.attempts([(*row[:5], words.points(row[5])) for row in session.execute(attempts)]),
        words.answers(
            [
                (*row[:3], words.chosen(row[8], row[7], row[3]), row[4], words.points(row[5]), words.points(row[6]))
                for row in session.execute(answers)
            ]
        ),
    )


def erase(session: Session, traces: Traces, _: datetime) -> None:
    """Scores and right or wrong stay as numbers; what was chosen and when goes."""
    own = select(Attempt.id).where(Attempt.member_id == traces.member_id)
    nothing = {"selection": None, "answered_at": None, "is_marked": False, "last_event_id": None}
    session.execute(update(AttemptItem).where(AttemptItem.attempt_id.in_(own)).values(**nothing))
    session.execute(delete(AnswerEvent).where(AnswerEvent.attempt_id.in_(own)))
    session.execute(delete(SeatChoice).where(SeatChoice.attempt_id.in_(own)))
    session.execute(update(Candidate).where(Candidate.member_id == traces.member_id).values(reason=""))
    sat = select(Candidate.paper_id).where(Candidate.member_id == traces.member_id)
    hide_in(session, traces, PaperLog, ("reason",), PaperLog.paper_id.in_(sat))
    hide_in(session, traces, Candidate, ("reason",), Candidate.paper_id.in_(sat))
    hide_in(session, traces, Paper, ("title",), Paper.id.in_(sat))
    if traces.user_id is not None:
        _erase_account(session, traces.user_id)


def _erase_account(session: Session, user_id: int) -> None:
    session.execute(delete(RoundGuest).where(RoundGuest.user_id == user_id))
    session.execute(delete(StrayVote).where(StrayVote.user_id == user_id))
    session.execute(update(RoundPoll).where(RoundPoll.chat_id == user_id).values(chat_id=NOWHERE, message_id=None))
    session.execute(update(BankRevision).where(BankRevision.by == user_id).values(by=None))
    session.execute(update(ImportRun).where(ImportRun.by == user_id).values(by=NOBODY))


DATA = PersonalData(export, erase)
