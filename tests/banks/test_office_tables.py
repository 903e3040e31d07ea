"""Sheets and tables as programs for exams and offices lay them out: each question that comes out, to the letter."""

import json

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from bot.banks import views
from tests.banks.sheets import load, question, sheet, spelled


def merge_two_lines(worksheet: Worksheet) -> None:
    for place in ("A1:A2", "B1:B2", "C1:E1", "F1:F2"):
        worksheet.merge_cells(place)


def thousands(worksheet: Worksheet) -> None:
    worksheet["B2"].number_format = "#,##0"


def came_out(data: bytes, name: str) -> list[str]:
    """Questions and faults; the hints are of no interest here."""
    checked = load(data, name).checked
    questions = [question(one) for one in checked.bank.questions] if checked.bank else []
    return [*questions, *(f"{views.twin(issue.place)} {issue.code}" for issue in checked.issues if issue.is_error)]


FOUR = ("一", "二", "三", "四")
SHOWN = "A.一 | B.二 | C.三 | D.四"
LETTERED = ["选A", "（C）", "A和C", "【A】", "A┋B", "A+B", "选项C", "A 一", "B、二", "一、三", "二，四", "甲"]
SHEETS: dict[str, tuple[bytes, list[str]]] = {
    "options and keys parted as a survey site does": (
        sheet(
            ("题目类型", "题目", "选项", "正确答案", "分值"),
            ("多选题", "介绍人做什么？", "A.解释纲领┋B.了解情况┋C.代缴党费", "A┋B", 5),
            ("判断题", "可以不来开会。", "正确┋错误", "错误", 5),
        ),
        ["多选 介绍人做什么？ | A.解释纲领 | B.了解情况 | C.代缴党费 = AB 5分", "判断 可以不来开会。 = F 5分"],
    ),
    "numbered options, and the key by their names": (
        sheet(("题目描述", "题目分值", "正确答案", "选项1", "选项2"), ("哪个？", 2, "选项2", "甲", "乙")),
        ["单选 哪个？ | A.甲 | B.乙 = B 2分"],
    ),
    "types by numbers": (
        sheet(
            ("题型", "题干", "A", "B", "答案"),
            (1, "哪个？", "甲", "乙", "A"),
            (2, "哪些？", "甲", "乙", "AB"),
            (3, "对吗？", "", "", "错"),
        ),
        ["单选 哪个？ | A.甲 | B.乙 = A", "多选 哪些？ | A.甲 | B.乙 = AB", "判断 对吗？ = F"],
    ),
    "headings on two lines, again on the next page": (
        sheet(
            ("序号", "题干", "选项", None, None, "答案"),
            (None, None, "A", "B", "C", None),
            (1, "哪个？", "甲", "乙", "丙", "B"),
            ("序号", "题干", "选项", None, None, "答案"),
            (None, None, "A", "B", "C", None),
            (2, "谁？", "甲", "乙", "丙", "C"),
            touch=merge_two_lines,
        ),
        ["单选 哪个？ | A.甲 | B.乙 | C.丙 = B", "单选 谁？ | A.甲 | B.乙 | C.丙 = C"],
    ),
    "options' letters in brackets, what must be filled in said so": (
        sheet(("【必填】题目", "选项（A）", "选项（B）", "答案（必填）"), ("哪个？", "甲", "乙", "B")),
        ["单选 哪个？ | A.甲 | B.乙 = B"],
    ),
    "an old key beside the new one": (
        sheet(("题干", "答案（旧）", "A", "B", "答案"), ("哪个？", "A", "甲", "乙", "B")),
        ["单选 哪个？ | A.甲 | B.乙 = B"],
    ),
    "keys in several columns": (
        sheet(("题干", "A", "B", "C", "答案1", "答案2"), ("哪些？", "甲", "乙", "丙", "A", "C")),
        ["多选 哪些？ | A.甲 | B.乙 | C.丙 = AC"],
    ),
    "options called answers": (
        sheet(("题目", "答案1", "答案2", "正确答案"), ("哪个？", "甲", "乙", "2"), ("谁？", "丙", "丁", "1")),
        ["单选 哪个？ | A.甲 | B.乙 = B", "单选 谁？ | A.丙 | B.丁 = A"],
    ),
    "every other word for a heading": (
        sheet(
            ("题目编号", "题目分类", "考题内容", "答案A", "答案B", "参考答案", "试题难度", "所属知识点", "出题依据"),
            ("T-1", "单选", "哪个？", "甲", "乙", "B", "较难", "支部", "《党章》第七条"),
        ),
        ["单选 哪个？ | A.甲 | B.乙 = B 难度4 《党章》第七条 支部 #t-1"],
    ),
    "options behind a question mark in the stem": (
        sheet(("试题", "答案"), ("哪个？A.甲；B.乙；C.丙", "C"), ("对吗？", "不正确"), ("行吗？", "（√）")),
        ["单选 哪个？ | A.甲 | B.乙 | C.丙 = C", "判断 对吗？ = F", "判断 行吗？ = T"],
    ),
    "a number with its thousands": (
        sheet(("题干", "A", "B", "答案"), ("多少？", 1234567, "2", "A"), touch=thousands),
        ["单选 多少？ | A.1,234,567 | B.2 = A"],
    ),
    "a key in words that two letters would fit as well": (
        sheet(("题干", "A", "B", "C", "答案"), ("哪组？", "甲和乙", "A和B", "都不是", "A和B")),
        ["单选 哪组？ | A.甲和乙 | B.A和B | C.都不是 = B"],
    ),
}


