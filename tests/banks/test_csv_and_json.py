"""Tables as text and lists in JSON: each question that comes out, to the letter."""

import json
from collections.abc import Sequence

import pytest

from tests.banks.sheets import Value, spelled

GBK_TABLE = "题干,A,B,C,D,答案\n甲？,一,二,三,四,A\n"
TABLES: dict[str, tuple[bytes, list[str]]] = {
    "in GBK": (
        GBK_TABLE.encode("gbk"),
        [
            "单选 甲？ | A.一 | B.二 | C.三 | D.四 = A",
            ":1 W214 编码按 GB18030 读取。",
            ":2 W212 没写题型，按答案判断为单选。",
        ],
    ),
    "with a letter that could not be decoded": (
        GBK_TABLE.encode("gbk") + "几人？,三".encode("gbk") + b"\xff" + ",五,七,九,A\n".encode("gbk"),
        [
            "单选 甲？ | A.一 | B.二 | C.三 | D.四 = A",
            ":1 W214 编码按 GB18030 读取。",
            ":2 W212 没写题型，按答案判断为单选。",
            ":3 E001 文件不是 UTF-8 编码，请在编辑器里另存为 UTF-8 再发。",
        ],
    ),
    "in UTF-16 with tabs, as Excel saves Unicode text": (
        "题干\t答案\r\n甲。\t对\r\n".encode("utf-16"),
        ["判断 甲。 = T", ":2 W212 没写题型，按答案判断为判断。"],
    ),
    "with a mark of order, semicolons and quotes over lines": (
        '\ufeff题型;题干;A;B;答案\r\n单选;"甲;乙""丙""\n丁？";一;二;A\r\n判断;戊。;;;错\r\n'.encode(),
        ['单选 甲;乙"丙"\n丁？ | A.一 | B.二 = A', "判断 戊。 = F"],
    ),
    "without a header, stem and answer": (
        "党的宗旨,为人民服务\n支委会一般每月一次,对\n".encode(),
        [
            "填空 党的宗旨____ = 为人民服务",
            "判断 支委会一般每月一次 = T",
            ":1 W215 没有表头，按内容推断：题干 A，答案 B，请核对。",
            ":1 W217 只有题干和答案文字、没有选项，按填空题导入。",
            ":2 W212 没写题型，按答案判断为判断。",
        ],
    ),
    "without a header, six columns": (
        "多久一次？,每月,每季度,每半年,每年,每季度\n几人？,三,五,七,九,三人\n".encode(),
        [
            "单选 多久一次？ | A.每月 | B.每季度 | C.每半年 | D.每年 = B",
            ":1 W212 没写题型，按答案判断为单选。",
            ":1 W215 没有表头，按内容推断：题干 A，选项 B–E，答案 F，请核对。",
            ":2 E209 答案“三人”不是任何一个选项。",
        ],
    ),
    "under English headings": (
        b"Question Number;Question;Option 1;Option 2;Option 3;Correct Answer;Explanation\n"
        b"1;Who?;Li;Wu;Xu;2;As agreed.\n2;Which?;Li;Wu;Xu;1,3;\n",
        [
            "单选 Who? | A.Li | B.Wu | C.Xu = B 解析：As agreed.",
            "多选 Which? | A.Li | B.Wu | C.Xu = AC",
            ":2 W212 没写题型，按答案判断为单选。",
            ":2 W220 答案写的是数字，按“1 就是选项 A”读取，请核对。",
            ":3 W212 没写题型，按答案判断为多选。",
        ],
    ),
    "with a comma too many": (
        "题型,题干,A,B,答案\n单选,谁,何时主持？,书记,委员,A\n单选,几次？,一,二,B,,\n".encode(),
        [
            "单选 几次？ | A.一 | B.二 = B",
            ":2 E222 这一行有 6 格，表头只有 5 格：句中的英文逗号请改成中文逗号，或用英文引号把整格括起来。",
        ],
    ),
    "a list in its first column": (
        "一、单选（共2题）,,\n1、谁主持？,,\nA、书记,,\nB、委员,,\n答案：A,,\n".encode(),
        ["单选 谁主持？ | A.书记 | B.委员 = A"],
    ),
    "drawn in Markdown": (
        """
# 党建题库

| 序号 | 题型 | 题干 | A | B | 答案 |
|------|:----:|------|---|---|------|
| 1 | 单选 | **多久**一次？ | 每月<br>一次 | 每年 | A |
| 2 | 判断 | 党课有主题。 | | | 对 |

以上题目由组织部整理。
""".encode(),
        [
            "单选 多久一次？ | A.每月\n一次 | B.每年 = A",
            "判断 党课有主题。 = T",
            ":9 E216 看不懂这一行：“以上题目由组织部整理。”。",
        ],
    ),
    "a list torn apart by its commas": (
        "一、单选（共2题）,,\n1、谁,主持？,\nA、书记,,\nB、委员,,\n答案：A,,\n".encode(),
        [":1 E203 没找到题干列和答案列。表头请用：题型、题干、A、B、C、D、答案。"],
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_each_table_of_text_comes_out_to_the_letter(name: str) -> None:
    data, expected = TABLES[name]
    assert spelled(data, "题.csv") == expected


Json = Sequence["Json"] | dict[str, "Json"] | str | float | bool | None
LISTS: dict[str, tuple[Json, list[str]]] = {
    "items under the headings of a sheet": (
        [{"题型": "单选", "题干": "甲？", "A": "一", "B": 2, "答案": "B", "解析": "略", "分值": 2}],
        ["单选 甲？ | A.一 | B.2 = B 2分 解析：略"],
    ),
    "options as a map, a list, pairs, truths, objects, one text": (
        [
            {"type": "单选", "question": "甲？", "options": {"A": "一", "B": "二", "C": ""}, "answer": "A"},
            {"type": "多选", "question": "乙？", "options": ["一", "二", "三"], "answer": ["一", "三"]},
            {"type": "单选", "question": "丙？", "options": [["一", False], ["二", True]]},
            {"type": "单选", "question": "丁？", "options": {"一": True, "二": False}},
            {
                "type": "单选",
                "question": "戊？",
                "options": [{"key": "A", "text": "一"}, {"key": "B", "text": "二"}],
                "answer": "B",
            },
            {"type": "单选", "question": "己？", "options": "A.一 B.二", "answer": "B"},
        ],
        [
            "单选 甲？ | A.一 | B.二 = A",
            "多选 乙？ | A.一 | B.二 | C.三 = AC",
            "单选 丙？ | A.一 | B.二 = B",
            "单选 丁？ | A.一 | B.二 = A",
            "单选 戊？ | A.一 | B.二 = B",
            "单选 己？ | A.一 | B.二 = B",
            ":1 W213 2 个选项自带的字母已去掉。",
        ],
    ),
    "pairs of stem with options and answer": (
        {"甲？|一|二": "B", "乙。": "对", "丙？|一|二|三": ["A", "C"]},
        [
            "单选 甲？ | A.一 | B.二 = B",
            "多选 丙？ | A.一 | B.二 | C.三 = AC",
            ":1 W212 没写题型，按答案判断为单选。",
            ":1 W212 没写题型，按答案判断为多选。",
        ],
    ),
    "frames by type around the items": (
        {
            "title": "题库",
            "data": {"判断题": [{"题目": "甲。", "答案": False}], "填空": [{"题目": "满____人", "答案": ["三", "3"]}]},
        },
        ["判断 甲。 = F", "填空 满____人 = 三；3"],
    ),
    "what is no question": (
        [{"题干": "甲。", "题型": "判断", "答案": "对"}, 7, {"名": "乙"}],
        ["判断 甲。 = T", ":1 E216 看不懂这一行：“7”。", ':1 E216 看不懂这一行：“{"名": "乙"}”。'],
    ),
    "several keys for one field": (
        [
            {
                "title": "第一组",
                "type": "党建知识",
                "questionType": "单选题",
                "question": "甲？",
                "options": ["一", "二"],
                "answer": "A",
                "correctAnswer": "B",
                "reference": "党章",
            },
            {"type": "判断", "q": "乙。", "a": "对"},
            {"type": "多选", "q": "丙？", "a": "一｜二", "options": "一｜二｜三"},
        ],
        ["单选 甲？ | A.一 | B.二 = B 《党章》", "判断 乙。 = T", "多选 丙？ | A.一 | B.二 | C.三 = AB"],
    ),
    "numbers of a program that counts from 0": (
        [
            {"question": "甲？", "options": ["一", "二", "三"], "answer": 0},
            {"question": "乙？", "options": ["一", "二", "三"], "answer": [1, 2]},
        ],
        [
            "单选 甲？ | A.一 | B.二 | C.三 = A",
            "多选 乙？ | A.一 | B.二 | C.三 = BC",
            ":1 W212 没写题型，按答案判断为单选。",
            ":1 W212 没写题型，按答案判断为多选。",
            ":1 W220 答案写的是数字，按“0 就是选项 A”读取，请核对。",
        ],
    ),
    "numbers none of which is 0": (
        [
            {"type": "单选", "question": "甲？", "options": ["一", "二"], "answer": 2},
            {"type": "单选", "question": "乙？", "options": ["一", "二"], "answer": 1},
        ],
        [
            "单选 甲？ | A.一 | B.二 = B",
            "单选 乙？ | A.一 | B.二 = A",
            ":1 W220 答案写的是数字，按“1 就是选项 A”读取，请核对。",
        ],
    ),
    "words of a web page": (
        [
            {
                "questionContent": "<p>甲&nbsp;乙？</p>",
                "questionType": 1,
                "optionList": [
                    {"optionKey": "A", "optionValue": "<p>一</p>"},
                    {"optionKey": "B", "optionValue": "<br>"},
                ],
                "rightAnswer": "A",
            },
            {"question": "看<img src='a.png'>", "options": ["一", "二"], "answer": "A"},
        ],
        [
            "单选 甲 乙？ | A.一 | B.<br> = A",
            ":1 E221 这里有图片或音频，导入的只有文字：“看【图】”。请改写成文字，或删去这一题。",
            ":1 W212 没写题型，按答案判断为单选。",
        ],
    ),
    "nothing": ([], [" E204 没有读到题目。"]),
}


@pytest.mark.parametrize("name", LISTS)
def test_each_json_comes_out_to_the_letter(name: str) -> None:
    value, expected = LISTS[name]
    assert spelled(json.dumps(value, ensure_ascii=False).encode(), "题.json") == expected


def test_json_is_placed_by_line_and_broken_json_by_the_line_where_it_breaks() -> None:
    items: list[Value] = [
        "[",
        '{"题干": "甲。", "题型": "判断", "答案": "对"},',
        "",
        '{"题干": "乙。", "题型": "判断", "答案": "?"}',
        "]",
    ]
    text = "\n".join(map(str, items))
    assert spelled(text.encode(), "题.json")[1] == ":4 E115 判断题答案看不懂：“?”。请写 对 或 错。"
    broken = spelled(text.removesuffix("]").encode(), "题.json")
    assert broken == [":5 E009 这里读不下去，请检查上一行的缩进、引号和括号。"]
