"""The sender's side of the outbox: what may go, who takes it, and what becomes of it after each answer."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import claims, outbox
from bot.aftermath import Aftermath, Reach
from bot.answers import Meaning, Verdict
from bot.db import Database
from bot.message import Content, Delete, Document, Edit, Html, Message, Pin, Poll, StopPoll
from bot.outbox import Claimed, Hooks, Lane, OutboxRow, Rendered, Sent, State

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
ZHANG, ZHOU, GROUP, NEW_GROUP = 1001, 1006, -4001, -1001000000001
NO_HOOKS: Mapping[str, Hooks] = {}
TEXT = Message("会议")
POLL = Poll("党徽由什么组成？", ("镰刀锤头", "五角星"), (0,), timedelta(minutes=1))


@dataclass
class Desk:
    """A feature and the members' side, which write down what they are told."""

    told: list[tuple[object, ...]] = field(default_factory=list)
    is_wanted: bool = True
    rendered: Rendered | None = None

    def hooks(self) -> Mapping[str, Hooks]:
        return {
            "meeting": Hooks(
                is_wanted=lambda session, key, now: self.is_wanted,
                render=lambda session, key, now: self.rendered,
                sent=lambda session, key, sent: self.told.append(("sent", key, sent.message_id)),
                failed=lambda session, key, state, now: self.told.append(("failed", key, state)),
            )
        }

    def reach(self) -> Reach:
        return Reach(
            unreachable=lambda session, user_id, now: self.told.append(("unreachable", user_id)),
            lost=lambda session, chat_id, now: self.told.append(("lost", chat_id)),
            migrated=lambda session, old, new, now: self.told.append(("migrated", old, new)),
            unsure=lambda session, row, now: self.told.append(("unsure", row.key)),
            muted=lambda session, row, now: self.told.append(("muted", row.key)),
            topic_lost=lambda session, row, now: self.told.append(("topic", row.key)),
            unreadable=lambda session, row, error, now: self.told.append(("incident", row.key)),
        )

    def aftermath(self) -> Aftermath:
        return Aftermath(self.hooks(), self.reach())


def put(database: Database, key: str, *, chat_id: int = ZHANG, content: Content = TEXT, **more: object) -> int:
    """Enqueue and give the row's id."""

    def enqueue(session: Session) -> int:
        options = {"lane": Lane.NOTICE, "now": NOON, **more}
        outbox.enqueue(session, key, chat_id=chat_id, content=content, **options)  # type: ignore[arg-type]  # by name
        return session.scalars(select(OutboxRow.id).where(OutboxRow.key == key)).one()

    return database.run(enqueue)


def take(database: Database, key: str, *, chat_id: int = ZHANG, content: Content = TEXT) -> Claimed:
    claimed = database.run(claims.claim, put(database, key, chat_id=chat_id, content=content), NO_HOOKS, now=NOON)
    assert claimed is not None
    return claimed


def row(database: Database, key: str) -> OutboxRow:
    def look(session: Session) -> OutboxRow:
        return session.scalars(select(OutboxRow).where(OutboxRow.key == key)).one()

    return database.look(look)


def seen(database: Database, now: datetime = NOON, most: int = 100, without: tuple[int, ...] = ()) -> list[str]:
    return [found.key for found in database.look(claims.look, now=now, most=most, without=without).waiting]


# -- looking ----------------------------------------------------------------------------------------------------------


def test_urgent_goes_first_then_what_ends_first(database: Database) -> None:
    put(database, "late", valid_until=NOON + 2 * MINUTE)
    put(database, "soon", valid_until=NOON + MINUTE)
    put(database, "board", lane=Lane.CALM)
    put(database, "question", lane=Lane.URGENT)
    assert seen(database) == ["question", "soon", "late", "board"]


def test_what_is_not_due_is_not_seen(database: Database) -> None:
    put(database, "later", due_at=NOON + SECOND)
    assert seen(database) == []
    assert database.look(claims.next_due, after=NOON) == NOON + SECOND
    assert seen(database, NOON + SECOND) == ["later"]


def test_chats_that_must_wait_are_left_out(database: Database) -> None:
    put(database, "a", chat_id=GROUP)
    put(database, "b")
    database.run(outbox.refresh, "card:1", now=NOON)
    assert seen(database, without=(GROUP,)) == ["b", "card:1"]


def test_a_long_queue_still_shows_calm_rows(database: Database) -> None:
    for number in range(6):
        put(database, f"notice:{number}")
    put(database, "board", lane=Lane.CALM)
    assert seen(database, most=3) == ["notice:0", "notice:1", "notice:2", "board"]


