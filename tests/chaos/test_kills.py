"""SIGKILL in the middle of a sign-in window and a live round: nothing lost, nothing twice, nothing marked wrong."""

import os
from pathlib import Path

import pytest

from bot.meetings.rules import MeetingKind
from tests.chaos.harness import POINTS, Run, living, running
from tests.chaos.hosting import JOINING
from tests.chaos.judgement import Verdict, judge
from tests.chaos.life import Life
from tests.chaos.town import Town
from tests.chaos.wire import Moment, Point

SOON = [  # one life each: what a short life surely comes to
    Point("answerCallbackQuery", Moment.RECEIVED),
    Point("getUpdates", Moment.DONE),
    None,
    Point("sendMessage", Moment.DONE),
    Point("getUpdates", Moment.TAKEN, is_meant=lambda fields: "offset" in fields),
]

MIXED = [point for named in POINTS for point in (named, None)]  # each second one dies wherever it happens to be
DOUBT = 150.0  # seconds: a lease, and a minute more, until what was on its way at a kill is sent again
FAR_KINDS = {1: MeetingKind.THEME_PARTY_DAY, 2: MeetingKind.PARTY_LECTURE, 3: MeetingKind.MEMBER_ASSEMBLY}


def table(run: Run, verdict: Verdict) -> str:
    ends = "、".join(f"{reason} {count}" for reason, count in sorted(run.kills.ends.items()))
    lines = {
        "kills": run.kills.count,
        "": ends,
        "presses": verdict.presses,
        "votes": verdict.votes,
        "of both until the last kill": run.kills.acts,
        "updates": verdict.updates,
        "reminders": verdict.reminders,
        "rows in flight at the kills": run.kills.in_flight,
        "messages there twice, labelled": verdict.repeated,
        "posts of unknown fate, told": verdict.unsure,
        "updates lost": len(verdict.lost),
        "updates put aside": len(verdict.parked),
        "papers handed in": verdict.papers,
        "answers in private seats": verdict.seats,
        "wrong records": len(verdict.wrong_records),
        "wrong scores": len(verdict.wrong_scores),
        "messages missing": len(verdict.missing),
        "unlabelled repetitions": len(verdict.unlabelled),
    }
    return "\n".join(f"{name:32}{value}" for name, value in lines.items())


async def test_five_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    town = Town(f"sqlite:///{tmp_path}/ketang.db", near=120, far=40)
    town.seated = list(town.near)[JOINING : JOINING + 2]
    async with running(town, tmp_path, seed=5) as run:
        town.settle(run.database)
        town.plan(run.database, "学习二十大精神", MeetingKind.THEME_PARTY_DAY, opens_in=3)
        town.plan(run.database, "专题学习", MeetingKind.THEME_PARTY_DAY, opens_in=3, is_far=True)
        life = Life(town, run.wire, seed=5, a_tick=20)
        run.longest_life = 1.0
        await run.start()
        town.publish_exam(run.database)
        life.sit(town.far[:6])
        await life.start_round(3)
        async with living(life):
            await run.kill_often(5, SOON, life, acts=40)
            await run.start()
            await run.wire.until(lambda: life.has_everybody_signed, within=DOUBT, what="the last sign-in")
        await run.settle(within=DOUBT)
        verdict = judge(town, run.database, life.emitted, is_over=False)
    print(table(run, verdict))  # noqa: T201  # what happened, for whoever runs it with -s
    assert verdict.faults == []
    assert verdict.presses + verdict.votes >= 200
    assert verdict.repeated + verdict.unsure <= run.kills.in_flight


@pytest.mark.long
async def test_kills_in_exams_and_rounds_lose_no_answer(tmp_path: Path, database_url: str) -> None:
    """Two hundred kills, or as many as KILLS says: an exam in private, live rounds with seats in private."""
    times = int(os.environ.get("KILLS", "200"))
    town = Town(database_url, near=60, far=times + 20)
    town.seated = list(town.near)[JOINING : JOINING + 3]
    async with running(town, tmp_path, seed=200) as run:
        town.settle(run.database)
        life = Life(town, run.wire, seed=200, a_tick=20)
        run.longest_life = 4.0
        await run.start()
        town.publish_exam(run.database)
        life.sit(town.far)
        await life.start_round(10)
        life.host.questions = 10
        async with living(life):
            await run.kill_often(times, MIXED, life, acts=40)
            life.host.questions = 0
            await run.start()
            await run.wire.until(lambda: life.sitters.have_all_handed_in, within=900, what="the last paper")
            await run.play_out(life, within=900)
        await run.settle(within=DOUBT)
        verdict = judge(town, run.database, life.emitted, is_over=False)
    print(table(run, verdict))  # noqa: T201  # what happened, for whoever runs it with -s
    assert verdict.faults == []
    assert verdict.papers == len(town.far)


@pytest.mark.long
async def test_forty_kills_lose_and_double_nothing(tmp_path: Path, database_url: str) -> None:
    town = Town(database_url, near=500, far=200)
    async with running(town, tmp_path, seed=40) as run:
        town.settle(run.database)
        town.plan(run.database, "学习二十大精神", MeetingKind.THEME_PARTY_DAY, opens_in=120)
        for number, opens_in in enumerate((60, 120, 180), start=1):
            town.plan(run.database, f"专题学习{number}", FAR_KINDS[number], opens_in=opens_in, is_far=True)
        life = Life(town, run.wire, seed=40, a_tick=10)
        await run.start()
        await life.start_round(10)
        async with living(life):
            await run.kill_often(40, MIXED, life, acts=210)
            await run.start()
            await run.play_out(life, within=400)
        await run.settle(within=60)
        await run.deliver(within=240, with_doubtful=True)
        verdict = judge(town, run.database, life.emitted, is_over=True)
    print(table(run, verdict))  # noqa: T201  # what happened, for whoever runs it with -s
    assert verdict.faults == []
    assert run.kills.acts >= 4000
    assert verdict.repeated + verdict.unsure <= run.kills.in_flight
