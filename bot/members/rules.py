"""Words of the roster and who may do what: the matrix of rights is one table here. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

from bot.errors import UserError


class UnitKind(Enum):
    DISTRICT_COMMITTEE = auto()
    COMPANY = auto()
    PARTY_COMMITTEE = auto()
    GENERAL_BRANCH = auto()
    BRANCH = auto()
    PARTY_GROUP = auto()


COMMITTEES = frozenset({UnitKind.DISTRICT_COMMITTEE, UnitKind.PARTY_COMMITTEE, UnitKind.GENERAL_BRANCH})
MAX_DEPTH = 6


class Role(Enum):
    """In order of precedence: who is asked first when several could be."""

    SECRETARY = auto()
    DEPUTY = auto()
    ORGANIZER = auto()
    COMMISSIONER = auto()
    GROUP_LEADER = auto()
    STUDY_MEMBER = auto()
    ADMIN = auto()


COMMITTEE_ROLES = frozenset({Role.SECRETARY, Role.DEPUTY, Role.ORGANIZER, Role.COMMISSIONER})
OFFICERS = frozenset({Role.SECRETARY, Role.DEPUTY, Role.ORGANIZER})
_OF_COMMITTEE = (Role.SECRETARY, Role.DEPUTY, Role.ORGANIZER, Role.COMMISSIONER)
# What somebody may be at a unit of each kind.
POSTS_AT: Mapping[UnitKind, tuple[Role, ...]] = {
    UnitKind.DISTRICT_COMMITTEE: (*_OF_COMMITTEE, Role.STUDY_MEMBER, Role.ADMIN),
    UnitKind.COMPANY: (Role.ADMIN,),
    UnitKind.PARTY_COMMITTEE: (*_OF_COMMITTEE, Role.STUDY_MEMBER, Role.ADMIN),
    UnitKind.GENERAL_BRANCH: (*_OF_COMMITTEE, Role.STUDY_MEMBER, Role.ADMIN),
    UnitKind.BRANCH: (*_OF_COMMITTEE, Role.ADMIN),
    UnitKind.PARTY_GROUP: (Role.GROUP_LEADER,),
}


class Reach(Enum):
    """Whether private messages arrive: not tried yet, they do, Telegram refused the last one."""

    UNKNOWN = auto()
    OK = auto()
    BLOCKED = auto()


class ChatState(Enum):
    """INACTIVE: the bot was removed; when it is back, the group lives again. LOOSENED: nobody's group any more."""

    ACTIVE = auto()
    INACTIVE = auto()
    LOOSENED = auto()


class ClaimState(Enum):
    PENDING = auto()
    ACCEPTED = auto()
    REJECTED = auto()
    EXPIRED = auto()


class ImportState(Enum):
    PREVIEW = auto()
    APPLIED = auto()
    EXPIRED = auto()


