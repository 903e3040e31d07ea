"""Command lists follow roles and groups."""

from datetime import date, timedelta

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from bot.context import merge
from bot.doors import ROUTES
from bot.members import menu_views as views
from bot.members import menus
from bot.members.models import RoleGrant
from bot.members.rules import Role
from bot.outbox import OutboxRow, State
from bot.periods import local_day
from tests.make import GROUP_CHAT, NOW, Cast, Make
from tests.members.test_chats import bind, code


def shown(make: Make, chat_id: int, language: str = "") -> dict[tuple[str, object], str]:
    """By scope and person the command names that were last pushed."""
    query = select(OutboxRow.body).where(OutboxRow.chat_id == chat_id, OutboxRow.key.startswith("menu:"))
    rows = make.database.look(lambda s: s.scalars(query.where(OutboxRow.state == State.PENDING)).all())
    lists = [body for body in rows if body and body["language"] == language]
    return {(str(b["scope"]), b["user_id"]): " ".join(name for name, _ in b["commands"]) for b in lists}


def test_a_role_brings_its_menu_and_takes_it_along(make: Make) -> None:
    cast = make.cast()
    make.chat(cast.branch)
    make.database.run(menus.push, [cast.li.id, cast.zhang.id, cast.wang.id], now=NOW)
    assert shown(make, cast.li.user_id) == {("chat", None): "today plan meetings quiz roster help"}
    assert shown(make, cast.wang.user_id) == {("chat", None): "today quiz bank orgs help"}
    assert shown(make, cast.zhang.user_id) == {("chat", None): ""}
    assert shown(make, GROUP_CHAT) == {("chat_member", cast.li.user_id): "meetings round help"}
    make.database.run(_demote, cast)
    make.database.run(menus.push, [cast.li.id], now=NOW + timedelta(seconds=1))
    assert shown(make, cast.li.user_id) == {("chat", None): ""}
    assert shown(make, GROUP_CHAT) == {("chat_member", cast.li.user_id): ""}


def _demote(session: Session, cast: Cast) -> None:
    grant = session.scalars(select(RoleGrant).where(RoleGrant.role == Role.SECRETARY)).first()
    assert grant is not None
    grant.to_on = local_day(NOW)


def test_a_role_that_begins_or_ends_by_date_brings_its_menu_that_day(make: Make) -> None:
    cast = make.cast()
    make.grant(cast.zhang, Role.DEPUTY, cast.branch, from_on=date(2026, 3, 3), to_on=date(2026, 3, 5))
    seen = []
    for day in range(4):
        make.database.run(menus.follow, now=NOW + timedelta(days=day))
        make.database.run(menus.follow, now=NOW + timedelta(days=day, hours=1))
        seen.append(shown(make, cast.zhang.user_id).get(("chat", None)))
    officers = "today plan meetings quiz roster help"
    assert seen == [None, officers, officers, ""]
    assert shown(make, cast.li.user_id) == {("chat", None): officers}


def test_a_bound_group_gets_its_menus(make: Make) -> None:
    cast = make.cast()
    bind(make, cast.li, code(make, cast.li, cast.branch.id))
    assert shown(make, GROUP_CHAT) == {
        ("chat_administrators", None): "meetings help bind",
        ("chat_member", cast.li.user_id): "meetings round help",
        ("chat_member", cast.sun.user_id): "meetings round help",
    }


def test_an_app_in_english_gets_the_same_lists_in_english(make: Make) -> None:
    cast = make.cast()
    make.chat(cast.branch)
    make.database.run(menus.push, [cast.li.id, cast.wang.id], now=NOW)
    for chat_id in (cast.li.user_id, cast.wang.user_id, GROUP_CHAT):
        assert shown(make, chat_id, "en") == shown(make, chat_id)
    make.database.run(menus.push_defaults, now=NOW)
    assert (
        shown(make, 0, "en")
        == shown(make, 0)
        == {
            ("all_private_chats", None): "today meetings exam mistakes me settings help",
            ("all_group_chats", None): "meetings help",
        }
    )
    assert views.in_english(views.GROUP_MENU) == (("meetings", "Meetings and leave"), ("help", "Help"))


def test_no_list_is_longer_than_eight() -> None:
    menus_of_all = (
        *(views.MEMBER_MENU, views.OFFICER_MENU, views.ADMIN_MENU),
        *(views.GROUP_MENU, views.GROUP_OFFICER_MENU, views.GROUP_ADMIN_MENU),
    )
    known = merge(ROUTES).commands.keys()
    for menu in menus_of_all:
        assert len(menu) <= 8
        assert {name for name, _ in menu} <= known


def test_the_hourly_look_costs_the_same_however_many_have_roles(make: Make) -> None:
    cast = make.cast()
    heard: list[str] = []
    costs = []
    event.listen(make.database.engine, "before_cursor_execute", lambda *told: heard.append(told[2]))
    for number in range(2):
        make.database.run(menus.follow, now=NOW)
        heard.clear()
        make.database.run(menus.follow, now=NOW)
        costs.append(len(heard))
        for one in range(8):
            make.member(f"委员{number}{one}", cast.branch, roles=[Role.DEPUTY])
    assert costs[0] == costs[1]
