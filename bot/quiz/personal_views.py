"""Words of one's own exams and answers as a file."""

from collections.abc import Sequence

from bot.banks.rules import RIGHT, WRONG, QuestionType, shown_letters
from bot.members.facts import Table
from bot.members.personal_views import table
from bot.quiz.rules import AttemptState, Outcome
from bot.quiz.views import JUDGED

Cells = Sequence[tuple[object, ...]]
_NAMES: dict[object, str] = {
    Outcome.SAT: "已考",
    Outcome.NO_ANSWER: "未作答",
    Outcome.ABSENT: "缺考",
    Outcome.EXEMPT: "免考",
    AttemptState.STARTED: "进行中",
    AttemptState.SUBMITTED: "已交卷",
    AttemptState.AUTO_SUBMITTED: "到时交卷",
    AttemptState.NO_ANSWER: "没有作答",
    AttemptState.VOIDED: "已作废",
}


def _named(cells: Cells) -> Cells:
    return [tuple(_NAMES.get(v, v.name) if isinstance(v, Outcome | AttemptState) else v for v in row) for row in cells]


def results(cells: Cells) -> Table:
    return table("成绩", ("考试", "结果", "得分", "用时秒", "合格", "优秀"), _named(cells))


def attempts(cells: Cells) -> Table:
    return table("答题", ("考试", "第几次", "状态", "开始", "交卷", "得分"), _named(cells))


def answers(cells: Cells) -> Table:
    return table("答案", ("考试", "第几次", "题号", "所选", "时间", "得分", "满分"), cells)


def chosen(kind: QuestionType, order: Sequence[int], selection: str | None) -> str:
    """An answer in the letters the member saw, as he pressed or wrote it."""
    if not selection:
        return ""
    if kind is QuestionType.TRUE_FALSE:
        return JUDGED[(RIGHT, WRONG).index(selection)]
    if kind is QuestionType.BLANK:
        return "；".join(selection.split("\n"))
    return shown_letters(selection, order)


def points(centi: int | None) -> str:
    """Hundredths of a point as people write points."""
    return "" if centi is None else f"{centi / 100:g}"
