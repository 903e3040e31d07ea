"""When a question comes back, to the day; and what counts as slow."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.periods import local_day
from bot.practice.memory import Memory, reviewed
from bot.practice.rules import CardState, Grade, after_right, grade

START = datetime(2026, 1, 1, 10, tzinfo=UTC)


def after(*steps: tuple[date, Grade]) -> Memory:
    memory = None
    for day, how in steps:
        at = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
        memory = reviewed(7, memory.state if memory else None, how, at)
    assert memory is not None
    return memory


def january(day: int) -> date:
    return date(2026, 1, day)


def test_a_wrong_answer_comes_back_after_one_two_and_six_days_and_is_then_mastered() -> None:
    """quiz.md §19, 27."""
    steps = [(january(1), Grade.AGAIN)]
    assert after(*steps).due_on == january(2)
    steps.append((january(2), Grade.GOOD))
    assert after(*steps).due_on == january(4)
    steps.append((january(4), Grade.GOOD))
    assert after(*steps).due_on == january(10)
    assert after_right(2, after(*steps).stability).state is CardState.ACTIVE
    steps.append((january(10), Grade.GOOD))
    assert after_right(3, after(*steps).stability).state is CardState.MASTERED
    steps.append((date(2026, 3, 1), Grade.AGAIN))
    assert after(*steps).due_on == date(2026, 3, 2)


def test_three_right_answers_in_a_hurry_do_not_make_a_question_mastered() -> None:
    assert after_right(3, 13.9).state is CardState.ACTIVE


@given(st.lists(st.tuples(st.sampled_from(Grade), st.integers(0, 40)), min_size=1, max_size=12))
def test_a_question_comes_back_tomorrow_at_the_earliest_and_in_half_a_year_at_the_latest(
    steps: list[tuple[Grade, int]],
) -> None:
    at, state = START, None
    for how, days in steps:
        at += timedelta(days=days)
        memory = reviewed(1, state, how, at)
        waits = (memory.due_on - local_day(at)).days
        assert 1 <= waits <= 180
        assert how is not Grade.AGAIN or waits == 1
        state = memory.state


def test_slow_is_twice_ones_own_usual_time_and_never_below_twenty_seconds() -> None:
    def graded(seconds: float, *usual: float, was_outage: bool = False) -> Grade:
        spans = [timedelta(seconds=one) for one in usual]
        return grade(timedelta(seconds=seconds), spans, is_right=True, was_outage=was_outage)

    assert graded(20) is Grade.GOOD
    assert graded(20.1) is Grade.HARD
    assert graded(59, 10, 30, 100) is Grade.GOOD
    assert graded(61, 10, 30, 100) is Grade.HARD
    assert graded(600, 5, was_outage=True) is Grade.GOOD
    assert grade(timedelta(seconds=1), [], is_right=False, was_outage=False) is Grade.AGAIN
