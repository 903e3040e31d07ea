"""Doors of the wrong-answer book: all in private, all for oneself."""

import asyncio

from telegram import Update

from bot.context import Context, Routes
from bot.errors import UserError
from bot.members import workbook
from bot.message import Document, Edit
from bot.practice import daily, service, views
from bot.practice.facts import Asked
from bot.practice.rules import Mode


class OnlyInPrivate(UserError):
    text = "错题本只有您自己看得到，请在私聊里打开。"


async def show(_: Update, context: Context) -> None:
    if not context.sender.is_private:
        raise OnlyInPrivate
    await context.say(views.book(await context.transact(service.book)))


async def open_book(_: Update, context: Context) -> None:
    await context.say(Edit(views.book(await context.transact(service.book))))


async def start(_: Update, context: Context) -> None:
    await _ask(context, Mode.DUE)


async def again(_: Update, context: Context) -> None:
    await _ask(context, Mode.EXTRA)


async def _ask(context: Context, mode: Mode) -> None:
    found = await context.transact(service.ask, mode)
    await context.say(Edit(views.question(found) if isinstance(found, Asked) else views.done(found)))


async def show_daily(_: Update, context: Context) -> None:
    if not context.sender.is_private:
        raise OnlyInPrivate
    await context.say(views.question(await context.transact(daily.ask)))


async def open_daily(_: Update, context: Context) -> None:
    await context.say(Edit(views.question(await context.transact(daily.ask))))


async def tick(_: Update, context: Context) -> None:
    asked = await context.transact(service.toggle, context.press.number(0), context.press.word(1))
    await context.say(Edit(views.question(asked)))


async def answer(_: Update, context: Context) -> None:
    letter = context.press.word(1) if len(context.press.args) > 1 else ""
    await context.say(Edit(views.verdict(await context.transact(service.answer, context.press.number(0), letter))))


async def answer_blanks(update: Update, context: Context) -> None:
    """The awaited text of a question with blanks; a wrong number of parts leaves it open."""
    assert update.message is not None
    text = update.message.text or ""
    await context.say(views.verdict(await context.transact(service.answer_blanks, int(context.prompt), text)))


async def set_aside(_: Update, context: Context) -> None:
    await context.say(Edit(views.book(await context.transact(service.set_aside, context.press.number(0)))))


async def take_back(_: Update, context: Context) -> None:
    await context.say(Edit(views.book(await context.transact(service.take_back))))


async def settings(_: Update, context: Context) -> None:
    await context.say(Edit(views.settings(await context.transact(service.book))))


async def set_wish(_: Update, context: Context) -> None:
    what, value = context.press.word(0), context.press.number(1)
    await context.say(Edit(views.settings(await context.transact(service.set_wish, what, value))))


async def export(_: Update, context: Context) -> None:
    table = views.sheet(await context.read(service.entries))
    data = await asyncio.to_thread(workbook.sheets, [table])
    await context.say(Document(views.FILE, data))


ROUTES = Routes(
    commands={"mistakes": show, "daily": show_daily},
    words={views.WORD: show, views.DAILY_WORD: show_daily},
    links={"wb": show},
    replies={service.PURPOSE: answer_blanks},
    presses={
        "practice:open": open_book,
        "practice:book": show,  # below a result, which stays
        "practice:start": start,
        "practice:again": again,
        "practice:daily": open_daily,
        "practice:tick": tick,
        "practice:ans": answer,
        "practice:aside": set_aside,
        "practice:back": take_back,
        "practice:settings": settings,
        "practice:set": set_wish,
        "practice:export": export,
    },
)
