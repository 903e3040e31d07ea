"""What persons do to groups: come and go, add and promote the bot, restrict, keep topics, upgrade."""

from __future__ import annotations

from collections.abc import Iterable

from bot.demo import app_refusals, refusals
from bot.demo.chats import (
    ADMIN_RIGHTS,
    SEND_RIGHTS,
    Chat,
    ChatKind,
    Membership,
    Rank,
    Topic,
)
from bot.demo.journal import EventKind
from bot.demo.messages import Message, Service
from bot.demo.world import BOT_ID, World


class Groups:
    """The verbs of a group's members and administrators; `by` = who acts, the owner where it is left out."""

    def __init__(self, world: World) -> None:
        self.world = world

    # Persons

    def join(self, chat: Chat, person_id: int, *, by: int | None = None) -> None:
        """Comes in, by an invitation link or (`by`) added by a member."""
        if chat.holds(person_id):
            return
        self.world.set_membership(chat, person_id, Membership(Rank.MEMBER), by or person_id)
        self.world.post_service(chat, by or person_id, Service("new_chat_members", user_ids=(person_id,)))

    def leave(self, chat: Chat, person_id: int) -> None:
        if not chat.holds(person_id):
            raise app_refusals.not_in_chat()
        self.world.post_service(chat, person_id, Service("left_chat_member", user_ids=(person_id,)))
        self.world.set_membership(chat, person_id, Membership(Rank.LEFT), person_id)

    # Administrators

    def add_bot(self, chat: Chat, *, by: int | None = None) -> None:
        """Adds our bot as a plain member."""
        by = self._member(chat, by)
        self.world.set_membership(chat, BOT_ID, Membership(Rank.MEMBER), by)
        self.world.post_service(chat, by, Service("new_chat_members", user_ids=(BOT_ID,)))

    def promote(
        self,
        chat: Chat,
        user_id: int = BOT_ID,
        *,
        rights: Iterable[str] = ADMIN_RIGHTS,
        is_anonymous: bool = False,
        by: int | None = None,
    ) -> None:
        """Makes somebody (the bot by default) administrator, with exactly these rights."""
        by = self._admin(chat, by)
        wanted = frozenset(rights)
        if not wanted <= ADMIN_RIGHTS:
            raise ValueError(f"no such rights: {sorted(wanted - ADMIN_RIGHTS)}")
        self._inside(chat, user_id)
        new = Membership(Rank.ADMINISTRATOR, wanted | {"can_manage_chat"}, is_anonymous)
        self.world.set_membership(chat, user_id, new, by)

    def demote(self, chat: Chat, user_id: int = BOT_ID, *, by: int | None = None) -> None:
        by = self._admin(chat, by)
        self._inside(chat, user_id)
        self.world.set_membership(chat, user_id, Membership(Rank.MEMBER), by)

    def restrict(self, chat: Chat, user_id: int = BOT_ID, *, sends: Iterable[str] = (), by: int | None = None) -> None:
        """Leaves a member only these rights to send (`can_send_…`)."""
        by = self._admin(chat, by)
        self._inside(chat, user_id)
        new = Membership(Rank.RESTRICTED, frozenset(sends) & SEND_RIGHTS)
        self.world.set_membership(chat, user_id, new, by)

    def kick(self, chat: Chat, user_id: int = BOT_ID, *, by: int | None = None) -> None:
        by = self._admin(chat, by)
        self._inside(chat, user_id)
        self.world.set_membership(chat, user_id, Membership(Rank.KICKED), by)
        self.world.post_service(chat, by, Service("left_chat_member", user_ids=(user_id,)))

    def permit(self, chat: Chat, sends: Iterable[str], *, by: int | None = None) -> None:
        """What plain members may send."""
        self._admin(chat, by)
        chat.allowed_sends = frozenset(sends) & SEND_RIGHTS
        self.world.journal.write(EventKind.CHAT, self.world.now(), chat_id=chat.id)

    def rename(self, chat: Chat, title: str, *, by: int | None = None) -> None:
        by = self._admin(chat, by)
        chat.title = title
        self.world.journal.write(EventKind.CHAT, self.world.now(), chat_id=chat.id)
        self.world.post_service(chat, by, Service("new_chat_title", text=title))

    def pin(self, message: Message, *, by: int | None = None) -> None:
        self.world.pin(message, by=self._admin(self.world.chats[message.chat_id], by))

    # Topics

    def open_topic(self, chat: Chat, name: str, *, by: int | None = None) -> Topic:
        by = self._admin(chat, by)
        topic = Topic(chat.last_message_id + 1, name)
        chat.topics[topic.id] = topic
        self._topic_event(chat, topic)
        self.world.post_service(chat, by, Service("forum_topic_created", text=name), thread_id=topic.id)
        return topic

    def close_topic(self, chat: Chat, topic_id: int, *, by: int | None = None) -> None:
        self._set_closed(chat, topic_id, self._admin(chat, by), is_closed=True)

    def reopen_topic(self, chat: Chat, topic_id: int, *, by: int | None = None) -> None:
        self._set_closed(chat, topic_id, self._admin(chat, by), is_closed=False)

    def delete_topic(self, chat: Chat, topic_id: int, *, by: int | None = None) -> None:
        """Takes a topic away with its messages; bots are not told."""
        by = self._admin(chat, by)
        topic = chat.topics.pop(topic_id)
        for message in list(chat.messages.values()):
            if message.thread_id == topic_id and not message.is_deleted:
                self.world.delete(message, by=by)
        self._topic_event(chat, topic)

    def _set_closed(self, chat: Chat, topic_id: int, by: int, *, is_closed: bool) -> None:
        topic = chat.topics[topic_id]
        topic.is_closed = is_closed
        self._topic_event(chat, topic)
        kind = "forum_topic_closed" if is_closed else "forum_topic_reopened"
        self.world.post_service(chat, by, Service(kind), thread_id=topic_id)

    def _topic_event(self, chat: Chat, topic: Topic) -> None:
        self.world.journal.write(
            EventKind.TOPIC,
            self.world.now(),
            chat_id=chat.id,
            detail={"topic": topic.id, "name": topic.name, "closed": topic.is_closed},
        )

    # The whole group

    def upgrade(self, chat: Chat, *, by: int | None = None) -> Chat:
        """Turns a basic group into a supergroup with a new id; message ids start anew, the old id refuses."""
        by = self._admin(chat, by)
        if chat.kind is not ChatKind.GROUP or chat.migrated_to is not None:
            raise ValueError(f"{chat.title} is no basic group")
        new = self.world.add_group(chat.title, owner=by)
        new.members = dict(chat.members)
        new.allowed_sends = chat.allowed_sends
        new.migrated_from = chat.id
        self.world.post_service(chat, by, Service("migrate_to_chat_id", chat_id=new.id))
        chat.migrated_to = new.id
        self.world.post_service(new, by, Service("migrate_from_chat_id", chat_id=chat.id))
        self.world.journal.write(EventKind.CHAT, self.world.now(), chat_id=chat.id)
        return new

    def _owner(self, chat: Chat) -> int:
        return next(user_id for user_id, one in chat.members.items() if one.rank is Rank.CREATOR)

    def _member(self, chat: Chat, by: int | None) -> int:
        by = self._owner(chat) if by is None else by
        self._inside(chat, by)
        return by

    def _admin(self, chat: Chat, by: int | None) -> int:
        by = self._member(chat, by)
        if not chat.membership(by).rank.is_admin:
            raise app_refusals.admin_required()
        return by

    def _inside(self, chat: Chat, user_id: int) -> None:
        if not chat.holds(user_id):
            raise refusals.user_not_found()
