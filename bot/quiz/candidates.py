"""Who is to sit an exam: who has not yet, who is added, excused, or reminded by hand. Names go to those of the branch
alone, to a group's leader those of the group, to those above counts.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.db import upsert
from bot.errors import UserError
from bot.members import prompts
from bot.members import service as members
from bot.members.rules import Actor, Grant, Right, Role, UnitRef
from bot.members.service import Person
from bot.members.views import moment
from bot.message import Sender, StaleButton
from bot.periods import local_day
from bot.quiz import inviting, papers
from bot.quiz.exam_facts import BranchCount, Candidacy, Choosing, ExamRef, Excused, Missing, MissingCounts
from bot.quiz.models import Attempt, Candidate, Paper, PaperBranch, PaperLog
from bot.quiz.rules import (
    FINISHED,
    NUDGE_AGAIN,
    AttemptState,
    CandidateStanding,
    PaperAction,
    PaperKind,
    PaperState,
    paper_key,
)
from bot.quiz.running_facts import Nudged

PURPOSE = "quiz:exempt"
MAX_REASON = 200
RUNS = (PaperState.SCHEDULED, PaperState.OPEN)


class NotRunning(UserError):
    text = "考试已经截止或取消，不能再改。"
    ends_buttons = True
    is_done = True


class NotOpen(UserError):
    text = "考试还没开始或已经截止，现在不能催考。"


class NudgedLately(UserError):
    text = "4 小时内已经催过，{at} 之后可以再催。"
    is_done = True


class NobodyToNudge(UserError):
    text = "应考的人都已参加，或联系不上，不用催。"


class NobodyElse(UserError):
    text = "其他应考的人都已参加，或联系不上，不用催；你自己还没有参加。"


class HasSat(UserError):
    text = "{name}同志已经参加，不能再免考。"


@dataclass(frozen=True, slots=True)
class Office:
    """An exam before somebody in charge: the branches in which he runs exams, and those whose names he may know."""

    who: Actor
    paper: Paper
    led: tuple[UnitRef, ...]
    named: tuple[UnitRef, ...]
    leads_all: bool


def office(session: Session, sender: Sender, paper_id: int, now: datetime, *, is_held: bool = False) -> Office:
    """Raises unless the sender runs exams in one of the branches. `is_held`: nobody else opens, closes or changes the
    exam before this transaction ends."""
    who = members.actor(session, sender, now=now)
    paper = published(session, paper_id, is_held=is_held)
    branches = papers.branches_of(session, paper_id)
    led = tuple(branch for branch in branches if who.may(Right.RUN_QUIZ, branch))
    if not led:
        who.require(Right.RUN_QUIZ, branches[0] if branches else None)
        raise StaleButton
    named = tuple(branch for branch in led if who.may(Right.SEE_SITTERS, branch))
    return Office(who, paper, led, named, leads_all=len(led) == len(branches))


def published(session: Session, paper_id: int, *, is_held: bool = False) -> Paper:
    query = select(Paper).where(Paper.id == paper_id, Paper.kind == PaperKind.EXAM, Paper.state != PaperState.DRAFT)
    if is_held:
        query = query.with_for_update().execution_options(populate_existing=True)
    paper = session.scalars(query).one_or_none()
    if paper is None:
        raise StaleButton
    return paper


def note(session: Session, of: Office, action: PaperAction, now: datetime, reason: str = "") -> None:
    log = PaperLog(paper_id=of.paper.id, actor=of.who.recorded_id, action=action, at=now)
    log.reason = reason
    session.add(log)


# -- 未参加名单 --------------------------------------------------------------------------------------------------------


def missing(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> Missing | MissingCounts:
    """Who has not sat yet: names to secretary and group leader, counts to those above."""
    who = members.actor(session, sender, now=now)
    paper = published(session, paper_id)
    branches = papers.branches_of(session, paper_id)
    led = [branch for branch in branches if who.may(Right.RUN_QUIZ, branch)]
    can_nudge = bool(led) and paper.state is PaperState.OPEN
    if named := [branch for branch in branches if who.may(Right.SEE_SITTERS, branch)]:
        theirs = Candidate.branch_id.in_([branch.id for branch in named])
        found = _names(session, paper, theirs, now, can_nudge=can_nudge)
        if len(named) > 1:
            return replace(found, branches=_by_branch(session, paper.id, named, now), is_of_several=True)
        return found if who.branch == named[0] else replace(found, place=named[0].name)
    if groups := _own_groups(who, branches):
        return _names(session, paper, Candidate.group_id.in_(groups), now, is_of_group=True)
    if not led:
        who.require(Right.RUN_QUIZ, branches[0] if branches else None)
        raise StaleButton
    return MissingCounts(paper.id, paper.title, paper.state, _counts(session, paper_id, led), can_nudge)


def _by_branch(
    session: Session, paper_id: int, branches: list[UnitRef], now: datetime
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    left = ((one.name, inviting.unsat(session, paper_id, Candidate.branch_id == one.id, now=now)) for one in branches)
    return tuple((name, tuple(person.name for person in people)) for name, people in left if people)


def _own_groups(who: Actor, branches: tuple[UnitRef, ...]) -> list[int]:
    def leads(grant: Grant) -> bool:
        return grant.role is Role.GROUP_LEADER and any(branch.covers(grant.unit) for branch in branches)

    return [grant.unit.id for grant in who.grants if leads(grant)]


def _names(
    session: Session,
    paper: Paper,
    where: ColumnElement[bool],
    now: datetime,
    *,
    is_of_group: bool = False,
    can_nudge: bool = False,
) -> Missing:
    left = inviting.unsat(session, paper.id, where, now=now)
    running = (
        select(func.count())
        .select_from(Attempt)
        .join(Candidate, (Candidate.paper_id == Attempt.paper_id) & (Candidate.member_id == Attempt.member_id))
        .where(Attempt.paper_id == paper.id, Attempt.state == AttemptState.STARTED, where)
    )
    assert paper.closes_at is not None, "a published exam has a window"
    return Missing(
        paper.id,
        paper.title,
        paper.state,
        paper.token,
        paper.closes_at,
        names=tuple(one.name for one in left),
        unreached=tuple(one.name for one in left if not one.is_reachable),
        running=session.scalar(running.where(Attempt.round_id.is_(None))) or 0,
        is_of_group=is_of_group,
        can_nudge=can_nudge,
    )


def _counts(session: Session, paper_id: int, branches: list[UnitRef]) -> tuple[BranchCount, ...]:
    sat = select(Attempt.id).where(
        Attempt.paper_id == Candidate.paper_id,
        Attempt.member_id == Candidate.member_id,
        Attempt.round_id.is_(None),
        Attempt.state.in_(FINISHED),
    )
    has_sat = sat.correlate(Candidate).exists()
    query = (
        select(Candidate.branch_id, has_sat, func.count())
        .where(Candidate.paper_id == paper_id, Candidate.standing == CandidateStanding.DUE)
        .group_by(Candidate.branch_id, has_sat)
    )
    counts = {(branch_id, bool(is_in)): n for branch_id, is_in, n in session.execute(query)}
    return tuple(
        BranchCount(
            one.name,
            due=counts.get((one.id, True), 0) + counts.get((one.id, False), 0),
            finished=counts.get((one.id, True), 0),
        )
        for one in branches
    )


# -- 催考 --------------------------------------------------------------------------------------------------------------


def nudge(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> Nudged:
    """Remind everybody of one's branches who has not sat; each branch at most once in four hours."""
    found = office(session, sender, paper_id, now, is_held=True)
    if found.paper.state is not PaperState.OPEN:
        raise NotOpen
    mine = (PaperBranch.paper_id == paper_id, PaperBranch.branch_id.in_([branch.id for branch in found.led]))
    rested = or_(PaperBranch.nudged_at.is_(None), PaperBranch.nudged_at <= now - NUDGE_AGAIN)
    taken = update(PaperBranch).where(*mine, rested).values(nudged_at=now).returning(PaperBranch.branch_id)
    branch_ids = session.scalars(taken.execution_options(synchronize_session=False)).all()
    if not branch_ids:
        last = session.scalar(select(func.min(PaperBranch.nudged_at)).where(*mine))
        raise NudgedLately(at=moment((last or now) + NUDGE_AGAIN))
    done = inviting.nudge(session, paper_id, branch_ids, by=found.who.member_id, now=now)
    if not done.people:
        raise NobodyElse if done.is_own_due else NobodyToNudge
    note(session, found, PaperAction.NUDGED, now)
    return Nudged(paper_id, found.paper.title, done.people, done.unreached, is_own_due=done.is_own_due)


