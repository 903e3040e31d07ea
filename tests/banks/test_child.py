"""Files of strangers: what is wrong with them ends with the child process, and is named."""

import zipfile
from collections.abc import Mapping
from csv import writer
from io import BytesIO, StringIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.banks import child, foreign, reading, views, workbook
from bot.banks.formats import Format, csv, format_of, wire
from bot.banks.judging import Ground
from bot.banks.rules import QuestionType
from tests.banks.files import ON
from tests.banks.sheets import HEAD, load, sheet, spelled

Q = ("单选", "多久一次？", "每月", "每季度", "每半年", "每年", "B")
BROKEN = [" E219 文件不完整或打不开，请用 Excel 或 WPS 另存为 .xlsx 再发。"]
TOO_MUCH = [" E218 超过上限：文件 10 MB、20000 行、解压后 64 MB。"]
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)
SHEET = "xl/worksheets/sheet1.xml"
ROW = b'<row r="%d"><c r="B%d" t="inlineStr"><is><t>x</t></is></c></row>'
LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&c;</t></is>
</c></row></sheetData></worksheet>"""


def changed(parts: Mapping[str, bytes]) -> bytes:
    """A workbook of one question, some of its parts replaced."""
    data = BytesIO()
    with zipfile.ZipFile(BytesIO(sheet(HEAD, Q))) as old, zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {*old.namelist(), *parts}:
            new.writestr(name, parts.get(name) or old.read(name))
    return data.getvalue()


def rows(*numbers: int) -> bytes:
    inside = b"".join(ROW % (n, n) for n in numbers)
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return b'<worksheet xmlns="%b"><sheetData>%b</sheetData></worksheet>' % (space, inside)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (OLE, [" E201 这是旧版 .xls，请用 Excel 或 WPS 另存为 .xlsx 再发。"]),
        (OLE + "EncryptedPackage".encode("utf-16-le"), [" E202 文件有密码，请去掉密码再发。"]),
        (sheet(HEAD, Q)[:3000], BROKEN),
        (sheet(HEAD, Q)[:-40], BROKEN),
        (changed({SHEET: b"<worksheet><sheetData>"}), BROKEN),
        (changed({SHEET: LAUGHS}), BROKEN),
        (changed({"xl/media/big.bin": bytes(300 * 1024 * 1024)}), TOO_MUCH),
        (changed({SHEET: rows(*range(1, 20_100))}), TOO_MUCH),
        (b"x" * (11 * 1024 * 1024), TOO_MUCH),
    ],
    ids=["old", "locked", "half", "cut", "broken", "laughs", "bomb", "rows", "size"],
)
def test_what_cannot_be_read_says_why(data: bytes, told: list[str]) -> None:
    assert spelled(data) == told


def test_a_cell_far_below_the_others_is_read_in_its_place() -> None:
    assert spelled(changed({SHEET: rows(2, 1_048_576)})) == [
        "[题]!A2 E203 没找到题干列和答案列。表头请用：题型、题干、A、B、C、D、答案。"
    ]


def test_a_lying_ending_changes_nothing() -> None:
    assert load(sheet(HEAD, Q), "题.txt").kind is Format.EXCEL
    assert load("题干,答案\n甲。,对\n".encode(), "题.xlsx").kind is Format.TABLE
    assert format_of(sheet(HEAD, Q), "题.yaml") is Format.EXCEL


def test_what_a_child_prints_is_not_trusted() -> None:
    for garbled in (b"", b"{}", b"[1]", b'[["E1",["l","1"],{}]]', b'[["E1",["z",1],{}]]', b'[]\n[["l",1]]', b"[]\n"):
        with pytest.raises(wire.Garbled):
            wire.loads(garbled, "题.xlsx")


def test_what_was_read_comes_back_from_the_child_as_it_was() -> None:
    data = "题型,题干,A,B,答案,分值,难度,题号\n单选,甲？,一,二,A,2,4,7\n".encode()
    assert child.read(data, "题.csv", Format.TABLE) == wire.loads(wire.dumps(csv.read(data, "题.csv")), "题.csv")


def test_the_template_is_read_without_an_error() -> None:
    checked = load(workbook.template()).checked
    assert checked.errors == 0
    assert checked.bank is not None
    assert [question.type for question in checked.bank.questions] == list(QuestionType)


WORDS = "A B AB Z 对 错 √ 1 0 3.5 = 甲 乙 丙丁 ____ （　） （A） 单选 判断 填空 多选题 简答 一、单选题"
PARTS = "A.甲 B、乙 三|五 ['甲'] A、B都对"
CELLS = st.sampled_from(["", "", *WORDS.split(" "), *PARTS.split(" "), "\u200b", "x" * 600])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(CELLS, min_size=7, max_size=7), min_size=1, max_size=12))
def test_every_row_is_a_question_a_repetition_or_has_its_reason(table: list[list[str]]) -> None:
    """Rows that hold nothing, headings and lines made ready are no rows; no other is lost."""
    text = StringIO()
    writer(text).writerows([HEAD, *table])
    raw = csv.read(text.getvalue().encode(), "题.csv")
    judged = foreign.judge(raw, Ground())
    errors = {issue.place for issue in judged.issues if issue.is_error and issue.code != "E204"}
    repeated = {issue.place for issue in judged.issues if issue.code == "W211"}
    good = {drawn.at for drawn in judged.drawn}
    telling = {
        n
        for n, cells in enumerate(table, start=2)
        if any(cell.strip() for cell in cells[1:]) and len({cell for cell in cells if cell.strip()}) > 1
    }
    named = {place[0] for place in good | repeated | errors}
    assert not good & errors
    assert telling <= named
    assert judged.rows.read == judged.rows.good + judged.rows.repeated + judged.rows.bad


def test_what_is_named_under_a_slug_goes_there() -> None:
    loaded = reading.load(sheet(HEAD, Q), "题.xlsx", on=ON, slug="own-bank", title="自己的题库")
    assert loaded.checked.bank is not None
    assert (loaded.checked.bank.slug, loaded.checked.bank.title) == ("own-bank", "自己的题库")


def test_more_questions_than_a_bank_holds_are_refused() -> None:
    lines = "".join(f"判断,第{n}条规定是这样的,对\n" for n in range(10_001))
    checked = load(f"题型,题干,答案\n{lines}".encode(), "题.csv").checked
    assert checked.bank is None
    assert [views.line(issue) for issue in checked.issues if issue.is_error] == [
        "题.csv E011 超过上限：文件 8 MB、10000 题。"
    ]
