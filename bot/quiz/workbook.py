"""Results as a workbook: 说明, 成绩, 答卷明细, 试题分析, 缺考与免考; without names 说明, 各支部情况, 试题分析. Pure.

Every cell is written as text, never as a formula.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING

from bot.banks.views import TYPES
from bot.periods import beijing
from bot.quiz.analysis_views import SETTLED, WORTHS, doubts, hundredths, thousandths
from bot.quiz.rates import FEWEST, Rates, tenths_of, withheld
from bot.quiz.result_facts import Book, BranchRates, ItemFigures, ItemPage, Line
from bot.quiz.results_views import (
    DECISIONS,
    NONE,
    OUTCOMES,
    RANK_RULE,
    key_words,
    percent,
    place,
    tenths,
    verdict,
)
from bot.quiz.rules import Outcome
from bot.quiz.views import score, span
from bot.workbook import Look, across, height, opened, plain, strings, title_height, wide_page

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

Column = tuple[str, int]  # heading and width
Row = Sequence[str]
WIDE = 40  # columns of running text
_NOTE_WIDTHS = (16, 84)
_RATES: tuple[tuple[str, Callable[[Rates], str]], ...] = (
    ("应考", lambda one: str(one.expected)),
    ("参考", lambda one: str(one.sat)),
    ("参考率", lambda one: percent(one.sat_rate)),
    ("缺考", lambda one: str(one.absent)),
    ("开卷未答", lambda one: str(one.no_answer)),
    ("免考", lambda one: str(one.exempt)),
    ("平均分", lambda one: tenths(one.mean)),
    ("及格率", lambda one: percent(one.pass_rate)),
    ("优秀率", lambda one: percent(one.good_rate)),
    ("满分率", lambda one: percent(one.full_rate)),
)
_TELLING = frozenset({"平均分", "及格率", "优秀率", "满分率"})


def render(what: Book) -> bytes:
    out = BytesIO()
    with opened(out) as book:
        look = Look(book)
        _notes(book.add_worksheet("说明"), look, what)
        if what.has_names:
            tables = [_scores(what), _answers(what), _items(what), _missing(what)]
        else:
            tables = [_branches(what), _items(what)]
        for name, columns, rows, notes in tables:
            _sheet(book.add_worksheet(name), look, f"《{what.exam.title}》{name}", columns, rows, notes)
    return out.getvalue()


# -- 说明 --------------------------------------------------------------------------------------------------------------


def _notes(sheet: "Worksheet", look: Look, what: Book) -> None:
    for column, width in enumerate(_NOTE_WIDTHS):
        sheet.set_column(column, column, width)
    title = f"《{what.exam.title}》成绩"
    across(sheet, 0, 1, title, look.title, points=title_height(title, _NOTE_WIDTHS))
    for row, cells in enumerate(_note_lines(what), start=1):
        strings(sheet, row, cells, look.left)
        sheet.set_row(row, 5 + height(cells, _NOTE_WIDTHS))
    sheet.set_paper(9)
    sheet.set_portrait()
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.6, right=0.6, top=0.8, bottom=0.8)


def _note_lines(what: Book) -> Iterable[Row]:
    of = what.exam
    yield "考试编号", of.code
    yield "范围", "、".join(one.branch for one in what.overview)
    yield "考试时间", f"{_moment(of.opens_at)} 至 {_moment(of.closes_at)}"
    yield "限时和次数", f"{of.limit_s // 60} 分钟，可考 {of.attempts_allowed} 次"
    yield "分数线", f"满分 {score(of.max_centi)} 分；达到满分的 {of.pass_pct}% 为合格，{of.good_pct}% 为优秀，均含本数"
    yield "成绩版本", f"第 {of.revision} 版" + ("，含题目更正后的改判" if of.revision > 1 else "")
    for one in what.ledger:
        told = f"第 {one.revision} 版，第 {one.position} 题：{DECISIONS[one.decision]}；{one.moved} 人变动"
        yield "题目更正", f"{told}（{'，'.join(part for part in (one.by, _moment(one.at)) if part)}）"
    yield "应考", "考试名单中免考以外的人"
    yield "参考", "交了答卷并至少答了一题的人；参考率＝参考÷应考"
    yield "平均分和各率", "平均分、及格率、优秀率、满分率的分母都是参考人数，缺考不按 0 分计入；四舍五入到 0.1"
    yield "计入的答卷", "考几次的取最高分；同分取用时短的；再同取次序在前的"
    yield "用时", "从开始计时到交卷，扣除程序停机补时，取整秒；到时自动交卷的算到截止时刻"
    yield "题目正确率", "得满分的人数÷作答的人数"
    yield "名次", RANK_RULE if of.ranking else "本次考试不排名次，名单按名册顺序"
    if of.resit_of is not None:
        yield "补考", "这是一次补考，成绩最高按合格线记入；首考的成绩和各项比率不变"
    if what.after_resit is not None and what.after_resit.sat:
        after = what.after_resit
        rate = percent(tenths_of(after.passed, after.sat))
        yield "补考后合格率", f"{rate}（首考或补考参考 {after.sat} 人，其中合格 {after.passed} 人）"
    yield "导出", f"{what.by}于{_moment(what.at)}导出"


def _moment(at: datetime) -> str:
    local = beijing(at)
    return f"{local.year}年{local.month}月{local.day}日{local:%H:%M}"


# -- a table -----------------------------------------------------------------------------------------------------------


def _sheet(
    sheet: "Worksheet", look: Look, title: str, columns: Sequence[Column], rows: Sequence[Row], notes: Sequence[str]
) -> None:
    """A title, headings, rows, and what is to be known of them below."""
    widths = [width for _, width in columns]
    last = len(columns) - 1
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    across(sheet, 0, last, title, look.title, points=title_height(title, widths))
    strings(sheet, 1, [heading for heading, _ in columns], look.head)
    sheet.set_row(1, 24)
    for number, cells in enumerate(rows, start=2):
        for column, cell in enumerate(cells):
            sheet.write_string(number, column, plain(cell), look.left if widths[column] >= WIDE else look.cell)
        sheet.set_row(number, 5 + height(cells, widths))
    for number, text in enumerate(notes, start=len(rows) + 2):
        across(sheet, number, last, text, look.body, points=4 + height([text], [sum(widths)]))
    sheet.ignore_errors({"number_stored_as_text": "A1:Z99999"})  # all cells are text, on purpose
    sheet.freeze_panes(2, 0)
    wide_page(sheet, 1)
    sheet.set_footer("&R&9第&P页，共&N页")


Table = tuple[str, Sequence[Column], Sequence[Row], Sequence[str]]


def _scores(what: Book) -> Table:
    columns = [
        ("支部", 18),
        ("党小组", 16),
        ("姓名", 12),
        ("结果", 11),
        ("得分", 9),
        ("合格", 9),
        ("用时", 14),
        ("次数", 7),
        ("补考", 18),
    ]
    if what.ranks:
        columns.append(("名次", 16))
    rows = [_score(what, line) for line in what.lines]
    notes = [*(_summary(one) for one in what.overview), *([RANK_RULE] if what.ranks else [])]
    return "成绩", columns, rows, notes


def _score(what: Book, one: Line) -> Row:
    cells = [one.branch, one.group, one.name, OUTCOMES[one.outcome]]
    if one.outcome is Outcome.SAT:
        cells += [score(one.score_centi or 0), verdict(is_passed=one.is_passed), span(one.time), str(one.number or "")]
    else:
        cells += [""] * 4
    resit = (what.resits or {}).get(one.member_id)
    credited = f"{score(resit.credited_centi or 0)} 分，{verdict(is_passed=resit.is_passed)}" if resit else ""
    cells.append(credited)
    if what.ranks:
        cells.append(place(what.ranks[one.member_id]) if one.member_id in what.ranks else "")
    return cells


def _summary(one: BranchRates) -> str:
    return f"{one.branch}：" + "，".join(f"{name} {read(one.rates)}" for name, read in _RATES) + "。"


def _answers(what: Book) -> Table:
    has_several = len({one.branch for one in what.answers}) > 1  # people of the same name among them
    columns = [
        *([("支部", 18)] if has_several else []),
        ("姓名", 12),
        ("题号", 7),
        ("题型", 8),
        ("题干", 52),
        ("所选（卷面字母）", 18),
        ("所选（题库字母）", 18),
        ("正确答案", 18),
        ("得分", 8),
        ("满分", 8),
    ]
    rows = [
        (
            *([one.branch] if has_several else []),
            one.name,
            str(one.position),
            TYPES[one.type],
            one.stem,
            one.shown or "未作答",
            one.chosen or "未作答",
            one.key,
            score(one.awarded_centi),
            score(one.max_centi),
        )
        for one in what.answers
    ]
    notes = ["题号和卷面字母是本人答卷上的；题库字母和正确答案按题库的顺序。每人各题得分之和等于成绩表的得分。"]
    return "答卷明细", columns, rows, notes


def _branches(what: Book) -> Table:
    columns = [("支部", 24), *((name, 11) for name, _ in _RATES)]
    hidden = withheld([one.rates for one in what.overview])
    rows = [[one.branch, *_shown(one.rates, is_withheld=at in hidden)] for at, one in enumerate(what.overview)]
    total = sum((one.rates for one in what.overview), Rates())
    if len(rows) > 1:
        rows.append(["合计", *_shown(total, is_withheld=total.sat < FEWEST)])
    few = f"参考不足 {FEWEST} 人的不列平均分和各率，以免看出个人成绩；能由合计推算出来时，人数次少的支部也不列。"
    return "各支部情况", columns, rows, ["各率和平均分的分母见说明。" + few]


def _shown(rates: Rates, *, is_withheld: bool) -> Row:
    """Without names, the mean of very few people says what one of them scored."""
    return [NONE if name in _TELLING and is_withheld else read(rates) for name, read in _RATES]


def _items(what: Book) -> Table:
    columns = [
        ("题号", 7),
        ("题型", 8),
        ("题干", 48),
        ("答案", 12),
        ("作答", 7),
        ("答对", 7),
        ("正确率", 9),
        ("难度", 9),
        ("区分度", 12),
        ("各选项人数", 26),
        ("备注", 20),
    ]
    rows = [_item(what.pages[one.position]) for one in what.analysis.items]
    alpha = what.analysis.alpha
    notes = [
        doubts(what.analysis.attempts),
        "难度＝平均得分÷满分，低于 0.3 为难，高于 0.85 为易；区分度＝题分与其余总分的相关系数，"
        "0.4 以上优，0.3 良，0.2 可，以下宜查，负数先查答案。只统计每人首次答卷。",
        *([f"信度 α = {hundredths(alpha)}"] if alpha is not None else []),
    ]
    return "试题分析", columns, rows, notes


def _item(page: ItemPage) -> Row:
    one = page.figures
    shown = "　".join(f"{option.letter} {option.count}" for option in page.options) if page.question.options else ""
    return (
        str(one.position),
        TYPES[one.type],
        one.stem,
        key_words(page.question),
        str(one.answered),
        *((NONE,) * 4 if page.decision in SETTLED else _how_it_did(one)),
        shown,
        DECISIONS[page.decision] if page.decision else "",
    )


def _how_it_did(one: ItemFigures) -> Row:
    sums, worth = one.sums, one.sums.worth
    return (
        str(one.right),
        percent(tenths_of(one.right, one.answered)),
        thousandths(sums.facility) if sums.facility is not None else NONE,
        f"{hundredths(sums.discrimination or 0)}（{WORTHS[worth]}）" if worth is not None else NONE,
    )


def _missing(what: Book) -> Table:
    columns = [("支部", 18), ("党小组", 16), ("姓名", 12), ("情况", 12), ("说明", 40)]
    rows = [
        (one.branch, one.group, one.name, OUTCOMES[one.outcome], _why(what, one))
        for one in what.lines
        if one.outcome is not Outcome.SAT
    ]
    return "缺考与免考", columns, rows, [] if rows else ["没有缺考和免考的人。"]


def _why(what: Book, one: Line) -> str:
    unreached = "没有启用机器人，通知未触达" if one.name in what.unreached else ""
    return one.reason or ("" if one.outcome is Outcome.EXEMPT else unreached)
