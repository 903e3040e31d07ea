"""Roster files: what is read, what is refused, and what hostile ones cost."""

import zipfile
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from bot.errors import UserError
from bot.members import cells, workbook
from bot.members.facts import Table
from bot.members.phrases import HEADINGS, Column
from bot.members.roster_views import problem_lines
from bot.members.rows import Body, Fault, Flaw, Post
from bot.members.rules import Role
from tests.members.files import HEAD, ROW, TODAY, book, faults

# -- files --------------------------------------------------------------------------------------------------------


def test_a_workbook_is_read_through_the_child() -> None:
    data = book(
        [*HEAD, "入党日期", "工号", "手机"],
        [*ROW, date(2010, 7, 1), 1001, "13800000000"],
        [],
        ["一支部", "李四", "正式党员"],
    )
    reading = workbook.read("名册.xlsx", data, today=TODAY)
    assert [(row.line, row.name, row.staff_no, row.joined_on) for row in reading.rows] == [
        (2, "张三", "1001", date(2010, 7, 1)),
        (4, "李四", None, None),
    ]
    assert faults(reading) == ["发现“手机”列：本系统不需要，已忽略且未保存。"]


def test_the_template_is_an_empty_roster_with_drop_downs() -> None:
    data = workbook.template()
    assert faults(workbook.read("模板.xlsx", data, today=TODAY)) == ["名册是空的，没有可导入的人员。"]
    made = load_workbook(BytesIO(data))
    assert made.sheetnames == ["名册", "填写说明"]
    headings = [cell.value for cell in made["名册"][1]]
    assert headings[:5] == ["国企", "上级党组织", "党支部*", "党小组", "姓名*"]
    assert len(headings) == len(Column)
    choices = {str(rule.sqref).split(":")[0]: rule.formula1 for rule in made["名册"].data_validations.dataValidation}
    assert choices["G2"] == '"正式党员,预备党员"'
    assert set(HEADINGS) == set(Column)


def test_a_sheet_of_another_name_is_taken_if_it_is_the_only_one() -> None:
    assert len(workbook.read("a.xlsx", book(HEAD, ROW, title="Sheet1"), today=TODAY).rows) == 1
    assert len(workbook.read("a.xlsx", book(HEAD, ROW, also=["其他"]), today=TODAY).rows) == 1
    with pytest.raises(workbook.NoRosterSheet) as refusal:
        workbook.read("a.xlsx", book(HEAD, ROW, title="Sheet1", also=["Sheet2"]), today=TODAY)
    assert str(refusal.value) == "没找到“名册”工作表，文件里有：Sheet1、Sheet2。请用 /roster 下载模板。"


def test_merged_cells_are_named() -> None:
    made = Workbook()
    sheet = made.active
    assert isinstance(sheet, Worksheet)
    for row in ([*HEAD], ["一支部", "张三", "正式党员"], [None, "李四", "正式党员"], [None, "孙七", "正式党员"]):
        sheet.append(row)
    sheet.merge_cells("A2:A4")
    out = BytesIO()
    made.save(out)
    assert faults(workbook.read("a.xlsx", out.getvalue(), today=TODAY)) == [
        "第 2–4 行“党支部”是合并单元格，只有第一行有内容，请取消合并。"
    ]


def test_a_formula_without_a_result_is_named() -> None:
    data = book([*HEAD, "工号"], [*ROW, '="A"&1'])
    assert faults(workbook.read("a.xlsx", data, today=TODAY)) == ["第 2 行“工号”是公式且没有保存结果，请粘贴为数值。"]


def test_a_formula_with_its_result_is_read() -> None:
    out = BytesIO()
    with xlsxwriter.Workbook(out) as made:
        sheet = made.add_worksheet("名册")
        sheet.write_row(0, 0, [*HEAD, "工号"])
        sheet.write_row(1, 0, ROW)
        sheet.write_formula(1, 3, '="A"&1', None, "A1")
    assert [row.staff_no for row in workbook.read("a.xlsx", out.getvalue(), today=TODAY).rows] == ["A1"]


def rewritten(data: bytes, name: str, *pairs: bytes) -> bytes:
    """The archive with bytes of one entry replaced: old, new, old, new …"""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            content = old.read(entry)
            if entry.endswith(name):
                for was, becomes in zip(pairs[::2], pairs[1::2], strict=True):
                    content = content.replace(was, becomes)
            new.writestr(entry, content)
    return out.getvalue()


