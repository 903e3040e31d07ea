"""How everybody stands at one meeting, and what that makes in figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.attendance.models import Attendance
from bot.attendance.rules import CAME, SELF_PROOFS, Answer, LeaveState, Proof, ReasonKind, Status
from bot.meetings import service as meetings
from bot.meetings.facts import MeetingFacts
from bot.meetings.rules import MeetingState, Roll

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
