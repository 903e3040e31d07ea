"""What is told of somebody's book: plain facts that leave a transaction and are worded by `views`."""

from dataclasses import dataclass
from datetime import date

from bot.banks.rules import CHOICES, Question, shown_letters
from bot.practice.rules import CardState, Mode


@dataclass(frozen=True, slots=True)
class Wish:
    per_day: int
    wants_reminder: bool = False
    wants_daily: bool = False


@dataclass(frozen=True, slots=True)
class Ahead:
    """The next day on which cards are due, and how many."""

    on: date
    count: int


@dataclass(frozen=True, slots=True)
class Book:
    """Counts of one book on a day; `plan` is what is left of the day's portion."""

    today: date
    practising: int
    plan: int
    mastered: int
    set_aside: int
    wish: Wish
    ahead: Ahead | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the person sees it; `picked` is in the bank's letters."""

    review_id: int
    mode: Mode
    place: int
    of: int
    question: Question
    order: tuple[int, ...]
    picked: str = ""
    is_renewed: bool = False

    @property
    def shown(self) -> str:
        """The letters picked as they stand on the message; a judgement has none."""
        return shown_letters(self.picked, self.order) if self.question.type in CHOICES else ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of an answer; `given` is what the person wrote into blanks."""

    asked: Asked
    is_right: bool
    today: date
    given: tuple[str, ...] = ()
    due_on: date | None = None
    is_mastered: bool = False
    is_card: bool = True  # a right daily question leaves no card
    has_next: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a day's portion, or of a round through the cards."""

    mode: Mode
    right: int
    asked: int
    book: Book


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the book as a file."""

    question: Question
    state: CardState
    due_on: date
    wrong: int
    right: int
