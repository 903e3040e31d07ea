"""The doors of private seats in a live round: one transaction and one answer each."""

from telegram import Update

from bot.context import Context, Routes
from bot.errors import UserError
from bot.message import Edit, Open, Toast, number
from bot.quiz import hosting, seat_views, seats
from bot.quiz.facts import Said, SaidHow


class OnlyInPrivate(UserError):
    text = "请点现场答题消息里的“私聊作答”。"


async def take_seat(_: Update, context: Context) -> None:
    """The press in the group takes the seat and opens the private chat, where the questions come."""
    seated = await context.transact(seats.take, context.press.number(0))
    await context.say(Open(seat_views.link(seated.round_id)))


async def follow_link(_: Update, context: Context) -> None:
    if not context.sender.is_private:
        raise OnlyInPrivate
    await context.say(seat_views.seated(await context.transact(seats.take, number(context.link))))


async def say(_: Update, context: Context) -> None:
    place = context.press
    await _tell(context, await context.transact(seats.say, place.number(0), place.number(1), place.number(2)))


async def confirm(_: Update, context: Context) -> None:
    await _tell(context, await context.transact(seats.confirm, context.press.number(0), context.press.number(1)))


async def tick(_: Update, context: Context) -> None:
    await _tick(context, is_on=True)


async def untick(_: Update, context: Context) -> None:
    await _tick(context, is_on=False)


async def _tick(context: Context, *, is_on: bool) -> None:
    place = context.press
    given = place.number(0), place.number(1), place.number(2)
    ticked = await context.transact(seats.tick, *given, is_on=is_on)
    if isinstance(ticked, Said):
        await _tell(context, ticked)
    else:
        await context.say(Edit(seat_views.card(ticked)))


async def _tell(context: Context, said: Said) -> None:
    """What was not taken is kept all the same, so the refusal comes after the commit."""
    if said.how is SaidHow.LATE:
        raise seats.too_late(said)
    if said.how is SaidHow.ALREADY:
        raise seats.AlreadySaid
    await context.say(Toast(seat_views.said(said)), Edit(seat_views.card(said.card)))


async def invite_guests(_: Update, context: Context) -> None:
    await context.transact(hosting.invite_guests, context.press.number(0))
    await context.say(Toast(seat_views.guests_invited()))


ROUTES = Routes(
    links={"qr": follow_link},
    presses={
        "quiz:seat": take_seat,
        "quiz:say": say,
        "quiz:tick": tick,
        "quiz:untick": untick,
        "quiz:sure": confirm,
        "quiz:guests": invite_guests,
    },
)
