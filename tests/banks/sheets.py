"""Small workbooks and tables as people send them, and what came out of them to the letter."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from io import BytesIO

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from bot.banks import reading, views
from bot.banks.reading import Loaded
from bot.banks.rules import LETTERS, Question, QuestionType
from tests.banks.files import ON

Value = str | float | bool | date | datetime | None
Row = Sequence[Value]
Rows = Sequence[Row]
NAMES = {
    QuestionType.SINGLE: "单选",
    QuestionType.MULTIPLE: "多选",
    QuestionType.TRUE_FALSE: "判断",
    QuestionType.BLANK: "填空",
}
HEAD = ("题型", "题干", "A", "B", "C", "D", "答案")


def book(*sheets: tuple[str, Rows], touch: Callable[[Workbook], None] | None = None) -> bytes:
    """A workbook of named sheets; `touch` changes it before it is saved."""
    made = Workbook()
    made.remove(made.worksheets[0])
    for title, rows in sheets:
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    if touch is not None:
        touch(made)
    data = BytesIO()
    made.save(data)
    return data.getvalue()


def sheet(*rows: Sequence[Value], touch: Callable[[Worksheet], None] | None = None) -> bytes:
    """A workbook of one sheet called 题."""
    return book(("题", rows), touch=None if touch is None else lambda made: touch(made.worksheets[0]))


def load(data: bytes, name: str = "题.xlsx") -> Loaded:
    return reading.load(data, name, on=ON)


def spelled(data: bytes, name: str = "题.xlsx") -> list[str]:
    """One line per question, then one per fault: its place, code and words."""
    loaded = load(data, name)
    checked = loaded.checked
    if checked.rows is not None:
        assert checked.rows.read == checked.rows.good + checked.rows.repeated + checked.rows.bad
    faults = [views.line(issue).removeprefix(name) for issue in checked.issues if not issue.code.startswith("W3")]
    return [*(question(one) for one in (checked.bank.questions if checked.bank else ())), *faults]


def question(one: Question) -> str:
    """`单选 题干 | A.甲 | B.乙 = A`, then what is not as usual."""
    options = [f"{letter}.{text}" for letter, text in zip(LETTERS, one.options, strict=False)]
    answer = one.answer or " / ".join("；".join(blank.answers) for blank in one.blanks)
    cited = one.citation
    rest = [
        f"{one.score_centi / 100:g}分" if one.score_centi != 100 else "",
        f"难度{one.difficulty}" if one.difficulty != 3 else "",
        f"《{cited.source.title}》{cited.article}" if cited else "",
        "、".join(one.topics),
        f"解析：{one.explain}" if one.explain else "",
        "" if one.code.startswith("i-") else f"#{one.code}",
    ]
    return " ".join([NAMES[one.type], " | ".join([one.stem, *options]), "=", answer, *filter(None, rest)])
