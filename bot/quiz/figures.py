"""What reports may know of quizzes: figures of a unit and a period, and the questions that went worst. Never a name.

Only released exams that are no resits count, in the month of their closing; rounds only as how many and how many took
part.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fractions import Fraction

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from bot.banks import drawing
from bot.members.models import Chat, Unit
from bot.members.rules import UnitRef
from bot.periods import Period, at_beijing
from bot.quiz.marking import half_up
from bot.quiz.models import Attempt, AttemptItem, Candidate, Paper, Result, Round
from bot.quiz.rates import Rates, Standing, rates, tenths_of
from bot.quiz.rules import AttemptState, Outcome, PaperKind, PaperState, RoundState


@dataclass(frozen=True, slots=True)
class QuizFigures:
    """Exams by their `rates`; `mean` is in tenths of a point of a hundred, so that papers of any maximum add up."""

    papers: int
    rates: Rates
    mean: int | None
    rounds: int
    headcount: int


@dataclass(frozen=True, slots=True)
class LowestItem:
    stem: str
    rate: int  # full marks of those who answered, in tenths of a per cent
    explain: str


def _span(period: Period) -> tuple[datetime, datetime]:
    return at_beijing(period.first_on, time.min), at_beijing(period.last_on + timedelta(days=1), time.min)


def _counts(scope: UnitRef, period: Period) -> ColumnElement[bool]:
    """Current results of exams that count, of branches below the unit."""
    start, end = _span(period)
    below = select(Unit.id).where(Unit.path.startswith(scope.path))
    return and_(
        Paper.kind == PaperKind.EXAM,
        Paper.state == PaperState.RELEASED,
        Paper.resit_of.is_(None),
        Paper.closes_at >= start,
        Paper.closes_at < end,
        Result.paper_id == Paper.id,
        Result.revision == Paper.revision,
        Candidate.paper_id == Result.paper_id,
        Candidate.member_id == Result.member_id,
        Candidate.branch_id.in_(below),
    )


def figures(session: Session, scope: UnitRef, period: Period) -> QuizFigures:
    query = select(Paper.id, Result.outcome, Result.score_centi, Result.max_centi, Result.passed, Result.excellent)
    rows = session.execute(query.where(_counts(scope, period))).all()
    standings = [Standing(row[1], row[2], row[3], bool(row[4]), bool(row[5])) for row in rows]
    sat = [one for one in standings if one.outcome is Outcome.SAT and one.max_centi]
    rounds, headcount = _rounds(session, scope, period)
    return QuizFigures(len({row[0] for row in rows}), rates(standings), _mean(sat), rounds, headcount)


def _mean(sat: Sequence[Standing]) -> int | None:
    if not sat:
        return None
    total = sum((Fraction(one.score_centi or 0, one.max_centi or 1) for one in sat), Fraction())
    mean = 1000 * total / len(sat)
    return half_up(mean.numerator, mean.denominator)


def _rounds(session: Session, scope: UnitRef, period: Period) -> tuple[int, int]:
    """Finished rounds in the unit's groups, and people in them who answered, each once a round."""
    start, end = _span(period)
    of = select(Round.id).join(Chat, Chat.chat_id == Round.chat_id).join(Unit, Unit.id == Chat.unit_id)
    of = of.where(Unit.path.startswith(scope.path), Round.state == RoundState.FINISHED)
    ids = session.scalars(of.where(Round.next_step_at >= start, Round.next_step_at < end)).all()
    took_part = select(func.count()).where(Attempt.round_id.in_(ids), Attempt.state == AttemptState.SUBMITTED)
    return len(ids), session.scalar(took_part) or 0


def lowest_items(
    session: Session, scope: UnitRef, period: Period, *, n: int = 3, min_answers: int = 30
) -> list[LowestItem]:
    """The questions with the smallest share of full marks, among those that enough people answered."""
    is_right = case((AttemptItem.awarded_centi >= AttemptItem.max_centi, 1), else_=0)
    query = (
        select(AttemptItem.version_id, func.count(), func.sum(is_right))
        .join(Result, Result.attempt_id == AttemptItem.attempt_id)
        .join(Paper, Paper.id == Result.paper_id)
        .join(Candidate, Candidate.member_id == Result.member_id)
        .where(_counts(scope, period), Result.outcome == Outcome.SAT)
        .where(AttemptItem.selection.is_not(None), AttemptItem.max_centi > 0)
        .group_by(AttemptItem.version_id)
        .having(func.count() >= min_answers)
    )
    found = [(tenths_of(int(right), answered) or 0, id_) for id_, answered, right in session.execute(query)]
    worst = sorted(found)[:n]
    versions = drawing.versions(session, [id_ for _, id_ in worst])
    texts = {id_: version.question for id_, version in versions.items()}
    return [LowestItem(texts[id_].stem, rate, texts[id_].explain) for rate, id_ in worst]
