"""A published exam that is changed: its window moved, closed before its time. Whoever leads all its branches may;
attempts that run follow in the same transaction. It is cancelled in `cancelling`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import outbox
from bot.db import signal
from bot.errors import UserError
from bot.members import prompts
from bot.members import service as members
from bot.members.rules import Right
from bot.message import Sender
from bot.outbox import Lane
from bot.periods import local_day
from bot.quiz import candidates, exam_views, exams, inviting, papers, phrases
from bot.quiz import running_views as views
from bot.quiz.candidates import RUNS, NotRunning, Office
from bot.quiz.models import Attempt, Candidate, Paper
from bot.quiz.rules import (
    EARLY_END,
    FINISHED,
    LAST_CALL,
    LAST_CALL_FOR,
    LONGEST_EXAM,
    SHORTEST_EXAM,
    AttemptState,
    PaperAction,
    PaperState,
    paper_key,
)
from bot.quiz.running_facts import Ending, Moved

MOVE = "quiz:move"
DELAYS = (1, 3, 7)  # days


class NoSuchWindow(UserError):
    text = "没有看懂时间。请写成：3月5日 9:00 至 3月8日 18:00；只写一个时间就是截止时间，例如：明天18:00。"


class BadWindow(UserError):
    text = "考试时间至少 10 分钟、至多 90 天，截止要在现在之后。请重新发送。"


class HasOpened(UserError):
    text = "考试已经开始，只能改截止时间。请只发送新的截止时间，例如：明天18:00。"


class NotOpen(UserError):
    text = "考试没有在进行，不能提前收卷。"


def led(session: Session, sender: Sender, paper_id: int, now: datetime) -> Office:
    """The exam, if the sender leads all its branches; nobody else changes it before this transaction ends."""
    found = candidates.office(session, sender, paper_id, now, is_held=True)
    if not found.leads_all:
        for branch in papers.branches_of(session, paper_id):
            found.who.require(Right.RUN_QUIZ, branch)
    return found


def held(session: Session, sender: Sender, paper_id: int, now: datetime) -> Office:
    """The same while the exam may still be changed."""
    found = led(session, sender, paper_id, now)
    if found.paper.state not in RUNS:
        raise NotRunning
    return found


def window(paper: Paper) -> tuple[datetime, datetime]:
    assert paper.opens_at is not None, "a published exam has a window"
    assert paper.closes_at is not None
    return paper.opens_at, paper.closes_at


# -- 改时间 ------------------------------------------------------------------------------------------------------------


def ask_window(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> Moved:
    """The next text of the sender is the new window, or its end."""
    paper = held(session, sender, paper_id, now).paper
    prompts.await_text(session, sender, MOVE, str(paper_id), now=now)
    return Moved(paper_id, paper.title, *window(paper), is_open=paper.state is PaperState.OPEN)


def write_window(session: Session, sender: Sender, paper_id: int, text: str, *, now: datetime) -> Moved:
    found = held(session, sender, paper_id, now)
    written = phrases.read_window(text, now)
    if written is None:
        raise NoSuchWindow
    opens_at, closes_at = written
    if opens_at is not None and found.paper.state is PaperState.OPEN:
        raise HasOpened
    prompts.forget_text(session, sender, now=now)
    return _move(session, found, opens_at or window(found.paper)[0], closes_at, now)


def delay(session: Session, sender: Sender, paper_id: int, days: int, *, now: datetime) -> Moved:
    """延期: the same hour, some days later."""
    found = held(session, sender, paper_id, now)
    opens_at, closes_at = window(found.paper)
    prompts.forget_purpose(session, sender.user_id, MOVE)
    return _move(session, found, opens_at, closes_at + timedelta(days=days if days in DELAYS else 1), now)


def _move(session: Session, of: Office, opens_at: datetime, closes_at: datetime, now: datetime) -> Moved:
    paper, is_open = of.paper, of.paper.state is PaperState.OPEN
    is_past = closes_at <= now or (not is_open and opens_at <= now)
    if is_past or not SHORTEST_EXAM <= closes_at - opens_at <= LONGEST_EXAM:
        raise BadWindow
    candidates.note(session, of, PaperAction.MOVED, now, views.moved_note(window(paper), (opens_at, closes_at)))
    paper.opens_at, paper.closes_at = opens_at, closes_at
    session.flush()
    if is_open:
        for attempt in running(session, paper.id):
            limit = timedelta(seconds=paper.limit_s or 0)
            end = min(attempt.started_at + limit, closes_at) + timedelta(seconds=attempt.credit_s)
            set_deadline(session, attempt, end, now)
        inviting.moved(session, paper.id, now=now)
    signal(session, "jobs")
    return Moved(paper.id, paper.title, opens_at, closes_at, is_open=is_open)


def running(session: Session, paper_id: int) -> Sequence[Attempt]:
    """What this transaction sees may be older than an attempt that has just begun: its row of candidates, which is
    written then, tells, and everything is done again."""
    session.execute(select(Candidate.member_id).where(Candidate.paper_id == paper_id).with_for_update())
    mine = select(Attempt).where(Attempt.paper_id == paper_id, Attempt.state == AttemptState.STARTED)
    mine = mine.where(Attempt.round_id.is_(None)).order_by(Attempt.id).with_for_update()
    return session.scalars(mine.execution_options(populate_existing=True)).all()


def set_deadline(session: Session, attempt: Attempt, end: datetime, now: datetime) -> None:
    """The attempt ends at `end`; its last call follows, or is left out if it would come too late."""
    attempt.deadline_at = end
    key, due_at = paper_key(attempt.paper_id, "last5", attempt.id), end - LAST_CALL
    if due_at > now:
        outbox.put_off(session, key, due_at, due_at + LAST_CALL_FOR)
    else:
        outbox.withdraw_one(session, key)


# -- 提前收卷 ----------------------------------------------------------------------------------------------------------


def consider(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> Ending:
    """What closing or cancelling it now would end."""
    return ending(session, held(session, sender, paper_id, now).paper)


def ending(session: Session, paper: Paper, reason: str = "") -> Ending:
    query = select(Attempt.state, func.count()).where(Attempt.paper_id == paper.id, Attempt.round_id.is_(None))
    counts = dict(session.execute(query.group_by(Attempt.state)).all())
    finished = sum(counts.get(state, 0) for state in FINISHED)
    return Ending(paper.id, paper.title, counts.get(AttemptState.STARTED, 0), finished, reason)


def close_now(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> Ending:
    """No new attempts; those that run have a minute to finish."""
    found = held(session, sender, paper_id, now)
    paper = found.paper
    if paper.state is not PaperState.OPEN:
        raise NotOpen
    paper.state, paper.closes_at = PaperState.CLOSED, now
    session.flush()
    to_finish = running(session, paper_id)
    people = members.people(session, [one.member_id for one in to_finish], local_day(now))
    for attempt in to_finish:
        assert attempt.deadline_at is not None, "an attempt at an exam has a deadline"
        set_deadline(session, attempt, min(attempt.deadline_at, now + EARLY_END), now)
        person = people.get(attempt.member_id)
        if person is not None and person.user_id is not None:
            outbox.enqueue(
                session,
                paper_key(paper_id, "early", attempt.id),
                chat_id=person.user_id,
                content=exam_views.last_call(paper.title, EARLY_END),
                lane=Lane.URGENT,
                valid_until=now + EARLY_END,
                now=now,
                is_unasked=True,
            )
    inviting.withdraw(session, paper_id)
    exams.strike_off(session, paper_id, now)
    candidates.note(session, found, PaperAction.CLOSED, now)
    signal(session, "jobs")
    return ending(session, paper)
