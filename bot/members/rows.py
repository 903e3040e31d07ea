"""One line of a roster file, and what can be wrong with it: plain data between file, plan and database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto

from bot.members.rules import Role


class NoValue(Enum):
    """A formula that was never computed."""

    FORMULA = auto()


Cell = str | int | float | date | NoValue | None


class Flaw(Enum):
    """What can be wrong with a roster; those from OVER_FIFTY on are warnings."""

    MISSING_COLUMN = auto()
    DOUBLE_COLUMN = auto()
    MERGED = auto()
    NO_NAME = auto()
    NO_BRANCH = auto()
    NO_CATEGORY = auto()
    BAD_CATEGORY = auto()
    NO_RESULT = auto()
    DIGITS_LOST = auto()
    HALF_DATE = auto()
    BAD_DATE = auto()
    NO_SUCH_DATE = auto()
    FUTURE_DATE = auto()
    EARLY_DATE = auto()
    FULL_BEFORE_JOINED = auto()
    FULL_AHEAD = auto()
    PROBATION_OVER = auto()
    TOO_LONG = auto()
    BAD_MARK = auto()
    UNKNOWN_POST = auto()
    TWICE = auto()
    SAME_NUMBER = auto()
    PROBATIONARY_OFFICER = auto()
    LEADER_WITHOUT_GROUP = auto()
    UNKNOWN_KEY = auto()
    WRONG_SHAPE = auto()
    NO_ROWS = auto()
    NO_SUCH_BRANCH = auto()
    AMBIGUOUS_BRANCH = auto()
    AMBIGUOUS_PERSON = auto()
    NO_COMMITTEE = auto()
    NOT_YOURS_TO_GRANT = auto()
    NOT_YOURS_TO_MOVE = auto()
    MOVED_TOO_EARLY = auto()
    TWO_SECRETARIES = auto()
    OVER_FIFTY = auto()
    YOUNG_SECRETARY = auto()
    NO_FULL_DATE = auto()
    PRIVATE_COLUMN = auto()
    NAMESAKE = auto()


@dataclass(frozen=True, slots=True)
class Fault:
    """One flaw at a line (0: of the whole file), with what its text names."""

    flaw: Flaw
    line: int = 0
    values: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def is_warning(self) -> bool:
        return self.flaw.value >= Flaw.OVER_FIFTY.value


class Body(Enum):
    """At which body of the row a post is held."""

    BRANCH = auto()
    GROUP = auto()
    COMMITTEE = auto()


@dataclass(frozen=True, slots=True, order=True)
class Post:
    role: Role
    body: Body


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One person as the file says; None where it says nothing."""

    line: int
    branch: str
    name: str
    is_probationary: bool
    company: str | None = None
    committee: str | None = None
    group: str | None = None
    staff_no: str | None = None
    joined_on: date | None = None
    full_on: date | None = None
    posts: frozenset[Post] | None = None
    is_leader: bool | None = None
    from_on: date | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a file says; with faults that are no warnings nothing of it may be used."""

    rows: tuple[RosterRow, ...]
    faults: tuple[Fault, ...]
