"""The server side of the chat page: its files, the state and events of the world, acts, the clock.

It decides nothing: persons act through `acts`, time moves through the desk."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, Self
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.demo import acts, shown
from bot.demo.journal import Event
from bot.demo.refusals import Refused
from bot.demo.tour import Facts, Tour
from bot.demo.wire import Payload
from bot.demo.world import World

PAGE = Path(__file__).parent / "page"
FONT = Path(__file__).parents[1] / "fonts" / "KetangSans.woff2"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
Handler = Callable[[Request], Awaitable[Response]]
QUIET = 0.2  # seconds without an event before the desk is asked anew
BEAT = 15.0  # seconds after which a silent stream shows that it lives


@dataclass(frozen=True, slots=True)
class Happening:
    """Something on the way of a jump: a message of the bot, or a poll closed."""

    at: datetime
    chat_id: int
    line: str
    message_id: int | None = None


class Desk(Protocol):
    """The demo around the page: the running bot, its clock and its database."""

    @property
    def world(self) -> World:
        """The present world; another one after `restart_demo`."""
        ...

    async def settle(self) -> None:
        """Returns when nothing can move without time going on."""
        ...

    async def advance(self, *, seconds: int | None = None, to: datetime | None = None) -> Sequence[Happening]:
        """Moves the clock, by seconds or to a moment, and lets everything due happen at its own moment."""
        ...

    async def to_next(self) -> Sequence[Happening]:
        """Moves until the bot does something; raises Impossible when nothing is due within 60 days."""
        ...

    async def next_due(self) -> datetime | None: ...

    async def roles(self) -> Mapping[int, str]:
        """Whom one can play, in the order shown, and what each is now: `{1001: "党员"}`."""
        ...

    async def others_act(self, chat_id: int) -> None:
        """Lets the simulated members of the chat do what is open there."""
        ...

    async def restart_demo(self) -> None: ...

    async def transcript(self) -> str: ...


class Move(BaseModel):
    """The body of POST /sim/clock: one of the three."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds: int | None = Field(default=None, gt=0, le=366 * 86_400)
    to: AwareDatetime | None = None
    next: Literal[True] | None = None

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if sum(value is not None for value in (self.seconds, self.to, self.next)) != 1:
            raise ValueError("要 seconds、to、next 中的一项")
        return self


