"""What the edge of the house tells members: who cannot be reached, which group is gone or has a new number."""

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.db import Base, signal
from bot.members import notices, views
from bot.members.models import Account, Chat, Member, Membership, Prompt
from bot.members.rules import ChatState, Reach, Right
from bot.members.service import actor, unit
from bot.message import Content, Html, Message, Sender, StaleButton, from_json
from bot.outbox import Claimed, OutboxRow, State

SEND_AGAIN_FOR = timedelta(hours=1)
_NOT_MOVED = {"inbox", "inbox_dead"}  # what was received stays as it was received


def mark_unreachable(session: Session, user_id: int, *, now: datetime) -> None:
    """Telegram refused a private message for good: nothing more is tried, and the secretary hears of it once."""
    outbox.drop_chat(session, user_id)
    lost = update(Account).where(Account.telegram_user_id == user_id, Account.reach != Reach.BLOCKED)
    member_id = session.scalar(lost.values(reach=Reach.BLOCKED).returning(Account.member_id))
    if member_id is None:
        return
    home = select(Member.name, Membership.branch_id).join(Membership, Membership.member_id == Member.id)
    row = session.execute(
        home.where(Member.id == member_id, Membership.to_on.is_(None), Membership.is_guest.is_(False))
    ).one_or_none()
    if row is not None:
        key = f"blocked:{member_id}:{now.timestamp():.0f}"
        notices.tell_secretary(session, row[1], key, views.unreachable(row[0]), now=now, besides=member_id)


def mark_reachable(session: Session, user_id: int) -> None:
    """The person wrote or opened the bot again."""
    session.execute(update(Account).where(Account.telegram_user_id == user_id).values(reach=Reach.OK))


def chat_gone(session: Session, chat_id: int, *, now: datetime) -> None:
    """The bot is no longer in the group: cards go to people in private, the secretary hears of it once."""
    outbox.drop_chat(session, chat_id)
    lost = update(Chat).where(Chat.chat_id == chat_id, Chat.state == ChatState.ACTIVE)
    row = session.execute(lost.values(state=ChatState.INACTIVE).returning(Chat.unit_id, Chat.title)).one_or_none()
    if row is not None:
        key = f"gone:{chat_id}:{now.timestamp():.0f}"
        notices.tell_secretary(session, row[0], key, views.chat_lost(row[1]), now=now)
    signal(session, "jobs")


def chat_migrated(session: Session, old: int, new: int, *, now: datetime) -> None:  # noqa: ARG001  # as all events
    """A group became a supergroup: its number is rewritten in every table that keeps one. Twice changes nothing."""
    session.execute(delete(Prompt).where(Prompt.chat_id == old))
    is_known = session.get(Chat, new) is not None  # bound once more before the old number was heard of
    for table in Base.metadata.sorted_tables:
        if "chat_id" in table.c and table.name not in _NOT_MOVED and not (is_known and table.name == "chats"):
            # Messages have other numbers in the new chat: an old one would name somebody else's.
            nameless = {"message_id": None} if "message_id" in table.c else {}
            session.execute(table.update().where(table.c.chat_id == old).values(chat_id=new, **nameless))
    session.execute(delete(Chat).where(Chat.chat_id == old))
    session.expire_all()


def opened(session: Session, sender: Sender, *, now: datetime) -> None:  # noqa: ARG001  # as all services
    mark_reachable(session, sender.user_id)


def blocked(session: Session, sender: Sender, *, now: datetime) -> None:
    mark_unreachable(session, sender.user_id, now=now)


def left(session: Session, sender: Sender, *, now: datetime) -> None:
    """The bot was removed from the sender's chat."""
    chat_gone(session, sender.chat_id, now=now)


def moved(session: Session, _: Sender, old: int, new: int, *, now: datetime) -> None:
    chat_migrated(session, old, new, now=now)


def post_unsure(session: Session, chat_id: int, row_id: int, *, now: datetime) -> None:
    """Nobody knows whether a post reached the group: the secretary looks and may send it once more."""
    chat = session.get(Chat, chat_id)
    if chat is not None:
        notices.tell_secretary(session, chat.unit_id, f"unsure:{row_id}", views.unsure(chat.title, row_id), now=now)


def chat_muted(session: Session, row: Claimed, *, now: datetime) -> None:
    """The group does not let the bot post this: the secretary gets the text, and hears which right is missing; again
    only when the group has let it in between."""
    chat, kind = session.get(Chat, row.chat_id), type(row.content)
    if chat is None:
        return
    about = f"muted:{chat.chat_id}:{kind.__name__}"
    told = select(func.max(OutboxRow.created_at)).where(outbox.under(f"members:{about}:"))
    told_at = session.scalar(told)
    if told_at is not None and not _has_posted(session, chat.chat_id, kind, told_at):
        return
    text = row.content.text if isinstance(row.content, Message) else ""
    message = views.muted(chat.title, kind, Html(text))
    notices.tell_secretary(session, chat.unit_id, f"{about}:{row.id}", message, now=now)


def _has_posted(session: Session, chat_id: int, kind: type[Content], since: datetime) -> bool:
    """Rows whose content is made late are mostly edits, which need no right: they say nothing."""
    sent = select(OutboxRow.body).where(OutboxRow.chat_id == chat_id, OutboxRow.state == State.SENT)
    bodies = session.scalars(sent.where(OutboxRow.sent_at > since, OutboxRow.message_id.is_not(None)))
    return any(isinstance(from_json(body), kind) for body in bodies if body is not None)


def topic_lost(session: Session, row: Claimed, *, now: datetime) -> None:
    """A topic takes no posts any more: they go to the group as such, the secretary hears of it once."""
    chat = session.get(Chat, row.chat_id)
    if chat is not None:
        key = f"topic:{chat.chat_id}:{row.thread_id}"
        notices.tell_secretary(session, chat.unit_id, key, views.topic_lost(chat.title), now=now)


def send_again(session: Session, sender: Sender, row_id: int, *, now: datetime) -> None:
    """Put a post of unknown fate back into the outbox, once."""
    who = actor(session, sender, now=now)
    chat = session.scalars(
        select(Chat).join(OutboxRow, OutboxRow.chat_id == Chat.chat_id).where(OutboxRow.id == row_id)
    ).one_or_none()
    if chat is None:
        raise StaleButton
    who.require(Right.PLAN, unit(session, chat.unit_id))
    again = update(OutboxRow).where(OutboxRow.id == row_id, OutboxRow.state == State.UNKNOWN)
    values = {"state": State.PENDING, "due_at": now, "valid_until": now + SEND_AGAIN_FOR}
    if cast("CursorResult[object]", session.execute(again.values(**values))).rowcount != 1:
        raise StaleButton
    signal(session, "outbox")
