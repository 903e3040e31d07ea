"""Rates, places and item figures by hand and by chance, and what reports may ask."""

from collections import Counter
from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.banks.rules import Question, QuestionType
from bot.db import Database
from bot.periods import PeriodKind, local_day
from bot.quiz import analysis, figures, reports
from bot.quiz.item_statistics import Sums, Worth, alpha
from bot.quiz.outcomes import Sat, counted
from bot.quiz.ranking import Rank, ranks, top
from bot.quiz.rates import FEWEST, Rates, Standing, rates, withheld
from bot.quiz.rekeying import as_judged
from bot.quiz.result_facts import Report
from bot.quiz.rules import Outcome, RoundState
from tests.make import Cast, Make
from tests.quiz.conftest import AddBank
from tests.quiz.hall import JUDGED, SINGLE, bank
from tests.quiz.office import Office
from tests.quiz.play import Play

# -- rates -------------------------------------------------------------------------------------------------------------

standings = st.builds(
    Standing,
    st.sampled_from(Outcome),
    st.integers(0, 10_000),
    st.just(10_000),
    st.booleans(),
    st.booleans(),
)


@given(st.lists(standings, max_size=60))
def test_no_numerator_is_above_its_denominator(people: list[Standing]) -> None:
    found = rates(people)
    assert found.expected == found.sat + found.absent + found.no_answer
    assert found.expected + found.exempt == len(people)
    assert max(found.passed, found.excellent, found.full) <= found.sat <= found.expected
    for rate in (found.sat_rate, found.pass_rate, found.good_rate, found.full_rate):
        assert rate is None or 0 <= rate <= 1000
    assert found.mean is None or 0 <= found.mean <= 1000


@given(st.lists(standings, max_size=30), st.lists(standings, max_size=30))
def test_branches_add_up_to_the_whole(one: list[Standing], other: list[Standing]) -> None:
    assert rates(one) + rates(other) == rates(one + other)


@given(st.lists(st.integers(0, 5), max_size=6))
def test_the_total_less_the_means_that_stand_never_tells_of_one_or_two(sat: list[int]) -> None:
    found = withheld([Rates(expected=5, sat=n) for n in sat])
    assert {place for place, n in enumerate(sat) if 0 < n < FEWEST} <= found
    if sum(sat) >= FEWEST:  # else the total has no mean, either
        assert sum(sat[place] for place in found) not in range(1, FEWEST)
    if all(n not in range(1, FEWEST) for n in sat):
        assert not found


def test_the_next_few_are_withheld_with_one_or_two_and_nobody_with_three() -> None:
    assert withheld([Rates(sat=n) for n in (20, 2, 0, 5, 4)]) == {1, 4}
    assert withheld([Rates(sat=n) for n in (20, 2, 0, 5, 1)]) == {1, 4}
    assert withheld([Rates(sat=n) for n in (2, 9)]) == {0, 1}


def test_nobody_expected_has_no_rate() -> None:
    empty = Rates()
    assert (empty.sat_rate, empty.pass_rate, empty.mean) == (None, None, None)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.booleans()), min_size=1, max_size=6))
def test_the_attempt_that_counts_is_the_best_whatever_their_order(found: list[tuple[int, int, bool]]) -> None:
    sat = [Sat(n, n, score, 10, time, has) for n, (score, time, has) in enumerate(found, start=1)]
    best = counted(sat)
    assert best is not None
    assert counted(sat[::-1]) == best
    pool = [one for one in sat if one.has_answer] or sat
    assert best in pool
    assert all((-best.score_centi, best.time_s, best.number) <= (-o.score_centi, o.time_s, o.number) for o in pool)


# -- places ------------------------------------------------------------------------------------------------------------


