"""Roster files for tests, and what is wrong with them in words."""

from collections.abc import Sequence
from datetime import date
from io import BytesIO

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from bot.members.phrases import read_table
from bot.members.roster_views import fault_text
from bot.members.rows import Cell, Reading, RosterRow

TODAY = date(2026, 3, 2)
HEAD = ["党支部", "姓名", "类别"]
ROW = ["一支部", "张三", "正式党员"]


def book(*rows: Sequence[object], title: str = "名册", also: Sequence[str] = ()) -> bytes:
    made = Workbook()
    sheet = made.active
    assert isinstance(sheet, Worksheet)
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    for name in also:
        made.create_sheet(name)
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def read(*rows: Sequence[Cell]) -> Reading:
    """What is read of these rows below the usual headings."""
    return read_table([(n, list(row)) for n, row in enumerate([HEAD, *rows], start=1)], [], today=TODAY)


def table(headings: Sequence[str], *rows: Sequence[Cell]) -> Reading:
    return read_table([(n, list(row)) for n, row in enumerate([headings, *rows], start=1)], [], today=TODAY)


def one(heading: str, value: Cell) -> RosterRow:
    reading = table([*HEAD, heading], [*ROW, value])
    assert reading.faults == ()
    return reading.rows[0]


def faults(reading: Reading) -> list[str]:
    return [fault_text(fault) for fault in reading.faults]


def fault(heading: str, value: Cell) -> str:
    found = faults(table([*HEAD, heading], [*ROW, value]))
    assert len(found) == 1, found
    return found[0]
