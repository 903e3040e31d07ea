"""What is told of papers and rounds: plain facts that leave a transaction and are worded by `views`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from fractions import Fraction

from bot.banks.rules import POLL_QUESTION, Form, Question, QuestionType
from bot.message import units
from bot.quiz.rules import DraftStep, RoundState, prefix, time_for


@dataclass(frozen=True, slots=True)
class LiveItem:
    """A question of a round as the group gets it."""

    round_id: int
    position: int
    total: int
    question: Question
    order: tuple[int, ...]
    form: Form

    @property
    def prefix(self) -> str:
        return prefix(self.round_id, self.position, self.total)

    @property
    def stem_is_below(self) -> bool:
        """Whether the stem is too long for the question line of a poll."""
        return units(self.prefix) + units(self.question.stem) > POLL_QUESTION

    @property
    def time(self) -> timedelta:
        return time_for(self.question, self.form)


@dataclass(frozen=True, slots=True)
class Lobby:
    round_id: int
    title: str
    total: int
    shortest: timedelta
    longest: timedelta
    starts_in: timedelta


@dataclass(frozen=True, slots=True)
class Seated:
    """A private seat that was taken, before the first question or later."""

    round_id: int
    title: str
    is_early: bool


@dataclass(frozen=True, slots=True)
class SeatCard:
    """A question in a private seat. `chosen` is in the bank's letters; it is the answer once `is_said`.

    `lost` is what an outage of ours took, if the answer counts for that reason.
    """

    item: LiveItem
    score_centi: int
    closes_at: datetime
    chosen: str = ""
    is_said: bool = False
    lost: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class SeatOver:
    """The same once nobody can answer it here: what was ticked and not sent, or that the group's poll was answered."""

    item: LiveItem
    score_centi: int
    ticked: str
    has_voted: bool


class SaidHow(Enum):
    TAKEN = auto()
    AGAIN = auto()  # the same as before
    ALREADY = auto()  # another answer was before it
    LATE = auto()


@dataclass(frozen=True, slots=True)
class Said:
    """What became of an answer in a private seat."""

    card: SeatCard
    how: SaidHow
    late_by: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Revealed:
    """Counts of one question after its end."""

    item: LiveItem
    answered: int
    right: int


@dataclass(frozen=True, slots=True)
class ItemCount:
    position: int
    answered: int
    right: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a group hears of a finished round: counts only."""

    title: str
    total: int
    people: int
    items: tuple[ItemCount, ...]

    @property
    def right(self) -> int:
        return sum(item.right for item in self.items)

    @property
    def answered(self) -> int:
        return sum(item.answered for item in self.items)

    @property
    def hardest(self) -> ItemCount | None:
        """The question least often answered right, unless all did."""
        answered = [item for item in self.items if item.answered]
        lowest = min(answered, key=lambda item: (Fraction(item.right, item.answered), item.position), default=None)
        return lowest if lowest is not None and lowest.right < lowest.answered else None


@dataclass(frozen=True, slots=True)
class OwnResult:
    title: str
    answered: int
    right: int
    score_centi: int
    max_centi: int


@dataclass(frozen=True, slots=True)
class Console:
    """What the host sees in private."""

    round_id: int
    title: str
    state: RoundState
    position: int
    total: int
    joined: int
    answered: int
    guests: int


@dataclass(frozen=True, slots=True)
class PaperChoice:
    """A paper that could be asked in a group."""

    paper_id: int
    title: str
    count: int
    is_used: bool


@dataclass(frozen=True, slots=True)
class BankChoice:
    bank_id: int
    title: str
    count: int  # questions that a group poll can carry


@dataclass(frozen=True, slots=True)
class TopicChoice:
    place: int
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class PaperDraft:
    """A paper being made, as far as its steps have come."""

    paper_id: int
    step: DraftStep
    title: str
    banks: tuple[BankChoice, ...] = ()
    topics: tuple[TopicChoice, ...] = ()
    have: int = 0  # questions the choice so far leaves
    bank: str = ""
    topic: str = ""
    counts: Mapping[QuestionType, int] = field(default_factory=dict)
    max_centi: int = 0
    takes: timedelta = timedelta()
    redrawn: int = 0  # times that other questions were asked for


@dataclass(frozen=True, slots=True)
class Published:
    paper_id: int
    code: str
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class Outage:
    """A gap in our running."""

    from_at: datetime
    to_at: datetime

    @property
    def span(self) -> timedelta:
        return self.to_at - self.from_at
