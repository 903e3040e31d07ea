"""What the generic YAML reader accepts, refuses and where it points."""

import pytest
import yaml

from bot.yamlfile import (
    USUAL_LIMITS,
    Limits,
    Mapping,
    Scalar,
    Sequence,
    Words,
    describe,
    line,
    nearest,
    place,
    plain,
    read,
)

WORDS = Words(
    keys=frozenset({"schema", "bank", "title", "questions", "id", "stem", "options", "answer", "explain", *"ABCDEF"}),
    text_keys=frozenset({"stem", "title", "explain", *"ABCDEF"}),
    repeatable=frozenset({"options"}),
)


def places(text: str | bytes, limits: Limits = USUAL_LIMITS) -> list[str]:
    return [f"{fault.line}:{fault.column} {fault.code}" for fault in read(text, WORDS, limits).faults]


@pytest.mark.parametrize("loader", [yaml.CBaseLoader, yaml.BaseLoader])
def test_every_scalar_keeps_the_authors_text_and_its_place(loader: type[yaml.BaseLoader]) -> None:
    document = read('a: no\nb: [0755, 07:30, 2022-10-16, "x"]\nc:\n  d: ~\n  e:\n', loader=loader)
    assert document.faults == ()
    assert plain(document.root) == {"a": "no", "b": ["0755", "07:30", "2022-10-16", "x"], "c": {"d": "~", "e": ""}}
    assert document.root.nodes["a"] == Scalar("no", 1, 4)
    assert place(document.root, ["b", 1]) == (2, 11)
    assert place(document.root, ["c", "missing"]) == (4, 3)


def test_lookups_tell_text_from_structure() -> None:
    root = read("title: 甲\nlist: [1]\n").root
    assert isinstance(root, Mapping)
    assert root.text("title") == "甲"
    assert root.text("list") is None
    assert root.text("none") is None
    assert isinstance(root.get("list"), Sequence)
    assert root.keys["list"].line == 2


def test_an_empty_file_has_no_root_and_no_fault() -> None:
    assert read(b"").root is None
    assert read(b"# only a comment\n").faults == ()


def test_byte_order_mark_and_foreign_line_ends_do_not_move_places() -> None:
    document = read("\ufeffa: 1\r\nb: 2\rc: 3\n".encode())
    assert plain(document.root) == {"a": "1", "b": "2", "c": "3"}
    assert document.root.keys["c"] == Scalar("c", 3, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title：演示\n", ["1:6 E002"]),
        ("questions:\n  - id: a\n    stem ：甲\n", ["3:10 E002"]),
        ("options: {A：每月, B: 每季度}\n", ["1:12 E002"]),
        ("title: 甲\n\tstem: 乙\n", ["2:1 E003"]),
        ("questions:\n  \t- id: a\n", ["2:3 E003"]),
        ("title: 甲\n\t\nstem: 乙\n", ["2:1 E003"]),
        ("stem:甲\n", ["1:5 E004"]),
        ("options: {A:每月, B: 每季度}\n", ["1:12 E004"]),
        ("stem:\u3000甲\n", ["1:5 E004"]),
        ('options: {A:"每月", B: 每季度}\n', ["1:12 E004"]),
        ("stem: *重点*\n", ["1:7 E005"]),
        ("stem: &重点 甲\n", ["1:7 E005"]),
        ("stem: !x 甲\n", ["1:7 E005"]),
        ("stem: [甲] 乙\n", ["1:7 E005"]),
        ("stem: {甲}\n", ["1:7 E005"]),
        ("stem: @甲\n", ["1:7 E005"]),
        ("stem: `甲`\n", ["1:7 E005"]),
        ("stem: %50\n", ["1:7 E005"]),
        ("q: {stem: @甲, answer: A}\n", ["1:11 E005"]),
        ("q: {stem: [甲], answer: A}\n", ["1:11 E005"]),
        ('stem: "三会"包括什么\n', ["1:7 E006"]),
        ("stem: '三会'包括什么\n", ["1:7 E006"]),
        ('options:\n  - "三会"包括\n  - 乙\n', ["2:5 E006"]),
        ('q: {stem: "三会"包括, answer: A}\n', ["1:11 E006"]),
        ('stem: "三会\nanswer: A\n', ["1:7 E006"]),
        ('stem: "三会\n  一课"包括\nanswer: A\n', ["1:7 E006"]),
        ("stem: 比例是 1: 2 吗\n", ["1:12 E008"]),
        ("q: {stem: 比例是 1: 2 吗, answer: A}\n", ["1:16 E008"]),
        ("stem: 甲\n  explain\n - x: y\n", ["3:5 E009"]),
        ("stem: 甲\n]\n", ["2:1 E009"]),
        ("? [a]\n: b\n", ["1:3 E009"]),
        ("bank: &a demo\n", ["1:7 E010"]),
        ("bank: &a demo\nnote: *a\n", ["1:7 E010", "2:7 E010"]),
        ("bank: !!python/name:os.system demo\n", ["1:7 E010"]),
        ("a: {<<: b}\n", ["1:5 E010"]),
        ("%YAML 1.1\n---\na: b\n", ["1:1 E010"]),
        ("a: b\n---\nc: d\n---\ne: f\n", ["2:1 E010"]),
        ("a: 1\nb: 2\na: 3\n", ["3:1 E013"]),
        ("title: 甲\u200b乙\n", ["1:9 E128"]),
        ("title: 甲\n# \x07\n", ["2:3 E128"]),
        ("title: 甲\u2028乙\n", ["1:9 E128"]),
    ],
)
def test_each_mistake_is_named_where_it_stands(text: str, expected: list[str]) -> None:
    assert places(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "stem: |\n  title：甲\n\n  A:乙\n   \t丙\nanswer: A\n",
        "q:\n  - stem: >-\n      比例是 1: 2\n    answer: A\n",
        'stem: "甲\n  A：乙 1: 2 #丙"\nanswer: A\n',
        'stem: 他说\n  “甲”\n  "乙" 吗\n  [丙]\nanswer: A\n',
        "stem: 现在是 12:30，见 http://a.b/c：甲\n",
        "options: [A：每月, B:每季度]\n",
        '{"stem":"甲","options":["乙","丙"]}\n',
        "options: {A: 每月, # 注\n  B: 每季度}\n",
        "options: {A: \"甲：乙\", B: '丙, 丁'}\n",
        "note: '他''说'\n",
        '- "a": 1\n- b\n',
        "---\ntitle: 甲\n...\n",
        "reminder：甲\n",
        "- {stem: 包括（\u3000）。, answer: A}\n- {stem: 甲}\n",
        "q: {a: 1,\n  stem: 甲 乙, b: [丙 丁, {c: 戊}]}\nstem: 己\n",
    ],
)
def test_what_only_looks_like_a_mistake_is_read(text: str) -> None:
    assert places(text) == []


