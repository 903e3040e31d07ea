"""The audit chain of one meeting: every event's hash covers the one before, so that no row can be altered unseen.

The end of the chain lies in the row of the meeting, which the caller has locked.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple, cast

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from bot.attendance.models import AttendanceEvent
from bot.attendance.rules import Action
from bot.meetings.models import Meeting
from bot.statements import Write


@dataclass(frozen=True, slots=True)
class Tip:
    """The last event of a meeting; the empty chain has number 0 and no hash."""

    meeting_id: int
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be recorded. `reason` is one meant for the record, never a private one."""

    action: Action
    attendance_id: int | None = None
    was: str | None = None
    became: str | None = None
    reason: str | None = None


class Signed(NamedTuple):
    """An entry with who made it, and by which update."""

    entry: Entry
    actor_id: int | None
    update_id: int | None


_EVENT = Write(
    insert(AttendanceEvent).values(
        {AttendanceEvent.was: bindparam("was"), AttendanceEvent.became: bindparam("became")}  # their columns: from, to
    )
)
_END = Write(update(Meeting).where(Meeting.id == bindparam("of")))


def append(
    session: Session, tip: Tip, entries: Sequence[Entry], *, actor_id: int | None, update_id: int | None, now: datetime
) -> Tip:
    """Lengthen the chain by `entries` of one person in two statements, however many they are."""
    return append_all(session, tip, [Signed(entry, actor_id, update_id) for entry in entries], now=now)


def append_all(session: Session, tip: Tip, entries: Sequence[Signed], *, now: datetime) -> Tip:
    """The same for entries of several, in this order."""
    rows = []
    for entry, actor_id, update_id in entries:
        row: dict[str, object] = {
            "meeting_id": tip.meeting_id,
            "seq": tip.seq + 1,
            "attendance_id": entry.attendance_id,
            "at": now,
            "actor_id": actor_id,
            "action": entry.action,
            "was": entry.was,
            "became": entry.became,
            "reason": entry.reason,
            "update_id": update_id,
            "prev_hash": tip.hash,
        }
        row["hash"] = _hash(row)
        rows.append(row)
        tip = Tip(tip.meeting_id, tip.seq + 1, str(row["hash"]))
    if rows:
        _EVENT.run_all(session, rows)
        _END.run(session, {"of": tip.meeting_id, "audit_seq": tip.seq, "audit_hash": tip.hash})
    return tip


def is_intact(session: Session, meeting_id: int) -> bool:
    """Whether every event is as it was written and none is missing, the last one included."""
    events = session.execute(select(*_COLUMNS).where(AttendanceEvent.meeting_id == meeting_id).order_by("seq"))
    seq, last = 0, ""
    for row in events.mappings():
        seq += 1
        if row["seq"] != seq or row["prev_hash"] != last or row["hash"] != _hash(dict(row)):
            return False
        last = row["hash"]
    end = session.execute(select(Meeting.audit_seq, Meeting.audit_hash).where(Meeting.id == meeting_id)).one()
    return tuple(end) == (seq, last)


_COLUMNS = tuple(
    getattr(AttendanceEvent, name).label(name)
    for name in ("meeting_id", "seq", "attendance_id", "at", "actor_id", "action", "was", "became", "reason")
) + tuple(getattr(AttendanceEvent, name).label(name) for name in ("update_id", "prev_hash", "hash"))


_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _hash(row: dict[str, object]) -> str:
    """SHA-256 of the row as canonical JSON, its own hash left out."""
    at, action = cast("datetime", row["at"]), cast("Action", row["action"])
    plain = {**row, "at": at.astimezone(UTC).isoformat(), "action": action.name}
    plain.pop("hash", None)
    return sha256(_canonical(plain).encode()).hexdigest()
