"""Kept HTTP/1.1 connections to one server, as much of them as short calls of the Bot API need.

A press is answered with two calls. By a whole client each took 120 µs and more, most of it for what Telegram never
does: cookies, redirects, compression. Errors are those of the system: ConnectionError, TimeoutError, other OSErrors.
"""

import asyncio
import ssl
from urllib.parse import urlsplit

MOST = 128  # connections: messages a second times the round trip, with room
CONNECT_TIMEOUT = 10.0  # seconds for a connection, be it a new one or another's
KEEP_ALIVE = 50.0  # seconds after which an idle connection may be closed at the other end any moment
FIRST_TRY = 0.25  # seconds given to one address before another is tried beside it
_PORTS = {"http": 80, "https": 443}
_END, _LINE = b"\r\n\r\n", b"\r\n"

Answer = tuple[int, bytes]  # status and body


class NoConnectionError(OSError):
    """None came about: the server has seen nothing of the request."""


class MalformedError(ConnectionError):
    """What came is no answer in HTTP."""


class Connections:
    """To the server of one URL. The connection used last is the next one used, so that few are kept."""

    def __init__(self, origin: str) -> None:
        parts = urlsplit(origin)
        self._host, self._port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        self._tls = _tls() if parts.scheme == "https" else None
        self._host_line = parts.netloc.rpartition("@")[2].encode()
        self._places: asyncio.LifoQueue[_Connection | None] = asyncio.LifoQueue()  # none: a place for a new one
        for _ in range(MOST):
            self._places.put_nowait(None)
        self._open: set[_Connection] = set()

    async def post(self, path: str, body: bytes, kind: str, *, timeout: float) -> Answer:  # noqa: ASYNC109  # of the answer
        """Send a body of that content type; the answer has to come within `timeout` seconds. Nothing is repeated."""
        head = b"POST %b HTTP/1.1\r\nHost: %b\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
        request = head % (path.encode(), self._host_line, kind.encode(), len(body)) + body
        connection = _fresh(await self._place())
        try:
            if connection is None:
                connection = await self._connected()
            return await connection.ask(request, timeout)
        finally:
            self._places.put_nowait(connection if connection is not None and connection.is_usable else None)

    async def close(self) -> None:
        """Cut all connections, also those on which an answer is waited for."""
        ending = list(self._open)
        for connection in ending:
            connection.cut()
        await asyncio.gather(*(connection.gone for connection in ending))

    async def _place(self) -> "_Connection | None":
        try:
            return self._places.get_nowait()
        except asyncio.QueueEmpty:
            pass
        try:
            return await asyncio.wait_for(self._places.get(), CONNECT_TIMEOUT)
        except TimeoutError:
            raise NoConnectionError("all connections are busy") from None

    async def _connected(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                _, connection = await loop.create_connection(
                    lambda: _Connection(loop, self._open),
                    self._host,
                    self._port,
                    ssl=self._tls,
                    happy_eyeballs_delay=FIRST_TRY,
                )
        except OSError as error:  # a TimeoutError is one, and so are those of TLS
            raise NoConnectionError(type(error).__name__) from None
        return connection


def _fresh(kept: "_Connection | None") -> "_Connection | None":
    """The connection, unless the other end may be about to close it."""
    if kept is not None and kept.idle_for >= KEEP_ALIVE:
        kept.cut()
    return kept if kept is not None and kept.is_usable else None


class _Connection(asyncio.Protocol):
    """One question at a time, one answer to each."""

    def __init__(self, loop: asyncio.AbstractEventLoop, among: "set[_Connection]") -> None:
        self._loop, self._among = loop, among
        self.gone: asyncio.Future[None] = loop.create_future()
        self._waiting: asyncio.Future[Answer] | None = None
        self._came: bytes | bytearray = b""
        self._wanted = 0  # bytes of the answer, as far as it is known: before, it is not worth while to look
        self._used_at = loop.time()

    @property
    def is_usable(self) -> bool:
        return not self._transport.is_closing()

    @property
    def idle_for(self) -> float:
        return self._loop.time() - self._used_at

    def cut(self) -> None:
        self._transport.abort()

    async def ask(self, request: bytes, seconds: float) -> Answer:
        waiting: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting = waiting
        timer = self._loop.call_later(seconds, self._fail, TimeoutError())
        self._transport.write(request)
        try:
            return await waiting
        finally:
            timer.cancel()
            if self._waiting is not None:  # an answer that comes all the same must not be taken for the next one's
                self.cut()
            self._waiting, self._used_at = None, self._loop.time()

    # -- what the loop says -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._among.add(self)

    def data_received(self, data: bytes) -> None:
        if self._waiting is None:  # nothing was asked: the server takes leave, or has lost count
            self.cut()
        elif not self._came:
            self._came = data
            self._look()
        else:
            if isinstance(self._came, bytes):
                self._came = bytearray(self._came)
            self._came += data
            if len(self._came) >= self._wanted:
                self._look()

    def connection_lost(self, error: Exception | None) -> None:
        self._among.discard(self)
        self.gone.set_result(None)
        if self._waiting is not None:
            self._look(is_end=error is None)
            self._fail(error or ConnectionResetError("closed without an answer"))

    def _look(self, *, is_end: bool = False) -> None:
        try:
            answer, keeps, wanted = _answer(bytes(self._came), is_end=is_end)
        except ValueError:
            self._fail(MalformedError("no HTTP"))
            return
        self._wanted = wanted
        if answer is None:
            return
        self._came, self._wanted = b"", 0
        if not keeps:
            self._transport.close()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(answer)
            self._waiting = None

    def _fail(self, error: Exception) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


# -- an answer in HTTP -------------------------------------------------------------------------------------------------


def _answer(came: bytes, *, is_end: bool) -> tuple[Answer | None, bool, int]:
    """The answer, none if more is to come; whether the connection can be used again; how many bytes there must be
    before there can be more to say. Raises ValueError.
    """
    head, end, body = came.partition(_END)
    if not end:
        return None, True, 0
    if not head.startswith(b"HTTP/1."):
        raise ValueError("no HTTP")
    status, fields = int(head[9:12]), head.lower() + _LINE
    if status < 200:  # only a word in between
        return _answer(body, is_end=is_end)
    keeps = head.startswith(b"HTTP/1.1") and _field(fields, b"connection") != b"close"
    length = _field(fields, b"content-length")
    if _field(fields, b"transfer-encoding").endswith(b"chunked"):
        whole, used = _joined(body)
    elif length or status in (204, 304):
        used = int(length or b"0")
        whole = body[:used] if len(body) >= used else None
    else:  # the end of the connection is the end of the answer
        whole, used, keeps = body if is_end else None, len(body), False
    if whole is None:
        return None, True, len(head) + len(_END) + used
    return (status, whole), keeps and len(body) == used, 0


def _field(fields: bytes, name: bytes) -> bytes:
    """The value of a header, in small letters; empty if there is none."""
    _, found, rest = fields.partition(_LINE + name + b":")
    return rest[: rest.index(_LINE)].strip() if found else b""


def _joined(body: bytes) -> tuple[bytes | None, int]:
    """A body that comes in chunks and how much of what came it is; of one that is not complete, how much there must be
    at least."""
    pieces, at = list[bytes](), 0
    while (end := body.find(_LINE, at)) >= 0:
        size = int(body[at:end].partition(b";")[0], 16)
        if size == 0:
            rest = body.find(_END, end)  # fields may follow the last chunk
            return (b"".join(pieces), rest + len(_END)) if rest >= 0 else (None, len(body) + 1)
        begin = end + len(_LINE)
        at = begin + size + len(_LINE)
        if at > len(body):
            return None, at
        pieces.append(body[begin : begin + size])
    return None, len(body) + 1
