"""A process that is told to end: in time, with nothing lost; and told twice: at once."""

import asyncio
import signal
from pathlib import Path

import pytest

from bot.demo.messages import Message
from bot.inbox import open_count
from bot.meetings.rules import MeetingKind
from tests.chaos.harness import Run, running
from tests.chaos.judgement import judge
from tests.chaos.life import emissions
from tests.chaos.town import Town
from tests.chaos.wire import Moment, Point

IN_TIME = 5.0  # seconds from SIGTERM to the end, whatever waits
AT_ONCE = 1.5
WAITING = 1000


async def card_of(run: Run) -> Message:
    """Start the bot and wait for the card of the first meeting in the group."""
    await run.start()
    group = run.town.group.id
    await run.wire.until(lambda: run.town.card(group, "attendance:go") is not None, within=20, what="the card")
    card = run.town.card(group, "attendance:go")
    assert card is not None
    return card


def everybody_presses(run: Run, card: Message) -> None:
    """Each twice."""
    for user_id in [*run.town.near, *run.town.near]:
        run.town.people.press(user_id, card, label="参加")


async def told_to_end(run: Run) -> tuple[int, float]:
    """The exit code of the running process after SIGTERM, and the seconds it took."""
    began = asyncio.get_running_loop().time()
    run.process.signal(signal.SIGTERM)
    code = await run.process.ended(within=30)
    return code, asyncio.get_running_loop().time() - began


@pytest.mark.long
async def test_sigterm_with_a_thousand_waiting_ends_in_time_and_loses_nothing(tmp_path: Path) -> None:
    town = Town(f"sqlite:///{tmp_path}/ketang.db", near=WAITING // 2, far=0)
    async with running(town, tmp_path, seed=1) as run:
        town.settle(run.database)
        town.plan(run.database, "学习二十大精神", MeetingKind.THEME_PARTY_DAY, opens_in=3600)
        card = await card_of(run)
        emitted = emissions(town)
        seen = asyncio.Event()
        run.wire.watch(Point("answerCallbackQuery", Moment.PASSED), seen.set)
        everybody_presses(run, card)
        await asyncio.wait_for(seen.wait(), 20)
        code, took = await told_to_end(run)
        assert (code, took < IN_TIME) == (0, True), f"exit {code} after {took:.1f} s"
        assert town.world.updates.pending + run.database.look(open_count) > 0  # it was in the middle of them
        await run.start()
        await run.settle(within=30)
        verdict = judge(town, run.database, emitted, is_over=False)
    assert verdict.presses == WAITING
    assert verdict.faults == []


async def test_the_second_signal_ends_at_once(tmp_path: Path) -> None:
    """The first one waits for a call that Telegram never answers."""
    town = Town(f"sqlite:///{tmp_path}/ketang.db", near=1, far=0)
    async with running(town, tmp_path, seed=2) as run:
        town.settle(run.database)
        seen = asyncio.Event()
        run.wire.watch(Point("sendMessage", Moment.RECEIVED), seen.set)
        await run.start()
        town.people.say(town.near[0], "/help")
        await asyncio.wait_for(seen.wait(), 20)
        run.process.signal(signal.SIGTERM)
        await run.wire.until(lambda: town.world.updates.waiting == 0, within=5, what="the end of receiving")
        code, took = await told_to_end(run)
        assert (code, took < AT_ONCE) == (1, True), f"exit {code} after {took:.1f} s"
