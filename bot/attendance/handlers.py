"""The doors of answers, leave, sign-in and the list with names: one transaction and one answer each."""

from collections.abc import Sequence

from telegram import Update

from bot.attendance import arriving, closing, leave, marking, opening, own, service, sheet, sheet_views, views
from bot.attendance.arriving import Arrival
from bot.attendance.facts import Own
from bot.attendance.rules import Answer, ReasonKind
from bot.context import Context, Handler, Routes
from bot.errors import UserError
from bot.meetings import leader_views
from bot.meetings import views as meeting_views
from bot.members import views as member_views
from bot.members.rules import NotBound
from bot.message import Edit, Html, Message, StaleButton, Toast, number


class OnlyInPrivate(UserError):
    text = "请私聊机器人使用这个命令。"


# -- answers and sign-in ---


def _answer(wanted: Answer) -> Handler:
    async def press(_: Update, context: Context) -> None:
        result, mine = await context.transact(own.answer, context.press.number(0), context.press.number(1), wanted)
        await context.say(Toast(views.answered(result)), *_anew(context, mine))

    return press


def _anew(context: Context, mine: Own | None) -> Sequence[Edit]:
    """What was pressed in private shows how one stands now."""
    return [Edit(views.one_meeting(mine, now=context.now()))] if mine else []


async def _anew_in_list(context: Context, mine: Own | None) -> Sequence[Edit]:
    """The same, or the list of the day where that was pressed."""
    if mine is None or len(context.press.args) == 1:
        return _anew(context, mine)
    return [Edit(views.today(await context.read(own.today), now=context.now()))]


async def stay(_: Update, context: Context) -> None:
    await context.transact(leave.stay, context.press.number(0), context.press.number(1))
    await context.say(Toast(views.stays_on_leave()))


async def check_in(_: Update, context: Context) -> None:
    arrival = Arrival(context.sender, context.press.number(0))
    result, mine = await context.transact_together(arriving.check_in_all, arrival)
    await context.say(Toast(views.checked_in(result)), *await _anew_in_list(context, mine))


async def sign_in_by_link(_: Update, context: Context) -> None:
    result = await context.transact(service.check_in, number(context.link))
    await context.say(Message(Html(views.checked_in(result))))


async def sign_in_by_word(_: Update, context: Context) -> None:
    """签到 typed: the one meeting that runs, else which of them."""
    found = await context.read(own.to_sign)
    if len(found) > 1:
        await context.say(views.pick(found, "in", now=context.now()))
        return
    result = await context.transact(service.check_in, found[0].meeting.id)
    await context.say(Message(Html(views.checked_in(result))))


async def leave_early(_: Update, context: Context) -> None:
    at, mine = await context.transact(own.leave_early, context.press.number(0))
    await context.say(Toast(views.left(at)), *await _anew_in_list(context, mine))


# -- leave ---


async def leave_pressed(_: Update, context: Context) -> None:
    version = context.press.number(1) if len(context.press.args) > 1 else None
    meeting = await context.read(leave.offer_leave, context.press.number(0), version)
    await context.say(views.leave_kinds(meeting, now=context.now()))


async def leave_by_link(_: Update, context: Context) -> None:
    try:
        meeting = await context.read(leave.offer_leave, number(context.link))
    except NotBound:
        await context.say(member_views.stranger())
        return
    await context.say(views.leave_kinds(meeting, now=context.now()))


async def leave_by_word(_: Update, context: Context) -> None:
    found = await context.read(own.to_leave)
    if len(found) > 1:
        await context.say(views.pick(found, "leave", now=context.now()))
        return
    meeting = await context.read(leave.offer_leave, found[0].meeting.id)
    await context.say(views.leave_kinds(meeting, now=context.now()))


async def ask_leave(_: Update, context: Context) -> None:
    kind = _kind(context.press.word(2))
    at = (context.press.number(0), context.press.number(1))
    meeting = await context.transact(leave.ask_leave, *at, kind)
    await context.say(Toast(views.SUBMITTED), Edit(views.leave_submitted(meeting, kind, now=context.now())))


def _kind(word: str) -> ReasonKind:
    if word not in ReasonKind.__members__:
        raise StaleButton
    return ReasonKind[word]


