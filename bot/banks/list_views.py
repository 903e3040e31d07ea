"""What `ketang bank` prints besides faults: the list of banks, and why a path cannot be used."""

import json
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from bot.banks.service import Summary
from bot.banks.views import TYPES, scope_name
from bot.reasons import why


def no_folder(folder: Path) -> str:
    return f"没有目录 {folder}，请先建立。"


def unusable(error: OSError) -> str:
    return f"读写不了 {error.filename}：{why(error)}。"


def no_files(folder: Path) -> str:
    return f"{folder} 里没有题库文件。"


def exported(slug: str, output: Path) -> str:
    return f"题库 {slug} 已导出到 {output}。"


HEADINGS = ("编号", "题库", "题数（单/多/判/填）", "版本", "归属", "依据", "待核对")


def bank_table(banks: Sequence[Summary]) -> list[str]:
    """`ketang bank list`."""
    return table(HEADINGS, map(_row, banks)) if banks else ["还没有题库。"]


def _row(bank: Summary) -> tuple[str, ...]:
    numbers = "/".join(str(bank.counts.get(kind, 0)) for kind in TYPES)
    sources = f"《{bank.sources[0]}》" if bank.sources else "—"
    more = f"等 {len(bank.sources)} 件" if len(bank.sources) > 1 else ""
    count = f"{sum(bank.counts.values())}（{numbers}）"
    return (bank.slug, bank.title, count, str(bank.number), scope_name(bank.scope), sources + more, str(bank.stale))


def bank_json(banks: Sequence[Summary]) -> str:
    """`ketang bank list --json`: names of keys as in the tables."""
    rows = [
        {
            "slug": bank.slug,
            "title": bank.title,
            "revision": bank.number,
            "questions": {kind.value: bank.counts.get(kind, 0) for kind in TYPES},
            "scope": {"kind": bank.scope.kind.name.lower(), "unit_id": bank.scope.unit_id},
            "sources": list(bank.sources),
            "stale": bank.stale,
        }
        for bank in banks
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Columns aligned for a terminal, where a Chinese character is two wide."""
    cells = [list(headings), *map(list, rows)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(_pad, row, widths)).rstrip() for row in cells]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
