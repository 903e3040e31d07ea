"""Who is due, who answered, who came: the roll of a meeting, and the taps that change it.

A tap costs a handful of statements whatever the number of people. Leave is in `leave`, the list with names and what
is done on it in `marking`, opening and closing in `running`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import and_, bindparam, insert, or_, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.attendance import chain, rules
from bot.attendance.chain import Entry, Tip
from bot.attendance.facts import Answered, CheckedIn
from bot.attendance.models import Attendance, AttendanceEvent
from bot.attendance.opening import open_meeting
from bot.attendance.rules import (
    CAME,
    Action,
    Answer,
    LeaveState,
    NotYetOpen,
    Proof,
    SelfSignInOver,
    Status,
    sign_in,
    sign_in_after_outage,
)
from bot.attendance.standing import read
from bot.errors import UserError
from bot.inbox import Outage
from bot.meetings import cards
from bot.meetings import service as meetings
from bot.meetings.facts import MeetingFacts
from bot.meetings.models import Card, Meeting
from bot.meetings.rules import CardKind, MeetingState, Roll, RungName, SignIn
from bot.members import joining
from bot.members import service as members
from bot.members.models import Unit
from bot.members.rules import Actor, NotBound, UnitKind
from bot.message import Sender
from bot.outbox import OutboxRow
from bot.periods import beijing
from bot.statements import Query, Write


class NotDue(UserError):
    text = "您不在本次会议应到名单，可请书记登记列席。"


class AlreadyStarted(UserError):
    text = "会议已经开始，请点签到；不能到会的请联系书记。"


class NotOnline(UserError):
    text = "本次会议不能线上参加。"


class NotJoined(UserError):
    text = "您没有报名，不用退出。"


class AlreadyCheckedIn(UserError):
    text = "已于{at}签到"


class ByRollCall(UserError):
    text = "本次会议由书记点名，不用自己签到。"


class NotCheckedIn(UserError):
    text = "您还没有签到，不用登记离会。"


class AlreadyLeft(UserError):
    text = "已于{at}离会"


@dataclass(frozen=True, slots=True)
class Seat:
    """One person at one meeting whose row is held; `attendance_id` is None until something is written."""

    meeting: MeetingFacts
    tip: Tip
    cards: tuple[tuple[int, CardKind, int | None], ...]  # those that a tap of this person changes
    member_id: int
    attendance_id: int | None
    is_due: bool
    has_vote: bool
    answer: Answer
    leave_state: LeaveState
    status: Status
    arrived_at: datetime | None
    left_at: datetime | None


def refresh_requests(session: Session, attendance_id: int, *, now: datetime) -> None:
    """Have every message that asks to decide this person's leave show how it stands."""
    keys = select(OutboxRow.key).where(outbox.under(f"leave:{attendance_id}:"))
    for key in session.scalars(keys).all():
        outbox.refresh(session, key, now=now)


STANDING = (
    *(Attendance.is_due, Attendance.has_vote, Attendance.answer, Attendance.leave_state),
    *(Attendance.status, Attendance.arrived_at, Attendance.left_at),
)


# Built once and run on the connection: a tap is not to build what thousands of others have, nor to pass the ORM.
_CONCERNED = or_(Card.chat_id < 0, Card.chat_id == bindparam("user_id"), Card.what == CardKind.SHEET)
_SEAT = (
    select(*meetings.COLUMNS, Meeting.audit_seq, Meeting.audit_hash)
    .add_columns(Attendance.id, *STANDING, Card.chat_id, Card.what, Card.message_id)
    .join(Unit, Unit.id == Meeting.unit_id)
    .outerjoin(Attendance, and_(Attendance.meeting_id == Meeting.id, Attendance.member_id == bindparam("member_id")))
    .outerjoin(Card, and_(Card.meeting_id == Meeting.id, _CONCERNED))
    .where(Meeting.id == bindparam("meeting_id"))
)
_SEAT_SEEN, _SEAT_HELD = Query(_SEAT), Query(_SEAT.with_for_update(of=Meeting))
_RECORD = Write(update(Attendance).where(Attendance.id == bindparam("of")))
_NEW_RECORD = Query(insert(Attendance).returning(Attendance.id))


def seat(session: Session, who: Actor, meeting_id: int, *, is_locked: bool = True) -> Seat:
    """The person's place at the meeting, if there is one; a meeting of others and none at all read alike.

    Of its cards those that a tap of this person changes: in groups, in private with himself, and the sheets with names.
    """
    concerned = {"meeting_id": meeting_id, "member_id": who.member_id, "user_id": who.user_id}
    found = (_SEAT_HELD if is_locked else _SEAT_SEEN).all(session, concerned)
    if not found:
        raise meetings.NoSuchMeeting
    row = found[0]
    meeting = meetings.from_row(row)
    seq, last, attendance_id, *standing = row[len(meetings.COLUMNS) : -3]
    shown = tuple((card[-3], card[-2], card[-1]) for card in found if card[-3] is not None)
    if attendance_id is None:
        is_due, has_vote = _place(session, who, meeting)
        standing = [is_due, has_vote, Answer.NONE, LeaveState.NONE, Status.EXPECTED, None, None]
    return Seat(meeting, Tip(meeting_id, seq, last), shown, who.member_id, attendance_id, *standing)