class Way(Enum):
    """How somebody came to an office or lost it: appointed or removed by a person, by a roster file, by taking such a
    change back, by what the program set up itself."""

    OFFICE = auto()
    ROSTER = auto()
    UNDO = auto()
    SETUP = auto()


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an office changes hands: by which way, by whom (none: root, the command line, the program), and when."""

    way: Way
    by_id: int | None
    at: datetime
    undoes_id: int | None = None


class TryOf(Enum):
    LINK = auto()
    CODE = auto()
    FILE = auto()


class TopicOf(Enum):
    """What a topic of a group is for."""

    NOTICE = auto()  # notices, reminders and the cards of meetings
    STUDY = auto()  # live rounds
    BOTH = auto()


class ExemptionScope(Enum):
    DUE = auto()
    VOTE = auto()
    BOTH = auto()


class DueList(Enum):
    """Whom a meeting of a unit is for."""

    MEMBERS = auto()  # all members below the unit
    COMMITTEE = auto()  # its committee
    STUDY_GROUP = auto()  # 中心组成员 and the committee
    CHOSEN = auto()
    NOBODY = auto()  # people join by themselves


class ChatRule(Enum):
    """Where the card of a unit goes."""

    PRIVATE = auto()  # never into a chat
    OWN = auto()  # the unit's own chat, else private cards
    OWN_OR_ABOVE = auto()  # else the branch's
    OWN_OR_BELOW = auto()  # else one card in each branch's


@dataclass(frozen=True, slots=True)
class UnitRef:
    """A unit as rights need it; `path` is `/1/4/9/`, its own id last."""

    id: int
    kind: UnitKind
    name: str
    path: str

    def covers(self, other: "UnitRef") -> bool:
        return other.path.startswith(self.path)

    @property
    def is_top(self) -> bool:
        return self.path.count("/") == 2


@dataclass(frozen=True, slots=True)
class Grant:
    role: Role
    unit: UnitRef


class Right(Enum):
    SELF = auto()
    SEE_NAMES = auto()
    SEE_REASONS = auto()
    PLAN = auto()
    ROLL_CALL = auto()
    APPROVE_LEAVE = auto()
    CORRECT = auto()
    CONFIRM_CORRECTION = auto()
    MINUTES = auto()
    EXPORT = auto()
    ROSTER = auto()
    BIND_CHAT = auto()
    EXEMPT = auto()
    GRANT = auto()
    CALENDAR = auto()
    BANKS = auto()  # import and edit question banks
    RUN_QUIZ = auto()  # publish, run rounds, extend, exempt, resit
    SEE_SITTERS = auto()  # who has not sat yet, names without scores
    SEE_SCORES = auto()  # others' scores and answers
    ERASE = auto()  # take somebody's data off all records


class Standing(Enum):
    """What somebody is to one unit; the columns of the matrix."""

    MEMBER = 0
    LEADER = 1
    COMMISSIONER = 2
    OFFICER = 3
    ABOVE = 4
    ROOT = 5


class When(Enum):
    """The cells of the matrix."""

    NO = auto()
    YES = auto()
    OWN = auto()  # in one's own matter
    RECORDER = auto()
    SCRIBE = auto()  # recorder or chair
    OWN_UNIT = auto()  # where the role was given, not below
    OWN_BRANCH = auto()
    SECRETARYS = auto()  # in the secretary's own matter
    ALONE = auto()  # if the unit has no second holder
    LEADERS = auto()  # the secretary, for group leaders
    NOT_ADMINS = auto()  # any role but ADMIN
    ADMINS = auto()  # ADMIN only
    TOP = auto()  # the ADMIN of the top unit
    BY_ADMIN = auto()  # an ADMIN, not an organizer above
    OPENED = auto()  # an ADMIN, where the office has opened names to them


_N, _Y = When.NO, When.YES
# 党员, 小组长 of the group, 委员, 书记 副书记 组织委员, ADMIN or ORGANIZER above, root
MATRIX: Mapping[Right, tuple[When, When, When, When, When, When]] = {
    Right.SELF: (_Y, _Y, _Y, _Y, _Y, _N),
    Right.SEE_NAMES: (_N, _Y, _Y, _Y, _Y, _N),
    Right.SEE_REASONS: (When.OWN, _N, _N, _Y, _N, _N),
    Right.PLAN: (_N, _Y, _N, _Y, _Y, _N),
    Right.ROLL_CALL: (_N, _Y, When.RECORDER, _Y, When.OWN_UNIT, _N),
    Right.APPROVE_LEAVE: (_N, _N, _N, _Y, When.SECRETARYS, _N),
    Right.CORRECT: (_N, _N, _N, _Y, _N, _N),
    Right.CONFIRM_CORRECTION: (_N, _N, _Y, _Y, When.ALONE, _N),
    Right.MINUTES: (_N, _Y, When.SCRIBE, _Y, When.OWN_UNIT, _N),
    Right.EXPORT: (_N, _N, _N, _Y, _Y, _N),
    Right.ROSTER: (_N, _N, _N, When.OWN_BRANCH, _Y, _Y),
    Right.BIND_CHAT: (_N, _N, _N, When.OWN_BRANCH, _Y, _Y),
    Right.EXEMPT: (_N, _N, _N, _N, _Y, _N),
    Right.GRANT: (_N, _N, _N, When.LEADERS, When.NOT_ADMINS, When.ADMINS),
    Right.CALENDAR: (_N, _N, _N, _N, When.TOP, _Y),
    Right.BANKS: (_N, _N, _N, _Y, _Y, _N),
    Right.RUN_QUIZ: (_N, _N, _N, _Y, _Y, _N),
    Right.SEE_SITTERS: (_N, _Y, _N, _Y, When.OPENED, _N),
    Right.SEE_SCORES: (_N, _N, _N, _Y, When.OPENED, _N),
    Right.ERASE: (_N, _N, _N, _N, When.BY_ADMIN, _Y),
}
NEVER_OWN = frozenset({Right.APPROVE_LEAVE, Right.CONFIRM_CORRECTION})


@dataclass(frozen=True, slots=True)
class Case:
    """What a right may hang on beside person and unit."""

    of_id: int | None = None  # whose leave, reason or proposal it is
    is_of_secretary: bool = False
    recorder_id: int | None = None
    chair_id: int | None = None
    has_second_holder: bool = True
    role: Role | None = None  # to be given or taken


NO_CASE = Case()


class NotBound(UserError):
    text = "还没有与名册对应。请向支部书记索取加入链接（24 小时有效，仅限本人）。"


class NotAllowed(UserError):
    """Refused for want of a role; with the person's own secretary as the one to ask."""

    text = "这个操作只有支部书记或管理员可以用。需要开通请联系：{contact}书记。"


class NotAllowedHere(NotAllowed):
    """The same where no secretary can be named, or the secretary asked."""

    text = "这个操作只有支部书记或管理员可以用。需要开通请联系管理员。"


class NotOnRoster(UserError):
    """A root user asks for what people of the roster have of their own."""

    text = (
        "您是系统管理员，不在名册上，没有个人的会议、提醒和记录。发送 /help 查看可以做什么。"
        "要加入：导入写有您的名册，再打开邀请单里您的链接。"
    )


