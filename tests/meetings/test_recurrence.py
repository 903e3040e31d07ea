from dataclasses import replace
from datetime import date, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.meetings.recurrence import (
    MOST,
    SPANS,
    WEEKDAY_PLACES,
    WORKDAY_PLACES,
    Dates,
    Landing,
    MonthlyDay,
    MonthlyWeekday,
    MonthlyWorkday,
    Rule,
    Weekly,
    ahead,
    default_guard,
    default_shift,
    from_json,
    land,
    not_before,
    occurrences,
    slot,
    to_json,
)
from bot.meetings.rules import Guard, Shift
from bot.workdays import DayKind, SpecialDay, Why, WorkCalendar

CALENDAR = WorkCalendar()
FRIDAY = 4
FIRST_FRIDAY = MonthlyWeekday(1, FRIDAY)
EVERY_DAY = Weekly(tuple(range(7)), date(2026, 1, 1))


def days(*texts: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts]


def moved(shift: Shift, *, allow_makeup: bool = False) -> list[date | None]:
    """Where the first Fridays of 2022–2026 land that do not stay."""
    base = occurrences(FIRST_FRIDAY, date(2022, 1, 1), date(2026, 12, 31), CALENDAR)
    landings = [land(day, shift, Guard.MONTH, CALENDAR, allow_makeup=allow_makeup) for day in base]
    assert len(landings) == 60
    return [landing.on for landing in landings if landing.on != landing.base_on]


LATER = days(
    *("2022-02-07", "2022-06-06", "2022-10-10", "2023-10-09", "2024-04-08", "2024-05-06", "2024-10-08"),
    *("2025-04-07", "2025-05-06", "2025-10-09", "2026-01-05", "2026-05-06", "2026-10-08"),
)


def test_thirteen_first_fridays_of_five_years_move_later() -> None:
    assert moved(Shift.LATER) == LATER


def test_makeup_weekends_are_landing_places_only_when_allowed() -> None:
    with_makeup = moved(Shift.LATER, allow_makeup=True)
    assert [day for day in with_makeup if day not in LATER] == days(
        "2022-10-08", "2023-10-07", "2024-04-07", "2026-01-04"
    )
    assert len(with_makeup) == 13


def test_earlier_stays_in_the_month_or_goes_later() -> None:
    earlier = {"2022-06-06": "2022-06-02", "2024-04-08": "2024-04-03", "2025-04-07": "2025-04-03"}
    assert moved(Shift.EARLIER) == [date.fromisoformat(earlier.get(str(day), str(day))) for day in LATER]


def landed(rule: Rule, year: int, shift: Shift = Shift.LATER) -> dict[str, str]:
    base = occurrences(rule, date(year, 1, 1), date(year, 12, 31), CALENDAR)
    landings = [land(day, shift, default_guard(rule), CALENDAR) for day in base]
    return {str(landing.base_on): str(landing.on) for landing in landings if landing.on != landing.base_on}


def test_the_fifteenth_of_2026_moves_four_times() -> None:
    assert landed(MonthlyDay(15), 2026) == {
        "2026-02-15": "2026-02-24",
        "2026-03-15": "2026-03-16",
        "2026-08-15": "2026-08-17",
        "2026-11-15": "2026-11-16",
    }


def test_the_last_workday_may_be_a_worked_saturday() -> None:
    last = occurrences(MonthlyWorkday(-1), date(2026, 1, 1), date(2026, 3, 31), CALENDAR)
    assert list(last) == days("2026-01-30", "2026-02-28", "2026-03-31")
    assert landed(MonthlyWorkday(-1), 2026) == {}


def test_the_last_day_moves_earlier_to_stay_in_its_month() -> None:
    rule = MonthlyDay(31, clamp=True)
    assert landed(rule, 2026) == {
        "2026-01-31": "2026-01-30",
        "2026-05-31": "2026-05-29",
        "2026-10-31": "2026-10-30",
    }


def test_months_without_a_fifth_friday_are_left_out() -> None:
    fifth = occurrences(MonthlyWeekday(5, FRIDAY), date(2026, 1, 1), date(2026, 12, 31), CALENDAR)
    assert list(fifth) == days("2026-01-30", "2026-05-29", "2026-07-31", "2026-10-30")


def test_the_31st_is_clamped_or_left_out() -> None:
    span = (date(2027, 1, 1), date(2027, 4, 30), CALENDAR)
    assert list(occurrences(MonthlyDay(31), *span)) == days("2027-01-31", "2027-03-31")
    clamped = occurrences(MonthlyDay(31, clamp=True), *span)
    assert list(clamped) == days("2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30")


