"""What a person's own app refuses, before or instead of the Bot API: no method of the bot ever answers with these."""

from __future__ import annotations

from bot.demo.refusals import Refused, bad, forbidden


def not_in_chat() -> Refused:
    return forbidden("USER_NOT_PARTICIPANT")


def may_not_write() -> Refused:
    return forbidden("CHAT_WRITE_FORBIDDEN")


def admin_required() -> Refused:
    return bad("CHAT_ADMIN_REQUIRED")


def start_param_invalid() -> Refused:
    return bad("START_PARAM_INVALID")


def message_gone() -> Refused:
    return bad("MESSAGE_ID_INVALID")


def topic_closed() -> Refused:
    return bad("TOPIC_CLOSED")


def poll_closed() -> Refused:
    return bad("MESSAGE_POLL_CLOSED")


def option_invalid() -> Refused:
    return bad("OPTION_INVALID")


def too_many_chosen() -> Refused:
    return bad("OPTIONS_TOO_MUCH")


def revote_not_allowed() -> Refused:
    return bad("REVOTE_NOT_ALLOWED")
