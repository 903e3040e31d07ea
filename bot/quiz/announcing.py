"""Results told to those who did not sit for them: a group's own figures, a branch's report, a table for those above."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.db import signal
from bot.members import quiet
from bot.members import service as members
from bot.members.quiet import Quiet
from bot.members.rules import ChatRule, Right, Role, UnitRef
from bot.members.service import Holder
from bot.message import Message
from bot.outbox import Lane
from bot.quiz import outcomes, papers, reports
from bot.quiz import results_views as views
from bot.quiz.models import PaperBranch
from bot.quiz.ranking import top
from bot.quiz.rates import Rates
from bot.quiz.result_facts import Exam, GroupFigures
from bot.quiz.rules import RESULTS_FOR, Outcome, paper_key

AT_ONCE = 5  # branches told in one transaction
ABOVE = 0  # in the place of a branch: the table of all branches


class Post:
    """Sends results when the quiet hours of their reader are over."""

    def __init__(self, session: Session, user_ids: Collection[int], now: datetime) -> None:
        self._session, self._user_ids, self._now = session, list(user_ids), now
        self._hours: dict[int, Quiet] = {}

    def send(
        self, key: str, chat_id: int, content: Message, branch_id: int | None, thread_id: int | None = None
    ) -> None:
        hours = self._of(branch_id).of(chat_id) if branch_id else quiet.USUAL
        due_at = hours.end_after(self._now) if hours.holds(self._now) else self._now
        outbox.enqueue(
            self._session,
            key,
            chat_id=chat_id,
            content=content,
            lane=Lane.NOTICE,
            due_at=due_at,
            valid_until=due_at + RESULTS_FOR,
            thread_id=thread_id,
            now=self._now,
        )

    def _of(self, branch_id: int) -> Quiet:
        if branch_id not in self._hours:
            place = members.unit(self._session, branch_id)
            self._hours[branch_id] = quiet.quiet_hours(self._session, place, self._user_ids)
        return self._hours[branch_id]


_WAITING = select(PaperBranch.paper_id, PaperBranch.branch_id).where(PaperBranch.due_revision.is_not(None))
_ANY_WAITING = _WAITING.limit(1)


def put_up(session: Session, paper_id: int, revision: int) -> None:
    """From now on every branch of the exam is to be told of this revision."""
    of = update(PaperBranch).where(PaperBranch.paper_id == paper_id)
    session.execute(of.values(due_revision=revision), execution_options={"synchronize_session": False})
    signal(session, "jobs")


def is_waiting(session: Session) -> bool:
    return session.execute(_ANY_WAITING).first() is not None


def announce_next(session: Session, *, top_names_allowed: bool, now: datetime) -> bool:
    """Tell a few branches what has been released or corrected, after the last of them those above; True if there may
    be more.
    """
    rows = session.execute(_WAITING.order_by(PaperBranch.paper_id, PaperBranch.branch_id).limit(AT_ONCE)).all()
    if not rows:
        return False
    paper_id = rows[0][0]
    due = [branch_id for of_paper, branch_id in rows if of_paper == paper_id]
    told = update(PaperBranch).where(PaperBranch.paper_id == paper_id, PaperBranch.branch_id.in_(due))
    session.execute(told.values(due_revision=None), execution_options={"synchronize_session": False})
    of, branches = outcomes.exam(session, paper_id), papers.branches_of(session, paper_id)
    if not top_names_allowed:  # the paper may have been published when the office still allowed it
        of = replace(of, top_names=0)
    _to_branches(session, of, [branch for branch in branches if branch.id in due], now, is_alone=len(branches) == 1)
    if session.execute(_WAITING.where(PaperBranch.paper_id == paper_id).limit(1)).first() is None:
        _to_leaders(session, of, branches, now)
    return True


def _to_branches(session: Session, of: Exam, branches: Sequence[UnitRef], now: datetime, *, is_alone: bool) -> None:
    figures = outcomes.rates_by_branch(session, of)
    before = outcomes.rates_by_branch(session, replace(of, revision=of.revision - 1)) if of.revision > 1 else {}
    officers = {branch.id: _officers(session, branch, now) for branch in branches}
    post = Post(session, _accounts(one for found in officers.values() for one in found), now)
    for branch in branches:
        if figures[branch.id] != before.get(branch.id):
            _to_group(session, of, branch, figures[branch.id], post)
        _to_officers(session, of, branch, officers[branch.id], post, now, leads_all=is_alone)


def _accounts(readers: Iterable[Holder]) -> list[int]:
    return [one.user_id for one in readers if one.user_id is not None]


def _to_group(session: Session, of: Exam, branch: UnitRef, figures: Rates, post: Post) -> None:
    facts = GroupFigures(of.title, figures, _top(session, of, branch), is_corrected=of.revision > 1)
    for chat in members.chat_for(session, branch.id, ChatRule.OWN):
        key = paper_key(of.id, "figures", chat.chat_id, of.revision)
        post.send(key, chat.chat_id, views.group_figures(facts), branch.id, chat.thread_notice)


def _top(session: Session, of: Exam, branch: UnitRef) -> tuple[str, ...]:
    """Names, without scores and in the order of the roster, where the paper asks for them; nobody's who has failed."""
    if not (of.ranking and of.top_names):
        return ()
    rows = [one for one in outcomes.lines(session, of, [branch.id]) if one.outcome is Outcome.SAT]
    places = reports.ranked(of, rows)
    first = top([places[one.member_id] for one in rows], of.top_names)
    return tuple(rows[number].name for number in first if rows[number].is_passed)


