"""Telegram's HTML to text and entities, and the entities that Telegram finds by itself. Offsets are UTF-16 units."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlsplit

from bot.demo.messages import Entity
from bot.demo.refusals import Refused, unparsable

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "u": "underline",
    "ins": "underline",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
UNTOUCHED = ("code", "pre", "text_link", "text_mention")  # nothing is found by itself inside these

_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-zA-Z]+));?")
_SPECIAL = re.compile(r"[<&]")
_SPACE = re.compile(r"\s*")
_TAG_NAME = re.compile(r"[^\s>]*")
_ATTRIBUTE_NAME = re.compile(r"""[^\s=>/"']*""")
_TOKEN = re.compile(r"[A-Za-z0-9.-]*")
_FOUND = re.compile(
    r"(?P<url>(?:https?|tg)://[^\s<>\"'，。；：、！？（）《》〔〕“”]+|(?<![\w@./-])t\.me/[\w/?=&-]+)"
    r"|(?<![\w/<>])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?![\w/<>])"
    r"|(?<![\w@])(?P<mention>@[A-Za-z0-9_]{4,32})(?!\w)"
)


def units(text: str) -> int:
    """Length in UTF-16 units, Telegram's measure."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse(source: str) -> tuple[str, tuple[Entity, ...]]:
    """Text and entities of Telegram HTML, trimmed; raises the server's refusal for what it cannot read."""
    text, entities = _Parser(source).run() if _SPECIAL.search(source) else (source, [])
    return _trim(text, entities)


def plain(source: str, entities: Iterable[Entity] = ()) -> tuple[str, tuple[Entity, ...]]:
    return _trim(source, list(entities))


def find(text: str, given: Iterable[Entity] = ()) -> tuple[Entity, ...]:
    """The given entities and the commands, mentions and addresses that stand in the text, in Telegram's order."""
    entities = list(given)
    taken = [(e.offset, e.offset + e.length) for e in entities if e.type in UNTOUCHED]
    for match in _FOUND.finditer(text):
        found = match.group().rstrip(".,:;!?") if match.lastgroup == "url" else match.group()
        start = units(text[: match.start()])
        end = start + units(found)
        if not any(start < right and left < end for left, right in taken):
            entities.append(Entity(match.lastgroup or "", start, end - start))
    return _ordered(entities)


