"""What happened in the world, in order: events with `seq` for the page and the transcript, calls of the bot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.demo.wire import Payload


class EventKind(StrEnum):
    MESSAGE = "message"  # posted by anybody
    EDITED = "edited"  # detail: version, the index in `message.versions`
    DELETED = "deleted"
    PINNED = "pinned"
    UNPINNED = "unpinned"
    POLL = "poll"  # counts changed or closed; detail: poll, closed
    VOTE = "vote"  # detail: poll, options
    PRESS = "press"  # detail: press, label, data
    ANSWERED = "answered"  # detail: press, label, text, alert, url; for person_id alone
    MEMBER = "member"  # detail: user, old, new
    ACCESS = "access"  # a person started, blocked, unblocked; detail: access
    TOPIC = "topic"  # detail: topic, name, closed
    CHAT = "chat"  # a chat was made, renamed or upgraded
    COMMANDS = "commands"  # a command list or a menu button changed
    CALL = "call"  # detail: call, the index in `journal.calls`
    CLOCK = "clock"  # written by whoever moves the clock
    WARNING = "warning"  # detail: text
    PROBLEM = "problem"  # detail: text


@dataclass(frozen=True, slots=True)
class Event:
    seq: int
    at: datetime
    kind: EventKind
    chat_id: int | None
    message_id: int | None
    person_id: int | None  # who acted, or whom alone it concerns
    detail: Payload


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Bot API. `latency` in milliseconds of real time; status 0: the answer was lost on purpose."""

    at: datetime
    method: str
    chat_id: int | None
    status: int
    description: str
    latency: float
    parameters: Payload
    result: object

    @property
    def is_ok(self) -> bool:
        return self.status == 200


@dataclass(slots=True)
class Journal:
    """`first` is the seq before the first event kept; listeners are told of each event as it is written."""

    events: list[Event] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    listeners: list[Callable[[Event], None]] = field(default_factory=list)

    @property
    def seq(self) -> int:
        return len(self.events)

    def write(
        self,
        kind: EventKind,
        at: datetime,
        *,
        chat_id: int | None = None,
        message_id: int | None = None,
        person_id: int | None = None,
        detail: Payload | None = None,
    ) -> Event:
        event = Event(len(self.events) + 1, at, kind, chat_id, message_id, person_id, detail or {})
        self.events.append(event)
        for listener in self.listeners:
            listener(event)
        return event

    def write_call(self, call: Call) -> None:
        self.calls.append(call)
        self.write(EventKind.CALL, call.at, chat_id=call.chat_id, detail={"call": len(self.calls) - 1})

    def after(self, seq: int) -> Iterator[Event]:
        yield from self.events[seq:]
