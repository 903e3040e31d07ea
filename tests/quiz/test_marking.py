"""The marking table of quiz.md §4, cell by cell, and what a blank accepts."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.banks.rules import RIGHT, WRONG, Blank, BlankKind, Match, Question, QuestionType, Rule
from bot.quiz.marking import Mark, MarkingRule, half_up, is_accepted, mark, marking_rules
from bot.quiz.phrases import date_of, number_of

MULTIPLE = Question("m", QuestionType.MULTIPLE, "题", ("甲", "乙", "丙", "丁"), "ABC", score_centi=400, each_centi=50)
SINGLE = Question("s", QuestionType.SINGLE, "题", ("甲", "乙"), "B", score_centi=200)
JUDGE = Question("t", QuestionType.TRUE_FALSE, "题", answer=WRONG)
THREE = tuple(Blank((text,)) for text in ("甲", "乙", "丙"))
BLANKS = Question("b", QuestionType.BLANK, "____、____、____", blanks=THREE, rule=Rule.PROP)

TABLE = {
    Rule.ALL: (400, 0, 0, 0, 0, 0),
    Rule.HALF: (400, 200, 200, 0, 0, 0),
    Rule.EACH: (400, 100, 50, 0, 0, 0),
    Rule.PROP: (400, 267, 133, 0, 0, 0),
    Rule.MINUS: (400, 267, 133, 133, 267, 0),
}
PICKS = ("ABC", "AB", "A", "ABD", "ABCD", "")


@pytest.mark.parametrize(
    ("rule", "picked", "centi"),
    [(rule, pick, n) for rule, row in TABLE.items() for pick, n in zip(PICKS, row, strict=True)],
)
def test_each_cell_of_the_rule_table(rule: Rule, picked: str, centi: int) -> None:
    assert mark(replace(MULTIPLE, rule=rule), picked) == Mark(centi, picked == "ABC")


def test_a_paper_overrides_score_and_rule() -> None:
    assert mark(MULTIPLE, "AB", score_centi=600, rule=Rule.PROP).centi == 400


def test_a_paper_may_say_what_one_letter_is_worth() -> None:
    assert [mark(MULTIPLE, "AB", rule=Rule.EACH, each_centi=each).centi for each in (None, 150, 300)] == [100, 300, 400]
    assert mark(MULTIPLE, "AB", rule=Rule.HALF, each_centi=150).centi == 200


def test_the_rules_somebody_should_know_are_those_of_letters_and_of_several_blanks() -> None:
    one_blank = replace(BLANKS, blanks=THREE[:1])
    asked = [
        (Rule.PROP, BLANKS),
        (Rule.ALL, one_blank),
        (Rule.EACH, MULTIPLE),
        (Rule.HALF, SINGLE),
        (Rule.EACH, MULTIPLE),
    ]
    blanks = MarkingRule(QuestionType.BLANK, Rule.PROP)
    assert marking_rules(asked, None) == (MarkingRule(QuestionType.MULTIPLE, Rule.EACH, 50), blanks)
    assert marking_rules(asked, 200) == (MarkingRule(QuestionType.MULTIPLE, Rule.EACH, 200), blanks)
    assert marking_rules([(Rule.HALF, MULTIPLE)], 200) == (MarkingRule(QuestionType.MULTIPLE, Rule.HALF),)


def test_half_of_five_hundredths_is_rounded_up() -> None:
    assert mark(MULTIPLE, "A", score_centi=5, rule=Rule.HALF).centi == 3


def test_each_never_exceeds_the_score() -> None:
    assert mark(MULTIPLE, "AB", score_centi=80, rule=Rule.EACH).centi == 80


@pytest.mark.parametrize(("picked", "centi"), [("B", 200), ("A", 0), ("AB", 0), ("", 0)])
def test_a_single_choice_is_all_or_nothing(picked: str, centi: int) -> None:
    assert mark(SINGLE, picked, rule=Rule.MINUS) == Mark(centi, centi > 0)


def test_a_judgement_is_all_or_nothing() -> None:
    assert mark(JUDGE, WRONG) == Mark(100, True)
    assert mark(JUDGE, RIGHT) == Mark(0, False)
    assert mark(JUDGE, "") == Mark(0, False)


def test_blanks_earn_their_share() -> None:
    assert mark(BLANKS, ("甲", "乙", "错")) == Mark(67, False, (True, True, False))
    assert mark(BLANKS, ("甲", "乙", "丙")) == Mark(100, True, (True, True, True))
    assert mark(BLANKS, ("甲",)) == Mark(33, False, (True, False, False))
    assert mark(BLANKS, ()) == Mark(0, False, (False, False, False))


def test_blanks_under_all_earn_all_or_nothing() -> None:
    assert mark(BLANKS, ("甲", "乙", "错"), rule=Rule.ALL).centi == 0
    assert mark(BLANKS, ("甲", "乙", "丙"), rule=Rule.ALL).centi == 100


def test_blanks_in_any_order_pair_each_text_once() -> None:
    question = replace(BLANKS, is_any_order=True)
    assert mark(question, ("丙", "甲", "乙")).is_right
    assert mark(question, ("甲", "甲", "甲")).right_blanks == (True, False, False)
    wide = replace(question, blanks=(Blank(("甲", "乙")), Blank(("甲",)), Blank(("丙",))))
    assert mark(wide, ("甲", "乙", "丙")).is_right


SIX = Blank(("六",), BlankKind.NUMBER)
DAY = Blank(("2018-10-28",), BlankKind.DATE)


@pytest.mark.parametrize("text", [" ６ ", "陆", "六个", "6", "六。", "6人", "6.0"])
def test_a_number_is_accepted_however_it_is_written(text: str) -> None:
    assert is_accepted(SIX, text)


@pytest.mark.parametrize("text", ["十六", "", " ", "六六", "约六", "6%"])
def test_another_number_is_refused(text: str) -> None:
    assert not is_accepted(SIX, text)


@pytest.mark.parametrize(
    "text",
    [
        "2018年10月28日",
        "2018.10.28",
        "二〇一八年十月二十八日",
        "2018/10/28",
        "２０１８－１０－２８",
        "20181028",
        "二○一八年十月廿八日",
    ],
)
def test_a_date_is_accepted_however_it_is_written(text: str) -> None:
    assert is_accepted(DAY, text)


@pytest.mark.parametrize("text", ["2018年10月", "10月28日", "2018年2月30日", "明天"])
def test_another_date_is_refused(text: str) -> None:
    assert not is_accepted(DAY, text)


def test_width_case_quotes_and_end_punctuation_make_no_difference() -> None:
    blank = Blank(("《中国共产党章程》", "ABC"))
    for text in ("中国共产党章程", " 《中国共产党 章程》。", "ａｂｃ", "“abc”"):
        assert is_accepted(blank, text)
    assert not is_accepted(blank, "党章")


def test_contains_takes_the_accepted_text_as_a_whole() -> None:
    text = Blank(("镰刀",), match=Match.CONTAINS)
    number = Blank(("六",), BlankKind.NUMBER, Match.CONTAINS)
    day = Blank(("2018-10-28",), BlankKind.DATE, Match.CONTAINS)
    assert is_accepted(text, "由镰刀组成")
    assert not is_accepted(text, "镰")
    assert is_accepted(number, "共6个")
    assert not is_accepted(number, "共十六个")
    assert is_accepted(day, "自2018年10月28日起")
    assert is_accepted(Blank(("六项纪律",), BlankKind.NUMBER, Match.CONTAINS), "党的六项纪律")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("一百零五", 105),
        ("一百五", 150),
        ("一百五十", 150),
        ("两千", 2000),
        ("三万二", 32000),
        ("十", 10),
        ("廿三", 23),
        ("卅", 30),
        ("一亿三千万", 130_000_000),
        ("三万亿", 3_000_000_000_000),
        ("壹佰贰拾叁", 123),
        ("二〇一八", 2018),
        ("1,050", 1050),
        ("1.5亿", 150_000_000),
        ("3万", 30000),
        ("百分之五十", Fraction(1, 2)),
        ("50%", Fraction(1, 2)),
        ("三分之二", Fraction(2, 3)),
        ("2/3", Fraction(2, 3)),
        ("⅔", Fraction(2, 3)),
        ("千分之五", Fraction(5, 1000)),
        ("5‰", Fraction(5, 1000)),
        ("三点五", Fraction(7, 2)),
        ("一万零五百", 10500),
        ("第六", None),
        ("一二百", None),
        ("六点", None),
        ("", None),
        ("1/0", None),
        ("若干", None),
    ],
)
def test_a_number_is_read(text: str, value: Fraction | int | None) -> None:
    assert number_of(text) == value


def test_a_half_date_stays_half() -> None:
    assert date_of("2018年10月") == "2018-10"
    assert date_of("七月一日") == "--07-01"
    assert date_of("2月29日") == "--02-29"


@given(st.integers(min_value=0, max_value=10**6), st.integers(min_value=1, max_value=50))
def test_half_up_is_the_nearest_whole_with_halves_up(n: int, d: int) -> None:
    assert abs(half_up(n, d) * d - n) * 2 <= d
    assert half_up(2 * n + 1, 2) == n + 1


@given(st.sets(st.sampled_from("ABCD"), min_size=1), st.sets(st.sampled_from("ABCD")), st.sampled_from(Rule))
def test_points_stay_between_nothing_and_the_score(key: set[str], picked: set[str], rule: Rule) -> None:
    question = replace(MULTIPLE, answer="".join(sorted(key)), rule=rule)
    result = mark(question, "".join(sorted(picked)))
    assert 0 <= result.centi <= 400
    assert result.is_right == (picked == key)
    assert result.centi == 400 or not result.is_right
