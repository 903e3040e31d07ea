"""Forms of a question in a poll, the draw, keys of the outbox, and what counts come to."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.banks.rules import POLL_DESCRIPTION, POLL_OPTION, POLL_QUESTION, Form, Question, QuestionType, Rule
from bot.message import Poll, units
from bot.quiz import views
from bot.quiz.blueprint import Blueprint, BlueprintRow, Pooled, TooFewError, draw
from bot.quiz.facts import ItemCount, LiveItem, Summary
from bot.quiz.phrases import near_titles, read_round
from bot.quiz.rules import Key, poll_form, prefix, read_prefix, selection, shown_key, tenths, time_for
from tests.quiz.banks import JUDGED, MULTIPLE, SINGLE


def item(question: Question, *, round_id: int = 12, position: int = 1, total: int = 10) -> LiveItem:
    order = tuple(range(len(question.options)))
    form = poll_form(question, prefix(round_id, position, total))
    return LiveItem(round_id, position, total, question, order, form)


def poll(question: Question) -> Poll:
    return views.poll(item(question))


# -- a question in a poll ----------------------------------------------------------------------------------------------


def test_a_single_choice_as_the_group_gets_it() -> None:
    assert poll(SINGLE) == Poll(
        question="【12-1/10】支部党员大会一般多久召开一次？",
        options=("A. 每月", "B. 每季度", "C. 每半年", "D. 每年"),
        right=(1,),
        open_for=timedelta(seconds=30),
        explanation="一般每季度召开一次。",
    )


def test_a_multiple_choice_has_several_right_options_and_more_time() -> None:
    asked = poll(MULTIPLE)
    assert (asked.right, asked.allows_several, asked.open_for) == ((0, 1, 2), True, timedelta(seconds=45))


def test_a_judgement_is_never_shuffled_and_has_two_words() -> None:
    asked = poll(JUDGED)
    assert (asked.options, asked.right, asked.allows_several) == (("正确", "错误"), (1,), False)


@pytest.mark.parametrize(("length", "form"), [(97, Form.F0), (98, Form.F2)])
def test_an_option_of_98_characters_goes_into_the_description(length: int, form: Form) -> None:
    question = replace(SINGLE, options=("长" * length, "短", "中", "大"))
    assert item(question).form is form
    asked = poll(question)
    if form is Form.F2:
        assert asked.question == "【12-1/10】支部党员大会一般多久召开一次？"
        assert asked.options == ("A", "B", "C", "D")
        assert asked.description.startswith(f"A. {'长' * 98}\nB. 短")


def test_a_long_stem_goes_into_the_description() -> None:
    asked = poll(replace(SINGLE, stem="长" * 400))
    assert (asked.question, asked.description) == ("【12-1/10】题干见说明", "长" * 400)
    assert asked.options[0] == "A. 每月"


def test_a_long_stem_with_long_options_shares_the_description() -> None:
    asked = poll(replace(SINGLE, stem="干" * 400, options=("长" * 98, "短", "中", "大")))
    assert asked.question == "【12-1/10】题目见说明"
    assert asked.description == f"{'干' * 400}\nA. {'长' * 98}\nB. 短\nC. 中\nD. 大"


def test_a_very_long_stem_goes_into_a_message_before() -> None:
    question = replace(SINGLE, stem="长" * 1100)
    asked, before = poll(question), views.before_poll(item(question))
    assert asked.question == "【12-1/10】题目见上一条消息"
    assert (asked.options, asked.description) == (("A", "B", "C", "D"), "")
    assert asked.open_for == timedelta(seconds=45)  # 15 s more: the eyes go up and down
    assert before.text == f"【12-1/10】{'长' * 1100}\nA. 每月\nB. 每季度\nC. 每半年\nD. 每年"
    assert before.is_protected


def test_a_long_judgement_keeps_its_words() -> None:
    asked = poll(replace(JUDGED, stem="长" * 1100))
    assert asked.options == ("正确", "错误")
    assert views.before_poll(item(replace(JUDGED, stem="长" * 1100))).text == f"【12-1/10】{'长' * 1100}"


@given(
    stem=st.integers(1, 2000),
    longest=st.integers(1, 500),
    count=st.integers(2, 12),
    round_id=st.integers(1, 10**6),
    position=st.integers(1, 50),
)
def test_every_question_fits_a_poll(stem: int, longest: int, count: int, round_id: int, position: int) -> None:
    options = tuple("长" * max(1, longest - n) for n in range(count))
    question = replace(SINGLE, stem="干" * stem, options=options)
    asked = views.poll(item(question, round_id=round_id, position=position, total=50))
    assert units(asked.question) <= POLL_QUESTION
    assert all(0 < units(option) <= POLL_OPTION for option in asked.options)
    assert units(asked.description) <= POLL_DESCRIPTION


@pytest.mark.parametrize(("at", "total", "length"), [(1, 9, 8), (1, 10, 9), (10, 10, 10)])
def test_the_prefix_counts_towards_the_question(at: int, total: int, length: int) -> None:
    start = prefix(12, at, total)
    assert units(start) == length
    fitting = replace(SINGLE, stem="长" * (POLL_QUESTION - length))
    assert poll_form(fitting, start) is Form.F0
    assert poll_form(replace(fitting, stem=fitting.stem + "长"), start) is Form.F1


def test_a_poll_is_known_again_by_its_prefix() -> None:
    assert read_prefix(prefix(12, 3, 10) + "题干") == (12, 3, 10)
    assert read_prefix("【12-3】题干") is None
    assert read_prefix("看，【12-3/10】题干") is None


@given(order=st.permutations(range(4)), picked=st.sets(st.integers(0, 3)))
def test_shown_places_and_bank_letters_go_together(order: list[int], picked: set[int]) -> None:
    letters = selection(MULTIPLE, order, sorted(picked))
    assert letters == "".join(sorted("ABCD"[order[place]] for place in picked))
    assert selection(MULTIPLE, order, shown_key(MULTIPLE, order)) == MULTIPLE.answer


def test_a_place_that_does_not_exist_is_no_letter() -> None:
    assert selection(SINGLE, (0, 1, 2, 3), (7,)) == ""
    assert selection(JUDGED, (), (0,)) == "T"
    assert selection(JUDGED, (), (1,)) == JUDGED.answer
    assert selection(JUDGED, (), (2,)) == ""


def test_only_the_form_with_a_message_before_takes_longer() -> None:
    assert [time_for(SINGLE, form).total_seconds() for form in Form] == [30, 30, 30, 45]


# -- the draw ----------------------------------------------------------------------------------------------------------


def pooled(n: int, kind: QuestionType = QuestionType.SINGLE, *, fresh: bool = True, topic: str = "") -> Pooled:
    return Pooled(n, kind, (topic,) if topic else (), 3, f"print-{n}", fresh)


POOL = [pooled(n) for n in range(20)]


def ids(rows: list[BlueprintRow], pool: list[Pooled], seed: int = 7) -> list[int]:
    return [picked.version_id for picked in draw(rows, pool, seed)]


def test_one_seed_is_one_draw() -> None:
    row = [BlueprintRow(5)]
    assert ids(row, POOL) == ids(row, POOL)
    assert len({tuple(ids(row, POOL, seed)) for seed in range(20)}) > 10


def test_what_the_branch_has_not_had_comes_first() -> None:
    pool = [pooled(n, fresh=n >= 17) for n in range(20)]
    assert sorted(ids([BlueprintRow(3)], pool)) == [17, 18, 19]
    assert {17, 18, 19} < set(ids([BlueprintRow(5)], pool))


def test_no_question_comes_twice_under_another_number() -> None:
    twins = [replace(pooled(n), fingerprint="same") for n in range(3)] + [pooled(3)]
    assert len(ids([BlueprintRow(2)], twins)) == 2
    with pytest.raises(TooFewError) as too_few:
        ids([BlueprintRow(3)], twins)
    assert too_few.value.have == 2


def test_two_rows_never_take_the_same_question() -> None:
    rows = [BlueprintRow(10, QuestionType.SINGLE), BlueprintRow(10)]
    assert sorted(ids(rows, POOL)) == list(range(20))


def test_a_paper_runs_from_single_choice_to_judgement() -> None:
    kinds = [QuestionType.TRUE_FALSE, QuestionType.MULTIPLE, QuestionType.SINGLE]
    pool = [pooled(n, kinds[n % 3]) for n in range(12)]
    drawn = [picked.type for picked in draw([BlueprintRow(12)], pool, 1)]
    assert drawn == sorted(drawn, key=list(QuestionType).index)


def test_blanks_are_never_drawn_for_a_group() -> None:
    with pytest.raises(TooFewError):
        draw([BlueprintRow(1)], [pooled(1, QuestionType.BLANK)], 1)


def test_a_row_may_ask_for_type_topic_and_difficulty() -> None:
    pool = [pooled(1, topic="党章"), pooled(2, topic="党史"), pooled(3, QuestionType.MULTIPLE, topic="党史")]
    assert ids([BlueprintRow(1, QuestionType.MULTIPLE, "党史", 3)], pool) == [3]
    with pytest.raises(TooFewError):
        ids([BlueprintRow(1, difficulty=5)], pool)


def test_a_blueprint_is_stored_whole() -> None:
    rows = (BlueprintRow(5, QuestionType.MULTIPLE, "党史", 2, 600, Rule.EACH, 150), BlueprintRow(3))
    blueprint = Blueprint((4, 7), rows, is_quick=True)
    assert Blueprint.from_json(blueprint.to_json()) == blueprint
    assert (blueprint.each_centi(), Blueprint().each_centi()) == (150, None)
    assert Blueprint.from_json({}) == Blueprint()


# -- figures -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "d", "text"), [(17, 18, "94.4"), (16, 17, "94.1"), (1, 1, "100"), (1, 3, "33.3"), (0, 5, "0")]
)
def test_a_rate_has_one_decimal_rounded_half_up(n: int, d: int, text: str) -> None:
    assert views.percent(n, d) == text


def test_half_a_tenth_is_rounded_up() -> None:
    assert views.decimal(tenths(337, 4)) == "84.3"


@pytest.mark.parametrize(("centi", "text"), [(400, "4"), (150, "1.5"), (267, "2.67"), (0, "0"), (1000, "10")])
def test_points_have_no_trailing_zeros(centi: int, text: str) -> None:
    assert views.score(centi) == text


def test_the_hardest_question_is_the_first_of_the_lowest_rate() -> None:
    counts = (ItemCount(1, 4, 2), ItemCount(2, 2, 1), ItemCount(3, 3, 3))
    assert Summary("题", 3, 4, counts).hardest == ItemCount(1, 4, 2)
    assert Summary("题", 1, 3, (ItemCount(1, 3, 3),)).hardest is None


def test_a_key_of_the_outbox_says_what_it_is_about() -> None:
    key = Key(12, "item", (3, 9))
    assert str(key) == "round:12:item:3:9"
    assert Key.parse(str(key)) == key
    assert Key.parse("round:12:end") == Key(12, "end")


# -- /round in words ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "count"),
    [
        ("党章", "党章", None),
        ("党章 10", "党章", 10),
        ("《党章知识》 ３０　题", "党章知识", 30),
        ("党章知识10题", "党章知识", 10),
        ("党的二十大报告 5 题", "党的二十大报告", 5),
        ("2026年测试", "2026年测试", None),
        ("测试2026", "测试2026", None),
        ("8", "", 8),
        ("8题", "", 8),
        ("题", "题", None),
    ],
)
def test_a_bank_and_a_number_are_read_as_people_write_them(text: str, name: str, count: int | None) -> None:
    assert read_round(text) == (name, count)


def test_titles_that_hold_the_name_come_before_those_that_are_like_it() -> None:
    titles = ["二十大精神", "党的二十大报告", "支部工作条例", "党章"]
    assert near_titles("二十大", titles) == ["二十大精神", "党的二十大报告"]
    assert near_titles("支部条例", titles) == ["支部工作条例"]
    assert near_titles("天气", titles) == []
