"""How long sent messages are kept: old ones go in small steps, what is still read or still to come stays."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot import outbox, retention
from bot.db import Database
from bot.message import Message
from bot.outbox import Hooks, Lane, Old, OutboxRow, State
from bot.retention import BATCH, KEEP

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
LONG_AGO = NOON - KEEP - timedelta(seconds=1)


def send(session: Session, key: str, at: datetime, state: State = State.SENT) -> None:
    outbox.enqueue(session, key, chat_id=1001, content=Message("会议"), lane=Lane.NOTICE, now=at)
    session.execute(update(OutboxRow).where(OutboxRow.key == key).values(state=state))


def keys(database: Database) -> set[str]:
    return database.look(lambda session: set(session.scalars(select(OutboxRow.key))))


def prune(database: Database, **hooks: Hooks) -> bool:
    return database.run(retention.prune, hooks=hooks, now=NOON)


def test_old_messages_go_and_what_is_to_come_stays(database: Database) -> None:
    for state in State:
        database.run(send, f"old:{state}", LONG_AGO, state)
    database.run(send, "young", NOON - KEEP)
    assert prune(database) is False
    assert keys(database) == {"young", "old:pending", "old:sending"}


def test_a_feature_takes_down_what_it_wants_to_know_and_keeps_what_it_reads(database: Database) -> None:
    told: list[tuple[str, State]] = []

    def outlive(_: Session, rows: Sequence[Old]) -> Collection[int]:
        told.extend((row.key, row.state) for row in rows)
        return [row.id for row in rows if row.key.endswith("live")]

    for key, state in {"meeting:over": State.DEAD, "meeting:live": State.SENT, "quiz:1": State.SENT}.items():
        database.run(send, key, LONG_AGO, state)
    prune(database, meeting=Hooks(outlive=outlive))
    assert sorted(told) == [("meeting:live", State.SENT), ("meeting:over", State.DEAD)]
    assert keys(database) == {"meeting:live"}


def test_what_must_not_be_said_again_stays_and_holds_up_nothing(database: Database) -> None:
    def many(session: Session) -> None:
        for number in range(BATCH + 1):
            send(session, f"menu:{number}", LONG_AGO - timedelta(days=1))
        for number in range(BATCH + 1):
            send(session, f"meeting:{number}", LONG_AGO)

    database.run(many)
    kept = {"menu": Hooks(outlive=retention.keep_all)}
    assert prune(database, **kept) is True
    while prune(database, **kept):
        pass
    assert keys(database) == {f"menu:{number}" for number in range(BATCH + 1)}
