"""Corrections that wait for a second person: proposed by an officer after 48 hours, or by who forgot to sign in."""

from datetime import datetime

from sqlalchemy import false, or_, select, update
from sqlalchemy.orm import Session, aliased

from bot import outbox
from bot.attendance import amending, chain, correction_views
from bot.attendance.chain import Entry
from bot.attendance.facts import Proposal
from bot.attendance.models import Attendance, AttendanceEvent, Correction
from bot.attendance.opening import tip_of
from bot.attendance.rules import CORRECTION, PROPOSAL, Action, CorrectionOver, CorrectionState, Status, Wanted
from bot.attendance.service import seat
from bot.errors import UserError
from bot.meetings import service as meetings
from bot.meetings.facts import MeetingFacts
from bot.meetings.models import Meeting
from bot.members import directory
from bot.members import service as members
from bot.members import views as members_views
from bot.members.models import Member, Unit
from bot.members.rules import Actor, Case, Right
from bot.message import Edit, Sender
from bot.outbox import Lane, OutboxRow, Rendered, Sent

MOST_LISTED = 50


class AlreadyProposed(UserError):
    text = "这条记录已有更正等待确认。"


class ProposalSettled(UserError):
    text = "这条更正已由{name}处理。"
    ends_buttons = True


class ProposalGone(UserError):
    text = "这条更正已失效，或您不能确认。"
    ends_buttons = True


class NotAbsent(UserError):
    text = "您的记录不是缺席，不用补签。"


def note(
    session: Session,
    who: Actor,
    attendance_id: int,
    wanted: Wanted,
    reason: str,
    state: CorrectionState,
    *,
    now: datetime,
) -> int:
    """Keep what somebody wants of a record, and why; done at once it is his own decision."""
    row = Correction(attendance_id=attendance_id, to_status=wanted.status, reason=reason, proposed_at=now, state=state)
    row.proposed_by, row.decided_by = who.member_id, None if state is CorrectionState.PROPOSED else who.member_id
    session.add(row)
    session.flush()
    return row.id


def propose(
    session: Session,
    sender: Sender,
    meeting: MeetingFacts,
    who: Actor,
    attendance_id: int,
    was: Status | None,
    wanted: Wanted,
    reason: str,
    *,
    now: datetime,
) -> None:
    """Ask all who may confirm. `was` is none for somebody who is not on the list."""
    correction_id = note(session, who, attendance_id, wanted, reason, CorrectionState.PROPOSED, now=now)
    entry = Entry(Action.PROPOSED, attendance_id, was.name if was else None, wanted.text)
    tip = tip_of(session, meeting.id)
    chain.append(session, tip, [entry], actor_id=who.recorded_id, update_id=sender.update_id, now=now)
    case = _case(session, meeting, who.member_id, now=now)
    for holder in members.holders(session, Right.CONFIRM_CORRECTION, meeting.unit.id, now=now, case=case):
        if holder.is_reachable and holder.member_id != who.member_id:
            outbox.refresh(session, f"correction:{correction_id}:{holder.user_id}", now=now, lane=Lane.NOTICE)


def _case(session: Session, meeting: MeetingFacts, proposed_by: int, *, now: datetime) -> Case:
    """Who stands above confirms only where nobody of the unit can."""
    others = members.holders(session, Right.CONFIRM_CORRECTION, meeting.unit.id, now=now)
    return Case(of_id=proposed_by, has_second_holder=any(one.member_id != proposed_by for one in others))


def pending(session: Session, attendance_id: int) -> Proposal | None:
    query = select(Correction.id).where(
        Correction.attendance_id == attendance_id, Correction.state == CorrectionState.PROPOSED
    )
    found = session.scalar(query)
    return find(session, found) if found is not None else None


