"""What a roster file would change: compares its rows with the roster as it stands. Pure; `roster` loads and applies."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from bot.members.rows import Body, Fault, Flaw, Reading, RosterRow
from bot.members.rules import (
    COMMITTEES,
    Actor,
    Case,
    Right,
    Role,
    UnitKind,
    UnitRef,
)
from bot.members.tree import COMPANIES, NewUnit, Tree, ids
from bot.periods import months_later

Posts = tuple[tuple[Role, int], ...]  # roles with the units they are held at
MOST_MEMBERS = 50  # of a branch, 《中国共产党支部工作条例（试行）》第四条
SECRETARY_MONTHS = 12  # of full membership, 条号待核


@dataclass(frozen=True, slots=True)
class Known:
    """A person of the roster before the import."""

    member_id: int
    name: str
    staff_no: str | None
    company_id: int | None
    is_probationary: bool  # on the day of the import
    is_leader: bool
    joined_on: date | None
    full_on: date | None
    branch_id: int | None
    group_id: int | None
    since: date | None  # in that branch


@dataclass(frozen=True, slots=True)
class Held:
    """A role somebody holds now at a unit the file touches."""

    member_id: int
    role: Role
    unit_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Namesake:
    """Somebody on the roster with a name that the file has, too."""

    member_id: int
    name: str
    branch_id: int


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a plan depends on beside the file: what it is compared with when it is confirmed."""

    units: tuple[UnitRef, ...]
    people: tuple[Known, ...]
    roles: tuple[Held, ...]
    namesakes: tuple[Namesake, ...] = ()  # only warned of


@dataclass(frozen=True, slots=True)
class FieldChange:
    field: str
    old: object
    new: object


@dataclass(frozen=True, slots=True)
class Entry:
    """What becomes of one row; `member_id` is None for somebody new."""

    row: RosterRow
    member_id: int | None
    branch_id: int
    group_id: int | None
    company_id: int | None
    from_on: date
    opens: bool = False  # a membership in the branch
    moved_from: int | None = None
    fields: tuple[FieldChange, ...] = ()
    gains: Posts = ()
    losses: Posts = ()

    @property
    def is_same(self) -> bool:
        return not (self.opens or self.fields or self.gains or self.losses)


@dataclass(frozen=True, slots=True)
class Plan:
    units: tuple[NewUnit, ...]
    entries: tuple[Entry, ...]
    missing: tuple[Known, ...]
    faults: tuple[Fault, ...]
    branch_ids: tuple[int, ...]  # those named in the file

    @property
    def problems(self) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.faults if not fault.is_warning)

    @property
    def counts(self) -> dict[str, int]:
        new = sum(entry.member_id is None for entry in self.entries)
        return {
            "new": new,
            "changed": sum(bool(entry.fields) for entry in self.entries),
            "moved": sum(entry.opens for entry in self.entries) - new,
            "posts": sum(bool(e.gains or e.losses) and e.member_id is not None for e in self.entries),
            "same": sum(entry.is_same for entry in self.entries),
            "missing": len(self.missing),
            "problems": len(self.problems),
        }

    @property
    def is_empty(self) -> bool:
        return not self.problems and all(entry.is_same for entry in self.entries)


def plan(reading: Reading, before: Situation, who: Actor | None, *, today: date) -> Plan:
    """The plan of `who`, or of the command line, which may everything."""
    return _Planner(reading, before, who, today).plan()


