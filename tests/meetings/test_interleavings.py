"""Whatever happens in whatever order: nobody reads of an old plan after he has read of its correction.

A thousand interleavings are the leaves of random trees: what they have in common happens once and is undone after.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy.orm import Session

from bot import claims
from bot.db import Database
from bot.errors import UserError
from bot.meetings import changing, firing, ladder, publishing
from bot.meetings import service as meetings
from bot.meetings.facts import MeetingFacts
from bot.meetings.jobs import hooks
from bot.meetings.rules import MeetingKind, MeetingState, Roll
from bot.members.rules import Role
from bot.message import Edit
from bot.outbox import Claimed, Sent
from tests.make import GROUP_CHAT, Make, Someone
from tests.meetings.play import at

ROOTS, DEPTH, BRANCHES = 4, 4, 4  # 4 · 4⁴ = 1024 leaves
PREFIX = 12  # steps before a tree begins
JUMPS = [timedelta(minutes=1), timedelta(minutes=8), timedelta(hours=2), timedelta(hours=7)]
SHOWN_TO_ITS_END = 32  # every so many-th leaf goes on until nothing is left to send


@pytest.fixture
def house(sqlite_url: str) -> Iterator[Make]:
    database = Database(sqlite_url)
    yield Make(database)
    database.close()


def keep(*_: object, **__: object) -> None:
    """A Resetter: who is due neither answers nor signs in here."""


@dataclass
class World:
    """One meeting and its post office, at one point of an interleaving."""

    session: Session
    secretary: Someone
    roll: Roll
    rng: random.Random
    now: datetime
    in_flight: dict[int, Claimed] = field(default_factory=dict)
    left: list[tuple[int, str]] = field(default_factory=list)  # chat and key, as they left

    def steps(self) -> list[Callable[[], None]]:
        return [self.move, self.cancel, self.undo, self.fire, self.take, partial(self.take, 2), self.settle, self.lose]

    def reader(self, *_: object, **__: object) -> Roll:
        return self.roll

    def facts(self) -> MeetingFacts:
        found = meetings.facts(self.session, self.roll.meeting_id)
        assert found is not None
        return found

    # -- people --

    def move(self) -> None:
        starts_at = self.now + timedelta(minutes=self.rng.randrange(20, 3000))
        self.change(partial(changing.move, roll=self.reader, reset=keep), starts_at, "场地冲突")

    def cancel(self) -> None:
        self.change(partial(changing.cancel, roll=self.reader), "讲师生病")

    def undo(self) -> None:
        self.change(partial(changing.undo_cancel, roll=self.reader))

    def change(self, fn: Callable[..., object], *args: object) -> None:
        """As the secretary; what is refused just does not happen."""
        meeting, sender = self.facts(), self.secretary.sender(self.now)
        try:
            with self.session.begin_nested():
                fn(self.session, sender, meeting.id, meeting.version, *args, now=self.now)
        except UserError:
            return

    # -- clock --

    def fire(self) -> None:
        self.now += self.rng.choice(JUMPS)
        while firing.fire_due(self.session, roll=self.reader, now=self.now):
            pass

    # -- post: one message to a chat at a time, in the order of lanes --

    def take(self, most: int = 1) -> None:
        every = hooks(self.reader)
        for _ in range(most):
            waiting = claims.look(self.session, now=self.now, most=20).waiting
            free = [one for one in waiting if one.chat_id not in self.in_flight]
            row = claims.claim(self.session, free[0].id, every, now=self.now) if free else None
            if row is not None:
                self.left.append((row.chat_id, row.key))
                self.in_flight[row.chat_id] = row

    def settle(self) -> None:
        """Telegram has answered."""
        every = hooks(self.reader)
        for chat_id, row in self.in_flight.items():
            shown = row.content.message_id if isinstance(row.content, Edit) else len(self.left)
            claims.mark_sent(self.session, row, Sent(chat_id, shown, None, self.now), every)
        self.in_flight = {}

    def lose(self) -> None:
        """No answer has come, so private messages go once more."""
        for chat_id, row in [*self.in_flight.items()]:
            if chat_id > 0 and not isinstance(row.content, Edit) and not row.is_repeat:
                claims.repeat(self.session, row, due_at=self.now + timedelta(minutes=1))
                del self.in_flight[chat_id]

    def end(self) -> None:
        for _ in range(4):
            self.now += timedelta(hours=9)
            self.fire()
            for _ in range(12):
                self.settle()
                self.take()


def explore(world: World, depth: int) -> Iterator[World]:
    """The leaves below, each as the world stands there and then."""
    if depth == 0:
        yield world
        return
    for number in world.rng.sample(range(8), BRANCHES):
        savepoint = world.session.begin_nested()
        branch = replace(world, in_flight=dict(world.in_flight), left=list(world.left))
        branch.steps()[number]()
        yield from explore(branch, depth - 1)
        savepoint.rollback()


def begin(session: Session, secretary: Someone, plan: MeetingFacts, people: tuple[int, ...], seed: int) -> World:
    """The meeting is planned, by day or late in the evening, and something has happened to it already."""
    now = at("2026-03-03 09:00" if seed < ROOTS // 2 else "2026-03-03 21:20")
    meeting = meetings.facts(session, publishing.insert_meeting(session, plan, now=now))
    assert meeting is not None
    rungs = ladder.plan(meeting.rules.ladder, meetings.times(session, meeting), now=now)
    meetings.lay(session, meeting.id, 1, rungs)
    roll = Roll(meeting.id, due=people, going=people[:1], unanswered=people[1:], unsigned=people)
    world = World(session, secretary, roll, random.Random(seed), now)
    world.fire()
    for _ in range(PREFIX):
        world.rng.choice(world.steps())()
    return world


def check(left: list[tuple[int, str]]) -> int:
    """How many messages followed a correction in the same chat; none of them is of an older version."""
    corrected: dict[int, int] = {}
    followers = 0
    for chat_id, key in left:
        if not key.startswith("meeting:"):
            continue  # cards are worded when they go
        version, is_correction = int(key.split(":")[2][1:]), key.split(":")[2][0] == "n"
        assert version >= corrected.get(chat_id, 0), left
        followers += chat_id in corrected
        if is_correction:
            corrected[chat_id] = version
    return followers


def test_no_old_message_follows_a_correction_in_a_thousand_interleavings(house: Make) -> None:
    branch = house.branch(has_committee=True)
    house.chat(branch, GROUP_CHAT)
    people = [house.member("李四", branch, roles=[Role.SECRETARY]), house.member("张三", branch, roles=[Role.DEPUTY])]
    plan = MeetingFacts(
        id=0,
        unit=branch,
        kind=MeetingKind.THEME_PARTY_DAY,
        title="学习",
        place="三楼",
        starts_at=at("2026-03-04 15:00"),
        ends_at=at("2026-03-04 16:00"),
        state=MeetingState.SCHEDULED,
        version=1,
        created_by=people[0].id,
    )
    in_private = replace(plan, kind=MeetingKind.COMMITTEE_MEETING)

    def play(session: Session) -> list[list[tuple[int, str]]]:
        found = []
        for seed in range(ROOTS):
            savepoint = session.begin_nested()
            kind = in_private if seed % 2 else plan
            root = begin(session, people[0], kind, tuple(one.id for one in people), seed)
            for number, leaf in enumerate(explore(root, DEPTH)):
                if number % SHOWN_TO_ITS_END == 0:
                    leaf.end()
                found.append(leaf.left)
            savepoint.rollback()
        return found

    followers = [check(left) for left in house.database.run(play)]
    assert len(followers) == ROOTS * BRANCHES**DEPTH > 1000
    assert sum(count > 0 for count in followers) > 500
