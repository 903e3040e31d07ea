"""Starts thousands of attempts at an exam whose questions are drawn for each apart, as presses on 开始计时 would.

python -m tests.bench.draws --people 5000        prints seconds and what a start takes, as JSON
"""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import logs
from bot.app import prepare
from bot.config import Config
from bot.db import Database
from bot.message import Sender
from bot.quiz import starting
from bot.quiz.models import AttemptItem
from bot.quiz.rules import Draw
from tests.bench.crowd import FIRST
from tests.bench.exam_scene import published
from tests.make import NOW

COPIES = 50  # of what the blueprint asks: a pool of a thousand questions
AT_ONCE = 500  # presses that wait


async def start_all(database: Database, paper_id: int, people: int) -> None:
    """Each is a transaction to itself; those that wait together share a commit."""
    coming = iter(range(FIRST, FIRST + people))

    async def press() -> None:
        for user_id in coming:
            await database.transact(starting.start, Sender(user_id, user_id, NOW), paper_id, now=NOW)

    await asyncio.gather(*(press() for _ in range(AT_ONCE)))


def _drawn(session: Session) -> tuple[int, int]:
    """Papers, and those of them that nobody else has."""
    own = func.group_concat(AttemptItem.version_id)
    papers = select(own).group_by(AttemptItem.attempt_id)
    rows = [",".join(sorted(row.split(","))) for row in session.scalars(papers)]
    return len(rows), len(set(rows))


def figures(file: Path, people: int) -> dict[str, float]:
    database = Database(f"sqlite:///{file}")
    try:
        prepare(Config(), database, now=NOW)
        paper_id = published(database, people, Draw.EACH, COPIES, NOW)
        cpu, begin = time.process_time(), time.perf_counter()
        asyncio.run(start_all(database, paper_id, people))
        took, cpu = time.perf_counter() - begin, time.process_time() - cpu
        papers, unlike = database.look(_drawn)
    finally:
        database.close()
    return {
        "seconds": took,
        "cpu_us": cpu / people * 1e6,
        "papers": papers,
        "pool": 20 * COPIES,
        "missing": people - papers,
        "unlike": unlike,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=5000)
    given = parser.parse_args()
    logs.set_up(level=logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        found = figures(Path(folder) / "draws.db", given.people)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
