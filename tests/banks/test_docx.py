"""Word files: what the eye sees becomes lines, automatic numbers and letters among it; nothing else does."""

import random
import struct
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.banks.formats import Format, format_of
from bot.banks.formats import docx as reader
from bot.banks.formats.numbering import Unknown, written
from bot.banks.rules import Paragraph
from tests.banks.spelled import spelled
from tests.banks.word import docx, level, numbering, paragraph, paragraphs, run, table

ONE = "1、多久一次？\nA、每月\nB、每季度\n答案：A\n"
CAME_OUT = ["单选 多久一次？ A.每月 B.每季度 =A"]
LISTS = sorted((Path(__file__).parent / "lists").glob("*.txt"))
QUESTIONS = numbering(level(0, "decimal", "%1、"), level(1, "upperLetter", "%2."))


def read(body: str, **parts: str) -> list[str]:
    return spelled(reader.read(docx(body, **parts), "题.docx"))


def test_it_is_known_by_its_bytes() -> None:
    assert format_of(docx(paragraphs(ONE)), "题.xlsx") is Format.WORD


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_a_list_in_word_is_the_list_in_a_text(path: Path) -> None:
    source, expected = path.read_text("utf-8").split("⇒\n")
    assert [line.replace("\n", "⏎") for line in read(paragraphs(source))] == expected.splitlines()


# -- automatic numbers and letters ------------------------------------------------------------------------------------


def test_automatic_numbers_and_letters_are_counted_as_word_does() -> None:
    body = "".join(
        [
            paragraph("一、单选题"),
            paragraph("多久一次？", level=0),
            paragraph("每月", level=1),
            paragraph("每季度", level=1),
            paragraph("答案：B"),
            paragraph("谁来讲？", level=0),
            paragraph("书记", level=1),
            paragraph("委员", level=1),
            paragraph("答案：A"),
        ]
    )
    assert read(body, lists=QUESTIONS) == [
        "单选 多久一次？ A.每月 B.每季度 =B",
        "单选 谁来讲？ A.书记 B.委员 =A",
    ]


def test_a_list_begun_anew_counts_anew() -> None:
    """Options of each question are a list of their own with the same levels."""
    anew = "".join(
        f'<w:num w:numId="{number}"><w:abstractNumId w:val="1"/>'
        '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>'
        for number in (2, 3)
    )
    abstract = f'<w:abstractNum w:abstractNumId="1">{level(0, "upperLetter", "%1．")}</w:abstractNum>'
    lists = abstract + numbering(level(0, "decimal", "%1."), lists=anew)
    body = "".join(
        [
            *(paragraph("甲", level=0), paragraph("一", level=0, list_id=2), paragraph("二", level=0, list_id=2)),
            paragraph("答案：A"),
            *(paragraph("乙", level=0), paragraph("一", level=0, list_id=3), paragraph("二", level=0, list_id=3)),
            paragraph("答案：B"),
        ]
    )
    assert read(body, lists=lists) == ["单选 甲 A.一 B.二 =A", "单选 乙 A.一 B.二 =B"]


