"""Papers, attempts and live rounds: states, times, a question in a poll, and the facts that are shown. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from enum import Enum, auto
from fractions import Fraction

from bot.banks.rules import LETTERS, RIGHT, WRONG, Form, Question, QuestionType, Rule, bank_letters, form_of
from bot.members.rules import Actor, UnitRef
from bot.message import units
from bot.quiz.marking import half_up

LOBBY_FOR = timedelta(seconds=60)
LOBBY_LOST = timedelta(minutes=9)  # behind the planned start: a lobby older than ten minutes is forgotten
SEND_GRACE = timedelta(seconds=10)  # beyond a question's own time, until its sending is given up
VOTE_GRACE = timedelta(seconds=2)  # a vote cast at the last moment is still on its way
REVEAL_FOR = timedelta(seconds=5)
BETWEEN = VOTE_GRACE + REVEAL_FOR  # of two questions
LOOK_AGAIN = timedelta(seconds=1)
LATE_AFTER = timedelta(seconds=60)  # behind its time a round is not carried on without its host
PAUSE_FOR = timedelta(minutes=10)
PAUSE_BY_HAND = timedelta(minutes=60)
STRAY_FOR = timedelta(minutes=10)
TOLD_FOR = timedelta(hours=1)  # what a group or a host is told of a round is no news later
RESULT_FOR = timedelta(hours=12)  # an own result that comes later is no news
LIVE_PAPER_FOR = timedelta(days=30)  # after its last round
DRAFT_FOR = timedelta(days=7)
FRESH_AFTER = timedelta(days=90)  # a question of a paper of the branch is not drawn again before
F3_EXTRA = timedelta(seconds=15)  # the eyes go up to the message before the poll and back
UNANSWERED_MOST = 3  # questions in a row without any answer
ALONE = 1  # with so few joined, a question stays open: others may still be reading
MAX_LIVE = 50
MAX_EXAM = 200
ANSWER_GRACE = timedelta(seconds=5)  # behind the deadline: a press of the last moment is still on its way
LAST_CALL = timedelta(minutes=5)  # before the deadline, if the whole time is at least ten
LAST_CALL_FROM = timedelta(minutes=10)
LAST_CALL_FOR = timedelta(minutes=2)  # later it would name a wrong number of minutes
CREDIT_MOST = timedelta(minutes=30)  # of one outage
OUTAGE_NEWS = timedelta(days=1)  # an outage that ended earlier took nothing from an attempt that still runs
SWEEP_EVERY = timedelta(seconds=15)
RESULTS_FOR = timedelta(days=3)  # results of an exam that come later are read in the bot, they are no news
REGRADE_WITHIN = timedelta(days=365)
MAX_RESITS = 2
AS_IS, EMPTY = "-", "0"  # in the place of letters on a button: the key as it is, no letter
EXAM_DAYS = 3  # from publishing to the day on which an exam closes, unless its maker says otherwise
EXAM_CLOSES = time(18, 0)
EXAM_LIMIT = timedelta(minutes=20)
SHORTEST_EXAM, LONGEST_EXAM = timedelta(minutes=10), timedelta(days=90)
MOST_POINTS = 1000  # of a whole paper
WHOLE_CENTI = 100_00  # what people expect a paper to come to
OPENED_LATE = timedelta(minutes=10)  # behind its time: its secretary is told
NUDGE_BEFORE, NUDGE_FROM = timedelta(hours=24), timedelta(hours=36)  # before the end; of exams at least so long
LEADER_BEFORE, CHIEF_BEFORE = timedelta(hours=4), timedelta(hours=2)
NUDGE_AGAIN = timedelta(hours=4)
EARLY_END = timedelta(seconds=60)  # to finish a sentence, when an exam is closed before its time
QUICK_COUNTS = (3, 5, 10)
COUNTS = (3, 5, 10, 20, 30, 50)


class PaperKind(Enum):
    EXAM = auto()
    LIVE = auto()


class PaperState(Enum):
    DRAFT = auto()
    SCHEDULED = auto()
    OPEN = auto()
    CLOSED = auto()
    RELEASED = auto()
    CANCELLED = auto()


class DraftStep(Enum):
    BANK = auto()
    TOPIC = auto()
    COUNT = auto()
    PREVIEW = auto()
    WINDOW = auto()
    TERMS = auto()
    TARGETS = auto()


EXAM_STEPS = (
    DraftStep.BANK,
    DraftStep.TOPIC,
    DraftStep.COUNT,
    DraftStep.WINDOW,
    DraftStep.TERMS,
    DraftStep.TARGETS,
    DraftStep.PREVIEW,
)


class Draw(Enum):
    SAME = auto()  # drawn once, at publishing
    EACH = auto()  # for every attempt, from the pool frozen at publishing


class ShowScore(Enum):
    ON_SUBMIT = auto()
    ON_RELEASE = auto()


class ShowKey(Enum):
    ON_CLOSE = auto()
    ON_SUBMIT = auto()
    NEVER = auto()


class Setting(Enum):
    """What the maker of an exam may choose beside its questions, its window and its people."""

    LIMIT = auto()
    ATTEMPTS = auto()
    PASS = auto()
    GOOD = auto()
    DRAW = auto()
    SCORE = auto()
    KEY = auto()
    RANKING = auto()
    TOP_NAMES = auto()


# What is offered; limits in minutes, marks in percent, the rest as the columns of a paper keep it.
OFFERED: Mapping[Setting, tuple[int, ...]] = {
    Setting.LIMIT: (10, 15, 20, 30, 45, 60, 90, 120),
    Setting.ATTEMPTS: (1, 2, 3, 4, 5),
    Setting.PASS: (60, 70, 80, 90),
    Setting.GOOD: (80, 85, 90, 95),
    Setting.DRAW: tuple(draw.value for draw in Draw),
    Setting.SCORE: tuple(show.value for show in ShowScore),
    Setting.KEY: tuple(show.value for show in ShowKey),
    Setting.RANKING: (0, 1),
    Setting.TOP_NAMES: (0, 3, 5, 10),
}
# What may be typed instead.
TYPED: Mapping[Setting, range] = {
    Setting.LIMIT: range(5, 181),
    Setting.PASS: range(1, 101),
    Setting.GOOD: range(1, 101),
}
ROW_COUNTS = (5, 10, 15, 20, 30, 40, 50)
ROW_SCORES = (100, 200, 300, 400, 500, 600, 800, 1000)  # 0.01 points a question
EACH_SCORES = (50, 100, 150, 200)  # 0.01 points a right letter
# How the questions of a type may be marked; None is what their bank says.
ROW_RULES: Mapping[QuestionType, tuple[Rule | None, ...]] = {
    QuestionType.MULTIPLE: (None, Rule.HALF, Rule.ALL, Rule.EACH, Rule.PROP, Rule.MINUS),
    QuestionType.BLANK: (None, Rule.PROP, Rule.ALL),
}
MOST_ROWS = 12  # of a paper: their list stays one screen
CLOSE_AFTER = (1, 3, 7, 14)  # days from the opening to the day of the end


class OpenWhen(Enum):
    AT_ONCE = auto()
    TOMORROW = auto()
    MONDAY = auto()


class PaperAction(Enum):
    PUBLISHED = auto()
    MOVED = auto()
    CLOSED = auto()
    CANCELLED = auto()
    RESTORED = auto()
    ADDED = auto()
    EXEMPTED = auto()
    NUDGED = auto()
    VOIDED = auto()
    RELEASED = auto()
    REGRADED = auto()
    EXPORTED = auto()


class CandidateStanding(Enum):
    DUE = auto()
    EXEMPT = auto()
    REMOVED = auto()


class Outcome(Enum):
    SAT = auto()
    NO_ANSWER = auto()
    ABSENT = auto()
    EXEMPT = auto()


class Regrading(Enum):
    """What becomes of a question that was asked with a fault."""

    RESCORE = auto()  # marked again by the corrected key
    GRANT = auto()  # full points for all who sat
    VOID = auto()  # out of the maximum


class AttemptState(Enum):
    STARTED = auto()
    SUBMITTED = auto()
    AUTO_SUBMITTED = auto()
    NO_ANSWER = auto()
    VOIDED = auto()


FINISHED = (AttemptState.SUBMITTED, AttemptState.AUTO_SUBMITTED, AttemptState.NO_ANSWER)


class Seat(Enum):
    GROUP = auto()
    PRIVATE = auto()


class Via(Enum):
    POLL = auto()
    PRIVATE = auto()
    EXAM = auto()


class Refusal(Enum):
    """Why an answer was kept but not taken."""

    ALREADY = auto()
    LATE = auto()
    EMPTY = auto()


class RoundState(Enum):
    LOBBY = auto()
    ASKING = auto()
    OPEN = auto()
    REVEALED = auto()
    PAUSED = auto()
    FINISHED = auto()
    ABORTED = auto()


ENDED = frozenset({RoundState.FINISHED, RoundState.ABORTED})
UNDER_WAY = frozenset(RoundState) - ENDED
RUNNING = frozenset({RoundState.ASKING, RoundState.OPEN, RoundState.REVEALED})


class ItemState(Enum):
    SENDING = auto()
    OPEN = auto()
    REVEALED = auto()
    SKIPPED = auto()


class PauseReason(Enum):
    BY_HAND = auto()
    NOBODY = auto()
    UNSENT = auto()
    UNSURE = auto()
    LATE = auto()


# -- a question in a poll ----------------------------------------------------------------------------------------------

_PREFIX = re.compile(r"【(\d{1,9})-(\d{1,3})/(\d{1,3})】")


def prefix(round_id: int, position: int, total: int) -> str:
    """What the question of a poll begins with, and by which a poll is known again as ours."""
    return f"【{round_id}-{position}/{total}】"


def read_prefix(question: str) -> tuple[int, int, int] | None:
    """Round, position and number of questions, if a poll's question begins as ours do."""
    found = _PREFIX.match(question)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def poll_form(question: Question, start: str) -> Form:
    """The first form in which the question fits a poll that begins with `start`."""
    return form_of(question.stem, question.options, units(start))


