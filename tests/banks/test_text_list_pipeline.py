"""Lists, Word and GIFT through the whole pipeline: bytes, a process with limits, judge, printed lines."""

from pathlib import Path

import pytest

from bot.banks import reading, views
from bot.banks.formats import Format
from tests.banks.files import ON
from tests.banks.spelled import question
from tests.banks.word import docx, paragraphs

LISTS = Path(__file__).parent / "lists"
SPECIFIED = (LISTS / "the_list_of_the_specification.txt").read_text("utf-8").split("⇒\n")[0]
CAME_OUT = [
    "单选 党员大会一般（　）召开一次。 A.每月 B.每季度 C.每半年 D.每年 =B 2分",
    "判断 A、B两名同志都可以担任介绍人。 =F",
    "判断 党小组会一般每月召开一次。 =T",
]


def checked(data: bytes, name: str) -> reading.Loaded:
    return reading.load(data, name, on=ON)


def came_out(loaded: reading.Loaded) -> list[str]:
    assert loaded.ready is not None
    return [question(one) for one in loaded.ready.bank.questions]


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (SPECIFIED.encode(), "题.xlsx", Format.LIST),
        (SPECIFIED.encode("gbk"), "题.txt", Format.LIST),
        (docx(paragraphs(SPECIFIED)), "题.docx", Format.WORD),
    ],
)
def test_the_list_of_the_specification_is_read(data: bytes, name: str, kind: Format) -> None:
    loaded = checked(data, name)
    assert (loaded.kind, loaded.checked.errors, came_out(loaded)) == (kind, 0, CAME_OUT)


def test_gift_is_read() -> None:
    loaded = checked("多久一次？{=每月 ~每年}\n\n按月。{T}\n".encode(), "题.txt")
    assert (loaded.kind, came_out(loaded)) == (Format.GIFT, ["单选 多久一次？ A.每月 B.每年 =A", "判断 按月。 =T"])


def test_faults_are_printed_with_their_places() -> None:
    first = "1、甲\nA、一 B、二 C、三 D、四\n答案：E\n"
    source = f"标题\n\n一、单选题\n{first}2、乙\nA、一 B、二 C、三\n答案：A,B\n3、丙\n答案：C\n"
    faults = [views.line(issue) for issue in checked(source.encode(), "题.txt").checked.issues if issue.is_error]
    assert faults == [
        "题.txt:1 E216 看不懂这一行：“标题”。",
        "题.txt:6 E208 答案“E”超出选项 A–D。",
        "题.txt:9 E212 题型写的是单选，答案却有 2 个：AB。",
        "题.txt:11 E211 有答案字母“C”，但没有选项。",
    ]


def test_faults_of_a_word_file_name_the_paragraph() -> None:
    faults = [views.line(issue) for issue in checked(docx(paragraphs("1、甲（√）\n\n完")), "题.docx").checked.issues]
    assert "题.docx 第3段 E216 看不懂这一行：“完”。" in faults


def test_a_word_file_with_only_another_inside_is_explained() -> None:
    faults = checked(docx('<w:altChunk r:id="rId1"/>'), "题.docx").checked.issues
    assert [views.line(issue) for issue in faults] == ["题.docx E220 请用 Word 或 WPS 打开后另存一次再发。"]


def test_weights_of_gift_are_told() -> None:
    hints = checked("甲{~%60%一 ~%40%二 ~三}".encode(), "题.gift").checked.issues
    assert "题.gift:1 W218 各选项的权重不同，导入后只分对和错。" in [views.line(issue) for issue in hints]
