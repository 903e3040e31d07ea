"""Updates stored once, acting once, taken over from the dead, put aside when nothing helps; and who receives."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import inbox
from bot.db import Database
from bot.inbox import AlreadyHandledError, DeadRow, Hold, InboxRow, Outage, Received

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FIRST, SECOND_ONE = "host:11:aa", "host:22:bb"


def update(number: int, person: int = 1001, text: str = "签到") -> Received:
    body = f'{{"update_id":{number},"message":{{"text":"{text}"}}}}'
    return Received(number, f"u{person}", person, body, NOON)


def store(database: Database, *numbers: int, owner: str = FIRST) -> list[Received]:
    return database.run(inbox.store, [update(number) for number in numbers], owner=owner, now=NOON)


def row(database: Database, number: int) -> InboxRow:
    def look(session: Session) -> InboxRow:
        return session.get_one(InboxRow, number)

    return database.look(look)


def open_numbers(database: Database) -> list[int]:
    query = select(InboxRow.update_id).where(InboxRow.handled_at.is_(None)).order_by(InboxRow.update_id)
    return list(database.look(lambda session: session.scalars(query).all()))


# -- storing ----------------------------------------------------------------------------------------------------------


def test_an_update_is_stored_once_however_often_it_comes(database: Database) -> None:
    assert [u.update_id for u in store(database, 1, 2, 2)] == [1, 2]
    assert [u.update_id for u in store(database, 2, 3)] == [3]
    assert open_numbers(database) == [1, 2, 3]


def test_nothing_to_store_is_nothing(database: Database) -> None:
    assert store(database) == []


def test_the_first_body_stays(database: Database) -> None:
    store(database, 1)
    database.run(inbox.store, [update(1, text="请假")], owner=FIRST, now=NOON)
    assert "签到" in row(database, 1).body


def test_a_handled_update_that_comes_again_does_not_act_again(database: Database) -> None:
    store(database, 1)
    database.run(inbox.mark_handled, 1, now=NOON)
    assert store(database, 1) == []
    assert open_numbers(database) == []


def test_ids_of_telegram_fit(database: Database) -> None:
    big = Received(2**40, f"u{2**52}", -(2**44), "{}", NOON)
    database.run(inbox.store, [big], owner=FIRST, now=NOON)
    stored = row(database, 2**40)
    assert (stored.order_key, stored.chat_id) == (f"u{2**52}", -(2**44))


# -- handling ---------------------------------------------------------------------------------------------------------


def test_an_update_acts_once_in_the_transaction_of_its_effect(database: Database) -> None:
    store(database, 1)
    effects: list[int] = []

    def act(session: Session) -> None:
        inbox.mark_handled(session, 1, now=NOON)
        effects.append(1)

    database.run(act)
    with pytest.raises(AlreadyHandledError):
        database.run(act)
    assert effects == [1]
    handled = row(database, 1)
    assert (handled.handled_at, handled.body, handled.lease_until) == (NOON, "", None)


def test_updates_act_together_if_none_has_acted(database: Database) -> None:
    store(database, 1, 2, 3)
    database.run(inbox.mark_all_handled, [1, 2], now=NOON)
    with pytest.raises(AlreadyHandledError):
        database.run(inbox.mark_all_handled, [2, 3], now=NOON)
    assert open_numbers(database) == [3]
    assert (row(database, 1).body, row(database, 2).handled_at) == ("", NOON)


def test_an_effect_that_fails_leaves_the_update_open(database: Database) -> None:
    store(database, 1)

    def act(session: Session) -> None:
        inbox.mark_handled(session, 1, now=NOON)
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        database.run(act)
    assert open_numbers(database) == [1]
    assert row(database, 1).body != ""


def test_an_unknown_update_cannot_be_marked(database: Database) -> None:
    with pytest.raises(AlreadyHandledError):
        database.run(inbox.mark_handled, 404, now=NOON)


def test_finishing_is_not_particular(database: Database) -> None:
    store(database, 1)
    database.run(inbox.finish, 1, now=NOON)
    database.run(inbox.finish, 1, now=NOON + SECOND)
    assert row(database, 1).handled_at == NOON


def test_what_was_stored_until_a_moment_is_known_to_be_handled(database: Database) -> None:
    assert database.look(inbox.is_handled_until, NOON) is True
    store(database, 1)
    assert database.look(inbox.is_handled_until, NOON - SECOND) is True
    assert database.look(inbox.is_handled_until, NOON) is False
    database.run(inbox.mark_handled, 1, now=NOON)
    assert database.look(inbox.is_handled_until, NOON) is True


# -- taking over ------------------------------------------------------------------------------------------------------


def test_what_a_dead_process_left_is_taken_over_in_order(database: Database) -> None:
    store(database, 3, 1, 2)
    database.run(inbox.mark_handled, 2, now=NOON)
    left = database.run(inbox.leftovers, owner=SECOND_ONE, now=NOON + SECOND)
    assert left == [replace(update(number), is_left=True) for number in (1, 3)]
    assert row(database, 1).owner == SECOND_ONE
    assert database.run(inbox.leftovers, owner=SECOND_ONE, now=NOON + SECOND) == []


def test_an_update_on_which_processes_keep_dying_is_put_aside(database: Database) -> None:
    store(database, 1, 2)
    for number in range(inbox.CRASHES):
        left = database.run(inbox.leftovers, owner=f"life {number}", now=NOON)
        assert [(u.update_id, u.deaths) for u in left] == [(1, number), (2, 0)]
        database.run(inbox.begin, 1)
    assert [u.update_id for u in database.run(inbox.leftovers, owner="last", now=NOON)] == [2]
    assert database.look(inbox.dead_count) == 1
    assert open_numbers(database) == [2]


def test_a_clean_stop_gives_back_what_was_not_handled(database: Database) -> None:
    store(database, 1, 2)
    database.run(inbox.begin, 1)
    database.run(inbox.mark_handled, 2, now=NOON)
    database.run(inbox.release, FIRST)
    assert [(u.update_id, u.deaths) for u in database.run(inbox.leftovers, owner=SECOND_ONE, now=NOON)] == [(1, 0)]


def test_giving_back_touches_nobody_elses(database: Database) -> None:
    store(database, 1, owner=SECOND_ONE)
    database.run(inbox.release, FIRST)
    assert row(database, 1).owner == SECOND_ONE


# -- putting aside ----------------------------------------------------------------------------------------------------


def test_a_parked_update_keeps_its_body_and_reason(database: Database) -> None:
    store(database, 1)
    database.run(inbox.park, 1, "ValueError: " + "x" * 300, "7K3M2Q", now=NOON)
    dead = database.look(lambda session: session.get_one(DeadRow, 1))
    assert (dead.body, dead.incident, dead.parked_at) == (update(1).body, "7K3M2Q", NOON)
    assert len(dead.reason) == 200
    assert open_numbers(database) == []
    assert row(database, 1).body == ""


def test_parking_what_has_acted_changes_nothing(database: Database) -> None:
    store(database, 1)
    database.run(inbox.mark_handled, 1, now=NOON)
    database.run(inbox.park, 1, "hung", None, now=NOON)
    assert database.look(inbox.dead_count) == 0


def test_old_rows_go_and_open_ones_stay(database: Database) -> None:
    store(database, 1, 2, 3)
    database.run(inbox.mark_handled, 1, now=NOON)
    database.run(inbox.park, 2, "hung", None, now=NOON)
    database.run(inbox.prune, now=NOON + inbox.KEEP)
    assert row(database, 1).handled_at == NOON
    database.run(inbox.prune, now=NOON + inbox.KEEP + SECOND)
    assert database.look(lambda session: list(session.scalars(select(InboxRow.update_id)))) == [3]
    assert database.look(inbox.dead_count) == 1
    database.run(inbox.prune, now=NOON + inbox.KEEP_DEAD + SECOND)
    assert database.look(inbox.dead_count) == 0
    assert database.look(inbox.open_count) == 1


# -- who receives -----------------------------------------------------------------------------------------------------


def is_alive(_: str) -> bool:
    return False


def is_dead(_: str) -> bool:
    return True


def outages(database: Database) -> list[tuple[datetime, datetime, bool]]:
    query = select(Outage).order_by(Outage.id)
    found = database.look(lambda session: list(session.scalars(query)))
    return [(outage.from_at, outage.to_at, outage.drained_at is not None) for outage in found]


def test_one_process_receives_and_the_other_waits(database: Database) -> None:
    assert database.run(inbox.hold, FIRST, is_alive, now=NOON) == Hold(True, True, FIRST, beat_at=NOON)
    later = NOON + SECOND
    assert database.run(inbox.hold, FIRST, is_alive, now=later) == Hold(True, False, FIRST, beat_at=NOON)
    assert database.run(inbox.hold, SECOND_ONE, is_alive, now=later) == Hold(False, False, FIRST, beat_at=later)


def test_a_lease_that_is_not_renewed_goes_to_the_next(database: Database) -> None:
    database.run(inbox.hold, FIRST, is_alive, now=NOON)
    end = NOON + inbox.RECEIVER_LEASE
    assert database.run(inbox.hold, SECOND_ONE, is_alive, now=end - SECOND).is_ours is False
    assert database.run(inbox.hold, SECOND_ONE, is_alive, now=end) == Hold(True, True, SECOND_ONE, beat_at=NOON)
    assert database.run(inbox.hold, FIRST, is_alive, now=end).is_ours is False


def test_the_lease_of_a_dead_process_is_free_at_once(database: Database) -> None:
    database.run(inbox.hold, FIRST, is_alive, now=NOON)
    assert database.run(inbox.hold, SECOND_ONE, is_dead, now=NOON + SECOND).is_ours is True


def test_a_receiver_that_lets_go_is_followed_at_once(database: Database) -> None:
    database.run(inbox.hold, FIRST, is_alive, now=NOON)
    database.run(inbox.let_go, SECOND_ONE, now=NOON)
    assert database.run(inbox.hold, SECOND_ONE, is_alive, now=NOON).is_ours is False
    database.run(inbox.let_go, FIRST, now=NOON)
    assert database.run(inbox.hold, SECOND_ONE, is_alive, now=NOON).is_ours is True


def test_a_gap_without_heartbeat_is_an_outage(database: Database) -> None:
    database.run(inbox.hold, FIRST, is_alive, now=NOON)
    back = NOON + timedelta(minutes=3)
    database.run(inbox.hold, SECOND_ONE, is_alive, now=back)
    assert outages(database) == [(NOON, back, False)]
    database.run(inbox.mark_drained, now=back + SECOND)
    assert outages(database) == [(NOON, back, True)]


def test_a_short_restart_is_no_outage(database: Database) -> None:
    database.run(inbox.hold, FIRST, is_alive, now=NOON)
    database.run(inbox.hold, SECOND_ONE, is_dead, now=NOON + inbox.OUTAGE - SECOND)
    assert outages(database) == []


def test_a_clock_that_was_set_forward_is_no_outage(database: Database) -> None:
    database.run(inbox.hold, FIRST, is_alive, now=NOON)
    jumped = NOON + timedelta(days=7)
    database.run(inbox.beat, FIRST, now=jumped)
    assert database.run(inbox.hold, FIRST, is_alive, now=jumped).is_new is False
    assert outages(database) == []


def test_the_very_first_start_is_no_outage(database: Database) -> None:
    database.run(inbox.hold, FIRST, is_alive, now=NOON)
    assert outages(database) == []