# -- hostile and broken files -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "这是旧版 .xls 或加了密码的文件，请另存为未加密的 .xlsx。"),
        (b"<html><table>", "这个文件不是真正的 Excel（像是网页/CSV 改名），请用 Excel 打开后另存为 .xlsx。"),
        (
            "姓名,党支部\n".encode("gbk"),
            "这个文件不是真正的 Excel（像是网页/CSV 改名），请用 Excel 打开后另存为 .xlsx。",
        ),
        (b"", "这个文件不是真正的 Excel（像是网页/CSV 改名），请用 Excel 打开后另存为 .xlsx。"),
        (book(HEAD, ROW)[:-200], "文件不完整，可能上传中断，请重新发送。"),
        (b"PK\x03\x04" + b"\xff" * 100, "文件不完整，可能上传中断，请重新发送。"),
        (b"\0" * (2 * 1024 * 1024 + 1), "文件 3 MB，超过 2 MB 上限，请删去图片或分批导入。"),
    ],
    ids=["ole", "html", "csv", "empty", "cut off", "garbage", "too big"],
)
def test_what_is_no_workbook_is_refused_by_its_kind(data: bytes, text: str) -> None:
    with pytest.raises(UserError) as refusal:
        workbook.read("名册.xlsx", data, today=TODAY)
    assert str(refusal.value) == text


def test_another_kind_of_office_file_is_refused() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(workbook.NotExcel):
        workbook.read("名册.xlsx", out.getvalue(), today=TODAY)


def test_a_broken_inside_is_refused() -> None:
    with pytest.raises(workbook.CutOff):
        workbook.read("a.xlsx", rewritten(book(HEAD, ROW), "sheet1.xml", b"</row>", b"</rov>"), today=TODAY)


def bomb() -> bytes:
    """A few kilobytes that unpack to as many megabytes."""
    row = b'<row r="2">' + b"<c><v>1</v></c>" * 250_000 + b"</row>"
    return rewritten(book(HEAD, ROW), "sheet1.xml", b"</sheetData>", row + b"</sheetData>")


def far_cell() -> bytes:
    made = Workbook()
    sheet = made.active
    assert isinstance(sheet, Worksheet)
    sheet.cell(1_048_576, 16_384, "x")
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def many_entries() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n in range(1001):
            archive.writestr(f"xl/{n}", "")
    return out.getvalue()


def billion_laughs() -> bytes:
    entities = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
    prologue = b'<!DOCTYPE x [<!ENTITY a0 "lol">' + entities + b"]>"
    return rewritten(
        book(HEAD, ROW), "sheet1.xml", b"<worksheet", prologue + b"<worksheet", b"<v>0</v>", b"<v>&a9;</v>"
    )


def repeated_text() -> bytes:
    """One long text shared by every cell."""
    return book(*[["x" * 199] * 40] * 2900)


@pytest.mark.parametrize("make_file", [bomb, far_cell, many_entries, billion_laughs, repeated_text])
def test_a_hostile_workbook_is_refused(make_file: Callable[[], bytes]) -> None:
    with pytest.raises((workbook.Swollen, workbook.CutOff)):
        workbook.read("名册.xlsx", make_file(), today=TODAY)


def test_a_merged_range_over_the_whole_sheet_costs_nothing() -> None:
    data = book(HEAD, ROW)
    everything = b'</sheetData><mergeCells count="1"><mergeCell ref="A2:XFD1048576"/></mergeCells>'
    reading = workbook.read("a.xlsx", rewritten(data, "sheet1.xml", b"</sheetData>", everything), today=TODAY)
    assert {f.flaw for f in reading.faults} == {Flaw.MERGED}


def test_three_thousand_rows_are_read_and_more_are_refused() -> None:
    rows = [["一支部", f"党员{n}", "正式党员"] for n in range(3000)]
    assert len(workbook.read("a.xlsx", book(HEAD, *rows), today=TODAY).rows) == 3000
    with pytest.raises(workbook.TooManyRows) as refusal:
        workbook.read("a.xlsx", book(HEAD, *rows, *rows[:20]), today=TODAY)
    assert str(refusal.value) == "名册超过 3000 行，请分批导入。"


# -- YAML ---------------------------------------------------------------------------------------------------------

GOOD = """\
roster:
  - company: 示范城建集团
    branch: 一支部
    group: 第一小组
    members:
      - {name: 张三, staff_no: 00123, joined_on: 2010-07-01, posts: 党小组长}
      - {name: 周八, is_probationary: true, full_on: 2026-09-01, is_leader: 是}
  - branch: 二支部
    members:
      - name: 王五
        posts: [书记, 组织委员]
"""


def test_yaml_says_the_same_as_a_workbook() -> None:
    reading = workbook.read("名册.yaml", GOOD.encode(), today=TODAY)
    assert reading.faults == ()
    zhang, zhou, wang = reading.rows
    assert (zhang.line, zhang.company, zhang.group, zhang.staff_no) == (6, "示范城建集团", "第一小组", "00123")
    assert zhang.posts == frozenset({Post(Role.GROUP_LEADER, Body.GROUP)})
    assert (zhou.is_probationary, zhou.is_leader, zhou.full_on) == (True, True, date(2026, 9, 1))
    assert (wang.branch, wang.group, wang.posts) == (
        "二支部",
        None,
        frozenset({Post(Role.SECRETARY, Body.BRANCH), Post(Role.ORGANIZER, Body.BRANCH)}),
    )


