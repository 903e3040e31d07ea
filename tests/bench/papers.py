"""Results among a million answers, beside bare SQL on the same file, and a workbook of a hundred thousand.

python -m tests.bench.papers figures FILE.db --answers 1000000      fills the file if there is none; milliseconds
python -m tests.bench.papers export FILE.db                         one exam of it as a workbook; seconds and MB
"""

import argparse
import json
import logging
import resource
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import logs
from bot.app import prepare
from bot.banks.models import QuestionVersion
from bot.banks.rules import RIGHT, QuestionType
from bot.config import Config
from bot.db import Database
from bot.message import Sender
from bot.quiz import analysis, exporting, outcomes, reports, workbook
from bot.quiz.models import PaperItem
from bot.quiz.rules import Draw
from tests.bench.crowd import FIRST, member_id
from tests.bench.exam_scene import published
from tests.make import NOW, USERS

SITTERS = 5_000
QUESTIONS = 20
ONE = 1  # the exam that is looked at: the others are of other years
Row = tuple[object, ...]
Asked = tuple[int, int, str]


# -- the table --------------------------------------------------------------------------------------------------------


def fill(file: Path, answers: int) -> None:
    """As many exams of five thousand sittings as make so many answers, row by row."""
    database = Database(f"sqlite:///{file}")
    try:
        prepare(Config(), database, now=NOW)
        paper_id = published(database, SITTERS, Draw.SAME, 1, NOW)
        asked = database.look(_asked, paper_id)
    finally:
        database.close()
    rng = Random(7)  # the same rows every time
    with sqlite3.connect(file) as connection:
        papers = _copied(connection, answers // (SITTERS * QUESTIONS))
        for number, paper in enumerate(papers):
            _sit(connection, paper, number * SITTERS, asked, rng)
        connection.execute(
            "UPDATE papers SET state = 'RELEASED', ranking = 1, revision = 1",
        )
        connection.execute("ANALYZE")


def _asked(session: Session, paper_id: int) -> list[Asked]:
    """Version, points and an answer of each question."""
    query = select(PaperItem.version_id, PaperItem.score_centi, QuestionVersion.type).where(
        PaperItem.paper_id == paper_id, QuestionVersion.id == PaperItem.version_id
    )
    rows = session.execute(query.order_by(PaperItem.position))
    return [(version_id, centi, RIGHT if kind is QuestionType.TRUE_FALSE else "A") for version_id, centi, kind in rows]


def _copied(connection: sqlite3.Connection, count: int) -> list[int]:
    """The published exam and others like it, with the same people and questions."""
    columns = [row[1] for row in connection.execute("PRAGMA table_info(papers)")]
    same = ", ".join(name for name in columns if name not in {"id", "code", "token"})
    for number in range(2, count + 1):
        values = f"{number}, '2025-{number:03}', 'token{number}', {same}"
        connection.execute(f"INSERT INTO papers (id, code, token, {same}) SELECT {values} FROM papers WHERE id = 1")
        for table in ("paper_branches", "paper_items", "candidates"):
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            kept = ", ".join(name for name in names if name not in {"id", "paper_id"})
            connection.execute(
                f"INSERT INTO {table} (paper_id, {kept}) SELECT {number}, {kept} FROM {table} WHERE paper_id = 1"
            )
    return list(range(1, count + 1))


def _sit(connection: sqlite3.Connection, paper: int, before: int, asked: list[Asked], rng: Random) -> None:
    at = _moment(NOW)
    attempts: list[Row] = []
    items: list[Row] = []
    results: list[Row] = []
    most = sum(centi for _, centi, _ in asked)
    for person in range(SITTERS):
        id_, member, score = before + person + 1, member_id(FIRST + person), 0
        for position, (version_id, centi, picked) in enumerate(asked, start=1):
            points = centi if rng.random() < 0.7 else 0
            score += points
            items.append((id_, position, version_id, "[2,0,3,1]", centi, "HALF", picked, 0, at, points))
        seconds = rng.randrange(240, 1200)
        attempts.append((id_, paper, member, 1, "SUBMITTED", at, at, at, score, seconds, 0))
        verdict = (score * 100 >= 60 * most, score * 100 >= 90 * most)
        results.append((paper, member, 1, "SAT", id_, score, score, seconds, most, *verdict, 1))
    _insert(
        connection,
        "attempts",
        "id paper_id member_id number state started_at deadline_at submitted_at score_centi time_s credit_s",
        attempts,
    )
    _insert(
        connection,
        "attempt_items",
        "attempt_id position version_id option_order max_centi rule selection is_marked answered_at awarded_centi",
        items,
    )
    _insert(
        connection,
        "results",
        "paper_id member_id revision outcome attempt_id score_centi credited_centi time_s max_centi passed excellent "
        "is_told",
        results,
    )


def _insert(connection: sqlite3.Connection, table: str, names: str, rows: list[Row]) -> None:
    columns = names.split()
    marks = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(" ", "microseconds")[:26]


# -- beside bare SQL --------------------------------------------------------------------------------------------------

_RANKED = """
SELECT m.name, b.name, g.name, r.outcome, c.reason, a.number, r.score_centi, r.credited_centi, r.max_centi, r.time_s,
  r.passed, r.excellent, rank() OVER (PARTITION BY c.branch_id ORDER BY r.score_centi DESC, r.time_s)
FROM results r JOIN candidates c ON c.paper_id = r.paper_id AND c.member_id = r.member_id
JOIN members m ON m.id = r.member_id JOIN units b ON b.id = c.branch_id LEFT JOIN units g ON g.id = c.group_id
LEFT JOIN attempts a ON a.id = r.attempt_id
WHERE r.paper_id = ? AND r.revision = 1 ORDER BY c.branch_id, c.group_id, m.name
"""
_SETTLED = """
SELECT c.member_id, c.standing, a.id, sum(i.awarded_centi), a.time_s, max(i.selection IS NOT NULL)
FROM candidates c JOIN attempts a ON a.paper_id = c.paper_id AND a.member_id = c.member_id
JOIN attempt_items i ON i.attempt_id = a.id
WHERE c.paper_id = ? AND a.round_id IS NULL AND a.state IN ('SUBMITTED', 'AUTO_SUBMITTED', 'NO_ANSWER') GROUP BY a.id
"""
_ANALYSED = """
SELECT i.version_id, count(i.selection), sum(i.awarded_centi >= i.max_centi), count(*), sum(i.awarded_centi),
  sum(i.awarded_centi * i.awarded_centi), sum(a.score_centi), sum(a.score_centi * a.score_centi),
  sum(i.awarded_centi * a.score_centi)
FROM attempts a JOIN attempt_items i ON i.attempt_id = a.id
WHERE a.paper_id = ? AND a.state = 'SUBMITTED' AND a.round_id IS NULL AND a.number = 1 GROUP BY i.version_id
"""


def _ranked(session: Session) -> int:
    """Everybody with his place, in the order of the roster."""
    of = outcomes.exam(session, ONE)
    rows = outcomes.lines(session, of, outcomes.branch_ids(session, of.id))
    return len(reports.ranked(of, rows))


def _settled(session: Session) -> int:
    return len(outcomes.settle(session, outcomes.exam(session, ONE)))


def _analysed(session: Session) -> int:
    return analysis.of_exam(session, outcomes.exam(session, ONE)).attempts


def _fetched(connection: sqlite3.Connection, query: str) -> list[Row]:
    return connection.execute(query, (ONE,)).fetchall()


def figures(file: Path) -> dict[str, float]:
    database = Database(f"sqlite:///{file}")
    found: dict[str, float] = {}
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
            for name, fn, query in (
                ("ranked", _ranked, _RANKED),
                ("settled", _settled, _SETTLED),
                ("analysed", _analysed, _ANALYSED),
            ):
                ours, bare = _beside(partial(database.look, fn), partial(_fetched, connection, query))
                found |= {f"{name}_ms": ours, f"{name}_bare_ms": bare}
            found["answers"] = connection.execute("SELECT count(*) FROM attempt_items").fetchone()[0]
    finally:
        database.close()
    return found


def _beside(ours: Callable[[], object], bare: Callable[[], object], times: int = 5) -> tuple[float, float]:
    """Medians in ms of CPU, taken in turn: neither waits for anything."""
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for fn, into in zip((ours, bare), took, strict=True):
            begin = time.thread_time()
            fn()
            into.append((time.thread_time() - begin) * 1000)
    return statistics.median(took[0]), statistics.median(took[1])


# -- the workbook -----------------------------------------------------------------------------------------------------


def export(file: Path) -> dict[str, float]:
    """What the secretary of these five thousand gets, in this process alone."""
    database = Database(f"sqlite:///{file}")
    try:
        before, begin = _peak(), time.perf_counter()
        sender = Sender(USERS["李四"], USERS["李四"], NOW)
        (branch_id,) = database.look(outcomes.branch_ids, ONE)
        book = database.look(exporting.gather, sender, ONE, branch_id, now=NOW)
        gathered, peak = time.perf_counter(), _peak()
        data = workbook.render(book)
        end = time.perf_counter()
    finally:
        database.close()
    return {
        "answers": len(book.answers),
        "gather_s": gathered - begin,
        "render_s": end - gathered,
        "gather_mb": peak - before,
        "peak_mb": _peak() - before,
        "bytes": len(data),
    }


def _peak() -> float:
    """The most memory this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["figures", "export"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--answers", type=int, default=1_000_000)
    given = parser.parse_args()
    logs.set_up(level=logging.ERROR)
    if not given.file.exists():
        fill(given.file, given.answers)
    found = figures(given.file) if given.what == "figures" else export(given.file)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
