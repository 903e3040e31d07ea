"""GIFT: each kind of answer, escapes, comments that count, and what cannot be asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.banks.formats import Format, format_of, gift
from bot.banks.formats.raw import RawFile
from bot.banks.rules import Line, Rule
from tests.banks.spelled import spelled


def read(text: str) -> RawFile:
    return gift.read(text.encode(), "题.gift")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("::Q1:: 多久一次？ {~每月 =每季度 ~每年}", "单选 多久一次？ A.每月 B.每季度 C.每年 =B"),
        ("党小组会一般每月召开一次。{T}", "判断 党小组会一般每月召开一次。 =T"),
        ("预备党员有表决权。{ FALSE #没有。#对了。}", "判断 预备党员有表决权。 =F 解析：没有。\n对了。"),
        ("谁来讲？{=书记 ~委员 ####常由书记讲。}", "单选 谁来讲？ A.书记 B.委员 =A 解析：常由书记讲。"),
        ("谁来讲？{=书记#是的 ~委员#不是}", "单选 谁来讲？ A.书记 B.委员 =A 解析：书记：是的\n委员：不是"),
        ("哪年成立？{=1921 =一九二一}", "填空 哪年成立？____ =1921；一九二一"),
        ("党成立于{=1921}年。", "填空 党成立于____年。 =1921"),
        ("党课由{=书记 ~委员}讲。", "单选 党课由____讲。 A.书记 B.委员 =A"),
        ("“三会”有哪些？{~%50%党员大会 ~%50%支委会 ~党课}", "多选 “三会”有哪些？ A.党员大会 B.支委会 C.党课 =AB"),
        ("换行\\n与\\: \\= \\~ \\# \\{ \\} \\\\{T}", "判断 换行\n与: = ~ # { } \\ =T"),
        ("::题目当题干::{T}", "判断 题目当题干 =T"),
        ("[html]<p>甲&nbsp;&lt;乙</p>{T}", "判断 甲 <乙 =T"),
        ("跨行的\n题{\n=甲\n~乙\n}", "单选 跨行的\n题 A.甲 B.乙 =A"),
    ],
)
def test_each_kind_of_answer(text: str, expected: str) -> None:
    assert spelled(read(text)) == [expected]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("哪年？{#1921:1}", "E210 数值题"),
        ("配一配{=甲 -> 一 =乙 -> 二}", "E210 配对题"),
        ("谈谈体会。{}", "E210 问答题"),
        ("下面是一组题。", "E210 说明文字"),
        ("多久一次？｛＝每月 ～每年｝", "E216 多久一次？｛＝每月 ～每年｝"),
        ("没有结尾{=甲 ~乙", "E216 没有结尾{=甲 ~乙"),
        ("两处{=甲 ~乙}和{=丙 ~丁}", "E216 两处{=甲 ~乙}和{=丙 ~丁}"),
        ("看不懂{甲}", "E216 看不懂{甲}"),
        ("两个都对？{=甲 =乙 ~丙}", "E212 single 2 AB"),
        ("都不对？{~甲 ~乙}", "E206"),
        ('[html]看图<img src="a.png">{T}', "E221 看图【图】"),
    ],
)
def test_what_cannot_be_asked_is_named(text: str, fault: str) -> None:
    assert spelled(read(text)) == [f"1 {fault}"]


def test_several_right_options_are_marked_by_shares() -> None:
    (question,) = read("甲{~%50%一 ~%50%二 ~三}").questions
    assert (question.rule, question.issues) == (Rule.PROP, [])


@pytest.mark.parametrize("answers", ["~%60%一 ~%40%二 ~三", "~%50%一 ~%50%二 ~%-50%三", "=一 ~%-25%二", "=一 =%50%二"])
def test_other_weights_are_told(answers: str) -> None:
    (question,) = read(f"甲{{{answers}}}").questions
    assert [issue.code for issue in question.issues] == ["W218"]


def test_comments_categories_and_places() -> None:
    text = "// 第一部分 [id:dang-1] [tag:党史]\n$CATEGORY: $course$/top/党章\n\n\n// 说明\n甲{\n=一\n~二\n}\n乙{T}\n"
    found = read(text)
    first, second = found.questions
    assert (first.code, first.topics, first.at, first.options[1].at) == ("dang-1", "党章、党史", Line(6), Line(8))
    assert (second.code, second.topics, second.at) == ("", "党章、党史", Line(10))
    assert found.issues == []


def test_questions_need_no_empty_line_between_them() -> None:
    assert spelled(read("甲{T}\n乙{F}\n丙{=一 ~二}")) == ["判断 甲 =T", "判断 乙 =F", "单选 丙 A.一 B.二 =A"]


def test_it_is_known_by_its_braces_in_any_encoding() -> None:
    data = "多久一次？{=每月 ~每年}\n".encode("gbk")
    assert format_of(data, "题.txt") is Format.GIFT
    assert spelled(gift.read(data, "题.txt")) == ["单选 多久一次？ A.每月 B.每年 =A", "1 W214 GB18030"]


@given(st.text(max_size=200) | st.text(st.sampled_from("甲{}=~#%50->\\:/$T\n "), max_size=200))
def test_any_text_is_read_to_its_end(text: str) -> None:
    found = read(text)
    assert len(found.questions) + len(found.issues) <= text.count("\n") + 1 + text.count("\r")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_to_their_end(data: bytes) -> None:
    assert gift.read(data, "题.gift").file == "题.gift"
