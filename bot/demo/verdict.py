"""What a play must never show, whatever it was about: looked for at the end of each."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from bot.demo.journal import Call
from bot.demo.world import BOT_ID, World

_ESCAPED = re.compile(r"&(lt|gt|amp|quot);|</?(b|i|u|s|code|pre|a|blockquote)>")
_HARMLESS = ("message is not modified",)


def faults(world: World, *, expected: Sequence[str] = (), strangers: Collection[int] = ()) -> list[str]:
    """Everything found, one line each. `expected`: parts of refusals that belong to the story; `strangers`: persons
    of another branch, whom nothing may have reached."""
    return [
        *_unanswered(world),
        *_refused(world.calls(), expected),
        *_raw_tags(world),
        *_leaks(world, strangers),
        *(f"warning: {text}" for text in world.warnings),
        *(f"problem: {text}" for text in world.problems),
    ]


def _unanswered(world: World) -> Iterator[str]:
    for press in world.presses.values():
        if press.answer is None:
            yield f"callback never answered: {world.persons[press.person_id].name} 〔{press.label}〕"


def _refused(calls: Sequence[Call], expected: Sequence[str]) -> Iterator[str]:
    for call in calls:
        if not call.is_ok and not any(part in call.description for part in (*_HARMLESS, *expected)):
            yield f"refused: {call.method} to {call.chat_id}: {call.status} {call.description}"


def _raw_tags(world: World) -> Iterator[str]:
    """Escapes and tags that reached the screen; names that hold such characters show them once, not escaped."""
    names = "".join(person.name for person in world.persons.values())
    for chat in world.chats.values():
        for message in chat.messages.values():
            if message.sender.user_id != BOT_ID:
                continue
            for version in message.versions:
                if (found := _ESCAPED.search(version.text)) and found[0] not in names:
                    yield f"raw {found[0]} shown in {chat.title or chat.id}: {version.text[:80]}"


def _leaks(world: World, strangers: Collection[int]) -> Iterator[str]:
    for person_id in strangers:
        for message in world.chats[person_id].messages.values():
            if message.sender.user_id == BOT_ID:
                yield f"{world.persons[person_id].name} of another branch received: {message.text[:80]}"
