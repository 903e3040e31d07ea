"""What the kill runs found, each as the smallest state that shows it."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import claims, inbox, outbox
from bot.aftermath import INTERRUPTIONS, Aftermath, Reach
from bot.clock import Clock, SystemClock, VirtualClock
from bot.context import Turn
from bot.db import Database
from bot.demo.world import World
from bot.errors import UserError
from bot.inbox import DeadRow, InboxRow, Lease, Outage, Received
from bot.intake import AT_ONCE, Intake, Trouble
from bot.message import Message
from bot.outbox import Lane, OutboxRow, State
from bot.polling import Poller
from bot.transport import Transport
from tests.chaos.wire import Wire
from tests.make import NOW

TOKEN = "7000000001:CHAOS-not-a-real-token"
GONE = "elsewhere:1:dead"


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    world = World(SystemClock(), TOKEN, has_checks=False)
    async with Wire(world).serving() as wire:
        yield wire


async def never(_: Trouble | Received) -> None:
    raise AssertionError("no update fails here")


def receiver(
    database: Database, owner: str = "here:1:us", process: "Handling | None" = None, clock: Clock | None = None
) -> Intake:
    return Intake(
        database, clock or SystemClock(), process or Handling(database), owner=owner, on_trouble=never, on_busy=never
    )


class Handling:
    """A handler with one transaction, as features have it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.late: list[bool] = []
        self.handled: list[int] = []
        self.may_begin = asyncio.Event()
        self.may_begin.set()

    async def __call__(self, turn: Turn) -> None:
        await self.may_begin.wait()
        await self.database.transact(inbox.mark_handled, turn.row.update_id, now=NOW)
        turn.is_marked = True
        self.late.append(turn.row.is_late)
        self.handled.append(turn.row.update_id)


def poller(database: Database, wire: Wire, intake: Intake, transport: Transport) -> Poller:
    async def conflict(_: UserError) -> None:
        raise AssertionError("nobody else polls")

    return Poller(
        database,
        SystemClock(),
        transport,
        intake,
        url=wire.url + TOKEN,
        on_good=lambda: None,
        on_conflict=conflict,
        on_stand_by=lambda _: None,
    )


def update_of(person: int, number: int) -> dict[str, object]:
    return {"update_id": number, "message": {"from": {"id": person}, "chat": {"id": person}}}


async def all_handled(database: Database) -> None:
    async with asyncio.timeout(5):
        while await database.read(inbox.open_count):
            pass


class Held:
    """A transaction that keeps the writing thread until it is let go, so that what comes meanwhile shares a commit."""

    def __init__(self) -> None:
        self.is_held, self.is_free = threading.Event(), threading.Event()

    def __call__(self, _: Session) -> None:
        self.is_held.set()
        self.is_free.wait(10)


async def test_a_new_receiver_soon_knows_that_it_has_fetched_all(database: Database, wire: Wire) -> None:
    """Otherwise a live round waits half a minute after each restart before it tells an answer."""

    def is_drained(session: Session) -> bool:
        return session.scalar(select(Lease.drained_at)) is not None

    transport = Transport()
    await transport.initialize()
    running = asyncio.ensure_future(poller(database, wire, receiver(database), transport).run())
    try:
        await wire.until(lambda: database.look(is_drained), within=5, what="the end of the backlog")
        await wire.until(lambda: wire.world.updates.waiting == 1, within=5, what="a poll that waits")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await transport.shutdown()


async def test_an_update_stored_while_all_workers_end_is_handled(sqlite_url: str) -> None:
    """All handlers and a store share one commit: the update comes at the very moment no worker looks any more."""
    database = Database(sqlite_url)
    handling = Handling(database)
    handling.may_begin.clear()
    intake = receiver(database, process=handling)
    await intake.accept([update_of(n, n) for n in range(1, AT_ONCE + 1)])
    held = Held()
    blocking = asyncio.ensure_future(database.transact(held))
    await asyncio.to_thread(held.is_held.wait)
    handling.may_begin.set()
    await database.read(lambda _: None)
    last = AT_ONCE + 1
    storing = asyncio.ensure_future(intake.accept([update_of(last, last)]))
    await database.read(lambda _: None)
    held.is_free.set()
    await asyncio.gather(blocking, storing)
    await all_handled(database)
    await intake.drain()
    assert intake.is_idle()
    database.close()


