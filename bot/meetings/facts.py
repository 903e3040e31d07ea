"""What leaves the transactions of meetings: plain data that services make and views word. No rows, no rules."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, auto

from bot.meetings import kinds, ladder
from bot.meetings.phrases import Every, Note, Question
from bot.meetings.recurrence import Landing
from bot.meetings.repeating import SeriesFacts, Terms
from bot.meetings.rules import Change, MeetingKind, MeetingState, Outcome
from bot.members.rules import Case, DueList, UnitRef
from bot.periods import QuietHours, local_day
from bot.workdays import Why, WorkCalendar

LIVE = (MeetingState.SCHEDULED, MeetingState.OPEN)
OVER = (MeetingState.CLOSED, MeetingState.RECORDED)


@dataclass(frozen=True, slots=True)
class MeetingFacts:
    """One meeting as it stands."""

    id: int
    unit: UnitRef
    kind: MeetingKind
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    state: MeetingState
    version: int
    announced_at: datetime | None = None
    is_tentative: bool = False
    reason: str | None = None
    cancelled_at: datetime | None = None
    chair_id: int | None = None
    recorder_id: int | None = None
    created_by: int | None = None
    draft_id: int | None = None
    verified_at: datetime | None = None
    extra_until: datetime | None = None
    outcome: Outcome | None = None
    created_at: datetime | None = None
    original_on: date | None = None  # the base day, of an occurrence of a series

    @property
    def rules(self) -> kinds.KindRules:
        """As its host holds the kind; an office that takes it from that host does not undo past meetings."""
        try:
            return kinds.of(self.kind, self.unit.kind)
        except kinds.KindNotHeld:
            return kinds.of(self.kind)

    @property
    def is_voluntary(self) -> bool:
        """Nobody is due: who comes has joined, and nobody is on leave or absent."""
        return self.rules.due_list is DueList.NOBODY

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    @property
    def case(self) -> Case:
        """What rights at this meeting hang on."""
        return Case(recorder_id=self.recorder_id, chair_id=self.chair_id)

    @property
    def opens_at(self) -> datetime:
        return self.starts_at - self.rules.window.opens

    @property
    def is_from_memory(self) -> bool:
        """补录: written down when it was over, so nobody is reminded of it or signs in by himself."""
        return self.created_at is not None and self.created_at >= self.starts_at

    @property
    def is_called(self) -> bool:
        """A 补录 whose names are being called."""
        return self.state is MeetingState.OPEN and self.is_from_memory

    def is_open(self, now: datetime) -> bool:
        """Whether people sign in now, be the job that opens meetings on time or not."""
        if self.is_from_memory:
            return False
        return self.state is MeetingState.OPEN or (self.state is MeetingState.SCHEDULED and now >= self.opens_at)

    def times(self, calendar: WorkCalendar, quiet: QuietHours) -> ladder.Times:
        return ladder.Times(self.starts_at, self.ends_at, self.rules.window, calendar, quiet)

    @property
    def on(self) -> date:
        return local_day(self.starts_at)


@dataclass(frozen=True, slots=True)
class Named:
    """A person as lists name him; group or number tell two of one name apart."""

    member_id: int
    name: str
    group_id: int | None = None
    group_name: str | None = None
    staff_no: str | None = None
    is_reachable: bool = True


@dataclass(frozen=True, slots=True)
class Moved:
    """The last 改期 of a meeting, for its card."""

    starts_at: datetime  # before
    reason: str


@dataclass(frozen=True, slots=True)
class Shifted:
    """Why a meeting of a series is not on the day its rule names, for its card."""

    base_on: date
    why: Why


class Step(Enum):
    """Where a plan stands: what it asks next."""

    KIND = auto()
    UNIT = auto()
    DAY = auto()
    CHOICE = auto()
    PLACE = auto()
    PEOPLE = auto()
    PREVIEW = auto()
    PAST = auto()  # the time is over: 补录, or another time
    PAST_PREVIEW = auto()
    RULE = auto()  # of a series: which repetition
    OFF_DAYS = auto()  # what becomes of its days off
    SERIES = auto()  # its preview


@dataclass(frozen=True, slots=True)
class Plan:
    """A draft as its next question needs it."""

    draft_id: int
    step: Step
    kinds: tuple[MeetingKind, ...] = ()
    units: tuple[UnitRef, ...] = ()
    kind: MeetingKind | None = None
    unit: UnitRef | None = None
    starts: tuple[datetime, ...] = ()  # suggestions, or the readings of an ambiguous phrase
    question: Question | None = None
    places: tuple[str, ...] = ()
    people: tuple[Named, ...] = ()
    chosen: frozenset[int] = frozenset()
    preview: "Preview | None" = None
    reason: str = ""  # of a 补录
    repetitions: tuple[Every, ...] = ()  # suggestions, or the readings of an ambiguous phrase
    series: "SeriesPreview | None" = None
    repeats: bool = False  # it came from 周期会议
    is_change: bool = False  # it was complete before, and can be so again


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything that 确认发布 would put into the world."""

    unit: UnitRef
    kind: MeetingKind
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    notes: tuple[Note, ...]
    why: Why  # what the day is
    is_known: bool  # False: the days off of that year are not announced yet
    rungs: tuple[ladder.PlannedRung, ...]
    expected: int
    exempt: int
    busy: tuple[Named, ...] = ()  # due at another meeting at that time
    is_place_taken: bool = False
    has_chat: bool = True