def _ordered(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    return tuple(sorted(entities, key=lambda entity: (entity.offset, -entity.length)))


def _trim(text: str, entities: list[Entity]) -> tuple[str, tuple[Entity, ...]]:
    text = text.replace("\r", "")
    shorter = text.lstrip()
    cut = units(text[: len(text) - len(shorter)])
    shorter = shorter.rstrip()
    end = units(shorter)
    kept = []
    for entity in entities:
        first = max(entity.offset - cut, 0)
        last = min(entity.offset + entity.length - cut, end)
        if last > first:
            kept.append(replace(entity, offset=first, length=last - first))
    return shorter, _ordered(kept)


@dataclass(slots=True)
class _Open:
    tag: str
    offset: int
    start: int  # index in the pieces of the result, for the text inside
    attributes: dict[str, str]


@dataclass(slots=True)
class _Parser:
    source: str
    at: int = 0
    offset: int = 0
    pieces: list[str] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)

    def run(self) -> tuple[str, list[Entity]]:
        while special := _SPECIAL.search(self.source, self.at):
            self._take(self.source[self.at : special.start()])
            self.at = special.start()
            if special.group() == "&":
                self._take(self._reference())
            elif self.source.startswith("</", self.at):
                self._end_tag()
            else:
                self._start_tag()
        self._take(self.source[self.at :])
        if self.open:
            raise unparsable(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        return "".join(self.pieces), self.entities

    def _take(self, piece: str) -> None:
        self.pieces.append(piece)
        self.offset += units(piece)

    def _error(self, message: str, at: int) -> Refused:
        return unparsable(f"{message} at byte offset {len(self.source[:at].encode())}")

    def _reference(self) -> str:
        """The character written as `&…;` at this place, or the ampersand itself; moves behind it."""
        match = _REFERENCE.match(self.source, self.at)
        char = _referred(match) if match else ""
        if match and char:
            self.at = match.end()
            return char
        self.at += 1
        return "&"

    def _span(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.source, self.at)
        assert match is not None
        self.at = match.end()
        return match.group()

    def _char(self) -> str:
        return self.source[self.at : self.at + 1]

    def _start_tag(self) -> None:
        begin = self.at
        self.at += 1
        tag = self._span(_TAG_NAME).lower()
        if not self._char():
            raise self._error("Unclosed start tag", begin)
        if tag not in TAGS:
            raise self._error(f'Unsupported start tag "{tag}"', begin)
        attributes = self._attributes(tag, begin)
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise self._error('Tag "span" must have class "tg-spoiler"', begin)
        self.open.append(_Open(tag, self.offset, len(self.pieces), attributes))

    def _attributes(self, tag: str, begin: int) -> dict[str, str]:
        found: dict[str, str] = {}
        while True:
            self._span(_SPACE)
            if self._char() == ">":
                self.at += 1
                return found
            name = self._span(_ATTRIBUTE_NAME)
            if not name:
                if not self._char():
                    raise self._error("Unclosed start tag", begin)
                raise self._error(f'Empty attribute name in the tag "{tag}"', begin)
            self._span(_SPACE)
            found[name] = ""
            if self._char() == "=":
                self.at += 1
                self._span(_SPACE)
                found[name] = self._attribute_value()
            if not self._char():
                raise self._error("Unclosed start tag", begin)

    def _attribute_value(self) -> str:
        quote = self._char()
        if quote not in ("'", '"'):
            start = self.at
            value = self._span(_TOKEN).lower()
            if self._char() and self._char() != ">" and not self._char().isspace():
                raise self._error("Unexpected end of name token", start)
            return value
        self.at += 1
        pieces = []
        while self._char() not in ("", quote):
            if self._char() == "&":
                pieces.append(self._reference())
            else:
                pieces.append(self._char())
                self.at += 1
        self.at += 1
        return "".join(pieces)

    def _end_tag(self) -> None:
        begin = self.at
        if not self.open:
            raise self._error("Unexpected end tag", begin)
        self.at += 2
        name = self._span(_TAG_NAME)
        self._span(_SPACE)
        if self._char() != ">":
            raise self._error("Unclosed end tag", begin)
        self.at += 1
        last = self.open[-1]
        if name and name != last.tag:
            where = len(self.source[:begin].encode())
            wrong = f'expected "</{last.tag}>", found "</{name}>"'
            raise unparsable(f"Unmatched end tag at byte offset {where}, {wrong}")
        self.open.pop()
        if self.offset > last.offset:
            self._close(last)

    def _close(self, last: _Open) -> None:
        entity = Entity(TAGS[last.tag], last.offset, self.offset - last.offset)
        inside = "".join(self.pieces[last.start :])
        if last.tag == "a":
            self._close_link(entity, last.attributes.get("href") or inside)
        elif last.tag == "pre":
            self._close_pre(entity)
        else:
            self.entities.append(_dressed(entity, last))

    def _close_link(self, entity: Entity, target: str) -> None:
        parts = urlsplit(target)
        user_id = parse_qs(parts.query).get("id", [""])[0]
        if parts.scheme == "tg" and parts.netloc == "user" and user_id.isdigit():
            self.entities.append(replace(entity, type="text_mention", user_id=int(user_id)))
        elif is_address(target):
            self.entities.append(replace(entity, url=target))

    def _close_pre(self, entity: Entity) -> None:
        last = self.entities[-1] if self.entities else None
        if last and last.type == "code" and (last.offset, last.length) == (entity.offset, entity.length):
            self.entities.pop()
            entity = replace(entity, language=last.language)
        self.entities.append(entity)


def _referred(match: re.Match[str]) -> str:
    hexadecimal, decimal, name = match.groups()
    if name:
        return NAMED.get(name, "")
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return chr(code) if 0 < code < 0x10FFFF and not 0xD800 <= code < 0xE000 else ""


def _dressed(entity: Entity, tag: _Open) -> Entity:
    """The entity with what its tag's attributes say."""
    given = tag.attributes
    if tag.tag == "code" and given.get("class", "").startswith("language-"):
        return replace(entity, language=given["class"].removeprefix("language-"))
    if tag.tag == "blockquote" and "expandable" in given:
        return replace(entity, type="expandable_blockquote")
    if tag.tag == "tg-emoji":
        return replace(entity, custom_emoji_id=given.get("emoji-id", ""))
    if tag.tag == "tg-time" and given.get("unix", "").isdigit():
        return replace(entity, unix_time=int(given["unix"]), date_time_format=given.get("format"))
    return entity


def is_address(url: str) -> bool:
    """Whether Telegram would take this as the target of a link or button."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
    except ValueError:
        return False
    if re.search(r"\s", url):
        return False
    if parts.scheme in ("tg", "ton"):
        return bool(parts.netloc)
    return parts.scheme in ("http", "https") and "." in (parts.hostname or "").strip(".")
