"""Rows of quiz that need no Telegram: foreign files, draws, results among many, a workbook."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.lines import OURS, Line, Medians, Run, Suite, most, numbers
from tests.bench.loads import Figures
from tests.bench.rig import told_by

READ_IN, HELD = 5000, 100  # ms


def alone(python: str, people: int, answers: int) -> list[tuple[Suite, Mapping[str, Run]]]:
    """Suites with their runs."""
    folder = TemporaryDirectory()  # with the table of answers, which takes longer to fill than to look at
    file = str(Path(folder.name) / "papers.db")

    def told(module: str, *arguments: str) -> Run:
        async def run() -> Figures:
            assert folder
            return numbers(told_by(python, f"tests.bench.{module}", *arguments))

        return run

    filling = f"--answers={answers}"
    return [
        (READING, {kind: told("sheet", kind) for kind in ("excel", "list")}),
        (RESULTS, {OURS: told("papers", "figures", file, filling)}),
        (DRAWS, {OURS: told("draws", f"--people={people}")}),
        (EXPORT, {OURS: told("papers", "export", file, filling)}),
    ]


def _reading_lines(of: Medians) -> list[Line]:
    found = []
    for kind, name in (("excel", "a workbook"), ("list", "a text list")):
        ours = of[kind]
        shown = f"{ours['whole_ms']:.0f} ms (CPU {ours['cpu_ms']:.0f}), loop held {ours['loop_held_ms']:.0f} ms"
        is_met = ours["whole_ms"] <= READ_IN and ours["loop_held_ms"] <= HELD and ours["rows"] == 10_000
        work = f"{ours['rows']:,.0f} questions of {name} checked"
        found.append(Line("Q3", work, shown, "–", "–", "≤ 5 s, loop ≤ 100 ms", is_met))
    return found


_LOOKS = (
    (12, "ranked", "5,000 sittings with their places"),
    ("Q4", "settled", "results of 5,000 sittings, 100,000 answers"),
    ("Q4", "analysed", "试题分析 of 100,000 answers"),
)


def _result_lines(of: Medians) -> list[Line]:
    ours = of[OURS]
    found = []
    for row, name, work in _LOOKS:
        took, bare = ours[f"{name}_ms"], ours[f"{name}_bare_ms"]
        among = f"{work}, {ours['answers']:,.0f} in the table"
        found.append(Line(row, among, f"{took:.0f} ms", f"bare SQL {bare:.0f} ms", *most(took / bare, 2)))
    return found


def _draw_lines(of: Medians) -> list[Line]:
    ours = of[OURS]
    shown = f"{ours['papers'] / ours['seconds']:.0f}/s, {ours['cpu_us']:.0f} µs, {ours['missing']:.0f} lost"
    work = f"{ours['papers']:,.0f} papers drawn from {ours['pool']:,.0f} questions"
    return [Line("Q5", work, shown, f"{ours['unlike']:,.0f} unlike any other")]


def _export_lines(of: Medians) -> list[Line]:
    ours = of[OURS]
    shown = f"read {ours['gather_s']:.1f} s, written {ours['render_s']:.1f} s, + {ours['peak_mb']:.0f} MB at most"
    return [Line("Q6", f"{ours['answers']:,.0f} answers as a workbook", shown, f"{ours['bytes'] / 1e6:.1f} MB of file")]


READING = Suite(("Q3",), None, _reading_lines)
RESULTS = Suite((12, "Q4"), None, _result_lines)
DRAWS = Suite(("Q5",), None, _draw_lines)
EXPORT = Suite(("Q6",), None, _export_lines)
