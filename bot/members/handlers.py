"""The doors of members: start and help, own record, joining, roster files, groups."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from secrets import token_bytes

from telegram import ChatMember, Update
from telegram import Document as TelegramDocument
from telegram.error import TelegramError

from bot.context import Context, Handler, Routes
from bot.errors import UserError
from bot.members import chats, directory, joining, phrases, prompts, reach, roster, service, views, workbook
from bot.members import roster_views as words
from bot.members.facts import Choice
from bot.members.rules import NotBound, Right, UnitKind
from bot.message import Alert, Document, Edit, Message, lines, number
from bot.periods import local_day

GONE = (ChatMember.LEFT, ChatMember.BANNED)


class NotInChat(UserError):
    text = "请先加入本群，再来绑定。"


class PrivateOnly(UserError):
    text = "请私聊机器人使用这个命令。"


# -- start, help, own record --------------------------------------------------------------------------------------


async def start(update: Update, context: Context) -> None:
    if not context.sender.is_private:
        await show_help(update, context)
        return
    try:
        who = await context.read(service.actor)
    except NotBound:
        await context.say(views.stranger())
    else:
        await context.say(views.welcome(who))


async def show_help(_: Update, context: Context) -> None:
    if not context.sender.is_private:
        unit = await context.deps.database.read(service.unit_of_chat, context.sender.chat_id)
        await context.say(views.help_group(unit))
        return
    try:
        await context.say(views.help_private(await context.read(service.actor)))
    except NotBound:
        await context.say(views.stranger())


async def me(_: Update, context: Context) -> None:
    _private(context)
    await context.say(views.record(await context.read(directory.mine)))


async def own_id(_: Update, context: Context) -> None:
    """The number for `root_user_ids`; needed before anybody is on a roster, and no secret."""
    await context.say(views.own_id(context.sender.chat_id))


async def cancel(_: Update, context: Context) -> None:
    await context.transact(prompts.forget_text)
    await context.say(views.cancelled())


# -- joining ------------------------------------------------------------------------------------------------------


async def redeem(_: Update, context: Context) -> None:
    _private(context)
    done = await context.transact(joining.redeem, context.link)
    if done is joining.Refusal.DEAD:
        raise joining.LinkDead
    if not isinstance(done, joining.Refusal):
        await context.say(views.bound(done))


async def choose_company(_: Update, context: Context) -> None:
    page = context.press.number(0) if context.press.args else 0
    choice = await context.read(directory.joinable, 0, page)
    await context.say(Edit(views.company_choice(choice)))


async def choose_branch(_: Update, context: Context) -> None:
    """A company leads to its branches; a branch without a company is the choice itself."""
    company_id, page = context.press.number(0), context.press.number(1) if len(context.press.args) > 1 else 0
    choice = await context.read(directory.joinable, company_id, page)
    if choice.above is not None and choice.above.kind is UnitKind.BRANCH:
        await ask_name(context, company_id)
        return
    await context.say(Edit(views.branch_choice(choice)))


async def claim_link(_: Update, context: Context) -> None:
    """From a button of a card: the branch is known."""
    _private(context)
    await ask_name(context, number(context.link))


async def ask_name(context: Context, branch_id: int) -> None:
    await context.say(views.ask_name(await context.transact(joining.choose_branch, branch_id)))


async def name_given(update: Update, context: Context) -> None:
    text = (update.message.text if update.message else None) or ""
    await context.transact(joining.claim, number(context.prompt), text)
    await context.say(views.claim_sent())


async def decide(_: Update, context: Context) -> None:
    """With a member: that is who it is; without one: nobody of the branch."""
    member_id = context.press.number(1) if len(context.press.args) > 1 else None
    typed, done = await context.transact(joining.decide, context.press.number(0), member_id)
    await context.say(Edit(views.claim_decided(typed, done)))


async def ask_release(_: Update, context: Context) -> None:
    shown = await context.read(directory.of_member, context.press.number(0))
    await context.say(Edit(views.ask_unbind(shown.person.name, shown.person.member_id)))


async def release(_: Update, context: Context) -> None:
    name = await context.transact(joining.release, context.press.number(0))
    await context.say(Edit(views.undone(name)))


async def invite(context: Context, branch_id: int) -> None:
    """The links exist nowhere but in this answer: lost with it, they are made anew."""
    lasts = timedelta(hours=context.deps.config.members.invite_hours)
    branch, made = await context.transact(joining.invite, branch_id, lasts=lasts, entropy=token_bytes)
    if not made:
        await context.say(views.all_active(branch))
        return
    address = f"https://t.me/{context.bot.username}?start=j_"
    links = [workbook.Link(x.unit, x.name, address + x.token, views.moment(x.expires_at)) for x in made]
    data = await asyncio.to_thread(workbook.invitations, links)
    caption = views.invite_caption(branch, len(made), made[0].expires_at)
    await context.say(Document(views.invite_file(branch), data, caption))


# -- the roster ---------------------------------------------------------------------------------------------------


async def show_roster(context: Context, branch_id: int) -> None:
    await context.say(views.roster_list(await context.read(directory.roster, branch_id)))


async def roster_page(_: Update, context: Context) -> None:
    page = context.press.number(1) if len(context.press.args) > 1 else 0
    await context.say(Edit(views.roster_list(await context.read(directory.roster, context.press.number(0), page))))


async def show_person(_: Update, context: Context) -> None:
    await context.say(Edit(views.person(await context.read(directory.of_member, context.press.number(0)))))


async def template(_: Update, context: Context) -> None:
    await context.say(Document(words.TEMPLATE_FILE, await asyncio.to_thread(workbook.template)))


def yaml_door(other: Handler) -> Handler:
    """A YAML file that holds a roster is ours, any other is the `other` feature's."""

    async def take(update: Update, context: Context) -> None:
        await context.read(service.actor)
        sent = _document(update)
        is_small = (sent.file_size or 0) <= workbook.MAX_SIZE
        if is_small and workbook.is_roster_yaml(await _fetch(context, sent)):
            await roster_file(update, context)
        else:
            await other(update, context)

    return take


