"""Who holds which office: the tree that ADMINs and secretaries walk, roles given and taken, each one told upwards."""

from collections.abc import Sequence
from datetime import date, datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.errors import UserError
from bot.members import exempting, menus, notices, offices_views, register
from bot.members.changes import SECRETARY_MONTHS
from bot.members.exempting import exemptions_of
from bot.members.facts import Change, Choice, Office, OfficeCard, PostChoice, Record, UnitCard
from bot.members.models import Member, RoleChange, RoleGrant, Unit
from bot.members.rules import (
    COMMITTEE_ROLES,
    POSTS_AT,
    Actor,
    Case,
    Cause,
    Grant,
    Right,
    Role,
    UnitKind,
    UnitRef,
    Way,
)
from bot.members.service import NoSuchUnit, Person, actor, holds, people, roster_on, unit, units_below
from bot.members.tree import ids
from bot.message import Sender, StaleButton
from bot.periods import local_day, months_later
from bot.undo import WINDOW, TooLate

log = structlog.get_logger()


class NotThere(UserError):
    text = "{name}不在{unit}，不能在那里任职。"


class Probationary(UserError):
    text = "预备党员不能担任书记或委员。"


class AlreadyHeld(UserError):
    text = "{name}已担任{post}。"
    ends_buttons = True


class NotHeld(UserError):
    text = "{name}现在没有这个职务。"
    ends_buttons = True


class Overtaken(UserError):
    text = "之后又有变动，不能撤销。请在 /orgs 里重新任免。"


# -- walking the tree -------------------------------------------------------------------------------------------------


def tops(session: Session, sender: Sender, *, now: datetime) -> Choice:
    """Where the sender's part of the tree begins."""
    who = actor(session, sender, now=now)
    who.require(Right.GRANT)
    roots = [ref for ref in _all(session) if ref.is_top] if who.is_root else list(who.units_for(Right.GRANT))
    return Choice([ref for ref in roots if not any(other.covers(ref) and other != ref for other in roots)])


def _all(session: Session) -> list[UnitRef]:
    rows = session.execute(select(Unit.id, Unit.kind, Unit.name, Unit.path).order_by(Unit.id))
    return [UnitRef(*row) for row in rows]


def show_unit(session: Session, sender: Sender, unit_id: int, page: int = 0, *, now: datetime) -> UnitCard:
    """A unit with its offices, and what is directly below it."""
    who, place = actor(session, sender, now=now), unit(session, unit_id)
    who.require(Right.GRANT, place)
    is_branch = place.kind is UnitKind.BRANCH
    near = units_below(session, place)
    held = [place.id, *(ref.id for ref in near if ref.kind is UnitKind.PARTY_GROUP and is_branch)]
    below = [ref for ref in near if len(ids(ref)) == len(ids(place)) + 1 and not is_branch]
    above = unit(session, ids(place)[-2]) if not place.is_top else None
    return UnitCard(
        place,
        _offices(session, held, local_day(now)),
        below,
        [one for one in roster_on(session, place.id, local_day(now)) if not one.is_guest] if is_branch else (),
        above if above is not None and who.may(Right.GRANT, above) else None,
        page,
        has_calendar=place.is_top and who.may(Right.CALENDAR, place),
    )


def _offices(session: Session, unit_ids: Sequence[int], today: date) -> list[Office]:
    query = (
        select(Member.id, Member.name, RoleGrant.role, Unit.id, Unit.kind, Unit.name, Unit.path)
        .join(RoleGrant, RoleGrant.member_id == Member.id)
        .join(Unit, Unit.id == RoleGrant.unit_id)
        .where(Unit.id.in_(unit_ids), holds(RoleGrant, today))
        .order_by(Unit.path, Member.id)
    )
    found = [Office(row[0], row[1], Grant(row[2], UnitRef(*row[3:7]))) for row in session.execute(query)]
    return sorted(
        found, key=lambda office: (len(ids(office.grant.unit)), office.grant.unit.id, office.grant.role.value)
    )


def show_person(session: Session, sender: Sender, member_id: int, *, now: datetime) -> OfficeCard:
    """Somebody's offices, and what the sender may change about him. People of other units read as nobody."""
    who = actor(session, sender, now=now)
    card = _card(session, who, member_id, local_day(now))
    if card is None:
        who.require(Right.GRANT)
        raise NoSuchUnit
    return card


