"""The world as the page is shown it: plain JSON, names and service lines in Chinese. No HTTP here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice

from bot.demo.chats import CHANNEL_BOT, GROUP_ANONYMOUS_BOT, TELEGRAM, Chat, ChatKind
from bot.demo.journal import Event, EventKind
from bot.demo.messages import Button, Entity, File, Message, Sender
from bot.demo.polls import Poll
from bot.demo.wire import Payload
from bot.demo.world import World

KEPT_MESSAGES = 300
KEPT_CALLS = 200
QUOTED = 120  # characters of a quoted message
PINNED_LINE = 24
_FAKE_TAGS = {GROUP_ANONYMOUS_BOT: "匿名管理员", CHANNEL_BOT: "频道", TELEGRAM: "频道"}


def snapshot(world: World, roles: Mapping[int, str]) -> Payload:
    """Everything a window needs to begin; `roles` = whom one can play, in order, and what each is."""
    calls = world.journal.calls
    return {
        "seq": world.journal.seq,
        "bot": {"id": world.bot.id, "name": world.bot.name, "username": world.bot.username},
        "people": [person(world, one) | {"role": role} for one, role in roles.items()],
        "chats": [
            chat(world, one) | {"messages": messages(world, one)}
            for one in world.chats.values()
            if one.kind is not ChatKind.CHANNEL and (not one.is_private or one.id in roles)
        ],
        "commands": commands(world, roles),
        "calls": [call(world, number) for number in range(max(0, len(calls) - KEPT_CALLS), len(calls))],
        "troubles": [*world.warnings, *world.problems],
    }


def person(world: World, person_id: int) -> Payload:
    return {"id": person_id, "name": world.persons[person_id].name, "access": world.access(person_id).value}


def chat(world: World, one: Chat) -> Payload:
    inside = [user_id for user_id, member in one.members.items() if member.rank.is_inside]
    return {
        "id": one.id,
        "kind": one.kind.value,
        "title": one.title,
        "members": [user_id for user_id in inside if not world.persons[user_id].is_bot],
        "pinned": list(one.pinned),
        "gone": one.migrated_to is not None,
    }


def messages(world: World, one: Chat) -> list[Payload]:
    kept = islice((m for m in reversed(one.messages.values()) if not m.is_deleted), KEPT_MESSAGES)
    return [message(world, found) for found in kept][::-1]


def commands(world: World, roles: Mapping[int, str]) -> Payload:
    """By person and chat: the list this person's app shows there."""
    return {
        str(one): {
            str(home.id): [[command.name, command.description] for command in world.commands_for(one, home.id)]
            for home in world.chats_of(one)
        }
        for one in roles
    }


def call(world: World, number: int) -> Payload:
    one = world.journal.calls[number]
    return {
        "number": number,
        "at": one.at.isoformat(),
        "method": one.method,
        "status": one.status,
        "description": one.description,
        "latency": round(one.latency, 1),
        "parameters": one.parameters,
        "result": one.result,
    }


# Messages


def message(world: World, one: Message) -> Payload:
    shape: Payload = {
        "id": one.id,
        "chat": one.chat_id,
        "at": one.at.isoformat(),
        "from": sender(world, one.sender),
        "text": one.text,
        "entities": [entity(found) for found in one.entities],
        "keyboard": [[button(key) for key in row] for row in one.keyboard],
        "version": len(one.versions) - 1,
        "edited": one.edited_at.isoformat() if one.edited_at else None,
        "silent": one.is_silent,
        "protected": one.is_protected,
    }
    if one.file is not None:
        shape["file"] = file(one.file)
    if one.poll is not None:
        shape["poll"] = poll(one.poll)
    if one.service is not None:
        shape["service"] = service(world, one)
    if quoted := _replied(world, one):
        shape["reply"] = reply(world, quoted)
    return shape


def sender(world: World, one: Sender) -> Payload:
    if one.chat_id is not None:
        return {"id": one.chat_id, "name": world.chats[one.chat_id].title, "tag": _FAKE_TAGS.get(one.user_id, "群")}
    who = world.persons[one.user_id]
    return {"id": who.id, "name": who.name, "tag": "机器人" if who.is_bot else ""}


def entity(one: Entity) -> Payload:
    return {"type": one.type, "offset": one.offset, "length": one.length, "url": one.url}


def button(one: Button) -> Payload:
    return {"text": one.text, "url": one.url, "style": one.style}


def file(one: File) -> Payload:
    return {
        "id": one.id,
        "name": one.name,
        "size": len(one.data),
        "photo": one.is_photo,
        "width": one.width,
        "height": one.height,
    }


def poll(one: Poll) -> Payload:
    return {
        "question": one.question,
        "questionEntities": [entity(found) for found in one.question_entities],
        "description": one.description,
        "descriptionEntities": [entity(found) for found in one.description_entities],
        "options": [option.text for option in one.options],
        "counts": [0] * len(one.options) if one.is_hidden else one.counts,
        "total": len(one.votes),
        "votes": {str(voter): list(chosen) for voter, chosen in one.votes.items()},
        "quiz": one.is_quiz,
        "anonymous": one.is_anonymous,
        "multiple": one.allows_multiple_answers,
        "revoting": one.allows_revoting,
        "correct": [] if one.is_hidden else list(one.correct_ids),
        "explanation": "" if one.is_hidden else one.explanation,
        "explanationEntities": [entity(found) for found in one.explanation_entities],
        "closesAt": one.closes_at.isoformat() if one.closes_at else None,
        "closed": one.is_closed,
        "hidden": one.is_hidden,
    }


