"""A virtual year of a district with the real bot: seconds a month, growth of database and memory, and what is lost.

    python -m tests.bench.year --companies 5 --branches 40 --members 1000 --months 12 [--minutes N] [--url URL]

The bot, its Telegram and the people run in one process on a clock that jumps from one due moment to the next. Without
--url a SQLite file is made and thrown away; with --minutes the year ends with the month in which so many have passed.
Exit code 1 when anything was lost.
"""

import argparse
import asyncio
import contextlib
import gc
import io
import json
import logging
import math
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random

from dateutil.relativedelta import relativedelta
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot import logs, web
from bot.app import prepare
from bot.clock import VirtualClock
from bot.db import Database
from bot.demo import server
from bot.demo.stage import Stage, demo_config
from bot.demo.world import BOT_ID, World
from bot.periods import local_day
from tests import databases
from tests.bench import reckoning
from tests.bench.district import START, District, Shape, chats, plan_series, settle_in
from tests.bench.life import Life, accounts
from tests.bench.screen import Screen

MOST_SHOWN = 40  # findings
TO_MIDNIGHT = timedelta(hours=7)  # from the last act of a day: whatever was held has closed


class Log(io.StringIO):
    """Counts the lines of the bot, and keeps those that nobody should find."""

    def __init__(self) -> None:
        super().__init__()
        self.events: Counter[str] = Counter()
        self.bad: list[str] = []

    def write(self, line: str) -> int:
        if line.strip():
            record = json.loads(line)
            self.events[f"{record['level']} {record['event']}"] += 1
            if record["level"] in ("error", "critical") or "党员" in line:
                self.bad.append(line)
        return len(line)


@dataclass
class Month:
    """Readings at the end of a month; of the counters the sum so far."""

    name: str
    wall: float
    cpu: float
    database: float
    memory: float
    blocks: int
    updates: int
    calls: Counter[str] = field(default_factory=Counter)


@contextlib.asynccontextmanager
async def opened(shape: Shape, url: str, log: Log) -> AsyncIterator[tuple[Stage, District, Screen]]:
    """The district on its database, the bot started on it, the server of its Telegram, and what is seen there."""
    worlds: dict[str, World] = {}
    listening = server.listen(0)
    served = web.server(server.create_app(worlds), host="127.0.0.1", port=0)
    serving = asyncio.get_running_loop().create_task(served.serve(sockets=[listening]))
    clock = VirtualClock(START)
    world = World(clock, f"{BOT_ID}:DEMO-a-year-of-a-district", has_checks=False)
    worlds[world.token] = world
    logs.set_up(level=logging.ERROR)
    config, database = demo_config(f"http://127.0.0.1:{listening.getsockname()[1]}/bot"), Database(url)
    prepare(config, database, now=START)
    district = database.run(settle_in, shape, chats(world, shape))
    for home in district.homes:
        database.run(plan_series, home)
    screen = Screen(world, district.numbers())
    logs.set_up("json", to=log)
    stage = Stage(world, clock, database, config)
    await stage.open()
    await stage.settle()
    try:
        yield stage, district, screen
    finally:
        await stage.close()
        database.close()
        served.should_exit = True
        await serving


async def lived(shape: Shape, months: int, url: str, *, seed: int, minutes: float) -> bool:
    """Live and tell; whether nothing was lost."""
    log, begin = Log(), time.perf_counter()
    async with opened(shape, url, log) as (stage, district, screen):
        told = f"{len(district.homes)} branches, {len(stage.world.persons)} persons"
        say(f"{told} and their series planned in {time.perf_counter() - begin:.1f} s")
        users = stage.session(accounts)
        rng = Random(seed)  # the same year each time
        life = Life(stage.database, stage.stepper, stage.people, screen, district, rng, users)
        readings = [reading("", stage, screen)]
        say(HEADER)
        for number in range(months):
            first = local_day(START) + relativedelta(months=number)
            for on in days(first, local_day(START) + relativedelta(months=number + 1)):
                await life.day(on)
            readings.append(reading(f"{first:%Y-%m-%d}", stage, screen))
            say(line(*readings[-2:]))
            if time.perf_counter() - begin > 60 * minutes:
                say(f"stopped after {number + 1} of {months} months")
                break
        await stage.stepper.advance(stage.clock.now() + TO_MIDNIGHT)
        return conclude(stage, life, log)


def days(first: date, end: date) -> Iterator[date]:
    while first < end:
        yield first
        first += timedelta(days=1)