def _card(session: Session, who: Actor, member_id: int, today: date) -> OfficeCard | None:
    person, home, grants = _person(session, member_id, today)
    if not _sees(who, home, grants):
        return None
    may_exempt = home is not None and who.may(Right.EXEMPT, home)
    row = session.get_one(Member, member_id)
    return OfficeCard(
        Record(person, home.name if home else None, grants),
        [grant for grant in grants if who.may(Right.GRANT, grant.unit, Case(role=grant.role))],
        exemptions_of(session, member_id, today) if may_exempt else (),
        (row.suspended_from, row.suspended_to) if row.suspended_from and may_exempt and person.is_suspended else None,
        may_appoint=home is not None and bool(_places(session, who, person, home, grants)),
        may_exempt=may_exempt,
        may_erase=home is not None and who.may(Right.ERASE, home),
        back_id=home.id if home else grants[0].unit.id if grants else None,
    )


def _sees(who: Actor, home: UnitRef | None, grants: Sequence[Grant]) -> bool:
    places = [*([home] if home else []), *(grant.unit for grant in grants)]
    return who.is_root or any(who.may(right, place) for place in places for right in (Right.GRANT, Right.EXEMPT))


def _person(session: Session, member_id: int, today: date) -> tuple[Person, UnitRef | None, list[Grant]]:
    person = people(session, [member_id], today).get(member_id)
    if person is None:
        raise NoSuchUnit
    home = unit(session, person.branch_id) if person.branch_id is not None else None
    query = select(RoleGrant.role, Unit.id, Unit.kind, Unit.name, Unit.path).join(Unit, Unit.id == RoleGrant.unit_id)
    mine = query.where(RoleGrant.member_id == member_id, holds(RoleGrant, today)).order_by(RoleGrant.id)
    return person, home, [Grant(row[0], UnitRef(*row[1:5])) for row in session.execute(mine)]


def post_choice(session: Session, sender: Sender, member_id: int, unit_id: int | None, *, now: datetime) -> PostChoice:
    """Where, then as what the sender may appoint somebody; a single place is chosen already."""
    who, today = actor(session, sender, now=now), local_day(now)
    person, home, grants = _person(session, member_id, today)
    who.require(Right.GRANT)
    if not _sees(who, home, grants):
        raise NoSuchUnit
    places = _places(session, who, person, home, grants) if home else []
    chosen = next((place for place in places if place.id == unit_id), None)
    if unit_id is None and len(places) == 1:
        chosen = places[0]
    if chosen is None:
        if unit_id is not None or not places:
            raise StaleButton
        return PostChoice(member_id, person.name, places)
    return PostChoice(member_id, person.name, places, chosen, _roles(who, person, chosen, grants))


def _places(session: Session, who: Actor, person: Person, home: UnitRef, grants: Sequence[Grant]) -> list[UnitRef]:
    """From the person's group upwards: units at which the sender may appoint him as something."""
    line = [person.group_id] if person.group_id is not None else []
    refs = [unit(session, unit_id) for unit_id in (*line, *reversed(ids(home)))]
    return [ref for ref in refs if _roles(who, person, ref, grants)]


def _roles(who: Actor, person: Person, place: UnitRef, grants: Sequence[Grant]) -> list[Role]:
    """What the person may become there and is not yet."""
    new = [role for role in POSTS_AT[place.kind] if Grant(role, place) not in grants]
    found = [role for role in new if who.may(Right.GRANT, place, Case(role=role))]
    return [role for role in found if not (person.is_probationary and role in COMMITTEE_ROLES)]


# -- giving and taking ------------------------------------------------------------------------------------------------


def consider(session: Session, sender: Sender, member_id: int, unit_id: int, role: Role, *, now: datetime) -> Change:
    """What an appointment would be; the same checks, nothing written."""
    _, person, place = _checked(session, sender, member_id, unit_id, role, now)
    chief = _secretary(session, place) if role is Role.SECRETARY else None
    is_young = role is Role.SECRETARY and _is_young(session, member_id, local_day(now))
    return Change(member_id, person.name, Grant(role, place), True, chief[1] if chief else "", is_young)


