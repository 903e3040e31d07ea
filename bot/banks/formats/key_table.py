"""Tables of keys at the end of a list or of a section: `1-5 BACDA`, `1.B 2.A`, counted anew per section."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.banks.formats.drafting import Draft
from bot.banks.formats.wording import JUDGEMENT, LETTERS, TYPE
from bot.banks.rules import At

_RANGE = re.compile(r"(\d{1,5})\s*(?:-{1,2}|[~—–―─至到])\s*(\d{1,5})\s*题?\s*[:.、)\s]*")
_ONE = re.compile(r"第?\s*(\d{1,5})\s*题?\s*[.、:)\s\-]*")
_RUN = re.compile(rf"(?:{JUDGEMENT}|[A-La-l]|[\s,、;/|。.()])+")
_VALUE = re.compile(rf"[(\[【]?\s*({LETTERS}|{JUDGEMENT})\s*[)\]】]?(?![A-Za-z一-鿿])")
_PARTS = re.compile(r"正确|错误|[A-Za-z√×对错是否]")
_GAP = re.compile(r"[\s,、;。.|]*")
_NUMERAL = "[一二三四五六七八九十]{1,3}"
_TYPED = re.compile(rf"(?:{_NUMERAL}\s*[、.]|\({_NUMERAL}\)|\d{{1,2}}\s*[、.])?\s*((?:{TYPE})题?)\s*:?\s*(?=\d)")
_COUNTED = re.compile(rf"(?:{_NUMERAL}\s*[、.:]|\({_NUMERAL}\))\s*(?=\d)")
_NUMBERS = re.compile(r"题号\s*:?\s*((?:\d{1,4}\s*)+)")
_ROW = re.compile(r"(?:正确|参考)?答案\s*:?\s*(.+)")

_MOST_IN_RANGE = 1000
_MOST_BLOCKS = 60  # a table may stand at the end of so many headings


@dataclass(frozen=True, slots=True)
class Entry:
    number: int
    answer: str


def type_before(half: str) -> tuple[str, int]:
    """The type that stands in front of the entries of a line and where they begin: 一、单选题：1-5 BACDA."""
    if found := _TYPED.match(half):
        return found[1], found.end()
    counted = _COUNTED.match(half)
    return "", counted.end() if counted else 0


def entries(text: str, half: str) -> list[Entry] | None:
    """The entries a line consists of, None if it is anything else."""
    found: list[Entry] = []
    at = 0
    while at < len(half):
        run = _range(half, at) or _single(text, half, at)
        if run is None:
            return None
        found += run[0]
        at = _skipped(half, run[1])
    return found or None


def _skipped(half: str, at: int) -> int:
    gap = _GAP.match(half, at)
    return gap.end() if gap else at


def _range(half: str, at: int) -> tuple[list[Entry], int] | None:
    found = _RANGE.match(half, at)
    run = _RUN.match(half, found.end()) if found else None
    if found is None or run is None:
        return None
    first, last = int(found[1]), int(found[2])
    if not 0 <= last - first < _MOST_IN_RANGE:
        return None
    answers = _told_apart(run[0], last - first + 1)
    return ([*map(Entry, range(first, last + 1), answers)], run.end()) if answers else None


def _told_apart(run: str, count: int) -> list[str]:
    """The answers of a run: its groups if there are so many, else its letters; none if neither fits."""
    for parts in ([part for part in re.split(r"[\s,、;/|。.()]+", run) if part], _PARTS.findall(run)):
        if len(parts) == count:
            return parts
    return []


def _single(text: str, half: str, at: int) -> tuple[list[Entry], int] | None:
    found = _ONE.match(half, at)
    value = _VALUE.match(half, found.end()) if found else None
    if found is None or value is None:
        return None
    return [Entry(int(found[1]), text[value.start(1) : value.end(1)].strip())], value.end()


def rows(numbers: str, answers: str) -> list[Entry] | None:
    """A table that lies: 题号 1 2 3 above 答案 B A C."""
    above, below = _NUMBERS.fullmatch(numbers), _ROW.fullmatch(answers)
    if above is None or below is None:
        return None
    counted = [int(number) for number in above[1].split()]
    told = _told_apart(below[1], len(counted))
    return [*map(Entry, counted, told)] if told else None


@dataclass(slots=True)
class Block:
    """The questions below one heading, or from one number 1 to the next."""

    kind: str
    drafts: dict[int, Draft] = field(default_factory=dict)
    first: int = 0
    last: int = 0
    keyed: int = 0  # of them those that were read to their end and have a key

    def add(self, number: int, draft: Draft) -> None:
        self.first = min(self.first, number) if self.drafts else number
        self.last = max(self.last, number)
        self.drafts[number] = draft

    @property
    def waits_for_keys(self) -> bool:
        """Most have none: a single one in a stem's bracket may be something else."""
        return self.keyed * 2 < len(self.drafts)


class KeyTable:
    """Gives the entries below one heading to the questions above it that have no key yet."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._waiting = [block for block in blocks[-_MOST_BLOCKS:] if block.waits_for_keys]
        self._at = 0
        self._last = 0
        self._given = False

    def begin_section(self, kind: str) -> None:
        """Go to the next questions of this type; a type that nobody waits for takes no entry."""
        left = self._waiting[self._at + (1 if self._given else 0) :]
        fitting = [block for block in left if _is_same(block.kind, kind)] or [block for block in left if not block.kind]
        self._at = self._waiting.index(fitting[0]) if fitting else len(self._waiting)
        self._last, self._given = 0, False

    def find(self, number: int) -> Draft | None:
        """The question an entry is for: in this block, after a restart in the next, or where the count goes on."""
        at = self._at + (1 if self._given and number <= self._last else 0)
        for place in range(at, len(self._waiting)):
            draft = self._waiting[place].drafts.get(number)
            if draft is not None:
                return draft
            if number <= self._last or not self._is_later(place, number):
                return None
        return None

    def _is_later(self, place: int, number: int) -> bool:
        return number > self._waiting[place].last

    def is_first(self, number: int) -> bool:
        """Whether a table may begin with this number."""
        return any(block.first == number for block in self._waiting[self._at :])

    def give(self, entry: Entry, at: At) -> Draft | None:
        """The question that took the entry."""
        draft = self.find(entry.number)
        if draft is None or not draft.add_answer(entry.answer, at):
            return None
        while self._waiting[self._at].drafts.get(entry.number) is not draft:
            self._at += 1
        self._waiting[self._at].keyed += 1
        self._last, self._given = entry.number, True
        return draft


def _is_same(kind: str, other: str) -> bool:
    """单选题 and 单项选择题 begin alike, as do all names of one type."""
    return kind[:1] == other[:1]
