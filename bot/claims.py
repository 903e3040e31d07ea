"""The sender's side of the outbox: which rows may go, taking one, and settling it by what Telegram answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Integer, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from bot.db import signal
from bot.message import Content, Document, Edit, Message, from_json, to_json
from bot.outbox import CALM_MOST, SEND_LEASE, UPLOAD_LEASE, Claimed, Hooks, Lane, OutboxRow, Sent, State, prefix_of
from bot.statements import Query, Write

Settle = Callable[[Session], object]  # writes down what became of a row


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row that could be sent now, as far as choosing between them needs it."""

    id: int
    lane: int
    chat_id: int | None
    key: str
    body_is_late: bool  # worded when it is sent


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look finds: rows to send, and rows whose sender went away in mid-call."""

    waiting: list[Waiting]
    interrupted: list[int]


class _Taken(NamedTuple):
    """A row as its sender takes it."""

    id: int
    key: str
    lane: int
    chat_id: int | None
    thread_id: int | None
    reply_to: int | None
    body: dict[str, object] | None
    attempts: int
    fence: int
    due_at: datetime
    valid_until: datetime
    is_repeat: bool


# Built once and run on the connection: each message costs some of these, and a bulk is thousands of messages.
_COLUMNS = tuple(getattr(OutboxRow, name) for name in _Taken._fields)
_CUT_OFF = select(OutboxRow.id).where(OutboxRow.state == State.SENDING, OutboxRow.lease_until < bindparam("now"))
_DUE = (
    select(OutboxRow.id, OutboxRow.lane, OutboxRow.chat_id, OutboxRow.key, OutboxRow.is_rendered_late)
    .where(OutboxRow.state == State.PENDING, OutboxRow.due_at <= bindparam("now"))
    .where(or_(OutboxRow.chat_id.is_(None), OutboxRow.chat_id.not_in(bindparam("without", expanding=True))))
    .order_by(OutboxRow.lane, OutboxRow.valid_until, OutboxRow.id)
    .limit(bindparam("most", type_=Integer))
)
_CALM = _DUE.where(OutboxRow.lane >= int(Lane.CALM))
_NEXT_DUE = Query(
    select(func.min(OutboxRow.due_at)).where(OutboxRow.state == State.PENDING, OutboxRow.due_at > bindparam("after"))
)
_NEXT_LAPSE = Query(select(func.min(OutboxRow.lease_until)).where(OutboxRow.state == State.SENDING))
_TAKE = Query(
    update(OutboxRow)
    .where(OutboxRow.id == bindparam("row"), OutboxRow.state == State.PENDING)
    .where(OutboxRow.due_at <= bindparam("now"))  # another sender may have put it off since it was seen
    .values(
        state=State.SENDING,
        attempts=OutboxRow.attempts + 1,
        fence=OutboxRow.fence + 1,
        lease_until=bindparam("until"),
    )
    .returning(*_COLUMNS)
)
_OF_ROW = update(OutboxRow).where(OutboxRow.id == bindparam("row"))
_CHANGE = Write(_OF_ROW)
_PUT_OFF = Write(_OF_ROW.where(OutboxRow.state == State.PENDING).values(due_at=bindparam("until")))
_FINISH = Write(_OF_ROW.where(OutboxRow.fence == bindparam("as_of"), OutboxRow.state == State.SENDING))


def look(session: Session, *, now: datetime, most: int, without: Sequence[int] = ()) -> Seen:
    """Rows that may be sent now: lowest lane first, inside a lane what ends first, and some calm ones in any case."""
    cut_off = session.connection().scalars(_CUT_OFF, {"now": now}).all()
    return Seen(_waiting(session, now, most, without), list(cut_off))


def _waiting(session: Session, now: datetime, most: int, without: Sequence[int]) -> list[Waiting]:
    connection, asked = session.connection(), {"now": now, "without": list(without)}
    found = [Waiting(*row) for row in connection.execute(_DUE, {**asked, "most": most})]
    if len(found) == most:
        calm = connection.execute(_CALM, {**asked, "most": CALM_MOST})
        found += [row for row in (Waiting(*r) for r in calm) if row not in found]
    return found


def next_due(session: Session, *, after: datetime) -> datetime | None:
    """The next moment after `after` at which a row comes due, or its sender's lease ends."""
    [(due,)], [(lapse,)] = _NEXT_DUE.all(session, {"after": after}), _NEXT_LAPSE.all(session, {})
    return min((moment for moment in (due, lapse) if moment is not None), default=None)


def due_count(session: Session, *, now: datetime) -> tuple[int, datetime | None]:
    """How many rows wait now, and since when the oldest."""
    query = select(func.count(), func.min(OutboxRow.due_at)).where(
        OutboxRow.state == State.PENDING, OutboxRow.due_at <= now
    )
    count, oldest = session.execute(query).one()
    return count, oldest