def test_a_mapping_may_repeat_keys_where_the_caller_judges_them() -> None:
    root = read("options: {A: 甲, B: 乙, A: 丙}\n", WORDS).root
    options = root.nodes["options"]
    assert [(key.text, value.text) for key, value in options.pairs] == [("A", "甲"), ("B", "乙"), ("A", "丙")]
    assert options.text("A") == "甲"


def test_a_wrong_encoding_is_pointed_at() -> None:
    assert places("title: 甲\nstem: ".encode() + "条例".encode("gbk")) == ["2:7 E001"]
    assert places("title: 甲".encode("utf-16")) == ["1:1 E001"]


def test_limits_end_the_reading_early() -> None:
    assert places("a: " + "x" * 100, Limits(size=50)) == ["1:1 E011"]
    assert places("a: [[[1]]]\n", Limits(depth=3)) == ["1:6 E129"]
    assert places("[" * 100_000, Limits(depth=8)) == ["1:9 E129"]
    assert places("- " * 100_000, Limits(depth=8)) == ["1:17 E129"]
    assert places("- x\n" * 100, Limits(nodes=50)) == ["49:3 E011"]


@pytest.mark.parametrize(
    "text",
    [
        "options: [" + '"甲", ' * 50_000 + '"乙"]\n',
        "stem: 甲" + " " * 500_000 + "乙\n",
        "a" + " " * 500_000 + "b\n",
        'stem: "' + '\\"' * 200_000 + "\n",
        "stem: {" + "a: " * 100_000 + "\n",
        "- " * 200_000 + "\n",
    ],
)
def test_no_line_takes_longer_than_its_length_deserves(text: str) -> None:
    assert len(places(text, Limits(depth=8, nodes=200_000))) <= 1001


def test_a_comment_that_cuts_a_plain_value_is_remembered() -> None:
    document = read('a: 甲 #乙\nb: "丙 #丁" # 戊\nc: #己\nd: 庚#辛\n')
    assert document.comments == {(1, 4): (1, 6), (3, 3): (3, 4)}


def test_texts_fit_every_reader_not_only_banks() -> None:
    faults = read("a: 1\na: 2\n").faults
    assert line("config.yaml", faults[0]) == "config.yaml:2:1 E013 键“a”重复（上一次在第 1 行）。"
    too_large = read("x" * 2048, limits=Limits(size=1024)).faults[0]
    assert describe(too_large) == "超过上限：1 KB。"


def test_the_nearest_name_prefers_the_alias_table() -> None:
    assert nearest("jiexi", ["explain", "stem"], {"jiexi": "explain"}) == "explain"
    assert nearest("remiders", ["reminders", "bot"]) == "reminders"
    assert nearest("完全不同", ["reminders"]) is None