def _place(session: Session, who: Actor, meeting: MeetingFacts) -> tuple[bool, bool]:
    """Whether somebody without a record is due, and with a vote; refused if he is not and cannot simply come.

    A cancelled meeting has places for all who know of it: they read that it is cancelled.
    """
    is_seen = meetings.sees(who, meeting)
    if is_seen and (meeting.is_voluntary or meeting.state is MeetingState.CANCELLED):
        return False, False
    if meeting.state is MeetingState.SCHEDULED:
        due = next((due for due in meetings.expected(session, meeting, only=who.member_id).due), None)
        if due is not None:
            return True, due.has_vote
    stands_in_group = meeting.unit.kind is UnitKind.PARTY_GROUP and who.branch and who.branch.covers(meeting.unit)
    raise NotDue if is_seen or stands_in_group else meetings.NoSuchMeeting  # a card of the branch's chat is read by all


def presser(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> Actor:
    """Who acts on a card. Somebody without an account is led to where he can ask for one."""
    try:
        return members.actor(session, sender, now=now)
    except NotBound as refusal:
        meeting = meetings.facts(session, meeting_id)
        place = members.unit_of_chat(session, sender.chat_id) or (meeting.unit if meeting else None)
        refusal.opens = joining.way_in(session, place) if place is not None else ""
        raise


# -- answers ---


def answer(
    session: Session, sender: Sender, meeting_id: int, version: int, wanted: Answer, *, now: datetime
) -> Answered:
    """参加, 线上参加, or NONE of who had joined without being due: the last tap wins, an equal one changes nothing; it
    takes a leave back."""
    who = presser(session, sender, meeting_id, now=now)
    at = seat(session, who, meeting_id)
    meetings.check_current(at.meeting, version)
    if at.status in CAME and at.arrived_at is not None:
        raise AlreadyCheckedIn(at=f"{beijing(at.arrived_at):%H:%M}")
    if sender.at >= at.meeting.starts_at:
        raise AlreadyStarted
    if wanted is Answer.ONLINE and not at.meeting.rules.is_online_allowed:
        raise NotOnline
    if wanted is Answer.NONE and (at.is_due or at.answer is Answer.NONE):
        raise NotJoined
    if at.answer is wanted:
        return Answered(at.meeting, wanted, is_changed=False)
    values: dict[str, object] = {"answer": wanted, "answered_at": now}
    entries = [Change(Action.ANSWERED, at.answer.name, wanted.name)]
    if at.leave_state in (LeaveState.ASKED, LeaveState.APPROVED):
        values |= {"leave_state": LeaveState.WITHDRAWN, "status": Status.EXPECTED}
        entries.append(Change(Action.LEAVE_WITHDRAWN, at.leave_state.name, LeaveState.WITHDRAWN.name))
    attendance_id = write(session, sender, at, values, entries, now=now)
    if at.leave_state is LeaveState.ASKED:
        refresh_requests(session, attendance_id, now=now)
    withdraw(session, at, RungName.R2)
    return Answered(at.meeting, wanted, is_changed=True)


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the audit chain about one person."""

    action: Action
    was: str
    became: str


def write(
    session: Session,
    sender: Sender,
    at: Seat,
    values: Mapping[str, object],
    changes: Sequence[Change],
    *,
    now: datetime,
) -> int:
    """Set the person's record, lengthen the chain, and have the cards follow; the id of the record."""
    attendance_id = at.attendance_id
    if attendance_id is None:
        fresh = {"meeting_id": at.meeting.id, "member_id": at.member_id, "is_due": at.is_due, "has_vote": at.has_vote}
        [(attendance_id,)] = _NEW_RECORD.all(session, {**fresh, **values})
    else:
        _RECORD.run(session, {"of": attendance_id, **values})
    entries = [Entry(change.action, attendance_id, change.was, change.became) for change in changes]
    chain.append(session, at.tip, entries, actor_id=at.member_id, update_id=sender.update_id, now=now)
    for chat_id, what, shown in at.cards:
        if shown is None and chat_id == sender.chat_id < 0 and sender.message_id is not None:
            cards.adopt(session, at.meeting.id, chat_id, sender.message_id)
        outbox.refresh(session, cards.key(at.meeting.id, chat_id, what), now=now)
    return attendance_id


def withdraw(session: Session, at: Seat, rung: RungName) -> None:
    """A reminder of this person that has not left yet is pointless now."""
    outbox.withdraw_one(session, reminder(at, rung))


def reminder(at: Seat, rung: RungName) -> str:
    """The key of a reminder of this person alone."""
    return f"meeting:{at.meeting.id}:v{at.meeting.version}:{rung.name}:1:m{at.member_id}"


# -- signing in ---


def check_in(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> CheckedIn:
    """签到, judged by the moment the tap was stored; a meeting whose time has come is opened by the first tap."""
    who = presser(session, sender, meeting_id, now=now)
    at = seat(session, who, meeting_id)
    meeting = at.meeting
    check_signable(at)
    judged = _judge(session, sender, meeting)
    if meeting.state is MeetingState.SCHEDULED:
        open_meeting(session, meeting, actor_id=None, update_id=sender.update_id, now=now)
        at = seat(session, who, meeting_id)
    values, changes = signed(at, judged)
    attendance_id = write(session, sender, at, values, changes, now=now)
    if at.leave_state is LeaveState.ASKED:
        refresh_requests(session, attendance_id, now=now)
    if sender.at >= meeting.starts_at:  # before that nobody has been chased
        withdraw(session, at, RungName.R5)
    return CheckedIn(meeting, judged.arrived_at, judged.status, judged.is_time_unsure)


def check_signable(at: Seat) -> None:
    meeting = at.meeting
    if meeting.state is MeetingState.CANCELLED:
        raise meetings.MeetingCancelled(month=meeting.on.month, day=meeting.on.day)
    if at.status in CAME and at.arrived_at is not None:
        raise AlreadyCheckedIn(at=f"{beijing(at.arrived_at):%H:%M}")
    if meeting.rules.sign_in is SignIn.ROLL_CALL:
        raise ByRollCall
    if not meeting.is_live:
        raise SelfSignInOver


def signed(at: Seat, judged: rules.SignIn) -> tuple[dict[str, object], list[Change]]:
    """What a sign-in writes: who comes from leave takes it back, who comes to help has joined."""
    values: dict[str, object] = {
        "status": judged.status,
        "arrived_at": judged.arrived_at,
        "time_unsure": judged.is_time_unsure,
        "is_online": at.answer is Answer.ONLINE,
        "proof": Proof.BUTTON,
        "left_at": None,
    }
    changes = [Change(Action.CHECKED_IN, at.status.name, judged.status.name)]
    if at.leave_state in (LeaveState.ASKED, LeaveState.APPROVED):
        values |= {"leave_state": LeaveState.WITHDRAWN, "answer": Answer.GOING}
        changes.append(Change(Action.LEAVE_WITHDRAWN, at.leave_state.name, LeaveState.WITHDRAWN.name))
    if not at.is_due:
        values["answer"] = Answer.GOING
    return values, changes


def _judge(session: Session, sender: Sender, meeting: MeetingFacts) -> rules.SignIn:
    window, margin = meeting.rules.window, meeting.rules.margin
    if sender.is_late:
        outage = session.scalar(select(Outage.from_at).where(Outage.from_at <= sender.at).order_by(Outage.id.desc()))
        if outage is not None:
            return sign_in_after_outage(sender.at, outage, meeting.starts_at, window, margin)
    try:
        return sign_in(sender.at, meeting.starts_at, window, margin)
    except NotYetOpen:
        if meeting.state is MeetingState.OPEN:  # by hand, before its time
            return rules.SignIn(Status.PRESENT, sender.at)
        raise
    except SelfSignInOver:
        if _is_reopened(session, meeting, sender.at):
            return rules.SignIn(Status.PRESENT, sender.at, is_time_unsure=True)
        raise


def _is_reopened(session: Session, meeting: MeetingFacts, at: datetime) -> bool:
    until = _reopened_until(session, meeting)
    return until is not None and at <= until


def _reopened_until(session: Session, meeting: MeetingFacts) -> datetime | None:
    """Until when the secretary has opened sign-in once more, after downtime."""
    query = select(AttendanceEvent.became).where(
        AttendanceEvent.meeting_id == meeting.id, AttendanceEvent.action == Action.REOPENED
    )
    until = session.scalar(query.order_by(AttendanceEvent.seq.desc()).limit(1))
    return None if until is None else datetime.fromisoformat(until)


def leave_early(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> datetime:
    """离会 by the person; the status stays. The moment it counts from."""
    who = presser(session, sender, meeting_id, now=now)
    at = seat(session, who, meeting_id)
    if at.left_at is not None:
        raise AlreadyLeft(at=f"{beijing(at.left_at):%H:%M}")
    if at.meeting.state is not MeetingState.OPEN or at.meeting.is_called:
        raise meetings.Ended(month=at.meeting.on.month, day=at.meeting.on.day)
    if at.status not in CAME:
        raise NotCheckedIn
    write(session, sender, at, {"left_at": sender.at}, [Change(Action.LEFT, at.status.name, at.status.name)], now=now)
    return sender.at


# -- the roll ---


def roll(
    session: Session,
    meeting_id: int,
    *,
    now: datetime,  # noqa: ARG001  a RollReader is asked as of now
    member_id: int | None = None,
) -> Roll:
    """The `RollReader`: who is due, answered and came, of everybody or of one person alone."""
    meeting = meetings.facts(session, meeting_id)
    if meeting is None:
        return Roll(meeting_id)
    found = read(session, meeting, member_id)
    if meeting.state is MeetingState.OPEN and meeting.extra_until is not None:  # held open because we were down
        return replace(found, reopened_until=_reopened_until(session, meeting))
    return found