def claim(session: Session, row_id: int, hooks: Mapping[str, Hooks], *, now: datetime) -> Claimed | None:
    """Take a pending row for sending, or settle it unsent: too late, not wanted any more, taken by another."""
    found = _TAKE.first(session, {"row": row_id, "now": now, "until": now + SEND_LEASE})
    if found is None:
        return None
    row = _Taken(*found)
    hook = hooks.get(prefix_of(row.key), Hooks())
    if row.valid_until < now:
        _settle(session, row_id, row.key, state=State.EXPIRED, hook=hook, now=now)
        return None
    if hook.is_wanted is not None and not hook.is_wanted(session, row.key, now):
        _settle(session, row_id, row.key, state=State.SUPPRESSED, hook=hook, now=now)
        return None
    if row.body is not None:
        claimed = _claimed(row, from_json(row.body))
        if isinstance(claimed.content, Document):
            _CHANGE.run(session, {"row": row_id, "lease_until": now + UPLOAD_LEASE})
        return claimed
    made = hook.render(session, row.key, now) if hook.render else None
    if made is None:
        _settle(session, row_id, row.key, state=State.SUPPRESSED, hook=hook, now=now)
        return None
    return replace(_claimed(row, made.content), chat_id=made.chat_id, thread_id=made.thread_id)


def go_on(
    session: Session, settle: Settle, row_id: int, hooks: Mapping[str, Hooks], *, now: datetime
) -> Claimed | None:
    """Write down what became of one row, and take the next."""
    settle(session)
    return claim(session, row_id, hooks, now=now)


def _claimed(row: _Taken, content: Content) -> Claimed:
    return Claimed(
        row.id,
        row.key,
        row.lane,
        row.chat_id or 0,
        row.thread_id,
        row.reply_to,
        content,
        row.attempts,
        row.fence,
        row.due_at,
        row.valid_until,
        row.is_repeat,
    )


def _settle(session: Session, row_id: int, key: str, *, state: State, hook: Hooks, now: datetime) -> None:
    _CHANGE.run(session, {"row": row_id, "state": state, "lease_until": None})
    if hook.failed is not None:
        hook.failed(session, key, state, now)


def mark_sent(session: Session, row: Claimed, sent: Sent, hooks: Mapping[str, Hooks]) -> None:
    """Record that the row arrived and let its feature write what follows, in the same transaction."""
    values = {"state": State.SENT, "sent_at": sent.at, "message_id": sent.message_id, "lease_until": None}
    # A refresh asked for while this edit was in flight has put the row back to pending: then it stays so.
    _finish(session, row, values)
    hook = hooks.get(prefix_of(row.key), Hooks())
    if hook.sent is not None:
        hook.sent(session, row.key, sent)


def mark_failed(
    session: Session, row: Claimed, state: State, error: str, hooks: Mapping[str, Hooks], *, now: datetime
) -> None:
    """Record that the row will not be sent again by itself."""
    if _finish(session, row, {"state": state, "error": error, "lease_until": None}):
        hook = hooks.get(prefix_of(row.key), Hooks())
        if hook.failed is not None:
            hook.failed(session, row.key, state, now)


def retry(session: Session, row: Claimed, *, due_at: datetime, counts: bool = True) -> None:
    """Give the row back to be sent at `due_at`; a wait that Telegram ordered is no attempt."""
    attempts = row.attempts if counts else row.attempts - 1
    _finish(session, row, {"state": State.PENDING, "due_at": due_at, "attempts": attempts, "lease_until": None})
    signal(session, "outbox")


def repeat(session: Session, row: Claimed, *, due_at: datetime) -> None:
    """Send once more, marked as such, a message of which nobody knows whether it arrived."""
    _finish(session, row, {"state": State.PENDING, "due_at": due_at, "is_repeat": True, "lease_until": None})
    signal(session, "outbox")


def without_thread(session: Session, row: Claimed, *, now: datetime) -> None:
    """The topic is closed or gone: the same message once more in the General topic."""
    values = {"state": State.PENDING, "due_at": now, "thread_id": None, "lease_until": None}
    if _finish(session, row, values):
        signal(session, "outbox")


def as_plain(session: Session, row: Claimed, content: Content, *, now: datetime) -> None:
    """Telegram could not parse it: once more without tags."""
    _finish(session, row, {"state": State.PENDING, "due_at": now, "body": to_json(content), "lease_until": None})
    signal(session, "outbox")


def _finish(session: Session, row: Claimed, values: dict[str, object]) -> bool:
    return _FINISH.run(session, {"row": row.id, "as_of": row.fence, **values}) == 1


def put_off(session: Session, row_id: int, *, until: datetime) -> None:
    """Leave a row that waits alone for a while."""
    _PUT_OFF.run(session, {"row": row_id, "until": until})


def reclaim(session: Session, row_id: int, *, now: datetime) -> Claimed | None:
    """Take over a row whose sender died, to decide what becomes of it."""
    taken = update(OutboxRow).where(
        OutboxRow.id == row_id, OutboxRow.state == State.SENDING, OutboxRow.lease_until < now
    )
    taken = taken.values(fence=OutboxRow.fence + 1, lease_until=now + SEND_LEASE)
    found = session.execute(taken.returning(*_COLUMNS)).one_or_none()
    if found is None:
        return None
    row = _Taken(*found)
    return _claimed(row, from_json(row.body) if row.body is not None else Edit(Message("")))
