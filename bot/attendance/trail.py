"""The audit of one person at one meeting: who did what to the record, and when. Read by himself and by who corrects."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.attendance.correction_views import TOLD
from bot.attendance.facts import Step, Trail
from bot.attendance.models import Attendance, AttendanceEvent, Correction
from bot.attendance.rules import Action
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
        .add_columns(AttendanceEvent.was, AttendanceEvent.became)
        .join(Attendance, Attendance.id == AttendanceEvent.attendance_id)
        .outerjoin(Member, Member.id == AttendanceEvent.actor_id)
        .where(AttendanceEvent.meeting_id == meeting.id)  # by which the index finds them
        .where(Attendance.meeting_id == meeting.id, Attendance.member_id == member_id)
        .where(AttendanceEvent.action.in_(TOLD))
        .order_by(AttendanceEvent.seq)
    )
    rows = session.execute(query).all()
    if not rows:
        raise NoTrail
    reasons = _reasons(session, meeting.id, member_id)
    steps = (
        Step(at, actor or "", actor_id == member_id, action, was or "", became or "", _why(action, at, reasons))
        for at, actor, actor_id, action, was, became in rows
    )
    return Trail(meeting, name, tuple(steps))


def _reasons(session: Session, meeting_id: int, member_id: int) -> list[tuple[datetime, str]]:
    """Why the record was corrected, oldest first. They stand beside the chain: what people wrote can be erased."""
    query = select(Correction.proposed_at, Correction.reason).join(
        Attendance, Attendance.id == Correction.attendance_id
    )
    query = query.where(Attendance.meeting_id == meeting_id, Attendance.member_id == member_id)
    return [(at, reason) for at, reason in session.execute(query.order_by(Correction.proposed_at, Correction.id))]


def _why(action: Action, at: datetime, reasons: Sequence[tuple[datetime, str]]) -> str:
    if action not in (Action.PROPOSED, Action.CORRECTED, Action.ROLL_CORRECTED):
        return ""
    return next((reason for proposed_at, reason in reversed(reasons) if proposed_at <= at), "")
