"""Roster files against the database: what would change, kept for its confirmation, and the change itself."""

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from pydantic import TypeAdapter
from sqlalchemy import and_, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from bot.errors import UserError
from bot.members import menus, notices, offices_views, register, tries, views
from bot.members.changes import Entry, Held, Known, Namesake, Plan, Posts, Situation, plan
from bot.members.models import Member, Membership, RoleGrant, RosterImport, Unit
from bot.members.rows import Fault, Reading
from bot.members.rules import Actor, Cause, Grant, ImportState, Right, TryOf, UnitRef, Way
from bot.members.service import actor, holds, unit
from bot.members.tree import Tree, ids
from bot.message import Sender, cut
from bot.periods import local_day

KEEP_PREVIEW = timedelta(minutes=30)
MOST_NAMED = 60  # characters of branch names in a notice
_STORED = TypeAdapter(Reading)


class PreviewGone(UserError):
    text = "这份预览已处理或已过期，请重新上传文件。"
    ends_buttons = True


class RosterChanged(UserError):
    text = "名册在预览后已变化，请重新预览。"
    ends_buttons = True


class HasProblems(UserError):
    text = "名册还有 {n} 个问题，没有写入任何内容。"


@dataclass(frozen=True, slots=True)
class Preview:
    """A plan with what is needed to keep it; `units` name the branches and groups it speaks of."""

    plan: Plan
    reading: Reading
    base_hash: str
    units: Mapping[int, str]
    unit_id: int | None  # above all it touches


@dataclass(frozen=True, slots=True)
class Applied:
    """What an import did; `branch_id` where it was of one branch."""

    counts: Mapping[str, int]
    branch_id: int | None


def check_right(session: Session, sender: Sender, *, now: datetime) -> None:
    """Before anything that leads to a file."""
    actor(session, sender, now=now).require(Right.ROSTER)


def begin_import(session: Session, sender: Sender, *, now: datetime) -> None:
    """Before a file is fetched: may the sender import at all, and not too often; counted, whatever the file holds."""
    who = actor(session, sender, now=now)
    who.require(Right.ROSTER)
    if tries.are_used_up(session, TryOf.FILE, sender.user_id, now=now):
        raise tries.TooManyFiles
    tries.note(session, TryOf.FILE, sender.user_id, now=now)


def preview_roster(session: Session, sender: Sender, reading: Reading, *, now: datetime) -> Preview:
    """What the file would change by the hand of the sender; writes nothing."""
    who = actor(session, sender, now=now)
    who.require(Right.ROSTER)
    return look(session, who, reading, today=local_day(now))


def look(session: Session, who: Actor | None, reading: Reading, *, today: date) -> Preview:
    """The same for the command line (`who` None), which may everything."""
    before = situation(session, who, reading, today=today)
    made = plan(reading, before, who, today=today)
    units = {unit.id: unit.name for unit in before.units} | {unit.id: unit.name for unit in made.units}
    return Preview(made, reading, _hash(before, made), units, _common(before, made))