def test_what_waits_is_counted_with_the_oldest(database: Database) -> None:
    assert database.look(claims.due_count, now=NOON) == (0, None)
    put(database, "a", due_at=NOON - MINUTE)
    put(database, "b")
    put(database, "c", due_at=NOON + MINUTE)
    assert database.look(claims.due_count, now=NOON) == (2, NOON - MINUTE)


# -- taking -----------------------------------------------------------------------------------------------------------


def test_a_row_is_taken_with_all_it_holds(database: Database) -> None:
    until = NOON + MINUTE
    row_id = put(database, "a", chat_id=GROUP, thread_id=5, reply_to=9, valid_until=until, lane=Lane.URGENT)
    assert database.run(claims.claim, row_id, NO_HOOKS, now=NOON) == Claimed(
        id=row_id,
        key="a",
        lane=Lane.URGENT,
        chat_id=GROUP,
        thread_id=5,
        reply_to=9,
        content=Message("会议"),
        attempts=1,
        fence=1,
        due_at=NOON,
        valid_until=until,
        is_repeat=False,
    )


def test_of_many_who_reach_for_a_row_one_gets_it(database: Database, database_url: str) -> None:
    row_id = put(database, "a")
    other = Database(database_url)
    with ThreadPoolExecutor(8) as pool:
        both = [database, other] * 8
        tries = [pool.submit(one.run, claims.claim, row_id, NO_HOOKS, now=NOON) for one in both]
    other.close()
    assert sum(attempt.result() is not None for attempt in tries) == 1


def test_a_row_put_off_by_another_sender_is_not_taken_early(database: Database) -> None:
    claimed = take(database, "a")
    database.run(claims.retry, claimed, due_at=NOON + MINUTE)
    assert database.run(claims.claim, claimed.id, NO_HOOKS, now=NOON) is None
    assert database.run(claims.claim, claimed.id, NO_HOOKS, now=NOON + MINUTE) is not None


def test_what_came_too_late_is_not_sent_and_its_feature_hears_it(database: Database) -> None:
    desk = Desk()
    row_id = put(database, "meeting:1", valid_until=NOON - SECOND)
    assert database.run(claims.claim, row_id, desk.hooks(), now=NOON) is None
    assert row(database, "meeting:1").state == State.EXPIRED
    assert desk.told == [("failed", "meeting:1", State.EXPIRED)]


def test_what_is_not_wanted_any_more_is_not_sent(database: Database) -> None:
    desk = Desk(is_wanted=False)
    row_id = put(database, "meeting:1")
    assert database.run(claims.claim, row_id, desk.hooks(), now=NOON) is None
    assert row(database, "meeting:1").state == State.SUPPRESSED
    assert desk.told == [("failed", "meeting:1", State.SUPPRESSED)]


def test_a_card_is_worded_when_it_goes(database: Database) -> None:
    desk = Desk(rendered=Rendered(GROUP, Edit(Message("已回复 3/12"), 7), thread_id=5))
    database.run(outbox.refresh, "meeting:1", now=NOON)
    claimed = database.run(claims.claim, row(database, "meeting:1").id, desk.hooks(), now=NOON)
    assert claimed is not None
    assert (claimed.chat_id, claimed.thread_id) == (GROUP, 5)
    assert claimed.content == Edit(Message("已回复 3/12"), 7)


def test_a_card_of_which_nothing_is_left_to_say_is_dropped(database: Database) -> None:
    database.run(outbox.refresh, "meeting:1", now=NOON)
    assert database.run(claims.claim, row(database, "meeting:1").id, Desk().hooks(), now=NOON) is None
    assert row(database, "meeting:1").state == State.SUPPRESSED


@pytest.mark.parametrize(
    ("content", "lease"),
    [(Message("会议"), outbox.SEND_LEASE), (Document("台账.xlsx", b"PK"), outbox.UPLOAD_LEASE)],
)
def test_the_lease_outlasts_the_call(database: Database, content: Content, lease: timedelta) -> None:
    take(database, "a", content=content)
    assert row(database, "a").lease_until == NOON + lease
    assert database.look(claims.next_due, after=NOON) == NOON + lease


# -- settling ---------------------------------------------------------------------------------------------------------


def test_what_arrived_is_marked_and_told(database: Database) -> None:
    desk, claimed = Desk(), take(database, "meeting:1")
    database.run(claims.mark_sent, claimed, Sent(ZHANG, 42, None, NOON + SECOND), desk.hooks())
    sent = row(database, "meeting:1")
    assert (sent.state, sent.message_id, sent.sent_at, sent.lease_until) == (State.SENT, 42, NOON + SECOND, None)
    assert desk.told == [("sent", "meeting:1", 42)]


