"""What years of exams must not make slower: a release and a regrade read the answers of their own paper alone."""

import contextlib
import sqlite3
from collections.abc import Iterator

import pytest
from sqlalchemy import event

from bot.banks import revisions
from bot.banks.revisions import Scope
from bot.banks.rules import Origin
from bot.db import Database
from bot.quiz import analysis, exporting, regrading, reports, review
from bot.quiz.rules import Regrading
from tests import databases
from tests.make import NOW, Make
from tests.quiz.hall import JUDGED, SINGLE, bank
from tests.quiz.office import Office

GROWING = frozenset({"attempts", "attempt_items", "answer_events", "results", "candidates", "outbox", "paper_log"})


@pytest.fixture
def office(sqlite_url: str) -> Iterator[Office]:
    database: Database = databases.Again(sqlite_url)
    cast = Make(database).cast()
    ready = revisions.ready(bank(), b"exam")
    database.run(revisions.write, ready, Scope(), Origin.CLI, base_id=None, by=None, now=NOW)
    yield Office(database, cast)
    database.close()


def read_whole(url: str, heard: dict[str, tuple[object, ...]]) -> list[str]:
    """Statements that go through all rows of a growing table."""
    found = []
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        for statement, parameters in heard.items():
            if statement.split(maxsplit=1)[0] in ("SELECT", "UPDATE", "DELETE"):
                plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
                steps = [str(row[3]).split() for row in plan]
                found += [
                    statement
                    for words in steps
                    if words[0] == "SCAN" and words[1] in GROWING and "ix_results_untold" not in words
                ]  # that index holds only who is still to be told
    return found


def test_results_read_no_growing_table_from_end_to_end(office: Office, sqlite_url: str) -> None:
    office.publish(SINGLE, JUDGED)
    for who in (office.cast.zhang, office.cast.zhou):
        office.answer(who, right=[1])
    heard: dict[str, tuple[object, ...]] = {}

    def note(*told: object) -> None:
        values = told[3][0] if told[5] and isinstance(told[3], list) else told[3]
        heard.setdefault(str(told[2]), tuple(values) if isinstance(values, tuple | list) else ())

    event.listen(office.database.engine, "before_cursor_execute", note)
    office.release()
    office.act(review.fault, office.cast.zhang, office.paper_id, 1)
    office.act(reports.report, office.cast.li, office.paper_id, 0)
    office.act(analysis.item, office.cast.li, office.paper_id, 1)
    office.act(exporting.gather, office.cast.li, office.paper_id, office.cast.branch.id)
    office.act(regrading.decide, office.cast.li, office.paper_id, 1, Regrading.GRANT)
    assert len(heard) > 30
    assert read_whole(sqlite_url, heard) == []
