"""No secret and no number of a person in any log line, whoever writes it and whatever goes wrong."""

import io
import json
import logging

import pytest
import structlog
from telegram import Bot

from bot import logs

TOKEN = "7123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawQ"
ODD_TOKEN = "42:short-secret"
PHONES = ("13812345678", "+8613812345678", "86 138 1234 5678", "138-1234-5678")
ID_NUMBER = "11010519491231002X"


@pytest.fixture(params=["console", "json"])
def lines(request: pytest.FixtureRequest) -> io.StringIO:
    """Where the log goes."""
    stream = io.StringIO()
    logs.set_up(request.param, to=stream)
    return stream


def holds_secret(text: str) -> bool:
    return any(secret in text for secret in (TOKEN, TOKEN.partition(":")[2], ID_NUMBER, *PHONES))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"https://api.telegram.org/bot{TOKEN}/getMe", "https://api.telegram.org/bot‹token›/getMe"),
        (f"The token `{TOKEN}` was rejected by the server.", "The token `‹token›` was rejected by the server."),
        (f"Bot[token={TOKEN}]", "Bot[token=‹token›]"),
        *((f"电话{phone}。", "电话‹phone›。") for phone in PHONES),
        (f"身份证 {ID_NUMBER}", "身份证 ‹id number›"),
        ("postgresql+psycopg://ketang:secret@db/ketang", "postgresql+psycopg://‹login›@db/ketang"),
        ("http://proxy-user:pass@127.0.0.1:3128", "http://‹login›@127.0.0.1:3128"),
    ],
)
def test_what_must_not_be_read_is_marked(text: str, shown: str) -> None:
    assert logs.redact(text) == shown


@pytest.mark.parametrize(
    "text",
    ["chat=-1001000000001", "update=500000001", "2026-03-02T04:00:00Z", "row=13812345 seconds=0.123456789012", "10:30"],
)
def test_what_helps_to_find_a_fault_stays(text: str) -> None:
    assert logs.redact(text) == text


def test_a_hidden_secret_is_hidden_whatever_it_looks_like() -> None:
    logs.hide(ODD_TOKEN)
    assert logs.redact(f"key={ODD_TOKEN}") == "key=‹token›"


def test_an_empty_secret_hides_nothing() -> None:
    logs.hide("")
    assert logs.redact("key=") == "key="


def test_our_own_lines_hold_no_secret(lines: io.StringIO) -> None:
    log = structlog.get_logger()
    log.info("poll_failed", url=f"https://api.telegram.org/bot{TOKEN}/getUpdates", phones=PHONES, number=ID_NUMBER)
    assert "poll_failed" in lines.getvalue()
    assert not holds_secret(lines.getvalue())


def test_tracebacks_hold_no_secret(lines: io.StringIO) -> None:
    def fail(token: str) -> None:
        raise ValueError(f"no answer for {token}, asked by {PHONES[1]} ({ID_NUMBER})")

    try:
        fail(TOKEN)
    except ValueError:
        structlog.get_logger().exception("update_failed", update=1)
    told = lines.getvalue()
    assert "ValueError" in told
    assert "in fail" in told
    assert not holds_secret(told)


def test_lines_of_libraries_hold_no_secret(lines: io.StringIO) -> None:
    library = logging.getLogger("telegram.ext.Updater")
    library.warning("call %s failed for %s", f"https://api.telegram.org/bot{TOKEN}/getMe", PHONES[0])
    try:
        raise RuntimeError(TOKEN)
    except RuntimeError:
        logging.getLogger("anything.else").exception("broken")
    told = lines.getvalue()
    assert "getMe" in told
    assert "RuntimeError" in told
    assert not holds_secret(told)


def test_a_bot_that_is_printed_shows_no_token(lines: io.StringIO) -> None:
    structlog.get_logger().warning("bot_built", bot=repr(Bot(TOKEN)))
    logging.getLogger("telegram").warning("%r", Bot(TOKEN))
    assert lines.getvalue().count("‹token›") == 2
    assert not holds_secret(lines.getvalue())


@pytest.mark.parametrize("name", ["httpx", "httpcore", "telegram.ext", "sqlalchemy.engine", "apscheduler.scheduler"])
def test_libraries_are_quiet_below_warnings(lines: io.StringIO, name: str) -> None:
    logging.getLogger(name).info("HTTP Request: POST https://api.telegram.org/bot%s/getMe", TOKEN)
    assert lines.getvalue() == ""


@pytest.mark.parametrize("lines", ["json"], indirect=True)
def test_a_server_reads_one_json_object_a_line(lines: io.StringIO) -> None:
    structlog.get_logger().info("reminder_sent", meeting=12)
    logging.getLogger("telegram").warning("slow")
    first, second = (json.loads(line) for line in lines.getvalue().splitlines())
    assert first.pop("timestamp").endswith("Z")
    assert first == {"event": "reminder_sent", "meeting": 12, "level": "info"}
    assert (second["event"], second["level"]) == ("slow", "warning")