def test_a_refresh_while_the_edit_is_on_its_way_asks_for_another(database: Database) -> None:
    desk = Desk(rendered=Rendered(GROUP, Edit(Message("已回复 3/12"), 7)))
    database.run(outbox.refresh, "meeting:1", now=NOON)
    claimed = database.run(claims.claim, row(database, "meeting:1").id, desk.hooks(), now=NOON)
    assert claimed is not None
    database.run(outbox.refresh, "meeting:1", now=NOON + SECOND)
    database.run(claims.mark_sent, claimed, Sent(GROUP, 7, None, NOON + SECOND), desk.hooks())
    assert row(database, "meeting:1").state == State.PENDING


def test_a_wait_that_telegram_ordered_is_no_attempt(database: Database) -> None:
    database.run(claims.retry, take(database, "a"), due_at=NOON + MINUTE, counts=False)
    database.run(claims.retry, take(database, "b"), due_at=NOON + MINUTE)
    assert (row(database, "a").attempts, row(database, "b").attempts) == (0, 1)
    assert row(database, "a").due_at == NOON + MINUTE


def test_a_sender_that_lost_its_row_changes_nothing(database: Database) -> None:
    old = take(database, "meeting:1")
    later = NOON + outbox.SEND_LEASE + SECOND
    assert database.look(claims.look, now=later, most=9).interrupted == [old.id]
    new = database.run(claims.reclaim, old.id, now=later)
    assert new == replace(old, fence=2)
    assert database.run(claims.reclaim, old.id, now=later) is None
    desk = Desk()
    database.run(claims.mark_failed, old, State.DEAD, "x", desk.hooks(), now=later)
    database.run(claims.retry, old, due_at=later)
    assert row(database, "meeting:1").state == State.SENDING
    assert desk.told == []


def test_a_row_in_time_is_not_taken_over(database: Database) -> None:
    claimed = take(database, "a")
    assert database.look(claims.look, now=NOON + outbox.SEND_LEASE, most=9).interrupted == []
    assert database.run(claims.reclaim, claimed.id, now=NOON + outbox.SEND_LEASE) is None


# -- unknown results --------------------------------------------------------------------------------------------------


def test_a_private_text_of_unknown_fate_goes_once_more_after_a_minute(database: Database) -> None:
    desk, claimed = Desk(), take(database, "meeting:1")
    database.run(desk.aftermath().unknown, claimed, now=NOON)
    again = row(database, "meeting:1")
    assert (again.state, again.is_repeat, again.due_at) == (State.PENDING, True, NOON + outbox.UNKNOWN_WAIT)
    second = database.run(claims.claim, claimed.id, NO_HOOKS, now=again.due_at)
    assert second is not None
    database.run(desk.aftermath().unknown, second, now=again.due_at)
    assert row(database, "meeting:1").state == State.UNKNOWN
    assert desk.told == [("failed", "meeting:1", State.UNKNOWN)]


@pytest.mark.parametrize("content", [Message("会议"), POLL])
def test_a_group_post_of_unknown_fate_is_never_sent_twice(database: Database, content: Content) -> None:
    desk, claimed = Desk(), take(database, "meeting:1", chat_id=GROUP, content=content)
    database.run(desk.aftermath().unknown, claimed, now=NOON)
    assert row(database, "meeting:1").state == State.UNKNOWN
    assert desk.told == [("failed", "meeting:1", State.UNKNOWN), ("unsure", "meeting:1")]


def test_what_its_feature_tells_of_the_secretary_does_not_hear_twice(database: Database) -> None:
    desk, claimed = Desk(), take(database, "meeting:1", chat_id=GROUP, content=POLL)
    hooks = {"meeting": Hooks(tells_unsure=lambda key: key == "meeting:1")}
    database.run(Aftermath(hooks, desk.reach()).unknown, claimed, now=NOON)
    assert (row(database, "meeting:1").state, desk.told) == (State.UNKNOWN, [])


@pytest.mark.parametrize("content", [Edit(Message("会议"), 7), Pin(7), StopPoll(7), Delete(7)])
def test_what_can_be_done_twice_is_simply_done_again(database: Database, content: Content) -> None:
    desk, claimed = Desk(), take(database, "meeting:1", chat_id=GROUP, content=content)
    database.run(desk.aftermath().unknown, claimed, now=NOON)
    again = row(database, "meeting:1")
    assert (again.state, again.is_repeat) == (State.PENDING, False)
    assert desk.told == []


