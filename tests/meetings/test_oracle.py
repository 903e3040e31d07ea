"""Every kind of rule over five years, against a reference that looks at one day after the other.

The reference knows nothing of how `recurrence` computes: no dateutil, no spans, no periods, the days of the calendar
from the published tables as they are. What it is slow at it is plain at.
"""

from datetime import date, timedelta
from itertools import product

import pytest
from chinese_calendar import is_holiday

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
    land,
    occurrences,
)
from bot.meetings.rules import Guard, Shift
from bot.workdays import WorkCalendar

CALENDAR = WorkCalendar()
FIRST, LAST = date(2022, 1, 1), date(2026, 12, 31)
ONE = timedelta(days=1)


def every_day(first: date, last: date) -> list[date]:
    return [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]


DAYS = every_day(FIRST, LAST)
MONTHS = {day: [other for other in DAYS if (other.year, other.month) == (day.year, day.month)] for day in DAYS}
WORKED = {day for day in every_day(date(2021, 12, 1), date(2026, 12, 31)) if not is_holiday(day)}


def counts(month: int, every: int, which: int) -> bool:
    """January, April, July, October are the first months of quarters."""
    return (month - 1) % every == which - 1


def names(rule: Rule, day: date) -> bool:
    """Whether the rule names this day."""
    match rule:
        case Weekly():
            weeks = (day.toordinal() - 1) // 7 - (rule.anchor_on.toordinal() - 1) // 7  # ordinal 1 is a Monday
            return day.weekday() in rule.weekdays and weeks % rule.interval == 0
        case Dates():
            return day in rule.days
    if not counts(day.month, rule.every, rule.month):
        return False
    month = MONTHS[day]
    match rule:
        case MonthlyDay():
            return day.day == rule.day or (rule.clamp and day == month[-1] and day.day < rule.day)
        case MonthlyWeekday():
            chosen = [other for other in month if other.weekday() == rule.weekday]
        case MonthlyWorkday():
            chosen = [other for other in month if other in WORKED]
    return day in chosen and (chosen.index(day) + 1 if rule.n > 0 else chosen.index(day) - len(chosen)) == rule.n


def months() -> list[tuple[int, int]]:
    return [(every, month) for every in SPANS for month in range(1, every + 1)]


WEEKLY: list[Rule] = [
    Weekly(weekdays, date(2022, 1, 1) + timedelta(days=shift), interval)
    for weekdays in ((0,), (4,), (5, 6), (0, 3), tuple(range(7)))
    for interval in range(1, 5)
    for shift in (0, 2, 9)
    if len(weekdays) * 261 < 400 * interval  # one call gives no more than 400
]
MONTHLY_DAY: list[Rule] = [
    MonthlyDay(day, clamp, *span) for day, clamp, span in product((1, 10, 15, 28, 29, 30, 31), (False, True), months())
]
MONTHLY_WEEKDAY: list[Rule] = [
    MonthlyWeekday(n, weekday, *span) for n, weekday, span in product(WEEKDAY_PLACES, (0, 4, 6), months())
]
MONTHLY_WORKDAY: list[Rule] = [
    MonthlyWorkday(n, *span) for n, span in product(WORKDAY_PLACES, [(1, 1), (3, 2), (12, 10)])
]
DATES: list[Rule] = [
    Dates((date(2024, 2, 29), date(2022, 1, 1), date(2026, 12, 31), date(2027, 1, 1), date(2024, 2, 29)))
]


@pytest.mark.parametrize(
    "rules",
    [WEEKLY, MONTHLY_DAY, MONTHLY_WEEKDAY, MONTHLY_WORKDAY, DATES],
    ids=["weekly", "monthly day", "monthly weekday", "monthly workday", "dates"],
)
def test_every_kind_of_rule_names_the_days_that_looking_at_each_day_finds(rules: list[Rule]) -> None:
    for rule in rules:
        expected = tuple(day for day in DAYS if names(rule, day))
        assert occurrences(rule, FIRST, LAST, CALENDAR) == expected, rule


# -- where a day lands ------------------------------------------------------------------------------------------------


def reference(base: date, shift: Shift, guard: Guard, *, allow_makeup: bool) -> date | None:
    """The day of the meeting, or none if it is skipped or has to be asked for."""
    if shift is Shift.ASIS or base in WORKED:
        return base
    later, earlier = base, base
    while not is_place(later, allow_makeup=allow_makeup):
        later += ONE
    while not is_place(earlier, allow_makeup=allow_makeup):
        earlier -= ONE
    order = {Shift.LATER: [later, earlier], Shift.EARLIER: [earlier, later]}.get(shift, [])
    return next((day for day in order if is_together(guard, base, day)), None)


def is_place(day: date, *, allow_makeup: bool) -> bool:
    return day in WORKED and (allow_makeup or day.weekday() < 5)


def is_together(guard: Guard, one: date, other: date) -> bool:
    """Whether nothing between the two days begins a new span."""
    first, last = sorted((one, other))
    begins = {
        Guard.NONE: lambda day: False,
        Guard.WEEK: lambda day: day.weekday() == 0,
        Guard.MONTH: lambda day: day.day == 1,
        Guard.QUARTER: lambda day: day.day == 1 and day.month in (1, 4, 7, 10),
        Guard.YEAR: lambda day: (day.month, day.day) == (1, 1),
    }[guard]
    return not any(begins(day) for day in every_day(first + ONE, last))


@pytest.mark.parametrize("shift", Shift)
@pytest.mark.parametrize("guard", Guard)
def test_every_day_of_five_years_lands_where_walking_day_by_day_leads(shift: Shift, guard: Guard) -> None:
    for base in every_day(date(2022, 1, 10), date(2026, 12, 27)):
        for allow_makeup in (False, True):
            landing = land(base, shift, guard, CALENDAR, allow_makeup=allow_makeup)
            assert landing.on == reference(base, shift, guard, allow_makeup=allow_makeup), base
            is_dropped = shift is Shift.SKIP and base not in WORKED
            assert landing.is_asked == (landing.on is None and not is_dropped), base
            assert not landing.is_tentative
