"""What the cells of a roster mean, and every fault they can have."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.members.phrases import plain, read_table
from bot.members.roster_views import fault_text
from bot.members.rows import Body, Cell, NoValue, Post
from bot.members.rules import Role
from tests.members.files import HEAD, ROW, TODAY, fault, faults, one, read, table

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


ANY_CELL = st.none() | st.text(max_size=12) | st.integers() | st.floats() | st.dates() | st.just(NoValue.FORMULA)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(ANY_CELL, max_size=6), max_size=6))
def test_no_table_of_cells_raises(rows: list[list[Cell]]) -> None:
    reading = table([*HEAD, "职务", "入党日期"], *rows)
    assert all(fault_text(found) for found in reading.faults)
