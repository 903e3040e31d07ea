"""A published exam as its makers see it: counts, never scores; and an attempt that is declared void, which gives it
back to its member.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased

from bot import outbox, undo
from bot.errors import UserError
from bot.members import prompts
from bot.members import service as members
from bot.members.models import Member
from bot.members.rules import Actor, Right
from bot.message import Message, Sender, StaleButton
from bot.outbox import Lane
from bot.periods import local_day
from bot.quiz import drafts, papers
from bot.quiz import overseeing_views as views
from bot.quiz.exam_facts import ExamCounts, ExamRef, OpenVoid, Sitter, VoidedAttempt
from bot.quiz.facts import PaperChoice
from bot.quiz.models import Attempt, Candidate, Paper, PaperBranch, PaperLog
from bot.quiz.overseeing_views import LISTED, PAGE
from bot.quiz.rules import (
    FINISHED,
    RESULT_FOR,
    AttemptState,
    CandidateStanding,
    PaperAction,
    PaperKind,
    PaperState,
    paper_key,
)

PURPOSE = "quiz:void"
UNDO, CANCELLED = "void", "exam"  # of the acts that can be undone
MAX_REASON = 200
_VOIDABLE = (PaperState.OPEN, PaperState.CLOSED)


class NothingToVoid(UserError):
    text = "这份答卷不在已交卷的名单里，请重新打开名单。"
    ends_buttons = True
    is_done = True


class BegunAgain(UserError):
    text = "{name}同志已经重新开始答题，不能再撤销。"
    ends_buttons = True


class AlreadyReleased(UserError):
    text = "成绩已经公布，不能再作废答卷。"
    ends_buttons = True


def menu(session: Session, sender: Sender, *, now: datetime) -> tuple[tuple[PaperChoice, ...], tuple[ExamRef, ...]]:
    """What is there already: live papers, one's own draft, and the exams of the branches the sender answers for, those
    that are planned or run first. One more exam than is shown says that there are others."""
    held, who = drafts.menu(session, sender, now=now), members.actor(session, sender, now=now)
    return held, (*_own_draft(session, who), *_exams(session, who, 0, LISTED + 1))


def exams(session: Session, sender: Sender, page: int, *, now: datetime) -> tuple[ExamRef, ...]:
    """A page of all of them, and one more if there is another page."""
    drafts.maker(session, sender, now)
    return _exams(session, members.actor(session, sender, now=now), page * PAGE, PAGE + 1)


def _own_draft(session: Session, who: Actor) -> tuple[ExamRef, ...]:
    mine = select(Paper.id, Paper.title, Paper.state).where(Paper.by == who.recorded_id, Paper.kind == PaperKind.EXAM)
    newest = mine.where(Paper.state == PaperState.DRAFT).order_by(Paper.id.desc()).limit(1)
    return tuple(ExamRef(*row) for row in session.execute(newest))


def _exams(session: Session, who: Actor, skipped: int, most: int) -> tuple[ExamRef, ...]:
    branch_ids = [unit.id for top in who.units_for(Right.RUN_QUIZ) for unit in members.units_below(session, top)]
    is_over = Paper.state.in_([PaperState.RELEASED, PaperState.CANCELLED])
    query = (
        select(Paper.id, Paper.title, Paper.state)
        .where(Paper.kind == PaperKind.EXAM, Paper.state != PaperState.DRAFT)
        .where(Paper.id.in_(select(PaperBranch.paper_id).where(PaperBranch.branch_id.in_(branch_ids))))
        .order_by(is_over, Paper.id.desc())
        .offset(skipped)
        .limit(most)
    )
    return tuple(ExamRef(*row) for row in session.execute(query))


def look(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> ExamCounts:
    """How many are to sit, have sat and are sitting, in the branches the sender answers for."""
    who = members.actor(session, sender, now=now)
    paper = _published(session, paper_id)
    branch_ids = _branches(session, who, paper_id, Right.RUN_QUIZ)
    mine = Candidate.paper_id == paper_id, Candidate.branch_id.in_(branch_ids)
    standings = select(Candidate.standing, func.count()).where(*mine).group_by(Candidate.standing)
    counts = {row[0]: row[1] for row in session.execute(standings)}
    sat = (
        select(Attempt.member_id, Attempt.state)
        .join(Candidate, (Candidate.paper_id == Attempt.paper_id) & (Candidate.member_id == Attempt.member_id))
        .where(*mine, Attempt.round_id.is_(None))
    )
    states = session.execute(sat).all()
    assert paper.opens_at is not None, "a published exam has a window"
    assert paper.closes_at is not None
    branches = papers.branches_of(session, paper_id)
    leads_all = len(branch_ids) == len(branches)
    is_cancelled = paper.state is PaperState.CANCELLED
    return ExamCounts(
        paper.id,
        paper.code or "",
        paper.title,
        paper.state,
        paper.opens_at,
        paper.closes_at,
        due=counts.get(CandidateStanding.DUE, 0),
        exempt=counts.get(CandidateStanding.EXEMPT, 0),
        finished=len({member_id for member_id, state in states if state in FINISHED}),
        running=sum(state is AttemptState.STARTED for _, state in states),
        sees_names=bool(_branches(session, who, paper_id, Right.SEE_SITTERS)),
        leads_all=leads_all,
        undo=undo.open_for(session, CANCELLED, paper_id, now=now) if is_cancelled and leads_all else None,
        voids=_open_voids(session, paper, _branches(session, who, paper_id, Right.SEE_SITTERS), now),
        places=tuple(one.name for one in branches if one.id in branch_ids and branch_ids != [who.branch_id]),
    )


def _open_voids(session: Session, paper: Paper, branch_ids: list[int], now: datetime) -> tuple[OpenVoid, ...]:
    """Attempts declared void a moment ago, the last first, whose members have not begun another since."""
    if paper.state not in _VOIDABLE:
        return ()
    later = aliased(Attempt)
    again = select(later.id).where(later.paper_id == Attempt.paper_id, later.member_id == Attempt.member_id)
    query = (
        select(Attempt.id, Member.name)
        .join(Candidate, (Candidate.paper_id == Attempt.paper_id) & (Candidate.member_id == Attempt.member_id))
        .join(Member, Member.id == Attempt.member_id)
        .where(Attempt.paper_id == paper.id, Attempt.round_id.is_(None), Attempt.state == AttemptState.VOIDED)
        .where(Candidate.branch_id.in_(branch_ids))
        .where(~again.where(later.number > Attempt.number).correlate(Attempt).exists())
    )
    found = [(undo.open_for(session, UNDO, one, now=now), name) for one, name in session.execute(query)]
    acts = [OpenVoid(*act, name) for act, name in found if act is not None]
    return tuple(sorted(acts, key=lambda one: one.until, reverse=True))


def _published(session: Session, paper_id: int) -> Paper:
    paper = session.get(Paper, paper_id)
    if paper is None or paper.kind is not PaperKind.EXAM or paper.state is PaperState.DRAFT:
        raise StaleButton
    return paper


def _branches(session: Session, who: Actor, paper_id: int, *rights: Right) -> list[int]:
    """The branches of the paper at which somebody has all these rights; raises unless he may run quizzes in one."""
    of_paper = select(PaperBranch.branch_id).where(PaperBranch.paper_id == paper_id).order_by(PaperBranch.branch_id)
    units = [members.unit(session, branch_id) for branch_id in session.scalars(of_paper)]
    run = [unit for unit in units if who.may(Right.RUN_QUIZ, unit)]
    if not run:
        who.require(Right.RUN_QUIZ, units[0] if units else None)
        raise StaleButton
    return [unit.id for unit in run if all(who.may(right, unit) for right in rights)]


# -- 作废 --------------------------------------------------------------------------------------------------------------


def sitters(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> tuple[ExamRef, tuple[Sitter, ...]]:
    """Everybody of the own branch with a finished attempt, in the order of the roster; the newest attempt of each."""
    who = members.actor(session, sender, now=now)
    paper = _published(session, paper_id)
    branch_ids = _branches(session, who, paper_id, Right.SEE_SITTERS)
    query = (
        select(Attempt.id, Attempt.number, Attempt.member_id)
        .join(Candidate, (Candidate.paper_id == Attempt.paper_id) & (Candidate.member_id == Attempt.member_id))
        .where(Candidate.paper_id == paper_id, Candidate.branch_id.in_(branch_ids))
        .where(Attempt.state.in_(FINISHED), Attempt.round_id.is_(None))
        .order_by(Candidate.branch_id, Candidate.group_id.is_(None), Candidate.group_id, Attempt.member_id)
        .order_by(Attempt.number)
    )
    found = {member_id: (attempt_id, number) for attempt_id, number, member_id in session.execute(query)}
    people = members.people(session, list(found), local_day(now))
    listed = [Sitter(*found[one], people[one].name) for one in found if one in people]
    return ExamRef(paper.id, paper.title, paper.state), tuple(listed)


@dataclass(frozen=True, slots=True)
class _Attempt:
    attempt_id: int
    number: int
    member_id: int
    state: AttemptState
    paper: Paper
    who: Actor
    person: members.Person


def _attempt(session: Session, sender: Sender, attempt_id: int, now: datetime) -> _Attempt:
    """An attempt of one's own branch, whatever its state, while results can still change."""
    who = members.actor(session, sender, now=now)
    attempt = session.scalars(
        select(Attempt).where(Attempt.id == attempt_id, Attempt.round_id.is_(None)).with_for_update()
    ).one_or_none()
    if attempt is None:
        raise StaleButton
    branch_ids = _branches(session, who, attempt.paper_id, Right.SEE_SITTERS)
    candidate = session.get(Candidate, (attempt.paper_id, attempt.member_id))
    person = members.people(session, [attempt.member_id], local_day(now)).get(attempt.member_id)
    if candidate is None or candidate.branch_id not in branch_ids or person is None:
        raise StaleButton
    paper = _published(session, attempt.paper_id)
    if paper.state not in _VOIDABLE:
        raise AlreadyReleased
    return _Attempt(attempt.id, attempt.number, attempt.member_id, attempt.state, paper, who, person)