def grant(
    session: Session, sender: Sender, member_id: int, unit_id: int, role: Role, *, now: datetime
) -> tuple[Change, OfficeCard | None]:
    """Give a role from today on; of two secretaries of one unit the old one ends. The person as he stands then."""
    who, person, place = _checked(session, sender, member_id, unit_id, role, now)
    today = local_day(now)
    if role is Role.SECRETARY:
        _lock(session, place)
    chief = _secretary(session, place) if role is Role.SECRETARY else None
    cause, gone_id = Cause(Way.OFFICE, who.recorded_id, now), None
    if chief is not None:
        gone_id = register.take_role(session, chief[0], Role.SECRETARY, place.id, on=today, cause=cause)
    entry_id = register.give_role(session, member_id, role, place.id, on=today, cause=cause, with_id=gone_id)
    if place.kind is UnitKind.BRANCH:
        register.note_committee(session, place.id)
    until = entry_id, now + WINDOW
    done = Change(member_id, person.name, Grant(role, place), True, chief[1] if chief else "", undo=until)
    _tell(session, who, done, entry_id, former_id=chief[0] if chief else None, now=now)
    return done, _card(session, who, member_id, today)


def revoke(
    session: Session, sender: Sender, member_id: int, unit_id: int, role: Role, *, now: datetime
) -> tuple[Change, OfficeCard | None]:
    """Take a role; it ends with yesterday."""
    who, person, place = _held_by(session, sender, member_id, unit_id, role, now)
    cause = Cause(Way.OFFICE, who.recorded_id, now)
    entry_id = register.take_role(session, member_id, role, place.id, on=local_day(now), cause=cause)
    done = Change(member_id, person.name, Grant(role, place), False, undo=(entry_id, now + WINDOW))
    _tell(session, who, done, entry_id, former_id=None, now=now)
    return done, _card(session, who, member_id, local_day(now))


def take_back(session: Session, sender: Sender, entry_id: int, *, now: datetime) -> tuple[Change, OfficeCard | None]:
    """撤销 of an appointment or a removal, whoever did it, while nothing has been built on it."""
    entry = session.get(RoleChange, entry_id)
    if entry is None:
        raise StaleButton
    who, place = actor(session, sender, now=now), unit(session, entry.unit_id)
    who.require(Right.GRANT, place, Case(role=entry.role))
    _lock(session, place)
    if entry.way is not Way.OFFICE or now >= entry.at + WINDOW or _is_undone(session, entry_id):
        raise TooLate
    done = _give_up(session, who, entry, now) if entry.is_given else _give_back(session, who, entry, now)
    return done, _card(session, who, entry.member_id, local_day(now))


def _lock(session: Session, place: UnitRef) -> None:
    """Of two changes at once the later one must see the earlier."""
    session.execute(update(Unit).where(Unit.id == place.id).values(name=Unit.name))


def _is_undone(session: Session, entry_id: int) -> bool:
    return session.scalar(select(RoleChange.id).where(RoleChange.undoes_id == entry_id)) is not None


def _give_up(session: Session, who: Actor, entry: RoleChange, now: datetime) -> Change:
    """An appointment never was; who had to leave for it has the office as before."""
    place, on = unit(session, entry.unit_id), local_day(entry.at)
    person, _, grants = _person(session, entry.member_id, local_day(now))
    if Grant(entry.role, place) not in grants:
        raise Overtaken
    cause = Cause(Way.UNDO, who.recorded_id, now, entry.id)
    undone_id = register.take_role(session, entry.member_id, entry.role, place.id, on=on, cause=cause)
    former = session.get(RoleChange, entry.with_id) if entry.with_id is not None else None
    former_name = ""
    if former is not None:
        former_name = session.get_one(Member, former.member_id).name
        cause = Cause(Way.UNDO, who.recorded_id, now, former.id)
        register.give_role(session, former.member_id, former.role, place.id, on=on, cause=cause)
    done = Change(entry.member_id, person.name, Grant(entry.role, place), False, former_name, is_undo=True)
    _tell(session, who, done, undone_id, former_id=former.member_id if former else None, now=now)
    return done


def _give_back(session: Session, who: Actor, entry: RoleChange, now: datetime) -> Change:
    """A removal never was, if the office is still free."""
    place, on = unit(session, entry.unit_id), local_day(entry.at)
    person, home, grants = _person(session, entry.member_id, local_day(now))
    is_filled = entry.role is Role.SECRETARY and _secretary(session, place) is not None
    if is_filled or Grant(entry.role, place) in grants or not _is_there(person, home, place):
        raise Overtaken
    cause = Cause(Way.UNDO, who.recorded_id, now, entry.id)
    undone_id = register.give_role(session, entry.member_id, entry.role, place.id, on=on, cause=cause)
    done = Change(entry.member_id, person.name, Grant(entry.role, place), True, is_undo=True)
    _tell(session, who, done, undone_id, former_id=None, now=now)
    return done


