"""YAML text to nodes with line and column: strict, and every scalar stays the author's text. Knows no key by itself."""

import codecs
import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Table
from collections.abc import Sequence as Row
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import NamedTuple, Protocol, TypeAlias, cast

import yaml

from bot.yamlscan import Fault, in_order, scan

__all__ = [
    "USUAL_LIMITS",
    "Document",
    "Fault",
    "Limits",
    "Mapping",
    "Node",
    "Plain",
    "Scalar",
    "Sequence",
    "Words",
    "describe",
    "line",
    "nearest",
    "place",
    "plain",
    "read",
]

Loader: TypeAlias = type[yaml.BaseLoader] | type[yaml.CBaseLoader]
Plain: TypeAlias = "str | list[Plain] | dict[str, Plain]"

FASTEST: Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
PLAIN_STYLES = ("", None)  # the C parser's word and the Python parser's
COMMENT = re.compile(r"[ \t]++#")
LONGEST_WORD = 60  # beyond it nobody meant a key, and comparing gets slow
# Control and format characters nobody sees, with the line ends that only YAML counts as such.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]"
)


class Scalar(NamedTuple):
    """One value as the author wrote it, without quotes. `key:` with nothing behind it is the text \"\"."""

    text: str
    line: int
    column: int


@dataclass(slots=True)
class Sequence:
    """A list; in a document without faults it is not changed any more."""

    line: int
    column: int
    items: "list[Node]" = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    """Keys and values in the author's order. `pairs` keeps a repeated key, `nodes` and `keys` the first of each."""

    line: int
    column: int
    pairs: "list[tuple[Scalar, Node]]" = field(default_factory=list)
    nodes: "dict[str, Node]" = field(default_factory=dict)
    keys: dict[str, Scalar] = field(default_factory=dict)

    def get(self, name: str) -> "Node | None":
        return self.nodes.get(name)

    def text(self, name: str) -> str | None:
        """The text under a key; None if the key is missing or holds a list or mapping."""
        node = self.nodes.get(name)
        return node.text if isinstance(node, Scalar) else None


Node: TypeAlias = Scalar | Sequence | Mapping


@dataclass(frozen=True)
class Words:
    """What the raw lines are judged by: known keys, those that hold a sentence, those whose mapping may repeat keys."""

    keys: frozenset[str] = frozenset()
    text_keys: frozenset[str] = frozenset()
    repeatable: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Limits:
    size: int = 1024 * 1024
    depth: int = 16
    nodes: int = 100_000


@dataclass(frozen=True)
class Document:
    """What was read. `root` is None for an empty file and whenever there are faults.

    `comments` gives, by the place of a plain value, the place of a `#` that cut it short.
    """

    root: Node | None
    faults: tuple[Fault, ...]
    comments: Table[tuple[int, int], tuple[int, int]] = field(default_factory=dict)


NO_WORDS = Words()
USUAL_LIMITS = Limits()


def read(
    data: bytes | str, words: Words = NO_WORDS, limits: Limits = USUAL_LIMITS, *, loader: Loader = FASTEST
) -> Document:
    """Everything wrong with the text is in `faults`, sorted by place; nothing is raised."""
    if len(data) > limits.size:
        return Document(None, (Fault("E011", 1, 1, {"size": _size(limits.size)}),))
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
    except UnicodeDecodeError as error:
        return Document(None, (_undecodable(data, error.start),))
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if invisible := tuple(_invisible(text)):
        return Document(None, invisible)
    return _compose(text, words, limits, loader)


