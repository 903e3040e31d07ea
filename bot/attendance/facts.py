"""What leaves the transactions of attendance: plain data that services make and views word."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.attendance.quorum import Quorum
from bot.attendance.rules import (
    Action,
    Answer,
    CorrectionState,
    GuestKind,
    LeaveState,
    MakeUpHow,
    Proof,
    ReasonKind,
    Status,
    Turnout,
    Wanted,
)
from bot.meetings.facts import MeetingFacts, Named
from bot.meetings.kinds import VoteSource
from bot.meetings.rules import Roll, RungName, VoteRule
from bot.members.rules import UnitRef


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
    may_open: bool = False  # 立即开始签到
    may_minute: bool = False
    has_left: bool = False
    is_elsewhere: bool = False  # not of one's own branch


@dataclass(frozen=True, slots=True)
class NearChat:
    """A page of 近期会议 in a group."""

    meetings: Sequence[tuple[MeetingFacts, Roll]]
    page: int
    count: int


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
    is_for_other: bool = False
    is_late_entry: bool = False
    is_made_up: bool = False


@dataclass(frozen=True, slots=True)
class Excused:
    """Somebody of the roster who is not due, and on what ground."""

    person: Named
    basis: str
    approver: str
    approved_on: date


@dataclass(frozen=True, slots=True)
class GuestLine:
    """People beside the due list: one by name, or a bare number of them."""

    id: int
    what: GuestKind
    name: str
    number: int


@dataclass(frozen=True, slots=True)
class GuestList:
    meeting: MeetingFacts
    guests: tuple[GuestLine, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The list with names, for who may see them; of a leader's own group alone if `is_part`."""

    meeting: MeetingFacts
    roll: Roll
    entries: tuple[Entry, ...]
    may_mark: bool
    may_correct: bool = False
    may_export: bool = False
    may_vouch: bool = False
    may_vote: bool = False
    is_part: bool = False
    guests: tuple[GuestLine, ...] = ()
    excused: tuple[Excused, ...] = ()


@dataclass(frozen=True, slots=True)
class Closed:
    meeting: MeetingFacts
    roll: Roll
    is_told: bool = False  # who closed it is who reads the outcome


@dataclass(frozen=True, slots=True)
class Today:
    """今日事项 of one person."""

    running: tuple[Own, ...]
    unanswered: tuple[Own, ...]
    to_approve: tuple[LeaveRequest, ...]
    to_explain: tuple[Own, ...]
    to_confirm: tuple["Proposal", ...] = ()
    to_date: tuple[MeetingFacts, ...] = ()
    to_minute: tuple[MeetingFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """我的记录: counts of this year over finished meetings, and the latest of them."""

    year: int
    present: int
    late: int
    on_leave: int
    absent: int
    latest: tuple[tuple[MeetingFacts, Status], ...]
    joined: int = 0  # times one came without being due


# -- corrections ---


@dataclass(frozen=True, slots=True)
class Proposal:
    """A correction that waits for a second person, or how that ended."""

    id: int
    meeting: MeetingFacts
    name: str
    was: Status | None  # none: not on the list
    wanted: Wanted
    reason: str
    proposed_by: str
    is_own: bool  # 忘记签到: the person himself
    state: CorrectionState
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class MadeUp:
    how: MakeUpHow
    done_on: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class Correctable:
    """One person at one meeting, for who corrects records."""

    meeting: MeetingFacts
    person: Named
    status: Status
    is_due: bool
    is_late_entry: bool = False
    made_up: MadeUp | None = None
    proposal: Proposal | None = None
    leave_kind: ReasonKind | None = None
    is_at_once: bool = True  # a correction applies without a second person
    is_too_late: bool = False


@dataclass(frozen=True, slots=True)
class Corrected:
    """What came of a correction: applied at once, or proposed."""

    meeting: MeetingFacts
    name: str
    was: Status
    wanted: Wanted
    is_proposed: bool
    was_due: bool = True


@dataclass(frozen=True, slots=True)
class Candidates:
    """Whom 名册更正 may add to a frozen due list."""

    meeting: MeetingFacts
    people: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the audit about one person; `actor` is empty for the clock."""

    at: datetime
    actor: str
    is_own: bool
    action: Action
    was: str
    became: str
    reason: str


@dataclass(frozen=True, slots=True)
class Trail:
    meeting: MeetingFacts
    name: str
    steps: tuple[Step, ...]


# -- votes ---


@dataclass(frozen=True, slots=True)
class Ballot:
    """One voting item: what its rule needs now, or how it was decided."""

    item_id: int
    meeting: MeetingFacts
    position: int
    title: str
    person_name: str
    rule: VoteRule
    source: VoteSource
    quorum: Quorum
    votes: tuple[int, int, int, int] | None = None  # yes, no, abstain, yes in writing
    has_passed: bool | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What a report counts of one meeting. `guests` are all people beside the due list, `named` those by name."""

    turnout: Turnout
    made_up: int = 0
    joined: int = 0  # signed in without being due: volunteers
    guests: int = 0
    named: int = 0

    def __add__(self, other: "Held") -> "Held":
        mine, theirs = ((one.made_up, one.joined, one.guests, one.named) for one in (self, other))
        sums = (a + b for a, b in zip(mine, theirs, strict=True))
        return Held(self.turnout + other.turnout, *sums)


# -- files ---


@dataclass(frozen=True, slots=True)
class Amended:
    """A correction as files show it: states, who and when, not why."""

    was: str
    became: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One person at one meeting."""

    name: str
    staff_no: str
    group: str
    is_due: bool
    has_vote: bool
    answer: Answer
    status: Status
    arrived_at: datetime | None
    is_time_unsure: bool
    left_at: datetime | None
    proof: Proof | None
    is_online: bool
    is_for_other: bool
    is_late_entry: bool
    leave_state: LeaveState
    leave_kind: ReasonKind | None
    explained_as: ReasonKind | None
    made_up: MadeUp | None
    changes: tuple[Amended, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one reminder. `is_group` counts posts, otherwise people written to in private."""

    rung: RungName
    round: int
    is_group: bool
    meant: int
    sent: int
    answered: int
    unreached: int


@dataclass(frozen=True, slots=True)
class Part:
    """One meeting of an export."""

    unit: str
    kind: str
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    is_over: bool
    chair: str
    recorder: str
    vouched: str  # who for the self-signed, and when; empty if nobody has
    self_signed: int
    is_intact: bool  # the chain of events behind it
    lines: tuple[Line, ...]
    held: Held
    guests: tuple[GuestLine, ...]
    excused: tuple[Excused, ...]
    votes: tuple[str, ...]
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class Export:
    name: str  # of the files, without ending
    parts: tuple[Part, ...]
    meeting_ids: tuple[int, ...]
    made_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Files:
    name: str
    xlsx: bytes
    csv: bytes
    sha256: str  # of the CSV


@dataclass(frozen=True, slots=True)
class MinutesFile:
    """Filed minutes to take home, as plain text."""

    meeting_id: int
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a unit can be had as files: single meetings, and months by their first day."""

    unit: UnitRef
    meetings: tuple[MeetingFacts, ...]
    months: tuple[date, ...]