def _finished(session: Session, sender: Sender, attempt_id: int, now: datetime) -> _Attempt:
    found = _attempt(session, sender, attempt_id, now)
    if found.state not in FINISHED:
        raise NothingToVoid
    return found


def consider(session: Session, sender: Sender, attempt_id: int, *, now: datetime) -> VoidedAttempt:
    """What would be declared void."""
    found = _finished(session, sender, attempt_id, now)
    return VoidedAttempt(found.attempt_id, found.paper.id, found.paper.title, found.person.name, found.number)


def ask_reason(session: Session, sender: Sender, attempt_id: int, *, now: datetime) -> VoidedAttempt:
    """The second tap: the next text of the sender is the reason, and the act."""
    facts = consider(session, sender, attempt_id, now=now)
    prompts.await_text(session, sender, PURPOSE, str(attempt_id), now=now)
    return facts


def void(session: Session, sender: Sender, attempt_id: int, reason: str, *, now: datetime) -> VoidedAttempt:
    """The attempt does not count and can be repeated; the member is told why."""
    found = _finished(session, sender, attempt_id, now)
    reason = " ".join(reason.split())[:MAX_REASON]
    session.execute(update(Attempt).where(Attempt.id == attempt_id).values(state=AttemptState.VOIDED))
    prompts.forget_text(session, sender, now=now)
    undo_id = undo.keep(session, UNDO, attempt_id, {"state": found.state.name}, now=now)
    named = (attempt_id, found.paper.id, found.paper.title, found.person.name, found.number, reason)
    done = VoidedAttempt(*named, undo=(undo_id, now + undo.WINDOW))
    _note(session, found, PaperAction.VOIDED, views.voided_note(done), now)
    assert found.paper.closes_at is not None, "a published exam has a window"
    told = views.voided_for_you(done, found.paper.closes_at, can_repeat=found.paper.state is PaperState.OPEN)
    _tell(session, found, ("void", attempt_id, undo_id), told, now)
    return done


