"""What each candidate's attempts come to: the attempt that counts, its verdict, and the revisions of results."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Select, bindparam, case, false, func, insert, or_, select, update
from sqlalchemy.orm import Session

from bot.db import signal
from bot.errors import UserError
from bot.members.models import Member, Unit
from bot.quiz import exams
from bot.quiz.models import Attempt, AttemptItem, Candidate, Paper, PaperBranch, PaperLog, Regrade, Result
from bot.quiz.rates import Rates, Standing, rates
from bot.quiz.result_facts import Exam, Line
from bot.quiz.rules import (
    AttemptState,
    CandidateStanding,
    Draw,
    Outcome,
    PaperAction,
    PaperKind,
    PaperState,
    Regrading,
)
from bot.statements import Query, among

FINISHED = (AttemptState.SUBMITTED, AttemptState.AUTO_SUBMITTED, AttemptState.NO_ANSWER)


class NoSuchExam(UserError):
    text = "没有这场考试，或您无权查看。"
    ends_buttons = True


class NotReleased(UserError):
    text = "成绩还没有公布。"


@dataclass(frozen=True, slots=True)
class Sat:
    """A finished attempt."""

    attempt_id: int
    number: int
    score_centi: int
    max_centi: int
    time_s: int
    has_answer: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """A candidate's result before it is written."""

    member_id: int
    outcome: Outcome
    counted: Sat | None = None
    credited_centi: int | None = None
    is_passed: bool = False
    is_excellent: bool = False

    @property
    def score_centi(self) -> int | None:
        return self.counted.score_centi if self.counted and self.outcome is Outcome.SAT else None


# -- the exam ----------------------------------------------------------------------------------------------------------

_EXAM = (
    select(Paper.id, Paper.code, Paper.title, Paper.state, Paper.draw, Paper.max_centi, Paper.pass_pct, Paper.good_pct)
    .add_columns(Paper.limit_s, Paper.attempts_allowed, Paper.opens_at, Paper.closes_at, Paper.show_score)
    .add_columns(Paper.show_key, Paper.ranking, Paper.top_names, Paper.resit_of, Paper.resit_number, Paper.revision)
    .add_columns(Paper.by)
    .where(Paper.kind == PaperKind.EXAM, Paper.code.is_not(None))
)


def exam(session: Session, paper_id: int) -> Exam:
    return _first(session, _EXAM.where(Paper.id == paper_id))


def released(session: Session, paper_id: int) -> Exam:
    found = exam(session, paper_id)
    if found.state is not PaperState.RELEASED:
        raise NotReleased
    return found


def hold(session: Session, paper_id: int) -> Exam:
    """A released exam whose results nobody else can revise before this transaction ends."""
    found = _first(session, _EXAM.where(Paper.id == paper_id).with_for_update())
    if found.state is not PaperState.RELEASED:
        raise NotReleased
    return found


def _first(session: Session, query: Select[*tuple[object, ...]]) -> Exam:
    row = session.execute(query).one_or_none()
    if row is None:
        raise NoSuchExam
    return Exam(*row)  # type: ignore[arg-type]  # the columns of _EXAM are the fields of Exam


def branch_ids(session: Session, paper_id: int) -> list[int]:
    """The branches of an exam in the order of the tree."""
    query = select(Unit.id, Unit.path).join(PaperBranch, PaperBranch.branch_id == Unit.id)
    rows = session.execute(query.where(PaperBranch.paper_id == paper_id)).all()
    return [id_ for id_, path in sorted(rows, key=lambda row: _place(row[1]))]


def _place(path: str) -> list[int]:
    return [int(part) for part in path.split("/") if part]


# -- settling ----------------------------------------------------------------------------------------------------------


def counted(sat: Sequence[Sat]) -> Sat | None:
    """The highest score, then the shorter time, then the lower number; one without any answer only if all are."""
    answered = [one for one in sat if one.has_answer] or sat
    return min(answered, key=lambda one: (-one.score_centi, one.time_s, one.number), default=None)


