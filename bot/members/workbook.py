"""Roster files in and out: xlsx and YAML to rows, the template, the list of invitations, the list of problems.

An uploaded workbook is opened only in a child process with limits (`cells`); here only its zip directory is read.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Final, cast
from zipfile import BadZipFile, ZipFile

from bot import yamlfile
from bot.errors import UserError
from bot.members import cells
from bot.members.facts import Table
from bot.members.phrases import HEADINGS, POSTS, REQUIRED, Column, is_roster, read_rows, read_table
from bot.members.rows import Cell, Fault, Flaw, NoValue, Reading
from bot.message import clean

if TYPE_CHECKING:  # 100 ms that only those pay who write a workbook
    from xlsxwriter.worksheet import Worksheet

SHEET = "名册"
MEGA: Final = 1024 * 1024
MAX_SIZE = 2 * MEGA
MAX_UNPACKED = 50 * MEGA
MAX_RATIO = 100  # honest sheets stay below 50
RATIO_FROM = 100 * 1024  # unpacked bytes below which a ratio says nothing
MAX_ENTRIES = 1000
WORD = re.compile(r"[!-~]+")
LINE = 18  # points of a line
ROOM, ROOM_ASIDE = 94, 141  # characters that go on an upright A4 page, and on one that lies
NARROW = 14  # characters that a column keeps in any case
MOST_HEAD = 100  # characters of the line above a printed list
UPRIGHT = 4  # columns that are read well on an upright page
WIDEST, TALLEST, MAX_CELL = 70, 409, 32_767  # of a column, in characters; Excel's own limits of a row and a cell
READ_TIME = timedelta(seconds=8)  # of the wall; the child's own limit is in CPU seconds
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK"


class OldOrLocked(UserError):
    text = "这是旧版 .xls 或加了密码的文件，请另存为未加密的 .xlsx。"


class NotExcel(UserError):
    text = "这个文件不是真正的 Excel（像是网页/CSV 改名），请用 Excel 打开后另存为 .xlsx。"


class CutOff(UserError):
    text = "文件不完整，可能上传中断，请重新发送。"


class TooBig(UserError):
    text = "文件 {size} MB，超过 {limit} MB 上限，请删去图片或分批导入。"

    @classmethod
    def of(cls, size: int) -> "TooBig":
        return cls(size=-(-size // MEGA), limit=MAX_SIZE // MEGA)


class TooManyRows(UserError):
    text = "名册超过 {limit} 行，请分批导入。"


class Swollen(UserError):
    text = "文件展开后过大，已拒绝处理。"


class NoRosterSheet(UserError):
    text = "没找到“名册”工作表，文件里有：{titles}。请用 /roster 下载模板。"


class UnreadableYaml(UserError):
    text = "{problems}"


@dataclass(frozen=True, slots=True)
class Link:
    """One line of the list of invitations."""

    name: str
    url: str
    until: str


def read(name: str, data: bytes, *, today: date) -> Reading:
    """A roster file by its name's ending; raises a UserError when nothing of it can be read."""
    if len(data) > MAX_SIZE:
        raise TooBig.of(len(data))
    if name.lower().endswith((".yaml", ".yml")):
        return read_yaml(name, data, today=today)
    _inspect(data)
    sheet = _in_child(data)
    if sheet["rows"] is None:
        raise NoRosterSheet(titles="、".join(clean(title) for title in cast("list[str]", sheet["titles"])))
    rows = [(int(n), [_cell(v) for v in row]) for n, row in cast("list[tuple[int, list[object]]]", sheet["rows"])]
    merged = [(int(a), int(b), int(c)) for a, b, c in cast("list[tuple[int, int, int]]", sheet["merged"])]
    return read_table(rows, merged, today=today)


def is_roster_book(data: bytes, name: str) -> bool:
    """Whether a workbook has the headings of a roster; of one that cannot be looked into its own name decides."""
    try:
        _inspect(data)
        sheet = _in_child(data)
    except UserError:
        return SHEET in name
    rows = [(int(n), [_cell(v) for v in row]) for n, row in cast("list[tuple[int, list[object]]]", sheet["rows"] or [])]
    return is_roster(rows)


