"""What the bot says and hears, as plain data: messages, buttons, polls, callback data, and who acted."""

import base64
import html
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal, cast

from bot.errors import UserError

MAX_TEXT = 4000  # UTF-16 units; Telegram takes 4096 after parsing, the rest is room for a page number
MAX_DATA = 64  # bytes of callback data
MAX_TOAST = 200
MAX_CAPTION = 1024
LARGEST = 2**31 - 1  # number of a row on PostgreSQL: a larger one is forged, and an error there
_NUMBER = re.compile(r"-?[0-9a-z]{1,7}")
_DIGITS = string.digits + string.ascii_lowercase
# Characters that turn the reading direction or are invisible: a name must not hide or reorder what stands beside it.
_INVISIBLE = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF])


class StaleButton(UserError):
    text = "这个按钮已失效，请点最新消息里的按钮。"
    ends_buttons = True


class Html(str):
    """Text that is already Telegram HTML and is not escaped again."""

    __slots__ = ()


def clean(value: object) -> str:
    """`value` without direction marks, invisible and control characters (line breaks stay)."""
    text = str(value)
    if text.isprintable():  # nothing of it is any of these: a card is made of a hundred such pieces
        return text
    text = text.translate(_INVISIBLE)
    return "".join(c for c in text if c == "\n" or c.isprintable() or c == "\u3000")


def escape(value: object) -> Html:
    return value if isinstance(value, Html) else Html(html.escape(clean(value), quote=False))


def fill(template: str, **values: object) -> Html:
    """`template` (our own HTML) with every value escaped; a value that is `Html` goes in as it is."""
    return Html(template.format(**{name: escape(value) for name, value in values.items()}))


def strip_tags(text: str) -> str:
    """Our HTML as plain text."""
    return html.unescape(re.sub(r"</?[a-z-]+(?: [^<>]*)?>", "", text))


def lines(*parts: str) -> Html:
    """The parts that are not empty, one a line."""
    return Html("\n".join(escape(part) for part in parts if part))