def reply(world: World, one: Message) -> Payload:
    who = sender(world, one.sender)
    return {"id": one.id, "from": who["id"], "name": who["name"], "text": line(one)[:QUOTED]}


def line(one: Message) -> str:
    """A message in one line, as quotes and the bar of pinned messages show it."""
    if one.poll is not None:
        return f"〔{'测验' if one.poll.is_quiz else '投票'}〕{one.poll.question}"
    if one.file is not None and not one.text:
        return "〔图片〕" if one.file.is_photo else f"〔文件〕{one.file.name}"
    return " ".join(part.strip() for part in one.text.splitlines() if part.strip())


def _replied(world: World, one: Message) -> Message | None:
    return None if one.reply_to is None else world.message(one.chat_id, one.reply_to)


def service(world: World, one: Message) -> str:
    """The centred line of a service message."""
    told = one.service
    assert told is not None
    actor = world.persons[one.sender.user_id].name
    others = "、".join(world.persons[user_id].name for user_id in told.user_ids)
    is_own_act = told.user_ids == (one.sender.user_id,)
    if told.kind == "new_chat_members":
        return f"{actor} 加入了群" if is_own_act else f"{actor} 把 {others} 加入了群"
    if told.kind == "left_chat_member":
        return f"{actor} 退出了群" if is_own_act else f"{actor} 把 {others} 移出了群"
    if told.kind == "pinned_message":
        pinned = world.chats[one.chat_id].messages[told.message_id or 0]
        text = line(pinned)
        return f"{actor} 置顶了“{text[:PINNED_LINE]}{'…' if len(text) > PINNED_LINE else ''}”"
    return _SERVICES.get(told.kind, told.kind).format(actor=actor, text=told.text)


_SERVICES = {
    "migrate_to_chat_id": "本群已升级为超级群，请到新群继续",
    "migrate_from_chat_id": "本群由普通群升级而来",
    "new_chat_title": "{actor} 把群名改为“{text}”",
    "forum_topic_created": "{actor} 开了话题“{text}”",
    "forum_topic_closed": "{actor} 关闭了话题",
    "forum_topic_reopened": "{actor} 重开了话题",
}


# Events


def event(world: World, one: Event, roles: Mapping[int, str]) -> Payload:
    """One event of the journal as a window takes it in: what it concerns, whole and as it is now."""
    shape: Payload = {"seq": one.seq, "kind": one.kind.value}
    teller = _TELLERS.get(one.kind)
    return shape if teller is None else shape | teller(world, one, roles)


Teller = Callable[[World, Event, Mapping[int, str]], Payload]


def _tell_message(world: World, one: Event, _roles: Mapping[int, str]) -> Payload:
    found = world.message(one.chat_id or 0, one.message_id or 0)
    if found is None:
        return {"deleted": {"chat": one.chat_id, "id": one.message_id}}
    return {"message": message(world, found)}


def _tell_chat(world: World, one: Event, roles: Mapping[int, str]) -> Payload:
    return {"chat": chat(world, world.chats[one.chat_id or 0]), "commands": commands(world, roles)}


def _tell_deleted(world: World, one: Event, _roles: Mapping[int, str]) -> Payload:
    return {
        "deleted": {"chat": one.chat_id, "id": one.message_id},
        "chat": chat(world, world.chats[one.chat_id or 0]),
    }


def _tell_access(world: World, one: Event, _roles: Mapping[int, str]) -> Payload:
    return {"person": person(world, one.person_id or 0)}


def _tell_commands(world: World, _one: Event, roles: Mapping[int, str]) -> Payload:
    return {"commands": commands(world, roles)}


def _tell_answer(_world: World, one: Event, _roles: Mapping[int, str]) -> Payload:
    told = one.detail
    answer = {"query": told["press"], "person": one.person_id, "text": told["text"], "alert": told["alert"]}
    return {"answer": answer}


def _tell_call(world: World, one: Event, _roles: Mapping[int, str]) -> Payload:
    number = one.detail["call"]
    assert isinstance(number, int)
    return {"call": call(world, number)}


def _tell_clock(world: World, _one: Event, _roles: Mapping[int, str]) -> Payload:
    return {"desk": {"now": world.now().isoformat()}}


def _tell_trouble(_world: World, one: Event, _roles: Mapping[int, str]) -> Payload:
    return {"trouble": one.detail["text"]}


_TELLERS: dict[EventKind, Teller] = {
    EventKind.MESSAGE: _tell_message,
    EventKind.EDITED: _tell_message,
    EventKind.POLL: _tell_message,
    EventKind.VOTE: _tell_message,
    EventKind.DELETED: _tell_deleted,
    EventKind.PINNED: _tell_chat,
    EventKind.UNPINNED: _tell_chat,
    EventKind.MEMBER: _tell_chat,
    EventKind.TOPIC: _tell_chat,
    EventKind.CHAT: _tell_chat,
    EventKind.ACCESS: _tell_access,
    EventKind.COMMANDS: _tell_commands,
    EventKind.ANSWERED: _tell_answer,
    EventKind.CALL: _tell_call,
    EventKind.CLOCK: _tell_clock,
    EventKind.WARNING: _tell_trouble,
    EventKind.PROBLEM: _tell_trouble,
}
