"""What is said of an exam while it can be sat: when it opens, when its time changes, before it ends. Each message is
planned when the exam opens and worded when it is sent, so that it says what is true then, or is not sent at all.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from bot import outbox
from bot.members import quiet
from bot.members import service as members
from bot.members.rules import ChatRule, Right, Role, UnitRef
from bot.members.service import Holder, Person
from bot.message import Message
from bot.outbox import Rendered
from bot.periods import QuietHours, local_day
from bot.quiz import papers
from bot.quiz import running_views as views
from bot.quiz.blueprint import Blueprint
from bot.quiz.models import Attempt, Candidate, Paper
from bot.quiz.rules import (
    CHIEF_BEFORE,
    FINISHED,
    LEADER_BEFORE,
    NUDGE_BEFORE,
    NUDGE_FROM,
    OPENED_LATE,
    AttemptState,
    CandidateStanding,
    PaperState,
    paper_key,
)
from bot.quiz.running_facts import Notice

# Under `paper:{id}:`, in the words of the key.
NOTICE, MOVED, INVITE, NUDGE, LEADER, CHIEF, LATE = "notice", "moved", "invite", "nudge", "leader", "chief", "late"
CANCEL, RESTORE = "cancel", "restore"
BY_HAND = 1  # behind a nudge that somebody asked for: the planned one still comes


def opened(session: Session, paper_id: int, *, now: datetime) -> None:
    """An exam has opened: its groups and its candidates hear of it, and those who wait too long will."""
    paper = _paper(session, paper_id)
    opens_at, _ = _window(paper)
    for branch in papers.branches_of(session, paper_id):
        if paper.resit_of is None:  # who has to sit it again is nobody else's business
            _to_groups(session, paper, branch, NOTICE, now)
        if now - opens_at >= OPENED_LATE:
            due_at = _out_of(quiet.of_unit(session, branch), now)
            outbox.plan(session, paper_key(paper_id, LATE, branch.id), chat_id=None, due_at=due_at, now=now)
    reached = _reachable(session, paper_id, now)
    _invite(session, paper_id, reached, now)
    _remind(session, paper, reached, now)
    _list_later(session, paper, now)


def _paper(session: Session, paper_id: int) -> Paper:
    return session.scalars(select(Paper).where(Paper.id == paper_id).execution_options(populate_existing=True)).one()


def _to_groups(session: Session, paper: Paper, branch: UnitRef, what: str, now: datetime) -> None:
    for chat in members.chat_for(session, branch.id, ChatRule.OWN):
        hours = quiet.of_unit(session, branch)
        due_at = _out_of(hours, now)
        key = paper_key(paper.id, what, chat.chat_id)
        outbox.plan(session, key, chat_id=chat.chat_id, due_at=due_at, valid_until=paper.closes_at, now=now)


def moved(session: Session, paper_id: int, *, now: datetime) -> None:
    """The window of an open exam has changed: its groups hear of it, what is planned follows."""
    paper = _paper(session, paper_id)
    for branch in papers.branches_of(session, paper_id):
        if paper.resit_of is None:
            _to_groups(session, paper, branch, MOVED, now)
    _remind(session, paper, _reachable(session, paper_id, now), now)
    _list_later(session, paper, now)


def added(session: Session, paper_id: int, member_id: int, *, now: datetime) -> None:
    """Somebody is to sit an open exam, too."""
    reached = _reachable(session, paper_id, now, Candidate.member_id == member_id)
    _invite(session, paper_id, reached, now)
    _remind(session, _paper(session, paper_id), reached, now)


def withdraw(session: Session, paper_id: int) -> None:
    """The exam is over: what was planned for its time is not said any more."""
    for what in (NOTICE, MOVED, INVITE, NUDGE, LEADER, CHIEF):
        outbox.withdraw(session, paper_key(paper_id, what) + ":")


# -- planning ----------------------------------------------------------------------------------------------------------


Reached = Sequence[tuple[Person, QuietHours]]


def _invite(session: Session, paper_id: int, reached: Reached, now: datetime) -> None:
    """T02, once quiet hours are over."""
    for person, hours in reached:
        key = paper_key(paper_id, INVITE, person.member_id)
        outbox.plan(session, key, chat_id=person.user_id, due_at=_out_of(hours, now), now=now)


def _remind(session: Session, paper: Paper, reached: Reached, now: datetime) -> None:
    """T12, if its time is still to come. Planned again, it comes by the window of now."""
    opens_at, closes_at = _window(paper)
    if closes_at - opens_at >= NUDGE_FROM and closes_at - NUDGE_BEFORE > now:
        for person, hours in reached:
            key = paper_key(paper.id, NUDGE, person.member_id)
            _plan_before(session, key, person.user_id, hours, closes_at, NUDGE_BEFORE, now)


def _list_later(session: Session, paper: Paper, now: datetime) -> None:
    """T13 and T14, as far as their time is still to come."""
    _, closes_at = _window(paper)
    for branch in papers.branches_of(session, paper.id):
        hours = quiet.of_unit(session, branch)
        groups = select(Candidate.group_id).where(Candidate.paper_id == paper.id, Candidate.branch_id == branch.id)
        for group_id in session.scalars(groups.where(Candidate.group_id.is_not(None)).distinct()).all():
            assert group_id is not None
            _plan_before(session, paper_key(paper.id, LEADER, group_id), None, hours, closes_at, LEADER_BEFORE, now)
        _plan_before(session, paper_key(paper.id, CHIEF, branch.id), None, hours, closes_at, CHIEF_BEFORE, now)


def _window(paper: Paper) -> tuple[datetime, datetime]:
    assert paper.opens_at is not None, "a published exam has a window"
    assert paper.closes_at is not None
    return paper.opens_at, paper.closes_at


def _plan_before(
    session: Session,
    key: str,
    chat_id: int | None,
    hours: QuietHours,
    closes_at: datetime,
    before: timedelta,
    now: datetime,
) -> None:
    """At the end less `before`; in quiet hours when they are over, or before they begin if that is too late."""
    due_at = closes_at - before
    if due_at <= now:
        outbox.withdraw_one(session, key)
        return
    if hours.holds(due_at):
        morning = hours.end_after(due_at)
        due_at = morning if morning < closes_at else hours.last_minute_before(due_at)
    if due_at > now:
        outbox.plan(session, key, chat_id=chat_id, due_at=due_at, valid_until=closes_at, now=now)


@dataclass(frozen=True, slots=True)
class Reminded:
    """How many will hear a reminder, how many nobody can reach, and whether it was meant for who asked for it, too."""

    people: int
    unreached: int
    is_own_due: bool


def nudge(session: Session, paper_id: int, branch_ids: Collection[int], *, by: int, now: datetime) -> Reminded:
    """T12 by hand to who has not sat in these branches, but not to who asks for it."""
    due = unsat(session, paper_id, Candidate.branch_id.in_(branch_ids), now=now)
    waiting = [one for one in due if one.member_id != by]
    reached = with_hours(session, waiting)
    for person, hours in reached:
        key = paper_key(paper_id, NUDGE, person.member_id, BY_HAND)
        outbox.plan(session, key, chat_id=person.user_id, due_at=_out_of(hours, now), now=now)
    return Reminded(len(reached), len(waiting) - len(reached), is_own_due=len(waiting) < len(due))


def _out_of(hours: QuietHours, now: datetime) -> datetime:
    return hours.end_after(now) if hours.holds(now) else now


def _reachable(session: Session, paper_id: int, now: datetime, *where: ColumnElement[bool]) -> Reached:
    return with_hours(session, unsat(session, paper_id, *where, now=now))


def with_hours(session: Session, people: Sequence[Person]) -> Reached:
    """Those whom a private message can reach, each with the hours of his own rest."""
    by_branch: dict[int, list[Person]] = {}
    for one in people:
        if one.is_reachable and one.branch_id is not None:
            by_branch.setdefault(one.branch_id, []).append(one)
    reached = []
    for branch_id, own in by_branch.items():
        place = members.unit(session, branch_id)
        hours = quiet.quiet_hours(session, place, [one.user_id for one in own if one.user_id is not None])
        reached += [(one, hours.of(one.user_id or 0)) for one in own]
    return reached


# -- who has not sat ---------------------------------------------------------------------------------------------------


def unsat(session: Session, paper_id: int, *where: ColumnElement[bool], now: datetime) -> list[Person]:
    """Who is due, still on the roll, and has neither finished an attempt nor sits one now; in the order of the roster
    at publishing."""
    sat = select(Attempt.member_id).where(
        Attempt.paper_id == paper_id,
        Attempt.round_id.is_(None),
        Attempt.state.in_([*FINISHED, AttemptState.STARTED]),
    )
    query = (
        select(Candidate.member_id, Candidate.branch_id, Candidate.group_id)
        .where(Candidate.paper_id == paper_id, Candidate.standing == CandidateStanding.DUE, *where)
        .where(Candidate.member_id.not_in(sat))
    )
    # Those of no group come last; where NULL stands differs from server to server.
    rows = sorted(session.execute(query).all(), key=lambda row: (row[1], row[2] is None, row[2] or 0, row[0]))
    member_ids = [row[0] for row in rows]
    people = members.people(session, member_ids, local_day(now))
    return [people[one] for one in member_ids if one in people and people[one].branch_id is not None]


# -- what delivery asks ------------------------------------------------------------------------------------------------


def is_wanted(session: Session, key: str, now: datetime) -> bool:
    """Asked right before sending. What other parts of quiz say of a paper is theirs, and wanted."""
    _, paper_id, what, *numbers = key.split(":")
    if what not in (NOTICE, MOVED, INVITE, NUDGE, LEADER, CHIEF, LATE, CANCEL, RESTORE):
        return True
    paper = session.get(Paper, int(paper_id))
    if what in (LATE, CANCEL, RESTORE):  # late all the more if the end has passed, too
        return paper is not None and (paper.state is PaperState.CANCELLED) == (what == CANCEL)
    if paper is None or paper.state is not PaperState.OPEN or paper.closes_at is None or paper.closes_at <= now:
        return False
    return what not in (INVITE, NUDGE) or bool(_unsat_one(session, paper.id, int(numbers[0]), now))


def _unsat_one(session: Session, paper_id: int, member_id: int, now: datetime) -> list[Person]:
    return unsat(session, paper_id, Candidate.member_id == member_id, now=now)


def render(session: Session, key: str, now: datetime) -> Rendered | None:
    _, paper_id, what, number, *_ = key.split(":")
    paper = session.get(Paper, int(paper_id))
    if paper is None:
        return None
    facts = notice_of(paper)
    if what in (NOTICE, MOVED):
        return _for_group(session, facts, int(number), views.announced if what == NOTICE else views.moved_told)
    if what in (INVITE, NUDGE):
        people = _unsat_one(session, paper.id, int(number), now)
        if not people or people[0].user_id is None:
            return None
        word = views.invited if what == INVITE else views.nudge
        return Rendered(people[0].user_id, word(facts, people[0].name))
    reader = _reader(session, what, int(number), now)
    if reader is None or reader.user_id is None:
        return None
    if what == LATE:
        return Rendered(reader.user_id, views.opened_late(facts, is_over=facts.closes_at <= now))
    column = Candidate.group_id if what == LEADER else Candidate.branch_id
    left = unsat(session, paper.id, column == int(number), now=now)
    if not left:
        return None
    return Rendered(reader.user_id, views.still_missing(facts, [one.name for one in left], is_group=what == LEADER))


def notice_of(paper: Paper) -> Notice:
    return Notice(
        paper.id,
        paper.title,
        paper.token,
        *_window(paper),
        count=sum(row.count for row in Blueprint.from_json(paper.blueprint).rows),
        max_centi=paper.max_centi,
        limit=timedelta(seconds=paper.limit_s or 0),
    )


def _for_group(session: Session, facts: Notice, chat_id: int, word: Callable[[Notice], Message]) -> Rendered | None:
    unit = members.unit_of_chat(session, chat_id)
    if unit is None:
        return None
    chat = next((one for one in members.chat_for(session, unit.id, ChatRule.OWN) if one.chat_id == chat_id), None)
    return Rendered(chat_id, word(facts), chat.thread_notice) if chat is not None else None


def _reader(session: Session, what: str, unit_id: int, now: datetime) -> Holder | None:
    """Who reads the names of a group or a branch: nobody from above."""
    found = members.holders(session, Right.SEE_SITTERS, unit_id, now=now)
    own = [one for one in found if one.unit_id == unit_id and one.is_reachable]
    if what == LEADER:
        own = [one for one in own if one.role is Role.GROUP_LEADER]
    return own[0] if own else None
