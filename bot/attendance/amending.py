"""What a correction writes: the record, its entries in the chain, the cards, and a word to the person concerned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, delete, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.attendance import chain, correction_views
from bot.attendance.chain import Entry
from bot.attendance.models import Attendance, MakeUp
from bot.attendance.opening import tip_of
from bot.attendance.rules import CAME, Action, Answer, LeaveState, Status, Wanted
from bot.attendance.service import refresh_requests
from bot.meetings import cards
from bot.meetings import service as meetings
from bot.meetings.facts import MeetingFacts
from bot.members import quiet
from bot.members import service as members
from bot.members.rules import DueList
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
    query = select(Attendance.member_id, Attendance.is_due, Attendance.status, Attendance.leave_state)
    row = session.execute(query.where(Attendance.id == attendance_id)).one()
    is_open_to_all = meeting.rules.due_list is DueList.NOBODY
    is_struck = row.is_due and wanted.status is Status.EXPECTED
    is_added = not row.is_due and not is_open_to_all
    if not is_struck and not is_added and row.status is wanted.status:
        return
    values = _values(row, wanted, by)
    if is_struck or is_added:
        has_vote = is_added and _has_vote(session, meeting, row.member_id)
        values |= {"is_due": is_added, "has_vote": has_vote}
    statement = update(Attendance).where(Attendance.id == attendance_id).values(**values)
    session.execute(statement.execution_options(synchronize_session=False))
    action = Action.ROLL_CORRECTED if is_struck or is_added else Action.CORRECTED
    was, became = None if is_added else row.status.name, None if is_struck else wanted.text
    entries = [Entry(action, attendance_id, was, became, reason)]
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


def _values(row: Row[int, bool, Status, LeaveState], wanted: Wanted, by: By) -> dict[str, object]:
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
    person = members.people(session, [member_id], meeting.on).get(member_id)
    if person is None or not person.is_reachable or person.user_id is None:
        return
    hours = quiet.quiet_hours(session, meeting.unit, [person.user_id]).of(person.user_id)
    outbox.enqueue(
        session,
        key,
        chat_id=person.user_id,
        content=message,
        lane=Lane.NOTICE,
        now=now,
        due_at=hours.end_after(now) if hours.holds(now) else now,
        is_unasked=True,
    )