class _Planner:
    def __init__(self, reading: Reading, before: Situation, who: Actor | None, today: date) -> None:
        self._reading, self._before, self._who, self._today = reading, before, who, today
        self._faults = list(reading.faults)
        self._tree = Tree(before.units, who)
        self._by_number = {(p.company_id, p.staff_no): p for p in before.people if p.staff_no}
        self._by_name: dict[tuple[int | None, str], list[Known]] = defaultdict(list)
        for person in before.people:
            self._by_name[person.branch_id, person.name].append(person)
        self._held: dict[int, set[tuple[Role, int]]] = defaultdict(set)
        for held in before.roles:
            self._held[held.member_id].add((held.role, held.unit_id))
        self._taken: set[int] = set()

    def plan(self) -> Plan:
        entries = [entry for row in self._reading.rows if (entry := self._entry(row)) is not None]
        branch_ids = tuple(dict.fromkeys(entry.branch_id for entry in entries))
        missing = tuple(p for p in self._before.people if p.branch_id in branch_ids and p.member_id not in self._taken)
        self._faults += self._of_branches(entries, missing)
        self._faults += self._of_namesakes(entries)
        faults = tuple(sorted(self._faults, key=lambda fault: (fault.line, fault.flaw.value)))
        return Plan(tuple(self._tree.added), tuple(entries), missing, faults, branch_ids)

    def _add(self, flaw: Flaw, row: RosterRow, **values: str | int) -> None:
        self._faults.append(Fault(flaw, row.line, values))

    def _branch(self, row: RosterRow) -> UnitRef | None:
        found = self._tree.branch(row.company, row.committee, row.branch)
        if isinstance(found, Flaw):
            self._add(found, row, branch=row.branch)
            return None
        return found

    # -- people ---------------------------------------------------------------------------------------------------

    def _entry(self, row: RosterRow) -> Entry | None:
        branch = self._branch(row)
        if branch is None:
            return None
        company = self._tree.above(branch, COMPANIES)
        group = self._group(row, branch)
        person = self._match(row, branch, company.id if company else None)
        if person is Flaw.AMBIGUOUS_PERSON:
            self._add(Flaw.AMBIGUOUS_PERSON, row, name=row.name, branch=row.branch)
            return None
        known = person if isinstance(person, Known) else None
        entry = Entry(
            row=row,
            member_id=known.member_id if known else None,
            branch_id=branch.id,
            group_id=group.id if group else None,
            company_id=company.id if company else None,
            from_on=row.from_on or self._today,
            opens=known is None or known.branch_id != branch.id,
        )
        gains, losses = self._roles(row, branch, group, known)
        entry = replace(entry, gains=gains, losses=losses)
        if known is None:
            return entry
        self._taken.add(known.member_id)
        if entry.opens:
            entry = replace(entry, moved_from=self._moved_from(row, known))
        return replace(entry, fields=tuple(_changed(row, known, entry, self._tree.units)))

    def _group(self, row: RosterRow, branch: UnitRef) -> UnitRef | None:
        if row.group is None:
            return None
        there = self._tree.child(branch, row.group, UnitKind.PARTY_GROUP)
        return there or self._tree.add(UnitKind.PARTY_GROUP, row.group, branch)

    def _match(self, row: RosterRow, branch: UnitRef, company_id: int | None) -> Known | Flaw | None:
        """By number in the company, else by name in the branch, where a number on both sides tells two people apart."""
        if row.staff_no and (known := self._by_number.get((company_id, row.staff_no))) is not None:
            return known
        alike = [p for p in self._by_name[branch.id, row.name] if not (row.staff_no and p.staff_no)]
        return Flaw.AMBIGUOUS_PERSON if len(alike) > 1 else next(iter(alike), None)

    def _moved_from(self, row: RosterRow, known: Known) -> int | None:
        if known.branch_id is None:
            return None
        if not self._tree.may(Right.ROSTER, self._tree.units[known.branch_id]):
            self._add(Flaw.NOT_YOURS_TO_MOVE, row, name=row.name)
        if known.since and (row.from_on or self._today) < known.since:
            self._add(Flaw.MOVED_TOO_EARLY, row, value=known.since.isoformat())
        return known.branch_id

    # -- roles ----------------------------------------------------------------------------------------------------

    def _roles(
        self, row: RosterRow, branch: UnitRef, group: UnitRef | None, known: Known | None
    ) -> tuple[Posts, Posts]:
        """Roles of branch and groups become those of the row; what somebody is at the committee is only added to.

        Whoever moves leaves the roles of the former branch behind, whatever the row says.
        """
        held = self._held[known.member_id] if known else set()
        left = {pair for pair in held if self._is_left(pair, branch, known)}
        gains, losses = self._stated(row, branch, group, held)
        losses = sorted({*losses, *left}, key=_order)
        for role, unit_id in (*gains, *losses):
            if not self._may_grant(role, self._tree.units[unit_id]):
                self._add(Flaw.NOT_YOURS_TO_GRANT, row, role=role.name)
        return tuple(gains), tuple(losses)

    def _is_left(self, pair: tuple[Role, int], branch: UnitRef, known: Known | None) -> bool:
        role, unit_id = pair
        if known is None or known.branch_id in (None, branch.id) or role is Role.ADMIN:
            return False
        return self._tree.units[known.branch_id].covers(self._tree.units[unit_id])

    def _stated(
        self, row: RosterRow, branch: UnitRef, group: UnitRef | None, held: set[tuple[Role, int]]
    ) -> tuple[list[tuple[Role, int]], list[tuple[Role, int]]]:
        if row.posts is None:
            return [], []
        places = {Body.BRANCH: branch, Body.GROUP: group, Body.COMMITTEE: self._committee(row, branch)}
        wanted: set[tuple[Role, int]] = set()
        for post in row.posts:
            place = places[post.body]
            if place is not None:
                wanted.add((post.role, place.id))
            elif post.body is Body.COMMITTEE:
                self._add(Flaw.NO_COMMITTEE, row)
        inside = {pair for pair in held if branch.covers(self._tree.units[pair[1]]) and pair[0] is not Role.ADMIN}
        return sorted(wanted - held, key=_order), sorted(inside - wanted, key=_order)

    def _may_grant(self, role: Role, unit: UnitRef) -> bool:
        """Root users set up a roster with all its roles; others need the right to grant."""
        if self._who is not None and self._who.is_root:
            return True
        return self._tree.may(Right.GRANT, unit, Case(role=role))

    def _committee(self, row: RosterRow, branch: UnitRef) -> UnitRef | None:
        above = [self._tree.units[i] for i in ids(branch)[:-1]]
        named = [unit for unit in above if unit.kind in COMMITTEES and row.committee in (None, unit.name)]
        return named[-1] if named else None

    # -- branches as a whole --------------------------------------------------------------------------------------

    def _of_branches(self, entries: Sequence[Entry], missing: Sequence[Known]) -> Iterator[Fault]:
        yield from self._two_secretaries(entries)
        sizes = Counter(entry.branch_id for entry in entries) + Counter(p.branch_id for p in missing if p.branch_id)
        for branch_id, size in sizes.items():
            if size > MOST_MEMBERS:
                yield Fault(Flaw.OVER_FIFTY, 0, {"branch": self._tree.units[branch_id].name, "n": size})
        for entry in entries:
            since = entry.row.full_on or entry.row.joined_on
            leads = any(role is Role.SECRETARY and unit_id == entry.branch_id for role, unit_id in entry.gains)
            if leads and since and months_later(since, SECRETARY_MONTHS) > self._today:
                yield Fault(Flaw.YOUNG_SECRETARY, entry.row.line, {"name": entry.row.name})

    def _of_namesakes(self, entries: Sequence[Entry]) -> Iterator[Fault]:
        """Somebody new who may be somebody of another branch: a transfer is known by its number only."""
        places: dict[str, list[UnitRef]] = defaultdict(list)
        for known in self._before.namesakes:
            place = self._tree.units[known.branch_id]
            if known.member_id not in self._taken and self._tree.may(Right.ROSTER, place):
                places[known.name].append(place)
        for entry in entries:
            elsewhere = [place.name for place in places[entry.row.name] if place.id != entry.branch_id]
            if entry.member_id is None and elsewhere:
                yield Fault(Flaw.NAMESAKE, entry.row.line, {"name": entry.row.name, "branch": elsewhere[0]})

    def _two_secretaries(self, entries: Sequence[Entry]) -> Iterator[Fault]:
        chiefs = {(held.unit_id, held.member_id): held.name for held in self._before.roles if _leads(held.role)}
        lost = {(unit_id, who) for who, role, unit_id, _ in _each(entries, "losses") if _leads(role)}
        gained = [(unit_id, entry) for _, role, unit_id, entry in _each(entries, "gains") if _leads(role)]
        lines = {unit_id: entry.row.line for unit_id, entry in gained}
        for unit_id, line in lines.items():
            stay = [name for (at, who), name in chiefs.items() if at == unit_id and (at, who) not in lost]
            names = stay + [entry.row.name for at, entry in gained if at == unit_id]
            if len(names) > 1:
                unit = self._tree.units[unit_id].name
                yield Fault(Flaw.TWO_SECRETARIES, line, {"unit": unit, "names": "、".join(names)})


