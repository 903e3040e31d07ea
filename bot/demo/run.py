"""`ketang demo`: the real bot, a Telegram of its own and the chat page, in one process on this machine."""

from __future__ import annotations

import asyncio
import getpass
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import webbrowser
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from importlib.metadata import version
from logging import WARNING
from pathlib import Path

from starlette.applications import Starlette

from bot import logs, web
from bot.app import House, build, prepare
from bot.clock import VirtualClock
from bot.db import Database
from bot.demo import facts, seed, server
from bot.demo.acts import Impossible
from bot.demo.crowd import Crowd
from bot.demo.guards import Guard
from bot.demo.people import People
from bot.demo.sim import Happening, Sim
from bot.demo.stage import demo_config
from bot.demo.stepping import Stepper
from bot.demo.transcript import transcript
from bot.demo.world import BOT_ID, World

HOST, PORT = "127.0.0.1", 8787
EDIT_GAP = timedelta(seconds=1)  # a newcomer watches the card


def run(*, port: int | None, opens_browser: bool, keep: Path | None, seed_kind: str) -> int:
    """Serve the demo until Ctrl+C; the exit code."""
    logs.set_up(level=WARNING)
    try:
        listening = _bind(port)
    except OSError:
        print(f"端口 {port} 已被占用，去掉 --port 可自动选择。", file=sys.stderr)  # noqa: T201
        return 1
    folder = keep or Path(tempfile.mkdtemp(prefix="ketang-demo-"))
    try:
        asyncio.run(_serve(Demo(folder, seed_kind, listening.getsockname()[1]), listening, opens_browser, keep))
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


class Demo:
    """The page's desk: a world, the bot that lives in it, and the clock of both. A restart makes all of them anew."""

    def __init__(self, folder: Path, seed_kind: str, port: int) -> None:
        self._folder, self._seed_kind, self._port = folder, seed_kind, port
        self.worlds: dict[str, World] = {}
        self.world: World
        self._house: House
        self._database: Database
        self._stepper: Stepper
        self._roles: tuple[int, Mapping[int, str]] = (-1, {})

    async def open(self) -> None:
        """Seed a world and a database and start the bot in them."""
        clock = VirtualClock(seed.START, running=True)
        token = f"{BOT_ID}:DEMO-{secrets.token_urlsafe(24)}"
        self.world = World(clock, token)
        self.worlds.clear()
        self.worlds[token] = self.world
        config = demo_config(f"http://{HOST}:{self._port}/bot")
        self._database = Database(f"sqlite:///{self._folder / f'demo-{secrets.token_hex(4)}.db'}")
        await asyncio.to_thread(prepare, config, self._database, now=clock.now())
        await asyncio.to_thread(seed.populate, self._database, self.world, self._seed_kind)
        self._house = build(config, token, database=self._database, clock=clock, has_limits=False, edit_gap=EDIT_GAP)
        await self._house.start()
        self._stepper = Stepper(self._house, self.world, clock, is_live=True)
        self._house.run()
        self._began = clock.now()

    async def close(self) -> None:
        await self._house.stop()
        await asyncio.to_thread(self._database.close)

    async def settle(self) -> None:
        await self._stepper.settle()

    async def advance(self, *, seconds: int | None = None, to: datetime | None = None) -> Sequence[Happening]:
        now = self.world.now()
        return await self._stepper.advance(to if to is not None else now + timedelta(seconds=seconds or 0))

    async def to_next(self) -> Sequence[Happening]:
        happened = await self._stepper.to_next()
        if happened is None:
            raise Impossible("60 天内没有待办。")
        return happened

    async def next_due(self) -> datetime | None:
        due = await self._house.schedule.next_due()
        return due[0] if due is not None else None

    async def roles(self) -> Mapping[int, str]:
        seq = self.world.journal.seq
        if self._roles[0] != seq:
            self._roles = (seq, await self._database.read(seed.roles, now=self.world.now()))
        return self._roles[1]

    async def facts(self) -> Mapping[int, bool]:
        return await self._database.read(facts.holding, since=self._began)

    async def others_act(self, chat_id: int) -> None:
        crowd = Crowd(People(self.world), self._stepper, seed.KNOWLEDGE)
        await crowd.act(self.world.chats[chat_id])

    async def restart_demo(self) -> None:
        await self.close()
        await self.open()

    async def transcript(self) -> str:
        return transcript(self.world)


async def _serve(demo: Demo, listening: socket.socket, opens_browser: bool, keep: Path | None) -> None:
    port = listening.getsockname()[1]
    sim = Sim(demo, demo.facts)
    pages: Starlette = server.create_app(demo.worlds, sim.routes)
    served = web.server(Guard(pages, port), host=HOST, port=port)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    # The bot's own first calls need the server, so the door opens before the house is furnished.
    serving = asyncio.create_task(served.serve(sockets=[listening]))
    opening = asyncio.create_task(demo.open())
    waiting = asyncio.create_task(stopped.wait())
    await asyncio.wait({opening, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if opening.done():
        opening.result()
        _greet(port, keep)
        if opens_browser and _has_display():
            webbrowser.open(f"http://{HOST}:{port}/")
        await waiting
        await sim.close()
        await demo.close()
    served.should_exit = True
    await serving


def _bind(port: int | None) -> socket.socket:
    """The port asked for, or 8787, or any free one if that is taken; raises OSError for a port asked for by name."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio: no Nagle delay
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, PORT if port is None else port))
    except OSError:
        if port is not None:
            listening.close()
            raise
        listening.bind((HOST, 0))
    return listening


def _greet(port: int, keep: Path | None) -> None:
    lines = [
        f"共富小课堂 {version('ketang')}",
        "真实的机器人 + 本机模拟的 Telegram：不联网，不需要令牌，人物和支部均为虚构。",
        f"http://{HOST}:{port}/",
        f"数据在 {keep}。Ctrl+C 退出。" if keep else "数据在临时目录，退出后删除（--keep 目录 可保留）。Ctrl+C 退出。",
    ]
    if "SSH_CONNECTION" in os.environ:
        host = os.environ["SSH_CONNECTION"].split()[2]
        lines.insert(3, f"在自己的电脑上：ssh -L {port}:{HOST}:{port} {getpass.getuser()}@{host}")
    with suppress(BrokenPipeError):
        print("\n".join(lines), flush=True)  # noqa: T201


def _has_display() -> bool:
    has_screen = sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY"))
    return has_screen and sys.stdout.isatty()
