"""What is told of exams: plain facts that leave a transaction and are worded by `publishing_views` and `exam_views`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from bot.banks.rules import Question, QuestionType, Rule
from bot.quiz.facts import BankChoice, TopicChoice
from bot.quiz.marking import MarkingRule
from bot.quiz.rules import DraftStep, PaperState, Setting


@dataclass(frozen=True, slots=True)
class Terms:
    """When an exam may be sat, how long and how often."""

    opens_at: datetime
    closes_at: datetime
    limit: timedelta
    attempts: int


@dataclass(frozen=True, slots=True)
class RowChoice:
    """A row of a paper being made, how many questions match it, and how many of them it gets beside the others."""

    place: int
    type: QuestionType
    count: int
    score_centi: int
    rule: Rule | None  # none: each question's own
    have: int
    gets: int
    each_centi: int | None = None
    topic: str | None = None
    level: int | None = None


@dataclass(frozen=True, slots=True)
class BranchTarget:
    branch_id: int
    name: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class ExamDraft:
    """An exam being made, as far as its steps have come."""

    paper_id: int
    step: DraftStep
    title: str
    terms: Terms
    settings: Mapping[Setting, int]  # as `OFFERED` counts them
    opens_at_once: bool = True
    is_standard: bool = False
    banks: tuple[BankChoice, ...] = ()
    bank: str = ""
    bank_id: int = 0
    topics: tuple[TopicChoice, ...] = ()
    topic: str = ""
    topics_differ: bool = False  # from row to row
    have: int = 0
    rows: tuple[RowChoice, ...] = ()
    targets: tuple[BranchTarget, ...] = ()
    counts: Mapping[QuestionType, int] = field(default_factory=dict)
    max_centi: int = 0
    pass_centi: int = 0
    rules: tuple[MarkingRule, ...] = ()
    people: int = 0
    exempt: int = 0
    redrawn: int = 0  # times that other questions were asked for


@dataclass(frozen=True, slots=True)
class RowDesk:
    """One row of a paper being made with all it may be: `most` questions beside the other rows; its topics whatever
    its level, its levels whatever its topic, each with how many there are."""

    draft: ExamDraft
    row: RowChoice
    most: int
    topics: tuple[TopicChoice, ...]
    of_any_topic: int
    levels: Mapping[int, int]
    of_any_level: int


@dataclass(frozen=True, slots=True)
class RowKinds:
    """The types a row may be added of: how many questions there are of each, and the place the row would have."""

    draft: ExamDraft
    kinds: tuple[tuple[QuestionType, int, int], ...]


@dataclass(frozen=True, slots=True)
class PublishedExam:
    paper_id: int
    code: str
    title: str
    count: int
    max_centi: int
    terms: Terms
    people: int


# -- sitting -----------------------------------------------------------------------------------------------------------


class MyStanding(Enum):
    """What somebody can do with an exam of his."""

    RUNNING = auto()
    READY = auto()
    UPCOMING = auto()
    USED_UP = auto()  # no attempt is left
    OVER = auto()
    RELEASED = auto()  # with a result to look at


@dataclass(frozen=True, slots=True)
class MyExam:
    paper_id: int
    title: str
    standing: MyStanding
    opens_at: datetime
    closes_at: datetime
    sat: int = 0  # attempts that are over


@dataclass(frozen=True, slots=True)
class Cover:
    """An exam before its clock runs."""

    paper_id: int
    title: str
    number: int
    attempts: int
    count: int
    max_centi: int
    pass_centi: int
    limit: timedelta
    opens_at: datetime
    closes_at: datetime
    rules: tuple[MarkingRule, ...] = ()
    top_names: int = 0
    best_centi: int | None = None  # of the attempts before, where he may know
    is_resit: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """The open question of an attempt. `selection` is in the bank's letters; of blanks one text a line."""

    attempt_id: int
    position: int
    total: int
    question: Question
    order: tuple[int, ...]
    score_centi: int
    selection: str | None
    is_marked: bool
    answered: int
    left: timedelta

    @property
    def is_blank(self) -> bool:
        return self.question.type is QuestionType.BLANK


