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
Values = tuple[object, ...]
Heard = dict[str, Values]  # one set of parameters by statement


def listen(stage: Stage) -> Heard:
    """Every statement from now on, once."""
    heard: Heard = {}

    def note(*told: object) -> None:
        values = cast("list[Values]", told[3])[0] if told[5] else cast("Values", told[3])
        heard.setdefault(str(told[2]), tuple(values))

    event.listen(stage.database.engine, "before_cursor_execute", note)
    return heard


def read_whole(url: str, heard: Heard) -> list[str]:
    """Statements that go through all rows of a growing table."""
    found = []
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        for statement, parameters in heard.items():
            if statement.split(maxsplit=1)[0] not in ("SELECT", "UPDATE", "DELETE"):
                continue
            plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps = [str(row[3]).split() for row in plan]
            found += [statement for words in steps if words[0] == "SCAN" and words[1] in GROWING]
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
