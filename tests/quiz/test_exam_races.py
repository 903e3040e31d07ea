"""One attempt in two processes at once: handed in by its owner and by the clock, begun twice, answered meanwhile."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.db import Database, NotSaved
from bot.errors import UserError
from bot.message import Sender
from bot.quiz import attempts, sitting, starting, submitting, sweeping
from bot.quiz.exam_facts import HandedIn, Saved, Terms
from bot.quiz.models import Attempt, AttemptItem
from bot.quiz.rules import AttemptState, PaperState
from tests.make import Make
from tests.quiz.hall import LIMIT, ROWS, Hall

PEOPLE, SLICE = 1000, 50
SHORT = 50


def hand_in(url: str, senders: list[Sender], attempt_ids: list[int], now: datetime) -> list[bool]:
    """The people's own process: which of them were told a result."""
    database = Database(url)
    told = []
    try:
        for sender, attempt_id in zip(senders, attempt_ids, strict=True):
            told.append(_submitted(database, sender, attempt_id, now))
    finally:
        database.close()
    return told


def _submitted(database: Database, sender: Sender, attempt_id: int, now: datetime) -> bool:
    while True:
        try:
            return isinstance(database.run(submitting.submit, sender, attempt_id, now=now), HandedIn)
        except attempts.HandedIn:
            return False
        except NotSaved:
            continue


def sweep(url: str, now: datetime) -> None:
    """The clock's process, until nothing is left to hand in."""
    database = Database(url)
    try:
        while (due := database.look(sweeping.next_due, now)) is not None and due <= now:
            try:
                database.run(sweeping.sweep, now=now)
            except NotSaved:
                continue
    finally:
        database.close()


def begin(url: str, senders: list[Sender], paper_id: int, now: datetime) -> list[int]:
    database = Database(url)
    try:
        return [_begun(database, sender, paper_id, now) for sender in senders]
    finally:
        database.close()


def _begun(database: Database, sender: Sender, paper_id: int, now: datetime) -> int:
    while True:
        try:
            return database.run(starting.start, sender, paper_id, now=now).card.attempt_id
        except NotSaved:
            continue


def race(hall: Hall, make: Make, children: ProcessPoolExecutor, url: str, count: int) -> None:
    """Everybody presses 确认交卷 at the last moment, handled when the clock has come to hand in as well."""
    people = [make.member(f"党员{n}", hall.cast.branch) for n in range(count)]
    hall.publish(terms=Terms(hall.now, hall.now + timedelta(days=1), LIMIT, 1))
    for who in people:
        card = hall.start(who)
        hall.pick(who, card, "A")
    runs = {one.member_id: one.id for one in hall.rows(Attempt)}
    pressed_at = hall.now + LIMIT + timedelta(seconds=4)
    now = hall.now + LIMIT + timedelta(seconds=6)
    senders = [hall.sender(who, at=pressed_at) for who in people]
    # From both ends, so that they meet.
    mine = children.submit(hand_in, url, senders[::-1], [runs[who.id] for who in people[::-1]], now)
    clock = children.submit(sweep, url, now)
    told = mine.result()
    clock.result()
    ended = hall.rows(Attempt)
    assert {one.state for one in ended} <= {AttemptState.SUBMITTED, AttemptState.AUTO_SUBMITTED}
    assert sum(one.state is AttemptState.SUBMITTED for one in ended) == sum(told)
    swept = [row for row in hall.outbox() if ":auto:" in row.key]
    assert len(swept) == count - sum(told)
    points: dict[int, list[int]] = {}
    for item in hall.rows(AttemptItem):
        if item.awarded_centi is not None:
            points.setdefault(item.attempt_id, []).append(item.awarded_centi)
    questions = sum(row.count for row in ROWS)
    assert [(len(points[one.id]), sum(points[one.id])) for one in ended] == [
        (questions, one.score_centi) for one in ended
    ]
    assert hall.paper.state is PaperState.OPEN


def test_an_attempt_is_ended_once_by_its_owner_or_the_clock(
    hall: Hall, make: Make, children: ProcessPoolExecutor, database_url: str
) -> None:
    race(hall, make, children, database_url, SHORT)


@pytest.mark.long
def test_a_thousand_attempts_are_ended_once_each(
    hall: Hall, make: Make, children: ProcessPoolExecutor, database_url: str
) -> None:
    race(hall, make, children, database_url, PEOPLE)


def test_one_start_in_two_processes_is_one_attempt(
    hall: Hall, make: Make, children: ProcessPoolExecutor, database_url: str
) -> None:
    people = [make.member(f"党员{n}", hall.cast.branch) for n in range(20)]
    paper_id = hall.publish()
    senders = [hall.sender(who) for who in people]
    again = [replace(sender, update_id=(sender.update_id or 0) + 1000) for sender in senders]
    both = [children.submit(begin, database_url, some, paper_id, hall.now) for some in (senders, again)]
    first, second = (one.result() for one in both)
    assert first == second
    assert len(hall.rows(Attempt)) == len(people)


def test_answers_and_the_clock_in_two_processes_lose_nothing_that_was_told_as_saved(
    hall: Hall, make: Make, children: ProcessPoolExecutor, database_url: str
) -> None:
    people = [make.member(f"党员{n}", hall.cast.branch) for n in range(20)]
    hall.publish()
    for who in people:
        hall.start(who)
    runs = {one.member_id: one.id for one in hall.rows(Attempt)}
    now = hall.now + LIMIT + timedelta(seconds=6)
    senders = [hall.sender(who, at=hall.now + LIMIT) for who in people]
    clock = children.submit(sweep, database_url, now)
    saved = set()
    for sender, who in reversed(list(zip(senders, people, strict=True))):
        try:
            told = hall.database.run(sitting.pick, sender, runs[who.id], 1, "A", now=now)
        except UserError:
            continue
        if isinstance(told, Saved):
            saved.add(runs[who.id])
    clock.result()
    for one in hall.rows(Attempt):
        expected = AttemptState.AUTO_SUBMITTED if one.id in saved else AttemptState.NO_ANSWER
        assert one.state is expected
