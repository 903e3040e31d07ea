"""The doors of a published exam for its makers: one transaction and one answer each."""

from telegram import Update

from bot.context import Context, Routes
from bot.message import Edit
from bot.quiz import overseeing
from bot.quiz import overseeing_views as views
from bot.quiz.views import menu


async def open_menu(_: Update, context: Context) -> None:
    held, exams = await context.read(overseeing.menu)
    await context.say(Edit(menu(held, views.listed(exams))))


async def list_exams(_: Update, context: Context) -> None:
    page = max(0, context.press.number(0))
    await context.say(Edit(views.every(await context.read(overseeing.exams, page), page)))


async def look(_: Update, context: Context) -> None:
    await context.say(Edit(views.overview(await context.read(overseeing.look, context.press.number(0)))))


async def list_sitters(_: Update, context: Context) -> None:
    place = context.press
    exam, sitters = await context.read(overseeing.sitters, place.number(0))
    page = place.number(1) if len(place.args) > 1 else 0
    await context.say(Edit(views.choose_sitter(exam, sitters, max(0, page))))


async def consider(_: Update, context: Context) -> None:
    await context.say(Edit(views.confirm_void(await context.read(overseeing.consider, context.press.number(0)))))


async def ask_reason(_: Update, context: Context) -> None:
    facts = await context.transact(overseeing.ask_reason, context.press.number(0))
    await context.say(Edit(views.ask_reason(facts)))


async def void(update: Update, context: Context) -> None:
    assert update.message is not None
    done = await context.transact(overseeing.void, int(context.prompt), update.message.text or "")
    await context.say(views.voided(done))


async def restore(_: Update, context: Context) -> None:
    await context.say(Edit(views.restored(await context.transact(overseeing.restore, context.press.number(0)))))


ROUTES = Routes(
    presses={
        "quiz:menu": open_menu,
        "quiz:exams": list_exams,
        "quiz:paper": look,
        "quiz:sitters": list_sitters,
        "quiz:voids": consider,
        "quiz:void": ask_reason,
        "quiz:unvoid": restore,
    },
    replies={overseeing.PURPOSE: void},
)
