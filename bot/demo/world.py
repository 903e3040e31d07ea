"""The world of the local Telegram: persons, chats, messages, polls, files and the bot's updates.

No HTTP, no asyncio; the time comes from the clock handed in. Who does what is in `people` and `groups`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from telegram import TelegramObject
from telegram import Update as WireUpdate

from bot.demo import faults, shapes, wire
from bot.demo.chats import (
    CHANNEL_BOT,
    GROUP_ANONYMOUS_BOT,
    SUPERGROUP_BASE,
    TELEGRAM,
    Access,
    Chat,
    ChatKind,
    Membership,
    Person,
    Rank,
    Topic,
)
from bot.demo.commands import Command, CommandLists
from bot.demo.journal import Call, Event, EventKind, Journal
from bot.demo.messages import Entity, File, Keyboard, Message, Press, Sender, Service
from bot.demo.polls import Poll, Polls
from bot.demo.updates import Updates
from bot.demo.wire import Payload

BOT_ID = 7000000001
BOT_USERNAME = "ketang_demo_bot"
FAKES = (GROUP_ANONYMOUS_BOT, CHANNEL_BOT, TELEGRAM)  # bots by flag, people behind

_COMMAND = re.compile(r"/[A-Za-z0-9_]{1,64}(?:@(\w+))?(?!\w)")


class Clock(Protocol):
    """Gives the present moment, aware, UTC."""

    def now(self) -> datetime: ...


class World:
    """One bot's Telegram. `has_checks`: everything the bot gets is held against the installed library."""

    def __init__(
        self,
        clock: Clock,
        token: str,
        *,
        name: str = "共富小课堂",
        has_checks: bool = True,
        has_limits: bool = False,
        has_privacy: bool = True,
    ) -> None:
        self.clock = clock
        self.token = token
        self.has_checks = has_checks
        self.has_limits = has_limits
        self.has_privacy = has_privacy
        self.bot = Person(BOT_ID, name, username=BOT_USERNAME, is_bot=True)
        self.persons: dict[int, Person] = {BOT_ID: self.bot} | {one.id: one for one in _fakes()}
        self.chats: dict[int, Chat] = {}
        self.presses: dict[str, Press] = {}
        self.files: dict[str, File] = {}
        self.journal = Journal()
        self.updates = Updates(self.now)
        self.polls = Polls(self.now, self._poll_closed)
        self.commands = CommandLists()
        self.descriptions: dict[tuple[str, str], str] = {}  # by (kind, language)
        self.menu_buttons: dict[int, Payload] = {}  # by chat id; 0 = default
        self.faults = faults.Faults()
        self.limits = faults.Limits()
        self.warnings: list[str] = []
        self.problems: list[str] = []
        self.groups_made = 0
        self.supergroups_made = 0

    def now(self) -> datetime:
        return self.clock.now()

    # Who and where

    def add_person(
        self, person_id: int, first_name: str, *, last_name: str = "", username: str = "", has_started: bool = False
    ) -> Person:
        person = Person(person_id, first_name, last_name, username, has_started=has_started)
        self.persons[person_id] = person
        self.chats[person_id] = Chat(person_id, ChatKind.PRIVATE)
        return person

    def add_bot(self, bot_id: int, name: str, username: str) -> Person:
        """Another bot, whose messages ours never sees."""
        self.persons[bot_id] = Person(bot_id, name, username=username, is_bot=True)
        return self.persons[bot_id]

    def add_group(
        self,
        title: str,
        *,
        owner: int,
        members: Iterable[int] = (),
        kind: ChatKind = ChatKind.SUPERGROUP,
        bot: Membership | None = None,
        is_forum: bool = False,
    ) -> Chat:
        """A group that is simply there: no update is caused. `bot` = the bot's membership, if it has one."""
        chat = Chat(self._take_group_id(kind), kind, title, is_forum=is_forum)
        chat.members = {one: Membership(Rank.MEMBER) for one in members}
        chat.members[owner] = Membership(Rank.CREATOR)
        if bot is not None:
            chat.members[BOT_ID] = bot
        self.chats[chat.id] = chat
        self.journal.write(EventKind.CHAT, self.now(), chat_id=chat.id)
        return chat

    def add_channel(self, title: str) -> Chat:
        """A channel, as a sender of messages only."""
        chat = Chat(self._take_group_id(ChatKind.CHANNEL), ChatKind.CHANNEL, title)
        self.chats[chat.id] = chat
        return chat

    def add_topic(self, chat: Chat, name: str) -> Topic:
        """A topic that is simply there. As in Telegram its id is the id of the message that opened it."""
        topic = Topic(chat.take_message_id(), name)
        chat.topics[topic.id] = topic
        self.journal.write(EventKind.TOPIC, self.now(), chat_id=chat.id, detail=_topic_detail(topic))
        return topic

    def _take_group_id(self, kind: ChatKind) -> int:
        if kind is ChatKind.GROUP:
            self.groups_made += 1
            return -4000 - self.groups_made
        self.supergroups_made += 1
        return SUPERGROUP_BASE - self.supergroups_made

    def message(self, chat_id: int, message_id: int) -> Message | None:
        """A message that is still there."""
        chat = self.chats.get(chat_id)
        found = chat.messages.get(message_id) if chat else None
        return None if found is None or found.is_deleted else found

    def chats_of(self, person_id: int) -> list[Chat]:
        """The chats in this person's list: the private one with the bot, and the groups."""
        return [chat for chat in self.chats.values() if chat.holds(person_id) and chat.migrated_to is None]

    def access(self, person_id: int) -> Access:
        person = self.persons.get(person_id)
        if person is None:
            return Access.UNKNOWN
        if person.is_deleted:
            return Access.DELETED
        if person.has_blocked:
            return Access.BLOCKED
        if person.has_started:
            return Access.STARTED
        shared = any(
            not chat.is_private and chat.holds(person_id) and chat.holds(BOT_ID) for chat in self.chats.values()
        )
        return Access.KNOWN if shared else Access.UNKNOWN

    def commands_for(self, person_id: int, chat_id: int) -> tuple[Command, ...]:
        """The command list that this person's app shows in this chat."""
        chat = self.chats[chat_id]
        return self.commands.shown(
            person_id=person_id,
            chat_id=chat_id,
            is_private=chat.is_private,
            is_admin=chat.membership(person_id).rank.is_admin,
            language=self.persons[person_id].language_code,
        )

    # Messages

    def post(self, message: Message) -> Message:
        """Gives the message its id, keeps it, and tells the bot if the bot may see it."""
        chat = self.chats[message.chat_id]
        message.id = chat.take_message_id()
        message.keep_version(message.at)
        chat.messages[message.id] = message
        if message.poll is not None:
            message.poll.message_id = message.id
        person_id = message.sender.person_id or None
        self.journal.write(EventKind.MESSAGE, message.at, chat_id=chat.id, message_id=message.id, person_id=person_id)
        if self.is_shown_to_bot(message):
            self.emit("message", self.shape(message))
        return message

    def post_service(self, chat: Chat, by: int, service: Service, *, thread_id: int | None = None) -> Message:
        sender = Sender(by, by)
        return self.post(Message(0, chat.id, self.now(), sender, service=service, thread_id=thread_id))

    def edit(
        self, message: Message, text: str, entities: tuple[Entity, ...], keyboard: Keyboard, by: int = BOT_ID
    ) -> None:
        if (text, entities) != (message.text, message.entities):
            message.edited_at = self.now()
        message.text, message.entities, message.keyboard = text, entities, keyboard
        message.keep_version(self.now())
        detail: Payload = {"version": len(message.versions) - 1}
        self._write_about(EventKind.EDITED, message, by, detail)

    def delete(self, message: Message, by: int = BOT_ID) -> None:
        message.is_deleted = True
        pinned = self.chats[message.chat_id].pinned
        if message.id in pinned:
            pinned.remove(message.id)
        self._write_about(EventKind.DELETED, message, by, {})

    def pin(self, message: Message, by: int = BOT_ID) -> None:
        chat = self.chats[message.chat_id]
        if message.id in chat.pinned:
            return
        chat.pinned.append(message.id)
        self._write_about(EventKind.PINNED, message, by, {})
        self.post_service(chat, by, Service("pinned_message", message_id=message.id))

    def unpin(self, message: Message, by: int = BOT_ID) -> None:
        self.chats[message.chat_id].pinned.remove(message.id)
        self._write_about(EventKind.UNPINNED, message, by, {})

    def add_file(self, name: str, data: bytes, mime_type: str, *, width: int = 0, height: int = 0) -> File:
        number = len(self.files) + 1
        folder, tail = ("photos", ".jpg") if width else ("documents", "")
        suffix = name[name.rfind(".") :] if "." in name else tail
        file = File(
            id=f"BQADfile{number:08d}",
            unique_id=f"AQADunique{number:08d}",
            path=f"{folder}/file_{number}{suffix}",
            name=name,
            mime_type=mime_type,
            data=data,
            width=width,
            height=height,
        )
        self.files[file.id] = file
        return file

    def shape(self, message: Message) -> Payload:
        return shapes.message(message, self.persons, self.chats)

    def is_shown_to_bot(self, message: Message) -> bool:
        """Privacy mode: a plain member gets commands, replies to it and service messages."""
        chat = self.chats[message.chat_id]
        sender = message.sender.user_id
        if not (chat.is_private or chat.holds(BOT_ID)):
            return False
        if sender == BOT_ID:
            return message.service is not None and message.service.kind == "pinned_message"
        if self.persons[sender].is_bot and sender not in FAKES:
            return False
        if chat.is_private or message.service is not None or not self.has_privacy:
            return True
        return chat.membership(BOT_ID).rank.is_admin or self._is_addressed(message, chat)

    def _is_addressed(self, message: Message, chat: Chat) -> bool:
        if match := _COMMAND.match(message.text):
            return match[1] is None or match[1].lower() == self.bot.username.lower()
        replied = chat.messages.get(message.reply_to or 0)
        return replied is not None and replied.sender.user_id == BOT_ID

    # Ranks and access

    def set_membership(self, chat: Chat, user_id: int, new: Membership, by: int) -> None:
        """Changes a rank and tells the bot: about itself always, about others only as an administrator."""
        old = chat.membership(user_id)
        if old == new:
            return
        chat.members[user_id] = new
        detail: Payload = {"user": user_id, "old": old.rank.value, "new": new.rank.value}
        self.journal.write(EventKind.MEMBER, self.now(), chat_id=chat.id, person_id=by, detail=detail)
        if user_id == BOT_ID:
            self._emit_member("my_chat_member", chat, user_id, old, new, by)
        elif chat.membership(BOT_ID).rank.is_admin:
            self._emit_member("chat_member", chat, user_id, old, new, by)

    def set_blocked(self, person_id: int, *, is_blocked: bool) -> None:
        person = self.persons[person_id]
        if person.has_blocked == is_blocked:
            return
        person.has_blocked = is_blocked
        self.note_access(person_id)
        ranks = (Membership(Rank.MEMBER), Membership(Rank.KICKED))
        old, new = ranks if is_blocked else ranks[::-1]
        self._emit_member("my_chat_member", self.chats[person_id], BOT_ID, old, new, person_id)

    def note_access(self, person_id: int) -> None:
        detail: Payload = {"access": self.access(person_id).value}
        self.journal.write(EventKind.ACCESS, self.now(), person_id=person_id, detail=detail)

    def _emit_member(self, kind: str, chat: Chat, user_id: int, old: Membership, new: Membership, by: int) -> None:
        person = self.persons[user_id]
        body: Payload = {
            "chat": shapes.chat(chat, self.persons),
            "from": shapes.user(self.persons[by]),
            "date": shapes.stamp(self.now()),
            "old_chat_member": shapes.member(person, old),
            "new_chat_member": shapes.member(person, new),
        }
        self.emit(kind, body)

    # Polls

    def poll_changed(self, poll: Poll) -> None:
        """Writes the new counts (or the closing) and tells the bot."""
        detail: Payload = {"poll": poll.id, "closed": poll.is_closed}
        self.journal.write(EventKind.POLL, self.now(), chat_id=poll.chat_id, message_id=poll.message_id, detail=detail)
        self.emit("poll", shapes.poll(poll, self.persons))

    def _poll_closed(self, poll: Poll) -> None:
        self.poll_changed(poll)

    # The bot

    def emit(self, kind: str, body: Payload) -> None:
        """Puts an update in the bot's queue, if the bot asked for this kind."""
        if kind not in self.updates.allowed:
            return
        if self.has_checks:
            self._check(WireUpdate, {"update_id": self.updates.last_id + 1, kind: body})
        self.updates.put(kind, body)

    def _check(self, cls: type[TelegramObject], data: Payload) -> None:
        wire.check(cls, data)

    def fault(
        self,
        method: str,
        kind: faults.Failure,
        *,
        chat: int | None = None,
        times: int = 1,
        after: int = 0,
    ) -> None:
        """Programs a failure: `world.fault("sendMessage", flood(30), chat=-1001)`."""
        self.faults.add(method, kind, chat_id=chat, times=times, after=after)

    def calls(self, method: str | None = None) -> list[Call]:
        """Calls of the bot so far; waiting for updates is not recorded unless it failed."""
        return [call for call in self.journal.calls if method is None or call.method.lower() == method.lower()]

    def warn(self, text: str) -> None:
        self.warnings.append(text)
        self.journal.write(EventKind.WARNING, self.now(), detail={"text": text})

    def keep_problem(self, text: str) -> None:
        """An error inside the emulator itself."""
        self.problems.append(text)
        self.journal.write(EventKind.PROBLEM, self.now(), detail={"text": text})

    def events_after(self, seq: int) -> list[Event]:
        return list(self.journal.after(seq))

    def _write_about(self, kind: EventKind, message: Message, by: int, detail: Payload) -> None:
        self.journal.write(
            kind, self.now(), chat_id=message.chat_id, message_id=message.id, person_id=by, detail=detail
        )


def _topic_detail(topic: Topic) -> Payload:
    return {"topic": topic.id, "name": topic.name, "closed": topic.is_closed}


def _fakes() -> tuple[Person, Person, Person]:
    return (
        Person(GROUP_ANONYMOUS_BOT, "Group", username="GroupAnonymousBot", is_bot=True),
        Person(CHANNEL_BOT, "Channel", username="Channel_Bot", is_bot=True),
        Person(TELEGRAM, "Telegram"),
    )
