"""Methods of the Bot API that send, edit and delete messages, and that answer presses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

from telegram.constants import ChatAction

from bot.demo import htmltext, images, keyboards, reach, refusals
from bot.demo.chats import Chat
from bot.demo.journal import EventKind
from bot.demo.messages import Answer, Entity, File, Keyboard, Message, Sender
from bot.demo.parameters import Parameters, as_number
from bot.demo.wire import Payload, Upload
from bot.demo.world import BOT_ID, World

Method: TypeAlias = Callable[[World, Parameters], object]

MOST_TEXT = 4096
MOST_TEXT_BYTES = 32_768
MOST_CAPTION = 1024
MOST_TOAST = 200
PRESS_ANSWERABLE = timedelta(seconds=60)  # the real window is not published; shorter on purpose
DELETABLE = timedelta(hours=48)


def formatted(
    parameters: Parameters, name: str, *, mode: str = "parse_mode", entities: str = "entities"
) -> tuple[str, tuple[Entity, ...]]:
    """The text of a parameter with its entities: by parse mode, or as given beside it."""
    source = parameters.text(name)
    if len(source.encode(errors="surrogatepass")) > MOST_TEXT_BYTES:
        raise refusals.text_too_long()
    parse_mode = parameters.text(mode).lower()
    if parse_mode == "html":
        return htmltext.parse(source)
    if parse_mode:
        raise refusals.parse_mode_unsupported()
    return htmltext.plain(source, given_entities(parameters.items(entities)))


def given_entities(shapes: list[object]) -> list[Entity]:
    found = []
    for shape in shapes:
        if isinstance(shape, dict):
            user = shape.get("user")
            found.append(
                Entity(
                    str(shape.get("type", "")),
                    as_number(shape.get("offset")) or 0,
                    as_number(shape.get("length")) or 0,
                    url=shape.get("url"),
                    language=shape.get("language"),
                    user_id=user.get("id") if isinstance(user, dict) else None,
                    custom_emoji_id=shape.get("custom_emoji_id"),
                    unix_time=shape.get("unix_time"),
                    date_time_format=shape.get("date_time_format"),
                )
            )
    return found


def message_text(parameters: Parameters) -> tuple[str, tuple[Entity, ...]]:
    if not parameters.text("text"):
        raise refusals.text_missing()
    text, entities = formatted(parameters, "text")
    if not text:
        raise refusals.text_empty()
    if htmltext.units(text) > MOST_TEXT:
        raise refusals.message_too_long()
    return text, htmltext.find(text, entities)


def caption(parameters: Parameters) -> tuple[str, tuple[Entity, ...]]:
    text, entities = formatted(parameters, "caption", entities="caption_entities")
    if htmltext.units(text) > MOST_CAPTION:
        raise refusals.caption_too_long()
    return text, htmltext.find(text, entities)


def draft(world: World, parameters: Parameters, right: str) -> Message:
    """An empty message of the bot for the chat, topic and reply that the parameters name."""
    chat = reach.writable(world, parameters.raw("chat_id"), right)
    replied = reach.reply_target(parameters, chat)
    keyboard, other = keyboards.read(parameters.raw("reply_markup"), is_private=chat.is_private)
    return Message(
        0,
        chat.id,
        world.now(),
        Sender(BOT_ID),
        keyboard=keyboard,
        reply_keyboard=other,
        reply_to=replied.id if replied else None,
        thread_id=reach.thread(parameters, chat, replied),
        is_silent=parameters.flag("disable_notification"),
        is_protected=parameters.flag("protect_content"),
    )


def post(world: World, message: Message) -> Payload:
    return world.shape(world.post(message))


def send_message(world: World, parameters: Parameters) -> object:
    text, entities = message_text(parameters)
    message = draft(world, parameters, "can_send_messages")
    message.text, message.entities = text, entities
    return post(world, message)


def send_photo(world: World, parameters: Parameters) -> object:
    text, entities = caption(parameters)
    message = draft(world, parameters, "can_send_photos")
    message.text, message.entities = text, entities
    message.file = _file(world, parameters.raw("photo"), is_photo=True)
    return post(world, message)


def send_document(world: World, parameters: Parameters) -> object:
    text, entities = caption(parameters)
    message = draft(world, parameters, "can_send_documents")
    message.text, message.entities = text, entities
    message.file = _file(world, parameters.raw("document"), is_photo=False)
    return post(world, message)


def _file(world: World, given: object, *, is_photo: bool) -> File:
    """The file uploaded with the call, or one that the world already has. Nothing is fetched from the network."""
    if isinstance(given, Upload):
        if not given.data:
            raise refusals.file_empty()
        width, height = images.size(given.data) if is_photo else (0, 0)
        return world.add_file(given.name, given.data, given.content_type, width=width, height=height)
    known = world.files.get(str(given))
    if known is None or known.is_photo is not is_photo:
        raise refusals.file_wrong()
    return known


def edit_message_text(world: World, parameters: Parameters) -> object:
    text, entities = message_text(parameters)
    chat, message = _editable(world, parameters)
    if message.file is not None or message.poll is not None or message.service is not None:
        raise refusals.nothing_to_edit("text")
    return _edit(world, parameters, chat, message, text, entities)


def edit_message_caption(world: World, parameters: Parameters) -> object:
    text, entities = caption(parameters)
    chat, message = _editable(world, parameters)
    if message.file is None:
        raise refusals.nothing_to_edit("caption")
    return _edit(world, parameters, chat, message, text, entities)


def edit_message_reply_markup(world: World, parameters: Parameters) -> object:
    chat, message = _editable(world, parameters)
    return _edit(world, parameters, chat, message, message.text, message.entities)


def _editable(world: World, parameters: Parameters) -> tuple[Chat, Message]:
    chat = reach.writable(world, parameters.raw("chat_id"))
    message = _named(world, parameters, chat)
    if message is None:
        raise refusals.edit_not_found()
    if message.sender.user_id != BOT_ID or message.service is not None:
        raise refusals.edit_not_possible()
    return chat, message


def _named(world: World, parameters: Parameters, chat: Chat) -> Message | None:
    message_id = parameters.number("message_id")
    if not message_id:
        raise refusals.message_id_missing()
    return world.message(chat.id, message_id)


def _edit(
    world: World, parameters: Parameters, chat: Chat, message: Message, text: str, entities: tuple[Entity, ...]
) -> Payload:
    """Left out, the keyboard goes."""
    keyboard = inline_keyboard(parameters, chat)
    if (text, entities, keyboard) == (message.text, message.entities, message.keyboard):
        raise refusals.not_modified()
    world.edit(message, text, entities, keyboard)
    return world.shape(message)


def inline_keyboard(parameters: Parameters, chat: Chat) -> Keyboard:
    keyboard, other = keyboards.read(parameters.raw("reply_markup"), is_private=chat.is_private)
    if other:
        raise refusals.inline_keyboard_expected()
    return keyboard


def delete_message(world: World, parameters: Parameters) -> object:
    chat = reach.writable(world, parameters.raw("chat_id"))
    message = _named(world, parameters, chat)
    if message is None:
        raise refusals.delete_not_found()
    if world.now() - message.at > DELETABLE:
        raise refusals.delete_too_late()
    is_own = message.sender.user_id == BOT_ID
    if not (is_own or chat.is_private or chat.may(BOT_ID, "can_delete_messages")):
        raise refusals.delete_not_possible()
    world.delete(message)
    return True


def answer_callback_query(world: World, parameters: Parameters) -> object:
    press = world.presses.get(parameters.text("callback_query_id"))
    now = world.now()
    if press is None or press.answer is not None or now - press.at > PRESS_ANSWERABLE:
        raise refusals.query_too_old()
    text = parameters.text("text")
    if htmltext.units(text) > MOST_TOAST:
        raise refusals.answer_too_long()
    press.answer = Answer(text, parameters.flag("show_alert"), parameters.text("url"), now)
    world.journal.write(
        EventKind.ANSWERED,
        now,
        chat_id=press.chat_id,
        message_id=press.message_id,
        person_id=press.person_id,
        detail={
            "press": press.id,
            "label": press.label,
            "text": text,
            "alert": press.answer.is_alert,
            "url": press.answer.url,
        },
    )
    return True


def send_chat_action(world: World, parameters: Parameters) -> object:
    reach.writable(world, parameters.raw("chat_id"))
    if parameters.text("action") not in set(ChatAction):
        raise refusals.action_wrong()
    return True


METHODS: dict[str, Method] = {
    "sendmessage": send_message,
    "sendphoto": send_photo,
    "senddocument": send_document,
    "editmessagetext": edit_message_text,
    "editmessagecaption": edit_message_caption,
    "editmessagereplymarkup": edit_message_reply_markup,
    "deletemessage": delete_message,
    "answercallbackquery": answer_callback_query,
    "sendchataction": send_chat_action,
}
