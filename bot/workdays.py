"""Which days are worked in China: the published tables of `chinesecalendar`, and what an office imported over them.

Pure: a `WorkCalendar` is built per transaction from rows that `members` keeps. A year that is not announced is
answered by the law alone (《全国年节及纪念日放假办法》), never by an exception; `is_known` says so.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum, auto
from types import MappingProxyType

from chinese_calendar.constants import Holiday, holidays, workdays

from bot.periods import last_of_month

DAY = timedelta(days=1)

# Read once from the library's tables: its own functions scan all of them on every call.
LIBRARY_YEARS = frozenset(day.year for day in holidays)
NAMES: Mapping[str, str] = MappingProxyType({holiday.value: holiday.chinese for holiday in Holiday})


class DayKind(Enum):
    WORKDAY = auto()
    WEEKEND = auto()
    HOLIDAY = auto()
    MAKEUP = auto()  # 调休: a Saturday or Sunday that is worked


@dataclass(frozen=True)
class SpecialDay:
    """One imported day: off or worked, and the holiday it belongs to."""

    is_off: bool
    name: str


# Fixed holidays of an unannounced year; those of the moon calendar and the 调休 around all of them are not guessed.
FIXED: Mapping[tuple[int, int], SpecialDay] = MappingProxyType(
    {
        (month, day): SpecialDay(True, holiday.chinese)
        for month, day, holiday in (
            (1, 1, Holiday.new_years_day),
            (5, 1, Holiday.labour_day),
            (5, 2, Holiday.labour_day),
            (10, 1, Holiday.national_day),
            (10, 2, Holiday.national_day),
            (10, 3, Holiday.national_day),
        )
    }
)


@dataclass(frozen=True)
class Why:
    """What a day is, and the holiday behind it (its Chinese name, empty for plain workdays and weekends)."""

    kind: DayKind
    name: str = ""

    @property
    def is_workday(self) -> bool:
        return self.kind in (DayKind.WORKDAY, DayKind.MAKEUP)


@dataclass(frozen=True)
class WorkCalendar:
    """`overrides` beat the library; `known_years` are the imported ones, those of the library are known anyway."""

    overrides: Mapping[date, SpecialDay] = field(default_factory=dict)
    known_years: Collection[int] = ()

    def is_known(self, day: date) -> bool:
        """False while the State Council has not announced the year: what is planned then is 暂定."""
        return day in self.overrides or day.year in LIBRARY_YEARS or day.year in self.known_years

    def why(self, day: date) -> Why:
        special = self.overrides.get(day) or self._published(day)
        if special is None:
            return Why(DayKind.WEEKEND if _is_weekend(day) else DayKind.WORKDAY)
        if special.is_off:
            return Why(DayKind.HOLIDAY, special.name)
        return Why(DayKind.MAKEUP if _is_weekend(day) else DayKind.WORKDAY, special.name)

    def is_workday(self, day: date, *, allow_makeup: bool = True) -> bool:
        return self.why(day).is_workday and (allow_makeup or not _is_weekend(day))

    def next_workday(self, day: date, *, allow_makeup: bool = True) -> date:
        """`day` itself if it is worked, else the first workday after it."""
        while not self.is_workday(day, allow_makeup=allow_makeup):
            day += DAY
        return day

    def previous_workday(self, day: date, *, allow_makeup: bool = True) -> date:
        """`day` itself if it is worked, else the last workday before it."""
        while not self.is_workday(day, allow_makeup=allow_makeup):
            day -= DAY
        return day

    def workdays_from(self, day: date, count: int) -> date:
        """The `count`-th workday after `day`, or before it if negative; `day` itself never counts."""
        for _ in range(abs(count)):
            day = self.next_workday(day + DAY) if count > 0 else self.previous_workday(day - DAY)
        return day

    def nth_workday(self, year: int, month: int, n: int) -> date | None:
        """The n-th legal workday of a month (1 = first, -1 = last), None if it has fewer."""
        worked = [day for day in _days_of(year, month) if self.is_workday(day)]
        index = n - 1 if n > 0 else n
        return worked[index] if n and -len(worked) <= index < len(worked) else None

    def _published(self, day: date) -> SpecialDay | None:
        if day.year in LIBRARY_YEARS:
            name = NAMES.get(workdays.get(day) or holidays.get(day, ""))
            return SpecialDay(day not in workdays, name) if name else None
        if day.year in self.known_years:  # imported whole: what it does not list is an ordinary day
            return None
        return FIXED.get((day.month, day.day))


def _is_weekend(day: date) -> bool:
    return day.weekday() >= 5


def _days_of(year: int, month: int) -> Iterator[date]:
    day, last = date(year, month, 1), last_of_month(year, month)
    while day <= last:
        yield day
        day += DAY
