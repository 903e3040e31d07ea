"""What can be taken back for a few minutes: a row per act with what is needed for that, gone once used or too late."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import JSON, Integer, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from bot.db import Base, UtcDateTime
from bot.errors import UserError
from bot.message import LARGEST

WINDOW = timedelta(minutes=5)

Facts = Mapping[str, int | str | None]


class TooLate(UserError):
    text = "撤销只能在操作后5分钟内进行一次。"
    is_done = True


class UndoRow(Base):
    __tablename__ = "undos"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    what: Mapped[str] = mapped_column(String(24))
    ref_id: Mapped[int] = mapped_column(Integer)  # what it was done to
    facts: Mapped[dict[str, int | str | None]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def keep(session: Session, what: str, ref_id: int, facts: Facts, *, now: datetime) -> int:
    """Note an act that can be taken back, with what it needs; the number that its button carries."""
    # By count, SQLite would give the number of a row that is gone to the next act, and an old button took that back.
    row = UndoRow(id=1 + secrets.randbelow(LARGEST), what=what, ref_id=ref_id, facts=dict(facts), at=now)
    session.add(row)
    session.flush()
    return row.id


def take(session: Session, what: str, undo_id: int, *, now: datetime) -> tuple[int, Facts]:
    """What to take back and how, once and in time."""
    open_ = delete(UndoRow).where(UndoRow.id == undo_id, UndoRow.what == what, UndoRow.at > now - WINDOW)
    row = session.execute(open_.returning(UndoRow.ref_id, UndoRow.facts)).one_or_none()
    if row is None:
        raise TooLate
    return row[0], row[1]


def open_for(session: Session, what: str, ref_id: int, *, now: datetime) -> tuple[int, datetime] | None:
    """The number of the last such act that can still be taken back, and until when."""
    query = select(UndoRow.id, UndoRow.at).where(UndoRow.what == what, UndoRow.ref_id == ref_id)
    row = session.execute(query.where(UndoRow.at > now - WINDOW).order_by(UndoRow.at.desc()).limit(1)).one_or_none()
    return (row.id, row.at + WINDOW) if row else None


def forget(session: Session, what: str, ref_id: int) -> None:
    """The act can be taken back no more."""
    session.execute(delete(UndoRow).where(UndoRow.what == what, UndoRow.ref_id == ref_id))


def prune(session: Session, *, now: datetime) -> None:
    session.execute(delete(UndoRow).where(UndoRow.at <= now - WINDOW))
