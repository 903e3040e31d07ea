from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workdays import DayKind, SpecialDay, Why, WorkCalendar

PUBLISHED = WorkCalendar()


@pytest.mark.parametrize("day", ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"])
def test_makeup_weekends_of_2026_are_worked(day: str) -> None:
    assert PUBLISHED.is_workday(date.fromisoformat(day))
    assert PUBLISHED.why(date.fromisoformat(day)).kind is DayKind.MAKEUP
    assert not PUBLISHED.is_workday(date.fromisoformat(day), allow_makeup=False)


@pytest.mark.parametrize("day", ["2026-01-02", "2026-02-23", "2026-04-06", "2026-06-19", "2026-09-25", "2026-10-07"])
def test_holidays_of_2026_are_off(day: str) -> None:
    assert not PUBLISHED.is_workday(date.fromisoformat(day))
    assert PUBLISHED.why(date.fromisoformat(day)).kind is DayKind.HOLIDAY


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 10, 2), Why(DayKind.HOLIDAY, "国庆节")),
        (date(2026, 10, 10), Why(DayKind.MAKEUP, "国庆节")),
        (date(2026, 10, 17), Why(DayKind.WEEKEND)),
        (date(2026, 10, 16), Why(DayKind.WORKDAY)),
        (date(2027, 5, 2), Why(DayKind.HOLIDAY, "劳动节")),
    ],
)
def test_a_day_says_what_it_is(day: date, why: Why) -> None:
    assert PUBLISHED.why(day) == why


def test_an_unannounced_year_follows_the_law_and_is_not_known() -> None:
    assert not PUBLISHED.is_known(date(2027, 1, 4))
    assert PUBLISHED.is_known(date(2026, 12, 31))
    assert [d for d in range(1, 32) if not PUBLISHED.is_workday(date(2027, 1, d))] == [
        *(1, 2, 3, 9, 10, 16, 17, 23, 24, 30, 31)
    ]
    assert not any(PUBLISHED.is_workday(date(2029, *md)) for md in [(5, 1), (5, 2), (10, 1), (10, 2), (10, 3)])
    assert all(PUBLISHED.is_workday(date(2029, *md)) for md in [(5, 3), (5, 4), (10, 4), (10, 5)])


def test_an_override_beats_the_library() -> None:
    closed = WorkCalendar(
        {date(2026, 12, 31): SpecialDay(True, "元旦"), date(2026, 10, 5): SpecialDay(False, "国庆节")}
    )
    assert closed.why(date(2026, 12, 31)) == Why(DayKind.HOLIDAY, "元旦")
    assert closed.why(date(2026, 10, 5)) == Why(DayKind.WORKDAY, "国庆节")
    assert PUBLISHED.is_workday(date(2026, 12, 31))


def test_an_imported_year_is_known_and_lists_all_its_holidays() -> None:
    imported = WorkCalendar({date(2027, 1, 4): SpecialDay(True, "元旦")}, known_years={2027})
    assert imported.is_known(date(2027, 6, 1))
    assert not imported.is_workday(date(2027, 1, 4))
    assert imported.is_workday(date(2027, 10, 1))  # not listed: the file is taken at its word


def test_a_single_imported_day_of_the_next_january_is_known() -> None:
    imported = WorkCalendar({date(2027, 1, 2): SpecialDay(True, "元旦")})
    assert imported.is_known(date(2027, 1, 2))
    assert not imported.is_known(date(2027, 1, 3))


def test_next_and_previous_workday_may_be_the_day_itself() -> None:
    assert PUBLISHED.next_workday(date(2026, 10, 10)) == date(2026, 10, 10)
    assert PUBLISHED.next_workday(date(2026, 10, 1)) == date(2026, 10, 8)
    assert PUBLISHED.previous_workday(date(2026, 10, 7)) == date(2026, 9, 30)
    assert PUBLISHED.next_workday(date(2026, 10, 10), allow_makeup=False) == date(2026, 10, 12)
    assert PUBLISHED.previous_workday(date(2026, 1, 4), allow_makeup=False) == date(2025, 12, 31)


def test_workdays_from_never_counts_the_day_itself() -> None:
    assert PUBLISHED.workdays_from(date(2026, 10, 8), -1) == date(2026, 9, 30)
    assert PUBLISHED.workdays_from(date(2026, 10, 9), 1) == date(2026, 10, 10)
    assert PUBLISHED.workdays_from(date(2026, 10, 1), 2) == date(2026, 10, 9)
    assert PUBLISHED.workdays_from(date(2026, 10, 1), 0) == date(2026, 10, 1)


@pytest.mark.parametrize(
    ("n", "expected"),
    [(1, date(2026, 2, 2)), (-1, date(2026, 2, 28)), (-2, date(2026, 2, 27)), (16, date(2026, 2, 28)), (17, None)],
)
def test_nth_workday_counts_every_legal_workday(n: int, expected: date | None) -> None:
    assert PUBLISHED.nth_workday(2026, 2, n) == expected


def test_there_is_no_zeroth_workday() -> None:
    assert PUBLISHED.nth_workday(2026, 2, 0) is None


@given(st.dates(date(2000, 1, 1), date(2040, 12, 31)))
def test_the_nearest_workdays_enclose_every_day(day: date) -> None:
    before, after = PUBLISHED.previous_workday(day), PUBLISHED.next_workday(day)
    assert before <= day <= after
    assert PUBLISHED.is_workday(before)
    assert PUBLISHED.is_workday(after)
    assert (before == day) == PUBLISHED.is_workday(day) == (after == day)
