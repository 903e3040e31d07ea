"""Every problem and reminder of a roster file to the letter."""

from collections.abc import Mapping

import pytest

from bot.members import roster_views
from bot.members.phrases import POSTS
from bot.members.rows import Fault, Flaw

Values = Mapping[str, str | int]
TEXTS: Mapping[Flaw, tuple[Values, str]] = {
    Flaw.MISSING_COLUMN: (
        {"column": "姓名", "seen": "名字、部门", "near": "名字"},
        "缺少“姓名”列；看到的列：名字、部门。“名字”是否就是“姓名”？",
    ),
    Flaw.DOUBLE_COLUMN: ({"column": "姓名"}, "第 3 行表头“姓名”出现了两次，请删掉一列。"),
    Flaw.MERGED: (
        {"last": 5, "column": "党支部"},
        "第 3–5 行“党支部”是合并单元格，只有第一行有内容，请取消合并。",
    ),
    Flaw.NO_NAME: ({}, "第 3 行缺少姓名。"),
    Flaw.NO_BRANCH: ({}, "第 3 行缺少党支部。"),
    Flaw.NO_CATEGORY: ({}, "第 3 行缺少类别，请填正式党员或预备党员。"),
    Flaw.BAD_CATEGORY: ({"value": "群众"}, "第 3 行类别“群众”不能识别，只能是正式党员或预备党员。"),
    Flaw.NO_RESULT: ({"column": "工号"}, "第 3 行“工号”是公式且没有保存结果，请粘贴为数值。"),
    Flaw.DIGITS_LOST: (
        {"column": "工号", "value": "1.1E+17"},
        "第 3 行工号显示为 1.1E+17，后几位已丢失，请把该列设为文本后重填。",
    ),
    Flaw.HALF_DATE: (
        {"column": "入党时间", "value": "2021.7", "better": "2021-07-01"},
        "第 3 行入党时间“2021.7”缺少日期，请写 2021-07-01。",
    ),
    Flaw.BAD_DATE: ({"column": "入党时间", "value": "去年"}, "第 3 行入党时间“去年”看不懂，请写成 2021-07-01。"),
    Flaw.NO_SUCH_DATE: ({"column": "入党时间", "value": "2021-02-30"}, "第 3 行入党时间“2021-02-30”不存在，请检查。"),
    Flaw.FUTURE_DATE: ({"column": "入党时间", "value": "2091-07-01"}, "第 3 行入党时间 2091-07-01 在将来，请检查。"),
    Flaw.EARLY_DATE: (
        {"column": "入党时间", "value": "1900-07-01"},
        "第 3 行入党时间 1900-07-01 早于 1921 年 7 月，请检查。",
    ),
    Flaw.FULL_BEFORE_JOINED: ({}, "第 3 行转正日期早于入党日期。"),
    Flaw.FULL_AHEAD: ({}, "第 3 行类别是正式党员，转正日期却在将来。"),
    Flaw.PROBATION_OVER: ({}, "第 3 行转正日期已到，类别应为正式党员。"),
    Flaw.TOO_LONG: ({"column": "姓名", "most": 60}, "第 3 行“姓名”超过 60 字。"),
    Flaw.BAD_MARK: ({"column": "党员领导干部", "value": "也许"}, "第 3 行党员领导干部“也许”不能识别，请写“是”或留空。"),
    Flaw.UNKNOWN_POST: (
        {"value": "书纪"},
        "第 3 行职务“书纪”不认识，可选：书记、副书记、组织委员、宣传委员、纪检委员、委员、党小组长、中心组成员。",
    ),
    Flaw.TWICE: (
        {"first": 2, "name": "王伟", "branch": "一支部"},
        "第 3 行与第 2 行都是“王伟（一支部）”，请加工号区分。",
    ),
    Flaw.SAME_NUMBER: ({"first": 2, "number": "A1"}, "第 3 行与第 2 行的工号都是“A1”。"),
    Flaw.PROBATIONARY_OFFICER: ({}, "第 3 行预备党员不能担任书记或委员。"),
    Flaw.LEADER_WITHOUT_GROUP: ({}, "第 3 行党小组长未填党小组。"),
    Flaw.UNKNOWN_KEY: (
        {"column": 9, "key": "nam", "near": "name"},
        "第 3 行第 9 列不认识“nam”。是否想写“name”？",
    ),
    Flaw.WRONG_SHAPE: ({"key": "members"}, "第 3 行“members”应是以“- ”开头的列表。"),
    Flaw.NO_ROWS: ({}, "名册是空的，没有可导入的人员。"),
    Flaw.NO_SUCH_BRANCH: ({"branch": "三支部"}, "第 3 行支部“三支部”不存在，您无权新建。"),
    Flaw.AMBIGUOUS_BRANCH: ({"branch": "一支部"}, "第 3 行支部“一支部”无法确定是哪一个，请填写国企或上级党组织。"),
    Flaw.AMBIGUOUS_PERSON: ({"name": "张三", "branch": "一支部"}, "第 3 行：一支部现有不止一位“张三”，请加工号区分。"),
    Flaw.NO_COMMITTEE: ({}, "第 3 行职务属于党委或党总支，但没有填上级党组织。"),
    Flaw.NOT_YOURS_TO_GRANT: ({"role": "SECRETARY"}, "第 3 行书记的职务变更由上级管理员办理，您可以设党小组长。"),
    Flaw.NOT_YOURS_TO_MOVE: ({"name": "赵六"}, "第 3 行“赵六”现在另一支部，转入由上级管理员办理。"),
    Flaw.MOVED_TOO_EARLY: ({"value": "2020-01-01"}, "第 3 行转入日期早于在原支部的起始日期 2020-01-01。"),
    Flaw.TWO_SECRETARIES: ({"unit": "一支部", "names": "李四、张三"}, "第 3 行：一支部有两名书记：李四、张三。"),
    Flaw.OVER_FIFTY: ({"branch": "一支部", "n": 51}, "一支部共 51 人，超过 50 人（支部工作条例第四条）。"),
    Flaw.YOUNG_SECRETARY: ({"name": "张三"}, "第 3 行书记“张三”党龄不足一年（条号待核）。"),
    Flaw.NO_FULL_DATE: ({}, "第 3 行预备党员未填转正日期。"),
    Flaw.NAMESAKE: (
        {"name": "张三", "branch": "一支部"},
        "第 3 行“张三”：一支部有同名党员，本次按新增处理。如是转入，请先给他补上工号，再按工号导入。",
    ),
    Flaw.PRIVATE_COLUMN: ({"column": "身份证号"}, "发现“身份证号”列：本系统不需要，已忽略且未保存。"),
}


@pytest.mark.parametrize("flaw", Flaw)
def test_what_is_wrong_is_said_to_the_letter(flaw: Flaw) -> None:
    values, text = TEXTS[flaw]
    assert roster_views.fault_text(Fault(flaw, 3, values)) == text


def test_every_post_that_can_be_written_is_offered() -> None:
    assert all(post in TEXTS[Flaw.UNKNOWN_POST][1] for post in POSTS)


def test_only_reminders_let_an_import_pass() -> None:
    reminders = {flaw for flaw in Flaw if Fault(flaw).is_warning}
    assert reminders == {Flaw.OVER_FIFTY, Flaw.YOUNG_SECRETARY, Flaw.NO_FULL_DATE, Flaw.PRIVATE_COLUMN, Flaw.NAMESAKE}
