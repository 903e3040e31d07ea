"""Persons, chats, ranks and rights as plain data. What they do is in `people` and `groups`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.demo.messages import Message

GROUP_ANONYMOUS_BOT = 1087968824  # `from` of an anonymous administrator
CHANNEL_BOT = 136817688  # `from` of whoever writes as a channel
TELEGRAM = 777000  # `from` of a post forwarded from the linked channel

SUPERGROUP_BASE = -1001000000000  # supergroups and channels count down from here

ADMIN_RIGHTS = frozenset(
    {
        "can_manage_chat",
        "can_delete_messages",
        "can_manage_video_chats",
        "can_restrict_members",
        "can_promote_members",
        "can_change_info",
        "can_invite_users",
        "can_post_stories",
        "can_edit_stories",
        "can_delete_stories",
        "can_pin_messages",
        "can_manage_topics",
        "can_manage_tags",
    }
)
SEND_RIGHTS = frozenset(
    {
        "can_send_messages",
        "can_send_audios",
        "can_send_documents",
        "can_send_photos",
        "can_send_videos",
        "can_send_video_notes",
        "can_send_voice_notes",
        "can_send_polls",
        "can_send_other_messages",
        "can_add_web_page_previews",
        "can_react_to_messages",
    }
)
# What a plain member may do beside sending; Telegram's default is yes, an office group's is no.
MEMBER_RIGHTS = frozenset(
    {"can_edit_tag", "can_change_info", "can_invite_users", "can_pin_messages", "can_manage_topics"}
)


class ChatKind(StrEnum):
    PRIVATE = "private"
    GROUP = "group"
    SUPERGROUP = "supergroup"
    CHANNEL = "channel"


class Rank(StrEnum):
    CREATOR = "creator"
    ADMINISTRATOR = "administrator"
    MEMBER = "member"
    RESTRICTED = "restricted"
    LEFT = "left"
    KICKED = "kicked"

    @property
    def is_inside(self) -> bool:
        return self not in (Rank.LEFT, Rank.KICKED)

    @property
    def is_admin(self) -> bool:
        return self in (Rank.CREATOR, Rank.ADMINISTRATOR)


class Access(StrEnum):
    """How far the bot may write to a person."""

    UNKNOWN = "unknown"
    KNOWN = "known"
    STARTED = "started"
    BLOCKED = "blocked"
    DELETED = "deleted"


@dataclass(slots=True)
class Person:
    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    language_code: str = "zh-hans"
    is_bot: bool = False
    has_started: bool = False
    has_blocked: bool = False
    is_deleted: bool = False

    @property
    def name(self) -> str:
        return f"{self.last_name}{self.first_name}"


@dataclass(frozen=True, slots=True)
class Membership:
    """A rank in one chat: an administrator's rights, or what a restricted member may still do."""

    rank: Rank
    rights: frozenset[str] = frozenset()
    is_anonymous: bool = False


OUTSIDE = Membership(Rank.LEFT)


@dataclass(slots=True)
class Topic:
    id: int
    name: str
    is_closed: bool = False


@dataclass(slots=True)
class Chat:
    id: int
    kind: ChatKind
    title: str = ""
    username: str = ""
    is_forum: bool = False
    members: dict[int, Membership] = field(default_factory=dict)
    allowed_sends: frozenset[str] = SEND_RIGHTS
    topics: dict[int, Topic] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)  # message ids, the newest pin last
    migrated_to: int | None = None
    migrated_from: int | None = None
    last_message_id: int = 0

    @property
    def is_private(self) -> bool:
        return self.kind is ChatKind.PRIVATE

    def membership(self, user_id: int) -> Membership:
        return self.members.get(user_id, OUTSIDE)

    def holds(self, user_id: int) -> bool:
        if self.is_private:
            return user_id == self.id
        return self.membership(user_id).rank.is_inside

    def may(self, user_id: int, right: str) -> bool:
        """Whether this member has the administrator's or sender's `right` here."""
        member = self.membership(user_id)
        if self.is_private or member.rank is Rank.CREATOR:
            return True
        if member.rank is Rank.ADMINISTRATOR:
            return right in SEND_RIGHTS or right in member.rights
        if member.rank is Rank.RESTRICTED:
            return right in member.rights and right in self.allowed_sends
        return member.rank is Rank.MEMBER and right in self.allowed_sends

    def take_message_id(self) -> int:
        self.last_message_id += 1
        return self.last_message_id