def _compose(text: str, words: Words, limits: Limits, loader: Loader) -> Document:
    builder = _Builder(text, words, limits)
    broken: Fault | None = None
    try:
        builder.build(loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        broken = Fault("E009", mark.line + 1, mark.column + 1) if mark else Fault("E009", 1, 1)
    raw = scan(text, words.keys, words.text_keys)
    faults = in_order(_explained(builder.faults, raw, broken))
    return Document(None if faults else builder.root, faults, builder.comments)


def _explained(faults: list[Fault], raw: list[Fault], broken: Fault | None) -> list[Fault]:
    """A raw line names the cause: what the parser says is then only its echo."""
    if broken is not None and not raw:
        return [*faults, broken]
    causes = {(fault.line, fault.column) for fault in raw}
    return [*raw, *(fault for fault in faults if (fault.line, fault.column) not in causes)]


def _size(limit: int) -> str:
    mega = 1024 * 1024
    return f"{limit // mega} MB" if limit >= mega else f"{limit // 1024} KB"


def _undecodable(data: bytes | str, start: int) -> Fault:
    assert isinstance(data, bytes)
    before = data[:start].removeprefix(codecs.BOM_UTF8).decode("utf-8")
    return Fault("E001", before.count("\n") + 1, len(before) - before.rfind("\n"))


def _invisible(text: str) -> Iterator[Fault]:
    """The first of each line is enough to find the others."""
    if INVISIBLE.search(text) is None:
        return
    for number, content in enumerate(text.split("\n"), start=1):
        if found := INVISIBLE.search(content):
            yield Fault("E128", number, found.start() + 1)


class _Mark(Protocol):
    line: int
    column: int


class _Event(Protocol):
    """What the kinds of parser events carry, each as far as it has it; positions count from 0."""

    start_mark: _Mark
    end_mark: _Mark
    anchor: str | None
    tag: str | None
    tags: dict[str, str] | None
    version: tuple[int, int] | None
    value: str
    style: str | None


class _Builder:
    """Parser events to nodes, without recursion: neither depth nor aliases can cost more than the limits allow."""

    def __init__(self, text: str, words: Words, limits: Limits) -> None:
        self.root: Node | None = None
        self.faults: list[Fault] = []
        self.comments: dict[tuple[int, int], tuple[int, int]] = {}
        self._text = text
        self._lines = text.split("\n") if "#" in text else []
        self._words = words
        self._limits = limits
        self._open: list[Sequence | Mapping] = []
        self._keys: list[Scalar | None] = []  # for each open node the key that waits for its value
        self._documents = 0

    def build(self, loader: Loader) -> None:
        for count, event in enumerate(cast(Iterator[_Event], yaml.parse(self._text, Loader=loader))):
            kind: type[object] = type(event)
            if kind is yaml.ScalarEvent:
                self._scalar(event)
            else:
                self._structure(event, kind)
            if count > self._limits.nodes:
                self._add("E011", event, size=f"{self._limits.nodes} 个值")
                return
            if len(self._open) > self._limits.depth:
                self._add("E129", event)
                return
            if self._documents > 1:
                return

    def _add(self, code: str, event: _Event, **params: str | int) -> None:
        mark = event.start_mark
        self.faults.append(Fault(code, mark.line + 1, mark.column + 1, params))

    def _structure(self, event: _Event, kind: type[object]) -> None:
        if kind is yaml.MappingStartEvent:
            self._start(event, Mapping(event.start_mark.line + 1, event.start_mark.column + 1))
        elif kind is yaml.SequenceStartEvent:
            self._start(event, Sequence(event.start_mark.line + 1, event.start_mark.column + 1))
        elif kind in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
            self._keys.pop()
            self._put(self._open.pop())
        elif kind is yaml.AliasEvent:
            self._add("E010", event)
            self._put(Scalar("", event.start_mark.line + 1, event.start_mark.column + 1))
        elif kind is yaml.DocumentStartEvent:
            self._documents += 1
            if self._documents > 1 or event.version or event.tags:
                self._add("E010", event)

    def _start(self, event: _Event, node: Sequence | Mapping) -> None:
        if event.anchor is not None or event.tag is not None:
            self._add("E010", event)
        self._open.append(node)
        self._keys.append(None)

    def _scalar(self, event: _Event) -> None:
        mark = event.start_mark
        node = Scalar(event.value, mark.line + 1, mark.column + 1)
        if event.anchor is not None or event.tag is not None:
            self._add("E010", event)
        if self._lines:
            self._note_comment(event, node)
        self._put(node)

    def _note_comment(self, event: _Event, node: Scalar) -> None:
        end = event.end_mark
        if event.style in PLAIN_STYLES and (found := COMMENT.match(self._lines[end.line], end.column)):
            self.comments[node.line, node.column] = (end.line + 1, found.end())

    def _put(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
        elif (key := self._keys[-1]) is None:
            self._keys[-1] = self._as_key(node)
        else:
            self._keys[-1] = None
            self._pair(parent, key, node)

    def _as_key(self, node: Node) -> Scalar:
        if not isinstance(node, Scalar):
            self.faults.append(Fault("E009", node.line, node.column))
            return Scalar("", node.line, node.column)
        if node.text == "<<":
            self.faults.append(Fault("E010", node.line, node.column))
        return node

    def _pair(self, parent: Mapping, key: Scalar, node: Node) -> None:
        parent.pairs.append((key, node))
        first = parent.keys.setdefault(key.text, key)
        if first is key:
            parent.nodes[key.text] = node
        elif not self._is_repeatable():
            self.faults.append(Fault("E013", key.line, key.column, {"key": key.text, "n": first.line}))

    def _is_repeatable(self) -> bool:
        owner = self._keys[-2] if len(self._keys) > 1 else None
        return owner is not None and owner.text in self._words.repeatable


def plain(node: Node) -> Plain:
    """The same data without places, for a validator; every value is still text."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {name: plain(value) for name, value in node.nodes.items()}


def place(root: Node, path: Row[str | int]) -> tuple[int, int]:
    """Line and column of what a path of keys and indexes leads to, or of the last step that exists.

    A path that ends in a mapping's key leads to its value, as validators name it.
    """
    node = root
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str) and step in node.nodes:
            node = node.nodes[step]
        elif isinstance(node, Sequence) and isinstance(step, int) and 0 <= step < len(node.items):
            node = node.items[step]
        else:
            break
    return node.line, node.column


def nearest(word: str, known: Iterable[str], aliases: Table[str, str] = MappingProxyType({})) -> str | None:
    """What was probably meant: the alias table first, then the most similar known word, or nothing."""
    if len(word) > LONGEST_WORD:
        return None
    if (meant := aliases.get(word.strip().casefold())) is not None:
        return meant
    return next(iter(get_close_matches(word.strip().casefold(), list(known), n=1, cutoff=0.6)), None)


TEXTS = {
    "E001": "文件不是 UTF-8 编码，请在编辑器里另存为 UTF-8 再发。",
    "E002": "冒号是中文全角“：”，请改成半角“:”加一个空格。",
    "E003": "行首有制表符（Tab），YAML 只能用空格缩进。",
    "E004": "冒号后面少一个空格。",
    "E005": "值以“{c}”开头，YAML 有特殊含义，请把整句放进英文双引号。",
    "E006": "英文引号没有包住整句：请改用中文引号“”，或把整句放进一对英文引号。",
    "E008": "句中有“: ”（半角冒号加空格），请改成中文冒号，或把整句放进英文双引号。",
    "E009": "这里读不下去，请检查上一行的缩进、引号和括号。",
    "E010": "不支持锚点、别名、类型标签、“<<”和多文档。",
    "E011": "超过上限：{size}。",
    "E013": "键“{key}”重复（上一次在第 {n} 行）。",
    "E128": "这里有看不见的控制字符，请删掉。",
    "E129": "层级太深。",
}


def describe(fault: Fault) -> str:
    """The Chinese text of a reading fault, without its place."""
    return TEXTS[fault.code].format(**fault.params)


def line(file: str, fault: Fault) -> str:
    """One printed line: `{file}:{line}:{column} {code} {text}`."""
    return f"{file}:{fault.line}:{fault.column} {fault.code} {describe(fault)}"
