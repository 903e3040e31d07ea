"""Two processes with one exam: released once, decided once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from bot.db import Database, NotSaved
from bot.message import Sender
from bot.quiz import regrading, releasing
from bot.quiz.models import PaperLog, Regrade, Result
from bot.quiz.regrading import AlreadyDecided
from bot.quiz.rules import PaperAction, Regrading
from tests.make import Cast
from tests.quiz.conftest import AddBank
from tests.quiz.hall import JUDGED, SINGLE, bank
from tests.quiz.office import Office


@pytest.fixture
def office(database: Database, cast: Cast, add_bank: AddBank) -> Office:
    add_bank(bank())
    office = Office(database, cast)
    office.publish(SINGLE, JUDGED)
    for who in (cast.zhang, cast.zhou, cast.sun):
        office.answer(who, right=[1])
    return office


def twice(work: Callable[[str], bool], url: str) -> list[bool]:
    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(work, [url, url]))


def release(url: str, now: datetime) -> bool:
    database = Database(url)
    try:
        while (due := database.look(releasing.next_due, now)) is not None and due <= now:
            try:
                database.run(releasing.release_due, now=now)
            except NotSaved:
                continue
    finally:
        database.close()
    return True


def decide(url: str, sender: Sender, paper_id: int, now: datetime) -> bool:
    database = Database(url)
    try:
        while True:
            try:
                database.run(regrading.decide, sender, paper_id, 2, Regrading.GRANT, now=now)
            except AlreadyDecided:
                return False
            except NotSaved:
                continue
            return True
    finally:
        database.close()


def test_of_two_processes_one_releases_and_one_decides(office: Office, database_url: str) -> None:
    office.wait(days=4)
    now = office.now
    twice(lambda url: release(url, now), database_url)
    assert [row.action for row in office.rows(PaperLog)].count(PaperAction.RELEASED) == 1
    assert len(office.rows(Result)) == 5
    keys = [row.key for row in office.outbox() if ":result:" in row.key]
    assert len(keys) == len(set(keys)) == 4  # 吴九 cannot be reached
    sender = office.sender(office.cast.li)
    done = twice(lambda url: decide(url, sender, office.paper_id, now), database_url)
    assert done == [False, True]
    assert [row.revision for row in office.rows(Regrade)] == [2]
    assert len(office.rows(Result)) == 10
