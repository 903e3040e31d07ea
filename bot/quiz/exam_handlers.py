"""The doors of sitting an exam: one transaction and one answer each."""

from telegram import Update

from bot.context import Context, Routes
from bot.errors import UserError
from bot.message import Edit, Message, Toast
from bot.quiz import attempts, sitting, starting, submitting
from bot.quiz import exam_views as views
from bot.quiz.attempts import Running
from bot.quiz.exam_facts import Card, Cover, Late, MyStanding, Saved, TakenUp

STAYS = 2  # arguments of a press that stays with its message
TO_DO = frozenset({MyStanding.RUNNING, MyStanding.READY})


class OnlyInPrivate(UserError):
    text = "请私聊机器人发送 /exam，在那里考试。"


# -- before the clock runs ---------------------------------------------------------------------------------------------


async def list_mine(_: Update, context: Context) -> None:
    if not context.sender.is_private:
        raise OnlyInPrivate
    exams = await context.read(starting.mine)
    to_do = [exam for exam in exams if exam.standing in TO_DO]
    if len(to_do) == 1:
        await context.say(_entrance(await context.read(starting.cover, to_do[0].paper_id), context))
    else:
        await context.say(views.mine(exams))


async def follow_link(_: Update, context: Context) -> None:
    await context.say(_entrance(await context.read(starting.by_token, context.link), context))


async def open_cover(_: Update, context: Context) -> None:
    found = await context.read(starting.cover, context.press.number(0))
    await context.say(Edit(_entrance(found, context)))


def _entrance(found: Cover | Running, context: Context) -> Message:
    if isinstance(found, Cover):
        return views.cover(found, can_name=context.deps.config.quiz.top_names_allowed)
    return views.running(found.title, found.id, attempts.time_left(found, context.now()))


async def put_off(_: Update, context: Context) -> None:
    await context.say(Edit(views.later()))


async def start(_: Update, context: Context) -> None:
    await _take_up(context, await context.transact(starting.start, context.press.number(0)))


# -- on the card -------------------------------------------------------------------------------------------------------


async def show(_: Update, context: Context) -> None:
    """Taken up again it is in another message than before; so it is where a text was echoed."""
    place = context.press
    given = place.number(0), place.number(1)
    if given[1] == 0 or len(place.args) > STAYS:
        await _take_up(context, await context.transact(starting.take_up, *given))
    else:
        await _show(context, await context.transact(sitting.show, *given))


async def _take_up(context: Context, found: TakenUp) -> None:
    """An attempt has one card, or old ones would count the minutes for ever."""
    old = () if found.was_at is None else (Edit(views.card_moved(), found.was_at),)
    await context.say(Edit(views.card(found.card)), *old)


async def pick(_: Update, context: Context) -> None:
    await _pick(context, is_on=True)


async def unpick(_: Update, context: Context) -> None:
    await _pick(context, is_on=False)


async def _pick(context: Context, *, is_on: bool) -> None:
    place = context.press
    pressed = sitting.Pick(context.sender, place.number(0), place.number(1), place.word(2), is_on)
    saved = _in_time(await context.transact_together(sitting.pick_all, pressed))
    await context.say(Toast(views.saved(saved)), Edit(views.card(saved.card)))


async def mark(_: Update, context: Context) -> None:
    place = context.press
    given = place.number(0), place.number(1)
    await _show(context, await context.transact(sitting.mark_for_review, *given, is_on=place.number(2) == 1))


async def _show(context: Context, card: Card | Late) -> None:
    if isinstance(card, Late):
        raise attempts.too_late(card.deadline_at)
    await context.say(Edit(views.card(card)))


def _in_time(saved: Saved | Late) -> Saved:
    if isinstance(saved, Late):
        raise attempts.too_late(saved.deadline_at)
    return saved


async def write(update: Update, context: Context) -> None:
    """A text while a blank is open: its answer. The card changes where it stands."""
    assert update.message is not None
    attempt_id, position, message_id = map(int, context.prompt.split(":"))
    saved = _in_time(await context.transact(sitting.write, attempt_id, position, update.message.text or ""))
    if message_id:
        await context.say(Edit(views.card(saved.card), message_id))
    await context.say(views.echo(saved))


async def grid(_: Update, context: Context) -> None:
    place = context.press
    sheet = await context.read(sitting.sheet, place.number(0), place.number(1))
    await context.say(Edit(views.grid(sheet, place.number(2) if len(place.args) > 2 else None)))


async def check(_: Update, context: Context) -> None:
    place = context.press
    sheet = await context.read(sitting.sheet, place.number(0), place.number(1))
    await context.say(Edit(views.before_hand_in(sheet)))


async def submit(_: Update, context: Context) -> None:
    ended = await context.transact(submitting.submit, context.press.number(0))
    if isinstance(ended, Late):
        raise attempts.too_late(ended.deadline_at)
    await context.say(Edit(views.handed_in(ended)))


ROUTES = Routes(
    commands={"exam": list_mine},
    words={views.WORD: list_mine},
    links={"qz": follow_link},
    presses={
        "quiz:sit": open_cover,
        "quiz:later": put_off,
        "quiz:start": start,
        "quiz:card": show,
        "quiz:pick": pick,
        "quiz:unpick": unpick,
        "quiz:mark": mark,
        "quiz:grid": grid,
        "quiz:check": check,
        "quiz:submit": submit,
    },
    answers={sitting.PURPOSE: write},
)
