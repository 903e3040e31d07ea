"""Methods of the Bot API about chats, members, pins, files and the webhook."""

from __future__ import annotations

from bot.demo import reach, refusals, shapes
from bot.demo.chats import MEMBER_RIGHTS, SEND_RIGHTS, Chat, Membership, Rank
from bot.demo.messages import Message
from bot.demo.methods import Method
from bot.demo.parameters import Parameters
from bot.demo.wire import Payload
from bot.demo.world import BOT_ID, World

MOST_DOWNLOAD = 20 * 1024 * 1024
GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


def get_me(world: World, _: Parameters) -> object:
    return shapes.user(world.bot) | {
        "can_join_groups": True,
        "can_read_all_group_messages": not world.has_privacy,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
        "can_manage_bots": False,
        "supports_guest_queries": False,
    }


def get_chat(world: World, parameters: Parameters) -> object:
    chat = reach.readable(world, parameters.raw("chat_id"))
    shape = shapes.chat(chat, world.persons) | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(GIFTS, False),
    }
    if not chat.is_private:
        shape["permissions"] = _permissions(chat)
    if chat.pinned:
        shape["pinned_message"] = world.shape(chat.messages[chat.pinned[-1]])
    return shape


def _permissions(chat: Chat) -> Payload:
    return {right: right in chat.allowed_sends for right in sorted(SEND_RIGHTS | MEMBER_RIGHTS)}


def get_chat_member(world: World, parameters: Parameters) -> object:
    chat = reach.readable(world, parameters.raw("chat_id"))
    person = world.persons.get(parameters.number("user_id") or 0)
    if person is None:
        raise refusals.user_not_found()
    if chat.is_private:
        if person.id not in (chat.id, BOT_ID):
            raise refusals.user_not_found()
        return shapes.member(person, Membership(Rank.MEMBER))
    return shapes.member(person, chat.membership(person.id))


def get_chat_administrators(world: World, parameters: Parameters) -> object:
    """The owner first; bots are left out unless asked for."""
    chat = reach.readable(world, parameters.raw("chat_id"))
    if chat.is_private:
        raise refusals.no_administrators()
    has_bots = parameters.flag("return_bots")
    return [
        shapes.member(world.persons[user_id], membership)
        for user_id, membership in sorted(chat.members.items(), key=lambda one: one[1].rank is not Rank.CREATOR)
        if membership.rank.is_admin and (has_bots or not world.persons[user_id].is_bot)
    ]


def get_chat_member_count(world: World, parameters: Parameters) -> object:
    chat = reach.readable(world, parameters.raw("chat_id"))
    return 2 if chat.is_private else sum(one.rank.is_inside for one in chat.members.values())


def pin_chat_message(world: World, parameters: Parameters) -> object:
    chat = reach.writable(world, parameters.raw("chat_id"))
    message = world.message(chat.id, parameters.number("message_id") or 0)
    if message is None:
        raise refusals.pin_not_found()
    if message.service is not None:
        raise refusals.pin_of_service()
    _check_pinning(chat)
    world.pin(message)
    return True


def unpin_chat_message(world: World, parameters: Parameters) -> object:
    chat = reach.writable(world, parameters.raw("chat_id"))
    _check_pinning(chat)
    world.unpin(_pinned(chat, parameters.number("message_id")))
    return True


def _check_pinning(chat: Chat) -> None:
    if not chat.may(BOT_ID, "can_pin_messages"):
        raise refusals.no_right_to_pin()


def _pinned(chat: Chat, message_id: int | None) -> Message:
    """The message named, or the one pinned last."""
    wanted = message_id or (chat.pinned[-1] if chat.pinned else 0)
    if wanted not in chat.pinned:
        raise refusals.unpin_not_found()
    return chat.messages[wanted]


def leave_chat(world: World, parameters: Parameters) -> object:
    chat = reach.readable(world, parameters.raw("chat_id"))
    if chat.is_private:
        raise refusals.chat_not_found()
    world.set_membership(chat, BOT_ID, Membership(Rank.LEFT), BOT_ID)
    return True


def get_file(world: World, parameters: Parameters) -> object:
    file = world.files.get(parameters.text("file_id"))
    if file is None:
        raise refusals.file_not_found()
    if len(file.data) > MOST_DOWNLOAD:
        raise refusals.file_too_big()
    return {
        "file_id": file.id,
        "file_unique_id": file.unique_id,
        "file_size": len(file.data),
        "file_path": file.path,
    }


def delete_webhook(world: World, parameters: Parameters) -> object:
    world.updates.webhook_url = ""
    if parameters.flag("drop_pending_updates"):
        world.updates.clear()
    return True


def get_webhook_info(world: World, _: Parameters) -> object:
    shape: Payload = {
        "url": world.updates.webhook_url,
        "has_custom_certificate": False,
        "pending_update_count": world.updates.pending,
    }
    if world.updates.asked is not None:
        shape["allowed_updates"] = list(world.updates.asked)
    return shape


METHODS: dict[str, Method] = {
    "getme": get_me,
    "getchat": get_chat,
    "getchatmember": get_chat_member,
    "getchatadministrators": get_chat_administrators,
    "getchatmembercount": get_chat_member_count,
    "pinchatmessage": pin_chat_message,
    "unpinchatmessage": unpin_chat_message,
    "leavechat": leave_chat,
    "getfile": get_file,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": get_webhook_info,
}
