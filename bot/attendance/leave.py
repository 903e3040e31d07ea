"""Leave asked and decided, and absence explained. Who decides has one message per request, which follows its state."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import false, or_, select, update
from sqlalchemy.orm import Session, aliased

from bot import outbox
from bot.attendance import chain, views
from bot.attendance.chain import Entry
from bot.attendance.facts import LeaveRequest
from bot.attendance.models import Attendance
from bot.attendance.opening import tip_of
from bot.attendance.rules import (
    CAME,
    CORRECTION,
    LEAVE_REASON,
    Action,
    Answer,
    CorrectionOver,
    LeaveState,
    ReasonKind,
    Status,
)
from bot.attendance.service import (
    AlreadyCheckedIn,
    AlreadyStarted,
    Change,
    Seat,
    presser,
    refresh_requests,
    seat,
    withdraw,
    write,
)
from bot.errors import UserError
from bot.meetings import cards
from bot.meetings import service as meetings
from bot.meetings.facts import MeetingFacts
from bot.meetings.models import Meeting
from bot.meetings.rules import MeetingState, RungName
from bot.members import directory, prompts
from bot.members import service as members
from bot.members import views as members_views
from bot.members.models import Member, Unit
from bot.members.rules import Case, Right, Role
from bot.message import Edit, Sender
from bot.outbox import Lane, OutboxRow, Rendered, Sent
from bot.periods import beijing

MOST_REQUESTS = 50


class AlreadyOnLeave(UserError):
    text = "您已请假，不用再提交。"


class NoLeave(UserError):
    text = "志愿服务自愿参加，不用请假。"


class AlreadyDecided(UserError):
    text = "已由{name}处理"
    ends_buttons = True


class NothingToDecide(UserError):
    text = "这个请假已处理，或您不能审批。"
    ends_buttons = True


class LeaveWithdrawn(UserError):
    text = "本人已撤回请假。"
    ends_buttons = True


class ReasonTooLong(UserError):
    text = "请假原因请不超过{most}个字。"


class NothingToExplain(UserError):
    text = "您没有需要说明的缺席。"


def offer_leave(
    session: Session, sender: Sender, meeting_id: int, version: int | None = None, *, now: datetime
) -> MeetingFacts:
    """Check that the person may ask, before the kinds of leave are shown; changes nothing."""
    who = presser(session, sender, meeting_id, now=now)
    at = seat(session, who, meeting_id, is_locked=False)
    _check_askable(sender, at, at.meeting.version if version is None else version)
    return at.meeting


def _check_askable(sender: Sender, at: Seat, version: int) -> None:
    meetings.check_current(at.meeting, version)
    if at.status in CAME and at.arrived_at is not None:
        raise AlreadyCheckedIn(at=f"{beijing(at.arrived_at):%H:%M}")
    if sender.at >= at.meeting.starts_at:
        raise AlreadyStarted
    if at.meeting.is_voluntary:
        raise NoLeave
    if at.leave_state in (LeaveState.ASKED, LeaveState.APPROVED):
        raise AlreadyOnLeave


def ask_leave(
    session: Session, sender: Sender, meeting_id: int, version: int, kind: ReasonKind, *, now: datetime
) -> MeetingFacts:
    """Submit a leave, and ask those who may decide it; a reason may follow as text."""
    at = seat(session, members.actor(session, sender, now=now), meeting_id)
    _check_askable(sender, at, version)
    meeting = at.meeting
    values = {
        "answer": Answer.LEAVE,
        "answered_at": now,
        "leave_state": LeaveState.ASKED,
        "leave_kind": kind,
        "leave_reason": None,
        "decided_by": None,
    }
    changes = [Change(Action.LEAVE_ASKED, at.leave_state.name, LeaveState.ASKED.name)]
    attendance_id = write(session, sender, at, values, changes, now=now)
    withdraw(session, at, RungName.R2)
    prompts.await_text(session, sender, "attendance:reason", str(attendance_id), now=now)
    case = Case(of_id=at.member_id, is_of_secretary=_is_secretary(session, meeting, at.member_id, now=now))
    for holder in members.holders(session, Right.APPROVE_LEAVE, meeting.unit.id, now=now, case=case):
        if holder.is_reachable and holder.user_id is not None and holder.member_id != at.member_id:
            key = f"leave:{attendance_id}:{at.tip.seq + 1}:{holder.user_id}"
            outbox.refresh(session, key, now=now, lane=Lane.NOTICE)
    return meeting


def _is_secretary(session: Session, meeting: MeetingFacts, member_id: int, *, now: datetime) -> bool:
    holders = members.holders(session, Right.APPROVE_LEAVE, meeting.unit.id, now=now)
    return any(one.member_id == member_id and one.role is Role.SECRETARY for one in holders)


def stay(session: Session, sender: Sender, meeting_id: int, version: int, *, now: datetime) -> None:
    """仍请假 after a move: the leave stands as it is."""
    at = seat(session, members.actor(session, sender, now=now), meeting_id)
    meetings.check_current(at.meeting, version)
    if at.leave_state not in (LeaveState.ASKED, LeaveState.APPROVED):
        raise LeaveWithdrawn


def add_reason(session: Session, sender: Sender, attendance_id: int, text: str, *, now: datetime) -> MeetingFacts:
    """The words that follow a leave; whoever decides it sees them in the message he has."""
    who = members.actor(session, sender, now=now)
    reason = " ".join(text.split())
    if len(reason) > LEAVE_REASON:
        raise ReasonTooLong(most=LEAVE_REASON)
    statement = update(Attendance).where(
        Attendance.id == attendance_id,
        Attendance.member_id == who.member_id,
        Attendance.leave_state.in_([LeaveState.ASKED, LeaveState.APPROVED]),
    )
    changed = session.execute(statement.values(leave_reason=reason).returning(Attendance.meeting_id)).first()
    prompts.forget_text(session, sender, now=now)
    if changed is None:
        raise LeaveWithdrawn
    refresh_requests(session, attendance_id, now=now)
    meeting = meetings.facts(session, changed[0])
    assert meeting is not None
    return meeting


def show_request(session: Session, sender: Sender, attendance_id: int, *, now: datetime) -> LeaveRequest:
    """One request for who may decide it."""
    found = next((one for one in waiting_for(session, sender, now=now) if one.attendance_id == attendance_id), None)
    if found is None:
        raise NothingToDecide
    return found


def decide_leave(
    session: Session, sender: Sender, attendance_id: int, *, is_approved: bool, now: datetime
) -> LeaveRequest:
    """同意 or 不同意; the first press decides, never one's own."""
    who = members.actor(session, sender, now=now)
    row = session.execute(
        select(Attendance.meeting_id, Attendance.member_id, Attendance.leave_state, Attendance.status).where(
            Attendance.id == attendance_id
        )
    ).one_or_none()
    if row is None:
        raise meetings.NoSuchMeeting
    meeting = meetings.seen_by(session, who, row.meeting_id, is_locked=True)
    is_secretary = _is_secretary(session, meeting, row.member_id, now=now)
    who.require(Right.APPROVE_LEAVE, meeting.unit, Case(of_id=row.member_id, is_of_secretary=is_secretary))
    if meeting.state is MeetingState.CANCELLED:
        raise meetings.MeetingCancelled(month=meeting.on.month, day=meeting.on.day)
    if now > meeting.ends_at + CORRECTION:
        raise CorrectionOver
    _settle(session, attendance_id, who.recorded_id, row.status, is_approved=is_approved)
    action = Action.LEAVE_APPROVED if is_approved else Action.LEAVE_REJECTED
    state = LeaveState.APPROVED if is_approved else LeaveState.REJECTED
    tip = tip_of(session, meeting.id)
    entries = [Entry(action, attendance_id, LeaveState.ASKED.name, state.name)]
    chain.append(session, tip, entries, actor_id=who.recorded_id, update_id=sender.update_id, now=now)
    request = find(session, attendance_id)
    assert request is not None
    _tell_asker(session, request, row.member_id, tip.seq + 1, is_secretary=is_secretary, now=now)
    # Before sign-in a group counts who asks for leave and who has it as one.
    is_counted = not is_approved or meeting.state is not MeetingState.SCHEDULED
    cards.refresh(session, meeting.id, of=[row.member_id], in_groups=is_counted, now=now)
    refresh_requests(session, attendance_id, now=now)
    return request


