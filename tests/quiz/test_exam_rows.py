"""The rows of an exam being made: topic, level and points of each, counts that exist, one marking rule for a type."""

from dataclasses import replace

import pytest

from bot.banks.rules import Bank, Question, QuestionType, Rule, shown_letters
from bot.db import Database
from bot.errors import UserError
from bot.message import StaleButton
from bot.quiz import exam_drafts, exam_rows, exam_settings, papers, regrading, starting
from bot.quiz.blueprint import BlueprintRow
from bot.quiz.drafts import topic_number
from bot.quiz.exam_facts import Cover, ExamDraft, HandedIn, RowDesk
from bot.quiz.marking import MarkingRule
from bot.quiz.models import PaperItem, PaperPool
from bot.quiz.rules import MOST_ROWS, ROW_RULES, DraftStep, Draw, Regrading, Setting
from tests.make import Cast
from tests.quiz.conftest import AddBank
from tests.quiz.hall import Hall, bank
from tests.quiz.office import Office

LONG = "党的组织生活制度与党员教育管理监督服务工作相结合的若干问题"
EACH = ROW_RULES[QuestionType.MULTIPLE].index(Rule.EACH)
SINGLES, MULTIPLES = 0, 1  # places of the rows of a standard paper


def topical() -> Bank:
    """Singles: 6 on 党章, of which 2 are hard, and 4 on a long topic; 2 multiple choices."""
    single = Question("s", QuestionType.SINGLE, "单选？", ("对", "错一", "错二"), "A")
    questions = [
        replace(single, code=f"z-{n}", stem=f"党章{n}？", topics=("党章",), difficulty=5 if n < 2 else 3)
        for n in range(6)
    ]
    questions += [replace(single, code=f"l-{n}", stem=f"组织生活{n}？", topics=(LONG,), difficulty=2) for n in range(4)]
    multiple = Question("m", QuestionType.MULTIPLE, "多选？", ("对甲", "对乙", "对丙", "错丁"), "ABC")
    questions += [replace(multiple, code=f"m-{n}", stem=f"多选{n}？") for n in range(2)]
    return Bank("topical", "分知识点", tuple(questions))


@pytest.fixture
def draft(hall: Hall, add_bank: AddBank) -> ExamDraft:
    """李四 has come to the rows of a paper out of this bank: 单选 5 题."""
    add_bank(topical())
    made = hall.act(exam_drafts.begin, hall.cast.li, seed=1)
    bank_id = next(one.bank_id for one in made.banks if one.title == "分知识点")
    hall.act(exam_drafts.choose_bank, hall.cast.li, made.paper_id, bank_id)
    hall.act(exam_drafts.choose_topic, hall.cast.li, made.paper_id, 0)
    hall.act(exam_rows.remove, hall.cast.li, made.paper_id, MULTIPLES)
    hall.act(exam_rows.remove, hall.cast.li, made.paper_id, 2)
    return hall.act(exam_rows.set_count, hall.cast.li, made.paper_id, SINGLES, 5).draft


def add(hall: Hall, draft: ExamDraft, kind: QuestionType, place: int) -> RowDesk:
    return hall.act(exam_rows.add, hall.cast.li, draft.paper_id, kind, place)


def about(hall: Hall, draft: ExamDraft, place: int, topic: str) -> RowDesk:
    return hall.act(exam_rows.set_topic, hall.cast.li, draft.paper_id, place, topic_number(topic))


def count(hall: Hall, draft: ExamDraft, place: int, n: int) -> RowDesk:
    return hall.act(exam_rows.set_count, hall.cast.li, draft.paper_id, place, n)


def go(hall: Hall, draft: ExamDraft, step: DraftStep) -> ExamDraft:
    return hall.act(exam_drafts.go, hall.cast.li, draft.paper_id, step.value)


def publish(hall: Hall, draft: ExamDraft) -> None:
    go(hall, draft, DraftStep.PREVIEW)
    hall.paper_id = hall.act(exam_drafts.publish, hall.cast.li, draft.paper_id).paper_id
    hall.ring()


def test_each_row_counts_what_matches_its_topic_and_level(hall: Hall, draft: ExamDraft) -> None:
    desk = hall.act(exam_rows.look, hall.cast.li, draft.paper_id, SINGLES)
    assert (desk.row.have, desk.most) == (10, 10)
    assert [(one.title, one.count) for one in desk.topics] == [("党章", 6), (LONG, 4)]
    assert dict(desk.levels) == {5: 2, 3: 4, 2: 4}
    desk = about(hall, draft, SINGLES, "党章")
    assert (desk.row.topic, desk.row.have, dict(desk.levels), desk.of_any_topic) == ("党章", 6, {5: 2, 3: 4}, 10)
    desk = hall.act(exam_rows.set_level, hall.cast.li, draft.paper_id, SINGLES, 5)
    assert (desk.row.level, desk.row.have, desk.row.gets, desk.of_any_level) == (5, 2, 2, 6)
    desk = hall.act(exam_rows.set_level, hall.cast.li, draft.paper_id, SINGLES, 0)
    assert (desk.row.level, desk.row.have) == (None, 6)


