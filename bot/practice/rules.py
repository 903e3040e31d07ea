"""What makes a card of the book come back, rest or be mastered. Pure."""

from dataclasses import dataclass
from datetime import time, timedelta
from enum import Enum, auto
from statistics import median

from bot.errors import UserError

PER_DAY = (5, 10, 20)
USUAL_PER_DAY = 10
MASTERED_STREAK = 3
MASTERED_STABILITY = 14.0  # days
SLOW = timedelta(seconds=20)
MEDIAN_OF = 20  # latest right answers
FRESH_FOR = timedelta(days=90)  # a daily question is not repeated within these
NOON, EVENING = time(12, 30), time(20)  # in Beijing: when the day is offered, and from when on it is not any more


class CardState(Enum):
    ACTIVE = auto()
    MASTERED = auto()
    SUSPENDED = auto()


class Mode(Enum):
    """Why a question is asked."""

    DUE = auto()
    EXTRA = auto()  # 再练一遍
    DAILY = auto()


class Grade(Enum):
    """How well a question was known; the three of py-fsrs' four ratings that are used."""

    AGAIN = 1
    HARD = 2
    GOOD = 3


class BookEmpty(UserError):
    text = "错题本里还没有题。考试和现场答题里答错的题会自动收进来。"


class NothingLeft(UserError):
    text = "这一轮的题已经练完了。"
    ends_buttons = True


class AnsweredAlready(UserError):
    text = "本题你已作答。"


class NothingPicked(UserError):
    text = "请先选出答案，再点“确定”。"


class WrongParts(UserError):
    text = "需要 {n} 个答案，每行一个；收到 {m} 个。"


@dataclass(frozen=True, slots=True)
class Progress:
    state: CardState
    streak: int


def grade(taken: timedelta, latest_right: list[timedelta], *, is_right: bool, was_outage: bool) -> Grade:
    """Hard for a right answer that took twice as long as usual; nobody is slow because we were away."""
    if not is_right:
        return Grade.AGAIN
    usual = timedelta(seconds=median(one.total_seconds() for one in latest_right)) if latest_right else timedelta()
    return Grade.HARD if not was_outage and taken > max(SLOW, 2 * usual) else Grade.GOOD


def after_right(streak: int, stability: float) -> Progress:
    """`streak` counts right answers in a row on days when the card was due, this one included."""
    is_mastered = streak >= MASTERED_STREAK and stability >= MASTERED_STABILITY
    return Progress(CardState.MASTERED if is_mastered else CardState.ACTIVE, streak)
