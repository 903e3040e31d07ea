"""What a crowd sends in the same minute, read straight from its JSON: the library's objects take five times as long.

All raise KeyError, TypeError or ValueError when it is not what the Bot API describes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

PRIVATE = "private"  # the kind of a chat with one person

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press on a button, without the card it stands on: nobody looks at it."""

    id: str
    data: str
    user_id: int
    username: str
    chat_id: int
    chat_title: str
    is_private: bool
    message_id: int | None
    thread_id: int | None
    is_there: bool  # the button stands on its message now; apps show old keyboards for a while after an edit

    @classmethod
    def read(cls, query: Json) -> "Pressed":
        person, told = part(query, "from"), part(query, "message") if query.get("message") else {}
        user_id = whole(person["id"])
        chat = part(told, "chat") if told else {"id": user_id, "type": PRIVATE}
        data = str(query.get("data") or "")
        return cls(
            id=str(query["id"]),
            data=data,
            user_id=user_id,
            username=str(person.get("username") or ""),
            chat_id=whole(chat["id"]),
            chat_title=str(chat.get("title") or ""),
            is_private=chat["type"] == PRIVATE,
            message_id=whole(told["message_id"]) if told else None,
            thread_id=whole(told["message_thread_id"]) if told.get("is_topic_message") else None,
            is_there=data in _buttons(told),
        )


@dataclass(frozen=True, slots=True)
class Voted:
    """What somebody has chosen in a poll; no options: he has taken it back."""

    poll_id: str
    options: tuple[int, ...]
    user_id: int  # 0: cast as a group or channel, and nobody knows by whom

    @classmethod
    def read(cls, answer: Json) -> "Voted":
        is_person = answer.get("user") and not answer.get("voter_chat")
        user_id = whole(part(answer, "user")["id"]) if is_person else 0
        options = cast("list[object]", answer["option_ids"])
        return cls(str(answer["poll_id"]), tuple(whole(option) for option in options), user_id)


def read(update: Json) -> Pressed | Voted | None:
    """None: no crowd sends it, and the library may read it."""
    if "callback_query" in update:
        return Pressed.read(part(update, "callback_query"))
    return Voted.read(part(update, "poll_answer")) if "poll_answer" in update else None


def part(of: Json, name: str) -> Json:
    found = of[name]
    if not isinstance(found, Mapping):
        raise TypeError(name)
    return found


def whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(str(value))
    return value


def _buttons(told: Json) -> Iterator[object]:
    rows = part(told, "reply_markup")["inline_keyboard"] if told.get("reply_markup") else []
    return (button.get("callback_data") for row in cast("list[list[Json]]", rows) for button in row)
