"""Who acts and with which rights; who is on a roster, due, in charge; which chat is whose. The reading side of members.

Roster files are in `roster`, links and claims in `joining`, group chats in `chats`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import ColumnElement, Date, FromClause, Row, and_, bindparam, literal_column, or_, select
from sqlalchemy.orm import Session

from bot.errors import UserError
from bot.members.models import (
    Account,
    CalendarDay,
    CalendarYear,
    Chat,
    Exemption,
    Member,
    Membership,
    RoleGrant,
    Unit,
)
from bot.members.rules import (
    COMMITTEE_ROLES,
    NO_CASE,
    OFFICERS,
    Actor,
    Case,
    ChatRule,
    ChatState,
    DueList,
    ExemptionScope,
    Grant,
    NotBound,
    Reach,
    Right,
    Role,
    UnitKind,
    UnitRef,
)
from bot.message import Sender
from bot.periods import local_day
from bot.statements import Query
from bot.workdays import SpecialDay, WorkCalendar


class NoSuchUnit(UserError):
    text = "没有这个组织，或您无权查看。"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the roster as of one day."""

    member_id: int
    name: str
    staff_no: str | None
    branch_id: int | None
    group_id: int | None
    group_name: str | None
    is_probationary: bool
    is_leader: bool
    is_suspended: bool
    is_guest: bool
    user_id: int | None
    reach: Reach

    @property
    def is_reachable(self) -> bool:
        """Whether a private message is worth trying."""
        return self.user_id is not None and self.reach is not Reach.BLOCKED


@dataclass(frozen=True, slots=True)
class Due:
    person: Person
    has_vote: bool


@dataclass(frozen=True, slots=True)
class Exempt:
    person: Person
    basis: str
    approver: str
    approved_on: date


