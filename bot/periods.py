"""Days, weeks and reporting periods in Beijing time: the only place where an instant becomes a day and back.

No database, no clock: every function takes the instant or the day it works on.
"""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import Enum

# Fixed on purpose: China has kept no summer time since 1991, and stored joining dates are days, not instants.
BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")


def beijing(at: datetime) -> datetime:
    """The same instant on the Beijing clock; a naive one is refused with ValueError."""
    if at.tzinfo is None:
        raise ValueError(f"naive instant: {at!r}")
    return at.astimezone(BEIJING)


def local_day(at: datetime) -> date:
    return beijing(at).date()


def at_beijing(day: date, clock: time) -> datetime:
    """The instant, in UTC, at which Beijing clocks show `clock` on `day`."""
    if clock.tzinfo is not None or isinstance(day, datetime):
        raise ValueError(f"wall time wanted, got {day!r} {clock!r}")
    return datetime.combine(day, clock, BEIJING).astimezone(UTC)


def week_of(day: date) -> date:
    """The Monday of the week (Monday to Sunday) that holds `day`."""
    return day - timedelta(days=day.weekday())


def last_of_month(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def months_later(day: date, months: int) -> date:
    """The same day of the month `months` later (or earlier), the month's last day where it has no such day."""
    index = day.year * 12 + day.month - 1 + months
    last = last_of_month(index // 12, index % 12 + 1)
    return last.replace(day=min(day.day, last.day))


class PeriodKind(Enum):
    """The value is the length in months."""

    MONTH = 1
    QUARTER = 3
    HALF = 6
    YEAR = 12

    def of(self, day: date) -> "Period":
        """The period of this kind that holds `day`."""
        return Period(self, day.year, (day.month - 1) // self.value + 1)


@dataclass(frozen=True)
class Period:
    """`number` counts from 1 inside the year: month 11, quarter 4, half 2; a year is its own number 1."""

    kind: PeriodKind
    year: int
    number: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= 12 // self.kind.value:
            raise ValueError(f"no {self.kind.name} {self.number} in a year")

    @property
    def first_on(self) -> date:
        return date(self.year, (self.number - 1) * self.kind.value + 1, 1)

    @property
    def last_on(self) -> date:
        return last_of_month(self.year, self.number * self.kind.value)

    def next(self) -> "Period":
        return self.kind.of(months_later(self.first_on, self.kind.value))

    def previous(self) -> "Period":
        return self.kind.of(months_later(self.first_on, -self.kind.value))

    def __contains__(self, day: date) -> bool:
        return self.first_on <= day <= self.last_on

    @property
    def key(self) -> str:
        """Sortable within its kind, for rows and callback data: 2026-11, 2026Q4, 2026H2, 2026."""
        return {
            PeriodKind.MONTH: f"{self.year}-{self.number:02}",
            PeriodKind.QUARTER: f"{self.year}Q{self.number}",
            PeriodKind.HALF: f"{self.year}H{self.number}",
            PeriodKind.YEAR: f"{self.year}",
        }[self.kind]

    @property
    def label(self) -> str:
        """As people say it. The only Chinese here, so that every feature names a period alike."""
        return {
            PeriodKind.MONTH: f"{self.year}年{self.number}月",
            PeriodKind.QUARTER: f"{self.year}年第{'一二三四'[(self.number - 1) % 4]}季度",
            PeriodKind.HALF: f"{self.year}年{'上下'[(self.number - 1) % 2]}半年",
            PeriodKind.YEAR: f"{self.year}年",
        }[self.kind]


@dataclass(frozen=True)
class QuietHours:
    """The daily span, over midnight or not, in which nobody is disturbed; equal ends mean none at all."""

    from_at: time
    to_at: time

    def holds(self, at: datetime) -> bool:
        clock = beijing(at).time()
        if self.from_at <= self.to_at:
            return self.from_at <= clock < self.to_at
        return clock >= self.from_at or clock < self.to_at

    def end_after(self, at: datetime) -> datetime:
        """The next end strictly after `at`, whether `at` is inside or not."""
        today = at_beijing(local_day(at), self.to_at)
        return today if today > at else today + timedelta(days=1)

    def last_minute_before(self, at: datetime) -> datetime:
        """The last whole minute before the quiet span that began last, seen from `at`."""
        today = at_beijing(local_day(at), self.from_at)
        return (today if today <= at else today - timedelta(days=1)) - timedelta(minutes=1)