def test_equal_scores_and_times_share_a_place_and_the_next_is_skipped() -> None:
    assert ranks([(95, 400), (95, 400), (90, 300), (80, 100)]) == [
        Rank(1, True),
        Rank(1, True),
        Rank(3, False),
        Rank(4, False),
    ]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=25), st.sampled_from([3, 5, 10]))
def test_places_follow_the_order_and_the_first_k_are_never_more_than_twice_k(
    sat: list[tuple[int, int]], k: int
) -> None:
    found = ranks(sat)
    for one, place in zip(sat, found, strict=True):
        assert place.place == 1 + sum((-score, time) < (-one[0], one[1]) for score, time in sat)
        assert place.is_shared == (Counter(sat)[one] > 1)
    chosen = top(found, k)
    assert len(chosen) <= 2 * k
    assert {found[number].place for number in chosen}.isdisjoint(
        place.place for number, place in enumerate(found) if number not in chosen
    )


def test_a_tie_that_would_name_too_many_is_left_out_whole() -> None:
    places = ranks([(9, 1)] + [(8, 1)] * 6)
    assert top(places, 3) == [0]
    assert top(ranks([(8, 1)] * 6), 3) == [0, 1, 2, 3, 4, 5]


# -- item figures ------------------------------------------------------------------------------------------------------


def sums(points: list[int], totals: list[int], most: int = 100) -> Sums:
    pairs = list(zip(points, totals, strict=True))
    return Sums(
        len(pairs),
        sum(points),
        sum(x * x for x in points),
        sum(totals),
        sum(t * t for t in totals),
        sum(x * t for x, t in pairs),
        most,
    )


def test_a_question_is_weighed_by_the_formulas_of_the_textbook() -> None:
    points = [100] * 6 + [0] * 4
    totals = [900, 850, 800, 800, 700, 600, 500, 400, 300, 350]
    one = sums(points, totals)
    others = [t - x for x, t in zip(points, totals, strict=True)]
    mean_x, mean_o = sum(points) / 10, sum(others) / 10
    covariance = sum((x - mean_x) * (o - mean_o) for x, o in zip(points, others, strict=True))
    spread = sum((x - mean_x) ** 2 for x in points) * sum((o - mean_o) ** 2 for o in others)
    assert one.facility == 600
    assert one.discrimination == round(100 * covariance / sqrt(spread)) == 84
    assert one.worth is Worth.EXCELLENT


def test_who_knows_more_and_does_worse_points_to_the_key() -> None:
    one = sums([0] * 5 + [100] * 5, [900, 900, 800, 800, 700, 300, 300, 200, 200, 200])
    assert one.worth is Worth.WRONG_KEY
    assert one.discrimination is not None
    assert one.discrimination < -90


def test_below_ten_attempts_nothing_is_shown_and_where_nobody_differs_nothing_is_divided() -> None:
    few = sums([100] * 9, [500] * 9)
    assert (few.facility, few.discrimination, few.worth, alpha([few, few])) == (None, None, None, None)
    same = sums([100] * 10, [500] * 10)
    assert (same.facility, same.is_easy, same.discrimination) == (1000, True, None)


@given(st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=10, max_size=30))
def test_figures_stay_in_their_bounds(people: list[list[int]]) -> None:
    totals = [sum(one) for one in people]
    items = [sums([one[place] for one in people], totals, 4) for place in range(3)]
    for item in items:
        assert item.facility is not None
        assert 0 <= item.facility <= 1000
        assert item.discrimination is None or -100 <= item.discrimination <= 100
    found = alpha(items)
    total = sum((Fraction(t) - Fraction(sum(totals), len(totals))) ** 2 for t in totals)
    assert (found is None) == (total == 0)
    assert found is None or found <= 100


# -- keys --------------------------------------------------------------------------------------------------------------