def _inspect(data: bytes) -> None:
    """What the zip's directory tells before anything is unpacked; the reader never unpacks more than it states."""
    if data.startswith(_OLE):
        raise OldOrLocked
    if not data.startswith(_ZIP):
        raise NotExcel
    try:
        entries = ZipFile(BytesIO(data)).infolist()
    except (BadZipFile, ValueError, NotImplementedError):
        raise CutOff from None
    if any(entry.flag_bits & 1 for entry in entries):
        raise OldOrLocked
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise Swollen
    if any(e.file_size > RATIO_FROM and e.file_size >= MAX_RATIO * max(e.compress_size, 1) for e in entries):
        raise Swollen
    if "xl/workbook.xml" not in {entry.filename for entry in entries}:
        raise NotExcel


def _in_child(data: bytes) -> dict[str, object]:
    command = [sys.executable, "-I", "-m", "bot.members.cells", SHEET]
    try:
        done = subprocess.run(  # noqa: S603  # our own module, the file only on standard input
            command, input=data, capture_output=True, timeout=READ_TIME.total_seconds(), check=False, env={}
        )
    except subprocess.TimeoutExpired:
        raise Swollen from None
    if done.returncode == cells.TOO_LONG:
        raise TooManyRows(limit=cells.MAX_ROWS)
    if done.returncode == cells.TOO_MUCH or done.returncode < 0:  # ended by a limit
        raise Swollen
    if done.returncode != 0:
        raise CutOff
    return cast("dict[str, object]", json.loads(done.stdout))


def _cell(value: object) -> Cell:
    if isinstance(value, dict):
        return date.fromisoformat(value["d"]) if "d" in value else NoValue.FORMULA
    return cast("Cell", value)


# -- YAML -------------------------------------------------------------------------------------------------------------

_OF_BRANCH = {"company": Column.COMPANY, "committee": Column.COMMITTEE, "branch": Column.BRANCH, "group": Column.GROUP}
_OF_MEMBER = {
    "name": Column.NAME,
    "staff_no": Column.STAFF_NO,
    "is_probationary": Column.CATEGORY,
    "is_leader": Column.IS_LEADER,
    "joined_on": Column.JOINED_ON,
    "full_on": Column.FULL_ON,
    "posts": Column.POSTS,
    "from_on": Column.FROM_ON,
}
_KEYS = frozenset({"roster", "members", *_OF_BRANCH, *_OF_MEMBER})
_PROBATIONARY = {"": "正式党员", "false": "正式党员", "否": "正式党员", "true": "预备党员", "是": "预备党员"}


def is_roster_yaml(data: bytes) -> bool:
    return re.search(rb"^(\xef\xbb\xbf)?roster[ \t]*:", data, re.MULTILINE) is not None


def read_yaml(name: str, data: bytes, *, today: date) -> Reading:
    document = yamlfile.read(data, yamlfile.Words(keys=_KEYS), yamlfile.Limits(size=MAX_SIZE))
    if document.faults:
        raise UnreadableYaml(problems="\n".join(yamlfile.line(name, fault) for fault in document.faults[:20]))
    faults: list[Fault] = []
    raw: list[tuple[int, dict[Column, Cell]]] = []
    for block in _mappings(document.root, "roster", {"roster"}, faults, is_top=True):
        shared = _cells(block, _OF_BRANCH)
        for person in _mappings(block, "members", {"members", *_OF_BRANCH}, faults):
            _refuse_unknown(person, set(_OF_MEMBER), faults)
            facts = shared | _cells(person, _OF_MEMBER)
            category = str(facts.get(Column.CATEGORY, ""))
            raw.append((person.line, facts | {Column.CATEGORY: _PROBATIONARY.get(category.lower(), category)}))
    used = {column for _, facts in raw for column in facts}
    labels = {column: key for key, column in (_OF_BRANCH | _OF_MEMBER).items() if column in used}
    return read_rows(raw, labels, today=today, faults=faults)