def keep_preview(session: Session, sender: Sender, preview: Preview, sha256: str, *, now: datetime) -> int:
    """The id by which the preview is confirmed, or its problems asked for."""
    row = RosterImport(
        sha256=sha256,
        unit_id=preview.unit_id,
        rows=_STORED.dump_python(preview.reading, mode="json"),
        base_hash=preview.base_hash,
        counts=preview.plan.counts,
        by=sender.user_id,
        at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def faults_of(session: Session, sender: Sender, import_id: int, *, now: datetime) -> tuple[Fault, ...]:
    """What is wrong with a preview of the sender, as it would be found now."""
    row = _mine(session, sender, import_id, now)
    who = actor(session, sender, now=now)
    return look(session, who, _STORED.validate_python(row.rows), today=local_day(row.at)).plan.faults


def apply_roster(session: Session, sender: Sender, import_id: int, *, now: datetime) -> Applied:
    """Carry out a preview once."""
    who = actor(session, sender, now=now)
    row = _mine(session, sender, import_id, now)
    reading, today = _STORED.validate_python(row.rows), local_day(row.at)
    preview = look(session, who, reading, today=today)
    if preview.base_hash != row.base_hash:
        raise RosterChanged
    taken = update(RosterImport).where(RosterImport.id == row.id, RosterImport.state == ImportState.PREVIEW)
    if cast("CursorResult[object]", session.execute(taken.values(state=ImportState.APPLIED, rows={}))).rowcount != 1:
        raise PreviewGone
    counts = carry_out(session, preview.plan, by=who.recorded_id, now=now)
    _tell_holders(session, row.id, preview.plan, who, now=now)
    if changed := sum(bool(entry.gains or entry.losses) for entry in preview.plan.entries):
        where = "、".join(preview.units[branch_id] for branch_id in preview.plan.branch_ids)
        message = views.roles_changed(who.name, changed, cut(where, MOST_NAMED))
        there = [branch_id for branch_id in preview.plan.branch_ids if branch_id > 0]
        notices.roles_changed(session, str(row.id), there, message, by_id=who.recorded_id, now=now)
    ids_ = preview.plan.branch_ids
    return Applied(counts, ids_[0] if len(ids_) == 1 and ids_[0] > 0 else None)


def _tell_holders(session: Session, import_id: int, made: Plan, who: Actor, *, now: datetime) -> None:
    """Whoever has an office more or less by the file; somebody new to the roster has no account yet."""
    new = {one.id: UnitRef(one.id, one.kind, one.name, "") for one in made.units}

    def grants(posts: Posts) -> list[Grant]:
        return [Grant(role, new.get(unit_id) or unit(session, unit_id)) for role, unit_id in posts]

    for entry in made.entries:
        if entry.member_id is None or entry.member_id == who.member_id or not (entry.gains or entry.losses):
            continue
        from_on = entry.from_on if entry.from_on > local_day(now) else None
        message = offices_views.told_by_roster(grants(entry.gains), grants(entry.losses), who.name, from_on)
        notices.tell_member(session, entry.member_id, f"posts:{import_id}", message, now=now)


def give_up(session: Session, sender: Sender, import_id: int, *, now: datetime) -> None:
    row = _mine(session, sender, import_id, now)
    row.state, row.rows = ImportState.EXPIRED, {}


def _mine(session: Session, sender: Sender, import_id: int, now: datetime) -> RosterImport:
    row = session.get(RosterImport, import_id)
    is_open = row is not None and row.state is ImportState.PREVIEW and row.at > now - KEEP_PREVIEW
    if row is None or not is_open or row.by != sender.user_id:
        raise PreviewGone
    return row


def situation(session: Session, who: Actor | None, reading: Reading, *, today: date) -> Situation:
    """Everybody in the branches of the file, everybody whose number it names, and the roles held there."""
    units = [UnitRef(*row) for row in session.execute(select(Unit.id, Unit.kind, Unit.name, Unit.path))]
    tree = Tree(units, who)
    keys = dict.fromkeys((row.company, row.committee, row.branch) for row in reading.rows)
    found = [unit for key in keys if isinstance(unit := tree.branch(*key), UnitRef) and unit.id > 0]
    numbers = {row.staff_no for row in reading.rows if row.staff_no}
    people = _known(session, {unit.id for unit in found}, numbers, today)
    places = {unit.id for unit in units if any(unit.covers(branch) or branch.covers(unit) for branch in found)}
    homes = {person.branch_id for person in people}  # what somebody who moves was there ends
    places |= {unit.id for unit in units if homes & set(ids(unit))}
    namesakes = _namesakes(session, {row.name for row in reading.rows}, today)
    return Situation(tuple(sorted(units, key=lambda unit: unit.id)), people, _held(session, places), namesakes)


def _known(session: Session, branch_ids: Collection[int], numbers: Collection[str], today: date) -> tuple[Known, ...]:
    is_home = and_(Membership.member_id == Member.id, Membership.to_on.is_(None), Membership.is_guest.is_(False))
    query = (
        select(Member, Membership.branch_id, Membership.group_id, Membership.from_on)
        .outerjoin(Membership, is_home)
        .where(or_(Membership.branch_id.in_(branch_ids), Member.staff_no.in_(numbers)))
        .order_by(Member.id)
    )
    return tuple(_known_one(row[0], row[1], row[2], row[3], today) for row in session.execute(query))


def _namesakes(session: Session, names: Collection[str], today: date) -> tuple[Namesake, ...]:
    """Everybody on the roster, in whatever branch, who has a name of the file."""
    query = select(Member.id, Member.name, Membership.branch_id).join(Membership, Membership.member_id == Member.id)
    here = (Member.name.in_(names), Membership.is_guest.is_(False), holds(Membership, today))
    return tuple(Namesake(*row) for row in session.execute(query.where(*here).order_by(Member.id)))


def _known_one(person: Member, branch_id: int | None, group_id: int | None, since: date | None, today: date) -> Known:
    return Known(
        member_id=person.id,
        name=person.name,
        staff_no=person.staff_no,
        company_id=person.company_id,
        is_probationary=today < person.full_on if person.full_on else person.is_probationary,
        is_leader=person.is_leader,
        joined_on=person.joined_on,
        full_on=person.full_on,
        branch_id=branch_id,
        group_id=group_id,
        since=since,
    )


def _held(session: Session, unit_ids: Collection[int]) -> tuple[Held, ...]:
    query = (
        select(RoleGrant.member_id, RoleGrant.role, RoleGrant.unit_id, Member.name)
        .join(Member, Member.id == RoleGrant.member_id)
        .where(RoleGrant.unit_id.in_(unit_ids), RoleGrant.to_on.is_(None))
        .order_by(RoleGrant.id)
    )
    return tuple(Held(*row) for row in session.execute(query))


def _hash(before: Situation, made: Plan) -> str:
    """Of what the plan depends on; units elsewhere may come and go."""
    named = [unit for unit in before.units if unit.id in made.branch_ids]
    near = [u for u in before.units if any(u.covers(branch) or branch.covers(u) for branch in named)]
    return hashlib.sha256(repr((near, before.people, before.roles, made.units)).encode()).hexdigest()


def _common(before: Situation, made: Plan) -> int | None:
    """The lowest unit above, or at, everything the file names."""
    named = [ids(unit) for unit in before.units if unit.id in made.branch_ids]
    shared = [step[0] for step in zip(*named, strict=False) if len(set(step)) == 1]
    return shared[-1] if shared else None


# -- carrying out -----------------------------------------------------------------------------------------------------


def carry_out(session: Session, made: Plan, *, by: int | None, now: datetime) -> Mapping[str, int]:
    """Write a plan without problems; the counts of what was done."""
    if made.problems:
        raise HasProblems(n=len(made.problems))
    today, cause = local_day(now), Cause(Way.ROSTER, by, now)
    real = _make_units(session, made)
    member_ids = _make_members(session, made, real)
    for entry, member_id in zip(made.entries, member_ids, strict=True):
        on = max(today, entry.from_on) if entry.opens else today
        for role, unit_id in entry.losses:
            register.take_role(session, member_id, role, unit_id, on=on, cause=cause)
    for entry, member_id in zip(made.entries, member_ids, strict=True):
        _change(session, entry, member_id, real)
    for entry, member_id in zip(made.entries, member_ids, strict=True):
        for role, unit_id in entry.gains:
            register.give_role(session, member_id, role, real(unit_id), on=entry.from_on, cause=cause)
    for branch_id in made.branch_ids:
        register.note_committee(session, real(branch_id))
    menus.push(session, [m for e, m in zip(made.entries, member_ids, strict=True) if e.gains or e.losses], now=now)
    return made.counts


def _make_units(session: Session, made: Plan) -> Callable[[int], int]:
    """New units get their ids; the function turns a stand-in into the real one."""
    refs: dict[int, UnitRef] = {}
    for new in made.units:
        above = None
        if new.parent_id is not None:
            above = refs[new.parent_id] if new.parent_id < 0 else unit(session, new.parent_id)
        refs[new.id] = register.add_unit(session, new.kind, new.name, above)
    return lambda unit_id: refs[unit_id].id if unit_id < 0 else unit_id


def _make_members(session: Session, made: Plan, real: Callable[[int], int]) -> list[int]:
    """The id of each entry's person, in order; new people are inserted together."""
    people: list[Member | int] = []
    for entry in made.entries:
        if entry.member_id is not None:
            people.append(entry.member_id)
            continue
        row = entry.row
        people.append(
            register.add_member(
                session,
                row.name,
                company_id=real(entry.company_id) if entry.company_id else None,
                staff_no=row.staff_no,
                is_probationary=row.is_probationary,
                is_leader=bool(row.is_leader),
                joined_on=row.joined_on,
                full_on=row.full_on,
            )
        )
    session.flush()
    return [person.id if isinstance(person, Member) else person for person in people]


def _change(session: Session, entry: Entry, member_id: int, real: Callable[[int], int]) -> None:
    group_id = real(entry.group_id) if entry.group_id else None
    if entry.opens:
        enter = register.join if entry.member_id is None else register.move
        enter(session, member_id, real(entry.branch_id), group_id, entry.from_on)
    changed = {change.field: change.new for change in entry.fields}
    if "group" in changed:
        del changed["group"]
        register.set_group(session, member_id, group_id)
    if "is_probationary" in changed:
        changed["full_on"] = entry.row.full_on  # the old day says the contrary of what the file states
    if entry.opens and entry.member_id is not None:
        changed["company_id"] = real(entry.company_id) if entry.company_id else None
    if changed:
        session.execute(update(Member).where(Member.id == member_id).values(**changed))
