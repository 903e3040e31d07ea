"""What many meetings come to in figures, in a few statements however many they are."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.attendance.facts import Held
from bot.attendance.models import Attendance, Guest, MakeUp
from bot.attendance.rules import CAME, Turnout, turnout


def turnouts(session: Session, meeting_ids: Collection[int]) -> dict[int, Held]:
    """By meeting: 应到 实到 请假 缺席 of the due, make-ups, people who joined, guests. Of begun meetings only."""
    ids = list(meeting_ids)
    held = {meeting_id: Held(Turnout()) for meeting_id in ids}
    statuses = select(Attendance.meeting_id, Attendance.is_due, Attendance.status, func.count())
    statuses = statuses.group_by(Attendance.meeting_id, Attendance.is_due, Attendance.status)
    for meeting_id, is_due, status, count in session.execute(statuses.where(Attendance.meeting_id.in_(ids))):
        one = held[meeting_id]
        if is_due:
            held[meeting_id] = replace(one, turnout=one.turnout + turnout([status] * count))
        elif status in CAME:
            held[meeting_id] = replace(one, joined=one.joined + count)
    made_up = select(Attendance.meeting_id, func.count()).join(MakeUp, MakeUp.attendance_id == Attendance.id)
    for meeting_id, count in session.execute(
        made_up.where(Attendance.meeting_id.in_(ids), Attendance.is_due).group_by(Attendance.meeting_id)
    ):
        held[meeting_id] = replace(held[meeting_id], made_up=count)
    guests = select(Guest.meeting_id, Guest.name, Guest.number).where(Guest.meeting_id.in_(ids))
    for meeting_id, name, count in session.execute(guests):
        one = held[meeting_id]
        named = one.named + (count if name else 0)
        held[meeting_id] = replace(one, guests=one.guests + count, named=named)
    return held