def _mappings(
    node: yamlfile.Node | None, key: str, known: set[str], faults: list[Fault], *, is_top: bool = False
) -> list[yamlfile.Mapping]:
    """The mappings listed under `key`; everything of another shape becomes a fault."""
    if not isinstance(node, yamlfile.Mapping):
        faults.append(Fault(Flaw.WRONG_SHAPE, node.line if node else 1, {"key": "roster" if is_top else key}))
        return []
    _refuse_unknown(node, known, faults)
    items = node.get(key)
    if not isinstance(items, yamlfile.Sequence):
        faults.append(Fault(Flaw.WRONG_SHAPE, items.line if items else node.line, {"key": key}))
        return []
    found = [item for item in items.items if isinstance(item, yamlfile.Mapping)]
    strange = (item for item in items.items if not isinstance(item, yamlfile.Mapping))
    faults += [Fault(Flaw.WRONG_SHAPE, item.line, {"key": key}) for item in strange]
    return found


def _refuse_unknown(node: yamlfile.Mapping, known: set[str], faults: list[Fault]) -> None:
    for key, place in node.keys.items():
        if key not in known:
            near = yamlfile.nearest(key, known) or ""
            values: Mapping[str, str | int] = {"key": key, "near": near, "column": place.column}
            faults.append(Fault(Flaw.UNKNOWN_KEY, place.line, values))


def _cells(node: yamlfile.Mapping, keys: Mapping[str, Column]) -> dict[Column, Cell]:
    found: dict[Column, Cell] = {}
    for key, column in keys.items():
        value = node.get(key)
        if isinstance(value, yamlfile.Scalar):
            found[column] = value.text
        elif isinstance(value, yamlfile.Sequence):
            found[column] = "、".join(item.text for item in value.items if isinstance(item, yamlfile.Scalar))
    return found


# -- what we write ----------------------------------------------------------------------------------------------------

_WIDTHS = {Column.COMPANY: 22, Column.COMMITTEE: 22, Column.BRANCH: 18, Column.POSTS: 20, Column.NOTE: 24}
_DATES = {Column.JOINED_ON, Column.FULL_ON, Column.FROM_ON}
_CHOICES = {Column.CATEGORY: ["正式党员", "预备党员"], Column.POSTS: list(POSTS), Column.IS_LEADER: ["是"]}
_GUIDE = (
    "带 * 的列必填，其余可空；空白表示不改动已有内容。",
    "一人一行，最多 3000 行。重名的人请填工号。",
    "日期写成 2021-07-01。",
    "职务可以有几个，用顿号分开，例如：组织委员、党小组长。",
    "党委、党总支的职务前面写上“党委”，例如：党委书记。",
    "党员领导干部填“是”，其余留空。",
    "起始日期是转入本支部或担任职务的日子，空白为导入当天。",
    "不要填写身份证号、手机、住址：这些列不会被读取，也不会保存。",
)


def template() -> bytes:
    """An empty roster with drop-downs, and how to fill it in."""
    import xlsxwriter  # noqa: PLC0415  # 100 ms that only those pay who write a workbook

    out = BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet, guide = book.add_worksheet(SHEET), book.add_worksheet("填写说明")
        bold = book.add_format({"bold": True, "bg_color": "#F2E6E6", "border": 1})
        text, day = book.add_format({"num_format": "@"}), book.add_format({"num_format": "yyyy-mm-dd"})
        for place, (column, words) in enumerate(HEADINGS.items()):
            sheet.set_column(place, place, _WIDTHS.get(column, 14), day if column in _DATES else text)
            sheet.write_string(0, place, words[0] + ("*" if column in REQUIRED else ""), bold)
            if column in _CHOICES:
                rule = {"validate": "list", "source": _CHOICES[column], "show_error": column is not Column.POSTS}
                sheet.data_validation(1, place, cells.MAX_ROWS, place, rule)
        sheet.freeze_panes(1, 0)
        sheet.set_paper(9)  # A4
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        guide.set_column(0, 0, ROOM)
        guide.set_paper(9)
        guide.fit_to_pages(1, 0)
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        for line, words_of_line in enumerate(_GUIDE):
            guide.write_string(line, 0, words_of_line, wrapped)
            guide.set_row(line, _height([words_of_line], [ROOM]))
    return out.getvalue()


