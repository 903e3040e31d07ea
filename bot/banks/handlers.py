"""Doors of banks: the list, a file sent in private, and the buttons under its preview."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from telegram import Document as TelegramDocument
from telegram import Update

from bot.banks import import_views, importing, progress, reading, service, views, workbook
from bot.banks.importing import Start, Waiting
from bot.banks.reading import MAX_FOREIGN_BYTES, Loaded
from bot.banks.rules import Mode
from bot.context import Context, Handler, Routes
from bot.errors import UserError
from bot.message import Document, Edit, Part, cut
from bot.periods import local_day

MOST_SOURCE = 200  # units of a document's name


class FileTooLarge(UserError):
    text = "超过上限：文件 10 MB、20000 行、解压后 64 MB。"


async def list_banks(_: Update, context: Context) -> None:
    banks = await context.read(service.seen_banks)
    await context.say(views.bank_list(banks, 0))


async def turn_page(_: Update, context: Context) -> None:
    banks = await context.read(service.seen_banks)
    await context.say(Edit(views.bank_list(banks, context.press.number(0))))


async def export(_: Update, context: Context) -> None:
    bank = await context.read(service.export_seen, context.press.number(0))
    await context.say(Document(bank.name, bank.data))


async def template(_: Update, context: Context) -> None:
    await context.read(service.seen_banks)
    await context.say(Document(import_views.TEMPLATE_FILE, await asyncio.to_thread(workbook.template)))


# -- a file ------------------------------------------------------------------------------------------------------------


async def take_file(update: Update, context: Context) -> None:
    """Rights are asked before anything is fetched; reading and judging hold neither the loop nor the database."""
    sent = _document(update)
    start = await context.read(importing.begin, sent.file_name or "")
    await _take(context, start, sent, await _fetch(sent))


async def _take(context: Context, start: Start, sent: TelegramDocument, data: bytes) -> None:
    loaded = await _loaded(context, start, data, sent.file_name or "bank")
    preview = await context.transact(importing.preview, data, loaded, start.way)
    await context.say(*import_views.previewed(preview))


def _document(update: Update) -> TelegramDocument:
    assert update.message is not None
    assert update.message.document is not None
    return update.message.document


async def _fetch(sent: TelegramDocument) -> bytes:
    if (sent.file_size or 0) > MAX_FOREIGN_BYTES:
        raise FileTooLarge
    return bytes(await (await sent.get_file()).download_as_bytearray())


async def _loaded(context: Context, start: Start, data: bytes, name: str) -> Loaded:
    """The file read in its child process; of a large one its sender sees how far that is."""
    rows = 0

    def seen(count: int) -> None:
        nonlocal rows
        rows = count

    on = local_day(context.now())
    work = asyncio.create_task(
        asyncio.to_thread(reading.load, data, name, on=on, editions=start.editions, way=start.way, progress=seen)
    )
    patience = progress.PATIENCE.total_seconds() if len(data) > progress.SMALL else None
    await asyncio.wait([work], timeout=patience)
    if work.done():
        return work.result()
    # Transactions of their own: the update itself is marked by the one that keeps the preview.
    run = context.deps.database.transact
    token = await run(progress.start, context.sender, name, now=context.now())
    try:
        while not work.done():
            told = rows
            await asyncio.wait([work], timeout=progress.EVERY.total_seconds())
            if rows != told and not work.done():
                await run(progress.advance, token, rows, now=context.now())
        return work.result()
    finally:
        await run(progress.finish, token, now=context.now())


def workbook_door(other: Handler, is_others: Callable[[bytes, str], bool]) -> Handler:
    """A workbook is ours, unless it has the headings of the other feature, or who sent it has no say in banks."""

    async def take(update: Update, context: Context) -> None:
        if not await context.read(importing.may_import):
            await other(update, context)
            return
        sent = _document(update)
        start = await context.read(importing.begin, sent.file_name or "")
        data = await _fetch(sent)
        if await asyncio.to_thread(is_others, data, sent.file_name or ""):
            await other(update, context)
        else:
            await _take(context, start, sent, data)

    return take


# -- buttons under its preview -----------------------------------------------------------------------------------------


async def apply(_: Update, context: Context) -> None:
    token = context.press.word(0)
    waiting = await context.read(importing.waiting, token)
    loaded = await _again(context, waiting)
    assert loaded.ready is not None  # what waits was found good, and the bytes are the same
    result = await context.transact(importing.apply, token, loaded.ready)
    await context.say(Edit(import_views.applied(result)))


async def _again(context: Context, waiting: Waiting) -> Loaded:
    on = local_day(context.now())
    if waiting.packed is None:
        return await asyncio.to_thread(reading.load, waiting.data, waiting.name, on=on)
    packed, name, sha256 = waiting.packed, waiting.name, waiting.sha256
    return await asyncio.to_thread(reading.again, packed, name, sha256, waiting.way, on=on, editions=waiting.editions)


async def choose_bank(_: Update, context: Context) -> None:
    token, args = context.press.word(0), context.press.args
    page = context.press.number(1) if len(args) > 1 else 0
    choices = await context.read(importing.choices, token)
    await context.say(Edit(import_views.choose_bank(choices, token, page)))


async def keep_bank(_: Update, context: Context) -> None:
    token = context.press.word(0)
    await _change(context, token, await context.read(importing.waiting, token), Edit)


async def into_bank(_: Update, context: Context) -> None:
    token = context.press.word(0)
    waiting = await context.read(importing.into_bank, token, context.press.number(1))
    await _change(context, token, waiting, Edit)


async def choose_mode(_: Update, context: Context) -> None:
    token = context.press.word(0)
    waiting = await context.read(importing.waiting, token)
    mode = Mode.REPLACE if context.press.number(1) else Mode.MERGE
    await _change(context, token, replace(waiting, way=replace(waiting.way, mode=mode)), Edit)


async def ask_source(_: Update, context: Context) -> None:
    await context.transact(importing.ask_source, context.press.word(0))
    await context.say(import_views.ask_source())


async def take_source(update: Update, context: Context) -> None:
    token = context.prompt
    assert update.message is not None
    source = cut(" ".join((update.message.text or "").split()), MOST_SOURCE)
    waiting = await context.read(importing.waiting, token)
    await _change(context, token, replace(waiting, way=replace(waiting.way, source=source)), None)


async def _change(context: Context, token: str, waiting: Waiting, shown: Callable[..., Part] | None) -> None:
    loaded = await _again(context, waiting)
    preview = await context.transact(importing.change, token, loaded, waiting.way)
    message, *_rest = import_views.previewed(preview)
    await context.say(shown(message) if shown else message)


async def faults(_: Update, context: Context) -> None:
    waiting = await context.read(importing.waiting, context.press.word(0))
    loaded = await _again(context, waiting)
    await context.say(import_views.faults(loaded.checked))


async def discard(_: Update, context: Context) -> None:
    await context.transact(importing.discard, context.press.word(0))
    await context.say(Edit(import_views.discarded()))


async def undo(_: Update, context: Context) -> None:
    number = await context.transact(importing.undo, context.press.word(0))
    await context.say(Edit(import_views.undone(number)))


ENDINGS = ("yaml", "yml", "csv", "tsv", "txt", "json", "docx", "gift", "xls", "doc", "xlsm")

ROUTES = Routes(
    commands={"bank": list_banks},
    words={views.WORD: list_banks},
    presses={
        "banks:list": turn_page,
        "banks:export": export,
        "banks:template": template,
        "banks:apply": apply,
        "banks:discard": discard,
        "banks:undo": undo,
        "banks:banks": choose_bank,
        "banks:back": keep_bank,
        "banks:into": into_bank,
        "banks:mode": choose_mode,
        "banks:source": ask_source,
        "banks:faults": faults,
    },
    replies={importing.SOURCE: take_source},
    documents=dict.fromkeys(ENDINGS, take_file),
)
