"""The doors over HTTP: Telegram's webhook, which must not lie about what is kept, and the two questions of health."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url, select
from starlette.applications import Starlette

from bot import web
from bot.app import build
from bot.clock import SystemClock, VirtualClock
from bot.context import Turn
from bot.db import Database
from bot.demo.stage import demo_config
from bot.inbox import InboxRow, Received
from bot.intake import Intake, Trouble

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SECRET = "s3cret-Of-The-Webhook"
DOOR = "/telegram/7000000001"
HEADERS = {web.SECRET_HEADER: SECRET}


@dataclass
class Post:
    """A real intake behind the pages; what reaches the handlers is written down."""

    database: Database
    state: dict[str, object] = field(default_factory=lambda: {"status": "ok"})
    handled: list[int] = field(default_factory=list)
    secret: str = SECRET

    def __post_init__(self) -> None:
        clock = VirtualClock(NOON)
        self.intake = Intake(
            self.database, clock, self.process, owner="test", on_trouble=self.trouble, on_busy=self.busy
        )

    async def process(self, turn: Turn) -> None:
        self.handled.append(turn.row.update_id)

    async def trouble(self, trouble: Trouble) -> None:
        raise AssertionError(trouble)

    async def busy(self, row: Received) -> None:
        raise AssertionError(row)

    async def health(self) -> dict[str, object]:
        return self.state

    def app(self) -> Starlette:
        return web.create_app(self, self.intake, bot_id=7000000001, secret=self.secret)


@pytest.fixture
async def post(database: Database) -> AsyncIterator[Post]:
    post = Post(database)
    yield post
    await post.intake.drain()


async def send(post: Post, content: bytes, headers: dict[str, str] = HEADERS) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(post.app()), base_url="http://bot") as client:
        answer = await client.post(DOOR, content=content, headers=headers)
    await post.intake.drain()
    return answer


async def ask(post: Post, path: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(post.app()), base_url="http://bot") as client:
        return await client.get(path)


def update(number: object, text: str = "签到") -> bytes:
    told = {"text": text, "from": {"id": 1001}, "chat": {"id": 1001}}
    return json.dumps({"update_id": number, "message": told}).encode()


def stored(database: Database) -> list[int]:
    return database.look(lambda session: list(session.scalars(select(InboxRow.update_id))))


async def test_an_update_is_stored_before_telegram_hears_ok(post: Post) -> None:
    answer = await send(post, update(500000001))
    assert (answer.status_code, answer.content) == (200, b"")
    assert stored(post.database) == [500000001]
    assert post.handled == [500000001]


async def test_an_update_that_comes_twice_acts_once(post: Post) -> None:
    for _ in range(2):
        assert (await send(post, update(500000001))).status_code == 200
    assert post.handled == [500000001]


def dated(kind: str, age: timedelta) -> bytes:
    """An update of this kind that says when it was made; a press says only when its card was."""
    told: dict[str, object] = {"date": int((NOON - age).timestamp()), "chat": {"id": 1001}}
    person = {"from": {"id": 1001}}
    body = {"id": "1", "message": told, **person} if kind == "callback_query" else {**told, **person}
    return json.dumps({"update_id": 500000001, kind: body}).encode()


DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.mark.parametrize("kind", ["message", "my_chat_member", "chat_member"])
async def test_what_is_older_than_telegram_keeps_is_stored_and_does_not_act(post: Post, kind: str) -> None:
    for _ in range(2):
        assert (await send(post, dated(kind, DAY + 6 * MINUTE))).status_code == 200
    assert post.handled == []
    (row,) = post.database.look(lambda session: list(session.scalars(select(InboxRow))))
    assert (row.update_id, row.handled_at, row.body) == (500000001, NOON, "")


@pytest.mark.parametrize(
    "content",
    [
        dated("message", DAY),
        dated("message", -DAY),
        dated("callback_query", 10 * DAY),
        b'{"update_id": 500000001, "poll_answer": {"poll_id": "1", "user": {"id": 1001}}}',
        b'{"update_id": 500000001, "message": {"date": "1", "from": {"id": 1001}}}',
    ],
    ids=["a day old", "of a clock ahead of ours", "old card, new press", "vote", "no such date"],
)
async def test_what_telegram_may_have_kept_acts(post: Post, content: bytes) -> None:
    assert (await send(post, content)).status_code == 200
    assert post.handled == [500000001]


@pytest.mark.parametrize("headers", [{}, {web.SECRET_HEADER: ""}, {web.SECRET_HEADER: SECRET[:-1]}])
async def test_without_the_secret_nothing_is_taken(post: Post, headers: dict[str, str]) -> None:
    answer = await send(post, update(500000001), headers)
    assert answer.status_code == 403
    assert stored(post.database) == []


async def test_without_a_secret_of_ours_the_door_stays_shut(database: Database) -> None:
    post = Post(database, secret="")
    assert (await send(post, update(500000001), {web.SECRET_HEADER: ""})).status_code == 403


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"not json",
        b"[]",
        b'"text"',
        b"{}",
        update("1"),
        update(None),
        update(True),
        update(1.5),
        update(2**63),
        b"[" * 100_000,
        update(1, "x" * web.MAX_BODY),
    ],
    ids=lambda content: f"{len(content)}:{content[:20]!r}",
)
async def test_what_is_no_update_is_refused(post: Post, content: bytes) -> None:
    assert (await send(post, content)).status_code == 400
    assert stored(post.database) == []


async def test_half_a_character_holds_up_nobody(post: Post) -> None:
    assert (await send(post, b'{"update_id":1,"message":{"text":"\\ud83d"}}')).status_code == 200
    assert (await send(post, b'{"update_id":2,"message":{"text":"\\u0000"}}')).status_code == 200
    assert stored(post.database) == [1, 2]


async def test_a_database_that_is_down_asks_telegram_to_come_again(sqlite_url: str) -> None:
    database = Database(f"{sqlite_url}?timeout=0.1")
    post = Post(database)
    with closing(sqlite3.connect(make_url(sqlite_url).database or "")) as other:
        other.execute("BEGIN EXCLUSIVE")
        answer = await send(post, update(500000001))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        other.rollback()
    assert (await send(post, update(500000001))).status_code == 200
    assert post.handled == [500000001]
    database.close()


async def test_only_posts_are_taken_at_the_door(post: Post) -> None:
    assert (await ask(post, DOOR)).status_code == 405
    assert (await ask(post, "/telegram/1")).status_code == 404


async def test_a_house_that_runs_says_so(post: Post) -> None:
    answer = await ask(post, "/live")
    assert (answer.status_code, answer.text) == (200, "ok")


@pytest.mark.parametrize(("status", "code"), [("ok", 200), ("conflict", 503), ("unwell", 503)])
async def test_health_is_told_to_people_and_machines(post: Post, status: str, code: int) -> None:
    post.state = {"status": status, "inbox": {"waiting": 3}}
    answer = await ask(post, "/health")
    assert (answer.status_code, answer.json()) == (code, post.state)


async def test_a_database_that_cannot_be_read_is_told_without_its_name(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/ketang.db")
    (tmp_path / "ketang.db").write_bytes(b"no database " * 1000)
    house = build(demo_config("http://nowhere/bot"), "7000000001:DEMO-x", database=database, clock=SystemClock())
    told = await house.health()
    assert (told["status"], told["database"]) == ("unwell", "unreachable")
    assert str(tmp_path) not in str(told)
    database.close()
