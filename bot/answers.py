"""What each answer of Telegram means to us. Decided on error classes and lower-cased fragments, here alone."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot.transport import NotSentError


class Meaning(Enum):
    HARMLESS = auto()  # the same text already, a query too old, a poll closed already: as good as done
    TARGET_GONE = auto()  # the message to edit, delete or stop is not there
    WAIT = auto()
    UNREACHABLE = auto()  # the person blocked us, never started us, or is gone
    CHAT_LOST = auto()
    MIGRATED = auto()
    NO_THREAD = auto()
    NO_RIGHTS = auto()
    BAD_HTML = auto()
    REFUSED = auto()
    UNAUTHORIZED = auto()
    NOT_SENT = auto()  # surely not done: again later
    UNKNOWN = auto()  # perhaps done


@dataclass(frozen=True, slots=True)
class Verdict:
    meaning: Meaning
    wait: timedelta = timedelta()
    new_chat_id: int = 0


_PERSON_GONE = ("blocked by the user", "can't initiate conversation", "user is deactivated")
_CHAT_GONE = ("bot was kicked", "bot is not a member", "chat was deleted", "chat not found")
_TARGET_GONE = (
    "to edit not found",
    "to delete not found",
    "poll to stop not found",
    "to pin not found",
    "can't be deleted",
    "message can't be edited",
    "no text in the message",
)
_BAD_REQUESTS = (
    (Meaning.HARMLESS, ("message is not modified", "query is too old", "already been closed", "message to unpin not")),
    (Meaning.TARGET_GONE, _TARGET_GONE),
    (Meaning.NO_THREAD, ("thread not found", "topic_closed")),
    (Meaning.NO_RIGHTS, ("not enough rights", "have no rights", "chat_admin_required")),
    (Meaning.BAD_HTML, ("can't parse entities",)),
    (Meaning.CHAT_LOST, ("chat not found",)),
)

# What is left is a broken connection or a body that is no JSON: it may have been done. These surely were not.
_OTHERS = (
    (Meaning.NOT_SENT, ("too many requests",)),
    (Meaning.REFUSED, ("request entity too large",)),
)


def verdict(error: TelegramError) -> Verdict:
    """Place an error of a call in our table."""
    text = str(error).lower()
    if isinstance(error, RetryAfter):
        after = error.retry_after
        return Verdict(Meaning.WAIT, after if isinstance(after, timedelta) else timedelta(seconds=after))
    if isinstance(error, ChatMigrated):
        return Verdict(Meaning.MIGRATED, new_chat_id=error.new_chat_id)
    if isinstance(error, Forbidden):
        return Verdict(Meaning.UNREACHABLE if _holds(text, _PERSON_GONE) else Meaning.CHAT_LOST)
    if isinstance(error, BadRequest):
        return Verdict(next((m for m, fragments in _BAD_REQUESTS if _holds(text, fragments)), Meaning.REFUSED))
    if isinstance(error, InvalidToken):  # and a server that does not know the method, older than we are
        return Verdict(Meaning.REFUSED if "method not found" in text else Meaning.UNAUTHORIZED)
    if isinstance(error, NotSentError | Conflict):
        return Verdict(Meaning.NOT_SENT)
    return Verdict(next((m for m, fragments in _OTHERS if _holds(text, fragments)), Meaning.UNKNOWN))


def _holds(text: str, fragments: tuple[str, ...]) -> bool:
    return any(fragment in text for fragment in fragments)
