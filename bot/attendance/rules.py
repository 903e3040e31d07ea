"""Words and pure rules of attendance: answers, leave, sign-in by the clock, corrections, turnout."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, auto

from bot.errors import UserError
from bot.meetings.rules import CORRECTION as CORRECTION  # noqa: PLC0414  a word of meetings, used all over this room
from bot.meetings.rules import Window
from bot.members.rules import Actor, Case, Right, UnitRef
from bot.periods import beijing

CORRECTION_ALONE = timedelta(hours=48)  # after E a record is corrected by one person; later a second holder confirms
PROPOSAL = timedelta(days=7)  # until it is confirmed, else EXPIRED
LEAVE_REASON = 200
REOPENED_FOR = timedelta(minutes=30)
PRESS_KEPT = timedelta(seconds=150)  # Telegram holds a press back that long and says nothing of its moment


class Answer(Enum):
    NONE = auto()
    GOING = auto()
    ONLINE = auto()
    LEAVE = auto()


class LeaveState(Enum):
    NONE = auto()
    ASKED = auto()
    APPROVED = auto()
    REJECTED = auto()
    WITHDRAWN = auto()


class ReasonKind(Enum):
    """公假 病假 事假 其他 of a leave, and the same classes of an explanation afterwards."""

    OFFICIAL = auto()
    SICK = auto()
    PERSONAL = auto()
    OTHER = auto()


class Status(Enum):
    EXPECTED = auto()
    PRESENT = auto()
    LATE = auto()
    ON_LEAVE = auto()
    ABSENT = auto()


CAME = frozenset({Status.PRESENT, Status.LATE})  # 实到
FINAL = frozenset({Status.PRESENT, Status.LATE, Status.ON_LEAVE, Status.ABSENT})  # what a correction may set


class Proof(Enum):
    BUTTON = auto()
    CODE = auto()
    LINK = auto()
    ROLL_CALL = auto()


SELF_PROOFS = frozenset({Proof.BUTTON, Proof.CODE, Proof.LINK})  # nobody saw the person: 名单属实 vouches for them


class CorrectionState(Enum):
    PROPOSED = auto()
    APPLIED = auto()
    REJECTED = auto()
    EXPIRED = auto()


class MakeUpHow(Enum):
    SELF_STUDY = auto()  # 自学
    LECTURE = auto()  # 补听党课
    TALK = auto()  # 谈话


class GuestKind(Enum):
    OBSERVER = auto()  # 列席
    FLOATING = auto()  # 流动党员
    ACTIVIST = auto()  # 积极分子
    PUBLIC = auto()  # 群众


class Action(Enum):
    """`action` of an audit event."""

    ANSWERED = auto()
    LEAVE_ASKED = auto()
    LEAVE_APPROVED = auto()
    LEAVE_REJECTED = auto()
    LEAVE_WITHDRAWN = auto()
    FROZEN = auto()  # the due list, when sign-in opens
    CHECKED_IN = auto()
    MARKED = auto()  # 点名
    LEFT = auto()
    RESET = auto()  # moved while open: sign-ins go back to EXPECTED
    CLOSED = auto()
    REOPENED = auto()  # 补开签到 after downtime, until the moment in `to`
    EXPLAINED = auto()
    PROPOSED = auto()
    CORRECTED = auto()
    ROLL_CORRECTED = auto()  # 名册更正
    PROPOSAL_REFUSED = auto()
    PROPOSAL_EXPIRED = auto()
    MADE_UP = auto()
    MAKE_UP_DROPPED = auto()  # the person was there after all
    GUEST_ADDED = auto()
    GUEST_REMOVED = auto()
    VERIFIED = auto()  # 名单属实
    VOTED = auto()
    EXPORTED = auto()  # `to` is the SHA-256 of the CSV


class NotYetOpen(UserError):
    text = "签到未开始，{opens}起可签"


class SelfSignInOver(UserError):
    text = "自助签到已结束，请找书记登记"


class CorrectionOver(UserError):
    text = "会议结束已超过7天，不能再更正。"


class OnlyForAway(UserError):
    text = "只有请假或缺席的人可以登记补课。"


class BadMakeUpDay(UserError):
    text = "补课日期应在会议当天之后、今天以前。"


@dataclass(frozen=True)
class SignIn:
    """What a tap becomes: PRESENT or LATE, the moment it counts from, and whether that moment is a guess."""

    status: Status
    arrived_at: datetime
    is_time_unsure: bool = False


def sign_in(t: datetime, starts_at: datetime, window: Window, margin: timedelta) -> SignIn:
    """Decide a tap received at `t`; refused outside the window. The margin is for the way, never before opening."""
    opens = starts_at - window.opens
    if t < opens:
        raise NotYetOpen(opens=f"{beijing(opens):%H:%M}")
    if t <= starts_at + window.on_time + margin:
        return SignIn(Status.PRESENT, t)
    if t <= starts_at + window.late + margin:
        return SignIn(Status.LATE, t)
    raise SelfSignInOver


def late_tap(received_at: datetime, outage_from: datetime, starts_at: datetime, window: Window) -> datetime:
    """The moment a tap counts from that waited out our downtime: Telegram gives none, so the kindest possible one."""
    return max(outage_from, received_at - PRESS_KEPT, starts_at - window.opens)


def sign_in_after_outage(
    received_at: datetime, outage_from: datetime, starts_at: datetime, window: Window, margin: timedelta
) -> SignIn:
    """`sign_in` for a tap with `is_late`; 时间待核 until the secretary vouches for the list."""
    counted = sign_in(late_tap(received_at, outage_from, starts_at, window), starts_at, window, margin)
    return SignIn(counted.status, counted.arrived_at, is_time_unsure=True)


class Correcting(Enum):
    AT_ONCE = auto()
    PROPOSE = auto()  # waits for a second holder of the right


def correcting(ends_at: datetime, *, now: datetime) -> Correcting:
    if now > ends_at + CORRECTION:
        raise CorrectionOver
    return Correcting.AT_ONCE if now <= ends_at + CORRECTION_ALONE else Correcting.PROPOSE


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a correction makes of a record. EXPECTED strikes the person off the due list."""

    status: Status
    leave_kind: ReasonKind | None = None

    @property
    def text(self) -> str:
        """As the chain keeps it."""
        return f"{self.status.name} {self.leave_kind.name}" if self.leave_kind else self.status.name

    def is_met(self, status: Status, leave_kind: ReasonKind | None) -> bool:
        """Whether a record is so already; of a leave its class counts too."""
        return self.status is status and (status is not Status.ON_LEAVE or self.leave_kind is leave_kind)

    @classmethod
    def read(cls, text: str) -> "Wanted":
        status, _, kind = text.partition(" ")
        return cls(Status[status], ReasonKind[kind] if kind else None)


