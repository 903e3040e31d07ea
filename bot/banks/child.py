"""Reads a stranger's file in a process of its own, with limits on memory, time and what may come back."""

import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from tempfile import TemporaryFile
from typing import IO

import structlog

from bot.banks.formats import Format, wire
from bot.banks.formats.__main__ import TOO_MUCH
from bot.banks.formats.raw import RawFile
from bot.banks.rules import WHOLE, Issue

READ_TIME = timedelta(seconds=30)  # of the wall; the child's own limit is in CPU seconds
MOST = 128 * 1024 * 1024  # bytes that may come back
LONGEST_WORD = 32  # bytes of one line of progress
PASSED_ON = ("SYSTEMROOT",)  # without it Python does not start on Windows; nothing else of ours is inherited

Progress = Callable[[int], None]

log = structlog.get_logger()


def read(
    data: bytes, file: str, kind: Format, progress: Progress | None = None, within: timedelta = READ_TIME
) -> RawFile:
    """What the file holds, as its reader says; never raises, a file that ended the process is an issue."""
    with TemporaryFile() as source:
        source.write(data)
        source.seek(0)
        code, printed = _run(source, file, kind, progress, within)
    if code == 0:
        try:
            with uncollected():
                return wire.loads(printed, file)
        except wire.Garbled:
            code = 1
    log.warning("bank_file_not_read", format=kind.value, code=code, size=len(data))
    is_over = code == TOO_MUCH or code < 0  # ended by a limit
    return RawFile(file, issues=[Issue("E218" if is_over else "E219", file, WHOLE)])


def _run(source: IO[bytes], file: str, kind: Format, progress: Progress | None, within: timedelta) -> tuple[int, bytes]:
    command = [sys.executable, "-I", "-m", "bot.banks.formats", kind.value, file]
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    process = subprocess.Popen(  # noqa: S603  # our own module, the file only on standard input
        command,
        stdin=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    is_late = threading.Event()
    alarm = threading.Timer(within.total_seconds(), _expire, (process, is_late))
    listener = threading.Thread(target=_listen, args=(process.stderr, progress), daemon=True)
    alarm.start()
    listener.start()
    try:
        printed = process.stdout.read(MOST + 1)
        if len(printed) > MOST:
            _end(process)
        code = process.wait()
        return (TOO_MUCH if is_late.is_set() or len(printed) > MOST else code), printed
    finally:
        alarm.cancel()
        _end(process)
        listener.join()
        process.stdout.close()
        process.stderr.close()


def _listen(told: IO[bytes], progress: Progress | None) -> None:
    """Rows read so far; whatever else the child says is dropped, so that it never waits for us."""
    while line := told.readline(LONGEST_WORD):
        if progress is not None and line.strip().isdigit():
            progress(int(line))


def _expire(process: "subprocess.Popen[bytes]", is_late: threading.Event) -> None:
    is_late.set()
    _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """The whole process group, where there are such; a process that has ended is left alone."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing of what is built here is garbage, and to look whether it is stops everybody else for 200 ms."""
    is_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_on:
            gc.enable()
