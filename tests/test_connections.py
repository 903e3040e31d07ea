"""Connections to a server that answers, byte for byte, as the test has it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from bot.connections import Connections, MalformedError, NoConnectionError

OK = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"ok":true}'
TRUE = (200, b'{"ok":true}')


@dataclass
class Served:
    """A server that gives to each request the next of its answers; none left: it says nothing."""

    answers: list[list[bytes]]
    requests: list[bytes] = field(default_factory=list)
    url: str = ""
    opened: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                self.asked.set()
                for piece in self.answers.pop(0) if self.answers else ():
                    if not piece:
                        return
                    writer.write(piece)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.left.set()
        finally:
            writer.close()


@asynccontextmanager
async def serving(*answers: list[bytes]) -> AsyncIterator[tuple[Served, Connections]]:
    served = Served(list(answers))
    server = await asyncio.start_server(served, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    connections = Connections(served.url)
    try:
        yield served, connections
    finally:
        await connections.close()
        server.close()
        await server.wait_closed()


def asks(connections: Connections, *, seconds: float = 5.0) -> "asyncio.Task[tuple[int, bytes]]":
    return asyncio.ensure_future(connections.post("/bot42:x/getMe", b"{}", "application/json", timeout=seconds))


async def test_what_is_posted_arrives_as_it_was_and_the_connection_is_kept() -> None:
    async with serving([OK], [OK]) as (served, connections):
        assert await asks(connections) == TRUE
        assert await asks(connections) == TRUE
        host = served.url.removeprefix("http://")
        head = f"POST /bot42:x/getMe HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 2"
        assert served.requests == [head.encode() + b"\r\n\r\n{}"] * 2
        assert served.opened == 1


@pytest.mark.parametrize(
    "pieces",
    [
        [bytes([byte]) for byte in OK],
        [b"HTTP/1.1 100 Continue\r\n\r\n" + OK],
        [b'HTTP/1.1 200 OK\r\nTRANSFER-ENCODING:chunked\r\n\r\n4;x=1\r\n{"ok\r\n', b'7\r\n":true}\r', b"\n0\r\n\r\n"],
        [b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nb\r\n{"ok":true}\r\n0\r\nx: y\r\n', b"\r\n"],
    ],
    ids=["byte by byte", "after a word in between", "in chunks", "in chunks with a last field"],
)
async def test_an_answer_is_whole_however_it_comes(pieces: list[bytes]) -> None:
    async with serving(pieces, [OK]) as (served, connections):
        assert await asks(connections) == TRUE
        assert await asks(connections) == TRUE
        assert served.opened == 1


@pytest.mark.parametrize(
    "pieces",
    [
        [b'HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 11\r\n\r\n{"ok":true}'],
        [b'HTTP/1.0 200 OK\r\n\r\n{"ok"', b":true}", b""],
        [OK + b"and more than was asked"],
    ],
    ids=["it says so", "it ends with the answer", "it has lost count"],
)
async def test_a_connection_that_ends_with_its_answer_is_not_used_again(pieces: list[bytes]) -> None:
    async with serving(pieces, [OK]) as (served, connections):
        assert await asks(connections) == TRUE
        assert await asks(connections) == TRUE
        assert served.opened == 2


async def test_a_refusal_is_an_answer_like_any_other() -> None:
    told = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\n{}"
    async with serving([told], [b"HTTP/1.1 204 No Content\r\n\r\n"]) as (served, connections):
        assert await asks(connections) == (429, b"{}")
        assert await asks(connections) == (204, b"")
        assert served.opened == 1


async def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_one() -> None:
    async with serving([b"HTTP/1.1 200 OK\r\n"], [OK]) as (served, connections):
        with pytest.raises(TimeoutError):
            await asks(connections, seconds=0.05)
        assert await asks(connections) == TRUE
        assert served.opened == 2


async def test_who_stops_waiting_leaves_no_answer_behind() -> None:
    async with serving() as (served, connections):
        asked = asks(connections)
        await served.asked.wait()
        asked.cancel()
        await served.left.wait()
        served.answers.append([OK])
        assert await asks(connections) == TRUE


def _cut_off(_: Served) -> list[bytes]:
    return [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", b""]


def _without_a_word(_: Served) -> list[bytes]:
    return [b""]


def _nonsense(_: Served) -> list[bytes]:
    return [b"SSH-2.0-x\r\n\r\n"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [(_cut_off, ConnectionError), (_without_a_word, ConnectionError), (_nonsense, MalformedError)],
)
async def test_what_is_no_answer_is_an_error_and_may_have_been_done(
    answer: Callable[[Served], list[bytes]], error: type[Exception]
) -> None:
    async with serving() as (served, connections):
        served.answers.append(answer(served))
        with pytest.raises(error) as found:
            await asks(connections)
        assert not isinstance(found.value, NoConnectionError)


async def test_without_a_server_nothing_was_sent() -> None:
    async with serving() as (served, _):
        url = served.url
    with pytest.raises(NoConnectionError):
        await asks(Connections(url))


async def test_many_at_once_share_few_connections_and_each_hears_his_own() -> None:
    many = 300
    answers = [[b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n%03d" % n] for n in range(many)]
    async with serving(*answers) as (served, connections):
        found = await asyncio.gather(*(asks(connections) for _ in range(many)))
        assert sorted(body for _, body in found) == [b"%03d" % n for n in range(many)]
        assert served.opened <= 128


async def test_closing_ends_what_is_waited_for() -> None:
    async with serving() as (served, connections):
        asked = asks(connections)
        await served.asked.wait()
        await connections.close()
        with pytest.raises(ConnectionError):
            await asked
