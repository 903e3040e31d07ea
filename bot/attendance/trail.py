"""The audit of one person at one meeting: who did what to the record, and when. Read by himself and by who corrects."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.attendance.correction_views import TOLD
from bot.attendance.facts import Step, Trail
from bot.attendance.models import Attendance, AttendanceEvent
from bot.errors import UserError
from bot.meetings import service as meetings
from bot.meetings.facts import MeetingFacts
from bot.members import service as members
from bot.members.models import Member
from bot.members.rules import Right
from bot.message import Sender


class NoTrail(UserError):
    text = "还没有这次会议的记录。"


def own(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> Trail:
    """One's own, of any meeting one has a record of."""
    who = members.actor(session, sender, now=now)
    meeting = meetings.facts(session, meeting_id)
    if meeting is None:
        raise NoTrail
    return _trail(session, meeting, who.member_id, who.name)


def of(session: Session, sender: Sender, meeting_id: int, member_id: int, *, now: datetime) -> Trail:
    """That of another, for who may correct it."""
    who = members.actor(session, sender, now=now)
    meeting = meetings.seen_by(session, who, meeting_id, Right.CORRECT)
    person = next(iter(meetings.named(session, [member_id], meeting)), None)
    return _trail(session, meeting, member_id, person.name if person else "")


def _trail(session: Session, meeting: MeetingFacts, member_id: int, name: str) -> Trail:
    query = (
        select(AttendanceEvent.at, Member.name, AttendanceEvent.actor_id, AttendanceEvent.action)
        .add_columns(AttendanceEvent.was, AttendanceEvent.became, AttendanceEvent.reason)
        .join(Attendance, Attendance.id == AttendanceEvent.attendance_id)
        .outerjoin(Member, Member.id == AttendanceEvent.actor_id)
        .where(Attendance.meeting_id == meeting.id, Attendance.member_id == member_id)
        .where(AttendanceEvent.action.in_(TOLD))
        .order_by(AttendanceEvent.seq)
    )
    rows = session.execute(query).all()
    if not rows:
        raise NoTrail
    steps = (
        Step(at, actor or "", actor_id == member_id, action, was or "", became or "", reason or "")
        for at, actor, actor_id, action, was, became, reason in rows
    )
    return Trail(meeting, name, tuple(steps))
