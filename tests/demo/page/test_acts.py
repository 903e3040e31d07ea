"""What a window may do: act as a person, and move the clock."""

import asyncio
import base64
from datetime import UTC, datetime

import httpx
import pytest

from bot.demo.chats import Chat, Rank
from bot.demo.messages import Button
from bot.demo.sim import Sim
from bot.demo.world import BOT_ID, World
from tests.demo.conftest import WU, ZHANG, FrozenClock
from tests.demo.page.conftest import PATIENCE, Desk, act, bot_says, heard, quiz

# -- acts -------------------------------------------------------------------------------------------------------------


async def test_what_a_window_says_reaches_the_bot(page: httpx.AsyncClient, world: World, desk: Desk) -> None:
    answer = await act(page, "say", chat=ZHANG, text="/today")
    assert answer.json() == {"ok": True, "message": 1}
    assert [update.kind for update in world.updates.queue] == ["message"]
    assert await asyncio.wait_for(desk.settled.wait(), PATIENCE)


async def test_a_bot_that_finds_no_rest_is_shown_in_the_page(
    page: httpx.AsyncClient, sim: Sim, world: World, desk: Desk
) -> None:
    desk.trouble = "no rest after 1000 rounds"
    await act(page, "say", chat=ZHANG, text="/today")
    await heard(sim, world.journal.seq, 1)
    assert world.problems == ["no rest after 1000 rounds"]


async def test_a_press_sends_the_data_the_window_showed(page: httpx.AsyncClient, world: World) -> None:
    message = bot_says(world, ZHANG, "问", Button("参加", "old"))
    world.edit(message, "问", (), ((Button("参加", "new"),),))
    answer = await act(page, "press", chat=ZHANG, message=message.id, version=0, row=0, column=0)
    press = world.presses[answer.json()["query"]]
    assert (press.label, press.data) == ("参加", "old")


@pytest.mark.parametrize("place", [(0, 5, 0), (0, 0, 9), (7, 0, 0)])
async def test_a_button_that_is_not_there_is_refused(
    page: httpx.AsyncClient, world: World, place: tuple[int, int, int]
) -> None:
    message = bot_says(world, ZHANG, "问", Button("参加", "a"))
    version, row, column = place
    answer = await act(page, "press", chat=ZHANG, message=message.id, version=version, row=row, column=column)
    assert (answer.status_code, answer.json()) == (409, {"error": "这个按钮已经不在了。"})


async def test_a_second_vote_is_refused_in_words(page: httpx.AsyncClient, world: World, group: Chat) -> None:
    message = quiz(world, group.id)
    assert (await act(page, "vote", chat=group.id, message=message.id, options=[1])).status_code == 200
    answer = await act(page, "vote", chat=group.id, message=message.id, options=[0])
    assert (answer.status_code, answer.json()) == (409, {"error": "已经选过，不能更改。"})
    assert message.poll is not None
    assert message.poll.votes == {ZHANG: (1,)}


async def test_no_options_take_the_vote_back(page: httpx.AsyncClient, world: World, group: Chat) -> None:
    message = quiz(world, group.id)
    assert message.poll is not None
    message.poll.allows_revoting = True
    await act(page, "vote", chat=group.id, message=message.id, options=[1])
    assert (await act(page, "vote", chat=group.id, message=message.id, options=[])).status_code == 200
    assert message.poll.votes == {}


async def test_a_file_arrives_whole(page: httpx.AsyncClient, world: World) -> None:
    data = base64.b64encode(b"\x00\xffbytes").decode()
    answer = await act(page, "upload", chat=ZHANG, name="名册.xlsx", data=data, caption="请导入")
    message = world.chats[ZHANG].messages[answer.json()["message"]]
    assert message.file is not None
    assert (message.file.name, message.file.data, message.text) == ("名册.xlsx", b"\x00\xffbytes", "请导入")


async def test_a_broken_upload_is_refused(page: httpx.AsyncClient, world: World) -> None:
    answer = await act(page, "upload", chat=ZHANG, name="a.txt", data="***")
    assert (answer.status_code, answer.json()) == (409, {"error": "文件没有完整送到，请再选一次。"})
    assert not world.chats[ZHANG].messages


