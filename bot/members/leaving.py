"""Somebody leaves the roster: moved away, or no member any more. Within the day it can be taken back."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import outbox
from bot.errors import UserError
from bot.members import notices, personal_views, register, roster_views
from bot.members.facts import Leaver
from bot.members.models import Account, Membership, RoleGrant, Unit
from bot.members.rules import Right, Role, UnitRef
from bot.members.service import NoSuchUnit, actor, holds, people, unit
from bot.message import Sender
from bot.periods import local_day


class StillHolds(UserError):
    text = "{name}还有职务：{posts}。请先免去，再移出名册。"


class NotToday(UserError):
    text = "只能撤销当天的移出；以后请重新导入名册。"
    ends_buttons = True


def consider(session: Session, sender: Sender, member_id: int, *, now: datetime) -> Leaver:
    """Who would leave which branch, for those who keep its roster."""
    who, today = actor(session, sender, now=now), local_day(now)
    person = people(session, [member_id], today).get(member_id)
    if person is None or person.branch_id is None:
        who.require(Right.ROSTER)
        raise NoSuchUnit
    branch = unit(session, person.branch_id)
    who.require(Right.ROSTER, branch)
    held = _posts(session, member_id, branch, now)
    if held:
        raise StillHolds(name=person.name, posts=personal_views.posts(held))
    return Leaver(member_id, person.name, branch)


def leave(session: Session, sender: Sender, member_id: int, *, now: datetime) -> Leaver:
    """The membership ends with yesterday; what was recorded stays, what waits to be sent does not."""
    gone = consider(session, sender, member_id, now=now)
    register.leave(session, member_id, local_day(now))
    user_id = session.scalar(select(Account.telegram_user_id).where(Account.member_id == member_id))
    if user_id is not None:
        outbox.drop_chat(session, user_id)
    key = f"gone:{gone.branch.id}:{now.timestamp():.0f}"
    notices.tell_member(session, member_id, key, roster_views.left_told(gone), now=now)
    return gone


def come_back(session: Session, sender: Sender, member_id: int, *, now: datetime) -> Leaver:
    """Take a leaving of today back."""
    who, today = actor(session, sender, now=now), local_day(now)
    mine = (Membership.member_id == member_id, Membership.is_guest.is_(False))
    row = session.scalars(select(Membership).where(*mine, Membership.to_on == today)).first()
    is_elsewhere = session.scalars(select(Membership.id).where(*mine, Membership.to_on.is_(None))).first() is not None
    if row is None or is_elsewhere:
        raise NotToday
    branch = unit(session, row.branch_id)
    who.require(Right.ROSTER, branch)
    row.to_on = None
    session.flush()
    back = Leaver(member_id, people(session, [member_id], today)[member_id].name, branch)
    key = f"back:{branch.id}:{now.timestamp():.0f}"
    notices.tell_member(session, member_id, key, roster_views.back_told(back), now=now)
    return back


def _posts(session: Session, member_id: int, branch: UnitRef, now: datetime) -> list[tuple[Role, str]]:
    """Offices of the branch and its groups: they are given up first, so that it is seen who follows."""
    query = select(RoleGrant.role, Unit.name).join(Unit, Unit.id == RoleGrant.unit_id)
    mine = (RoleGrant.member_id == member_id, Unit.path.startswith(branch.path), holds(RoleGrant, local_day(now)))
    return [(row[0], row[1]) for row in session.execute(query.where(*mine).order_by(RoleGrant.id))]