def decide_pressed(
    session: Session, sender: Sender, attendance_id: int, *, is_approved: bool, now: datetime
) -> tuple[LeaveRequest, bool]:
    """The same by a button; and whether the message that holds it follows by itself."""
    request = decide_leave(session, sender, attendance_id, is_approved=is_approved, now=now)
    own = outbox.under(f"leave:{attendance_id}:"), OutboxRow.message_id == sender.message_id
    shown = session.scalars(select(OutboxRow.key).where(*own)).all()
    return request, any(key.endswith(f":{sender.chat_id}") for key in shown)


def _settle(session: Session, attendance_id: int, decided_by: int | None, status: Status, *, is_approved: bool) -> None:
    """The first press wins by condition; whoever comes later reads who was first."""
    values: dict[str, object] = {"decided_by": decided_by}
    if is_approved:
        away = status in (Status.EXPECTED, Status.ABSENT)
        values |= {"leave_state": LeaveState.APPROVED, "status": Status.ON_LEAVE if away else status}
    else:
        values |= {"leave_state": LeaveState.REJECTED, "answer": Answer.NONE}
    statement = update(Attendance).where(Attendance.id == attendance_id, Attendance.leave_state == LeaveState.ASKED)
    statement = statement.values(**values).execution_options(synchronize_session=False)
    if session.execute(statement.returning(Attendance.id)).first() is None:
        request = find(session, attendance_id)
        if request is None or not request.decided_by:
            raise LeaveWithdrawn
        raise AlreadyDecided(name=request.decided_by)


