"""Fetching from Telegram while it is in trouble: what is waited for, what is given up, and what is said of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs
from telegram.error import InvalidToken, TimedOut

from bot.clock import SystemClock
from bot.context import Turn
from bot.db import Database
from bot.errors import UserError
from bot.inbox import Received, open_count
from bot.intake import Intake, Trouble
from bot.polling import GIVE_UP_AFTER, POLL_TIME, READ_TIME, REBUILD_AFTER, Poller, RevokedToken, UnknownToken, connect
from bot.transport import Transport
from tests.databases import Again

TOKEN = "7000000001:AAtest-not-a-real-token"
UPDATE = {"update_id": 7, "message": {"from": {"id": 1001}, "chat": {"id": 1001}}}


def answer(status: int, body: object) -> bytes:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return b"HTTP/1.1 %d x\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(text)) + text


def refused(code: int, description: str, **parameters: int) -> bytes:
    return answer(code, {"ok": False, "error_code": code, "description": description, "parameters": parameters})


NOTHING = answer(200, {"ok": True, "result": []})
ONE = answer(200, {"ok": True, "result": [UPDATE]})
UNAUTHORIZED = refused(401, "Unauthorized")
HUNG_UP, SILENT = b"", None


@asynccontextmanager
async def telegram(*answers: bytes | None) -> AsyncIterator[str]:
    """A server that gives each call the next of these answers, and the last of them ever after."""
    left = list(answers)
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        said = left.pop(0) if len(left) > 1 else left[0]
        if said is None:
            await over.wait()
        writer.write(said or b"")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/bot{TOKEN}"
    over.set()
    server.close()


class Line(Transport):
    """Notes that its connections were thrown away."""

    def __init__(self) -> None:
        super().__init__()
        self.was_rebuilt = asyncio.Event()

    async def rebuild(self) -> None:
        await super().rebuild()
        self.was_rebuilt.set()


class Watch:
    """Seconds of a process, as a test gives them."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


class Side:
    """One poller with all that it needs, and what it told."""

    def __init__(self, database: Database, url: str) -> None:
        self.line, self.seconds, self.told = Line(), Watch(), list[str]()
        clock = SystemClock()
        intake = Intake(database, clock, self._handle, owner="here:1:us", on_trouble=_never, on_busy=_never)
        self.poller = Poller(
            database,
            clock,
            self.line,
            intake,
            url=url,
            on_good=lambda: None,
            on_conflict=self._tell,
            on_stand_by=lambda _: None,
            seconds=self.seconds,
        )

    async def _handle(self, turn: Turn) -> None:
        assert turn.row.update_id == UPDATE["update_id"]

    async def _tell(self, notice: UserError) -> None:
        self.told.append(str(notice))


async def _never(_: Trouble | Received) -> None:
    raise AssertionError("no update fails here")


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    database = Again(sqlite_url)
    yield database
    database.close()


@asynccontextmanager
async def polling(database: Database, *answers: bytes | None) -> AsyncIterator[Side]:
    async with telegram(*answers) as url:
        side = Side(database, url)
        yield side
        await side.line.shutdown()


async def pauses(side: Side, count: int) -> Sequence[float]:
    return [(await side.poller.once(0)).pause for _ in range(count)]


@pytest.mark.parametrize(
    "trouble",
    [
        HUNG_UP,
        answer(502, b"<html>Bad Gateway</html>"),
        answer(200, b"<html>"),
        answer(200, b'{"ok":tr'),
        answer(200, []),
    ],
    ids=["hangs up", "502", "a page", "half an answer", "another answer"],
)
async def test_trouble_of_the_server_is_waited_out_and_loses_nothing(database: Database, trouble: bytes) -> None:
    async with polling(database, trouble, trouble, ONE, trouble) as side:
        first, second = await pauses(side, 2)
        assert 0.8 <= first <= 1.2
        assert 1.6 <= second <= 2.4
        assert (await side.poller.once(0)).count == 1
        assert (await side.poller.once(0)).pause <= 1.2  # counted anew


async def test_without_a_network_it_is_asked_at_least_every_half_minute_and_complained_once_a_minute(
    database: Database,
) -> None:
    side = Side(database, "http://127.0.0.1:1/bot")
    with capture_logs() as lines:
        waits = []
        for _ in range(20):
            waits.append((await side.poller.once(0)).pause)
            side.seconds.at += 30
    assert max(waits) <= 30
    assert min(waits[5:]) >= 20
    assert [line["event"] for line in lines] == ["poll_failed"] * 10
    await side.line.shutdown()


async def test_a_connection_that_falls_silent_is_given_up_ten_seconds_after_the_answer_was_due() -> None:
    async with telegram(SILENT) as url:
        line = Line()
        with pytest.raises(TimedOut):
            await line.post_raw(f"{url}/getUpdates", {}, timeout=0.1)
        await line.shutdown()
    assert READ_TIME == POLL_TIME + 10


async def test_after_a_minute_without_a_good_answer_the_connections_are_made_anew(database: Database) -> None:
    async with polling(database, HUNG_UP) as side:
        await side.poller.hold()
        side.seconds.at += REBUILD_AFTER + 1
        running = asyncio.ensure_future(side.poller.run())
        async with asyncio.timeout(10):
            await side.line.was_rebuilt.wait()
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_token_refused_for_a_moment_is_tried_again(database: Database) -> None:
    async with polling(database, UNAUTHORIZED, ONE, UNAUTHORIZED) as side:
        assert (await side.poller.once(0)).pause > 0
        assert (await side.poller.once(0)).count == 1
        side.seconds.at += GIVE_UP_AFTER + 1
        assert (await side.poller.once(0)).pause > 0  # the ten minutes begin with the first refusal


async def test_a_token_refused_for_ten_minutes_ends_the_process_and_is_not_printed(database: Database) -> None:
    async with polling(database, NOTHING, UNAUTHORIZED) as side:
        await pauses(side, 2)
        side.seconds.at += GIVE_UP_AFTER + 1
        with pytest.raises(RevokedToken) as caught:
            await side.poller.once(0)
    assert str(caught.value) == "令牌已被 Telegram 拒绝 10 分钟，请向 @BotFather 更换令牌后重新启动。"
    assert caught.value.code == 3


async def test_a_token_nobody_knows_ends_the_start(database: Database) -> None:
    async with polling(database, refused(404, "Not Found")) as side:
        with pytest.raises(UnknownToken) as caught:
            await side.poller.once(0)
    assert caught.value.code == 2

    async def initialize() -> None:
        raise InvalidToken(f"The token `{TOKEN}` was rejected by the server.") from ValueError("Not Found")

    with pytest.raises(UnknownToken) as caught:
        await connect(initialize)
    assert TOKEN not in str(caught.value)


async def test_a_flood_is_waited_out_as_long_as_telegram_says(database: Database) -> None:
    async with polling(database, refused(429, "Too Many Requests: retry after 17", retry_after=17)) as side:
        assert (await side.poller.once(0)).pause == 17


async def test_a_webhook_that_was_left_is_said_once_with_the_remedy(database: Database) -> None:
    description = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete it first"
    async with polling(database, refused(409, description)) as side:
        await pauses(side, 3)
        assert side.told == [
            "收不到消息：这个令牌设置了 webhook。改用轮询请调用 Bot API 的 deleteWebhook，排队的消息不会丢失。"
        ]
        assert database.look(open_count) == 0
