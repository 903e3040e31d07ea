"""What a file is, by its bytes; and that a written bank reads back as the same bank."""

import io
import json
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.banks import views
from bot.banks.formats import Format, format_of, json_schema, writing
from bot.banks.rules import (
    LETTERS,
    Bank,
    Blank,
    BlankKind,
    Citation,
    Defaults,
    Match,
    Question,
    QuestionType,
    Rule,
    Source,
    Status,
)
from tests.banks.files import GOOD, check

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)
TAKEN = "本版支持 YAML、Excel、CSV、文本题单、Word、JSON 和 GIFT。"
CONTENT = Path(__file__).parents[2] / "content"


def archive(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name in names:
            file.writestr(name, "")
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (GOOD.encode(), "bank.txt", Format.YAML),
        ("\ufeff# 题库\n\nschema: 1\n".encode(), "a", Format.YAML),
        ("schema：1\n".encode(), "a", Format.YAML),
        (GOOD.encode("gbk"), "bank.yaml", Format.YAML),
        (GOOD.encode("utf-16"), "bank.yaml", Format.YAML),
        ("题干: 多久一次？\n".encode(), "bank.yml", Format.YAML),
        ("题干: 多久一次？\n".encode(), "bank.txt", Format.LIST),
        (b"", "bank.yaml", Format.YAML),
        (OLE, "bank.xlsx", Format.OLD_EXCEL),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "bank.xlsx", Format.LOCKED),
        (OLE + "WordDocument".encode("utf-16-le"), "bank.yaml", Format.OLD_WORD),
        (archive("[Content_Types].xml", "xl/workbook.xml"), "bank.yaml", Format.EXCEL),
        (archive("[Content_Types].xml", "word/document.xml"), "bank.yaml", Format.WORD),
        (archive("a.txt"), "bank.yaml", Format.ARCHIVE),
        (b' {"schema": 1}', "bank.yaml", Format.JSON),
        (b'<?xml version="1.0"?><quiz/>', "bank.yaml", Format.XML),
        (b"<!DOCTYPE html><html></html>", "bank.xlsx", Format.WEB_PAGE),
        ("题干,A,B,答案\n甲,乙,丙,A\n".encode(), "bank.csv", Format.TABLE),
        ("题干\t答案\n甲\t乙\n".encode("gb18030"), "bank.csv", Format.TABLE),
        ("1、党员大会一般（ B ）召开一次。\n答案：B\n".encode(), "a.txt", Format.LIST),
        (b"%PDF-1.7", "bank.yaml", Format.UNKNOWN),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "bank.yaml", Format.UNKNOWN),
    ],
)
def test_bytes_decide_not_the_name(data: bytes, name: str, kind: Format) -> None:
    assert format_of(data, name) is kind


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (OLE, "E201 这是旧版 .xls，请用 Excel 或 WPS 另存为 .xlsx 再发。"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "E202 文件有密码，请去掉密码再发。"),
        (OLE + "WordDocument".encode("utf-16-le"), f"E217 文件识别为旧版 Word，{TAKEN}"),
        (archive("a.txt"), f"E217 文件识别为压缩包，{TAKEN}"),
        (b"<?xml version='1.0'?><quiz/>", f"E217 文件识别为XML，{TAKEN}"),
        (b"<html></html>", f"E217 文件识别为网页，{TAKEN}"),
        (b"PK\x03\x04 half", "E219 文件不完整或打不开，请用 Excel 或 WPS 另存为 .xlsx 再发。"),
    ],
)
def test_another_format_is_named_and_refused(data: bytes, text: str) -> None:
    assert views.report(check(data, "题.txt")) == [
        f"题.txt {text}",
        "共 1 处错误、0 处提醒；没有写入题库。修好后再发一次即可。",
    ]


SENTENCES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")) | st.just("\n")
)
WORDY = st.text(st.sampled_from("题甲乙 :#\"'[]{},-?&*!|>%@`\n：，。（　）1A~"), min_size=1, max_size=20)
TEXT = (SENTENCES | WORDY).map(str.strip).filter(lambda text: 0 < len(text) <= 100)
CENTI = st.integers(min_value=1, max_value=10_000)
DAYS = st.dates(min_value=date(1921, 7, 1), max_value=date(2099, 1, 1)) | st.none()
SOURCES = st.builds(
    Source,
    key=st.sampled_from("abc"),
    title=TEXT,
    edition=TEXT | st.just(""),
    effective=DAYS,
    expires=DAYS,
    is_verified=st.booleans(),
)
DEFAULTS = st.builds(
    Defaults,
    score_centi=CENTI,
    rule=st.sampled_from(Rule),
    blank_rule=st.sampled_from([Rule.ALL, Rule.PROP]),
    each_centi=CENTI,
    time_s=st.integers(min_value=10, max_value=600) | st.none(),
    is_shuffled=st.booleans(),
)


