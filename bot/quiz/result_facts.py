"""What is told of an exam's results: plain facts that leave a transaction and are worded by `results_views`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.banks.rules import Citation, Question, QuestionType
from bot.quiz.item_statistics import Sums
from bot.quiz.ranking import Rank
from bot.quiz.rates import Rates
from bot.quiz.rules import Draw, Outcome, PaperState, Regrading, ShowKey, ShowScore


@dataclass(frozen=True, slots=True)
class Exam:
    """A paper as results need it; `revision` is that of its results, 0 before they are out."""

    id: int
    code: str
    title: str
    state: PaperState
    draw: Draw
    max_centi: int
    pass_pct: int
    good_pct: int
    limit_s: int
    attempts_allowed: int
    opens_at: datetime
    closes_at: datetime
    show_score: ShowScore
    show_key: ShowKey
    ranking: bool
    top_names: int
    resit_of: int | None
    resit_number: int | None
    revision: int
    by: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """One candidate's result, in a list in the order of the roster."""

    member_id: int
    name: str
    branch_id: int
    branch: str
    group: str
    outcome: Outcome
    reason: str  # of an exemption
    attempt_id: int | None
    number: int | None  # of the attempt that counts
    score_centi: int | None
    credited_centi: int | None
    max_centi: int | None
    time_s: int | None
    is_passed: bool
    is_excellent: bool

    @property
    def time(self) -> timedelta:
        return timedelta(seconds=self.time_s or 0)


@dataclass(frozen=True, slots=True)
class OwnScore:
    """What a candidate is told of himself; `was_centi` after a correction."""

    paper_id: int
    title: str
    outcome: Outcome
    score_centi: int
    max_centi: int
    is_passed: bool
    has_errors: bool
    shows_key: bool
    credited_centi: int | None = None  # of a resit, where it differs
    was_centi: int | None = None


@dataclass(frozen=True, slots=True)
class Lowest:
    """The question with the fewest full marks, by its number on the paper."""

    position: int
    rate: int  # thousandths


@dataclass(frozen=True, slots=True)
class GroupFigures:
    title: str
    rates: Rates
    top: tuple[str, ...] = ()
    is_corrected: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A branch's results as its secretary and organizer find them."""

    exam: Exam
    branch_id: int
    branch: str
    rates: Rates
    absent: tuple[str, ...] = ()
    no_answer: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()
    unreached: tuple[str, ...] = ()
    lowest: Lowest | None = None
    resits: int = 0  # published so far
    can_resit: bool = False
    resit: "AfterResit | None" = None
    has_others: bool = False  # the reader leads more branches than this one
    is_elsewhere: bool = False  # it is not the reader's own branch


@dataclass(frozen=True, slots=True)
class AfterResit:
    """Who has passed at first or in a resit, of those who sat at least one of them."""

    passed: int
    sat: int


@dataclass(frozen=True, slots=True)
class BranchRates:
    branch_id: int
    branch: str
    rates: Rates


@dataclass(frozen=True, slots=True)
class Overview:
    """All branches of an exam without a name, for who leads above them."""

    exam: Exam
    branches: tuple[BranchRates, ...]
    lowest: Lowest | None = None
    can_resit: bool = False
    named: tuple[tuple[int, str], ...] = ()  # branches whose names the reader may see

    @property
    def total(self) -> Rates:
        return sum((one.rates for one in self.branches), Rates())


@dataclass(frozen=True, slots=True)
class NameList:
    exam: Exam
    branch: str
    branch_id: int
    lines: tuple[Line, ...]
    ranks: Mapping[int, Rank]  # by member, where the exam ranks


# -- one's own errors --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """A question of one's own that did not earn all its points, as it was seen; the key only where it may be shown."""

    paper_id: int
    title: str
    place: int  # among the faults, from 1
    count: int
    position: int
    question: Question
    order: tuple[int, ...]
    selection: str | None
    awarded_centi: int
    max_centi: int
    key: Question | None
    is_changed_since: bool
    decision: Regrading | None = None


@dataclass(frozen=True, slots=True)
class NoFault:
    title: str


# -- 试题分析 ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OptionCount:
    letter: str
    text: str
    count: int
    is_right: bool


@dataclass(frozen=True, slots=True)
class ItemFigures:
    """A question over all branches, by its number on the paper."""

    position: int
    version_id: int
    stem: str
    type: QuestionType
    answered: int
    right: int
    sums: Sums
    decision: Regrading | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    exam: Exam
    items: tuple[ItemFigures, ...]
    attempts: int
    alpha: int | None


@dataclass(frozen=True, slots=True)
class ItemPage:
    """One question for its author."""

    exam: Exam
    figures: ItemFigures
    question: Question
    options: tuple[OptionCount, ...]
    may_correct: bool  # the key in the bank
    may_decide: bool  # what becomes of it in this exam
    has_other_key: bool  # the bank's key of today is another one
    decision: Regrading | None = None

    @property
    def citation(self) -> Citation | None:
        return self.question.citation


@dataclass(frozen=True, slots=True)
class KeyForm:
    """改答案: the letters chosen so far."""

    paper_id: int
    position: int
    question: Question
    chosen: str


# -- what is decided anew ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Move:
    name: str
    branch: str
    from_centi: int
    to_centi: int
    was_passed: bool
    is_passed: bool
    was_excellent: bool = False
    is_excellent: bool = False


@dataclass(frozen=True, slots=True)
class RegradePreview:
    exam: Exam
    position: int
    stem: str
    decision: Regrading
    old_key: Question
    new_key: Question | None
    moves: tuple[Move, ...]
    shows_names: bool
    score_centi: int = 0  # what the question was worth
    others: tuple[tuple[int, int, str], ...] = ()  # other exams with the question: paper, position, title


@dataclass(frozen=True, slots=True)
class Regraded:
    paper_id: int
    title: str
    revision: int
    moved: int


# -- resits ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ResitPlan:
    exam: Exam
    number: int
    absent: int
    no_answer: int
    failed: int
    closes_at: datetime
    repeats: bool  # the pool is too small: questions come back

    @property
    def people(self) -> int:
        return self.absent + self.no_answer + self.failed


@dataclass(frozen=True, slots=True)
class ResitPublished:
    paper_id: int
    code: str
    title: str
    people: int
    closes_at: datetime
    repeats: bool


# -- files -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AnswerLine:
    name: str
    branch: str
    position: int
    type: QuestionType
    stem: str
    shown: str
    chosen: str
    key: str
    awarded_centi: int
    max_centi: int


@dataclass(frozen=True, slots=True)
class Decided:
    """A line of the ledger: a question that was decided anew, and how many it moved."""

    revision: int
    position: int
    decision: Regrading
    moved: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Book:
    """What goes into the workbook: names and answers of one branch, or only figures of many."""

    exam: Exam
    by: str
    at: datetime
    overview: tuple[BranchRates, ...]
    analysis: Analysis
    pages: Mapping[int, ItemPage]
    ledger: tuple[Decided, ...] = ()
    lines: tuple[Line, ...] = ()
    ranks: Mapping[int, Rank] | None = None
    resits: Mapping[int, Line] | None = None  # by member, of the resit that counts
    answers: tuple[AnswerLine, ...] = ()
    unreached: tuple[str, ...] = ()
    after_resit: AfterResit | None = None

    @property
    def has_names(self) -> bool:
        return bool(self.lines)
