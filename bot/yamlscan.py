"""The raw lines of a YAML file: mistakes a parser would blame on the wrong line, or swallow. Positions, no nodes."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple


@dataclass(frozen=True)
class Fault:
    """A mistake as plain data; line and column count from 1, columns in characters."""

    code: str
    line: int
    column: int
    params: Mapping[str, str | int] = field(default_factory=dict)


class _Quote(NamedTuple):
    mark: str
    line: int
    column: int
    is_key_allowed: bool


MOST = 1000  # nobody mends more at a time, and a file made to have millions must not fill the memory
WIDE_COLON = "\N{FULLWIDTH COLON}"
SPECIAL = "@%*&!`[{"
# White space is a space or a tab throughout: to YAML the ideographic space is a letter like any other.
LEAD = re.compile(r"[ \t]*(?:[-?:][ \t]+)*")
KEY = re.compile(
    r"""(?P<key>"(?:[^"\\]|\\.)*+"|'(?:[^']|'')*+'|[^ \t"'\[\]{},#&*!|>%@`].*?)(?<![ \t])[ \t]*+:(?=[ \t]|$)"""
)
BLOCK_SCALAR = re.compile(r"[|>][-+0-9]*[ \t]*(?:[ \t]#.*)?$")
INNER_COLON = re.compile(r":(?=[ \t]|$)")
COMMENT = re.compile(r"(?:^|[ \t])#")
CLOSING = {'"': re.compile(r'(?:[^"\\]|\\.)*+"'), "'": re.compile(r"(?:[^']|'')*+'")}
AFTER_VALUE = re.compile(r"[ \t]*$|[ \t]+#")
AFTER_ITEM = re.compile(r"[ \t]*$|[ \t]+#|[ \t]*:(?=[ \t]|$)")
AFTER_FLOW = re.compile(r"[ \t]*(?:$|[,\]}:])|[ \t]+#")
FLOW = re.compile(
    r"""[ \t]*+(?:\?[ \t]++)?(?:(?P<punct>[,\[\]{}])|(?P<quote>["'])|(?P<comment>\#.*)|(?P<colon>:(?=[ \t,\[\]{}]|$))
    |(?P<plain>(?:[^ \t,\[\]{}:]|:(?=[^ \t,\[\]{}])|[ \t]++(?=[^ \t,\[\]{}:\#]))+))""",
    re.VERBOSE,
)


def scan(text: str, keys: frozenset[str], text_keys: frozenset[str]) -> list[Fault]:
    """E002 to E008, outside block scalars. `text_keys` are the known keys whose value is a sentence."""
    lines = _Lines(_known(keys), text_keys)
    for number, line in enumerate(text.split("\n"), start=1):
        lines.feed(number, line)
    lines.end()
    return lines.faults


@lru_cache(maxsize=32)
def _known(keys: frozenset[str]) -> re.Pattern[str]:
    """A known key before a wide colon, or before a colon without its space."""
    words = "|".join(re.escape(key) for key in sorted(keys, key=len, reverse=True)) or r"(?!)"
    return re.compile(rf"(?P<word>{words})[ \t]*(?:(?P<wide>{WIDE_COLON})|(?P<tight>:(?=[^ \t])))")