def units(text: str) -> int:
    """Length as Telegram counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, most: int) -> str:
    """`text` with at most `most` UTF-16 units, the last one an ellipsis when something was left out."""
    if 2 * len(text) <= most or units(text) <= most:
        return text
    kept = text.encode("utf-16-le")[: 2 * (most - 1)].decode("utf-16-le", errors="ignore")
    return kept + "…"


def base36(n: int) -> str:
    if n < 0:
        return "-" + base36(-n)
    text = ""
    while n >= 36:
        n, digit = divmod(n, 36)
        text = _DIGITS[digit] + text
    return _DIGITS[n] + text


def number(text: str) -> int:
    """Inverse of `base36`; what we did not write ourselves is a stale button, never an error."""
    if not _NUMBER.fullmatch(text) or abs(found := int(text, 36)) > LARGEST:
        raise StaleButton
    return found


def press(feature: str, verb: str, *args: int | str) -> str:
    """Callback data `feature:verb:arg…`, integers in base 36."""
    data = ":".join((feature, verb, *[arg if isinstance(arg, str) else _digits(arg) for arg in args]))
    if not data.isascii() or len(data) > MAX_DATA:
        raise ValueError(f"callback data does not fit: {data!r}")
    return data


@lru_cache(maxsize=256)  # all buttons of a card name the same few
def _digits(number: int) -> str:
    if abs(number) > LARGEST:
        raise ValueError(f"callback data does not fit: {number}")
    return base36(number)


@dataclass(frozen=True, slots=True)
class Press:
    """Callback data taken apart; the numbers in it are claims that every service checks."""

    feature: str
    verb: str
    args: tuple[str, ...]

    @classmethod
    def parse(cls, data: str) -> "Press":
        feature, _, rest = data.partition(":")
        verb, *args = rest.split(":")
        return cls(feature, verb, tuple(args))

    def number(self, place: int) -> int:
        return number(self.word(place))

    def word(self, place: int) -> str:
        if place >= len(self.args):
            raise StaleButton
        return self.args[place]


@dataclass(frozen=True, slots=True)
class Button:
    """One inline button: callback `data`, a `url`, a deep `link` payload, or a `group_link` that adds the bot."""

    label: str
    data: str | None = None
    url: str | None = None
    link: str | None = None
    group_link: str | None = None
    style: Literal["success", "danger", "primary"] | None = None


Buttons = tuple[tuple[Button, ...], ...]


def rows(buttons: Sequence[Button], width: int) -> Buttons:
    """`buttons` laid out `width` to a row."""
    return tuple(tuple(buttons[i : i + width]) for i in range(0, len(buttons), width))


@dataclass(frozen=True, slots=True)
class Message:
    """A text message: `text` is Telegram HTML."""

    text: str
    buttons: Buttons = ()
    is_silent: bool = False
    is_protected: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """The message the person pressed on (or `message_id`), shown anew."""

    message: Message
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Poll:
    """A native quiz poll, named and closed by Telegram after `open_for`."""

    question: str
    options: tuple[str, ...]
    right: tuple[int, ...]  # places, ascending
    open_for: timedelta
    allows_several: bool = False
    explanation: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class StopPoll:
    message_id: int


@dataclass(frozen=True, slots=True)
class Pin:
    message_id: int
    is_pinned: bool = True


@dataclass(frozen=True, slots=True)
class Delete:
    message_id: int


@dataclass(frozen=True, slots=True)
class Leave:
    """The bot leaves the chat."""


@dataclass(frozen=True, slots=True)
class Commands:
    """The command list of one scope: `user_id` set = one person in the chat."""

    commands: tuple[tuple[str, str], ...]
    scope: Literal["all_private_chats", "all_group_chats", "chat", "chat_member", "chat_administrators"]
    user_id: int | None = None
    language: str = ""  # of the app that shows it; empty: of every app without a list in its own


@dataclass(frozen=True, slots=True)
class Document:
    name: str
    data: bytes = field(repr=False)
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Toast:
    """Done: a short line above the chat, for the person who pressed."""

    text: str


@dataclass(frozen=True, slots=True)
class Alert:
    """Refused: a window that waits to be closed, for the person who pressed."""

    text: str


@dataclass(frozen=True, slots=True)
class Open:
    """The private chat opens by the deep link `link`, for the person who pressed."""

    link: str


@dataclass(frozen=True, slots=True)
class ClearButtons:
    """The pressed message loses its keyboard."""


Content = Message | Edit | Poll | StopPoll | Pin | Delete | Leave | Commands | Document
PressAnswer = Toast | Alert | Open
Part = Content | PressAnswer | ClearButtons


@dataclass(frozen=True, slots=True)
class Sender:
    """Who acted, where, and when we stored it (`at`, aware UTC: the only time of a press that exists)."""

    user_id: int
    chat_id: int
    at: datetime
    is_private: bool = True
    is_late: bool = False  # it waited through an outage of ours: Telegram gives no time of the press
    update_id: int | None = None
    bot_id: int = 0
    username: str = ""
    message_id: int | None = None  # of the message pressed or written
    thread_id: int | None = None
    is_root: bool = False  # named in `root_user_ids`
    sees_names: bool = False  # `quiz.admin_sees_names`, of use to an ADMIN


_KINDS: dict[str, type[Content]] = {
    "message": Message,
    "edit": Edit,
    "poll": Poll,
    "stop_poll": StopPoll,
    "pin": Pin,
    "delete": Delete,
    "leave": Leave,
    "commands": Commands,
    "document": Document,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def to_json(content: Content) -> dict[str, object]:
    values = asdict(content)
    if isinstance(content, Document):
        values["data"] = base64.b64encode(content.data).decode()
    if isinstance(content, Poll):
        values["open_for"] = content.open_for.total_seconds()
    return {"kind": _NAMES[type(content)], **values}


def from_json(body: Mapping[str, object]) -> Content:
    values = dict(body)
    kind = _KINDS[str(values.pop("kind"))]
    if kind is Message:
        return _message(values)
    if kind is Edit:
        message_id = cast("int | None", values["message_id"])
        return Edit(_message(cast("dict[str, object]", values["message"])), message_id)
    if kind is Document:
        values["data"] = base64.b64decode(str(values["data"]))
    if kind is Poll:
        values["open_for"] = timedelta(seconds=cast("float", values["open_for"]))
        values["options"] = tuple(cast("list[str]", values["options"]))
        values["right"] = tuple(cast("list[int]", values["right"]))
    if kind is Commands:
        values["commands"] = tuple(tuple(c) for c in cast("list[list[str]]", values["commands"]))
    return kind(**values)  # type: ignore[arg-type]  # the fields of a dataclass that we wrote


def _message(values: Mapping[str, object]) -> Message:
    told = cast("list[list[dict[str, str | None]]]", values["buttons"])
    buttons = tuple(tuple(Button(**button) for button in row) for row in told)  # type: ignore[arg-type]  # ours, too
    return Message(**{**values, "buttons": buttons})  # type: ignore[arg-type]  # ours, too
