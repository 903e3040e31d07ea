"""What python-telegram-bot hears of the ways a call can end, directly and through a proxy."""

import json

import pytest
from telegram.error import NetworkError, TimedOut
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter

from bot.transport import NotSentError, Transport
from tests.test_connections import OK, TRUE, serving

SAID = [("chat_id", "1001"), ("text", "会议“提前”到 14:30 & 请准时\n")]


async def edit(transport: Transport, url: str) -> tuple[int, bytes]:
    data = RequestData([RequestParameter(name, value, None) for name, value in SAID])
    return await transport.do_request(f"{url}/bot42:x/editMessageText", "POST", data, read_timeout=0.1)


async def test_what_is_said_goes_as_json() -> None:
    async with serving([OK]) as (served, _):
        transport = Transport()
        assert await edit(transport, served.url) == TRUE
        await transport.shutdown()
        head, _, body = served.requests[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /bot42:x/editMessageText HTTP/1.1")
        assert b"Content-Type: application/json" in head
        assert json.loads(body) == dict(SAID)


async def test_a_proxy_is_asked_for_the_same() -> None:
    async with serving([OK]) as (served, _):
        transport = Transport(proxy=served.url)
        assert await edit(transport, "http://telegram.invalid") == TRUE
        await transport.shutdown()
        head, _, body = served.requests[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST http://telegram.invalid/bot42:x/editMessageText HTTP/1.1")
        assert json.loads(body) == dict(SAID)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ([b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>"], NotSentError),
        ([], TimedOut),
        ([b""], NetworkError),
    ],
    ids=["trouble at the server", "silence", "hung up"],
)
@pytest.mark.parametrize("is_proxied", [False, True], ids=["directly", "through a proxy"])
async def test_how_a_call_failed_says_whether_it_can_have_arrived(
    answer: list[bytes], error: type[Exception], *, is_proxied: bool
) -> None:
    async with serving(answer) as (served, _):
        transport = Transport(proxy=served.url if is_proxied else None)
        with pytest.raises(NetworkError) as found:
            await edit(transport, served.url)
        await transport.shutdown()
    assert type(found.value) is error


@pytest.mark.parametrize("is_proxied", [False, True], ids=["directly", "through a proxy"])
async def test_without_a_connection_nothing_was_sent(*, is_proxied: bool) -> None:
    async with serving() as (served, _):
        url = served.url
    transport = Transport(proxy=url if is_proxied else None)
    with pytest.raises(NotSentError):
        await edit(transport, url)
    await transport.shutdown()
