"""Attendance as files: a workbook with 签到表, 明细, 统计 and 通知送达, and the 明细 as CSV. Pure.

Every cell is written as a string or a number, never as a formula.
"""

import csv
import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from io import BytesIO, StringIO
from typing import TYPE_CHECKING

from bot.attendance import export_views as words
from bot.attendance.facts import Export, Files, GuestLine, Held, Part
from bot.attendance.guest_views import GUEST_NAMES
from bot.attendance.rules import CAME, Turnout
from bot.periods import beijing
from bot.workbook import Look, across, height, opened, strings, wide_page, width_of

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(what: Export) -> Files:
    table = words.detail(what)
    comma = _csv(table)
    digest = sha256(comma).hexdigest()
    return Files(what.name, _xlsx(what, table, digest), comma, digest)


def _csv(table: Sequence[Sequence[str]]) -> bytes:
    """With a mark that tells Excel it is UTF-8; what a spreadsheet would compute is made text."""
    out = StringIO()
    csv.writer(out).writerows([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row] for row in table)
    return out.getvalue().encode("utf-8-sig")


# -- the workbook -----------------------------------------------------------------------------------------------------

_SIGN_HEADS = ("序号", "姓名", "党小组", "到会情况", "签到时间", "本人签名", "备注")
_SIGN_WIDTHS = (6, 12, 15, 10, 10, 20, 22)
_LAST = len(_SIGN_HEADS) - 1
_ACROSS = 86  # columns of a text that fit into one line over all of the sheet's
_COUNTS: tuple[tuple[str, Callable[[Held], int]], ...] = (
    ("应到", lambda held: held.turnout.expected),
    ("实到", lambda held: held.turnout.present),
    ("迟到", lambda held: held.turnout.late),
    ("请假", lambda held: held.turnout.on_leave),
    ("缺席", lambda held: held.turnout.absent),
    ("未签", lambda held: held.turnout.unsigned),
    ("补课", lambda held: held.made_up),
    ("报名到会", lambda held: held.joined),
)


def _xlsx(what: Export, table: list[list[str]], digest: str) -> bytes:
    out = BytesIO()
    with opened(out) as book:
        look = Look(book)
        for name, part in zip(_tabs(what.parts), what.parts, strict=True):
            _sign_sheet(book.add_worksheet(name), look, part, what, digest)
        _detail_sheet(book.add_worksheet("明细"), look, table)
        _count_sheet(book.add_worksheet("统计"), look, what)
        _delivery_sheet(book.add_worksheet("通知送达"), look, what)
    return out.getvalue()


def _tabs(parts: Sequence[Part]) -> list[str]:
    """签到表, or with the day where there are several, each name once."""
    if len(parts) == 1:
        return ["签到表"]
    names: list[str] = []
    for part in parts:
        name = re.sub(r"[\[\]:*?/\\']", "", f"{beijing(part.starts_at):%m-%d} {part.kind}")[:26]
        again = sum(other == name or other.startswith(f"{name} (") for other in names)
        names.append(f"{name} ({again + 1})" if again else name)
    return names