# -- lasting refusals -------------------------------------------------------------------------------------------------


def refused(database: Database, desk: Desk, claimed: Claimed, told: Verdict) -> OutboxRow:
    database.run(desk.aftermath().lasting, claimed, told, "BadRequest", now=NOON)
    return row(database, claimed.key)


def test_a_person_who_blocked_us_gets_nothing_more(database: Database) -> None:
    desk, claimed = Desk(), take(database, "meeting:1")
    put(database, "meeting:2")
    put(database, "meeting:3", chat_id=ZHOU)
    assert refused(database, desk, claimed, Verdict(Meaning.UNREACHABLE)).state == State.UNREACHABLE
    assert (row(database, "meeting:2").state, row(database, "meeting:3").state) == (State.UNREACHABLE, State.PENDING)
    assert desk.told == [("failed", "meeting:1", State.UNREACHABLE), ("unreachable", ZHANG)]


@pytest.mark.parametrize(("chat_id", "told"), [(GROUP, ("lost", GROUP)), (ZHANG, ("unreachable", ZHANG))])
def test_a_chat_that_is_gone_is_told_to_members(database: Database, chat_id: int, told: tuple[str, int]) -> None:
    desk, claimed = Desk(), take(database, "meeting:1", chat_id=chat_id)
    assert refused(database, desk, claimed, Verdict(Meaning.CHAT_LOST)).state == State.UNREACHABLE
    assert desk.told[-1] == told


def test_a_migrated_group_gets_the_message_under_its_new_id(database: Database) -> None:
    desk, claimed = Desk(), take(database, "meeting:1", chat_id=GROUP)
    put(database, "meeting:2", chat_id=GROUP)
    again = refused(database, desk, claimed, Verdict(Meaning.MIGRATED, new_chat_id=NEW_GROUP))
    assert (again.state, again.chat_id, again.attempts) == (State.PENDING, NEW_GROUP, 0)
    assert row(database, "meeting:2").chat_id == NEW_GROUP
    assert desk.told == [("migrated", GROUP, NEW_GROUP)]


def test_a_closed_topic_is_left_for_the_general_one_once(database: Database) -> None:
    desk = Desk()
    row_id = put(database, "meeting:1", chat_id=GROUP, thread_id=5)
    claimed = database.run(claims.claim, row_id, NO_HOOKS, now=NOON)
    assert claimed is not None
    again = refused(database, desk, claimed, Verdict(Meaning.NO_THREAD))
    assert (again.state, again.thread_id) == (State.PENDING, None)
    assert desk.told == [("topic", "meeting:1")]
    second = database.run(claims.claim, row_id, NO_HOOKS, now=NOON)
    assert second is not None
    assert refused(database, desk, second, Verdict(Meaning.NO_THREAD)).state == State.DEAD


def test_a_text_telegram_cannot_read_goes_without_its_tags(database: Database) -> None:
    desk, claimed = Desk(), take(database, "meeting:1", content=Message(Html("<b>会议</i> &lt;1&gt;")))
    refused(database, desk, claimed, Verdict(Meaning.BAD_HTML))
    again = database.run(claims.claim, claimed.id, NO_HOOKS, now=NOON)
    assert again is not None
    assert again.content == Message("会议 &lt;1&gt;")
    assert desk.told == [("incident", "meeting:1")]
    assert refused(database, desk, again, Verdict(Meaning.BAD_HTML)).state == State.DEAD


@pytest.mark.parametrize(
    ("meaning", "content", "told"),
    [
        (Meaning.TARGET_GONE, Edit(Message("会议"), 7), [("failed", "meeting:1", State.DEAD)]),
        (Meaning.NO_RIGHTS, Pin(7), [("failed", "meeting:1", State.DEAD)]),
        (Meaning.NO_RIGHTS, Message("会议"), [("failed", "meeting:1", State.DEAD), ("muted", "meeting:1")]),
        (Meaning.REFUSED, Message("会议"), [("failed", "meeting:1", State.DEAD), ("incident", "meeting:1")]),
    ],
)
def test_what_cannot_be_mended_is_put_aside(
    database: Database, meaning: Meaning, content: Content, told: list[tuple[object, ...]]
) -> None:
    desk, claimed = Desk(), take(database, "meeting:1", chat_id=GROUP, content=content)
    dead = refused(database, desk, claimed, Verdict(meaning))
    assert (dead.state, dead.lease_until) == (State.DEAD, None)
    assert dead.error
    assert desk.told == told
