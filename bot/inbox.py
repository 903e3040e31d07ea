"""Durable updates in: each is stored before Telegram hears that it arrived, and acts exactly once.

Also what a process tells the others through the database: the receiver's lease, its heartbeat, and the outages that
follow from a missing heartbeat.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Index, Integer, String, Text, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from bot.db import Base, UtcDateTime, signal, upsert, upsert_on
from bot.statements import Query, Write, among

LEASE = timedelta(seconds=60)  # of one update: twice the longest time a handler may take
RECEIVER_LEASE = timedelta(seconds=15)
OUTAGE = timedelta(seconds=30)  # without any heartbeat: shorter gaps are restarts nobody noticed
KEEP = timedelta(days=7)  # handled rows: a redelivered update must find itself here
KEEP_DEAD = timedelta(days=30)
# Deaths of processes in the middle of an update before it is put aside. At the first it was one of many and innocent,
# most likely; from then on it is handled alone, and two deaths more are its own doing.
CRASHES = 3


class InboxRow(Base):
    __tablename__ = "inbox"

    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    order_key: Mapped[str] = mapped_column(String(24))
    chat_id: Mapped[int | None] = mapped_column(BigInteger)
    body: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_late: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    owner: Mapped[str | None] = mapped_column(String(64))
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_inbox_open", "handled_at", "received_at"),)


# Built once and run on the connection: thousands of them a second are not to be built, nor to pass through the ORM.
_KNOWN = Query(lambda d: select(InboxRow.update_id).where(among(d, InboxRow.update_id, "numbers")))
_STORED = Write(lambda d: upsert_on(d, InboxRow).on_conflict_do_nothing(index_elements=["update_id"]))
_HANDLED = Write(
    update(InboxRow)
    .where(InboxRow.update_id == bindparam("number"), InboxRow.handled_at.is_(None))
    .values(handled_at=bindparam("at"), body="", lease_until=None)
)


class DeadRow(Base):
    """An update put aside: it could not be read, or its handler failed each time."""

    __tablename__ = "inbox_dead"

    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    body: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    parked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(200))
    incident: Mapped[str | None] = mapped_column(String(12))


class Lease(Base):
    """Who receives: one process at a time, told apart by `fence`."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(24), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    fence: Mapped[int] = mapped_column(Integer)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    drained_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by this owner: what waited for it is fetched


class Outage(Base):
    __tablename__ = "outages"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime] = mapped_column(UtcDateTime)
    drained_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AlreadyHandledError(Exception):
    """Another process or an earlier life of this one has handled the update: its effect must not happen again."""


@dataclass(frozen=True, slots=True)
class Received:
    """One update as it lies in the inbox."""

    update_id: int
    order_key: str
    chat_id: int | None
    body: str
    received_at: datetime
    is_late: bool = False
    is_stale: bool = False  # so old that it is sent again by somebody: it is kept and does not act
    deaths: int = 0  # processes that took it over, began to handle it and ended in the middle
    is_left: bool = False  # taken over from a process that is gone
    tries: int = 0  # of its handler in this process
    parsed: Mapping[str, object] | None = field(default=None, compare=False, repr=False)  # the body, if it is at hand

    @property
    def update(self) -> Mapping[str, object]:
        """Raises ValueError if the body is no JSON."""
        found: Mapping[str, object] = json.loads(self.body) if self.parsed is None else self.parsed
        return found


@dataclass(frozen=True, slots=True)
class Hold:
    """Whether we may receive, and whether we have only just become the one who does."""

    is_ours: bool
    is_new: bool
    holder: str
    beat_at: datetime  # the heartbeat before this one, whoever's it was


def store(session: Session, updates: Sequence[Received], *, owner: str, now: datetime) -> list[Received]:
    """Keep the updates and take those for handling by `owner` that are neither known already nor stale."""
    if not updates:
        return []
    known = {number for (number,) in _KNOWN.all(session, {"numbers": [u.update_id for u in updates]})}
    fresh = list({u.update_id: u for u in updates if u.update_id not in known}.values())
    if fresh:
        rows = [
            {
                "update_id": u.update_id,
                "order_key": u.order_key,
                "chat_id": u.chat_id,
                "body": u.body,
                "received_at": u.received_at,
                "is_late": u.is_late,
            }
            for u in fresh
        ]
        _STORED.run_all(session, rows, {"attempts": 0, "lease_until": now + LEASE, "owner": owner})
    if stale := [u.update_id for u in fresh if u.is_stale]:
        finish_all(session, stale, now=now)
    return [u for u in fresh if not u.is_stale]


