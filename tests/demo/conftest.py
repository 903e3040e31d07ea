"""A small world for the tests of the local Telegram: the cast of three, one supergroup, a frozen clock."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from bot.demo import api
from bot.demo.chats import Chat
from bot.demo.groups import Groups
from bot.demo.people import People
from bot.demo.wire import Payload
from bot.demo.world import World

os.environ.setdefault("PTB_TIMEDELTA", "true")  # as the bot sets it; without it the library warns

ZHANG, LI, WANG, WU = 1001, 1002, 1003, 1007
TOKEN = "7000000001:DEMO-test"
POLL = {"chat_id": ZHANG, "question": "题", "options": ["甲", "乙", "丙", "丁"]}


@dataclass
class FrozenClock:
    at: datetime

    def now(self) -> datetime:
        return self.at

    def advance(self, **delta: float) -> None:
        self.at += timedelta(**delta)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))


@pytest.fixture
def world(clock: FrozenClock) -> World:
    world = World(clock, TOKEN)
    for person_id, name in ((ZHANG, "张三"), (LI, "李四"), (WANG, "王五"), (WU, "吴九")):
        world.add_person(person_id, name, has_started=person_id in (ZHANG, LI))
    return world


@pytest.fixture
def people(world: World) -> People:
    return People(world)


@pytest.fixture
def groups(world: World) -> Groups:
    return Groups(world)


@pytest.fixture
def group(world: World, groups: Groups) -> Chat:
    """一支部群 with 李四 as owner, 张三 and 吴九 inside, the bot as a plain member; nothing in the queue."""
    group = world.add_group("一支部群", owner=LI, members=(ZHANG, WU))
    groups.add_bot(group)
    world.updates.clear()
    return group


@dataclass
class Caller:
    """Calls methods as the bot; answers with the result, or with the description of the refusal."""

    world: World

    def __call__(self, method: str, **fields: object) -> object:
        reply = api.answer(self.world, method.lower(), fields, {})
        return reply.body["result"] if reply.status == 200 else reply.body["description"]

    def send(self, chat_id: int = ZHANG, **fields: object) -> Payload:
        sent = self("sendMessage", **({"chat_id": chat_id, "text": "通知"} | fields))
        assert isinstance(sent, dict), sent
        return sent


@pytest.fixture
def call(world: World) -> Caller:
    return Caller(world)
