"""What python-telegram-bot hears of the ways a call can end, directly and through a proxy."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from telegram.error import NetworkError, TimedOut
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter

from bot.transport import NotSentError, Transport

OK = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"ok":true}'
SAID = [("chat_id", "1001"), ("text", "会议“提前”到 14:30 & 请准时\n")]
TRUE = (200, b'{"ok":true}')


@dataclass
class Served:
    """A server that gives to each request the next of its answers, hangs up at an empty one, then says nothing."""

    answers: list[bytes]
    requests: list[bytes] = field(default_factory=list)
    url: str = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            answer: bytes | None = OK
            while answer != b"":
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                if (answer := self.answers.pop(0) if self.answers else None) is not None:
                    writer.write(answer)
                    await writer.drain()
        writer.close()


@asynccontextmanager
async def serving(*answers: bytes) -> AsyncIterator[Served]:
    served = Served(list(answers))
    server = await asyncio.start_server(served, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield served
    finally:
        server.close()
        await server.wait_closed()


async def edit(transport: Transport, url: str, *, seconds: float = 20.0) -> tuple[int, bytes]:
    data = RequestData([RequestParameter(name, value, None) for name, value in SAID])
    return await transport.do_request(f"{url}/bot42:x/editMessageText", "POST", data, read_timeout=seconds)


async def test_what_is_said_goes_as_json() -> None:
    async with serving(OK) as served:
        transport = Transport()
        assert await edit(transport, served.url) == TRUE
        await transport.shutdown()
        head, _, body = served.requests[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /bot42:x/editMessageText HTTP/1.1")
        assert b"Content-Type: application/json" in head
        assert json.loads(body) == dict(SAID)


async def test_a_proxy_is_asked_for_the_same() -> None:
    async with serving(OK) as served:
        transport = Transport(proxy=served.url)
        assert await edit(transport, "http://telegram.invalid") == TRUE
        await transport.shutdown()
        head, _, body = served.requests[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST http://telegram.invalid/bot42:x/editMessageText HTTP/1.1")
        assert json.loads(body) == dict(SAID)


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>"], NotSentError),
        ([], TimedOut),
        ([b""], NetworkError),
    ],
    ids=["trouble at the server", "silence", "hung up"],
)
@pytest.mark.parametrize("is_proxied", [False, True], ids=["directly", "through a proxy"])
async def test_how_a_call_failed_says_whether_it_can_have_arrived(
    answers: list[bytes], error: type[Exception], *, is_proxied: bool
) -> None:
    async with serving(*answers) as served:
        transport = Transport(proxy=served.url if is_proxied else None)
        with pytest.raises(NetworkError) as found:
            await edit(transport, served.url, seconds=20.0 if answers else 0.1)
        await transport.shutdown()
    assert type(found.value) is error


@pytest.mark.parametrize("is_proxied", [False, True], ids=["directly", "through a proxy"])
async def test_without_a_connection_nothing_was_sent(*, is_proxied: bool) -> None:
    async with serving() as served:
        url = served.url
    transport = Transport(proxy=url if is_proxied else None)
    with pytest.raises(NotSentError):
        await edit(transport, url)
    await transport.shutdown()