# -- readings ---


HEADER = (
    f"{'month from':>10} {'seconds':>8} {'CPU':>7} {'updates':>8} {'messages':>8} {'edits':>7} {'toasts':>7}"
    f" {'database MB':>16} {'memory MB':>14} {'objects':>16}"
)


def reading(name: str, stage: Stage, screen: Screen) -> Month:
    gc.collect()
    return Month(
        name,
        time.perf_counter(),
        time.process_time(),
        stage.session(_size) / 1e6,
        _resident() / 1e6,
        sys.getallocatedblocks(),
        stage.world.updates.last_id,
        screen.calls.copy(),
    )


def line(before: Month, now: Month) -> str:
    calls = now.calls - before.calls
    sent, edits = _total(calls, "send"), _total(calls, "edit")
    took, cpu = now.wall - before.wall, now.cpu - before.cpu
    return (
        f"{now.name:>10} {took:8.1f} {cpu:7.1f} {now.updates - before.updates:8,}"
        f" {sent:8,} {edits:7,} {calls['answerCallbackQuery']:7,}"
        f" {now.database:8.1f} {now.database - before.database:+7.1f}"
        f" {now.memory:7.0f} {now.memory - before.memory:+6.1f} {now.blocks:9,} {now.blocks - before.blocks:+6,}"
    )


def _total(calls: Counter[str], prefix: str) -> int:
    return sum(count for method, count in calls.items() if method.startswith(prefix))


def _size(session: Session) -> int:
    if session.get_bind().dialect.name == "postgresql":
        return session.scalar(text("SELECT pg_database_size(current_database())")) or 0
    pages: int = session.scalar(text("PRAGMA page_count")) or 0
    return pages * (session.scalar(text("PRAGMA page_size")) or 0)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


# -- the end ---


def conclude(stage: Stage, life: Life, log: Log) -> bool:
    """Print what the year has left, and say whether nothing was lost."""
    now, screen = stage.clock.now(), life.screen
    found = stage.session(reckoning.findings, life.gatherings, now=now)
    found += [f"another branch's: {leak}" for leak in screen.leaks]
    found += [f"logged: {record.strip()[:300]}" for record in log.bad]
    found += [f"Telegram warned: {warning}" for warning in (*stage.world.warnings, *stage.world.problems)]
    found += [f"{count} × {what}" for what, count in (life.troubles + screen.refused).items()]
    if stage.world.updates.died:
        found.append(f"{len(stage.world.updates.died)} updates died unread")
    for what, read in (("meetings", reckoning.meetings), ("rungs", reckoning.rungs), ("messages", reckoning.messages)):
        say(f"{what}: {_counts(stage.session(read))}")
    say(f"held: {_counts({kind.name: count for kind, count in stage.session(reckoning.held).items()})}")
    say(f"rows: {_counts(stage.session(reckoning.rows))}")
    say(f"acknowledged: {_counts(acknowledged(life))}")
    say(f"calls: {_counts(screen.calls)}; {screen.read:,} messages and edits looked through for another branch's names")
    say(f"alerts: {_counts(screen.alerts)}")
    say(f"log: {_counts(log.events)}")
    say(f"{len(found)} findings" if found else "nothing lost")
    for one in found[:MOST_SHOWN]:
        say(f"  {one}")
    return not found


def acknowledged(life: Life) -> dict[str, int]:
    all_ = life.gatherings.values()
    return {
        "presses": life.presses,
        "going": sum(len(one.going) for one in all_),
        "leave": sum(len(one.leave) for one in all_),
        "signed": sum(len(one.signed) for one in all_),
        "cancelled": sum(one.is_off for one in all_),
    }


def _counts(found: Counter[str] | dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(found.items(), key=lambda one: -one[1])) or "none"


def say(told: str) -> None:
    sys.stdout.write(told + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--companies", type=int, default=5)
    parser.add_argument("--branches", type=int, default=40)
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--url", help="an empty database, instead of a SQLite file")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    os.environ["PTB_TIMEDELTA"] = "true"
    shape = Shape(given.companies, given.branches, given.members)
    with tempfile.TemporaryDirectory(prefix="ketang-year-", dir=databases.PLACE) as folder:
        url = given.url or f"sqlite:///{folder}/year.db"
        is_whole = asyncio.run(lived(shape, given.months, url, seed=given.seed, minutes=given.minutes))
    sys.exit(0 if is_whole else 1)


if __name__ == "__main__":
    main()
