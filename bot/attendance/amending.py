"""What a correction writes: the record, its entries in the chain, the cards, and a word to the person concerned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, delete, or_, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.attendance import chain, correction_views
from bot.attendance.chain import Entry
from bot.attendance.models import Attendance, AttendanceEvent, MakeUp
from bot.attendance.opening import tip_of
from bot.attendance.rules import CAME, Action, Answer, LeaveState, Proof, ReasonKind, Status, Wanted
from bot.attendance.service import refresh_requests
from bot.meetings import cards
from bot.meetings import service as meetings
from bot.meetings.facts import MeetingFacts
from bot.members import quiet
from bot.members import service as members
from bot.members.models import Member
from bot.message import Message
from bot.outbox import Lane

STANDING_LEAVE = (LeaveState.ASKED, LeaveState.APPROVED)
NOT_HERE = {"arrived_at": None, "left_at": None, "proof": None, "is_online": False, "is_for_other": False}


@dataclass(frozen=True, slots=True)
class By:
    """Who corrects: for the chain, and as the person concerned reads it."""

    actor_id: int | None
    name: str
    update_id: int | None


def apply(
    session: Session, meeting: MeetingFacts, attendance_id: int, wanted: Wanted, reason: str, by: By, *, now: datetime
) -> None:
    """Make the record what is wanted; what it was stays in the chain."""
    columns = (Attendance.member_id, Attendance.is_due, Attendance.status, Attendance.leave_state)
    query = select(*columns, Attendance.leave_kind)
    row = session.execute(query.where(Attendance.id == attendance_id)).one()
    is_listing, is_voluntary = wanted.status is Status.EXPECTED, meeting.is_voluntary
    is_struck = is_listing and (row.is_due or (is_voluntary and row.status in CAME))
    is_added = not row.is_due and (not is_voluntary or (is_listing and not is_struck))
    if not is_struck and not is_added and wanted.is_met(row.status, row.leave_kind):
        return
    values = _values(row, wanted, by)
    if is_voluntary and not is_struck:
        values["answer"] = Answer.GOING
    if (is_struck or is_added) and not is_voluntary:
        has_vote = is_added and _has_vote(session, meeting, row.member_id)
        values |= {"is_due": is_added, "has_vote": has_vote}
    statement = update(Attendance).where(Attendance.id == attendance_id).values(**values)
    session.execute(statement.execution_options(synchronize_session=False))
    action = Action.ROLL_CORRECTED if is_struck or is_added else Action.CORRECTED
    was, became = None if is_added else row.status.name, None if is_struck else wanted.text
    entries = [Entry(action, attendance_id, was, became)]  # why stands in `corrections`, where it can be erased
    entries += _consequences(session, attendance_id, row.leave_state, wanted)
    tip = chain.append(
        session, tip_of(session, meeting.id), entries, actor_id=by.actor_id, update_id=by.update_id, now=now
    )
    if row.leave_state is LeaveState.ASKED:
        refresh_requests(session, attendance_id, now=now)
    cards.refresh(session, meeting.id, of=[row.member_id], now=now)
    if row.member_id != by.actor_id:
        states = (None if is_added else row.status, None if is_struck else wanted)
        message = correction_views.corrected(meeting, *states, by.name, reason, now=now)
        tell(session, meeting, row.member_id, f"corrected:{attendance_id}:{tip.seq}", message, now=now)


def _values(row: Row[int, bool, Status, LeaveState, ReasonKind | None], wanted: Wanted, by: By) -> dict[str, object]:
    values: dict[str, object] = {"status": wanted.status, "time_unsure": False}
    if wanted.status in CAME:
        if row.status not in CAME:  # when somebody came whom nobody noted is not known
            values |= {**NOT_HERE, "is_late_entry": True}
        if row.leave_state in STANDING_LEAVE:
            values |= {"leave_state": LeaveState.WITHDRAWN, "answer": Answer.GOING}
        return values
    values |= {**NOT_HERE, "is_late_entry": False}
    if wanted.status is Status.ON_LEAVE:
        values |= {"answer": Answer.LEAVE, "leave_state": LeaveState.APPROVED, "leave_kind": wanted.leave_kind}
        values |= {"decided_by": by.actor_id}
    elif row.leave_state in STANDING_LEAVE:
        values |= {"answer": Answer.NONE, "leave_state": LeaveState.WITHDRAWN}
    if wanted.status is Status.EXPECTED:
        values["answer"] = Answer.NONE
    return values


def _has_vote(session: Session, meeting: MeetingFacts, member_id: int) -> bool:
    return any(one.has_vote for one in meetings.expected(session, meeting, only=member_id).due)


def _consequences(session: Session, attendance_id: int, leave: LeaveState, wanted: Wanted) -> Sequence[Entry]:
    entries = []
    if leave in STANDING_LEAVE and wanted.status is not Status.ON_LEAVE:
        entries.append(Entry(Action.LEAVE_WITHDRAWN, attendance_id, leave.name, LeaveState.WITHDRAWN.name))
    if wanted.status in (*CAME, Status.EXPECTED):  # who was there has nothing to make up
        dropped = delete(MakeUp).where(MakeUp.attendance_id == attendance_id).returning(MakeUp.how)
        entries += [Entry(Action.MAKE_UP_DROPPED, attendance_id, how.name) for how in session.scalars(dropped)]
    return entries


def tell(session: Session, meeting: MeetingFacts, member_id: int, key: str, message: Message, *, now: datetime) -> None:
    """What became of one's record, in private and not by night."""
    _tell_all(session, meeting, {member_id: (key, message)}, now=now)


def tell_marked(session: Session, meeting: MeetingFacts, *, now: datetime) -> None:
    """At the close everybody whom somebody else has noted as here, or as gone, reads so, once and silently."""
    by_others = select(Attendance.id, Attendance.member_id, Attendance.status, Attendance.left_at, Member.name)
    by_others = (
        by_others.join(AttendanceEvent, AttendanceEvent.attendance_id == Attendance.id)
        .join(Member, Member.id == AttendanceEvent.actor_id)
        .where(Attendance.meeting_id == meeting.id, Attendance.status.in_(CAME))
        .where(AttendanceEvent.meeting_id == meeting.id)  # by which the index finds them
        .where(AttendanceEvent.action.in_([Action.MARKED, Action.LEFT]))
        .where(or_(Attendance.proof == Proof.ROLL_CALL, Attendance.left_at.is_not(None)))
        .where(AttendanceEvent.actor_id != Attendance.member_id)
        .order_by(AttendanceEvent.seq)
    )
    told: dict[int, tuple[str, Message]] = {}
    for attendance_id, member_id, status, left_at, by in session.execute(by_others):
        message = correction_views.marked(meeting, status, left_at, by, now=now)
        told[member_id] = (f"marked:{attendance_id}", message)
    _tell_all(session, meeting, told, now=now)


def _tell_all(
    session: Session, meeting: MeetingFacts, told: Mapping[int, tuple[str, Message]], *, now: datetime
) -> None:
    if not told:
        return
    people = members.people(session, told.keys(), meeting.on)
    hours = quiet.quiet_hours(session, meeting.unit, [one.user_id for one in people.values() if one.user_id])
    for member_id, (key, message) in told.items():
        person = people.get(member_id)
        if person is None or not person.is_reachable or person.user_id is None:
            continue
        own = hours.of(person.user_id)
        outbox.enqueue(
            session,
            key,
            chat_id=person.user_id,
            content=message,
            lane=Lane.NOTICE,
            now=now,
            due_at=own.end_after(now) if own.holds(now) else now,
            is_unasked=True,
        )