# What callback data calls them.
CORRECTIONS = {
    "p": Wanted(Status.PRESENT),
    "l": Wanted(Status.LATE),
    "a": Wanted(Status.ABSENT),
    "g": Wanted(Status.ON_LEAVE, ReasonKind.OFFICIAL),
    "b": Wanted(Status.ON_LEAVE, ReasonKind.SICK),
    "s": Wanted(Status.ON_LEAVE, ReasonKind.PERSONAL),
    "q": Wanted(Status.ON_LEAVE, ReasonKind.OTHER),
    "e": Wanted(Status.EXPECTED),
}


def check_make_up(status: Status) -> None:
    if status not in (Status.ON_LEAVE, Status.ABSENT):
        raise OnlyForAway


def check_make_up_day(done_on: date, meeting_on: date, today: date) -> None:
    if not meeting_on <= done_on <= today:
        raise BadMakeUpDay


def parts_seen(who: Actor, unit: UnitRef, case: Case) -> tuple[UnitRef, ...]:
    """Of which parts of a body somebody sees the names: of all of it, or of one's own group or branch."""
    if who.may(Right.SEE_NAMES, unit, case):
        return (unit,)
    return tuple(own for own in who.units_for(Right.SEE_NAMES) if unit.covers(own))


def is_elsewhere(who: Actor, unit: UnitRef) -> bool:
    """Whether a body is neither one's own branch, nor a part of it, nor above it."""
    home = who.branch
    return home is None or not (unit.covers(home) or home.covers(unit))


@dataclass(frozen=True)
class Turnout:
    """Counts over due people only. After close 应到 = 实到 + 请假 + 缺席 and `unsigned` is 0."""

    expected: int = 0
    present: int = 0  # 实到, those who came late included
    late: int = 0
    on_leave: int = 0
    unsigned: int = 0
    absent: int = 0

    @property
    def rate(self) -> int | None:
        """到会率 in tenths of a percent, half up; None where nobody was due."""
        if not self.expected:
            return None
        return (2000 * self.present + self.expected) // (2 * self.expected)

    def __add__(self, other: "Turnout") -> "Turnout":
        return Turnout(
            self.expected + other.expected,
            self.present + other.present,
            self.late + other.late,
            self.on_leave + other.on_leave,
            self.unsigned + other.unsigned,
            self.absent + other.absent,
        )


def turnout(statuses: list[Status]) -> Turnout:
    """Counted from the statuses of the due people."""
    return Turnout(
        expected=len(statuses),
        present=sum(status in CAME for status in statuses),
        late=statuses.count(Status.LATE),
        on_leave=statuses.count(Status.ON_LEAVE),
        unsigned=statuses.count(Status.EXPECTED),
        absent=statuses.count(Status.ABSENT),
    )


def after_close(status: Status) -> Status:
    return Status.ABSENT if status is Status.EXPECTED else status