async def reason_told(update: Update, context: Context) -> None:
    text = update.message.text if update.message is not None and update.message.text else ""
    await context.transact(leave.add_reason, int(context.prompt), text)
    await context.say(views.reason_noted())


async def show_request(_: Update, context: Context) -> None:
    found = await context.read(leave.show_request, context.press.number(0))
    await context.say(views.request(found, now=context.now()))


def _decide(*, is_approved: bool) -> Handler:
    async def press(_: Update, context: Context) -> None:
        of = context.press.number(0)
        request, follows = await context.transact(leave.decide_pressed, of, is_approved=is_approved)
        anew = [] if follows else [Edit(views.request(request, now=context.now()))]
        await context.say(Toast(views.decision_noted(request)), *anew)

    return press


async def why(_: Update, context: Context) -> None:
    found = await context.read(own.show, context.press.number(0))
    await context.say(views.ask_explanation(found, now=context.now()))


async def because(_: Update, context: Context) -> None:
    kind = _kind(context.press.word(1))
    meeting = await context.transact(leave.explain, context.press.number(0), kind)
    await context.say(Toast(views.EXPLAINED), Edit(views.explained(meeting, kind, now=context.now())))


# -- the list with names ---


async def roll(_: Update, context: Context) -> None:
    if not context.sender.is_private:
        await context.say(sheet_views.roll_in_private())
        return
    found, is_elsewhere = await context.read(sheet.near)
    if len(found) > 1:
        await context.say(sheet_views.pick_sheet(found, is_elsewhere=is_elsewhere, now=context.now()))
        return
    await context.transact(marking.post_sheet, found[0].id)


async def turn_roll(_: Update, context: Context) -> None:
    found, is_elsewhere = await context.read(sheet.near)
    page = sheet_views.pick_sheet(found, context.press.number(0), is_elsewhere=is_elsewhere, now=context.now())
    await context.say(Edit(page))


async def show_sheet(_: Update, context: Context) -> None:
    await context.transact(marking.post_sheet, context.press.number(0))
    if not context.sender.is_private:  # there it is seen to come
        await context.say(Toast(sheet_views.sheet_is_coming()))


async def marks(_: Update, context: Context) -> None:
    found = await context.read(marking.sheet_to_mark, context.press.number(0))
    await context.say(sheet_views.marking(found))


async def turn(_: Update, context: Context) -> None:
    found = await context.read(marking.sheet_to_mark, context.press.number(0))
    page, is_for_other = context.press.number(1), _flag(context, 2)
    await context.say(Edit(sheet_views.marking(found, page, is_for_other=is_for_other)))


async def mark(_: Update, context: Context) -> None:
    is_for_other = _flag(context, 3)
    case = (context.press.number(0), context.press.word(1))
    found = await context.transact(marking.mark, *case, is_for_other=is_for_other)
    page = context.press.number(2)
    await context.say(Edit(sheet_views.marking(found, page, is_for_other=is_for_other)))


def _flag(context: Context, place: int) -> bool:
    return len(context.press.args) > place and context.press.number(place) == 1


async def leaving(_: Update, context: Context) -> None:
    """From the list a page of its own; turning pages edits it."""
    found = await context.read(marking.sheet_to_mark, context.press.number(0))
    page = sheet_views.leaving(found, context.press.number(1))
    await context.say(page if len(context.press.args) < 3 else Edit(page))


async def left(_: Update, context: Context) -> None:
    found = await context.transact(marking.mark_left, context.press.number(0))
    await context.say(Edit(sheet_views.leaving(found, context.press.number(1))))


async def ask_rest(_: Update, context: Context) -> None:
    found = await context.read(marking.sheet_to_mark, context.press.number(0))
    page, is_for_other = context.press.number(1), _flag(context, 2)
    await context.say(Edit(sheet_views.marking(found, page, is_sure=True, is_for_other=is_for_other)))


async def mark_rest(_: Update, context: Context) -> None:
    page, is_for_other = context.press.number(1), _flag(context, 2)
    found = await context.transact(marking.mark_rest, context.press.number(0), is_for_other=is_for_other)
    await context.say(Edit(sheet_views.marking(found, page, is_for_other=is_for_other)))


