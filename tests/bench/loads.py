"""What people do, and what is measured of the bot meanwhile. Each function is one run."""

import itertools
import math
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

from tests.bench.rig import Facts, Rig, Subject, Update, pause

Figures = dict[str, float]
WARM = 100  # as many people stand ready beside the crowd (crowd.py)


def quantile(values: Sequence[float], q: float) -> float:
    return sorted(values)[min(len(values) - 1, int(q * len(values)))] if values else math.nan


class Presses(Protocol):
    """What a crowd does: its n-th press, and some before the clock runs."""

    def of(self, number: int) -> tuple[Update, object]: ...

    def warm(self) -> list[tuple[Update, object]]: ...


class Taps:
    """Presses on 签到 in a group: each person once at each meeting."""

    def __init__(self, rig: Rig, facts: Facts, people: int) -> None:
        self._press = rig.telegram.upd_callback
        self._buttons, self._chat = cast("list[str]", facts["presses"]), facts["chat"]
        self._first, self.people = cast("int", facts["first"]), people

    def of(self, number: int) -> tuple[Update, object]:
        person, meeting = number % self.people, number // self.people
        return self._press(self._first + person, self._buttons[meeting % len(self._buttons)], self._chat, 101), True

    def warm(self) -> list[tuple[Update, object]]:
        after = self._first + self.people
        return [(self._press(after + n, self._buttons[0], self._chat, 101), True) for n in range(WARM)]


async def warm_up(subject: Subject, taps: Presses) -> None:
    subject.st.put_many(taps.warm())
    await subject.drain(60)
    subject.st.latencies.clear()


async def burst(subject: Subject, taps: Presses, n: int) -> Figures:
    """Everything at once: how fast does the bot get through it?"""
    await warm_up(subject, taps)
    cpu, begin = subject.cpu(), time.perf_counter()
    subject.st.put_many([taps.of(i) for i in range(n)])
    await subject.drain(180)
    return answered(subject, n, begin, cpu)


async def paced(subject: Subject, taps: Presses, rate: int, seconds: float) -> Figures:
    """At a steady rate: how long does one person wait?"""
    await warm_up(subject, taps)
    n = int(rate * seconds)
    cpu, begin = subject.cpu(), time.perf_counter()
    for i in range(n):
        if (early := begin + i / rate - time.perf_counter()) > 0:
            await pause(early)
        subject.st.put_many([taps.of(i)])
    await subject.drain(60)
    return answered(subject, n, begin, cpu)


def answered(subject: Subject, n: int, begin: float, cpu: float) -> Figures:
    st = subject.st
    took = st.last_answer - begin
    return {
        "rate": (n - st.open) / took,
        "cpu_us": (subject.cpu() - cpu) / n * 1e6,
        "p50_ms": quantile(st.latencies, 0.5) * 1e3,
        "p95_ms": quantile(st.latencies, 0.95) * 1e3,
        "p99_ms": quantile(st.latencies, 0.99) * 1e3,
        "missing": st.open,
    }


async def votes(subject: Subject, rig: Rig, facts: Facts, file: Path, n: int) -> Figures:
    """Answers to a native poll, which need no reply: until the last is in the database."""
    poll, first = str(facts["poll"]), cast("int", facts["first"])
    st, idle = subject.st, subject.memory("VmRSS")
    ballots = [(rig.telegram.upd_poll_answer(first + i, poll, i % 3), None) for i in range(n + WARM)]
    st.put_many(ballots[n:])  # the floors are warm, too
    await until(lambda: count(file, "SELECT count(*) FROM answer_events") >= WARM, 30)
    cpu, begin = subject.cpu(), time.perf_counter()
    st.put_many(ballots[:n])
    end = await until(lambda: count(file, "SELECT count(*) FROM answer_events") >= n + WARM, 90)
    kept = count(file, "SELECT count(*) FROM answer_events WHERE accepted")
    handled = count(file, "SELECT count(*) FROM inbox WHERE handled_at IS NOT NULL")
    return {
        "rate": n / (end - begin),
        "cpu_us": (subject.cpu() - cpu) / n * 1e6,
        "missing": n + WARM - kept,
        "unhandled": n + WARM - handled,
        "idle_mb": idle,
        "peak_mb": subject.memory("VmHWM"),
    }


