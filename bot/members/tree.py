"""Finds the units a roster file names, and places those it adds. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.members.phrases import is_general_branch
from bot.members.rows import Flaw
from bot.members.rules import COMMITTEES, NO_CASE, Actor, Case, Right, UnitKind, UnitRef

COMPANIES = frozenset({UnitKind.COMPANY})
_BRANCHES = frozenset({UnitKind.BRANCH})


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit to be made; it and its parent may carry a negative stand-in id."""

    id: int
    kind: UnitKind
    name: str
    parent_id: int | None


def ids(unit: UnitRef) -> list[int]:
    """From the top down to its own."""
    return [int(part) for part in unit.path.split("/") if part]


class Tree:
    """The units as they are, seen by `who` (None: the command line, which may everything), and those added."""

    def __init__(self, units: Iterable[UnitRef], who: Actor | None) -> None:
        self.units = {unit.id: unit for unit in units}
        self.added: list[NewUnit] = []
        self._who = who
        self._branches: dict[tuple[str | None, str | None, str], UnitRef | Flaw] = {}

    def may(self, right: Right, unit: UnitRef, case: Case = NO_CASE) -> bool:
        if self._who is None or unit.id < 0:  # what is added here was allowed where it was added
            return True
        return self._who.may(right, unit, case)

    def branch(self, company: str | None, committee: str | None, name: str) -> UnitRef | Flaw:
        """The branch of that name under company and committee, added if `who` may; else what stands against it."""
        key = (company, committee, name)
        if key not in self._branches:
            self._branches[key] = self._find_branch(company, committee, name)
        return self._branches[key]

    def child(self, parent: UnitRef, name: str, kind: UnitKind) -> UnitRef | None:
        named = (unit for unit in self.units.values() if unit.name == name and unit.kind is kind)
        return next((unit for unit in named if ids(unit)[:-1] == ids(parent)), None)

    def above(self, unit: UnitRef, kinds: frozenset[UnitKind]) -> UnitRef | None:
        """The nearest unit above of one of these kinds."""
        line = (self.units[i] for i in reversed(ids(unit)[:-1]))
        return next((other for other in line if other.kind in kinds), None)

    def add(self, kind: UnitKind, name: str, parent: UnitRef | None) -> UnitRef:
        new = NewUnit(-1 - len(self.added), kind, name, parent.id if parent else None)
        self.added.append(new)
        self.units[new.id] = UnitRef(new.id, kind, name, f"{parent.path if parent else '/'}{new.id}/")
        return self.units[new.id]

    def _find_branch(self, company: str | None, committee: str | None, name: str) -> UnitRef | Flaw:
        found = self._find(name, _BRANCHES, company, committee)
        if len(found) > 1:
            return Flaw.AMBIGUOUS_BRANCH
        if found:
            return found[0] if self.may(Right.ROSTER, found[0]) else Flaw.NO_SUCH_BRANCH
        return self._new_branch(company, committee, name)

    def _new_branch(self, company: str | None, committee: str | None, name: str) -> UnitRef | Flaw:
        companies = self._find(company, COMPANIES) if company else []
        committees = self._find(committee, COMMITTEES, company if companies else None) if committee else []
        if company and not companies:  # a committee of this name below another company is another one
            committees = [unit for unit in committees if self.above(unit, COMPANIES) is None]
        if max(len(companies), len(committees)) > 1 or (len(self._tops()) > 1 and not (company or committee)):
            return Flaw.AMBIGUOUS_BRANCH
        parent = max([*self._only_top(), *companies, *committees], key=lambda unit: len(ids(unit)), default=None)
        if not self._may_add(parent):
            return Flaw.NO_SUCH_BRANCH
        if company and not companies:
            parent = self.add(UnitKind.COMPANY, company, parent)
        if committee and not committees:
            parent = self.add(_committee_kind(committee, parent), committee, parent)
        return self.add(UnitKind.BRANCH, name, parent)

    def _may_add(self, parent: UnitRef | None) -> bool:
        if self._who is None or self._who.is_root:
            return True
        return parent is not None and self.may(Right.ROSTER, parent)

    def _tops(self) -> list[UnitRef]:
        return [unit for unit in self.units.values() if unit.is_top]

    def _only_top(self) -> list[UnitRef]:
        tops = self._tops()
        return tops if len(tops) == 1 and tops[0].kind is not UnitKind.BRANCH else []

    def _find(self, name: str, kinds: frozenset[UnitKind], *near: str | None) -> list[UnitRef]:
        """Units of that name and kind with, for each name in `near`, a unit so named above or below."""
        found = [unit for unit in self.units.values() if unit.name == name and unit.kind in kinds]
        for other in near:
            if other is not None:
                found = [unit for unit in found if any(line.name == other for line in self._line(unit))]
        return found

    def _line(self, unit: UnitRef) -> Iterator[UnitRef]:
        return (other for other in self.units.values() if other.covers(unit) or unit.covers(other))


def _committee_kind(name: str, parent: UnitRef | None) -> UnitKind:
    if parent is None:
        return UnitKind.DISTRICT_COMMITTEE
    return UnitKind.GENERAL_BRANCH if is_general_branch(name) else UnitKind.PARTY_COMMITTEE
