"""How much may be said when: never more than Telegram takes, and answers before bulletins."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chats import Chats
from bot.limits import (
    ALL_BURST,
    ALL_KEPT,
    ALL_RATE,
    ASKED_BURST,
    ASKED_RATE,
    FORGET,
    GROUP_BURST,
    GROUP_RATE,
    PRIVATE_BURST,
    Bucket,
    Limits,
    Patience,
)

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
GROUP, ZHANG = -1001000000001, 1001


def send_all(
    limits: Limits, chat_id: int, count: int, *, is_urgent: bool = True, start: datetime = NOON
) -> list[float]:
    """Send one after the other as soon as allowed; the seconds after `start`."""
    at, sent = start, []
    for _ in range(count):
        at = max(at, limits.free_at(chat_id, at, is_urgent=is_urgent))
        limits.take(chat_id, at)
        sent.append((at - start).total_seconds())
    return sent


def test_a_private_chat_takes_three_at_once_then_one_a_second() -> None:
    assert send_all(Limits(is_on=True), ZHANG, 6) == pytest.approx([0, 0, 0, 1, 2, 3], abs=1e-5)


def test_a_group_takes_five_at_once_then_eighteen_a_minute() -> None:
    sent = send_all(Limits(is_on=True), GROUP, 25)
    assert sent[:5] == [0] * 5
    assert sent[5] == pytest.approx(60 / 18, abs=1e-5)
    assert all(len([t for t in sent if start <= t < start + 60]) <= 23 for start in sent)


def test_some_of_a_group_is_kept_for_what_is_urgent() -> None:
    limits = Limits(is_on=True)
    assert send_all(limits, GROUP, 4, is_urgent=False) == [0] * 4
    assert limits.free_at(GROUP, NOON, is_urgent=False) > NOON
    assert limits.free_at(GROUP, NOON, is_urgent=True) == NOON


def test_a_bulk_leaves_room_for_answers() -> None:
    limits = Limits(is_on=True)
    people = int(ALL_BURST - ALL_KEPT)
    for person in range(people):
        assert limits.free_at(2000 + person, NOON, is_urgent=False) == NOON
        limits.take(2000 + person, NOON)
    assert limits.free_at(3000, NOON, is_urgent=False) > NOON
    assert limits.free_at(ZHANG, NOON, is_urgent=True) == NOON


def test_one_chat_that_waits_holds_up_no_other() -> None:
    limits = Limits(is_on=True)
    send_all(limits, ZHANG, int(PRIVATE_BURST))
    assert limits.free_at(ZHANG, NOON, is_urgent=True) == NOON + SECOND
    assert limits.free_at(1006, NOON, is_urgent=True) == NOON


def test_without_limits_nothing_waits() -> None:
    assert send_all(Limits(is_on=False), ZHANG, 100) == [0] * 100


def test_a_chat_of_long_ago_is_forgotten_and_begins_full() -> None:
    limits = Limits(is_on=True)
    limits.take(ZHANG, NOON)
    later = NOON + timedelta(hours=1)
    for person in range(FORGET):
        limits.take(2000 + person, later)
    assert limits.free_at(ZHANG, later + SECOND, is_urgent=True) <= later + timedelta(minutes=5)
    assert send_all(limits, ZHANG, 3, start=later + timedelta(hours=1)) == [0, 0, 0]


def test_forgetting_never_frees_a_chat_that_waits() -> None:
    limits = Limits(is_on=True)
    for person in range(FORGET):
        limits.take(2000 + person, NOON - timedelta(hours=1))
    send_all(limits, GROUP, int(GROUP_BURST), start=NOON)
    limits.take(9999, NOON)  # the table is full: those that say nothing any more go
    assert limits.free_at(GROUP, NOON, is_urgent=True) > NOON


@given(gaps=st.lists(st.floats(0, 10, allow_nan=False), max_size=60))
def test_no_minute_holds_more_than_telegram_takes(gaps: list[float]) -> None:
    limits, at, sent = Limits(is_on=True), NOON, []
    for gap in gaps:
        at = max(at + timedelta(seconds=gap), limits.free_at(GROUP, at + timedelta(seconds=gap), is_urgent=True))
        limits.take(GROUP, at)
        sent.append(at)
    for start in sent:
        inside = [moment for moment in sent if start <= moment < start + timedelta(minutes=1)]
        assert len(inside) <= GROUP_BURST + GROUP_RATE * 60 + 1


@given(steps=st.lists(st.floats(-5, 5, allow_nan=False), min_size=1, max_size=30))
def test_a_clock_that_goes_back_fills_nothing(steps: list[float]) -> None:
    bucket, at = Bucket(ALL_RATE, ALL_BURST, 0.0, NOON), NOON
    for step in steps:
        at += timedelta(seconds=step)
        bucket.fill(at)
    passed = sum((timedelta(seconds=step) for step in steps if step > 0), timedelta())
    assert bucket.tokens <= min(ALL_BURST, passed.total_seconds() * ALL_RATE) + 1e-6


def test_after_a_clock_was_set_back_an_hour_sending_goes_on_as_fast_as_before() -> None:
    limits, patience = Limits(is_on=True), Patience(is_on=True)
    send_all(limits, ZHANG, int(PRIVATE_BURST))
    assert all(patience.hears(ZHANG, NOON) for _ in range(int(ASKED_BURST)))
    earlier = NOON - timedelta(hours=1)
    assert send_all(limits, ZHANG, 3, start=earlier) == pytest.approx([1, 2, 3], abs=1e-5)
    assert not patience.hears(ZHANG, earlier)
    assert patience.hears(ZHANG, earlier + SECOND)


def test_what_telegram_told_to_wait_before_the_clock_was_set_back_does_not_wait_an_hour() -> None:
    chats, earlier = Chats(has_limits=False), NOON - timedelta(hours=1)
    chats.hold(GROUP, NOON + 30 * SECOND)
    chats.hold_all(NOON + SECOND)
    assert not chats.may_send(GROUP, earlier, is_urgent=True)
    chats.forget_waits()
    assert chats.may_send(GROUP, earlier, is_urgent=True)
    assert chats.told_to_wait(earlier) == []


def test_who_asks_without_end_is_heard_five_times_a_second_and_others_as_ever() -> None:
    patience = Patience(is_on=True)
    heard = [patience.hears(ZHANG, NOON + n * SECOND / 100) for n in range(1000)]
    assert sum(heard) == pytest.approx(ASKED_BURST + ASKED_RATE * 10, abs=1)
    assert patience.hears(1002, NOON + 10 * SECOND)
    assert patience.hears(ZHANG, NOON + 11 * SECOND)


def test_a_person_of_long_ago_takes_no_room() -> None:
    patience = Patience(is_on=True)
    assert all(patience.hears(n, NOON) for n in range(FORGET))
    assert all(patience.hears(ZHANG, NOON + 60 * SECOND) for _ in range(int(ASKED_BURST)))
    assert not patience.hears(ZHANG, NOON + 60 * SECOND)
