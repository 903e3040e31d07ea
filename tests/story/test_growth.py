"""What a year of history must not make slower: nothing a meeting goes through reads a growing table from end to end."""

import contextlib
import sqlite3
from pathlib import Path
from typing import cast

from sqlalchemy import event

from bot.demo.stage import Stage
from bot.demo.world import World
from tests import databases, stages

GROWING = frozenset(
    {"attendance_events", "attendances", "cards", "inbox", "meeting_changes", "meetings", "nudges", "outbox", "rungs"}
)
OF_LEARNING = frozenset(
    {"answer_events", "attempt_items", "attempts", "candidates", "practice_cards", "practice_events", "results"}
    | {"reviews", "round_guests", "round_items", "round_polls", "rounds"}
)
FEW = "ix_results_untold"  # holds only who is still to be told
Values = tuple[object, ...]
Heard = dict[str, Values]  # one set of parameters by statement


def listen(stage: Stage) -> Heard:
    """Every statement from now on, once."""
    heard: Heard = {}

    def note(*told: object) -> None:
        values = cast("Values", told[3])
        many = bool(values) and isinstance(values[0], tuple)
        heard.setdefault(str(told[2]), cast("Values", values[0]) if many else tuple(values))

    event.listen(stage.database.engine, "before_cursor_execute", note)
    return heard


def read_whole(url: str, heard: Heard, growing: frozenset[str] = GROWING) -> list[str]:
    """Statements that go through all rows of a growing table."""
    found = []
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        for statement, parameters in heard.items():
            if statement.split(maxsplit=1)[0] not in ("SELECT", "UPDATE", "DELETE"):
                continue
            plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps = [str(row[3]).split() for row in plan]
            found += [statement for words in steps if words[0] == "SCAN" and words[1] in growing and FEW not in words]
    return found


async def live(stage: Stage) -> None:
    """Answers, leave, sign-in, roll call, closing, an absence explained and a forgotten sign-in put right."""
    card = await stages.announced(stage)
    li, zhang, zhou, gong = map(stage.actor, ("李四", "张三", "周八", "龚䶮"))
    await zhang.press("参加", on=card)
    await zhou.press("请假", on=card)
    await zhou.press("公假")
    await li.press("同意")
    await stage.at("2026-03-06 14:50")
    await zhang.press("签到", on=card)
    await stage.at("2026-03-09 09:31")
    await gong.press("忘记签到")
    await li.press("同意")
    await stage.at("2026-03-10 09:00")


async def test_no_statement_reads_a_growing_table_whole(
    telegram_server: tuple[dict[str, World], str], seeded_file: Path
) -> None:
    with databases.sqlite(seeded_file, seeded_file.parent) as url:
        async with stages.opened(*telegram_server, url) as stage:
            heard = listen(stage)
            await live(stage)
            assert len(heard) > 100
            assert read_whole(url, heard) == []


async def learn(stage: Stage) -> None:
    """An exam from three taps to its results, a live round, and the book of what went wrong."""
    group, li, zhang = stage.group(stages.BRANCH_GROUP), stage.actor("李四"), stage.actor("张三")
    await li.say("/quiz")
    for label in ("发起考试", "一键标准卷"):
        await li.press(label)
    await li.press(next(button.text for button in li.last().buttons() if button.text.startswith("全部题库")))
    await li.press("发布")
    await zhang.say("/exam")
    await zhang.press("开始计时")
    for _ in range(10):
        await zhang.press("A")
    await zhang.press("交卷")
    await zhang.press("确认交卷")
    await li.say("/round", group)
    await li.press("从题库随机 3 题", in_=group)
    await stage.advance(seconds=60)
    poll = next(message for message in reversed(zhang.sees(group)) if message.poll is not None)
    await zhang.vote(0, on=poll)
    await stage.advance(days=4)
    await zhang.say("/mistakes")
    await stage.advance(days=1)
    await zhang.say("/mistakes")
    start = next(button.text for button in zhang.last().buttons() if button.text.startswith("开始"))
    await zhang.press(start)


async def test_no_statement_of_an_exam_a_round_or_a_book_reads_a_growing_table_whole(
    telegram_server: tuple[dict[str, World], str], seeded_file: Path
) -> None:
    with databases.sqlite(seeded_file, seeded_file.parent) as url:
        async with stages.opened(*telegram_server, url) as stage:
            heard = listen(stage)
            await learn(stage)
            assert len(heard) > 100
            assert read_whole(url, heard, GROWING | OF_LEARNING) == []
