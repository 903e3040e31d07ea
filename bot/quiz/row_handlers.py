"""The doors of the rows of an exam being made: one transaction and one answer each."""

from telegram import Update

from bot.banks.rules import QuestionType
from bot.context import Context, Routes
from bot.message import Edit, StaleButton
from bot.quiz import exam_rows
from bot.quiz import row_views as views

_KINDS = {kind.value: kind for kind in QuestionType}


async def show(_: Update, context: Context) -> None:
    place = context.press
    desk = await context.transact(exam_rows.look, place.number(0), place.number(1))
    await context.say(Edit(views.row(desk)))


async def choose_kind(_: Update, context: Context) -> None:
    await context.say(Edit(views.kinds(await context.transact(exam_rows.kinds, context.press.number(0)))))


async def add(_: Update, context: Context) -> None:
    place = context.press
    kind = _KINDS.get(place.word(1))
    if kind is None:
        raise StaleButton
    desk = await context.transact(exam_rows.add, place.number(0), kind, place.number(2))
    await context.say(Edit(views.row(desk)))


async def remove(_: Update, context: Context) -> None:
    place = context.press
    draft = await context.transact(exam_rows.remove, place.number(0), place.number(1))
    await context.say(Edit(views.count_step(draft)))


async def set_count(_: Update, context: Context) -> None:
    place = context.press
    desk = await context.transact(exam_rows.set_count, place.number(0), place.number(1), place.number(2))
    await context.say(Edit(views.row(desk)))


async def set_score(_: Update, context: Context) -> None:
    place = context.press
    desk = await context.transact(exam_rows.set_score, place.number(0), place.number(1), place.number(2))
    await context.say(Edit(views.row(desk)))


async def choose_topic(_: Update, context: Context) -> None:
    place = context.press
    desk = await context.transact(exam_rows.look, place.number(0), place.number(1))
    await context.say(Edit(views.topics(desk, max(0, place.number(2)))))


async def set_topic(_: Update, context: Context) -> None:
    place = context.press
    desk = await context.transact(exam_rows.set_topic, place.number(0), place.number(1), place.number(2))
    await context.say(Edit(views.row(desk)))


async def choose_level(_: Update, context: Context) -> None:
    place = context.press
    desk = await context.transact(exam_rows.look, place.number(0), place.number(1))
    await context.say(Edit(views.levels(desk)))


async def set_level(_: Update, context: Context) -> None:
    place = context.press
    desk = await context.transact(exam_rows.set_level, place.number(0), place.number(1), place.number(2))
    await context.say(Edit(views.row(desk)))


async def choose_rule(_: Update, context: Context) -> None:
    place = context.press
    desk = await context.transact(exam_rows.look, place.number(0), place.number(1))
    await context.say(Edit(views.rules(desk)))


async def set_rule(_: Update, context: Context) -> None:
    place = context.press
    desk = await context.transact(exam_rows.set_rule, place.number(0), place.number(1), place.number(2))
    await context.say(Edit(views.rules(desk)))


async def set_each(_: Update, context: Context) -> None:
    place = context.press
    desk = await context.transact(exam_rows.set_each, place.number(0), place.number(1), place.number(2))
    await context.say(Edit(views.rules(desk)))


ROUTES = Routes(
    presses={
        "quiz:examrow": show,
        "quiz:examkinds": choose_kind,
        "quiz:examadd": add,
        "quiz:examcut": remove,
        "quiz:examcount": set_count,
        "quiz:examscore": set_score,
        "quiz:examtopics": choose_topic,
        "quiz:examabout": set_topic,
        "quiz:examlevels": choose_level,
        "quiz:examlevel": set_level,
        "quiz:examrules": choose_rule,
        "quiz:examrule": set_rule,
        "quiz:exameach": set_each,
    }
)
