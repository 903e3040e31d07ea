"""The doors of votes counted in the room: one transaction and one answer each."""

from telegram import Update

from bot.attendance import ballot_views, ballots
from bot.context import Context, Routes


async def show(_: Update, context: Context) -> None:
    await context.say(ballot_views.ballots(await context.read(ballots.ballots, context.press.number(0))))


async def ask(_: Update, context: Context) -> None:
    await context.say(ballot_views.ask(await context.transact(ballots.ask, context.press.number(0))))


async def counted(update: Update, context: Context) -> None:
    text = update.message.text if update.message is not None and update.message.text else ""
    done = await context.transact(ballots.record_vote, int(context.prompt), text)
    await context.say(ballot_views.recorded(done))


async def note_present(_: Update, context: Context) -> None:
    await context.say(ballot_views.recorded(await context.transact(ballots.note_present, context.press.number(0))))


ROUTES = Routes(
    presses={"attendance:votes": show, "attendance:vote": ask, "attendance:there": note_present},
    replies={"attendance:vote": counted},
)
