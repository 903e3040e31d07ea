"""What comes in from Telegram, through the whole bot: stored first, handled once, in order, from whom it should."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from telegram import Update

from bot import web
from bot.attendance.models import Attendance, AttendanceEvent
from bot.attendance.rules import Answer
from bot.context import Context, Routes
from bot.db import NotSaved
from bot.demo.chats import Chat
from bot.demo.faults import flood
from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage
from bot.demo.wire import Payload
from bot.demo.world import BOT_ID, World
from bot.inbox import DeadRow, InboxRow
from bot.meetings.models import Meeting
from bot.polling import STAND_BY
from bot.transport import Transport
from tests import stages

People = Callable[[str], Actor]
Opened = Callable[..., AbstractAsyncContextManager[Stage]]
SECRET = "s3cret-Of-The-Webhook"


@pytest.fixture
def group(stage: Stage) -> Chat:
    return stage.group(stages.BRANCH_GROUP)


@pytest.fixture
def opened(telegram_server: tuple[dict[str, World], str], stage_url: str) -> Opened:
    """A stage that is not the common one: `async with opened(routes=…) as stage`."""
    return partial(stages.opened, *telegram_server, stage_url)


def stored(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(InboxRow)) or 0


def handled(session: Session) -> int:
    return session.scalar(select(func.count()).where(InboxRow.handled_at.is_not(None))) or 0


def parked(session: Session) -> list[DeadRow]:
    return list(session.scalars(select(DeadRow)))


def going(session: Session) -> int:
    return session.scalar(select(func.count()).where(Attendance.answer == Answer.GOING)) or 0


def events(session: Session) -> int:
    told = select(func.count()).select_from(AttendanceEvent).join(Meeting, Meeting.id == AttendanceEvent.meeting_id)
    return session.scalar(told.where(stages.OF_THE_PLAY)) or 0


async def until(stage: Stage, fact: Callable[[Session], bool]) -> None:
    """Let the bot work on until the database says so."""
    async with asyncio.timeout(10):
        while not await stage.database.read(fact):
            pass


# -- what reaches the bot (privacy mode) ------------------------------------------------------------------------------


async def test_as_a_plain_member_the_bot_hears_only_what_is_meant_for_it(
    stage: Stage, chat: People, group: Chat
) -> None:
    await stage.demote(group)
    zhang = chat("张三")
    before = stage.session(stored)
    assert (await zhang.say("大家好", group)).messages == []
    assert (await zhang.say("@ketang_demo_bot 在吗", group)).messages == []
    assert stage.session(stored) == before
    answered = (await zhang.say("/help", group)).message
    assert (await zhang.say("收到", group, reply_to=answered)).messages == []
    assert stage.session(stored) == before + 2
    await stage.promote(group)
    before = stage.session(stored)
    assert (await zhang.say("大家好", group)).messages == []
    assert stage.session(stored) == before + 1


# -- two programs with one token --------------------------------------------------------------------------------------


async def test_a_second_poller_is_noticed_and_outlived(opened: Opened) -> None:
    async with opened(root=[1003]) as stage:
        other = Transport()
        polls = partial(
            other.post_raw, f"{stage.config.bot.base_url}{stage.world.token}/getUpdates", {"timeout": 25}, timeout=35
        )
        ours = asyncio.ensure_future(stage.house.poller.once(25))
        await until(stage, lambda _: stage.world.updates.waiting == 1)
        theirs = asyncio.ensure_future(polls())
        assert (await ours).pause == STAND_BY
        assert stage.calls("getUpdates")[0].description == (
            "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
        )
        answer = await ask(stage, "/health")
        assert (answer.status_code, answer.json()["status"]) == (503, "conflict")
        assert not stage.house.poller.is_receiver
        theirs.cancel()
        await until(stage, lambda _: stage.world.updates.waiting == 0)
        await stage.house.poller.hold()
        await stage.settle()
        assert (await ask(stage, "/health")).status_code == 200
        told = [m.text for m in stage.actor("王五").sees() if m.sender.user_id == BOT_ID]
        assert told == ["收不到消息：另有程序在用同一个令牌。请停掉另一个程序。"]
        assert (await stage.actor("张三").say("/help")).message
        stage.expect_refusal("terminated by other getUpdates")
        await other.shutdown()


async def test_who_receives_sends_from_the_first_moment(stage: Stage) -> None:
    stage.house.run()
    assert stage.house.poller.is_receiver
    assert not stage.house.poller.is_standing_by


# -- once, whatever happens -------------------------------------------------------------------------------------------


@dataclass
class Taps:
    """A hundred members tap 参加 at the same moment; nothing has been fetched yet."""

    stage: Stage
    card: Message
    people: list[Actor]

    def happen(self, those: slice = slice(None)) -> None:
        for person in self.people[those]:
            self.stage.people.press(person.id, self.card, label="参加")


@pytest.fixture
async def taps(stage: Stage) -> Taps:
    people = stages.crowd(stage, 100)
    return Taps(stage, await stages.announced(stage), people)


async def test_taps_that_waited_at_telegram_while_the_bot_died_count_once(stage: Stage, taps: Taps) -> None:
    taps.happen()
    await stage.restart()
    assert (stage.session(going), stage.session(events)) == (100, 100)


async def test_taps_stored_by_a_bot_that_died_count_once(stage: Stage, taps: Taps) -> None:
    taps.happen()
    before = stage.session(handled)
    await stage.house.poller.once(0)
    assert stage.session(stored) >= before + 100
    assert stage.session(handled) == before
    assert stage.world.updates.pending == 100  # the offset moves with the next call only
    await stage.restart()
    assert (stage.session(going), stage.session(events)) == (100, 100)


async def test_taps_of_a_bot_that_died_among_its_commits_count_once(stage: Stage, taps: Taps) -> None:
    taps.happen(slice(50))
    await stage.house.poller.once(0)
    await until(stage, lambda session: going(session) == 50)
    taps.happen(slice(50, 100))
    await stage.house.poller.once(0)
    assert stage.session(going) == 50
    await stage.restart()
    assert (stage.session(going), stage.session(events)) == (100, 100)
    stage.world.presses.clear()  # whose tap was committed by the bot that died reads it on the card, not in a toast


def taken(stage: Stage) -> Payload:
    """The newest update, which Telegram then has no more."""
    update = stage.world.updates.queue.pop()
    return update.payload


async def test_an_update_that_comes_again_acts_once(stage: Stage, chat: People) -> None:
    card = await stages.announced(stage)
    stage.people.press(chat("张三").id, card, label="参加")
    (again,) = stage.world.updates.queue
    await stage.settle()
    before = stage.session(stages.contents)
    calls = len(stage.calls())
    stage.world.updates.queue.append(again)
    stage.house.intake.next_update_id = None  # as after a start that knows of no offset
    await stage.settle()
    assert (await posted(stage, again.payload)).status_code == 200
    await stage.settle()
    assert stage.session(stages.contents) == before
    assert len(stage.calls()) == calls


async def test_a_press_whose_answer_telegram_puts_off_too_long_counts_without_it(stage: Stage, chat: People) -> None:
    stage.expect_refusal("Too Many Requests: retry after 30")
    card = await stages.announced(stage)
    stage.fault("answerCallbackQuery", flood(30))
    press = stage.people.press(chat("张三").id, card, label="参加")
    await stage.settle()
    assert card.text.endswith("已回复 1/12：参加1 · 请假0 · 未回复11")
    assert [call.status for call in stage.calls("answerCallbackQuery")][-1] == 429
    assert (press.toast, (await chat("周八").press("参加", on=card)).toast) == (None, "已登记：参加")
    del stage.world.presses[press.id]  # nobody reads its answer any more


# -- the webhook ------------------------------------------------------------------------------------------------------


async def posted(stage: Stage, update: Payload, secret: str = SECRET) -> httpx.Response:
    """The update as Telegram posts it to the door of the whole house."""
    pages = web.create_app(stage.house, stage.house.intake, bot_id=BOT_ID, secret=SECRET)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url="http://bot") as client:
        return await client.post(f"/telegram/{BOT_ID}", json=update, headers={web.SECRET_HEADER: secret})


async def ask(stage: Stage, path: str) -> httpx.Response:
    pages = web.create_app(stage.house, stage.house.intake, bot_id=BOT_ID, secret=SECRET)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url="http://bot") as client:
        return await client.get(path)


async def test_a_press_by_webhook_is_answered_like_any_other(stage: Stage, chat: People) -> None:
    card = await stages.announced(stage)
    press = stage.people.press(chat("张三").id, card, label="参加")
    update = taken(stage)
    assert (await posted(stage, update, "another")).status_code == 403
    assert (await posted(stage, {"update_id": "1"})).status_code == 400
    await stage.settle()
    assert stage.session(going) == 0
    assert (await posted(stage, update)).status_code == 200
    await stage.settle()
    assert (press.toast, stage.session(going)) == ("已登记：参加", 1)


async def test_health_holds_no_name_and_no_token(stage: Stage) -> None:
    answer = (await ask(stage, "/health")).text
    assert '"status":"ok"' in answer
    assert stage.world.token not in answer
    assert not [p.name for p in stage.world.persons.values() if p.name in answer]


# -- updates that cannot be handled -----------------------------------------------------------------------------------


async def test_a_malformed_update_holds_up_nobody(stage: Stage, chat: People) -> None:
    stage.expect_incident()
    before = stage.session(handled)
    for number in range(10):
        if number == 4:
            stage.world.updates.put("message", {"message_id": 7, "chat": {"id": 1001}, "text": "没有日期"})
        else:
            stage.people.say(chat("张三").id, "/help")
    await stage.settle()
    (dead,) = stage.session(parked)
    assert "没有日期" in dead.body.encode().decode("unicode_escape")
    assert stage.session(handled) == before + 10
    assert len([m for m in chat("张三").sees() if m.text.startswith("您可以用这些命令")]) == 9
    assert (await chat("张三").say("/me")).message.text.startswith("张三")


@dataclass
class Doors:
    """Two doors a test has beside the house's own: one that never opens to anybody, one that waits."""

    tries: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    passed: list[str] = field(default_factory=list)

    async def fail(self, _: Update, __: Context) -> None:
        self.tries += 1
        raise ValueError("nobody could know")

    async def wait(self, _: Update, context: Context) -> None:
        await self.gate.wait()
        self.passed.append(context.words)

    async def note(self, _: Update, context: Context) -> None:
        self.passed.append(context.words)

    async def full(self, _: Update, __: Context) -> None:
        self.tries += 1
        if self.tries <= 2:
            raise NotSaved

    @property
    def routes(self) -> Routes:
        return Routes(commands={"fail": self.fail, "wait": self.wait, "note": self.note, "full": self.full})