@st.composite
def banks(draw: st.DrawFn) -> Bank:
    sources = draw(st.lists(SOURCES, max_size=3, unique_by=lambda source: source.key))
    topics = draw(st.lists(TEXT, max_size=5, unique=True))
    defaults = draw(DEFAULTS)
    codes = draw(st.lists(st.from_regex(r"[a-z0-9_-]{1,8}", fullmatch=True), min_size=1, max_size=4, unique=True))
    questions = [draw(_questions(code, defaults, sources, topics)) for code in codes]
    return Bank(
        slug="demo",
        title=draw(TEXT.filter(lambda text: len(text) <= 30)),
        questions=tuple(questions),
        note=draw(TEXT | st.just("")),
        sources=tuple(sources),
        topics=tuple(topics),
        defaults=defaults,
    )


@st.composite
def _questions(
    draw: st.DrawFn, code: str, defaults: Defaults, sources: Sequence[Source], topics: Sequence[str]
) -> Question:
    kind = draw(st.sampled_from(QuestionType))
    is_choice = kind in {QuestionType.SINGLE, QuestionType.MULTIPLE}
    options = (
        tuple(f"{n}{text}" for n, text in enumerate(draw(st.lists(TEXT, min_size=2, max_size=5)))) if is_choice else ()
    )
    blanks = st.builds(
        Blank,
        st.lists(TEXT, min_size=1, max_size=3).map(tuple),
        st.sampled_from(BlankKind),
        st.sampled_from(Match),
    )
    right = {
        QuestionType.SINGLE: "B",
        QuestionType.MULTIPLE: "AB",
        QuestionType.TRUE_FALSE: draw(st.sampled_from("TF")),
        QuestionType.BLANK: "",
    }
    is_multiple, is_blank = kind is QuestionType.MULTIPLE, kind is QuestionType.BLANK
    # A code in the stem keeps the questions apart, a mark for each blank makes it one.
    words = draw(TEXT).replace("_", "").replace("（", "")
    filled = tuple(draw(st.lists(blanks, min_size=1, max_size=3))) if is_blank else ()
    return Question(
        code=code,
        type=kind,
        stem=f"第{code.encode().hex()}题{words.strip()}{'甲____' * len(filled)}",
        options=options,
        answer=right[kind],
        blanks=filled,
        is_any_order=is_blank and draw(st.booleans()),
        is_indefinite=is_multiple and draw(st.booleans()),
        score_centi=draw(CENTI),
        rule=draw(st.sampled_from(Rule)) if is_multiple else defaults.rule_for(kind),
        each_centi=None if is_blank else draw(CENTI) if is_multiple else defaults.each_centi,
        explain=draw(TEXT | st.just("")),
        hint=draw(TEXT | st.just("")),
        citation=Citation(draw(st.sampled_from(sources)), draw(TEXT | st.just("")), draw(st.booleans()))
        if sources
        else None,
        topics=tuple(topics[:5]),
        difficulty=draw(st.integers(min_value=1, max_value=5)),
        time_s=draw(st.integers(min_value=10, max_value=600)),
        lock="".join(letter for letter in LETTERS[: len(options)] if draw(st.booleans())),
        is_shuffled=draw(st.booleans()) if is_choice else defaults.is_shuffled,
        valid_until=draw(DAYS),
        status=draw(st.sampled_from(Status)),
    )


@given(banks())
def test_a_written_bank_reads_back_as_the_same_bank(bank: Bank) -> None:
    checked = check(writing.write(bank))
    assert [views.line(issue) for issue in checked.issues if issue.is_error] == []
    assert checked.bank == bank


def test_the_schema_for_editors_is_the_one_of_the_rules() -> None:
    shipped = (CONTENT / "schema" / "bank.schema.json").read_text("utf-8")
    assert json.loads(shipped) == json_schema.schema()
    assert shipped == json_schema.text()
