"""What must hold for every paper and every order of presses."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.banks.rules import LETTERS, QuestionType, Rule, bank_letters
from bot.quiz.blueprint import (
    BlueprintRow,
    Pooled,
    TooFewError,
    draw,
    draw_each,
    matches,
    most_for,
    share_out,
    shuffled,
    supply,
)
from bot.quiz.marking import mark_letters
from bot.quiz.rules import after_press

ORDERS = st.permutations(range(6))
PICKS = st.lists(st.tuples(st.sampled_from("ABCDEF"), st.booleans()), max_size=12)
TYPES = st.sampled_from(list(QuestionType))
QUESTIONS = st.lists(
    st.tuples(TYPES, st.sampled_from("甲乙丙"), st.integers(1, 3), st.integers(0, 30)), min_size=1, max_size=40
)
ROWS = st.lists(
    st.builds(
        BlueprintRow,
        st.integers(1, 4),
        TYPES,
        st.sampled_from([None, "甲", "乙"]),
        st.sampled_from([None, 1, 2]),
        st.just(100),
    ),
    min_size=1,
    max_size=4,
)


def answered(order: list[int], picks: list[tuple[str, bool]]) -> str:
    selection = ""
    for letter, is_on in picks:
        after = after_press(QuestionType.MULTIPLE, order, selection, letter, is_on=is_on)
        assert after is not None
        selection = after
    return selection


@given(order=ORDERS, letters=st.sets(st.sampled_from("ABCDEF")), rng=st.randoms(use_true_random=False))
def test_the_order_of_presses_makes_no_difference(order: list[int], letters: set[str], rng: random.Random) -> None:
    mixed = rng.sample(sorted(letters), len(letters))
    assert answered(order, [(letter, True) for letter in mixed]) == bank_letters("".join(letters), order)


@given(order=ORDERS, picks=PICKS)
def test_a_letter_counts_as_it_was_pressed_last(order: list[int], picks: list[tuple[str, bool]]) -> None:
    last = dict(picks)
    assert answered(order, picks) == bank_letters("".join(letter for letter in last if last[letter]), order)


@given(
    key=st.sets(st.sampled_from("ABCDEF"), min_size=2),
    order=ORDERS,
    picks=PICKS,
    rule=st.sampled_from(list(Rule)),
    score=st.integers(1, 10_000),
    each=st.integers(1, 10_000),
)
def test_no_answer_earns_less_than_nothing_or_more_than_its_question(
    key: set[str], order: list[int], picks: list[tuple[str, bool]], rule: Rule, score: int, each: int
) -> None:
    picked = frozenset(answered(order, picks))
    points = mark_letters(frozenset(key), picked, score=score, rule=rule, each=each)
    assert 0 <= points <= score
    assert points == score or picked != key


@pytest.mark.parametrize("letter", ["G", "", "AB", "é", "1"])
def test_a_letter_that_is_not_there_is_no_answer(letter: str) -> None:
    for kind in (QuestionType.SINGLE, QuestionType.MULTIPLE, QuestionType.TRUE_FALSE):
        assert after_press(kind, range(6), "", letter, is_on=True) is None


FRESH = st.lists(st.booleans(), min_size=40, max_size=40)


def pooled(questions: list[tuple[QuestionType, str, int, int]], fresh: list[bool] | None = None) -> list[Pooled]:
    """The same text may stand in the pool several times, under other topics and levels."""
    return [
        Pooled(n, kind, (topic,), level, f"{kind}{text}", fresh is None or fresh[text])
        for n, (kind, topic, level, text) in enumerate(questions, start=1)
    ]


def most_in_all(rows: list[BlueprintRow], pool: list[Pooled]) -> int:
    """How many questions all rows together can get (König): whichever rows are left out, the others find no more than
    the texts that match them."""
    choices = [[place for place in range(len(rows)) if bits >> place & 1] for bits in range(2 ** len(rows))]
    return min(
        sum(row.count for place, row in enumerate(rows) if place not in chosen)
        + len({one.fingerprint for place in chosen for one in matches(rows[place], pool)})
        for chosen in choices
    )


@given(questions=QUESTIONS, fresh=FRESH, rows=ROWS, seed=st.integers(0, 99))
def test_a_paper_is_drawn_exactly_if_its_rows_can_be_filled(
    questions: list[tuple[QuestionType, str, int, int]], fresh: list[bool], rows: list[BlueprintRow], seed: int
) -> None:
    """Each row gets its count of questions that match it, no text stands twice, and no more was had lately than must
    be."""
    pool, wanted = pooled(questions, fresh), sum(row.count for row in rows)
    try:
        picks = draw(rows, pool, seed)
    except TooFewError:
        assert most_in_all(rows, pool) < wanted
        return
    by_id = {one.version_id: one for one in pool}
    drawn = [by_id[pick.version_id] for pick in picks]
    assert Counter(id(pick.row) for pick in picks) == {id(row): row.count for row in rows}
    assert all(matches(pick.row, [one]) for pick, one in zip(picks, drawn, strict=True))
    assert len({one.fingerprint for one in drawn}) == len(drawn)
    assert sum(one.is_fresh for one in drawn) == most_in_all(rows, [one for one in pool if one.is_fresh])


@given(questions=QUESTIONS, rows=ROWS, place=st.integers(0, 3))
def test_the_most_a_row_may_have_is_exact(
    questions: list[tuple[QuestionType, str, int, int]], rows: list[BlueprintRow], place: int
) -> None:
    pool, place = pooled(questions), place % len(rows)
    most = most_for(rows, pool, place)
    others = [row for nth, row in enumerate(rows) if nth != place]
    plenty = [replace(row, count=len(pool)) if nth == place else row for nth, row in enumerate(rows)]
    assert most == most_in_all(plenty, pool) - most_in_all(others, pool)


@given(questions=QUESTIONS, rows=ROWS)
def test_rows_are_supplied_as_far_as_there_are_questions(
    questions: list[tuple[QuestionType, str, int, int]], rows: list[BlueprintRow]
) -> None:
    pool = pooled(questions)
    gets = supply(rows, pool)
    assert sum(gets) == most_in_all(rows, pool)
    assert all(0 <= got <= row.count for got, row in zip(gets, rows, strict=True))


def test_a_row_without_a_count_keeps_nothing_from_the_others() -> None:
    pool = [Pooled(n, QuestionType.SINGLE, ("党章",), 3, f"a{n}") for n in range(3)]
    off, on = BlueprintRow(0, QuestionType.SINGLE, topic="党章"), BlueprintRow(1, QuestionType.SINGLE)
    assert [len(share) for share in share_out([off, on], pool)] == [0, 3]


@given(questions=QUESTIONS, rows=ROWS, rng=st.randoms(use_true_random=False))
def test_what_is_shared_out_can_be_drawn_for_every_attempt(
    questions: list[tuple[QuestionType, str, int, int]], rows: list[BlueprintRow], rng: random.Random
) -> None:
    """Each row has its own questions, enough of them, and no text stands in two rows."""
    pool = pooled(questions)
    try:
        shares = share_out(rows, pool)
    except TooFewError:
        assert most_in_all(rows, pool) < sum(row.count for row in rows)
        return
    given_out = [one.fingerprint for share in shares for one in share]
    assert len(given_out) == len(set(given_out))
    for row, share in zip(rows, shares, strict=True):
        assert len(share) >= row.count
        assert len(matches(row, share)) == len(share)
    ids = {place: [one.version_id for one in share] for place, share in enumerate(shares)}
    assert [row for _, row in draw_each(rows, ids, (), rng)] == [row for row in rows for _ in range(row.count)]


def test_a_row_that_anything_fits_leaves_the_rare_to_the_row_that_needs_it() -> None:
    rare = Pooled(1, QuestionType.SINGLE, ("党章",), 3, "a")
    common = [Pooled(n, QuestionType.SINGLE, (), 3, f"b{n}") for n in range(2, 5)]
    any_row, rare_row = BlueprintRow(3, QuestionType.SINGLE), BlueprintRow(1, QuestionType.SINGLE, topic="党章")
    shares = share_out([any_row, rare_row], [rare, *common])
    assert [sorted(one.version_id for one in share) for share in shares] == [[2, 3, 4], [1]]


def test_what_one_row_has_too_many_of_helps_another() -> None:
    special = [Pooled(n, QuestionType.SINGLE, ("党章",), 3, f"a{n}") for n in range(3)]
    rows = [BlueprintRow(1, QuestionType.SINGLE, topic="党章"), BlueprintRow(2, QuestionType.SINGLE)]
    shares = share_out(rows, special)
    assert [len(share) for share in shares] == [1, 2]


@given(types=st.lists(TYPES, max_size=20), rng=st.randoms(use_true_random=False))
def test_a_paper_runs_from_single_choice_to_blanks(types: list[QuestionType], rng: random.Random) -> None:
    numbers = shuffled(range(len(types)), types, rng)
    assert sorted(numbers) == list(range(len(types)))
    kinds = list(QuestionType)
    assert [kinds.index(types[n]) for n in numbers] == sorted(kinds.index(kind) for kind in types)


def test_letters_are_given_anew_in_the_order_that_is_shown() -> None:
    order = (2, 0, 3, 1)
    pressed = [after_press(QuestionType.SINGLE, order, "", letter, is_on=True) for letter in LETTERS[:4]]
    assert pressed == ["C", "A", "D", "B"]
