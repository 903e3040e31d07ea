"""What a window is shown: the state, the events after it, the tour."""

import asyncio
import json
from datetime import datetime
from urllib.parse import unquote

import httpx
import pytest

from bot.demo.chats import Chat, Membership, Rank
from bot.demo.commands import Command, Scope
from bot.demo.groups import Groups
from bot.demo.journal import EventKind
from bot.demo.messages import Answer, Button
from bot.demo.people import People
from bot.demo.sim import Sim
from bot.demo.wire import Payload
from bot.demo.world import BOT_ID, World
from tests.demo.conftest import LI, WU, ZHANG
from tests.demo.page.conftest import Desk, act, bot_says, heard, quiz

# -- the state --------------------------------------------------------------------------------------------------------


async def test_the_state_holds_who_can_be_played(page: httpx.AsyncClient, group: Chat) -> None:
    state = (await page.get("/sim/state")).json()
    people = [(one["id"], one["name"], one["role"], one["access"]) for one in state["people"]]
    assert people == [
        (ZHANG, "张三", "党员", "started"),
        (LI, "李四", "书记", "started"),
        (WU, "吴九", "党员", "known"),
    ]


async def test_the_state_leaves_out_chats_of_persons_nobody_plays(
    page: httpx.AsyncClient, desk: Desk, group: Chat
) -> None:
    del desk.played[WU]
    state = (await page.get("/sim/state")).json()
    assert {chat["id"] for chat in state["chats"]} == {ZHANG, LI, group.id}


async def test_a_message_is_shown_with_all_the_page_needs(page: httpx.AsyncClient, world: World, group: Chat) -> None:
    first = bot_says(
        world, group.id, "主题党日\n3月6日", Button("参加", "a", style="success"), Button("网址", url="https://e.org")
    )
    world.pin(first)
    People(world).say(LI, "收到", chat_id=group.id, reply_to=first)
    world.edit(first, "主题党日\n3月7日", (), first.keyboard)
    state = (await page.get("/sim/state")).json()
    shown = next(chat for chat in state["chats"] if chat["id"] == group.id)
    card, service, reply = shown["messages"][-3:]
    assert shown["pinned"] == [first.id]
    assert card["from"] == {"id": BOT_ID, "name": "共富小课堂", "tag": "机器人"}
    assert card["keyboard"] == [
        [{"text": "参加", "url": None, "style": "success"}, {"text": "网址", "url": "https://e.org", "style": None}]
    ]
    assert (card["edited"], card["version"]) == ("2026-03-02T01:00:00+00:00", 1)
    assert service["service"] == "共富小课堂 置顶了“主题党日 3月7日”"
    assert reply["reply"] == {"id": first.id, "from": BOT_ID, "name": "共富小课堂", "text": "主题党日 3月7日"}


async def test_callback_data_stays_with_the_server(page: httpx.AsyncClient, world: World) -> None:
    bot_says(world, ZHANG, "问", Button("答", "attendance:ci:secret"))
    chats = (await page.get("/sim/state")).json()["chats"]
    assert "attendance:ci:secret" not in json.dumps(chats)


async def test_the_log_keeps_the_last_300(page: httpx.AsyncClient, world: World) -> None:
    for number in range(301):
        bot_says(world, ZHANG, f"第 {number} 条")
    state = (await page.get("/sim/state")).json()
    shown = next(chat for chat in state["chats"] if chat["id"] == ZHANG)["messages"]
    assert (len(shown), shown[0]["text"], shown[-1]["text"]) == (300, "第 1 条", "第 300 条")


async def test_coming_and_going_is_told_in_chinese(
    page: httpx.AsyncClient, world: World, group: Chat, people: People
) -> None:
    groups = Groups(world)
    groups.leave(group, ZHANG)
    groups.join(group, ZHANG)
    groups.kick(group, WU)
    state = (await page.get("/sim/state")).json()
    shown = next(chat for chat in state["chats"] if chat["id"] == group.id)
    lines = [message.get("service") for message in shown["messages"]]
    assert lines == ["李四 把 共富小课堂 加入了群", "张三 退出了群", "张三 加入了群", "李四 把 吴九 移出了群"]
    assert sorted(shown["members"]) == [ZHANG, LI]


