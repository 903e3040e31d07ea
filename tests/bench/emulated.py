"""A branch sits an exam of twenty questions on the emulator: how long a press waits for its answer, and what is lost.

    python -m tests.bench.emulated [--people 260] [--minutes 20]

The bot is a process of its own with Telegram's limits, the people begin within the first minute and answer at an even
pace until the last. Everything is marked again from what was pressed. Exit code 1 when anything was lost.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.banks.rules import QuestionType
from bot.demo.messages import Message, Press
from bot.demo.world import BOT_ID
from bot.quiz.blueprint import BlueprintRow
from tests.bench.loads import quantile
from tests.bench.rig import pause
from tests.chaos.harness import running
from tests.chaos.judgement import judge
from tests.chaos.life import emissions
from tests.chaos.town import Town

ROWS = (  # 一键标准卷
    BlueprintRow(10, QuestionType.SINGLE, score_centi=500),
    BlueprintRow(5, QuestionType.MULTIPLE, score_centi=600),
    BlueprintRow(5, QuestionType.TRUE_FALSE, score_centi=400),
)
QUESTIONS = sum(row.count for row in ROWS)
STEPS = 2 * QUESTIONS + ROWS[1].count + 3  # a pick and 下一题 each, a second pick of several, and the way in and out
STARTING = 60.0  # seconds within which all begin
SLACK = 0.9  # of the time is planned for, so that who missed a step by a slow answer still comes to the end
GOAL_MS = 300
AGAIN = 0.5  # seconds until a person looks again at a card that has not changed yet
SEVERAL = "多选"
WAYS = ("quiz:submit:", "quiz:start:", "quiz:sit:")  # pressed wherever they stand, the last step first


@dataclass
class Candidate:
    """Presses what a person would who reads one question after the other."""

    town: Town
    user_id: int
    next_at: float
    gap: float
    rng: random.Random
    picked: dict[str, set[str]] = field(default_factory=dict)
    presses: list[Press] = field(default_factory=list)
    seen: tuple[int, int] | None = None  # the message pressed on, and how often it had changed
    is_done: bool = False

    def act(self) -> None:
        message = self._newest()
        shown = (message.id, len(message.versions)) if message is not None else None
        if shown is not None and shown == self.seen:  # nothing has changed since the last press
            self.next_at += AGAIN
            return
        self.next_at, self.seen = self.next_at + self.gap, shown
        if message is None:  # the invitation waits for the morning
            self.town.people.say(self.user_id, "/exam")
            return
        data = self._choice(message)
        self.is_done = data.startswith("quiz:submit:")
        self.presses.append(self.town.people.press(self.user_id, message, data=data))

    def _newest(self) -> Message | None:
        for message in reversed(self.town.world.chats[self.user_id].messages.values()):
            ways = (button.data or "" for button in message.buttons())
            if message.sender.user_id == BOT_ID and any(way.startswith("quiz:") for way in ways):
                return message
        return None

    def _choice(self, message: Message) -> str:
        data = {button.data: button.text for button in message.buttons() if button.data is not None}
        if way := next((one for way in WAYS for one in data if one.startswith(way)), None):
            return way
        heading = message.text.partition("\n")[0]
        picked = self.picked.setdefault(heading, set())
        left = [one for one in data if one.startswith("quiz:pick:") and one not in picked]
        if left and len(picked) < 1 + (SEVERAL in heading):
            picked.add(choice := self.rng.choice(left))
            return choice
        if f"已答 {QUESTIONS}/{QUESTIONS}" in message.text:
            return next(one for one in data if one.startswith("quiz:check:"))
        return next(one for one, label in data.items() if label == "下一题")


async def sit(people: int, seconds: float, folder: Path) -> list[str]:
    """Prints the figures; what was lost or marked wrong."""
    town = Town(f"sqlite:///{folder}/ketang.db", near=1, far=people)
    async with running(town, folder, seed=28) as run:
        town.settle(run.database)
        emitted = emissions(town)
        await run.start()
        town.publish_exam(run.database, ROWS)
        sitters = await _sat(town, people, seconds)
        await run.wire.until(run.is_handled, within=60, what="the end of the backlog")
        verdict = judge(town, run.database, emitted, is_over=True)
    presses = [one for sitter in sitters for one in sitter.presses]
    waited = [(one.answer.at - one.at) / timedelta(milliseconds=1) for one in presses if one.answer]
    unanswered = len(presses) - len(waited)
    lost = verdict.faults or unanswered or verdict.papers != people
    p50, p95, p99 = (quantile(waited, q) for q in (0.5, 0.95, 0.99))
    sys.stdout.write(
        f"{people} people, {len(waited):,} presses in {seconds / 60:g} min: "
        f"p50 {p50:.0f} p95 {p95:.0f} p99 {p99:.0f} ms (goal p95 ≤ {GOAL_MS}); "
        f"{verdict.papers} papers, {unanswered} presses unanswered, {len(verdict.faults)} faults\n"
    )
    return [str(fault) for fault in verdict.faults] or (["a press or a paper is missing"] if lost else [])


async def _sat(town: Town, people: int, seconds: float) -> Sequence[Candidate]:
    """Everybody from the way in to 交卷, at most twice as long as planned."""
    rng, begin = random.Random(28), time.monotonic()
    starts = [rng.uniform(0, min(STARTING, seconds / 2)) for _ in range(people)]
    sitters = [
        Candidate(town, user_id, begin + start, (seconds - start) * SLACK / STEPS, rng)
        for user_id, start in zip(town.far, starts, strict=True)
    ]
    while (left := [one for one in sitters if not one.is_done]) and time.monotonic() < begin + 2 * seconds:
        for sitter in left:
            if sitter.next_at <= time.monotonic():
                sitter.act()
        await pause(0.01)
    return sitters


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=260)
    parser.add_argument("--minutes", type=float, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        faults = asyncio.run(sit(given.people, given.minutes * 60, Path(folder)))
    sys.stdout.write("".join(f"{fault}\n" for fault in faults[:40]))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
