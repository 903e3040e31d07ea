"""Groups: the code that binds one to a unit, the bot added by somebody, the way back."""

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from bot import outbox, undo
from bot.db import upsert
from bot.errors import UserError
from bot.members import menus, tries, views
from bot.members.facts import ChatBound, CodeCard, Undoable
from bot.members.joining import Entropy, secret_hash
from bot.members.models import Chat, ChatCode, Unit
from bot.members.rules import Actor, ChatState, NotBound, Right, TopicOf, TryOf, UnitKind, UnitRef
from bot.members.service import actor, unit
from bot.message import Content, Leave, Sender, StaleButton
from bot.outbox import Lane

CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is taken for another: 0 O 1 I
CODE_LENGTH = 6
CODE_FOR = timedelta(minutes=10)
LOOSEN, REPLACE = "loosen", "replace"  # of the acts that can be undone


class ChatTaken(UserError):
    text = "本群已绑定“{unit}”，请先解除。"


class NoChat(UserError):
    text = "没有已绑定的群。"
    ends_buttons = True


class BoundElsewhere(UserError):
    text = "{unit}或这个群之后又有新的绑定，不能撤销。"


class SlowDown(UserError):
    text = "请稍后再试。"


class NotForCompanies(UserError):
    text = "群只能绑定到党组织。"


def make_code(session: Session, sender: Sender, unit_id: int, *, entropy: Entropy, now: datetime) -> CodeCard:
    """A new code for the unit; it opens nothing without the right to bind."""
    who, place = actor(session, sender, now=now), unit(session, unit_id)
    who.require(Right.BIND_CHAT, place)
    if place.kind is UnitKind.COMPANY:
        raise NotForCompanies
    code = "".join(CODE_LETTERS[byte % len(CODE_LETTERS)] for byte in entropy(CODE_LENGTH))
    row = ChatCode(code_hash=secret_hash(code), unit_id=place.id, created_by=who.recorded_id, expires_at=now + CODE_FOR)
    session.add(row)
    session.flush()
    former = _active(session, place.id)
    return CodeCard(place, code, former.title if former else None)


def bind_chat(
    session: Session, sender: Sender, code: str, title: str, *, replaces: bool = False, now: datetime
) -> ChatBound | None:
    """Bind the chat the sender writes in. None: a wrong code, which is counted; `former` set: to be confirmed first."""
    who = actor(session, sender, now=now)
    if tries.are_used_up(session, TryOf.CODE, sender.chat_id, now=now):
        raise SlowDown
    row = session.scalars(
        select(ChatCode).where(
            ChatCode.code_hash == secret_hash(code.upper()), ChatCode.used_at.is_(None), ChatCode.expires_at > now
        )
    ).one_or_none()
    if row is None:
        tries.note(session, TryOf.CODE, sender.chat_id, now=now)
        return None
    place = unit(session, row.unit_id)
    who.require(Right.BIND_CHAT, place)
    _refuse_taken(session, sender.chat_id, place)
    former = _active(session, place.id)
    former = former if former is not None and former.chat_id != sender.chat_id else None
    if former is not None and not replaces:
        return ChatBound(place, code, former.title)
    used = update(ChatCode).where(ChatCode.id == row.id, ChatCode.used_at.is_(None)).values(used_at=now)
    if cast("CursorResult[object]", session.execute(used)).rowcount != 1:
        return None
    _bind(session, sender, place, title, now)
    is_in_topic = sender.thread_id is not None
    return ChatBound(place, is_in_topic=is_in_topic, undo=_replaced(session, sender, former, now) if former else None)


def _replaced(session: Session, sender: Sender, former: Chat, now: datetime) -> Undoable:
    facts = {"chat_id": sender.chat_id, "former": former.chat_id}
    undo_id = undo.keep(session, REPLACE, former.unit_id, facts, now=now)
    return Undoable(former.title, undo_id, now + undo.WINDOW)


def _refuse_taken(session: Session, chat_id: int, place: UnitRef) -> None:
    query = select(Unit.name).join(Chat, Chat.unit_id == Unit.id)
    other = session.scalar(
        query.where(Chat.chat_id == chat_id, Chat.state == ChatState.ACTIVE, Chat.unit_id != place.id)
    )
    if other is not None:
        raise ChatTaken(unit=other)


def _bind(session: Session, sender: Sender, place: UnitRef, title: str, now: datetime) -> None:
    """Said in a topic it means that topic, for notices and for quizzes; each can be given another one later."""
    chat_id, thread_id = sender.chat_id, sender.thread_id
    session.execute(
        update(Chat)
        .where(Chat.unit_id == place.id, Chat.chat_id != chat_id, Chat.state == ChatState.ACTIVE)
        .values(state=ChatState.LOOSENED)
    )
    facts = {
        "unit_id": place.id,
        "title": title[:255],
        "state": ChatState.ACTIVE,
        "thread_notice": thread_id,
        "thread_study": thread_id,
    }
    row = upsert(session, Chat).values(chat_id=chat_id, **facts)
    session.execute(row.on_conflict_do_update(index_elements=["chat_id"], set_=facts))
    menus.push_chat(session, chat_id, place, now=now)


def topics_here(session: Session, sender: Sender, *, now: datetime) -> UnitRef | None:
    """Whose group this is, if it has topics and the sender may say what they are for."""
    chat = session.get(Chat, sender.chat_id)
    if chat is None or chat.state is not ChatState.ACTIVE:
        return None
    has_topics = any(thread is not None for thread in (sender.thread_id, chat.thread_notice, chat.thread_study))
    place = unit(session, chat.unit_id)
    return place if has_topics and _may_bind(session, sender, place, now) else None


