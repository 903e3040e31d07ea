"""The whole world as one JSON file, so that a kept demo goes on where it stopped: dataclasses written field by field.

Calls of the bot are not kept; everything persons can see or press is."""

from __future__ import annotations

import base64
import json
import os
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Union, get_args, get_origin, get_type_hints

from bot.demo.chats import Chat, Person
from bot.demo.commands import Command, Scope
from bot.demo.journal import Event, EventKind
from bot.demo.messages import File, Message, Press
from bot.demo.polls import Poll
from bot.demo.updates import Update
from bot.demo.wire import Payload
from bot.demo.world import BOT_ID, Clock, World

FORMAT = 1
SPARE_IDS = 1000  # skipped on going on: what a killed demo gave out after its last save is never given out twice
SHARED: tuple[type, ...] = (Poll, File)  # many messages may hold the same one: they keep its id
NAMES = {"Message": Message, "Poll": Poll}  # imported for typing only where they are fields


@dataclass(frozen=True, slots=True)
class Kept:
    """What makes a world; `began` is the moment from which the tour counts."""

    format: int
    now: datetime
    began: datetime
    polls: list[Poll]
    files: list[File]
    persons: list[Person]
    chats: list[Chat]
    presses: list[Press]
    events: list[Event]
    updates: list[Update]
    last_update_id: int
    last_poll_id: int
    allowed: frozenset[str]
    asked: tuple[str, ...] | None
    commands: dict[tuple[Scope, str], tuple[Command, ...]]
    descriptions: dict[tuple[str, str], str]
    menu_buttons: dict[int, Payload]
    groups_made: int
    supergroups_made: int


def write(world: World, began: datetime) -> str:
    kept = Kept(
        FORMAT,
        world.now(),
        began,
        polls=list(world.polls.by_id.values()),
        files=list(world.files.values()),
        persons=list(world.persons.values()),
        chats=list(world.chats.values()),
        presses=list(world.presses.values()),
        events=[event for event in world.journal.events if event.kind is not EventKind.CALL],
        updates=list(world.updates.queue),
        last_update_id=world.updates.last_id,
        last_poll_id=world.polls.last_id,
        allowed=world.updates.allowed,
        asked=world.updates.asked,
        commands=world.commands.lists,
        descriptions=world.descriptions,
        menu_buttons=world.menu_buttons,
        groups_made=world.groups_made,
        supergroups_made=world.supergroups_made,
    )
    return json.dumps(_fields(kept), ensure_ascii=False, separators=(",", ":"))


def save(path: Path, text: str) -> None:
    """All or nothing: a crash in between leaves the earlier file."""
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read(text: str) -> Kept:
    """Raises ValueError for anything that `write` has not written."""
    data = json.loads(text)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"no world of format {FORMAT}")
    try:
        kept = _Reader().value(Kept, data)
    except (TypeError, KeyError, LookupError) as error:
        raise ValueError(f"not a whole world: {error!r}") from error
    assert isinstance(kept, Kept)
    return kept


def restore(kept: Kept, clock: Clock, token: str) -> World:
    """The world as it was, under a new token."""
    world = World(clock, token)
    world.persons = {one.id: one for one in kept.persons}
    world.bot = world.persons[BOT_ID]
    world.chats = {one.id: one for one in kept.chats}
    world.presses = {one.id: one for one in kept.presses}
    world.files = {one.id: one for one in kept.files}
    for poll in kept.polls:
        world.polls.add(poll)
    world.polls.last_id = kept.last_poll_id + SPARE_IDS
    updates = world.updates
    updates.queue = deque(kept.updates)
    updates.last_id, updates.allowed, updates.asked = kept.last_update_id + SPARE_IDS, kept.allowed, kept.asked
    world.commands.lists = kept.commands
    world.descriptions, world.menu_buttons = kept.descriptions, kept.menu_buttons
    world.groups_made, world.supergroups_made = kept.groups_made, kept.supergroups_made
    for one in kept.events:
        world.journal.write(
            one.kind, one.at, chat_id=one.chat_id, message_id=one.message_id, person_id=one.person_id, detail=one.detail
        )
    return world


def _fields(value: object) -> dict[str, object]:
    assert is_dataclass(value)
    return {one.name: _plain(getattr(value, one.name), value) for one in fields(value)}


def _plain(value: object, holder: object) -> object:
    """As JSON has it; mappings with other keys than texts become pairs."""
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case Poll() | File() if not isinstance(holder, Kept):
            return value.id
        case Mapping():
            return _mapping(value, holder)
        case Collection():
            return [_plain(one, holder) for one in (sorted(value) if isinstance(value, frozenset) else value)]
    return _fields(value)


def _mapping(value: Mapping[object, object], holder: object) -> object:
    if all(type(key) is str for key in value):
        return {key: _plain(one, holder) for key, one in value.items()}
    return [[_plain(key, holder), _plain(one, holder)] for key, one in value.items()]


class _Reader:
    """Builds values by their type hints; polls and files, read first, are found again by id."""

    def __init__(self) -> None:
        self._shared: dict[tuple[type, str], object] = {}

    def value(self, hint: object, data: object) -> object:
        origin, inner = get_origin(hint) or hint, get_args(hint)
        if origin in (Union, UnionType):
            return None if data is None else self.value(next(one for one in inner if one is not NoneType), data)
        if isinstance(data, list):
            return self._collection(origin, inner, data)
        if isinstance(data, dict) and origin is dict:
            return {key: self.value(inner[1], one) for key, one in data.items()}
        return self._single(origin, data) if isinstance(origin, type) else data

    def _collection(self, origin: object, inner: tuple[object, ...], data: list[object]) -> object:
        if origin is dict:
            return {self.value(inner[0], key): self.value(inner[1], one) for key, one in map(_pair, data)}
        if origin is tuple and inner[-1] is not Ellipsis:
            return tuple(self.value(one, part) for one, part in zip(inner, data, strict=True))
        read = [self.value(inner[0], one) for one in data] if inner else data
        return tuple(read) if origin is tuple else frozenset(read) if origin is frozenset else read

    def _single(self, kind: type, data: object) -> object:
        if kind in SHARED and isinstance(data, str):
            return self._shared[kind, data]
        if is_dataclass(kind) and isinstance(data, dict):
            made = kind(**{name: self.value(hint, data[name]) for name, hint in _hints(kind).items()})
            if isinstance(made, (Poll, File)):
                self._shared[kind, made.id] = made
            return made
        if issubclass(kind, Enum):
            return kind(data)
        if kind is datetime and isinstance(data, str):
            return datetime.fromisoformat(data)
        return base64.b64decode(data) if kind is bytes and isinstance(data, str) else data


def _pair(data: object) -> tuple[object, object]:
    assert isinstance(data, list)
    key, value = data
    return key, value


@cache
def _hints(kind: type) -> dict[str, object]:
    return get_type_hints(kind, localns=NAMES)
