"""What authors are told of a released exam: a branch with names to its officers, figures of all to those above."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.members import service as members
from bot.members.rules import UnitRef
from bot.message import Sender
from bot.periods import local_day
from bot.quiz import analysis, authors, outcomes
from bot.quiz.authors import Desk
from bot.quiz.models import Candidate, Paper, Result
from bot.quiz.ranking import Rank, ranks
from bot.quiz.result_facts import AfterResit, BranchRates, Exam, Line, NameList, Overview, Report
from bot.quiz.rules import MAX_RESITS, CandidateStanding, Outcome, PaperState


def report(session: Session, sender: Sender, paper_id: int, branch_id: int, *, now: datetime) -> Report | Overview:
    """The results again, as T11 told them; 0 stands for the branch or the view that comes first."""
    desk = authors.desk(session, sender, paper_id, now=now)
    if branch_id == 0 and (len(desk.led) > 1 or not desk.named):
        return overview(session, desk.exam, desk.led, desk.named, can_resit=may_resit(session, desk))
    branch = desk.own(branch_id)
    found = of_branch(session, desk.exam, branch, now, can_resit=may_resit(session, desk))
    return replace(found, has_others=len(desk.led) > 1, is_elsewhere=desk.who.branch != branch)


def of_branch(session: Session, of: Exam, branch: UnitRef, now: datetime, *, can_resit: bool) -> Report:
    rows = outcomes.lines(session, of, [branch.id])
    return Report(
        of,
        branch.id,
        branch.name,
        outcomes.rates_of(rows),
        absent=_named(rows, Outcome.ABSENT),
        no_answer=_named(rows, Outcome.NO_ANSWER),
        exempt=_named(rows, Outcome.EXEMPT),
        unreached=unreached(session, of, branch.id, now),
        lowest=analysis.lowest(session, of, rows),
        resits=resit_count(session, of.id),
        can_resit=can_resit,
        resit=after_resit(session, of, [branch.id]),
    )


def _named(rows: Iterable[Line], outcome: Outcome) -> tuple[str, ...]:
    return tuple(one.name for one in rows if one.outcome is outcome)


def overview(
    session: Session, of: Exam, branches: Sequence[UnitRef], named: Collection[UnitRef] = (), *, can_resit: bool = False
) -> Overview:
    """`named`: branches whose own report can be opened from here."""
    found = outcomes.rates_by_branch(session, of)
    told = tuple(BranchRates(one.id, one.name, found[one.id]) for one in branches)
    rows = None if len(branches) == len(found) else outcomes.lines(session, of, [one.id for one in branches])
    opened = tuple((one.id, one.name) for one in branches if one in named)
    return Overview(of, told, analysis.lowest(session, of, rows), can_resit, opened)


def unreached(session: Session, of: Exam, branch_id: int, now: datetime) -> tuple[str, ...]:
    """Candidates whom no private message reaches: never started the bot, or blocked it."""
    query = select(Candidate.member_id).where(Candidate.paper_id == of.id, Candidate.branch_id == branch_id)
    query = query.where(Candidate.standing == CandidateStanding.DUE)
    due = session.scalars(query.order_by(Candidate.group_id.is_(None), Candidate.group_id, Candidate.member_id)).all()
    people = members.people(session, due, local_day(now))
    return tuple(people[one].name for one in due if one in people and not people[one].is_reachable)


# -- resits ------------------------------------------------------------------------------------------------------------


def may_resit(session: Session, desk: Desk) -> bool:
    return desk.leads_all and is_resittable(session, desk.exam)


def is_resittable(session: Session, of: Exam) -> bool:
    return of.resit_of is None and resit_count(session, of.id) < MAX_RESITS


def resit_count(session: Session, paper_id: int) -> int:
    return session.scalar(select(func.count()).where(Paper.resit_of == paper_id)) or 0


def resits_of(session: Session, paper_id: int) -> list[Exam]:
    """Released resits of an exam, in their order."""
    query = select(Paper.id).where(Paper.resit_of == paper_id, Paper.state == PaperState.RELEASED)
    ids = session.scalars(query.order_by(Paper.resit_number)).all()
    return [outcomes.exam(session, id_) for id_ in ids]


def resit_results(session: Session, of: Exam, branches: Sequence[int]) -> dict[int, Line]:
    """By member the best of his resits; the first result stays what it was."""
    best: dict[int, Line] = {}
    for resit in resits_of(session, of.id):
        for line in outcomes.lines(session, resit, branches):
            before = best.get(line.member_id)
            if line.outcome is Outcome.SAT and (before is None or _credit(line) > _credit(before)):
                best[line.member_id] = line
    return best


def _credit(line: Line) -> int:
    return line.credited_centi or 0


def after_resit(session: Session, of: Exam, branches: Sequence[int]) -> AfterResit | None:
    """补考后合格率: of those who sat the exam or a resit of it, how many have passed in one of them."""
    first = of if of.resit_of is None else outcomes.exam(session, of.resit_of)
    if not resits_of(session, first.id):
        return None
    query = (
        select(Result.member_id, Result.passed)
        .join(Candidate, (Candidate.paper_id == Result.paper_id) & (Candidate.member_id == Result.member_id))
        .where(Result.paper_id == first.id, Result.revision == first.revision, Result.outcome == Outcome.SAT)
        .where(Candidate.branch_id.in_(branches))
    )
    passed = {member_id: bool(is_passed) for member_id, is_passed in session.execute(query)}
    for member_id, line in resit_results(session, first, branches).items():
        passed[member_id] = passed.get(member_id, False) or line.is_passed
    return AfterResit(sum(passed.values()), len(passed))


# -- names -------------------------------------------------------------------------------------------------------------


def names(session: Session, sender: Sender, paper_id: int, branch_id: int, *, now: datetime) -> NameList:
    """查看名单: everybody of one branch with outcome and score, in the order of the roster."""
    desk = authors.desk(session, sender, paper_id, now=now)
    branch = desk.own(branch_id)
    rows = outcomes.lines(session, desk.exam, [branch.id])
    return NameList(desk.exam, branch.name, branch.id, tuple(rows), ranked(desk.exam, rows))


def ranked(of: Exam, rows: Sequence[Line]) -> Mapping[int, Rank]:
    """By member his place in the branch; nothing where the exam does not rank."""
    if not of.ranking:
        return {}
    sat = [one for one in rows if one.outcome is Outcome.SAT]
    places = ranks([(one.score_centi or 0, one.time_s or 0) for one in sat])
    return {one.member_id: place for one, place in zip(sat, places, strict=True)}
