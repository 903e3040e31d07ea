"""Reads and checks a bank of 10,000 questions, as the handler does, beside the parser alone.

Like the running bot it freezes what its start made; with it a collection of garbage takes three times as long.

python -m tests.bench.bank        prints milliseconds, as JSON
"""

import asyncio
import gc
import json
import sys
import time
from datetime import date

import yaml

from bot.banks import reading
from tests.bench.rig import pause

COUNT = 10_000
HEAD = """schema: 1
bank: bench
title: 大题库
sources:
  zc: {title: 中国共产党章程, edition: 二十大修改}
topics: [党章]
defaults: {score: 2}
questions:
"""
ONE = """  - id: q-{n:05d}
    type: single
    stem: 全面建设社会主义现代化国家的首要任务是什么（第{n}题）？
    options:
      A: 高质量发展
      B: 科技自立自强
      C: 乡村全面振兴
      D: 区域协调发展
    answer: A
    explain: 高质量发展是首要任务，见第{n}页。
    source: {{ref: zc, verified: false}}
    topics: [党章]
    difficulty: 1
"""
ON = date(2026, 3, 2)
TICK = 0.002


async def held_while(data: bytes) -> tuple[float, float, int]:
    """Seconds the check takes in its thread, the longest the loop stood still meanwhile, and how many were read.

    It stands still while this process computes: what a busy machine gives to others in that time is not counted.
    """
    begin = time.perf_counter()
    checking = asyncio.create_task(asyncio.to_thread(reading.load, data, "bench.yaml", on=ON))
    worst, last, worked = 0.0, begin, time.process_time()
    while not checking.done():
        await pause(TICK)
        now, work = time.perf_counter(), time.process_time()
        worst = max(worst, min(now - last - TICK, work - worked))
        last, worked = now, work
    bank = checking.result().checked.bank
    return time.perf_counter() - begin, worst, len(bank.questions) if bank else 0


def main() -> None:
    data = (HEAD + "".join(ONE.format(n=n) for n in range(COUNT))).encode()
    begin = time.perf_counter()
    yaml.compose(data, Loader=yaml.CSafeLoader)
    composed = time.perf_counter() - begin
    begin = time.perf_counter()
    loaded = reading.load(data, "bench.yaml", on=ON)
    checked = time.perf_counter() - begin
    if loaded.checked.bank is None:
        sys.exit(f"the bank is not clean: {loaded.checked.issues[:3]}")
    del loaded
    gc.freeze()
    _, held, count = asyncio.run(held_while(data))
    figures = {"composed_ms": composed * 1e3, "checked_ms": checked * 1e3, "held_ms": held * 1e3, "count": count}
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
