"""Rows of people who tap and vote: how many a second, how soon they hear, and that each counted once."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import cast

from tests.bench import loads
from tests.bench.lines import OURS, PEOPLE, Line, Medians, Run, Suite, least, lost, numbers
from tests.bench.loads import Figures, Taps
from tests.bench.rig import BEST, TEXTBOOK, Facts, Rig


def ours_tapped(
    rig: Rig, load: Callable[..., Awaitable[Figures]], meetings: int, *args: float, rtt_ms: float = 0
) -> Run:
    """A run of ours on open meetings, and after it the proof that each tap counted once."""

    async def run() -> Figures:
        file, facts = rig.prepared("taps", people=PEOPLE, meetings=meetings)
        url = rig.copy(file)
        async with rig.ours(url, rtt_ms=rtt_ms) as subject:
            found = await load(subject, Taps(rig, facts, PEOPLE), *args)
        return {**found, "unkept": unkept(rig.scene("kept", url))}

    return run


def unkept(kept: Facts) -> float:
    """Taps stored but not counted, or counted twice: came is by person, signed by event of the chain."""
    stored, came, signed = (cast("int", kept[name]) for name in ("stored", "came", "signed"))
    return abs(stored - came) + abs(came - signed) + cast("int", kept["unhandled"])


def floor(rig: Rig, bot: str, env: Mapping[str, str], load: str, *, rtt_ms: float = 0, **wanted: int) -> Run:
    """A scenario of the generator's own, with what it wants, on one of its own bots."""

    async def run() -> Figures:
        async with rig.floor(bot, env, rtt_ms=rtt_ms) as subject:
            return numbers(await getattr(rig.harness, load)(subject, **wanted))

    return run


# -- taps -------------------------------------------------------------------------------------------------------------


def _tap_runs(rig: Rig) -> Mapping[str, Run]:
    return {
        OURS: ours_tapped(rig, loads.burst, 3, 3 * PEOPLE),
        "best": floor(rig, "floor_ptb", BEST, "burst", n=3000),
        "textbook": floor(rig, "floor_ptb", TEXTBOOK, "burst", n=1000),
    }


def _tap_lines(of: Medians) -> list[Line]:
    ours, best, textbook = of[OURS]["rate"], of["best"]["rate"], of["textbook"]["rate"]
    shown = f"{ours:.0f}/s, {of[OURS]['cpu_us']:.0f} µs, {lost(of[OURS])}"
    return [
        Line(1, "sign-ins at once, kept once", shown, f"best PTB, no store {best:.0f}/s", *least(ours / best, 0.5)),
        Line(2, "the same", shown, f"PTB + SQLAlchemy {textbook:.0f}/s", *least(ours / textbook, 4)),
    ]


def _far_runs(rig: Rig) -> Mapping[str, Run]:
    return {
        OURS: ours_tapped(rig, loads.burst, 2, 2 * PEOPLE, rtt_ms=60),
        "aiogram": floor(rig, "floor_aiogram", {}, "burst", n=1500, rtt_ms=60),
    }


def _far_lines(of: Medians) -> list[Line]:
    ours, peer = of[OURS]["rate"], of["aiogram"]["rate"]
    shown = f"{ours:.0f}/s, {lost(of[OURS])}"
    return [Line(3, "the same, 60 ms away", shown, f"aiogram, no store {peer:.0f}/s", *least(ours / peer, 1.2))]


RATES = (50, 200)


def _paced_runs(rig: Rig) -> Mapping[str, Run]:
    runs: dict[str, Run] = {}
    for rate in RATES:
        runs[f"{OURS} {rate}"] = ours_tapped(rig, loads.paced, 1, rate, 4)
        runs[f"textbook {rate}"] = floor(rig, "floor_ptb", TEXTBOOK, "paced", rate=rate, seconds=4)
    return runs


def _paced_lines(of: Medians) -> list[Line]:
    found = []
    for rate in RATES:
        ours, peer = of[f"{OURS} {rate}"], of[f"textbook {rate}"]
        ratio, p99 = ours["p50_ms"] / peer["p50_ms"], ours["p99_ms"]
        found.append(
            Line(
                4,
                f"answer at {rate}/s",
                f"p50 {ours['p50_ms']:.1f} p99 {p99:.1f} ms, {lost(ours)}",
                f"PTB + SQLAlchemy p50 {peer['p50_ms']:.1f} p99 {peer['p99_ms']:.1f} ms",
                f"{ratio:.2f}",
                "p50 ≤ 1, p99 ≤ 15 ms",
                ratio <= 1 and p99 <= 15,
            )
        )
    return found


# -- votes ------------------------------------------------------------------------------------------------------------


def _ours_voted(rig: Rig, people: int) -> Run:
    async def run() -> Figures:
        file, facts = rig.prepared("votes", people=people)
        url = rig.copy(file)
        async with rig.ours(url) as subject:
            return await loads.votes(subject, rig, facts, Path(url.removeprefix("sqlite:///")), people)

    return run


def _vote_runs(rig: Rig) -> Mapping[str, Run]:
    return {
        OURS: _ours_voted(rig, 3 * PEOPLE),
        "in turn": floor(rig, "floor_ptb", {"BENCH_HTTP": "lean"}, "polls", n=3000),
    }


def _vote_lines(of: Medians) -> list[Line]:
    ours, peer = of[OURS]["rate"], of["in turn"]["rate"]
    shown = f"{ours:.0f}/s, {of[OURS]['cpu_us']:.0f} µs, {of[OURS]['missing']:.0f} lost"
    return [Line(5, "votes in a poll, durable", shown, f"PTB, no store {peer:.0f}/s", *least(ours / peer, 0.3))]


def _crowd_runs(rig: Rig) -> Mapping[str, Run]:
    return {OURS: _ours_voted(rig, 5 * PEOPLE)}


def _crowd_lines(of: Medians) -> list[Line]:
    ours = of[OURS]
    ratio = ours["peak_mb"] / ours["idle_mb"]
    shown = f"{ours['missing']:.0f} lost, {ours['rate']:.0f}/s, {ours['peak_mb']:.0f} MB"
    is_met = ratio <= 1.2 and ours["missing"] == 0
    return [
        Line(
            16,
            "5,000 people, one question",
            shown,
            f"idle {ours['idle_mb']:.0f} MB",
            f"{ratio:.2f}",
            "0 lost, ≤ 1.2 ×",
            is_met,
        )
    ]


SUITES: tuple[Suite, ...] = (
    Suite((1, 2), _tap_runs, _tap_lines),
    Suite((3,), _far_runs, _far_lines),
    Suite((4,), _paced_runs, _paced_lines),
    Suite((5,), _vote_runs, _vote_lines),
    Suite((16,), _crowd_runs, _crowd_lines),
)
