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

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
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
_ACROSS = 40  # Chinese characters of the text that fit into one line of all columns
_SANS = {"font_charset": 134, "valign": "vcenter"}  # where the font is missing, another Chinese one takes its place
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
    import xlsxwriter  # noqa: PLC0415  # 100 ms that only those pay who write a workbook

    out = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        look = _Look(book)
        for name, part in zip(_tabs(what.parts), what.parts, strict=True):
            _sign_sheet(book.add_worksheet(name), look, part, what, digest)
        _detail_sheet(book.add_worksheet("明细"), look, table)
        _count_sheet(book.add_worksheet("统计"), look, what)
        _delivery_sheet(book.add_worksheet("通知送达"), look, what)
    return out.getvalue()


class _Look:
    """Formats in the manner of official papers: 小标宋 for titles, 仿宋 for the rest."""

    def __init__(self, book: "Workbook") -> None:
        make = book.add_format
        self.title = make({**_SANS, "font_name": "方正小标宋简体", "font_size": 22, "align": "center"})
        body = {**_SANS, "font_name": "仿宋", "font_size": 12}
        self.body = make({**body, "text_wrap": True})
        self.head = make({**body, "bold": True, "border": 1, "align": "center", "bg_color": "#F2F2F2"})
        self.cell = make({**body, "border": 1, "align": "center", "num_format": "@", "text_wrap": True})
        self.left = make({**body, "border": 1, "num_format": "@", "text_wrap": True})
        self.count = make({**body, "border": 1, "align": "center", "num_format": "0"})
        self.rate = make({**body, "border": 1, "align": "center", "num_format": "0.0%"})


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


def _sign_sheet(sheet: "Worksheet", look: _Look, part: Part, what: Export, digest: str) -> None:
    """A4, upright, one page wide, with a column to sign by hand."""
    _page(sheet, digest)
    for column, width in enumerate(_SIGN_WIDTHS):
        sheet.set_column(column, column, width)
    row = _heading(sheet, look, part)
    _strings(sheet, row, _SIGN_HEADS, look.head)
    sheet.set_row(row, 24)
    sheet.repeat_rows(row)
    due = [line for line in part.lines if line.is_due or line.status in CAME]
    for number, line in enumerate(due, start=1):
        cells = (
            str(number),
            line.name,
            line.group,
            words.shown(line),
            words.clock(line.arrived_at),
            "",
            words.remark(line),
        )
        _strings(sheet, row + number, cells, look.cell)
        sheet.set_row(row + number, 9 + _height(cells, _SIGN_WIDTHS))
    row += len(due) + 1
    for text in words.closing_lines(part, what):
        _across(sheet, row, text, look.body, height=18 * (1 + len(text) // _ACROSS))
        row += 1


def _height(cells: Sequence[str], widths: Sequence[int]) -> int:
    """Points of a row in which the longest text is wrapped; not every program works this out by itself."""
    return 17 * max(1 + (_width(cell) * 12 - 1) // (width * 11) for cell, width in zip(cells, widths, strict=True))


def _width(text: str) -> int:
    """In columns of a sheet, of which a Chinese character takes two."""
    return sum(2 if ord(character) > 0x2E80 else 1 for character in text)


def _page(sheet: "Worksheet", digest: str) -> None:
    sheet.set_paper(9)  # A4
    sheet.set_portrait()
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.6, right=0.6, top=0.8, bottom=0.8)
    sheet.center_horizontally()
    sheet.set_footer(f"&L&8CSV SHA-256：{digest}&R&9第&P页，共&N页")


def _heading(sheet: "Worksheet", look: _Look, part: Part) -> int:
    """Title and particulars of the meeting; the row after them."""
    _across(sheet, 0, words.heading(part.unit, part.kind), look.title, height=40)
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
        _across(sheet, row, text, look.body, height=20 * (1 + len(text) // _ACROSS))
        row += 1
    return row


def _detail_sheet(sheet: "Worksheet", look: _Look, table: list[list[str]]) -> None:
    for column, (_, width, _) in enumerate(words.COLUMNS):
        sheet.set_column(column, column, width)
    widths = [width for _, width, _ in words.COLUMNS]
    for row, cells in enumerate(table):
        _strings(sheet, row, cells, look.left if row else look.head)
        sheet.set_row(row, 3 + _height(cells, widths) if row else 24)
    sheet.ignore_errors({"number_stored_as_text": "A1:Z9999"})  # a staff number is no number
    sheet.freeze_panes(1, 6)
    sheet.autofilter(0, 0, max(1, len(table) - 1), len(words.COLUMNS) - 1)
    _wide_page(sheet)


def _wide_page(sheet: "Worksheet") -> None:
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _count_sheet(sheet: "Worksheet", look: _Look, what: Export) -> None:
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
        _strings(sheet, row, texts, look.left)
        sheet.set_row(row, 3 + _height(texts, widths))
        _count_row(sheet, row, part.held, part.guests, look)
    row = len(what.parts) + 1
    _strings(sheet, row, ("合计", "", "", ""), look.left)
    _count_row(sheet, row, total, [one for part in what.parts for one in part.guests], look)
    for number, text in enumerate(words.TERMS, start=row + 2):
        sheet.write_string(number, 0, text)
    sheet.freeze_panes(1, 0)
    _wide_page(sheet)


def _count_row(sheet: "Worksheet", row: int, held: Held, guests: Sequence[GuestLine], look: _Look) -> None:
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


def _delivery_sheet(sheet: "Worksheet", look: _Look, what: Export) -> None:
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
            _strings(sheet, row, texts, look.left)
            sheet.set_row(row, 3 + _height(texts, widths[: len(texts)]))
            for column, count in enumerate((one.meant, one.sent, one.answered, one.unreached), start=6):
                sheet.write_number(row, column, count, look.count)
    sheet.freeze_panes(1, 0)
    _wide_page(sheet)


def _strings(sheet: "Worksheet", row: int, cells: Sequence[str], look: "Format") -> None:
    for column, cell in enumerate(cells):
        sheet.write_string(row, column, words.plain(cell), look)


def _across(sheet: "Worksheet", row: int, text: str, look: "Format", *, height: int) -> None:
    sheet.merge_range(row, 0, row, _LAST, "", look)
    sheet.write_string(row, 0, words.plain(text), look)
    sheet.set_row(row, height)
