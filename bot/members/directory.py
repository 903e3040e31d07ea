"""What people look up: their own entry, the units they may choose from, a branch's roster."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.members.facts import Choice, Record, RosterList
from bot.members.joining import refuse_bound
from bot.members.models import RoleGrant, Unit
from bot.members.rules import Grant, Right, Role, UnitKind, UnitRef
from bot.members.service import NoSuchUnit, Person, actor, holds, people, roster_on, unit
from bot.members.tree import ids
from bot.message import Sender
from bot.periods import local_day

BRANCHES = (UnitKind.BRANCH,)
WITH_CHATS = (
    UnitKind.DISTRICT_COMMITTEE,
    UnitKind.PARTY_COMMITTEE,
    UnitKind.GENERAL_BRANCH,
    UnitKind.BRANCH,
    UnitKind.PARTY_GROUP,
)


def mine(session: Session, sender: Sender, *, now: datetime) -> Record:
    """The sender's own entry."""
    who = actor(session, sender, now=now)
    who.require(Right.SELF)
    found = people(session, [who.member_id], local_day(now))
    return Record(found[who.member_id], who.branch.name if who.branch else None, who.grants)


def of_member(session: Session, sender: Sender, member_id: int, *, now: datetime) -> Record:
    """Somebody's entry, for those who keep the roster."""
    who = actor(session, sender, now=now)
    found = people(session, [member_id], local_day(now)).get(member_id)
    if found is None or found.branch_id is None:
        raise NoSuchUnit
    branch = unit(session, found.branch_id)
    who.require(Right.ROSTER, branch)
    query = select(RoleGrant.role, Unit.id, Unit.kind, Unit.name, Unit.path).join(Unit, Unit.id == RoleGrant.unit_id)
    rows = session.execute(query.where(RoleGrant.member_id == member_id, holds(RoleGrant, local_day(now))))
    return Record(found, branch.name, [Grant(row[0], UnitRef(*row[1:5])) for row in rows])


def namesakes(session: Session, member_id: int, day: date) -> list[Person]:
    """This person, and those of the same name in the branch of that day: a text that names one must tell which."""
    [person] = people(session, [member_id], day).values()
    others = roster_on(session, person.branch_id, day) if person.branch_id is not None else []
    return [person, *(o for o in others if o.name == person.name and o.member_id != member_id)]


def choices(
    session: Session, sender: Sender, right: Right, kinds: Sequence[UnitKind], page: int = 0, *, now: datetime
) -> Choice:
    """The units at which the sender has the right; refuses people who have it nowhere."""
    who = actor(session, sender, now=now)
    who.require(right)
    tops = who.units_for(right)
    found = [ref for ref in _units(session, kinds) if who.is_root or any(top.covers(ref) for top in tops)]
    return Choice(_told_apart(session, [ref for ref in found if who.may(right, ref)]), page)


def joinable(session: Session, sender: Sender, company_id: int = 0, page: int = 0, *, now: datetime) -> Choice:  # noqa: ARG001  # as all services
    """For an account without a person: companies first where there are several, then branches."""
    refuse_bound(session, sender.user_id)
    branches = _units(session, BRANCHES)
    if company_id:
        company = unit(session, company_id)
        return Choice(_told_apart(session, [ref for ref in branches if company.covers(ref)]), page, company)
    companies = _units(session, (UnitKind.COMPANY,))
    if len(companies) < 2:
        return Choice(_told_apart(session, branches), page)
    single = [ref for ref in branches if not any(company.covers(ref) for company in companies)]
    return Choice([*companies, *single], page)


def roster(session: Session, sender: Sender, unit_id: int, page: int = 0, *, now: datetime) -> RosterList:
    who, place = actor(session, sender, now=now), unit(session, unit_id)
    who.require(Right.ROSTER, place)
    found = roster_on(session, place.id, local_day(now))
    return RosterList(place, found, _roles(session, found, place, now), page)


def _roles(session: Session, found: Iterable[Person], place: UnitRef, now: datetime) -> dict[int, list[Role]]:
    """Roles held at the branch and in its groups."""
    member_ids = [person.member_id for person in found]
    query = select(RoleGrant.member_id, RoleGrant.role).join(Unit, Unit.id == RoleGrant.unit_id)
    query = query.where(Unit.path.startswith(place.path), RoleGrant.member_id.in_(member_ids))
    roles: dict[int, list[Role]] = {}
    for member_id, role in session.execute(query.where(holds(RoleGrant, local_day(now)))):
        roles.setdefault(member_id, []).append(role)
    return {member_id: sorted(held, key=lambda role: role.value) for member_id, held in roles.items()}


def _units(session: Session, kinds: Sequence[UnitKind]) -> list[UnitRef]:
    rows = session.execute(select(Unit.id, Unit.kind, Unit.name, Unit.path).where(Unit.kind.in_(kinds)))
    return sorted((UnitRef(*row) for row in rows), key=ids)


def _told_apart(session: Session, units: Sequence[UnitRef]) -> list[UnitRef]:
    """Units of one name are shown with what stands above them, and so are groups where there are several branches."""
    counts = Counter(ref.name for ref in units)
    has_branches = sum(ref.kind is UnitKind.BRANCH for ref in units) > 1
    unclear = {ref.id for ref in units if counts[ref.name] > 1 or (has_branches and ref.kind is UnitKind.PARTY_GROUP)}
    parents = {ids(ref)[-2] for ref in units if ref.id in unclear and not ref.is_top}
    names = {row[0]: row[1] for row in session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(parents)))}
    return [
        replace(ref, name=f"{names[ids(ref)[-2]]} {ref.name}") if ref.id in unclear and not ref.is_top else ref
        for ref in units
    ]
