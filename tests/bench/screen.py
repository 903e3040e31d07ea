"""What people of the long bench see: buttons in their chats, answers to presses, and what was never meant for them."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.demo.journal import Event, EventKind
from bot.demo.messages import Message, Press
from bot.demo.world import BOT_ID, World
from bot.message import Press as Pressed

OF_A_BRANCH = re.compile(r"(?:支部|党员)(\d\d)")
WATCHED = frozenset({"go", "in", "kind", "yes", "because", "forgot", "agree", "true"})
HARMLESS = ("not modified", "message to unpin not found")  # as the bot takes them, too
KEPT = timedelta(days=45)  # messages; the bot edits none that is older


@dataclass
class Screen:
    """`homes`: the branch behind each chat; who is in none may read of all."""

    world: World
    homes: Mapping[int, int]
    shown: dict[tuple[str, int], dict[int, Message]] = field(default_factory=dict)  # by verb and what it is about
    fresh: list[tuple[str, int, Message]] = field(default_factory=list)  # buttons that were not there at the last look
    leaks: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)  # calls
    alerts: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    read: int = 0  # messages and edits that were looked through

    def __post_init__(self) -> None:
        self.world.journal.listeners.append(self._hear)

    def _hear(self, event: Event) -> None:
        if event.kind not in (EventKind.MESSAGE, EventKind.EDITED) or event.chat_id is None:
            return
        message = self.world.chats[event.chat_id].messages[event.message_id or 0]
        if message.sender.user_id != BOT_ID or message.service is not None:
            return
        self.read += 1
        self._judge(message)
        for verb, about in dict.fromkeys(_buttons(message)):
            by_chat = self.shown.setdefault((verb, about), {})
            if by_chat.get(message.chat_id) is not message:
                self.fresh.append((verb, about, message))
            by_chat[message.chat_id] = message

    def _judge(self, message: Message) -> None:
        home = self.homes.get(message.chat_id)
        labels = " ".join(button.text for button in message.buttons())
        if home is not None and any(int(found) != home for found in OF_A_BRANCH.findall(f"{message.text} {labels}")):
            self.leaks.append(f"branch {home:02}: {message.text[:80]}")

    def take(self, *verbs: str) -> list[tuple[str, int, Message]]:
        """Buttons of these kinds that appeared since the last call and are still there."""
        taken = [one for one in self.fresh if one[0] in verbs]
        self.fresh = [one for one in self.fresh if one[0] not in verbs]
        there = [(verb, about, message) for verb, about, message in taken if _has(message, verb, about)]
        return sorted(there, key=lambda one: (*one[:2], one[2].chat_id))  # not as they happened to arrive

    def find(self, verb: str, about: int, *chat_ids: int) -> Message | None:
        """The newest message with that button in the first of these chats that has one now."""
        by_chat = self.shown.get((verb, about), {})
        for chat_id in chat_ids:
            message = by_chat.get(chat_id)
            if message is not None and _has(message, verb, about):
                return message
        return None

    def sweep(self, *, now: datetime) -> None:
        """Count what was called and answered, and forget it: an emulator that remembers is no leak of the bot."""
        for call in self.world.journal.calls:
            self.calls[call.method] += 1
            if not call.is_ok and not any(part in call.description for part in HARMLESS):
                self.refused[f"{call.method}: {call.description}"] += 1
        for press in self.world.presses.values():
            self.alerts.update(_trouble(press))
        self.world.journal.calls.clear()
        self.world.journal.events.clear()
        self.world.presses.clear()
        for chat in self.world.chats.values():
            old = [id_ for id_, one in chat.messages.items() if one.at < now - KEPT and id_ not in chat.pinned]
            for id_ in old:
                del chat.messages[id_]
        for key, by_chat in list(self.shown.items()):
            if all(message.at < now - KEPT for message in by_chat.values()):
                del self.shown[key]


def _has(message: Message, verb: str, about: int) -> bool:
    return not message.is_deleted and (verb, about) in _buttons(message)


def _buttons(message: Message) -> Iterator[tuple[str, int]]:
    for button in message.buttons():
        if button.data is not None and button.data.startswith("attendance:"):
            press = Pressed.parse(button.data)
            if press.verb in WATCHED:
                yield press.verb, press.number(0)


def _trouble(press: Press) -> Iterator[str]:
    if press.answer is None:
        yield f"{press.label}: never answered"
    elif press.answer.is_alert:
        yield f"{press.label}: {re.sub('[0-9]+', '#', press.answer.text)}"
