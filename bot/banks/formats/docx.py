"""Word files: paragraphs and cells in order as lines of a question list, tables with headings as tables."""

import re
import zlib
from collections.abc import Iterator, Sequence
from io import BytesIO
from xml.etree.ElementTree import ParseError
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from bot.banks.formats import MAX_UNPACKED, table, wording
from bot.banks.formats.columns import Row, columns_of
from bot.banks.formats.grammar import read_lines
from bot.banks.formats.markdown import is_frame, plain
from bot.banks.formats.numbering import Counter, Unknown
from bot.banks.formats.raw import RawFile, Text, TooMuch
from bot.banks.formats.run_on import asunder
from bot.banks.formats.table import Table
from bot.banks.formats.word_parts import Document, Grid, Lists, Part, Styles, Words, feed
from bot.banks.formats.wording import Kind, Wording, wordings
from bot.banks.rules import WHOLE, At, Issue, Paragraph

_MAIN = "word/document.xml"
_RELATIONS = "_rels/.rels"
_TARGET = re.compile(rb"<Relationship\b(?=[^>]*/officeDocument\")[^>]*\bTarget=\"/?([^\"]{1,200})\"")
_LINES = re.compile("[\n\r\x0b\x0c\x85\u2028\u2029]")
_PACKED = frozenset({ZIP_STORED, ZIP_DEFLATED})
_LETTER = re.compile("[A-LＡ-Ｌ]")
_TITLE_ROWS = 3
_NUMBERS, _KEYS = ("题号", "序号"), ("答案", "正确答案", "参考答案")


def read(data: bytes, file: str) -> RawFile:
    try:
        document, counter = _opened(data)
    except (BadZipFile, zlib.error, KeyError, ValueError, NotImplementedError, EOFError, OSError, ParseError):
        return RawFile(file, issues=[Issue("E219", file, WHOLE)])
    except TooMuch:
        return RawFile(file, issues=[Issue("E218", file, WHOLE)])
    found = _Reader(file, counter).read(document.blocks)
    if document.has_foreign_part:
        # Another file is put into this one as it is; only Word itself can take it apart.
        found.issues.append(Issue("E220", file, WHOLE))
    return found


def _opened(data: bytes) -> tuple[Document, Counter]:
    with ZipFile(BytesIO(data)) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
            raise TooMuch
        if any(entry.flag_bits & 1 or entry.compress_type not in _PACKED for entry in entries):
            raise BadZipFile  # locked, or packed as Word never does
        names = set(archive.namelist())
        main = _main(archive.read(_RELATIONS)) if _RELATIONS in names else _MAIN
        folder = main.rpartition("/")[0] + "/"
        document, lists, styles = Document(), Lists(), Styles()
        beside: list[tuple[str, Part]] = [("numbering.xml", lists), ("styles.xml", styles)]
        for name, part in [(main, document), *((folder + name, part) for name, part in beside)]:
            if name == main or name in names:
                feed(part, archive.read(name))
    return document, Counter(lists.found, styles.found)


def _main(relations: bytes) -> str:
    found = _TARGET.search(relations)
    return found[1].decode("utf-8", errors="replace") if found else _MAIN


class _Reader:
    def __init__(self, file: str, counter: Counter) -> None:
        self._file, self._counter = file, counter
        self._lines: list[Wording] = []
        self._tables = RawFile(file)
        self._lost: list[Issue] = []
        self._heading: Wording | None = None  # the last that names a type

    def read(self, blocks: Sequence[Words | Grid]) -> RawFile:
        before = ""
        for block in blocks:
            if isinstance(block, Grid):
                self._read_grid(block)
            elif block.is_joined:
                before += block.text
            else:
                block.text, before = before + block.text, ""
                self._read_words(block)
        if before:
            self._lines += wordings(before, Paragraph(len(blocks)))
        found = read_lines(self._file, self._lines)
        found.questions = sorted([*found.questions, *self._tables.questions], key=lambda one: one.at)
        found.issues += [*self._tables.issues, *self._lost]
        return found

    def _read_words(self, words: Words) -> None:
        self._lines += self._of(words)
        for boxed in words.boxed:
            self._lines += self._of(boxed)

    def _of(self, words: Words) -> Iterator[Wording]:
        """A paragraph as lines, the first with its automatic number or letter."""
        at = Paragraph(words.number)
        try:
            label = self._counter.label(words.list_id, words.level, words.style)
        except Unknown:
            self._lost.append(Issue("E216", self._file, at, {"text": words.text.strip()}))
            return
        text = label + words.text if words.text.strip() else ""
        for line in _LINES.split(text):
            if is_frame(line.strip()):
                continue
            for made in (one for piece in asunder(plain(line.strip())) for one in wordings(piece, at)):
                if made.kind is Kind.SECTION:
                    self._heading = made
                yield made

    # -- tables

    def _read_grid(self, grid: Grid) -> None:
        if not self._read_as_table(grid):
            for row in grid.rows:
                self._read_row(row)

    def _read_row(self, row: Sequence[Sequence[Words]]) -> None:
        """Cell by cell; only numbers above keys belong together as they lie."""
        texts = ["".join(words.text for words in cell).strip() for cell in row]
        words = [one for cell in row for one in cell]
        if texts and texts[0] in (*_NUMBERS, *_KEYS) and len(texts) > 2:
            self._lines += wordings(" ".join(texts), Paragraph(words[0].number))
            return
        if (named := _named(texts)) and words:
            self._lines += wordings(named, Paragraph(words[0].number))
            return
        for one in words:
            self._read_words(one)

    def _read_as_table(self, grid: Grid) -> bool:
        """A table that names its columns, perhaps below its title, as in Excel."""
        rows = [Row(number, [_text(cell) for cell in row]) for number, row in enumerate(grid.rows, start=1)]
        rows = [row for row in rows if row.filled]
        if not any(columns_of(row).is_header for row in rows[:_TITLE_ROWS]):
            return False

        def at(row: int, column: int) -> At:
            cells = grid.rows[row - 1]
            filled = [cell for cell in cells[column : column + 1] if cell] or [cell for cell in cells if cell]
            return Paragraph(filled[0][0].number) if filled else WHOLE

        before = len(self._tables.questions)
        title = self._heading.word if self._heading else ""
        table.read(Table(rows, at, title=title), self._tables)
        score = wording.each_score(self._heading.half) if self._heading else ""
        for question in self._tables.questions[before:]:
            question.score = question.score or (Text(score, question.at) if score else None)
        return True


def _named(texts: Sequence[str]) -> str:
    """A row of a card that names what stands in it, as a line: 题干 | 多久一次？, A | 每月, 答案 | B; else ""."""
    head, rest = (texts[0].rstrip(":：、.．"), [text for text in texts[1:] if text]) if texts else ("", [])
    if not rest or "\n" in head:
        return ""
    if _LETTER.fullmatch(head):
        return f"{head}.{' '.join(rest)}"
    return f"{head}：{' '.join(rest)}" if head in wording.LABELS or head in _KEYS else ""


def _text(cell: Sequence[Words]) -> str:
    return "\n".join(text for words in cell for one in (words, *words.boxed) if (text := one.text.strip()))
