"""One sender and its rows: how many are in doubt at a time, and what a mistake about one does to the others."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from telegram import Bot
from telegram.request import BaseRequest, RequestData

from bot import aftermath, outbox
from bot.clock import SystemClock, VirtualClock
from bot.context import Answer
from bot.db import Database
from bot.delivery import IN_FLIGHT, WINDOW, Delivery
from bot.demo.stage import Actor, Stage
from bot.limits import ALL_BURST, ALL_RATE, GROUP_BURST, GROUP_KEPT, PRIVATE_BURST
from bot.message import Message
from bot.outbox import Hooks, Lane, OutboxRow, State

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
GROUP = -1001000000001


class Wire(BaseRequest):
    """A Telegram that takes every message, and counts at each the rows that are out."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.texts: list[str] = []
        self.out: list[int] = []

    @property
    def read_timeout(self) -> float:
        return 1.0

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(  # as the library has it
        self, url: str, method: str, request_data: RequestData | None = None, *_: object, **__: object
    ) -> tuple[int, bytes]:
        assert (url.rpartition("/")[2], method) == ("sendMessage", "POST")
        assert request_data is not None
        self.texts.append(request_data.json_parameters["text"])
        self.out.append(self.database.look(_out))
        return 200, json.dumps({"ok": True, "result": {"message_id": len(self.texts)}}).encode()


def _out(session: Session) -> int:
    return session.scalar(select(func.count()).where(OutboxRow.state == State.SENDING)) or 0


def _states(session: Session) -> dict[str, str]:
    found = session.execute(select(OutboxRow.key, OutboxRow.state)).all()
    return {row.key: row.state for row in found}


def enqueue(session: Session, keys: Sequence[str]) -> None:
    for number, key in enumerate(keys):
        text = Message(key)
        outbox.enqueue(session, key, chat_id=1001 + number, content=text, lane=Lane.NOTICE, now=NOON)


def nothing(*_: object) -> None:
    """What the features want to hear of chats is not asked here."""


def mistaken(*_: object) -> NoReturn:
    raise LookupError("a mistake of ours")


async def sent(database: Database, keys: Sequence[str]) -> Wire:
    """All of these are enqueued and go as far as they can."""
    wire = Wire(database)
    hooks = {"lost": Hooks(is_wanted=mistaken), "deaf": Hooks(sent=mistaken)}
    sender = Delivery(database, SystemClock(), hooks, aftermath.Reach(*[nothing] * 7), has_limits=False)
    sender.bot = Bot("42:wire", request=wire, get_updates_request=wire)
    await database.transact(enqueue, keys)
    await sender.drain()
    return wire


async def test_all_of_a_bulk_go_once_and_never_more_than_four_are_in_doubt(database: Database) -> None:
    keys = [f"note:{number}" for number in range(30)]
    wire = await sent(database, keys)
    assert sorted(wire.texts) == sorted(keys)
    assert max(wire.out) <= IN_FLIGHT
    assert set(database.look(_states).values()) == {State.SENT}


def backlog(session: Session, to_group: int) -> None:
    soon, later = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
    for number in range(to_group):
        text, chat_id = Message(f"group:{number}"), GROUP - number // WINDOW
        options = {"lane": Lane.NOTICE, "valid_until": soon, "now": NOON}
        outbox.enqueue(session, f"group:{number}", chat_id=chat_id, content=text, **options)  # type: ignore[arg-type]  # by name
    for person in range(3):
        text = Message(f"person:{person}")
        options = {"lane": Lane.NOTICE, "valid_until": later, "now": NOON}
        outbox.enqueue(session, f"person:{person}", chat_id=1001 + person, content=text, **options)  # type: ignore[arg-type]  # by name


async def test_a_long_backlog_of_some_groups_keeps_nobody_else_waiting(database: Database) -> None:
    wire = Wire(database)
    sender = Delivery(database, VirtualClock(NOON), {}, aftermath.Reach(*[nothing] * 7), has_limits=True)
    sender.bot = Bot("42:wire", request=wire, get_updates_request=wire)
    await database.transact(backlog, 3 * WINDOW)
    await sender.drain()
    assert [text for text in wire.texts if text.startswith("person:")] == ["person:0", "person:1", "person:2"]
    assert len([text for text in wire.texts if text.startswith("group:")]) == 3 * (GROUP_BURST - GROUP_KEPT)


