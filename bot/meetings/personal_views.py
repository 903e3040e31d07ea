"""Words of one's own part in meetings as a file."""

from collections.abc import Sequence

from bot.members.facts import Table
from bot.members.personal_views import table

Cells = Sequence[tuple[object, ...]]
CHAIR, RECORDER, LECTURER = "主持", "记录", "授课"


def parts(cells: Cells) -> Table:
    return table("会议分工", ("会议时间", "会议", "分工"), cells)


def reminders(cells: Cells) -> Table:
    return table("提醒", ("会议时间", "会议", "提醒"), [(*row[:2], getattr(row[2], "name", "")) for row in cells])