def test_more_than_there_is_of_a_combination_is_refused_with_the_number(hall: Hall, draft: ExamDraft) -> None:
    about(hall, draft, SINGLES, "党章")
    for ask in (lambda: count(hall, draft, SINGLES, 7), lambda: write(hall, draft, "row0", "7题 5分")):
        with pytest.raises(papers.TooFew) as refused:
            ask()
        assert str(refused.value) == "题量不够：单选（党章）需要 7 道，可用 6 道。请减少题量或换题库。"
    hall.act(exam_rows.set_level, hall.cast.li, draft.paper_id, SINGLES, 5)  # of the five questions there are two
    with pytest.raises(papers.TooFew) as refused:
        go(hall, draft, DraftStep.WINDOW)
    assert str(refused.value) == "题量不够：单选（党章，难度 5）需要 5 道，可用 2 道。请减少题量或换题库。"
    hall.act(exam_rows.set_topic, hall.cast.li, draft.paper_id, SINGLES, 0)
    with pytest.raises(papers.TooFew) as refused:
        go(hall, draft, DraftStep.WINDOW)
    assert "单选（难度 5）需要 5 道" in str(refused.value)
    assert count(hall, draft, SINGLES, 2).row.count == 2
    assert go(hall, draft, DraftStep.WINDOW).step is DraftStep.WINDOW


def write(hall: Hall, draft: ExamDraft, what: str, text: str) -> ExamDraft:
    return hall.act(exam_settings.fill, hall.cast.li, f"{draft.paper_id}:{what}", text)


def test_a_row_leaves_the_others_what_they_need(hall: Hall, draft: ExamDraft) -> None:
    count(hall, draft, SINGLES, 7)  # of any topic: there are ten
    desk = add(hall, draft, QuestionType.SINGLE, 3)
    assert (desk.row.place, desk.row.count, desk.most) == (3, 3, 3)
    desk = about(hall, draft, 3, "党章")
    assert (desk.row.have, desk.most) == (6, 3)
    with pytest.raises(exam_rows.TakenByOthers) as refused:
        count(hall, draft, 3, 4)
    assert str(refused.value) == "单选（党章）可用 6 道，其他行要用去一些，这一行最多 3 道。请减少题量。"
    count(hall, draft, SINGLES, 4)
    assert count(hall, draft, 3, 6).row.gets == 6
    with pytest.raises(exam_rows.NoneLeft):
        add(hall, draft, QuestionType.SINGLE, 4)


def test_the_rows_of_a_type_are_drawn_apart(hall: Hall, draft: ExamDraft) -> None:
    count(hall, draft, SINGLES, 4)
    add(hall, draft, QuestionType.SINGLE, 3)
    about(hall, draft, 3, "党章")
    count(hall, draft, 3, 6)
    hall.act(exam_rows.set_score, hall.cast.li, draft.paper_id, 3, 1000)
    publish(hall, draft)
    worth = sorted(item.score_centi for item in hall.rows(PaperItem) if item.paper_id == hall.paper_id)
    assert worth == [500] * 4 + [1000] * 6
    card = hall.start(hall.cast.zhang)
    cards = [hall.open(hall.cast.zhang, card, place) for place in range(1, card.total + 1)]
    assert {one.question.stem[:2] for one in cards if one.score_centi == 1000} == {"党章"}
    assert len({one.question.stem for one in cards}) == 10


def test_every_attempt_has_the_rows_of_the_paper(hall: Hall, draft: ExamDraft) -> None:
    hall.act(exam_settings.put, hall.cast.li, draft.paper_id, Setting.DRAW.value, Draw.EACH.value)
    count(hall, draft, SINGLES, 2)
    add(hall, draft, QuestionType.SINGLE, 3)
    about(hall, draft, 3, LONG)
    count(hall, draft, 3, 2)
    add(hall, draft, QuestionType.MULTIPLE, MULTIPLES)
    publish(hall, draft)
    assert {one.row for one in hall.rows(PaperPool)} == {0, 1, 2}  # rows that were taken off are gone
    for who in (hall.cast.zhang, hall.cast.li):
        card = hall.start(who)
        cards = [hall.open(who, card, place) for place in range(1, card.total + 1)]
        assert [one.question.type for one in cards] == [QuestionType.SINGLE] * 4 + [QuestionType.MULTIPLE] * 2
        assert sum(LONG in one.question.topics for one in cards) >= 2


