"""The server over loopback, spoken to by python-telegram-bot itself and by a plain client."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp
import pytest
import uvicorn
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import ChatMigrated, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter
from telegram.request import HTTPXRequest

from bot.demo import faults
from bot.demo.chats import Chat, ChatKind, Membership, Rank
from bot.demo.groups import Groups
from bot.demo.people import People
from bot.demo.server import MOST_BODY, create_app, listen
from bot.demo.world import World
from tests.demo.conftest import LI, TOKEN, WU, ZHANG

WORLDS: dict[str, World] = {}


@pytest.fixture(scope="session")
async def address() -> AsyncIterator[str]:
    """One server for the whole session, on the session's loop."""
    listening = listen()
    server = uvicorn.Server(uvicorn.Config(create_app(WORLDS), log_config=None, lifespan="off", ws="none"))
    serving = asyncio.ensure_future(server.serve([listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    server.force_exit = True
    await serving


@pytest.fixture(autouse=True)
def served(world: World) -> World:
    WORLDS[TOKEN] = world
    return world


@pytest.fixture
async def bot(address: str) -> AsyncIterator[Bot]:
    request = HTTPXRequest(read_timeout=5)
    bot = Bot(TOKEN, base_url=f"{address}/bot", base_file_url=f"{address}/file/bot", request=request)
    await bot.initialize()
    yield bot
    await bot.shutdown()


@dataclass
class Client:
    """Speaks the wire itself, where python-telegram-bot would hide what is on it."""

    session: aiohttp.ClientSession
    address: str

    async def call(self, method: str, token: str = TOKEN, **fields: object) -> tuple[int, dict[str, object]]:
        async with self.session.post(f"{self.address}/bot{token}/{method}", json=fields) as answer:
            return answer.status, await answer.json()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Goes on calling until something holds; fails after five seconds."""
        async with asyncio.timeout(5):
            while not holds():
                await self.call("getMe")


@pytest.fixture
async def client(address: str) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(session, address)


class TestCalls:
    async def test_a_message_arrives_with_its_keyboard_and_entities(self, bot: Bot, world: World):
        keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("参加", callback_data="m:1", style="success")]])
        sent = await bot.send_message(ZHANG, "<b>党员大会</b> &amp; 学习", parse_mode="HTML", reply_markup=keyboard)
        kept = world.chats[ZHANG].messages[sent.message_id]
        assert (kept.text, kept.entities[0].type, kept.button("参加").style) == ("党员大会 & 学习", "bold", "success")
        assert sent.reply_markup == keyboard

    async def test_get_form_json_and_any_case_are_understood(self, address: str, client: Client):
        url = f"{address}/bot{TOKEN}/SENDmessage"
        async with client.session.get(url, params={"chat_id": ZHANG, "text": "甲"}) as answer:
            assert (await answer.json())["result"]["text"] == "甲"
        async with client.session.post(url, data={"chat_id": ZHANG, "text": "乙"}) as answer:
            assert (await answer.json())["result"]["text"] == "乙"
        _, body = await client.call("sendmessage", chat_id=ZHANG, text="丙")
        assert body["result"]["text"] == "丙"

    async def test_a_document_comes_back_as_it_was_sent(self, bot: Bot, world: World):
        sent = await bot.send_document(LI, b"PK\r\n--x\r\n", filename='台账"一季度".xlsx', caption="台账")
        assert sent.document.file_name == '台账"一季度".xlsx'
        file = await bot.get_file(sent.document.file_id)
        assert bytes(await file.download_as_bytearray()) == b"PK\r\n--x\r\n"
        again = await bot.send_document(LI, sent.document.file_id)
        assert again.document.file_unique_id == sent.document.file_unique_id

    async def test_an_uploaded_photo_has_its_size(self, bot: Bot):
        png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (640).to_bytes(4) + (480).to_bytes(4) + b"\x08\x02"
        sent = await bot.send_photo(LI, png)
        assert (sent.photo[0].width, sent.photo[0].height) == (640, 480)

    async def test_a_wrong_token_is_unauthorized(self, client: Client, address: str):
        assert await client.call("getMe", token="7000000001:other") == (
            401,
            {"ok": False, "error_code": 401, "description": "Unauthorized"},
        )
        stranger = Bot("7000000001:other", base_url=f"{address}/bot")
        with pytest.raises(InvalidToken):
            await stranger.initialize()
        await stranger.shutdown()

    async def test_an_unknown_method_is_not_found(self, client: Client):
        status, body = await client.call("sendDice", chat_id=ZHANG)
        assert (status, body["description"]) == (404, "Not Found: method not found")

    async def test_an_unknown_parameter_is_accepted_and_remembered(self, client: Client, world: World):
        status, _ = await client.call("sendMessage", chat_id=ZHANG, text="甲", colour="red")
        assert status == 200
        assert world.warnings == ["sendMessage: unknown parameter colour"]

    async def test_a_body_over_50_megabytes_is_refused(self, address: str, client: Client):
        data = io.BytesIO(b"chat_id=1001&text=" + b"x" * MOST_BODY)
        async with client.session.post(f"{address}/bot{TOKEN}/sendMessage", data=data) as answer:
            assert (answer.status, (await answer.json())["description"]) == (413, "Request Entity Too Large")

    async def test_calls_are_recorded_with_status_latency_and_parameters(self, client: Client, world: World):
        await client.call("sendMessage", chat_id=99, text="甲")
        call = world.calls("sendMessage")[0]
        assert (call.status, call.description, call.chat_id) == (400, "Bad Request: chat not found", 99)
        assert call.parameters == {"chat_id": 99, "text": "甲"}
        assert call.latency >= 0


class TestRefusals:
    async def test_a_person_who_never_started_the_bot_is_forbidden(self, bot: Bot, group: Chat, client: Client):
        with pytest.raises(Forbidden):
            await bot.send_message(WU, "通知")
        _, body = await client.call("sendMessage", chat_id=WU, text="通知")
        assert body["description"] == "Forbidden: bot can't initiate conversation with a user"

    async def test_an_unknown_chat_is_not_found(self, client: Client):
        status, body = await client.call("sendMessage", chat_id=99, text="通知")
        assert (status, body["description"]) == (400, "Bad Request: chat not found")

    async def test_an_upgraded_group_names_its_new_id(self, bot: Bot, world: World, groups: Groups):
        old = world.add_group("新建群", owner=LI, kind=ChatKind.GROUP, bot=Membership(Rank.MEMBER))
        new = groups.upgrade(old)
        with pytest.raises(ChatMigrated) as caught:
            await bot.send_message(old.id, "通知")
        assert caught.value.new_chat_id == new.id

    async def test_an_error_of_the_emulator_answers_500_and_stays_a_problem(self, client: Client, world: World):
        del world.persons[world.bot.id]
        status, body = await client.call("sendMessage", chat_id=ZHANG, text="甲")
        assert status == 500
        assert body["description"] == "Internal Server Error"
        assert "KeyError" in world.problems[0]


class TestGetUpdates:
    async def test_updates_arrive_as_objects_of_the_library(self, bot: Bot, people: People):
        people.say(ZHANG, "/start")
        updates = await bot.get_updates()
        assert [type(update) for update in updates] == [Update]
        assert updates[0].message.from_user.first_name == "张三"

    async def test_a_waiting_call_ends_when_an_update_arrives(
        self, bot: Bot, client: Client, people: People, world: World
    ):
        waiting = asyncio.ensure_future(bot.get_updates(timeout=50))
        await client.until(lambda: world.updates.waiting == 1)
        people.say(ZHANG, "我的")
        async with asyncio.timeout(5):
            updates = await waiting
        assert updates[0].message.text == "我的"

    async def test_an_offset_confirms(self, client: Client, people: People, world: World):
        people.say(ZHANG, "甲")
        people.say(ZHANG, "乙")
        _, body = await client.call("getUpdates", offset=500000002)
        assert [update["message"]["text"] for update in body["result"]] == ["乙"]
        assert world.updates.pending == 1

    async def test_the_allowed_kinds_are_remembered(self, client: Client, people: People, world: World):
        await client.call("getUpdates", allowed_updates=["callback_query"])
        people.say(ZHANG, "甲")
        _, body = await client.call("getUpdates")
        assert body["result"] == []
        assert (await client.call("getWebhookInfo"))[1]["result"]["allowed_updates"] == ["callback_query"]

    async def test_two_pollers_get_the_same_batch_while_updates_are_pending(self, client: Client, people: People):
        people.say(ZHANG, "甲")
        first, second = await asyncio.gather(*(client.call("getUpdates", timeout=20) for _ in range(2)))
        assert first == second

    async def test_a_second_waiting_poller_ends_the_first_with_409(self, bot: Bot, client: Client, world: World):
        first = asyncio.ensure_future(client.call("getUpdates", timeout=50))
        await client.until(lambda: world.updates.waiting == 1)
        second = asyncio.ensure_future(client.call("getUpdates", timeout=50))
        status, body = await first
        assert status == 409
        assert body["description"] == (
            "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
        )
        assert world.calls("getUpdates")[0].status == 409
        second.cancel()
        await client.until(lambda: world.updates.waiting == 0)

    async def test_the_next_conflict_is_held_back(self, client: Client, world: World):
        first, second, third = (asyncio.ensure_future(client.call("getUpdates", timeout=50)) for _ in range(3))
        await client.until(lambda: sum(poller.done() for poller in (first, second, third)) == 1)
        await client.until(lambda: world.updates.waiting == 1)
        for _ in range(20):
            await client.call("getMe")
        assert sum(poller.done() for poller in (first, second, third)) == 1
        for poller in (first, second, third):
            poller.cancel()
        await client.until(lambda: world.updates.waiting == 0)

    async def test_a_webhook_forbids_polling(self, client: Client, world: World):
        world.updates.webhook_url = "https://example.org/hook"
        status, body = await client.call("getUpdates")
        assert status == 409
        assert body["description"].startswith("Conflict: can't use getUpdates method while webhook is active")
        await client.call("deleteWebhook")
        assert (await client.call("getUpdates"))[0] == 200

    async def test_a_caller_who_hangs_up_no_longer_waits(self, client: Client, world: World):
        waiting = asyncio.ensure_future(client.call("getUpdates", timeout=50))
        await client.until(lambda: world.updates.waiting == 1)
        waiting.cancel()
        await client.until(lambda: world.updates.waiting == 0)


class TestFaults:
    async def test_a_programmed_refusal_strikes_once(self, bot: Bot, world: World):
        world.fault("sendMessage", faults.refuse(403, "bot was blocked by the user"), chat=ZHANG)
        with pytest.raises(Forbidden):
            await bot.send_message(ZHANG, "甲")
        assert (await bot.send_message(ZHANG, "甲")).text == "甲"

    async def test_a_flood_tells_how_long_to_wait(self, bot: Bot, world: World):
        world.fault("sendMessage", faults.flood(30))
        with pytest.raises(RetryAfter) as caught:
            await bot.send_message(ZHANG, "甲")
        assert caught.value.retry_after.total_seconds() == 30

    async def test_lost_before_has_no_effect(self, bot: Bot, world: World):
        world.fault("sendMessage", faults.LOST_BEFORE)
        with pytest.raises(NetworkError):
            await bot.send_message(ZHANG, "甲")
        assert world.chats[ZHANG].messages == {}
        assert world.calls("sendMessage")[0].status == 0

    async def test_lost_after_has_its_effect_and_no_answer(self, client: Client, world: World):
        world.fault("sendMessage", faults.LOST_AFTER)
        call = asyncio.ensure_future(client.call("sendMessage", chat_id=ZHANG, text="甲"))
        await client.until(lambda: world.message(ZHANG, 1) is not None)
        assert not call.done()
        call.cancel()

    async def test_cut_after_has_its_effect_and_a_broken_connection(self, bot: Bot, world: World):
        world.fault("sendMessage", faults.CUT_AFTER)
        with pytest.raises(NetworkError):
            await bot.send_message(ZHANG, "甲")
        assert world.message(ZHANG, 1).text == "甲"

    async def test_bad_gateway_and_garbage_are_no_answers_of_telegram(self, address: str, client: Client, world: World):
        world.fault("sendMessage", faults.BAD_GATEWAY)
        world.fault("sendMessage", faults.GARBAGE)
        for status, body in ((502, "<html>"), (200, "not json")):
            url = f"{address}/bot{TOKEN}/sendMessage"
            async with client.session.post(url, json={"chat_id": ZHANG, "text": "甲"}) as answer:
                assert answer.status == status
                assert (await answer.text()).startswith(body)
        assert world.chats[ZHANG].messages == {}

    async def test_conflict_and_unauthorized_strike_polling(self, bot: Bot, world: World):
        world.fault("getUpdates", faults.CONFLICT)
        world.fault("getUpdates", faults.UNAUTHORIZED)
        with pytest.raises(Conflict):
            await bot.get_updates()
        with pytest.raises(InvalidToken):
            await bot.get_updates()
        assert await bot.get_updates() == ()
