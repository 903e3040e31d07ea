"""Somebody leaves the roster: moved away, or no member any more. Within the day it can be taken back."""

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from bot import outbox, undo
from bot.errors import UserError
from bot.members import notices, personal_views, register, roster_views
from bot.members.facts import Leaver
from bot.members.models import Account, Membership, RoleGrant, Unit
from bot.members.rules import Actor, Right, Role, UnitRef
from bot.members.service import Person, actor, holds, people, unit
from bot.message import Sender
from bot.periods import local_day


class StillHolds(UserError):
    text = "{name}还有职务：{posts}。请先免去，再移出名册。"


class NotToday(UserError):
    text = "只能撤销当天的移出；以后请重新导入名册。"
    ends_buttons = True


class NotListed(UserError):
    text = "这名党员现在不在名册中，可能刚刚移出。"


class MovesSoon(UserError):
    text = "{name}将于{on}转入{branch}，到那天自动离开本名册，不用移出。"


LEAVE = "leave"  # of the acts that can be undone: of a membership that began the same day nothing else is left


def consider(session: Session, sender: Sender, member_id: int, *, now: datetime) -> Leaver:
    """Who would leave which branch, for those who keep its roster."""
    who, today = actor(session, sender, now=now), local_day(now)
    person = people(session, [member_id], today).get(member_id)
    if person is None or person.branch_id is None:
        who.require(Right.ROSTER)
        raise NotListed
    branch = unit(session, person.branch_id)
    who.require(Right.ROSTER, branch)
    _refuse_moving(session, person, today)
    held = _posts(session, member_id, branch, now)
    if held:
        raise StillHolds(name=person.name, posts=personal_views.posts(held))
    return Leaver(member_id, person.name, branch)


def _refuse_moving(session: Session, person: Person, today: date) -> None:
    """A transfer that is arranged already would be lost with the membership."""
    query = select(Unit.name, Membership.from_on).join(Unit, Unit.id == Membership.branch_id)
    query = query.where(*_of(person.member_id, Membership.from_on > today))
    if (found := session.execute(query).first()) is not None:
        branch, on = found
        raise MovesSoon(name=person.name, on=roster_views.short_day(on), branch=branch)


def leave(session: Session, sender: Sender, member_id: int, *, now: datetime) -> Leaver:
    """The membership ends with yesterday; what was recorded stays, what waits to be sent does not."""
    gone, today = consider(session, sender, member_id, now=now), local_day(now)
    began_today = _of(member_id, Membership.from_on == today, Membership.to_on.is_(None))
    group_id = session.execute(select(Membership.group_id).where(*began_today)).first()
    if group_id is not None:
        facts = {"branch_id": gone.branch.id, "group_id": group_id[0]}
        gone = replace(gone, undo=(undo.keep(session, LEAVE, member_id, facts, now=now), now + undo.WINDOW))
    register.leave(session, member_id, today)
    user_id = session.scalar(select(Account.telegram_user_id).where(Account.member_id == member_id))
    if user_id is not None:
        outbox.drop_chat(session, user_id)
    key = f"gone:{gone.branch.id}:{now.timestamp():.0f}"
    notices.tell_member(session, member_id, key, roster_views.left_told(gone), now=now)
    return gone


def come_back(session: Session, sender: Sender, member_id: int, undo_id: int | None = None, *, now: datetime) -> Leaver:
    """Take a leaving of today back; `undo_id` where the membership had begun the same day."""
    who, today = actor(session, sender, now=now), local_day(now)
    if session.scalars(select(Membership.id).where(*_of(member_id, Membership.to_on.is_(None)))).first() is not None:
        raise NotToday
    branch = _rejoin(session, who, member_id, undo_id, now) if undo_id else _reopen(session, who, member_id, today)
    session.flush()
    back = Leaver(member_id, people(session, [member_id], today)[member_id].name, branch)
    key = f"back:{branch.id}:{now.timestamp():.0f}"
    notices.tell_member(session, member_id, key, roster_views.back_told(back), now=now)
    return back


def _reopen(session: Session, who: Actor, member_id: int, today: date) -> UnitRef:
    row = session.scalars(select(Membership).where(*_of(member_id, Membership.to_on == today))).first()
    if row is None:
        raise NotToday
    branch = unit(session, row.branch_id)
    who.require(Right.ROSTER, branch)
    row.to_on = None
    return branch


def _rejoin(session: Session, who: Actor, member_id: int, undo_id: int, now: datetime) -> UnitRef:
    of_member, facts = undo.take(session, LEAVE, undo_id, now=now)
    branch = unit(session, int(facts["branch_id"] or 0))
    who.require(Right.ROSTER, branch)
    if of_member != member_id:
        raise NotToday
    group_id = facts["group_id"]
    register.join(session, member_id, branch.id, int(group_id) if group_id else None, local_day(now))
    return branch


def _of(member_id: int, *where: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    return (Membership.member_id == member_id, Membership.is_guest.is_(False), *where)


def _posts(session: Session, member_id: int, branch: UnitRef, now: datetime) -> list[tuple[Role, str]]:
    """Offices of the branch and its groups: they are given up first, so that it is seen who follows."""
    query = select(RoleGrant.role, Unit.name).join(Unit, Unit.id == RoleGrant.unit_id)
    mine = (RoleGrant.member_id == member_id, Unit.path.startswith(branch.path), holds(RoleGrant, local_day(now)))
    return [(row[0], row[1]) for row in session.execute(query.where(*mine).order_by(RoleGrant.id))]
