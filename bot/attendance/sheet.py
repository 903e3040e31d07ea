"""The list with names as one person may see it: all of it, or the part of those he leads."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.attendance.facts import Entry, Excused, GuestLine, Sheet
from bot.attendance.models import Attendance, Guest, MakeUp
from bot.attendance.rules import is_elsewhere, parts_seen
from bot.attendance.standing import Standing, counted, standings, with_body
from bot.errors import UserError
from bot.meetings import service as meetings
from bot.meetings.facts import MeetingFacts, Named
from bot.meetings.rules import MeetingState
from bot.members import service as members
from bot.members.rules import Actor, Right, UnitKind
from bot.message import Sender

AT_WORK = (MeetingState.OPEN, MeetingState.CLOSED)


class NothingToShow(UserError):
    text = "现在没有可以查看的考勤表。"


def near(session: Session, sender: Sender, *, now: datetime) -> tuple[list[MeetingFacts], bool]:
    """Meetings whose names this person may see: running ones if there are any, else what is near; and whether one of
    them is not of his own branch."""
    who = members.actor(session, sender, now=now)
    found = [
        meeting for meeting in meetings.around(session, who, now=now) if parts_seen(who, meeting.unit, meeting.case)
    ]
    if not found:
        who.require(Right.SEE_NAMES)
        raise NothingToShow
    shown = [meeting for meeting in found if meeting.is_open(now)] or found
    return shown, any(is_elsewhere(who, meeting.unit) for meeting in shown)


def visible(session: Session, who: Actor, meeting_id: int) -> MeetingFacts:
    """The meeting for somebody who sees names there, be it of a part; else the refusal."""
    meeting = meetings.seen_by(session, who, meeting_id)
    if not parts_seen(who, meeting.unit, meeting.case):
        who.require(Right.SEE_NAMES, meeting.unit, meeting.case)
    return meeting


def read(session: Session, meeting: MeetingFacts, who: Actor) -> Sheet:
    everybody = standings(session, meeting)
    people = members.people(session, [one.member_id for one in everybody], meeting.on)
    is_part = not who.may(Right.SEE_NAMES, meeting.unit, meeting.case)
    if is_part:
        led = _led(session, who, meeting)
        mine = (people.get(one.member_id) for one in everybody)
        ids = {one.member_id for one in mine if one is not None and led & {one.branch_id, one.group_id}}
        everybody = [one for one in everybody if one.member_id in ids]
    found = counted(meeting, everybody)
    may_mark = who.may(Right.ROLL_CALL, meeting.unit, meeting.case)
    is_begun = meeting.state is MeetingState.OPEN or meeting.is_over
    whole = found if is_part else with_body(session, meeting, found)
    may_vote = who.may(Right.MINUTES, meeting.unit, meeting.case) and meeting.state in AT_WORK
    return Sheet(
        meeting,
        whole,
        tuple(entries(session, meeting, everybody, people)),
        may_mark=may_mark and meeting.state is MeetingState.OPEN,
        may_correct=is_begun and who.may(Right.CORRECT, meeting.unit, meeting.case),
        may_export=not is_part and who.may(Right.EXPORT, meeting.unit, meeting.case),
        may_vouch=may_mark and meeting.state is MeetingState.CLOSED and bool(found.self_signed),
        may_vote=may_vote and bool(whole.short),
        is_part=is_part,
        guests=() if is_part else guests(session, meeting.id),
        excused=() if is_part else excused(session, meeting, everybody),
    )


def _led(session: Session, who: Actor, meeting: MeetingFacts) -> set[int | None]:
    """Branches and groups of the body whose names this person sees."""
    parts = parts_seen(who, meeting.unit, meeting.case)
    below = (members.units_below(session, part, UnitKind.BRANCH, UnitKind.PARTY_GROUP) for part in parts)
    return {unit.id for units in below for unit in units}


def entries(
    session: Session, meeting: MeetingFacts, everybody: Sequence[Standing], people: dict[int, members.Person]
) -> list[Entry]:
    columns = (Attendance.member_id, Attendance.id, Attendance.leave_kind, Attendance.arrived_at)
    query = select(*columns, Attendance.is_for_other, Attendance.is_late_entry, MakeUp.id)
    query = query.outerjoin(MakeUp, MakeUp.attendance_id == Attendance.id)
    rows = {row[0]: row[1:] for row in session.execute(query.where(Attendance.meeting_id == meeting.id))}
    found = []
    for one in everybody:
        row = rows.get(one.member_id, (0, None, None, False, False, None))
        person = people.get(one.member_id)
        found.append(
            Entry(
                attendance_id=row[0],
                person=meetings.name_of(person) if person else Named(one.member_id, ""),
                is_due=one.is_due,
                answer=one.answer,
                leave_state=one.leave_state,
                leave_kind=row[1],
                status=one.status,
                arrived_at=row[2],
                left_at=one.left_at,
                is_time_unsure=one.is_time_unsure,
                explained_as=one.explained_as,
                is_for_other=row[3],
                is_late_entry=row[4],
                is_made_up=row[5] is not None,
            )
        )
    return found


def guests(session: Session, meeting_id: int) -> tuple[GuestLine, ...]:
    query = select(Guest.id, Guest.what, Guest.name, Guest.number).where(Guest.meeting_id == meeting_id)
    return tuple(GuestLine(*row) for row in session.execute(query.order_by(Guest.what, Guest.id)))


def excused(session: Session, meeting: MeetingFacts, everybody: Sequence[Standing]) -> tuple[Excused, ...]:
    """Who is on the roster of the day and not due, on whose word."""
    due = {one.member_id for one in everybody if one.is_due}
    return tuple(
        Excused(meetings.name_of(one.person), one.basis, one.approver, one.approved_on)
        for one in meetings.expected(session, meeting).exempt
        if one.person.member_id not in due
    )
