"""Reads and judges 10,000 questions of a workbook or a text list, as the handler does: in a child and a thread.

python -m tests.bench.sheet excel|list        prints milliseconds, as JSON
"""

import asyncio
import json
import os
import sys
import time
from datetime import date
from io import BytesIO

from xlsxwriter import Workbook

from bot.banks import child, reading
from bot.banks.formats import Format
from tests.bench.rig import pause

COUNT = 10_000
HEAD = ("题型", "题干", "A", "B", "C", "D", "答案", "解析", "分值", "知识点")
OPTIONS = ("高质量发展", "科技自立自强", "乡村全面振兴", "区域协调发展")
ON = date(2026, 3, 2)
TICK = 0.002


def workbook() -> bytes:
    data = BytesIO()
    with Workbook(data, {"in_memory": True}) as book:
        sheet = book.add_worksheet("题目")
        sheet.write_row(0, 0, HEAD)
        for n in range(1, COUNT + 1):
            stem = f"全面建设社会主义现代化国家的首要任务是什么（第{n}题）？"
            sheet.write_row(n, 0, ("单选题", stem, *OPTIONS, "A", f"高质量发展是首要任务，见第{n}页。", 2, "党章"))
    return data.getvalue()


def text_list() -> bytes:
    """As people number and answer questions in a document."""
    ones = []
    for n in range(1, COUNT + 1):
        stem = f"{n}. 全面建设社会主义现代化国家的首要任务是什么（第{n}题）？"
        options = [f"{letter}. {text}" for letter, text in zip("ABCD", OPTIONS, strict=True)]
        ones.append("\n".join((stem, *options, "答案：A", f"解析：高质量发展是首要任务，见第{n}页。")))
    return ("一、单选题\n" + "\n\n".join(ones) + "\n").encode()


KINDS = {"excel": (workbook, "bench.xlsx", Format.EXCEL), "list": (text_list, "bench.txt", Format.LIST)}


async def held_while(data: bytes, name: str) -> tuple[float, float, int]:
    """Seconds the whole takes, the longest the loop stood still meanwhile, and how many were read."""
    begin = time.perf_counter()
    loading = asyncio.create_task(asyncio.to_thread(reading.load, data, name, on=ON))
    worst, last = 0.0, begin
    while not loading.done():
        await pause(TICK)
        now = time.perf_counter()
        worst, last = max(worst, now - last - TICK), now
    rows = loading.result().checked.rows
    return time.perf_counter() - begin, worst, rows.good if rows else 0


def _cpu() -> float:
    """Seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


def main() -> None:
    make, name, kind = KINDS[sys.argv[1] if len(sys.argv) > 1 else "excel"]
    data = make()
    begin = time.perf_counter()
    child.read(data, name, kind)
    alone = time.perf_counter() - begin
    cpu = _cpu()
    seconds, held, count = asyncio.run(held_while(data, name))
    cpu = _cpu() - cpu
    figures = {"rows": count, "bytes": len(data), "read_ms": round(alone * 1000), "whole_ms": round(seconds * 1000)}
    json.dump(figures | {"loop_held_ms": round(held * 1000), "cpu_ms": round(cpu * 1000)}, sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
