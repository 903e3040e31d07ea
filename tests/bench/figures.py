"""The table of figures: ours beside the floors measured in the same run.

    python -m tests.bench.figures --bench FOLDER [--python PYTHON] [--rounds 3] [--rows 1,2,Q1] [--out FILE]

FOLDER holds the load generator with its floors; run this where their libraries are, and say with --python which
interpreter has the bot (this one, if not said). Without --bench only what needs no Telegram is measured. Only ratios
of one run mean something; the machine should have nothing else to do.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench import exam, quizzes, rows
from tests.bench.lines import Line, Run, Suite
from tests.bench.loads import Figures
from tests.bench.rig import Rig


async def measure(suite: Suite, runs: Mapping[str, Run], rounds: int) -> dict[str, Figures]:
    """Medians by run; all runs once, then all once more, so that a slow minute of the machine strikes each alike."""
    found: dict[str, list[Figures]] = {name: [] for name in runs}
    for number in range(rounds):
        for name, run in runs.items():
            figures = await run()
            found[name].append(figures)
            told = " ".join(f"{key}={value:.1f}" for key, value in figures.items())
            sys.stderr.write(f"  rows {suite.rows} round {number + 1} {name}: {told}\n")
    return {name: _medians(some) for name, some in found.items()}


def _medians(found: Sequence[Figures]) -> Figures:
    """Of everything but losses: of those the worst."""
    keys = set.intersection(*(set(figures) for figures in found))
    worst = {"missing", "unkept", "repeated", "refused", "wrong_scores"}
    return {key: (max if key in worst else statistics.median)([f[key] for f in found]) for key in sorted(keys)}


def table(lines: Sequence[Line]) -> str:
    head = ("#", "work", "ours", "beside", "ratio", "goal", "")
    met = {True: "✓", False: "✗", None: ""}
    body = [
        (str(line.row), line.work, line.ours, line.peer, line.ratio, line.goal, met[line.is_met])
        for line in sorted(lines, key=lambda line: f"{line.row:>3}")
    ]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ("---",) * len(head), *body))


def chosen(given: argparse.Namespace, rig: Rig | None) -> list[tuple[Suite, Mapping[str, Run]]]:
    """What was asked for, as far as there is a generator for it."""
    found = [(rows.BANK, rows.bank_runs(given.python)), *quizzes.alone(given.python, given.people, given.answers)]
    if rig is not None:
        suites = [*rows.SUITES, rows.lasting(given.updates), exam.crowd(given.people), exam.STEADY]
        suites += [rows.postgres(given.postgres)] if given.postgres else []
        found += [(suite, suite.runs(rig)) for suite in suites if suite.runs is not None]
    wanted = set(given.rows.split(",")) if given.rows else None
    return [one for one in found if wanted is None or wanted & set(map(str, one[0].rows))]


async def run(given: argparse.Namespace) -> None:
    lines: list[Line] = []
    kept: dict[str, object] = {
        "machine": {"python": platform.python_version(), "cpus": len(os.sched_getaffinity(0)), "rounds": given.rounds}
    }
    with tempfile.TemporaryDirectory() as scratch:
        rig = Rig(given.bench.absolute(), given.python, Path(scratch)) if given.bench else None
        for suite, runs in chosen(given, rig):
            medians = await measure(suite, runs, given.rounds)
            kept[",".join(map(str, suite.rows))] = medians
            lines += suite.lines(medians)
    shown = table(lines)
    sys.stdout.write(shown + "\n")
    if given.out:
        given.out.write_text(json.dumps({**kept, "table": shown.splitlines()}, ensure_ascii=False, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, help="folder of the load generator")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the bot")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", default="", help="only these rows of the table: 1,2,Q1")
    parser.add_argument("--people", type=int, default=exam.CROWD, help="how many sit the exam of Q1 and are drawn for")
    parser.add_argument("--answers", type=int, default=1_000_000, help="how many stand in the table of row 12")
    parser.add_argument("--updates", type=int, default=100_000, help="how many before memory is looked at again")
    parser.add_argument("--postgres", default="", help="SQLAlchemy URL of a database that may be emptied, for row 13")
    parser.add_argument("--out", type=Path)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