def test_the_29th_of_february_is_the_28th_where_there_is_none_or_left_out() -> None:
    span = (date(2026, 1, 1), date(2029, 12, 31), CALENDAR)
    yearly = MonthlyDay(29, clamp=True, every=12, month=2)
    assert list(occurrences(yearly, *span)) == days("2026-02-28", "2027-02-28", "2028-02-29", "2029-02-28")
    assert list(occurrences(replace(yearly, clamp=False), *span)) == days("2028-02-29")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (MonthlyDay(10, every=3, month=2), ["2026-02-10", "2026-05-10", "2026-08-10", "2026-11-10"]),
        (MonthlyDay(1, every=12, month=7), ["2026-07-01"]),
        (MonthlyDay(5, every=2, month=1), [f"2026-{month:02}-05" for month in range(1, 12, 2)]),
        (MonthlyWeekday(-1, FRIDAY, every=6, month=6), ["2026-06-26", "2026-12-25"]),
        (MonthlyWorkday(1, every=6, month=1), ["2026-01-04", "2026-07-01"]),
        (Dates((date(2026, 3, 5), date(2026, 1, 2), date(2027, 1, 1))), ["2026-01-02", "2026-03-05"]),
    ],
)
def test_spans_of_several_months_count_from_january(rule: Rule, expected: list[str]) -> None:
    assert [str(day) for day in occurrences(rule, date(2026, 1, 1), date(2026, 12, 31), CALENDAR)] == expected


def test_every_second_week_keeps_its_rhythm_from_the_anchor() -> None:
    rule = Weekly((0, 4), date(2026, 11, 27), interval=2)
    span = (date(2026, 12, 1), date(2027, 1, 15), CALENDAR)
    assert list(occurrences(rule, *span)) == days(
        "2026-12-07", "2026-12-11", "2026-12-21", "2026-12-25", "2027-01-04", "2027-01-08"
    )


def test_a_weekly_rule_reaches_back_before_its_anchor_in_the_same_rhythm() -> None:
    rule = Weekly((4,), date(2026, 11, 27), interval=2)
    assert list(occurrences(rule, date(2026, 10, 26), date(2026, 11, 30), CALENDAR)) == days(
        "2026-10-30", "2026-11-13", "2026-11-27"
    )


def test_at_most_400_occurrences_and_none_backwards() -> None:
    assert len(occurrences(EVERY_DAY, date(2026, 1, 1), date(2036, 1, 1), CALENDAR)) == MOST
    assert occurrences(FIRST_FRIDAY, date(2026, 2, 1), date(2026, 1, 1), CALENDAR) == ()


def test_a_rule_without_any_day_ends() -> None:
    assert occurrences(MonthlyDay(30, every=12, month=2), date(2000, 1, 1), date(2100, 1, 1), CALENDAR) == ()


def test_weekly_stays_in_its_week() -> None:
    friday_of_golden_week = land(date(2026, 10, 2), Shift.LATER, Guard.WEEK, CALENDAR)
    assert friday_of_golden_week.on == date(2026, 9, 30)
    assert friday_of_golden_week.why == Why(DayKind.HOLIDAY, "国庆节")


def test_where_both_sides_leave_the_guard_the_secretary_is_asked() -> None:
    # The week of the Spring Festival 2026 has no workday at all.
    landing = land(date(2026, 2, 18), Shift.LATER, Guard.WEEK, CALENDAR)
    assert (landing.on, landing.is_asked) == (None, True)
    assert (landing.before, landing.after) == (date(2026, 2, 13), date(2026, 2, 24))


def test_ask_offers_both_sides_and_skip_leaves_out() -> None:
    asked = land(date(2026, 10, 2), Shift.ASK, Guard.NONE, CALENDAR)
    assert (asked.on, asked.is_asked, asked.before, asked.after) == (None, True, date(2026, 9, 30), date(2026, 10, 8))
    skipped = land(date(2026, 10, 2), Shift.SKIP, Guard.MONTH, CALENDAR)
    assert (skipped.on, skipped.is_asked) == (None, False)


def test_as_it_is_stays_on_a_holiday_and_a_makeup_saturday_stays_by_itself() -> None:
    assert land(date(2026, 10, 2), Shift.ASIS, Guard.MONTH, CALENDAR).on == date(2026, 10, 2)
    assert land(date(2026, 10, 10), Shift.LATER, Guard.MONTH, CALENDAR).on == date(2026, 10, 10)


def test_an_unannounced_year_is_tentative_until_it_is_imported() -> None:
    assert land(date(2027, 1, 1), Shift.LATER, Guard.MONTH, CALENDAR) == Landing(
        date(2027, 1, 1), date(2027, 1, 4), Why(DayKind.HOLIDAY, "元旦"), is_tentative=True
    )
    imported = WorkCalendar(
        {date(2027, 1, 1): SpecialDay(True, "元旦"), date(2027, 1, 4): SpecialDay(True, "元旦")}, {2027}
    )
    assert land(date(2027, 1, 1), Shift.LATER, Guard.MONTH, imported) == Landing(
        date(2027, 1, 1), date(2027, 1, 5), Why(DayKind.HOLIDAY, "元旦")
    )


@pytest.mark.parametrize(
    ("rule", "shift", "guard"),
    [
        (Weekly((4,), date(2026, 1, 1)), Shift.LATER, Guard.WEEK),
        (Weekly((5,), date(2026, 1, 1)), Shift.ASIS, Guard.WEEK),
        (MonthlyDay(15), Shift.LATER, Guard.MONTH),
        (Dates(()), Shift.ASIS, Guard.MONTH),
    ],
)
def test_defaults_follow_the_rule(rule: Rule, shift: Shift, guard: Guard) -> None:
    assert (default_shift(rule), default_guard(rule)) == (shift, guard)