# -- old buttons, double taps ------------------------------------------------------------------------------------------


def test_a_row_added_twice_by_one_button_is_one_row(hall: Hall, draft: ExamDraft) -> None:
    offered = {kind: place for kind, _, place in hall.act(exam_rows.kinds, hall.cast.li, draft.paper_id).kinds}
    assert offered == {
        QuestionType.SINGLE: 3,
        QuestionType.MULTIPLE: 1,
        QuestionType.TRUE_FALSE: 2,
        QuestionType.BLANK: 3,
    }
    assert add(hall, draft, QuestionType.MULTIPLE, 1).row.count == 2
    assert add(hall, draft, QuestionType.MULTIPLE, 1).row.count == 2
    assert [row.count for row in hall.act(exam_drafts.look, hall.cast.li, draft.paper_id).rows] == [5, 2, 0]


def test_an_old_button_changes_the_row_it_was_shown_for(hall: Hall, draft: ExamDraft) -> None:
    add(hall, draft, QuestionType.SINGLE, 3)
    about(hall, draft, 3, LONG)
    hall.act(exam_rows.remove, hall.cast.li, draft.paper_id, SINGLES)
    hall.act(exam_rows.remove, hall.cast.li, draft.paper_id, SINGLES)
    desk = count(hall, draft, 3, 4)
    assert (desk.row.topic, [row.count for row in desk.draft.rows]) == (LONG, [0, 0, 0, 4])


@pytest.mark.parametrize("place", [-1, 3, 2**31 - 1])
def test_a_row_that_is_not_there_is_an_old_button(hall: Hall, draft: ExamDraft, place: int) -> None:
    li, paper_id = hall.cast.li, draft.paper_id
    for act, *args in (
        (exam_rows.look,),
        (exam_rows.remove,),
        (exam_rows.set_count, 3),
        (exam_rows.set_topic, 0),
        (exam_rows.set_level, 0),
        (exam_rows.set_rule, 0),
        (exam_rows.set_each, 50),
    ):
        with pytest.raises(StaleButton):
            hall.act(act, li, paper_id, place, *args)


def test_what_no_button_offers_is_refused(hall: Hall, draft: ExamDraft) -> None:
    li, paper_id = hall.cast.li, draft.paper_id
    for act, *args in (
        (exam_rows.set_topic, 0, 5),
        (exam_rows.set_level, 0, 6),
        (exam_rows.set_rule, 0, 0),  # singles have no rule
        (exam_rows.set_each, 0, 50),
        (exam_rows.set_rule, 1, 9),
        (exam_rows.add, QuestionType.MULTIPLE, 0),
        (exam_rows.add, QuestionType.MULTIPLE, MOST_ROWS),
        (exam_rows.set_count, 0, 0),
        (exam_rows.set_score, 0, 0),
        (exam_settings.ask, "row"),
        (exam_settings.ask, "row9"),
        (exam_drafts.choose_bank, 999),
        (exam_drafts.choose_topic, 5),
    ):
        with pytest.raises(UserError):
            hall.act(act, li, paper_id, *args)


def test_a_topic_of_the_whole_paper_is_that_of_a_new_row(hall: Hall, draft: ExamDraft) -> None:
    hall.act(exam_drafts.choose_topic, hall.cast.li, draft.paper_id, topic_number(LONG))
    count(hall, draft, SINGLES, 3)
    assert add(hall, draft, QuestionType.SINGLE, 3).row.topic == LONG
    about(hall, draft, 3, "党章")
    shown = go(hall, draft, DraftStep.TOPIC)
    assert (shown.topic, shown.topics_differ) == ("", True)
    assert [row.topic for row in go(hall, draft, DraftStep.COUNT).rows if row.count] == [LONG, "党章"]


# -- how a type is marked ----------------------------------------------------------------------------------------------


def each(hall: Hall, draft: ExamDraft, centi: int) -> RowDesk:
    hall.act(exam_rows.set_rule, hall.cast.li, draft.paper_id, MULTIPLES, EACH)
    return hall.act(exam_rows.set_each, hall.cast.li, draft.paper_id, MULTIPLES, centi)


