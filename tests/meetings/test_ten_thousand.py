"""Acceptance 4 in full, by hand: ten thousand texts and ten thousand rules, none of them slow or fatal."""

import time as stopwatch
from contextlib import suppress
from datetime import date, time, timedelta
from itertools import islice
from random import Random

import pytest

from bot.meetings.phrases import PhraseError, parse
from bot.meetings.recurrence import (
    SPANS,
    WEEKDAY_PLACES,
    WORKDAY_PLACES,
    Dates,
    MonthlyDay,
    MonthlyWeekday,
    MonthlyWorkday,
    Rule,
    Weekly,
)
from bot.meetings.repeating import Terms, terms_of, to_body
from bot.meetings.rules import Guard, Shift
from bot.workdays import WorkCalendar
from tests.meetings.play import at
from tests.meetings.test_phrases import WORDS

pytestmark = pytest.mark.long

CALENDAR = WorkCalendar()
MANY = 10_000
SLOW = 0.05  # seconds of the processor, for one call


def text(rng: Random) -> str:
    parts = [rng.choice(WORDS) for _ in range(rng.randrange(1, 14))]
    if rng.random() < 0.2:
        parts.insert(rng.randrange(len(parts)), chr(rng.randrange(0x20, 0x10000)))
    return "".join(parts)


def rule(rng: Random) -> Rule:
    every = rng.choice(SPANS)
    span = (every, rng.randrange(1, every + 1))
    day = date(2020, 1, 1) + timedelta(days=rng.randrange(4000))
    return rng.choice(
        [
            Weekly(tuple(rng.sample(range(7), rng.randrange(1, 8))), day, rng.randrange(1, 5)),
            MonthlyDay(rng.randrange(1, 32), rng.random() < 0.5, *span),
            MonthlyWeekday(rng.choice(WEEKDAY_PLACES), rng.randrange(7), *span),
            MonthlyWorkday(rng.choice(WORKDAY_PLACES), *span),
            Dates(tuple(day + timedelta(days=rng.randrange(900)) for _ in range(rng.randrange(60)))),
        ]
    )


def test_ten_thousand_texts_are_read_or_refused() -> None:
    rng, slowest = Random(20261121), 0.0
    for _ in range(MANY):
        now = at("2026-11-21 10:00") + timedelta(minutes=rng.randrange(3_000_000))
        said = text(rng)
        began = stopwatch.process_time()
        with suppress(PhraseError):
            parse(said, CALENDAR, now=now)
        slowest = max(slowest, stopwatch.process_time() - began)
    assert slowest < SLOW


def test_ten_thousand_series_show_their_next_six() -> None:
    rng, slowest = Random(20261122), 0.0
    for _ in range(MANY):
        clock = time(rng.randrange(6, 22), rng.choice((0, 30)))
        shift, guard = rng.choice(list(Shift)), rng.choice(list(Guard))
        terms = Terms(rule(rng), clock, 90, shift, guard, rng.random() < 0.3)
        now = at("2022-01-01 10:00") + timedelta(minutes=rng.randrange(3_000_000))
        assert terms_of(to_body(terms), 90) == terms
        began = stopwatch.process_time()
        coming = list(islice(terms.ahead(now.date(), None, CALENDAR, now=now), 6))
        slowest = max(slowest, stopwatch.process_time() - began)
        assert coming == sorted(coming, key=lambda landing: landing.base_on)
    assert slowest < SLOW
