"""The doors of an exam that is planned or runs, for those in charge of it: one transaction and one answer each."""

from telegram import Update

from bot.context import Context, Routes
from bot.message import Edit
from bot.quiz import cancelling, candidates, changing
from bot.quiz import running_views as views


def _page(context: Context) -> int:
    place = context.press
    return max(0, place.number(1)) if len(place.args) > 1 else 0


# -- who has not sat ---------------------------------------------------------------------------------------------------


async def list_missing(_: Update, context: Context) -> None:
    await context.say(Edit(views.missing(await context.read(candidates.missing, context.press.number(0)))))


async def nudge(_: Update, context: Context) -> None:
    await context.say(Edit(views.nudged(await context.transact(candidates.nudge, context.press.number(0)))))


async def list_addable(_: Update, context: Context) -> None:
    found = await context.transact(candidates.addable, context.press.number(0))
    await context.say(Edit(views.choose_added(found, _page(context))))


async def add(_: Update, context: Context) -> None:
    place = context.press
    await context.say(Edit(views.added(await context.transact(candidates.add, place.number(0), place.number(1)))))


async def list_excusable(_: Update, context: Context) -> None:
    found = await context.transact(candidates.excusable, context.press.number(0))
    await context.say(Edit(views.choose_excused(found, _page(context))))


async def ask_excuse(_: Update, context: Context) -> None:
    place = context.press
    facts = await context.transact(candidates.ask_reason, place.number(0), place.number(1))
    await context.say(Edit(views.ask_excuse(facts)))


async def excuse(update: Update, context: Context) -> None:
    assert update.message is not None
    done = await context.transact(candidates.excuse, context.prompt, update.message.text or "")
    await context.say(views.excused(done))


# -- its time ----------------------------------------------------------------------------------------------------------


async def ask_window(_: Update, context: Context) -> None:
    await context.say(Edit(views.ask_window(await context.transact(changing.ask_window, context.press.number(0)))))


async def move(update: Update, context: Context) -> None:
    assert update.message is not None
    done = await context.transact(changing.write_window, int(context.prompt), update.message.text or "")
    await context.say(views.moved(done))


async def delay(_: Update, context: Context) -> None:
    place = context.press
    await context.say(Edit(views.moved(await context.transact(changing.delay, place.number(0), place.number(1)))))


# -- its end -----------------------------------------------------------------------------------------------------------


async def ask_close(_: Update, context: Context) -> None:
    await context.say(Edit(views.confirm_close(await context.transact(changing.consider, context.press.number(0)))))


async def close(_: Update, context: Context) -> None:
    await context.say(Edit(views.closed(await context.transact(changing.close_now, context.press.number(0)))))


async def ask_cancel(_: Update, context: Context) -> None:
    await context.say(Edit(views.confirm_cancel(await context.transact(changing.consider, context.press.number(0)))))


async def ask_reason(_: Update, context: Context) -> None:
    await context.say(Edit(views.ask_cancel(await context.transact(cancelling.ask_reason, context.press.number(0)))))


async def cancel(update: Update, context: Context) -> None:
    assert update.message is not None
    done = await context.transact(cancelling.cancel, int(context.prompt), update.message.text or "")
    await context.say(views.cancelled(done))


async def restore(_: Update, context: Context) -> None:
    await context.say(Edit(views.restored(await context.transact(cancelling.restore, context.press.number(0)))))


ROUTES = Routes(
    presses={
        "quiz:missing": list_missing,
        "quiz:nudge": nudge,
        "quiz:add": list_addable,
        "quiz:addone": add,
        "quiz:excuse": list_excusable,
        "quiz:excuseone": ask_excuse,
        "quiz:move": ask_window,
        "quiz:delay": delay,
        "quiz:closing": ask_close,
        "quiz:close": close,
        "quiz:cancelling": ask_cancel,
        "quiz:cancel": ask_reason,
        "quiz:uncancel": restore,
    },
    replies={
        candidates.PURPOSE: excuse,
        changing.MOVE: move,
        cancelling.PURPOSE: cancel,
    },
)
