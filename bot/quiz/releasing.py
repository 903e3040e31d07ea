"""CLOSED → RELEASED: results are written once nothing can change them, then told: to each candidate his own, to groups
figures alone, to officers of a branch its names, to those above a table.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.members import service as members
from bot.members.service import Person
from bot.periods import local_day
from bot.quiz import announcing, exams, outcomes, review
from bot.quiz import results_views as views
from bot.quiz.announcing import Post
from bot.quiz.models import Candidate, Paper, Result
from bot.quiz.outcomes import Settled
from bot.quiz.result_facts import Exam, OwnScore
from bot.quiz.rules import (
    ANSWER_GRACE,
    LOOK_AGAIN,
    SWEEP_EVERY,
    Outcome,
    PaperAction,
    PaperKind,
    PaperState,
    paper_key,
)
from bot.statements import Query

BATCH = 50  # people told in one transaction

_UNTOLD = select(Result.paper_id).where(~Result.is_told).limit(1)
_CLOSED = Query(
    select(Paper.id, Paper.closes_at)
    .where(Paper.kind == PaperKind.EXAM, Paper.state == PaperState.CLOSED)
    .order_by(Paper.closes_at)
)


def _closed(session: Session) -> list[tuple[int, datetime]]:
    """Exams that wait for their results, the longest first."""
    session.flush()
    return [(paper_id, closes_at) for paper_id, closes_at in _CLOSED.all(session, {}) if closes_at is not None]


def next_due(session: Session, now: datetime) -> datetime | None:
    """When the next exam may be released; now while somebody is still to be told."""
    if session.scalar(_UNTOLD) is not None or announcing.is_waiting(session):
        return now
    moments = []
    for paper_id, closes_at in _closed(session):
        first = closes_at + ANSWER_GRACE + LOOK_AGAIN
        is_ready = first > now or exams.is_settled(session, paper_id, closes_at)
        moments.append(first if is_ready else now + SWEEP_EVERY)
    return min(moments, default=None)


def release_due(session: Session, *, top_names_allowed: bool = False, now: datetime) -> bool:
    """Release one exam, or tell some people what came of theirs, or some branches; True if there may be more."""
    for paper_id, closes_at in _closed(session):
        is_over = now > closes_at + ANSWER_GRACE
        if is_over and exams.is_settled(session, paper_id, closes_at) and _take(session, paper_id):
            _release(session, outcomes.exam(session, paper_id), now)
            return True
    return tell(session, now) or announcing.announce_next(session, top_names_allowed=top_names_allowed, now=now)


def _take(session: Session, paper_id: int) -> bool:
    """Of two processes one releases."""
    step = update(Paper).where(Paper.id == paper_id, Paper.state == PaperState.CLOSED)
    return session.scalar(step.values(state=PaperState.RELEASED).returning(Paper.id)) is not None


def _release(session: Session, of: Exam, now: datetime) -> None:
    settled = outcomes.settle(session, of)
    revision = outcomes.write(session, of, settled, told=_not_told(settled))
    outcomes.note(session, of, PaperAction.RELEASED, None, now)
    announcing.put_up(session, of.id, revision)


def _not_told(settled: Sequence[Settled]) -> set[int]:
    return {one.member_id for one in settled if one.outcome is Outcome.EXEMPT}


# -- to each candidate -------------------------------------------------------------------------------------------------


def tell(session: Session, now: datetime) -> bool:
    """Tell the next people, branch by branch, for each has quiet hours of its own; True if there may be more."""
    home = (Candidate.paper_id == Result.paper_id) & (Candidate.member_id == Result.member_id)
    query = select(Result).join(Candidate, home).where(~Result.is_told)
    query = query.order_by(Result.paper_id, Candidate.branch_id, Result.member_id, Result.revision)
    rows = session.scalars(query.limit(BATCH)).all()
    if not rows:
        return False
    exams_ = {paper_id: outcomes.exam(session, paper_id) for paper_id in {row.paper_id for row in rows}}
    people = members.people(session, [row.member_id for row in rows], local_day(now))
    post = Post(session, [one.user_id for one in people.values() if one.user_id is not None], now)
    for row in rows:
        row.is_told = True
        person = people.get(row.member_id)
        if person is not None and person.is_reachable:
            _tell_one(session, exams_[row.paper_id], row, person, post)
    session.flush()
    return len(rows) == BATCH


def _tell_one(session: Session, of: Exam, row: Result, person: Person, post: Post) -> None:
    assert person.user_id is not None
    was = session.get(Result, (of.id, row.member_id, row.revision - 1)) if row.revision > 1 else None
    if was is not None:
        outbox.withdraw_one(session, paper_key(of.id, "result", row.member_id, row.revision - 1))
    score = row.score_centi or 0
    facts = OwnScore(
        of.id,
        of.title,
        row.outcome,
        score,
        row.max_centi or of.max_centi,
        is_passed=bool(row.passed),
        has_errors=row.outcome is Outcome.SAT and score < (row.max_centi or 0),
        shows_key=review.shows_key(of),
        credited_centi=row.credited_centi if row.credited_centi != row.score_centi else None,
        was_centi=was.score_centi if was is not None else None,
    )
    key = paper_key(of.id, "result", row.member_id, row.revision)
    post.send(key, person.user_id, views.own_score(facts), person.branch_id)
