"""Sheets as other programs and other offices make them: nothing in them is lost without a word."""

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from tests.banks.sheets import HEAD, sheet, spelled


def keep_picture(worksheet: Worksheet) -> None:
    worksheet["D5"].data_type = "s"  # as it stands in the file, with the text that the formula shows


SHEETS: dict[str, tuple[bytes, list[str]]] = {
    "answers in two columns, notes and pictures": (
        sheet(
            ("序号", "题型", "题干", "A", "B", "答案", "参考答案", "备注", "配图"),
            (1, "单选", "多久？", "一月", "一年", "A", "", "李四录入", "无"),
            (2, "判断", "零是数。", "", "", "", "对", "", ""),
            (3, "单选", "这是什么标志？", "禁停", "限速", "B", "", "", "1.png"),
            (4, "单选", "下图是？", '=DISPIMG("ID_1F",1)', "限速", "B", "", "", ""),
            (5, "", "", "", "", "", "", "李四录入", ""),
            ("注：本题库由组织部整理，请勿外传。",),
            touch=keep_picture,
        ),
        [
            "单选 多久？ | A.一月 | B.一年 = A",
            "判断 零是数。 = T",
            "[题]!I4 E221 这里有图片或音频，导入的只有文字：“1.png”。请改写成文字，或删去这一题。",
            "[题]!D5 E221 这里有图片或音频，导入的只有文字：“【图】”。请改写成文字，或删去这一题。",
            "[题]!A7 E216 看不懂这一行：“注：本题库由组织部整理，请勿外传。”。",
        ],
    ),
    "a column 类型 that says what the questions are about": (
        sheet(("类型", "题目", "选项", "答案"), ("党章", "多久？", "一月｜一年", "A"), ("条例", "是吗。", "", "对")),
        [
            "单选 多久？ | A.一月 | B.一年 = A 党章",
            "判断 是吗。 = T 条例",
            "[题]!B2 W212 没写题型，按答案判断为单选。",
            "[题]!B3 W212 没写题型，按答案判断为判断。",
        ],
    ),
    "a column 类型 that says which questions nobody can sit": (
        sheet(("类型", "题目", "答案"), ("抢答题", "党的宗旨？", "为人民服务"), ("抢答题", "是吗。", "对")),
        ["[题]!B2 E210 题型“抢答题”暂不支持，已跳过。", "[题]!B3 E210 题型“抢答题”暂不支持，已跳过。"],
    ),
    "an option that is spelled like letters": (
        sheet(HEAD, ("单选", "哪个是标识符？", "abc", "3abc", "a b", "c-1", "abc")),
        ["单选 哪个是标识符？ | A.abc | B.3abc | C.a b | D.c-1 = A"],
    ),
    "answers that are only red": (
        sheet(HEAD, ("单选", "多久？", "一月", "一年", "", "", ""), ("单选", "几次？", "一", "二", "", "", "")),
        [
            "[题]!G2 E206 没有答案。",
            "[题]!G2 W221 没有读到一个答案。颜色、加粗、下划线读不出来，请把答案写成字母，放在“答案”后面。",
            "[题]!G3 E206 没有答案。",
        ],
    ),
    "a list put into a column, a line a cell": (
        sheet(
            ("党建知识题",),
            ("一、单选题",),
            ("1、多久一次？",),
            ("A、每月", "B、每季度"),
            ("C、每年",),
            ("答案：B",),
            ("2、谁主持（A）",),
            ("A、书记\nB、委员",),
        ),
        [
            "单选 多久一次？ | A.每月 | B.每季度 | C.每年 = B",
            "单选 谁主持（　） | A.书记 | B.委员 = A",
            "[题]!A1 E216 看不懂这一行：“党建知识题”。",
        ],
    ),
}


@pytest.mark.parametrize("name", SHEETS)
def test_each_sheet_comes_out_to_the_letter(name: str) -> None:
    data, expected = SHEETS[name]
    assert spelled(data) == expected