def _note(session: Session, of: _Attempt, action: PaperAction, reason: str, now: datetime) -> None:
    session.add(PaperLog(paper_id=of.paper.id, actor=of.who.recorded_id, action=action, reason=reason, at=now))


def _tell(session: Session, of: _Attempt, about: tuple[str, int, int], content: Message, now: datetime) -> None:
    if of.person.user_id is not None:
        outbox.enqueue(
            session,
            paper_key(of.paper.id, *about),
            chat_id=of.person.user_id,
            content=content,
            lane=Lane.NOTICE,
            valid_until=now + RESULT_FOR,
            now=now,
        )


def restore(session: Session, sender: Sender, undo_id: int, *, now: datetime) -> VoidedAttempt:
    """撤销: the attempt counts again, unless its member has begun another meanwhile."""
    attempt_id, was = undo.take(session, UNDO, undo_id, now=now)
    found = _attempt(session, sender, attempt_id, now)
    mine = Candidate.paper_id == found.paper.id, Candidate.member_id == found.member_id
    session.execute(select(Candidate.member_id).where(*mine).with_for_update())  # whoever begins writes it
    later = select(Attempt.id).where(Attempt.paper_id == found.paper.id, Attempt.member_id == found.member_id)
    if session.scalar(later.where(Attempt.number > found.number).limit(1)) is not None:
        raise BegunAgain(name=found.person.name)
    back = update(Attempt).where(Attempt.id == attempt_id, Attempt.state == AttemptState.VOIDED)
    session.execute(back.values(state=AttemptState[str(was["state"])]))
    done = VoidedAttempt(attempt_id, found.paper.id, found.paper.title, found.person.name, found.number)
    _note(session, found, PaperAction.RESTORED, views.restored_note(done), now)
    key = paper_key(found.paper.id, "void", attempt_id, undo_id)
    if not outbox.withdraw(session, key):  # he has read that it is void
        _tell(session, found, ("valid", attempt_id, undo_id), views.valid_for_you(done), now)
    return done
