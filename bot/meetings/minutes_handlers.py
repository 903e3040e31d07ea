"""The doors of agenda and minutes: one transaction and one answer each."""

from functools import partial

from sqlalchemy.orm import Session
from telegram import Update

from bot.context import Context, Handler, Routes
from bot.meetings import agenda, minutes, minutes_views
from bot.meetings.minutes_views import Quorate
from bot.meetings.rules import RollReader
from bot.message import Edit

# -- minutes ---


async def which(roll: RollReader[Session], is_quorate: Quorate, _: Update, context: Context) -> None:
    """/minutes: the one meeting there is, else which of them."""
    if not context.sender.is_private:
        await context.say(minutes_views.in_private())
        return
    found = await context.read(minutes.unfiled)
    if len(found) > 1:
        await context.say(minutes_views.pick(found, now=context.now()))
        return
    shown = await context.read(minutes.show, found[0].id, roll=roll)
    await context.say(minutes_views.minutes(shown, is_quorate, now=context.now()))


async def turn(_: Update, context: Context) -> None:
    found = await context.read(minutes.unfiled)
    await context.say(Edit(minutes_views.pick(found, context.press.number(0), now=context.now())))


def _showing(roll: RollReader[Session], is_quorate: Quorate, *, is_edit: bool) -> Handler:
    async def press(_: Update, context: Context) -> None:
        shown = await context.read(minutes.show, context.press.number(0), roll=roll)
        page = minutes_views.minutes(shown, is_quorate, now=context.now())
        await context.say(Edit(page) if is_edit else page)

    return press


async def candidates(roll: RollReader[Session], _: Update, context: Context) -> None:
    found = await context.read(minutes.candidates, context.press.number(0), context.press.word(1), roll=roll)
    await context.say(Edit(minutes_views.candidates(found, context.press.number(2))))


async def choose(roll: RollReader[Session], is_quorate: Quorate, _: Update, context: Context) -> None:
    press = context.press
    found = await context.transact(minutes.choose, press.number(0), press.word(1), press.number(2), roll=roll)
    await context.say(Edit(minutes_views.minutes(found, is_quorate, now=context.now())))


async def ask(_: Update, context: Context) -> None:
    field = context.press.word(1)
    await context.transact(minutes.ask, context.press.number(0), field)
    await context.say(minutes_views.ask(field))


async def written(roll: RollReader[Session], is_quorate: Quorate, update: Update, context: Context) -> None:
    found = await context.transact(minutes.write, context.prompt, _text(update), roll=roll)
    await context.say(minutes_views.minutes(found, is_quorate, now=context.now()))


async def ask_file(roll: RollReader[Session], is_quorate: Quorate, _: Update, context: Context) -> None:
    """归档 is for good, and asks once more."""
    found = await context.read(minutes.to_file, context.press.number(0), roll=roll)
    await context.say(Edit(minutes_views.minutes(found, is_quorate, is_sure=True, now=context.now())))


async def file(roll: RollReader[Session], is_quorate: Quorate, _: Update, context: Context) -> None:
    found = await context.transact(minutes.file_minutes, context.press.number(0), roll=roll)
    await context.say(Edit(minutes_views.minutes(found, is_quorate, now=context.now())))


def _text(update: Update) -> str:
    return update.message.text if update.message is not None and update.message.text else ""


# -- agenda ---


async def show_agenda(is_quorate: Quorate, _: Update, context: Context) -> None:
    found = await context.read(agenda.show, context.press.number(0))
    await context.say(Edit(minutes_views.agenda(found, is_quorate)))


async def begin_agenda(is_quorate: Quorate, _: Update, context: Context) -> None:
    found = await context.read(agenda.show, context.press.number(0))
    await context.say(minutes_views.agenda(found, is_quorate))


async def ask_items(_: Update, context: Context) -> None:
    await context.transact(agenda.ask_items, context.press.number(0))
    await context.say(minutes_views.ask_items())


async def items_told(is_quorate: Quorate, update: Update, context: Context) -> None:
    found = await context.transact(agenda.add_items, int(context.prompt), _text(update))
    await context.say(minutes_views.agenda(found, is_quorate))


async def persons_told(is_quorate: Quorate, update: Update, context: Context) -> None:
    item_id, _, rule = context.prompt.partition(":")
    found = await context.transact(agenda.name_persons, int(item_id), rule, _text(update))
    await context.say(minutes_views.agenda(found, is_quorate))


async def show_item(is_quorate: Quorate, _: Update, context: Context) -> None:
    found = await context.read(agenda.show_item, context.press.number(0))
    await context.say(Edit(minutes_views.item(found, is_quorate)))


async def tags(_: Update, context: Context) -> None:
    await context.say(Edit(minutes_views.tags(await context.read(agenda.show_item, context.press.number(0)))))


async def votes(_: Update, context: Context) -> None:
    await context.say(Edit(minutes_views.votes(await context.read(agenda.show_item, context.press.number(0)))))


async def set_tag(is_quorate: Quorate, _: Update, context: Context) -> None:
    found = await context.transact(agenda.set_tag, context.press.number(0), context.press.number(1))
    await context.say(Edit(minutes_views.item(found, is_quorate)))


async def set_vote(is_quorate: Quorate, _: Update, context: Context) -> None:
    word = context.press.word(1)
    found = await context.transact(agenda.set_vote, context.press.number(0), word)
    await context.say(Edit(minutes_views.vote_set(found, word, is_quorate)))


async def settle(is_quorate: Quorate, _: Update, context: Context) -> None:
    found = await context.transact(agenda.settle, context.press.number(0), context.press.word(1))
    await context.say(Edit(minutes_views.item(found, is_quorate)))


async def ask_remove(is_quorate: Quorate, _: Update, context: Context) -> None:
    found = await context.read(agenda.show_item, context.press.number(0))
    await context.say(Edit(minutes_views.item(found, is_quorate, is_sure=True)))


async def remove(is_quorate: Quorate, _: Update, context: Context) -> None:
    found = await context.transact(agenda.remove, context.press.number(0))
    await context.say(Edit(minutes_views.agenda(found, is_quorate)))


def routes(roll: RollReader[Session], is_quorate: Quorate) -> Routes:
    """`attendance` stands above: who came and what makes a quorum is handed in."""
    which_ = partial(which, roll, is_quorate)
    return Routes(
        commands={"minutes": which_},
        presses={
            "meetings:unfiled": turn,
            "meetings:minutes": _showing(roll, is_quorate, is_edit=False),
            "meetings:again": _showing(roll, is_quorate, is_edit=True),
            "meetings:post": partial(candidates, roll),
            "meetings:pick": partial(choose, roll, is_quorate),
            "meetings:write": ask,
            "meetings:file": partial(ask_file, roll, is_quorate),
            "meetings:seal": partial(file, roll, is_quorate),
            "meetings:topics": partial(begin_agenda, is_quorate),
            "meetings:agenda": partial(show_agenda, is_quorate),
            "meetings:additems": ask_items,
            "meetings:item": partial(show_item, is_quorate),
            "meetings:tags": tags,
            "meetings:tag": partial(set_tag, is_quorate),
            "meetings:votes": votes,
            "meetings:vote": partial(set_vote, is_quorate),
            "meetings:settle": partial(settle, is_quorate),
            "meetings:delitem": partial(ask_remove, is_quorate),
            "meetings:gone": partial(remove, is_quorate),
        },
        links={"mn": which_},
        replies={
            "meetings:minutes": partial(written, roll, is_quorate),
            "meetings:items": partial(items_told, is_quorate),
            "meetings:person": partial(persons_told, is_quorate),
        },
    )