def has_answer() -> ColumnElement[bool]:
    """Whether anything was answered in an attempt: it may have been handed in empty, too."""
    answered = select(AttemptItem.id).where(AttemptItem.attempt_id == Attempt.id, AttemptItem.selection.is_not(None))
    return or_(Attempt.score_centi > 0, answered.correlate(Attempt).exists())


def sittings(session: Session, of: Exam) -> dict[int, list[Sat]]:
    """The finished attempts of each member."""
    own_max = _own_max(session, of)
    query = (
        select(Attempt.member_id, Attempt.id, Attempt.number, Attempt.score_centi, Attempt.time_s, has_answer())
        .where(Attempt.paper_id == of.id, Attempt.round_id.is_(None), Attempt.state.in_(FINISHED))
        .order_by(Attempt.id)
    )
    found: dict[int, list[Sat]] = {}
    for member_id, id_, number, score, time_s, is_answered in session.execute(query):
        most = own_max.get(id_, of.max_centi)
        sat = Sat(id_, number, score or 0, most, time_s or 0, bool(is_answered))
        found.setdefault(member_id, []).append(sat)
    return found


def _own_max(session: Session, of: Exam) -> dict[int, int]:
    """Where attempts were drawn apart and a question was taken out, some have less to reach than others."""
    voided = select(Regrade.id).where(Regrade.paper_id == of.id, Regrade.decision == Regrading.VOID).limit(1)
    if of.draw is Draw.SAME or session.scalar(voided) is None:
        return {}
    query = select(AttemptItem.attempt_id, func.sum(AttemptItem.max_centi)).join(
        Attempt, Attempt.id == AttemptItem.attempt_id
    )
    query = query.where(Attempt.paper_id == of.id, Attempt.round_id.is_(None)).group_by(AttemptItem.attempt_id)
    return {attempt_id: int(total) for attempt_id, total in session.execute(query)}


def settle(session: Session, of: Exam, sat: Mapping[int, Sequence[Sat]] | None = None) -> list[Settled]:
    """Everybody's result as the attempts stand, or as they would with `sat`."""
    finished = sittings(session, of) if sat is None else sat
    query = select(Candidate.member_id, Candidate.standing).where(Candidate.paper_id == of.id)
    found = []
    for member_id, standing in session.execute(query.order_by(Candidate.member_id)):
        own = finished.get(member_id, ())
        if standing is CandidateStanding.REMOVED and not own:
            continue
        found.append(_settled(of, member_id, standing, own))
    return found


def _settled(of: Exam, member_id: int, standing: CandidateStanding, own: Sequence[Sat]) -> Settled:
    if standing is CandidateStanding.EXEMPT:
        return Settled(member_id, Outcome.EXEMPT)
    best = counted(own)
    if best is None:
        return Settled(member_id, Outcome.ABSENT)
    if not best.has_answer:
        return Settled(member_id, Outcome.NO_ANSWER, best)
    mark = exams.pass_mark(best.max_centi, of.pass_pct)
    score = best.score_centi
    credited = score if of.resit_of is None else min(score, mark)
    good = exams.pass_mark(best.max_centi, of.good_pct)
    return Settled(member_id, Outcome.SAT, best, credited, score >= mark, score >= good)


def write(session: Session, of: Exam, settled: Iterable[Settled], *, told: Collection[int] = ()) -> int:
    """The next revision of the results; `told` are those to whom it brings nothing new."""
    revision = of.revision + 1
    rows = [
        {
            "paper_id": of.id,
            "member_id": one.member_id,
            "revision": revision,
            "outcome": one.outcome,
            "attempt_id": one.counted.attempt_id if one.counted else None,
            "score_centi": one.score_centi,
            "credited_centi": one.credited_centi,
            "time_s": one.counted.time_s if one.counted and one.outcome is Outcome.SAT else None,
            "max_centi": one.counted.max_centi if one.counted else None,
            "passed": one.is_passed if one.outcome is Outcome.SAT else None,
            "excellent": one.is_excellent if one.outcome is Outcome.SAT else None,
            "is_told": one.member_id in told,
        }
        for one in settled
    ]
    if rows:
        session.execute(insert(Result), rows)
    session.execute(update(Paper).where(Paper.id == of.id).values(revision=revision))
    signal(session, "jobs")
    return revision


