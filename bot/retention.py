"""How messages go: after some time, when features have noted what they still want to know; or with a person."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Text, delete, null, or_, select, tuple_, update
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session

from bot.outbox import Hooks, Old, OutboxRow, State, prefix_of

KEEP = timedelta(days=100)  # longer than a quarter: its figures open to the messages themselves
BATCH = 500  # rows of one transaction: everybody's taps wait for it
_UNSENT = (State.PENDING, State.SENDING, State.UNKNOWN)
_OVER = [state for state in State if state not in (State.PENDING, State.SENDING)]


def prune(session: Session, *, hooks: Mapping[str, Hooks], now: datetime) -> bool:
    """Drop the oldest rows of which nothing more is to come and nobody reads any more; whether more may follow."""
    gone = 0
    for some in _old(session, now - KEEP):
        needed: set[int] = set()
        for prefix, rows in _by_prefix(some).items():
            if (outlive := hooks.get(prefix, Hooks()).outlive) is not None:
                needed.update(outlive(session, rows))
        dropped = [row.id for row in some if row.id not in needed]
        session.execute(delete(OutboxRow).where(OutboxRow.id.in_(dropped)))
        gone += len(dropped)
        if gone >= BATCH:
            return True
    return False


def _old(session: Session, before: datetime) -> Iterator[list[Old]]:
    """Rows due before that moment, in the order of their index."""
    columns = select(OutboxRow.id, OutboxRow.key, OutboxRow.state, OutboxRow.due_at)
    for state in _OVER:
        after = datetime.min.replace(tzinfo=UTC), 0
        of_state = columns.where(OutboxRow.state == state, OutboxRow.due_at < before)
        while True:
            beyond = tuple_(OutboxRow.due_at, OutboxRow.id) > after
            rows = session.execute(of_state.where(beyond).order_by(OutboxRow.due_at, OutboxRow.id).limit(BATCH)).all()
            if not rows:
                break
            after = rows[-1].due_at, rows[-1].id
            yield [Old(row.id, row.key, State(row.state)) for row in rows]


def _by_prefix(rows: Sequence[Old]) -> dict[str, list[Old]]:
    found: dict[str, list[Old]] = {}
    for row in rows:
        found.setdefault(prefix_of(row.key), []).append(row)
    return found


def keep_all(_: Session, rows: Sequence[Old]) -> Collection[int]:
    """As `outlive`: these rows say what must not be said again, or what was said last."""
    return [row.id for row in rows]


def forget(session: Session, chat_id: int | None, names: Collection[str], hide: Callable[[str], str]) -> None:
    """Take a person out of all messages: those to him lose text and address; of others that name him, sent ones lose
    their text, and the rest go without the name."""
    mark, shown = str(chat_id), cast_to(OutboxRow.body, Text)
    # JSON is kept in ASCII, a name as escapes.
    concerned = or_(*(shown.contains(json.dumps(name)[1:-1], autoescape=True) for name in names))
    if chat_id is not None:
        concerned |= (OutboxRow.chat_id == chat_id) | OutboxRow.key.contains(mark) | shown.contains(mark)
    query = select(OutboxRow.id, OutboxRow.key, OutboxRow.chat_id, OutboxRow.state, OutboxRow.body)
    for row in session.execute(query.where(concerned)).all():
        values: dict[str, object] = {}
        is_his = chat_id is not None and (row.chat_id == chat_id or mark in row.key.split(":"))
        if is_his and mark in row.key.split(":"):
            values["key"] = f"forgotten:{row.id}"
        if is_his and row.chat_id == chat_id:
            values["chat_id"] = null()
        if is_his or row.state not in _UNSENT:
            values["body"] = null()
        elif row.body is not None:
            values["body"] = _each(row.body, hide)
        if is_his and row.state in _UNSENT:
            values["state"] = State.CANCELLED
        session.execute(update(OutboxRow).where(OutboxRow.id == row.id).values(**values))


def _each(value: object, change: Callable[[str], str]) -> object:
    """`value` with every text in it changed."""
    if isinstance(value, dict):
        return {key: _each(part, change) for key, part in value.items()}
    if isinstance(value, list):
        return [_each(part, change) for part in value]
    return change(value) if isinstance(value, str) else value
