"""Words of a roster file and what they mean: headings, dates, categories, posts; cells to rows and faults. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from enum import Enum, auto
from typing import cast

from bot.errors import UserError
from bot.members.rows import Body, Cell, Fault, Flaw, NoValue, Post, Reading, RosterRow
from bot.members.rules import COMMITTEE_ROLES, Role
from bot.message import clean


class Column(Enum):
    COMPANY = auto()
    COMMITTEE = auto()
    BRANCH = auto()
    GROUP = auto()
    NAME = auto()
    STAFF_NO = auto()
    CATEGORY = auto()
    JOINED_ON = auto()
    FULL_ON = auto()
    POSTS = auto()
    IS_LEADER = auto()
    FROM_ON = auto()
    NOTE = auto()


# The first of each is the one the template prints.
HEADINGS: Mapping[Column, tuple[str, ...]] = {
    Column.COMPANY: ("国企", "公司", "单位"),
    Column.COMMITTEE: ("上级党组织", "党委", "党总支"),
    Column.BRANCH: ("党支部", "支部", "所在支部"),
    Column.GROUP: ("党小组", "小组"),
    Column.NAME: ("姓名",),
    Column.STAFF_NO: ("工号", "编号"),
    Column.CATEGORY: ("类别", "政治面貌"),
    Column.JOINED_ON: ("入党日期", "入党时间"),
    Column.FULL_ON: ("转正日期", "转正时间"),
    Column.POSTS: ("职务", "党内职务"),
    Column.IS_LEADER: ("党员领导干部",),
    Column.FROM_ON: ("起始日期", "转入日期"),
    Column.NOTE: ("备注",),
}
REQUIRED = (Column.BRANCH, Column.NAME, Column.CATEGORY)
_COLUMNS = {word: column for column, words in HEADINGS.items() for word in words}
_PRIVATE = ("身份证", "手机", "电话", "住址", "照片")  # such a column is never read
_HEADING_ROWS = 5

ME, HELP, CANCEL = "我的", "帮助", "取消"  # what people type in private

_CATEGORIES = {
    "正式党员": False,
    "正式": False,
    "中共党员": False,
    "预备党员": True,
    "预备": True,
    "中共预备党员": True,
}
_MARKS = {"是": True, "√": True, "✓": True, "1": True, "true": True, "否": False, "": False, "0": False, "false": False}
POSTS: Mapping[str, Role] = {
    "书记": Role.SECRETARY,
    "副书记": Role.DEPUTY,
    "组织委员": Role.ORGANIZER,
    "宣传委员": Role.COMMISSIONER,
    "纪检委员": Role.COMMISSIONER,
    "委员": Role.COMMISSIONER,
    "党小组长": Role.GROUP_LEADER,
    "中心组成员": Role.STUDY_MEMBER,
}
_NO_POST = {"党员", "无"}
_POST = re.compile(r"(?P<body>党委|党总支|党支部|支部)?(?P<post>.+)")
_DATE = re.compile(r"(\d{4})(?:(\d\d)(\d\d)|[-/.年](\d{1,2})[-/.月](\d{1,2})日?)")
_MONTH = re.compile(r"(\d{4})[-/.年](\d{1,2})月?")
_ROUNDED = re.compile(r"\d(\.\d+)?[eE]\+?\d+")
_HAN = r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_BETWEEN_HAN = re.compile(rf"(?<={_HAN})\s+(?={_HAN})")
_FOUNDED = date(1921, 7, 1)
_LONGEST = {Column.STAFF_NO: 40}
_LONGEST_NAME = 60
_EXACT = 10**15  # spreadsheets keep 15 digits


def plain(value: Cell) -> str:
    """The text of a cell as people mean it: NFKC, no space between Chinese characters, whole numbers without `.0`."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        value = int(value)
    if isinstance(value, datetime):
        value = value.date()
    text = "" if value is None or isinstance(value, NoValue) else str(value)
    text = clean(unicodedata.normalize("NFKC", text).replace("\n", " "))
    return _BETWEEN_HAN.sub("", " ".join(text.split()))


