"""What stands further down a question list, where a line alone does not say what it is."""

import re
from collections.abc import Iterator, Sequence

from bot.banks.formats import letters, wording
from bot.banks.formats.key_table import KeyTable, entries, rows, type_before
from bot.banks.formats.wording import Kind, Wording

_FAR = 60  # lines: longer than a question with its material
_RANGE = re.compile(r"\d{1,4}\s*[-~—–至到]\s*\d{1,4}(?!\d*[年月日%])")


class Ahead:
    def __init__(self, lines: Sequence[Wording]) -> None:
        self._lines = lines

    def after(self, at: int) -> Iterator[tuple[int, Wording]]:
        """The lines with words behind one."""
        for place in range(at + 1, min(at + 1 + _FAR, len(self._lines))):
            line = self._lines[place]
            if line.kind not in {Kind.BLANK, Kind.NOISE}:
                yield place, line

    def next(self, at: int) -> Wording | None:
        return next((line for _, line in self.after(at)), None)

    def options_follow(self, at: int) -> bool:
        line = self.next(at)
        return line is not None and line.kind is Kind.TEXT and letters.letter_of(line.half) == "A"

    def key_follows(self, at: int) -> bool:
        """Whether a key stands below, before the next heading or number."""
        for _, line in self.after(at):
            if line.kind is Kind.KEY:
                return True
            if line.kind is Kind.SECTION or line.number is not None:
                return False
        return False

    def is_question(self, at: int) -> bool:
        """Whether a numbered line shows what only a question has: a key or options, in it or before the next number."""
        line = self._lines[at]
        words = line.half[line.start :]
        if wording.has_bracket_key(words) or letters.options_after(words, 0) is not None:
            return True
        for _, below in self.after(at):
            if below.kind is Kind.KEY or letters.letter_of(below.half) == "A":
                return True
            if below.kind is Kind.SECTION or below.number is not None:
                return False
        return False

    def table_follows(self, at: int, table: KeyTable) -> bool:
        """Whether below a heading, and perhaps below that of a type, stands a line of a table of keys."""
        for place, line in self.after(at):
            if line.kind is not Kind.SECTION:
                return self.is_of_table(place, table)
            table.begin_section(line.word)
        return False

    def is_of_table(self, at: int, table: KeyTable) -> bool:
        line = self._lines[at]
        if line.kind is not Kind.TEXT:
            return False
        _, start = type_before(line.half)
        if entries(line.text[start:], line.half[start:]) or is_range(line) or self.lying(at):
            return True
        return self.is_behind_number(at) or (self.is_own_text(at, table) and table.is_first(line.number or 0))

    def lying(self, at: int) -> bool:
        below = self._lines[at + 1] if at + 1 < len(self._lines) else None
        return below is not None and rows(self._lines[at].half, below.half) is not None

    def is_behind_number(self, at: int) -> bool:
        """1.【答案】B"""
        line = self._lines[at]
        below = self._lines[at + 1] if at + 1 < len(self._lines) else None
        is_alone = line.number is not None and not line.words
        return is_alone and below is not None and below.is_inside and below.kind is Kind.KEY

    def is_own_text(self, at: int, table: KeyTable) -> bool:
        """An answer in words: 1、每季度, for a question without options."""
        line = self._lines[at]
        draft = table.find(line.number) if line.number is not None else None
        return draft is not None and not draft.raw.options and bool(line.words) and not self.is_question(at)


def is_range(line: Wording) -> bool:
    """It begins as `1-5` does, though the rest may not fit."""
    return _RANGE.match(line.half) is not None