@dataclass(frozen=True, slots=True)
class Expected:
    """Who is due at a meeting of one day, and who is not although on the roster."""

    due: tuple[Due, ...]
    exempt: tuple[Exempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody with a role that gives a right; `role` and `unit_id` name the nearest such role."""

    member_id: int
    name: str
    role: Role
    unit_id: int
    user_id: int | None
    reach: Reach

    @property
    def is_reachable(self) -> bool:
        return self.user_id is not None and self.reach is not Reach.BLOCKED


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who reads what is meant for the secretary."""

    holder: Holder
    is_standin: bool


@dataclass(frozen=True, slots=True)
class ChatRef:
    chat_id: int
    unit_id: int
    title: str
    thread_notice: int | None
    thread_study: int | None


def holds(row: type[Membership | RoleGrant | Exemption], day: date | ColumnElement[date]) -> ColumnElement[bool]:
    """Whether the half-open span of `row` includes `day`."""
    return and_(row.from_on <= day, or_(row.to_on.is_(None), row.to_on > day))


# One statement, for it runs at the start of everything anybody does. The role is no parameter: SQLite would plan anew
# on each call, because a partial index hangs on its value.
_SECRETARY: ColumnElement[str] = literal_column(f"'{Role.SECRETARY.name}'")
_TODAY = bindparam("today", type_=Date)
_ACCOUNTS, _MEMBERS, _HOMES, _GRANTS = (t.__table__.c for t in (Account, Member, Membership, RoleGrant))
_branch, _group, _place = (Unit.__table__.alias() for _ in range(3))
_chief, _chief_grant = Member.__table__.alias(), RoleGrant.__table__.alias()


def _holds_today(table: FromClause) -> ColumnElement[bool]:
    return and_(table.c.from_on <= _TODAY, or_(table.c.to_on.is_(None), table.c.to_on > _TODAY))


_leads = and_(
    _chief_grant.c.unit_id == _HOMES.branch_id, _chief_grant.c.role == _SECRETARY, _chief_grant.c.to_on.is_(None)
)
_is_home = and_(_HOMES.member_id == _MEMBERS.id, _HOMES.is_guest.is_(False), _holds_today(Membership.__table__))
_ACTOR = Query(
    select(_MEMBERS.id, _MEMBERS.name, _chief.c.name)
    .add_columns(_branch.c.id, _branch.c.name, _branch.c.path, _group.c.id, _group.c.name, _group.c.path)
    .add_columns(_GRANTS.role, _place.c.id, _place.c.kind, _place.c.name, _place.c.path)
    .select_from(Account.__table__)
    .join(Member.__table__, _MEMBERS.id == _ACCOUNTS.member_id)
    .outerjoin(Membership.__table__, _is_home)
    .outerjoin(_branch, _branch.c.id == _HOMES.branch_id)
    .outerjoin(_group, _group.c.id == _HOMES.group_id)
    .outerjoin(_chief_grant, _leads)
    .outerjoin(_chief, _chief.c.id == _chief_grant.c.member_id)
    .outerjoin(RoleGrant.__table__, and_(_GRANTS.member_id == _MEMBERS.id, _holds_today(RoleGrant.__table__)))
    .outerjoin(_place, _place.c.id == _GRANTS.unit_id)
    .where(_ACCOUNTS.telegram_user_id == bindparam("user_id"))
)


def actor(session: Session, sender: Sender, *, now: datetime) -> Actor:
    """The person behind a Telegram account, with the roles of today; raises NotBound."""
    rows = _ACTOR.all(session, {"user_id": sender.user_id, "today": local_day(now)})
    if not rows:
        if sender.is_root:
            return Actor(0, sender.user_id, "", is_root=True)
        raise NotBound
    member_id, name, contact, *home = rows[0][:9]
    branch = UnitRef(home[0], UnitKind.BRANCH, home[1], home[2]) if home[0] else None
    group = UnitRef(home[3], UnitKind.PARTY_GROUP, home[4], home[5]) if home[3] else None
    grants = tuple(Grant(row[9], UnitRef(*row[10:14])) for row in rows if row[9])
    return Actor(
        member_id, sender.user_id, name, branch, group, grants, sender.is_root, contact or "", sender.sees_names
    )


def unit(session: Session, unit_id: int) -> UnitRef:
    row = session.execute(select(Unit.id, Unit.kind, Unit.name, Unit.path).where(Unit.id == unit_id)).one_or_none()
    if row is None:
        raise NoSuchUnit
    return UnitRef(*row)


def units_below(session: Session, top: UnitRef, *kinds: UnitKind) -> list[UnitRef]:
    """The units of these kinds in the subtree of `top`, itself included, in the order of the tree."""
    of_kinds = [Unit.kind.in_(kinds)] if kinds else []
    query = select(Unit.id, Unit.kind, Unit.name, Unit.path).where(Unit.path.startswith(top.path), *of_kinds)
    return sorted((UnitRef(*row) for row in session.execute(query)), key=lambda ref: _ids(ref.path))


def _ids(path: str) -> list[int]:
    return [int(part) for part in path.split("/") if part]


def roster_on(session: Session, unit_id: int, day: date) -> list[Person]:
    """Everybody in a branch, a group, or the branches below a committee on `day`, guests last."""
    found = _people(session, day, _below(unit(session, unit_id)))
    return sorted(found, key=lambda person: (person.is_guest, person.member_id))


def people(session: Session, member_ids: Collection[int], day: date) -> dict[int, Person]:
    """These persons as of `day`, whether or not they are in a branch then."""
    own = or_(Membership.id.is_(None), Membership.is_guest.is_(False))
    found = _people(session, day, own, Member.id.in_(member_ids), needs_branch=False)
    return {person.member_id: person for person in found}


def due_on(
    session: Session, host: UnitRef, whom: DueList, day: date, *, chosen: Collection[int] = (), only: int | None = None
) -> Expected:
    """Who is due at a meeting of `host` on `day`: in a branch then, no guest, not exempted; or `only` that member."""
    if whom is DueList.NOBODY:
        return Expected(())
    one = [] if only is None else [Member.id == only]
    query = _AND_EXEMPTIONS.where(Membership.is_guest.is_(False), _due(host, whom, day, chosen), *one)
    due, exempt = [], []
    for _, group in groupby(session.execute(query, {"today": day}).all(), key=lambda row: row[0]):
        rows = list(group)
        person = _person(day, *rows[0][:-4])
        mine = [row[-4:] for row in rows if row[-4] is not None]
        absolved = [exemption[1:] for exemption in mine if exemption[0] is not ExemptionScope.VOTE]
        if absolved:
            exempt.append(Exempt(person, *absolved[0]))
        else:
            due.append(Due(person, not (person.is_probationary or person.is_suspended or mine)))
    return Expected(tuple(due), tuple(exempt))


def _due(host: UnitRef, due_list: DueList, day: date, chosen: Collection[int]) -> ColumnElement[bool]:
    if due_list is DueList.MEMBERS:
        return _below(host)
    if due_list is DueList.CHOSEN:
        return Member.id.in_(chosen)
    roles = COMMITTEE_ROLES | ({Role.STUDY_MEMBER} if due_list is DueList.STUDY_GROUP else set())
    return Member.id.in_(
        select(RoleGrant.member_id).where(
            RoleGrant.unit_id == host.id, RoleGrant.role.in_(roles), holds(RoleGrant, day)
        )
    )


def _below(host: UnitRef) -> ColumnElement[bool]:
    if host.kind is UnitKind.PARTY_GROUP:
        return Membership.group_id == host.id
    if host.kind is UnitKind.BRANCH:
        return Membership.branch_id == host.id
    return Membership.branch_id.in_(select(Unit.id).where(Unit.path.startswith(host.path)))


_WHO = (  # put together once: every card, reminder and tap asks who is due, and building it took longer than the answer
    select(Member.id, Member.name, Member.staff_no, Member.is_probationary, Member.full_on, Member.is_leader)
    .add_columns(Member.suspended_from, Member.suspended_to, Membership.branch_id, Membership.group_id)
    .add_columns(_group.c.name, Membership.is_guest, Account.telegram_user_id, Account.reach)
    .outerjoin(Account, Account.member_id == Member.id)
    .order_by(Member.id)
)
_is_there = and_(Membership.member_id == Member.id, holds(Membership, _TODAY))
_AT_HOME = _WHO.join(Membership, _is_there).outerjoin(_group, _group.c.id == Membership.group_id)
_ANYWHERE = _WHO.outerjoin(Membership, _is_there).outerjoin(_group, _group.c.id == Membership.group_id)
_is_exempt = and_(Exemption.member_id == Member.id, holds(Exemption, _TODAY))
_EXEMPTED = (Exemption.scope, Exemption.basis, Exemption.approver, Exemption.approved_on)
_AND_EXEMPTIONS = _AT_HOME.outerjoin(Exemption, _is_exempt).add_columns(*_EXEMPTED).order_by(Exemption.id)


def _people(session: Session, day: date, *where: ColumnElement[bool], needs_branch: bool = True) -> list[Person]:
    query = (_AT_HOME if needs_branch else _ANYWHERE).where(*where)
    return [_person(day, *row) for row in session.execute(query, {"today": day})]


def _person(
    day: date,
    member_id: int,
    name: str,
    staff_no: str | None,
    is_probationary: bool,
    full_on: date | None,
    is_leader: bool,
    suspended_from: date | None,
    suspended_to: date | None,
    branch_id: int | None,
    group_id: int | None,
    group_name: str | None,
    is_guest: bool | None,
    user_id: int | None,
    reach: Reach | None,
) -> Person:
    is_suspended = suspended_from is not None and suspended_from <= day < (suspended_to or date.max)
    return Person(
        *(member_id, name, staff_no, branch_id, group_id, group_name),
        is_probationary=day < full_on if full_on else is_probationary,
        is_leader=is_leader,
        is_suspended=is_suspended,
        is_guest=bool(is_guest),
        user_id=user_id,
        reach=reach or Reach.UNKNOWN,
    )


def holders(session: Session, right: Right, unit_id: int, *, now: datetime, case: Case = NO_CASE) -> tuple[Holder, ...]:
    """Everybody whose role gives `right` at the unit: nearest first, then by rank. Root users are not among them."""
    place, today = unit(session, unit_id), local_day(now)
    found: list[Holder] = []
    for member_id, group in groupby(_granted(session, place, today), key=lambda row: row[0]):
        rows = list(group)
        grants = tuple(Grant(row[1], UnitRef(*row[2:6])) for row in rows)
        if Actor(member_id, rows[0][7] or 0, rows[0][6], grants=grants).may(right, place, case):
            nearest = min(grants, key=_nearness)
            found.append(_holder(member_id, nearest, rows[0][6], rows[0][7], rows[0][8]))
    return tuple(sorted(found, key=lambda h: (-_ids(place.path).index(h.unit_id), h.role.value, h.member_id)))


def addressee(session: Session, unit_id: int, *, now: datetime, besides: int | None = None) -> Addressee | None:
    """Who reads what is for the secretary of the unit (of a group: of its branch), never the member `besides`.

    Vacant, unbound or unreachable: the deputy, then the organizer, then an ADMIN above. None if nobody can be reached.
    """
    place = unit(session, unit_id)
    home = _ids(place.path)[-2] if place.kind is UnitKind.PARTY_GROUP else place.id
    for row in sorted(_granted(session, place, local_day(now)), key=lambda row: _nearness(_grant(row))):
        grant, holder = _grant(row), _holder(row[0], _grant(row), row[6], row[7], row[8])
        leads = grant.unit.id == home and grant.role in OFFICERS
        if holder.is_reachable and holder.member_id != besides and (leads or grant.role is Role.ADMIN):
            return Addressee(holder, is_standin=not (leads and grant.role is Role.SECRETARY))
    return None


GrantRow = Row[int, Role, int, UnitKind, str, str, str, int | None, Reach | None]


def _granted(session: Session, place: UnitRef, day: date) -> Sequence[GrantRow]:
    """Grants at the unit and above it, by person."""
    query = (
        select(Member.id, RoleGrant.role, Unit.id, Unit.kind, Unit.name, Unit.path, Member.name)
        .add_columns(Account.telegram_user_id, Account.reach)
        .join(RoleGrant, RoleGrant.member_id == Member.id)
        .join(Unit, Unit.id == RoleGrant.unit_id)
        .outerjoin(Account, Account.member_id == Member.id)
        .where(RoleGrant.unit_id.in_(_ids(place.path)), holds(RoleGrant, day))
        .order_by(Member.id, RoleGrant.id)
    )
    return session.execute(query).all()


def _grant(row: GrantRow) -> Grant:
    return Grant(row[1], UnitRef(*row[2:6]))


def _holder(member_id: int, grant: Grant, name: str, user_id: int | None, reach: Reach | None) -> Holder:
    return Holder(member_id, name, grant.role, grant.unit.id, user_id, reach or Reach.UNKNOWN)


def _nearness(grant: Grant) -> tuple[int, int]:
    return -len(grant.unit.path), grant.role.value


def chat_for(session: Session, unit_id: int, rule: ChatRule) -> tuple[ChatRef, ...]:
    """The chats in which a card of the unit stands; none means a private card to each person due."""
    if rule is ChatRule.PRIVATE:
        return ()
    place = unit(session, unit_id)
    if own := _chats(session, Chat.unit_id == place.id):
        return own
    if rule is ChatRule.OWN_OR_ABOVE and place.kind is UnitKind.PARTY_GROUP:
        return _chats(session, Chat.unit_id == _ids(place.path)[-2])
    if rule is ChatRule.OWN_OR_BELOW and place.kind not in (UnitKind.BRANCH, UnitKind.PARTY_GROUP):
        branches = select(Unit.id).where(Unit.kind == UnitKind.BRANCH, Unit.path.startswith(place.path))
        return _chats(session, Chat.unit_id.in_(branches))
    return ()


def _chats(session: Session, where: ColumnElement[bool]) -> tuple[ChatRef, ...]:
    query = select(Chat.chat_id, Chat.unit_id, Chat.title, Chat.thread_notice, Chat.thread_study)
    rows = session.execute(query.where(where, Chat.state == ChatState.ACTIVE).order_by(Chat.unit_id))
    return tuple(ChatRef(*row) for row in rows)


def unit_of_chat(session: Session, chat_id: int) -> UnitRef | None:
    """The unit an active group belongs to."""
    query = select(Unit.id, Unit.kind, Unit.name, Unit.path).join(Chat, Chat.unit_id == Unit.id)
    row = session.execute(query.where(Chat.chat_id == chat_id, Chat.state == ChatState.ACTIVE)).one_or_none()
    return UnitRef(*row) if row else None


def work_calendar(session: Session) -> WorkCalendar:
    """The published calendar with what the office imported over it."""
    days = session.execute(select(CalendarDay.on, CalendarDay.is_off, CalendarDay.name))
    overrides = {on: SpecialDay(is_off, name) for on, is_off, name in days}
    return WorkCalendar(overrides, frozenset(session.scalars(select(CalendarYear.year))))
