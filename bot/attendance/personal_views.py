"""Words of one's own attendance as a file."""

from collections.abc import Sequence

from bot.attendance.rules import Answer, LeaveState, ReasonKind, Status
from bot.attendance.sheet_views import KIND_NAMES, STATUS_NAMES
from bot.members.facts import Table
from bot.members.personal_views import table
from bot.message import Button

OWN = Button("我的考勤", "attendance:mine")
_NAMES: dict[object, str] = {
    Answer.NONE: "",
    Answer.GOING: "参加",
    Answer.ONLINE: "线上参加",
    Answer.LEAVE: "请假",
    LeaveState.NONE: "",
    LeaveState.ASKED: "待批准",
    LeaveState.APPROVED: "已同意",
    LeaveState.REJECTED: "未同意",
    LeaveState.WITHDRAWN: "已撤回",
}
Cells = Sequence[tuple[object, ...]]


def _named(cells: Cells) -> Cells:
    return [tuple(_word(value) for value in row) for row in cells]


def _word(value: object) -> object:
    if isinstance(value, ReasonKind):
        return KIND_NAMES[value]
    if isinstance(value, Status):
        return STATUS_NAMES[value]
    return _NAMES.get(value, value)


def attendances(cells: Cells) -> Table:
    headings = ("会议时间", "会议", "应到", "有表决权", "回复", "请假", "请假类别", "请假原因")
    return table("会议", (*headings, "状态", "签到时间", "离会时间", "说明类别"), _named(cells))


def corrections(cells: Cells) -> Table:
    return table("更正", ("会议时间", "会议", "更正为", "原因", "提出时间"), _named(cells))


def make_ups(cells: Cells) -> Table:
    return table("补课", ("会议时间", "会议", "补课日期", "备注"), cells)
