"""Durable messages out: rows written in the transaction of the fact they tell, sent later by `delivery`."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    CursorResult,
    Index,
    Insert,
    Integer,
    String,
    Text,
    Update,
    and_,
    bindparam,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from bot.db import Base, UtcDateTime, signal, upsert_on
from bot.message import Content, from_json, to_json
from bot.statements import Query, Write

SEND_LEASE = timedelta(seconds=30)  # longer than the longest call, so that nobody takes a row in flight
UPLOAD_LEASE = timedelta(seconds=90)
UNKNOWN_WAIT = timedelta(seconds=60)  # a press on the message in this time shows that it had arrived
FOREVER = timedelta(days=400)
CALM_MOST = 20
LAST_SIGN = "\U0010ffff"


class Lane(IntEnum):
    URGENT = 1  # rungs of a running meeting, cancellations, live questions, incidents
    NOTICE = 2  # notices, reminders, results
    CALM = 3  # catch-up, digests, menus
    CARD = 4  # edits of cards


class State(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"
    UNREACHABLE = "unreachable"
    DEAD = "dead"


ARRIVED = (State.SENT, State.UNKNOWN)


class OutboxRow(Base):
    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    # Sorted by code point on every server: what begins with a prefix is found by the index.
    key: Mapped[str] = mapped_column(String(120).with_variant(String(120, collation="C"), "postgresql"), unique=True)
    lane: Mapped[int] = mapped_column(Integer)
    chat_id: Mapped[int | None] = mapped_column(BigInteger)  # none: the renderer knows the place
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    reply_to: Mapped[int | None] = mapped_column(BigInteger)
    body: Mapped[dict[str, object] | None] = mapped_column(JSON)  # none: rendered when it is sent
    is_unasked: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(12), default=State.PENDING)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    fence: Mapped[int] = mapped_column(Integer, default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_rendered_late: Mapped[bool] = mapped_column(Boolean, default=False)
    is_repeat: Mapped[bool] = mapped_column(Boolean, default=False)  # sent once more after an unknown result
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("ix_outbox_due", "state", "due_at"),
        Index("ix_outbox_chat", "chat_id", "created_at"),
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """What Telegram said of a row that arrived."""

    chat_id: int
    message_id: int | None
    poll_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Rendered:
    """Content made at sending time, with the place it goes to."""

    chat_id: int
    content: Content
    thread_id: int | None = None


@dataclass(frozen=True, slots=True)
class Old:
    """A row whose message was sent, or will never be, long ago."""

    id: int
    key: str
    state: State


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a feature wants to be asked and told about rows whose key begins with its prefix; `app` hands them in."""

    is_wanted: Callable[[Session, str, datetime], bool] | None = None
    render: Callable[[Session, str, datetime], Rendered | None] | None = None
    sent: Callable[[Session, str, Sent], None] | None = None
    failed: Callable[[Session, str, State, datetime], None] | None = None
    tells_unsure: Callable[[str], bool] | None = None  # says itself that a post to a group may not have arrived
    # Before old rows go: takes down what it wants to know of them later; the numbers of those it still reads.
    outlive: Callable[[Session, Sequence["Old"]], Collection[int]] | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row taken for sending, with what is to be sent."""

    id: int
    key: str
    lane: int
    chat_id: int
    thread_id: int | None
    reply_to: int | None
    content: Content
    attempts: int
    fence: int
    due_at: datetime
    valid_until: datetime
    is_repeat: bool


def enqueue(
    session: Session,
    key: str,
    *,
    chat_id: int,
    content: Content,
    lane: Lane,
    now: datetime,
    due_at: datetime | None = None,
    valid_until: datetime | None = None,
    thread_id: int | None = None,
    reply_to: int | None = None,
    is_unasked: bool = False,
) -> bool:
    """Write the message once; a key that exists already changes nothing. True if it is new."""
    row = {
        "key": key,
        "lane": int(lane),
        "chat_id": chat_id,
        "thread_id": thread_id,
        "reply_to": reply_to,
        "body": to_json(content),
        "is_rendered_late": False,
        "is_unasked": is_unasked,
        "created_at": now,
        "due_at": due_at or now,
        "valid_until": valid_until or now + FOREVER,
        "state": State.PENDING,
        "attempts": 0,
        "fence": 0,
        "is_repeat": False,
    }
    is_new = _ENQUEUED.first(session, row) is not None
    signal(session, "outbox")
    return is_new


_ENQUEUED: Query[int] = Query(
    lambda d: upsert_on(d, OutboxRow).on_conflict_do_nothing(index_elements=["key"]).returning(OutboxRow.id)
)


def _refreshing(dialect: str) -> Insert:
    statement = upsert_on(dialect, OutboxRow).values(
        key=bindparam("of_key"),
        lane=bindparam("in_lane"),
        is_rendered_late=True,
        is_unasked=False,
        created_at=bindparam("at"),
        due_at=bindparam("at"),
        valid_until=bindparam("until"),
        state=State.PENDING,
        attempts=0,
        fence=0,
        is_repeat=False,
    )
    again = {"state": State.PENDING, "due_at": bindparam("at"), "attempts": 0, "valid_until": bindparam("until")}
    unless = OutboxRow.state != State.PENDING
    return statement.on_conflict_do_update(index_elements=["key"], set_=again, where=unless)


_REFRESHED = Write(_refreshing)


def refresh(session: Session, key: str, *, now: datetime, lane: Lane = Lane.CARD) -> None:
    """Ask for one edit that its renderer words when it is sent; asking again before that adds nothing."""
    asked = {"of_key": key, "in_lane": int(lane), "at": now, "until": now + FOREVER}
    if _REFRESHED.run(session, asked):
        signal(session, "outbox")


def _planning(dialect: str) -> Insert:
    values = {
        "lane": bindparam("in_lane"),
        "chat_id": bindparam("to_chat"),
        "is_unasked": True,
        "due_at": bindparam("due"),
        "valid_until": bindparam("until"),
        "state": State.PENDING,
        "attempts": 0,
    }
    statement = upsert_on(dialect, OutboxRow).values(
        key=bindparam("of_key"), created_at=bindparam("at"), is_rendered_late=True, fence=0, is_repeat=False, **values
    )
    unless = OutboxRow.state != State.SENDING
    return statement.on_conflict_do_update(index_elements=["key"], set_=values, where=unless)


_PLANNED = Write(_planning)


def plan(
    session: Session,
    key: str,
    *,
    chat_id: int | None,
    due_at: datetime,
    now: datetime,
    valid_until: datetime | None = None,
    lane: Lane = Lane.NOTICE,
) -> None:
    """Ask for one unasked message at a time to come, which its renderer words then. Planned again it comes at the new
    time, even if it had been sent or cancelled."""
    asked = {"of_key": key, "in_lane": int(lane), "to_chat": chat_id, "due": due_at, "at": now}
    if _PLANNED.run(session, {**asked, "until": valid_until or now + FOREVER}):
        signal(session, "outbox")


_WITHDRAWN = Write(
    update(OutboxRow)
    .where(OutboxRow.key == bindparam("of_key"), OutboxRow.state == State.PENDING)
    .values(state=State.CANCELLED)
)


def withdraw_one(session: Session, key: str) -> None:
    """Cancel one message, if it has not been sent."""
    _WITHDRAWN.run(session, {"of_key": key})


def withdraw_all(session: Session, keys: Sequence[str]) -> None:
    _WITHDRAWN.run_all(session, [{"of_key": key} for key in keys])


def withdraw(session: Session, prefix: str, *, chat_id: int | None = None, besides: str = "") -> int:
    """Cancel what has not been sent under keys that begin with `prefix`, but `besides`; how many rows that were."""
    statement = update(OutboxRow).where(
        under(prefix),
        OutboxRow.key != besides,
        OutboxRow.state == State.PENDING,
    )
    if chat_id is not None:
        statement = statement.where(OutboxRow.chat_id == chat_id)
    return _count(session, statement.values(state=State.CANCELLED))


def bring_forward(session: Session, prefix: str, chat_id: int, at: datetime) -> None:
    """What waits for this chat under `prefix` waits no longer than until `at`."""
    statement = update(OutboxRow).where(OutboxRow.chat_id == chat_id, OutboxRow.due_at > at, under(prefix))
    session.execute(statement.where(OutboxRow.state == State.PENDING).values(due_at=at))


def unasked(session: Session, chat_ids: Collection[int], *, since: datetime) -> Sequence[tuple[int, datetime]]:
    """Unasked messages to these chats, sent or about to be, with the moment each is or was due, from `since` on."""
    query = select(OutboxRow.chat_id, OutboxRow.due_at).where(
        OutboxRow.chat_id.in_(chat_ids),
        OutboxRow.is_unasked,
        OutboxRow.due_at >= since,
        OutboxRow.state.in_([State.PENDING, State.SENDING, State.SENT, State.UNKNOWN]),
    )
    return [(chat_id, at) for chat_id, at in session.execute(query) if chat_id is not None]


def put_off(session: Session, key: str, due_at: datetime, valid_until: datetime) -> None:
    """A message that has not been sent is to come at another time."""
    statement = update(OutboxRow).where(OutboxRow.key == key, OutboxRow.state == State.PENDING)
    session.execute(statement.values(due_at=due_at, valid_until=valid_until))


def message_of(session: Session, key: str, *, chat_id: int | None = None) -> int | None:
    """The message a row became, once it is sent; with a chat only if it went there."""
    query = select(OutboxRow.message_id).where(OutboxRow.key == key)
    return session.scalar(query if chat_id is None else query.where(OutboxRow.chat_id == chat_id))


def adopt(session: Session, chat_id: int, message_id: int, key_prefix: str, *, now: datetime) -> bool:
    """A press on a message whose sending had an unknown result shows that it arrived: no repeat is needed."""
    statement = update(OutboxRow).where(
        OutboxRow.chat_id == chat_id,
        OutboxRow.is_repeat,
        OutboxRow.state == State.PENDING,
        under(key_prefix),
    )
    return _count(session, statement.values(state=State.SENT, message_id=message_id, sent_at=now)) > 0


def move_chat(session: Session, old: int, new: int) -> None:
    """A group became a supergroup: what waits for it goes to the new id."""
    session.execute(update(OutboxRow).where(OutboxRow.chat_id == old).values(chat_id=new))


def drop_chat(session: Session, chat_id: int) -> int:
    """Nothing can be sent to this chat any more; how many rows waited for it."""
    statement = update(OutboxRow).where(OutboxRow.chat_id == chat_id, OutboxRow.state == State.PENDING)
    return _count(session, statement.values(state=State.UNREACHABLE))


def revive(session: Session, chat_id: int, *, since: datetime) -> None:
    """What was dropped with the chat and never tried goes there after all."""
    dropped = (OutboxRow.chat_id == chat_id, OutboxRow.state == State.UNREACHABLE, OutboxRow.attempts == 0)
    session.execute(update(OutboxRow).where(*dropped, OutboxRow.due_at >= since).values(state=State.PENDING))
    signal(session, "outbox")


def sent_to(session: Session, chat_id: int) -> list[tuple[datetime, Content]]:
    """What this person was told, as far as it is still kept."""
    query = select(OutboxRow.sent_at, OutboxRow.body).where(OutboxRow.chat_id == chat_id, OutboxRow.state == State.SENT)
    rows = session.execute(query.order_by(OutboxRow.id))
    return [(at, from_json(body)) for at, body in rows if at is not None and body is not None]


def expire_before(session: Session, at: datetime) -> int:
    """Whatever was due before `at` is not sent any more (the demo's past is not told again)."""
    statement = update(OutboxRow).where(OutboxRow.state == State.PENDING, OutboxRow.due_at < at)
    return _count(session, statement.values(state=State.EXPIRED))


def under(prefix: str) -> ColumnElement[bool]:
    """Rows whose key begins with `prefix`, found by the index of the keys however many rows there are."""
    return and_(OutboxRow.key >= prefix, OutboxRow.key < prefix + LAST_SIGN)


def prefix_of(key: str) -> str:
    return key.partition(":")[0]


def _count(session: Session, statement: Update) -> int:
    return cast("CursorResult[object]", session.execute(statement)).rowcount
