"""The doors of plans and changes: one transaction and one answer each."""

from collections.abc import Callable
from functools import partial

from sqlalchemy.orm import Session
from telegram import Update

from bot.context import Context, Handler, Routes
from bot.meetings import change_views, changing, leader_views, past, plan_views, planning, publishing, shortfall
from bot.meetings.facts import Plan
from bot.meetings.rules import Resetter, RollReader
from bot.message import Edit, Toast

# -- plans ---


async def plan(_: Update, context: Context) -> None:
    if not context.sender.is_private:
        await context.say(plan_views.in_private())
        return
    begun = await context.transact(planning.begin, context.words)
    await context.say(plan_views.question(begun, now=context.now()))


async def plan_link(_: Update, context: Context) -> None:
    begun = await context.transact(planning.begin, "")
    await context.say(plan_views.question(begun, now=context.now()))


def _answering(take: Callable[..., Plan], count: int, *, page_at: int | None = None) -> Handler:
    """A press that answers the plan's question: `count` numbers, the first of which is the draft. What is shown
    again may stand on a page, named after them."""

    async def press(_: Update, context: Context) -> None:
        numbers = [context.press.number(place) for place in range(count)]
        has_page = page_at is not None and page_at < len(context.press.args)
        page = context.press.number(page_at) if page_at is not None and has_page else 0
        found = await context.transact(take, *numbers)
        await context.say(Edit(plan_views.question(found, page=page, now=context.now())))

    return press


async def ask_field(_: Update, context: Context) -> None:
    field = context.press.word(1)
    repeats = await context.transact(planning.ask, context.press.number(0), field)
    await context.say(plan_views.ask(field, repeats=repeats))


async def field_told(update: Update, context: Context) -> None:
    draft_id, _, field = context.prompt.partition(":")
    text = update.message.text if update.message is not None and update.message.text else ""
    found = await context.transact(planning.tell, int(draft_id), field, text)
    await context.say(plan_views.question(found, now=context.now()))


async def edit_plan(_: Update, context: Context) -> None:
    found = await context.transact(planning.show, context.press.number(0))
    await context.say(Edit(plan_views.editing(found, now=context.now())))


async def redo(_: Update, context: Context) -> None:
    found = await context.transact(planning.change, context.press.number(0), context.press.word(1))
    await context.say(Edit(plan_views.question(found, now=context.now())))


async def drop(_: Update, context: Context) -> None:
    await context.transact(planning.drop, context.press.number(0))
    await context.say(Edit(plan_views.dropped()))


async def confirm(_: Update, context: Context) -> None:
    saved = await context.transact(publishing.confirm, context.press.number(0))
    await context.say(Edit(plan_views.saved(saved, now=context.now())))


# -- 补录 ---


async def ask_past_reason(_: Update, context: Context) -> None:
    await context.transact(past.ask_reason, context.press.number(0))
    await context.say(plan_views.ask_past_reason())


async def past_reason_told(update: Update, context: Context) -> None:
    text = update.message.text if update.message is not None and update.message.text else ""
    found = await context.transact(past.tell_reason, int(context.prompt), text)
    await context.say(plan_views.question(found, now=context.now()))


async def record_past(opener: past.Opener, _: Update, context: Context) -> None:
    meeting = await context.transact(past.record_past, context.press.number(0), opener=opener)
    await context.say(Edit(plan_views.recorded(meeting, now=context.now())))


# -- changes ---


async def ask_time(_: Update, context: Context) -> None:
    meeting = await context.transact(changing.ask_time, context.press.number(0), context.press.number(1))
    await context.say(change_views.ask_new_time(meeting, now=context.now()))


async def time_told(update: Update, context: Context) -> None:
    text = update.message.text if update.message is not None and update.message.text else ""
    moving = await context.transact(changing.read_time, context.prompt, text)
    await context.say(change_views.next_of_move(moving, now=context.now()))


async def time_taken(_: Update, context: Context) -> None:
    numbers = (context.press.number(place) for place in range(3))
    moving = await context.transact(changing.take_time, *numbers)
    await context.say(Edit(change_views.next_of_move(moving, now=context.now())))


async def ask_cancel(_: Update, context: Context) -> None:
    meeting = await context.transact(changing.ask_cancel_reason, context.press.number(0), context.press.number(1))
    await context.say(change_views.ask_cancel_reason(meeting, now=context.now()))


async def move(roll: RollReader[Session], reset: Resetter[Session], update: Update, context: Context) -> None:
    text = update.message.text if update.message is not None and update.message.text else ""
    changed = await context.transact(changing.move_told, context.prompt, text, roll=roll, reset=reset)
    await context.say(change_views.receipt(changed, now=context.now()))


async def cancel(roll: RollReader[Session], update: Update, context: Context) -> None:
    text = update.message.text if update.message is not None and update.message.text else ""
    changed = await context.transact(changing.cancel_told, context.prompt, text, roll=roll)
    await context.say(change_views.receipt(changed, now=context.now()))


async def wait(_: Update, context: Context) -> None:
    meeting, again_at = await context.transact(shortfall.wait, context.press.number(0), context.press.number(1))
    shown = leader_views.waited(meeting, again_at, now=context.now())
    await context.say(Toast(leader_views.waiting(again_at)), Edit(shown))


async def hold_for_study(_: Update, context: Context) -> None:
    meeting = await context.transact(shortfall.hold_for_study, context.press.number(0), context.press.number(1))
    await context.say(Edit(leader_views.studying(meeting, now=context.now())))


async def undo(roll: RollReader[Session], _: Update, context: Context) -> None:
    changed = await context.transact(changing.undo_cancel, context.press.number(0), context.press.number(1), roll=roll)
    await context.say(Edit(change_views.receipt(changed, now=context.now())))


def routes(roll: RollReader[Session], reset: Resetter[Session], opener: past.Opener) -> Routes:
    """`attendance` stands above: what it knows of answers and sign-ins is handed in."""
    return Routes(
        commands={"plan": plan},
        presses={
            "meetings:kind": _answering(planning.set_kind, 2),
            "meetings:unit": _answering(planning.set_unit, 2),
            "meetings:page": _answering(planning.show, 1, page_at=1),
            "meetings:at": _answering(planning.set_start, 2),
            "meetings:place": _answering(planning.set_place, 2),
            "meetings:who": _answering(planning.toggle, 2, page_at=2),
            "meetings:everyone": _answering(planning.choose_all, 1),
            "meetings:chosen": _answering(planning.set_people, 1),
            "meetings:show": _answering(planning.show, 1),
            "meetings:ask": ask_field,
            "meetings:edit": edit_plan,
            "meetings:redo": redo,
            "meetings:keep": _answering(planning.keep, 1),
            "meetings:past": _answering(planning.set_past, 2),
            "meetings:pastwhy": ask_past_reason,
            "meetings:record": partial(record_past, opener),
            "meetings:drop": drop,
            "meetings:ok": confirm,
            "meetings:move": ask_time,
            "meetings:to": time_taken,
            "meetings:cancel": ask_cancel,
            "meetings:undo": partial(undo, roll),
            "meetings:wait": wait,
            "meetings:study": hold_for_study,
        },
        links={"pl": plan_link},
        replies={
            "meetings:plan": field_told,
            "meetings:past": past_reason_told,
            "meetings:time": time_told,
            "meetings:move": partial(move, roll, reset),
            "meetings:cancel": partial(cancel, roll),
        },
    )
