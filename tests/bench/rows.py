"""Rows of what is sent, started, kept in memory and read, and the list of all suites."""

from collections.abc import Mapping

from tests.bench import answers, loads
from tests.bench.answers import floor, ours_tapped, unkept
from tests.bench.lines import OURS, PEOPLE, Line, Medians, Run, Suite, least, lost, most, numbers
from tests.bench.loads import Figures, Taps
from tests.bench.rig import Rig, ours_env, told_by

LOOK = 30.0  # seconds a sender is given beyond what it needs


# -- sending ----------------------------------------------------------------------------------------------------------


def _ours_sent(rig: Rig, n: int) -> Run:
    async def run() -> Figures:
        file, _ = rig.prepared("letters", people=n)
        async with rig.ours(rig.copy(file), "tests.bench.unlimited") as subject:
            return await loads.sending(subject, n, LOOK)

    return run


def _fan_runs(rig: Rig) -> Mapping[str, Run]:
    return {
        OURS: _ours_sent(rig, 2 * PEOPLE),
        "aiohttp": floor(rig, "floor_ptb", {"BENCH_HTTP": "aiohttp"}, "fan", n=2000, width=32),
    }


def _fan_lines(of: Medians) -> list[Line]:
    ours, peer = of[OURS]["rate"], of["aiohttp"]["rate"]
    shown = f"{ours:.0f}/s, {of[OURS]['cpu_us']:.0f} µs, {lost(of[OURS])}"
    return [Line(6, "rows sent, no limits", shown, f"PTB + aiohttp ×32 {peer:.0f}/s", *least(ours / peer, 0.4))]


def _bulk_runs(rig: Rig) -> Mapping[str, Run]:
    async def run() -> Figures:
        file, facts = rig.prepared("letters", people=1500)
        async with rig.ours(rig.copy(file), limits=True) as subject:
            return await loads.asking(subject, rig, facts, 40)

    return {OURS: run}


def _bulk_lines(of: Medians) -> list[Line]:
    ours = of[OURS]
    shown = f"p50 {ours['p50_ms']:.0f} p95 {ours['p95_ms']:.0f} ms, {lost(ours)}"
    return [
        Line(
            7,
            "answers during a bulk of 1,500",
            shown,
            "first in, first out: 18 s",
            "–",
            "p95 ≤ 300 ms",
            ours["p95_ms"] <= 300,
        )
    ]


def _reminded(rig: Rig, people: int, seconds: int, *, has_limits: bool) -> Run:
    async def run() -> Figures:
        file, facts = rig.prepared("reminders", people=people, seconds=seconds)
        module = "bot run" if has_limits else "tests.bench.unlimited"
        async with rig.ours(rig.copy(file), module, limits=has_limits) as subject:
            return await loads.lateness(subject, facts, seconds + people / 28 * has_limits + LOOK)

    return run


def _due_runs(rig: Rig) -> Mapping[str, Run]:
    return {
        "minute": _reminded(rig, 1500, 60, has_limits=False),
        "moment": _reminded(rig, 1500, 0, has_limits=False),
    }


def _due_lines(of: Medians) -> list[Line]:
    minute, moment = of["minute"], of["moment"]
    return [
        Line(8, "1,500 reminders due in a minute", _late(minute), "–", "–", "p95 ≤ 1 s", minute["p95_ms"] <= 1000),
        Line(8, "… due at one moment", _late(moment)),
        Line(8, "… their 30 meetings planned", f"{minute['planned_s']:.2f} s"),
    ]


def _late(of: Figures) -> str:
    return f"late p50 {of['p50_ms']:.0f} p95 {of['p95_ms']:.0f} ms, last {of['last_s']:.1f} s, {lost(of)}"


PHYSICAL = (1000 - 30) / 30  # seconds a thousand messages need at thirty a second, after the first thirty


def _limit_runs(rig: Rig) -> Mapping[str, Run]:
    return {OURS: _reminded(rig, 1000, 0, has_limits=True)}


def _limit_lines(of: Medians) -> list[Line]:
    ours = of[OURS]
    ratio = ours["last_s"] / PHYSICAL
    is_met = ratio <= 1.08 and ours["missing"] == 0
    shown = f"last after {ours['last_s']:.1f} s, {lost(ours)}, {ours['refused']:.0f} refused"
    return [
        Line(
            15,
            "1,000 reminders at Telegram's limits",
            shown,
            f"{PHYSICAL:.1f} s",
            f"{ratio:.2f}",
            "≤ 1.08, none missing",
            is_met,
        )
    ]