async def test_what_a_receiver_stored_after_it_lost_its_lease_is_taken_over(database: Database, wire: Wire) -> None:
    """It was stopped in the middle of a poll, stored what it had in hand, and died; the new receiver is long there."""
    intake, clock = receiver(database), SystemClock()
    holder = poller(database, wire, intake, Transport())
    assert await holder.hold()
    stored = Received(5, "u5", 5, "{}", clock.now(), is_late=False)
    await database.transact(inbox.store, [stored], owner=GONE, now=clock.now() - inbox.LEASE - timedelta(seconds=1))
    assert await holder.hold()
    await all_handled(database)
    assert database.look(lambda session: session.get_one(InboxRow, 5).owner) == intake.owner


async def test_what_waited_through_a_long_absence_is_late(database: Database, wire: Wire) -> None:
    """Also for a process that was not there before: Telegram says nothing of when a button was pressed."""
    handling, clock = Handling(database), SystemClock()
    before = clock.now() - timedelta(minutes=2)
    await database.transact(inbox.hold, GONE, lambda _: True, now=before)
    intake = receiver(database, process=handling)
    assert await poller(database, wire, intake, Transport()).hold()
    await intake.accept([update_of(1, 1)])
    await all_handled(database)
    await intake.drain()  # the effect is committed before the handler that asked for it goes on
    assert handling.late == [True]
    assert database.look(lambda session: session.scalar(select(Outage.from_at))) == before


async def test_an_update_processes_ended_on_is_handled_late_alone_and_then_put_aside(database: Database) -> None:
    """The innocent ones beside it must not wait for it, and a kill in a bad moment is not yet its doing."""
    clock = VirtualClock(NOW)
    rows = [Received(number, f"u{number}", number, "{}", NOW) for number in (1, 2, 3, 4)]
    await database.transact(inbox.store, rows, owner=GONE, now=NOW)
    for number, deaths in ((1, 3), (2, 2), (3, 1)):
        await database.transact(_die_on, number, deaths)
    intake = receiver(database, clock=clock)
    assert await intake.recover() == 3
    await intake.drain()
    assert await open_updates(database) == [2]
    clock.advance(timedelta(seconds=6))
    await intake.drain()
    assert await open_updates(database) == []
    parked = await database.read(lambda session: session.scalars(select(DeadRow.update_id)).all())
    assert parked == [1]


def _die_on(session: Session, number: int, deaths: int) -> None:
    for _ in range(deaths):
        inbox.begin(session, number)


async def open_updates(database: Database) -> list[int]:
    query = select(InboxRow.update_id).where(InboxRow.handled_at.is_(None)).order_by(InboxRow.update_id)
    return list(await database.read(lambda session: session.scalars(query).all()))


async def test_of_the_states_of_a_poll_that_wait_only_the_newest_is_handled(database: Database) -> None:
    """Each vote brings one; one after the other they would hold up the answer to the question."""
    handling = Handling(database)
    handling.may_begin.clear()
    intake = receiver(database, process=handling)
    await intake.accept([{"update_id": number, "poll": {"id": "7"}} for number in range(1, 100)])
    handling.may_begin.set()
    await intake.drain()
    assert await open_updates(database) == []
    assert handling.handled == [99]


async def test_a_reminder_whose_senders_die_again_and_again_is_sent_again_but_not_for_ever(database: Database) -> None:
    """Two kills that hit one row both before it left would otherwise have lost it."""
    reach = Reach(*[lambda *_: None] * len(fields(Reach)))
    await database.transact(
        outbox.enqueue, "meeting:1:v1:R3:1:m1", chat_id=1001, content=Message("今天15:00"), lane=Lane.NOTICE, now=NOW
    )
    at, states = NOW, []
    for _ in range(INTERRUPTIONS):
        assert await database.transact(claims.claim, 1, {}, now=at) is not None
        at += outbox.SEND_LEASE + timedelta(seconds=1)
        row = await database.transact(claims.reclaim, 1, now=at)
        assert row is not None
        await database.transact(Aftermath({}, reach).interrupted, row, now=at)
        at += outbox.UNKNOWN_WAIT
        states.append(await database.read(lambda session: session.scalars(select(OutboxRow.state)).one()))
    assert states == [State.PENDING] * (INTERRUPTIONS - 1) + [State.UNKNOWN]
