"""The chat page's server over a small world, and a desk that stands in for the running demo."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette

from bot.demo.acts import Impossible
from bot.demo.guards import Guard
from bot.demo.messages import Button, Message, Sender
from bot.demo.polls import Option, Poll
from bot.demo.sim import Happening, Sim
from bot.demo.wire import Payload
from bot.demo.world import BOT_ID, World
from tests.demo.conftest import LI, TOKEN, WU, ZHANG, FrozenClock

ADDRESS = "http://127.0.0.1:8787"
PATIENCE = 15  # seconds for an event that should come at once


@dataclass
class Desk:
    """Stands in for the running demo: it notes what it was asked, and its time goes by at once."""

    world: World
    clock: FrozenClock
    due: datetime | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    trouble: str = ""
    others: list[int] = field(default_factory=list)
    played: dict[int, str] = field(default_factory=lambda: {ZHANG: "党员", LI: "书记", WU: "党员"})

    async def settle(self) -> None:
        self.settled.set()
        if self.trouble:
            raise RuntimeError(self.trouble)

    async def advance(self, *, seconds: int | None = None, to: datetime | None = None) -> Sequence[Happening]:
        self.clock.at = to or self.clock.at + timedelta(seconds=seconds or 0)
        said = bot_says(self.world, ZHANG, "明天 15:00 主题党日")
        return [Happening(said.at, ZHANG, said.text, said.id)]

    async def to_next(self) -> Sequence[Happening]:
        if self.due is None:
            raise Impossible("60 天内没有待办。")
        return await self.advance(to=self.due)

    async def next_due(self) -> datetime | None:
        return self.due

    async def roles(self) -> Mapping[int, str]:
        return self.played

    async def others_act(self, chat_id: int) -> None:
        self.others.append(chat_id)

    async def restart_demo(self) -> None:
        world = World(self.clock, TOKEN)
        for person_id in self.played:
            world.add_person(person_id, "新")
        self.world = world

    async def transcript(self) -> str:
        return "—— 2026年3月2日 周一 ——\n"


def bot_says(world: World, chat_id: int, text: str, *keys: Button) -> Message:
    keyboard = (keys,) if keys else ()
    return world.post(Message(0, chat_id, world.now(), Sender(BOT_ID), text=text, keyboard=keyboard))


def quiz(world: World, chat_id: int) -> Message:
    options = (Option("一次", "0"), Option("两次", "1"))
    poll = Poll("5", chat_id, "每季度几次？", options, is_quiz=True, is_anonymous=False, allows_revoting=False)
    poll.correct_ids = (0,)
    return world.post(Message(0, chat_id, world.now(), Sender(BOT_ID), poll=world.polls.add(poll)))


@pytest.fixture
def desk(world: World, clock: FrozenClock) -> Desk:
    return Desk(world, clock)


@pytest.fixture
def ticked() -> dict[int, bool]:
    return {}


@pytest.fixture
async def sim(desk: Desk, ticked: dict[int, bool]) -> AsyncIterator[Sim]:
    async def facts() -> Mapping[int, bool]:
        return ticked

    sim = Sim(desk, facts)
    yield sim
    await sim.close()


@pytest.fixture
async def page(sim: Sim) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Guard(Starlette(routes=sim.routes), 8787))
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers={"Origin": ADDRESS}) as client:
        yield client


async def act(page: httpx.AsyncClient, verb: str, actor: int = ZHANG, **fields: object) -> httpx.Response:
    return await page.post("/sim/act", json={"actor": actor, "verb": verb, **fields})


async def heard(sim: Sim, after: int, count: int) -> list[Payload]:
    """The first events a window following from `after` is sent."""
    stream = sim.stream(after, sim.run)
    found: list[Payload] = []
    async with asyncio.timeout(PATIENCE):
        while len(found) < count:
            text = await anext(stream)
            if text.startswith("data: "):
                found.append(json.loads(text.removeprefix("data: ")))
    await stream.aclose()
    return found