def note(session: Session, of: Exam, action: PaperAction, by: int | None, now: datetime) -> None:
    session.add(PaperLog(paper_id=of.id, actor=by, action=action, at=now))


# -- looking -----------------------------------------------------------------------------------------------------------


def _lines(dialect: str) -> Select[*tuple[object, ...]]:
    number = case((Result.outcome == Outcome.SAT, Attempt.number))
    query = (
        select(Result.member_id, Member.name, Candidate.branch_id, Candidate.group_id, Result.outcome, Candidate.reason)
        .add_columns(Result.attempt_id, number, Result.score_centi, Result.credited_centi, Result.max_centi)
        .add_columns(Result.time_s, func.coalesce(Result.passed, false()), func.coalesce(Result.excellent, false()))
        .join(Candidate, (Candidate.paper_id == Result.paper_id) & (Candidate.member_id == Result.member_id))
        .join(Member, Member.id == Result.member_id)
        .outerjoin(Attempt, Attempt.id == Result.attempt_id)
    )
    query = query.where(Result.paper_id == bindparam("paper_id"), Result.revision == bindparam("revision"))
    return query.where(among(dialect, Candidate.branch_id, "branch_ids"))


_LINES = Query(_lines)
_LineRow = tuple[int, str, int, int | None, *tuple[object, ...]]


def lines(session: Session, of: Exam, branches: Collection[int]) -> list[Line]:
    """The results of these branches in the order of the roster: branch, group, row."""
    asked = {"paper_id": of.id, "revision": of.revision, "branch_ids": list(branches)}
    units = {id_: (name, _place(path)) for id_, name, path in session.execute(select(Unit.id, Unit.name, Unit.path))}
    found = []
    for member_id, name, branch_id, group_id, *rest in cast("list[_LineRow]", _LINES.all(session, asked)):
        branch, place = units[branch_id]
        group, place = units[group_id] if group_id else ("", [*place, 10**9])
        line = Line(member_id, name, branch_id, branch, group, *rest)  # type: ignore[arg-type]  # as _LINES has them
        found.append(((place, member_id), line))
    return [line for _, line in sorted(found, key=lambda pair: pair[0])]


def of_one(session: Session, of: Exam, member_id: int) -> Result | None:
    return session.get(Result, (of.id, member_id, of.revision))


def rates_of(rows: Iterable[Line]) -> Rates:
    return rates(Standing(one.outcome, one.score_centi, one.max_centi, one.is_passed, one.is_excellent) for one in rows)


def rates_by_branch(session: Session, of: Exam) -> dict[int, Rates]:
    """The figures of each branch, counted where the rows are."""
    query = (
        select(Candidate.branch_id, Result.outcome, Result.score_centi, Result.max_centi)
        .add_columns(Result.passed, Result.excellent)
        .join(Candidate, (Candidate.paper_id == Result.paper_id) & (Candidate.member_id == Result.member_id))
        .where(Result.paper_id == of.id, Result.revision == of.revision)
    )
    found: dict[int, list[Standing]] = {branch_id: [] for branch_id in branch_ids(session, of.id)}
    for branch_id, outcome, score, most, passed, excellent in session.execute(query):
        found.setdefault(branch_id, []).append(Standing(outcome, score, most, bool(passed), bool(excellent)))
    return {branch_id: rates(standings) for branch_id, standings in found.items()}