# -- start and memory -------------------------------------------------------------------------------------------------


def _cold_runs(rig: Rig) -> Mapping[str, Run]:
    async def ours() -> Figures:
        file, _ = rig.prepared("empty")
        found = await rig.harness.cold(rig.command(), ours_env(rig.copy(file)), **rig.where())
        return numbers(found)

    async def peer() -> Figures:
        env = rig.floor_env({"BENCH_STORE": "sa_sync_group"})
        return numbers(await rig.harness.cold(rig.floor_command("floor_ptb"), env))

    return {OURS: ours, "PTB": peer}


def _cold_lines(of: Medians) -> list[Line]:
    ours, peer = of[OURS], of["PTB"]
    ratio = ours["rss_mb"] / peer["rss_mb"]
    return [
        Line(
            9,
            "start to first answer",
            f"{ours['reply_ms']:.0f} ms (CPU {ours['cpu_ms']:.0f})",
            f"PTB + SQLAlchemy {peer['reply_ms']:.0f} ms",
            *most(ours["reply_ms"] / peer["reply_ms"], 1.5),
        ),
        Line(
            10,
            "memory, idle",
            f"{ours['rss_mb']:.0f} MB",
            f"PTB + SQLAlchemy {peer['rss_mb']:.0f} MB",
            *most(ratio, 1.5),
        ),
    ]


def lasting(updates: int) -> Suite:
    def runs(rig: Rig) -> Mapping[str, Run]:
        return {OURS: ours_tapped(rig, loads.lasting, 3, updates)}

    def lines(of: Medians) -> list[Line]:
        ours = of[OURS]
        ratio = ours["after_mb"] / ours["idle_mb"]
        shown = f"{ours['after_mb']:.0f} MB, {ours['missing']:.0f} unanswered"
        return [
            Line(10, f"memory after {updates:,} updates", shown, f"before {ours['idle_mb']:.0f} MB", *most(ratio, 1.1))
        ]

    return Suite((10,), runs, lines)


# -- without a generator ----------------------------------------------------------------------------------------------


def bank_runs(python: str) -> Mapping[str, Run]:
    """10,000 questions, read and checked, beside the bare parser."""

    async def run() -> Figures:
        return numbers(told_by(python, "tests.bench.bank"))

    return {OURS: run}


def _bank_lines(of: Medians) -> list[Line]:
    ours = of[OURS]
    ratio = ours["checked_ms"] / ours["composed_ms"]
    shown = f"{ours['checked_ms']:.0f} ms, loop held {ours['held_ms']:.0f} ms"
    is_met = ratio <= 2.5 and ours["held_ms"] <= 100
    return [
        Line(
            11,
            "10,000 questions checked",
            shown,
            f"bare compose {ours['composed_ms']:.0f} ms",
            f"{ratio:.2f}",
            "≤ 2.5, loop ≤ 100 ms",
            is_met,
        )
    ]


def postgres(url: str) -> Suite:
    def runs(rig: Rig) -> Mapping[str, Run]:
        async def run() -> Figures:
            facts = rig.scene("taps", url, people=PEOPLE, meetings=3)
            async with rig.ours(url) as subject:
                found = await loads.burst(subject, Taps(rig, facts, PEOPLE), 3 * PEOPLE)
            return {**found, "unkept": unkept(rig.scene("kept", url))}

        return {OURS: run}

    def lines(of: Medians) -> list[Line]:
        return [
            Line(
                13,
                "PostgreSQL, one process",
                f"{of[OURS]['rate']:.0f}/s, {of[OURS]['cpu_us']:.0f} µs, {lost(of[OURS])}",
            )
        ]

    return Suite((13,), runs, lines)


BANK = Suite((11,), None, _bank_lines)
SUITES: tuple[Suite, ...] = (
    *answers.SUITES,
    Suite((6,), _fan_runs, _fan_lines),
    Suite((7,), _bulk_runs, _bulk_lines),
    Suite((8,), _due_runs, _due_lines),
    Suite((9, 10), _cold_runs, _cold_lines),
    Suite((15,), _limit_runs, _limit_lines),
)
