"""How printed sheets look, for every feature that writes some: the fonts of official papers, text that stays text."""

import re
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

from bot.message import clean

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
MOST_CELL = 32767  # characters of a cell in Excel
A4 = 9
_SANS = {"font_charset": 134, "valign": "vcenter"}  # where the font is missing, another Chinese one takes its place


def opened(out: BytesIO) -> "Workbook":
    """A workbook in which nothing that is written becomes a formula, a link or a number by itself."""
    import xlsxwriter  # noqa: PLC0415  # 100 ms that only those pay who write a workbook

    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    return xlsxwriter.Workbook(out, options)


class Look:
    """Formats in the manner of official papers: 小标宋 for titles, 仿宋 for the rest."""

    def __init__(self, book: "Workbook") -> None:
        make = book.add_format
        self.title = make(
            {**_SANS, "font_name": "方正小标宋简体", "font_size": 22, "align": "center", "text_wrap": True}
        )
        body = {**_SANS, "font_name": "仿宋", "font_size": 12}
        self.body = make({**body, "text_wrap": True})
        self.head = make({**body, "bold": True, "border": 1, "align": "center", "bg_color": "#F2F2F2"})
        self.cell = make({**body, "border": 1, "align": "center", "num_format": "@", "text_wrap": True})
        self.left = make({**body, "border": 1, "num_format": "@", "text_wrap": True})
        self.count = make({**body, "border": 1, "align": "center", "num_format": "0"})
        self.rate = make({**body, "border": 1, "align": "center", "num_format": "0.0%"})


@lru_cache(maxsize=4096)  # the cells of a long table say the same few things
def plain(text: str) -> str:
    """Text as a cell takes it."""
    return ILLEGAL.sub("", clean(text))[:MOST_CELL]


def strings(sheet: "Worksheet", row: int, cells: Sequence[str], look: "Format") -> None:
    for column, cell in enumerate(cells):
        sheet.write_string(row, column, plain(cell), look)


def height(cells: Sequence[str], widths: Sequence[int]) -> int:
    """Points of a row in which the longest text is wrapped; not every program works this out by itself."""
    return 17 * max(1 + (width_of(cell) * 12 - 1) // (width * 11) for cell, width in zip(cells, widths, strict=True))


def title_height(text: str, widths: Sequence[int]) -> int:
    """Points of the row of a title over columns of these widths: as many lines as it is wrapped into."""
    in_line = sum(widths) * 5 // 11  # a column is 5 points wide, half a character of a title 11
    return 14 + 30 * -(-width_of(text) // max(1, in_line))


@lru_cache(maxsize=4096)
def width_of(text: str) -> int:
    """In columns of a sheet, of which a Chinese character takes two."""
    return sum(2 if ord(character) > 0x2E80 else 1 for character in text)


def across(sheet: "Worksheet", row: int, last: int, text: str, look: "Format", *, points: int) -> None:
    """One text over the columns from the first to `last`."""
    sheet.merge_range(row, 0, row, last, "", look)
    sheet.write_string(row, 0, plain(text), look)
    sheet.set_row(row, points)


def wide_page(sheet: "Worksheet", head: int = 0) -> None:
    """A4 on its side, one page wide, the row of headings on each page."""
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(head)
