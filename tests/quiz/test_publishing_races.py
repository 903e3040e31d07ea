"""One exam in two processes at once: published twice, opened twice, closed by hand and by the clock."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.banks import revisions
from bot.banks.rules import Origin
from bot.banks.scopes import Scope
from bot.db import Database, NotSaved
from bot.errors import UserError
from bot.message import Sender
from bot.quiz import cancelling, changing, exam_drafts, exam_rows, exams
from bot.quiz.exam_facts import Terms
from bot.quiz.models import Candidate, Paper, PaperLog
from bot.quiz.rules import EARLY_END, AttemptState, DraftStep, PaperAction, PaperState
from tests.make import NOW, Make
from tests.quiz.hall import LIMIT, Hall, bank

DRAFTS = 8
WAIT = 20.0  # seconds until a test of two sessions gives up


def publish(url: str, sender: Sender, paper_ids: list[int], now: datetime) -> int:
    """Publish one draft after the other; how many of them this process has published."""
    return _each(url, lambda database, one: database.run(exam_drafts.publish, sender, one, now=now), paper_ids)


def step(url: str, times: int, now: datetime) -> int:
    return _each(url, lambda database, _: database.run(exams.step_due, now=now), list(range(times)))


def close(url: str, sender: Sender, paper_ids: list[int], now: datetime) -> int:
    return _each(url, lambda database, one: database.run(changing.close_now, sender, one, now=now), paper_ids)


def _each(url: str, act: Callable[[Database, int], object], numbers: list[int]) -> int:
    """How often `act` succeeded; what could not be saved for the moment is tried again."""
    database, done = Database(url), 0
    try:
        for number in numbers:
            done += _tried(database, act, number)
    finally:
        database.close()
    return done


def _tried(database: Database, act: Callable[[Database, int], object], number: int) -> bool:
    while True:
        try:
            act(database, number)
        except NotSaved:
            continue
        except UserError:
            return False
        return True


def ready(hall: Hall) -> int:
    """A draft of three questions that is previewed."""
    li, made = hall.cast.li, hall.act(exam_drafts.begin, hall.cast.li, seed=1)
    hall.act(exam_drafts.choose_bank, li, made.paper_id, 0)
    hall.act(exam_rows.set_count, li, made.paper_id, 0, 3)
    for place in (1, 2):
        hall.act(exam_rows.remove, li, made.paper_id, place)
    hall.act(exam_drafts.go, li, made.paper_id, DraftStep.PREVIEW.value)
    return made.paper_id


def test_each_draft_is_published_once_with_a_code_of_its_own(
    hall: Hall, database_url: str, children: ProcessPoolExecutor
) -> None:
    paper_ids = [ready(hall) for _ in range(DRAFTS)]
    sender = hall.sender(hall.cast.li)
    there = children.submit(publish, database_url, sender, paper_ids, NOW)
    back = children.submit(publish, database_url, sender, paper_ids[::-1], NOW)
    assert there.result() + back.result() == DRAFTS
    assert sorted(paper.code or "" for paper in hall.rows(Paper)) == [f"2026-{n:03}" for n in range(1, DRAFTS + 1)]
    assert Counter(one.paper_id for one in hall.rows(Candidate)) == dict.fromkeys(paper_ids, 5)
    assert Counter(log.action for log in hall.rows(PaperLog)) == {PaperAction.PUBLISHED: DRAFTS}


def test_an_opening_is_told_once_and_an_end_happens_once(
    hall: Hall, database_url: str, children: ProcessPoolExecutor
) -> None:
    opens_at = NOW + timedelta(hours=1)
    paper_ids = [hall.publish(terms=Terms(opens_at, opens_at + timedelta(hours=5), LIMIT, 1)) for _ in range(DRAFTS)]
    both = [children.submit(step, database_url, DRAFTS, opens_at) for _ in range(2)]
    assert [one.result() for one in both] == [DRAFTS, DRAFTS]
    hall.now = opens_at
    told = Counter(hall.deliver())
    assert len(told) == 5  # the group and four people; all the exams are called alike
    assert set(told.values()) == {DRAFTS}
    end = opens_at + timedelta(hours=5)
    by_hand = children.submit(close, database_url, hall.sender(hall.cast.li), paper_ids, end)
    by_clock = children.submit(step, database_url, DRAFTS, end)
    assert by_clock.result() == DRAFTS
    assert {paper.state for paper in hall.rows(Paper)} == {PaperState.CLOSED}
    closed = Counter(log.action for log in hall.rows(PaperLog))[PaperAction.CLOSED]
    assert closed == by_hand.result()


# -- an attempt begun while its exam is being changed ------------------------------------------------------------------

Change = Callable[[Session, Sender, int, datetime], object]


def _close(session: Session, sender: Sender, paper_id: int, now: datetime) -> object:
    return changing.close_now(session, sender, paper_id, now=now)


def _cancel(session: Session, sender: Sender, paper_id: int, now: datetime) -> object:
    return cancelling.cancel(session, sender, paper_id, "题目有误", now=now)


def _shorten(session: Session, sender: Sender, paper_id: int, now: datetime) -> object:
    return changing.write_window(session, sender, paper_id, "今天9点12分", now=now)


@pytest.fixture
def server_hall(postgres_url: str) -> Iterator[Hall]:
    """PostgreSQL alone: on SQLite only one transaction writes at a time."""
    database = Database(postgres_url)
    make = Make(database)
    cast = make.cast()
    make.chat(cast.branch)
    ready_bank = revisions.ready(bank(), b"exam")
    database.run(revisions.write, ready_bank, Scope(), Origin.CLI, base_id=None, by=None, now=NOW)
    yield Hall(database, cast)
    database.close()


@pytest.mark.parametrize(
    ("change", "state", "end"),
    [
        (_close, AttemptState.STARTED, EARLY_END),
        (_cancel, AttemptState.VOIDED, LIMIT),
        (_shorten, AttemptState.STARTED, timedelta(minutes=12)),
    ],
)
def test_an_attempt_begun_while_its_exam_is_changed_is_changed_with_it(
    server_hall: Hall, postgres_url: str, change: Change, state: AttemptState, end: timedelta
) -> None:
    hall, looked, begun = server_hall, Event(), Event()
    paper_id, sender = hall.publish(), hall.sender(server_hall.cast.li)

    def change_slowly(session: Session) -> None:
        """What it sees is settled by its first statement; the attempt is begun behind that."""
        session.execute(select(Paper.state))
        looked.set()
        assert begun.wait(WAIT)
        change(session, sender, paper_id, NOW)

    other = Database(postgres_url)
    with ThreadPoolExecutor(1) as pool:
        changed = pool.submit(other.run, change_slowly)
        assert looked.wait(WAIT)
        hall.start(hall.cast.zhang)
        begun.set()
        changed.result()
    other.close()
    assert (hall.attempt.state, hall.attempt.deadline_at) == (state, NOW + end)