def test_an_unknown_key_is_named_with_its_place() -> None:
    reading = workbook.read("a.yaml", GOOD.replace("staff_no", "staf_no").encode(), today=TODAY)
    assert faults(reading) == ["第 6 行第 20 列不认识“staf_no”。是否想写“staff_no”？"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "第 1 行“roster”应是以“- ”开头的列表。"),
        ("- 张三", "第 1 行“roster”应是以“- ”开头的列表。"),
        ("roster: 张三", "第 1 行“roster”应是以“- ”开头的列表。"),
        ("roster:\n  - branch: 一支部\n    members: 张三", "第 3 行“members”应是以“- ”开头的列表。"),
        ("roster:\n  - branch: 一支部\n    members: [张三]", "第 3 行“members”应是以“- ”开头的列表。"),
    ],
)
def test_yaml_of_another_shape(text: str, told: str) -> None:
    assert told in faults(workbook.read("a.yml", text.encode(), today=TODAY))


def test_yaml_that_cannot_be_read_names_every_place() -> None:
    with pytest.raises(workbook.UnreadableYaml) as refusal:
        workbook.read("名册.yaml", "roster:\n\t- branch： 一支部".encode(), today=TODAY)
    assert str(refusal.value).startswith("名册.yaml:2:1 E003 ")
    with pytest.raises(workbook.UnreadableYaml) as refusal:
        workbook.read("名册.yaml", "roster: 党".encode("gbk"), today=TODAY)
    assert "E001" in str(refusal.value)


# -- what we write ------------------------------------------------------------------------------------------------


def test_invitations_and_problems_are_text_even_if_they_look_like_formulas() -> None:
    names = ("=1+1", '<b>&"张')
    links = [workbook.Link(name, "https://t.me/ketang_demo_bot?start=j_x", "3月3日 09:00") for name in names]
    sheet = load_workbook(BytesIO(workbook.invitations(links, "一支部")))["邀请单"]
    assert [cell.value for cell in sheet[1]] == ["姓名", "链接", "有效期"]
    assert [(row[0].value, row[0].data_type) for row in sheet.iter_rows(min_row=2)] == [(name, "s") for name in names]
    listed = problem_lines([Fault(Flaw.PRIVATE_COLUMN, 0, {"column": "手机"}), Fault(Flaw.NO_NAME, 4)])
    sheet = load_workbook(BytesIO(workbook.problems(listed)))["问题清单"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        ["4", "问题", "第 4 行缺少姓名。"],
        ["", "提醒", "发现“手机”列：本系统不需要，已忽略且未保存。"],
    ]


def test_one_long_name_does_not_make_a_printed_list_small() -> None:
    links = [workbook.Link("长" * 40, "https://t.me/ketang_demo_bot?start=j_" + "x" * 22, "3月3日 09:00")]
    sheet = load_workbook(BytesIO(workbook.invitations(links, "研发&工艺支部")))["邀请单"]
    assert sum(column.width for column in sheet.column_dimensions.values()) < 97
    assert sheet.row_dimensions[2].height == 6 * 18
    assert sheet.column_dimensions["B"].width > len(str(sheet["B2"].value))
    assert sheet.oddHeader.center.text.strip() == "研发&&工艺支部邀请单"


def test_a_printed_list_shows_every_column_and_repeats_its_headings() -> None:
    links = [workbook.Link("张三", "https://t.me/ketang_demo_bot?start=j_" + "x" * 22, "3月3日 09:00")]
    sheet = load_workbook(BytesIO(workbook.invitations(links, "一支部")))["邀请单"]
    assert (sheet.page_setup.paperSize, sheet.page_setup.fitToHeight) == (9, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$1:$1"
    long = Table("消息", ("内容",), (("一行\n" + "字" * 80,),))
    assert load_workbook(BytesIO(workbook.sheets([long])))["消息"].row_dimensions[2].height == 4 * 18
    made = load_workbook(BytesIO(workbook.template()))
    roster, guide = made["名册"], made["填写说明"]
    assert guide.sheet_properties.pageSetUpPr.fitToPage
    assert guide["A4"].alignment.wrap_text
    assert {guide.row_dimensions[n].height for n in range(1, guide.max_row + 1)} == {18}  # each is read in one line
    assert roster.page_setup.orientation == "landscape"
    assert roster.sheet_properties.pageSetUpPr.fitToPage


def test_the_child_reads_nothing_but_standard_input(tmp_path: Path) -> None:
    read_again = cells.read(BytesIO(book(HEAD, ROW)), "名册")
    assert read_again["titles"] == ["名册"]
    assert list(tmp_path.iterdir()) == []
