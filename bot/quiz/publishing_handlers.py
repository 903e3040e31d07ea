"""The doors of making and publishing an exam: one transaction and one answer each."""

import secrets

from telegram import Update

from bot.context import Context, Routes
from bot.message import Edit, StaleButton, Toast
from bot.quiz import drafts, exam_drafts, exam_settings, views
from bot.quiz import publishing_views as words
from bot.quiz.exam_facts import ExamDraft
from bot.quiz.rules import DraftStep, Setting


def _seed() -> int:
    """What decides a draw; it must not be guessed."""
    return secrets.randbits(62)


async def choose_way(_: Update, context: Context) -> None:
    await context.read(drafts.menu)  # whoever may not prepare papers is told so here
    await context.say(Edit(words.choose_way()))


async def begin(_: Update, context: Context) -> None:
    await _step(context, await context.transact(exam_drafts.begin, seed=_seed()))


async def begin_standard(_: Update, context: Context) -> None:
    await _step(context, await context.transact(exam_drafts.begin_standard, seed=_seed()))


async def go_on(_: Update, context: Context) -> None:
    """To a draft that lies there, at the step it had come to."""
    await _step(context, await context.transact(exam_drafts.look, context.press.number(0)))


async def go(_: Update, context: Context) -> None:
    place = context.press
    await _step(context, await context.transact(exam_drafts.go, place.number(0), place.number(1)))


async def choose_bank(_: Update, context: Context) -> None:
    place = context.press
    await _step(context, await context.transact(exam_drafts.choose_bank, place.number(0), place.number(1)))


async def choose_topic(_: Update, context: Context) -> None:
    place = context.press
    await _step(context, await context.transact(exam_drafts.choose_topic, place.number(0), place.number(1)))


async def turn_page(_: Update, context: Context) -> None:
    draft = await context.transact(exam_drafts.look, context.press.number(0))
    await _step(context, draft, max(0, context.press.number(1)))


async def redraw(_: Update, context: Context) -> None:
    draft = await context.transact(exam_drafts.redraw, context.press.number(0), seed=_seed())
    await context.say(Toast(words.redrawn()), Edit(words.draft(draft, can_name=_can_name(context))))


async def _step(context: Context, draft: ExamDraft, page: int = 0) -> None:
    await context.say(Edit(words.draft(draft, page, can_name=_can_name(context))))


def _can_name(context: Context) -> bool:
    return context.deps.config.quiz.top_names_allowed


# -- window, terms, targets --------------------------------------------------------------------------------------------


async def set_opening(_: Update, context: Context) -> None:
    place = context.press
    await _step(context, await context.transact(exam_settings.set_opening, place.number(0), place.number(1)))


async def set_closing(_: Update, context: Context) -> None:
    place = context.press
    await _step(context, await context.transact(exam_settings.set_closing, place.number(0), place.number(1)))


async def show_setting(_: Update, context: Context) -> None:
    chosen = {one.value: one for one in Setting}.get(context.press.number(1))
    if chosen is None:
        raise StaleButton
    draft = await context.transact(exam_drafts.go, context.press.number(0), DraftStep.TERMS.value)
    await context.say(Edit(words.setting(draft, chosen)))


async def put_setting(_: Update, context: Context) -> None:
    place = context.press
    given = place.number(0), place.number(1), place.number(2)
    await _step(context, await context.transact(exam_settings.put, *given, can_name=_can_name(context)))


async def toggle_branch(_: Update, context: Context) -> None:
    place = context.press
    draft = await context.transact(exam_settings.toggle_branch, place.number(0), place.number(1))
    await _step(context, draft, max(0, place.number(2)) if len(place.args) > 2 else 0)


async def all_branches(_: Update, context: Context) -> None:
    place = context.press
    draft = await context.transact(exam_settings.all_branches, place.number(0), is_on=place.number(1) == 1)
    await _step(context, draft)


# -- typed values ------------------------------------------------------------------------------------------------------


async def ask(_: Update, context: Context) -> None:
    what = context.press.word(1)
    draft = await context.transact(exam_settings.ask, context.press.number(0), what)
    await context.say(Edit(words.asked(draft, what)))


async def fill(update: Update, context: Context) -> None:
    assert update.message is not None
    draft = await context.transact(exam_settings.fill, context.prompt, update.message.text or "")
    await context.say(words.draft(draft, can_name=_can_name(context)))


# -- publishing --------------------------------------------------------------------------------------------------------


async def publish(_: Update, context: Context) -> None:
    await context.say(Edit(words.published(await context.transact(exam_drafts.publish, context.press.number(0)))))


async def drop(_: Update, context: Context) -> None:
    await context.transact(exam_drafts.drop, context.press.number(0))
    await context.say(Edit(views.dropped()))


ROUTES = Routes(
    presses={
        "quiz:exam": choose_way,
        "quiz:examnew": begin,
        "quiz:standard": begin_standard,
        "quiz:examdraft": go_on,
        "quiz:examgo": go,
        "quiz:exambank": choose_bank,
        "quiz:examtopic": choose_topic,
        "quiz:exampage": turn_page,
        "quiz:examopens": set_opening,
        "quiz:examcloses": set_closing,
        "quiz:examset": show_setting,
        "quiz:examput": put_setting,
        "quiz:examunit": toggle_branch,
        "quiz:examunits": all_branches,
        "quiz:examask": ask,
        "quiz:examredraw": redraw,
        "quiz:exampublish": publish,
        "quiz:examdrop": drop,
    },
    replies={exam_drafts.PURPOSE: fill},
)
