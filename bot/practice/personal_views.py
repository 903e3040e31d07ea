"""Words of one's own wrong-answer book as a file."""

from collections.abc import Sequence

from bot.members.facts import Table
from bot.members.personal_views import table
from bot.practice.rules import CardState, Mode
from bot.practice.views import ASKED_FOR, STATES

BOOK = "错题本"
Cells = Sequence[tuple[object, ...]]


def _named(cells: Cells) -> Cells:
    return [tuple(_name(value) for value in row) for row in cells]


def _name(value: object) -> object:
    if isinstance(value, CardState):
        return STATES[value]
    return ASKED_FOR[value] if isinstance(value, Mode) else value


def cards(cells: Cells) -> Table:
    return table(BOOK, ("题目", "状态", "下次复习", "连续答对", "答错次数", "答对次数"), _named(cells))


def reviews(cells: Cells) -> Table:
    return table("错题复习", ("日期", "方式", "题目编号", "所选", "出题", "作答", "答对"), _named(cells))


def wishes(cells: Cells) -> Table:
    return table("错题本设置", ("每天题数", "到期提醒", "每日一题"), cells)