async def test_everybody_sees_the_commands_telegram_would_choose(
    page: httpx.AsyncClient, world: World, group: Chat
) -> None:
    world.commands.set(Scope("all_private_chats"), "", [Command("today", "今日事项")])
    world.commands.set(Scope("chat", LI), "", [Command("plan", "安排会议")])
    world.commands.set(Scope("all_chat_administrators"), "", [Command("bind", "绑定本群")])
    commands = (await page.get("/sim/state")).json()["commands"]
    assert commands[str(ZHANG)] == {str(ZHANG): [["today", "今日事项"]], str(group.id): []}
    assert commands[str(LI)] == {str(LI): [["plan", "安排会议"]], str(group.id): [["bind", "绑定本群"]]}


# -- events -----------------------------------------------------------------------------------------------------------


async def test_events_follow_the_state_without_a_gap(
    page: httpx.AsyncClient, sim: Sim, world: World, group: Chat, people: People
) -> None:
    seq = (await page.get("/sim/state")).json()["seq"]
    people.say(ZHANG, "甲", chat_id=group.id)
    people.say(LI, "乙", chat_id=group.id)
    events = await heard(sim, seq, 2)
    assert [event["seq"] for event in events] == [seq + 1, seq + 2]
    assert [event["message"]["text"] for event in events] == ["甲", "乙"]  # type: ignore[index]  # JSON


async def test_an_event_shows_its_message_as_it_is_now(sim: Sim, world: World) -> None:
    message = bot_says(world, ZHANG, "旧")
    world.edit(message, "新", (), ())
    posted, edited = await heard(sim, 0, 2)
    assert posted["message"] == edited["message"]
    assert posted["message"]["text"] == "新"  # type: ignore[index]  # JSON


async def test_a_message_that_is_gone_is_told_as_gone(sim: Sim, world: World) -> None:
    message = bot_says(world, ZHANG, "旧")
    world.delete(message)
    posted, deleted = await heard(sim, 0, 2)
    assert posted["deleted"] == deleted["deleted"] == {"chat": ZHANG, "id": message.id}


async def test_an_answer_names_the_press_and_the_person(sim: Sim, world: World, people: People) -> None:
    message = bot_says(world, ZHANG, "问", Button("参加", "a"))
    press = people.press(ZHANG, message, label="参加")
    press.answer = Answer("已登记：参加", is_alert=False, url="", at=world.now())
    detail: Payload = {"press": press.id, "label": "参加", "text": "已登记：参加", "alert": False, "url": ""}
    world.journal.write(EventKind.ANSWERED, world.now(), chat_id=ZHANG, person_id=ZHANG, detail=detail)
    answered = (await heard(sim, 0, 3))[-1]
    assert answered["answer"] == {"query": press.id, "person": ZHANG, "text": "已登记：参加", "alert": False}


async def test_a_rank_changes_members_and_commands(sim: Sim, world: World, group: Chat) -> None:
    seq = world.journal.seq
    world.set_membership(group, WU, Membership(Rank.LEFT), LI)
    (event,) = await heard(sim, seq, 1)
    assert WU not in event["chat"]["members"]  # type: ignore[index]  # JSON
    assert str(WU) in event["commands"]  # type: ignore[operator]  # JSON


async def test_a_tick_and_a_new_due_moment_are_told_without_a_reload(
    sim: Sim, desk: Desk, ticked: dict[int, bool], people: People
) -> None:
    ticked[1] = True
    desk.due = datetime.fromisoformat("2026-03-05T08:00:00+00:00")
    people.say(ZHANG, "甲")
    _, told = await heard(sim, 0, 2)
    assert told["desk"]["next"] == "2026-03-05T08:00:00+00:00"  # type: ignore[index]  # JSON
    assert [step["done"] for step in told["desk"]["tour"]] == [True, False, False, False, False]  # type: ignore[index]  # JSON