async def ask_end(_: Update, context: Context) -> None:
    found = await context.read(marking.sheet_to_mark, context.press.number(0))
    await context.say(sheet_views.ask_end(found))


async def open_early(_: Update, context: Context) -> None:
    meeting = await context.transact(opening.open_early, context.press.number(0))
    await context.say(Toast(views.opened(meeting)))


async def end(_: Update, context: Context) -> None:
    result = await context.transact(closing.end, context.press.number(0))
    await context.say(Edit(sheet_views.ended(result)))


async def keep_open(_: Update, context: Context) -> None:
    await context.say(Edit(sheet_views.nothing_ended()))


async def extend(_: Update, context: Context) -> None:
    until = await context.transact(closing.extend, context.press.number(0))
    await context.say(Toast(sheet_views.extended(until)))


async def reopen(_: Update, context: Context) -> None:
    until = await context.transact(closing.reopen, context.press.number(0))
    await context.say(Toast(sheet_views.reopened(until)))


async def vouch(_: Update, context: Context) -> None:
    meeting, roll = await context.transact(closing.vouch, context.press.number(0))
    asked = [Edit(leader_views.to_complete(meeting, roll))] if context.press.args[1:] else []
    await context.say(Toast(sheet_views.vouched()), *asked)


# -- lists of one's own ---


async def meetings(_: Update, context: Context) -> None:
    if not context.sender.is_private:
        await context.say(await _near_chat(context, 0))
        return
    await context.say(views.meeting_list(await context.read(own.near), now=context.now()))


async def _near_chat(context: Context, page: int) -> Message:
    found = await context.read(own.in_chat, page)
    return meeting_views.in_chat(found.meetings, found.page, found.count, now=context.now())


async def turn_meetings(_: Update, context: Context) -> None:
    found = await context.read(own.near)
    await context.say(Edit(views.meeting_list(found, context.press.number(0), now=context.now())))


async def turn_in_chat(_: Update, context: Context) -> None:
    await context.say(Edit(await _near_chat(context, context.press.number(0))))


async def show(_: Update, context: Context) -> None:
    found = await context.read(own.show, context.press.number(0))
    await context.say(views.one_meeting(found, now=context.now()))


async def today(_: Update, context: Context) -> None:
    if not context.sender.is_private:
        raise OnlyInPrivate
    await context.say(views.today(await context.read(own.today), now=context.now()))


async def mine(_: Update, context: Context) -> None:
    await context.say(views.record(await context.read(own.record), now=context.now()))


ROUTES = Routes(
    commands={"meetings": meetings, "today": today, "roll": roll},
    presses={
        "attendance:go": _answer(Answer.GOING),
        "attendance:online": _answer(Answer.ONLINE),
        "attendance:quit": _answer(Answer.NONE),
        "attendance:stay": stay,
        "attendance:in": check_in,
        "attendance:out": leave_early,
        "attendance:leave": leave_pressed,
        "attendance:kind": ask_leave,
        "attendance:ask": show_request,
        "attendance:yes": _decide(is_approved=True),
        "attendance:no": _decide(is_approved=False),
        "attendance:why": why,
        "attendance:because": because,
        "attendance:sheet": show_sheet,
        "attendance:marks": marks,
        "attendance:turn": turn,
        "attendance:mark": mark,
        "attendance:leaving": leaving,
        "attendance:left": left,
        "attendance:rest": ask_rest,
        "attendance:all": mark_rest,
        "attendance:end": ask_end,
        "attendance:close": end,
        "attendance:back": keep_open,
        "attendance:more": extend,
        "attendance:reopen": reopen,
        "attendance:true": vouch,
        "attendance:show": show,
        "attendance:near": turn_meetings,
        "attendance:rolls": turn_roll,
        "attendance:nearby": turn_in_chat,
        "attendance:open": open_early,
        "attendance:mine": mine,
    },
    urgent={views.SIGN_IN: sign_in_by_word, views.LEAVE: leave_by_word},
    links={"lv": leave_by_link, "ci": sign_in_by_link, "rl": roll},
    replies={"attendance:reason": reason_told},
)
