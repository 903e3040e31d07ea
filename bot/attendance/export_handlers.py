"""The doors of files: what to export is chosen by buttons, the files come through the outbox."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial

from telegram import Update

from bot import exports
from bot.attendance import export_views, exporting, workbook
from bot.attendance.facts import Export
from bot.context import Context, Routes
from bot.members.views import export_kept
from bot.message import Document, Edit, StaleButton, Toast


async def export(_: Update, context: Context) -> None:
    if not context.sender.is_private:
        await context.say(export_views.in_private())
        return
    units = await context.read(exporting.units)
    if len(units) > 1:
        await context.say(export_views.choose_unit(units))
        return
    found = await context.read(exporting.choice, units[0].id)
    await context.say(export_views.choose(found, now=context.now()))


async def turn(_: Update, context: Context) -> None:
    units = await context.read(exporting.units)
    await context.say(Edit(export_views.choose_unit(units, context.press.number(0))))


async def choose(_: Update, context: Context) -> None:
    found = await context.read(exporting.choice, context.press.number(0))
    await context.say(Edit(export_views.choose(found, now=context.now())))


async def one_meeting(_: Update, context: Context) -> None:
    await _send(context, exporting.one_meeting, context.press.number(0))


async def one_month(_: Update, context: Context) -> None:
    number = context.press.number(1)
    if not 1 <= number <= date.max.toordinal() - 366:
        raise StaleButton
    await _send(context, exporting.one_month, context.press.number(0), date.fromordinal(number))


async def minutes(_: Update, context: Context) -> None:
    found = await context.read(exporting.minutes_of, context.press.number(0))
    await _hand_over(context, (exporting.minutes_document(found),), exporting.deliver_minutes, found)


async def _send(context: Context, gather: Callable[..., Export], *case: object) -> None:
    found = await context.read(gather, *case)
    files = await asyncio.to_thread(workbook.render, found)
    await _hand_over(context, exporting.documents(found, files), exporting.deliver, found, files.sha256)


async def _hand_over(
    context: Context, documents: Sequence[Document], deliver: Callable[..., object], *what: object
) -> None:
    folder = exports.folder(context.deps.config)
    kept = await exports.hand_over(folder, documents, partial(context.transact, deliver, *what), now=context.now())
    await context.say(export_kept(kept) if kept else Toast(export_views.on_its_way()))


ROUTES = Routes(
    commands={"export": export},
    presses={
        "attendance:units": turn,
        "attendance:files": choose,
        "attendance:export": one_meeting,
        "attendance:month": one_month,
        "attendance:minutes": minutes,
    },
    links={"ex": export},
)
