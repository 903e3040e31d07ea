"""`python -m bot.banks.formats FORMAT NAME` reads a stranger's file from standard input: a process with limits.

It prints what it found as JSON (`wire`) and, on standard error, how many rows it has read. Whatever the
file does ends with this process. Only what reading needs is imported.
"""

import gc
import sys
from importlib import import_module
from typing import Protocol

from bot.banks.formats import Format, wire
from bot.banks.formats.raw import RawFile, TooMuch

MEGA = 1024 * 1024
MEMORY = 768 * MEGA
CPU_SECONDS = 20
FILES = 32  # open at once
TOO_MUCH = 3  # exit code
READERS = {
    Format.EXCEL: "excel",
    Format.TABLE: "csv",
    Format.JSON: "json",
    Format.LIST: "text_list",
    Format.WORD: "docx",
    Format.GIFT: "gift",
}


class _Reader(Protocol):
    def read(self, data: bytes, file: str) -> RawFile: ...


def limit() -> None:
    """Where the system has such limits; elsewhere the parent's clock is what ends a file that does not."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  # not on Windows

    for kind, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, FILES),
    ):
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):  # macOS knows RLIMIT_AS but refuses it
            continue


def main() -> None:
    limit()
    gc.disable()  # what is read here is kept to the end
    kind, name = Format(sys.argv[1]), sys.argv[2]
    reader: _Reader = import_module(f"bot.banks.formats.{READERS[kind]}")
    try:
        answer = wire.dumps(reader.read(sys.stdin.buffer.read(), name))
    except (TooMuch, MemoryError):
        sys.exit(TOO_MUCH)
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
