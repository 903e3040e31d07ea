"""What is said to somebody who makes an exam, where the numbers or the words are unusual."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.banks.rules import QuestionType, Rule
from bot.message import Message, strip_tags
from bot.quiz import analysis_views, overseeing_views, publishing_views, row_views
from bot.quiz.exam_facts import ExamDraft, ExamRef, RowChoice, RowDesk, Sitter, Terms, VoidedAttempt
from bot.quiz.facts import TopicChoice
from bot.quiz.result_facts import Regraded, ResitPublished
from bot.quiz.rules import DraftStep, Draw, PaperState, Setting, ShowKey, ShowScore

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
        "发起考试 ③ 题量和分值\n填空 0 题\n知识点：不限；难度：不限\n计分：填对几空得几空的分\n"
        "可用 26 题。\n先选题量，再选每题分值。"
    )


LONG = "支部组织生活制度的有关规定与要求（含三会一课、主题党日、{end}）"
HARD = replace(SINGLES, topic="党章", level=5)
TOPICS = tuple(
    TopicChoice(n, title, 9 - n) for n, title in enumerate(("党章", LONG.format(end="谈心"), LONG.format(end="民评")))
)


def test_long_topics_are_told_whole_above_their_buttons() -> None:
    shown = row_views.topics(replace(desk(HARD, 3), topics=TOPICS), 0)
    assert strip_tags(shown.text) == (
        "发起考试 ③ 题量和分值\n单选（难度 5）考哪个知识点？\n"
        "2. 支部组织生活制度的有关规定与要求（含三会一课、主题党日、谈心）\n"
        "3. 支部组织生活制度的有关规定与要求（含三会一课、主题党日、民评）"
    )
    assert labels(shown) == [
        ["不限知识点（3 题）"],
        ["√ 党章（9 题）"],
        ["2. 支部组织生活制度的有关规定与…（8 题）"],
        ["3. 支部组织生活制度的有关规定与…（7 题）"],
        ["返回"],
    ]


def test_a_row_says_how_many_there_are_for_just_this_choice() -> None:
    def told(most: int, row: RowChoice) -> str:
        return strip_tags(row_views.row(desk(row, most)).text).splitlines()[3]

    assert told(3, HARD) == "可用 3 题，不够 10 题，请改题量。"
    plenty = replace(HARD, have=30, gets=10)
    assert told(30, plenty) == "可用 30 题。"
    assert told(12, plenty) == "可用 30 题，其他行用去以后最多 12 题。"
    assert told(7, plenty) == "可用 30 题，其他行用去以后最多 7 题，不够 10 题，请改题量。"


def test_rows_of_one_type_are_told_apart_by_numbers() -> None:
    more = replace(HARD, place=2, count=3, gets=3)
    shown = row_views.count_step(replace(DRAFT, rows=(SINGLES, BLANKS, more), topics_differ=True))
    assert strip_tags(shown.text) == (
        "发起考试 ③ 题量和分值\n题库：全部题库；知识点：各行不同\n"
        "1. 单选 10 题 × 5 分，只有 3 题可用\n2. 单选（党章，难度 5）3 题 × 5 分\n"
        "合计 13 题，65 分（不是 100 分）\n点题型修改题量、分值、知识点和难度。"
    )
    assert labels(shown)[0] == ["1. 单选 10", "2. 单选 3"]


def test_a_typed_row_is_asked_for_with_what_there_is_and_leads_back_to_its_row() -> None:
    facts = replace(DRAFT, rows=(HARD, replace(BLANKS, type=QuestionType.MULTIPLE)))
    shown = publishing_views.asked(facts, "row0")
    assert strip_tags(shown.text).endswith("请发送单选（党章，难度 5）的题量和每题分值，例如：8 题 5 分。可用 3 题。")
    assert shown.buttons[0][0].data == "quiz:examrow:7:0"
    assert publishing_views.asked(facts, "each1").buttons[0][0].data == "quiz:examrules:7:1"


def test_a_paper_without_rows_asks_for_one() -> None:
    shown = row_views.count_step(replace(DRAFT, rows=(BLANKS,)))
    assert strip_tags(shown.text) == "发起考试 ③ 题量和分值\n题库：全部题库；知识点：不限\n还没有题，请点“加一行”。"
    assert labels(shown) == [["加一行"], ["上一步", "下一步", "看预览", "放弃"]]


def test_a_marking_rule_by_letters_offers_what_one_may_earn() -> None:
    row = RowChoice(1, QuestionType.MULTIPLE, 5, 100, Rule.EACH, 8, 5, each_centi=50)
    assert labels(row_views.rules(desk(row, 8)))[3:] == [
        ["√ 每选对一项得 0.5 分，错选不得分"],
        ["漏选按比例得分，错选不得分"],
        ["选对减选错，按比例得分"],
        ["√ 每项 0.5 分", "每项 1 分"],
        ["自己填写每项分值"],
        ["返回"],
    ]


def test_the_choices_of_an_opening_fit_a_narrow_window() -> None:
    shown = labels(publishing_views.draft(replace(DRAFT, step=DraftStep.WINDOW)))
    assert shown[:2] == [["发布后马上开考"], ["明天 9:00 开考", "下周一 9:00 开考"]]


PREVIEW = replace(
    DRAFT,
    step=DraftStep.PREVIEW,
    counts={QuestionType.SINGLE: 10},
    max_centi=10_000,
    settings={
        Setting.SCORE: ShowScore.ON_SUBMIT.value,
        Setting.KEY: ShowKey.ON_CLOSE.value,
        Setting.DRAW: Draw.SAME.value,
        Setting.RANKING: 1,
        Setting.TOP_NAMES: 3,
    },
)


def test_a_preview_says_whose_names_a_group_will_read() -> None:
    told = "截止后，支部群公布本支部前 3 名中合格同志的姓名，不公布分数"
    assert told in publishing_views.draft(PREVIEW, can_name=True).text.splitlines()
    assert told not in publishing_views.draft(PREVIEW, can_name=False).text  # the office does not allow it any more
    unranked = replace(PREVIEW, settings={**PREVIEW.settings, Setting.RANKING: 0})
    assert told not in publishing_views.draft(unranked, can_name=True).text


def test_a_preview_says_that_its_questions_are_others_than_before() -> None:
    assert "已换过" not in publishing_views.draft(PREVIEW).text
    assert "已换过 2 次题" in publishing_views.draft(replace(PREVIEW, redrawn=2)).text.splitlines()


def test_another_draw_is_offered_only_where_all_have_the_same_questions() -> None:
    assert labels(publishing_views.draft(PREVIEW))[0] == ["发布", "换一批题"]
    each = replace(PREVIEW, settings={**PREVIEW.settings, Setting.DRAW: Draw.EACH.value})
    assert labels(publishing_views.draft(each))[0] == ["发布"]


def test_braces_in_a_title_are_only_braces() -> None:
    exam = ExamRef(7, "测试{x}<b>", PaperState.OPEN)
    resit = ExamRef(
        8, "城建集团党支部工作与组织生活制度应知应会综合练习题库（二〇二六年）（第 2 次补考）", PaperState.OPEN
    )
    labels = [button.label for row in overseeing_views.listed((resit,)) for button in row]
    assert labels == ["进行中：城建集团党支部工作与组织生活制度应知应会…（第 2 次补考）"]
    message = overseeing_views.choose_sitter(exam, (Sitter(5, 1, "张三"),), 0)
    assert strip_tags(message.text) == "《测试{x}<b>》已交卷 1 人。作废谁的答卷？作废后不计成绩，可考次数退还。"


def test_a_question_says_that_a_reason_comes_next() -> None:
    asked = overseeing_views.confirm_void(VoidedAttempt(5, 7, "三月测试", "张三", 1))
    assert asked.text.endswith("可考次数退还。下一步请写原因，会告诉本人。")


def test_what_is_done_with_an_exam_leads_back_to_it() -> None:
    resit = ResitPublished(9, "2026-002", "三月测试（补考）", 3, CLOSES, repeats=False)
    assert labels(analysis_views.resit_published(resit)) == [["查看这场考试"]]
    assert analysis_views.resit_published(resit).buttons[0][0].data == "quiz:paper:9"
    assert labels(analysis_views.regraded(Regraded(7, "三月测试", 2, 3))) == [["返回"]]
