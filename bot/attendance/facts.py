"""What leaves the transactions of attendance: plain data that services make and views word."""

from dataclasses import dataclass
from datetime import datetime

from bot.attendance.rules import Answer, LeaveState, ReasonKind, Status
from bot.meetings.facts import MeetingFacts, Named
from bot.meetings.rules import Roll


@dataclass(frozen=True, slots=True)
class Answered:
    meeting: MeetingFacts
    answer: Answer
    is_changed: bool


@dataclass(frozen=True, slots=True)
class CheckedIn:
    meeting: MeetingFacts
    arrived_at: datetime
    status: Status
    is_time_unsure: bool


@dataclass(frozen=True, slots=True)
class Own:
    """One meeting with what one person may do there."""

    meeting: MeetingFacts
    roll: Roll  # of that person alone
    is_due: bool
    may_plan: bool = False
    may_see_names: bool = False
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class LeaveRequest:
    """A request as those who decide read it. The reason is for SEE_REASONS only."""

    attendance_id: int
    meeting: MeetingFacts
    name: str
    kind: ReasonKind
    reason: str
    state: LeaveState
    decided_by: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a sheet."""

    attendance_id: int
    person: Named
    is_due: bool
    answer: Answer
    leave_state: LeaveState
    leave_kind: ReasonKind | None
    status: Status
    arrived_at: datetime | None
    left_at: datetime | None
    is_time_unsure: bool
    explained_as: ReasonKind | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The list with names, for who may see them."""

    meeting: MeetingFacts
    roll: Roll
    entries: tuple[Entry, ...]
    may_mark: bool


@dataclass(frozen=True, slots=True)
class Closed:
    meeting: MeetingFacts
    roll: Roll


@dataclass(frozen=True, slots=True)
class Today:
    """今日事项 of one person."""

    running: tuple[Own, ...]
    unanswered: tuple[Own, ...]
    to_approve: tuple[LeaveRequest, ...]
    to_explain: tuple[Own, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """我的记录: counts of this year over finished meetings, and the latest of them."""

    year: int
    present: int
    late: int
    on_leave: int
    absent: int
    latest: tuple[tuple[MeetingFacts, Status], ...]
