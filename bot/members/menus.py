"""Command lists pushed to people and groups when roles or groups change; the lists themselves are in `menu_views`."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from zlib import crc32

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from bot import outbox
from bot.members import menu_views as views
from bot.members.models import Account, Chat, RoleGrant, Unit
from bot.members.rules import OFFICERS, ChatState, Grant, Reach, UnitRef
from bot.members.service import holds
from bot.message import Commands, from_json
from bot.outbox import Lane, OutboxRow, State
from bot.periods import local_day


def push_defaults(session: Session, *, now: datetime) -> None:
    """The lists of everybody without one of his own, in private and in groups; sent when they have changed."""
    for menu in (Commands(views.MEMBER_MENU, "all_private_chats"), Commands(views.GROUP_MENU, "all_group_chats")):
        for told in _in_both_languages(menu):
            key = f"menu:default:{told.scope}:{told.language}:{crc32(repr(told.commands).encode()):x}"
            outbox.enqueue(session, key, chat_id=0, content=told, lane=Lane.CALM, now=now)


def _in_both_languages(menu: Commands) -> tuple[Commands, Commands]:
    return menu, replace(menu, commands=views.in_english(menu.commands), language="en")


def push(session: Session, member_ids: Collection[int], *, now: datetime) -> None:
    """Give each of these people who has an account the lists that go with the roles of today."""
    grants = _grants(session, member_ids, now)
    accounts = select(Account.telegram_user_id, Account.member_id).where(Account.member_id.in_(member_ids))
    for user_id, member_id in session.execute(accounts.order_by(Account.member_id)).all():
        _enqueue(session, user_id, Commands(_private(grants.get(member_id, ())), "chat"), now)
        for chat_id, is_officer in _groups(session, grants.get(member_id, []), member_id):
            in_group = views.GROUP_OFFICER_MENU if is_officer else ()
            _enqueue(session, chat_id, Commands(in_group, "chat_member", user_id), now)


def follow(session: Session, *, now: datetime) -> None:
    """Roles begin and end by date, and a new version brings new lists: whoever has or had a role gets what he lacks."""
    held = select(RoleGrant.member_id).where(RoleGrant.from_on <= local_day(now))
    query = select(Account.member_id, Account.telegram_user_id).where(Account.member_id.in_(held))
    accounts = session.execute(query.where(Account.reach != Reach.BLOCKED).order_by(Account.member_id)).all()
    grants, sent = _grants(session, [member_id for member_id, _ in accounts], now), _last_sent(session)
    wanting = [
        member_id for member_id, user_id in accounts if sent.get(user_id, ()) != _private(grants.get(member_id, ()))
    ]
    if wanting:
        push(session, wanting, now=now)


def _private(grants: Sequence[Grant]) -> views.Menu:
    """The list of somebody's own; the common one needs none: without it the default shows."""
    menu = views.menu_for(grants)
    return () if menu == views.MEMBER_MENU else menu


def _last_sent(session: Session) -> dict[int, views.Menu]:
    """The list each person was given last, or is about to be given; in one statement, however many there are."""
    kept = outbox.under("menu::chat:"), OutboxRow.state.not_in(_LOST)
    newest = select(func.max(OutboxRow.id)).where(*kept).group_by(OutboxRow.chat_id)
    rows = session.execute(select(OutboxRow.chat_id, OutboxRow.body).where(OutboxRow.id.in_(newest)))
    given = {chat_id: from_json(body) for chat_id, body in rows if chat_id is not None and body}
    return {chat_id: menu.commands for chat_id, menu in given.items() if isinstance(menu, Commands)}


_LOST = (State.CANCELLED, State.UNREACHABLE, State.EXPIRED)


def push_chat(session: Session, chat_id: int, unit: UnitRef, *, now: datetime) -> None:
    """A group was bound: the list of its administrators, and that of the unit's officers."""
    _enqueue(session, chat_id, Commands(views.GROUP_ADMIN_MENU, "chat_administrators"), now)
    officers = select(Account.telegram_user_id).join(RoleGrant, RoleGrant.member_id == Account.member_id)
    officers = officers.where(
        RoleGrant.unit_id == unit.id, RoleGrant.role.in_(OFFICERS), holds(RoleGrant, local_day(now))
    )
    for user_id in session.scalars(officers.distinct().order_by(Account.telegram_user_id)).all():
        _enqueue(session, chat_id, Commands(views.GROUP_OFFICER_MENU, "chat_member", user_id), now)


def clear(session: Session, user_id: int, *, now: datetime) -> None:
    """The account is nobody's any more."""
    _enqueue(session, user_id, Commands((), "chat"), now)


def _grants(session: Session, member_ids: Collection[int], now: datetime) -> dict[int, list[Grant]]:
    query = select(RoleGrant.member_id, RoleGrant.role, Unit.id, Unit.kind, Unit.name, Unit.path).join(
        Unit, Unit.id == RoleGrant.unit_id
    )
    found: dict[int, list[Grant]] = {}
    for row in session.execute(query.where(RoleGrant.member_id.in_(member_ids), holds(RoleGrant, local_day(now)))):
        found.setdefault(row[0], []).append(Grant(row[1], UnitRef(*row[2:6])))
    return found


def _groups(session: Session, grants: Collection[Grant], member_id: int) -> list[tuple[int, bool]]:
    """Active groups of units at which the person has or had an office, and whether that is so today."""
    past = select(RoleGrant.unit_id).where(RoleGrant.member_id == member_id, RoleGrant.role.in_(OFFICERS))
    query = select(Chat.chat_id, Chat.unit_id).where(and_(Chat.unit_id.in_(past), Chat.state == ChatState.ACTIVE))
    now_at = {grant.unit.id for grant in grants if grant.role in OFFICERS}
    return [(chat_id, unit_id in now_at) for chat_id, unit_id in session.execute(query.order_by(Chat.chat_id))]


def _enqueue(session: Session, chat_id: int, menu: Commands, now: datetime) -> None:
    """The newest list wins: one that still waits for the same place is withdrawn."""
    for told in _in_both_languages(menu):
        place = f"menu:{told.language}:{menu.scope}:{chat_id}:{menu.user_id or 0}:"
        earlier = select(func.count()).where(OutboxRow.chat_id == chat_id, outbox.under(place))
        outbox.withdraw(session, place, chat_id=chat_id)
        key = f"{place}{session.scalar(earlier)}"
        outbox.enqueue(session, key, chat_id=chat_id, content=told, lane=Lane.CALM, now=now)
