"""`ketang demo`: the real bot, a Telegram of its own and the chat page, in one process on this machine."""

from __future__ import annotations

import asyncio
import fcntl
import getpass
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import webbrowser
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from importlib.metadata import version
from logging import ERROR
from pathlib import Path
from typing import TextIO, TypeVar

from starlette.applications import Starlette

from bot import logs, web
from bot.app import House, build, prepare
from bot.clock import VirtualClock
from bot.db import Database
from bot.demo import archive, facts, seed, server
from bot.demo.acts import Impossible
from bot.demo.crowd import Crowd
from bot.demo.guards import Guard
from bot.demo.people import People
from bot.demo.sim import Happening, Sim
from bot.demo.stage import demo_config
from bot.demo.stepping import Restless, Stepper, StuckClock
from bot.demo.transcript import transcript
from bot.demo.world import BOT_ID, World
from bot.errors import UserError
from bot.reasons import why

HOST, PORT = "127.0.0.1", 8787
EDIT_GAP = timedelta(seconds=1)  # a newcomer watches the card
DATABASE, WORLD, LOCK = "demo.db", "world.json", "demo.lock"
SAVE_GAP = 3.0  # real seconds between two savings of a kept world; at the end it is saved in any case

R = TypeVar("R")


def run(*, port: int | None, opens_browser: bool, keep: Path | None, seed_kind: str) -> int:
    """Serve the demo until Ctrl+C; the exit code."""
    logs.set_up(level=ERROR)
    try:
        listening = _bind(port)
    except OSError:
        print(f"端口 {port} 已被占用，去掉 --port 可自动选择。", file=sys.stderr)  # noqa: T201
        return 1
    folder = keep or Path(tempfile.mkdtemp(prefix="ketang-demo-"))
    demo = Demo(folder, seed_kind, listening.getsockname()[1], is_kept=keep is not None)
    try:
        demo.claim()
        asyncio.run(_serve(demo, listening, opens_browser, keep))
    except (Unusable, UserError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    finally:
        listening.close()
        demo.release()
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


class Unusable(Exception):
    """The folder of a kept demo cannot be used; the text says why."""


class Demo:
    """The page's desk: a world, the bot that lives in it, and the clock of both. A restart makes all of them anew."""

    def __init__(self, folder: Path, seed_kind: str, port: int, *, is_kept: bool = False) -> None:
        self._folder, self._seed_kind, self._port, self._is_kept = folder, seed_kind, port, is_kept
        self.worlds: dict[str, World] = {}
        self.world: World
        self._house: House
        self._database: Database
        self._stepper: Stepper
        self._roles: tuple[int, Mapping[int, str]] = (-1, {})
        self._saving: asyncio.Task[None] | None = None
        self._lock: TextIO | None = None

    def claim(self) -> None:
        """Make the folder ours until the process ends; raises Unusable."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self._folder / LOCK).open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unusable(f"{self._folder} 正由另一个演示使用，请换一个目录，或先停掉那一个。") from None
        except OSError as error:
            raise Unusable(f"{self._folder} 不能写入：{why(error)}。") from None

    def release(self) -> None:
        if self._lock is not None:
            self._lock.close()

    async def open(self) -> None:
        """Start the bot in the world and database that were kept, else in fresh ones; raises Unusable."""
        kept = await asyncio.to_thread(self._read_kept)
        clock = VirtualClock(kept.now if kept else seed.START, running=True)
        token = f"{BOT_ID}:DEMO-{secrets.token_urlsafe(24)}"
        self.world = archive.restore(kept, clock, token) if kept else World(clock, token)
        self.worlds.clear()
        self.worlds[token] = self.world
        config = demo_config(f"http://{HOST}:{self._port}/bot")
        if kept is None:
            self._forget()
        self._database = Database(f"sqlite:///{self._folder / DATABASE}")
        try:
            await asyncio.to_thread(prepare, config, self._database, now=clock.now())
        except UserError:
            self._database.close()
            raise
        if kept is None:
            await asyncio.to_thread(seed.populate, self._database, self.world, self._seed_kind)
        self._began = kept.began if kept else clock.now()
        self._house = build(config, token, database=self._database, clock=clock, has_limits=False, edit_gap=EDIT_GAP)
        await self._house.start()
        self._stepper = Stepper(self._house, self.world, clock, is_live=True)
        self._house.run()
        if self._is_kept:
            self._saving = asyncio.create_task(self._keep_saving())

    async def close(self) -> None:
        if self._saving is not None:
            self._saving.cancel()
            await asyncio.wait([self._saving])
        await self._house.stop()
        await asyncio.to_thread(self._database.close)
        if self._is_kept:
            self._save()

    def _read_kept(self) -> archive.Kept | None:
        """World and database belong together: one without the other is not gone on with."""
        path = self._folder / WORLD
        if not (path.exists() and (self._folder / DATABASE).exists()):
            return None
        try:
            return archive.read(path.read_text(encoding="utf-8"))
        except ValueError:
            raise Unusable(f"{path} 读不出来，请换一个目录，或删去这个目录重新开始。") from None

    def _forget(self) -> None:
        for name in (WORLD, DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
            (self._folder / name).unlink(missing_ok=True)

    def _save(self) -> None:
        archive.save(self._folder / WORLD, archive.write(self.world, self._began))

    async def _keep_saving(self) -> None:
        saved = -1
        while True:
            if saved != self.world.journal.seq:
                saved = self.world.journal.seq
                self._save()  # in one go: nothing may move meanwhile
            await asyncio.sleep(SAVE_GAP)

    async def settle(self) -> None:
        await self._stepper.settle()

    async def advance(self, *, seconds: int | None = None, to: datetime | None = None) -> Sequence[Happening]:
        now = self.world.now()
        return await possible(self._stepper.advance(to if to is not None else now + timedelta(seconds=seconds or 0)))

    async def to_next(self) -> Sequence[Happening]:
        happened = await possible(self._stepper.to_next())
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
        await possible(crowd.act(self.world.chats[chat_id]))

    async def restart_demo(self) -> None:
        await self.close()
        self._forget()
        await self.open()

    async def transcript(self) -> str:
        return transcript(self.world)


async def possible(moving: Awaitable[R]) -> R:
    """A clock that cannot go on is told in the window that moved it."""
    try:
        return await moving
    except (StuckClock, Restless) as error:
        raise Impossible(f"{error}。") from error


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
    opening = asyncio.create_task(sim.open(demo.open()))
    waiting = asyncio.create_task(stopped.wait())
    await asyncio.wait({opening, waiting}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if opening.done():
            opening.result()
            _greet(port, keep)
            if opens_browser and _has_display():
                webbrowser.open(f"http://{HOST}:{port}/")
            await waiting
            await sim.close()
            await demo.close()
    finally:
        opening.cancel()
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
