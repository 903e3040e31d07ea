"""Roster files: what is read, what is refused, and what hostile ones cost."""

import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from bot.errors import UserError
from bot.members import cells, workbook
from bot.members.phrases import HEADINGS, Column, plain, read_table
from bot.members.roster_views import fault_text, problem_lines
from bot.members.rows import Body, Cell, Fault, Flaw, Post, Reading, RosterRow
from bot.members.rules import Role

TODAY = date(2026, 3, 2)
HEAD = ["党支部", "姓名", "类别"]
ROW = ["一支部", "张三", "正式党员"]


def book(*rows: Sequence[object], title: str = "名册", also: Sequence[str] = ()) -> bytes:
    made = Workbook()
    sheet = made.active
    assert isinstance(sheet, Worksheet)
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    for name in also:
        made.create_sheet(name)
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def read(*rows: Sequence[Cell]) -> Reading:
    """What is read of these rows below the usual headings."""
    return read_table([(n, list(row)) for n, row in enumerate([HEAD, *rows], start=1)], [], today=TODAY)


def table(headings: Sequence[str], *rows: Sequence[Cell]) -> Reading:
    return read_table([(n, list(row)) for n, row in enumerate([headings, *rows], start=1)], [], today=TODAY)


def one(heading: str, value: Cell) -> RosterRow:
    reading = table([*HEAD, heading], [*ROW, value])
    assert reading.faults == ()
    return reading.rows[0]


def faults(reading: Reading) -> list[str]:
    return [fault_text(fault) for fault in reading.faults]


def fault(heading: str, value: Cell) -> str:
    found = faults(table([*HEAD, heading], [*ROW, value]))
    assert len(found) == 1, found
    return found[0]


# -- cells --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("张 三", "张三"),
        ("  张　三 ", "张三"),
        ("阿依古丽·买买提", "阿依古丽·买买提"),
        ("Li  Ming", "Li Ming"),
        ("ＡＢ１２", "AB12"),
        (1001.0, "1001"),
        (None, ""),
        ("张\u202e三\u200b", "张三"),
        ("龚䶮", "龚䶮"),
        ('<b>&"张', '<b>&"张'),
        ("=1+1", "=1+1"),
    ],
)
def test_cells_are_read_as_people_mean_them(written: str | float | None, meant: str) -> None:
    assert plain(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        "2021-07-01",
        "2021/7/1",
        "2021.7.1",
        "20210701",
        "2021年7月1日",
        20210701,
        datetime(2021, 7, 1, tzinfo=UTC),
        date(2021, 7, 1),
    ],
)
def test_dates_in_every_usual_form(written: Cell) -> None:
    assert one("入党时间", written).joined_on == date(2021, 7, 1)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("2021.7", "第 2 行入党时间“2021.7”缺少日期，请写 2021-07-01。"),
        (2021.7, "第 2 行入党时间“2021.7”缺少日期，请写 2021-07-01。"),
        ("2026年7月", "第 2 行入党时间“2026年7月”缺少日期，请写 2026-07-01。"),
        ("2021-02-30", "第 2 行入党时间“2021-02-30”不存在，请检查。"),
        ("去年", "第 2 行入党时间“去年”看不懂，请写成 2021-07-01。"),
        (44378, "第 2 行入党时间“44378”看不懂，请写成 2021-07-01。"),
        ("2091-07-01", "第 2 行入党时间 2091-07-01 在将来，请检查。"),
        ("1911-10-10", "第 2 行入党时间 1911-10-10 早于 1921 年 7 月，请检查。"),
    ],
)
def test_dates_that_are_none(written: Cell, text: str) -> None:
    assert fault("入党时间", written) == text


def test_posts_go_to_branch_group_or_committee() -> None:
    reading = table(
        [*HEAD, "党小组", "职务"],
        [*ROW, "第一小组", "组织委员、党小组长，党委书记"],
        ["一支部", "李四", "正式党员", None, "支部书记、中心组成员"],
        ["一支部", "孙七", "正式党员", None, "党员"],
    )
    assert [row.posts for row in reading.rows] == [
        {Post(Role.ORGANIZER, Body.BRANCH), Post(Role.GROUP_LEADER, Body.GROUP), Post(Role.SECRETARY, Body.COMMITTEE)},
        {Post(Role.SECRETARY, Body.BRANCH), Post(Role.STUDY_MEMBER, Body.COMMITTEE)},
        frozenset(),
    ]


def test_without_a_column_nothing_is_said_of_it() -> None:
    row = read(ROW).rows[0]
    assert (row.posts, row.is_leader, row.staff_no, row.group) == (None, None, None, None)
    assert one("党员领导干部", "是").is_leader is True
    assert one("党员领导干部", None).is_leader is False


def test_an_unknown_post() -> None:
    assert fault("职务", "书纪") == (
        "第 2 行职务“书纪”不认识，可选：书记、副书记、组织委员、宣传委员、纪检委员、委员、党小组长、中心组成员。"
    )


@pytest.mark.parametrize("written", [1.1e17, "1.1E+17", 110101199001011230])
def test_a_number_that_lost_its_last_digits(written: Cell) -> None:
    assert fault("编号", written) == "第 2 行编号显示为 1.1E+17，后几位已丢失，请把该列设为文本后重填。"


def test_a_mark_that_is_none() -> None:
    assert fault("党员领导干部", "也许") == "第 2 行党员领导干部“也许”不能识别，请写“是”或留空。"


def test_a_text_too_long() -> None:
    assert faults(read(["一支部", "张" * 61, "正式党员"])) == ["第 2 行“姓名”超过 60 字。"]


# -- rows ---------------------------------------------------------------------------------------------------------


