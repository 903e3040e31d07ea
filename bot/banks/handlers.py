"""Doors of banks: the list, a file sent in private, and the buttons under its preview."""

import asyncio

from telegram import Update

from bot.banks import importing, service, views
from bot.banks.rules import MAX_BYTES
from bot.context import Context, Routes
from bot.errors import UserError
from bot.message import Document, Edit
from bot.periods import local_day


class FileTooLarge(UserError):
    text = "超过上限：文件 8 MB、10000 题。"


async def list_banks(_: Update, context: Context) -> None:
    banks = await context.read(service.seen_banks)
    await context.say(views.bank_list(banks, 0))


async def turn_page(_: Update, context: Context) -> None:
    banks = await context.read(service.seen_banks)
    await context.say(Edit(views.bank_list(banks, context.press.number(0))))


async def export(_: Update, context: Context) -> None:
    bank = await context.read(service.export_seen, context.press.number(0))
    await context.say(Document(bank.name, bank.data))


async def take_file(update: Update, context: Context) -> None:
    """Rights are asked before anything is fetched; reading and judging hold neither the loop nor the database."""
    editions = await context.read(importing.known_editions)
    assert update.message is not None
    sent = update.message.document
    assert sent is not None
    if (sent.file_size or 0) > MAX_BYTES:
        raise FileTooLarge
    file = await sent.get_file()
    data = bytes(await file.download_as_bytearray())
    name, on = sent.file_name or "bank.yaml", local_day(context.now())
    loaded = await asyncio.to_thread(service.load, data, name, on=on, editions=editions)
    preview = await context.transact(importing.preview, data, loaded)
    await context.say(*views.previewed(preview))


async def apply(_: Update, context: Context) -> None:
    token = context.press.word(0)
    waiting = await context.read(importing.waiting, token)
    on = local_day(context.now())
    loaded = await asyncio.to_thread(service.load, waiting.data, waiting.name, on=on)
    assert loaded.ready is not None  # what waits was found good, and the bytes are the same
    result = await context.transact(importing.apply, token, loaded.ready)
    await context.say(Edit(views.applied(result)))


async def discard(_: Update, context: Context) -> None:
    await context.transact(importing.discard, context.press.word(0))
    await context.say(Edit(views.discarded()))


async def undo(_: Update, context: Context) -> None:
    number = await context.transact(importing.undo, context.press.word(0))
    await context.say(Edit(views.undone(number)))


ROUTES = Routes(
    commands={"bank": list_banks},
    words={views.WORD: list_banks},
    presses={
        "banks:list": turn_page,
        "banks:export": export,
        "banks:apply": apply,
        "banks:discard": discard,
        "banks:undo": undo,
    },
    documents={"yaml": take_file, "yml": take_file},
)