@pytest.mark.parametrize(("data", "expected"), SHEETS.values(), ids=SHEETS)
def test_sheets_of_offices_come_out_to_the_letter(data: bytes, expected: list[str]) -> None:
    assert came_out(data, "题.xlsx") == expected


ONE_CELL = (
    *("A甲 B乙 C丙", "A:甲;B:乙;C:丙", "（A）甲（B）乙（C）丙", "甲 乙 丙", "A.甲，B.乙，C.丙", "甲┋乙┋丙"),
    *("甲/乙/丙", "甲,乙,丙", "A 甲\nB 乙\nC 丙", "甲、乙、丙"),
)


@pytest.mark.parametrize("options", ONE_CELL)
def test_options_of_one_cell_are_told_apart(options: str) -> None:
    data = sheet(("题型", "题干", "选项", "答案"), ("单选", "哪个？", options, "B"))
    assert came_out(data, "题.xlsx") == ["单选 哪个？ | A.甲 | B.乙 | C.丙 = B"]


def test_keys_are_understood_in_the_words_around_them() -> None:
    data = sheet(("题干", *"ABCD", "答案"), *((f"题{n}？", *FOUR, key) for n, key in enumerate(LETTERED)))
    keys = ("A", "C", "AC", "A", "AB", "AB", "C", "A", "B", "AC", "BD")
    kinds = ("单选" if len(key) == 1 else "多选" for key in keys)
    expected = [f"{kind} 题{n}？ | {SHOWN} = {key}" for n, (kind, key) in enumerate(zip(kinds, keys, strict=True))]
    assert came_out(data, "题.xlsx") == [*expected, "题!F13 E209"]


TABLES = {
    "a title without commas": "党建题库\n题型,题干,A,B,答案\n单选,哪个？,甲,乙,B\n判断,对吗？,,,对\n",
    "rows without their last commas": "题型,题干,A,B,答案,解析\n单选,哪个？,甲,乙,B\n判断,对吗？,,,对\n",
    "Chinese commas": "题型，题干，A，B，答案\n单选，哪个？，甲，乙，B\n判断，对吗？，，，对\n",
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
def test_tables_written_by_hand_are_tables(text: str) -> None:
    assert came_out(text.encode(), "题.csv") == ["单选 哪个？ | A.甲 | B.乙 = B", "判断 对吗？ = T"]


def test_a_list_that_talks_of_stems_and_keys_is_no_table() -> None:
    text = "说明：题干,选项,答案都要核对\n1、哪个？\nA、甲 B、乙\n答案：B\n"
    assert came_out(text.encode(), "题.txt")[0] == "单选 哪个？ | A.甲 | B.乙 = B"


def test_json_as_programs_keep_it() -> None:
    options = [{"key": "A", "value": "甲"}, {"key": "B", "value": "乙"}]
    listed = {"data": {"list": [{"title": "哪个？", "questionType": 1, "optionList": options, "rightAnswer": "B"}]}}
    assert came_out(json.dumps(listed).encode(), "题.json") == ["单选 哪个？ | A.甲 | B.乙 = B"]
    placed = [{"q": "哪个？", "options": ["甲", "乙", "丙"], "correctIndex": 1}]
    assert came_out(json.dumps(placed).encode(), "题.json") == ["单选 哪个？ | A.甲 | B.乙 | C.丙 = B"]
    worded = [{"题干": "哪些？", "选项": ["A. 甲", "B. 乙", "C. 丙"], "答案": ["A. 甲", "C. 丙"]}]
    assert came_out(json.dumps(worded).encode(), "题.json") == ["多选 哪些？ | A.甲 | B.乙 | C.丙 = AC"]


def test_json_of_one_item_a_line_is_read_to_its_end() -> None:
    lines = [{"题干": f"题{n}？", "选项": ["甲", "乙"], "答案": "AB"[n]} for n in (0, 1)]
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    assert came_out(text.encode(), "题.json") == ["单选 题0？ | A.甲 | B.乙 = A", "单选 题1？ | A.甲 | B.乙 = B"]
    assert came_out(f"{text}\n]".encode(), "题.json")[-1] == "第 3 行 E009"


def test_a_types_number_leaves_it_to_the_key_and_says_so() -> None:
    told = spelled(sheet(("题型", "题干", "A", "B", "答案"), (2, "哪些？", "甲", "乙", "A")))
    assert told == ["单选 哪些？ | A.甲 | B.乙 = A", "[题]!B2 W212 没写题型，按答案判断为单选。"]