async def test_a_deep_link_starts_the_bot(page: httpx.AsyncClient, world: World) -> None:
    await act(page, "follow", WU, link="https://t.me/ketang_demo_bot?start=lv_abc")
    assert world.chats[WU].messages[1].text == "/start lv_abc"


async def test_nobody_speaks_where_he_is_not(page: httpx.AsyncClient, group: Chat) -> None:
    other = group.members.pop(WU)
    answer = await act(page, "say", WU, chat=group.id, text="你好")
    assert other.rank is Rank.MEMBER
    assert (answer.status_code, answer.json()) == (409, {"error": "您不在这个群里。"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"actor": 1001, "verb": "fly"}',
        b'{"actor": 1001, "verb": "say", "chat": 1001}',
        b'{"actor": 1001, "verb": "say", "chat": 1001, "text": "x", "more": 1}',
        b'{"actor": 1001, "verb": "press", "chat": 1001, "message": 1, "version": 0, "row": -1, "column": 0}',
    ],
)
async def test_a_malformed_act_changes_nothing(page: httpx.AsyncClient, world: World, body: bytes) -> None:
    before = world.journal.seq
    answer = await page.post("/sim/act", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("看不懂的请求：")
    assert world.journal.seq == before


async def test_only_the_cast_can_be_played(page: httpx.AsyncClient) -> None:
    assert (await act(page, "say", BOT_ID, chat=ZHANG, text="我是机器人")).status_code == 404


async def test_a_chat_that_does_not_exist_is_refused(page: httpx.AsyncClient) -> None:
    answer = await act(page, "say", chat=-99, text="你好")
    assert (answer.status_code, answer.json()) == (409, {"error": "没有这个聊天。"})


async def test_the_others_act_through_the_desk(page: httpx.AsyncClient, desk: Desk, group: Chat) -> None:
    assert (await act(page, "others", chat=group.id)).json() == {"ok": True}
    assert desk.others == [group.id]


# -- time -------------------------------------------------------------------------------------------------------------


async def test_a_jump_tells_what_happened_and_what_comes_next(page: httpx.AsyncClient, desk: Desk) -> None:
    desk.due = datetime(2026, 3, 5, 8, tzinfo=UTC)
    answer = await page.post("/sim/clock", json={"seconds": 3600})
    assert answer.json() == {
        "to": "2026-03-02T02:00:00+00:00",
        "next": "2026-03-05T08:00:00+00:00",
        "happened": [
            {
                "at": "2026-03-02T02:00:00+00:00",
                "chat": ZHANG,
                "message": 1,
                "name": "张三",
                "line": "明天 15:00 主题党日",
            }
        ],
    }


async def test_the_next_reminder_is_where_the_clock_stops(page: httpx.AsyncClient, desk: Desk) -> None:
    desk.due = datetime.fromisoformat("2026-03-05T08:00:00+00:00")
    answer = await page.post("/sim/clock", json={"next": True})
    assert answer.json()["to"] == "2026-03-05T08:00:00+00:00"


async def test_nothing_due_is_said(page: httpx.AsyncClient) -> None:
    answer = await page.post("/sim/clock", json={"next": True})
    assert (answer.status_code, answer.json()) == (409, {"error": "60 天内没有待办。"})


async def test_time_does_not_go_back(page: httpx.AsyncClient, clock: FrozenClock) -> None:
    answer = await page.post("/sim/clock", json={"to": "2026-03-01T00:00:00+08:00"})
    assert (answer.status_code, answer.json()) == (409, {"error": "时间不能往回拨。"})
    assert clock.at == datetime.fromisoformat("2026-03-02T01:00:00+00:00")


@pytest.mark.parametrize(
    "body",
    [{}, {"seconds": 0}, {"seconds": -5}, {"seconds": 60, "next": True}, {"to": "2026-03-09T09:00:00"}, {"x": 1}],
)
async def test_an_unclear_jump_is_refused(page: httpx.AsyncClient, clock: FrozenClock, body: dict[str, object]) -> None:
    assert (await page.post("/sim/clock", json=body)).status_code == 400
    assert clock.at == datetime.fromisoformat("2026-03-02T01:00:00+00:00")
