"""The world's data as JSON objects of the Bot API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.demo.chats import (
    ADMIN_RIGHTS,
    MEMBER_RIGHTS,
    SEND_RIGHTS,
    Chat,
    ChatKind,
    Membership,
    Person,
    Rank,
)
from bot.demo.messages import Button, Entity, File, Keyboard, Message, Origin, Service
from bot.demo.polls import Poll
from bot.demo.wire import Payload

Persons = Mapping[int, Person]
Chats = Mapping[int, Chat]

TOPIC_COLOR = 7322096


def stamp(at: datetime) -> int:
    return int(at.timestamp())


def user(person: Person) -> Payload:
    shape: Payload = {"id": person.id, "is_bot": person.is_bot, "first_name": person.first_name}
    if person.last_name:
        shape["last_name"] = person.last_name
    if person.username:
        shape["username"] = person.username
    if person.language_code and not person.is_bot:
        shape["language_code"] = person.language_code
    return shape


def chat(one: Chat, persons: Persons) -> Payload:
    shape: Payload = {"id": one.id, "type": one.kind.value}
    if one.kind is ChatKind.PRIVATE:
        shape.update(user(persons[one.id]))
        for key in ("is_bot", "language_code"):
            shape.pop(key, None)
        return shape
    shape["title"] = one.title
    if one.username:
        shape["username"] = one.username
    if one.is_forum:
        shape["is_forum"] = True
    return shape


def member(person: Person, membership: Membership) -> Payload:
    rank = membership.rank
    shape: Payload = {"status": rank.value, "user": user(person)}
    if rank is Rank.CREATOR:
        shape["is_anonymous"] = membership.is_anonymous
    elif rank is Rank.ADMINISTRATOR:
        shape |= {"can_be_edited": False, "is_anonymous": membership.is_anonymous}
        shape |= {right: right in membership.rights for right in sorted(ADMIN_RIGHTS)}
    elif rank is Rank.RESTRICTED:
        shape |= {"is_member": True, "until_date": 0}
        shape |= {right: right in membership.rights for right in sorted(SEND_RIGHTS | MEMBER_RIGHTS)}
    elif rank is Rank.KICKED:
        shape["until_date"] = 0
    return shape


def entities(found: Iterable[Entity], persons: Persons) -> list[Payload]:
    shapes = []
    for entity in found:
        shape: Payload = {"type": entity.type, "offset": entity.offset, "length": entity.length}
        if entity.user_id is not None:
            if entity.user_id not in persons:
                continue
            shape["user"] = user(persons[entity.user_id])
        for key in ("url", "custom_emoji_id", "unix_time", "date_time_format"):
            if (value := getattr(entity, key)) is not None:
                shape[key] = value
        if entity.language and entity.type == "pre":
            shape["language"] = entity.language
        shapes.append(shape)
    return shapes


def button(one: Button) -> Payload:
    shape: Payload = {"text": one.text}
    for key, value in (("callback_data", one.data), ("url", one.url), ("style", one.style)):
        if value is not None:
            shape[key] = value
    shape.update(one.other)
    return shape


def keyboard(rows: Keyboard) -> Payload:
    return {"inline_keyboard": [[button(one) for one in row] for row in rows]}


def file(one: File) -> Payload:
    shape: Payload = {"file_id": one.id, "file_unique_id": one.unique_id, "file_size": len(one.data)}
    if one.is_photo:
        return shape | {"width": one.width, "height": one.height}
    return shape | {"file_name": one.name, "mime_type": one.mime_type}


def poll(one: Poll, persons: Persons) -> Payload:
    counts = one.counts
    options = []
    for option, count in zip(one.options, counts, strict=True):
        options.append({"text": option.text, "voter_count": count, "persistent_id": option.persistent_id})
        if option.entities:
            options[-1]["text_entities"] = entities(option.entities, persons)
    shape: Payload = {
        "id": one.id,
        "question": one.question,
        "options": options,
        "total_voter_count": len(one.votes),
        "is_closed": one.is_closed,
        "is_anonymous": one.is_anonymous,
        "type": "quiz" if one.is_quiz else "regular",
        "allows_multiple_answers": one.allows_multiple_answers,
        "allows_revoting": one.allows_revoting,
        "members_only": False,
    }
    _add_poll_texts(shape, one, persons)
    if one.is_quiz:
        shape["correct_option_ids"] = list(one.correct_ids)
        if len(one.correct_ids) == 1:
            shape["correct_option_id"] = one.correct_ids[0]
    if one.open_period is not None:
        shape["open_period"] = one.open_period
    if one.closes_at is not None:
        shape["close_date"] = stamp(one.closes_at)
    return shape


def _add_poll_texts(shape: Payload, one: Poll, persons: Persons) -> None:
    for name, text, found in (
        ("question", one.question, one.question_entities),
        ("explanation", one.explanation, one.explanation_entities),
        ("description", one.description, one.description_entities),
    ):
        if text:
            shape[name] = text
        if found:
            shape[f"{name}_entities"] = entities(found, persons)


def poll_answer(one: Poll, chosen: tuple[int, ...], voter: Person, voter_chat: Payload | None) -> Payload:
    shape: Payload = {
        "poll_id": one.id,
        "user": user(voter),
        "option_ids": list(chosen),
        "option_persistent_ids": [one.options[index].persistent_id for index in chosen],
    }
    if voter_chat is not None:
        shape["voter_chat"] = voter_chat
    return shape


def message(one: Message, persons: Persons, chats: Chats, *, is_nested: bool = False) -> Payload:
    """A message as the bot gets it; a replied-to message is shown without what it replied to."""
    home = chats[one.chat_id]
    shape: Payload = {
        "message_id": one.id,
        "from": user(persons[one.sender.user_id]),
        "chat": chat(home, persons),
        "date": stamp(one.at),
    }
    if one.sender.chat_id is not None:
        shape["sender_chat"] = chat(chats[one.sender.chat_id], persons)
    _add_content(shape, one, persons)
    _add_marks(shape, one, persons, chats)
    if one.reply_to is not None and not is_nested:
        replied = home.messages[one.reply_to]
        if not replied.is_deleted:
            shape["reply_to_message"] = message(replied, persons, chats, is_nested=True)
    if one.service is not None:
        shape |= _service(one.service, home, persons, chats)
    return shape


def _add_content(shape: Payload, one: Message, persons: Persons) -> None:
    is_caption = one.file is not None
    if one.text:
        shape["caption" if is_caption else "text"] = one.text
    if one.entities:
        shape["caption_entities" if is_caption else "entities"] = entities(one.entities, persons)
    if one.file is not None:
        shape.update({"photo": [file(one.file)]} if one.file.is_photo else {"document": file(one.file)})
    if one.poll is not None:
        shape["poll"] = poll(one.poll, persons)
    if one.keyboard:
        shape["reply_markup"] = keyboard(one.keyboard)


def _add_marks(shape: Payload, one: Message, persons: Persons, chats: Chats) -> None:
    if one.thread_id is not None:
        shape |= {"message_thread_id": one.thread_id, "is_topic_message": True}
    if one.edited_at is not None:
        shape["edit_date"] = stamp(one.edited_at)
    if one.is_protected:
        shape["has_protected_content"] = True
    if one.is_automatic_forward:
        shape["is_automatic_forward"] = True
    if one.origin is not None:
        shape["forward_origin"] = _origin(one.origin, persons, chats)


def _origin(origin: Origin, persons: Persons, chats: Chats) -> Payload:
    if origin.chat_id is not None:
        source = chat(chats[origin.chat_id], persons)
        return {"type": "channel", "date": stamp(origin.at), "chat": source, "message_id": origin.message_id}
    return {"type": "user", "date": stamp(origin.at), "sender_user": user(persons[origin.user_id or 0])}


def _service(service: Service, home: Chat, persons: Persons, chats: Chats) -> Payload:
    value: object = True
    if service.kind == "new_chat_members":
        value = [user(persons[user_id]) for user_id in service.user_ids]
    elif service.kind == "left_chat_member":
        value = user(persons[service.user_ids[0]])
    elif service.kind == "pinned_message":
        pinned = home.messages[service.message_id or 0]
        value = (
            inaccessible(home, pinned.id, persons)
            if pinned.is_deleted
            else message(pinned, persons, chats, is_nested=True)
        )
    elif service.chat_id is not None:
        value = service.chat_id
    elif service.kind.startswith("forum_topic"):
        value = _topic(service)
    elif service.text:
        value = service.text
    return {service.kind: value}


def _topic(service: Service) -> Payload:
    if service.kind == "forum_topic_created":
        return {"name": service.text, "icon_color": TOPIC_COLOR}
    return {"name": service.text} if service.text else {}


def inaccessible(home: Chat, message_id: int, persons: Persons) -> Payload:
    """What stands in place of a message that is gone."""
    return {"chat": chat(home, persons), "message_id": message_id, "date": 0}
