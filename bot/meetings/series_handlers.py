"""The doors of series: their list, plans and end, single days of them, what new days off would change."""

from collections.abc import Callable
from functools import partial

from sqlalchemy.orm import Session
from telegram import Update

from bot.context import Context, Handler, Routes
from bot.errors import UserError
from bot.meetings import dating, dating_views, plan_views, realigning, series, series_planning, series_views
from bot.meetings.facts import Adopted, Differences, MeetingFacts
from bot.meetings.rules import Resetter
from bot.members.rules import NotAllowed
from bot.message import Edit, Message


class SeriesInPrivate(UserError):
    text = "请私聊机器人使用这个命令。"


# -- the list ---


async def listed(_: Update, context: Context) -> None:
    if not context.sender.is_private:
        raise SeriesInPrivate
    await context.say(series_views.listed(await context.read(series.listed), now=context.now()))


async def turn(_: Update, context: Context) -> None:
    found = await context.read(series.listed, context.press.number(0))
    await context.say(Edit(series_views.listed(found, now=context.now())))


async def show(_: Update, context: Context) -> None:
    found = await context.read(series.show, context.press.number(0))
    await context.say(Edit(series_views.shown(found, now=context.now())))


async def ask_stop(_: Update, context: Context) -> None:
    found = await context.read(series.show, context.press.number(0))
    await context.say(Edit(series_views.ask_stop(found)))


async def stop(_: Update, context: Context) -> None:
    ended = await context.transact(series.stop, context.press.number(0))
    await context.say(Edit(series_views.stopped(ended, now=context.now())))


async def resume(_: Update, context: Context) -> None:
    found = await context.transact(series.resume, context.press.number(0))
    await context.say(Edit(series_views.resumed(found, now=context.now())))


# -- plans ---


async def begin(_: Update, context: Context) -> None:
    plan = await context.transact(series_planning.begin_series)
    await context.say(plan_views.question(plan, now=context.now()))


async def alter(_: Update, context: Context) -> None:
    plan = await context.transact(series_planning.change_series, context.press.number(0))
    await context.say(plan_views.question(plan, now=context.now()))


async def choose_rule(_: Update, context: Context) -> None:
    plan = await context.transact(series_planning.set_rule, context.press.number(0), context.press.number(1))
    await context.say(Edit(plan_views.question(plan, now=context.now())))


async def off_days(_: Update, context: Context) -> None:
    plan = await context.transact(series_planning.off_days, context.press.number(0))
    await context.say(Edit(plan_views.question(plan, now=context.now())))


async def set_off_days(_: Update, context: Context) -> None:
    plan = await context.transact(series_planning.set_off_days, context.press.number(0), context.press.word(1))
    await context.say(Edit(plan_views.question(plan, now=context.now())))


async def confirm(_: Update, context: Context) -> None:
    begun = await context.transact(series.confirm, context.press.number(0))
    await context.say(Edit(series_views.begun(begun, now=context.now())))


# -- single days ---


async def show_one(_: Update, context: Context) -> None:
    found = await context.read(dating.show, context.press.number(0))
    await context.say(dating_views.undated(found, now=context.now()))


async def ask_other(_: Update, context: Context) -> None:
    await context.transact(dating.ask_other, context.press.number(0), context.press.number(1))
    await context.say(dating_views.ask_other_date())


async def date_told(update: Update, context: Context) -> None:
    text = update.message.text if update.message is not None and update.message.text else ""
    meeting, starts = await context.transact(dating.date_told, context.prompt, text)
    if starts:
        await context.say(dating_views.which_date(meeting, starts, now=context.now()))
    else:
        await context.say(dating_views.dated(meeting, now=context.now()))


async def choose_date(_: Update, context: Context) -> None:
    numbers = (context.press.number(place) for place in range(3))
    meeting = await context.transact(dating.choose, *numbers)
    await context.say(Edit(dating_views.dated(meeting, now=context.now())))


def _deciding(decide: Callable[..., MeetingFacts], view: Callable[..., Message]) -> Handler:
    """A press that settles the day of one meeting."""

    async def press(_: Update, context: Context) -> None:
        meeting = await context.transact(decide, context.press.number(0), context.press.number(1))
        await context.say(Edit(view(meeting, now=context.now())))

    return press


# -- after new days off ---


async def differences(context: Context) -> None:
    """Said after an import, to whoever plans meetings himself."""
    try:
        found = await context.read(realigning.differences)
    except NotAllowed:  # a root user outside the roster
        return
    await context.say(dating_views.differences(found, now=context.now()))


async def show_differences(_: Update, context: Context) -> None:
    found = await context.read(realigning.differences)
    await context.say(dating_views.differences(found, now=context.now()))


async def one_by_one(_: Update, context: Context) -> None:
    await _next(context, await context.read(realigning.differences))


async def stay(_: Update, context: Context) -> None:
    found = await context.transact(realigning.stay, context.press.number(0), context.press.number(1))
    await _next(context, found)


async def _next(context: Context, found: Differences) -> None:
    await context.say(Edit(dating_views.next_difference(found, now=context.now())))


async def adopt(reset: Resetter[Session], _: Update, context: Context) -> None:
    done = await context.transact(realigning.adopt, context.press.number(0), context.press.number(1), reset=reset)
    await context.say(Edit(dating_views.adopted(done, now=context.now())))


async def adopt_all(reset: Resetter[Session], _: Update, context: Context) -> None:
    done = await context.transact(realigning.adopt_all, context.press.number(0), reset=reset)
    if isinstance(done, Adopted):
        await context.say(Edit(dating_views.adopted(done, now=context.now())))
    else:
        await context.say(Edit(dating_views.differences(done, now=context.now())))


def routes(reset: Resetter[Session]) -> Routes:
    """`attendance` stands above: what a new day does to answers is handed in."""
    return Routes(
        commands={"series": listed},
        presses={
            "meetings:serieses": turn,
            "meetings:series": show,
            "meetings:stop": ask_stop,
            "meetings:halt": stop,
            "meetings:resume": resume,
            "meetings:repeat": begin,
            "meetings:alter": alter,
            "meetings:rule": choose_rule,
            "meetings:offs": off_days,
            "meetings:off": set_off_days,
            "meetings:begin": confirm,
            "meetings:one": show_one,
            "meetings:dates": ask_other,
            "meetings:date": choose_date,
            "meetings:skip": _deciding(dating.skip, dating_views.skipped),
            "meetings:sure": _deciding(dating.keep, dating_views.kept),
            "meetings:differences": show_differences,
            "meetings:differ": one_by_one,
            "meetings:stay": stay,
            "meetings:adopt": partial(adopt, reset),
            "meetings:adopts": partial(adopt_all, reset),
        },
        replies={"meetings:dates": date_told},
    )
