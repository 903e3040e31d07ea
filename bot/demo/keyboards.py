"""Reply markup as the bot sends it: read, and refused where Telegram refuses it."""

from __future__ import annotations

from bot.demo import refusals
from bot.demo.htmltext import is_address
from bot.demo.messages import Button, Keyboard
from bot.demo.wire import Payload

MOST_BUTTONS = 100
MOST_DATA_BYTES = 64
# What a button may do; none of them: a text button, which has no place under a message.
ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)
KNOWN = ("text", "callback_data", "url", "style")


def read(markup: object, *, is_private: bool) -> tuple[Keyboard, Payload | None]:
    """The inline keyboard, or the other kind of markup as sent (a keyboard below the composer)."""
    if markup is None or markup == "":
        return (), None
    if not isinstance(markup, dict):
        raise refusals.markup_not_object()
    rows = markup.get("inline_keyboard")
    if rows is None:
        return (), markup
    return inline(rows, is_private=is_private), None


def inline(rows: object, *, is_private: bool) -> Keyboard:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise refusals.markup_not_object()
    keyboard = tuple(tuple(_button(one, is_private=is_private) for one in row) for row in rows if row)
    if sum(map(len, keyboard)) > MOST_BUTTONS:
        raise refusals.markup_too_long()
    return keyboard


def _button(given: object, *, is_private: bool) -> Button:
    if not isinstance(given, dict):
        raise refusals.button_without_action()
    text = str(given.get("text", ""))
    if not text.strip():
        raise refusals.button_text_empty()
    if not any(action in given for action in ACTIONS):
        raise refusals.button_without_action()
    if "web_app" in given and not is_private:
        raise refusals.button_type_invalid()
    data, url, style = given.get("callback_data"), given.get("url"), given.get("style")
    if data is not None and not 1 <= len(str(data).encode()) <= MOST_DATA_BYTES:
        raise refusals.button_data_invalid()
    if url is not None and not is_address(str(url)):
        raise refusals.button_url_invalid()
    return Button(
        text,
        data=None if data is None else str(data),
        url=None if url is None else str(url),
        style=None if style is None else str(style),
        other=tuple((key, value) for key, value in given.items() if key not in KNOWN),
    )