def mark_handled(session: Session, update_id: int, *, now: datetime) -> None:
    """Say, in the transaction of its effect, that the update has acted; raises AlreadyHandledError if it had."""
    if _HANDLED.run(session, {"number": update_id, "at": now}) == 0:
        raise AlreadyHandledError


def mark_all_handled(session: Session, update_ids: Sequence[int], *, now: datetime) -> None:
    """The same for updates that act together; raises AlreadyHandledError if one of them had."""
    if _HANDLED.run_all(session, [{"number": number} for number in update_ids], {"at": now}) < len(update_ids):
        raise AlreadyHandledError


def finish(session: Session, update_id: int, *, now: datetime) -> None:
    """Mark as handled what acted without a transaction of its own; handled already is fine."""
    _HANDLED.run(session, {"number": update_id, "at": now})


def finish_all(session: Session, update_ids: Sequence[int], *, now: datetime) -> None:
    """Mark as handled what something newer has replaced, or what is not to act."""
    statement = update(InboxRow).where(InboxRow.update_id.in_(update_ids), InboxRow.handled_at.is_(None))
    session.execute(statement.values(handled_at=now, body="", lease_until=None))


def leftovers(session: Session, *, owner: str, now: datetime, only_lapsed: bool = False) -> list[Received]:
    """Take over updates whose owner is gone, in the order they came; those that ended two processes are parked."""
    query = select(InboxRow).where(InboxRow.handled_at.is_(None), InboxRow.owner != owner).order_by(InboxRow.update_id)
    if only_lapsed:
        query = query.where(InboxRow.lease_until < now)
    taken = []
    for row in session.scalars(query):
        if row.attempts >= CRASHES:
            _park(session, row, reason="processes ended in the middle of it", incident=None, now=now)
            continue
        row.owner, row.lease_until = owner, now + LEASE
        taken.append(_received(row))
    return taken


def begin(session: Session, update_id: int) -> None:
    """Note that a taken-over update is being handled: if this process ends now, it is under suspicion."""
    session.execute(update(InboxRow).where(InboxRow.update_id == update_id).values(attempts=InboxRow.attempts + 1))


def release(session: Session, owner: str) -> None:
    """At a clean stop: what was not handled is free at once."""
    statement = update(InboxRow).where(InboxRow.owner == owner, InboxRow.handled_at.is_(None))
    session.execute(statement.values(lease_until=None, owner="", attempts=0))


def park(session: Session, update_id: int, reason: str, incident: str | None, *, now: datetime) -> None:
    """Put an update aside for 30 days."""
    row = session.get(InboxRow, update_id)
    if row is not None and row.handled_at is None:
        _park(session, row, reason=reason, incident=incident, now=now)


def _park(session: Session, row: InboxRow, *, reason: str, incident: str | None, now: datetime) -> None:
    dead = upsert(session, DeadRow).values(
        update_id=row.update_id,
        body=row.body,
        received_at=row.received_at,
        parked_at=now,
        reason=reason[:200],
        incident=incident,
    )
    session.execute(dead.on_conflict_do_nothing(index_elements=["update_id"]))
    row.handled_at, row.body, row.lease_until = now, "", None


def prune(session: Session, *, now: datetime) -> None:
    session.execute(delete(InboxRow).where(InboxRow.handled_at < now - KEEP))
    session.execute(delete(DeadRow).where(DeadRow.parked_at < now - KEEP_DEAD))


