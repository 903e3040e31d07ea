"""Time in the local Telegram: the bot and its world come to rest, then the clock goes on to the next due moment."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from bot.app import House
from bot.clock import VirtualClock
from bot.demo.journal import Event, EventKind
from bot.demo.messages import Message
from bot.demo.sim import Happening
from bot.demo.world import BOT_ID, World
from bot.periods import beijing

MOST_ROUNDS = 1000
MOST_STEPS = 5000
FURTHEST = timedelta(days=60)
BREATH = 0.005  # real seconds between two looks at a house that runs by itself


class StuckClock(Exception):
    """Time cannot go on: something reports the same due moment again and again."""


class Restless(Exception):
    """Something moves without end although the clock stands still."""


class Stepper:
    """Moves one house and its world. `is_live`: the house runs its own loops (the demo), else it is driven here."""

    def __init__(self, house: House, world: World, clock: VirtualClock, *, is_live: bool = False) -> None:
        self.house, self.world, self.clock, self.is_live = house, world, clock, is_live
        self._has_jobs = True
        house.database.listen(self._hear)

    def _hear(self, signals: frozenset[str]) -> None:
        if "jobs" in signals:
            self._has_jobs = True

    async def settle(self) -> None:
        """Until nothing can move without time."""
        for _ in range(MOST_ROUNDS):
            if not await self._move():
                return
        raise Restless(f"{MOST_ROUNDS} 轮之后仍不停下，最后是 {self._last_events()}")

    async def _move(self) -> bool:
        seq = self.world.journal.seq
        fetched = await self._fetch()
        await self.house.intake.drain()
        if self._has_jobs:
            self._has_jobs = False
            await self.house.schedule.run_due()
        await self.house.delivery.drain()
        pending = self.world.updates.pending > 0 and self.world.journal.seq != seq
        return bool(fetched) or pending or self._has_jobs or self.world.journal.seq != seq

    async def _fetch(self) -> int:
        if not self.is_live:
            return (await self.house.poller.once(0)).count
        if self.world.updates.pending == 0 and self.house.intake.is_idle():
            return 0
        await asyncio.sleep(BREATH)
        return 1

    def _last_events(self) -> str:
        return ", ".join(f"{e.kind.value}@{e.chat_id}" for e in self.world.journal.events[-5:])

    async def next_due(self) -> tuple[datetime, str] | None:
        """The next moment at which something happens by itself, and who says so."""
        house, now = self.house, self.clock.now()
        moments: list[tuple[datetime | None, str]] = [
            (await house.delivery.next_due(), "delivery"),
            (house.intake.next_due(), "intake"),
            (self.world.polls.next_close(), "polls"),
        ]
        if (planned := await house.schedule.next_due()) is not None:
            moments.append((planned[0], f"schedule {planned[1]}"))
        return min(((max(at, now), who) for at, who in moments if at is not None), default=None)

    async def advance(self, to: datetime) -> list[Happening]:
        """Let everything due until `to` happen at its own moment, then stand at `to`."""
        seq = self.world.journal.seq
        await self.settle()
        seen: tuple[datetime, str, int] | None = None
        repeats = 0
        for _ in range(MOST_STEPS):
            due = await self.next_due()
            if due is None or due[0] > to:
                await self._go(max(to, self.clock.now()))
                return self.happenings(seq)
            state = (*due, self.world.journal.seq)
            repeats = repeats + 1 if state == seen else 0
            if repeats >= 3:
                raise StuckClock(_stuck(due))
            seen = state
            await self._go(due[0])
        raise StuckClock(f"拨了 {MOST_STEPS} 步还没有拨到")

    async def to_next(self) -> list[Happening] | None:
        """Go on until the bot does something, at most 60 days; None if nothing is due in that time, and time stands."""
        seq, limit, has_moved = self.world.journal.seq, self.clock.now() + FURTHEST, False
        for _ in range(MOST_STEPS):
            due = await self.next_due()
            if due is None or due[0] > limit:
                return [] if has_moved else None
            await self.advance(due[0])
            has_moved = True
            if happened := self.happenings(seq):
                return happened
        raise StuckClock(f"拨了 {MOST_STEPS} 步，机器人没有发出任何消息")

    async def _go(self, to: datetime) -> None:
        if to > self.clock.now():
            self.clock.set(to)
            await self.house.poller.after_jump()
            self.world.journal.write(EventKind.CLOCK, self.world.now())
        self.world.polls.close_due()
        await self.house.schedule.run_due()
        await self.settle()

    def happenings(self, after: int) -> list[Happening]:
        found = [self._happening(event) for event in self.world.journal.after(after)]
        return [happening for happening in found if happening is not None]

    def _happening(self, event: Event) -> Happening | None:
        if event.chat_id is None or event.message_id is None:
            return None
        message = self.world.chats[event.chat_id].messages.get(event.message_id)
        if message is None:
            return None
        if event.kind is EventKind.MESSAGE and message.sender.user_id == BOT_ID and message.service is None:
            return Happening(event.at, event.chat_id, _first_line(message), event.message_id)
        if event.kind is EventKind.POLL and event.detail.get("closed") and message.poll is not None:
            return Happening(event.at, event.chat_id, f"投票已截止：{message.poll.question}", event.message_id)
        return None


def _first_line(message: Message) -> str:
    if message.poll is not None:
        return message.poll.question
    return message.text.partition("\n")[0] or (message.file.name if message.file else "")


def _stuck(due: tuple[datetime, str]) -> str:
    at, who = beijing(due[0]), due[1]
    return f"时间停在 {at.month}月{at.day}日 {at:%H:%M}：{who} 反复报告同一到期时刻"
