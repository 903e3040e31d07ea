"""What a line of the table is, and how a suite of runs makes some."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from tests.bench.loads import Figures
from tests.bench.rig import Rig

Run = Callable[[], Awaitable[Figures]]
Medians = Mapping[str, Figures]

OURS = "ours"
PEOPLE = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table. `is_met` none: it is told, not judged."""

    row: int | str  # of the table of goals, or Q1, Q2 … of quiz
    work: str
    ours: str
    peer: str = "–"
    ratio: str = "–"
    goal: str = "–"
    is_met: bool | None = None


@dataclass(frozen=True, slots=True)
class Suite:
    """Runs that are repeated in turn, A B C, A B C, and the lines their medians give."""

    rows: tuple[int | str, ...]
    runs: Callable[[Rig], Mapping[str, Run]] | None  # none: it needs no generator
    lines: Callable[[Medians], list[Line]]


def numbers(found: Mapping[str, object]) -> Figures:
    return {key: float(value) for key, value in found.items() if isinstance(value, int | float)}


def least(ratio: float, goal: float) -> tuple[str, str, bool]:
    return f"{ratio:.2f}", f"≥ {goal:g}", ratio >= goal


def most(ratio: float, goal: float) -> tuple[str, str, bool]:
    return f"{ratio:.2f}", f"≤ {goal:g}", ratio <= goal


def lost(of: Figures) -> str:
    return f"{of['missing'] + of.get('unkept', 0):.0f} lost" + (
        f", {of['repeated']:.0f} twice" if of.get("repeated") else ""
    )
