"""A published exam that is cancelled, and for five minutes may be taken back: its attempts as they were, what was to be
said of it said after all, those who had heard of its end told otherwise, and who was sitting it given the time back.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from bot import outbox, undo
from bot.db import signal
from bot.members import prompts, quiet
from bot.members import service as members
from bot.members.rules import ChatRule
from bot.message import Message, Sender
from bot.outbox import Lane, OutboxRow, State
from bot.periods import local_day
from bot.quiz import candidates, changing, inviting, outage_credits, papers, sitting
from bot.quiz import running_views as views
from bot.quiz.candidates import NotRunning, Office
from bot.quiz.models import Attempt, Candidate, Paper
from bot.quiz.overseeing import CANCELLED
from bot.quiz.rules import RESULT_FOR, AttemptState, CandidateStanding, PaperAction, PaperState, paper_key, seconds
from bot.quiz.running_facts import Cancelled, Ending, Restored
from bot.statements import Write
from bot.undo import Facts

PURPOSE = "quiz:cancel"
MAX_REASON = 200
_HEARD = (State.SENDING, State.SENT, State.UNKNOWN)
_BLIND = {"synchronize_session": False}


def ask_reason(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> Ending:
    """The second tap: the next text of the sender is the reason, and the act."""
    facts = changing.consider(session, sender, paper_id, now=now)
    prompts.await_text(session, sender, PURPOSE, str(paper_id), now=now)
    return facts


def cancel(session: Session, sender: Sender, paper_id: int, reason: str, *, now: datetime) -> Cancelled:
    """All attempts are void. Who had heard of the exam hears of its end."""
    found = changing.held(session, sender, paper_id, now)
    paper, reason = found.paper, " ".join(reason.split())[:MAX_REASON]
    facts, was = changing.ending(session, paper, reason), paper.state
    running = {attempt.member_id for attempt in changing.running(session, paper_id)}
    undo_id = undo.keep(session, CANCELLED, paper_id, _void(session, paper, now), now=now)
    prompts.forget_text(session, sender, now=now)
    candidates.note(session, found, PaperAction.CANCELLED, now, reason)
    if was is PaperState.OPEN:
        _tell_people(session, facts, undo_id, running, found.who.member_id, now)
        if paper.resit_of is None:
            _tell_groups(session, facts, undo_id, now)
    return Cancelled(facts, undo_id, now + undo.WINDOW)


def _void(session: Session, paper: Paper, now: datetime) -> Facts:
    """The end of everything that is going on; what it takes to bring that back."""
    kept: dict[str, int | str | None] = {"state": paper.state.name, "at": now.isoformat()}
    mine = (Attempt.paper_id == paper.id, Attempt.round_id.is_(None), Attempt.state != AttemptState.VOIDED)
    by_state: dict[str, list[int]] = {}
    for attempt_id, state in session.execute(select(Attempt.id, Attempt.state).where(*mine)):
        by_state.setdefault(state.name, []).append(attempt_id)
    waiting = (outbox.under(paper_key(paper.id, "")), OutboxRow.state == State.PENDING)
    kept["unsaid"] = _listed(session.scalars(select(OutboxRow.id).where(*waiting)).all())
    paper.state = PaperState.CANCELLED
    session.flush()
    outbox.withdraw(session, paper_key(paper.id, ""))
    session.execute(update(Attempt).where(*mine).values(state=AttemptState.VOIDED).execution_options(**_BLIND))
    return {**kept, **{state: _listed(attempt_ids) for state, attempt_ids in by_state.items()}}


def _listed(ids: Sequence[int]) -> str:
    return ",".join(map(str, ids))


def _tell_people(session: Session, facts: Ending, undo_id: int, running: set[int], besides: int, now: datetime) -> None:
    """T15 to every candidate when his quiet hours are over; to those who sit it at this moment at once; not to who has
    cancelled it, for he reads it anyhow."""
    due = select(Candidate.member_id).where(
        Candidate.paper_id == facts.paper_id, Candidate.standing == CandidateStanding.DUE
    )
    people = members.people(session, session.scalars(due).all(), local_day(now))
    for person, hours in inviting.with_hours(session, list(people.values())):
        assert person.user_id is not None
        if person.member_id in running:
            prompts.forget_purpose(session, person.user_id, sitting.PURPOSE)
        is_now = person.member_id in running or not hours.holds(now)
        if person.member_id != besides:
            due_at = now if is_now else hours.end_after(now)
            key = paper_key(facts.paper_id, inviting.CANCEL, person.member_id, undo_id)
            _tell(session, key, person.user_id, views.cancelled_told(facts), due_at, now)


def _tell_groups(session: Session, facts: Ending, undo_id: int, now: datetime) -> None:
    for branch in papers.branches_of(session, facts.paper_id):
        hours = quiet.of_unit(session, branch)
        for chat in members.chat_for(session, branch.id, ChatRule.OWN):
            due_at = hours.end_after(now) if hours.holds(now) else now
            key = paper_key(facts.paper_id, inviting.CANCEL, chat.chat_id, undo_id)
            _tell(session, key, chat.chat_id, views.cancelled_told(facts), due_at, now, chat.thread_notice)


def _tell(
    session: Session,
    key: str,
    chat_id: int,
    content: Message,
    due_at: datetime,
    now: datetime,
    thread_id: int | None = None,
) -> None:
    outbox.enqueue(
        session,
        key,
        chat_id=chat_id,
        content=content,
        lane=Lane.NOTICE,
        due_at=due_at,
        valid_until=due_at + RESULT_FOR,
        thread_id=thread_id,
        now=now,
        is_unasked=True,
    )


# -- 撤销 --------------------------------------------------------------------------------------------------------------


def restore(session: Session, sender: Sender, undo_id: int, *, now: datetime) -> Restored:
    """The exam goes on as if it had not been cancelled. Its closing time stays; who was sitting it gets back what was
    left of his own."""
    paper_id, was = undo.take(session, CANCELLED, undo_id, now=now)
    found = changing.led(session, sender, paper_id, now)
    paper = found.paper
    if paper.state is not PaperState.CANCELLED:
        raise NotRunning
    paper.state = PaperState[str(was["state"])]
    session.flush()
    _bring_back(session, was)
    running = _go_on(session, was, now)
    candidates.note(session, found, PaperAction.RESTORED, now)
    told = _tell_otherwise(session, found, undo_id, running, now)
    signal(session, "jobs")
    opens_at, closes_at = changing.window(paper)
    lost = _lost(was, now) if running else timedelta()
    return Restored(paper.id, paper.title, paper.state, opens_at, closes_at, len(running), lost, told, closes_at <= now)


_SAID_AFTER_ALL = Write(
    update(OutboxRow)
    .where(OutboxRow.id == bindparam("of_row"), OutboxRow.state == State.CANCELLED)
    .values(state=State.PENDING)
)
_VALID_AGAIN = Write(
    update(Attempt)
    .where(Attempt.id == bindparam("attempt"), Attempt.state == AttemptState.VOIDED)
    .values(state=bindparam("to"))
)


def _bring_back(session: Session, was: Facts) -> None:
    _SAID_AFTER_ALL.run_all(session, [{"of_row": row_id} for row_id in _ids(was, "unsaid")])
    signal(session, "outbox")
    states = {one: state for state in AttemptState for one in _ids(was, state.name)}
    _VALID_AGAIN.run_all(session, [{"attempt": attempt_id, "to": state} for attempt_id, state in states.items()])
    session.expire_all()


def _ids(was: Facts, name: str) -> list[int]:
    return [int(one) for one in str(was.get(name) or "").split(",") if one]


def _cancelled_at(was: Facts) -> datetime:
    return datetime.fromisoformat(str(was["at"]))


def _lost(was: Facts, now: datetime) -> timedelta:
    """In whole seconds, as times are counted; a begun one is given back whole."""
    return timedelta(seconds=-(-(now - _cancelled_at(was)) // timedelta(seconds=1)))


def _go_on(session: Session, was: Facts, now: datetime) -> Mapping[int, Attempt]:
    """Whoever had time left has as much of it now; by member."""
    cancelled_at, lost, found = _cancelled_at(was), _lost(was, now), {}
    attempt_ids = _ids(was, AttemptState.STARTED.name)
    for attempt in session.scalars(select(Attempt).where(Attempt.id.in_(attempt_ids)).order_by(Attempt.id)):
        assert attempt.deadline_at is not None, "an attempt at an exam has a deadline"
        if attempt.deadline_at > cancelled_at:
            attempt.credit_s += seconds(lost)
            changing.set_deadline(session, attempt, attempt.deadline_at + lost, now)
            found[attempt.member_id] = attempt
    outage_credits.settle(session, [one.id for one in found.values()], cancelled_at, now)
    return found


def _tell_otherwise(session: Session, of: Office, undo_id: int, running: Mapping[int, Attempt], now: datetime) -> int:
    """To everybody whom the news of the end has reached, and to all who were sitting; how many people that is."""
    told, facts = 0, inviting.notice_of(of.paper)
    left = {one.member_id for one in inviting.unsat(session, of.paper.id, now=now)}
    heard = set()
    news = select(OutboxRow).where(outbox.under(paper_key(of.paper.id, inviting.CANCEL) + ":"))
    outbox.withdraw(session, paper_key(of.paper.id, inviting.CANCEL) + ":")
    for row in session.scalars(news.where(OutboxRow.state.in_(_HEARD))).all():
        number, own = map(int, row.key.split(":")[3:5])
        if own != undo_id or row.chat_id is None or number in running:
            continue
        heard.add(number)
        told += number > 0
        content = views.restored_told(
            facts, is_group=number < 0, may_sit=number in left, is_over=facts.closes_at <= now
        )
        _tell(session, _back_key(of, number, undo_id), row.chat_id, content, now, now, row.thread_id)
    people = members.people(session, list(running), local_day(now))
    for member_id, person in people.items():
        if person.user_id is not None:
            one = running[member_id]
            assert one.deadline_at is not None
            content = views.going_on(facts, one.id, one.deadline_at)
            _tell(session, _back_key(of, member_id, undo_id), person.user_id, content, now, now)
            told += 1
    return told


def _back_key(of: Office, number: int, undo_id: int) -> str:
    return paper_key(of.paper.id, inviting.RESTORE, number, undo_id)
