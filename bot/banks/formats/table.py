"""Questions out of rows and columns: which heading means what, where there is none, and each row as a question."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from bot.banks.formats.columns import HEADER_ROWS, Columns, Row, columns_of
from bot.banks.formats.grammar import read_lines
from bot.banks.formats.kinds import kind_of, section_of
from bot.banks.formats.letters import split_options, split_stem
from bot.banks.formats.markdown import plain
from bot.banks.formats.raw import RawFile, RawOption, RawQuestion, Text
from bot.banks.formats.run_on import asunder
from bot.banks.formats.web import PICTURE, SHOWN_PICTURE
from bot.banks.formats.wording import Wording, has_bracket_key, wordings
from bot.banks.rules import LETTERS, WHOLE, At, Issue

MAX_ROWS = 20_000
LIST_SHARE = 60  # per cent of rows with one filled cell that make a sheet a list of lines
ANSWER_SHARE = 80  # per cent of answer-like cells that make a column the answers'
_ANSWER_LIKE = re.compile(r"[A-L](?:[\s,、;|/]*[A-L]){0,11}|对|错|正确|错误|是|否|[√×✓✗✔✘TF]|TRUE|FALSE|YES|NO")
_NOTE = 6  # characters: more than a number or somebody's name
_NONE = frozenset({"", "无", "否", "没有", "0", "-", "/", "NULL", "null", "None", "none"})
_EMPTY_SHEETS = re.compile("说明|须知|目录|封面")


@dataclass(slots=True)
class Table:
    """The rows of one sheet that hold anything; `at` names the place of a row and a column (from 0)."""

    rows: list[Row]
    at: Callable[[int, int], At]
    title: str = ""
    merged: Sequence[tuple[int, int, int]] = ()  # first row, last row, column from 0
    is_plain: bool = False  # a CSV, where without a header two columns are stem and answer, six have A–D between


def read(table: Table, into: RawFile) -> None:
    """Add the questions of one table; a sheet of words beside the questions is passed over."""
    start, columns = _header(table)
    if columns is None:
        if _read_as_list(table, into):
            return
        columns = _inferred(table)
        if columns is None:
            if table.rows and not _is_of_words(table):
                into.issues.append(Issue("E203", into.file, table.at(table.rows[0].number, 0)))
            return
        into.issues.append(_inference(table, columns, into.file))
    _Rows(table, columns, into, len(table.rows[start - 1].cells) if start else 0).read(table.rows[start:])


def _read_as_list(table: Table, into: RawFile) -> bool:
    """A question list put into a column, a line a cell; an explanation of the sheets is none."""
    filled = [row for row in table.rows if row.filled]
    share = 100 if table.is_plain else LIST_SHARE  # commas of its sentences may have torn a plain one apart
    if len([row for row in filled if len(row.filled) == 1]) * 100 < share * len(filled):
        return False
    lines: list[Wording] = []
    for row in filled:
        words = "  ".join(row.text(column) for column in row.filled)
        for line in words.split("\n"):
            for piece in asunder(plain(line.strip())):
                lines += wordings(piece, table.at(row.number, row.filled[0]))
    found = read_lines(into.file, lines)
    keyed = [one for one in found.questions if one.answers or has_bracket_key(one.stem)]
    if not keyed or len(keyed) * 2 < len(found.questions):
        return False
    into.questions += found.questions
    into.issues += found.issues
    return True


def finish(into: RawFile, tables: Sequence[Table]) -> RawFile:
    """Say so if nothing at all was found."""
    if not into.questions and not any(issue.is_error for issue in into.issues):
        first = next((table for table in tables if table.rows), None)
        at = first.at(first.rows[0].number, 0) if first else WHOLE
        into.issues.append(Issue("E203" if first and not _has_header(first) else "E204", into.file, at))
    return into


def _has_header(table: Table) -> bool:
    return _header(table)[1] is not None


def _header(table: Table) -> tuple[int, Columns | None]:
    for place, row in enumerate(table.rows):
        if row.number > HEADER_ROWS:
            break
        if (columns := columns_of(row)).is_header:
            return place + 1, columns
    return 0, None


def _is_of_words(table: Table) -> bool:
    """A sheet that explains: named so, or without two filled cells in any row."""
    return bool(_EMPTY_SHEETS.search(table.title)) or all(len(row.filled) < 2 for row in table.rows)


def _inferred(table: Table) -> Columns | None:
    """By content: the answers' column is the rightmost of answer-like cells, the stem's the wordiest left of it."""
    rows = [row for row in table.rows if len(row.filled) > 1]
    width = max((len(row.cells) for row in rows), default=0)
    answers = next((column for column in reversed(range(width)) if _is_answers(rows, column)), None)
    if not answers:
        return _PLAIN.get(width) if table.is_plain else None
    lengths = {column: median(len(row.text(column)) for row in rows) for column in range(answers)}
    stem = max(lengths, key=lambda column: (lengths[column], -column))
    if lengths[stem] < 2:
        return None
    between = [column for column in range(stem + 1, answers) if any(row.text(column) for row in rows)]
    options = dict(zip(LETTERS, between, strict=False))
    return Columns({"stem": stem, "answer": answers}, options)


def _is_answers(rows: Sequence[Row], column: int) -> bool:
    like = sum(_is_answer(row.text(column)) for row in rows)
    return like > 0 and like * 100 >= ANSWER_SHARE * len(rows)


def _is_answer(text: str) -> bool:
    return _ANSWER_LIKE.fullmatch(unicodedata.normalize("NFKC", text).strip().upper()) is not None


def _inference(table: Table, columns: Columns, file: str) -> Issue:
    options = sorted(columns.options.values())
    params = {"stem": columns.fields["stem"] + 1, "answer": columns.fields["answer"] + 1}
    if options:
        params |= {"first": options[0] + 1, "last": options[-1] + 1}
    return Issue("W215", file, table.at(table.rows[0].number, 0), params)


_PLAIN = {
    2: Columns({"stem": 0, "answer": 1}),
    6: Columns({"stem": 0, "answer": 5}, dict(zip("ABCD", range(1, 5), strict=True))),
}


class _Rows:
    """Rows below a header, one question each, with the type of the heading above them."""

    def __init__(self, table: Table, columns: Columns, into: RawFile, width: int) -> None:
        self._table, self._columns, self._into = table, columns, into
        self._width = width  # cells of the header, 0 without one
        self._by_number = {row.number: row for row in table.rows}
        self._section = table.title if kind_of(table.title) else ""
        self._score = ""

    def read(self, rows: Sequence[Row]) -> None:
        is_below = True
        for row in rows:
            columns, was_below = columns_of(row), is_below
            is_below = columns.is_header
            if is_below:
                self._columns, self._width = columns, len(row.cells)
            elif was_below and len(columns.options) > 1 and columns.count == len(row.filled):
                self._columns = self._columns.over(columns)
            elif not self._is_section(row):
                self._read_row(row)

    def _is_section(self, row: Row) -> bool:
        texts = {row.text(column) for column in row.filled}
        section = section_of(texts.pop()) if len(texts) == 1 else None
        if section is not None:
            self._section, self._score = section.name, section.score
        return section is not None

    def _read_row(self, row: Row) -> None:
        filled = [column for column in row.filled if column in self._columns.telling]
        if not filled:  # nothing, or a line made ready with a number, a type, points
            self._lose_note(row)
            return
        question = self._question(row)
        if question.stem or question.answers or question.options or question.issues:
            self._into.questions.append(question)
        else:
            at = self._table.at(row.number, filled[0])
            self._into.issues.append(Issue("E216", self._into.file, at, {"text": row.text(filled[0])}))

    def _lose_note(self, row: Row) -> None:
        """Words alone in a row, under a heading that tells nothing of a question: 注：本题库由党委组织部整理。"""
        (column, *others), known = row.filled, self._columns.all - {self._columns.fields.get("code", -1)}
        text = row.text(column)
        if not others and column not in known and len(text) >= _NOTE:
            at = self._table.at(row.number, column)
            self._into.issues.append(Issue("E216", self._into.file, at, {"text": text}))

    def _question(self, row: Row) -> RawQuestion:
        place, stem, options = self._place(row), self._plain(row, "stem"), [*self._options(row), *self._listed(row)]
        if not self._columns.has_options:
            stem, inside = split_stem(stem)
            at = self._table.at(row.number, self._columns.fields["stem"])
            options = [RawOption(letter, part, at) for letter, part in zip(LETTERS, inside, strict=False)]
        score, difficulty = self._text(row, "score"), self._text(row, "difficulty")
        if score is None and self._score:
            score = Text(self._score, place)
        return RawQuestion(
            at=self._table.at(row.number, self._columns.fields["stem"]),
            stem=stem,
            options=options,
            answers=tuple(self._answers(row)),
            answer_at=place,
            kind=self._down(row, "kind"),
            section=self._section,
            score=score,
            explain=self._plain(row, "explain"),
            topics=self._down(row, "topics"),
            difficulty=difficulty,
            source=self._plain(row, "source"),
            article=self._plain(row, "article"),
            code=self._plain(row, "code"),
            issues=list(self._lost(row)),
        )

    def _place(self, row: Row) -> At:
        """Where the answer stands or should stand."""
        column = self._columns.fields.get("answer", self._columns.fields["stem"])
        return self._table.at(row.number, column)

    def _plain(self, row: Row, name: str) -> str:
        return row.text(self._columns.fields.get(name))

    def _text(self, row: Row, name: str) -> Text | None:
        column = self._columns.fields.get(name)
        text = row.text(column)
        return Text(text, self._table.at(row.number, column)) if column is not None and text else None

    def _answers(self, row: Row) -> Iterator[Text]:
        own = (self._columns.fields.get("answer"), *self._columns.more_answers)
        filled = [column for column in own if row.text(column)]
        for column in filled or [spare for spare in self._columns.spare_answers if row.text(spare)][:1]:
            if column is not None:
                yield Text(row.text(column), self._table.at(row.number, column))

    def _down(self, row: Row, name: str) -> str:
        """A value that a merged cell gives to all its rows."""
        column = self._columns.fields.get(name)
        if column is None or row.text(column) or column not in self._columns.filled_down:
            return row.text(column)
        first = next((a for a, b, place in self._table.merged if place == column and a < row.number <= b), None)
        return self._by_number[first].text(column) if first in self._by_number else ""

    def _options(self, row: Row) -> Iterator[RawOption]:
        """As far as the last one filled: an empty one before it is the judge's to name."""
        cells = sorted(self._columns.options.items())
        while cells and not row.text(cells[-1][1]):
            cells.pop()
        for letter, column in cells:
            yield RawOption(letter, row.text(column), self._table.at(row.number, column))

    def _listed(self, row: Row) -> Iterator[RawOption]:
        """All options in one cell, each with its letter or on its own line, or parted by bars."""
        column = self._columns.fields.get("options")
        text = row.text(column)
        if column is None or not text or self._columns.options:
            return
        at = self._table.at(row.number, column)
        for letter, part in zip(LETTERS, split_options(text), strict=False):
            yield RawOption(letter, part, at)

    def _lost(self, row: Row) -> Iterator[Issue]:
        if self._table.is_plain and self._width and any(row.cells[self._width :]):
            params = {"n": max(row.filled) + 1, "m": self._width}
            yield Issue("E222", self._into.file, self._table.at(row.number, self._width), params)
            return
        for column in sorted(row.lost & self._columns.all):
            yield Issue("E207", self._into.file, self._table.at(row.number, column))
        told = self._columns.all - {self._columns.fields.get("explain", -1)}
        for column in sorted({*self._columns.pictures, *told}):
            text = row.text(column)
            if PICTURE in text or (column in self._columns.pictures and text not in _NONE):
                at = self._table.at(row.number, column)
                yield Issue("E221", self._into.file, at, {"text": text.replace(PICTURE, SHOWN_PICTURE)})
                return
