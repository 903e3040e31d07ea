"""Meetings by the clock and by the secretary's hand: opened, extended, closed; asked about where we were down."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.attendance import amending, chain, views
from bot.attendance.chain import Entry
from bot.attendance.facts import Closed
from bot.attendance.models import Attendance
from bot.attendance.opening import open_meeting, tip_of
from bot.attendance.rules import REOPENED_FOR, Action, Status
from bot.attendance.service import roll
from bot.errors import UserError
from bot.inbox import Outage
from bot.meetings import cards, downtime, kinds, ladder
from bot.meetings import service as meetings
from bot.meetings import views as meeting_views
from bot.meetings.facts import MeetingFacts
from bot.meetings.ladder import Closing
from bot.meetings.models import Meeting
from bot.meetings.rules import CLOSING, MeetingState, Roll, check_end, closes_at, extended
from bot.members import quiet
from bot.members import service as members
from bot.members.rules import Right
from bot.message import Message, Sender
from bot.outbox import Lane
from bot.statements import Query

log = structlog.get_logger()

# Asked by the clock after each transaction that concerns a meeting.
_STARTS = Query(
    select(Meeting.kind, func.min(Meeting.starts_at))
    .where(Meeting.state == MeetingState.SCHEDULED)
    .group_by(Meeting.kind)
)
_RUNNING = Meeting.state == MeetingState.OPEN
_ENDS = Query(select(func.min(Meeting.ends_at)).where(_RUNNING, Meeting.extra_until.is_(None)))
_EXTENSIONS = Query(select(func.min(Meeting.extra_until)).where(_RUNNING))

WIDEST = timedelta(hours=4)  # no kind opens its sign-in earlier (content/meetings.yaml is checked for it)


class NotOpen(UserError):
    text = "会议没有在进行，请刷新。"


class AlreadyEnded(UserError):
    text = "会议已经结束，不用再点。"
    ends_buttons = True


class NothingToVouch(UserError):
    text = "名单已经核对过了。"


# -- by the clock ---


def next_due(session: Session, _: datetime) -> datetime | None:
    """When the next meeting opens or closes."""
    moments = [at - kinds.of(kind).window.opens for kind, at in _STARTS.all(session, {})]
    [(end,)], [(until,)] = _ENDS.all(session, {}), _EXTENSIONS.all(session, {})
    moments += [end + CLOSING] if end else []
    moments += [until] if until else []
    return min(moments, default=None)


def advance(session: Session, *, now: datetime) -> bool:
    """Open or close the one meeting that is first in turn; True while there may be more."""
    for meeting_id in _candidates(session, now=now):
        meeting = meetings.facts(session, meeting_id, is_locked=True)
        assert meeting is not None
        if meeting.state is MeetingState.SCHEDULED and now >= meeting.opens_at:
            return open_meeting(session, meeting, actor_id=None, update_id=None, now=now)
        if meeting.state is MeetingState.OPEN and now >= closes_at(meeting.ends_at, meeting.extra_until):
            _decide(session, meeting, now=now)
            return True
    return False


def _candidates(session: Session, *, now: datetime) -> Sequence[int]:
    opening = (Meeting.state == MeetingState.SCHEDULED) & (Meeting.starts_at <= now + WIDEST)
    closing = (Meeting.state == MeetingState.OPEN) & (Meeting.ends_at <= now)
    return session.scalars(select(Meeting.id).where(opening | closing).order_by(Meeting.starts_at)).all()


def _decide(session: Session, meeting: MeetingFacts, *, now: datetime) -> None:
    """Close it, or ask first: who could not sign in because we were down is not absent."""
    times = meetings.times(session, meeting)
    query = select(Outage.from_at, Outage.to_at).where(Outage.to_at > meeting.opens_at)
    outages = [ladder.Outage(*row) for row in session.execute(query)]
    if ladder.closing(times, meeting.extra_until, outages, now=now) is Closing.CLOSE:
        close(session, meeting, actor_id=None, update_id=None, now=now)
        return
    _set(session, meeting, extra_until=ladder.rescue_until(times, outages))
    _tell_secretary(session, meeting, "downtime", views.ask_after_downtime(meeting), now=now)
    log.info("closing_held_back", meeting=meeting.id)


def close(
    session: Session, meeting: MeetingFacts, *, actor_id: int | None, update_id: int | None, now: datetime
) -> Closed:
    """OPEN → CLOSED: who is neither here nor on leave is absent, and the secretary reads the outcome."""
    tip = tip_of(session, meeting.id)
    if not meetings.finish(session, meeting, now=now):
        raise meetings.StateChanged
    missing = update(Attendance).where(
        Attendance.meeting_id == meeting.id, Attendance.is_due, Attendance.status == Status.EXPECTED
    )
    missing = missing.values(status=Status.ABSENT).returning(Attendance.id)
    absent = sorted(session.scalars(missing.execution_options(synchronize_session=False)))
    entries = [Entry(Action.CLOSED)]
    entries += [Entry(Action.CLOSED, one, Status.EXPECTED.name, Status.ABSENT.name) for one in absent]
    chain.append(session, tip, entries, actor_id=actor_id, update_id=update_id, now=now)
    cards.refresh(session, meeting.id, now=now)
    for chat in cards.chats(session, meeting):
        cards.pin_next(session, chat.chat_id, now=now)
    now_is = meetings.facts(session, meeting.id)
    assert now_is is not None
    final = roll(session, meeting.id, now=now)
    told = final.joined_present if meeting.is_voluntary else final.absent
    message = views.summary(now_is, final, meetings.named(session, told, now_is))
    reader_id = _tell_secretary(session, now_is, "closed", message, now=now)
    amending.tell_marked(session, now_is, now=now)
    log.info("meeting_closed", meeting=meeting.id, expected=final.expected, present=len(final.present))
    return Closed(now_is, final, is_told=reader_id is not None and reader_id == actor_id)


def _tell_secretary(
    session: Session, meeting: MeetingFacts, what: str, message: Message, *, now: datetime
) -> int | None:
    """Who leads reads it, or a stand-in; which member that is."""
    reader = members.addressee(session, meeting.unit.id, now=now)
    if reader is None or reader.holder.user_id is None:
        return None
    user_id = reader.holder.user_id
    worded = meeting_views.standin(message) if reader.is_standin else message
    is_quiet = quiet.quiet_hours(session, meeting.unit, [user_id]).of(user_id).holds(now)
    outbox.enqueue(
        session,
        f"meeting:{meeting.id}:v{meeting.version}:{what}:1:m{reader.holder.member_id}",
        chat_id=user_id,
        content=replace(worded, is_silent=is_quiet),
        lane=Lane.NOTICE,
        now=now,
        valid_until=now + ladder.MINUTES_KEPT,
        is_unasked=True,
    )
    return reader.holder.member_id


# -- by hand ---


def end(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> Closed:
    """结束: the secretary need not wait for half an hour after the end."""
    who = members.actor(session, sender, now=now)
    if meetings.seen_by(session, who, meeting_id, Right.ROLL_CALL, is_locked=True).is_over:
        raise AlreadyEnded
    actor_id, meeting = _running(session, sender, meeting_id, now=now)
    check_end(meeting.starts_at, now=now)
    return close(session, meeting, actor_id=actor_id, update_id=sender.update_id, now=now)


def extend(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> datetime:
    """延长30分钟; the moment it will close."""
    _, meeting = _running(session, sender, meeting_id, now=now)
    until = extended(meeting.ends_at, meeting.extra_until)
    _set(session, meeting, extra_until=until)
    cards.refresh(session, meeting_id, of=(), in_groups=False, now=now)
    return until


def reopen(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> datetime:
    """补开签到30分钟, after downtime kept people from signing in; the moment it ends."""
    actor_id, meeting = _running(session, sender, meeting_id, now=now)
    # No extension reaches that far: it was held open because we were down.
    if meeting.is_from_memory or meeting.extra_until is None or meeting.extra_until < meeting.ends_at + ladder.RESCUE:
        raise NotOpen
    until = min(now + REOPENED_FOR, meeting.extra_until)
    entries = [Entry(Action.REOPENED, became=until.isoformat())]
    tip = tip_of(session, meeting_id)
    chain.append(session, tip, entries, actor_id=actor_id, update_id=sender.update_id, now=now)
    cards.refresh(session, meeting_id, now=now)
    downtime.tell_reopened(session, meeting, roll(session, meeting_id, now=now).unsigned, until, now=now)
    return until


def vouch(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> tuple[MeetingFacts, Roll]:
    """名单属实: somebody answers for those who signed in by themselves."""
    who = members.actor(session, sender, now=now)
    meeting = meetings.seen_by(session, who, meeting_id, Right.ROLL_CALL, is_locked=True)
    if meeting.state not in (MeetingState.OPEN, MeetingState.CLOSED):
        raise NotOpen
    if meeting.verified_at is not None:
        raise NothingToVouch
    _set(session, meeting, verified_by=who.recorded_id, verified_at=now)
    sure = update(Attendance).where(Attendance.meeting_id == meeting_id).values(time_unsure=False)
    session.execute(sure.execution_options(synchronize_session=False))
    entries, tip = [Entry(Action.VERIFIED)], tip_of(session, meeting_id)
    chain.append(session, tip, entries, actor_id=who.recorded_id, update_id=sender.update_id, now=now)
    cards.refresh(session, meeting_id, of=(), in_groups=False, now=now)
    return meeting, roll(session, meeting_id, now=now)


def _running(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> tuple[int | None, MeetingFacts]:
    who = members.actor(session, sender, now=now)
    meeting = meetings.seen_by(session, who, meeting_id, Right.ROLL_CALL, is_locked=True)
    if meeting.state is not MeetingState.OPEN:
        raise NotOpen
    return who.recorded_id, meeting


def _set(session: Session, meeting: MeetingFacts, **values: object) -> None:
    statement = update(Meeting).where(Meeting.id == meeting.id).values(**values)
    session.execute(statement.execution_options(synchronize_session=False))