@pytest.fixture
def doors() -> Doors:
    return Doors()


@pytest.fixture
async def workshop(opened: Opened, doors: Doors) -> AsyncIterator[Stage]:
    async with opened(routes=[doors.routes], root=[1003]) as stage:
        yield stage


async def test_a_handler_that_fails_three_times_is_given_up_with_a_number(workshop: Stage, doors: Doors) -> None:
    zhang = workshop.actor("张三")
    workshop.expect_incident()
    assert (await zhang.say("/fail")).messages == []
    workshop.people.say(zhang.id, "/me")  # waits behind it
    await workshop.advance(seconds=1)
    assert doors.tries == 2
    await workshop.advance(seconds=5)
    assert doors.tries == 3
    (dead,) = workshop.session(parked)
    assert dead.reason == "ValueError: nobody could know"
    told, me = [m.text for m in zhang.sees() if m.sender.user_id == BOT_ID]
    assert told == f"出了点问题，已记录（编号 {dead.incident}）。请稍后再试，或把编号告诉管理员。"
    assert me.startswith("张三\n")
    assert workshop.actor("王五").last().text == (
        f"程序出错，编号 {dead.incident}，已记入日志。一小时内的同类错误不再通知。"
    )
    await workshop.advance(minutes=10)
    assert doors.tries == 3


