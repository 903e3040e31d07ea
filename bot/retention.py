"""How long messages are kept that were sent, or never will be; features note before what they still want to know."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session

from bot.outbox import Hooks, Old, OutboxRow, State, prefix_of

KEEP = timedelta(days=100)  # longer than a quarter: its figures open to the messages themselves
BATCH = 500  # rows of one transaction: everybody's taps wait for it
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