def use_topic(session: Session, sender: Sender, purpose: TopicOf, *, now: datetime) -> None:
    """From now on the topic the sender writes in (or none: General) takes what is for `purpose`."""
    place = topics_here(session, sender, now=now)
    if place is None:
        raise StaleButton
    purposes = TopicOf if purpose is TopicOf.BOTH else (purpose,)
    columns = {TopicOf.NOTICE: "thread_notice", TopicOf.STUDY: "thread_study"}
    values = {columns[one]: sender.thread_id for one in purposes if one in columns}
    session.execute(update(Chat).where(Chat.chat_id == sender.chat_id).values(**values))


def study_topic(session: Session, sender: Sender) -> int | None:
    """Where a quiz asked for here takes place: in this topic, but not in General or among the notices."""
    chat = session.get(Chat, sender.chat_id)
    is_general = sender.thread_id is None or (chat is not None and sender.thread_id == chat.thread_notice)
    return chat.thread_study if chat is not None and is_general else sender.thread_id


def consider_loosening(session: Session, sender: Sender, unit_id: int, *, now: datetime) -> tuple[UnitRef, str]:
    """Which group would be the unit's no longer."""
    place = unit(session, unit_id)
    actor(session, sender, now=now).require(Right.BIND_CHAT, place)
    chat = _active(session, place.id)
    if chat is None:
        raise NoChat
    return place, chat.title


def loosen(session: Session, sender: Sender, unit_id: int, *, now: datetime) -> Undoable:
    """The unit's group is its group no longer; notices go to people in private."""
    place = unit(session, unit_id)
    actor(session, sender, now=now).require(Right.BIND_CHAT, place)
    lost = update(Chat).where(Chat.unit_id == place.id, Chat.state == ChatState.ACTIVE)
    chat_id = session.scalar(lost.values(state=ChatState.LOOSENED).returning(Chat.chat_id))
    if chat_id is None:
        raise NoChat
    outbox.drop_chat(session, chat_id)
    undo_id = undo.keep(session, LOOSEN, place.id, {"chat_id": chat_id}, now=now)
    return Undoable(place.name, undo_id, now + undo.WINDOW)


def hold_again(session: Session, sender: Sender, undo_id: int, *, now: datetime) -> UnitRef:
    """撤销 of a loosening: the group is the unit's again, with what waited for it."""
    who = actor(session, sender, now=now)
    unit_id, facts = undo.take(session, LOOSEN, undo_id, now=now)
    place = unit(session, unit_id)
    who.require(Right.BIND_CHAT, place)
    if _active(session, place.id) is not None:
        raise BoundElsewhere(unit=place.name)
    chat_id = _hold(session, place, facts["chat_id"], now)
    outbox.revive(session, chat_id, since=now - undo.WINDOW)
    return place


def put_back(session: Session, sender: Sender, undo_id: int, *, now: datetime) -> tuple[UnitRef, str]:
    """撤销 of a replacement: the former group is the unit's again, the one that came in its place is not."""
    who = actor(session, sender, now=now)
    unit_id, facts = undo.take(session, REPLACE, undo_id, now=now)
    place = unit(session, unit_id)
    who.require(Right.BIND_CHAT, place)
    newer = _active(session, place.id)
    if newer is None or newer.chat_id != facts["chat_id"]:
        raise BoundElsewhere(unit=place.name)
    newer.state = ChatState.LOOSENED
    session.flush()
    outbox.drop_chat(session, newer.chat_id)
    chat_id = _hold(session, place, facts["former"], now)
    return place, session.get_one(Chat, chat_id).title


def _hold(session: Session, place: UnitRef, chat_id: int | str | None, now: datetime) -> int:
    """A group let go a moment ago is the unit's again."""
    chat = session.get(Chat, chat_id)
    if chat is None or chat.state is not ChatState.LOOSENED or chat.unit_id != place.id:
        raise BoundElsewhere(unit=place.name)
    chat.state = ChatState.ACTIVE
    session.flush()
    menus.push_chat(session, chat.chat_id, place, now=now)
    return chat.chat_id


def bot_added(session: Session, sender: Sender, title: str, *, now: datetime) -> bool:
    """The bot was added to the sender's chat; whether it stays: a known group lives again, strangers' ones are left."""
    chat = session.get(Chat, sender.chat_id)
    if chat is not None and chat.state is not ChatState.LOOSENED:
        if _active(session, chat.unit_id) is None:
            chat.state, chat.title = ChatState.ACTIVE, title[:255]
            menus.push_chat(session, chat.chat_id, unit(session, chat.unit_id), now=now)
        return True
    if _may_bind(session, sender, None, now):
        return True
    key = f"members:left:{sender.chat_id}:{now.timestamp():.0f}"
    farewell: tuple[Content, ...] = (views.no_stranger(), Leave())
    for n, content in enumerate(farewell):
        outbox.enqueue(session, f"{key}:{n}", chat_id=sender.chat_id, content=content, lane=Lane.NOTICE, now=now)
    return False


def _may_bind(session: Session, sender: Sender, place: UnitRef | None, now: datetime) -> bool:
    """Whether the sender may bind a group to `place`, or to anything."""
    try:
        who: Actor = actor(session, sender, now=now)
    except NotBound:
        return False
    return who.may(Right.BIND_CHAT, place)


def _active(session: Session, unit_id: int) -> Chat | None:
    return session.scalars(select(Chat).where(Chat.unit_id == unit_id, Chat.state == ChatState.ACTIVE)).one_or_none()
