"""Words and pure rules of meetings: kinds, states, the reminder ladder's parts, guards of each change of state.

Also `Roll`, by which `attendance` tells this feature who is due, answered and came, without being known to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from enum import Enum, auto
from typing import Protocol, TypeVar

from bot.errors import UserError
from bot.members.rules import DueList as DueList  # noqa: PLC0414  a word of meetings, passed on from the roster
from bot.periods import local_day

LONGEST = timedelta(hours=12)
LONGEST_COURSE = timedelta(days=10)  # 集中培训 runs over days under one record
EARLY_OPENING = timedelta(minutes=60)  # 立即开始签到 is allowed from here before T
CLOSING = timedelta(minutes=30)  # after E sign-in ends by itself; one 延长 adds the same again
EXTENSIONS = 4
CORRECTION = timedelta(days=7)  # after E a record can be corrected
UNDO = timedelta(minutes=10)
ANSWERS_STAY = timedelta(hours=2)
REASON_LENGTH = range(2, 201)


class MeetingKind(Enum):
    MEMBER_ASSEMBLY = auto()
    PARTY_LECTURE = auto()
    THEME_PARTY_DAY = auto()
    CRITIQUE_MEETING = auto()
    STUDY_SESSION = auto()
    COMMITTEE_MEETING = auto()
    COMMITTEE_SITTING = auto()
    GROUP_MEETING = auto()
    TRAINING_COURSE = auto()
    VOLUNTEERING = auto()


REGULAR_KINDS = frozenset(  # 三会一课
    {
        MeetingKind.MEMBER_ASSEMBLY,
        MeetingKind.COMMITTEE_MEETING,
        MeetingKind.GROUP_MEETING,
        MeetingKind.PARTY_LECTURE,
    }
)


class MeetingState(Enum):
    NEEDS_DATE = auto()  # an occurrence whose shift asks: no day is chosen yet
    SCHEDULED = auto()
    OPEN = auto()
    CLOSED = auto()
    RECORDED = auto()
    CANCELLED = auto()


class Outcome(Enum):
    HELD = auto()
    STUDY_ONLY = auto()  # 改为学习会: quorum was short, votes are locked


class Change(Enum):
    """`what` of a row of `meeting_changes`."""

    MOVED = auto()
    CANCELLED = auto()
    RESTORED = auto()
    DATED = auto()  # NEEDS_DATE → a chosen day
    CONFIRMED = auto()  # a tentative day is certain: somebody said so, or without an actor the calendar
    SHIFTED = auto()  # along with an announced calendar
    FROM_MEMORY = auto()  # 补录


class DraftOf(Enum):
    MEETING = auto()
    SERIES = auto()


class CardKind(Enum):
    PUBLIC = auto()
    SHEET = auto()


class RungName(Enum):
    """The value is the key in content/meetings.yaml."""

    R1 = "notice"
    R2 = "ask_again"
    R3 = "soon"
    R4 = "sign_in"
    R5 = "chase"
    R6 = "report"
    R7 = "minutes"
    R8 = "explain"


class RungState(Enum):
    PLANNED = auto()
    FIRED = auto()
    SKIPPED = auto()
    SUPERSEDED = auto()
    EXPIRED = auto()
    CANCELLED = auto()


class AgendaState(Enum):
    """Of an item that was dealt with; one still ahead has none."""

    DISCUSSED = auto()
    WITHDRAWN = auto()
    DEFERRED = auto()


class VoteRule(Enum):
    ORDINARY = auto()
    COMMITTEE = auto()
    ADMISSION = auto()
    ELECTION = auto()
    DEMOCRATIC_LIFE = auto()


class Shift(Enum):
    """What becomes of a base day of a series that is no workday."""

    ASIS = auto()
    LATER = auto()
    EARLIER = auto()
    SKIP = auto()
    ASK = auto()


class Guard(Enum):
    """The span a shifted day may not leave."""

    NONE = auto()
    WEEK = auto()
    MONTH = auto()
    QUARTER = auto()
    YEAR = auto()


class Host(Enum):
    """Bodies that hold meetings. COMMITTEE is a party committee or general branch, of whatever level."""

    BRANCH = auto()
    COMMITTEE = auto()
    GROUP = auto()


class SignIn(Enum):
    BUTTON = auto()
    ROLL_CALL = auto()


@dataclass(frozen=True)
class FromDay:
    """`days` from the day of T (negative: before), or the workday before that, at `clock`."""

    days: int
    clock: time


@dataclass(frozen=True)
class Workdays:
    """That many workdays from a day that itself never counts (T's; for R8 that of closing), at `clock`."""

    workdays: int
    clock: time


@dataclass(frozen=True)
class FromStart:
    span: timedelta


@dataclass(frozen=True)
class AfterEnd:
    span: timedelta


At = FromDay | Workdays | FromStart | AfterEnd
Ladder = Mapping[RungName, At]


@dataclass(frozen=True)
class Window:
    """Sign-in relative to T: open from T − opens, punctual until T + on_time, late until T + late."""

    opens: timedelta
    on_time: timedelta
    late: timedelta


@dataclass(frozen=True)
class Roll:
    """Who is due at one meeting, in the order of the roster, and how each stands at the instant of reading.

    `going`, `online`, `leave_asked`, `leave_approved`, `unanswered` part the due people by answer (a refused leave is
    unanswered); `present` (`late` among them), `on_leave`, `unsigned`, `absent` part them by status.
    """

    meeting_id: int
    due: tuple[int, ...] = ()
    going: tuple[int, ...] = ()
    online: tuple[int, ...] = ()
    leave_asked: tuple[int, ...] = ()
    leave_approved: tuple[int, ...] = ()
    unanswered: tuple[int, ...] = ()
    present: tuple[int, ...] = ()
    late: tuple[int, ...] = ()
    on_leave: tuple[int, ...] = ()
    unsigned: tuple[int, ...] = ()
    absent: tuple[int, ...] = ()
    unexplained: tuple[int, ...] = ()  # of the absent
    self_signed: tuple[int, ...] = ()  # by button, not vouched for by 名单属实
    time_unsure: tuple[int, ...] = ()
    joined: tuple[int, ...] = ()  # take part without being due: volunteers
    joined_present: tuple[int, ...] = ()
    voters: tuple[int, ...] = ()  # D: due and entitled to vote
    voters_present: tuple[int, ...] = ()  # A: of them in the room now
    short: tuple[tuple[VoteRule, int], ...] = ()  # of each voting rule on the agenda: how many voters are missing
    guests: int = 0
    reopened_until: datetime | None = None  # 补开签到, after downtime

    def of(self, member_id: int) -> "Roll":
        """The part that concerns one person."""
        mine = {
            part.name: tuple(one for one in getattr(self, part.name) if one == member_id)
            for part in fields(self)
            if part.name not in _NOT_PEOPLE
        }
        return Roll(self.meeting_id, reopened_until=self.reopened_until, **mine)  # type: ignore[arg-type]  # all of them hold people

    @property
    def expected(self) -> int:
        return len(self.due)

    @property
    def answered(self) -> int:
        return self.expected - len(self.unanswered)

    @property
    def leaving(self) -> int:
        """请假 as an answer, approved or still asked."""
        return len(self.leave_asked) + len(self.leave_approved)

    @property
    def is_short(self) -> bool:
        """Whether there is something that too few voters are in the room for."""
        return any(missing for _, missing in self.short)

    @property
    def only_meets(self) -> bool:
        """Whether the quorum is one to meet: a democratic life meeting votes on nothing."""
        return all(rule is VoteRule.DEMOCRATIC_LIFE for rule, _ in self.short)

    @property
    def to_remind(self) -> tuple[int, ...]:
        """R3: all due but those who are, or wish to be, on leave."""
        away = {*self.leave_asked, *self.leave_approved}
        return tuple(member for member in self.due if member not in away) + self.joined

    @property
    def to_chase(self) -> tuple[int, ...]:
        """R5: unsigned without approved or asked leave."""
        away = {*self.leave_asked, *self.leave_approved}
        return tuple(member for member in self.unsigned if member not in away)

    @property
    def to_notify(self) -> tuple[int, ...]:
        """改期 and 取消: everybody who had said yes or no."""
        said = {*self.going, *self.online, *self.leave_asked, *self.leave_approved}
        return tuple(member for member in self.due if member in said) + self.joined


_NOT_PEOPLE = frozenset({"meeting_id", "short", "guests", "reopened_until"})


SessionT_contra = TypeVar("SessionT_contra", contravariant=True)


class RollReader(Protocol[SessionT_contra]):
    """`attendance.service.roll`, handed in by `app` and `schedule`; with `member_id` a roll of that person alone."""

    def __call__(
        self, session: SessionT_contra, meeting_id: int, *, now: datetime, member_id: int | None = None
    ) -> Roll: ...


class Resetter(Protocol[SessionT_contra]):
    """`attendance.service.reset`: what a move does to answers and sign-ins, in the transaction of the move."""

    def __call__(
        self,
        session: SessionT_contra,
        meeting_id: int,
        *,
        keeps_answers: bool,
        actor_id: int | None,
        update_id: int | None,
        now: datetime,
    ) -> None: ...


class BadReason(UserError):
    text = "请用2到200个字写明原因。"


class NotAhead(UserError):
    text = "新的时间已经过去，请选择现在以后的时间。"


class BadLength(UserError):
    text = "会议的结束应在开始之后，最长{hours}小时。"


class UndoOver(UserError):
    text = "撤销只能在取消后10分钟内、会议开始前进行。"


class TooEarlyToOpen(UserError):
    text = "会议开始前60分钟起才能开始签到。"


class NotStarted(UserError):
    text = "会议还没有开始，不能结束。"


class NoMoreExtensions(UserError):
    text = "签到已延长4次，不能再延长。"


def checked_reason(reason: str) -> str:
    reason = " ".join(reason.split())
    if len(reason) not in REASON_LENGTH:
        raise BadReason
    return reason


def longest(kind: MeetingKind) -> timedelta:
    return LONGEST_COURSE if kind is MeetingKind.TRAINING_COURSE else LONGEST


def check_span(kind: MeetingKind, starts_at: datetime, ends_at: datetime) -> None:
    if not starts_at < ends_at <= starts_at + longest(kind):
        raise BadLength(hours=longest(kind) // timedelta(hours=1))


def check_move(starts_at: datetime, *, now: datetime) -> None:
    if starts_at <= now:
        raise NotAhead


def check_undo(starts_at: datetime, cancelled_at: datetime, *, now: datetime) -> None:
    if now > cancelled_at + UNDO or now >= starts_at:
        raise UndoOver


def check_early_opening(starts_at: datetime, *, now: datetime) -> None:
    if now < starts_at - EARLY_OPENING:
        raise TooEarlyToOpen


def check_end(starts_at: datetime, *, now: datetime) -> None:
    if now < starts_at:
        raise NotStarted


def closes_at(ends_at: datetime, extra_until: datetime | None) -> datetime:
    return extra_until or ends_at + CLOSING


def extended(ends_at: datetime, extra_until: datetime | None) -> datetime:
    """The new `extra_until` after one more 延长."""
    until = closes_at(ends_at, extra_until) + CLOSING
    if until > ends_at + CLOSING * (1 + EXTENSIONS):
        raise NoMoreExtensions
    return until


def are_answers_kept(old: datetime, new: datetime) -> bool:
    """A move inside the day by two hours or less: who could come still can."""
    return local_day(old) == local_day(new) and abs(new - old) <= ANSWERS_STAY
