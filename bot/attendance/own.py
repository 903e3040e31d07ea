"""What one person sees of meetings: his list, his day, his record."""

from datetime import datetime, time, timedelta
from typing import cast

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.attendance import leave, proposals, service
from bot.attendance.facts import Answered, NearChat, Own, Record, Today
from bot.attendance.models import Attendance
from bot.attendance.rules import CAME, Answer, Status, is_elsewhere, parts_seen
from bot.attendance.service import roll
from bot.attendance.standing import counted, standings
from bot.errors import UserError
from bot.meetings import cards, dating, minutes
from bot.meetings import service as meetings
from bot.meetings.facts import OVER, MeetingFacts
from bot.meetings.models import Meeting
from bot.meetings.rules import MeetingState
from bot.meetings.views import IN_CHAT
from bot.members import service as members
from bot.members.models import Unit
from bot.members.rules import Actor, Right
from bot.message import Sender
from bot.periods import PeriodKind, at_beijing, local_day

LATEST = 8
SOON = timedelta(days=7)  # 今日事项 asks for answers to meetings this near


class NothingToSign(UserError):
    text = "现在没有正在签到的会议。"


class NothingToLeave(UserError):
    text = "近期没有需要请假的会议。"


def near(session: Session, sender: Sender, *, now: datetime) -> list[Own]:
    """会议与请假: what is ahead, running and just over, for this person."""
    who = members.actor(session, sender, now=now)
    who.require(Right.SELF)
    return [own for meeting in meetings.around(session, who, now=now) if _concerns(own := _own(session, who, meeting))]


def _concerns(own: Own) -> bool:
    return own.is_due or own.may_see_names or own.meeting.is_voluntary


def in_chat(session: Session, sender: Sender, page: int = 0, *, now: datetime) -> NearChat:
    """近期会议 for a group: counts only."""
    unit = members.unit_of_chat(session, sender.chat_id)
    found = meetings.of_unit(session, unit, now=now) if unit is not None else []
    shown = found[page * IN_CHAT : (page + 1) * IN_CHAT]
    return NearChat([(meeting, roll(session, meeting.id, now=now)) for meeting in shown], page, len(found))


def show(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> Own:
    who = members.actor(session, sender, now=now)
    return _own(session, who, meetings.seen_by(session, who, meeting_id))


def _own(session: Session, who: Actor, meeting: MeetingFacts) -> Own:
    mine = [one for one in standings(session, meeting, who.member_id) if one.member_id == who.member_id]
    return Own(
        meeting,
        counted(meeting, mine),
        is_due=any(one.is_due for one in mine),
        may_plan=who.may(Right.PLAN, meeting.unit),
        may_see_names=bool(parts_seen(who, meeting.unit, meeting.case)),
        may_open=who.may(Right.ROLL_CALL, meeting.unit, meeting.case),
        may_minute=who.may(Right.MINUTES, meeting.unit, meeting.case),
        has_left=any(one.left_at is not None for one in mine),
        is_elsewhere=is_elsewhere(who, meeting.unit),
    )


# -- what a tap in private shows afterwards ---


def answer(
    session: Session, sender: Sender, meeting_id: int, version: int, wanted: Answer, *, now: datetime
) -> tuple[Answered, Own | None]:
    done = service.answer(session, sender, meeting_id, version, wanted, now=now)
    return done, anew(session, sender, meeting_id, now=now)


def leave_early(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> tuple[datetime, Own | None]:
    left_at = service.leave_early(session, sender, meeting_id, now=now)
    return left_at, anew(session, sender, meeting_id, now=now)


def anew(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> Own | None:
    """How one stands now, to be shown where one pressed; none on a card, which follows by itself."""
    if not sender.is_private or cards.message_id(session, meeting_id, sender.chat_id) == sender.message_id:
        return None
    return show(session, sender, meeting_id, now=now)


# -- lists ---


def to_sign(session: Session, sender: Sender, *, now: datetime) -> list[Own]:
    """Meetings at which 签到 makes sense now; with none of them the refusal."""
    found = [
        own for own in near(session, sender, now=now) if own.meeting.is_open(now) and (own.is_due or own.roll.joined)
    ]
    if not found:
        raise NothingToSign
    return found


def to_leave(session: Session, sender: Sender, *, now: datetime) -> list[Own]:
    """Meetings from which 请假 can still be asked; with none of them the refusal."""
    found = [
        own
        for own in near(session, sender, now=now)
        if own.is_due and own.meeting.is_live and now < own.meeting.starts_at and not own.roll.leaving
    ]
    if not found:
        raise NothingToLeave
    return found


def today(session: Session, sender: Sender, *, now: datetime) -> Today:
    mine = near(session, sender, now=now)
    return Today(
        running=tuple(own for own in mine if own.is_due and own.meeting.is_open(now)),
        unanswered=tuple(own for own in mine if _is_unanswered(own, now)),
        to_approve=tuple(leave.waiting_for(session, sender, now=now)),
        to_explain=tuple(own for own in mine if own.roll.unexplained),
        to_confirm=tuple(proposals.waiting_for(session, sender, now=now)),
        to_date=tuple(dating.waiting_for(session, sender, now=now)),
        to_minute=tuple(minutes.waiting_for(session, sender, now=now)),
    )


def _is_unanswered(own: Own, now: datetime) -> bool:
    meeting = own.meeting
    is_near = meeting.state is MeetingState.SCHEDULED and now < meeting.opens_at and meeting.starts_at < now + SOON
    return is_near and bool(own.roll.unanswered)


def record(session: Session, sender: Sender, *, now: datetime) -> Record:
    """One's own attendance of this year, over meetings that are closed."""
    who = members.actor(session, sender, now=now)
    who.require(Right.SELF)
    year = PeriodKind.YEAR.of(local_day(now))
    query = (
        select(*meetings.COLUMNS, Attendance.is_due, Attendance.status)
        .join(Unit, Unit.id == Meeting.unit_id)
        .join(Attendance, Attendance.meeting_id == Meeting.id)
        .where(Attendance.member_id == who.member_id, or_(Attendance.is_due, Attendance.status.in_(CAME)))
        .where(Meeting.state.in_(OVER))
        .where(Meeting.starts_at >= at_beijing(year.first_on, time.min))
        .order_by(Meeting.starts_at.desc())
    )
    found = [(meetings.from_row(row), *cast("tuple[bool, Status]", row[-2:])) for row in session.execute(query)]
    statuses = [status for _, is_due, status in found if is_due]
    return Record(
        year=year.year,
        present=statuses.count(Status.PRESENT),
        late=statuses.count(Status.LATE),
        on_leave=statuses.count(Status.ON_LEAVE),
        absent=statuses.count(Status.ABSENT),
        latest=tuple((meeting, status) for meeting, _, status in found[:LATEST]),
        joined=len(found) - len(statuses),
    )
