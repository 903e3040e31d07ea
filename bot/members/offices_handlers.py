"""The doors of 组织与角色: the tree of offices, appointments, who is not counted."""

from telegram import Update

from bot.context import Context, Routes
from bot.members import exempting, offices, phrases
from bot.members import exempting_views as words
from bot.members import offices_views as views
from bot.members.choosing_handlers import require_private
from bot.members.rules import ExemptionScope, Role
from bot.message import Edit, StaleButton, number


async def orgs(_: Update, context: Context) -> None:
    require_private(context)
    choice = await context.read(offices.tops)
    if len(choice.units) == 1:
        await context.say(views.unit(await context.read(offices.show_unit, choice.units[0].id)))
    else:
        await context.say(views.tops(choice))


async def unit(_: Update, context: Context) -> None:
    page = context.press.number(1) if len(context.press.args) > 1 else 0
    await context.say(Edit(views.unit(await context.read(offices.show_unit, context.press.number(0), page))))


async def person(_: Update, context: Context) -> None:
    await context.say(Edit(views.person(await context.read(offices.show_person, context.press.number(0)))))


async def posts(_: Update, context: Context) -> None:
    """Where, then as what; with one place only the second question."""
    unit_id = context.press.number(1) if len(context.press.args) > 1 else None
    choice = await context.read(offices.post_choice, context.press.number(0), unit_id)
    await context.say(Edit(views.roles(choice) if choice.unit else views.places(choice)))


async def ask_give(_: Update, context: Context) -> None:
    await context.say(Edit(views.ask_give(await context.read(offices.consider, *_post(context)))))


async def give(_: Update, context: Context) -> None:
    await context.say(Edit(views.done(*await context.transact(offices.grant, *_post(context)))))


async def ask_take(_: Update, context: Context) -> None:
    await context.say(Edit(views.ask_take(await context.read(offices.consider_taking, *_post(context)))))


async def take(_: Update, context: Context) -> None:
    await context.say(Edit(views.done(*await context.transact(offices.revoke, *_post(context)))))


async def take_back(_: Update, context: Context) -> None:
    done = await context.transact(offices.take_back, context.press.number(0))
    await context.say(Edit(views.done(*done)))


def _post(context: Context) -> tuple[int, int, Role]:
    name = context.press.word(2)
    if name not in Role.__members__:
        raise StaleButton
    return context.press.number(0), context.press.number(1), Role[name]


# -- who is not counted -----------------------------------------------------------------------------------------------


async def ask_scope(_: Update, context: Context) -> None:
    who = await context.read(exempting.consider, context.press.number(0))
    await context.say(Edit(words.ask_scope(who.member_id, who.name)))


async def ask_basis(_: Update, context: Context) -> None:
    scope = _scope(context.press.word(1))
    asked = await context.transact(exempting.ask, context.press.number(0), scope)
    await context.say(words.ask_basis(asked.name, scope))


async def basis_given(update: Update, context: Context) -> None:
    member_id, _, scope = context.prompt.partition(":")
    basis = phrases.read_basis(_text(update))
    name, made = await context.transact(exempting.exempt, number(member_id), _scope(scope), basis)
    await context.say(words.exempted(number(member_id), name, made))


async def end(_: Update, context: Context) -> None:
    card = views.person(await context.transact(offices.end_exemption, context.press.number(0)))
    await context.say(Edit(words.over(card)))


async def ask_span(_: Update, context: Context) -> None:
    asked = await context.transact(exempting.ask, context.press.number(0), None)
    await context.say(words.ask_span(asked.name))


async def span_given(update: Update, context: Context) -> None:
    member_id = number(context.prompt.partition(":")[0])
    span = phrases.read_span(_text(update))
    who = await context.transact(exempting.suspend, member_id, span)
    await context.say(words.suspended(who.member_id, who.name, span.from_on, span.to_on))


async def unsuspend(_: Update, context: Context) -> None:
    card = views.person(await context.transact(offices.end_suspension, context.press.number(0)))
    await context.say(Edit(words.unsuspended(card)))


async def set_leader(_: Update, context: Context) -> None:
    member_id, is_leader = context.press.number(0), context.press.number(1) == 1
    card = await context.transact(offices.set_leader, member_id, is_leader=is_leader)
    await context.say(Edit(views.person(card)))


def _scope(name: str) -> ExemptionScope:
    if name not in ExemptionScope.__members__:
        raise StaleButton
    return ExemptionScope[name]


def _text(update: Update) -> str:
    return (update.message.text if update.message else None) or ""


ROUTES = Routes(
    commands={"orgs": orgs},
    presses={
        "members:org": unit,
        "members:office": person,
        "members:posts": posts,
        "members:post": ask_give,
        "members:give": give,
        "members:unpost": ask_take,
        "members:take": take,
        "members:unrole": take_back,
        "members:exempt": ask_scope,
        "members:exempts": ask_basis,
        "members:unexempt": end,
        "members:suspend": ask_span,
        "members:unsuspend": unsuspend,
        "members:leads": set_leader,
    },
    replies={"members:exempt": basis_given, "members:suspend": span_given},
)
