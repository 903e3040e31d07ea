"""Our contents as calls of the Bot API: one function a kind, no decision about what an answer means."""

import json
from dataclasses import dataclass, replace
from typing import cast

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeChatAdministrators,
    BotCommandScopeChatMember,
    InputFile,
    InputPollOption,
)
from telegram import Message as TelegramMessage
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter

from bot.message import (
    MAX_CAPTION,
    MAX_TOAST,
    Alert,
    Button,
    Buttons,
    ClearButtons,
    Commands,
    Content,
    Delete,
    Document,
    Edit,
    Html,
    Leave,
    Message,
    Open,
    Pin,
    Poll,
    StopPoll,
    Toast,
    clean,
    cut,
    escape,
    strip_tags,
)

REPEAT = "（补发）"
_SHOWN = {"parse_mode": "HTML", "link_preview_options": '{"is_disabled":true}'}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a content goes: `message_id` is what an edit without an id of its own means."""

    chat_id: int
    thread_id: int | None = None
    reply_to: int | None = None
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    message_id: int | None = None
    poll_id: str | None = None


async def perform(bot: Bot, place: Place, content: Content | ClearButtons, username: str) -> Done:
    """Make the call; raises TelegramError."""
    match content:
        case Message():
            return await _send(bot, place, content, username)
        case Poll():
            return _done(await _poll(bot, place, content))
        case Document():
            return _done(await _document(bot, place, content))
        case Edit():
            await _edit(bot, place, content, username)
            return Done(content.message_id or place.message_id)
        case Commands():
            await _commands(bot, place, content)
        case _:
            await _change(bot, place, content)
    return Done()


async def _change(bot: Bot, place: Place, content: StopPoll | Pin | Delete | Leave | ClearButtons) -> None:
    match content:
        case StopPoll():
            await bot.stop_poll(place.chat_id, content.message_id)
        case Pin() if content.is_pinned:
            await bot.pin_chat_message(place.chat_id, content.message_id, disable_notification=True)
        case Pin():
            await bot.unpin_chat_message(place.chat_id, content.message_id)
        case Delete():
            await bot.delete_message(place.chat_id, content.message_id)
        case Leave():
            await bot.leave_chat(place.chat_id)
        case ClearButtons():
            await bot.edit_message_reply_markup(place.chat_id, place.message_id)


async def answer_press(bot: Bot, callback_id: str, part: object, username: str) -> None:
    """What a press is answered with; a part of another kind is only acknowledged."""
    text = cut(clean(part.text), MAX_TOAST) if isinstance(part, Toast | Alert) else None
    url = _deep_link(part.link, None, username) if isinstance(part, Open) else None
    is_alert = isinstance(part, Alert) or None
    await _post(bot, "answerCallbackQuery", callback_query_id=callback_id, text=text, show_alert=is_alert, url=url)


async def _post(bot: Bot, method: str, **given: str | int | None) -> object:
    """Past the library's methods, which take 20 µs for a press and 150 for a message to find nothing to add."""
    shown = {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items() if value}
    data = RequestData([RequestParameter(name, value, None) for name, value in shown.items()])
    return await bot.request.post(f"{bot.base_url}/{method}", data)


def plain(part: Message | Edit) -> Message | Edit:
    """The same without tags: a text that Telegram cannot parse must still arrive."""
    if isinstance(part, Edit):
        return replace(part, message=_untagged(part.message))
    return _untagged(part)


def marked_as_repeat(content: Content) -> Content:
    if isinstance(content, Message):
        return replace(content, text=Html(f"{REPEAT}{content.text}"))
    if isinstance(content, Document):
        return replace(content, caption=REPEAT + content.caption)
    return content


def _untagged(message: Message) -> Message:
    return replace(message, text=escape(strip_tags(message.text)))


def _done(message: TelegramMessage) -> Done:
    return Done(message.message_id, message.poll.id if message.poll else None)


async def _send(bot: Bot, place: Place, message: Message, username: str) -> Done:
    sent = await _post(
        bot,
        "sendMessage",
        chat_id=place.chat_id,
        text=message.text,
        **_SHOWN,
        reply_markup=keyboard(message.buttons, username),
        disable_notification=message.is_silent,
        protect_content=message.is_protected,
        message_thread_id=place.thread_id,
        reply_parameters=_reply(place),
    )
    return Done(cast("dict[str, int]", sent)["message_id"])


async def _edit(bot: Bot, place: Place, edit: Edit, username: str) -> None:
    await _post(
        bot,
        "editMessageText",
        chat_id=place.chat_id,
        message_id=edit.message_id or place.message_id,
        text=edit.message.text,
        **_SHOWN,
        reply_markup=keyboard(edit.message.buttons, username),
    )


async def _poll(bot: Bot, place: Place, poll: Poll) -> TelegramMessage:
    return await bot.send_poll(
        place.chat_id,
        poll.question,
        [InputPollOption(option) for option in poll.options],
        is_anonymous=False,
        type="quiz",
        allows_multiple_answers=poll.allows_several,
        correct_option_ids=poll.right,  # type: ignore[arg-type]  # places 0-11, checked where the poll is made
        explanation=poll.explanation or None,
        description=poll.description or None,
        open_period=poll.open_for,
        allows_revoting=False,
        shuffle_options=False,
        hide_results_until_closes=True,
        protect_content=True,
        message_thread_id=place.thread_id,
    )


async def _document(bot: Bot, place: Place, document: Document) -> TelegramMessage:
    return await bot.send_document(
        place.chat_id,
        InputFile(document.data, filename=document.name),
        caption=cut(document.caption, MAX_CAPTION) or None,
        message_thread_id=place.thread_id,
    )


async def _commands(bot: Bot, place: Place, menu: Commands) -> None:
    scope, language = _scope(place, menu), menu.language or None
    if menu.commands:
        await bot.set_my_commands([BotCommand(*command) for command in menu.commands], scope, language)
    else:
        await bot.delete_my_commands(scope, language)


def _scope(place: Place, menu: Commands) -> BotCommandScope:
    match menu.scope:
        case "all_private_chats":
            return BotCommandScopeAllPrivateChats()
        case "all_group_chats":
            return BotCommandScopeAllGroupChats()
        case "chat_administrators":
            return BotCommandScopeChatAdministrators(place.chat_id)
        case "chat_member":
            return BotCommandScopeChatMember(place.chat_id, menu.user_id or 0)
        case "chat":
            return BotCommandScopeChat(place.chat_id)


def _reply(place: Place) -> str | None:
    if place.reply_to is None:
        return None
    return json.dumps({"message_id": place.reply_to, "allow_sending_without_reply": True})


def keyboard(buttons: Buttons, username: str) -> str | None:
    if not buttons:
        return None
    return json.dumps({"inline_keyboard": [[_button(button, username) for button in row] for row in buttons]})


def _button(button: Button, username: str) -> dict[str, str]:
    url = button.url or _deep_link(button.link, button.group_link, username)
    told = {"text": clean(button.label), "callback_data": button.data, "url": url, "style": button.style}
    return {name: value for name, value in told.items() if value is not None}


def _deep_link(link: str | None, group_link: str | None, username: str) -> str | None:
    if link is not None:
        return f"https://t.me/{username}?start={link}"
    return f"https://t.me/{username}?startgroup={group_link}" if group_link is not None else None
