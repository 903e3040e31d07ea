"""Chinese question lists: every question to the letter, every line that is none with its place."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.banks.formats import text_list
from bot.banks.formats.raw import RawFile, RawQuestion
from bot.banks.rules import Issue, Line
from tests.banks.spelled import fault, spelled

LISTS = sorted((Path(__file__).parent / "lists").glob("*.txt"))
ONE = "1、多久一次？\nA、每月 B、每季度\n答案：A\n"
CAME_OUT = ["单选 多久一次？ A.每月 B.每季度 =A"]


def read(text: str) -> RawFile:
    return text_list.read(text.encode(), "题.txt")


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_each_way_of_writing_comes_out_to_the_letter(path: Path) -> None:
    source, expected = path.read_text("utf-8").split("⇒\n")
    assert [line.replace("\n", "⏎") for line in spelled(read(source))] == expected.splitlines()


def test_there_are_as_many_lists_as_people_have_habits() -> None:
    assert len(LISTS) >= 25


# -- encodings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marked_encodings_are_read_without_a_word(encoding: str) -> None:
    assert spelled(text_list.read(ONE.encode(encoding), "题.txt")) == CAME_OUT


def test_a_gbk_list_is_read_and_its_encoding_told() -> None:
    found = text_list.read(ONE.encode("gbk"), "题.txt")
    assert spelled(found) == [*CAME_OUT, "1 W214 GB18030"]


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\x0b", "\u2028"])
def test_every_end_of_a_line_is_one(end: str) -> None:
    assert spelled(read(ONE.replace("\n", end))) == CAME_OUT


def test_characters_nobody_sees_are_dropped() -> None:
    assert spelled(read(ONE.replace("、", "\u200b、\ufeff").replace("多", "\x07多"))) == CAME_OUT


def test_a_letter_that_could_not_be_decoded_is_no_letter() -> None:
    assert spelled(text_list.read("1、多".encode() + b"\xff" + "久？\n".encode(), "题.txt"))[-1] == "1 W214 GB18030"


# -- places -----------------------------------------------------------------------------------------------------------


def test_every_part_knows_its_line() -> None:
    (question,) = read("\n\n1、多久一次？\n\nA、每月\nB、每季度 C、每年\n答案：A\n难度：易\n").questions
    places = [question.at, *(option.at for option in question.options), question.answers[0].at]
    assert places == [Line(3), Line(5), Line(6), Line(6), Line(7)]
    assert question.difficulty is not None
    assert question.difficulty.at == Line(8)


def test_an_entry_of_a_table_is_the_answer_where_it_stands() -> None:
    (question,) = read("1、甲 A.一 B.二\n\n参考答案\n1.A\n").questions
    assert [(answer.text, answer.at) for answer in question.answers] == [("A", Line(4))]


# -- Markdown ---------------------------------------------------------------------------------------------------------

CODE = """\
1. 下面打印什么（ ）
```go
if a {
    b(1)
}
```
A. 甲
B. 乙
答案：A
2. 哪一段是对的
A.
```
a = 1
b = 2
```
B.
```
a = 2
```
答案：B
3. 选项也在框里
```
A. 甲
B. 乙
```
答案：B
题目：