def read_table(
    table: Sequence[tuple[int, Sequence[Cell]]], merged: Sequence[tuple[int, int, int]], *, today: date
) -> Reading:
    """Rows of a sheet (number, cells) and its merged ranges (first row, last row, column, all from 1)."""
    at, headings, faults = _find_headings(table)
    if any(not fault.is_warning for fault in faults):
        return Reading((), tuple(faults))
    raw = [(n, {c: cells[i] for i, c in headings.items() if i < len(cells)}) for n, cells in table[at + 1 :]]
    labels = {column: plain(table[at][1][i]) for i, column in headings.items()}
    covered = _merged(merged, table[at][0], headings)
    faults += [Fault(Flaw.MERGED, first, {"last": last, "column": labels[column]}) for first, last, column in covered]
    hidden = {(n, column) for first, last, column in covered for n in range(first + 1, last + 1)}
    filled = [(n, cells) for n, cells in raw if any(plain(v) or v is NoValue.FORMULA for v in cells.values())]
    return read_rows(filled, labels, today=today, faults=faults, hidden=hidden)


def read_rows(
    raw: Iterable[tuple[int, Mapping[Column, Cell]]],
    labels: Mapping[Column, str],
    *,
    today: date,
    faults: Sequence[Fault] = (),
    hidden: Iterable[tuple[int, Column]] = (),
) -> Reading:
    """Rows by column; `labels` are the file's own words for the columns, `hidden` cells lie under a merged one."""
    rows: list[RosterRow] = []
    found, unseen = list(faults), frozenset(hidden)
    for line, cells in raw:
        reader = _Row(line, cells, labels, today, unseen)
        if (row := reader.read()) is not None:
            rows.append(row)
        found += reader.faults
    found += _repeated(rows)
    if not rows and not any(not fault.is_warning for fault in found):
        found.append(Fault(Flaw.NO_ROWS))
    return Reading(tuple(rows), tuple(sorted(found, key=lambda fault: fault.line)))


@dataclass(frozen=True, slots=True)
class Span:
    """From a day on until the day `to_on`, which no longer counts."""

    from_on: date
    to_on: date | None


@dataclass(frozen=True, slots=True)
class Basis:
    """Why somebody is not counted, who approved it and when, and for how long."""

    basis: str
    approver: str
    approved_on: date
    span: Span


class NotReadable(UserError):
    text = "没有看懂。请用逗号隔开，例如：{example}"


EXEMPT_EXAMPLE = "长期病休，上级党委，2026-03-01，2026-03-01，2026-12-31"
SUSPEND_EXAMPLE = "2026-03-01，2027-02-28"


def read_basis(text: str) -> Basis:
    """依据，批准人，批准日期，开始日期[，结束日期]: the last day stated still counts."""
    parts = _parts(text)
    days = [_plain_day(part) for part in parts[2:]]
    if not 4 <= len(parts) <= 5 or None in days:
        raise NotReadable(example=EXEMPT_EXAMPLE)
    return Basis(parts[0], parts[1], cast("date", days[0]), _span(days[1:]))


def read_span(text: str) -> Span:
    """开始日期[，结束日期]."""
    days = [_plain_day(part) for part in _parts(text)]
    if not 1 <= len(days) <= 2 or None in days:
        raise NotReadable(example=SUSPEND_EXAMPLE)
    return _span(days)


def _parts(text: str) -> list[str]:
    return [part for part in (plain(raw) for raw in re.split(r"[,，;；\n]", text)) if part]


def _plain_day(text: str) -> date | None:
    found = _DATE.fullmatch(text.replace(" ", ""))
    try:
        return date(*(int(part) for part in found.groups() if part)) if found else None
    except ValueError:
        return None


def _span(days: Sequence[date | None]) -> Span:
    first, last = cast("date", days[0]), days[1] if len(days) > 1 else None
    return Span(first, last + timedelta(days=1) if last else None)


def is_general_branch(name: str) -> bool:
    return "总支" in name


def _find_headings(table: Sequence[tuple[int, Sequence[Cell]]]) -> tuple[int, dict[int, Column], list[Fault]]:
    """Place of the heading row, column of each of its cells, and what is wrong with it."""
    known = [[_COLUMNS.get(_heading(cell)) for cell in cells] for _, cells in table[:_HEADING_ROWS]]
    at = max(range(len(known)), key=lambda n: (sum(c is not None for c in known[n]), -n), default=0)
    words = [_heading(cell) for cell in table[at][1]] if table else []
    headings: dict[int, Column] = {}
    faults: list[Fault] = []
    for place, column in enumerate(known[at] if known else []):
        if column in headings.values():
            faults.append(Fault(Flaw.DOUBLE_COLUMN, table[at][0], {"column": words[place]}))
        elif column is not None:
            headings[place] = column
    faults += [Fault(Flaw.PRIVATE_COLUMN, 0, {"column": w}) for w in words if any(part in w for part in _PRIVATE)]
    shown = [word for word in words if word]
    for column in REQUIRED:
        if column not in headings.values():
            faults.append(Fault(Flaw.MISSING_COLUMN, 0, _missing(column, shown)))
    return at, headings, faults


