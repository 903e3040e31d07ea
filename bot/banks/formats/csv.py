"""Comma, tab and semicolon separated tables, in any encoding Excel writes them. Same headings as a sheet."""

import csv
import re
from io import StringIO

from bot.banks.formats import decode, table
from bot.banks.formats.columns import HEADER_ROWS, Row, columns_of
from bot.banks.formats.markdown import plain
from bot.banks.formats.raw import RawFile
from bot.banks.formats.table import MAX_ROWS, Table
from bot.banks.rules import WHOLE, At, Issue, Line

LOOKED_AT = 50
DELIMITERS = ("\t", ",", ";")
BAR = "|"
_DRAWN = re.compile(":?-*:?")
_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)
_MOST = 1024 * 1024  # characters of one field


def read(data: bytes, file: str) -> RawFile:
    found, decoded = RawFile(file), decode(data)
    if decoded is None:
        found.issues.append(Issue("E001", file, WHOLE))
        return found
    if decoded.is_guessed:
        found.issues.append(Issue("W214", file, Line(1), {"enc": decoded.encoding}))
    one = Table(_rows(decoded.text), _at, is_plain=True)
    if len(one.rows) > MAX_ROWS:
        found.issues.append(Issue("E218", file, WHOLE))
        return found
    table.read(one, found)
    return table.finish(found, [one])


def _at(row: int, _: int) -> At:
    return Line(row)


def _rows(text: str) -> list[Row]:
    """Rows with the line they begin in; a field in quotes may hold line breaks and delimiters."""
    csv.field_size_limit(_MOST)
    rows, line = [], 1
    mark = delimiter_of(text)
    file = StringIO(text, newline="")
    if mark == BAR:
        reader = csv.reader(file, delimiter=mark, skipinitialspace=True, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(file, delimiter=mark, skipinitialspace=True)
    for cells in reader:
        texts = [cell.replace("\r\n", "\n").strip() for cell in cells]
        if mark == BAR:
            texts = _unbarred(texts)
        if any(texts):
            rows.append(Row(line, texts))
        line = reader.line_num + 1
    return rows


def _unbarred(cells: list[str]) -> list[str]:
    """The cells between the bars that Markdown draws its tables with; nothing where it draws a line."""
    if all(_DRAWN.fullmatch(cell) for cell in cells):
        return []
    return [_BREAK.sub("\n", plain(cell)) for cell in cells]


def delimiter_of(text: str) -> str:
    """The mark under which a first row is a header, else the one that parts most rows alike."""
    lines = [line for line in text.splitlines() if line.strip()][:LOOKED_AT]
    for mark in (*DELIMITERS, "，", BAR):  # typed with a Chinese keyboard, or drawn as in Markdown
        rows = csv.reader(lines[:HEADER_ROWS], delimiter=mark)
        if any(columns_of(Row(1, cells)).is_header for cells in rows):
            return mark
    return max(DELIMITERS, key=lambda mark: min((line.count(mark) for line in lines), default=0))