@dataclass(frozen=True, slots=True)
class SeriesPreview:
    """A series that is being planned: its terms, what they lead to, and the first meeting as it would be."""

    unit: UnitRef
    kind: MeetingKind
    title: str
    place: str
    terms: Terms
    notes: tuple[Note, ...]
    coming: tuple[Landing, ...]
    first: Preview | None  # none if every day ahead is asked about
    besides: tuple[SeriesFacts, ...] = ()  # others of the kind that go on
    replaces: SeriesFacts | None = None

    @property
    def is_as_before(self) -> bool:
        """Whether it says what the series it is to replace says already."""
        old = self.replaces
        return old is not None and (
            (old.unit.id, old.kind, old.title, old.place, old.terms)
            == (self.unit.id, self.kind, self.title, self.place, self.terms)
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """A meeting of a series that would be on another day by the calendar as it is now."""

    meeting: MeetingFacts
    landing: Landing | None  # none: its month has no such day any more
    why: Why  # what the day is on which it stands


@dataclass(frozen=True, slots=True)
class Differences:
    """What new days off would change, and what they do not because people know of it; `mark` tells lists apart."""

    open: tuple[Difference, ...]
    announced: tuple[Difference, ...]
    mark: int


@dataclass(frozen=True, slots=True)
class Adopted:
    """What 采用 has done; `left` are meetings in whose new place another one stands."""

    done: tuple[Difference, ...]
    left: tuple[Difference, ...]
    remaining: Differences


@dataclass(frozen=True, slots=True)
class Undated:
    """A meeting whose day is asked for or not certain, with what the series makes of its base day."""

    meeting: MeetingFacts
    landing: Landing | None
    notice_at: datetime | None = None  # when a tentative day is told all the same


@dataclass(frozen=True, slots=True)
class Saved:
    """A confirmed plan."""

    meeting: MeetingFacts
    notice_at: datetime | None  # of R1


@dataclass(frozen=True, slots=True)
class Changed:
    """A meeting that was moved, cancelled or called back."""

    meeting: MeetingFacts
    what: Change
    is_silent: bool  # nobody had heard of the meeting yet, so nobody is told
    told_at: datetime | None = None  # when the first hear of it: late in the evening that is the morning


@dataclass(frozen=True, slots=True)
class Moving:
    """A 改期 on its way: the meeting, and the times a phrase may mean, one of them if it is clear."""

    meeting: MeetingFacts
    starts: tuple[datetime, ...] = ()
