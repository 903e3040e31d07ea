"""Rows of an exam that thousands sit at once: every press is taken once, and the scores are what we reckon ourselves.

What was pressed follows from person and question alone, so that the whole exam can be marked again here, from the
tables and without a line of the bot.
"""

import json
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

from tests.bench.answers import floor
from tests.bench.lines import OURS, PEOPLE, Line, Medians, Run, Suite, least
from tests.bench.loads import WARM, Figures, answered, paced, warm_up
from tests.bench.rig import BEST, Facts, Rig, Subject, Update, pause

CROWD = 5 * PEOPLE
JUDGED_FROM = 15  # questions before those that are right or wrong
CARD = 101  # the message with the card


def letter(person: int, place: int) -> str:
    """What this person presses at this question, both counted from 0."""
    return "TF"[(person + place) % 2] if place >= JUDGED_FROM else "ABCD"[(3 * person + place) % 4]


class Picks:
    """One press of everybody at each question, question by question."""

    def __init__(self, rig: Rig, facts: Facts, people: int) -> None:
        self._press, self.people = rig.telegram.upd_callback, people
        self._first = cast("int", facts["first"])
        self._attempts, self._places = cast("list[str]", facts["attempts"]), cast("list[str]", facts["places"])

    @property
    def count(self) -> int:
        return self.people * len(self._places)

    def of(self, number: int) -> tuple[Update, object]:
        return self._pick(number % self.people, number // self.people)

    def warm(self) -> list[tuple[Update, object]]:
        return [self._pick(self.people + n, 0) for n in range(WARM)]

    def hand_in(self, person: int) -> tuple[Update, object]:
        return self._press(self._first + person, f"quiz:submit:{self._attempts[person]}", None, CARD), True

    def _pick(self, person: int, place: int) -> tuple[Update, object]:
        data = f"quiz:pick:{self._attempts[person]}:{self._places[place]}:{letter(person, place)}"
        return self._press(self._first + person, data, None, CARD), True


async def whole(subject: Subject, picks: Picks) -> Figures:
    """Everybody answers every question as fast as it goes, then all hand in. Of each person one or two presses wait."""
    st = subject.st
    await warm_up(subject, picks)
    cpu, begin = subject.cpu(), time.perf_counter()
    for start in range(0, picks.count, picks.people):
        while st.open > picks.people // 2:
            await pause(0.005)
        st.put_many([picks.of(start + n) for n in range(picks.people)])
    await subject.drain(180)
    found = answered(subject, picks.count, begin, cpu)
    st.latencies.clear()
    cpu, begin = subject.cpu(), time.perf_counter()
    st.put_many([picks.hand_in(person) for person in range(picks.people)])
    await subject.drain(180)
    ended = answered(subject, picks.people, begin, cpu)
    handed = {f"handed_{name}": ended[name] for name in ("rate", "cpu_us", "p99_ms", "missing")}
    return {**found, **handed, "peak_mb": subject.memory("VmHWM")}


# -- marked again -----------------------------------------------------------------------------------------------------

_ANSWERS = """
SELECT a.member_id, a.state, a.score_centi, i.position, i.option_order, i.max_centi, i.selection, v.content
FROM attempts a JOIN attempt_items i ON i.attempt_id = a.id JOIN question_versions v ON v.id = i.version_id
ORDER BY a.id, i.position
"""
_TWICE = "SELECT count(*) - count(DISTINCT attempt_id * 1000 + position) FROM answer_events WHERE accepted"
_UNHANDLED = "SELECT count(*) FROM inbox WHERE handled_at IS NULL"
Answer = tuple[int, str, int | None, int, str, int, str | None, str]


def reckoned(file: Path, person_of: Mapping[int, int], people: int) -> Figures:
    """How many answers are not there as they were pressed, counted more than once, or marked to a wrong score."""
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10) as connection:
        twice, unhandled = (connection.execute(query).fetchone()[0] for query in (_TWICE, _UNHANDLED))
        rows = connection.execute(_ANSWERS).fetchall()
    kept, wrong, totals = 0, 0, dict[int, int]()
    scores: dict[int, int | None] = {}
    for row in cast("Sequence[Answer]", rows):
        person = person_of.get(row[0], people)
        if person >= people:
            continue
        pressed, points = _marked(person, row)
        kept += pressed == row[6]
        totals[person] = totals.get(person, 0) + points
        scores[person] = row[2] if row[1] == "SUBMITTED" else None
    wrong = sum(scores[person] != total for person, total in totals.items()) + people - len(totals)
    return {"unkept": 20 * people - kept + unhandled, "repeated": twice, "wrong_scores": wrong}