class _Lines:
    """Follows block scalars, quotes and brackets from line to line, just far enough to know what a colon means."""

    def __init__(self, known: re.Pattern[str], text_keys: frozenset[str]) -> None:
        self.faults: list[Fault] = []
        self._known = known
        self._text_keys = text_keys
        self._number = 0
        self._block: int | None = None  # inside a block scalar whose parent stands at this column
        self._plain: int | None = None  # deeper lines only continue the plain value begun at this column
        self._quote: _Quote | None = None
        self._brackets: list[str] = []
        self._key: str | None = None  # the flow key whose value is being read
        self._is_value = False

    def feed(self, number: int, line: str) -> None:
        self._number = number
        stripped = line.strip(" \t")
        if self._quote is not None:
            end = self._close_quote(line, 0)
            if self._brackets:
                self._flow(line, end)
            return
        indent = len(line) - len(line.lstrip(" "))
        if self._is_inside_block(stripped, indent):
            return
        if "\t" in line[: len(line) - len(line.lstrip(" \t"))]:
            self._add("E003", line.index("\t"))
        if self._brackets:
            self._flow(line, 0)
        elif stripped and not stripped.startswith("#"):
            self._block_line(line, indent)

    def end(self) -> None:
        if self._quote is not None:
            self.faults.append(Fault("E006", self._quote.line, self._quote.column))

    def _add(self, code: str, index: int, **params: str | int) -> None:
        if len(self.faults) < MOST:
            self.faults.append(Fault(code, self._number, index + 1, params))

    def _is_inside_block(self, stripped: str, indent: int) -> bool:
        if self._block is None:
            return False
        if not stripped or indent > self._block:
            return True
        self._block = None
        return False

    def _block_line(self, line: str, indent: int) -> None:
        lead = LEAD.match(line)
        start = lead.end() if lead else 0
        if (known := self._known.match(line, start)) is not None:
            self._plain = None
            self._add_colon(known)
            self._value(line, known.end(), known["word"], start)
            return
        is_continued = self._plain is not None and indent > self._plain
        if is_continued:
            return
        self._plain = None
        if (found := KEY.match(line, start)) is not None:
            self._value(line, found.end(), found["key"], start)
        else:
            self._value(line, start, None, indent)

    def _add_colon(self, known: re.Match[str]) -> None:
        code = "E002" if known["wide"] else "E004"
        self._add(code, known.end() - 1)

    def _value(self, line: str, index: int, key: str | None, column: int) -> None:
        """What follows a key, or an item of a list: `column` is where lines that belong to it must be deeper than."""
        index += len(line) - index - len(line[index:].lstrip(" \t"))
        first = line[index : index + 1]
        if first in {"", "#"}:
            return
        if first in {'"', "'"}:
            self._open_quote(line, index, is_key_allowed=key is None)
        elif BLOCK_SCALAR.match(line, index):
            self._block = column
        elif first in "[{":
            self._check_special(first, index, key)
            self._flow(line, index)
        elif not self._check_special(first, index, key):
            self._plain = column
            self._check_plain(line, index)

    def _check_special(self, first: str, index: int, key: str | None) -> bool:
        if key not in self._text_keys or first not in SPECIAL:
            return False
        self._add("E005", index, c=first)
        return True

    def _check_plain(self, line: str, index: int) -> None:
        comment = COMMENT.search(line, index)
        inner = INNER_COLON.search(line, index, comment.start() if comment else len(line))
        if inner is not None and inner.start() > index:
            self._add("E008", inner.start())

    def _open_quote(self, line: str, index: int, *, is_key_allowed: bool) -> int | None:
        self._quote = _Quote(line[index], self._number, index + 1, is_key_allowed)
        return self._close_quote(line, index + 1)

    def _close_quote(self, line: str, index: int) -> int | None:
        """Where the open quote ends, or None if it goes on in the next line."""
        assert self._quote is not None
        quote = self._quote
        closing = CLOSING[quote.mark].match(line, index)
        if closing is None:
            return None
        self._quote = self._plain = None
        allowed = AFTER_FLOW if self._brackets else AFTER_ITEM if quote.is_key_allowed else AFTER_VALUE
        if allowed.match(line, closing.end()) is None:
            self.faults.append(Fault("E006", quote.line, quote.column))
        return closing.end()

    def _flow(self, line: str, index: int | None) -> None:
        """Follow brackets from `index` until they close or the line ends; None: the line ends in a quote."""
        while index is not None and (token := FLOW.match(line, index)) is not None:
            index = token.end()
            if token["punct"]:
                self._bracket(token["punct"], index - 1)
                if not self._brackets:
                    return
            elif token["quote"]:
                index = self._open_quote(line, index - 1, is_key_allowed=True)
            elif token["colon"]:
                self._colon(index - 1)
            elif token["plain"]:
                self._flow_plain(line, token)
            else:
                return

    def _bracket(self, mark: str, index: int) -> None:
        if mark in "[{":
            if self._is_value:
                self._check_special(mark, index, self._key)
            self._brackets.append(mark)
        elif mark in "]}":
            self._brackets.pop()
        self._is_value = False
        self._key = None

    def _colon(self, index: int) -> None:
        if self._is_value:
            self._add("E008", index)
        self._is_value = True

    def _flow_plain(self, line: str, token: re.Match[str]) -> None:
        start = token.start("plain")
        if self._is_value:
            self._check_special(line[start], start, self._key)
            return
        known = self._known.match(line, start)
        if self._brackets[-1] == "{" and known is not None and known.end() <= token.end():
            self._add_colon(known)
        self._key = token["plain"]


def in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Sorted by place, each place and code once."""
    unique = {(fault.line, fault.column, fault.code): fault for fault in faults}
    return tuple(unique[place] for place in sorted(unique))
