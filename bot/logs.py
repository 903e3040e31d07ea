"""Logging: one line an event, and no secret in any of them. Called before anything else happens."""

import contextlib
import io
import logging
import re
import sys
from typing import TextIO, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_SECRETS = (
    (re.compile(r"(?<!\d)\d{5,}:[A-Za-z0-9_-]{15,}"), "‹token›"),  # in an address it follows the letters "bot"
    (re.compile(r"(?<![\d.])\d{17}[\dXx](?!\d)"), "‹id number›"),
    (re.compile(r"(?<![\d.])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"), "‹phone›"),
    (re.compile(r"(?<=://)[^/@\s]+:[^/@\s]+(?=@)"), "‹login›"),
)
_QUIET = ("httpx", "httpcore", "telegram", "aiohttp", "uvicorn", "apscheduler", "asyncio", "sqlalchemy", "alembic")


_hidden: set[str] = set()


def hide(secret: str) -> None:
    """Never print this, whatever it looks like."""
    if secret:
        _hidden.add(secret)


def redact(text: str) -> str:
    """`text` without hidden secrets and anything that looks like a token, an ID or phone number, or a login."""
    for secret in _hidden:
        text = text.replace(secret, "‹token›")
    for pattern, mark in _SECRETS:
        text = pattern.sub(mark, text)
    return text


def _redacted(_: WrappedLogger, __: str, line: EventDict | str) -> str:
    return redact(str(line))


class _Lines(io.TextIOBase):
    """Where the lines go. A full disk, or a reader that went away, must not end the work that a line tells of."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()


def set_up(format: str = "console", *, level: int = logging.INFO, to: TextIO | None = None) -> None:  # noqa: A002
    """Console lines for people or JSON for servers; libraries from WARNING on (httpx prints the token at INFO)."""
    stream = cast("TextIO", _Lines(to or sys.stderr))
    last: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if format == "console":
        last = structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%SZ", utc=True),
    ]
    if format == "json":
        shared.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*shared, last, _redacted],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last, _redacted],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