def test_numbers_of_a_style_are_found_through_what_it_is_based_on() -> None:
    styles = (
        '<w:style w:styleId="Q"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        '<w:style w:styleId="Q2"><w:basedOn w:val="Q"/></w:style>'
        '<w:style w:styleId="O"><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    )
    body = paragraph("甲", style="Q2") + paragraph("一", style="O") + paragraph("二", style="O") + paragraph("答案：A")
    assert read(body, lists=QUESTIONS, styles=styles) == ["单选 甲 A.一 B.二 =A"]


def test_headings_counted_in_chinese_are_headings() -> None:
    lists = numbering(
        level(0, "chineseCountingThousand", "%1、"), level(1, "decimal", "%2."), level(2, "upperLetter", "%3)")
    )
    body = "".join(
        [
            *(paragraph("判断题（每题2分）", level=0), paragraph("甲（√）", level=1)),
            *(paragraph("单选题", level=0), paragraph("乙", level=1)),
            *(paragraph("一", level=2), paragraph("二", level=2), paragraph("答案：A")),
        ]
    )
    assert read(body, lists=lists) == ["判断 甲 =T 2分", "单选 乙 A.一 B.二 =A"]


def test_a_number_in_a_format_nobody_knows_is_told() -> None:
    body = paragraph("甲", level=0) + paragraphs(ONE)
    assert read(body, lists=numbering(level(0, "hebrew2", "%1"))) == [*CAME_OUT, "1 E216 甲"]


def test_numbering_that_is_switched_off_or_missing_shows_nothing() -> None:
    body = paragraph("1、甲（√）", level=0, list_id=0) + paragraph("2、乙（×）", level=0, list_id=9)
    assert read(body, lists=QUESTIONS) == ["判断 甲 =T", "判断 乙 =F"]


def test_empty_numbered_paragraphs_count_but_are_no_questions() -> None:
    body = paragraph("甲（√）", level=0) + paragraph("", level=0) + paragraph("乙（×）", level=0)
    assert read(body, lists=QUESTIONS) == ["判断 甲 =T", "判断 乙 =F"]


@pytest.mark.parametrize(
    ("count", "format_", "shown"),
    [
        (12, "decimal", "12"),
        (7, "decimalZero", "07"),
        (3, "decimalFullWidth", "３"),
        (28, "upperLetter", "BB"),
        (4, "lowerLetter", "d"),
        (49, "upperRoman", "XLIX"),
        (9, "lowerRoman", "ix"),
        (10, "chineseCounting", "十"),
        (21, "chineseCountingThousand", "二十一"),
        (105, "chineseCountingThousand", "一百零五"),
        (1010, "japaneseCounting", "一千零一十"),
        (10_001, "chineseCounting", "一零零零一"),
        (20, "ideographDigital", "二〇"),
        (11, "ideographTraditional", "甲"),
        (2, "decimalEnclosedCircleChinese", "②"),
    ],
)
def test_formats_of_numbers(count: int, format_: str, shown: str) -> None:
    assert written(count, format_) == shown


def test_an_unknown_format_is_no_number() -> None:
    with pytest.raises(Unknown):
        written(1, "thaiLetters")


# -- what is seen and what is not -------------------------------------------------------------------------------------


def test_line_breaks_and_tabs_inside_a_paragraph() -> None:
    words = paragraph(
        run("1、多久一次？"),
        "<w:r><w:br/><w:t>A、每月</w:t><w:tab/><w:t>B、每季度</w:t><w:cr/><w:t>答案：A</w:t></w:r>",
    )
    assert read(words) == CAME_OUT


def test_deleted_words_are_left_out_and_inserted_ones_are_in() -> None:
    deleted = "<w:del><w:r><w:delText>每年</w:delText><w:t>每年</w:t></w:r></w:del>"
    moved = "<w:moveFrom><w:r><w:t>每周</w:t></w:r></w:moveFrom>"
    body = paragraphs("1、多久一次？") + paragraph("A、", deleted, moved, f"<w:ins>{run('每月')}</w:ins>")
    assert read(body + paragraphs("B、每季度\n答案：A")) == CAME_OUT


def test_a_deleted_end_of_a_paragraph_joins_the_next() -> None:
    body = paragraph("1、多久", mark="<w:del/>") + paragraphs("一次？\nA、每月\nB、每季度\n答案：A")
    assert read(body) == CAME_OUT


def test_hidden_words_are_not_read() -> None:
    body = paragraph("1、多久", run("（其实不必）", "<w:vanish/>"), run("一次？", '<w:vanish w:val="0"/>'))
    assert read(body + paragraphs("A、每月\nB、每季度\n答案：A")) == CAME_OUT


def test_field_codes_footnotes_and_old_formats_are_not_read() -> None:
    field = '<w:r><w:instrText>SEQ 题 \\* ARABIC</w:instrText></w:r><w:r><w:footnoteReference w:id="1"/></w:r>'
    old = "<w:pPrChange><w:pPr><w:numPr><w:numId w:val='1'/></w:numPr></w:pPr></w:pPrChange>"
    body = f"<w:p><w:pPr>{old}</w:pPr>{run('1、多久一次？')}{field}</w:p>"
    body += paragraphs("A、每月\nB、每季度\n答案：A")
    assert read(body, lists=QUESTIONS, footnotes="<notes/>") == CAME_OUT


def test_a_text_box_is_read_once_behind_its_paragraph() -> None:
    box = f"<w:txbxContent>{paragraphs('A、每月')}{paragraphs('B、每季度')}</w:txbxContent>"
    twice = f"<mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    assert read(paragraph("1、多久一次？", f"<w:r>{twice}</w:r>") + paragraphs("答案：A")) == CAME_OUT


def test_an_underlined_gap_is_a_blank() -> None:
    line = '<w:u w:val="single"/>'
    body = paragraph("1、每", run("      ", line), "召开一次，由", run("   ", line), run("  ", line), "主持。")
    assert read(body + paragraphs("答案：季度|书记")) == ["填空 每____召开一次，由________主持。 =季度|书记"]


def test_ticks_out_of_a_font_of_signs() -> None:
    def sign(char: str) -> str:
        return f'<w:r><w:sym w:font="Wingdings" w:char="{char}"/></w:r>'

    body = paragraph("1、甲（", sign("F0FC"), "）") + paragraph("2、乙（", sign("F0FB"), "）")
    assert read(body) == ["判断 甲 =T", "判断 乙 =F"]


def test_raised_digits_stay_raised() -> None:
    body = paragraph("1、面积是10m", run("2", '<w:vertAlign w:val="superscript"/>'), "吗？（√）")
    assert read(body) == ["判断 面积是10m²吗？ =T"]


def test_a_question_with_a_picture_or_a_fraction_is_named_not_guessed() -> None:
    picture = '<w:r><w:drawing><a:blip r:embed="rId1"/></w:drawing></w:r>'
    fraction = (
        "<m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></m:oMath>"
    )
    body = paragraph("1、看图", picture) + paragraphs("A、一\nB、二\n答案：A") + paragraph("2、", fraction, "（√）")
    assert read(body + paragraphs("3、丙（√）")) == [
        "判断 丙 =T",
        "1 E221 看图【图】",
        "5 E221 【图】12（√）",
    ]


# -- tables -----------------------------------------------------------------------------------------------------------


def test_a_table_with_headings_is_read_by_them() -> None:
    rows = table(
        ["题号", "题干", "A", "B", "答案", "解析"],
        ["1", "多久一次？", "每月", "每季度", "A", "按月。"],
        ["2", "谁来讲？", "书记", "委员", "B", ""],
    )
    found = reader.read(
        docx(paragraphs("二、单选题（每题2分）") + rows + paragraphs("三、判断题\n1、甲（√）")), "题.docx"
    )
    assert spelled(found) == [
        "单选 多久一次？ A.每月 B.每季度 =A 2分 解析：按月。",
        "单选 谁来讲？ A.书记 B.委员 =B 2分",
        "判断 甲 =T",
    ]
    assert found.questions[1].at == Paragraph(15)


def test_other_tables_are_read_cell_by_cell() -> None:
    body = (
        paragraphs("1、多久一次？") + table(["A、每月", "B、每季度"], ["C、每半年", "D、每年"]) + paragraphs("答案：A")
    )
    assert read(body) == ["单选 多久一次？ A.每月 B.每季度 C.每半年 D.每年 =A"]


def test_a_table_of_keys_is_read_as_it_lies() -> None:
    body = paragraphs("1、甲 A.一 B.二\n2、乙 A.一 B.二\n参考答案") + table(["题号", "1", "2"], ["答案", "B", "A"])
    assert read(body) == ["单选 甲 A.一 B.二 =B", "单选 乙 A.一 B.二 =A"]


def test_a_table_that_is_one_question_is_read_by_what_its_rows_are_called() -> None:
    card = table(
        ["题型", "单选题"], ["题干：", "多久一次？"], ["A", "每月"], ["B.", "每季度"], ["答案", "B"], ["解析", "见条例"]
    )
    assert read(card + card.replace("多久", "几时")) == [
        "单选 多久一次？ A.每月 B.每季度 =B 解析：见条例",
        "单选 几时一次？ A.每月 B.每季度 =B 解析：见条例",
    ]


def test_a_table_inside_a_cell_is_part_of_the_cell() -> None:
    inner = table(["A、每月", "B、每季度"])
    assert read(table([paragraph("1、多久一次？") + inner + paragraph("答案：A")])) == CAME_OUT


# -- what is no Word file ---------------------------------------------------------------------------------------------


def refused(data: bytes) -> list[str]:
    return [issue.code for issue in reader.read(data, "题.docx").issues]


def test_only_another_file_inside_is_told_as_such() -> None:
    assert refused(docx('<w:altChunk r:id="rId1"/>')) == ["E220"]


@pytest.mark.parametrize("entity", ['<!DOCTYPE d [<!ENTITY a "b">]>', '<!DOCTYPE d SYSTEM "file:///etc/hostname">'])
def test_entities_are_refused(entity: str) -> None:
    assert refused(docx(paragraphs(ONE), doctype=entity)) == ["E219"]


def test_a_file_that_unpacks_to_too_much_is_refused() -> None:
    assert refused(docx("x" * 65 * 1024 * 1024)) == ["E218"]


def test_half_a_file_is_refused() -> None:
    data = docx(paragraphs(ONE))
    assert refused(data[: len(data) // 2]) == ["E219"]
    assert refused(docx("<w:p>")) == ["E219"]
    assert refused(b"") == ["E219"]


def test_a_size_that_lies_is_found_out() -> None:
    data = docx(paragraphs(ONE))
    with ZipFile(BytesIO(data)) as archive:
        size = struct.pack("<I", archive.getinfo("word/document.xml").file_size)
    assert refused(data.replace(size, struct.pack("<I", 12))) == ["E219"]


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=20))
def test_damaged_bytes_never_break_the_reader(seed: int, count: int) -> None:
    rng = random.Random(seed)
    data = bytearray(docx(paragraphs(ONE), lists=QUESTIONS))
    for _ in range(count):
        data[rng.randrange(len(data))] = rng.randrange(256)
    assert reader.read(bytes(data), "题.docx").file == "题.docx"


@given(
    st.lists(st.sampled_from(["w:p", "w:r", "w:t", "w:tbl", "w:tr", "w:tc", "w:pPr", "w:rPr", "w:del"]), max_size=40)
)
def test_elements_in_any_order_never_break_the_reader(names: list[str]) -> None:
    body = "".join(f"<{name}>" for name in names) + "词" + "".join(f"</{name}>" for name in reversed(names))
    assert reader.read(docx(body), "题.docx").file == "题.docx"
