"""The bot's command lists by scope and language, and which one a person's app shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Scope:
    """`kind` as in the Bot API: default, all_private_chats, chat, chat_member …"""

    kind: str = "default"
    chat_id: int = 0
    user_id: int = 0


@dataclass(slots=True)
class CommandLists:
    lists: dict[tuple[Scope, str], tuple[Command, ...]] = field(default_factory=dict)

    def set(self, scope: Scope, language: str, commands: Sequence[Command]) -> None:
        """An empty list is no list: the next scope is shown again."""
        if commands:
            self.lists[scope, language] = tuple(commands)
        else:
            self.lists.pop((scope, language), None)

    def get(self, scope: Scope, language: str) -> tuple[Command, ...]:
        return self.lists.get((scope, language), ())

    def shown(
        self, *, person_id: int, chat_id: int, is_private: bool, is_admin: bool, language: str
    ) -> tuple[Command, ...]:
        """The first list that exists, from the narrowest scope to the widest; lists do not add up."""
        scopes = _private_scopes(chat_id) if is_private else _group_scopes(chat_id, person_id, is_admin=is_admin)
        for scope in (*scopes, Scope()):
            for tongue in (language[:2], ""):
                if commands := self.get(scope, tongue):
                    return commands
        return ()


def _private_scopes(chat_id: int) -> tuple[Scope, ...]:
    return Scope("chat", chat_id), Scope("all_private_chats")


def _group_scopes(chat_id: int, person_id: int, *, is_admin: bool) -> Iterator[Scope]:
    yield Scope("chat_member", chat_id, person_id)
    if is_admin:
        yield Scope("chat_administrators", chat_id)
    yield Scope("chat", chat_id)
    if is_admin:
        yield Scope("all_chat_administrators")
    yield Scope("all_group_chats")
