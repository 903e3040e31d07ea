"""Questions out of rows and columns: which heading means what, where there is none, and each row as a question."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from bot.banks.formats import letters
from bot.banks.formats.kinds import kind_of, section_of
from bot.banks.formats.raw import RawFile, RawOption, RawQuestion, Text
from bot.banks.formats.wording import halved
from bot.banks.rules import LETTERS, WHOLE, At, Issue

MAX_ROWS = 20_000
HEADER_ROWS = 10
ANSWER_SHARE = 80  # per cent of answer-like cells that make a column the answers'
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "stem": (
        *("题干", "大题题干", "题目", "试题", "试题内容", "题目内容", "题干内容", "问题", "问题内容", "题目题干"),
        *("试题题干", "题目描述", "问题描述", "试题描述", "考题", "考题内容", "题目名称", "试题名称", "题目标题"),
    ),
    "answer": ("答案", "正确答案", "参考答案", "标准答案", "试题答案", "题目答案", "正确选项", "答案选项"),
    "kind": ("题型", "题目类型", "试题类型", "题目题型", "类型", "试题题型", "题目分类", "试题类别", "题目类别"),
    "options": ("选项", "备选项", "备选答案", "选项内容", "试题选项", "题目选项"),
    "explain": ("解析", "答案解析", "试题解析", "题目解析", "答题解析", "解析说明"),
    "score": ("分值", "分数", "题目分值", "试题分值", "每题分值", "题目分数", "试题分数"),
    "topics": ("知识点", "章节", "所属知识点", "所属章节", "考点"),
    "difficulty": ("难度", "难易度", "难易程度", "试题难度", "题目难度", "难度等级"),
    "source": ("出处", "来源", "试题来源", "题目来源", "依据", "出题依据", "试题依据"),
    "article": ("条款",),
    "code": ("题号", "编号", "试题编号", "题目编号"),
}
_FIELDS = {word: name for name, words in HEADINGS.items() for word in words}
_IGNORED = frozenset({"序号", "选项数", "选项个数", "标签"})
_FILLED_DOWN = frozenset({*HEADINGS["kind"], "章节", "所属章节"})
_TELLING = frozenset({"stem", "answer", "options", "explain", "source", "article"})
_OPTION = re.compile(r"(?:备?选项|(?:备选)?答案|OPTION|CHOICE)?([A-L])(?:选项|项)?")
_IN_BRACKETS = re.compile(r"(选项|答案)\(([A-L]|\d{1,2})\)")
_BESIDE_HEADING = re.compile(r"\(.*?\)|【.*?】|\[.*?\]|[\s*:、._\-\N{EM DASH}]")
_ANSWERS = re.compile(r"(?:正确|参考|标准)?答案[1-9]")
_NUMBERED = re.compile(r"(?:备?选项|备选答案)(?:([1-9]|1[0-2])|([一二三四五六七八九十]|十[一二]))")
_HAN = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_ANSWER_LIKE = re.compile(r"[A-L](?:[\s,、;|/]*[A-L]){0,11}|对|错|正确|错误|是|否|[√×✓✗✔✘TF]|TRUE|FALSE|YES|NO")
_EMPTY_SHEETS = re.compile("说明|须知|目录|封面")


@dataclass(slots=True)
class Row:
    """One line of a table: its cells as they are shown, and the columns (from 0) whose formula gave nothing."""

    number: int
    cells: list[str]
    lost: frozenset[int] = frozenset()

    def text(self, column: int | None) -> str:
        return self.cells[column] if column is not None and column < len(self.cells) else ""

    @property
    def filled(self) -> list[int]:
        return [column for column, cell in enumerate(self.cells) if cell or column in self.lost]


@dataclass(slots=True)
class Table:
    """The rows of one sheet that hold anything; `at` names the place of a row and a column (from 0)."""

    rows: list[Row]
    at: Callable[[int, int], At]
    title: str = ""
    merged: Sequence[tuple[int, int, int]] = ()  # first row, last row, column from 0
    is_plain: bool = False  # a CSV, where without a header two columns are stem and answer, six have A–D between


@dataclass(slots=True)
class Columns:
    """Where what stands, columns from 0."""

    fields: dict[str, int] = field(default_factory=dict)
    options: dict[str, int] = field(default_factory=dict)
    filled_down: frozenset[int] = frozenset()
    more_answers: Sequence[int] = ()  # 答案2, 答案3 beside the first
    count: int = 0  # of cells that mean something

    def over(self, below: "Columns") -> "Columns":
        """Two lines of headings: 选项 above A, B, C, D."""
        fields = {name: place for name, place in self.fields.items() if name != "options"}
        return replace(self, fields={**fields, **below.fields}, options=below.options)

    @property
    def is_header(self) -> bool:
        return "stem" in self.fields and ("answer" in self.fields or self.has_options)

    @property
    def has_options(self) -> bool:
        return bool(self.options) or "options" in self.fields

    @property
    def all(self) -> set[int]:
        return {*self.fields.values(), *self.options.values(), *self.more_answers}

    @property
    def telling(self) -> set[int]:
        """Columns that nobody fills where there is no question."""
        own = {place for name, place in self.fields.items() if name in _TELLING}
        return own | {*self.options.values(), *self.more_answers}


def read(table: Table, into: RawFile) -> None:
    """Add the questions of one table; a sheet of words beside the questions is passed over."""
    start, columns = _header(table)
    if columns is None:
        columns = _inferred(table)
        if columns is None:
            if table.rows and not _is_of_words(table):
                into.issues.append(Issue("E203", into.file, table.at(table.rows[0].number, 0)))
            return
        into.issues.append(_inference(table, columns, into.file))
    _Rows(table, columns, into).read(table.rows[start:])


def finish(into: RawFile, tables: Sequence[Table]) -> RawFile:
    """Say so if nothing at all was found."""
    if not into.questions and not any(issue.is_error for issue in into.issues):
        first = next((table for table in tables if table.rows), None)
        at = first.at(first.rows[0].number, 0) if first else WHOLE
        into.issues.append(Issue("E203" if first and not _has_header(first) else "E204", into.file, at))
    return into


def _has_header(table: Table) -> bool:
    return _header(table)[1] is not None


def columns_of(row: Row) -> Columns:
    """What a row means if it is a header; the earlier word of a list wins where two columns claim a field."""
    best: dict[str, tuple[int, int, int]] = {}
    columns = Columns()
    filled_down, numbered = set(), []
    for place, cell in enumerate(row.cells):
        word = heading(cell)
        if word in _FIELDS:
            name = _FIELDS[word]
            rank = (HEADINGS[name].index(word), len(cell), place)  # 答案 rather than 答案（旧）
            best[name] = min(best.get(name, rank), rank)
            if word in _FILLED_DOWN:
                filled_down.add(place)
        elif _ANSWERS.fullmatch(word):
            numbered.append(place)
        elif letter := _letter(word):
            columns.options.setdefault(letter, place)
    columns.fields = {name: place for name, (_, _, place) in best.items()}
    columns.filled_down = frozenset(filled_down)
    columns.count = len(columns.options) + len(best)
    _give_numbered(columns, numbered)
    return columns


def _give_numbered(columns: Columns, numbered: Sequence[int]) -> None:
    """答案1, 答案2 are options where another column says which is right, else the right ones."""
    if not numbered:
        return
    if "answer" not in columns.fields:
        columns.fields["answer"], columns.more_answers = numbered[0], numbered[1:]
    elif not columns.has_options:
        columns.options = dict(zip(LETTERS, numbered, strict=False))


def heading(cell: str) -> str:
    text = unicodedata.normalize("NFKC", cell).upper()
    return _BESIDE_HEADING.sub("", _IN_BRACKETS.sub(r"\1\2", "".join(text.split())))


def _letter(word: str) -> str | None:
    if found := _OPTION.fullmatch(word):
        return found[1]
    if found := _NUMBERED.fullmatch(word):
        return LETTERS[int(found[1]) - 1 if found[1] else _HAN.index(found[2])]
    return None


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

    def __init__(self, table: Table, columns: Columns, into: RawFile) -> None:
        self._table, self._columns, self._into = table, columns, into
        self._by_number = {row.number: row for row in table.rows}
        self._section = table.title if kind_of(table.title) else ""
        self._score = ""

    def read(self, rows: Sequence[Row]) -> None:
        is_below = True
        for row in rows:
            columns, was_below = columns_of(row), is_below
            is_below = columns.is_header
            if is_below:
                self._columns = columns
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
            return
        question = self._question(row)
        if question.stem or question.answers or question.options or question.issues:
            self._into.questions.append(question)
        else:
            at = self._table.at(row.number, filled[0])
            self._into.issues.append(Issue("E216", self._into.file, at, {"text": row.text(filled[0])}))

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
        for column in (self._columns.fields.get("answer"), *self._columns.more_answers):
            if column is not None and (text := row.text(column)):
                yield Text(text, self._table.at(row.number, column))

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
        for column in sorted(row.lost & self._columns.all):
            yield Issue("E207", self._into.file, self._table.at(row.number, column))


_OWN_LETTER = re.compile(r"(?:^|(?<=[\s;；|┋,，、。？?！!）)：:]))[（(【]?([A-LＡ-Ｌ])[）)】]?\s*[、.．:：）)]\s*")


def split_stem(text: str) -> tuple[str, list[str]]:
    """Stem and options of a cell that holds both, where there is no column of options."""
    starts = _starts(text)
    return (text[: starts[0]].strip(), _between(text, starts)) if len(starts) > 1 else (text, [])


def split_options(text: str) -> list[str]:
    """The options of one cell, in order, their own letters kept for the judge to compare with their places."""
    starts = _starts(text)
    if len(starts) > 1 and not text[: starts[0]].strip():
        return _between(text, starts)
    if "\n" not in text and (plain := _without_marks(text)):
        return plain
    for mark in _BETWEEN_OPTIONS:
        parts = [part.strip() for part in text.split(mark) if part.strip()]
        if len(parts) > 1:
            return parts
    return [text]


_BETWEEN_OPTIONS = ("\n", "||", "|", "┋", "；", ";", "&&", "\t", "/", "\u3000", "  ", "，", ",", " ", "、")


def _without_marks(text: str) -> list[str]:
    """A每月 B每季度, or (A)每月(B)每季度."""
    half = halved(text)
    options = letters.options_in(text, half) or letters.plain_options_in(text, half, "A")
    return [option.text for option in options] if len(options) > 1 and options[0].letter == "A" else []


def _starts(text: str) -> list[int]:
    """Where the letters A, B, C … of options stand, as far as they follow each other."""
    starts: list[int] = []
    for found in _OWN_LETTER.finditer(text):
        if unicodedata.normalize("NFKC", found[1]) == LETTERS[len(starts) : len(starts) + 1]:
            starts.append(found.start())
    return starts


def _between(text: str, starts: Sequence[int]) -> list[str]:
    ends = [*starts[1:], len(text)]
    return [text[start:end].strip(" \t\r\n\u3000;；|┋,，、") for start, end in zip(starts, ends, strict=True)]
