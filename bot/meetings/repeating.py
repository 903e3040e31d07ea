"""A repeated meeting as plain data: on which terms it comes back, what its preview and its list show.

Pure: rows of series are written in `series`, their meetings in `refilling`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from bot.meetings.phrases import Every, Note
from bot.meetings.recurrence import Landing, Rule, Weekly, ahead, default_guard, default_shift, from_json, land, to_json
from bot.meetings.rules import Guard, MeetingKind, MeetingState, Shift
from bot.members.rules import UnitRef
from bot.periods import at_beijing
from bot.workdays import WorkCalendar

BODY = ("rule", "rules", "clock", "minutes", "notes", "question")  # what one phrase leaves in the body of a draft
OFF_DAYS = ("shift", "guard", "allow_makeup")  # what was said there about days off


@dataclass(frozen=True, slots=True)
class Terms:
    """The days of a rule, the hours of a day, and where a day goes that is no workday."""

    rule: Rule
    clock: time
    minutes: int
    shift: Shift
    guard: Guard
    allow_makeup: bool = False

    def land(self, base_on: date, calendar: WorkCalendar) -> Landing:
        return land(base_on, self.shift, self.guard, calendar, allow_makeup=self.allow_makeup)

    def is_alike(self, other: "Terms") -> bool:
        """Whether both name the same hours of the same days; a weekly rule is counted from no particular week."""
        return self.clock == other.clock and _unanchored(self.rule) == _unanchored(other.rule)

    def starts_at(self, landing: Landing) -> datetime:
        """Of one that asks or is skipped: when it would have begun."""
        return at_beijing(landing.on or landing.base_on, self.clock)

    def ahead(
        self, from_on: date, until_on: date | None, calendar: WorkCalendar, *, now: datetime
    ) -> Iterator[Landing]:
        """What comes of the base days of the span, as far as it is still ahead."""
        for base_on in ahead(self.rule, from_on, calendar):
            if until_on is not None and base_on > until_on:
                return
            landing = self.land(base_on, calendar)
            if self.starts_at(landing) > now:
                yield landing


def _unanchored(rule: Rule) -> Rule:
    return replace(rule, anchor_on=date.min) if isinstance(rule, Weekly) and rule.interval == 1 else rule


def terms_of(body: Mapping[str, object], minutes: int) -> Terms:
    """What the body of a draft says; `minutes` is the kind's own length, for one that says none."""
    rule = from_json(_fields(body["rule"]))
    return Terms(
        rule,
        time.fromisoformat(str(body["clock"])),
        _whole(body.get("minutes")) or minutes,
        Shift[str(body["shift"])] if "shift" in body else default_shift(rule),
        Guard[str(body["guard"])] if "guard" in body else default_guard(rule),
        bool(body.get("allow_makeup", False)),
    )


def to_body(terms: Terms) -> dict[str, object]:
    """The inverse; what is the rule's own default stays open, so that another rule brings its own."""
    body: dict[str, object] = {
        "rule": to_json(terms.rule),
        "clock": terms.clock.isoformat("minutes"),
        "minutes": terms.minutes,
        "allow_makeup": terms.allow_makeup,
    }
    if terms.shift is not default_shift(terms.rule):
        body["shift"] = terms.shift.name
    if terms.guard is not default_guard(terms.rule):
        body["guard"] = terms.guard.name
    return body


def of_phrase(read: Every) -> dict[str, object]:
    """One reading of a phrase, for the body of a draft."""
    minutes: dict[str, object] = {"minutes": read.minutes} if read.minutes else {}
    return {
        "rule": to_json(read.rule),
        "clock": read.clock.isoformat("minutes"),
        "notes": [note.name for note in read.notes],
        **minutes,
    }


def offered(body: Mapping[str, object]) -> tuple[Every, ...]:
    """The readings among which the planner has to choose."""
    return tuple(_reading(_fields(one)) for one in _items(body.get("rules")))


def notes_of(body: Mapping[str, object]) -> tuple[Note, ...]:
    return tuple(Note[str(name)] for name in _items(body.get("notes")))


def _reading(stored: Mapping[str, object]) -> Every:
    clock = time.fromisoformat(str(stored["clock"]))
    return Every(from_json(_fields(stored["rule"])), clock, _whole(stored.get("minutes")), notes_of(stored))


def _fields(stored: object) -> dict[str, object]:
    assert isinstance(stored, dict)
    return stored


def _items(stored: object) -> list[object]:
    return stored if isinstance(stored, list) else []


def _whole(stored: object) -> int | None:
    return stored if isinstance(stored, int) else None


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """One series as it stands. `until_on` is set once it was stopped or replaced."""

    id: int
    unit: UnitRef
    kind: MeetingKind
    title: str
    place: str
    terms: Terms
    from_on: date
    until_on: date | None = None
    draft_id: int | None = None


@dataclass(frozen=True, slots=True)
class Coming:
    """One line of what a series holds ahead; without an id it is too far off to have a meeting yet."""

    starts_at: datetime
    landing: Landing | None = None  # how the day came about, if nobody chose it
    meeting_id: int | None = None
    state: MeetingState | None = None
    is_announced: bool = False
    is_tentative: bool = False


@dataclass(frozen=True, slots=True)
class SeriesView:
    """A series with what it holds ahead."""

    series: SeriesFacts
    coming: tuple[Coming, ...]


@dataclass(frozen=True, slots=True)
class SeriesList:
    """One page of the series that go on."""

    shown: tuple[SeriesView, ...]
    page: int
    has_more: bool
    has_several_units: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """A series that was stopped: what stays, because people know of it already."""

    series: SeriesFacts
    staying: tuple[datetime, ...]
    count_gone: int
    undo: tuple[int, datetime] | None = None  # how it is called back, and until when


@dataclass(frozen=True, slots=True)
class Begun:
    """A confirmed series."""

    series: SeriesFacts
    coming: tuple[Coming, ...]
    replaced: Ended | None
    notice_at: datetime | None  # of the first R1
