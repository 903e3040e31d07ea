"""Whether the bot reaches a chat, and with which right: the refusals of chats, topics and replies."""

from __future__ import annotations

from bot.demo import refusals
from bot.demo.chats import Access, Chat, ChatKind, Rank
from bot.demo.messages import Message
from bot.demo.parameters import Parameters, as_number
from bot.demo.refusals import Refused
from bot.demo.world import BOT_ID, World

SENDING = {
    "can_send_messages": "text messages",
    "can_send_photos": "photos",
    "can_send_documents": "documents",
    "can_send_polls": "polls",
}


def writable(world: World, chat_id: object, right: str | None = None) -> Chat:
    """The chat the bot may write to (with this right), or the refusal that tells why not."""
    chat = _find(world, chat_id)
    if chat.is_private:
        if refusal := _private_refusal(world.access(chat.id)):
            raise refusal
        return chat
    _check_group(chat)
    if right is not None and not chat.may(BOT_ID, right):
        raise refusals.no_right_to_send(SENDING[right])
    return chat


def readable(world: World, chat_id: object) -> Chat:
    """The chat the bot may ask about: of private ones, all whose person it has met."""
    chat = _find(world, chat_id)
    if not chat.is_private:
        _check_group(chat)
    elif world.access(chat.id) is Access.UNKNOWN:
        raise refusals.chat_not_found()
    return chat


def _find(world: World, chat_id: object) -> Chat:
    if chat_id is None or chat_id == "":
        raise refusals.chat_id_empty()
    if isinstance(chat_id, str) and chat_id.startswith("@"):
        name = chat_id[1:].lower()
        found = next((chat for chat in world.chats.values() if chat.username and chat.username.lower() == name), None)
    else:
        found = world.chats.get(as_number(chat_id) or 0)
    if found is None or found.kind is ChatKind.CHANNEL:
        raise refusals.chat_not_found()
    return found


def _private_refusal(access: Access) -> Refused | None:
    return {
        Access.UNKNOWN: refusals.chat_not_found(),
        Access.KNOWN: refusals.not_initiated(),
        Access.BLOCKED: refusals.blocked(),
        Access.DELETED: refusals.deactivated(),
    }.get(access)


def _check_group(chat: Chat) -> None:
    if chat.migrated_to is not None:
        raise refusals.upgraded(chat.migrated_to)
    if BOT_ID not in chat.members:
        raise refusals.chat_not_found()
    rank = chat.membership(BOT_ID).rank
    if rank is Rank.KICKED:
        raise refusals.kicked(chat.kind.value)
    if rank is Rank.LEFT:
        raise refusals.not_a_member(chat.kind.value)


def reply_target(parameters: Parameters, chat: Chat) -> Message | None:
    """The message to be replied to; the older parameters are still read, as the server reads them."""
    given = parameters.mapping("reply_parameters")
    wanted = as_number(given.get("message_id")) or parameters.number("reply_to_message_id")
    if not wanted:
        return None
    is_lenient = bool(given.get("allow_sending_without_reply")) or parameters.flag("allow_sending_without_reply")
    is_here = as_number(given.get("chat_id", chat.id)) == chat.id
    found = chat.messages.get(wanted) if is_here else None
    if found is None or found.is_deleted:
        if is_lenient:
            return None
        raise refusals.reply_not_found()
    return found


def thread(parameters: Parameters, chat: Chat, replied: Message | None) -> int | None:
    """The topic the message goes to: the one named, else the one of the message replied to."""
    wanted = parameters.number("message_thread_id") or (replied.thread_id if replied else None)
    if not wanted:
        return None
    topic = chat.topics.get(wanted)
    if topic is None:
        raise refusals.thread_not_found()
    if topic.is_closed:
        raise refusals.topic_closed()
    return topic.id
