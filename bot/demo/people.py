"""What persons do in their chats, and the updates it causes: say, press, vote, upload, follow links, block."""

from __future__ import annotations

import mimetypes
import re
from enum import Enum, auto
from urllib.parse import parse_qs, urlsplit

from bot.demo import app_refusals, htmltext, images, shapes
from bot.demo.chats import CHANNEL_BOT, GROUP_ANONYMOUS_BOT, TELEGRAM, Chat
from bot.demo.groups import Groups
from bot.demo.journal import EventKind
from bot.demo.messages import Message, Origin, Press, Sender
from bot.demo.polls import Poll
from bot.demo.wire import Payload
from bot.demo.world import BOT_ID, World

START_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Voice(Enum):
    """As whom a person writes or votes in a group."""

    SELF = auto()
    GROUP = auto()  # anonymous administrator
    CHANNEL = auto()  # in the name of a channel of one's own
    LINKED = auto()  # a post of the linked channel, forwarded by Telegram


class People:
    """The verbs of persons. Each raises Refused where the person's own app would refuse."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._channels: dict[int, Chat] = {}  # the channel each person writes as

    # Writing

    def say(
        self,
        person_id: int,
        text: str,
        *,
        chat_id: int | None = None,
        reply_to: Message | None = None,
        topic: int | None = None,
        voice: Voice = Voice.SELF,
    ) -> Message:
        """Writes a text, in private with the bot unless `chat_id` names a group."""
        text, _ = htmltext.plain(text)
        draft = self._draft(person_id, chat_id, "can_send_messages", voice, topic, reply_to)
        draft.text, draft.entities = text, htmltext.find(text)
        return self._send(draft)

    def upload(
        self,
        person_id: int,
        name: str,
        data: bytes,
        *,
        caption: str = "",
        chat_id: int | None = None,
        is_photo: bool = False,
    ) -> Message:
        """Sends a file, or a picture as a photo."""
        right = "can_send_photos" if is_photo else "can_send_documents"
        draft = self._draft(person_id, chat_id, right, Voice.SELF, None, None)
        width, height = images.size(data) if is_photo else (0, 0)
        mime_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        draft.file = self.world.add_file(name, data, mime_type, width=width, height=height)
        draft.text, draft.entities = caption, htmltext.find(caption)
        return self._send(draft)

    def forward(self, person_id: int, message: Message, *, chat_id: int | None = None) -> Message:
        """Forwards somebody's message, in private to the bot unless `chat_id` names a group."""
        draft = self._draft(person_id, chat_id, "can_send_messages", Voice.SELF, None, None)
        draft.text, draft.entities, draft.file = message.text, message.entities, message.file
        author = message.sender
        is_channel = author.user_id in (CHANNEL_BOT, TELEGRAM)
        draft.origin = message.origin or Origin(
            message.at,
            user_id=None if is_channel else author.user_id,
            chat_id=author.chat_id if is_channel else None,
            message_id=message.id,
        )
        return self._send(draft)

    def follow(self, person_id: int, link: str, *, chat_id: int | None = None) -> Message:
        """Opens a deep link: `?start=` in private; `?startgroup=` adds the bot to the group `chat_id`."""
        parts = urlsplit(link)
        if parts.path.strip("/").lower() != self.world.bot.username.lower():
            raise app_refusals.start_param_invalid()
        query = parse_qs(parts.query, keep_blank_values=True)
        if "startgroup" in query:
            if chat_id is None:
                raise ValueError("a startgroup link needs the group it is opened in")
            return self._start_in_group(person_id, chat_id, query["startgroup"][0])
        payload = query.get("start", [""])[0]
        if payload and not START_PAYLOAD.fullmatch(payload):
            raise app_refusals.start_param_invalid()
        return self.say(person_id, f"/start {payload}".strip())

    def _start_in_group(self, person_id: int, chat_id: int, payload: str) -> Message:
        if not START_PAYLOAD.fullmatch(payload):
            raise app_refusals.start_param_invalid()
        chat = self.world.chats[chat_id]
        if not chat.holds(BOT_ID):
            Groups(self.world).add_bot(chat, by=person_id)
        return self.say(person_id, f"/start@{self.world.bot.username} {payload}", chat_id=chat_id)

    def edit(self, person_id: int, message: Message, text: str) -> None:
        if message.sender.person_id != person_id or message.is_deleted:
            raise app_refusals.message_gone()
        text, _ = htmltext.plain(text)
        self.world.edit(message, text, htmltext.find(text), (), by=person_id)
        if self.world.is_shown_to_bot(message):
            self.world.emit("edited_message", self.world.shape(message))

    def delete(self, person_id: int, message: Message) -> None:
        """Bots are not told of it."""
        chat = self._open(person_id, message.chat_id)
        is_own = message.sender.person_id == person_id
        if message.is_deleted or not (is_own or chat.may(person_id, "can_delete_messages")):
            raise app_refusals.message_gone()
        self.world.delete(message, by=person_id)

    # Buttons and polls

    def press(
        self,
        person_id: int,
        message: Message,
        *,
        label: str | None = None,
        data: str | None = None,
        version: int = -1,
    ) -> Press:
        """Presses a button by its label or its data; `version` = which content the person's app still shows."""
        self._open(person_id, message.chat_id)
        if data is None:
            button = message.button(label or "", version)
            if button.data is None:
                raise LookupError(f"〔{button.text}〕 sends no data: {button.url}")
            data = button.data
        if label is None:
            label = next((one.text for one in message.buttons(version) if one.data == data), data)
        return self._query(person_id, message, label, data)

    def _query(self, person_id: int, message: Message, label: str, data: str) -> Press:
        world = self.world
        press_id = str(4000000000000000000 + len(world.presses) + 1)
        press = Press(press_id, person_id, message.chat_id, message.id, label, data, world.now())
        world.presses[press_id] = press
        world.journal.write(
            EventKind.PRESS,
            press.at,
            chat_id=message.chat_id,
            message_id=message.id,
            person_id=person_id,
            detail={"press": press_id, "label": label, "data": data},
        )
        home = world.chats[message.chat_id]
        shown = shapes.inaccessible(home, message.id, world.persons) if message.is_deleted else world.shape(message)
        body: Payload = {
            "id": press_id,
            "from": shapes.user(world.persons[person_id]),
            "message": shown,
            "chat_instance": str(abs(message.chat_id)),
            "data": data,
        }
        world.emit("callback_query", body)
        return press

    def vote(self, person_id: int, message: Message, *options: int | str, voice: Voice = Voice.SELF) -> Poll:
        """Votes for option ids or visible option texts."""
        poll = self._poll(person_id, message)
        voter = self._sender(person_id, self.world.chats[message.chat_id], voice)
        poll.vote(voter.chat_id or person_id, poll.options_named(options))
        self._voted(poll, voter)
        return poll

    def withdraw(self, person_id: int, message: Message, *, voice: Voice = Voice.SELF) -> Poll:
        poll = self._poll(person_id, message)
        voter = self._sender(person_id, self.world.chats[message.chat_id], voice)
        poll.withdraw(voter.chat_id or person_id)
        self._voted(poll, voter)
        return poll

    def _poll(self, person_id: int, message: Message) -> Poll:
        self.world.polls.close_due()
        self._open(person_id, message.chat_id)
        if message.poll is None or message.is_deleted:
            raise app_refusals.message_gone()
        return message.poll

    def _voted(self, poll: Poll, voter: Sender) -> None:
        world = self.world
        chosen = poll.votes.get(voter.chat_id or voter.person_id, ())
        world.journal.write(
            EventKind.VOTE,
            world.now(),
            chat_id=poll.chat_id,
            message_id=poll.message_id,
            person_id=voter.person_id,
            detail={"poll": poll.id, "options": list(chosen)},
        )
        if not poll.is_anonymous:
            as_chat = None if voter.chat_id is None else shapes.chat(world.chats[voter.chat_id], world.persons)
            shown = world.persons[voter.person_id if as_chat is None else CHANNEL_BOT]
            world.emit("poll_answer", shapes.poll_answer(poll, chosen, shown, as_chat))
        world.poll_changed(poll)

    # Coming and going

    def block(self, person_id: int) -> None:
        self.world.set_blocked(person_id, is_blocked=True)

    def unblock(self, person_id: int) -> None:
        self.world.set_blocked(person_id, is_blocked=False)

    def close_account(self, person_id: int) -> None:
        self.world.persons[person_id].is_deleted = True
        self.world.note_access(person_id)

    # How a message comes about

    def _open(self, person_id: int, chat_id: int) -> Chat:
        """The chat, if this person is in it."""
        chat = self.world.chats[chat_id]
        if not chat.holds(person_id):
            raise app_refusals.not_in_chat()
        return chat

    def _draft(
        self,
        person_id: int,
        chat_id: int | None,
        right: str,
        voice: Voice,
        topic: int | None,
        reply_to: Message | None,
    ) -> Message:
        chat = self._open(person_id, person_id if chat_id is None else chat_id)
        if chat.migrated_to is not None or not chat.may(person_id, right):
            raise app_refusals.may_not_write()
        if topic is None and reply_to is not None:
            topic = reply_to.thread_id
        if topic is not None and (topic not in chat.topics or chat.topics[topic].is_closed):
            raise app_refusals.topic_closed()
        sender = self._sender(person_id, chat, voice)
        draft = Message(0, chat.id, self.world.now(), sender, thread_id=topic)
        draft.reply_to = reply_to.id if reply_to is not None else None
        if voice is Voice.LINKED:
            draft.is_automatic_forward = True
            draft.origin = Origin(draft.at, chat_id=sender.chat_id, message_id=chat.last_message_id + 1)
        return draft

    def _send(self, draft: Message) -> Message:
        chat = self.world.chats[draft.chat_id]
        if chat.is_private:
            self._start(chat.id)
        return self.world.post(draft)

    def _start(self, person_id: int) -> None:
        """Writing in private starts the bot, and lifts a block."""
        person = self.world.persons[person_id]
        if not person.has_started:
            person.has_started = True
            self.world.note_access(person_id)
        self.world.set_blocked(person_id, is_blocked=False)

    def _sender(self, person_id: int, chat: Chat, voice: Voice) -> Sender:
        if voice is Voice.SELF:
            return Sender(person_id, person_id)
        if voice is Voice.GROUP:
            if not chat.membership(person_id).rank.is_admin:
                raise app_refusals.admin_required()
            return Sender(GROUP_ANONYMOUS_BOT, person_id, chat.id)
        channel = self._channel(person_id)
        return Sender(CHANNEL_BOT if voice is Voice.CHANNEL else TELEGRAM, person_id, channel.id)

    def _channel(self, person_id: int) -> Chat:
        if person_id not in self._channels:
            name = self.world.persons[person_id].name
            self._channels[person_id] = self.world.add_channel(f"{name}的频道")
        return self._channels[person_id]
