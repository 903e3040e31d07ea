"""The lines below 参考答案: entries, headings of types between them, and explanations behind them."""

from collections.abc import Sequence

from bot.banks.formats import ahead, key_table, wording
from bot.banks.formats.ahead import Ahead
from bot.banks.formats.drafting import Part
from bot.banks.formats.key_table import Entry, KeyTable
from bot.banks.formats.listing import Listing
from bot.banks.formats.wording import Kind, Wording
from bot.banks.rules import At


class TableLines:
    """Takes lines as long as they belong to a table of keys."""

    def __init__(self, listing: Listing, lines: Sequence[Wording], known: Ahead) -> None:
        self._listing, self._lines, self._ahead = listing, lines, known
        self._table: KeyTable | None = None
        self._number = 0  # 1. in front of 【答案】B
        self._lying: list[Entry] = []

    def begins(self, at: int, line: Wording) -> bool:
        """Begin below a heading that has a table below it, or with a key line that is one itself."""
        if line.kind is Kind.KEY and line.words:
            given = key_table.entries(line.words, wording.halved(line.words)) or []
            if len(given) > 1:
                self._give(self._begin(), given, line.at)
            return len(given) > 1
        if wording.heads_table(line):
            if not self._ahead.table_follows(at, KeyTable(self._listing.blocks)):
                return False
            table = self._begin()
            if kind := wording.type_in(line.half):
                table.begin_section(kind)
            return True
        if line.kind is Kind.TEXT and self._ahead.lying(at):
            self._begin()
            return self.take(at, line)
        return False

    def _begin(self) -> KeyTable:
        self._listing.close()
        self._table = KeyTable(self._listing.blocks)
        return self._table

    def _leave(self) -> bool:
        self._table = None
        self._listing.begin_block()
        return False

    def take(self, at: int, line: Wording) -> bool:
        """Whether the line belonged to the table; the first that does not ends it."""
        table = self._table
        if table is None:
            return False
        if line.kind is Kind.SECTION:
            if not self._ahead.table_follows(at - 1, table):
                return self._leave()
            table.begin_section(line.word)
            return True
        if line.kind is Kind.KEY:
            return self._take_key(table, line) or self._take_heading(table, at, line) or self._leave()
        if line.kind is Kind.LABEL:
            return self._leave() if line.word in {"stem", "kind"} else False
        return self._take_text(table, at, line)

    def _take_key(self, table: KeyTable, line: Wording) -> bool:
        given = self._lying or key_table.entries(line.words, wording.halved(line.words))
        if not given and self._number and line.words:
            given = [Entry(self._number, wording.without_stop(line.words))]
        self._lying, self._number = [], 0
        if given:
            self._give(table, given, line.at)
        return bool(given)

    def _take_heading(self, table: KeyTable, at: int, line: Wording) -> bool:
        is_one = wording.heads_table(line) and self._ahead.table_follows(at, table)
        if is_one and (kind := wording.type_in(line.half)):
            table.begin_section(kind)
        return is_one

    def _take_text(self, table: KeyTable, at: int, line: Wording) -> bool:
        kind, start = key_table.type_before(line.half)
        given = key_table.entries(line.text[start:], line.half[start:])
        if given is not None:
            if kind:
                table.begin_section(kind)
            self._give(table, given, line.at)
        elif self._ahead.lying(at):
            self._lying = key_table.rows(line.half, self._lines[at + 1].half) or []
        elif self._ahead.is_behind_number(at):
            self._number = line.number or 0
        elif ahead.is_range(line):
            self._listing.lose(line.text, line.at)
        elif self._ahead.is_own_text(at, table):
            self._give(table, [Entry(line.number or 0, line.words)], line.at)
        else:
            return self._take_heading(table, at, line) or self._goes_on(at, line)
        return True

    def _goes_on(self, at: int, line: Wording) -> bool:
        """A line of the explanation or of the words of the last entry; anything else ends the table."""
        draft = self._listing.open
        if draft is None or draft.number is None or draft.is_ended or draft.part is Part.STEM:
            return self._leave()
        is_new = line.number is not None and (draft.part is not Part.EXPLAIN or self._ahead.is_question(at))
        return (not is_new and draft.go_on(line.text)) or self._leave()

    def _give(self, table: KeyTable, given: Sequence[Entry], at: At) -> None:
        self._listing.close()
        for entry in given:
            draft = table.give(entry, at)
            if draft is None:
                self._listing.lose(f"{entry.number}.{entry.answer}", at)
            else:
                self._listing.open = draft
