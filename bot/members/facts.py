"""What members tells its views: plain data of one dialogue step each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.members.rules import ExemptionScope, Grant, Role, UnitRef
from bot.members.service import Person


@dataclass(frozen=True, slots=True)
class Invitation:
    """A personal link still in clear; only its hash is stored."""

    unit: str
    name: str
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Bound:
    member_id: int
    name: str
    branch: str


@dataclass(frozen=True, slots=True)
class ClaimCard:
    """A claim for those who decide; `candidates` are people of the branch without an account."""

    claim_id: int
    typed_name: str
    branch: str
    candidates: Sequence[Person]


@dataclass(frozen=True, slots=True)
class Choice:
    """Units to choose from, one page of them."""

    units: Sequence[UnitRef]
    page: int = 0
    above: UnitRef | None = None


@dataclass(frozen=True, slots=True)
class CodeCard:
    """A code that binds a group; `former` is the group the unit has now."""

    unit: UnitRef
    code: str
    former: str | None


@dataclass(frozen=True, slots=True)
class Undoable:
    """Of whom or what something was taken, and the button that gives it back until then."""

    name: str
    undo_id: int
    until: datetime


@dataclass(frozen=True, slots=True)
class ChatBound:
    unit: UnitRef
    code: str = ""
    former: str | None = None  # another group of the unit, which must be replaced first
    is_in_topic: bool = False
    undo: Undoable | None = None  # of the group that this one has taken the place of


@dataclass(frozen=True, slots=True)
class Record:
    """Somebody's own entry, or that of a person in the secretary's hand."""

    person: Person
    branch: str | None
    grants: Sequence[Grant]


@dataclass(frozen=True, slots=True)
class RosterList:
    """A branch's roster, one page of it."""

    unit: UnitRef
    people: Sequence[Person]
    roles: dict[int, list[Role]]
    page: int = 0


@dataclass(frozen=True, slots=True)
class Leaver:
    """Somebody who leaves a branch's roster. `undo`: where it can be taken back for minutes, not for the day: the
    number of its undoing, and until when."""

    member_id: int
    name: str
    branch: UnitRef
    undo: tuple[int, datetime] | None = None


# -- one's own data ---


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet of what is known of a person, or of a list; `head` stands above it in print instead of the title."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    head: str = ""


@dataclass(frozen=True, slots=True)
class ErasureCard:
    """Whose data would go. `must_ask`: not by this reader, who can only ask for it."""

    member_id: int
    name: str
    branch: str | None
    is_own: bool = False
    must_ask: bool = False


# -- offices ---


@dataclass(frozen=True, slots=True)
class Exempted:
    """A span in which somebody is not counted, or has no vote."""

    id: int
    scope: ExemptionScope
    from_on: date
    to_on: date | None
    basis: str
    approver: str
    approved_on: date


@dataclass(frozen=True, slots=True)
class Office:
    """Who holds which role."""

    member_id: int
    name: str
    grant: Grant


@dataclass(frozen=True, slots=True)
class UnitCard:
    """A unit in the tree of offices, one page of what is below it: units, or in a branch its people."""

    unit: UnitRef
    offices: Sequence[Office]
    below: Sequence[UnitRef]
    people: Sequence[Person]
    above: UnitRef | None = None
    page: int = 0
    has_calendar: bool = False  # the reader keeps the working calendar of all that is below


@dataclass(frozen=True, slots=True)
class OfficeCard:
    """A person in the tree of offices, with what the reader may do."""

    record: Record
    removable: Sequence[Grant]
    exemptions: Sequence[Exempted]
    suspended: tuple[date, date | None] | None
    may_appoint: bool
    may_exempt: bool
    may_erase: bool
    back_id: int | None


@dataclass(frozen=True, slots=True)
class PostChoice:
    """Where, and once that is chosen as what, somebody may be appointed."""

    member_id: int
    name: str
    units: Sequence[UnitRef]
    unit: UnitRef | None = None
    roles: Sequence[Role] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A role given or taken; `former` had to leave it for the new one."""

    member_id: int
    name: str
    grant: Grant
    is_given: bool
    former: str = ""
    is_young: bool = False  # a secretary with less than a year of full membership
    is_undo: bool = False  # it takes back what was done a moment ago
    undo: tuple[int, datetime] | None = None  # the entry that can be taken back, and until when