async def test_what_cannot_be_saved_is_said_so_tried_again_and_told_to_root_once(workshop: Stage, doors: Doors) -> None:
    zhang = workshop.actor("张三")
    await zhang.say("/full")
    await workshop.advance(seconds=2)
    await workshop.advance(seconds=2)
    assert doors.tries == 3
    assert [m.text for m in workshop.actor("王五").sees() if m.sender.user_id == BOT_ID] == [
        "数据库写不进去，大家的操作暂未保存。请查看磁盘空间和日志；恢复后会自动继续。一小时内不再通知。"
    ]
    assert [m.text for m in zhang.sees() if m.sender.user_id == BOT_ID] == ["暂未保存，请稍后再点一次。"]


async def test_a_person_s_updates_keep_their_order_while_another_s_handler_waits(workshop: Stage, doors: Doors) -> None:
    zhang, zhou = workshop.actor("张三"), workshop.actor("周八")
    workshop.people.say(zhou.id, "/wait 周八")
    for word in ("一", "二", "三"):
        workshop.people.say(zhang.id, f"/note {word}")
    workshop.people.say(zhou.id, "/note 后来")
    before = workshop.session(handled)
    await workshop.house.poller.once(0)
    await until(workshop, lambda session: handled(session) == before + 3)
    assert doors.passed == ["一", "二", "三"]
    doors.gate.set()
    await workshop.settle()
    assert doors.passed == ["一", "二", "三", "周八", "后来"]
