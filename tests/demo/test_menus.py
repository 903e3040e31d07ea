"""Command lists: who sees which one, and what Telegram refuses."""

import pytest

from bot.demo import api
from bot.demo.chats import Chat
from bot.demo.groups import Groups
from bot.demo.wire import Payload
from bot.demo.world import World
from tests.demo.conftest import LI, ZHANG


def call(world: World, method: str, **fields: object) -> object:
    reply = api.answer(world, method.lower(), fields, {})
    return reply.body["result"] if reply.status == 200 else reply.body["description"]


def set_list(world: World, *names: str, language_code: str = "", **scope: object) -> object:
    commands = [{"command": name, "description": f"说明 {name}"} for name in names]
    fields: Payload = {"scope": scope} if scope else {}
    return call(world, "setMyCommands", commands=commands, language_code=language_code, **fields)


def shown(world: World, person_id: int, chat_id: int) -> list[str]:
    return [command.name for command in world.commands_for(person_id, chat_id)]


def test_in_private_the_narrowest_list_is_shown(world: World):
    set_list(world, "help")
    assert shown(world, LI, LI) == ["help"]
    set_list(world, "today", type="all_private_chats")
    set_list(world, "plan", type="chat", chat_id=LI)
    assert shown(world, LI, LI) == ["plan"]
    assert shown(world, ZHANG, ZHANG) == ["today"]


def test_in_a_group_administrators_and_named_members_have_their_own(world: World, groups: Groups, group: Chat):
    set_list(world, "meetings", type="all_group_chats")
    assert shown(world, LI, group.id) == ["meetings"]
    set_list(world, "board", type="all_chat_administrators")
    assert shown(world, LI, group.id) == ["board"]
    set_list(world, "bind", type="chat_administrators", chat_id=group.id)
    assert shown(world, LI, group.id) == ["bind"]
    assert shown(world, ZHANG, group.id) == ["meetings"]
    set_list(world, "help", type="chat", chat_id=group.id)
    assert shown(world, ZHANG, group.id) == ["help"]
    set_list(world, "round", type="chat_member", chat_id=group.id, user_id=ZHANG)
    assert shown(world, ZHANG, group.id) == ["round"]


def test_a_deleted_list_gives_way_to_the_wider_one(world: World):
    set_list(world, "today", type="all_private_chats")
    set_list(world, "plan", type="chat", chat_id=LI)
    assert shown(world, LI, LI) != shown(world, ZHANG, ZHANG)
    call(world, "deleteMyCommands", scope={"type": "chat", "chat_id": LI})
    assert shown(world, LI, LI) == shown(world, ZHANG, ZHANG) == ["today"]


def test_the_language_of_the_person_comes_before_the_default(world: World):
    set_list(world, "today")
    set_list(world, "now", language_code="en")
    world.persons[ZHANG].language_code = "en"
    assert shown(world, ZHANG, ZHANG) == ["now"]
    assert shown(world, LI, LI) == ["today"]


def test_lists_are_read_back_by_scope(world: World):
    set_list(world, "today", type="all_private_chats")
    scope = {"type": "all_private_chats"}
    assert call(world, "getMyCommands", scope=scope) == [{"command": "today", "description": "说明 today"}]
    assert call(world, "getMyCommands") == []


@pytest.mark.parametrize(
    ("commands", "description"),
    [
        ([{"command": "今日", "description": "x"}], "BOT_COMMAND_INVALID"),
        ([{"command": "Today", "description": "x"}], "BOT_COMMAND_INVALID"),
        ([{"command": "a" * 33, "description": "x"}], "command length must not exceed 32"),
        ([{"command": "a", "description": " "}], "command description must be non-empty"),
        ([{"command": "a", "description": "x" * 257}], "command description length must not exceed 256"),
        ([{"command": "a", "description": "x"}] * 101, "BOT_COMMANDS_TOO_MUCH"),
    ],
)
def test_wrong_lists_are_refused(world: World, commands: list[Payload], description: str):
    assert call(world, "setMyCommands", commands=commands) == f"Bad Request: {description}"


def test_a_list_for_an_unknown_chat_or_member_is_refused(world: World, group: Chat):
    assert set_list(world, "a", type="chat", chat_id=99) == "Bad Request: chat not found"
    assert set_list(world, "a", type="chat_member", chat_id=group.id, user_id=99) == "Bad Request: user not found"


def test_descriptions_and_the_menu_button_are_kept(world: World):
    assert call(world, "setMyDescription", description="党支部的助手") is True
    assert call(world, "setMyShortDescription", short_description="助手", language_code="en") is True
    assert call(world, "setChatMenuButton", menu_button={"type": "commands"}) is True
    assert world.descriptions == {("description", ""): "党支部的助手", ("short_description", "en"): "助手"}
    assert world.menu_buttons == {0: {"type": "commands"}}
