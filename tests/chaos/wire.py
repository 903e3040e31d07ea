"""The Bot API server that the killed processes talk to, with named points: the bot's calls, seen from outside.

A call that arrives says what the bot has done before it: a getUpdates with a new offset comes after the store, an
answerCallbackQuery after the commit, a sendMessage after the row was claimed and before it is marked as sent.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.demo import server
from bot.demo.world import World

Fields = dict[str, str]


class Moment(Enum):
    RECEIVED = auto()  # the call has come; nothing follows from it
    TAKEN = auto()  # the call has come and takes effect; its answer is lost
    DONE = auto()  # its effect is done and the answer on its way
    PASSED = auto()  # the call has come; all goes on as if nobody had looked


@dataclass(frozen=True, slots=True)
class Point:
    """The moment of the first call of `method`, after `skip` others, for which `is_meant` holds."""

    method: str
    moment: Moment
    skip: int = 0
    is_meant: Callable[[Fields], bool] = lambda _: True

    def __str__(self) -> str:
        return f"{self.method} {self.moment.name.lower()}"


@dataclass(slots=True)
class Watch:
    point: Point
    strike: Callable[[], None]
    left: int
    is_struck: bool = False


@dataclass
class Pulse:
    """Wakes whoever waits for the world to have moved."""

    _waiting: set[asyncio.Future[None]] = field(default_factory=set)

    def beat(self) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()

    async def next(self, most: float) -> None:
        """Until something happens, at most so many seconds."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        await asyncio.wait((waiting,), timeout=most)
        self._waiting.discard(waiting)


class Wire:
    """The ASGI application between the bot and its world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pulse = Pulse()
        self.arrived: Counter[str] = Counter()  # calls by method in lower case
        self.url = ""
        self._app: ASGIApp = server.create_app({world.token: world})
        self._watch: Watch | None = None
        world.journal.listeners.append(lambda _: self.pulse.beat())

    def watch(self, point: Point, strike: Callable[[], None]) -> None:
        """`strike` is called once, at that point; a watch before it is forgotten."""
        self._watch = Watch(point, strike, point.skip)

    def forget(self) -> bool:
        """Watch no longer; whether the point was reached."""
        watch, self._watch = self._watch, None
        return watch is not None and watch.is_struck

    async def until(self, holds: Callable[[], bool], *, within: float, what: str = "it") -> None:
        """Wait for a fact; looks again with every call and ten times a second."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + within
        while not holds():
            left = ends - loop.time()
            assert left > 0, f"{what} did not come within {within} s"
            await self.pulse.next(min(left, 0.1))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        method = scope["path"].rpartition("/")[2].lower()
        body = await _body(receive)
        watch = self._struck(method, body)
        self.arrived[method] += 1
        self.pulse.beat()
        if watch is not None and watch.point.moment is Moment.PASSED:
            watch.strike()
            watch = None
        if watch is None:
            await self._app(scope, _replay(body, receive), send)
            return
        if watch.point.moment is not Moment.DONE:
            watch.strike()
        if watch.point.moment is not Moment.RECEIVED:
            await self._app(scope, _replay(body, receive), _striking(watch, send))
        await _hung_up(receive)

    def _struck(self, method: str, body: bytes) -> Watch | None:
        watch = self._watch
        if watch is None or watch.is_struck or watch.point.method.lower() != method:
            return None
        if not watch.point.is_meant(_fields(body)):
            return None
        watch.left -= 1
        watch.is_struck = watch.left < 0
        return watch if watch.is_struck else None

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Wire"]:
        listening = server.listen()
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}/bot"
        served = uvicorn.Server(uvicorn.Config(self, log_config=None, lifespan="off", ws="none"))
        task = asyncio.ensure_future(served.serve([listening]))
        try:
            yield self
        finally:
            served.should_exit = served.force_exit = True
            await task


def _striking(watch: Watch, send: Send) -> Send:
    """Strikes as the answer begins, and lets none out."""

    async def keep(message: Message) -> None:
        if watch.point.moment is Moment.DONE and message["type"] == "http.response.start":
            watch.strike()

    return keep


def _fields(body: bytes) -> Fields:
    """Of a body that is no file."""
    return {name: str(value) for name, value in json.loads(body).items()} if body.startswith(b"{") else {}


async def _body(receive: Receive) -> bytes:
    pieces = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return b"".join(pieces)


def _replay(body: bytes, receive: Receive) -> Receive:
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return parts.pop() if parts else await receive()

    return again


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
