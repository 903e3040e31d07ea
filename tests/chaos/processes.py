"""Real processes of the bot: `python -m bot run` on a database and a wire, ended as the test says."""

import asyncio
import os
import signal
import sys
from collections import deque
from pathlib import Path

from tests.chaos.wire import Wire

STARTING = 30.0  # seconds until a process must have asked for updates, on a busy machine
TAIL = 200  # lines kept of what a process says
PROGRAM = (sys.executable, "-m", "bot", "run")


class Process:
    """One life of the bot."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: deque[str] = deque(maxlen=TAIL)
        self.pid = process.pid
        self._listening = asyncio.ensure_future(self._listen())

    @classmethod
    async def start(cls, wire: Wire, database_url: str, folder: Path) -> "Process":
        """Start it in `folder`, where no settings lie."""
        environment = {
            **{name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
            "LANG": "C.UTF-8",
            "KETANG_BOT__TOKEN": wire.world.token,
            "KETANG_BOT__BASE_URL": wire.url,
            "KETANG_DATABASE__URL": database_url,
            "KETANG_WEB__PORT": "0",
            "PYTHONFAULTHANDLER": "1",
        }
        process = await asyncio.create_subprocess_exec(
            *PROGRAM,
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        return cls(process)

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self.said.append(line.decode("utf-8", "replace").rstrip())

    @property
    def has_ended(self) -> bool:
        return self._process.returncode is not None

    @property
    def code(self) -> int | None:
        return self._process.returncode

    def signal(self, number: signal.Signals) -> None:
        if not self.has_ended:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    async def ended(self, *, within: float) -> int:
        """The exit code, when it has ended by itself or by a signal sent before."""
        async with asyncio.timeout(within):
            code = await self._process.wait()
            await self._listening
        return code

    async def lives(self, seconds: float) -> bool:
        """Let it live for so long; False if it ended before."""
        waiting = asyncio.ensure_future(self._process.wait())
        done, _ = await asyncio.wait((waiting,), timeout=seconds)
        waiting.cancel()
        return not done

    async def destroy(self) -> None:
        """Kill it wherever it is, and wait until nothing of it is left."""
        self.kill()
        await self.ended(within=10)

    async def dump(self) -> str:
        """Where it is stuck: end it so that it tells."""
        self.signal(signal.SIGABRT)
        await self.ended(within=10)
        return self.tail()

    def tail(self) -> str:
        return "\n".join(self.said)