def test_a_key_follows_the_words_of_its_options() -> None:
    asked = Question("q", QuestionType.SINGLE, "？", ("甲", "乙", "丙"), "A")
    other = Question("q", QuestionType.SINGLE, "？", ("丙", "甲", "乙"), "C")
    judged = as_judged(asked, other)
    assert judged is not None
    assert judged.answer == "B"
    gone = Question("q", QuestionType.SINGLE, "？", ("丙", "甲", "丁"), "C")
    assert as_judged(asked, gone) is None
    assert as_judged(asked, Question("q", QuestionType.TRUE_FALSE, "？", answer="T")) is None


# -- what reports ask --------------------------------------------------------------------------------------------------


@pytest.fixture
def office(database: Database, cast: Cast, add_bank: AddBank) -> Office:
    add_bank(bank())
    return Office(database, cast)


def test_reports_count_released_exams_of_the_period_and_no_resits(office: Office) -> None:
    cast, month = office.cast, PeriodKind.MONTH.of(local_day(office.now))
    office.publish(SINGLE, JUDGED)
    office.answer(cast.zhang)
    office.answer(cast.sun, right=[3])
    office.release()
    office.publish(SINGLE)  # still open: counts nowhere
    found = office.database.look(figures.figures, cast.branch, month)
    assert (found.papers, found.rates.expected, found.rates.sat, found.rates.passed) == (1, 5, 2, 1)
    assert found.mean == 583  # 12 and 2 of 12 points: 58.3 of a hundred
    assert office.database.look(figures.figures, cast.district, month) == found
    for unit, period in ((cast.other, month), (cast.branch, month.previous())):
        assert office.database.look(figures.figures, unit, period).rates == Rates()
    worst = office.database.look(figures.lowest_items, cast.branch, month, n=2, min_answers=2)
    assert [one.rate for one in worst] == [500, 500]
    assert office.database.look(figures.lowest_items, cast.branch, month) == []  # fewer than thirty answers
    office.release()
    office.set(resit_of=1, resit_number=1)
    assert office.database.look(figures.figures, cast.branch, month).papers == 1


def test_rounds_are_counted_by_number_and_by_heads(play: Play) -> None:
    play.start(3)
    play.wait(60)
    while play.state is not RoundState.FINISHED:
        if play.state is RoundState.OPEN:
            for who in (play.cast.zhang, play.cast.zhou):
                play.vote(who, *play.right)
        play.wait(1)
    month = PeriodKind.MONTH.of(local_day(play.now))
    found = play.database.look(figures.figures, play.cast.company, month)
    assert (found.rounds, found.headcount, found.papers) == (1, 2, 0)
    assert play.database.look(figures.figures, play.cast.other, month).rounds == 0


def test_first_attempts_of_all_branches_weigh_a_question(office: Office, make: Make) -> None:
    people = office.people(make, 12)
    office.publish(SINGLE, JUDGED)
    for number, who in enumerate(people):
        office.answer(who, right=[1, 3] if number < 7 else [3])
    card = office.start(office.cast.li)
    office.submit(office.cast.li, card)  # empty: no attempt to learn from
    office.release()
    found = office.act(analysis.look, office.cast.wang, office.paper_id)
    assert found.attempts == 12
    assert [(one.answered, one.right, one.sums.facility) for one in found.items] == [
        (12, 7, 583),
        (12, 0, 0),
        (12, 12, 1000),
    ]
    assert [one.sums.is_hard for one in found.items] == [False, True, False]
    page = office.act(analysis.item, office.cast.li, office.paper_id, 1)
    assert sum(option.count for option in page.options) == 12
    assert [option.count for option in page.options if option.is_right] == [7]
    assert (page.may_correct, page.may_decide, page.has_other_key) == (False, True, False)


def test_where_all_was_right_no_question_of_an_exam_is_the_hardest(office: Office) -> None:
    office.publish()
    office.answer(office.cast.zhang)
    office.release()
    report = office.act(reports.report, office.cast.li, office.paper_id, 0)
    assert isinstance(report, Report)
    assert report.rates.sat == 1
    assert report.lowest is None
