"""The load generator, found where it was said to be, with its floors and our bot as its subjects.

Nothing of ours is imported here: the bot and its databases are made by processes of their own, under an interpreter
of their own, so that this program can run where the floors' libraries are.
"""

import asyncio
import contextlib
import importlib
import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

ROOT = Path(__file__).parents[2]
BEST = {"BENCH_CONC": "256", "BENCH_ORDER": "1", "BENCH_HTTP": "lean"}  # python-telegram-bot at its quickest
TEXTBOOK = {"BENCH_STORE": "sa_aiosqlite"}  # as its manual has it: httpx, in turn, one commit an update

Update = Mapping[str, object]
Facts = dict[str, object]


class Server(Protocol):
    """The Telegram of one run."""

    latencies: list[float]
    last_answer: float
    open: int
    sent: list[tuple[float, int]]
    pending: Sequence[object]
    refused: Mapping[str, int]

    def put_many(self, updates: Sequence[tuple[Update, object]]) -> None: ...


class Process(Protocol):
    pid: int


class Subject(Protocol):
    """One bot process on one server."""

    st: Server
    proc: Process

    async def drain(self, timeout: float = 120.0, quiet: float = 12.0) -> bool: ...  # noqa: ASYNC109  # theirs

    def forget(self) -> None: ...

    def cpu(self) -> float: ...

    def memory(self, what: str = "VmHWM") -> float: ...

    def tail(self, n: int = 3000) -> str: ...


Running = AbstractAsyncContextManager[Subject]


class Rig:
    """Starts subjects on fresh servers: ours under `python`, the floors under this interpreter."""

    def __init__(self, folder: Path, python: str, scratch: Path) -> None:
        sys.path.insert(0, str(folder))
        self.harness: ModuleType = importlib.import_module("harness")
        self.telegram: ModuleType = importlib.import_module("tgserver")
        self.folder, self.python, self.scratch = folder, python, scratch
        self._copies = 0

    def ours(self, url: str, module: str = "bot run", **options: object) -> Running:
        """The real program on that database."""
        return cast("Running", self.harness.Bench(self.command(module), ours_env(url), **self.where(), **options))

    def command(self, module: str = "bot run") -> list[str]:
        """The address is known only when the server stands: a shell puts it where the bot looks for it."""
        return ["-c", f'KETANG_BOT__BASE_URL="$BENCH_URL/bot" exec {shlex.quote(self.python)} -m {module}']

    def where(self) -> dict[str, object]:
        return {"cwd": str(ROOT), "python": "/bin/sh"}

    def floor(self, bot: str, env: Mapping[str, str], **options: object) -> Running:
        """One of the generator's own bots."""
        return cast("Running", self.harness.Bench(self.floor_command(bot), self.floor_env(env), **options))

    def floor_command(self, bot: str) -> list[str]:
        return [str(self.folder / "bots" / f"{bot}.py")]

    def floor_env(self, env: Mapping[str, str]) -> dict[str, str]:
        for old in self.scratch.glob("floor.db*"):
            old.unlink()
        return {"BENCH_DB": str(self.scratch / "floor.db"), **env}

    # -- databases ----------------------------------------------------------------------------------------------------

    def scene(self, what: str, url: str, **counts: int) -> Facts:
        """Have a database filled, or looked at."""
        return told_by(self.python, "tests.bench.scene", what, url, *(f"--{k}={v}" for k, v in counts.items()))

    def prepared(self, what: str, **counts: int) -> tuple[Path, Facts]:
        """A SQLite file to be copied for each round, and what there is to press in it."""
        file = self.scratch / f"{what}-{'-'.join(map(str, counts.values()))}.db"
        for old in self.scratch.glob(f"{file.name}*"):
            old.unlink()
        return file, self.scene(what, f"sqlite:///{file}", **counts)

    def copy(self, file: Path) -> str:
        for old in self.scratch.glob("ours-*.db*"):
            old.unlink()
        self._copies += 1
        fresh = self.scratch / f"ours-{self._copies}.db"
        shutil.copy(file, fresh)
        return f"sqlite:///{fresh}"


def ours_env(url: str) -> dict[str, str]:
    return {"KETANG_BOT__TOKEN": "42:bench", "KETANG_DATABASE__URL": url, "KETANG_WEB__PORT": "0"}


def told_by(python: str, module: str, *arguments: str) -> Facts:
    """The last line a program of ours prints, which is JSON."""
    done = subprocess.run(
        [python, "-m", module, *arguments], cwd=ROOT, check=False, capture_output=True, text=True, env=None
    )
    if done.returncode:
        raise RuntimeError(f"{module} {' '.join(arguments)}: {done.stderr[-2000:]}")
    return cast("Facts", json.loads(done.stdout.splitlines()[-1]))


async def pause(seconds: float) -> None:
    """Let time pass: pace is what a generator gives."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()