async def _fetch(context: Context, sent: TelegramDocument) -> bytes:
    return bytes(await (await context.bot.get_file(sent.file_id)).download_as_bytearray())


def _document(update: Update) -> TelegramDocument:
    assert update.message is not None
    assert update.message.document is not None
    return update.message.document


async def roster_file(update: Update, context: Context) -> None:
    """A roster file: fetched, read apart, compared, and shown for confirmation."""
    sent = _document(update)
    # Its own transaction: the try counts even if the file turns out to be unreadable.
    await context.deps.database.transact(roster.begin_import, context.sender, now=context.now())
    if (sent.file_size or 0) > workbook.MAX_SIZE:
        raise workbook.TooBig.of(sent.file_size or 0)
    data = await _fetch(context, sent)
    today = local_day(context.now())
    reading = await asyncio.to_thread(workbook.read, sent.file_name or "", data, today=today)
    preview = await context.read(roster.preview_roster, reading)
    if preview.plan.is_empty:
        await context.say(Message(lines(*words.unchanged(preview))))
        return
    import_id = await context.transact(roster.keep_preview, preview, hashlib.sha256(data).hexdigest())
    await context.say(words.preview(preview, import_id))


async def apply(_: Update, context: Context) -> None:
    counts = await context.transact(roster.apply_roster, context.press.number(0))
    await context.say(Edit(Message(words.applied(counts))))


async def drop(_: Update, context: Context) -> None:
    await context.transact(roster.give_up, context.press.number(0))
    await context.say(Edit(words.dropped()))


async def faults(_: Update, context: Context) -> None:
    found = await context.read(roster.faults_of, context.press.number(0))
    data = await asyncio.to_thread(workbook.problems, words.problem_lines(found))
    await context.say(Document(words.PROBLEMS_FILE, data))


# -- groups -------------------------------------------------------------------------------------------------------


async def bind(update: Update, context: Context) -> None:
    if context.sender.is_private:
        await choose_to_bind(update, context)
    else:
        await _bind_here(context, context.args[0] if context.args else "")


async def bind_by_link(_: Update, context: Context) -> None:
    """`?startgroup=gb_…`: Telegram adds the bot and sends the code into the group."""
    if context.sender.is_private:
        raise joining.LinkDead
    await _bind_here(context, context.link)


async def swap(_: Update, context: Context) -> None:
    await _bind_here(context, context.press.word(0), replaces=True)


async def _bind_here(context: Context, code: str, *, replaces: bool = False) -> None:
    if not code:
        await context.say(views.how_to_bind())
        return
    if context.callback_id is not None:
        await _require_presence(context)
    done = await context.transact(chats.bind_chat, code, context.chat_title, replaces=replaces)
    if done is None:
        await context.say(views.wrong_code())
    else:
        await context.say(views.ask_replace(done) if done.former else views.chat_bound(done))


async def _require_presence(context: Context) -> None:
    """A button can be pressed by people who only look at a public group."""
    try:
        there = await context.bot.get_chat_member(context.sender.chat_id, context.sender.user_id)
    except TelegramError:
        raise NotInChat from None
    if there.status in GONE:
        raise NotInChat


