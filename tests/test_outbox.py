"""Messages written with their fact: once, withdrawn, moved, counted; and cards that are worded when they go."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bot import claims, outbox
from bot.db import Database
from bot.message import Message
from bot.outbox import Lane, OutboxRow, State

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # 12:00 in Beijing
ZHANG, GROUP, NEW_GROUP = 1001, -4001, -1001000000001


def send(session: Session, key: str, chat_id: int = ZHANG, text: str = "会议", **more: object) -> bool:
    content = Message(text)
    return outbox.enqueue(session, key, chat_id=chat_id, content=content, lane=Lane.NOTICE, now=NOON, **more)  # type: ignore[arg-type]  # the rest by name


def row(database: Database, key: str) -> OutboxRow:
    def look(session: Session) -> OutboxRow:
        return session.scalars(select(OutboxRow).where(OutboxRow.key == key)).one()

    return database.look(look)


def states(database: Database) -> dict[str, str]:
    def look(session: Session) -> dict[str, str]:
        return {row.key: row.state for row in session.scalars(select(OutboxRow))}

    return database.look(look)


def take(session: Session, key: str, now: datetime = NOON) -> outbox.Claimed | None:
    row_id = session.scalars(select(OutboxRow.id).where(OutboxRow.key == key)).one()
    return claims.claim(session, row_id, {}, now=now)


def test_a_key_is_written_once_and_the_second_changes_nothing(database: Database) -> None:
    assert database.run(send, "meeting:1:notice", text="第一次") is True
    assert database.run(send, "meeting:1:notice", text="第二次") is False
    body = row(database, "meeting:1:notice").body
    assert body is not None
    assert body["text"] == "第一次"


def test_a_message_without_a_time_is_due_at_once_and_for_long(database: Database) -> None:
    database.run(send, "meeting:1:notice")
    written = row(database, "meeting:1:notice")
    assert written.due_at == NOON
    assert written.valid_until == NOON + outbox.FOREVER


def test_enqueuing_and_refreshing_wake_the_sender(database: Database) -> None:
    heard: list[frozenset[str]] = []
    database.listen(heard.append)
    database.run(send, "meeting:1:notice")
    database.run(outbox.refresh, "card:1", now=NOON)
    assert heard == [frozenset({"outbox"})] * 2


def test_a_message_of_a_refused_transaction_is_never_sent(database: Database) -> None:
    def write_and_fail(session: Session) -> None:
        send(session, "meeting:1:notice")
        raise ValueError("the fact was refused")

    with pytest.raises(ValueError, match="refused"):
        database.run(write_and_fail)
    assert states(database) == {}


@pytest.mark.parametrize(
    ("prefix", "cancelled"),
    [
        ("meeting:1:", {"meeting:1:notice", "meeting:1:remind:1001"}),
        ("meeting:1", {"meeting:1:notice", "meeting:1:remind:1001", "meeting:10:notice"}),
        ("meeting:1:remind", {"meeting:1:remind:1001"}),
        ("meeting:2", set()),
    ],
)
def test_what_waits_under_a_prefix_is_withdrawn(database: Database, prefix: str, cancelled: set[str]) -> None:
    keys = ("meeting:1:notice", "meeting:1:remind:1001", "meeting:10:notice", "card:1", "meetinG:1:notice")
    for key in keys:
        database.run(send, key)
    assert database.run(outbox.withdraw, prefix) == len(cancelled)
    assert {key for key, state in states(database).items() if state == State.CANCELLED} == cancelled


def test_postgresql_finds_a_prefix_by_the_index_of_the_keys(postgres_url: str) -> None:
    def plan(session: Session) -> str:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        found = select(OutboxRow.id).where(outbox.under("meeting:1:")).compile(session.get_bind())
        steps = session.connection().exec_driver_sql(f"EXPLAIN {found}", dict(found.params))
        return "\n".join(steps.scalars())

    database = Database(postgres_url)
    assert "Index Cond: (((key)::text >= 'meeting:1:'::text)" in database.run(plan)
    database.close()


def test_withdrawing_can_mean_one_chat_only(database: Database) -> None:
    database.run(send, "meeting:1:a", ZHANG)
    database.run(send, "meeting:1:b", GROUP)
    assert database.run(outbox.withdraw, "meeting:1", chat_id=GROUP) == 1
    assert states(database) == {"meeting:1:a": State.PENDING, "meeting:1:b": State.CANCELLED}


def test_what_is_on_its_way_cannot_be_withdrawn(database: Database) -> None:
    database.run(send, "meeting:1:a")
    assert database.run(take, "meeting:1:a") is not None
    assert database.run(outbox.withdraw, "meeting:1") == 0


def test_unasked_messages_count_on_the_day_they_are_due(database: Database) -> None:
    midnight = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    moments = {"yesterday": midnight - timedelta(seconds=1), "first": midnight, "noon": NOON}
    for key, at in moments.items():
        content = Message("提醒")
        database.run(outbox.enqueue, key, chat_id=ZHANG, content=content, lane=Lane.NOTICE, now=at, is_unasked=True)
    database.run(send, "asked")
    database.run(send, "another", 1002, is_unasked=True)
    database.run(send, "tomorrow", is_unasked=True, due_at=NOON + timedelta(days=1))
    counted = [(ZHANG, midnight), (ZHANG, NOON), (ZHANG, NOON + timedelta(days=1))]
    assert sorted(map(tuple, database.look(outbox.unasked, [ZHANG], since=midnight))) == counted
    database.run(outbox.withdraw, "first")
    assert len(database.look(outbox.unasked, [ZHANG, 1002], since=midnight)) == 3


def test_what_waits_for_a_chat_is_brought_forward(database: Database) -> None:
    for key, chat_id in (("meeting:1:n2", GROUP), ("meeting:1:v2", GROUP), ("meeting:1:n2:m", ZHANG)):
        database.run(send, key, chat_id, due_at=NOON + timedelta(hours=8))
    database.run(outbox.bring_forward, "meeting:1:n", GROUP, NOON)
    assert [row.key for row in database.look(claims.look, now=NOON, most=9).waiting] == ["meeting:1:n2"]


def test_a_group_that_moved_gets_its_messages_under_the_new_id(database: Database) -> None:
    database.run(send, "a", GROUP)
    database.run(send, "b", ZHANG)
    database.run(outbox.move_chat, GROUP, NEW_GROUP)
    assert (row(database, "a").chat_id, row(database, "b").chat_id) == (NEW_GROUP, ZHANG)


def test_a_chat_that_is_lost_gets_nothing_more(database: Database) -> None:
    for key, chat_id in (("a", GROUP), ("b", GROUP), ("c", ZHANG)):
        database.run(send, key, chat_id)
    assert database.run(outbox.drop_chat, GROUP) == 2
    assert states(database) == {"a": State.UNREACHABLE, "b": State.UNREACHABLE, "c": State.PENDING}


def test_the_past_is_not_told_again(database: Database) -> None:
    database.run(send, "past", due_at=NOON - timedelta(seconds=1))
    database.run(send, "now", due_at=NOON)
    assert database.run(outbox.expire_before, NOON) == 1
    assert states(database) == {"past": State.EXPIRED, "now": State.PENDING}


def test_a_press_on_a_message_shows_that_it_had_arrived(database: Database) -> None:
    database.run(send, "meeting:1:remind:1001")
    claimed = database.run(take, "meeting:1:remind:1001")
    assert claimed is not None
    assert database.run(outbox.adopt, ZHANG, 7, "meeting:1:remind", now=NOON) is False
    database.run(claims.repeat, claimed, due_at=NOON + outbox.UNKNOWN_WAIT)
    assert database.run(outbox.adopt, ZHANG, 7, "meeting:1:remind", now=NOON) is True
    adopted = row(database, "meeting:1:remind:1001")
    assert (adopted.state, adopted.message_id, adopted.sent_at) == (State.SENT, 7, NOON)


# -- cards ------------------------------------------------------------------------------------------------------------


def test_many_changes_of_a_card_wait_as_one_edit(database: Database) -> None:
    for seconds in range(5):
        database.run(outbox.refresh, "card:1", now=NOON + timedelta(seconds=seconds))
    card = row(database, "card:1")
    assert (card.state, card.due_at, card.lane) == (State.PENDING, NOON, Lane.CARD)


def test_a_card_that_was_edited_can_be_refreshed_again(database: Database) -> None:
    def settle(session: Session) -> None:
        session.scalars(select(OutboxRow).where(OutboxRow.key == "card:1")).one().state = State.SENT

    database.run(outbox.refresh, "card:1", now=NOON)
    database.run(settle)
    later = NOON + timedelta(minutes=1)
    database.run(outbox.refresh, "card:1", now=later)
    card = row(database, "card:1")
    assert (card.state, card.due_at, card.attempts) == (State.PENDING, later, 0)
    assert len(states(database)) == 1