@dataclass(frozen=True, slots=True)
class TakenUp:
    """A card that goes on in the message that was pressed; `was_at` is another, where it has stood."""

    card: Card
    was_at: int | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """An answer that is safe, and the question that is open now."""

    position: int
    question: Question
    order: tuple[int, ...]
    selection: str | None
    card: Card


@dataclass(frozen=True, slots=True)
class Late:
    """An answer that came after the deadline: kept, not taken."""

    deadline_at: datetime


@dataclass(frozen=True, slots=True)
class Cell:
    position: int
    is_answered: bool
    is_marked: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """All questions of an attempt by number; `position` is the one that was open."""

    attempt_id: int
    position: int
    cells: tuple[Cell, ...]
    left: timedelta

    @property
    def answered(self) -> int:
        return sum(cell.is_answered for cell in self.cells)

    @property
    def unanswered(self) -> tuple[int, ...]:
        return tuple(cell.position for cell in self.cells if not cell.is_answered)

    @property
    def marked(self) -> tuple[int, ...]:
        return tuple(cell.position for cell in self.cells if cell.is_marked)


@dataclass(frozen=True, slots=True)
class HandedIn:
    """An attempt that has ended; without a score it is told later."""

    title: str
    max_centi: int
    score_centi: int | None
    is_passed: bool
    time: timedelta
    closes_at: datetime
    shows_key: bool
    is_empty: bool = False
    review_id: int | None = None  # the exam, where the key may be seen at once
    again_id: int | None = None  # the exam, where it may be sat once more


# -- for its makers ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ExamRef:
    paper_id: int
    title: str
    state: PaperState


@dataclass(frozen=True, slots=True)
class OpenVoid:
    """An attempt declared void that may still be taken back: the number of that undoing, until when, whose it is."""

    undo_id: int
    until: datetime
    name: str


@dataclass(frozen=True, slots=True)
class ExamCounts:
    """A published exam in figures, those of the branches that the reader answers for."""

    paper_id: int
    code: str
    title: str
    state: PaperState
    opens_at: datetime
    closes_at: datetime
    due: int
    exempt: int
    finished: int
    running: int
    sees_names: bool
    leads_all: bool = False  # of its branches: may change the exam as such
    can_nudge: bool = False
    undo: tuple[int, datetime] | None = None  # of its cancellation: the number of the undoing, and until when
    voids: tuple[OpenVoid, ...] = ()
    places: tuple[str, ...] = ()  # the branches counted, unless that is the reader's own alone


@dataclass(frozen=True, slots=True)
class Sitter:
    """Somebody with a finished attempt."""

    attempt_id: int
    number: int
    name: str


@dataclass(frozen=True, slots=True)
class VoidedAttempt:
    """`undo`: the number of the act's undoing, and until when."""

    attempt_id: int
    paper_id: int
    title: str
    name: str
    number: int
    reason: str = ""
    undo: tuple[int, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """Who has not sat an exam yet, for whoever may know their names: of his branches, or of his party groups."""

    paper_id: int
    title: str
    state: PaperState
    token: str
    closes_at: datetime
    names: tuple[str, ...]
    unreached: tuple[str, ...] = ()  # those of them to whom no private message gets
    running: int = 0
    is_of_group: bool = False
    can_nudge: bool = False
    branches: tuple[tuple[str, tuple[str, ...]], ...] = ()  # the same names, where they are of several branches
    is_of_several: bool = False
    place: str = ""  # the one branch, where it is not the reader's own


@dataclass(frozen=True, slots=True)
class BranchCount:
    name: str
    due: int
    finished: int


@dataclass(frozen=True, slots=True)
class MissingCounts:
    """The same for those above: counts of each branch."""

    paper_id: int
    title: str
    state: PaperState
    branches: tuple[BranchCount, ...]
    can_nudge: bool = False


@dataclass(frozen=True, slots=True)
class Candidacy:
    """Somebody who is to be added to an exam, or excused from it."""

    member_id: int
    name: str
    is_exempt: bool = False


@dataclass(frozen=True, slots=True)
class Choosing:
    """Whom a list of people is about to add or excuse."""

    exam: ExamRef
    people: tuple[Candidacy, ...]


@dataclass(frozen=True, slots=True)
class Excused:
    paper_id: int
    title: str
    member_id: int
    name: str
    reason: str = ""