def test_every_missing_required_cell_is_named() -> None:
    reading = read(
        [None, "张三", "正式党员"], ["一支部", None, "正式党员"], ["一支部", "李四", None], [None, None, None]
    )
    assert faults(reading) == ["第 2 行缺少党支部。", "第 3 行缺少姓名。", "第 4 行缺少类别，请填正式党员或预备党员。"]


def test_a_category_that_is_none() -> None:
    assert faults(read(["一支部", "张三", "群众"])) == ["第 2 行类别“群众”不能识别，只能是正式党员或预备党员。"]


def test_categories_as_offices_write_them() -> None:
    reading = read(["一支部", "张三", "中共党员"], ["一支部", "周八", "中共预备党员"])
    assert [row.is_probationary for row in reading.rows] == [False, True]


def test_probation_and_dates_must_agree() -> None:
    head = ["党支部", "姓名", "类别", "入党日期", "转正日期", "职务"]
    reading = table(
        head,
        ["一支部", "甲", "正式党员", "2020-01-01", "2019-01-01"],
        ["一支部", "乙", "正式党员", None, "2026-09-01"],
        ["一支部", "丙", "预备党员", None, "2026-03-02"],
        ["一支部", "丁", "预备党员", None, "2026-09-01", "宣传委员"],
        ["一支部", "戊", "预备党员"],
    )
    assert faults(reading) == [
        "第 2 行转正日期早于入党日期。",
        "第 3 行类别是正式党员，转正日期却在将来。",
        "第 4 行转正日期已到，类别应为正式党员。",
        "第 5 行预备党员不能担任书记或委员。",
        "第 6 行预备党员未填转正日期。",
    ]
    assert [f.is_warning for f in reading.faults] == [False, False, False, False, True]


def test_a_group_leader_needs_a_group() -> None:
    assert fault("职务", "党小组长") == "第 2 行党小组长未填党小组。"


def test_two_people_of_one_name_need_numbers() -> None:
    reading = table([*HEAD, "工号"], [*ROW, None], ["二支部", "张三", "正式党员", None], [*ROW, "A1"], [*ROW, "A2"])
    assert faults(reading) == [
        "第 4 行与第 2 行都是“张三（一支部）”，请加工号区分。",
        "第 5 行与第 2 行都是“张三（一支部）”，请加工号区分。",
    ]
    both = table([*HEAD, "工号"], [*ROW, "A1"], [*ROW, "A2"], ["一支部", "李四", "正式党员", "A2"])
    assert faults(both) == ["第 4 行与第 3 行的工号都是“A2”。"]


# -- headings -----------------------------------------------------------------------------------------------------


def test_headings_are_found_in_the_first_five_rows_by_any_of_their_names() -> None:
    reading = table(
        ["2026年党员名册"], [], ["序号", "姓 名*", "所在支部（全称）", "政治面貌"], [1, "张三", "一支部", "正式党员"]
    )
    assert reading.faults == ()
    assert (reading.rows[0].line, reading.rows[0].name, reading.rows[0].branch) == (4, "张三", "一支部")


def test_a_missing_column_is_named_with_what_is_there() -> None:
    reading = table(["名字", "党支部", "类别", "部门"], ["张三", "一支部", "正式党员", "财务部"])
    assert faults(reading) == ["缺少“姓名”列；看到的列：名字、党支部、类别、部门。“名字”是否就是“姓名”？"]
    assert reading.rows == ()


def test_a_column_given_twice() -> None:
    assert faults(table([*HEAD, "姓名"], ROW)) == ["第 1 行表头“姓名”出现了两次，请删掉一列。"]


@pytest.mark.parametrize("heading", ["身份证号", "手机", "联系电话", "家庭住址", "照片"])
def test_private_columns_are_never_read_and_said_so(heading: str) -> None:
    reading = table([*HEAD, heading], [*ROW, "110101199001011234"])
    assert faults(reading) == [f"发现“{heading}”列：本系统不需要，已忽略且未保存。"]
    assert "110101199001011234" not in repr(reading)
    assert len(reading.rows) == 1


def test_an_empty_roster() -> None:
    assert faults(read()) == ["名册是空的，没有可导入的人员。"]
    assert faults(read_table([], [], today=TODAY))[0] == "缺少“党支部”列；看到的列：。"


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


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.lists(st.none() | st.text(max_size=12) | st.integers() | st.floats() | st.dates(), max_size=6), max_size=6
    )
)
def test_no_table_of_cells_raises(rows: list[list[str | int | float | date | None]]) -> None:
    reading = read_table(list(enumerate([[*HEAD, "职务", "入党日期"], *rows], start=1)), [], today=TODAY)
    assert all(fault_text(found) for found in reading.faults)


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
    link = workbook.Link("一支部", "=1+1", "https://t.me/ketang_demo_bot?start=j_x", "3月3日 09:00")
    sheet = load_workbook(BytesIO(workbook.invitations([link])))["邀请单"]
    assert [cell.value for cell in sheet[1]] == ["支部", "姓名", "链接", "有效期"]
    assert [(cell.value, cell.data_type) for cell in sheet[2]][1] == ("=1+1", "s")
    listed = problem_lines([Fault(Flaw.PRIVATE_COLUMN, 0, {"column": "手机"}), Fault(Flaw.NO_NAME, 4)])
    sheet = load_workbook(BytesIO(workbook.problems(listed)))["问题清单"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        ["4", "问题", "第 4 行缺少姓名。"],
        ["", "提醒", "发现“手机”列：本系统不需要，已忽略且未保存。"],
    ]


def test_the_child_reads_nothing_but_standard_input(tmp_path: Path) -> None:
    read_again = cells.read(BytesIO(book(HEAD, ROW)), "名册")
    assert read_again["titles"] == ["名册"]
    assert list(tmp_path.iterdir()) == []
