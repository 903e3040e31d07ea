"""Every text of the specification's §17 as it is sent, T by T and R by R, with its buttons."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.banks import import_views
from bot.banks.importing import Applied, Preview
from bot.banks.reading import Way
from bot.banks.revisions import Difference, NewerRevision
from bot.banks.rules import Bank, QuestionType, Rule
from bot.message import Document, Message, strip_tags
from bot.practice import views as practice_views
from bot.practice.facts import Ahead, Asked, Book, Done, Verdict, Wish
from bot.practice.rules import Mode, WrongParts
from bot.quiz import (
    attempts,
    exam_views,
    papers,
    results_views,
    running_views,
    seats,
    service,
    sitting,
    starting,
    views,
)
from bot.quiz.exam_facts import Card, Cell, Cover, HandedIn, Sheet
from bot.quiz.facts import Console, ItemCount, LiveItem, Lobby, OwnResult, Revealed, Summary
from bot.quiz.marking import MarkingRule
from bot.quiz.rates import Rates
from bot.quiz.result_facts import Exam, GroupFigures, Lowest, OwnScore, Report
from bot.quiz.rules import Draw, Outcome, PaperState, PauseReason, RoundState, ShowKey, ShowScore, poll_form, prefix
from bot.quiz.running_facts import Ending, Notice
from tests.banks.sheets import HEAD, load, sheet
from tests.quiz.banks import MULTIPLE, SINGLE

OPENS = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CLOSES = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
TITLE = "三月测试"
NOTICE = Notice(7, TITLE, "abc", OPENS, CLOSES, 20, 10_000, timedelta(minutes=20))
RULES = (MarkingRule(QuestionType.MULTIPLE, Rule.HALF),)
COVER = Cover(7, TITLE, 1, 2, 20, 10_000, 6_000, timedelta(minutes=20), OPENS, CLOSES, RULES)
LEFT = timedelta(minutes=12, seconds=1)
CARD = Card(9, 2, 20, MULTIPLE, (0, 1, 2, 3), 600, "AC", is_marked=False, answered=3, left=LEFT)
CELLS = tuple(Cell(n, n not in (5, 9), n == 7) for n in range(1, 21))
SHEET = Sheet(9, 3, CELLS, LEFT)
ENDED = HandedIn(TITLE, 10_000, 7_250, is_passed=True, time=timedelta(seconds=800), closes_at=CLOSES, shows_key=True)
SCORE = OwnScore(7, TITLE, Outcome.SAT, 7_250, 10_000, is_passed=True, has_errors=True, shows_key=True)
RATES = Rates(expected=18, sat=17, absent=1, exempt=2, passed=16, excellent=4, score_centi=144_500)
EXAM = Exam(
    7, "2026-014", TITLE, PaperState.RELEASED, Draw.SAME, 10_000, 60, 90, 1200, 1, OPENS, CLOSES,
    ShowScore.ON_SUBMIT, ShowKey.ON_CLOSE, False, 0, None, None, 1, 3,
)  # fmt: skip
FIGURES = (
    "《三月测试》已结束。本支部应考 18 人，参考 17 人，参考率 94.4%；参考人员平均 85 分，及格率 94.1%，优秀率 23.5%。"
)
REPORT = Report(
    EXAM, 4, "一支部", RATES, ("周八",), (), ("孙七", "郑十"), ("吴九",), Lowest(3, 412), can_resit=True
)  # fmt: skip
ITEM = LiveItem(12, 3, 10, SINGLE, (0, 1, 2, 3), poll_form(SINGLE, prefix(12, 3, 10)))
HALF_MINUTE = timedelta(seconds=30)
LOBBY = Lobby(12, TITLE, 10, HALF_MINUTE, HALF_MINUTE, timedelta(seconds=60))
COUNTS = (ItemCount(1, 8, 8), ItemCount(2, 8, 3), ItemCount(3, 7, 6))
CONSOLE = Console(12, TITLE, RoundState.OPEN, 3, 10, joined=8, answered=5, guests=0)
STOPPED = timedelta(minutes=3, seconds=12)
TODAY = date(2026, 1, 4)
BOOK = Book(TODAY, 12, 5, 3, 0, Wish(10))
ASKED = Asked(4, Mode.DUE, 1, 5, SINGLE, (0, 1, 2, 3), picked="B")
RIGHT = Verdict(ASKED, True, TODAY, due_on=date(2026, 1, 10), has_next=True)
WRONG = replace(RIGHT, asked=replace(ASKED, picked="A"), is_right=False)
ROW = ("单选", "多久一次？", "每月", "每季度", "", "", "B")
LOADED = load(sheet(HEAD, ROW, ("多选", "三会？", "甲", "乙", "", "", "")), "试题.xlsx")
WHOLE = Difference(3, added=1, changed=2, unchanged=1, retired=1)
PREVIEW = Preview(replace(LOADED.checked), Difference(0, added=1), "5a5a", Way(Bank("own", "试题", ())))
OPTIONS = "A. 每月\nB. 每季度\nC. 每半年\nD. 每年"
WHY = "一般每季度召开一次。（《中国共产党支部工作条例（试行）》第十一条）"

TEXTS: dict[str, tuple[Message | Document, str]] = {
    "T01": (
        running_views.announced(NOTICE),
        "【考试】《三月测试》3月2日 09:00 至 3月5日 18:00，20 题，满分 100 分，限时 20 分钟。"
        "请到私聊作答，本群不显示个人成绩。\n[去答题]",
    ),
    "T02": (
        running_views.invited(NOTICE, "张三"),
        "张三同志：《三月测试》已开考，3月5日 18:00 截止，点“开始计时”后才计时。\n[开始答题]",
    ),
    "T03": (
        exam_views.cover(COVER),
        "《三月测试》第 1/2 次\n20 题，满分 100 分，60 分合格，限时 20 分钟。\n多选题：漏选得一半，错选不得分。\n"
        "3月5日 18:00 截止。\n中途可以离开再回来，时间照走；到时自动交卷；程序停机会补时。\n[开始计时][以后再考]",
    ),
    "T04": (
        exam_views.card(CARD),
        "第 2/20 题 · 多选（6 分）\n“三会一课”中的“三会”包括（　）。\n\n"
        "A. 支部党员大会\nB. 支部委员会会议\nC. 党小组会\nD. 民主生活会\n\n"
        "已选：A、C\n已答 3/20，剩余约 13 分钟\n[A √][B][C √][D]\n[上一题][标记][下一题]\n[题号表][交卷]",
    ),
    "T05": (
        exam_views.before_hand_in(SHEET),
        "已答 18/20，剩余约 13 分钟。未答：第 5、9 题。标记：第 7 题。交卷后不能再改。\n[确认交卷][继续答题]",
    ),
    "T06": (
        exam_views.handed_in(ENDED),
        "《三月测试》已交卷：72.5 分（满分 100 分），合格，用时 13 分 20 秒。答案和解析在 3月5日 18:00 之后可看。",
    ),
    "T06 failed": (
        exam_views.handed_in(replace(ENDED, is_passed=False)),
        "《三月测试》已交卷：72.5 分（满分 100 分），不合格，用时 13 分 20 秒。答案和解析在 3月5日 18:00 之后可看。",
    ),
    "T06 withheld": (
        exam_views.handed_in(replace(ENDED, score_centi=None)),
        "《三月测试》已交卷，用时 13 分 20 秒。成绩稍后发给你本人。",
    ),
    "T07": (
        exam_views.time_is_up(ENDED),
        "时间到，已自动交卷。《三月测试》已交卷：72.5 分（满分 100 分），合格，用时 13 分 20 秒。"
        "答案和解析在 3月5日 18:00 之后可看。",
    ),
    "T08": (exam_views.last_call(TITLE, timedelta(minutes=5)), "《三月测试》还有 5 分钟自动交卷。"),
    "T09": (results_views.own_score(SCORE), "《三月测试》成绩：72.5 分，合格。\n[看错题][错题本]"),
    "T09 failed": (
        results_views.own_score(replace(SCORE, score_centi=5999, is_passed=False)),
        "《三月测试》成绩：59.99 分，不合格。\n[看错题][错题本]",
    ),
    "T09 absent": (
        results_views.own_score(replace(SCORE, outcome=Outcome.ABSENT)),
        "《三月测试》已结束，你没有参加。",
    ),
    "T10": (results_views.group_figures(GroupFigures(TITLE, RATES)), f"{FIGURES}个人成绩已私发本人。"),
    "T11": (
        results_views.report(REPORT),
        f"{FIGURES}\n缺考：周八。\n免考：孙七、郑十。\n未触达：吴九。\n答对最少：第 3 题（41.2%）。\n"
        "[导出 Excel][查看名单]\n[试题分析][发布补考]",
    ),
    "T12": (running_views.nudge(NOTICE, "张三"), "提醒：《三月测试》3月5日 18:00 截止，你还没有参加。\n[开始答题]"),
    "T13": (
        running_views.still_missing(NOTICE, ["张三"], is_group=True),
        "《三月测试》3月5日 18:00 截止，本小组还有 1 人没有参加：张三。\n[查看名单]",
    ),
    "T14": (
        running_views.still_missing(NOTICE, ["张三", "周八"], is_group=False),
        "《三月测试》3月5日 18:00 截止，本支部还有 2 人没有参加：张三、周八。\n[查看名单]",
    ),
    "T15": (
        running_views.cancelled_told(Ending(7, TITLE, 0, 0, "题目有误")),
        "《三月测试》已取消：题目有误。已作答的不计成绩。",
    ),
    "T20": (
        views.lobby(LOBBY),
        "现场答题《三月测试》，10 题，每题 30 秒，60 秒后开始，自愿参加。"
        "群投票会显示谁选了什么；不想公开请点“私聊作答”。\n[我参加][私聊作答]",
    ),
    "T22": (views.revealed(Revealed(ITEM, 9, 7)), f"第 3/10 题：B. 每季度。9 人作答，7 人答对。{WHY}"),
    "T23": (
        views.summary(Summary(TITLE, 3, 8, COUNTS)),
        "现场答题结束：《三月测试》，8 人参加，人均答对 2.1 题（共 3 题），正确率 73.9%。"
        "答对最少：第 2 题（37.5%）。个人成绩已私发本人。",
    ),
    "T25": (views.console(CONSOLE), "控制台：第 3/10 题，已答 5 人。\n[下一题][暂停][结束]"),
    "T25 lobby": (
        views.console(replace(CONSOLE, state=RoundState.LOBBY)),
        "控制台：《三月测试》即将开始，已报名 8 人。\n[现在开始][结束]",
    ),
    "T25 paused": (
        views.console(replace(CONSOLE, state=RoundState.PAUSED)),
        "控制台：第 3/10 题，已答 5 人，已暂停。\n[继续][结束]",
    ),
    "T26": (
        views.paused(12, PauseReason.UNSURE, 3),
        "现场答题已暂停：第 3 题可能未送达。\n[继续][结束]",
    ),
    "T27": (
        exam_views.credited(STOPPED, datetime(2026, 3, 2, 2, 13, 12, tzinfo=UTC)),
        "程序停机 3 分 12 秒，你的考试已补时，新的截止时间 10:13:12。",
    ),
    "T27 round": (
        views.paused(12, PauseReason.LATE, 3, STOPPED),
        "现场答题已暂停：程序停机 3 分 12 秒，已收到的投票都算数。\n[继续][结束]",
    ),
    "T30": (
        practice_views.book(BOOK),
        "错题本：12 道在练，今天 5 道到期，已掌握 3 道。\n只有您自己看得到。\n[开始 5 题][再练一遍]\n[导出][设置]",
    ),
    "T32": (
        practice_views.verdict(RIGHT),
        f"支部党员大会一般多久召开一次？\n\n{OPTIONS}\n\n您的答案：B\n答对了。\n{WHY}\n下次复习：1月10日。\n[下一题][移出]",
    ),
    "T32 mastered": (
        practice_views.verdict(replace(RIGHT, is_mastered=True)),
        f"支部党员大会一般多久召开一次？\n\n{OPTIONS}\n\n您的答案：B\n答对了。\n{WHY}\n"
        "连续三次答对，已掌握，移出每日复习。\n[下一题]",
    ),
    "T33": (
        practice_views.verdict(WRONG),
        f"支部党员大会一般多久召开一次？\n\n{OPTIONS}\n\n您的答案：A\n答错了。正确答案：B. 每季度。\n{WHY}\n"
        "明天再练。\n[下一题][移出]",
    ),
    "T34": (
        practice_views.done(Done(Mode.DUE, 4, 5, replace(BOOK, plan=0, ahead=Ahead(date(2026, 1, 5), 2)))),
        "今天的错题练完了：对 4/5。下次：明天 2 道。\n[再练一遍]\n[导出][设置]",
    ),
    "T40": (
        import_views.previewed(PREVIEW)[0],
        "试读：试题.xlsx → 题库“试题”（新建）\n"
        "读到 2 行：可导入 1 道（单选 1、多选 0、判断 0、填空 0），"
        "其中新增 1、修改 0、未变 0；略去重复 0；出错 1 行。\n"
        "题!G3 E206 没有答案。\n"
        "[导入 1 道，跳过 1 行]\n[换一个题库][写依据文件]\n[下载出错清单]\n[取消]",
    ),
    "T41": (
        import_views.applied(Applied("5a5a", 4, WHOLE)),
        "已导入：新增 1，修改 2，未变 1，停用 1。题库版本 4。\n要用它出卷，请发送 /quiz。\n[撤销本次导入]",
    ),
    "T43": (import_views.undone(3), "已撤销，题库内容回到版本 3。"),
}
ROUND_OWN = views.own_result(OwnResult(TITLE, 9, 7, 1450, 2000))
ALERTS: dict[str, tuple[Exception, str]] = {
    "T48": (
        papers.TooFew(kind="多选", need=5, have=3),
        "题量不够：多选需要 5 道，可用 3 道。请减少题量或换题库。",
    ),
    "R01": (starting.NotCandidate(), "你不在本次考试名单里，请联系书记。"),
    "R02": (starting.NotOpenYet(at="3月2日 09:00"), "考试还没开始（3月2日 09:00）。"),
    "R03": (starting.ExamOver(at="3月5日 18:00"), "考试已结束（3月5日 18:00）。"),
    "R04": (starting.NoAttemptLeft(), "可考次数已用完。"),
    "R05": (attempts.HandedIn(), "本次答卷已交，不能再改。"),
    "R06": (seats.AlreadySaid(), "本题你已作答。"),
    "R07": (
        attempts.too_late(datetime(2026, 3, 2, 2, 15, tzinfo=UTC)),
        "已于 10:15:00 截止，这次点击不计分。",
    ),
    "R08": (service.NotOnRoster(), "你不在本支部名册里，投票不计。"),
    "R09": (service.OnlyOfficers(), "只有书记、组织委员或管理员可以操作。"),
    "R10": (service.RoundIsOn(), "本群已有一场现场答题。"),
    "R11": (sitting.WrongCount(n=2, m=1), "需要 2 个答案，每行一个；收到 1 个。"),
    "R11 practice": (WrongParts(n=2, m=1), "需要 2 个答案，每行一个；收到 1 个。"),
    "R12": (NewerRevision(), "题库已有新版本，请重新试读。"),
}
EVERY = {
    *(f"T{n:02}" for n in (*range(1, 16), 20, *range(22, 28), 30, 32, 33, 34, 40, 41, 43, 48)),
    *(f"R{n:02}" for n in range(1, 13)),
}


def seen(message: Message | Document) -> str:
    """The text as people see it, and below it the buttons row by row."""
    assert isinstance(message, Message)
    rows = ["".join(f"[{button.label}]" for button in row) for row in message.buttons]
    return "\n".join([strip_tags(message.text), *rows])


@pytest.mark.parametrize("name", TEXTS)
def test_each_text_is_sent_word_for_word(name: str) -> None:
    message, expected = TEXTS[name]
    assert seen(message) == expected


def test_the_own_result_of_a_round_comes_word_for_word() -> None:
    """T24, whatever buttons stand below it."""
    assert seen(ROUND_OWN).startswith("《三月测试》：你答了 9 题，对 7 题，得 14.5 分（满分 20 分）。")


@pytest.mark.parametrize("name", ALERTS)
def test_each_refusal_is_said_word_for_word(name: str) -> None:
    refusal, expected = ALERTS[name]
    assert str(refusal) == expected


def test_no_text_of_the_specification_is_left_out() -> None:
    assert {name[:3] for name in (*TEXTS, *ALERTS, "T24")} == EVERY
