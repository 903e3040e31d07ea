"""What must hold for every paper and every order of presses."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.banks.rules import LETTERS, QuestionType, Rule, bank_letters
from bot.quiz.blueprint import BlueprintRow, Pooled, TooFewError, draw_each, matches, share_out, shuffled
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


@given(questions=QUESTIONS, rows=ROWS, rng=st.randoms(use_true_random=False))
def test_what_is_shared_out_can_be_drawn_for_every_attempt(
    questions: list[tuple[QuestionType, str, int, int]], rows: list[BlueprintRow], rng: random.Random
) -> None:
    """Each row has its own questions, enough of them, and no text stands in two rows."""
    pool = [
        Pooled(n, kind, (topic,), level, f"{kind}{text}")
        for n, (kind, topic, level, text) in enumerate(questions, start=1)
    ]
    try:
        shares = share_out(rows, pool)
    except TooFewError:
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
    assert share_out([any_row, rare_row], [rare, *common]) == [common, [rare]]


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
