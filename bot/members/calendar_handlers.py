"""The doors of the working calendar: which years it knows, a file that brings one."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from telegram import Update

from bot.context import Context, Routes
from bot.errors import UserError
from bot.members import calendar, calendar_views, calendarfile
from bot.message import Document

SAMPLES = Path(__file__).resolve().parents[2] / "content" / "calendar"


class CalendarInPrivate(UserError):
    text = "请私聊机器人使用这个命令。"


async def show(_: Update, context: Context) -> None:
    if not context.sender.is_private:
        raise CalendarInPrivate
    await context.say(calendar_views.years(await context.read(calendar.years)))


async def how_to_import(_: Update, context: Context) -> None:
    await context.read(calendar.check_right)
    await context.say(calendar_views.how_to_import())


async def sample(_: Update, context: Context) -> None:
    """The newest year that is shipped, to be written anew."""
    await context.read(calendar.check_right)
    newest = max(SAMPLES.glob("*.yaml"))
    await context.say(Document(calendar_views.SAMPLE_FILE, await asyncio.to_thread(newest.read_bytes)))


def routes(follow: calendar.Follow, then: Callable[[Context], Awaitable[None]]) -> Routes:
    """`meetings` stands above: what new days off do to meetings, and what is said of it then, is handed in."""

    async def take(update: Update, context: Context) -> None:
        await context.read(calendar.check_right)
        assert update.message is not None
        assert update.message.document is not None
        sent = update.message.document
        if (sent.file_size or 0) > calendarfile.MAX_SIZE:
            raise calendarfile.CalendarTooBig(limit=calendarfile.MAX_SIZE // 1024)
        data = bytes(await (await sent.get_file()).download_as_bytearray())
        reading = await asyncio.to_thread(calendarfile.read, sent.file_name or "", data)
        if reading.file is None:
            await context.say(calendar_views.refused(reading.faults))
            return
        done = await context.transact(calendar.import_calendar, reading.file, follow=follow)
        await context.say(calendar_views.imported(done))
        if done.is_new:
            await then(context)

    return Routes(
        commands={"calendar": show},
        presses={"members:years": show, "members:calendar": how_to_import, "members:sample": sample},
        documents={"yaml:days": take, "yml:days": take},
    )
