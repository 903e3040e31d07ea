"""The Bot API over HTTP: `/bot<token>/<method>` and `/file/bot<token>/<path>`, many worlds told apart by token."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import traceback
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from bot.demo import api, bodies, refusals
from bot.demo.api import Reply
from bot.demo.faults import Way
from bot.demo.parameters import Parameters
from bot.demo.refusals import Refused
from bot.demo.wire import Payload
from bot.demo.world import World

Worlds = MutableMapping[str, World]

MOST_BODY = 50 * 1024 * 1024
LONGEST_WAIT = 50
MOST_UPDATES = 100
CONFLICT_PAUSE = 3.0  # real seconds between two 409 to pollers
HUNG_UP = 60.0  # real seconds after which a lost answer's connection is closed in any case
SERVER_ERROR: Payload = {"ok": False, "error_code": 500, "description": "Internal Server Error"}


def create_app(worlds: Worlds, more: Sequence[BaseRoute] = ()) -> Starlette:
    """The server; `more` = the page's routes. An error of the emulator answers 500 and stays in `world.problems`."""
    return Starlette(routes=[*bot_api(worlds), *more], exception_handlers={Exception: _Problem(worlds)})


def listen(port: int = 0) -> socket.socket:
    """A listening socket on loopback, for uvicorn's `serve`. Made as TCP by name: asyncio switches Nagle's delay
    off only then, and with it each call would wait 40 ms."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen()
    return listening


def bot_api(worlds: Worlds) -> list[BaseRoute]:
    return [
        Route("/bot{token}/{method}", BotApi(worlds)),
        Route("/file/bot{token}/{path:path}", _Files(worlds)),
    ]


@dataclass
class _Problem:
    worlds: Worlds

    async def __call__(self, request: Request, error: Exception) -> Response:
        world = self.worlds.get(request.path_params.get("token", ""))
        if world is not None:
            world.keep_problem("".join(traceback.format_exception(error)))
        return JSONResponse(SERVER_ERROR, 500)


@dataclass
class _Files:
    worlds: Worlds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        world = self.worlds.get(scope["path_params"]["token"])
        path = scope["path_params"]["path"]
        file = None if world is None else next((one for one in world.files.values() if one.path == path), None)
        if file is None:
            response: Response = JSONResponse({"ok": False, "error_code": 404, "description": "Not Found"}, 404)
        else:
            response = Response(file.data, media_type="application/octet-stream")
        await response(scope, receive, send)


@dataclass
class _Poller:
    """The getUpdates call that waits, and when the next 409 may be given at once."""

    waiting: asyncio.Future[bool] | None = None  # True: an update came; False: another poller did
    next_conflict: float = 0.0

    def wake(self) -> None:
        self._end(is_arrival=True)

    def supersede(self) -> None:
        self._end(is_arrival=False)

    def _end(self, *, is_arrival: bool) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(is_arrival)
        self.waiting = None


@dataclass
class BotApi:
    """The ASGI endpoint of all methods."""

    worlds: Worlds
    pollers: WeakKeyDictionary[World, _Poller] = field(default_factory=WeakKeyDictionary)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token, name = scope["path_params"]["token"], scope["path_params"]["method"].lower()
        body = await _body(receive)
        world = self.worlds.get(token)
        if world is None:
            reply = api.refusal(refusals.unauthorized())
        elif body is None:
            reply = api.refusal(refusals.body_too_large())
        else:
            fields, uploads = bodies.read(scope["query_string"], _content_type(scope), body)
            if name == "getupdates":
                reply = await self._get_updates(world, fields, receive)
            else:
                reply = api.answer(world, name, fields, uploads)
        await _respond(reply, scope, receive, send)

    async def _get_updates(self, world: World, fields: dict[str, object], receive: Receive) -> Reply:
        """Success is not recorded: a bot asks without end."""
        started = time.perf_counter()
        values = api.decode(world, "getupdates", fields, {}).values
        struck = world.faults.strike("getupdates", None)
        if struck is not None and not struck.has_effect:
            return api.record(world, "getUpdates", values, api.failure(struck), started)
        try:
            result = await self._updates(world, Parameters(values), receive)
        except Refused as refused:
            return api.record(world, "getUpdates", values, api.refusal(refused), started)
        return api.ok(result) if struck is None else api.failure(struck)

    async def _updates(self, world: World, parameters: Parameters, receive: Receive) -> list[Payload]:
        updates = world.updates
        if updates.webhook_url:
            raise refusals.webhook_active()
        if "allowed_updates" in parameters:
            updates.allow([str(kind) for kind in parameters.items("allowed_updates")])
        if offset := parameters.number("offset"):
            updates.confirm(offset)
        limit = min(max(parameters.number("limit") or MOST_UPDATES, 1), MOST_UPDATES)
        batch = updates.batch(limit)
        timeout = min(max(parameters.number("timeout") or 0, 0), LONGEST_WAIT)
        if not batch and timeout:
            await self._wait(world, timeout, receive)
            batch = updates.batch(limit)
        return [update.payload for update in batch]

    async def _wait(self, world: World, seconds: int, receive: Receive) -> None:
        """Until an update comes, the time is over, or the caller hangs up; 409 if another poller begins to wait."""
        poller = self._poller(world)
        poller.supersede()
        waiting = asyncio.get_running_loop().create_future()
        poller.waiting = waiting
        gone = asyncio.ensure_future(_hung_up(receive))
        world.updates.waiting += 1
        try:
            await asyncio.wait((waiting, gone), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            world.updates.waiting -= 1
            gone.cancel()
            if poller.waiting is waiting:
                poller.waiting = None
        if waiting.done() and not waiting.result():
            await self._conflict(poller)

    def _poller(self, world: World) -> _Poller:
        if world not in self.pollers:
            self.pollers[world] = poller = _Poller()
            world.updates.arrived.append(poller.wake)
        return self.pollers[world]

    async def _conflict(self, poller: _Poller) -> None:
        now = asyncio.get_running_loop().time()
        if now < poller.next_conflict:
            await asyncio.sleep(CONFLICT_PAUSE)
        else:
            poller.next_conflict = now + CONFLICT_PAUSE
        raise refusals.other_poller()


def _content_type(scope: Scope) -> str:
    for key, value in scope["headers"]:
        if key == b"content-type":
            return str(value.decode("latin-1"))
    return ""


async def _body(receive: Receive) -> bytes | None:
    """The whole body, or None if it is larger than Telegram takes."""
    pieces = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        piece = message.get("body", b"")
        size += len(piece)
        if size <= MOST_BODY:
            pieces.append(piece)
        if not message.get("more_body"):
            return b"".join(pieces) if size <= MOST_BODY else None


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _respond(reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
    if reply.way in (Way.LOST_BEFORE, Way.CUT_AFTER):
        await _break_off(receive)
    elif reply.way is Way.LOST_AFTER:
        await _fall_silent(receive)
    elif reply.way is Way.BAD_GATEWAY:
        await Response("<html><h1>502 Bad Gateway</h1></html>", 502, media_type="text/html")(scope, receive, send)
    elif reply.way is Way.GARBAGE:
        await Response("not json {", 200, media_type="application/json")(scope, receive, send)
    else:
        data = json.dumps(reply.body, ensure_ascii=False, separators=(",", ":")).encode()
        await _send_json(send, reply.status, data)


async def _send_json(send: Send, status: int, data: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})


async def _break_off(receive: Receive) -> None:
    """Cuts the connection without a word; uvicorn's request holds the transport."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()
    await _hung_up(receive)


async def _fall_silent(receive: Receive) -> None:
    """Holds the connection without an answer until the caller gives up."""
    gone = asyncio.ensure_future(_hung_up(receive))
    await asyncio.wait((gone,), timeout=HUNG_UP)
    if not gone.done():
        gone.cancel()
        await _break_off(receive)
