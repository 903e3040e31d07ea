"""Time that an outage of ours took from a sitting is given back once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot import inbox
from bot.inbox import Lease
from bot.quiz.exam_facts import Card, HandedIn, Saved, Terms
from bot.quiz.models import Attempt, OutageCredit
from bot.quiz.rules import AttemptState, PaperState
from tests.quiz.hall import LIMIT, Hall

TEN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Beijing
AWAY = timedelta(minutes=3, seconds=12)


@pytest.fixture
def sat(hall: Hall) -> Card:
    """张三 has until 10:10."""
    hall.publish()
    hall.at(TEN - timedelta(minutes=10))
    return hall.start(hall.cast.zhang)


def deadline(hall: Hall) -> datetime | None:
    return hall.attempt.deadline_at


def test_what_an_outage_took_is_given_back_and_told_once(hall: Hall, sat: Card) -> None:
    hall.outage(TEN, TEN + AWAY)
    for _ in range(2):  # the second is another start
        hall.at(TEN + timedelta(minutes=11))
        assert deadline(hall) == TEN + timedelta(minutes=13, seconds=12)
    assert hall.attempt.credit_s == 192
    told = [text for text in hall.told(hall.cast.zhang) if "停机" in text]
    assert told == ["程序停机 3 分 12 秒，你的考试已补时，新的截止时间 10:13:12。"]
    assert [row.seconds for row in hall.rows(OutageCredit)] == [192]


def test_parts_of_a_second_are_given_back_as_a_whole_one(hall: Hall, sat: Card) -> None:
    part = timedelta(milliseconds=700)
    for minute in (0, 3):
        hall.outage(TEN + timedelta(minutes=minute), TEN + timedelta(minutes=minute, seconds=60) + part)
    hall.ring()
    assert deadline(hall) == TEN + timedelta(minutes=12, seconds=2)
    assert hall.attempt.credit_s == 122


def test_time_given_back_is_no_time_taken(hall: Hall, sat: Card) -> None:
    hall.outage(TEN, TEN + AWAY)
    hall.at(TEN + timedelta(minutes=11))
    ended = hall.submit(hall.cast.zhang, sat)
    assert isinstance(ended, HandedIn)
    assert ended.time == timedelta(minutes=21) - AWAY


def test_an_attempt_that_was_over_before_the_outage_is_left_alone(hall: Hall, sat: Card) -> None:
    hall.outage(TEN + timedelta(minutes=10, seconds=2), TEN + timedelta(minutes=13))
    hall.ring()
    assert deadline(hall) == TEN + timedelta(minutes=10)
    assert hall.state() is AttemptState.NO_ANSWER


def test_half_an_hour_is_the_most(hall: Hall, sat: Card) -> None:
    hall.outage(TEN, TEN + timedelta(minutes=45))
    hall.ring()
    assert deadline(hall) == TEN + timedelta(minutes=40)
    assert hall.state() is AttemptState.NO_ANSWER  # five minutes ago


def test_a_press_that_waited_out_the_outage_counts_before_the_credit_is_booked(hall: Hall, sat: Card) -> None:
    hall.outage(TEN + timedelta(minutes=9), TEN + timedelta(minutes=11))
    saved = hall.pick(hall.cast.zhang, sat, "A")
    assert isinstance(saved, Saved)
    assert saved.card.left == timedelta(minutes=1)


def test_two_outages_count_each(hall: Hall, sat: Card) -> None:
    hall.outage(TEN, TEN + timedelta(minutes=2))
    hall.outage(TEN + timedelta(minutes=11), TEN + timedelta(minutes=14))
    hall.ring()
    assert deadline(hall) == TEN + timedelta(minutes=15)


def test_nothing_is_handed_in_before_the_backlog_is_fetched(hall: Hall, sat: Card) -> None:
    hall.database.run(_receive, now=TEN)
    hall.now = TEN + timedelta(minutes=20)
    hall.ring()
    assert hall.state() is AttemptState.STARTED
    hall.database.run(inbox.mark_drained, now=hall.now)
    hall.ring()
    assert hall.state() is AttemptState.NO_ANSWER


def _receive(session: Session, *, now: datetime) -> None:
    """A process has just begun to receive."""
    inbox.hold(session, "host:1:a", lambda _: False, now=now)
    session.execute(update(Lease).values(drained_at=None))


def test_the_last_call_moves_with_the_deadline(hall: Hall, sat: Card) -> None:
    hall.outage(TEN, TEN + AWAY)
    hall.at(TEN + timedelta(minutes=11))
    (row,) = [row for row in hall.outbox() if ":last5:" in row.key]
    assert row.due_at == TEN + timedelta(minutes=8, seconds=12)


def test_a_credited_attempt_ends_after_the_closing_which_is_not_moved(hall: Hall) -> None:
    closes = TEN + timedelta(minutes=5)
    hall.publish(terms=Terms(hall.now, closes, LIMIT, 1))
    hall.at(TEN)
    card = hall.start(hall.cast.zhang)
    hall.outage(TEN + timedelta(minutes=1), TEN + timedelta(minutes=4))
    hall.at(TEN + timedelta(minutes=6))
    hall.now = TEN + timedelta(minutes=7)
    hall.ring()
    assert (hall.paper.state, hall.paper.closes_at) == (PaperState.CLOSED, closes)
    saved = hall.pick(hall.cast.zhang, card, "A")
    assert isinstance(saved, Saved)
    assert [one.deadline_at for one in hall.rows(Attempt)] == [TEN + timedelta(minutes=8)]
