"""What people read of results, to the letter."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.banks.rules import Blank, Question, QuestionType
from bot.message import Message, strip_tags
from bot.quiz import analysis_views, results_views
from bot.quiz.item_statistics import Sums
from bot.quiz.ranking import Rank
from bot.quiz.rates import Rates
from bot.quiz.result_facts import (
    AfterResit,
    Analysis,
    BranchRates,
    Exam,
    Fault,
    GroupFigures,
    ItemFigures,
    ItemPage,
    KeyForm,
    Line,
    Lowest,
    Move,
    NameList,
    OptionCount,
    Overview,
    OwnScore,
    RegradePreview,
    Report,
    ResitPlan,
)
from bot.quiz.rules import Draw, Outcome, PaperState, Regrading, ShowKey, ShowScore
from tests.quiz.banks import JUDGED, MULTIPLE, SINGLE

AT = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
EXAM = Exam(
    *(7, "2026-014", "三月测试", PaperState.RELEASED, Draw.SAME, 10_000, 60, 90, 1200, 1, AT, AT),
    *(ShowScore.ON_SUBMIT, ShowKey.ON_CLOSE, False, 0, None, None, 1, 1),
)
RATES = Rates(expected=18, sat=17, absent=1, exempt=2, passed=16, excellent=5, full=1, score_centi=144_840)
OWN = OwnScore(7, "三月测试", Outcome.SAT, 5999, 10_000, is_passed=False, has_errors=True, shows_key=True)


def text(message: Message) -> str:
    return strip_tags(message.text)


def labels(message: Message) -> list[list[str]]:
    return [[button.label for button in row] for row in message.buttons]


def line(name: str, outcome: Outcome = Outcome.SAT, centi: int | None = 8500, member_id: int = 1) -> Line:
    is_sat = outcome is Outcome.SAT
    return Line(
        *(member_id, name, 3, "一支部", "", outcome, "住院" if outcome is Outcome.EXEMPT else "", 1, 1),
        *(centi, centi, 10_000, 800),
        is_passed=is_sat,
        is_excellent=False,
    )


def test_ones_own_score() -> None:
    assert text(results_views.own_score(OWN)) == "《三月测试》成绩：59.99 分，不合格。"
    corrected = replace(OWN, was_centi=5500, score_centi=6000, is_passed=True, max_centi=9800)
    assert text(results_views.own_score(corrected)) == (
        "《三月测试》成绩更正：有一道题重新判定，由 55 分改为 60 分（满分 98 分），合格。"
    )
    smaller = replace(corrected, was_centi=6000, max_centi=8000)
    assert text(results_views.own_score(smaller)) == (
        "《三月测试》成绩更正：有一道题重新判定，仍是 60 分（满分 80 分），合格。"
    )
    exempt = replace(OWN, outcome=Outcome.EXEMPT)
    assert text(results_views.own_score(exempt)) == "《三月测试》已结束，你本次免考。"


def test_the_report_of_a_branch() -> None:
    report = Report(
        *(EXAM, 3, "一支部", RATES),
        absent=("钱一",),
        no_answer=("陈九",),
        exempt=("周八", "吴九"),
        unreached=("钱一",),
        lowest=Lowest(3, 400),
        resit=AfterResit(17, 18),
    )
    assert text(results_views.report(report)) == (
        "《三月测试》已结束。本支部应考 18 人，参考 17 人，参考率 94.4%；参考人员平均 85.2 分，及格率 94.1%，"
        "优秀率 29.4%。\n缺考：钱一。\n开卷未答：陈九。\n免考：周八、吴九。\n未触达：钱一。\n"
        "答对最少：第 3 题（40%）。\n"
        "补考后合格率 94.4%（首考或补考参考 18 人，合格 17 人）。"
    )
    assert "答对最少" not in text(results_views.report(replace(report, lowest=Lowest(1, 1000))))
    many = replace(report, absent=tuple(f"甲{n}" for n in range(45)))
    assert "甲39 等 45 人。" in text(results_views.report(many))


def test_where_nobody_sat_no_score_was_sent() -> None:
    figures = GroupFigures("三月测试", Rates(expected=9, absent=9))
    assert text(results_views.group_figures(figures)) == "《三月测试》已结束。本支部应考 9 人，参考 0 人，参考率 0%。"


def test_the_table_of_many_branches_is_cut_and_summed() -> None:
    branches = tuple(BranchRates(n, f"{n}支部", Rates(expected=2, sat=1)) for n in range(45))
    told = text(results_views.overview(Overview(EXAM, branches))).split("\n")
    assert told[-2:] == [
        "另有 5 个支部，见导出的表。",
        "合计：应考 90，参考 45，参考率 50%，平均 0 分，及格率 0%",
    ]


def test_the_mean_of_one_cannot_be_reckoned_from_the_total() -> None:
    sat = {"一支部": 20, "二支部": 1, "三支部": 5}
    rows = tuple(BranchRates(n, name, Rates(expected=20, sat=sat[name])) for n, name in enumerate(sat))
    assert text(results_views.overview(Overview(EXAM, rows))).split("\n")[1:] == [
        "· 一支部：应考 20，参考 20，参考率 100%，平均 0 分，及格率 0%",
        "· 二支部：应考 20，参考 1，参考率 5%，人数较少，不列平均分",
        "· 三支部：应考 20，参考 5，参考率 25%，平均分只计入合计",
        "合计：应考 60，参考 26，参考率 43.3%，平均 0 分，及格率 0%",
    ]


def test_a_list_of_names_with_places_and_their_rule() -> None:
    lines = (line("张三"), line("李四", member_id=2), line("周八", Outcome.EXEMPT, None, 3))
    ranks = {1: Rank(1, True), 2: Rank(1, True)}
    assert text(results_views.names(NameList(EXAM, "一支部", 3, lines, ranks))) == (
        "《三月测试》一支部\n· 张三　85 分，合格，13 分 20 秒，第 1 名（并列）\n"
        "· 李四　85 分，合格，13 分 20 秒，第 1 名（并列）\n· 周八　免考（住院）\n"
        "名次规则：分数高者在前，同分用时短者在前；分数、用时都相同的并列，其后名次顺延。"
    )


def test_an_error_with_its_key_and_without() -> None:
    fault = Fault(7, "三月测试", 1, 2, 5, MULTIPLE, (3, 1, 0, 2), "D", 0, 400, MULTIPLE, is_changed_since=True)
    assert text(results_views.fault(fault)) == (
        "《三月测试》错题 1/2\n\n第 5 题 · 多选（得 0/4 分）\n“三会一课”中的“三会”包括（　）。\n\n"
        "A. 民主生活会\nB. 支部委员会会议\nC. 支部党员大会\nD. 党小组会\n\n"
        "你的答案：A\n正确答案：B、C、D\n“一课”指党课。\n（《中国共产党支部工作条例（试行）》）\n本题后来有修改。"
    )
    assert labels(results_views.fault(fault)) == [["下一题"], ["返回成绩"]]
    hidden = replace(fault, key=None, selection=None, decision=Regrading.VOID, is_changed_since=False)
    assert text(results_views.fault(hidden)).endswith("你的答案：未作答\n本次考试不公布答案。\n本题作废，不计入总分。")


def test_a_question_for_its_author() -> None:
    sums = Sums(12, 2400, 480_000, 60_000, 350_000_000, 13_200_000, 200)
    options = tuple(OptionCount(*one) for one in (("A", "每月", 0, False), ("B", "每季度", 12, True)))
    question = replace(SINGLE, options=("每月", "每季度"))
    figures = ItemFigures(1, 5, SINGLE.stem, QuestionType.SINGLE, 12, 12, sums)
    page = ItemPage(EXAM, figures, question, options, may_correct=True, may_decide=True, has_other_key=True)
    shown = analysis_views.item(page)
    assert text(shown) == (
        "《三月测试》第 1 题 · 单选\n支部党员大会一般多久召开一次？\nA. 每月（0 人）\nB. 每季度（12 人） √\n答案：B\n"
        "12 人作答，12 人答对。\n难度 1（易）\n无人选：A。\n（《中国共产党支部工作条例（试行）》第十一条）\n"
        "题库里这道题的答案或选项后来有修改。"
    )
    assert labels(shown) == [["改答案", "按新答案改判"], ["本题送分", "本题作废"], ["返回"]]
    listed = analysis_views.analysis(Analysis(EXAM, (figures,), 12, 71))
    assert text(listed) == (
        "《三月测试》试题分析\n首次答卷 12 份，数据仅供参考。\n信度 α = 0.71\n"
        "1. 支部党员大会一般多久召开一次？　正确率 100%，难度 1（易）"
    )


def test_a_question_that_was_decided_shows_no_rate_and_no_second_time_the_same_button() -> None:
    figures = ItemFigures(1, 5, SINGLE.stem, QuestionType.SINGLE, 12, 0, Sums(12, 0, 0, 60_000, 350_000_000, 0, 0))
    options = (OptionCount("A", "每月", 0, False), OptionCount("B", "每季度", 12, True))
    page = ItemPage(
        *(EXAM, figures, replace(SINGLE, options=("每月", "每季度"), citation=None), options),
        may_correct=True,
        may_decide=True,
        has_other_key=False,
        decision=Regrading.VOID,
    )
    assert text(analysis_views.item(page)).endswith("答案：B\n12 人作答。\n无人选：A。\n本题作废，不计入总分。")
    assert labels(analysis_views.item(page)) == [["改答案", "本题送分"], ["返回"]]
    given = replace(page, decision=Regrading.GRANT)
    assert labels(analysis_views.item(given)) == [["改答案", "本题作废"], ["返回"]]
    items = (replace(figures, decision=Regrading.VOID), replace(figures, position=2, decision=Regrading.GRANT))
    assert text(analysis_views.analysis(Analysis(EXAM, items, 12, None))).split("\n")[2:] == [
        "1. 支部党员大会一般多久召开一次？　已作废",
        "2. 支部党员大会一般多久召开一次？　已送分",
    ]


def test_the_letters_of_a_new_key_are_pressed_on_and_off() -> None:
    several = analysis_views.key_form(KeyForm(7, 2, MULTIPLE, "AB"))
    datas = [button.data for button in several.buttons[0]]
    assert datas == ["quiz:rekey:7:2:B", "quiz:rekey:7:2:A", "quiz:rekey:7:2:ABC", "quiz:rekey:7:2:ABD"]
    assert labels(several) == [["A √", "B √", "C", "D"], ["保存并预览改判"], ["取消"]]
    unchanged = analysis_views.key_form(KeyForm(7, 3, JUDGED, "F"))
    assert labels(unchanged) == [["正确", "错误 √"], ["取消"]]


def test_a_preview_names_who_moves_or_counts_them() -> None:
    moves = (Move("张三", "一支部", 5500, 6000, False, True), Move("李四", "二支部", 9000, 8500, True, True))
    preview = RegradePreview(EXAM, 4, "题干", Regrading.RESCORE, SINGLE, replace(SINGLE, answer="A"), moves, True)
    assert text(analysis_views.regrade(preview)) == (
        "《三月测试》第 4 题\n题干\n改判预览：按新答案 A 重新判分（原答案 B）。\n2 人成绩变动：1 人变为合格。\n"
        "· 张三　55 → 60 分，变为合格\n· 李四　90 → 85 分\n确认后成绩生成新版本，旧版本保留；有变动的人会收到更正通知。"
    )
    above = text(analysis_views.regrade(replace(preview, shows_names=False)))
    assert "张三" not in above
    assert "· 一支部　1 人\n· 二支部　1 人" in above
    resit = (9, 12, "党支部工作与组织生活制度应知应会综合练习题库（二〇二六年）（补考）")
    others = labels(analysis_views.regrade(replace(preview, others=(resit,))))
    assert others[1] == ["还考过：《党支部工作与组织生活制度应知应会综合练习题…（补考）》第 12 题"]
    nobody = replace(preview, moves=(), decision=Regrading.VOID, score_centi=400)
    assert "本题作废预览：本题不计分，满分由 100 分改为 96 分。\n没有人的成绩会变动。" in text(
        analysis_views.regrade(nobody)
    )


def test_a_preview_says_why_somebody_moves_whose_score_stays() -> None:
    risen = Move("张三", "一支部", 8000, 8000, True, True, was_excellent=False, is_excellent=True)
    fallen = Move("李四", "一支部", 9000, 7000, True, True, was_excellent=True, is_excellent=False)
    preview = RegradePreview(EXAM, 4, "题干", Regrading.VOID, SINGLE, None, (risen, fallen), True, score_centi=2000)
    assert "· 张三　80 → 80 分，达到优秀\n· 李四　90 → 70 分，不再优秀" in text(analysis_views.regrade(preview))


def test_a_resit_says_for_whom_and_what_counts() -> None:
    plan = ResitPlan(EXAM, 1, absent=2, no_answer=0, failed=1, closes_at=AT, repeats=False)
    assert text(analysis_views.resit(plan)) == (
        "发布补考 · 《三月测试》第 1 次补考\n对象 3 人：缺考 2 人、不合格 1 人\n"
        "现在开考，3月5日 18:00 截止，限时 20 分钟，题型、题量和分值同首考。\n不出以前考过的题。\n"
        "补考成绩最高按合格线记入；首考的成绩和各项比率不变。"
    )


def test_a_key_of_blanks_is_told_in_words() -> None:
    question = Question("b", QuestionType.BLANK, "____，____。", blanks=(Blank(("三", "3")), Blank(("五十",))))
    assert results_views.key_words(question) == "①三 ②五十"