def _tell_asker(
    session: Session, request: LeaveRequest, member_id: int, seq: int, *, is_secretary: bool, now: datetime
) -> None:
    person = members.people(session, [member_id], request.meeting.on).get(member_id)
    if person is None or not person.is_reachable or person.user_id is None:
        return
    outbox.enqueue(
        session,
        f"leave_told:{request.attendance_id}:{seq}",
        chat_id=person.user_id,
        content=views.decided(request, is_secretary=is_secretary, now=now),
        lane=Lane.NOTICE,
        now=now,
    )


def find(session: Session, attendance_id: int) -> LeaveRequest | None:
    """The request as those who decide read it."""
    decider = aliased(Member)
    query = (
        select(Attendance.meeting_id, Attendance.member_id, Attendance.leave_kind, Attendance.leave_reason)
        .add_columns(Attendance.leave_state, decider.name)
        .outerjoin(decider, decider.id == Attendance.decided_by)
        .where(Attendance.id == attendance_id)
    )
    row = session.execute(query).one_or_none()
    if row is None or row[2] is None:
        return None
    meeting = meetings.facts(session, row[0])
    assert meeting is not None
    name = members_views.names(directory.namesakes(session, row[1], meeting.on))[row[1]]
    return LeaveRequest(attendance_id, meeting, name, row[2], row[3] or "", row[4], row[5] or "")


def render(session: Session, key: str, now: datetime) -> Rendered | None:
    """The message of one who decides: sent once, then edited with the request."""
    _, attendance_id, _, chat_id = key.split(":")
    request = find(session, int(attendance_id))
    if request is None:
        return None
    shown = session.scalar(select(OutboxRow.message_id).where(OutboxRow.key == key))
    message = views.request(request, now=now)
    if shown is not None:
        return Rendered(int(chat_id), Edit(message, shown))
    is_open = request.state is LeaveState.ASKED and request.meeting.state is not MeetingState.CANCELLED
    return Rendered(int(chat_id), message) if is_open else None


def sent(session: Session, key: str, what: Sent) -> None:
    """The id is kept even where a new state was asked for while the message was on its way: it is edited then."""
    if what.message_id is not None:
        statement = update(OutboxRow).where(OutboxRow.key == key).values(message_id=what.message_id)
        session.execute(statement.execution_options(synchronize_session=False))


def waiting_for(session: Session, sender: Sender, *, now: datetime) -> list[LeaveRequest]:
    """Requests this person may decide, nearest meeting first."""
    who = members.actor(session, sender, now=now)
    below = [Unit.path.startswith(grant.unit.path) for grant in who.grants]
    query = (
        select(Attendance.id, Attendance.member_id, Attendance.meeting_id)
        .join(Meeting, Meeting.id == Attendance.meeting_id)
        .join(Unit, Unit.id == Meeting.unit_id)
        .where(Attendance.leave_state == LeaveState.ASKED, Meeting.state != MeetingState.CANCELLED)
        .where(Meeting.ends_at >= now - CORRECTION)
        .where(or_(false(), *below))
        .order_by(Meeting.starts_at, Attendance.id)
        .limit(MOST_REQUESTS)
    )
    found = []
    for attendance_id, member_id, meeting_id in session.execute(query).all():
        meeting = meetings.facts(session, meeting_id)
        assert meeting is not None
        case = Case(of_id=member_id, is_of_secretary=_is_secretary(session, meeting, member_id, now=now))
        request = find(session, attendance_id) if who.may(Right.APPROVE_LEAVE, meeting.unit, case) else None
        if request is not None:
            found.append(request)
    return found


def explain(session: Session, sender: Sender, meeting_id: int, kind: ReasonKind, *, now: datetime) -> MeetingFacts:
    """Why somebody did not come, once the meeting has begun; the status stays."""
    who = members.actor(session, sender, now=now)
    at = seat(session, who, meeting_id)
    away = at.status is Status.ABSENT or (at.status is Status.EXPECTED and now >= at.meeting.starts_at)
    if not away or at.meeting.state is MeetingState.CANCELLED:
        raise NothingToExplain
    values = {"explained_as": kind, "explained_at": now}
    unseen = replace(at, cards=())  # no list shows it
    write(session, sender, unseen, values, [Change(Action.EXPLAINED, at.status.name, kind.name)], now=now)
    withdraw(session, at, RungName.R8)
    return at.meeting