def invitations(links: Sequence[Link], branch: str) -> bytes:
    rows = tuple((x.name, x.url, x.until) for x in links)
    return sheets([Table("邀请单", ("姓名", "链接", "有效期"), rows, head=f"{branch}邀请单")])


def problems(lines: Sequence[tuple[str, str, str]]) -> bytes:
    """Row, 问题 or 提醒, text."""
    return _table("问题清单", ("行", "类别", "说明"), lines)


def sheets(tables: Sequence[Table]) -> bytes:
    """One workbook, a sheet to each table; printed, all columns are on the page and its headings on each."""
    import xlsxwriter  # noqa: PLC0415  # as above

    out = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        bold = book.add_format({"bold": True, "border": 1, "bg_color": "#F2F2F2"})
        framed = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
        for table in tables:
            sheet = book.add_worksheet(table.title)
            widths = [_column(heading, [row[n] for row in table.rows]) for n, heading in enumerate(table.headings)]
            floors = [_unbroken([row[n] for row in table.rows]) for n in range(len(widths))]
            _narrow(widths, floors, ROOM_ASIDE if len(table.headings) > UPRIGHT else ROOM)
            for place, heading in enumerate(table.headings):
                sheet.set_column(place, place, widths[place])
                sheet.write_string(0, place, heading, bold)
            for n, row in enumerate(table.rows, start=1):
                for place, value in enumerate(row):
                    sheet.write_string(n, place, clean(value)[:MAX_CELL], framed)
                sheet.set_row(n, _height(row, widths))
            sheet.set_row(0, LINE)
            sheet.freeze_panes(1, 0)
            _page(sheet, table)
    return out.getvalue()


def _page(sheet: "Worksheet", table: Table) -> None:
    sheet.set_paper(9)  # A4
    if len(table.headings) > UPRIGHT:
        sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_header("&C&14 " + (table.head or table.title)[:MOST_HEAD].replace("&", "&&"))
    sheet.set_footer("&R第&P页，共&N页")


def _column(heading: str, values: Sequence[str]) -> int:
    lines = (line for value in values for line in value.splitlines())
    return min(4 + max([_width(heading), *map(_width, lines)]), WIDEST)


def _narrow(widths: list[int], floors: Sequence[int], room: int) -> None:
    """Takes from the columns what does not go on the page: one long name must not make all the rest small."""
    while sum(widths) > room:
        spare = [width - floor for width, floor in zip(widths, floors, strict=True)]
        if max(spare) <= 0:
            return
        widths[spare.index(max(spare))] -= 1


def _unbroken(values: Sequence[str]) -> int:
    """What a column needs so that no link is cut in two."""
    words = (word for value in values for word in WORD.findall(value))
    return min(max([NARROW, *(len(word) + 2 for word in words)]), WIDEST)


def _height(row: Sequence[str], widths: Sequence[int]) -> int:
    """Points of a row whose texts are wrapped; not every program works this out by itself."""
    lines = [
        sum(1 + _width(line) // width for line in value.splitlines()) for value, width in zip(row, widths, strict=True)
    ]
    return min(LINE * max([1, *lines]), TALLEST)


def _width(text: str) -> int:
    """In columns of a sheet, of which a Chinese character takes two."""
    return sum(2 if ord(character) > 0x2E80 else 1 for character in text)


def _table(title: str, headings: Sequence[str], lines: Sequence[Sequence[str]]) -> bytes:
    return sheets([Table(title, tuple(headings), tuple(tuple(line) for line in lines))])
