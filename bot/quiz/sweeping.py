"""The clock's part of a sitting: attempts whose time is over are handed in, after all that reached us in time."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import inbox, outbox
from bot.members import prompts
from bot.members.models import Account
from bot.message import Edit
from bot.outbox import Lane, OutboxRow
from bot.quiz import attempts, exam_views, outage_credits, sitting, submitting
from bot.quiz.attempts import Running
from bot.quiz.models import Attempt
from bot.quiz.rules import ANSWER_GRACE, LOOK_AGAIN, RESULT_FOR, AttemptState, paper_key
from bot.statements import Query

BATCH = 50  # attempts marked in one transaction

_RUNS = (Attempt.state == AttemptState.STARTED, Attempt.round_id.is_(None))
_NEXT_END = Query(select(func.min(Attempt.deadline_at)).where(*_RUNS))


def next_due(session: Session, now: datetime) -> datetime | None:
    """When the next attempt may be handed in; a little later while something of its time is still to be handled."""
    [(first,)] = _NEXT_END.all(session, {})
    if first is None:
        return None
    due = first + ANSWER_GRACE
    if due <= now and not _due(session, now):
        return now + LOOK_AGAIN
    return due


def sweep(session: Session, *, now: datetime) -> bool:
    """Hand in what is due, some at a time; True if there may be more. What an outage took is given back before."""
    if not inbox.is_drained(session):
        return False
    outage_credits.credit_all(session, now=now)
    due = _due(session, now)
    for attempt_id, user_id in due[:BATCH]:
        _hand_in(session, attempt_id, user_id, now)
    return len(due) > BATCH


def _due(session: Session, now: datetime) -> list[tuple[int, int | None]]:
    """Attempts past their time, with the accounts of their people, of whom nothing waits that came before its end."""
    if not inbox.is_drained(session):
        return []
    query = (
        select(Attempt.id, Attempt.deadline_at, Account.telegram_user_id)
        .outerjoin(Account, Account.member_id == Attempt.member_id)
        .where(*_RUNS, Attempt.deadline_at < now - ANSWER_GRACE)
        .order_by(Attempt.id)
    )
    late = session.execute(query).all()
    waiting = inbox.waiting(session) if late else {}
    return [
        (attempt_id, user_id)
        for attempt_id, deadline_at, user_id in late
        if user_id not in waiting or (deadline_at is not None and waiting[user_id] > deadline_at + ANSWER_GRACE)
    ]


def _hand_in(session: Session, attempt_id: int, user_id: int | None, now: datetime) -> None:
    running = attempts.hold(session, attempt_id)
    if running is None or running.state is not AttemptState.STARTED or running.deadline_at + ANSWER_GRACE >= now:
        return
    ended = submitting.finish(session, running, AttemptState.AUTO_SUBMITTED, running.deadline_at)
    if ended is None or user_id is None:
        return
    prompts.forget_purpose(session, user_id, sitting.PURPOSE)
    outbox.enqueue(
        session,
        paper_key(running.paper_id, "auto", running.id),
        chat_id=user_id,
        content=exam_views.time_is_up(ended),
        lane=Lane.NOTICE,
        valid_until=now + RESULT_FOR,
        now=now,
    )
    _clear_card(session, running, user_id, now)


def _clear_card(session: Session, running: Running, user_id: int, now: datetime) -> None:
    """The card no longer counts the minutes. Which message it is, the row of the last call has noted."""
    called = select(OutboxRow.reply_to).where(OutboxRow.key == paper_key(running.paper_id, "last5", running.id))
    if (message_id := session.scalar(called)) is not None:
        outbox.enqueue(
            session,
            paper_key(running.paper_id, "card", running.id),
            chat_id=user_id,
            content=Edit(exam_views.card_over(running.title), message_id),
            lane=Lane.CARD,
            valid_until=now + RESULT_FOR,
            now=now,
        )