def is_roster(table: Sequence[tuple[int, Sequence[Cell]]]) -> bool:
    """Whether the heading row names people and at least one more thing that a roster says of them."""
    headings = set(_find_headings(table)[1].values())
    return Column.NAME in headings and len(headings) > 1


def _missing(column: Column, shown: Sequence[str]) -> dict[str, str | int]:
    unknown = [word for word in shown if word not in _COLUMNS]
    near = next((w for name in HEADINGS[column] for w in get_close_matches(name, unknown, 1, 0.5)), "")
    return {"column": HEADINGS[column][0], "seen": "、".join(shown), "near": near}


def _heading(cell: Cell) -> str:
    return re.sub(r"\(.*?\)|[\s*]", "", plain(cell))


def _merged(
    ranges: Sequence[tuple[int, int, int]], heading_row: int, headings: Mapping[int, Column]
) -> list[tuple[int, int, Column]]:
    below = ((first, last, headings.get(place - 1)) for first, last, place in ranges if first > heading_row)
    return [(first, last, column) for first, last, column in below if column is not None and last > first]


def _repeated(rows: Sequence[RosterRow]) -> Iterator[Fault]:
    """Two rows that would be one person: one number in a company, or one name in a branch without two numbers."""
    numbers: dict[tuple[str | None, str], RosterRow] = {}
    names: dict[tuple[str, str | None, str], list[RosterRow]] = {}
    for row in rows:
        first = numbers.setdefault((row.company, row.staff_no), row) if row.staff_no else row
        if first is not row:
            yield Fault(Flaw.SAME_NUMBER, row.line, {"first": first.line, "number": row.staff_no or ""})
            continue
        alike = names.setdefault((row.branch, row.company, row.name), [])
        twin = next((other for other in alike if not (row.staff_no and other.staff_no)), None)
        if twin is not None:
            yield Fault(Flaw.TWICE, row.line, {"first": twin.line, "name": row.name, "branch": row.branch})
        alike.append(row)