def forget(session: Session, user_id: int | None, name: str) -> None:
    """Take a person out of what was received. Handled rows stay, without a place: their numbers keep them from acting
    twice."""
    told = DeadRow.body.contains(json.dumps(name)[1:-1], autoescape=True) | DeadRow.body.contains(name, autoescape=True)
    if user_id is not None:
        told |= DeadRow.body.contains(str(user_id))
        his = or_(InboxRow.chat_id == user_id, InboxRow.order_key == f"u{user_id}")
        nowhere = {"chat_id": None, "order_key": ""}
        session.execute(update(InboxRow).where(his, InboxRow.handled_at.is_not(None)).values(**nowhere))
    session.execute(delete(DeadRow).where(told))


def open_count(session: Session) -> int:
    return session.scalar(select(func.count()).where(InboxRow.handled_at.is_(None))) or 0


def dead_count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(DeadRow)) or 0


_UNDRAINED = select(Lease.name).where(Lease.name == "receiver", Lease.drained_at.is_(None))


def is_drained(session: Session) -> bool:
    """Whether what waited at Telegram for a new receiver has been fetched."""
    return session.scalar(_UNDRAINED) is None


def waiting(session: Session) -> dict[int, datetime]:
    """Of whom something is stored and has not acted yet: by person, since when."""
    query = select(InboxRow.order_key, func.min(InboxRow.received_at)).where(InboxRow.handled_at.is_(None))
    rows = session.execute(query.group_by(InboxRow.order_key)).all()
    return {int(key[1:]): since for key, since in rows if key.startswith("u") and key[1:].isdigit()}


def is_handled_until(session: Session, at: datetime) -> bool:
    """Whether everything up to `at` has acted: what was stored, and what waited at Telegram for a new receiver."""
    if not is_drained(session):
        return False
    query = select(InboxRow.update_id).where(InboxRow.handled_at.is_(None), InboxRow.received_at <= at).limit(1)
    return session.scalar(query) is None


def hold(session: Session, owner: str, is_gone: Callable[[str], bool], *, now: datetime) -> Hold:
    """Take or renew the receiver's lease. `is_gone` says of an owner that he surely lives no more.

    A gap without any heartbeat of 30 s or more is recorded as an outage by whoever comes back first.
    """
    statement = upsert(session, Lease).values(name="receiver", owner="", fence=0, expires_at=now, beat_at=now)
    session.execute(statement.on_conflict_do_nothing(index_elements=["name"]))
    lease = session.scalars(select(Lease).where(Lease.name == "receiver").with_for_update()).one()
    before = lease.beat_at
    if lease.owner != owner and lease.expires_at > now and not is_gone(lease.owner):
        return Hold(is_ours=False, is_new=False, holder=lease.owner, beat_at=before)
    if now - before >= OUTAGE:
        session.add(Outage(from_at=before, to_at=now))
    is_new = lease.owner != owner
    if is_new:
        lease.owner, lease.fence, lease.drained_at = owner, lease.fence + 1, None
    lease.expires_at, lease.beat_at = now + RECEIVER_LEASE, now
    return Hold(is_ours=True, is_new=is_new, holder=owner, beat_at=before)


def beat(session: Session, owner: str, *, now: datetime) -> None:
    """Renew our own lease without looking at the gap before it (the clock was set forward)."""
    statement = update(Lease).where(Lease.name == "receiver", Lease.owner == owner)
    session.execute(statement.values(expires_at=now + RECEIVER_LEASE, beat_at=now))


def let_go(session: Session, owner: str, *, now: datetime) -> None:
    statement = update(Lease).where(Lease.name == "receiver", Lease.owner == owner)
    session.execute(statement.values(expires_at=now))


def mark_drained(session: Session, *, now: datetime) -> None:
    """The backlog of every recorded outage has been fetched and handled."""
    session.execute(update(Lease).where(Lease.name == "receiver").values(drained_at=now))
    session.execute(update(Outage).where(Outage.drained_at.is_(None)).values(drained_at=now))
    signal(session, "jobs")


def _received(row: InboxRow) -> Received:
    return Received(
        update_id=row.update_id,
        order_key=row.order_key,
        chat_id=row.chat_id,
        body=row.body,
        received_at=row.received_at,
        is_late=row.is_late,
        deaths=row.attempts,
        is_left=True,
    )
