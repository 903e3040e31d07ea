"""Chinese date phrases: what a planner types before the kind of a meeting, read into an instant or a rule.

Pure. The Chinese here is grammar; how a reading is worded to people is the views' business.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import Enum, auto
from typing import Final

from bot.meetings import grammar
from bot.meetings.grammar import (
    DAILY,
    DATE,
    FULL_DATE,
    IN_MONTH,
    MONTHS,
    NUM,
    SHOWN,
    SPAN,
    TIME,
    WEEKDAYS,
    NoSuchDay,
    PhraseError,
    W,
)
from bot.meetings.recurrence import (
    WEEKDAY_PLACES,
    WORKDAY_PLACES,
    MonthlyDay,
    MonthlyWeekday,
    MonthlyWorkday,
    Rule,
    Weekly,
    occurrences,
)
from bot.periods import at_beijing, beijing, last_of_month, local_day, months_later, week_of
from bot.workdays import WorkCalendar

__all__ = ["Ask", "Every", "Note", "Once", "PhraseError", "Question", "TimeIsPast", "parse"]

FURTHEST = timedelta(days=400)
NEXT_YEAR = timedelta(days=183)  # 1月5日 said in November means the coming one
LONGEST: Final = 12 * 60  # minutes
USUAL = (time(6), time(22))


class TimeIsPast(PhraseError):
    """`starts_at` is what was understood: the handler offers to record it afterwards."""

    text = "该时间已过"

    def __init__(self, starts_at: datetime) -> None:
        super().__init__()
        self.starts_at = starts_at


class TooFar(PhraseError):
    text = "超过一年的会议请用周期"


class NoSuchWeekday(PhraseError):
    text = "没有“{word}”"


class PlaceNotOffered(PhraseError):
    text = "{what}只能选第1到第{most}个、{last}"


class OtherWeekday(PhraseError):
    text = "{day}是{weekday}，不是{said}"


class NoDailyMeeting(PhraseError):
    text = "不支持每天的会议"


class BadSpan(PhraseError):
    text = "结束时间应在开始时间之后，且不超过12小时"


class Note(Enum):
    """What the preview says about a reading."""

    AFTERNOON = auto()  # 按下午理解
    DEFAULT_TIME = auto()  # 默认时间
    ODD_HOUR = auto()  # 请再确认时间


class Question(Enum):
    WHICH_WEEK = auto()  # 下个周五 said before this week's Friday
    PAST_OR_NEXT_YEAR = auto()  # 补录 or next year
    TOMORROW = auto()  # 今天9点 at ten
    SHORT_MONTHS = auto()  # 每月31日: the last day of a shorter month, or leave it out


@dataclass(frozen=True)
class Once:
    starts_at: datetime
    minutes: int | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Every:
    """A series: its rule, the time of day, the length if one was said."""

    rule: Rule
    clock: time
    minutes: int | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Ask:
    """More than one reading; each choice can be taken as it is. A past one is meant for 补录."""

    question: Question
    choices: tuple[Once | Every, ...]


def parse(text: str, calendar: WorkCalendar, *, now: datetime, clock: time = time(15)) -> Once | Every | Ask:
    """Read a whole phrase; `clock` is the kind's default time. Raises PhraseError and nothing else."""
    return _Phrase(grammar.normalise(text), calendar, now, clock).read()


class _Past(Enum):
    """What a day means whose time is over."""

    REFUSED = auto()
    NEXT = auto()  # the next of the days
    TOMORROW = auto()
    NEXT_YEAR = auto()
    EITHER = auto()  # all of the days are meant, if they are still ahead


@dataclass(frozen=True)
class _Day:
    days: tuple[date, ...]
    past: _Past = _Past.REFUSED