@pytest.mark.parametrize(("after", "run"), [(99, None), (0, "of-yesterday")])
async def test_a_window_that_knows_another_world_begins_anew(
    page: httpx.AsyncClient, sim: Sim, after: int, run: str | None
) -> None:
    answer = await page.get("/sim/events", params={"after": after, "run": run or sim.run})
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert answer.text == "event: reset\ndata: {}\n\n"


async def test_events_need_a_number(page: httpx.AsyncClient) -> None:
    assert (await page.get("/sim/events", params={"after": "x"})).status_code == 400


async def test_a_restart_ends_the_stream(page: httpx.AsyncClient, sim: Sim) -> None:
    before = (await page.get("/sim/state")).json()["run"]
    stream = sim.stream(0, sim.run)
    await anext(stream)
    assert (await act(page, "restart")).json() == {"ok": True}
    rest = [text async for text in stream]
    assert rest[-1] == "event: reset\ndata: {}\n\n"
    assert (await page.get("/sim/state")).json()["run"] != before


async def test_closing_ends_every_stream(sim: Sim, world: World) -> None:
    stream = sim.stream(0, sim.run)
    await anext(stream)
    await sim.close()
    rest = [text async for text in stream]
    assert all(text.startswith((":", "data:")) for text in rest)
    assert not world.journal.listeners


# -- tour and transcript ----------------------------------------------------------------------------------------------


async def test_the_tour_leads_to_persons_and_chats_that_exist(page: httpx.AsyncClient, group: Chat) -> None:
    steps = (await page.get("/sim/tour")).json()["steps"]
    assert [(step["number"], step["title"]) for step in steps] == [
        (1, "发布一次主题党日"),
        (2, "回复与请假"),
        (3, "到点提醒"),
        (4, "签到与到会率"),
        (5, "以考促学"),
    ]
    stops = [stop for step in steps for stop in step["stops"]]
    assert {stop["chat"] for stop in stops} <= {stop["person"] for stop in stops} | {group.id}


async def test_the_tour_tells_what_to_pick_while_a_question_is_open(
    page: httpx.AsyncClient, world: World, group: Chat
) -> None:
    asked = quiz(world, group.id)
    assert await hints(page) == ["（选第 1 项）", "（选第 2 项）"]
    assert asked.poll is not None
    asked.poll.correct_ids = (0, 1)
    assert await hints(page) == ["（选第 1、2 项）", "（只选第 1 项）"]
    world.polls.close(asked.poll)
    assert await hints(page) == []


async def hints(page: httpx.AsyncClient) -> list[str]:
    steps = (await page.get("/sim/tour")).json()["steps"]
    return [stop["hint"] for step in steps for stop in step["stops"] if stop["hint"]]


async def test_a_step_once_done_stays_ticked(page: httpx.AsyncClient, ticked: dict[int, bool]) -> None:
    ticked[2] = True
    await page.get("/sim/tour")
    ticked.clear()
    steps = (await page.get("/sim/tour")).json()["steps"]
    assert [step["number"] for step in steps if step["done"]] == [2]


async def test_the_transcript_is_a_text_to_keep(page: httpx.AsyncClient) -> None:
    answer = await page.get("/sim/transcript")
    assert answer.text == "—— 2026年3月2日 周一 ——\n"
    assert unquote(answer.headers["Content-Disposition"]) == "attachment; filename*=UTF-8''记录.txt"


async def test_a_page_of_before_waits_until_the_world_is_made(page: httpx.AsyncClient, sim: Sim) -> None:
    making = asyncio.Event()
    opening = asyncio.ensure_future(sim.open(_made(making)))
    asking = [asyncio.ensure_future(page.get(f"/sim/{what}")) for what in ("state", "tour", "transcript")]
    assert (await page.get("/")).status_code == 200
    assert not any(asked.done() for asked in asking)
    making.set()
    await opening
    assert [(await asked).status_code for asked in asking] == [200, 200, 200]


async def test_a_page_hears_that_no_world_came_about(page: httpx.AsyncClient, sim: Sim) -> None:
    with pytest.raises(ValueError, match="no folder"):
        await sim.open(_unmade())
    assert (await page.get("/sim/state")).status_code == 503


async def _made(making: asyncio.Event) -> None:
    await making.wait()


async def _unmade() -> None:
    raise ValueError("no folder")
