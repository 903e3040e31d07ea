"""What each refusal of Telegram means to us, heard the way it comes: over python-telegram-bot's own reading of it."""

import json
from datetime import timedelta

import aiohttp
import pytest
from telegram import Bot
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.answers import Meaning, Verdict, verdict
from bot.demo.refusals import Refused
from bot.transport import NotSentError


class Line(BaseRequest):
    """A connection on which every call gets the same answer."""

    def __init__(self, status: int, body: bytes) -> None:
        self.answer = status, body

    @property
    def read_timeout(self) -> float:
        return 1.0

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: object, **__: object
    ) -> tuple[int, bytes]:
        return self.answer


async def heard(status: int, body: bytes) -> Verdict:
    line = Line(status, body)
    bot = Bot("7000000001:DEMO-test", request=line, get_updates_request=line)
    with pytest.raises(TelegramError) as caught:
        await bot.send_message(1001, "会议")
    return verdict(caught.value)


async def refused(code: int, text: str, **parameters: int) -> Verdict:
    refusal = Refused(code, text, **parameters)
    return await heard(code, json.dumps(refusal.body).encode())


@pytest.mark.parametrize(
    ("meaning", "code", "texts"),
    [
        (
            Meaning.HARMLESS,
            400,
            [
                "message is not modified: specified new message content and reply markup are exactly the same as a "
                "current content and reply markup of the message",
                "query is too old and response timeout expired or query ID is invalid",
                "poll has already been closed",
                "message to unpin not found",
            ],
        ),
        (
            Meaning.TARGET_GONE,
            400,
            [
                "message to edit not found",
                "message can't be edited",
                "there is no text in the message to edit",
                "message to delete not found",
                "message can't be deleted",
                "message can't be deleted for everyone",
                "message with poll to stop not found",
                "message to pin not found",
            ],
        ),
        (
            Meaning.UNREACHABLE,
            403,
            [
                "bot can't initiate conversation with a user",
                "bot was blocked by the user",
                "user is deactivated",
            ],
        ),
        (
            Meaning.CHAT_LOST,
            403,
            [
                "bot was kicked from the supergroup chat",
                "bot was kicked from the group chat",
                "bot is not a member of the supergroup chat",
                "the group chat was deleted",
            ],
        ),
        (Meaning.CHAT_LOST, 400, ["chat not found", "private chat not found"]),
        (Meaning.NO_THREAD, 400, ["message thread not found", "TOPIC_CLOSED"]),
        (
            Meaning.NO_RIGHTS,
            400,
            [
                "not enough rights to send text messages to the chat",
                "not enough rights to send polls to the chat",
                "not enough rights to manage pinned messages in the chat",
                "have no rights to send a message",
                "CHAT_ADMIN_REQUIRED",
            ],
        ),
        (
            Meaning.BAD_HTML,
            400,
            [
                'can\'t parse entities: Unmatched end tag at byte offset 4, expected "</b>", found "</i>"',
                'can\'t parse entities: Unsupported start tag "br" at byte offset 1',
                "can't parse entities: Can't find end tag corresponding to start tag \"b\"",
            ],
        ),
        (
            Meaning.REFUSED,
            400,
            [
                "chat_id is empty",
                "message text is empty",
                "text must be non-empty",
                "message is too long",
                "message caption is too long",
                "unsupported parse_mode",
                "object expected as reply markup",
                "BUTTON_DATA_INVALID",
                "reply markup is too long",
                "message to be replied not found",
                "service messages can't be pinned",
                "MESSAGE_TOO_LONG",
                "poll question length must not exceed 300",
                "poll must have at least one answer option",
                "poll can't have more than 12 options",
                "correct quiz option list must be increasing",
                "wrong quiz correct_option_id",
                "POLL_CLOSE_DATE_INVALID",
                "message is not a poll",
                "wrong file identifier/HTTP URL specified",
                "user not found",
                "there are no administrators in the private chat",
                "BOT_COMMAND_INVALID",
                "BOT_COMMANDS_TOO_MUCH",
            ],
        ),
        (Meaning.REFUSED, 404, ["method not found"]),
        (Meaning.REFUSED, 413, ["Request Entity Too Large"]),
        (Meaning.UNAUTHORIZED, 401, ["Unauthorized"]),
        (Meaning.NOT_SENT, 409, ["terminated by other getUpdates request; make sure that only one bot instance runs"]),
        (Meaning.NOT_SENT, 429, ["Too Many Requests"]),
    ],
    ids=lambda value: value.name if isinstance(value, Meaning) else None,
)
async def test_a_refusal_means(meaning: Meaning, code: int, texts: list[str]) -> None:
    assert {text: (await refused(code, text)).meaning for text in texts} == dict.fromkeys(texts, meaning)


async def test_a_flood_names_its_wait() -> None:
    told = await refused(429, "Too Many Requests: retry after 30", retry_after=30)
    assert told == Verdict(Meaning.WAIT, wait=timedelta(seconds=30))


async def test_a_migration_names_the_new_chat() -> None:
    told = await refused(400, "group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1001000000001)
    assert told == Verdict(Meaning.MIGRATED, new_chat_id=-1001000000001)


async def test_an_answer_that_is_no_json_leaves_the_result_open() -> None:
    assert (await heard(200, b"<html>")).meaning is Meaning.UNKNOWN


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (NotSentError("ClientConnectorError"), Meaning.NOT_SENT),
        (TimedOut("no answer in time"), Meaning.UNKNOWN),
        (NetworkError(aiohttp.ServerDisconnectedError.__name__), Meaning.UNKNOWN),
    ],
)
def test_a_broken_line_means(error: TelegramError, meaning: Meaning) -> None:
    assert verdict(error).meaning is meaning
