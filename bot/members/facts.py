"""What members tells its views: plain data of one dialogue step each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.members.rules import Grant, Role, UnitRef
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
class ChatBound:
    unit: UnitRef
    code: str = ""
    former: str | None = None  # another group of the unit, which must be replaced first


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