def _marked(person: int, row: Answer) -> tuple[str, int]:
    """What was pressed in the letters of the bank, and what it is worth."""
    _, _, _, position, order, most, _, content = row
    asked = json.loads(content)
    shown = letter(person, position - 1)
    pressed = shown if asked["type"] == "true_false" else "ABCD"[json.loads(order)["ABCD".index(shown)]]
    if asked["type"] == "multiple":  # one of several: half, if it is right
        return pressed, most // 2 if pressed in asked["answer"] else 0
    return pressed, most if pressed == asked["answer"] else 0


# -- the table --------------------------------------------------------------------------------------------------------


def _sat(rig: Rig, people: int, load: Callable[..., Awaitable[Figures]], *args: float, is_whole: bool = True) -> Run:
    async def run() -> Figures:
        file, facts = rig.prepared("exam", people=people)
        url = rig.copy(file)
        async with rig.ours(url, "tests.bench.unlimited") as subject:
            found = await load(subject, Picks(rig, facts, people), *args)
        if not is_whole:
            return found
        first = cast("int", facts["first"])
        person_of = {10 * 100_001 - (first + n): n for n in range(people)}
        return {**found, **reckoned(Path(url.removeprefix("sqlite:///")), person_of, people)}

    return run


def crowd(people: int) -> Suite:
    def runs(rig: Rig) -> Mapping[str, Run]:
        return {
            OURS: _sat(rig, people, whole),
            "best": floor(rig, "floor_ptb", BEST, "burst", n=people, users=people),
        }

    return Suite(("Q1",), runs, lambda of: _crowd_lines(of, people))


def _crowd_lines(of: Medians, people: int) -> list[Line]:
    ours, peer = of[OURS], of["best"]
    shown = f"{ours['rate']:.0f}/s, {ours['cpu_us']:.0f} µs, p50 {ours['p50_ms']:.0f} p99 {ours['p99_ms']:.0f} ms"
    beside = f"best PTB, no store {peer['rate']:.0f}/s, p50 {peer['p50_ms']:.0f} p99 {peer['p99_ms']:.0f} ms"
    lost = ours["missing"] + ours["unkept"]
    kept = f"{lost:.0f} lost, {ours['repeated']:.0f} twice, {ours['wrong_scores']:.0f} wrong scores"
    is_whole = lost == ours["repeated"] == ours["wrong_scores"] == ours["handed_missing"] == 0
    handed = f"{ours['handed_rate']:.0f}/s, {ours['handed_cpu_us']:.0f} µs, p99 {ours['handed_p99_ms']:.0f} ms"
    return [
        Line("Q1", f"{people:,} people, 20 questions each", shown, beside, *least(ours["rate"] / peer["rate"], 0.5)),
        Line("Q1", "… kept, marked again", kept, "–", "–", "0, 0, 0", is_whole),
        Line("Q1", "… all hand in at once", handed, f"memory {ours['peak_mb']:.0f} MB"),
    ]


RATE, SECONDS = 200, 5


def _steady_runs(rig: Rig) -> Mapping[str, Run]:
    return {
        OURS: _sat(rig, PEOPLE, paced, RATE, SECONDS, is_whole=False),
        "best": floor(rig, "floor_ptb", BEST, "paced", rate=RATE, seconds=SECONDS),
    }


def _steady_lines(of: Medians) -> list[Line]:
    ours, peer = of[OURS], of["best"]
    shown = f"p50 {ours['p50_ms']:.1f} p99 {ours['p99_ms']:.1f} ms, {ours['missing']:.0f} lost"
    beside = f"best PTB, no store p50 {peer['p50_ms']:.1f} p99 {peer['p99_ms']:.1f} ms"
    ratio = f"{ours['p50_ms'] / peer['p50_ms']:.2f}"
    return [Line("Q2", f"exam answers at {RATE}/s", shown, beside, ratio, "p99 ≤ 15 ms", ours["p99_ms"] <= 15)]


STEADY = Suite(("Q2",), _steady_runs, _steady_lines)