def _leads(role: Role) -> bool:
    return role is Role.SECRETARY


def _each(entries: Sequence[Entry], kind: Literal["gains", "losses"]) -> Iterator[tuple[object, Role, int, Entry]]:
    """Each post gained or lost, with somebody new told apart by his line."""
    for entry in entries:
        for role, unit_id in getattr(entry, kind):
            yield entry.member_id or ("new", entry.row.line), role, unit_id, entry


def _order(pair: tuple[Role, int]) -> tuple[int, int]:
    return pair[0].value, pair[1]


def _changed(row: RosterRow, known: Known, entry: Entry, units: Mapping[int, UnitRef]) -> Iterator[FieldChange]:
    """Fields the file states and that differ; the group is shown by its name."""
    stated = {
        "name": row.name,
        "staff_no": row.staff_no,
        "is_probationary": row.is_probationary,
        "is_leader": row.is_leader,
        "joined_on": row.joined_on,
        "full_on": row.full_on,
    }
    for name, new in stated.items():
        old = getattr(known, name)
        if new is not None and new != old:
            yield FieldChange(name, old, new)
    if not entry.opens and entry.group_id is not None and entry.group_id != known.group_id:
        old_group = units[known.group_id].name if known.group_id else None
        yield FieldChange("group", old_group, row.group)
