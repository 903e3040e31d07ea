"""The doors of corrections, 补课 and guests: one transaction and one answer each."""

from datetime import date

from telegram import Update

from bot.attendance import correcting, correction_views, guest_views, guests, make_ups, proposals, trail
from bot.attendance.rules import GuestKind, MakeUpHow
from bot.context import Context, Handler, Routes
from bot.message import Edit, StaleButton, Toast
from bot.periods import local_day

# -- corrections ---


def _page(context: Context) -> int:
    return context.press.number(1) if len(context.press.args) > 1 else 0


async def fix(_: Update, context: Context) -> None:
    found = await context.read(correcting.offer, context.press.number(0))
    page = _page(context)
    message = correction_views.people(found, page)
    await context.say(Edit(message) if context.press.args[2:] else message)


async def missing(_: Update, context: Context) -> None:
    found = await context.read(correcting.candidates, context.press.number(0))
    await context.say(Edit(correction_views.missing(found, _page(context))))


async def one(_: Update, context: Context) -> None:
    found = await context.read(correcting.show, context.press.number(0), context.press.number(1))
    await context.say(Edit(correction_views.record(found, now=context.now())))


async def change(_: Update, context: Context) -> None:
    case = (context.press.number(0), context.press.number(1), context.press.word(2))
    found, wanted = await context.transact(correcting.ask_reason, *case)
    await context.say(Edit(correction_views.ask_reason(found, wanted)))


def _text(update: Update) -> str:
    return update.message.text if update.message is not None and update.message.text else ""


async def reason_told(update: Update, context: Context) -> None:
    done = await context.transact(correcting.correct, context.prompt, _text(update))
    await context.say(correction_views.done(done))


async def forgot(_: Update, context: Context) -> None:
    meeting = await context.transact(proposals.forgot, context.press.number(0))
    waiting = correction_views.waits_for_confirmation(meeting, now=context.now())
    await context.say(Toast(correction_views.forgotten()), Edit(waiting))


async def show_proposal(_: Update, context: Context) -> None:
    found = await context.read(proposals.show, context.press.number(0))
    await context.say(correction_views.proposal(found, now=context.now()))


def _decide(*, is_agreed: bool) -> Handler:
    async def press(_: Update, context: Context) -> None:
        found = await context.transact(proposals.confirm_correction, context.press.number(0), is_agreed=is_agreed)
        await context.say(Edit(correction_views.proposal(found, now=context.now())))

    return press


# -- 补课 ---


async def ask_how(_: Update, context: Context) -> None:
    found = await context.read(make_ups.offer, context.press.number(0), context.press.number(1))
    await context.say(Edit(correction_views.ask_how(found)))


def _how(context: Context) -> MakeUpHow:
    word = context.press.word(2)
    if word not in MakeUpHow.__members__:
        raise StaleButton
    return MakeUpHow[word]


async def ask_day(_: Update, context: Context) -> None:
    case = (context.press.number(0), context.press.number(1), _how(context))
    found = await context.transact(make_ups.ask_day, *case)
    await context.say(Edit(correction_views.ask_day(found, case[2], today=local_day(context.now()))))


async def day_pressed(_: Update, context: Context) -> None:
    number = context.press.number(3)
    if not 1 <= number <= date.max.toordinal():
        raise StaleButton
    case = (context.press.number(0), context.press.number(1), _how(context), date.fromordinal(number))
    name, made = await context.transact(make_ups.make_up, *case)
    await context.say(Edit(correction_views.made_up(name, made, now=context.now())))


async def day_told(update: Update, context: Context) -> None:
    name, made = await context.transact(make_ups.day_told, context.prompt, _text(update))
    await context.say(correction_views.made_up(name, made, now=context.now()))


async def note_told(update: Update, context: Context) -> None:
    await context.transact(make_ups.add_note, int(context.prompt), _text(update))
    await context.say(correction_views.note_kept())


# -- guests ---


async def show_guests(_: Update, context: Context) -> None:
    await context.say(guest_views.guests(await context.read(guests.offer, context.press.number(0))))


async def ask_guests(_: Update, context: Context) -> None:
    word = context.press.word(1)
    if word not in GuestKind.__members__:
        raise StaleButton
    await context.transact(guests.ask, context.press.number(0), GuestKind[word])
    await context.say(guest_views.ask_guests(GuestKind[word]))


async def guests_told(update: Update, context: Context) -> None:
    await context.say(guest_views.guests(await context.transact(guests.add, context.prompt, _text(update))))


async def remove_guest(_: Update, context: Context) -> None:
    await context.say(Edit(guest_views.guests(await context.transact(guests.remove, context.press.number(0)))))


# -- the trail ---


async def show_trail(_: Update, context: Context) -> None:
    """One's own with the meeting alone, that of another with the person."""
    if len(context.press.args) > 1:
        found = await context.read(trail.of, context.press.number(0), context.press.number(1))
    else:
        found = await context.read(trail.own, context.press.number(0))
    await context.say(correction_views.trail(found, now=context.now()))


ROUTES = Routes(
    presses={
        "attendance:fix": fix,
        "attendance:missing": missing,
        "attendance:one": one,
        "attendance:set": change,
        "attendance:forgot": forgot,
        "attendance:proposal": show_proposal,
        "attendance:agree": _decide(is_agreed=True),
        "attendance:refuse": _decide(is_agreed=False),
        "attendance:madeup": ask_how,
        "attendance:how": ask_day,
        "attendance:day": day_pressed,
        "attendance:guests": show_guests,
        "attendance:guest": ask_guests,
        "attendance:noguest": remove_guest,
        "attendance:trail": show_trail,
    },
    replies={
        "attendance:correct": reason_told,
        "attendance:day": day_told,
        "attendance:note": note_told,
        "attendance:guests": guests_told,
    },
)