async def test_a_row_that_cannot_be_taken_does_not_undo_the_one_before_it(database: Database) -> None:
    keys = [f"note:{number}" for number in range(12)]
    wire = await sent(database, [*keys[:6], "lost:1", *keys[6:]])
    assert sorted(wire.texts) == sorted(keys)
    assert database.look(_states) == {**dict.fromkeys(keys, State.SENT), "lost:1": State.PENDING}


async def test_a_row_whose_sending_cannot_be_noted_does_not_hold_the_next(database: Database) -> None:
    keys = [f"note:{number}" for number in range(12)]
    wire = await sent(database, [*keys[:6], "deaf:1", *keys[6:]])
    assert sorted(wire.texts) == sorted([*keys, "deaf:1"])
    assert database.look(_states) == {**dict.fromkeys(keys, State.SENT), "deaf:1": State.SENDING}


# -- pace -------------------------------------------------------------------------------------------------------------


BURST = int(PRIVATE_BURST)


class Moving:
    """A clock that goes on by `step` at each look."""

    def __init__(self, at: datetime) -> None:
        self.at, self.step = at, timedelta()

    def now(self) -> datetime:
        self.at += self.step
        return self.at


async def test_what_a_limit_frees_while_the_sender_looks_is_not_slept_over(
    stage: Stage, chat: Callable[[str], Actor]
) -> None:
    house, clock, chat_id = stage.house, Moving(stage.clock.now()), chat("张三").id
    sender = Delivery(stage.database, clock, {}, aftermath.Reach(*[nothing] * 7), has_limits=True)
    sender.bot = house.telegram.bot
    for number in range(BURST + 1):
        text = Message(f"第 {number + 1} 条")
        stage.database.run(
            outbox.enqueue, f"pace:{number}", chat_id=chat_id, content=text, lane=Lane.NOTICE, now=clock.at
        )
    await sender.drain()
    assert len([message for message in chat("张三").sees() if message.text.endswith("条")]) == BURST
    clock.step = timedelta(seconds=0.6)  # the next message may go after one second: between these two
    await sender.pump()
    assert await sender.pause() == 0


# -- answers behind a limit -------------------------------------------------------------------------------------------


async def test_of_a_crowd_behind_the_limit_who_waits_longest_is_answered_first(database: Database) -> None:
    clock, wire = VirtualClock(NOON), Wire(database)
    sender = Delivery(database, clock, {}, aftermath.Reach(*[nothing] * 7), has_limits=True)
    sender.bot = Bot("42:wire", request=wire, get_updates_request=wire)
    crowd = [f"第 {number} 位" for number in range(100)]
    for number, text in enumerate(crowd):
        sender.say(Answer(2001 + number, Message(text)))
    await sender.drain()
    assert wire.texts == crowd[: int(ALL_BURST)]
    clock.advance(timedelta(seconds=1))
    sender.say(Answer(5000, Message("后来的")))
    await sender.drain()
    assert wire.texts == crowd[: int(ALL_BURST + ALL_RATE)]
    for _ in range(2):
        clock.advance(timedelta(seconds=1))
        await sender.drain()
    assert wire.texts == [*crowd, "后来的"]


async def test_the_next_moment_of_a_crowd_is_that_of_the_limit(database: Database) -> None:
    clock, wire = VirtualClock(NOON), Wire(database)
    sender = Delivery(database, clock, {}, aftermath.Reach(*[nothing] * 7), has_limits=True)
    sender.bot = Bot("42:wire", request=wire, get_updates_request=wire)
    for number in range(100):
        sender.say(Answer(2001 + number, Message("请看")))
    await sender.drain()
    assert await sender.next_due() == NOON + timedelta(seconds=1 / ALL_RATE)
    assert await sender.pause() == pytest.approx(1 / ALL_RATE, abs=1e-3)
