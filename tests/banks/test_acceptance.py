"""Statements 5, 7, 10, 12 and 13 of the specification's acceptance in its own words, where no other test has them."""

import json

import pytest

from bot.banks.formats import Format
from bot.banks.rules import Blank, BlankKind
from bot.message import strip_tags
from bot.quiz import views
from bot.quiz.facts import LiveItem
from bot.quiz.marking import is_accepted
from bot.quiz.rules import poll_form
from tests.banks.files import bank, check
from tests.banks.sheets import HEAD, load, sheet, spelled

FOUR = ("每月", "每季度", "每半年", "每年")


@pytest.mark.parametrize(("accepted", "written"), [("50%", "百分之五十"), ("百分之五十", "50%"), ("50%", "５０％")])
def test_a_share_in_words_equals_the_share_in_figures(accepted: str, written: str) -> None:
    assert is_accepted(Blank((accepted,), BlankKind.NUMBER), written)
    assert not is_accepted(Blank((accepted,), BlankKind.NUMBER), "50")


def test_what_is_shown_is_never_made_plain() -> None:
    """Only answers, keys and markers are: a ① stays a ①, a ５ stays a ５."""
    question = "  - {id: q-1, type: single, stem: 下列①②中第５项是, options: [①, ②Ａ], answer: Ａ}\n"
    read = check(bank(question)).bank
    assert read is not None
    one = read.questions[0]
    assert (one.stem, one.options, one.answer) == ("下列①②中第５项是", ("①", "②Ａ"), "A")
    poll = views.poll(LiveItem(1, 1, 1, one, (0, 1), poll_form(one, "")))
    assert (poll.question, poll.options) == ("【1-1/1】下列①②中第５项是", ("A. ①", "B. ②Ａ"))
    typed = sheet(HEAD, ("单选", "下列①②中第５项是", "①", "②Ａ", "", "", "Ａ"))
    assert spelled(typed) == ["单选 下列①②中第５项是 | A.① | B.②Ａ = A"]


def test_an_authors_four_texts_are_shown_as_he_wrote_them() -> None:
    read = check(
        bank("  - {id: q-1, type: single, stem: 选, options: [0755, 07:30, 2022-10-16, no], answer: A}\n")
    ).bank
    assert read is not None
    one = read.questions[0]
    assert views.option_texts(one, (0, 1, 2, 3)) == ("A. 0755", "B. 07:30", "C. 2022-10-16", "D. no")
    assert strip_tags(views.before_poll(LiveItem(1, 1, 1, one, (0, 1, 2, 3), poll_form(one, ""))).text).endswith(
        "选\nA. 0755\nB. 07:30\nC. 2022-10-16\nD. no"
    )


def test_a_list_in_json_is_read_under_any_name() -> None:
    data = json.dumps([{"题型": "判断", "题干": "每季度一次。", "答案": "对"}], ensure_ascii=False).encode()
    assert load(data, "题.txt").kind is Format.JSON
    assert spelled(data, "题.txt") == ["判断 每季度一次。 = T"]


OPTIONS = "\nA、甲 B、乙 C、丙 D、丁\n"
LISTS = {
    "several letters with stops between": (
        "一、多选题\n1、三会是？\nA、甲 B、乙 C、丙 D、丁\n答案：A、B、C\n",
        ["多选 三会是？ | A.甲 | B.乙 | C.丙 | D.丁 = ABC"],
    ),
    "two options in full width on one line": (
        "一、单选题\n1、多久？\nＡ．每月 Ｂ．每季度\n答案：B\n",
        ["单选 多久？ | A.每月 | B.每季度 = B"],
    ),
    "several letters under a single choice": (
        "一、单选题\n1、多久？\nA、每月 B、每季度 C、每半年 D、每年\n答案：A,B,D\n",
        [":4 E212 题型写的是单选，答案却有 3 个：ABD。"],
    ),
    "a letter behind the last option": (
        "一、单选题\n1、多久？\nA、每月 B、每季度 C、每半年 D、每年\n答案：E\n",
        [":4 E208 答案“E”超出选项 A–D。"],
    ),
    "a letter without options": ("一、单选题\n1、多久？\n答案：C\n", [":3 E211 有答案字母“C”，但没有选项。"]),
    "keys of five questions at the end": (
        f"一、单选题\n{''.join(f'{n}、第{n}件是？{OPTIONS}' for n in range(1, 6))}参考答案\n1-5 BACDA\n",
        [f"单选 第{n}件是？ | A.甲 | B.乙 | C.丙 | D.丁 = {key}" for n, key in enumerate("BACDA", start=1)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_each_list_comes_out_to_the_letter(name: str) -> None:
    text, expected = LISTS[name]
    assert spelled(text.encode(), "题.txt") == expected


def test_the_same_options_in_another_order_are_the_same_question_by_their_right_text() -> None:
    first = ("单选", "多久一次？", *FOUR, "B")
    again = ("单选", "多久一次？", *FOUR[::-1], "C")  # 每季度 as well
    other = ("单选", "多久一次？", *FOUR[::-1], "B")  # 每半年
    came_out = "单选 多久一次？ | A.每月 | B.每季度 | C.每半年 | D.每年 = B"
    assert spelled(sheet(HEAD, first, again)) == [came_out, "[题]!B3 W211 与题!B2完全相同，已略去。"]
    assert spelled(sheet(HEAD, first, other)) == [
        "[题]!B2 E215 与题!B3是同一题，答案却不同（每半年／每季度）。",
        "[题]!B3 E215 与题!B2是同一题，答案却不同（每季度／每半年）。",
    ]
    elsewhere = ("单选", "多久一次？", "每天", "每周", "", "", "A")
    assert spelled(sheet(HEAD, first, elsewhere)) == [came_out, "单选 多久一次？ | A.每天 | B.每周 = A"]