def consider_taking(
    session: Session, sender: Sender, member_id: int, unit_id: int, role: Role, *, now: datetime
) -> Change:
    """The role that would be taken; nothing is written."""
    _, person, place = _held_by(session, sender, member_id, unit_id, role, now)
    return Change(member_id, person.name, Grant(role, place), False)


def _held_by(
    session: Session, sender: Sender, member_id: int, unit_id: int, role: Role, now: datetime
) -> tuple[Actor, Person, UnitRef]:
    who, place = actor(session, sender, now=now), unit(session, unit_id)
    who.require(Right.GRANT, place, Case(role=role))
    person, _, grants = _person(session, member_id, local_day(now))
    if Grant(role, place) not in grants:
        raise NotHeld(name=person.name)
    return who, person, place


def _checked(
    session: Session, sender: Sender, member_id: int, unit_id: int, role: Role, now: datetime
) -> tuple[Actor, Person, UnitRef]:
    who, place = actor(session, sender, now=now), unit(session, unit_id)
    who.require(Right.GRANT, place, Case(role=role))
    person, home, grants = _person(session, member_id, local_day(now))
    if role not in POSTS_AT[place.kind]:
        raise StaleButton
    if not _is_there(person, home, place):
        raise NotThere(name=person.name, unit=place.name)
    if person.is_probationary and role in COMMITTEE_ROLES:
        raise Probationary
    if Grant(role, place) in grants:
        raise AlreadyHeld(name=person.name, post=offices_views.post(Grant(role, place)))
    return who, person, place


def _is_there(person: Person, home: UnitRef | None, place: UnitRef) -> bool:
    return home is not None and (place.covers(home) or person.group_id == place.id)


def _secretary(session: Session, place: UnitRef) -> tuple[int, str] | None:
    query = select(Member.id, Member.name).join(RoleGrant, RoleGrant.member_id == Member.id)
    mine = (RoleGrant.unit_id == place.id, RoleGrant.role == Role.SECRETARY, RoleGrant.to_on.is_(None))
    row = session.execute(query.where(*mine)).one_or_none()
    return (row[0], row[1]) if row else None


def _is_young(session: Session, member_id: int, today: date) -> bool:
    """Whether full membership is less than a year old, as far as it is known."""
    row = session.get_one(Member, member_id)
    since = row.full_on or row.joined_on
    return since is not None and months_later(since, SECRETARY_MONTHS) > today


def _tell(session: Session, who: Actor, done: Change, entry_id: int, *, former_id: int | None, now: datetime) -> None:
    """The persons concerned, with their new command lists, and every ADMIN above."""
    place = done.grant.unit
    changed = [done.member_id, *([former_id] if former_id is not None else [])]
    menus.push(session, changed, now=now)
    key = f"post:{entry_id}"
    if done.member_id != who.member_id:
        notices.tell_member(session, done.member_id, key, offices_views.told(done, who.name), now=now)
    if former_id is not None and former_id != who.member_id:
        other = Change(former_id, done.former, done.grant, not done.is_given)
        notices.tell_member(session, former_id, key, offices_views.told(other, who.name), now=now)
    report = offices_views.report(done, who.name)
    notices.roles_changed(session, key, [place.id], report, by_id=who.recorded_id, now=now)
    log.info("role_changed", member=done.member_id, unit=place.id, role=done.grant.role.name, given=done.is_given)


# -- a change of who is counted, and the person as he stands then -----------------------------------------------------


def end_exemption(session: Session, sender: Sender, exemption_id: int, *, now: datetime) -> OfficeCard:
    return show_person(session, sender, exempting.end(session, sender, exemption_id, now=now), now=now)


def end_suspension(session: Session, sender: Sender, member_id: int, *, now: datetime) -> OfficeCard:
    exempting.suspend(session, sender, member_id, None, now=now)
    return show_person(session, sender, member_id, now=now)


def set_leader(session: Session, sender: Sender, member_id: int, *, is_leader: bool, now: datetime) -> OfficeCard:
    exempting.set_leader(session, sender, member_id, is_leader=is_leader, now=now)
    return show_person(session, sender, member_id, now=now)
