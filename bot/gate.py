"""The one gate before the handlers: who sent an update, which door it goes to, and how a refusal is answered."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from difflib import get_close_matches

import structlog
from sqlalchemy.orm import Session
from telegram import Document, Message, MessageEntity, Update
from telegram.constants import ChatType

from bot import inbox, message
from bot.context import Context, Handler, Routes, Turn
from bot.db import NotSaved
from bot.errors import UserError
from bot.incoming import Pressed, Voted
from bot.limits import Patience
from bot.message import Alert, ClearButtons, Open, Press, Sender, StaleButton, Toast, escape

log = structlog.get_logger()

ANONYMOUS_ADMIN, AS_CHANNEL = 1087968824, 136817688
MAX_SNIFFED = 2 * 1024 * 1024  # bytes of a file whose first words decide whose it is
SLOW = 3.0  # seconds after which a press is told to wait
REFUSED = frozenset({"doc", "xls"})  # they have doors only to be told what to save them as
REFUSAL_GAP = timedelta(minutes=1)  # between two refusals to one person in a group
DOUBLE_TAP = timedelta(seconds=2)  # until an edit is on the screen whose old button somebody taps again
LETTERS = re.compile(r"[A-La-lＡ-Ｌ]|[A-H]{2,6}")  # what somebody types who does not see the buttons of a question
MOST_SHOWN = 20  # characters of what somebody typed
CONFIRM = "members:as"  # 请本人确认: the press carries the person that an anonymous command hid


class UnknownCommand(UserError):
    text = "没有 /{name} 这个命令。发送 /help 查看可以做什么。"


class Mistyped(UserError):
    text = "没有 /{name}，是否想用 /{near}？"


class NotUnderstood(UserError):
    text = "没有看懂。发送 /help 查看可以做什么。"


class ByButton(UserError):
    text = "选择题请点题目下面的字母按钮，打字不算作答。"


class LinkExpired(UserError):
    text = "这个链接已失效，请点最新消息里的按钮。"


class FileNotTaken(UserError):
    text = "不认识这个文件。可以发送的有：{kinds}。"


class Recorded(UserError):
    text = "已记录"


class PleaseWait(UserError):
    text = "正在处理，请稍候"


class Incident(UserError):
    text = "出了点问题，已记录（编号 {incident}）。请稍后再试，或把编号告诉管理员。"


_NOTHING_ELSE = Update(0)  # what the doors of presses and votes get: there is nothing in it to look at
Awaited = Callable[[Session, Sender], tuple[str, str] | None]


@dataclass(slots=True)
class Gate:
    """`dispatch` takes everything that comes in to its door."""

    routes: Routes
    awaited: Awaited  # purpose and reference of the text this person was asked for
    confirm_yourself: Callable[[str], message.Message]  # the answer to a command sent as the group
    patience: Patience
    _refused_at: dict[int, datetime] = field(default_factory=dict)
    _edited_at: dict[tuple[int, int | None], datetime] = field(default_factory=dict)

    async def dispatch(self, told: Update | Pressed | Voted, context: Context) -> None:
        if isinstance(told, Voted):
            await self._voted(told, context)
            return
        asking = _asking(told)
        if asking is not None and not self.patience.hears(asking, context.turn.row.received_at):
            return  # by when it came: what has waited here for its turn came no faster for that
        if isinstance(told, Pressed):
            await self._pressed(self._press_door(told, context), context)
        elif (door := await self._door(told, context)) is not None:
            await self._enter(door, told, context)

    async def _pressed(self, door: Handler, context: Context) -> None:
        turn = context.turn
        waiting = asyncio.get_running_loop().call_later(SLOW, self._ask_patience, context, turn)
        try:
            await self._enter(door, _NOTHING_ELSE, context)
        finally:
            waiting.cancel()
        if not turn.is_answered:
            context.acknowledge()

    async def _voted(self, told: Voted, context: Context) -> None:
        context.sender = _nowhere(context, told.user_id)
        context.poll_id, context.options = told.poll_id, told.options
        if (door := self.routes.events.get("poll_answer")) is not None:
            await self._enter(door, _NOTHING_ELSE, context)

    async def _enter(self, door: Handler, update: Update, context: Context) -> None:
        try:
            await door(update, context)
        except UserError as refusal:
            if isinstance(refusal, NotSaved):
                raise
            await self._refuse(refusal, context)
        if context.turn.has_edited:
            self._note_edit(context)

    async def _refuse(self, refusal: UserError, context: Context) -> None:
        if not context.turn.is_marked:
            await context.deps.database.transact(inbox.finish, context.turn.row.update_id, now=context.now())
            context.turn.is_marked = True
        if context.callback_id is not None and refusal.is_done and self._is_edited_since(context):
            await context.say(Toast(str(Recorded())))
        elif context.callback_id is not None:
            is_open = refusal.opens and not context.turn.is_answered
            await context.say(Open(refusal.opens) if is_open else Alert(str(refusal)))
            if refusal.ends_buttons and context.is_button_there and not self._is_edited_since(context):
                await context.say(ClearButtons())
        elif context.sender.is_private or self._may_refuse(context):
            await context.say(message.Message(escape(refusal)))

    def _note_edit(self, context: Context) -> None:
        """The oldest stand first, so that they are let go without a look at the others: a crowd edits a lot."""
        now, place = context.now(), (context.sender.chat_id, context.sender.message_id)
        self._edited_at.pop(place, None)
        self._edited_at[place] = now
        while now - self._edited_at[oldest := next(iter(self._edited_at))] >= REFUSAL_GAP:
            del self._edited_at[oldest]

    def _is_edited_since(self, context: Context) -> bool:
        """The first press of a double tap gave the message the buttons that stand there now; they stay."""
        edited_at = self._edited_at.get((context.sender.chat_id, context.sender.message_id))
        return edited_at is not None and context.sender.at <= edited_at + DOUBLE_TAP

    def _may_refuse(self, context: Context) -> bool:
        """Groups stay calm: one refusal a minute to one person."""
        now, person = context.now(), context.sender.user_id
        self._refused_at = {p: at for p, at in self._refused_at.items() if now - at < REFUSAL_GAP}
        return self._refused_at.setdefault(person, now) == now

    @staticmethod
    def _ask_patience(context: Context, turn: Turn) -> None:
        if not turn.is_answered:
            context.acknowledge(Toast(str(PleaseWait())))

    # -- which door -----------------------------------------------------------------------------------------------

    async def _door(self, update: Update, context: Context) -> Handler | None:
        if update.message is not None:
            return await self._message_door(update.message, context)
        return self._event_door(update, context)

    def _press_door(self, told: Pressed, context: Context) -> Handler:
        context.callback_id, context.is_button_there = told.id, told.is_there
        context.sender, context.chat_title = _presser(told, context), told.chat_title
        context.press = Press.parse(told.data)
        name = f"{context.press.feature}:{context.press.verb}"
        if name == CONFIRM and context.press.args[:1] and context.press.args[0] in self.routes.commands:
            command, *rest = context.press.args
            context.args = rest
            return self.routes.commands[command]
        return self.routes.presses.get(name, _stale)

    async def _message_door(self, told: Message, context: Context) -> Handler | None:
        if told.migrate_to_chat_id is not None or told.migrate_from_chat_id is not None:
            context.sender = _writer(told, context)
            return self.routes.events.get("migration")
        if told.from_user is None or told.is_automatic_forward or told.via_bot is not None:
            return None
        if (told.from_user.is_bot and told.from_user.id != ANONYMOUS_ADMIN) or told.from_user.id == AS_CHANNEL:
            return None
        context.sender, context.chat_title = _writer(told, context), told.chat.title or ""
        if told.text and told.text.startswith("/"):
            return self._command_door(told, context)
        if not context.sender.is_private or (told.forward_origin is not None and told.document is None):
            return None
        if told.document is not None:
            return await self._document_door(told.document)
        return await self._text_door(told.text, context) if told.text else None

    def _command_door(self, told: Message, context: Context) -> Handler | None:
        assert told.text is not None
        entity = next((e for e in told.entities if e.type == MessageEntity.BOT_COMMAND and e.offset == 0), None)
        if told.forward_origin is not None or (entity is None and not context.sender.is_private):
            return None
        if entity is None:  # /签到: to Telegram no command, to people one
            return self._word_door(told.text[1:].strip())
        name, _, addressee = told.text[1 : entity.length].partition("@")
        if addressee and addressee.lower() != context.bot.username.lower():
            return None
        context.args = told.text[entity.length :].split()
        name = name.lower()
        if told.from_user is not None and told.from_user.id == ANONYMOUS_ADMIN:
            return self._anonymous_door(name, context) if name in self.routes.commands else None
        if name == "start" and context.args:
            return self._link_door(context)
        door = self.routes.commands.get(name)
        if door is None and context.sender.is_private:
            return _refusing(self._unknown(name))
        return door

    def _word_door(self, word: str) -> Handler:
        words = {**self.routes.words, **self.routes.urgent}
        near = get_close_matches(word, list(words), n=1, cutoff=0.5)
        unknown = Mistyped(name=word, near=near[0]) if near else UnknownCommand(name=message.cut(word, MOST_SHOWN))
        return words.get(word, _refusing(unknown))

    def _anonymous_door(self, name: str, context: Context) -> Handler:
        words = [word for word in context.args or () if word.isascii() and ":" not in word]
        data = ":".join([CONFIRM, name, *words])[: message.MAX_DATA]

        async def ask(_: Update, context: Context) -> None:
            await context.say(self.confirm_yourself(data))

        return ask

    def _link_door(self, context: Context) -> Handler:
        verb, _, token = (context.args or [""])[0].partition("_")
        context.link = token
        return self.routes.links.get(verb, _refusing(LinkExpired()))

    def _unknown(self, name: str) -> UserError:
        near = get_close_matches(name, list(self.routes.commands), n=1, cutoff=0.6)
        return Mistyped(name=name, near=near[0]) if near else UnknownCommand(name=name)

    async def _document_door(self, document: Document) -> Handler:
        ending = (document.file_name or "").lower().rpartition(".")[2]
        doors = self.routes.documents
        special = {key.partition(":")[2]: key for key in doors if key.startswith(f"{ending}:")}
        if special and (document.file_size or 0) <= MAX_SNIFFED:
            data = await (await document.get_file()).download_as_bytearray()
            for word, key in special.items():
                if re.search(rb"(?m)^\W*%b\s*:" % word.encode(), data):
                    return doors[key]
        kinds = "、".join(f".{kind}" for kind in doors if ":" not in kind and kind not in REFUSED)
        return doors.get(ending, _refusing(FileNotTaken(kinds=kinds)))

    async def _text_door(self, text: str, context: Context) -> Handler:
        asked = await context.deps.database.read(self.awaited, context.sender)
        purpose, context.prompt = asked or ("", "")
        answer = self.routes.answers.get(purpose)  # in the middle of an exam 请假 is what belongs in the blank
        # Otherwise whoever types 签到 means it, whatever he was asked half an hour ago. 考试 may well be what he was
        # asked for: the title of a training, a reason for leave.
        word = text.strip()
        door = answer or self.routes.urgent.get(word) or self.routes.replies.get(purpose) or self.routes.words.get(word)
        return door or _refusing(ByButton() if LETTERS.fullmatch(word) else NotUnderstood())

    def _event_door(self, update: Update, context: Context) -> Handler | None:
        if update.poll is not None:
            context.sender = _nowhere(context, 0)
            return self.routes.events.get("poll")
        changed = update.my_chat_member or update.chat_member
        if changed is None:
            return None
        private = changed.chat.type == ChatType.PRIVATE
        who = _nowhere(context, changed.from_user.id)
        context.sender = replace(who, chat_id=changed.chat.id, is_private=private)
        return self.routes.events.get("my_chat_member" if update.my_chat_member else "chat_member")


async def _stale(_: Update, __: Context) -> None:
    raise StaleButton


def _refusing(refusal: UserError) -> Handler:
    async def refuse(_: Update, __: Context) -> None:
        raise refusal

    return refuse


def _asking(told: Update | Pressed) -> int | None:
    """Who asks; of somebody who speaks as a group or a channel, the chat. Votes are always heard: their app shows them
    as cast."""
    if isinstance(told, Pressed):
        return told.user_id
    if told.message is None or told.message.from_user is None:
        return None
    is_person = told.message.from_user.id not in (ANONYMOUS_ADMIN, AS_CHANNEL)
    return told.message.from_user.id if is_person else told.message.chat.id


def _presser(told: Pressed, context: Context) -> Sender:
    """The person of a press; the message may be gone or too old to be seen, then only its place is known."""
    row = context.turn.row
    return Sender(
        user_id=told.user_id,
        chat_id=told.chat_id,
        at=row.received_at,
        is_private=told.is_private,
        is_late=row.is_late,
        update_id=row.update_id,
        bot_id=context.deps.bot_id,
        username=told.username,
        is_root=_is_root(told.user_id, context),
        sees_names=context.deps.config.quiz.admin_sees_names,
        message_id=told.message_id,
        thread_id=told.thread_id,
    )


def _writer(told: Message, context: Context) -> Sender:
    row, user = context.turn.row, told.from_user
    return Sender(
        user_id=user.id if user is not None else 0,
        chat_id=told.chat.id,
        at=row.received_at,
        is_private=told.chat.type == ChatType.PRIVATE,
        is_late=row.is_late,
        update_id=row.update_id,
        bot_id=context.deps.bot_id,
        username=(user.username or "") if user is not None else "",
        is_root=user is not None and _is_root(user.id, context),
        sees_names=context.deps.config.quiz.admin_sees_names,
        message_id=told.message_id,
        thread_id=_thread(told),
    )


def _nowhere(context: Context, user_id: int) -> Sender:
    """Who voted: an update without a chat."""
    row = context.turn.row
    return Sender(
        user_id=user_id,
        chat_id=user_id,
        at=row.received_at,
        is_late=row.is_late,
        update_id=row.update_id,
        bot_id=context.deps.bot_id,
    )


def _is_root(user_id: int, context: Context) -> bool:
    return user_id in context.deps.config.root_user_ids


def _thread(told: Message) -> int | None:
    return told.message_thread_id if told.is_topic_message else None
