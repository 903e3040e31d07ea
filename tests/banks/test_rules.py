"""Identity of questions, order of options, and the forms of native polls."""

import random
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.banks.content import content_hash, content_of, question_of
from bot.banks.rules import (
    Blank,
    Form,
    Question,
    QuestionType,
    Rule,
    Source,
    Status,
    bank_letters,
    fingerprint,
    form_of,
    in_force,
    is_cited_in_force,
    is_shufflable,
    marking_hash,
    names_letters,
    option_order,
    shown_letters,
    squeeze,
    sums_up,
)

CHOICE = Question("q", QuestionType.MULTIPLE, "多久一次？", ("每月", "每季度", "每年", "以上都对"), "AB")
ON = date(2026, 3, 2)


def test_a_stored_question_comes_back_as_it_was() -> None:
    question = replace(CHOICE, blanks=(Blank(("三", "3")),), valid_until=ON, each_centi=50, topics=("频次",))
    assert question_of("q", content_of(question), Status.DRAFT) == replace(question, status=Status.DRAFT)


def test_status_and_code_are_no_part_of_the_content() -> None:
    same = replace(CHOICE, code="r", status=Status.RETIRED)
    assert content_hash(content_of(CHOICE)) == content_hash(content_of(same))
    assert content_hash(content_of(CHOICE)) != content_hash(content_of(replace(CHOICE, hint="想一想")))


@pytest.mark.parametrize(
    "change",
    [{"stem": "几时一次？"}, {"explain": "见条例"}, {"score_centi": 400}, {"difficulty": 1}, {"each_centi": 50}],
)
def test_wording_leaves_the_marking_alone(change: dict[str, object]) -> None:
    assert marking_hash(replace(CHOICE, **change)) == marking_hash(CHOICE)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    "change",
    [{"answer": "AC"}, {"rule": Rule.ALL}, {"options": ("每月", "每周", "每年", "都对")}, {"is_any_order": True}],
)
def test_key_options_and_rule_change_the_marking(change: dict[str, object]) -> None:
    assert marking_hash(replace(CHOICE, **change)) != marking_hash(CHOICE)  # type: ignore[arg-type]  # fields by name


def test_a_single_choice_has_no_rule_to_change() -> None:
    single = replace(CHOICE, type=QuestionType.SINGLE, answer="A")
    assert marking_hash(single) == marking_hash(replace(single, rule=Rule.ALL))


def test_the_fingerprint_sees_through_order_width_and_punctuation() -> None:
    same = replace(CHOICE, stem=" 多久　一次（　）?", options=("每年。", "以上都对", "每月", "每 季度"), answer="CD")
    assert fingerprint(same) == fingerprint(CHOICE)
    assert fingerprint(replace(CHOICE, type=QuestionType.SINGLE)) == fingerprint(CHOICE)


def test_other_options_or_another_kind_are_another_question() -> None:
    assert fingerprint(replace(CHOICE, options=("每月", "每周"))) != fingerprint(CHOICE)
    assert fingerprint(replace(CHOICE, type=QuestionType.BLANK, options=())) != fingerprint(CHOICE)


def test_signs_that_make_another_number_are_kept() -> None:
    assert squeeze("５０％") == "50%"
    assert squeeze("≥３") != squeeze("≤3")
    assert squeeze("《党 章》，_甲_") == "党章甲"


@pytest.mark.parametrize(
    "option", ["以上都对", "以上都不对。", "以上全部正确", "以上三项均是", "上述都包括", "都对", "全部正确", "均不是"]
)
def test_an_option_that_sums_up_is_known(option: str) -> None:
    assert sums_up(option)


@pytest.mark.parametrize(
    "option", ["每月", "以上级党组织决定", "三分之二以上", "全国代表大会", "全体党员", "都有义务参加"]
)
def test_an_ordinary_option_sums_nothing_up(option: str) -> None:
    assert not sums_up(option)


@pytest.mark.parametrize("option", ["A和B", "Ａ、Ｂ", "ABC", "A,B都对", "选项A错误", "只有A或C正确", "B不对"])
def test_an_option_that_names_letters_is_known(option: str) -> None:
    assert names_letters(option, "ABCD")
    assert not is_shufflable(replace(CHOICE, options=("甲", "乙", "丙", option)))


