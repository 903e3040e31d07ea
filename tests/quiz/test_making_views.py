"""What is said to somebody who makes an exam, where the numbers or the words are unusual."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.banks.rules import QuestionType, Rule
from bot.message import Message, strip_tags
from bot.quiz import analysis_views, overseeing_views, publishing_views, row_views
from bot.quiz.exam_facts import ExamDraft, ExamRef, RowChoice, RowDesk, Sitter, Terms
from bot.quiz.result_facts import Regraded, ResitPublished
from bot.quiz.rules import DraftStep, PaperState

OPENS = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CLOSES = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
SINGLES = RowChoice(0, QuestionType.SINGLE, 10, 500, None, have=3, gets=3)
BLANKS = RowChoice(1, QuestionType.BLANK, 0, 500, Rule.PROP, have=26, gets=0)
DRAFT = ExamDraft(
    7,
    DraftStep.COUNT,
    "三月测试",
    Terms(OPENS, CLOSES, timedelta(minutes=20), 1),
    {},
    rows=(SINGLES, BLANKS),
)


def labels(message: Message) -> list[list[str]]:
    return [[button.label for button in row] for row in message.buttons]


def desk(row: RowChoice, most: int) -> RowDesk:
    return RowDesk(DRAFT, row, most, (), row.have, {}, row.have)


def test_all_questions_of_a_small_bank_are_one_choice() -> None:
    assert labels(row_views.row(desk(SINGLES, 3)))[0] == ["3 题"]
    plenty = replace(SINGLES, have=157, gets=10)
    assert labels(row_views.row(desk(plenty, 157)))[1] == ["30 题", "40 题", "50 题"]


def test_a_type_without_questions_has_no_points() -> None:
    text = strip_tags(row_views.row(desk(BLANKS, 26)).text)
    assert text == (
        "发起考试 ③ 题量和分值\n填空 0 题\n知识点：不限\n难度：不限\n计分：填对几空得几空的分\n"
        "可用 26 题。\n先选题量，再选每题分值。"
    )


def test_the_choices_of_an_opening_fit_a_narrow_window() -> None:
    shown = labels(publishing_views.draft(replace(DRAFT, step=DraftStep.WINDOW)))
    assert shown[:2] == [["发布后马上开考"], ["明天 9:00 开考", "下周一 9:00 开考"]]


def test_braces_in_a_title_are_only_braces() -> None:
    exam = ExamRef(7, "测试{x}<b>", PaperState.OPEN)
    message = overseeing_views.choose_sitter(exam, (Sitter(5, 1, "张三"),), 0)
    assert strip_tags(message.text) == "《测试{x}<b>》已交卷 1 人。作废谁的答卷？作废后不计成绩，可考次数退还。"


def test_what_is_done_with_an_exam_leads_back_to_it() -> None:
    resit = ResitPublished(9, "2026-002", "三月测试（补考）", 3, CLOSES, repeats=False)
    assert labels(analysis_views.resit_published(resit)) == [["查看这场考试"]]
    assert analysis_views.resit_published(resit).buttons[0][0].data == "quiz:paper:9"
    assert labels(analysis_views.regraded(Regraded(7, "三月测试", 2, 3))) == [["返回"]]