class Sim:
    """The routes of the page; `close` ends the open streams, so that the server can stop at once."""

    def __init__(self, desk: Desk, facts: Facts) -> None:
        self.desk = desk
        self._facts = facts
        self._tour = Tour(facts)
        self._run: tuple[World | None, str] = (None, "")
        self._moving = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._streams: set[asyncio.Event] = set()
        self._is_closed = False
        self._has_world = asyncio.Event()  # clear while one is being made
        self._has_world.set()
        self.routes = [
            Route("/", self.index),
            Route("/favicon.svg", self.favicon),
            Route("/favicon.ico", self.favicon),
            Route("/page/{name}", self.page),
            Route("/font/KetangSans.woff2", self.font),
            Route("/sim/state", self._there(self.state)),
            Route("/sim/events", self._there(self.events)),
            Route("/sim/act", self._there(self.act), methods=["POST"]),
            Route("/sim/clock", self._there(self.clock), methods=["POST"]),
            Route("/sim/tour", self._there(self.tour)),
            Route("/sim/transcript", self._there(self.transcript)),
            Route("/sim/file/{file_id}", self._there(self.file)),
        ]

    async def close(self) -> None:
        self._is_closed = True
        self._wake()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def open(self, making: Awaitable[None]) -> None:
        """Let `making` make the world; whoever asks meanwhile, as a page of before does, waits for it."""
        self._has_world.clear()
        is_made = False
        try:
            await making
            is_made = True
        finally:
            self._is_closed |= not is_made
            self._has_world.set()

    def _there(self, handler: Handler) -> Handler:
        async def wait(request: Request) -> Response:
            await self._has_world.wait()
            return PlainTextResponse("演示已经结束", 503) if self._is_closed else await handler(request)

        return wait

    # Files

    async def index(self, _request: Request) -> Response:
        return _file(PAGE / "index.html")

    async def favicon(self, _request: Request) -> Response:
        return _file(PAGE / "favicon.svg")

    async def page(self, request: Request) -> Response:
        names = {path.name: path for path in PAGE.iterdir() if path.suffix in TYPES}
        found = names.get(request.path_params["name"])
        return _file(found) if found else PlainTextResponse("没有这个文件", 404)

    async def font(self, _request: Request) -> Response:
        return FileResponse(
            FONT, media_type="font/woff2", headers={"Cache-Control": "public, max-age=31536000, immutable"}
        )

    async def file(self, request: Request) -> Response:
        """What was sent in a chat: pictures to look at, everything else to keep."""
        found = self.desk.world.files.get(request.path_params["file_id"])
        if found is None:
            return PlainTextResponse("没有这个文件", 404)
        if found.is_photo and found.mime_type.startswith("image/") and "svg" not in found.mime_type:
            return Response(found.data, media_type=found.mime_type)
        return Response(found.data, media_type="application/octet-stream", headers=_kept_as(found.name))

    # What there is, and what happens

    async def state(self, _request: Request) -> Response:
        desk = await self._desk()
        world = self.desk.world
        now = {"now": world.now().isoformat()}
        return _json({"run": self.run, "desk": desk | now, **shown.snapshot(world, await self.desk.roles())})

    async def tour(self, _request: Request) -> Response:
        return _json({"steps": await self._tour.look(self.desk.world)})

    async def transcript(self, _request: Request) -> Response:
        return PlainTextResponse(await self.desk.transcript(), headers=_kept_as("记录.txt"))

    async def events(self, request: Request) -> Response:
        after = request.query_params.get("after", "")
        run = request.query_params.get("run", self.run)
        if not after.isdecimal():
            return _json({"error": "after 要写一个数"}, 400)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self.stream(int(after), run), media_type="text/event-stream", headers=headers)

    async def stream(self, after: int, run: str) -> AsyncGenerator[str]:
        """Server-sent events from `after` on; ends with `reset` when the window must load the state anew."""
        world = self.desk.world
        if run != self.run or after > world.journal.seq:
            yield _RESET
            return
        woken = asyncio.Event()
        self._streams.add(woken)
        listener = _waker(woken)
        world.journal.listeners.append(listener)
        try:
            async for text in self._follow(world, after, woken):
                yield text
        finally:
            self._streams.discard(woken)
            world.journal.listeners.remove(listener)

    async def _follow(self, world: World, after: int, woken: asyncio.Event) -> AsyncIterator[str]:
        seq, told = after, ""
        yield ": 连上了\n\n"
        while not self._is_closed:
            woken.clear()
            await self._has_world.wait()
            if self.desk.world is not world:
                yield _RESET
                return
            roles = await self.desk.roles()
            for event in world.events_after(seq):
                seq = event.seq
                yield _event(shown.event(world, event, roles))
            if await _is_woken(woken, QUIET):
                continue
            desk = await self._desk()
            if (known := _text(desk)) != told:
                told = known
                yield _event({"desk": desk | {"now": world.now().isoformat()}})
            if not await _is_woken(woken, BEAT):
                yield ": \n\n"

    async def _desk(self) -> Payload:
        """What the world does not know: the next thing due, the roles, the ticks of the tour."""
        due = await self.desk.next_due()
        roles = {str(person_id): role for person_id, role in (await self.desk.roles()).items()}
        tour = await self._tour.look(self.desk.world)
        return {"next": due.isoformat() if due else None, "roles": roles, "tour": tour}

    @property
    def run(self) -> str:
        """Names this world: a window that knows another one has to begin anew."""
        world, name = self._run
        if world is not self.desk.world:
            name = secrets.token_hex(8)
            self._run = (self.desk.world, name)
        return name

    # What windows ask for

    async def act(self, request: Request) -> Response:
        try:
            wanted = acts.ACTS.validate_json(await request.body())
        except ValidationError as error:
            return _json({"error": f"看不懂的请求：{error.errors()[0]['msg']}"}, 400)
        if wanted.actor not in await self.desk.roles():
            return _json({"error": "没有这个人。"}, 404)
        try:
            return _json({"ok": True, **await self._do(wanted)})
        except Refused as refused:
            return _json({"error": acts.reason(refused)}, 409)
        except acts.Impossible as impossible:
            return _json({"error": str(impossible)}, 409)

    async def _do(self, wanted: acts.AnyAct) -> Payload:
        if isinstance(wanted, acts.Restart):
            await self._restart()
            return {}
        if isinstance(wanted, acts.Others):
            async with self._moving:
                await self.desk.others_act(acts.known(self.desk.world, wanted.chat))
            return {}
        answer = wanted.do(self.desk.world)
        self._settle_soon()
        return answer

    async def _restart(self) -> None:
        async with self._moving:
            await self.open(self.desk.restart_demo())
            self._tour = Tour(self._facts)
        self._wake()

    def _settle_soon(self) -> None:
        """One settling waits at most: it sees everything that was done before it began."""
        if len(self._tasks) < 2:
            task = asyncio.create_task(self._settle())
            self._tasks.add(task)
            task.add_done_callback(self._settled)

    def _settled(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.desk.world.keep_problem(str(error))

    async def _settle(self) -> None:
        async with self._moving:
            await self.desk.settle()

    async def clock(self, request: Request) -> Response:
        try:
            wanted = Move.model_validate_json(await request.body())
        except ValidationError as error:
            return _json({"error": f"看不懂的请求：{error.errors()[0]['msg']}"}, 400)
        try:
            async with self._moving:
                happened = await self._move(wanted)
        except acts.Impossible as impossible:
            return _json({"error": str(impossible)}, 409)
        now, due = self.desk.world.now().isoformat(), await self.desk.next_due()
        next_at = due.isoformat() if due else None
        return _json({"to": now, "next": next_at, "happened": [self._told(one) for one in happened]})

    async def _move(self, wanted: Move) -> Sequence[Happening]:
        if wanted.next:
            return await self.desk.to_next()
        if wanted.to is not None and wanted.to < self.desk.world.now():
            raise acts.Impossible("时间不能往回拨。")
        return await self.desk.advance(seconds=wanted.seconds, to=wanted.to)

    def _told(self, one: Happening) -> Payload:
        person = self.desk.world.persons.get(one.chat_id)
        chat = self.desk.world.chats.get(one.chat_id)
        name = person.name if person else chat.title if chat else ""
        return {
            "at": one.at.isoformat(),
            "chat": one.chat_id,
            "message": one.message_id,
            "name": name,
            "line": one.line,
        }

    def _wake(self) -> None:
        for woken in self._streams:
            woken.set()


_RESET = "event: reset\ndata: {}\n\n"


def _event(payload: Payload) -> str:
    return f"data: {_text(payload)}\n\n"


def _json(payload: Payload, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(_text(payload), status, headers=headers, media_type="application/json")


def _text(payload: object) -> str:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: object) -> str:
    """Whatever a call carried that JSON has no form for."""
    return f"{len(value)} 字节" if isinstance(value, bytes) else str(value)


def _file(path: Path) -> Response:
    return FileResponse(path, media_type=TYPES[path.suffix], headers={"Cache-Control": "no-cache"})


def _kept_as(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}


def _waker(woken: asyncio.Event) -> Callable[[Event], None]:
    def wake(_event: Event) -> None:
        woken.set()

    return wake


async def _is_woken(woken: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(woken.wait(), seconds)
    except TimeoutError:
        return False
    return True
