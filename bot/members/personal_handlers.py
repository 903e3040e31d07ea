"""The doors of what is one's own: the record, reminders, one's data as a file, and their erasure."""

import asyncio
from collections.abc import Sequence
from datetime import time

from telegram import Update

from bot import exports
from bot.context import Answer, Context, Handler, Routes
from bot.members import directory, personal, phrases, quiet, workbook
from bot.members import personal_views as views
from bot.members.choosing_handlers import choosing, chosen, require_private, turning
from bot.members.personal import PersonalData
from bot.members.rules import Right, UnitKind
from bot.message import Button, Document, Edit, StaleButton

# -- reminders --------------------------------------------------------------------------------------------------------


async def settings(_: Update, context: Context) -> None:
    if not context.sender.is_private:
        await context.say(views.settings_elsewhere())
        return
    await context.say(views.settings(await context.read(quiet.settings_of)))


async def own_start(_: Update, context: Context) -> None:
    await context.say(Edit(views.settings(await context.transact(quiet.widen, start=_clock(context, 0)))))


async def own_end(_: Update, context: Context) -> None:
    await context.say(Edit(views.settings(await context.transact(quiet.widen, end=_clock(context, 0)))))


async def show_hours(context: Context, unit_id: int) -> None:
    await context.say(Edit(views.unit_settings(*await context.read(quiet.unit_hours, unit_id))))


async def unit_start(_: Update, context: Context) -> None:
    unit_id, start = context.press.number(0), _clock(context, 1)
    await context.say(Edit(views.unit_settings(*await context.transact(quiet.set_unit_hours, unit_id, start=start))))


async def unit_end(_: Update, context: Context) -> None:
    unit_id, end = context.press.number(0), _clock(context, 1)
    await context.say(Edit(views.unit_settings(*await context.transact(quiet.set_unit_hours, unit_id, end=end))))


def _clock(context: Context, place: int) -> time:
    hour, minute = divmod(context.press.number(place), 60)
    if not 0 <= hour < 24:
        raise StaleButton
    return time(hour, minute)


# -- one's data -------------------------------------------------------------------------------------------------------


def _me(buttons: tuple[Button, ...]) -> Handler:
    async def me(_: Update, context: Context) -> None:
        require_private(context)
        await context.say(views.own_record(await context.read(directory.mine), buttons))

    return me


def _export(features: Sequence[PersonalData]) -> Handler:
    async def export(_: Update, context: Context) -> None:
        require_private(context)
        tables = await context.read(personal.export, features)
        data = await asyncio.to_thread(workbook.sheets, tables)
        await context.say(Document(views.EXPORT_FILE, data, views.EXPORT_CAPTION))

    return export


async def ask_own_erasure(_: Update, context: Context) -> None:
    require_private(context)
    await context.say(Edit(views.ask_erasure(await context.read(personal.consider, None))))


async def ask_erasure(_: Update, context: Context) -> None:
    await context.say(Edit(views.ask_erasure(await context.read(personal.consider, context.press.number(0)))))


async def send_wish(_: Update, context: Context) -> None:
    await context.transact(personal.ask)
    await context.say(Edit(views.erasure_sent()))


async def keep(_: Update, context: Context) -> None:
    await context.say(Edit(views.kept()))


def _erase(features: Sequence[PersonalData]) -> Handler:
    async def erase(_: Update, context: Context) -> None:
        gone = await context.transact(personal.erase, context.press.number(0), features)
        await asyncio.to_thread(exports.drop_naming, context.deps.config, gone.name)
        await context.say(Edit(views.erased()))
        if gone.user_id is not None and gone.user_id != context.sender.user_id:
            context.deps.mouth.say(Answer(gone.user_id, views.last_word()))  # by mouth: no row may keep the account

    return erase


def routes(features: Sequence[PersonalData]) -> Routes:
    """`features`: what each of them knows of a person."""
    me = _me(tuple(button for feature in features for button in feature.buttons))
    kinds = tuple(kind for kind in directory.WITH_CHATS if kind is not UnitKind.PARTY_GROUP)
    return Routes(
        commands={"me": me, "settings": settings},
        presses={
            "members:mystart": own_start,
            "members:myend": own_end,
            "members:hours": choosing(Right.BIND_CHAT, kinds, views.hours_choice, show_hours),
            "members:hour": chosen(show_hours),
            "members:hourss": turning(Right.BIND_CHAT, kinds, views.hours_choice),
            "members:hoursfrom": unit_start,
            "members:hoursto": unit_end,
            "members:mydata": _export(features),
            "members:eraseme": ask_own_erasure,
            "members:eraseof": ask_erasure,
            "members:askerase": send_wish,
            "members:keep": keep,
            "members:erase": _erase(features),
        },
        words={phrases.ME: me},
        links={"st": settings},
    )