async def sending(subject: Subject, n: int, seconds: float) -> Figures:
    """Rows that wait to be sent, from the first to the last that arrives."""
    st = subject.st
    await until(lambda: len(st.sent) > 0, 30)
    cpu = subject.cpu()
    await until(lambda: len(st.sent) >= n, seconds)
    first, last = st.sent[0][0], st.sent[-1][0]
    repeated = len(st.sent) - len({chat for _, chat in st.sent})
    return {
        "rate": (len(st.sent) - 1) / max(last - first, 1e-9),
        "seconds": last - first,
        "cpu_us": (subject.cpu() - cpu) / n * 1e6,
        "missing": n - len(st.sent) + repeated,
        "repeated": repeated,
        "refused": sum(st.refused.values()),
    }


async def asking(subject: Subject, rig: Rig, facts: Facts, seconds: float) -> Figures:
    """During a bulk, twice a second somebody asks for today's meetings and hears the answer."""
    st, asker = subject.st, cast("int", facts["asking"])
    await until(lambda: len(st.sent) > 0, 30)
    begin = time.perf_counter()
    for i in itertools.count():
        if (early := begin + i / 2 - time.perf_counter()) > 0:
            await pause(early)
        if i >= seconds * 2:
            break
        st.put_many([(rig.telegram.upd_message(asker + i, "/today"), ("chat", asker + i))])
    await subject.drain(60, 60)
    return {
        "p50_ms": quantile(st.latencies, 0.5) * 1e3,
        "p95_ms": quantile(st.latencies, 0.95) * 1e3,
        "missing": st.open,
        "refused": sum(st.refused.values()),
    }


async def lateness(subject: Subject, facts: Facts, seconds: float) -> Figures:
    """How long after its moment each reminder arrives, when the last one does, and how long their planning took."""
    st, offset = subject.st, time.time() - time.perf_counter()
    due = {
        chat: at
        for at, start, stop in cast("list[tuple[float, int, int]]", facts["due"])
        for chat in range(start, stop)
    }
    await until(lambda: len({chat for _, chat in st.sent if chat in due}) >= len(due), seconds)
    arrived = {chat: at + offset for at, chat in reversed(st.sent) if chat in due}
    late = [at - due[chat] for chat, at in arrived.items()]
    return {
        "p50_ms": quantile(late, 0.5) * 1e3,
        "p95_ms": quantile(late, 0.95) * 1e3,
        "last_s": max(late, default=math.nan),
        "planned_s": cast("float", facts["planned_s"]),
        "missing": len(due) - len(arrived),
        "repeated": sum(chat in due for _, chat in st.sent) - len(arrived),
        "refused": sum(st.refused.values()),
    }


async def lasting(subject: Subject, taps: Presses, n: int) -> Figures:
    """Memory before and after many updates."""
    await warm_up(subject, taps)
    idle, done = subject.memory("VmRSS"), 0
    while done < n:
        some = min(2000, n - done)
        subject.st.put_many([taps.of(done + i) for i in range(some)])
        await subject.drain(120)
        subject.st.latencies.clear()
        done += some
    return {"idle_mb": idle, "after_mb": subject.memory("VmRSS"), "updates": n, "missing": subject.st.open}


def count(file: Path, query: str) -> int:
    """What another process has committed."""
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10) as connection:
        return int(connection.execute(query).fetchone()[0])


async def until(is_so: Callable[[], bool], seconds: float) -> float:
    """The moment it is so, or the last one waited for."""
    end = time.perf_counter() + seconds
    while not is_so() and time.perf_counter() < end:
        await pause(0.01)
    return time.perf_counter()
