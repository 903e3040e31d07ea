"""Time that an outage of ours took from somebody who was sitting an exam is given back, once, and he is told.

The closing time of the exam stays where it is: a CLOSED exam waits for its last attempt.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from bot import inbox, outbox
from bot.db import upsert
from bot.inbox import Outage
from bot.members import service as members
from bot.outbox import Lane
from bot.periods import local_day
from bot.quiz import attempts, exam_views
from bot.quiz.attempts import Running
from bot.quiz.models import Attempt, OutageCredit
from bot.quiz.rules import (
    CREDIT_MOST,
    LAST_CALL,
    LAST_CALL_FOR,
    OUTAGE_NEWS,
    AttemptState,
    paper_key,
    seconds,
)

WHOLE = timedelta(seconds=1)

_HAS_CREDIT = select(OutageCredit.seconds).where(
    OutageCredit.outage_id == Outage.id, OutageCredit.attempt_id == Attempt.id
)
# Attempts that lost time in an outage of late and were not given it back: the clock asks again and again.
_UNCREDITED = (
    select(Attempt.id)
    .join(Outage, (Attempt.started_at < Outage.to_at) & (Attempt.deadline_at > Outage.from_at))
    .where(Attempt.state == AttemptState.STARTED, Attempt.round_id.is_(None))
    .where(Outage.to_at > bindparam("since"), ~_HAS_CREDIT.correlate(Outage, Attempt).exists())
)
_ANY_UNCREDITED = _UNCREDITED.limit(1)
_ALL_UNCREDITED = _UNCREDITED.distinct().order_by(Attempt.id)


def next_due(session: Session, now: datetime) -> datetime | None:
    """At once when somebody has lost time, as soon as what waited meanwhile has been fetched."""
    is_due = session.scalar(_ANY_UNCREDITED, _news(now)) is not None and inbox.is_drained(session)
    return now if is_due else None


def credit_all(session: Session, *, now: datetime) -> None:
    """Give every running attempt what it lost in the outages of late."""
    for attempt_id in session.scalars(_ALL_UNCREDITED, _news(now)).all():
        running = attempts.hold(session, attempt_id)
        if running is not None and running.state is AttemptState.STARTED:
            credit(session, running, now=now)


def _news(now: datetime) -> dict[str, datetime]:
    return {"since": now - OUTAGE_NEWS}


def credit(session: Session, running: Running, *, now: datetime) -> Running:
    """The attempt with what it lost given back; each outage counts once, and at most half an hour."""
    lost = select(Outage.id, Outage.from_at, Outage.to_at).where(Outage.to_at > now - OUTAGE_NEWS)
    for outage_id, from_at, to_at in session.execute(lost.order_by(Outage.id)).all():
        if running.started_at < to_at and running.deadline_at > from_at:
            lost_for = to_at - max(from_at, running.started_at)
            gap = min(-(-lost_for // WHOLE) * WHOLE, CREDIT_MOST)  # or the time taken would be told a second too long
            running = _credit_one(session, running, outage_id, to_at - from_at, gap, now)
    return running


def _credit_one(
    session: Session, running: Running, outage_id: int, span: timedelta, gap: timedelta, now: datetime
) -> Running:
    row = upsert(session, OutageCredit).values(outage_id=outage_id, attempt_id=running.id, seconds=seconds(gap))
    if session.execute(row.on_conflict_do_nothing().returning(OutageCredit.outage_id)).first() is None:
        return running
    later = replace(running, deadline_at=running.deadline_at + gap, credit_s=running.credit_s + seconds(gap))
    values = {"deadline_at": later.deadline_at, "credit_s": later.credit_s}
    session.execute(update(Attempt).where(Attempt.id == running.id).values(**values))
    due_at = later.deadline_at - LAST_CALL
    outbox.put_off(session, paper_key(running.paper_id, "last5", running.id), due_at, due_at + LAST_CALL_FOR)
    person = members.people(session, [running.member_id], local_day(now)).get(running.member_id)
    if person is not None and person.user_id is not None:
        outbox.enqueue(
            session,
            f"outage:{outage_id}:attempt:{running.id}",
            chat_id=person.user_id,
            content=exam_views.credited(span, later.deadline_at),
            lane=Lane.URGENT,
            valid_until=later.deadline_at,
            now=now,
        )
    return later


def settle(session: Session, attempt_ids: Collection[int], from_at: datetime, to_at: datetime) -> None:
    """These attempts have had all the time between back by other means: no outage in it gives it once more."""
    within = session.scalars(select(Outage.id).where(Outage.from_at >= from_at, Outage.to_at <= to_at)).all()
    for outage_id in within:
        rows = [{"outage_id": outage_id, "attempt_id": one, "seconds": 0} for one in attempt_ids]
        if rows:
            session.execute(upsert(session, OutageCredit).on_conflict_do_nothing(), rows)
