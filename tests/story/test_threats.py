"""What somebody may try who means no good, through the whole bot."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.stage import Stage
from bot.demo.world import World
from bot.limits import ASKED_BURST
from tests import databases, stages


@pytest.fixture
async def limited(telegram_server: tuple[dict[str, World], str], seeded_file: Path) -> AsyncIterator[Stage]:
    with databases.sqlite(seeded_file, seeded_file.parent) as url:
        async with stages.opened(*telegram_server, url, has_limits=True) as stage:
            yield stage


async def test_who_presses_a_hundred_times_a_second_is_left_alone_and_others_are_answered(limited: Stage) -> None:
    zhang, sun, li = (limited.actor(name) for name in ("张三", "孙七", "李四"))
    await li.say(f"/plan {stages.THEME_DAY}")
    await limited.advance(seconds=30)
    await li.press("确认发布")
    await limited.advance(minutes=2)
    card = next(m for m in reversed(li.sees(limited.group(stages.BRANCH_GROUP))) if m.text.startswith("【"))
    presses = [limited.people.press(zhang.id, card, label="参加") for _ in range(100)]
    others = [limited.people.press(one.id, card, label="参加") for one in (sun, li)]
    await limited.settle()
    assert [press.toast for press in others] == ["已登记：参加"] * 2
    ignored = [press for press in presses if press.answer is None]
    assert len(ignored) == 100 - ASKED_BURST
    for press in ignored:
        del limited.world.presses[press.id]  # meant so
    await limited.advance(seconds=1)
    assert (await zhang.press("参加", on=card)).toast == "已登记：参加"