def forgot(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> MeetingFacts:
    """忘记签到: who was there after all says so, and somebody else decides."""
    who = members.actor(session, sender, now=now)
    at = seat(session, who, meeting_id)
    meeting = at.meeting
    if at.status is not Status.ABSENT or at.attendance_id is None:
        raise NotAbsent
    if now > meeting.ends_at + CORRECTION:
        raise CorrectionOver
    if pending(session, at.attendance_id) is not None:
        raise AlreadyProposed
    reason, wanted = correction_views.FORGOT, Wanted(Status.PRESENT)
    propose(session, sender, meeting, who, at.attendance_id, at.status, wanted, reason, now=now)
    return meeting


# -- the second person ---


def confirm_correction(
    session: Session, sender: Sender, correction_id: int, *, is_agreed: bool, now: datetime
) -> Proposal:
    """同意 or 不同意 of a proposed correction; the first press decides, never the proposer's own."""
    who = members.actor(session, sender, now=now)
    row = session.execute(_OF_CORRECTION.where(Correction.id == correction_id)).one_or_none()
    if row is None:
        raise meetings.NoSuchMeeting
    meeting = meetings.seen_by(session, who, row.meeting_id, is_locked=True)
    who.require(Right.CONFIRM_CORRECTION, meeting.unit, _case(session, meeting, row.proposed_by, now=now))
    _, wanted = _proposed(session, row.meeting_id, row.attendance_id)
    state = CorrectionState.APPLIED if is_agreed else CorrectionState.REJECTED
    _settle(session, correction_id, state, who, now=now)
    if is_agreed:
        proposer = members.people(session, [row.proposed_by], meeting.on)[row.proposed_by].name
        name = who.name if row.proposed_by == row.member_id else correction_views.two(proposer, who.name)
        by = amending.By(who.recorded_id, name, sender.update_id)
        amending.apply(session, meeting, row.attendance_id, wanted, row.reason, by, now=now)
    else:
        entry = Entry(Action.PROPOSAL_REFUSED, row.attendance_id, row.status.name, wanted.text)
        tip = tip_of(session, meeting.id)
        chain.append(session, tip, [entry], actor_id=who.recorded_id, update_id=sender.update_id, now=now)
    refresh_requests(session, correction_id, now=now)
    found = find(session, correction_id)
    assert found is not None
    if not (is_agreed and found.is_own):  # who spoke for himself reads the 更正 itself
        _tell_proposer(session, found, row.proposed_by, now=now)
    return found


def _tell_proposer(session: Session, found: Proposal, proposed_by: int, *, now: datetime) -> None:
    message = correction_views.settled(found, now=now)
    amending.tell(session, found.meeting, proposed_by, f"proposal:{found.id}", message, now=now)


_OF_CORRECTION = (
    select(Attendance.meeting_id, Attendance.member_id, Attendance.status, Correction.attendance_id)
    .add_columns(Correction.reason, Correction.proposed_by, Correction.proposed_at)
    .join(Attendance, Attendance.id == Correction.attendance_id)
)


def _proposed(session: Session, meeting_id: int, attendance_id: int) -> tuple[Status | None, Wanted]:
    """What was to become what: the chain keeps it as it was proposed, with the class of a 补假."""
    query = select(AttendanceEvent.was, AttendanceEvent.became).where(
        AttendanceEvent.meeting_id == meeting_id,  # by which the index finds them
        AttendanceEvent.attendance_id == attendance_id,
        AttendanceEvent.action == Action.PROPOSED,
    )
    was, became = session.execute(query.order_by(AttendanceEvent.seq.desc()).limit(1)).one()
    return Status[was] if was else None, Wanted.read(became or "")


def _settle(session: Session, correction_id: int, state: CorrectionState, who: Actor, *, now: datetime) -> None:
    statement = update(Correction).where(
        Correction.id == correction_id,
        Correction.state == CorrectionState.PROPOSED,
        Correction.proposed_at > now - PROPOSAL,
    )
    statement = statement.values(state=state, decided_by=who.recorded_id)
    statement = statement.execution_options(synchronize_session=False)
    if session.execute(statement.returning(Correction.id)).first() is None:
        found = find(session, correction_id)
        raise ProposalSettled(name=found.decided_by) if found is not None and found.decided_by else ProposalGone


def next_due(session: Session, _: datetime) -> datetime | None:
    """When the oldest proposal runs out."""
    query = select(Correction.proposed_at).where(Correction.state == CorrectionState.PROPOSED)
    oldest = session.scalar(query.order_by(Correction.proposed_at).limit(1))
    return oldest + PROPOSAL if oldest is not None else None


def expire(session: Session, *, now: datetime) -> bool:
    """Give up the oldest proposal nobody confirmed in seven days; True while there may be more."""
    query = _OF_CORRECTION.add_columns(Correction.id).where(
        Correction.state == CorrectionState.PROPOSED, Correction.proposed_at <= now - PROPOSAL
    )
    row = session.execute(query.order_by(Correction.proposed_at).limit(1)).one_or_none()
    if row is None:
        return False
    expired = update(Correction).where(Correction.id == row.id).values(state=CorrectionState.EXPIRED)
    session.execute(expired.execution_options(synchronize_session=False))
    _, wanted = _proposed(session, row.meeting_id, row.attendance_id)
    entry = Entry(Action.PROPOSAL_EXPIRED, row.attendance_id, row.status.name, wanted.text)
    chain.append(session, tip_of(session, row.meeting_id), [entry], actor_id=None, update_id=None, now=now)
    refresh_requests(session, row.id, now=now)
    found = find(session, row.id)
    assert found is not None
    _tell_proposer(session, found, row.proposed_by, now=now)
    return True


# -- the message of one who confirms ---


def find(session: Session, correction_id: int) -> Proposal | None:
    proposer, decider = aliased(Member), aliased(Member)
    query = (
        select(Attendance.meeting_id, Attendance.id, Attendance.member_id)
        .add_columns(Correction.reason, Correction.proposed_by, Correction.state)
        .add_columns(proposer.name.label("proposer"), decider.name.label("decider"))
        .join(Correction, Correction.attendance_id == Attendance.id)
        .join(proposer, proposer.id == Correction.proposed_by)
        .outerjoin(decider, decider.id == Correction.decided_by)
        .where(Correction.id == correction_id)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    meeting = meetings.facts(session, row.meeting_id)
    assert meeting is not None
    was, wanted = _proposed(session, row.meeting_id, row.id)
    return Proposal(
        correction_id,
        meeting,
        name=members_views.names(directory.namesakes(session, row.member_id, meeting.on))[row.member_id],
        was=was,
        wanted=wanted,
        reason=row.reason,
        proposed_by=row.proposer,
        is_own=row.proposed_by == row.member_id,
        state=row.state,
        decided_by=row.decider or "",
    )


def render(session: Session, key: str, now: datetime) -> Rendered | None:
    """Sent once, then edited with the proposal."""
    _, correction_id, chat_id = key.split(":")
    found = find(session, int(correction_id))
    if found is None:
        return None
    shown = session.scalar(select(OutboxRow.message_id).where(OutboxRow.key == key))
    message = correction_views.proposal(found, now=now)
    if shown is not None:
        return Rendered(int(chat_id), Edit(message, shown))
    return Rendered(int(chat_id), message) if found.state is CorrectionState.PROPOSED else None


def sent(session: Session, key: str, what: Sent) -> None:
    if what.message_id is not None:
        statement = update(OutboxRow).where(OutboxRow.key == key).values(message_id=what.message_id)
        session.execute(statement.execution_options(synchronize_session=False))


def refresh_requests(session: Session, correction_id: int, *, now: datetime) -> None:
    """Have the messages of all who may confirm show how it stands."""
    keys = select(OutboxRow.key).where(outbox.under(f"correction:{correction_id}:"))
    for key in session.scalars(keys).all():
        outbox.refresh(session, key, now=now)


def show(session: Session, sender: Sender, correction_id: int, *, now: datetime) -> Proposal:
    """One proposal for who may confirm it."""
    found = next((one for one in waiting_for(session, sender, now=now) if one.id == correction_id), None)
    if found is None:
        raise ProposalGone
    return found


def waiting_for(session: Session, sender: Sender, *, now: datetime) -> list[Proposal]:
    """Proposals this person may confirm, oldest first."""
    who = members.actor(session, sender, now=now)
    above = [Unit.path.startswith(grant.unit.path) for grant in who.grants]
    query = (
        select(Correction.id, Correction.proposed_by)
        .join(Attendance, Attendance.id == Correction.attendance_id)
        .join(Meeting, Meeting.id == Attendance.meeting_id)
        .join(Unit, Unit.id == Meeting.unit_id)
        .where(Correction.state == CorrectionState.PROPOSED, or_(false(), *above))
        .order_by(Correction.proposed_at)
        .limit(MOST_LISTED)
    )
    found = []
    for correction_id, proposed_by in session.execute(query).all():
        one = find(session, correction_id)
        assert one is not None
        case = _case(session, one.meeting, proposed_by, now=now)
        if who.may(Right.CONFIRM_CORRECTION, one.meeting.unit, case):
            found.append(one)
    return found