class _Phrase:
    """A cursor over one normalised text, and the rules of each part of the grammar."""

    def __init__(self, text: str, calendar: WorkCalendar, now: datetime, clock: time) -> None:
        self.text = text
        self.at = 0
        self.calendar = calendar
        self.now = now
        self.today = local_day(now)
        self.clock = clock
        self.minutes: int | None = None
        self.notes: tuple[Note, ...] = ()

    def read(self) -> Once | Every | Ask:
        if self._take(DAILY):
            raise NoDailyMeeting
        if found := self._take(rf"{SPAN}后"):
            return self._in_a_while(grammar.length(found))
        rules = self._series()
        day = None if rules else self._day()
        said = self._take(rf"\(周({W})\)|周({W})") if day else None
        has_time = self._time()
        if not rules and day is None:
            if not has_time:
                raise self._lost()
            day = _Day((self.today,), _Past.TOMORROW)
        self._length()
        self._end()
        if day is not None:
            return self._once(day, WEEKDAYS.index(said[1] or said[2]) if said else None)
        return self._every(rules)

    def _take(self, pattern: str) -> re.Match[str] | None:
        found = re.compile(rf"[ ,]?(?:{pattern})").match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def _lost(self) -> PhraseError:
        rest = self.text[self.at :].strip(" ,")
        if bad := re.search(r"周[七八九十零〇089]", rest):
            return NoSuchWeekday(word=bad[0])
        return PhraseError(rest=rest if len(rest) <= SHOWN else f"{rest[:SHOWN]}…")

    def _end(self) -> None:
        if self.text[self.at :].strip():
            raise self._lost()

    def _in_a_while(self, minutes: int) -> Once:
        start = self.now.replace(second=0, microsecond=0) + timedelta(minutes=minutes)
        self.clock = beijing(start).time()
        self._length()
        self._end()
        return self._checked(start)

    def _time(self) -> bool:
        found = self._take(TIME)
        if found is None:
            self.notes = (Note.DEFAULT_TIME,)
            return False
        self.clock = grammar.clock(found, found["part"])
        if grammar.is_understood_as_afternoon(found, self.clock):
            self.notes = (Note.AFTERNOON,)
        if until := self._take(rf"[到-]{TIME}"):
            self.minutes = self._until(found["part"], until)
        return True

    def _until(self, part: str | None, found: re.Match[str]) -> int:
        readings = [grammar.clock(found, found["part"])]
        if found["part"] is None:  # 晚上7点到9点, 03:00到5点
            readings.append(grammar.clock(found, part, is_literal=part is None))
        start = self.clock.hour * 60 + self.clock.minute
        lengths = (clock.hour * 60 + clock.minute - start for clock in readings)
        fitting = [minutes for minutes in lengths if 0 < minutes <= LONGEST]
        if not fitting:
            raise BadSpan
        return fitting[0]

    def _length(self) -> None:
        if self.minutes is None and (found := self._take(SPAN)):
            self.minutes = grammar.length(found)
            if not 0 < self.minutes <= LONGEST:
                raise BadSpan

    def _series(self) -> tuple[Rule, ...]:
        """The rules a series may mean; none where the text does not begin with one."""
        if found := self._take(rf"每周周?({W}(?:[和、]周?{W})*)"):
            named = {WEEKDAYS.index(character) for character in found[1] if character in WEEKDAYS}
            return (Weekly(tuple(sorted(named)), self.today),)
        if found := self._take(rf"(?:隔周|每[两二2]周)的?周?({W})"):
            return (Weekly((WEEKDAYS.index(found[1]),), self.today, interval=2),)
        if found := self._take(MONTHS):
            every, month = grammar.months_between(found)
            return grammar.with_short_months(self._in_month("每" if every < 12 else str(month), every, month))
        return ()

    def _in_month(self, label: str, every: int = 1, month: int = 1) -> Rule:
        found = self._take(IN_MONTH)
        if found is None:
            raise self._lost()
        if found["end"]:
            return MonthlyDay(31, True, every, month)
        if found["d"]:
            day = grammar.number(found["d"])
            if not 1 <= day <= 31:
                raise NoSuchDay(month=label, what=f"{day}日")
            return MonthlyDay(day, False, every, month)
        n = grammar.place(found)
        if found["w"]:
            if n not in WEEKDAY_PLACES:
                raise PlaceNotOffered(what=f"周{found['w']}", most=5, last="最后一个")
            return MonthlyWeekday(n, WEEKDAYS.index(found["w"]), every, month)
        if n not in WORKDAY_PLACES:
            raise PlaceNotOffered(what="工作日", most=10, last="倒数第1到第5个")
        return MonthlyWorkday(n, every, month)

    def _every(self, rules: tuple[Rule, ...]) -> Every | Ask:
        notes = self._all_notes()
        choices = tuple(Every(self._anchored(rule), self.clock, self.minutes, notes) for rule in rules)
        return choices[0] if len(choices) == 1 else Ask(Question.SHORT_MONTHS, choices)

    def _anchored(self, rule: Rule) -> Rule:
        """A weekly rule begins with its first day still ahead."""
        if not isinstance(rule, Weekly):
            return rule
        soon = (self.today + timedelta(days=days) for days in range(8))
        return replace(
            rule, anchor_on=next(day for day in soon if day.weekday() in rule.weekdays and self._is_ahead(day))
        )

    def _day(self) -> _Day | None:
        forms: tuple[tuple[str, Callable[[re.Match[str]], _Day]], ...] = (
            (FULL_DATE, self._full_date),
            (DATE, self._date),
            (rf"({NUM})日", self._day_of_month),
            ("|".join(grammar.NEAR_DAYS), self._near_day),
            (rf"({NUM})(?:天|个?(周))后", self._days_later),
            (rf"下个周({W})", self._either_week),
            (rf"((?:下下|上上|[上这])个?|[下本])?周({W})", self._weekday),
            ("(本|[这上下]个?)月", self._near_month),
        )
        for pattern, reading in forms:
            if found := self._take(pattern):
                return reading(found)
        return None

    def _full_date(self, found: re.Match[str]) -> _Day:
        year = int("".join(str(grammar.DIGITS.get(character, character)) for character in found["y"]))
        if not 1900 <= year <= 2200:
            raise PhraseError(rest=found[0].strip(" ,"))
        month, day = grammar.number(found["m"]), grammar.number(found["d"])
        return _Day((grammar.real(grammar.day_in(year, month, day), month, day),))

    def _date(self, found: re.Match[str]) -> _Day:
        month, day = grammar.number(found["m"]), grammar.number(found["d"])
        if found["s"] == "/" and month > 12 >= day:  # 31/6
            month, day = day, month
        this, coming = (grammar.day_in(self.today.year + years, month, day) for years in (0, 1))
        if this is None or self.today - this > NEXT_YEAR:
            return _Day((grammar.real(coming, month, day),))
        return _Day((this,)) if coming is None else _Day((this, coming), _Past.NEXT_YEAR)

    def _day_of_month(self, found: re.Match[str]) -> _Day:
        day = grammar.number(found[1])
        months = (months_later(self.today.replace(day=1), count) for count in range(4))
        days = tuple(of for month in months if (of := grammar.day_in(month.year, month.month, day)) is not None)
        if not days:
            raise NoSuchDay(month=self.today.month, what=f"{day}日")
        return _Day(days, _Past.NEXT)

    def _near_day(self, found: re.Match[str]) -> _Day:
        days = grammar.NEAR_DAYS[found[0].strip(" ,")]
        return _Day((self.today + timedelta(days=days),), _Past.REFUSED if days else _Past.TOMORROW)

    def _days_later(self, found: re.Match[str]) -> _Day:
        return _Day((self.today + timedelta(days=grammar.number(found[1]) * (7 if found[2] else 1)),))

    def _either_week(self, found: re.Match[str]) -> _Day:
        weekday = WEEKDAYS.index(found[1])
        soon = self.today + timedelta(days=(weekday - self.today.weekday() - 1) % 7 + 1)
        following = week_of(self.today) + timedelta(weeks=1, days=weekday)
        return _Day((soon,)) if soon == following else _Day((soon, following), _Past.EITHER)

    def _weekday(self, found: re.Match[str]) -> _Day:
        weekday = WEEKDAYS.index(found[2])
        if found[1]:
            return _Day(
                (week_of(self.today) + timedelta(weeks=grammar.WEEKS[found[1].removesuffix("个")], days=weekday),)
            )
        soon = self.today + timedelta(days=(weekday - self.today.weekday()) % 7)
        return _Day((soon, soon + timedelta(weeks=1)), _Past.NEXT)

    def _near_month(self, found: re.Match[str]) -> _Day:
        first = months_later(self.today.replace(day=1), grammar.MONTHS_OFF.get(found[1][0], 0))
        at = self.at
        rule = self._in_month(str(first.month))
        days = occurrences(rule, first, last_of_month(first.year, first.month), self.calendar)
        if not days:
            raise NoSuchDay(month=first.month, what=self.text[at : self.at].strip(" ,"))
        return _Day(days)

    def _once(self, day: _Day, said: int | None) -> Once | Ask:
        days, question = self._settle(day)
        if question is Question.PAST_OR_NEXT_YEAR and said is not None:  # only one of the years has it on that weekday
            days = tuple(day for day in days if day.weekday() == said) or days[:1]
        meant = day.days[0] if question is Question.TOMORROW else days[0]
        if said is not None and meant.weekday() != said:
            name = f"{meant.month}月{meant.day}日"
            raise OtherWeekday(day=name, weekday=f"周{WEEKDAYS[meant.weekday()]}", said=f"周{WEEKDAYS[said]}")
        if question is None or (len(days) == 1 and question is not Question.TOMORROW):
            return self._checked(at_beijing(days[0], self.clock))
        notes = self._all_notes()
        return Ask(question, tuple(Once(at_beijing(day, self.clock), self.minutes, notes) for day in days))

    def _settle(self, day: _Day) -> tuple[tuple[date, ...], Question | None]:
        """The days a reading leaves open, and what has to be asked about them."""
        if day.past is _Past.EITHER:
            return day.days, Question.WHICH_WEEK
        if self._is_ahead(day.days[0]):
            return day.days[:1], None
        if day.past is _Past.NEXT:
            return tuple(filter(self._is_ahead, day.days))[:1], None
        if day.past is _Past.TOMORROW:
            return (self.today + timedelta(days=1),), Question.TOMORROW
        return day.days, Question.PAST_OR_NEXT_YEAR if day.past is _Past.NEXT_YEAR else None

    def _is_ahead(self, day: date) -> bool:
        return at_beijing(day, self.clock) > self.now

    def _checked(self, starts_at: datetime) -> Once:
        if starts_at <= self.now:
            raise TimeIsPast(starts_at)
        if starts_at > self.now + FURTHEST:
            raise TooFar
        return Once(starts_at, self.minutes, self._all_notes())

    def _all_notes(self) -> tuple[Note, ...]:
        is_usual = USUAL[0] <= self.clock <= USUAL[1]
        return self.notes if is_usual else (*self.notes, Note.ODD_HOUR)
