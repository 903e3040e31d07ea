"""The doors of making and publishing an exam: one transaction and one answer each."""

import secrets

from telegram import Update

from bot.context import Context, Routes
from bot.message import Edit
from bot.quiz import drafts, exam_drafts, views
from bot.quiz import publishing_views as words
from bot.quiz.exam_facts import ExamDraft


def _seed() -> int:
    """What decides a draw; it must not be guessed."""
    return secrets.randbits(62)


async def choose_way(_: Update, context: Context) -> None:
    await context.read(drafts.menu)  # whoever may not prepare papers is told so here
    await context.say(Edit(words.choose_way()))


async def begin_standard(_: Update, context: Context) -> None:
    await _step(context, await context.transact(exam_drafts.begin_standard, seed=_seed()))


async def choose_bank(_: Update, context: Context) -> None:
    place = context.press
    await _step(context, await context.transact(exam_drafts.choose_bank, place.number(0), place.number(1)))


async def turn_page(_: Update, context: Context) -> None:
    draft = await context.transact(exam_drafts.look, context.press.number(0))
    await context.say(Edit(words.draft(draft, context.press.number(1))))


async def step_back(_: Update, context: Context) -> None:
    await _step(context, await context.transact(exam_drafts.step_back, context.press.number(0)))


async def redraw(_: Update, context: Context) -> None:
    await _step(context, await context.transact(exam_drafts.redraw, context.press.number(0), seed=_seed()))


async def _step(context: Context, draft: ExamDraft) -> None:
    await context.say(Edit(words.draft(draft)))


async def publish(_: Update, context: Context) -> None:
    await context.say(Edit(words.published(await context.transact(exam_drafts.publish, context.press.number(0)))))


async def drop(_: Update, context: Context) -> None:
    await context.transact(exam_drafts.drop, context.press.number(0))
    await context.say(Edit(views.dropped()))


ROUTES = Routes(
    presses={
        "quiz:exam": choose_way,
        "quiz:standard": begin_standard,
        "quiz:exambank": choose_bank,
        "quiz:exampage": turn_page,
        "quiz:examback": step_back,
        "quiz:examredraw": redraw,
        "quiz:exampublish": publish,
        "quiz:examdrop": drop,
    },
)
