"""The doors of the roster: who is on it, roster files, invitations."""

import asyncio
import hashlib
from datetime import timedelta
from secrets import token_bytes

from telegram import Document as TelegramDocument
from telegram import Update

from bot.context import Context, Handler, Routes
from bot.members import directory, joining, leaving, roster, service, views, workbook
from bot.members import roster_views as words
from bot.members.choosing_handlers import choosing, chosen, turning
from bot.members.facts import Invitation
from bot.members.rules import Right
from bot.message import Document, Edit, Message, lines
from bot.periods import local_day


async def show_roster(context: Context, branch_id: int) -> None:
    await context.say(words.roster_list(await context.read(directory.roster, branch_id)))


async def roster_page(_: Update, context: Context) -> None:
    page = context.press.number(1) if len(context.press.args) > 1 else 0
    await context.say(Edit(words.roster_list(await context.read(directory.roster, context.press.number(0), page))))


async def show_person(_: Update, context: Context) -> None:
    await context.say(Edit(words.person(await context.read(directory.of_member, context.press.number(0)))))


async def template(_: Update, context: Context) -> None:
    await context.read(roster.check_right)
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
    await context.say(Edit(words.done(await context.transact(roster.apply_roster, context.press.number(0)))))


async def drop(_: Update, context: Context) -> None:
    await context.transact(roster.give_up, context.press.number(0))
    await context.say(Edit(words.dropped()))


async def faults(_: Update, context: Context) -> None:
    found = await context.read(roster.faults_of, context.press.number(0))
    data = await asyncio.to_thread(workbook.problems, words.problem_lines(found))
    await context.say(Document(words.PROBLEMS_FILE, data))


async def ask_release(_: Update, context: Context) -> None:
    shown = await context.read(directory.of_member, context.press.number(0))
    await context.say(Edit(words.ask_unbind(shown.person.name, shown.person.member_id)))


async def invite(context: Context, branch_id: int) -> None:
    """The links exist nowhere but in this answer: lost with it, they are made anew."""
    lasts = timedelta(hours=context.deps.config.members.invite_hours)
    branch, made = await context.transact(joining.invite, branch_id, lasts=lasts, entropy=token_bytes)
    if not made:
        await context.say(views.all_active(branch))
        return
    links = [workbook.Link(x.name, _address(context, x), views.moment(x.expires_at)) for x in made]
    data = await asyncio.to_thread(workbook.invitations, links, branch.name)
    caption = views.invite_caption(branch, len(made), made[0].expires_at)
    await context.say(Document(views.invite_file(branch), data, caption))


async def ask_leave(_: Update, context: Context) -> None:
    await context.say(Edit(words.ask_leave(await context.read(leaving.consider, context.press.number(0)))))


async def leave(_: Update, context: Context) -> None:
    await context.say(Edit(words.left(await context.transact(leaving.leave, context.press.number(0)))))


async def come_back(_: Update, context: Context) -> None:
    undo_id = context.press.number(1) if len(context.press.args) > 1 else None
    back = await context.transact(leaving.come_back, context.press.number(0), undo_id)
    await context.say(Edit(words.came_back(back)))


async def renew(_: Update, context: Context) -> None:
    lasts = timedelta(hours=context.deps.config.members.invite_hours)
    made = await context.transact(joining.renew, context.press.number(0), lasts=lasts, entropy=token_bytes)
    await context.say(words.link(made, _address(context, made)))


def _address(context: Context, made: Invitation) -> str:
    return f"https://t.me/{context.bot.username}?start=j_{made.token}"


choose_to_invite = choosing(Right.ROSTER, directory.BRANCHES, views.invite_choice, invite)
choose_to_list = choosing(Right.ROSTER, directory.BRANCHES, words.roster_choice, show_roster)

ROUTES = Routes(
    commands={"invite": choose_to_invite, "roster": choose_to_list},
    presses={
        "members:invite": chosen(invite),
        "members:invites": turning(Right.ROSTER, directory.BRANCHES, views.invite_choice),
        "members:roster": roster_page,
        "members:page": roster_page,
        "members:rosters": turning(Right.ROSTER, directory.BRANCHES, words.roster_choice),
        "members:person": show_person,
        "members:loose": ask_release,
        "members:link": renew,
        "members:leaves": ask_leave,
        "members:left": leave,
        "members:back": come_back,
        "members:template": template,
        "members:apply": apply,
        "members:drop": drop,
        "members:faults": faults,
    },
    documents={"xlsx": roster_file, "yaml:roster": roster_file, "yml:roster": roster_file},
)
