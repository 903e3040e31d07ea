from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.periods import Period, PeriodKind, at_beijing, beijing, local_day, months_later, week_of


def test_beijing_is_eight_hours_ahead() -> None:
    assert beijing(datetime(2026, 12, 31, 17, 0, tzinfo=UTC)).isoformat() == "2027-01-01T01:00:00+08:00"
    assert local_day(datetime(2026, 12, 31, 17, 0, tzinfo=UTC)) == date(2027, 1, 1)
    assert local_day(datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)) == date(2026, 12, 31)


def test_summer_time_of_1988_is_not_applied() -> None:
    assert local_day(datetime(1988, 6, 30, 16, 0, tzinfo=UTC)) == date(1988, 7, 1)
    assert local_day(datetime(1988, 6, 30, 15, 59, tzinfo=UTC)) == date(1988, 6, 30)


def test_wall_time_becomes_an_instant_in_utc() -> None:
    assert at_beijing(date(2026, 3, 2), time(7, 30)) == datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert at_beijing(date(2026, 3, 2), time(7, 30)).tzinfo is UTC


def test_naive_instants_are_refused() -> None:
    naive = datetime.fromisoformat("2026-03-02T09:00")
    with pytest.raises(ValueError, match="naive"):
        beijing(naive)
    with pytest.raises(ValueError, match="naive"):
        local_day(naive)


def test_an_aware_clock_or_an_instant_as_day_is_refused() -> None:
    with pytest.raises(ValueError, match="wall time"):
        at_beijing(date(2026, 3, 2), time(9, 0, tzinfo=UTC))
    with pytest.raises(ValueError, match="wall time"):
        at_beijing(datetime(2026, 3, 2, tzinfo=UTC), time(9, 0))


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)), st.times())
def test_day_and_clock_come_back_from_the_instant(day: date, clock: time) -> None:
    back = beijing(at_beijing(day, clock))
    assert (back.date(), back.time()) == (day, clock)


@pytest.mark.parametrize(
    ("day", "monday"),
    [
        (date(2026, 11, 23), date(2026, 11, 23)),
        (date(2026, 11, 29), date(2026, 11, 23)),
        (date(2027, 1, 1), date(2026, 12, 28)),
    ],
)
def test_weeks_run_from_monday_to_sunday(day: date, monday: date) -> None:
    assert week_of(day) == monday


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 1, 31), -2, date(2025, 11, 30)),
        (date(2026, 3, 31), 0, date(2026, 3, 31)),
    ],
)
def test_months_later_stays_in_its_month(day: date, months: int, expected: date) -> None:
    assert months_later(day, months) == expected


@pytest.mark.parametrize(
    ("kind", "key", "label", "first_on", "last_on"),
    [
        (PeriodKind.MONTH, "2026-11", "2026年11月", date(2026, 11, 1), date(2026, 11, 30)),
        (PeriodKind.QUARTER, "2026Q4", "2026年第四季度", date(2026, 10, 1), date(2026, 12, 31)),
        (PeriodKind.HALF, "2026H2", "2026年下半年", date(2026, 7, 1), date(2026, 12, 31)),
        (PeriodKind.YEAR, "2026", "2026年", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_period_of_a_day(kind: PeriodKind, key: str, label: str, first_on: date, last_on: date) -> None:
    period = kind.of(date(2026, 11, 21))
    assert (period.key, period.label, period.first_on, period.last_on) == (key, label, first_on, last_on)


def test_labels_of_the_first_parts_of_a_year() -> None:
    day = date(2026, 1, 1)
    assert [kind.of(day).label for kind in PeriodKind] == ["2026年1月", "2026年第一季度", "2026年上半年", "2026年"]


@given(st.sampled_from(PeriodKind), st.dates(date(1950, 1, 1), date(2100, 1, 1)))
def test_periods_follow_one_another_without_gap(kind: PeriodKind, day: date) -> None:
    period = kind.of(day)
    assert day in period
    assert (period.next().first_on - period.last_on).days == 1
    assert period.next().previous() == period
    assert period.last_on not in period.next()


def test_a_fifth_quarter_does_not_exist() -> None:
    with pytest.raises(ValueError, match="no QUARTER 5"):
        Period(PeriodKind.QUARTER, 2026, 5)