def _officers(session: Session, branch: UnitRef, now: datetime) -> list[Holder]:
    """Secretary and organizer; their deputy where neither can be reached."""
    found = [one for one in members.holders(session, Right.SEE_SCORES, branch.id, now=now) if one.is_reachable]
    return [one for one in found if one.role is not Role.DEPUTY] or found


def _to_officers(
    session: Session,
    of: Exam,
    branch: UnitRef,
    officers: Sequence[Holder],
    post: Post,
    now: datetime,
    *,
    leads_all: bool,
) -> None:
    if not officers:
        return
    can_resit = leads_all and reports.is_resittable(session, of)
    facts = reports.of_branch(session, of, branch, now, can_resit=can_resit)
    for one in officers:
        assert one.user_id is not None
        key = paper_key(of.id, "report", one.member_id, of.revision, branch.id)
        post.send(key, one.user_id, views.report(facts), branch.id)


def _leaders(session: Session, of: Exam, branches: Sequence[UnitRef], now: datetime) -> list[Holder]:
    """Who reads the table: of an exam of several branches those nearest above them all, and whoever published it."""
    shared = _shared_unit(branches)
    above = [one for one in members.holders(session, Right.RUN_QUIZ, shared, now=now) if one.is_reachable]
    if len(branches) == 1:
        return [one for one in above if one.member_id == of.by and one.unit_id != shared]
    nearest = above[0].unit_id if above else 0
    return [one for one in above if one.unit_id == nearest or one.member_id == of.by]


def _shared_unit(branches: Sequence[UnitRef]) -> int:
    """The nearest unit that all of them are below; a branch alone is its own."""
    paths = [branch.path.strip("/").split("/") for branch in branches]
    shared = [place for place, *others in zip(*paths, strict=False) if all(place == other for other in others)]
    return int(shared[-1]) if shared else branches[0].id


def _to_leaders(session: Session, of: Exam, branches: Sequence[UnitRef], now: datetime) -> None:
    leaders = _leaders(session, of, branches, now)
    if not leaders:
        return
    post = Post(session, _accounts(leaders), now)
    facts = reports.overview(session, of, branches, can_resit=reports.is_resittable(session, of))
    for one in leaders:
        assert one.user_id is not None
        key = paper_key(of.id, "report", one.member_id, of.revision, ABOVE)
        post.send(key, one.user_id, views.overview(facts), None)