class _Row:
    """Reads the cells of one line, gathering faults."""

    def __init__(
        self,
        line: int,
        cells: Mapping[Column, Cell],
        labels: Mapping[Column, str],
        today: date,
        hidden: frozenset[tuple[int, Column]],
    ) -> None:
        self.faults: list[Fault] = []
        self._line, self._cells, self._labels, self._today, self._hidden = line, cells, labels, today, hidden

    def read(self) -> RosterRow | None:
        name = self._needed(Column.NAME, Flaw.NO_NAME)
        branch = self._needed(Column.BRANCH, Flaw.NO_BRANCH)
        row = RosterRow(
            line=self._line,
            name=name,
            branch=branch,
            is_probationary=self._category(),
            company=self._text(Column.COMPANY) or None,
            committee=self._text(Column.COMMITTEE) or None,
            group=self._text(Column.GROUP) or None,
            staff_no=self._number(),
            joined_on=self._date(Column.JOINED_ON),
            full_on=self._date(Column.FULL_ON),
            posts=self._posts(),
            is_leader=self._mark(),
            from_on=self._date(Column.FROM_ON),
        )
        if name and branch:
            self._judge(row)
            return row
        return None

    def _add(self, flaw: Flaw, column: Column | None = None, **values: str | int) -> None:
        if column is not None:
            values["column"] = self._labels.get(column, HEADINGS[column][0])
        self.faults.append(Fault(flaw, self._line, values))

    def _cell(self, column: Column) -> Cell:
        value = self._cells.get(column)
        if value is NoValue.FORMULA:
            self._add(Flaw.NO_RESULT, column)
            return None
        return value

    def _text(self, column: Column) -> str:
        text = plain(self._cell(column))
        if len(text) > _LONGEST.get(column, _LONGEST_NAME):
            self._add(Flaw.TOO_LONG, column, most=_LONGEST.get(column, _LONGEST_NAME))
        return text

    def _needed(self, column: Column, flaw: Flaw) -> str:
        is_formula = self._cells.get(column) is NoValue.FORMULA
        text = self._text(column)
        if not text and not is_formula and (self._line, column) not in self._hidden:
            self._add(flaw)
        return text

    def _number(self) -> str | None:
        value, text = self._cells.get(Column.STAFF_NO), self._text(Column.STAFF_NO)
        if (isinstance(value, int | float) and abs(value) >= _EXACT) or _ROUNDED.fullmatch(text):
            shown = f"{value:.1E}" if isinstance(value, int | float) else text
            self._add(Flaw.DIGITS_LOST, Column.STAFF_NO, value=shown)
        return text or None

    def _category(self) -> bool:
        text = self._needed(Column.CATEGORY, Flaw.NO_CATEGORY)
        if text and text not in _CATEGORIES:
            self._add(Flaw.BAD_CATEGORY, value=text)
        return _CATEGORIES.get(text, False)

    def _mark(self) -> bool | None:
        if Column.IS_LEADER not in self._labels:
            return None
        text = self._text(Column.IS_LEADER)
        if text.lower() not in _MARKS:
            self._add(Flaw.BAD_MARK, Column.IS_LEADER, value=text)
        return _MARKS.get(text.lower(), False)

    def _date(self, column: Column) -> date | None:
        value = self._cell(column)
        if isinstance(value, date):
            found: date | None = value.date() if isinstance(value, datetime) else value
        else:
            found = self._date_of(plain(value), column)
        if found is not None and found < _FOUNDED:
            self._add(Flaw.EARLY_DATE, column, value=found.isoformat())
        if found is not None and column is Column.JOINED_ON and found > self._today:
            self._add(Flaw.FUTURE_DATE, column, value=found.isoformat())
        return found

    def _date_of(self, text: str, column: Column) -> date | None:
        if not text:
            return None
        if (whole := _DATE.fullmatch(text.replace(" ", ""))) is not None:
            year, *parts = (int(part) for part in whole.groups() if part)
            try:
                return date(year, *parts)
            except ValueError:
                self._add(Flaw.NO_SUCH_DATE, column, value=text)
        elif (half := _MONTH.fullmatch(text.replace(" ", ""))) is not None and 1 <= int(half[2]) <= 12:
            self._add(Flaw.HALF_DATE, column, value=text, better=f"{half[1]}-{int(half[2]):02}-01")
        else:
            self._add(Flaw.BAD_DATE, column, value=text)
        return None

    def _posts(self) -> frozenset[Post] | None:
        if Column.POSTS not in self._labels:
            return None
        words = [word for word in re.split(r"[、,;/\s]+", self._text(Column.POSTS)) if word not in _NO_POST]
        return frozenset(post for word in words if word and (post := self._post(word)) is not None)

    def _post(self, word: str) -> Post | None:
        body, post = _POST.fullmatch(word).groups() if word not in POSTS else (None, word)  # type: ignore[union-attr]  # matches any word
        if (role := POSTS.get(post)) is None:
            self._add(Flaw.UNKNOWN_POST, Column.POSTS, value=word)
            return None
        if role is Role.GROUP_LEADER:
            return Post(role, Body.GROUP)
        is_above = role is Role.STUDY_MEMBER or body in ("党委", "党总支")
        return Post(role, Body.COMMITTEE if is_above else Body.BRANCH)

    def _judge(self, row: RosterRow) -> None:
        posts = row.posts or frozenset()
        if row.joined_on and row.full_on and row.full_on < row.joined_on:
            self._add(Flaw.FULL_BEFORE_JOINED)
        if row.full_on and not row.is_probationary and row.full_on > self._today:
            self._add(Flaw.FULL_AHEAD)
        if row.is_probationary and row.full_on and row.full_on <= self._today:
            self._add(Flaw.PROBATION_OVER)
        if row.is_probationary and not row.full_on:
            self._add(Flaw.NO_FULL_DATE)
        if row.is_probationary and any(post.role in COMMITTEE_ROLES for post in posts):
            self._add(Flaw.PROBATIONARY_OFFICER)
        if not row.group and any(post.body is Body.GROUP for post in posts):
            self._add(Flaw.LEADER_WITHOUT_GROUP)
