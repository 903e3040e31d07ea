"""`ketang` as a process of its own, as a person starts it in a terminal, or as that process would run it."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from typer.testing import CliRunner

from bot.__main__ import app

READY = 30.0  # seconds a busy machine is given; the demo promises five
ENDS = 30.0


def environment(**more: str) -> dict[str, str]:
    """This process's, without what would configure a bot."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KETANG_", "SSH_", "COV"))}
    return kept | {"PYTHONUNBUFFERED": "1"} | more


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@dataclass
class Ended:
    code: int
    out: str
    err: str


async def ketang(folder: Path, *words: str, **variables: str) -> Ended:
    """Run a command that ends by itself."""
    process = await _start(folder, words, environment(**variables))
    out, err = await asyncio.wait_for(process.communicate(), ENDS)
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


def ketang_here(folder: Path, *words: str, **variables: str) -> Ended:
    """The same in this process: a start of its own is what costs, and others prove that one."""
    left_out: dict[str, str | None] = {name: None for name in os.environ if name not in environment()}
    with contextlib.chdir(folder):
        ended = CliRunner().invoke(app, words, env=left_out | variables)
    return Ended(ended.exit_code, ended.stdout, ended.stderr)


async def _start(folder: Path, words: tuple[str, ...], variables: Mapping[str, str]) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words, cwd=folder, env=variables, stdout=PIPE, stderr=PIPE
    )


@dataclass
class Running:
    """A demo that has told its address."""

    process: Process
    port: int
    lines: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def stop(self, number: signal.Signals = signal.SIGINT) -> Ended:
        if self.process.returncode is None:
            self.process.send_signal(number)
        out, err = await asyncio.wait_for(self.process.communicate(), ENDS)
        assert self.process.returncode is not None
        return Ended(self.process.returncode, out.decode(), err.decode())


@asynccontextmanager
async def demo(folder: Path, *words: str, **variables: str) -> AsyncIterator[Running]:
    """`ketang demo` on a free port in `folder`, ready; killed at the end if it has not been stopped."""
    port = free_port()
    asked = ("demo", "--no-browser", "--port", str(port), *words)
    process = await _start(folder, asked, environment(TMPDIR=str(folder), **variables))
    running = Running(process, port)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(READY):
            while not running.lines or "Ctrl+C" not in running.lines[-1]:
                line = await process.stdout.readline()
                assert line, (await process.communicate())[1].decode()
                running.lines.append(line.decode().rstrip("\n"))
        yield running
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
