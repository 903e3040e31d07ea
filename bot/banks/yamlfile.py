"""Single values out of the nodes of a bank file, each with what is wrong with it. Not what they mean together."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeGuard, TypeVar

from bot import yamlfile
from bot.banks import phrases
from bot.banks.rules import Bank, Issue, Place, Question, Rule
from bot.message import units
from bot.yamlfile import Node, Scalar, Sequence

Words = TypeVar("Words", bound=StrEnum)

SEPARATORS = re.compile(r"[\s,、;|/.。]+")
DECIMAL = re.compile(r"(\d{1,4})(?:\.(\d{1,2}))?")
WHOLE = re.compile(r"\d{1,9}")
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MIN_CENTI, MAX_CENTI = 1, 10_000
BLANK_RULES = frozenset({Rule.PROP, Rule.ALL})
ALL_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(slots=True)
class Draft:
    """A question as far as it could be read, with the nodes that say where its parts stand."""

    question: Question
    node: yamlfile.Mapping
    options: tuple[Node, ...]  # the option texts' nodes, in order
    is_whole: bool  # nothing in it was refused


@dataclass(slots=True)
class Reading:
    """A bank file as far as it could be read; `root` is None if not even its nodes could be."""

    file: str
    issues: list[Issue] = field(default_factory=list)
    root: yamlfile.Mapping | None = None
    bank: Bank | None = None  # without its questions
    drafts: list[Draft] = field(default_factory=list)
    comments: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    def add(self, code: str, at: Node | Place, **params: str | int) -> None:
        self.issues.append(Issue(code, self.file, Place(at.line, at.column), params))


class Values:
    """Single values out of nodes: each method reads one kind, notes what is wrong with it and goes on."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.add = reading.add

    def check_keys(self, node: yamlfile.Mapping, known: tuple[str, ...]) -> None:
        for name in node.nodes.keys() - set(known):
            near = phrases.nearest_key(name, known)
            self.add("E103", node.keys[name], key=name, **({"near": near} if near else {}))

    def scalar(self, node: yamlfile.Mapping, key: str) -> Scalar | None:
        """The text under a key; nothing if it is missing, empty, or no text."""
        value = node.nodes.get(key)
        if value is None:
            return None
        if not isinstance(value, Scalar):
            self.add("E015", value, key=key, kind="text")
            return None
        return value if value.text else None

    def required(self, node: yamlfile.Mapping, key: str) -> Scalar | None:
        if is_empty(node.nodes.get(key)):
            self.add("E012", node.nodes.get(key) or node, key=key)
            return None
        return self.scalar(node, key)

    def text(self, node: yamlfile.Mapping, key: str, most: int) -> str:
        value = self.scalar(node, key)
        return self.bounded(value, key, most) if value else ""

    def bounded(self, value: Scalar, key: str, most: int) -> str:
        text = value.text.strip()
        if (size := units(text)) > most:
            self.add("E118", value, key=key, lo="1", hi=str(most), chars=size)
        return text

    def texts(self, node: yamlfile.Mapping, key: str) -> list[Scalar]:
        """The texts of a list; an item that a `: ` made a mapping is told as such."""
        value = node.nodes.get(key)
        if is_empty(value):
            return []
        if not isinstance(value, Sequence):
            self.add("E015", value or node, key=key, kind="list")
            return []
        return [item for item in value.items if self.is_text(item, key)]

    def is_text(self, item: Node, key: str) -> TypeGuard[Scalar]:
        if isinstance(item, Scalar):
            return True
        if isinstance(item, yamlfile.Mapping) and len(item.pairs) == 1:
            name = item.pairs[0][0]
            self.add("E008", Place(name.line, name.column + len(name.text)))
        else:
            self.add("E015", item, key=key, kind="text")
        return False

    def mapping(self, node: yamlfile.Mapping, key: str, known: tuple[str, ...]) -> yamlfile.Mapping | None:
        value = node.nodes.get(key)
        if is_empty(value):
            return None
        if not isinstance(value, yamlfile.Mapping):
            self.add("E015", value or node, key=key, kind="mapping")
            return None
        if known:
            self.check_keys(value, known)
        return value

    def centi(self, node: yamlfile.Mapping, key: str) -> int | None:
        value = self.scalar(node, key)
        if value is None:
            return None
        found = DECIMAL.fullmatch(value.text)
        centi = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else 0
        if not MIN_CENTI <= centi <= MAX_CENTI:
            self.add("E118", value, key=key, lo="0.01", hi="100", v=value.text)
            return None
        return centi

    def whole(self, node: yamlfile.Mapping, key: str, lo: int, hi: int) -> int | None:
        value = self.scalar(node, key)
        if value is None:
            return None
        if WHOLE.fullmatch(value.text) and lo <= int(value.text) <= hi:
            return int(value.text)
        self.add("E118", value, key=key, lo=str(lo), hi=str(hi), v=value.text)
        return None

    def boolean(self, node: yamlfile.Mapping, key: str) -> bool | None:
        value = self.scalar(node, key)
        if value is None:
            return None
        if (is_true := phrases.BOOLEANS.get(value.text.casefold())) is None:
            self.add("E015", value, key=key, kind="boolean")
        return is_true

    def day(self, node: yamlfile.Mapping, key: str) -> date | None:
        value = self.scalar(node, key)
        if value is None:
            return None
        try:
            if ISO_DAY.fullmatch(value.text):
                return date.fromisoformat(value.text)
        except ValueError:
            pass  # such a day is not in the calendar: told below like any other wrong date
        self.add("E124", value, v=value.text)
        return None

    def word(self, node: yamlfile.Mapping, key: str, words: type[Words]) -> Words | None:
        value = self.scalar(node, key)
        if value is None:
            return None
        if value.text in {word.value for word in words}:
            return words(value.text)
        if words is Rule:
            self.add("E119", value, v=value.text)
        else:
            self.add("E015", value, key=key, kind=key)
        return None

    def letters(self, node: Node, key: str) -> str | None:
        """`ABC`, `A,C`, `A、C`, `[A, C]`, in any case or width, without the separators; None if it is no text."""
        items = node.items if isinstance(node, Sequence) else [node]
        if not all(self.is_text(item, key) for item in items):
            return None
        joined = ",".join(item.text for item in items if isinstance(item, Scalar))
        return SEPARATORS.sub("", unicodedata.normalize("NFKC", joined).upper())

    def blank_rule(self, node: yamlfile.Mapping, key: str) -> Rule | None:
        rule = self.word(node, key, Rule)
        if rule is not None and rule not in BLANK_RULES:
            self.add("E119", node.nodes[key], v=rule.value)
        return rule


def is_empty(node: Node | None) -> bool:
    return node is None or (isinstance(node, Scalar) and not node.text.strip())
