"""Meetings of series after new days off: what would be on another day now, and the change once somebody takes it over.

By itself nothing moves. What people know of is only shown.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast
from zlib import crc32

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from bot import outbox
from bot.meetings import dating, dating_views, refilling, service, views
from bot.meetings.facts import Adopted, Difference, Differences, MeetingFacts
from bot.meetings.models import Meeting, MeetingChange, Series
from bot.meetings.publishing import SameMeeting
from bot.meetings.recurrence import Landing
from bot.meetings.repeating import SeriesFacts
from bot.meetings.rules import Change, MeetingState, Resetter, RungState
from bot.meetings.versions import record, replan, transit
from bot.members import quiet
from bot.members import service as members
from bot.members.models import Unit
from bot.members.rules import Actor, Right, Role
from bot.message import Sender
from bot.outbox import Lane

BY_HAND = (Change.MOVED, Change.DATED, Change.CONFIRMED)
NEWS = timedelta(days=14)  # after an import


def follow(session: Session, *, now: datetime) -> None:
    """Right after an import: what is certain now, what is new, and word to each secretary whom it concerns."""
    refilling.refill(session, is_thorough=True, now=now)
    by_unit: dict[int, list[Difference]] = {}
    for one in _every(session, now=now):
        if one.meeting.announced_at is None:
            by_unit.setdefault(one.meeting.unit.id, []).append(one)
    for unit_id, found in by_unit.items():
        _tell(session, unit_id, found, now=now)


def _tell(session: Session, unit_id: int, found: Sequence[Difference], *, now: datetime) -> None:
    reader = members.addressee(session, unit_id, now=now)
    # The administrator who would stand in has imported the days off himself, and sees the list of all.
    if reader is None or reader.holder.user_id is None or reader.holder.role is Role.ADMIN:
        return
    unit, user_id = found[0].meeting.unit, reader.holder.user_id
    message = dating_views.to_review(unit.name, len(found))
    own = quiet.quiet_hours(session, unit, {user_id}).of(user_id)
    outbox.enqueue(
        session,
        f"series:review:{unit_id}:{int(now.timestamp())}:{user_id}",
        chat_id=user_id,
        content=views.standin(message) if reader.is_standin else message,
        lane=Lane.NOTICE,
        now=now,
        due_at=own.end_after(now) if own.holds(now) else now,
        valid_until=now + NEWS,
        is_unasked=True,
    )


def differences(session: Session, sender: Sender, *, now: datetime) -> Differences:
    """For whom the sender plans: what is to be decided, and what stays because people know of it."""
    who = members.actor(session, sender, now=now)
    who.require(Right.PLAN)
    return _of(session, who, now=now)


def _of(session: Session, who: Actor, *, now: datetime) -> Differences:
    found = [one for one in _every(session, now=now) if who.may(Right.PLAN, one.meeting.unit)]
    still_open = tuple(one for one in found if one.meeting.announced_at is None)
    mark = crc32(repr([(one.meeting.id, one.meeting.version, _day(one)) for one in still_open]).encode()) >> 1
    return Differences(still_open, tuple(one for one in found if one.meeting.announced_at is not None), mark)


def _day(one: Difference) -> str:
    return str(one.landing.on) if one.landing else ""


def count(session: Session, *, now: datetime) -> int:
    """How many meetings wait for a decision, of all bodies."""
    return sum(one.meeting.announced_at is None for one in _every(session, now=now))


def adopt_all(
    session: Session, sender: Sender, mark: int, *, reset: Resetter[Session], now: datetime
) -> Adopted | Differences:
    """全部采用 of the list as it was shown; if it has changed since, the new one."""
    who = members.actor(session, sender, now=now)
    who.require(Right.PLAN)
    shown = _of(session, who, now=now)
    return _adopt(session, sender, who, shown.open, reset, now=now) if shown.mark == mark else shown


def adopt(
    session: Session, sender: Sender, meeting_id: int, version: int, *, reset: Resetter[Session], now: datetime
) -> Adopted:
    """采用, of one."""
    who = members.actor(session, sender, now=now)
    service.seen_by(session, who, meeting_id, Right.PLAN)
    found = [
        one for one in _of(session, who, now=now).open if (one.meeting.id, one.meeting.version) == (meeting_id, version)
    ]
    if not found:
        raise service.StateChanged
    return _adopt(session, sender, who, found, reset, now=now)


def stay(session: Session, sender: Sender, meeting_id: int, version: int, *, now: datetime) -> Differences:
    """不变: the day is taken for chosen. What is left to decide."""
    dating.keep(session, sender, meeting_id, version, now=now)
    return differences(session, sender, now=now)


def _adopt(
    session: Session,
    sender: Sender,
    who: Actor,
    chosen: Sequence[Difference],
    reset: Resetter[Session],
    *,
    now: datetime,
) -> Adopted:
    done, left = list[Difference](), list[Difference]()
    for one in chosen:
        try:
            meeting = transit(session, one.meeting, _values(session, one))
        except SameMeeting:
            left.append(one)
            continue
        done.append(one)
        service.lift(session, one.meeting, RungState.CANCELLED)
        times = (one.meeting.starts_at.isoformat(), meeting.starts_at.isoformat())
        record(session, meeting, Change.SHIFTED, *times, actor_id=who.recorded_id, reason=None, now=now)
        if meeting.state is MeetingState.SCHEDULED:
            ids = {"actor_id": who.recorded_id, "update_id": sender.update_id}
            reset(session, meeting.id, keeps_answers=False, **ids, now=now)
            replan(session, meeting, now=now)
    remaining = _of(session, who, now=now)
    undone = {one.meeting.id for one in left}
    still_open = tuple(one for one in remaining.open if one.meeting.id not in undone)
    return Adopted(tuple(done), tuple(left), Differences(still_open, remaining.announced, remaining.mark))


def _values(session: Session, one: Difference) -> dict[str, object]:
    """The columns of the meeting in its new place."""
    landing, old = one.landing, one.meeting
    if landing is None or (landing.on is None and not landing.is_asked):
        return {"state": MeetingState.CANCELLED}
    found = session.execute(select(Meeting.series_id).where(Meeting.id == old.id)).scalar_one()
    terms = refilling.running(session, Series.id == found)[0].terms
    starts_at = terms.starts_at(landing)
    return {
        "state": MeetingState.SCHEDULED if landing.on else MeetingState.NEEDS_DATE,
        "starts_at": starts_at,
        "ends_at": starts_at + (old.ends_at - old.starts_at),
        "original_on": landing.base_on,
        "is_tentative": landing.is_tentative,
    }


def _every(session: Session, *, now: datetime) -> list[Difference]:
    """All that the calendar would have elsewhere and no person has put where it is."""
    by_hand = select(MeetingChange.id).where(
        MeetingChange.meeting_id == Meeting.id, MeetingChange.what.in_(BY_HAND), MeetingChange.actor_id.is_not(None)
    )
    is_ahead = or_(
        and_(Meeting.state == MeetingState.SCHEDULED, Meeting.starts_at > now),
        and_(Meeting.state == MeetingState.NEEDS_DATE, Meeting.starts_at > now - refilling.BACK),
    )
    query = select(*service.COLUMNS, Meeting.series_id).join(Unit, Unit.id == Meeting.unit_id)
    query = query.where(Meeting.series_id.is_not(None), is_ahead, ~by_hand.exists())
    rows = session.execute(query.order_by(Meeting.starts_at, Meeting.id)).all()
    if not rows:
        return []
    calendar, ids = members.work_calendar(session), {cast("int", row[-1]) for row in rows}
    by_id = {series.id: series for series in refilling.running(session, Series.id.in_(ids))}
    found = []
    for row in rows:
        meeting, series = service.from_row(row), by_id[cast("int", row[-1])]
        landing = refilling.landing_of(series.terms, meeting.original_on, calendar)
        if _differs(meeting, series, landing, now=now):
            found.append(Difference(meeting, landing, calendar.why(meeting.on)))
    return found


def _differs(meeting: MeetingFacts, series: SeriesFacts, landing: Landing | None, *, now: datetime) -> bool:
    if landing is None:
        return True
    if landing.on is None:
        return not (landing.is_asked and meeting.state is MeetingState.NEEDS_DATE)
    is_there = meeting.state is MeetingState.SCHEDULED and landing.on == meeting.on
    return not is_there and series.terms.starts_at(landing) > now
