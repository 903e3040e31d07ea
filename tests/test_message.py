"""Words and callback data as Telegram takes them, whatever people are called."""

import html
import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import message
from bot.message import (
    LARGEST,
    Button,
    Commands,
    Content,
    Delete,
    Document,
    Edit,
    Html,
    Leave,
    Message,
    Pin,
    Poll,
    Press,
    StaleButton,
    StopPoll,
    base36,
    clean,
    cut,
    escape,
    fill,
    from_json,
    lines,
    number,
    press,
    strip_tags,
    to_json,
    units,
)

NASTY = ['<b>&"张', "张\u202e三", "a\u200bb", "\u2066三", "甲\x00乙", "@all", "'); DROP TABLE members;--", "&lt;i&gt;"]


# -- text -------------------------------------------------------------------------------------------------------------


@given(name=st.text() | st.sampled_from(NASTY))
def test_no_name_becomes_markup(name: str) -> None:
    shown = fill("<b>{name}</b>", name=name)
    inside = shown.removeprefix("<b>").removesuffix("</b>")
    assert "<" not in inside
    assert html.unescape(inside) == clean(name)


@pytest.mark.parametrize(("name", "shown"), [("张\u202e三", "张三"), ("a\u200bb", "ab"), ("甲\x00乙", "甲乙")])
def test_signs_nobody_sees_are_taken_out(name: str, shown: str) -> None:
    assert escape(name) == shown


def test_none_of_the_signs_that_turn_or_hide_a_text_stays_in_it() -> None:
    spans = (range(0x200B, 0x2010), range(0x202A, 0x202F), range(0x2060, 0x2070), [0xFEFF, 0x7F, 0xD800])
    assert {clean(f"张{chr(code)}三") for span in spans for code in span} == {"张三"}


@pytest.mark.parametrize("text", ["三\u3000会", "一行\n两行", "欧阳\u00b7娜", "𠮷野家", "A4 纸×2"])
def test_what_people_do_see_stays(text: str) -> None:
    assert clean(text) == text


def test_our_own_markup_is_not_escaped_again() -> None:
    assert fill("{a} {b}", a=Html("<b>好</b>"), b="<b>") == "<b>好</b> &lt;b&gt;"
    assert escape(escape("<")) == "&lt;"


@given(text=st.text())
def test_markup_taken_off_gives_the_text_back(text: str) -> None:
    assert strip_tags(fill('<b>{a}</b><a href="x">{a}</a>', a=text)) == clean(text) * 2


def test_only_lines_that_say_something_are_joined() -> None:
    assert lines("一", "", "<二>", Html("<b>三</b>")) == "一\n&lt;二&gt;\n<b>三</b>"


@given(text=st.text(alphabet=st.characters(codec="utf-16-le")))
def test_length_is_counted_as_telegram_counts(text: str) -> None:
    assert units(text) == sum(2 if ord(character) > 0xFFFF else 1 for character in text)


@given(text=st.text(alphabet=st.characters(codec="utf-16-le")), most=st.integers(1, 40))
def test_a_text_is_cut_between_characters(text: str, most: int) -> None:
    short = cut(text, most)
    assert units(short) <= most
    assert short == text if units(text) <= most else short.endswith("…")
    assert text.startswith(short.removesuffix("…"))


def test_half_a_character_is_never_left() -> None:
    assert cut("𠮷𠮷𠮷", 4) == "𠮷…"


# -- callback data ----------------------------------------------------------------------------------------------------


@given(n=st.integers(-LARGEST, LARGEST))
def test_numbers_go_into_buttons_and_come_back(n: int) -> None:
    assert number(base36(n)) == n


@pytest.mark.parametrize(("n", "text"), [(0, "0"), (35, "z"), (36, "10"), (-1, "-1"), (1001, "rt")])
def test_numbers_in_buttons_are_short(n: int, text: str) -> None:
    assert base36(n) == text


@given(text=st.text())
def test_forged_numbers_are_stale_buttons_never_errors(text: str) -> None:
    try:
        found = number(text)
    except StaleButton:
        return
    assert number(base36(found)) == found


@pytest.mark.parametrize("text", ["", "-", "1.5", "+1", "1_0", "１２", "A", "a b", "1\n", "zik0zk", "1" * 99])
def test_what_we_did_not_write_is_stale(text: str) -> None:
    with pytest.raises(StaleButton, match="这个按钮已失效"):
        number(text)


@given(
    verb=st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=8),
    args=st.lists(st.integers(0, LARGEST) | st.text("abcxyz_-", max_size=6), max_size=4),
)
def test_what_a_button_says_is_read_back(verb: str, args: list[int | str]) -> None:
    read = Press.parse(press("meetings", verb, *args))
    assert (read.feature, read.verb) == ("meetings", verb)
    assert len(read.args) == len(args)
    for place, arg in enumerate(args):
        assert (read.number(place) if isinstance(arg, int) else read.word(place)) == arg


@given(data=st.text(max_size=64))
def test_forged_data_is_taken_apart_without_error(data: str) -> None:
    read = Press.parse(data)
    with pytest.raises(StaleButton):
        read.number(len(read.args))


@pytest.mark.parametrize("args", [("签到",), ("x" * 60,), (LARGEST + 1,)])
def test_data_telegram_would_refuse_is_our_mistake(args: tuple[int | str, ...]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        press("attendance", "ok", *args)


def test_the_longest_data_that_fits_is_taken() -> None:
    assert len(press("a", "b", "x" * 60)) == 64


# -- kept in a row ----------------------------------------------------------------------------------------------------

BUTTONS = (
    (Button("参加", data="attendance:yes:1", style="success"), Button("请假", link="lv_abc")),
    (Button("地图", url="https://example.org"), Button("加到群里", group_link="gb_1")),
)
CONTENTS: list[Content] = [
    Message("<b>会议</b>", BUTTONS, is_silent=True, is_protected=True),
    Message("会议"),
    Edit(Message("会议", BUTTONS), 7),
    Edit(Message("会议")),
    Poll("党徽由什么组成？", ("镰刀", "锤头"), (0, 1), timedelta(minutes=1), True, "见党章第五十三条。", "第 1 题"),
    StopPoll(7),
    Pin(7),
    Pin(7, is_pinned=False),
    Delete(7),
    Leave(),
    Commands((("today", "今日事项"), ("help", "帮助")), "chat_member", 1001),
    Document("台账.xlsx", b"\x00PK\xff", "三月"),
]


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: type(content).__name__)
def test_a_content_survives_its_row(content: Content) -> None:
    assert from_json(json.loads(json.dumps(to_json(content)))) == content


def test_every_kind_of_content_is_tried() -> None:
    assert {type(content) for content in CONTENTS} == set(Content.__args__)


def test_a_file_is_not_printed_with_its_bytes() -> None:
    assert "PK" not in repr(Document("台账.xlsx", b"PK"))


def test_buttons_are_laid_out_in_rows() -> None:
    buttons = [Button(str(n)) for n in range(5)]
    assert [len(row) for row in message.rows(buttons, 2)] == [2, 2, 1]
