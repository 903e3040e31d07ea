"""When a question should come back: py-fsrs, fed with whole Beijing days. Pure.

The state is what `fsrs.Card.to_dict` gives; nobody else looks into it.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, cast

from bot.periods import at_beijing, local_day
from bot.practice.rules import Grade

if TYPE_CHECKING:
    from fsrs import Card, Scheduler
    from fsrs.card import CardDict

NOON = time(12)  # one moment for every day: what counts is how many days lie between
RETENTION = 0.9
LONGEST = 180  # days

State = dict[str, object]


@dataclass(frozen=True, slots=True)
class Memory:
    state: State
    due_on: date
    stability: float  # days until it would be known with probability RETENTION


@cache
def _scheduler() -> "Scheduler":
    from fsrs import Scheduler  # noqa: PLC0415  # 45 ms that only those pay who practise

    return Scheduler(
        desired_retention=RETENTION,
        learning_steps=(),
        relearning_steps=(),
        maximum_interval=LONGEST,
        enable_fuzzing=False,
    )


def _card(number: int, state: State | None) -> "Card":
    from fsrs import Card  # noqa: PLC0415  # as above

    return Card.from_dict(cast("CardDict", state)) if state else Card(card_id=number)


def reviewed(number: int, state: State | None, grade: Grade, at: datetime) -> Memory:
    """The memory of question `number` after an answer on the day of `at`; without a state it is its first.

    After a wrong answer it comes back the next day, however well it was known before.
    """
    from fsrs import Rating  # noqa: PLC0415  # as above

    day = local_day(at)
    card, _ = _scheduler().review_card(_card(number, state), Rating(grade.value), review_datetime=_noon(day))
    due_on = day + timedelta(days=1) if grade is Grade.AGAIN else local_day(card.due)
    return Memory(cast("State", card.to_dict()), due_on, card.stability or 0.0)


def retrievability(number: int, state: State, day: date) -> float:
    """Probability that it is still known on a day."""
    return float(_scheduler().get_card_retrievability(_card(number, state), current_datetime=_noon(day)))


def _noon(day: date) -> datetime:
    return at_beijing(day, NOON)
