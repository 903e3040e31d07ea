"""Workbooks (.xlsx): every visible sheet with data as a table of texts. Runs in the child process only."""

import re
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from typing import Protocol, cast
from zipfile import ZipFile

from bot.banks.formats import table
from bot.banks.formats.columns import Row
from bot.banks.formats.raw import RawFile, TooMuch
from bot.banks.formats.table import MAX_ROWS, Table
from bot.banks.formats.web import PICTURE
from bot.banks.rules import At, Cell, Issue

MAX_COLUMNS = 60
MAX_SEEN_ROWS = 1_048_576  # with empty ones: Excel's own limit
MAX_TEXT = 30_000_000  # characters of one workbook: one shared text may be repeated in every cell
MAX_MERGED = 200_000
REPORTED = 1000  # rows between two words about how far the reading is
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})\"")
_FORMULA = re.compile(rb"<(?:\w+:)?c\s[^>]*?r=\"([A-Z]{1,3})(\d{1,7})\"[^>]*>\s*<(?:\w+:)?f[\s/>]")
_ESCAPED = re.compile("_x(000[9AD]|005F)_")
_IN_CELL = ("=DISPIMG(", "=_xlfn.DISPIMG(")  # as WPS puts a picture into a cell
_ZEROS = re.compile("0{2,}")


class _Cell(Protocol):
    value: object
    data_type: str
    number_format: str


class _Sheet(Protocol):
    """What we use of a sheet that openpyxl reads on the way; its own stubs do not fit it."""

    title: str
    sheet_state: str

    def reset_dimensions(self) -> None: ...
    def iter_rows(self, *, max_col: int) -> Iterable[Sequence[_Cell]]: ...


def read(data: bytes, file: str) -> RawFile:
    """Read every visible sheet; what cannot be opened raises, for whoever started the process."""
    from openpyxl import load_workbook  # noqa: PLC0415  # slow to import, and only within the limits

    found, tables, room = RawFile(file), [], [MAX_TEXT, MAX_ROWS]
    book = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
    with ZipFile(BytesIO(data)) as archive:
        for number, sheet in enumerate(cast("list[_Sheet]", book.worksheets), start=1):
            source = archive.read(str(vars(sheet)["_worksheet_path"]))
            one = _table(sheet, number, source, room)
            if sheet.sheet_state != "visible":
                if one.rows:
                    found.issues.append(Issue("W216", file, Cell(number, 1, 1, sheet.title), {"s": sheet.title}))
                continue
            tables.append(one)
            table.read(one, found)
    return table.finish(found, tables)


def _table(sheet: _Sheet, number: int, source: bytes, room: list[int]) -> Table:
    formulas = {(int(row), _column(letters) - 1) for letters, row in _FORMULA.findall(source)}
    sheet.reset_dimensions()  # programs write wrong ones
    rows: list[Row] = []
    gap: Sequence[_Cell] | None = None
    for n, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), start=1):
        if cells is gap:  # the reader fills a million rows above a stray cell with one and the same
            continue
        texts = [_shown(cell) if cell.value is not None else "" for cell in cells]
        lost = frozenset(place for place, text in enumerate(texts) if (n, place) in formulas and _is_lost(text))
        if not any(texts) and not lost:
            gap = cells
        else:
            rows.append(Row(n, texts, lost))
            room[0] -= sum(map(len, texts))
            room[1] -= 1
            if len(rows) % REPORTED == 0:
                print(MAX_ROWS - room[1], file=sys.stderr, flush=True)  # noqa: T201  # to the parent
        if min(room) < 0 or n > MAX_SEEN_ROWS:
            raise TooMuch

    def at(row: int, column: int) -> At:
        return Cell(number, row, column + 1, sheet.title)

    return Table(rows, at, sheet.title, _merged(source))


def _is_lost(text: str) -> bool:
    """Nothing was stored for a formula, or one of Excel's errors."""
    return not text or text.startswith("#")


def _shown(cell: _Cell) -> str:
    """A cell's text as people see it in the sheet."""
    value = cell.value
    if isinstance(value, str):
        return PICTURE if value.startswith(_IN_CELL) else _unescaped(value).strip()
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float | Decimal):
        return _number(value, cell.number_format or "")
    if isinstance(value, date | time):
        return _moment(value, cell.number_format or "")
    return str(value).strip()


def _unescaped(text: str) -> str:
    if "_x" not in text:
        return text.replace("\r\n", "\n").replace("\r", "\n")
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return plain.replace("\r\n", "\n").replace("\r", "\n")


def _number(value: float | Decimal, shown_as: str) -> str:
    """3.0 is 3, 0.00001 no power of ten, 0.5 under a format with per cent 50%, 1 under 000 is 001."""
    exact = Decimal(f"{value:.15g}")
    plain = shown_as.split(";", maxsplit=1)[0]
    if "%" in plain and '"' not in plain:
        return f"{_plain(exact * 100)}%"
    if plain == "#,##0":
        return f"{exact:,.0f}"
    if _ZEROS.fullmatch(plain) and exact == exact.to_integral_value() and exact >= 0:
        return str(int(exact)).zfill(len(plain))
    return _plain(exact)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _moment(value: date | time, shown_as: str) -> str:
    if isinstance(value, time):
        return f"{value:%H:%M}" + (f":{value:%S}" if value.second else "")
    day = f"{value.year}年{value.month}月"
    if "d" in shown_as.lower() or "y" not in shown_as.lower():
        day += f"{value.day}日"
    if isinstance(value, datetime) and value.time() != time():
        return f"{day}{value:%H:%M}"
    return day


def _merged(source: bytes) -> list[tuple[int, int, int]]:
    found: list[tuple[int, int, int]] = []
    for left, top, right, bottom in _MERGED.findall(source):
        columns = range(_column(left) - 1, min(_column(right), MAX_COLUMNS))
        if top != bottom:
            found += [(int(top), int(bottom), column) for column in columns]
        if len(found) > MAX_MERGED:
            raise TooMuch
    return found


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
