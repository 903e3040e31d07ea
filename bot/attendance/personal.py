"""What attendance knows of one person, for the file he may have, and what of it goes when his data are erased."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.attendance import personal_views as words
from bot.attendance.models import Attendance, Correction, Guest, MakeUp
from bot.attendance.rules import ReasonKind
from bot.meetings.models import Meeting
from bot.members.facts import Table
from bot.members.personal import HIDDEN, PersonalData, Traces, hide_in


def export(session: Session, member_id: int) -> Sequence[Table]:
    meeting = (Meeting.starts_at, Meeting.title)
    mine = (Attendance.is_due, Attendance.has_vote, Attendance.answer, Attendance.leave_state, Attendance.leave_kind)
    rest = (Attendance.status, Attendance.arrived_at, Attendance.left_at, Attendance.explained_as)
    came = select(*meeting, *mine, Attendance.leave_reason, *rest)
    corrected = select(*meeting, Correction.to_status, Correction.reason, Correction.proposed_at)
    made_up = select(*meeting, MakeUp.done_on, MakeUp.note)
    at_meeting = Meeting.id == Attendance.meeting_id
    own = Attendance.member_id == member_id
    queries = (
        came.join(Attendance, at_meeting),
        corrected.join(Attendance, at_meeting).join(Correction, Correction.attendance_id == Attendance.id),
        made_up.join(Attendance, at_meeting).join(MakeUp, MakeUp.attendance_id == Attendance.id),
    )
    cells = [[tuple(row) for row in session.execute(query.where(own).order_by(Meeting.starts_at))] for query in queries]
    return words.attendances(cells[0]), words.corrections(cells[1]), words.make_ups(cells[2])


def erase(session: Session, traces: Traces, _: datetime) -> None:
    """Who was due, came or was away stays a number; why somebody was away goes. The chain holds no private words."""
    mine = Attendance.member_id == traces.member_id
    session.execute(update(Attendance).where(mine).values(leave_reason=None))
    session.execute(
        update(Attendance).where(mine, Attendance.leave_kind.is_not(None)).values(leave_kind=ReasonKind.OTHER)
    )
    explained = update(Attendance).where(mine, Attendance.explained_as.is_not(None))
    session.execute(explained.values(explained_as=ReasonKind.OTHER))
    own = select(Attendance.id).where(mine)
    session.execute(update(Correction).where(Correction.attendance_id.in_(own)).values(reason=HIDDEN))
    session.execute(update(MakeUp).where(MakeUp.attendance_id.in_(own)).values(note=""))
    there = select(Meeting.id).where(Meeting.unit_id.in_(traces.unit_ids))
    near = select(Attendance.id).where(Attendance.meeting_id.in_(there))
    hide_in(session, traces, Guest, ("name",), Guest.meeting_id.in_(there))
    hide_in(session, traces, Correction, ("reason",), Correction.attendance_id.in_(near))
    hide_in(session, traces, MakeUp, ("note",), MakeUp.attendance_id.in_(near))


DATA = PersonalData(export, erase, (words.OWN,))
