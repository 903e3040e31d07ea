"""Comma, tab and semicolon separated tables, in any encoding Excel writes them. Same headings as a sheet."""

import csv
from io import StringIO

from bot.banks.formats import decode, table
from bot.banks.formats.raw import RawFile
from bot.banks.formats.table import MAX_ROWS, Row, Table, columns_of
from bot.banks.rules import WHOLE, At, Issue, Line

LOOKED_AT = 50
DELIMITERS = ("\t", ",", ";")
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
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter_of(text), skipinitialspace=True)
    for cells in reader:
        texts = [cell.replace("\r\n", "\n").strip() for cell in cells]
        if any(texts):
            rows.append(Row(line, texts))
        line = reader.line_num + 1
    return rows


def delimiter_of(text: str) -> str:
    """The mark under which a first row is a header, else the one that parts most rows alike."""
    lines = [line for line in text.splitlines() if line.strip()][:LOOKED_AT]
    for mark in (*DELIMITERS, "，"):  # typed with a Chinese keyboard
        rows = csv.reader(lines[: table.HEADER_ROWS], delimiter=mark)
        if any(columns_of(Row(1, cells)).is_header for cells in rows):
            return mark
    return max(DELIMITERS, key=lambda mark: min((line.count(mark) for line in lines), default=0))
