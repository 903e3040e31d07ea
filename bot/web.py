"""What the house shows over HTTP: whether it lives, whether it is well, and the door for Telegram's webhook."""

import asyncio
import contextlib
import hmac
import json
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Protocol

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from bot.db import NotSaved
from bot.intake import Intake, is_update

log = structlog.get_logger()

MAX_BODY = 1024 * 1024
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  # the name of a header


class Patient(Protocol):
    """Whose health is asked: codes and counts, no names."""

    async def health(self) -> dict[str, object]: ...


def create_app(patient: Patient, intake: Intake, *, bot_id: int, secret: str) -> Starlette:
    """`secret` empty: no webhook is open."""

    async def live(_: Request) -> Response:
        return PlainTextResponse("ok")

    async def health(_: Request) -> Response:
        state = await patient.health()
        return JSONResponse(state, status_code=200 if state["status"] == "ok" else 503)

    async def webhook(request: Request) -> Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
            return Response(status_code=403)
        body = await _body(request.stream())
        try:
            update = json.loads(body) if body is not None else None
        except (ValueError, RecursionError):
            update = None
        if not is_update(update):
            return Response(status_code=400)
        try:
            await intake.accept([update])
        except NotSaved:
            return Response(status_code=503, headers={"Retry-After": "5"})
        return Response(status_code=200)

    return Starlette(
        routes=[
            Route("/live", live),
            Route("/health", health),
            Route(f"/telegram/{bot_id}", webhook, methods=["POST"]),
        ]
    )


async def _body(stream: AsyncIterator[bytes]) -> bytes | None:
    """The whole body, or None as soon as it is too long."""
    parts = b""
    async for part in stream:
        parts += part
        if len(parts) > MAX_BODY:
            return None
    return parts


class Server(uvicorn.Server):
    """uvicorn inside our own loop: signals are ours."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket | None:
    """The door, or None if somebody else has it: the bot works without its web pages."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio leaves Nagle's delay on
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
    except OSError as error:
        door.close()
        log.warning("web_failed", host=host, port=port, reason=error.strerror)
        return None
    return door


def server(app: ASGIApp, *, host: str, port: int) -> Server:
    config = uvicorn.Config(
        app, host=host, port=port, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    return Server(config)


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, host: str, port: int) -> AsyncIterator[None]:
    """The pages are open inside the block, if their door is free."""
    door = listen(host, port)
    if door is None:
        yield
        return
    served = server(app, host=host, port=port)
    task = asyncio.get_running_loop().create_task(served.serve(sockets=[door]))
    try:
        yield
    finally:
        served.should_exit = True
        await task