@pytest.mark.parametrize("option", ["A", "维生素A", "5A级景区", "E和F", "NATO", "A股市场", "B"])
def test_a_letter_alone_names_no_neighbour(option: str) -> None:
    assert not names_letters(option, "ABCD")


@given(st.integers(), st.sets(st.sampled_from("ABCD")))
def test_letters_survive_the_shuffle(seed: int, picked: set[str]) -> None:
    order = option_order(CHOICE, random.Random(seed))
    letters = "".join(sorted(picked))
    assert sorted(order) == [0, 1, 2, 3]
    assert order[-1] == 3
    assert bank_letters(shown_letters(letters, order), order) == letters


def test_locked_options_stay_last_in_their_own_order() -> None:
    question = replace(CHOICE, lock="A")
    orders = {option_order(question, random.Random(seed)) for seed in range(20)}
    assert orders == {(1, 2, 0, 3), (2, 1, 0, 3)}


def test_some_questions_keep_their_order() -> None:
    for question in (
        replace(CHOICE, is_shuffled=False),
        replace(CHOICE, options=("甲", "乙", "丙", "A和B")),
        Question("t", QuestionType.TRUE_FALSE, "对吗？", answer="T"),
    ):
        assert option_order(question, random.Random(1)) == tuple(range(len(question.options)))


@pytest.mark.parametrize(
    ("stem", "options", "form"),
    [
        ("短" * 286, ("每月", "每年"), Form.F0),
        ("短" * 287, ("每月", "每年"), Form.F1),
        ("长" * 1024, ("每月", "每年"), Form.F1),
        ("长" * 1025, ("每月", "每年"), Form.F3),
        ("短", ("项" * 97, "乙"), Form.F0),
        ("短", ("项" * 98, "乙"), Form.F2),
        ("短" * 286, ("项" * 500, "乙" * 500), Form.F2),
        ("短" * 287, ("项" * 500, "乙" * 500), Form.F3),
        ("长" * 400, ("项" * 98, "乙"), Form.F2),
        ("短", ("项" * 500, "乙" * 500, "丙" * 20), Form.F3),
        ("短" * 286, (), Form.F0),
        ("\U00020000" * 143, (), Form.F0),
        ("\U00020000" * 144, (), Form.F1),
    ],
)
def test_the_first_form_that_fits_is_taken(stem: str, options: tuple[str, ...], form: Form) -> None:
    assert form_of(stem, options) is form


def test_a_shorter_prefix_leaves_more_room() -> None:
    assert form_of("短" * 290, (), prefix=9) is Form.F0


OLD = Source("a", "《党章》", "十九大", date(2017, 10, 24))
NEW = Source("b", "党章", "二十大", date(2022, 10, 22))


def test_the_latest_edition_that_has_taken_effect_is_in_force() -> None:
    before, after = (in_force([OLD, NEW], day) for day in (date(2022, 10, 21), date(2022, 10, 22)))
    assert [is_cited_in_force(source, before, date(2022, 10, 21)) for source in (OLD, NEW)] == [True, False]
    assert [is_cited_in_force(source, after, date(2022, 10, 22)) for source in (OLD, NEW)] == [False, True]


def test_an_edition_ends_after_its_last_day() -> None:
    ending = replace(NEW, expires=ON)
    assert is_cited_in_force(ending, in_force([ending], ON), ON)
    assert not is_cited_in_force(ending, in_force([ending], ON), date(2026, 3, 3))


def test_the_only_edition_is_not_in_force_before_it_takes_effect() -> None:
    eve, day = date(2022, 10, 21), date(2022, 10, 22)
    assert not is_cited_in_force(NEW, in_force([NEW], eve), eve)
    assert is_cited_in_force(NEW, in_force([NEW], day), day)


def test_a_source_without_a_day_that_is_registered_nowhere_is_in_force() -> None:
    assert is_cited_in_force(Source("c", "《讲话》"), {}, ON)
