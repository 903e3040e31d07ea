"""The list with names: who may see it, and 点名 by those who may."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.attendance import chain, sheet_views
from bot.attendance.chain import Entry as Event
from bot.attendance.facts import Entry, Sheet
from bot.attendance.models import Attendance
from bot.attendance.opening import tip_of
from bot.attendance.rules import Action, Answer, LeaveState, Proof, Status
from bot.attendance.standing import counted, standings
from bot.errors import UserError
from bot.meetings import cards
from bot.meetings import service as meetings
from bot.meetings.facts import MeetingFacts, Named
from bot.meetings.models import Card
from bot.meetings.rules import CardKind, MeetingState
from bot.members import service as members
from bot.members.rules import Actor, Right
from bot.message import Edit, Message, Sender
from bot.outbox import Rendered, Sent

MARKS = {"p": Status.PRESENT, "l": Status.LATE, "e": Status.EXPECTED}


class NotRunning(UserError):
    text = "会议没有在进行，不能点名。"


class NothingToShow(UserError):
    text = "现在没有可以查看的考勤表。"


def sheets(session: Session, sender: Sender, *, now: datetime) -> list[MeetingFacts]:
    """Meetings whose names this person may see: running ones if there are any, else what is near."""
    who = members.actor(session, sender, now=now)
    found = [
        meeting
        for meeting in meetings.around(session, who, now=now)
        if who.may(Right.SEE_NAMES, meeting.unit, meeting.case)
    ]
    if not found:
        who.require(Right.SEE_NAMES)
        raise NothingToShow
    return [meeting for meeting in found if meeting.is_open(now)] or found


def post_sheet(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> None:
    """/roll and 考勤表: the list comes into the person's private chat."""
    who = members.actor(session, sender, now=now)
    meetings.seen_by(session, who, meeting_id, Right.SEE_NAMES)
    cards.post_anew(session, meeting_id, who.user_id, now=now)


def sheet_to_mark(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> Sheet:
    """The list for somebody who is about to mark on it."""
    who = members.actor(session, sender, now=now)
    return _sheet(session, _callable(session, who, meeting_id, is_locked=False), who)


def _sheet(session: Session, meeting: MeetingFacts, who: Actor) -> Sheet:
    everybody = standings(session, meeting)
    people = members.people(session, [one.member_id for one in everybody], meeting.on)
    columns = (Attendance.member_id, Attendance.id, Attendance.leave_kind, Attendance.arrived_at)
    found = session.execute(select(*columns).where(Attendance.meeting_id == meeting.id))
    recorded = {row[0]: row for row in found}
    entries = []
    for one in everybody:
        row = recorded.get(one.member_id)
        person = people.get(one.member_id)
        entries.append(
            Entry(
                attendance_id=row[1] if row else 0,
                person=meetings.name_of(person) if person else Named(one.member_id, ""),
                is_due=one.is_due,
                answer=one.answer,
                leave_state=one.leave_state,
                leave_kind=row[2] if row else None,
                status=one.status,
                arrived_at=row[3] if row else None,
                left_at=one.left_at,
                is_time_unsure=one.is_time_unsure,
                explained_as=one.explained_as,
            )
        )
    may_mark = meeting.state is MeetingState.OPEN and who.may(Right.ROLL_CALL, meeting.unit, meeting.case)
    return Sheet(meeting, counted(meeting, everybody), tuple(entries), may_mark)


def mark(session: Session, sender: Sender, attendance_id: int, to: str, *, now: datetime) -> Sheet:
    """点名 of one person: here, late, or neither."""
    who = members.actor(session, sender, now=now)
    status = MARKS.get(to)
    query = select(Attendance.meeting_id, Attendance.member_id, Attendance.status, Attendance.leave_state)
    row = session.execute(query.where(Attendance.id == attendance_id)).one_or_none()
    if row is None or status is None:
        raise meetings.NoSuchMeeting
    meeting = _callable(session, who, row.meeting_id)
    if row.status is not status:
        values = _marked(status, row.leave_state, now=now)
        statement = update(Attendance).where(Attendance.id == attendance_id).values(**values)
        session.execute(statement.execution_options(synchronize_session=False))
        events = [Event(Action.MARKED, attendance_id, row.status.name, status.name)]
        tip = tip_of(session, meeting.id)
        chain.append(session, tip, events, actor_id=who.recorded_id, update_id=sender.update_id, now=now)
        cards.refresh(session, meeting.id, of=[row.member_id], now=now)
    return _sheet(session, meeting, who)


def mark_rest(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> Sheet:
    """其余全部到会: everybody due who is neither here nor on leave nor waiting for it."""
    who = members.actor(session, sender, now=now)
    meeting = _callable(session, who, meeting_id)
    statement = update(Attendance).where(
        Attendance.meeting_id == meeting_id,
        Attendance.is_due,
        Attendance.status == Status.EXPECTED,
        Attendance.leave_state != LeaveState.ASKED,
    )
    statement = statement.values(**_marked(Status.PRESENT, LeaveState.NONE, now=now)).returning(Attendance.id)
    ids = sorted(session.scalars(statement.execution_options(synchronize_session=False)))
    events = [Event(Action.MARKED, one, Status.EXPECTED.name, Status.PRESENT.name) for one in ids]
    tip = tip_of(session, meeting_id)
    chain.append(session, tip, events, actor_id=who.recorded_id, update_id=sender.update_id, now=now)
    cards.refresh(session, meeting_id, now=now)
    return _sheet(session, meeting, who)


def _callable(session: Session, who: Actor, meeting_id: int, *, is_locked: bool = True) -> MeetingFacts:
    meeting = meetings.seen_by(session, who, meeting_id, Right.ROLL_CALL, is_locked=is_locked)
    if meeting.state is not MeetingState.OPEN:
        raise NotRunning
    return meeting


def _marked(status: Status, leave: LeaveState, *, now: datetime) -> dict[str, object]:
    if status is Status.EXPECTED:
        return {"status": status, "arrived_at": None, "left_at": None, "proof": None, "time_unsure": False}
    values: dict[str, object] = {"status": status, "arrived_at": now, "left_at": None, "proof": Proof.ROLL_CALL}
    if leave in (LeaveState.ASKED, LeaveState.APPROVED):
        values |= {"leave_state": LeaveState.WITHDRAWN, "answer": Answer.GOING}
    return {**values, "time_unsure": False, "is_online": False}


# -- what delivery asks and tells ---


def render(session: Session, key: str, now: datetime) -> Rendered | None:
    """The list as it is now, posted or edited; none for somebody who may no longer see names."""
    meeting_id, chat_id = cards.parse(key)
    who = members.actor(session, Sender(chat_id, chat_id, now), now=now)
    meeting = meetings.facts(session, meeting_id)
    if meeting is None or not who.may(Right.SEE_NAMES, meeting.unit, meeting.case):
        return None
    message: Message = sheet_views.sheet(_sheet(session, meeting, who), now=now)
    shown = cards.message_id(session, meeting_id, chat_id, CardKind.SHEET)
    return Rendered(chat_id, Edit(message, shown) if shown else message)


def sent(session: Session, key: str, what: Sent) -> None:
    meeting_id, chat_id = cards.parse(key)
    statement = update(Card).where(Card.meeting_id == meeting_id, Card.chat_id == chat_id, Card.what == CardKind.SHEET)
    session.execute(statement.values(message_id=what.message_id).execution_options(synchronize_session=False))
