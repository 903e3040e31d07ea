"""Choosing a unit at which the person has a right, by buttons: the way into roster, invitations, groups and offices."""

from collections.abc import Awaitable, Callable

from telegram import Update

from bot.context import Context, Handler
from bot.errors import UserError
from bot.members import directory
from bot.members.facts import Choice
from bot.members.rules import Right, UnitKind
from bot.message import Edit, Message

Kinds = tuple[UnitKind, ...]
Act = Callable[[Context, int], Awaitable[None]]


class PrivateOnly(UserError):
    text = "请私聊机器人使用这个命令。"


def require_private(context: Context) -> None:
    if not context.sender.is_private:
        raise PrivateOnly


def choosing(right: Right, kinds: Kinds, view: Callable[[Choice], Message], act: Act) -> Handler:
    """Offer the units at which the person has the right; with only one of them act at once."""

    async def choose(_: Update, context: Context) -> None:
        require_private(context)
        choice = await context.read(directory.choices, right, kinds)
        if len(choice.units) == 1:
            await act(context, choice.units[0].id)
        else:
            await context.say(view(choice))

    return choose


def turning(right: Right, kinds: Kinds, view: Callable[[Choice], Message]) -> Handler:
    """上一页 and 下一页 of a choice of units."""

    async def turn(_: Update, context: Context) -> None:
        await context.say(Edit(view(await context.read(directory.choices, right, kinds, context.press.number(0)))))

    return turn


def chosen(act: Act) -> Handler:
    async def take(_: Update, context: Context) -> None:
        await act(context, context.press.number(0))

    return take