# -- 增补 --------------------------------------------------------------------------------------------------------------


def _held(session: Session, sender: Sender, paper_id: int, now: datetime) -> Office:
    """For whoever may know the names of a branch, while the list may still change."""
    found = office(session, sender, paper_id, now, is_held=True)
    if not found.named:
        found.who.require(Right.SEE_SITTERS, found.led[0])
    if found.paper.state not in RUNS:
        raise NotRunning
    return found


def _ref(of: Office) -> ExamRef:
    return ExamRef(of.paper.id, of.paper.title, of.paper.state)


def addable(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> Choosing:
    """Who of one's branches is not to sit the exam, or is excused."""
    found = _held(session, sender, paper_id, now)
    query = select(Candidate.member_id, Candidate.standing).where(Candidate.paper_id == paper_id)
    standings = dict(session.execute(query).all())
    roster = [one for branch in found.named for one in members.roster_on(session, branch.id, local_day(now))]
    people = [
        Candidacy(one.member_id, one.name, standings.get(one.member_id) is CandidateStanding.EXEMPT)
        for one in roster
        if not one.is_guest and standings.get(one.member_id) is not CandidateStanding.DUE
    ]
    return Choosing(_ref(found), tuple(people))


def add(session: Session, sender: Sender, paper_id: int, member_id: int, *, now: datetime) -> Excused:
    """The member is to sit the exam, and hears of it if it is open."""
    found = _held(session, sender, paper_id, now)
    person = _person(session, found, member_id, now)
    assert person.branch_id is not None
    values = {"standing": CandidateStanding.DUE, "reason": "", "by": found.who.recorded_id}
    row = upsert(session, Candidate).values(
        paper_id=paper_id, member_id=member_id, branch_id=person.branch_id, group_id=person.group_id, **values
    )
    session.execute(row.on_conflict_do_update(index_elements=["paper_id", "member_id"], set_=values))
    session.expire_all()
    note(session, found, PaperAction.ADDED, now, person.name)
    if found.paper.state is PaperState.OPEN:
        inviting.added(session, paper_id, member_id, now=now)
    return Excused(paper_id, found.paper.title, member_id, person.name)


def _person(session: Session, of: Office, member_id: int, now: datetime) -> Person:
    person = members.people(session, [member_id], local_day(now)).get(member_id)
    if person is None or person.branch_id not in [branch.id for branch in of.named]:
        raise StaleButton
    return person


# -- 免考 --------------------------------------------------------------------------------------------------------------


def excusable(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> Choosing:
    """Who of one's branches is due and has not sat."""
    found = _held(session, sender, paper_id, now)
    left = inviting.unsat(session, paper_id, Candidate.branch_id.in_([one.id for one in found.named]), now=now)
    return Choosing(_ref(found), tuple(Candidacy(one.member_id, one.name) for one in left))


def ask_reason(session: Session, sender: Sender, paper_id: int, member_id: int, *, now: datetime) -> Excused:
    """The next text of the sender is the reason, and the act."""
    found = _excused(session, sender, paper_id, member_id, now)[1]
    prompts.await_text(session, sender, PURPOSE, f"{paper_id}:{member_id}", now=now)
    return found


def excuse(session: Session, sender: Sender, ref: str, reason: str, *, now: datetime) -> Excused:
    paper_id, _, member_id = ref.partition(":")
    found, facts = _excused(session, sender, int(paper_id), int(member_id), now)
    reason = " ".join(reason.split())[:MAX_REASON]
    values = {"standing": CandidateStanding.EXEMPT, "reason": reason, "by": found.who.recorded_id}
    mine = update(Candidate).where(Candidate.paper_id == facts.paper_id, Candidate.member_id == facts.member_id)
    session.execute(mine.values(**values))
    for what in (inviting.INVITE, inviting.NUDGE):
        outbox.withdraw_one(session, paper_key(facts.paper_id, what, facts.member_id))
    prompts.forget_text(session, sender, now=now)
    note(session, found, PaperAction.EXEMPTED, now, f"{facts.name}：{reason}")
    return Excused(facts.paper_id, facts.title, facts.member_id, facts.name, reason)


def _excused(session: Session, sender: Sender, paper_id: int, member_id: int, now: datetime) -> tuple[Office, Excused]:
    found = _held(session, sender, paper_id, now)
    candidate = session.get(Candidate, (paper_id, member_id))
    person = members.people(session, [member_id], local_day(now)).get(member_id)
    named = [branch.id for branch in found.named]
    if candidate is None or person is None or candidate.branch_id not in named:
        raise StaleButton
    if candidate.standing is not CandidateStanding.DUE:
        raise StaleButton
    if not inviting.unsat(session, paper_id, Candidate.member_id == member_id, now=now):
        raise HasSat(name=person.name)
    return found, Excused(paper_id, found.paper.title, member_id, person.name)
