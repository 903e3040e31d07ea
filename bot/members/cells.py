"""Reads the cells of a workbook from standard input and prints them as JSON: a process of its own, with limits.

`python -m bot.members.cells NAME` takes the sheet NAME, or the only one. A stranger made the file: whatever it does
ends with this process.
"""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from io import BytesIO
from typing import Protocol, cast
from zipfile import ZipFile

MEGA = 1024 * 1024
MEMORY = 256 * MEGA
CPU_SECONDS = 2
MAX_ROWS = 3000
SPARE_ROWS = 10  # title and heading above, a note below
MAX_SEEN_ROWS = 10_000  # with empty ones: a cell far down makes the reader invent all rows above it
MAX_COLUMNS = 40
MAX_CELL = 200  # characters; what is longer is refused later anyway
MAX_TEXT = 5_000_000  # characters of one sheet: one shared text may be repeated in every cell
MAX_MERGED = 10_000
TOO_MUCH, TOO_LONG = 3, 4  # exit codes
FORMULA: dict[str, object] = {"f": 1}
MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})\"")


class _Cell(Protocol):
    value: object
    data_type: str


class _Sheet(Protocol):
    """What we use of a sheet that openpyxl reads on the way; its own stubs do not fit it."""

    def reset_dimensions(self) -> None: ...
    def iter_rows(self, *, max_col: int) -> Iterable[Sequence[_Cell]]: ...


def limit() -> None:
    if sys.platform != "win32":
        import resource  # noqa: PLC0415  # not on Windows

        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def main() -> None:
    limit()
    data = BytesIO(sys.stdin.buffer.read())
    try:
        answer = json.dumps(read(data, sys.argv[1])).encode()
    except MemoryError:
        sys.exit(TOO_MUCH)
    sys.stdout.buffer.write(answer)


def read(data: BytesIO, name: str) -> dict[str, object]:
    """`rows` is None when no sheet can be chosen; merged ranges as first row, last row, column."""
    from openpyxl import load_workbook  # noqa: PLC0415  # within the limits, not before them

    book = load_workbook(data, read_only=True, keep_links=False)
    sheets = {sheet.title: cast("_Sheet", sheet) for sheet in book.worksheets}
    chosen = [title for title in sheets if title.strip() == name] or list(sheets)
    if len(chosen) != 1:
        return {"titles": list(sheets), "rows": None}
    sheet = sheets[chosen[0]]
    rows = _rows(sheet)
    if any(FORMULA in values for values in rows.values()):
        computed = load_workbook(data, read_only=True, keep_links=False, data_only=True)
        results = _rows(cast("_Sheet", computed[chosen[0]]))
        rows = {n: [_result(v, results.get(n, []), i) for i, v in enumerate(values)] for n, values in rows.items()}
    with ZipFile(data) as archive:
        source = archive.read(str(vars(sheet)["_worksheet_path"]))
    return {"titles": list(sheets), "rows": list(rows.items()), "merged": _merged(source)}


def _rows(sheet: _Sheet) -> dict[int, list[object]]:
    """The rows with something in them."""
    sheet.reset_dimensions()  # programs write wrong ones
    rows: dict[int, list[object]] = {}
    size = 0
    for n, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), start=1):
        values = [_value(cell.value, cell.data_type) for cell in cells]
        if any(value is not None for value in values):
            rows[n] = values
            size += sum(len(value) for value in values if isinstance(value, str))
        if n > MAX_SEEN_ROWS or size > MAX_TEXT:
            sys.exit(TOO_MUCH)
        if len(rows) > MAX_ROWS + SPARE_ROWS:
            sys.exit(TOO_LONG)
    return rows


def _value(value: object, kind: str | None) -> object:
    if kind == "f":
        return FORMULA
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return {"d": value.isoformat()[:10]}
    return value if isinstance(value, int | float) else str(value)[:MAX_CELL]


def _result(value: object, results: list[object], place: int) -> object:
    """A formula's stored result; FORMULA stays where there is none."""
    if value != FORMULA or place >= len(results) or results[place] is None:
        return value
    return results[place]


def _merged(source: bytes) -> list[tuple[int, int, int]]:
    found: list[tuple[int, int, int]] = []
    for left, top, right, bottom in MERGED.findall(source):
        columns = range(_column(left), min(_column(right), MAX_COLUMNS) + 1)
        found += [(int(top), min(int(bottom), MAX_SEEN_ROWS), column) for column in columns]
        if len(found) > MAX_MERGED:
            sys.exit(TOO_MUCH)
    return found


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


if __name__ == "__main__":
    main()