async def make_code(context: Context, unit_id: int) -> None:
    await context.say(views.code_card(await context.transact(chats.make_code, unit_id, entropy=token_bytes)))


async def loosen(_: Update, context: Context) -> None:
    await context.say(Edit(views.chat_loosened(await context.transact(chats.loosen, context.press.number(0)))))


async def again(_: Update, context: Context) -> None:
    await context.transact(reach.send_again, context.press.number(0))
    await context.say(Alert(views.SENT_AGAIN))


# -- events -------------------------------------------------------------------------------------------------------


async def my_chat_member(update: Update, context: Context) -> None:
    """The bot was blocked or opened by a person, added to a group or removed from it."""
    changed = update.my_chat_member
    assert changed is not None
    was_there = changed.old_chat_member.status not in GONE
    is_there = changed.new_chat_member.status not in GONE
    if context.sender.is_private:
        await context.transact(reach.opened if is_there else reach.blocked)
    elif is_there and not was_there:
        await context.transact(chats.bot_added, changed.chat.title or "")
    elif was_there and not is_there:
        await context.transact(reach.left)


async def migration(update: Update, context: Context) -> None:
    told = update.message
    assert told is not None
    old = told.migrate_from_chat_id or told.chat.id
    new = told.migrate_to_chat_id or told.chat.id
    await context.transact(reach.moved, old, new)


def _private(context: Context) -> None:
    if not context.sender.is_private:
        raise PrivateOnly


# -- choosing a unit ----------------------------------------------------------------------------------------------

Kinds = tuple[UnitKind, ...]
Act = Callable[[Context, int], Awaitable[None]]


def _choosing(right: Right, kinds: Kinds, view: Callable[[Choice], Message], act: Act) -> Handler:
    """Offer the units at which the person has the right; with only one of them act at once."""

    async def choose(_: Update, context: Context) -> None:
        _private(context)
        choice = await context.read(directory.choices, right, kinds)
        if len(choice.units) == 1:
            await act(context, choice.units[0].id)
        else:
            await context.say(view(choice))

    return choose


def _turning(right: Right, kinds: Kinds, view: Callable[[Choice], Message]) -> Handler:
    """上一页 and 下一页 of a choice of units."""

    async def turn(_: Update, context: Context) -> None:
        await context.say(Edit(view(await context.read(directory.choices, right, kinds, context.press.number(0)))))

    return turn


def _chosen(act: Act) -> Handler:
    async def take(_: Update, context: Context) -> None:
        await act(context, context.press.number(0))

    return take


choose_to_invite = _choosing(Right.ROSTER, directory.BRANCHES, views.invite_choice, invite)
choose_to_list = _choosing(Right.ROSTER, directory.BRANCHES, views.roster_choice, show_roster)
choose_to_bind = _choosing(Right.BIND_CHAT, directory.WITH_CHATS, views.bind_choice, make_code)

ROUTES = Routes(
    commands={
        "id": own_id,
        "start": start,
        "help": show_help,
        "me": me,
        "invite": choose_to_invite,
        "roster": choose_to_list,
        "bind": bind,
    },
    presses={
        "members:claim": choose_company,
        "members:amongs": choose_company,
        "members:among": choose_branch,
        "members:joins": choose_branch,
        "members:join": _chosen(ask_name),
        "members:yes": decide,
        "members:no": decide,
        "members:undo": release,
        "members:loose": ask_release,
        "members:invite": _chosen(invite),
        "members:invites": _turning(Right.ROSTER, directory.BRANCHES, views.invite_choice),
        "members:roster": roster_page,
        "members:page": roster_page,
        "members:rosters": _turning(Right.ROSTER, directory.BRANCHES, views.roster_choice),
        "members:person": show_person,
        "members:template": template,
        "members:apply": apply,
        "members:drop": drop,
        "members:faults": faults,
        "members:code": _chosen(make_code),
        "members:codes": _turning(Right.BIND_CHAT, directory.WITH_CHATS, views.bind_choice),
        "members:swap": swap,
        "members:unchat": loosen,
        "members:again": again,
    },
    words={phrases.ME: me, phrases.HELP: show_help, phrases.CANCEL: cancel},
    links={"j": redeem, "c": claim_link, "gb": bind_by_link, "st": start, "bind": bind},
    replies={"members:name": name_given},
    documents={"xlsx": roster_file, "yaml:roster": roster_file, "yml:roster": roster_file},
    events={"my_chat_member": my_chat_member, "migration": migration},
    cancel_words={phrases.CANCEL: cancel},
)
