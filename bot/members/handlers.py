"""The doors of members: start and help, joining, groups."""

from secrets import token_bytes

from telegram import ChatMember, Update
from telegram.error import TelegramError

from bot.context import Context, Routes
from bot.errors import UserError
from bot.members import chats, directory, joining, phrases, prompts, reach, service, views
from bot.members.choosing_handlers import choosing, chosen, require_private, turning
from bot.members.rules import NotBound, Right, TopicOf, UnitKind
from bot.message import Alert, Edit, StaleButton, number

GONE = (ChatMember.LEFT, ChatMember.BANNED)


class NotInChat(UserError):
    text = "请先加入本群，再来绑定。"


# -- start and help ------------------------------------------------------------------------------------------------


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


async def own_id(_: Update, context: Context) -> None:
    """The number for `root_user_ids`; needed before anybody is on a roster, and no secret."""
    await context.say(views.own_id(context.sender.chat_id))


async def cancel(_: Update, context: Context) -> None:
    await context.say(views.cancelled(was_awaited=await context.transact(prompts.give_up)))


# -- joining ------------------------------------------------------------------------------------------------------


async def redeem(_: Update, context: Context) -> None:
    require_private(context)
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
    require_private(context)
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


async def release(_: Update, context: Context) -> None:
    member_id = context.press.number(0)
    await context.say(Edit(views.undone(await context.transact(joining.release, member_id), member_id)))


async def restore(_: Update, context: Context) -> None:
    await context.say(Edit(views.restored(await context.transact(joining.restore, context.press.number(0)))))


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
    await _require_presence(context)
    done = await context.transact(chats.bind_chat, context.press.word(0), context.chat_title, replaces=True)
    await context.say(Edit(views.chat_bound(done) if done else views.wrong_code()))


async def _bind_here(context: Context, code: str) -> None:
    if not code:
        place = await context.read(chats.topics_here)
        await context.say(views.ask_topic(place) if place else views.how_to_bind())
        return
    if context.callback_id is not None:
        await _require_presence(context)
    done = await context.transact(chats.bind_chat, code, context.chat_title)
    if done is None:
        await context.say(views.wrong_code())
    else:
        await context.say(views.ask_replace(done) if done.former else views.chat_bound(done))


async def use_topic(_: Update, context: Context) -> None:
    if context.press.word(0) not in TopicOf.__members__:
        raise StaleButton
    await _require_presence(context)
    purpose = TopicOf[context.press.word(0)]
    await context.transact(chats.use_topic, purpose)
    await context.say(Edit(views.topic_used(purpose)))


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


async def ask_loosen(_: Update, context: Context) -> None:
    await context.say(Edit(views.ask_loosen(*await context.read(chats.consider_loosening, context.press.number(0)))))


async def loosen(_: Update, context: Context) -> None:
    unit_id = context.press.number(0)
    await context.say(Edit(views.chat_loosened(await context.transact(chats.loosen, unit_id), unit_id)))


async def hold_again(_: Update, context: Context) -> None:
    await context.say(Edit(views.chat_held_again(await context.transact(chats.hold_again, context.press.number(0)))))


async def put_back(_: Update, context: Context) -> None:
    await _require_presence(context)
    await context.say(Edit(views.put_back(*await context.transact(chats.put_back, context.press.number(0)))))


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


choose_to_bind = choosing(Right.BIND_CHAT, directory.WITH_CHATS, views.bind_choice, make_code)

ROUTES = Routes(
    commands={
        "id": own_id,
        "start": start,
        "help": show_help,
        "bind": bind,
    },
    presses={
        "members:claim": choose_company,
        "members:amongs": choose_company,
        "members:among": choose_branch,
        "members:joins": choose_branch,
        "members:join": chosen(ask_name),
        "members:yes": decide,
        "members:no": decide,
        "members:undo": release,
        "members:topic": use_topic,
        "members:code": chosen(make_code),
        "members:codes": turning(Right.BIND_CHAT, directory.WITH_CHATS, views.bind_choice),
        "members:swap": swap,
        "members:unswap": put_back,
        "members:unchat": ask_loosen,
        "members:part": loosen,
        "members:rejoin": hold_again,
        "members:rebind": restore,
        "members:again": again,
    },
    urgent={phrases.HELP: show_help, phrases.CANCEL: cancel},
    links={"j": redeem, "c": claim_link, "gb": bind_by_link, "help": show_help, "bind": bind},
    replies={"members:name": name_given},
    events={"my_chat_member": my_chat_member, "migration": migration},
)
