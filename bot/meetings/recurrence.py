"""Repetition of meetings: the kinds of rule, the days they name, and where a day lands that is no workday.

Pure. Days are Beijing days; no clock time and no database is known here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Final

from dateutil.rrule import MONTHLY, WEEKLY, rrule, weekday

from bot.meetings.rules import Guard, Shift
from bot.periods import PeriodKind, last_of_month, week_of
from bot.workdays import Why, WorkCalendar

MOST: Final = 400  # occurrences of one call: more is a mistake, not a plan
MOST_DATES: Final = 60
AHEAD: Final = timedelta(days=30 * 366)  # the fifth Friday of a February comes every 28 years
STEP: Final = timedelta(days=366)  # of a search: fewer days than one call may give
SPANS = (1, 2, 3, 6, 12)
WORKDAY_PLACES = (*range(1, 11), *range(-5, 0))
WEEKDAY_PLACES = (*range(1, 6), -1)


@dataclass(frozen=True)
class Weekly:
    """Every `interval` weeks on `weekdays` (0 = Monday), counted from the week that holds `anchor_on`."""

    weekdays: tuple[int, ...]
    anchor_on: date
    interval: int = 1

    def __post_init__(self) -> None:
        _require(self.interval in range(1, 5) and bool(self.weekdays) and set(self.weekdays) <= set(range(7)))


@dataclass(frozen=True)
class MonthlyDay:
    """A day of the month; `clamp` takes the last day of a shorter month, else that month is left out.

    Of each span of `every` months (1, 2, 3, 6 or 12, counted from January) the `month`-th is meant.
    """

    day: int
    clamp: bool = False
    every: int = 1
    month: int = 1

    def __post_init__(self) -> None:
        _require(self.day in range(1, 32) and _is_span(self.every, self.month))


@dataclass(frozen=True)
class MonthlyWeekday:
    """The n-th `weekday` (0 = Monday) of the month, -1 the last; a month without a fifth one is left out."""

    n: int
    weekday: int
    every: int = 1
    month: int = 1

    def __post_init__(self) -> None:
        _require(self.n in WEEKDAY_PLACES and self.weekday in range(7) and _is_span(self.every, self.month))


@dataclass(frozen=True)
class MonthlyWorkday:
    """The n-th legal workday of the month, negative from its end."""

    n: int
    every: int = 1
    month: int = 1

    def __post_init__(self) -> None:
        _require(self.n in WORKDAY_PLACES and _is_span(self.every, self.month))


@dataclass(frozen=True)
class Dates:
    """Chosen days, never shifted."""

    days: tuple[date, ...]

    def __post_init__(self) -> None:
        _require(len(self.days) <= MOST_DATES)


Rule = Weekly | MonthlyDay | MonthlyWeekday | MonthlyWorkday | Dates
KINDS: dict[str, type[Rule]] = {
    "WEEKLY": Weekly,
    "MONTHLY_DAY": MonthlyDay,
    "MONTHLY_WEEKDAY": MonthlyWeekday,
    "MONTHLY_WORKDAY": MonthlyWorkday,
    "DATES": Dates,
}


def _require(is_valid: bool) -> None:
    if not is_valid:
        raise ValueError("no such rule of repetition")


def _is_span(every: int, month: int) -> bool:
    return every in SPANS and 1 <= month <= every


def to_json(rule: Rule) -> dict[str, object]:
    """For the column `series.rule`."""
    kind = next(name for name, cls in KINDS.items() if isinstance(rule, cls))
    match rule:
        case Weekly():
            fields: dict[str, object] = {
                "weekdays": list(rule.weekdays),
                "anchor_on": rule.anchor_on.isoformat(),
                "interval": rule.interval,
            }
        case Dates():
            fields = {"days": [day.isoformat() for day in rule.days]}
        case _:
            fields = dict(vars(rule))
    return {"kind": kind, **fields}


def from_json(stored: dict[str, object]) -> Rule:
    """The inverse of `to_json`; anything else raises ValueError or KeyError."""
    kind = KINDS[str(stored["kind"])]
    if kind is Dates:
        return Dates(tuple(date.fromisoformat(str(day)) for day in _list(stored["days"])))
    if kind is Weekly:
        weekdays = tuple(_int(day) for day in _list(stored["weekdays"]))
        return Weekly(weekdays, date.fromisoformat(str(stored["anchor_on"])), _int(stored["interval"]))
    every, month = _int(stored["every"]), _int(stored["month"])
    if kind is MonthlyDay:
        return MonthlyDay(_int(stored["day"]), bool(stored["clamp"]), every, month)
    if kind is MonthlyWeekday:
        return MonthlyWeekday(_int(stored["n"]), _int(stored["weekday"]), every, month)
    return MonthlyWorkday(_int(stored["n"]), every, month)


def _int(value: object) -> int:
    _require(isinstance(value, int))
    assert isinstance(value, int)
    return value


def _list(value: object) -> list[object]:
    _require(isinstance(value, list))
    assert isinstance(value, list)
    return value


def occurrences(rule: Rule, first_on: date, last_on: date, calendar: WorkCalendar) -> tuple[date, ...]:
    """The base days of a rule from `first_on` to `last_on`, both included, unshifted, at most 400."""
    if last_on < first_on:
        return ()
    if isinstance(rule, MonthlyWorkday):
        return _within(_monthly_workday(rule, first_on, last_on, calendar), first_on, last_on)
    return _fixed(rule, first_on, last_on)


def ahead(rule: Rule, from_on: date, calendar: WorkCalendar) -> Iterator[date]:
    """The base days from `from_on` on, one after the other, through the next thirty years."""
    first_on, end_on, span = from_on, from_on + AHEAD, STEP / 4
    while first_on <= end_on:
        yield from occurrences(rule, first_on, first_on + span, calendar)
        first_on, span = first_on + span + timedelta(days=1), STEP


def slot(rule: Rule, base_on: date) -> date:
    """What stays of a base day when a calendar is announced: of a workday of the month only the month."""
    return base_on.replace(day=1) if isinstance(rule, MonthlyWorkday) else base_on


def not_before(rule: Rule, day: date) -> date | None:
    """No base day follows that of `day` before this one; None: none follows at all."""
    if isinstance(rule, MonthlyWorkday):  # which day it is, only a calendar knows
        month = day.replace(day=28) + timedelta(days=4)
        while (month.month - 1) % rule.every + 1 != rule.month:
            month = month.replace(day=28) + timedelta(days=4)
        return month.replace(day=rule.n if rule.n > 0 else 14)  # no holiday takes up the second half of a month
    return _following(rule, day)


@lru_cache(maxsize=4096)  # asked for all series each minute, and the same for weeks
def _following(rule: Weekly | MonthlyDay | MonthlyWeekday | Dates, day: date) -> date | None:
    return next(ahead(rule, day + timedelta(days=1), WorkCalendar()), None)


@lru_cache(maxsize=4096)  # of every series the same days are asked for each minute
def _fixed(rule: Weekly | MonthlyDay | MonthlyWeekday | Dates, first_on: date, last_on: date) -> tuple[date, ...]:
    match rule:
        case Dates():
            days = iter(sorted(set(rule.days)))
        case Weekly():
            days = _weekly(rule, first_on, last_on)
        case MonthlyWeekday():
            days = _monthly_weekday(rule, first_on, last_on)
        case MonthlyDay():
            days = _monthly_day(rule, first_on, last_on)
    return _within(days, first_on, last_on)


def _within(days: Iterator[date], first_on: date, last_on: date) -> tuple[date, ...]:
    """Of days in order those of the span; where months or weeks begin earlier there are some before it."""
    return tuple(islice((day for day in days if first_on <= day <= last_on), MOST))


def _weekly(rule: Weekly, first_on: date, last_on: date) -> Iterator[date]:
    # dateutil counts the interval from its start: that has to be a Monday of a week that counts.
    start = week_of(rule.anchor_on)
    span = timedelta(weeks=rule.interval)
    start += (first_on - start) // span * span
    until = _noon(last_on)
    return _plain(rrule(WEEKLY, dtstart=_noon(start), until=until, interval=rule.interval, byweekday=rule.weekdays))


def _monthly_weekday(rule: MonthlyWeekday, first_on: date, last_on: date) -> Iterator[date]:
    by = weekday(rule.weekday)(rule.n)
    start = _noon(_span_start(rule.every, rule.month, first_on))
    return _plain(rrule(MONTHLY, dtstart=start, until=_noon(last_on), interval=rule.every, byweekday=by))


def _monthly_day(rule: MonthlyDay, first_on: date, last_on: date) -> Iterator[date]:
    for month in _months(rule.every, rule.month, first_on, last_on):
        last = last_of_month(month.year, month.month)
        if rule.day <= last.day or rule.clamp:
            yield month.replace(day=min(rule.day, last.day))


def _monthly_workday(rule: MonthlyWorkday, first_on: date, last_on: date, calendar: WorkCalendar) -> Iterator[date]:
    for month in _months(rule.every, rule.month, first_on, last_on):
        if (day := calendar.nth_workday(month.year, month.month, rule.n)) is not None:
            yield day


def _months(every: int, month: int, first_on: date, last_on: date) -> Iterator[date]:
    start = _noon(_span_start(every, month, first_on))
    return _plain(rrule(MONTHLY, dtstart=start, until=_noon(last_on), interval=every))


def _span_start(every: int, month: int, first_on: date) -> date:
    """The first of the month that counts in the span of `every` months around `first_on`."""
    return date(first_on.year, (first_on.month - 1) // every * every + month, 1)


def _noon(day: date) -> datetime:
    """dateutil works on datetimes; noon of no zone is a mere carrier of the day."""
    return datetime(day.year, day.month, day.day, 12)  # noqa: DTZ001  no instant is meant


def _plain(rule: rrule) -> Iterator[date]:
    return (at.date() for at in rule)


@dataclass(frozen=True)
class Landing:
    """Where a base day ends up. `on` is None when it is skipped, or asked for (then `before` and `after` are offered).

    `why` says what the base day is; `is_tentative` that no calendar is announced yet for one of the days looked at.
    """

    base_on: date
    on: date | None
    why: Why
    is_asked: bool = False
    is_tentative: bool = False
    before: date | None = None
    after: date | None = None


def default_guard(rule: Rule) -> Guard:
    return Guard.WEEK if isinstance(rule, Weekly) else Guard.MONTH


def default_shift(rule: Rule) -> Shift:
    """顺延, except for chosen dates and for a weekly rule that names a Saturday or Sunday: those are meant so."""
    is_weekend_meant = isinstance(rule, Weekly) and any(day >= 5 for day in rule.weekdays)
    return Shift.ASIS if is_weekend_meant or isinstance(rule, Dates) else Shift.LATER


def land(base_on: date, shift: Shift, guard: Guard, calendar: WorkCalendar, *, allow_makeup: bool = False) -> Landing:
    """Shift one base day. A 调休 base day is a workday and stays; as a landing place it needs `allow_makeup`."""
    why = calendar.why(base_on)
    if shift is Shift.ASIS:
        return Landing(base_on, base_on, why)
    if why.is_workday:
        return Landing(base_on, base_on, why, is_tentative=not calendar.is_known(base_on))
    after = calendar.next_workday(base_on, allow_makeup=allow_makeup)
    before = calendar.previous_workday(base_on, allow_makeup=allow_makeup)
    is_tentative = not all(calendar.is_known(day) for day in (before, base_on, after))
    if shift is Shift.SKIP:
        return Landing(base_on, None, why, is_tentative=is_tentative)
    wishes = {Shift.LATER: (after, before), Shift.EARLIER: (before, after)}.get(shift, ())
    for day in wishes:
        if _is_within(guard, base_on, day):
            return Landing(base_on, day, why, is_tentative=is_tentative)
    return Landing(base_on, None, why, is_asked=True, is_tentative=is_tentative, before=before, after=after)


def _is_within(guard: Guard, base_on: date, day: date) -> bool:
    if guard is Guard.NONE:
        return True
    if guard is Guard.WEEK:
        return week_of(base_on) == week_of(day)
    return day in PeriodKind[guard.name].of(base_on)
