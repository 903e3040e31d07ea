"""Messages, their entities, buttons, files and versions as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bot.demo.wire import Payload

if TYPE_CHECKING:
    from bot.demo.polls import Poll


@dataclass(frozen=True, slots=True)
class Entity:
    """A stretch of formatted text; offset and length in UTF-16 units."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None
    user_id: int | None = None
    custom_emoji_id: str | None = None
    unix_time: int | None = None
    date_time_format: str | None = None


@dataclass(frozen=True, slots=True)
class Button:
    text: str
    data: str | None = None
    url: str | None = None
    style: str | None = None
    other: tuple[tuple[str, object], ...] = ()  # fields of kinds the world does not act on, as sent


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class File:
    id: str
    unique_id: str
    path: str
    name: str
    mime_type: str
    data: bytes = field(repr=False)
    width: int = 0
    height: int = 0

    @property
    def is_photo(self) -> bool:
        return self.width > 0


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a message shows as its author. `person_id` is who really wrote it (0: nobody of this world)."""

    user_id: int
    person_id: int = 0
    chat_id: int | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """What a service message tells, named by its field of the Bot API."""

    kind: str
    user_ids: tuple[int, ...] = ()
    message_id: int | None = None
    chat_id: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a forwarded message came from: a person, or a channel's post."""

    at: datetime
    user_id: int | None = None
    chat_id: int | None = None
    message_id: int = 0


@dataclass(frozen=True, slots=True)
class Version:
    at: datetime
    text: str
    entities: tuple[Entity, ...]
    keyboard: Keyboard


@dataclass(slots=True)
class Message:
    """One message; `text` and `entities` are the caption's where a file is attached."""

    id: int
    chat_id: int
    at: datetime
    sender: Sender
    text: str = ""
    entities: tuple[Entity, ...] = ()
    keyboard: Keyboard = ()
    file: File | None = None
    poll: Poll | None = None
    service: Service | None = None
    origin: Origin | None = None
    reply_to: int | None = None
    thread_id: int | None = None
    reply_keyboard: Payload | None = None  # markup that is no inline keyboard, as sent
    is_silent: bool = False
    is_protected: bool = False
    is_automatic_forward: bool = False
    is_deleted: bool = False
    edited_at: datetime | None = None
    versions: list[Version] = field(default_factory=list)  # every content shown so far, the present one last

    def keep_version(self, at: datetime) -> None:
        self.versions.append(Version(at, self.text, self.entities, self.keyboard))

    def buttons(self, version: int = -1) -> Iterator[Button]:
        for row in self.versions[version].keyboard:
            yield from row

    def button(self, label: str, version: int = -1) -> Button:
        for button in self.buttons(version):
            if button.text == label:
                return button
        shown = " ".join(f"〔{button.text}〕" for button in self.buttons(version))
        raise LookupError(f"no button 〔{label}〕 on message {self.id}: {shown or 'no buttons'}")


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    is_alert: bool
    url: str
    at: datetime


@dataclass(slots=True)
class Press:
    """A button pressed: one callback query, answerable once."""

    id: str
    person_id: int
    chat_id: int
    message_id: int
    label: str
    data: str
    at: datetime
    answer: Answer | None = None

    @property
    def toast(self) -> str | None:
        return self.answer.text if self.answer and not self.answer.is_alert else None

    @property
    def alert(self) -> str | None:
        return self.answer.text if self.answer and self.answer.is_alert else None
