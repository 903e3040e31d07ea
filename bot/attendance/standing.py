"""How everybody stands at one meeting, and what that makes in figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from bot.attendance.models import Attendance, Guest
from bot.attendance.quorum import quorum
from bot.attendance.rules import CAME, SELF_PROOFS, Answer, LeaveState, Proof, ReasonKind, Status
from bot.meetings import service as meetings
from bot.meetings.facts import MeetingFacts
from bot.meetings.models import AgendaItem
from bot.meetings.rules import AgendaState, MeetingState, Outcome, Roll, VoteRule

_RECORDED = (
    *(Attendance.member_id, Attendance.is_due, Attendance.has_vote, Attendance.answer, Attendance.leave_state),
    *(Attendance.status, Attendance.left_at, Attendance.is_online, Attendance.proof, Attendance.explained_as),
    Attendance.time_unsure,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """One person's record, or the empty one of somebody due who has done nothing yet."""

    member_id: int
    is_due: bool
    has_vote: bool
    answer: Answer = Answer.NONE
    leave_state: LeaveState = LeaveState.NONE
    status: Status = Status.EXPECTED
    left_at: datetime | None = None
    is_online: bool = False
    proof: Proof | None = None
    explained_as: ReasonKind | None = None
    is_time_unsure: bool = False


def standings(session: Session, meeting: MeetingFacts, member_id: int | None = None) -> list[Standing]:
    """Everybody due, in the order of the roster, then those who joined. Before sign-in the roster of T decides."""
    query = (
        select(*_RECORDED)
        .where(Attendance.meeting_id == meeting.id)
        .order_by(Attendance.is_due.desc(), Attendance.member_id)
    )
    if member_id is not None:
        query = query.where(Attendance.member_id == member_id)
    recorded = {row[0]: Standing(*row) for row in session.execute(query)}
    if meeting.state not in (MeetingState.SCHEDULED, MeetingState.NEEDS_DATE):
        return list(recorded.values())
    due = {one.person.member_id: one.has_vote for one in meetings.expected(session, meeting, only=member_id).due}
    found = []
    for one, has_vote in due.items():
        known = recorded.pop(one, None)
        found.append(replace(known, is_due=True, has_vote=has_vote) if known else Standing(one, True, has_vote))
    return found + [one for one in recorded.values() if not one.is_due]


def read(session: Session, meeting: MeetingFacts, member_id: int | None = None) -> Roll:
    """The roll of everybody, with guests and quorum; or of one person alone."""
    found = counted(meeting, standings(session, meeting, member_id))
    return with_body(session, meeting, found) if member_id is None else found


def with_body(session: Session, meeting: MeetingFacts, found: Roll) -> Roll:
    """What concerns the meeting as a whole: guests, and the quorum of what is voted on."""
    return replace(found, guests=_guests(session, meeting.id), short=_short(session, meeting, found))


def _guests(session: Session, meeting_id: int) -> int:
    return session.scalar(select(func.sum(Guest.number)).where(Guest.meeting_id == meeting_id)) or 0


def _short(session: Session, meeting: MeetingFacts, found: Roll) -> tuple[tuple[VoteRule, int], ...]:
    """How many voters each rule of the agenda still misses; nothing where nobody votes."""
    if not meeting.rules.votes or meeting.outcome is Outcome.STUDY_ONLY:
        return ()
    is_ahead = or_(AgendaItem.state.is_(None), AgendaItem.state == AgendaState.DISCUSSED)
    query = select(AgendaItem.vote_rule).where(AgendaItem.meeting_id == meeting.id, is_ahead)
    asked = {rule for rule in session.scalars(query) if rule is not None}
    voters, present = len(found.voters), len(found.voters_present)
    return tuple((rule, quorum(rule, voters, present).missing) for rule in VoteRule if rule in asked)


def counted(meeting: MeetingFacts, everybody: Sequence[Standing]) -> Roll:
    due = [one for one in everybody if one.is_due]
    joined = [one for one in everybody if not one.is_due and one.answer in (Answer.GOING, Answer.ONLINE)]
    came = [one for one in due if one.status in CAME]
    in_room = [one for one in came if one.left_at is None and not one.is_online]
    absent = [one for one in due if one.status is Status.ABSENT]
    self_signed = [one for one in came if one.proof in SELF_PROOFS and meeting.verified_at is None]
    return Roll(
        meeting.id,
        due=_ids(due),
        going=_ids(one for one in due if one.answer is Answer.GOING),
        online=_ids(one for one in due if one.answer is Answer.ONLINE),
        leave_asked=_ids(one for one in due if one.leave_state is LeaveState.ASKED),
        leave_approved=_ids(one for one in due if one.leave_state is LeaveState.APPROVED),
        unanswered=_ids(one for one in due if one.answer is Answer.NONE),
        present=_ids(came),
        late=_ids(one for one in came if one.status is Status.LATE),
        on_leave=_ids(one for one in due if one.status is Status.ON_LEAVE),
        unsigned=_ids(one for one in due if one.status is Status.EXPECTED),
        absent=_ids(absent),
        unexplained=_ids(one for one in absent if one.explained_as is None),
        self_signed=_ids(self_signed),
        time_unsure=_ids(one for one in came if one.is_time_unsure),
        joined=_ids(joined),
        joined_present=_ids(one for one in joined if one.status in CAME),
        voters=_ids(one for one in due if one.has_vote),
        voters_present=_ids(one for one in in_room if one.has_vote),
    )


def _ids(people: Iterable[Standing]) -> tuple[int, ...]:
    return tuple(one.member_id for one in people)