上面写了什么？
`
x
y
`
- A.`x`
- B.`y`
答案：A
4. 没有结尾的框
```
A. 甲
B. 乙
答案：A
"""


def test_a_block_of_code_keeps_its_lines() -> None:
    assert [line.replace("\n", "⏎") for line in spelled(read(CODE))] == [
        "单选 下面打印什么（　）⏎if a {⏎    b(1)⏎} A.甲 B.乙 =A",
        "单选 哪一段是对的 A.a = 1⏎b = 2 B.a = 2 =B",
        "单选 选项也在框里 A.甲 B.乙 =B",
        "单选 上面写了什么？⏎x⏎y A.`x` B.`y` =A",
        "单选 没有结尾的框 A.甲 B.乙 =A",
    ]


def test_marks_of_a_web_page_that_only_say_how_a_line_looks_are_dropped() -> None:
    lines = [
        "1、多&nbsp;久？<br>",
        "<details>",
        "A.每月<br/>",
        "B.<br>",
        "<summary>答案</summary>",
        "A",
        "</details>",
    ]
    text = "\n".join([*lines, "2、看<img src=a.png>"])
    assert spelled(read(text)) == ["单选 多 久？ A.每月 B.<br> =A", "8 E221 看【图】"]


# -- whatever comes ---------------------------------------------------------------------------------------------------

HEADS = ("1、", "2、", "3.", "4．", "12、", "1)", "（1）", "2019年", "3.14", "第5题 ", "7\t", "")
FRONTS = ("【单选题】", "（多选题，2分）", "")
TAILS = ("（A）", "（×）", "____", "？", "。", "：", "")
LABELS = ("解析：", "难度：", "知识点：", "来源：", "【解析】", "题型：", "")
KEYS = ("答案：", "正确答案: ", "【答案】", "参考答案", "答：", "ANSWER: ", "答案")
HEADINGS = ("一、单选题（每题2分）", "二、判断题", "填空题", "三、简答题", "第一章 总则", "参考答案")
TABLES = ("1-3 ABC", "1.A 2.B", "1-2：√×", "1、B")
NOISE = ("", "---", "第 3 页", "窗体顶端", "得分：2")


@st.composite
def line(draw: st.DrawFn) -> str:
    """A line of any class; `#` stands for words of its own."""
    pick = st.sampled_from
    return draw(
        st.builds("{}{}#{}".format, pick(HEADS), pick(FRONTS), pick(TAILS))
        | st.builds("{}{}#".format, pick("ABCDEＡＢ"), pick("、.．:）"))
        | st.builds("{}、# {}、#".format, pick("ABC"), pick("BCD"))
        | st.builds("{}#".format, pick("ABCD"))
        | st.builds("{}{}".format, pick(KEYS), pick(["A", "AB", "对", "#", "", "A 解析：#"]))
        | st.builds("{}#".format, pick(LABELS))
        | pick(HEADINGS + TABLES + NOISE)
    )


@given(st.lists(line(), max_size=25))
def test_no_line_is_lost_and_none_is_read_twice(lines: list[str]) -> None:
    """Each line's own words occur once, in a part of a question or in a fault."""
    words: list[str] = []

    def worded(one: str) -> str:
        while "#" in one:
            words.append(f"词{len(words):03}")
            one = one.replace("#", words[-1], 1)
        return one

    found = read("\n".join(worded(one) for one in lines))
    told = "\n".join([*parts(found.questions), *(fault(issue) for issue in found.issues)])
    assert [(word, told.count(word)) for word in words] == [(word, 1) for word in words]


def parts(questions: list[RawQuestion]) -> list[str]:
    texts = []
    for one in questions:
        texts += [one.stem, one.kind, one.explain, one.topics, one.source, *(option.text for option in one.options)]
        texts += [text.text for text in (*one.answers, one.score, one.difficulty) if text is not None]
    return texts


@given(st.text(max_size=300) | st.text(st.sampled_from("1、A.B答案：解析【】（）一单选题√\n -？"), max_size=300))
def test_any_text_is_read_to_its_end(text: str) -> None:
    assert all(isinstance(issue, Issue) for issue in read(text).issues)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_to_their_end(data: bytes) -> None:
    assert text_list.read(data, "题.txt").file == "题.txt"


def test_a_long_list_is_read_line_by_line() -> None:
    """Looking ahead stays within a few lines, whatever stands there."""
    rng = random.Random(7)
    lines = [rng.choice(["解析：", "A、甲", "1、甲", "说明", "答案：A", "2、乙", ""]) for _ in range(3000)]
    assert sum(len(one.stem) for one in read("\n".join(lines)).questions) > 0
