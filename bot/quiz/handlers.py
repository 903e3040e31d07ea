"""The doors of live rounds and their papers: one transaction and one answer each."""

import secrets

from telegram import Update

from bot.context import Context, Routes
from bot.errors import UserError
from bot.message import ClearButtons, Edit, Toast
from bot.quiz import drafts, hosting, overseeing, overseeing_views, sending, service, views, votes
from bot.quiz.facts import Console, PaperDraft
from bot.quiz.rules import read_prefix


def _seed() -> int:
    """What decides a draw; it must not be guessed."""
    return secrets.randbits(62)


class OnlyInPrivate(UserError):
    text = "请私聊机器人发送 /quiz，在那里出题。"


# -- in the group ------------------------------------------------------------------------------------------------------


async def offer_round(_: Update, context: Context) -> None:
    if context.sender.is_private:
        await context.say(views.only_in_groups())
        return
    if context.words:
        await context.transact(hosting.start_named, context.words, seed=_seed())  # the lobby is the answer
        return
    await context.say(views.choose_paper(await context.read(service.offer)))


async def start_paper(_: Update, context: Context) -> None:
    title = await context.transact(hosting.start, context.press.number(0))
    await context.say(Edit(views.chosen(title)))


async def start_quick(_: Update, context: Context) -> None:
    title = await context.transact(hosting.start_quick, context.press.number(0), seed=_seed())
    await context.say(Edit(views.chosen(title)))


async def leave(_: Update, context: Context) -> None:
    await context.read(service.check_officer)
    await context.say(Edit(views.left()))


async def join(_: Update, context: Context) -> None:
    people = await context.transact(hosting.join, context.press.number(0))
    await context.say(Toast(views.joined(people)))


# -- the host's controls -----------------------------------------------------------------------------------------------


async def begin(_: Update, context: Context) -> None:
    await _show(context, await context.transact(hosting.begin, context.press.number(0)))


async def next_item(_: Update, context: Context) -> None:
    place = context.press
    await _show(context, await context.transact(hosting.next_item, place.number(0), place.number(1)))


async def pause(_: Update, context: Context) -> None:
    await _show(context, await context.transact(hosting.pause, context.press.number(0)))


async def resume(_: Update, context: Context) -> None:
    await _show(context, await context.transact(hosting.resume, context.press.number(0)))


async def abort(_: Update, context: Context) -> None:
    await _show(context, await context.transact(hosting.abort, context.press.number(0)))


async def _show(context: Context, console: Console) -> None:
    """In private the console as it is now; in the group the pressed message has done its work."""
    await context.say(Edit(views.console(console)) if context.sender.is_private else ClearButtons())


async def ask_end(_: Update, context: Context) -> None:
    console = await context.read(service.look, context.press.number(0))
    await context.say(Edit(views.confirm_end(console.round_id)))


async def back(_: Update, context: Context) -> None:
    console = await context.read(service.look, context.press.number(0))
    shown = views.console(console) if context.sender.is_private else views.still_paused(console.round_id)
    await context.say(Edit(shown))


# -- votes -------------------------------------------------------------------------------------------------------------


async def vote(_: Update, context: Context) -> None:
    await context.transact_together(votes.count, votes.Ballot(context.sender, context.poll_id, context.options))


async def see_poll(update: Update, context: Context) -> None:
    poll = update.poll
    assert poll is not None
    if read_prefix(poll.question) is None:
        return
    closes_at = context.sender.at if poll.is_closed else poll.close_date
    await context.transact(sending.adopt, poll.id, poll.question, closes_at)


# -- making a paper ----------------------------------------------------------------------------------------------------


async def open_menu(_: Update, context: Context) -> None:
    if not context.sender.is_private:
        raise OnlyInPrivate
    held, exams = await context.read(overseeing.menu)
    await context.say(views.menu(held, overseeing_views.listed(exams)))


async def new_paper(_: Update, context: Context) -> None:
    await context.say(Edit(views.draft(await context.transact(drafts.begin, seed=_seed()))))


async def choose_bank(_: Update, context: Context) -> None:
    place = context.press
    await _step(context, await context.transact(drafts.choose_bank, place.number(0), place.number(1)))


async def choose_topic(_: Update, context: Context) -> None:
    place = context.press
    await _step(context, await context.transact(drafts.choose_topic, place.number(0), place.number(1)))


async def choose_count(_: Update, context: Context) -> None:
    place = context.press
    await _step(context, await context.transact(drafts.choose_count, place.number(0), place.number(1)))


async def turn_page(_: Update, context: Context) -> None:
    draft = await context.transact(drafts.look, context.press.number(0))
    await context.say(Edit(views.draft(draft, context.press.number(1))))


async def step_back(_: Update, context: Context) -> None:
    await _step(context, await context.transact(drafts.step_back, context.press.number(0)))


async def redraw(_: Update, context: Context) -> None:
    await _step(context, await context.transact(drafts.redraw, context.press.number(0), seed=_seed()))


async def _step(context: Context, draft: PaperDraft) -> None:
    await context.say(Edit(views.draft(draft)))


async def publish(_: Update, context: Context) -> None:
    await context.say(Edit(views.published(await context.transact(drafts.publish, context.press.number(0)))))


async def drop(_: Update, context: Context) -> None:
    await context.transact(drafts.drop, context.press.number(0))
    await context.say(Edit(views.dropped()))


ROUTES = Routes(
    commands={"round": offer_round, "quiz": open_menu},
    words={views.WORD: open_menu},
    presses={
        "quiz:live": start_paper,
        "quiz:quick": start_quick,
        "quiz:leave": leave,
        "quiz:join": join,
        "quiz:begin": begin,
        "quiz:next": next_item,
        "quiz:pause": pause,
        "quiz:resume": resume,
        "quiz:end": ask_end,
        "quiz:abort": abort,
        "quiz:back": back,
        "quiz:new": new_paper,
        "quiz:bank": choose_bank,
        "quiz:topic": choose_topic,
        "quiz:count": choose_count,
        "quiz:page": turn_page,
        "quiz:step": step_back,
        "quiz:redraw": redraw,
        "quiz:publish": publish,
        "quiz:drop": drop,
    },
    events={"poll_answer": vote, "poll": see_poll},
)
