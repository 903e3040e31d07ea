"""A file of days off as the State Council announces them for one year: its text, and what is wrong with it by line."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto

from bot import yamlfile
from bot.errors import UserError
from bot.workdays import LIBRARY_YEARS, NAMES, SpecialDay

MAX_SIZE = 256 * 1024
MOST_NAME, MOST_SOURCE = 40, 200
YEARS = range(min(LIBRARY_YEARS), 2101)
TOP_KEYS = ("year", "source", "days")
DAY_KEYS = ("name", "date", "isOffDay")
WORDS = yamlfile.Words(keys=frozenset({*TOP_KEYS, *DAY_KEYS}), text_keys=frozenset({"source", "name"}))
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
BOOLEANS = {"true": True, "false": False}
HOLIDAYS = tuple(
    name for english, name in NAMES.items() if english.endswith(("Day", "Festival")) and "70th" not in english
)
SHOWN = 20


class UnreadableCalendar(UserError):
    """No YAML: one line for each place."""

    text = "{problems}"


class CalendarTooBig(UserError):
    text = "文件超过 {limit} KB，放假安排不会这么大，请检查是否发错了文件。"


class Flaw(Enum):
    NO_CALENDAR = auto()
    UNKNOWN_KEY = auto()
    MISSING_KEY = auto()
    BAD_YEAR = auto()
    BAD_TEXT = auto()
    BAD_LIST = auto()
    BAD_DAY = auto()
    BAD_DATE = auto()
    OUTSIDE = auto()
    TWICE = auto()
    BAD_FLAG = auto()
    WORKED_ANYWAY = auto()


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake; `values` fill its text."""

    flaw: Flaw
    line: int
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """A year's announcement. `days` holds what is no ordinary day, in order."""

    year: int
    source: str
    days: tuple[tuple[date, SpecialDay], ...]

    @property
    def sha256(self) -> str:
        """Of what the file says, however it is written."""
        text = repr((self.year, self.source, [(str(on), day.is_off, day.name) for on, day in self.days]))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def missing(self) -> tuple[str, ...]:
        """Holidays of the law that the file does not speak of."""
        named = [day.name for _, day in self.days if day.is_off]
        return tuple(holiday for holiday in HOLIDAYS if not any(holiday in name for name in named))


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as far as it could be read; with faults there is no `file`."""

    file: CalendarFile | None
    faults: tuple[Fault, ...] = ()


def read(name: str, data: bytes) -> Reading:
    """Raises UnreadableCalendar for what is no YAML; everything else that is wrong is in `faults`."""
    if len(data) > MAX_SIZE:
        raise CalendarTooBig(limit=MAX_SIZE // 1024)
    document = yamlfile.read(data, WORDS, yamlfile.Limits(size=MAX_SIZE))
    if document.faults:
        raise UnreadableCalendar(problems="\n".join(yamlfile.line(name, fault) for fault in document.faults[:SHOWN]))
    if not isinstance(document.root, yamlfile.Mapping):
        return Reading(None, (Fault(Flaw.NO_CALENDAR, 1),))
    return _Reader(document.root).read()


class _Reader:
    """Goes on after each mistake, so that all of them are told at once."""

    def __init__(self, root: yamlfile.Mapping) -> None:
        self.root = root
        self.faults: list[Fault] = []

    def read(self) -> Reading:
        self._check_keys(self.root, TOP_KEYS)
        year, source = self._year(), self._text(self.root, "source", MOST_SOURCE)
        days = dict(self._days(year))
        if self.faults or year is None or source is None:
            return Reading(None, tuple(sorted(self.faults, key=lambda fault: fault.line)))
        return Reading(CalendarFile(year, source, tuple(sorted(days.items()))))

    def _add(self, flaw: Flaw, at: yamlfile.Node, **values: str | int) -> None:
        self.faults.append(Fault(flaw, at.line, values))

    def _check_keys(self, node: yamlfile.Mapping, known: tuple[str, ...]) -> None:
        for key, at in node.keys.items():
            if key not in known:
                self._add(Flaw.UNKNOWN_KEY, at, key=key, near=yamlfile.nearest(key, known) or "")
        for key in known:
            if key not in node.nodes:
                self._add(Flaw.MISSING_KEY, node, key=key)

    def _year(self) -> int | None:
        node = self.root.get("year")
        if node is None:
            return None
        text = node.text if isinstance(node, yamlfile.Scalar) else ""
        if re.fullmatch(r"\d{4}", text) and int(text) in YEARS:
            return int(text)
        self._add(Flaw.BAD_YEAR, node, value=text, first=YEARS[0], last=YEARS[-1])
        return None

    def _text(self, node: yamlfile.Mapping, key: str, most: int) -> str | None:
        value = node.get(key)
        if value is None:
            return None
        text = value.text.strip() if isinstance(value, yamlfile.Scalar) else ""
        if 0 < len(text) <= most:
            return text
        self._add(Flaw.BAD_TEXT, value, key=key, most=most)
        return None

    def _days(self, year: int | None) -> Iterator[tuple[date, SpecialDay]]:
        items = self.root.get("days")
        if items is None:
            return
        if not isinstance(items, yamlfile.Sequence) or not items.items:
            self._add(Flaw.BAD_LIST, items)
            return
        seen: dict[date, int] = {}
        for item in items.items:
            found = self._day(item, year)
            if found is None:
                continue
            if (first := seen.setdefault(found[0], item.line)) != item.line:
                self._add(Flaw.TWICE, item, day=str(found[0]), first=first)
            yield found

    def _day(self, item: yamlfile.Node, year: int | None) -> tuple[date, SpecialDay] | None:
        if not isinstance(item, yamlfile.Mapping):
            self._add(Flaw.BAD_DAY, item)
            return None
        self._check_keys(item, DAY_KEYS)
        name, on, is_off = self._text(item, "name", MOST_NAME), self._date(item, year), self._flag(item)
        if name is None or on is None or is_off is None:
            return None
        if not is_off and on.weekday() < 5:
            self._add(Flaw.WORKED_ANYWAY, item, day=str(on))
            return None
        return on, SpecialDay(is_off, name)

    def _date(self, item: yamlfile.Mapping, year: int | None) -> date | None:
        node = item.get("date")
        if node is None:
            return None
        on = _iso(node.text if isinstance(node, yamlfile.Scalar) else "")
        if on is None:
            self._add(Flaw.BAD_DATE, node, value=item.text("date") or "")
        elif year is not None and not date(year - 1, 12, 1) <= on <= date(year + 1, 1, 31):
            self._add(Flaw.OUTSIDE, node, day=str(on), year=year)
            return None
        return on

    def _flag(self, item: yamlfile.Mapping) -> bool | None:
        node = item.get("isOffDay")
        if node is None:
            return None
        is_off = BOOLEANS.get(node.text.lower()) if isinstance(node, yamlfile.Scalar) else None
        if is_off is None:
            self._add(Flaw.BAD_FLAG, node, value=item.text("isOffDay") or "")
        return is_off


def _iso(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if ISO_DAY.fullmatch(text) else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file has brought; not `is_new`: the same had been imported before."""

    year: int
    off: int = 0
    worked: int = 0  # Saturdays and Sundays
    missing: tuple[str, ...] = ()
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class CalendarYears:
    """Which years are known: those of the program, and imported ones with their source."""

    library_first: int
    library_last: int
    imported: tuple[tuple[int, str], ...]
    next_missing: int | None
