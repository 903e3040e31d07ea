"""Opening a meeting: its due list is frozen, and from now on people sign in. Also what a move does to all of it."""

from datetime import datetime

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from bot.attendance import chain
from bot.attendance.chain import Entry, Tip
from bot.attendance.models import Attendance
from bot.attendance.rules import CAME, Action, Answer, Status
from bot.meetings import cards
from bot.meetings import service as meetings
from bot.meetings.facts import MeetingFacts
from bot.meetings.models import Meeting
from bot.meetings.rules import MeetingState, RungName, check_early_opening
from bot.members import service as members
from bot.members.rules import Right
from bot.message import Sender


def tip_of(session: Session, meeting_id: int) -> Tip:
    """The end of the meeting's chain, with the meeting's row held."""
    query = select(Meeting.audit_seq, Meeting.audit_hash).where(Meeting.id == meeting_id).with_for_update()
    return Tip(meeting_id, *session.execute(query).one())


def open_meeting(
    session: Session, meeting: MeetingFacts, *, actor_id: int | None, update_id: int | None, now: datetime
) -> bool:
    """SCHEDULED → OPEN with the due list as the roster has it now; False if somebody else was first."""
    tip = tip_of(session, meeting.id)
    if not meetings.begin(session, meeting):
        return False
    due = {one.person.member_id: one.has_vote for one in meetings.expected(session, meeting).due}
    _freeze(session, meeting.id, due)
    frozen = [Entry(Action.FROZEN, became=str(len(due)))]
    chain.append(session, tip, frozen, actor_id=actor_id, update_id=update_id, now=now)
    cards.refresh(session, meeting.id, now=now)
    return True


def open_early(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> MeetingFacts:
    """立即开始签到: up to an hour before the start, with what is said and sent at sign-in."""
    who = members.actor(session, sender, now=now)
    meeting = meetings.seen_by(session, who, meeting_id, Right.ROLL_CALL, is_locked=True)
    if meeting.state is not MeetingState.SCHEDULED:
        raise meetings.StateChanged
    check_early_opening(meeting.starts_at, now=now)
    open_meeting(session, meeting, actor_id=who.recorded_id, update_id=sender.update_id, now=now)
    meetings.pull(session, meeting, RungName.R4, now=now)
    return meeting


def _freeze(session: Session, meeting_id: int, due: dict[int, bool]) -> None:
    query = select(Attendance.id, Attendance.member_id, Attendance.is_due, Attendance.has_vote)
    known = session.execute(query.where(Attendance.meeting_id == meeting_id)).all()
    for row in known:
        is_due = row.member_id in due
        if (row.is_due, row.has_vote) != (is_due, due.get(row.member_id, False)):
            values = {"is_due": is_due, "has_vote": due.get(row.member_id, False)}
            statement = update(Attendance).where(Attendance.id == row.id).values(**values)
            session.execute(statement.execution_options(synchronize_session=False))
    there = {row.member_id for row in known}
    fresh = [
        {"meeting_id": meeting_id, "member_id": member_id, "is_due": True, "has_vote": has_vote}
        for member_id, has_vote in due.items()
        if member_id not in there
    ]
    if fresh:
        session.execute(insert(Attendance), fresh)


def reset(
    session: Session,
    meeting_id: int,
    *,
    keeps_answers: bool,
    actor_id: int | None,
    update_id: int | None,
    now: datetime,
) -> None:
    """The `Resetter`: after a move nobody has signed in, and unless answers are kept nobody has said 参加 either."""
    going = Attendance.answer.in_([Answer.GOING, Answer.ONLINE])
    signed = Attendance.status.in_(CAME)
    query = select(Attendance.id, Attendance.status, Attendance.answer).where(
        Attendance.meeting_id == meeting_id, or_(signed, going)
    )
    entries = []
    for attendance_id, status, answer in session.execute(query).all():
        values: dict[str, object] = {}
        if status in CAME:
            values |= {"status": Status.EXPECTED, "arrived_at": None, "left_at": None, "proof": None}
            values |= {"time_unsure": False, "is_online": False, "is_for_other": False}
            entries.append(Entry(Action.RESET, attendance_id, status.name, Status.EXPECTED.name))
        if answer in (Answer.GOING, Answer.ONLINE) and not keeps_answers:
            values |= {"answer": Answer.NONE, "answered_at": None}
            entries.append(Entry(Action.RESET, attendance_id, answer.name, Answer.NONE.name))
        if values:
            statement = update(Attendance).where(Attendance.id == attendance_id).values(**values)
            session.execute(statement.execution_options(synchronize_session=False))
    chain.append(session, tip_of(session, meeting_id), entries, actor_id=actor_id, update_id=update_id, now=now)