class OnlyAdmins(NotAllowed):
    text = "这个操作只有管理员可以用。需要开通请联系管理员。"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, with the roles of today. `member_id` is 0 for a root user who stands on no roster."""

    member_id: int
    user_id: int
    name: str
    branch: UnitRef | None = None
    group: UnitRef | None = None
    grants: tuple[Grant, ...] = ()
    is_root: bool = False
    contact: str = ""  # name of the branch's secretary
    sees_names: bool = False  # `quiz.admin_sees_names`

    @property
    def branch_id(self) -> int | None:
        return self.branch.id if self.branch else None

    @property
    def group_id(self) -> int | None:
        return self.group.id if self.group else None

    @property
    def recorded_id(self) -> int | None:
        """For columns that name who did it: a root user outside the roster has no row."""
        return self.member_id or None

    def may(self, right: Right, unit: UnitRef | None = None, case: Case = NO_CASE) -> bool:
        """Whether the matrix gives `right` at `unit`; without a unit: wherever the person has a role."""
        if right in NEVER_OWN and case.of_id == self.member_id:
            return False
        cells = MATRIX[right]
        return any(
            _applies(cells[standing.value], self, grant, unit or (grant.unit if grant else None), case)
            for standing, grant in self._standings(unit)
        )

    def require(self, right: Right, unit: UnitRef | None = None, case: Case = NO_CASE) -> None:
        """Raise the refusal that fits unless `may`."""
        if self.may(right, unit, case):
            return
        if right is Right.SELF:
            raise NotOnRoster
        if MATRIX[right][Standing.OFFICER.value] is When.NO:
            raise OnlyAdmins
        if not self.contact or self.contact == self.name:
            raise NotAllowedHere
        raise NotAllowed(contact=self.contact)

    def units_for(self, right: Right) -> tuple[UnitRef, ...]:
        """Units at which a role of the person gives the right: the roots of what it reaches."""
        held = (grant.unit for grant in self.grants if replace(self, grants=(grant,), is_root=False).may(right))
        return tuple(dict.fromkeys(held))

    def _standings(self, unit: UnitRef | None) -> Iterator[tuple[Standing, Grant | None]]:
        if self.member_id and (unit is None or self._belongs(unit)):
            yield Standing.MEMBER, None
        for grant in self.grants:
            for standing in _standings_of(grant, unit or grant.unit):
                yield standing, grant
        if self.is_root:
            yield Standing.ROOT, None

    def _belongs(self, unit: UnitRef) -> bool:
        home = self.group or self.branch
        return home is not None and unit.covers(home)


def _standings_of(grant: Grant, unit: UnitRef) -> Iterator[Standing]:
    """What a role at `grant.unit` makes of its holder at `unit`; nothing for units beside or above."""
    own, branch = grant.unit, grant.unit.kind is UnitKind.BRANCH
    if not own.covers(unit):
        return
    at_home = unit.id == own.id or branch
    if at_home and grant.role in OFFICERS:
        yield Standing.OFFICER
    elif at_home and grant.role is Role.COMMISSIONER:
        yield Standing.COMMISSIONER
    elif at_home and grant.role is Role.GROUP_LEADER:
        yield Standing.LEADER
    elif at_home and grant.role is Role.STUDY_MEMBER:
        yield Standing.MEMBER
    if grant.role is Role.ADMIN or (grant.role is Role.ORGANIZER and not branch):
        yield Standing.ABOVE


def _applies(when: When, who: Actor, grant: Grant | None, unit: UnitRef | None, case: Case) -> bool:
    if when in (When.YES, When.NO):
        return when is When.YES
    if when in _BY_CASE:
        return _BY_CASE[when](who.member_id, case)
    if when is When.OWN_BRANCH:
        return unit is not None and unit.kind in (UnitKind.BRANCH, UnitKind.PARTY_GROUP)
    assert grant is not None  # the cells left are those of people with a role
    if when is When.OWN_UNIT:
        return unit == grant.unit
    if when is When.LEADERS:
        return grant.role is Role.SECRETARY and case.role in (None, Role.GROUP_LEADER)
    if when is When.OPENED:
        return grant.role is Role.ADMIN and who.sees_names
    return grant.role is Role.ADMIN and (when is When.BY_ADMIN or grant.unit.is_top)


_BY_CASE: Mapping[When, Callable[[int, Case], bool]] = {
    When.OWN: lambda me, case: case.of_id == me,
    When.RECORDER: lambda me, case: case.recorder_id == me,
    When.SCRIBE: lambda me, case: me in (case.recorder_id, case.chair_id),
    When.SECRETARYS: lambda _, case: case.is_of_secretary,
    When.ALONE: lambda _, case: not case.has_second_holder,
    When.NOT_ADMINS: lambda _, case: case.role is not Role.ADMIN,
    When.ADMINS: lambda _, case: case.role in (None, Role.ADMIN),
}