def _sign_sheet(sheet: "Worksheet", look: Look, part: Part, what: Export, digest: str) -> None:
    """A4, upright, one page wide, with a column to sign by hand."""
    _page(sheet, digest)
    for column, width in enumerate(_SIGN_WIDTHS):
        sheet.set_column(column, column, width)
    row = _heading(sheet, look, part)
    strings(sheet, row, _SIGN_HEADS, look.head)
    sheet.set_row(row, 24)
    sheet.repeat_rows(row)
    is_voluntary = words.is_voluntary(part)
    due = [line for line in part.lines if line.is_due or line.status in CAME or not part.is_over]
    for number, line in enumerate(due, start=1):
        cells = (
            str(number),
            line.name,
            line.group,
            words.shown(line),
            words.clock(line.arrived_at),
            "",
            words.remark(line, is_voluntary=is_voluntary),
        )
        strings(sheet, row + number, cells, look.cell)
        sheet.set_row(row + number, 9 + height(cells, _SIGN_WIDTHS))
    row += len(due) + 1
    for text in words.closing_lines(part, what):
        across(sheet, row, _LAST, text, look.body, points=18 * (1 + width_of(text) // _ACROSS))
        row += 1


def _page(sheet: "Worksheet", digest: str) -> None:
    sheet.set_paper(9)  # A4
    sheet.set_portrait()
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.6, right=0.6, top=0.8, bottom=0.8)
    sheet.center_horizontally()
    sheet.set_footer(f"&L&8CSV SHA-256：{digest}&R&9第&P页，共&N页")


def _heading(sheet: "Worksheet", look: Look, part: Part) -> int:
    """Title and particulars of the meeting; the row after them."""
    across(sheet, 0, _LAST, words.heading(part.unit, part.kind), look.title, points=40)
    start, end = beijing(part.starts_at), beijing(part.ends_at)
    last = f"{end:%H:%M}" if end.date() == start.date() else f"{end.month}月{end.day}日{end:%H:%M}"
    texts = [
        f"名称：{part.title}" if part.title else "",
        f"时间：{start.year}年{start.month}月{start.day}日{start:%H:%M}—{last}",
        f"地点：{part.place}" if part.place else "",
        f"主持人：{part.chair or '＿＿＿＿'}　　记录人：{part.recorder or '＿＿＿＿'}",
        words.counted(part),
    ]
    row = 1
    for text in filter(None, texts):
        across(sheet, row, _LAST, text, look.body, points=20 * (1 + width_of(text) // _ACROSS))
        row += 1
    return row


def _detail_sheet(sheet: "Worksheet", look: Look, table: list[list[str]]) -> None:
    for column, (_, width, _) in enumerate(words.COLUMNS):
        sheet.set_column(column, column, width)
    widths = [width for _, width, _ in words.COLUMNS]
    for row, cells in enumerate(table):
        strings(sheet, row, cells, look.left if row else look.head)
        sheet.set_row(row, 3 + height(cells, widths) if row else 24)
    sheet.ignore_errors({"number_stored_as_text": "A1:Z9999"})  # a staff number is no number
    sheet.freeze_panes(1, 6)
    sheet.autofilter(0, 0, max(1, len(table) - 1), len(words.COLUMNS) - 1)
    wide_page(sheet)


def _count_sheet(sheet: "Worksheet", look: Look, what: Export) -> None:
    heads = ["日期", "组织", "会议", "名称", *(title for title, _ in _COUNTS), "到会率", *GUEST_NAMES.values()]
    widths = (11, 16, 14, 24)
    for column, head in enumerate(heads):
        sheet.set_column(column, column, widths[column] if column < len(widths) else 11)
        sheet.write_string(0, column, head, look.head)
    sheet.set_row(0, 24)
    total = Held(Turnout())
    for row, part in enumerate(what.parts, start=1):
        total = total + part.held
        texts = (f"{beijing(part.starts_at):%Y-%m-%d}", part.unit, part.kind, part.title)
        strings(sheet, row, texts, look.left)
        sheet.set_row(row, 3 + height(texts, widths))
        _count_row(sheet, row, part.held, part.guests, look)
    row = len(what.parts) + 1
    strings(sheet, row, ("合计", "", "", ""), look.left)
    _count_row(sheet, row, total, [one for part in what.parts for one in part.guests], look)
    for number, text in enumerate(words.TERMS, start=row + 2):
        sheet.write_string(number, 0, text)
    sheet.freeze_panes(1, 0)
    wide_page(sheet)


def _count_row(sheet: "Worksheet", row: int, held: Held, guests: Sequence[GuestLine], look: Look) -> None:
    column = 4
    for _, read in _COUNTS:
        sheet.write_number(row, column, read(held), look.count)
        column += 1
    rate = held.turnout.rate
    if rate is None:
        sheet.write_string(row, column, "—", look.cell)
    else:
        sheet.write_number(row, column, rate / 1000, look.rate)
    for kind in GUEST_NAMES:
        column += 1
        count = sum(one.number for one in guests if one.what is kind)
        sheet.write_number(row, column, count, look.count)


def _delivery_sheet(sheet: "Worksheet", look: Look, what: Export) -> None:
    heads = ("日期", "会议", "名称", "提醒", "轮次", "去向", "应发", "已发", "已应答", "未触达")
    widths = (11, 14, 24, 12, 7, 8, 8, 8, 9, 9)
    sheet.set_row(0, 24)
    for column, (head, width) in enumerate(zip(heads, widths, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, head, look.head)
    row = 0
    for part in what.parts:
        for one in part.deliveries:
            row += 1
            to = "群" if one.is_group else "私聊"
            texts = (
                f"{beijing(part.starts_at):%Y-%m-%d}",
                part.kind,
                part.title,
                words.RUNGS[one.rung],
                str(one.round),
                to,
            )
            strings(sheet, row, texts, look.left)
            sheet.set_row(row, 3 + height(texts, widths[: len(texts)]))
            for column, count in enumerate((one.meant, one.sent, one.answered, one.unreached), start=6):
                sheet.write_number(row, column, count, look.count)
    sheet.freeze_panes(1, 0)
    wide_page(sheet)