every_month = st.sampled_from(SPANS).flatmap(lambda every: st.tuples(st.just(every), st.integers(1, every)))
rules: st.SearchStrategy[Rule] = st.one_of(
    st.builds(
        Weekly,
        st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True).map(tuple),
        st.dates(date(2020, 1, 1), date(2030, 1, 1)),
        st.integers(1, 4),
    ),
    st.builds(lambda day, clamp, span: MonthlyDay(day, clamp, *span), st.integers(1, 31), st.booleans(), every_month),
    st.builds(
        lambda n, weekday, span: MonthlyWeekday(n, weekday, *span),
        st.sampled_from(WEEKDAY_PLACES),
        st.integers(0, 6),
        every_month,
    ),
    st.builds(lambda n, span: MonthlyWorkday(n, *span), st.sampled_from(WORKDAY_PLACES), every_month),
    st.builds(Dates, st.lists(st.dates(date(2024, 1, 1), date(2028, 1, 1)), max_size=60).map(tuple)),
)


@settings(max_examples=150, deadline=None)
@given(rules, st.dates(date(2024, 1, 1), date(2028, 1, 1)), st.integers(0, 800))
def test_occurrences_are_ordered_inside_the_span_and_the_same_for_parts_of_it(
    rule: Rule, first_on: date, length: int
) -> None:
    last_on = first_on + timedelta(days=length)
    middle = first_on + timedelta(days=length // 2)
    whole = occurrences(rule, first_on, last_on, CALENDAR)
    assert list(whole) == sorted(set(whole))
    assert all(first_on <= day <= last_on for day in whole)
    if len(whole) < MOST:
        parts = occurrences(rule, first_on, middle, CALENDAR)
        assert parts + occurrences(rule, middle + timedelta(days=1), last_on, CALENDAR) == whole


def test_the_search_ahead_goes_on_for_years() -> None:
    fifth_friday_of_february = MonthlyWeekday(5, FRIDAY, every=12, month=2)
    assert list(islice(ahead(fifth_friday_of_february, date(2026, 3, 1), CALENDAR), 2)) == [date(2036, 2, 29)]
    weekly = ahead(EVERY_DAY, date(2026, 1, 1), CALENDAR)
    assert list(islice(weekly, 1000)) == [date(2026, 1, 1) + timedelta(days=number) for number in range(1000)]
    assert list(ahead(Dates(()), date(2026, 1, 1), CALENDAR)) == []


def test_of_a_workday_of_the_month_only_the_month_is_certain() -> None:
    assert slot(MonthlyWorkday(-1), date(2026, 2, 28)) == date(2026, 2, 1)
    assert slot(MonthlyDay(28), date(2026, 2, 28)) == date(2026, 2, 28)


@settings(max_examples=60, deadline=None)
@given(rules, st.dates(date(2022, 1, 1), date(2025, 6, 1)))
def test_no_day_follows_before_the_one_that_is_foretold(rule: Rule, first_on: date) -> None:
    days = occurrences(rule, first_on, first_on + timedelta(days=500), CALENDAR)
    for day, following in pairwise(days):
        foretold = not_before(rule, day)
        assert foretold is not None
        assert day < foretold <= following
        if not isinstance(rule, MonthlyWorkday):
            assert foretold == following


@settings(max_examples=100, deadline=None)
@given(rules)
def test_a_rule_comes_back_from_its_row(rule: Rule) -> None:
    assert from_json(to_json(rule)) == rule


@settings(max_examples=150, deadline=None)
@given(st.dates(date(2020, 1, 1), date(2029, 12, 31)), st.sampled_from(Shift), st.sampled_from(Guard), st.booleans())
def test_a_shifted_day_is_a_workday(day: date, shift: Shift, guard: Guard, allow_makeup: bool) -> None:
    landing = land(day, shift, guard, CALENDAR, allow_makeup=allow_makeup)
    if landing.on is not None and landing.on != day:
        assert CALENDAR.is_workday(landing.on, allow_makeup=allow_makeup)
    if shift in (Shift.LATER, Shift.EARLIER):
        assert (landing.on is None) == landing.is_asked


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": "MONTHLY_DAY", "day": 32, "clamp": False, "every": 1, "month": 1},
        {"kind": "MONTHLY_DAY", "day": 1, "clamp": False, "every": 5, "month": 1},
        {"kind": "MONTHLY_DAY", "day": "1", "clamp": False, "every": 1, "month": 1},
        {"kind": "WEEKLY", "weekdays": [], "anchor_on": "2026-01-01", "interval": 1},
        {"kind": "WEEKLY", "weekdays": 3, "anchor_on": "2026-01-01", "interval": 1},
        {"kind": "MONTHLY_WEEKDAY", "n": -2, "weekday": 4, "every": 1, "month": 1},
    ],
)
def test_a_broken_rule_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no such rule"):
        from_json(broken)
