"""Telegram HTML: what is read, what is refused with which words, what is found by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo import htmltext
from bot.demo.messages import Entity
from bot.demo.refusals import Refused


def kinds(source: str) -> list[tuple[str, int, int]]:
    return [(entity.type, entity.offset, entity.length) for entity in htmltext.parse(source)[1]]


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<b>党员</b>大会", "党员大会", [("bold", 0, 2)]),
        ("<strong>a</strong><em>b</em>", "ab", [("bold", 0, 1), ("italic", 1, 1)]),
        ("<u>a</u><ins>b</ins><s>c</s><del>d</del>", "abcd", [
            ("underline", 0, 1), ("underline", 1, 1), ("strikethrough", 2, 1), ("strikethrough", 3, 1),
        ]),
        ("<b>粗<i>斜</i></b>", "粗斜", [("bold", 0, 2), ("italic", 1, 1)]),
        ("𠮷<b>好</b>", "𠮷好", [("bold", 2, 1)]),
        ("<tg-spoiler>答案</tg-spoiler>", "答案", [("spoiler", 0, 2)]),
        ('<span class="tg-spoiler">答案</span>', "答案", [("spoiler", 0, 2)]),
        ("<blockquote>第一条</blockquote>", "第一条", [("blockquote", 0, 3)]),
        ("<blockquote expandable>全文</blockquote>", "全文", [("expandable_blockquote", 0, 2)]),
        ("<B>a</b>", "a", [("bold", 0, 1)]),
        ("a<b></b>", "a", []),
        ("  <b> 前后 </b>  ", "前后", [("bold", 0, 2)]),
        ("1 &lt; 2 &amp; 3 &gt; 2 &quot;x&quot;", '1 < 2 & 3 > 2 "x"', []),
        ("&#20826;&#x5458; &nbsp; &", "党员 &nbsp; &", []),
        ("<b>a</>", "a", [("bold", 0, 1)]),
    ],
)  # fmt: skip
def test_tags_become_entities(source: str, text: str, entities: list[tuple[str, int, int]]):
    assert htmltext.parse(source)[0] == text
    assert kinds(source) == entities


def test_links_code_and_times_carry_their_attributes():
    source = (
        '<a href="https://example.org/?a=1&amp;b=2">见</a><a href="tg://user?id=1001">张三</a>'
        '<pre><code class="language-yaml">a: 1</code></pre><tg-time unix="1772784000" format="wDT">周五</tg-time>'
    )
    link, person, code, time = htmltext.parse(source)[1]
    assert link.url == "https://example.org/?a=1&b=2"
    assert (person.type, person.user_id) == ("text_mention", 1001)
    assert (code.type, code.language) == ("pre", "yaml")
    assert (time.type, time.unix_time, time.date_time_format) == ("date_time", 1772784000, "wDT")


def test_a_link_without_an_address_is_plain_text():
    assert htmltext.parse('<a href="不是网址">见</a>') == ("见", ())


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("<b>a</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("a<br>", 'Unsupported start tag "br" at byte offset 1'),
        ("好<br>", 'Unsupported start tag "br" at byte offset 3'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<b>a</b", "Unclosed end tag at byte offset 4"),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("<i><b>a</b>", 'Can\'t find end tag corresponding to start tag "i"'),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<a ="x">a</a>', 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=x/y>a</a>", "Unexpected end of name token at byte offset 8"),
    ],
)
def test_broken_markup_is_refused_with_the_servers_words(source: str, reason: str):
    with pytest.raises(Refused) as caught:
        htmltext.parse(source)
    assert caught.value.description == f"Bad Request: can't parse entities: {reason}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/start abc", [("bot_command", 0, 6)]),
        ("请发 /help@ketang_demo_bot", [("bot_command", 3, 21)]),
        ("1/2 好/help", []),
        ("𠮷 @ketang_demo_bot", [("mention", 3, 16)]),
        ("a@example.org", []),
        ("见https://example.org/a，谢谢", [("url", 1, 21)]),
        ("https://example.org.", [("url", 0, 19)]),
    ],
)
def test_commands_mentions_and_addresses_are_found(text: str, found: list[tuple[str, int, int]]):
    assert [(one.type, one.offset, one.length) for one in htmltext.find(text)] == found


def test_nothing_is_found_inside_code():
    code = Entity("code", 0, 5)
    assert htmltext.find("/help", [code]) == (code,)


@pytest.mark.parametrize(("text", "length"), [("", 0), ("abc", 3), ("好", 1), ("𠮷", 2), ("a𠮷好", 4)])
def test_length_is_counted_in_utf16_units(text: str, length: int):
    assert htmltext.units(text) == length


@given(st.text())
def test_escaped_text_comes_through_unharmed(text: str):
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert htmltext.parse(escaped)[0] == text.replace("\r", "").strip()


@given(st.text(alphabet="<>/ab &;='\"x"))
def test_any_markup_is_read_or_refused(source: str):
    try:
        text, entities = htmltext.parse(source)
    except Refused:
        return
    assert all(0 <= one.offset < one.offset + one.length <= htmltext.units(text) for one in entities)


@pytest.mark.parametrize("url", ["https://t.me/x", "t.me/x", "tg://resolve?domain=x", "http://a.b"])
def test_addresses_are_taken(url: str):
    assert htmltext.is_address(url)


@pytest.mark.parametrize("url", ["", "abc", "https://", "ftp://a.b", "https://a b.c", "javascript:1", "http://[", "."])
def test_other_strings_are_no_addresses(url: str):
    assert not htmltext.is_address(url)
