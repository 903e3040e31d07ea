"""点名 and 离会 on the list with names, by those who may; and the list as it is delivered."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.attendance import chain, sheet, sheet_views
from bot.attendance.chain import Entry as Event
from bot.attendance.facts import Sheet
from bot.attendance.models import Attendance
from bot.attendance.opening import tip_of
from bot.attendance.rules import CAME, Action, Answer, LeaveState, Proof, Status, is_elsewhere, parts_seen
from bot.attendance.service import refresh_requests
from bot.errors import UserError
from bot.meetings import cards
from bot.meetings import service as meetings
from bot.meetings.facts import MeetingFacts
from bot.meetings.models import Card
from bot.meetings.rules import CardKind, MeetingState
from bot.members import service as members
from bot.members.rules import Actor, Right
from bot.message import Edit, Message, Sender
from bot.outbox import Rendered, Sent

MARKS = {"p": Status.PRESENT, "l": Status.LATE, "e": Status.EXPECTED}


class NotRunning(UserError):
    text = "会议没有在进行，不能点名。"


class NotHere(UserError):
    text = "这位同志还没有签到，不用登记离会。"


def post_sheet(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> None:
    """/roll and 考勤表: the list comes into the person's private chat."""
    who = members.actor(session, sender, now=now)
    sheet.visible(session, who, meeting_id)
    cards.post_anew(session, meeting_id, who.user_id, now=now)


def sheet_to_mark(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> Sheet:
    """The list for somebody who is about to mark on it."""
    who = members.actor(session, sender, now=now)
    return sheet.read(session, _callable(session, who, meeting_id, is_locked=False), who)


def mark(
    session: Session, sender: Sender, attendance_id: int, to: str, *, is_for_other: bool = False, now: datetime
) -> Sheet:
    """点名 of one person: here, late, or neither; 代录 if that is how the mark was made."""
    who = members.actor(session, sender, now=now)
    status = MARKS.get(to)
    query = select(Attendance.meeting_id, Attendance.member_id, Attendance.status, Attendance.leave_state)
    row = session.execute(query.where(Attendance.id == attendance_id)).one_or_none()
    if row is None or status is None:
        raise meetings.NoSuchMeeting
    meeting = _callable(session, who, row.meeting_id)
    if row.status is not status:
        values = _marked(status, row.leave_state, now=now) | {"is_for_other": is_for_other and status in CAME}
        event = Event(Action.MARKED, attendance_id, row.status.name, status.name)
        _write(session, sender, who, meeting, row.member_id, event, values, now=now)
        if row.leave_state is LeaveState.ASKED:
            refresh_requests(session, attendance_id, now=now)
    return sheet.read(session, meeting, who)


def mark_left(session: Session, sender: Sender, attendance_id: int, *, now: datetime) -> Sheet:
    """离会 of somebody who is here; once more takes it back. The status stays."""
    who = members.actor(session, sender, now=now)
    query = select(Attendance.meeting_id, Attendance.member_id, Attendance.status, Attendance.left_at)
    row = session.execute(query.where(Attendance.id == attendance_id)).one_or_none()
    if row is None:
        raise meetings.NoSuchMeeting
    meeting = _callable(session, who, row.meeting_id)
    if row.status not in CAME:
        raise NotHere
    left_at = None if row.left_at is not None else sender.at
    moments = (at.isoformat() if at is not None else None for at in (row.left_at, left_at))
    event = Event(Action.LEFT, attendance_id, *moments)
    _write(session, sender, who, meeting, row.member_id, event, {"left_at": left_at}, now=now)
    return sheet.read(session, meeting, who)


def _write(
    session: Session,
    sender: Sender,
    who: Actor,
    meeting: MeetingFacts,
    member_id: int,
    event: Event,
    values: Mapping[str, object],
    *,
    now: datetime,
) -> None:
    statement = update(Attendance).where(Attendance.id == event.attendance_id).values(**values)
    session.execute(statement.execution_options(synchronize_session=False))
    tip = tip_of(session, meeting.id)
    chain.append(session, tip, [event], actor_id=who.recorded_id, update_id=sender.update_id, now=now)
    cards.refresh(session, meeting.id, of=[member_id], now=now)


def mark_rest(session: Session, sender: Sender, meeting_id: int, *, is_for_other: bool = False, now: datetime) -> Sheet:
    """其余全部到会: everybody due who is neither here nor on leave nor waiting for it."""
    who = members.actor(session, sender, now=now)
    meeting = _callable(session, who, meeting_id)
    statement = update(Attendance).where(
        Attendance.meeting_id == meeting_id,
        Attendance.is_due,
        Attendance.status == Status.EXPECTED,
        Attendance.leave_state != LeaveState.ASKED,
    )
    values = _marked(Status.PRESENT, LeaveState.NONE, now=now) | {"is_for_other": is_for_other}
    statement = statement.values(**values).returning(Attendance.id)
    ids = sorted(session.scalars(statement.execution_options(synchronize_session=False)))
    events = [Event(Action.MARKED, one, Status.EXPECTED.name, Status.PRESENT.name) for one in ids]
    tip = tip_of(session, meeting_id)
    chain.append(session, tip, events, actor_id=who.recorded_id, update_id=sender.update_id, now=now)
    cards.refresh(session, meeting_id, now=now)
    return sheet.read(session, meeting, who)


def _callable(session: Session, who: Actor, meeting_id: int, *, is_locked: bool = True) -> MeetingFacts:
    meeting = meetings.seen_by(session, who, meeting_id, Right.ROLL_CALL, is_locked=is_locked)
    if meeting.state is not MeetingState.OPEN:
        raise NotRunning
    return meeting


def _marked(status: Status, leave: LeaveState, *, now: datetime) -> dict[str, object]:
    if status is Status.EXPECTED:
        values: dict[str, object] = {"status": status, "arrived_at": None, "left_at": None, "proof": None}
        return {**values, "time_unsure": False, "is_for_other": False}
    values = {"status": status, "arrived_at": now, "left_at": None, "proof": Proof.ROLL_CALL}
    if leave in (LeaveState.ASKED, LeaveState.APPROVED):
        values |= {"leave_state": LeaveState.WITHDRAWN, "answer": Answer.GOING}
    return {**values, "time_unsure": False, "is_online": False}


# -- what delivery asks and tells ---


def render(session: Session, key: str, now: datetime) -> Rendered | None:
    """The list as it is now, posted or edited; none for somebody who may no longer see names."""
    meeting_id, chat_id = cards.parse(key)
    who = members.actor(session, Sender(chat_id, chat_id, now), now=now)
    meeting = meetings.facts(session, meeting_id)
    if meeting is None or not parts_seen(who, meeting.unit, meeting.case):
        return None
    host = meeting.unit.name if is_elsewhere(who, meeting.unit) else ""
    message: Message = sheet_views.sheet(sheet.read(session, meeting, who), host, now=now)
    shown = cards.message_id(session, meeting_id, chat_id, CardKind.SHEET)
    return Rendered(chat_id, Edit(message, shown) if shown else message)


def sent(session: Session, key: str, what: Sent) -> None:
    meeting_id, chat_id = cards.parse(key)
    statement = update(Card).where(Card.meeting_id == meeting_id, Card.chat_id == chat_id, Card.what == CardKind.SHEET)
    session.execute(statement.values(message_id=what.message_id).execution_options(synchronize_session=False))
