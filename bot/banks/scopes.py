"""Whose a bank is, and who may edit it."""

import re
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.banks.models import BankRow
from bot.banks.rules import ScopeKind
from bot.errors import UserError
from bot.members import service as members
from bot.members.rules import Actor, OnlyAdmins, Right, UnitKind, UnitRef

_WRITTEN = re.compile(r"district|(?P<kind>company|branch):(?P<id>\d{1,9})")


class BadScope(UserError):
    text = "归属“{scope}”不对，请写 district、company:编号 或 branch:编号，编号是名册里的组织编号。"


@dataclass(frozen=True, slots=True)
class Scope:
    """Without a unit a bank is everybody's; else of the branches below the unit, or of the branch it is."""

    kind: ScopeKind = ScopeKind.DISTRICT
    unit: UnitRef | None = None

    @property
    def unit_id(self) -> int | None:
        return self.unit.id if self.unit else None

    def is_seen_from(self, unit: UnitRef) -> bool:
        """Whether somebody with a role at `unit` has to do with the bank."""
        return self.unit is None or self.unit.covers(unit) or unit.covers(self.unit)


def of_unit(unit: UnitRef) -> Scope:
    """The scope of what somebody with a role at the unit makes: at the top it is everybody's."""
    if unit.kind is UnitKind.BRANCH:
        return Scope(ScopeKind.BRANCH, unit)
    return Scope() if unit.is_top else Scope(ScopeKind.COMPANY, unit)


def of_person(who: Actor) -> Scope:
    """The widest the person may make a bank for."""
    return of_unit(min(who.units_for(Right.BANKS), key=lambda unit: len(unit.path)))


def of_bank(session: Session, bank: BankRow) -> Scope:
    return Scope(bank.scope_kind, members.unit(session, bank.scope_id) if bank.scope_id else None)


def of_words(session: Session, words: str) -> Scope:
    """`district`, `company:4`, `branch:9` as the command line takes it; raises BadScope."""
    found = _WRITTEN.fullmatch(words)
    if found is None:
        raise BadScope(scope=words)
    if found["id"] is None:
        return Scope()
    try:
        unit = members.unit(session, int(found["id"]))
    except members.NoSuchUnit:
        raise BadScope(scope=words) from None
    if (found["kind"] == "branch") is not (unit.kind is UnitKind.BRANCH):
        raise BadScope(scope=words)
    return of_unit(unit)


def may_edit(who: Actor, scope: Scope) -> bool:
    if scope.unit is not None:
        return who.may(Right.BANKS, scope.unit)
    return any(unit.is_top for unit in who.units_for(Right.BANKS))


def require_edit(who: Actor, scope: Scope) -> None:
    who.require(Right.BANKS, scope.unit)
    if not may_edit(who, scope):
        raise OnlyAdmins