@pytest.mark.parametrize("draw", Draw)
def test_each_right_letter_earns_what_preview_and_cover_say(hall: Hall, draft: ExamDraft, draw: Draw) -> None:
    hall.act(exam_settings.put, hall.cast.li, draft.paper_id, Setting.DRAW.value, draw.value)
    add(hall, draft, QuestionType.MULTIPLE, MULTIPLES)  # 2 questions for 6 points
    each(hall, draft, 150)
    rules = (MarkingRule(QuestionType.MULTIPLE, Rule.EACH, 150),)
    assert go(hall, draft, DraftStep.PREVIEW).rules == rules
    publish(hall, draft)
    zhang = hall.cast.zhang
    cover = hall.act(starting.cover, zhang, hall.paper_id)
    assert isinstance(cover, Cover)
    assert cover.rules == rules
    card = hall.card_of(zhang, hall.start(zhang), QuestionType.MULTIPLE)
    right = [letter for letter, place in zip("ABCD", card.order, strict=False) if place < 3]
    for letter in right[:2]:
        hall.pick(zhang, card, letter)
    ended = hall.submit(zhang, card)
    assert isinstance(ended, HandedIn)
    assert ended.score_centi == 300


def test_a_rule_is_that_of_all_rows_of_its_type(hall: Hall, draft: ExamDraft) -> None:
    add(hall, draft, QuestionType.MULTIPLE, MULTIPLES)
    count(hall, draft, MULTIPLES, 1)
    each(hall, draft, 200)
    desk = add(hall, draft, QuestionType.MULTIPLE, 3)
    assert (desk.row.rule, desk.row.each_centi) == (Rule.EACH, 200)
    cheap = hall.act(exam_rows.set_score, hall.cast.li, draft.paper_id, 3, 100)
    assert [row.each_centi for row in cheap.draft.rows if row.rule] == [100, 100]
    with pytest.raises(exam_rows.NoSuchPoints) as refused:
        write(hall, draft, "each3", "1.5分")
    assert str(refused.value) == "每选对一项的分值应在 0.01–1 之间，不能超过每题的分值。"
    assert [row.each_centi for row in write(hall, draft, "each3", "0.5").rows if row.rule] == [50, 50]
    own = hall.act(exam_rows.set_rule, hall.cast.li, draft.paper_id, MULTIPLES, 0)
    assert [(row.rule, row.each_centi) for row in own.draft.rows] == [(None, None)] * 4


def test_a_corrected_key_is_marked_by_the_papers_letters(database: Database, cast: Cast, add_bank: AddBank) -> None:
    add_bank(bank())
    office = Office(database, cast)
    office.publish(BlueprintRow(1, QuestionType.MULTIPLE, score_centi=400, rule=Rule.EACH, each_centi=150))
    card = office.start(cast.zhang)
    for letter in shown_letters("AB", card.order):
        office.pick(cast.zhang, card, letter)
    office.submit(cast.zhang, card)
    office.release()
    assert office.results()[cast.zhang.id].score_centi == 300
    for key, centi in (("BCD", 0), ("ABD", 300)):
        office.act(regrading.correct, cast.wang, office.paper_id, 1, key)
        office.act(regrading.decide, cast.wang, office.paper_id, 1, Regrading.RESCORE)
        assert office.results()[cast.zhang.id].score_centi == centi


def test_blanks_are_marked_blank_by_blank_or_as_a_whole(hall: Hall, draft: ExamDraft) -> None:
    hall.act(exam_drafts.choose_bank, hall.cast.li, draft.paper_id, 0)
    add(hall, draft, QuestionType.BLANK, 3)
    whole = ROW_RULES[QuestionType.BLANK].index(Rule.ALL)
    hall.act(exam_rows.set_rule, hall.cast.li, draft.paper_id, 3, whole)
    assert go(hall, draft, DraftStep.PREVIEW).rules == (MarkingRule(QuestionType.BLANK, Rule.ALL),)


# -- what lies there from before ---------------------------------------------------------------------------------------


def test_a_preview_that_is_out_of_date_is_not_published(hall: Hall, draft: ExamDraft) -> None:
    go(hall, draft, DraftStep.PREVIEW)
    count(hall, draft, SINGLES, 4)
    with pytest.raises(exam_drafts.NotPreviewed):
        hall.act(exam_drafts.publish, hall.cast.li, draft.paper_id)


def test_a_refused_text_is_awaited_still(hall: Hall, draft: ExamDraft) -> None:
    hall.act(exam_settings.ask, hall.cast.li, draft.paper_id, "row0")
    with pytest.raises(exam_rows.NoSuchRow):
        write(hall, draft, "row0", "不少")
    assert write(hall, draft, "row0", "3").rows[0].count == 3
