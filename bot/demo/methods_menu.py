"""Methods of the Bot API for what the bot shows of itself: command lists, descriptions, the menu button."""

from __future__ import annotations

import re

from bot.demo import reach, refusals
from bot.demo.commands import Command, Scope
from bot.demo.journal import EventKind
from bot.demo.methods import Method
from bot.demo.parameters import Parameters, as_number
from bot.demo.world import World

MOST_COMMANDS = 100
MOST_NAME = 32
MOST_DESCRIPTION = 256
MEMBER_SCOPES = ("chat_member",)
CHAT_SCOPES = ("chat", "chat_administrators", "chat_member")


def set_my_commands(world: World, parameters: Parameters) -> object:
    given = parameters.items("commands")
    if len(given) > MOST_COMMANDS:
        raise refusals.too_many_commands()
    commands = [_command(shape) for shape in given]
    world.commands.set(_scope(world, parameters), parameters.text("language_code"), commands)
    world.journal.write(EventKind.COMMANDS, world.now())
    return True


def get_my_commands(world: World, parameters: Parameters) -> object:
    commands = world.commands.get(_scope(world, parameters), parameters.text("language_code"))
    return [{"command": command.name, "description": command.description} for command in commands]


def delete_my_commands(world: World, parameters: Parameters) -> object:
    world.commands.set(_scope(world, parameters), parameters.text("language_code"), ())
    world.journal.write(EventKind.COMMANDS, world.now())
    return True


def _command(shape: object) -> Command:
    fields = Parameters(shape if isinstance(shape, dict) else {})
    name, description = fields.text("command").removeprefix("/"), fields.text("description")
    if len(name) > MOST_NAME:
        raise refusals.command_too_long()
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise refusals.command_invalid()
    if not description.strip():
        raise refusals.command_description_empty()
    if len(description) > MOST_DESCRIPTION:
        raise refusals.command_description_too_long()
    return Command(name, description)


def _scope(world: World, parameters: Parameters) -> Scope:
    given = parameters.mapping("scope")
    kind = str(given.get("type", "default"))
    if kind not in CHAT_SCOPES:
        return Scope(kind)
    chat = reach.readable(world, given.get("chat_id"))
    if kind not in MEMBER_SCOPES:
        return Scope(kind, chat.id)
    user_id = as_number(given.get("user_id")) or 0
    if not chat.holds(user_id):
        raise refusals.user_not_found()
    return Scope(kind, chat.id, user_id)


def set_my_description(world: World, parameters: Parameters) -> object:
    return _describe(world, parameters, "description")


def set_my_short_description(world: World, parameters: Parameters) -> object:
    return _describe(world, parameters, "short_description")


def _describe(world: World, parameters: Parameters, kind: str) -> bool:
    world.descriptions[kind, parameters.text("language_code")] = parameters.text(kind)
    return True


def set_chat_menu_button(world: World, parameters: Parameters) -> object:
    chat_id = parameters.number("chat_id")
    if chat_id:
        reach.readable(world, chat_id)
    world.menu_buttons[chat_id or 0] = parameters.mapping("menu_button")
    world.journal.write(EventKind.COMMANDS, world.now())
    return True


METHODS: dict[str, Method] = {
    "setmycommands": set_my_commands,
    "getmycommands": get_my_commands,
    "deletemycommands": delete_my_commands,
    "setmydescription": set_my_description,
    "setmyshortdescription": set_my_short_description,
    "setchatmenubutton": set_chat_menu_button,
}
