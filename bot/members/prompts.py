"""One awaited text reply per person and chat: what for, until when."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.db import upsert
from bot.members.models import Prompt
from bot.message import Sender

AWAIT = timedelta(minutes=30)


def await_text(
    session: Session, sender: Sender, purpose: str, ref: str = "", *, now: datetime, until: datetime | None = None
) -> None:
    """The sender's next text in this chat answers `purpose`; an earlier question is forgotten."""
    values = {"purpose": purpose, "ref": ref, "expires_at": until or now + AWAIT}
    row = upsert(session, Prompt).values(chat_id=sender.chat_id, user_id=sender.user_id, **values)
    session.execute(row.on_conflict_do_update(index_elements=["chat_id", "user_id"], set_=values))


def awaited(session: Session, sender: Sender) -> tuple[str, str] | None:
    """Purpose and reference of the text this person was asked for."""
    query = select(Prompt.purpose, Prompt.ref).where(
        Prompt.chat_id == sender.chat_id, Prompt.user_id == sender.user_id, Prompt.expires_at > sender.at
    )
    row = session.execute(query).one_or_none()
    return (row[0], row[1]) if row else None


def forget_purpose(session: Session, user_id: int, purpose: str) -> None:
    """Nothing is asked for that any more in the private chat; another question stays."""
    of_user = (Prompt.chat_id == user_id, Prompt.user_id == user_id)
    session.execute(delete(Prompt).where(*of_user, Prompt.purpose == purpose))


def forget_text(session: Session, sender: Sender, *, now: datetime) -> None:  # noqa: ARG001  # as all services
    session.execute(delete(Prompt).where(Prompt.chat_id == sender.chat_id, Prompt.user_id == sender.user_id))


def give_up(session: Session, sender: Sender, *, now: datetime) -> bool:
    """取消: the awaited text will not come; whether one was awaited at all."""
    was_awaited = awaited(session, sender) is not None
    forget_text(session, sender, now=now)
    return was_awaited