def time_for(question: Question, form: Form) -> timedelta:
    return timedelta(seconds=question.time_s) + (F3_EXTRA if form is Form.F3 else timedelta())


def shown_key(question: Question, order: Sequence[int]) -> tuple[int, ...]:
    """Places of the right options as they are shown, ascending; true_false shows right before wrong."""
    if question.type is QuestionType.TRUE_FALSE:
        return (0,) if question.answer == RIGHT else (1,)
    right = {LETTERS.index(letter) for letter in question.answer}
    return tuple(shown for shown, place in enumerate(order) if place in right)


def selection(question: Question, order: Sequence[int], shown: Sequence[int]) -> str:
    """The options somebody picked, as the bank's letters; places that do not exist are left out."""
    if question.type is QuestionType.TRUE_FALSE:
        return "".join((RIGHT, WRONG)[place] for place in shown if place in (0, 1))
    return "".join(LETTERS[place] for place in sorted(order[s] for s in set(shown) if 0 <= s < len(order)))


def after_press(kind: QuestionType, order: Sequence[int], before: str, letter: str, *, is_on: bool) -> str | None:
    """An answer in the bank's letters after a shown letter was pressed; None if there is no such letter."""
    if kind is QuestionType.TRUE_FALSE:
        return letter if letter in (RIGHT, WRONG) else None
    chosen = bank_letters(letter, order)
    if len(chosen) != 1:
        return None
    if kind is QuestionType.SINGLE:
        return chosen
    return "".join(sorted({*before, chosen} if is_on else {*before} - {chosen}))


# -- keys of the outbox ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Key:
    """`round:{id}:{what}:{numbers…}`: what a row of the outbox is about."""

    round_id: int
    what: str
    numbers: tuple[int, ...] = ()

    def __str__(self) -> str:
        return ":".join(["round", str(self.round_id), self.what, *map(str, self.numbers)])

    @classmethod
    def parse(cls, text: str) -> "Key":
        _, round_id, what, *numbers = text.split(":")
        return cls(int(round_id), what, tuple(int(number) for number in numbers))


def paper_key(paper_id: int, what: str, *numbers: int) -> str:
    """`paper:{id}:{what}:{numbers…}`: what a row of the outbox about an exam is about."""
    return ":".join(["paper", str(paper_id), what, *map(str, numbers)])


def is_on_roster(who: Actor, unit: UnitRef) -> bool:
    """Whether somebody belongs to the unit of the chat; roles from above do not make a participant."""
    home = who.group or who.branch
    return home is not None and unit.covers(home)


def tenths(n: int, d: int) -> Fraction:
    """n/d to one decimal, halves up."""
    return Fraction(half_up(10 * n, d), 10)


def seconds(span: timedelta) -> int:
    return int(span.total_seconds())
