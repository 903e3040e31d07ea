"""Every code of a YAML bank with its exact text and place."""

import pytest

from bot.banks import views
from tests.banks.files import FIRST, GOOD, HEAD, SINGLE, bank, changed, check, lines

MULTIPLE = SINGLE.replace("single", "multiple").replace("answer: B", "answer: AB")
JUDGE = """\
  - {id: q-1, type: 判断, stem: 每季度一次。, answer: 对, explain: 见条例。, source: {ref: zb}}
"""
BLANK = """\
  - id: q-1
    type: blank
    stem: 每____一次。
    blanks: [{answers: [季度]}]
    explain: 见条例。
    source: {ref: zb}
"""


def option(text: str) -> str:
    return changed("B: 每季度", f"B: {text}")


def at(line: int, column: int, text: str) -> str:
    """A fault by its line within the first question."""
    return f"{FIRST + line - 1}:{column} {text}"


def test_the_file_of_the_specification_is_clean() -> None:
    checked = check(GOOD, "good.yaml")
    assert views.report(checked) == ["good.yaml：4 题（单选 1、多选 1、判断 1、填空 1），0 处错误、0 处提醒。"]


def test_colon_and_tab_are_told_together_and_nothing_else() -> None:
    text = "schema: 1\nbank: demo\ntitle：演示题库\nquestions:\n\t- id: a\n"
    assert views.report(check(text, "bad1.yaml")) == [
        "bad1.yaml:3:6 E002 冒号是中文全角“：”，请改成半角“:”加一个空格。",
        "bad1.yaml:5:1 E003 行首有制表符（Tab），YAML 只能用空格缩进。",
        "共 2 处错误、0 处提醒；没有写入题库。修好后再发一次即可。",
    ]


def test_repeated_letter_and_unknown_answer_are_told_together() -> None:
    text = """\
schema: 1
bank: demo
title: 演示题库
note: 第十行是选项
defaults: {score: 2}
questions:
  - id: q-1
    type: single
    stem: 多久一次？
    options: {A: 每月, B: 每季度, C: 每半年, B: 每年}
    answer: E
"""
    assert lines(text) == [
        "10:38 E110 选项字母“B”重复（上一次在第 10 行第 22 列）。",
        "11:13 E112 答案“E”不在选项 A、B、C 里。",
    ]


READING = [
    (b"schema: 1\ntitle: " + "条例".encode("gbk"), "2:8 E001 文件不是 UTF-8 编码，请在编辑器里另存为 UTF-8 再发。"),
    (changed("stem: 多", "stem：多"), at(3, 9, "E002 冒号是中文全角“：”，请改成半角“:”加一个空格。")),
    (changed("    answer", "\tanswer"), at(5, 1, "E003 行首有制表符（Tab），YAML 只能用空格缩进。")),
    (changed("{A: 每月", "{A:每月"), at(4, 16, "E004 冒号后面少一个空格。")),
    (
        changed("stem: 多久一次？", "stem: *重点*"),
        at(3, 11, "E005 值以“*”开头，YAML 有特殊含义，请把整句放进英文双引号。"),
    ),
    (
        changed("stem: 多久一次？", 'stem: "三会"包括什么'),
        at(3, 11, "E006 英文引号没有包住整句：请改用中文引号“”，或把整句放进一对英文引号。"),
    ),
    (
        changed("stem: 多久一次？", "stem: 比例是 1: 2 吗"),
        at(3, 16, "E008 句中有“: ”（半角冒号加空格），请改成中文冒号，或把整句放进英文双引号。"),
    ),
    (
        changed("{A: 每月, B: 每季度}", "\n      - 甲: 乙\n      - 丙"),
        at(5, 10, "E008 句中有“: ”（半角冒号加空格），请改成中文冒号，或把整句放进英文双引号。"),
    ),
    (changed("    answer", "   answer"), at(5, 4, "E009 这里读不下去，请检查上一行的缩进、引号和括号。")),
    (bank(SINGLE).replace("bank: demo", "bank: &a demo"), "2:7 E010 不支持锚点、别名、类型标签、“<<”和多文档。"),
    ("schema: 1\n# " + "x" * 8 * 1024 * 1024, "1:1 E011 超过上限：文件 8 MB、10000 题。"),
    (bank(SINGLE).replace("bank: demo\n", ""), "1:1 E012 缺少“bank”。"),
    (changed("    answer: B\n", ""), at(1, 5, "E012 缺少“answer”。")),
    (changed("answer: B", "answer:"), at(5, 12, "E012 缺少“answer”。")),
    (changed("answer: B", "id: q-2"), at(5, 5, "E013 键“id”重复（上一次在第 8 行）。")),
    (bank(SINGLE).replace("schema: 1", "schema: 2"), "1:9 E014 schema 写的是“2”，本程序只认识 1。"),
    (changed("stem: 多久一次？", "stem:\n      - 多久一次？"), at(4, 7, "E015 “stem”应写成一句文字。")),
    (changed("{ref: zb}", "zb"), at(7, 13, "E015 “source”应写成“键: 值”。")),
    (changed("stem:", "shuffle: 不\n    stem:"), at(3, 14, "E015 “shuffle”应写成 true 或 false。")),
    (bank(SINGLE).replace("bank: demo", "bank: 演示"), "2:7 E015 “bank”应写成 2–40 位小写字母、数字或“-”。"),
    (HEAD + "  a: {id: a}\n", "8:3 E015 “questions”应写成“- ”开头的题目列表。"),
    (bank("  - 多久一次？\n"), "8:5 E015 “questions”应写成“- ”开头的题目列表。"),
    (changed("{A: 每月, B: 每季度}", "每月"), at(4, 14, "E015 “options”应写成“A: 文字”这样的键值或列表。")),
    (changed("stem: 多久一次？", "stem: 多久\u200b一次？"), at(3, 13, "E128 这里有看不见的控制字符，请删掉。")),
    (HEAD + "  - [[[[[[[1]]]]]]]\n", "8:11 E129 层级太深，题目应是“- ”开头的列表。"),
    ("schema\n", "1:1 E129 层级太深，题目应是“- ”开头的列表。"),
]


@pytest.mark.parametrize(("text", "expected"), READING)
def test_what_cannot_be_read_is_told(text: str | bytes, expected: str) -> None:
    assert lines(text) == [expected]


JUDGING = [
    (bank(SINGLE, SINGLE.replace("多久", "几时")), "15:9 E101 题号“q-1”已在第 8 行用过。"),
    (changed("id: q-1", "id: Q1"), at(1, 9, "E102 题号“Q1”只能用小写字母、数字、“-”“_”，1–40 位。")),
    (changed("explain:", "jiexi:"), at(6, 5, "E103 不认识的键“jiexi”。是不是“explain”（解析）？")),
    (changed("explain:", "explian:"), at(6, 5, "E103 不认识的键“explian”。是不是“explain”（解析）？")),
    (changed("explain:", "zzz:"), at(6, 5, "E103 不认识的键“zzz”。")),
    (changed("type: single", "type: judge"), at(2, 11, "E104 不认识的题型“judge”。是不是“true_false”（判断）？")),
    (changed("type: single", "type: essay"), at(2, 11, "E104 不认识的题型“essay”。")),
    (changed("stem: 多久一次？", "stem: "), at(3, 10, "E105 题干是空的。")),
    (option('""'), at(4, 25, "E106 选项 B 是空的。")),
    (changed(", B: 每季度}", "}").replace("answer: B", "answer: A"), at(4, 14, "E107 选项要有 2–12 个，这里有 1 个。")),
    (
        changed("{A: 每月, B: 每季度}", f"[{', '.join(f'第{n}项' for n in range(13))}]"),
        at(4, 14, "E107 选项要有 2–12 个，这里有 13 个。"),
    ),
    (
        changed("{A: 每月, B: 每季度}", "{A: 3,000元, B: 2}"),
        at(4, 20, "E108 选项字母应从 A 起连续，“000元”不对（英文逗号会把“3,000”拆开，请加引号）。"),
    ),
    (
        changed("{A: 每月, B: 每季度}", "{A: 每月, C: 每季度, D: 每年}").replace("answer: B", "answer: A"),
        at(4, 22, "E108 选项字母应从 A 起连续，“C”不对（英文逗号会把“3,000”拆开，请加引号）。"),
    ),
    (option("每 月"), at(4, 25, "E111 选项 A 和 B 文字相同。")),
    (changed("answer: B", "answer: 每年"), at(5, 13, "E112 答案“每年”不在选项 A、B 里。")),
    (
        bank(MULTIPLE.replace("answer: AB", "answer: A")),
        at(5, 13, "E113 多选题至少要有 2 个正确答案；只有 1 个请改成单选或不定项。"),
    ),
    (changed("answer: B", "answer: [A, B]"), at(5, 13, "E114 单选题只能有 1 个正确答案，这里有 2 个。")),
    (bank(JUDGE.replace("answer: 对", "answer: 可以")), "8:47 E115 判断题答案看不懂：“可以”。请写 对 或 错。"),
    (bank(BLANK.replace("每____", "每____的____")), at(4, 13, "E116 题干有 2 处空，blanks 写了 1 个。")),
    (
        bank(SINGLE.replace("    answer", "    score: 0\n    answer")),
        at(5, 12, "E118 “score”应在 0.01–100 之间，这里是“0”。"),
    ),
    (
        bank(SINGLE.replace("    answer", "    score: 1.005\n    answer")),
        at(5, 12, "E118 “score”应在 0.01–100 之间，这里是“1.005”。"),
    ),
    (
        bank(SINGLE.replace("    answer", "    difficulty: 高\n    answer")),
        at(5, 17, "E118 “difficulty”应在 1–5 之间，这里是“高”。"),
    ),
    (
        bank(SINGLE.replace("    answer", "    time: 5\n    answer")),
        at(5, 11, "E118 “time”应在 10–600 之间，这里是“5”。"),
    ),
    (changed("多久一次？", "长" * 2001), at(3, 11, "E118 “stem”应在 1–2000 之间，这里是“2001 字”。")),
    (option("长" * 501), at(4, 25, "E118 “选项 B”应在 1–500 之间，这里是“501 字”。")),
    (HEAD + "  []\n", "8:3 E118 “questions”应在 1–10000 之间，这里是“0”。"),
    (
        bank(MULTIPLE.replace("    answer", "    rule: 一半\n    answer")),
        at(5, 11, "E119 不认识的计分规则“一半”。可用：all、half、each、prop、minus。"),
    ),
    (
        bank(BLANK.replace("    blanks", "    rule: half\n    blanks")),
        at(4, 11, "E119 不认识的计分规则“half”。可用：all、half、each、prop、minus。"),
    ),
    (bank(MULTIPLE.replace("    answer", "    rule: each\n    answer")), at(5, 11, "E120 规则 each 要写 each_score。")),
    (changed("{ref: zb}", "{ref: dz}"), at(7, 19, "E121 出处“dz”没有在 sources 里登记。")),
    (
        bank(SINGLE.replace("    answer", "    topics: [频次, 党史]\n    answer")),
        at(5, 18, "E122 知识点“党史”没有在 topics 里登记。"),
    ),
    (bank(SINGLE.replace("    answer", "    lock: D\n    answer")), at(5, 11, "E123 lock 里的“D”不是选项字母。")),
    (
        bank(SINGLE.replace("    answer", "    valid_until: 2026-02-30\n    answer")),
        at(5, 18, "E124 日期“2026-02-30”不存在，请写成 2022-10-22。"),
    ),
    (
        bank(SINGLE.replace("    answer", "    valid_until: 2026年2月\n    answer")),
        at(5, 18, "E124 日期“2026年2月”不存在，请写成 2022-10-22。"),
    ),
    (bank(JUDGE.replace("answer: 对", "answer: 对, options: [对, 错]")), "8:50 E125 判断题不能写“options”。"),
    (bank(SINGLE.replace("    answer", "    rule: all\n    answer")), at(5, 5, "E125 单选题不能写“rule”。")),
    (
        bank(
            SINGLE,
            SINGLE.replace("q-1", "q-2")
            .replace("多久一次？", "多久 一次")
            .replace("{A: 每月, B: 每季度}", "[每季度, 每月]"),
        ),
        "17:11 E126 与第 8 行的“q-1”是同一道题（题干和选项都相同）。",
    ),
]


@pytest.mark.parametrize(("text", "expected"), JUDGING)
def test_what_makes_no_sense_is_told(text: str, expected: str) -> None:
    assert lines(text) == [expected]


def test_a_question_too_long_for_one_message_is_refused() -> None:
    options = ", ".join(f"{letter}: {letter}{'长' * 498}" for letter in "ABCDEFGH")
    text = changed("{A: 每月, B: 每季度}", "{" + options + "}")
    assert at(3, 11, "E117 题干加选项超过 3500 字，放不进一条消息。") in lines(text)


HINTS = [
    (changed("多久一次？", "长" * 400), at(3, 11, "W201 超过投票长度：现场答题将题干放进说明。")),
    (option("长" * 98), at(4, 25, "W201 超过投票长度：现场答题将按字母投票、选项放进说明。")),
    (changed("多久一次？", "长" * 1100), at(3, 11, "W201 超过投票长度：现场答题将先单发题目、再按字母投票。")),
    (
        changed("explain: 每季度。", f"explain: {'长' * 201}"),
        at(6, 14, "W202 解析超过 200 字，投票里只显示前 199 字，公布答案时显示全文。"),
    ),
    (option("A和B"), at(4, 25, "W203 选项里提到别的选项字母，本题不打乱选项。")),
    (option("以上都不对"), at(4, 25, "W204 “以上都不对”已自动固定在最后。")),
    (changed("stem: 多久一次？", "stem: 多久一次 #党章"), at(3, 16, "W206 “#”后面的字被当作注释丢掉了。")),
    (changed("    source: {ref: zb}\n", ""), "7:1 W301 1 道题没有写出处：q-1。"),
    (changed("    explain: 每季度。\n", ""), "7:1 W307 1 道题没有解析：q-1。"),
    (changed("{ref: zb}", "{ref: zb, verified: false}"), "7:1 W308 1 道题的出处待核：q-1。"),
]


@pytest.mark.parametrize(("text", "expected"), HINTS)
def test_what_is_allowed_may_be_worth_a_word(text: str, expected: str) -> None:
    assert lines(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        option("长" * 97),
        option("维生素A"),
        bank(SINGLE.replace("    answer: B", "    shuffle: false\n    answer: B").replace("B: 每季度", "B: A和B")),
        bank(SINGLE.replace("    answer: B", "    lock: B\n    answer: B").replace("B: 每季度", "B: 以上都对")),
        option("以上级党组织的决定为准"),
        changed("id: q-1", "id: q-1 # 第一题"),
        changed("answer: B", 'answer: "ｂ"'),
        changed("stem: 多久一次？", "stem: 现在 12:30，比例1：2"),
        changed("type: single", "type: 不定项"),
        bank(JUDGE.replace("answer: 对", "answer: ✓")),
    ],
)
def test_what_is_usual_gets_no_word(text: str) -> None:
    assert lines(text) == []


def many(count: int, letter: str, judgement: str = "") -> str:
    singles = [
        SINGLE.replace("q-1", f"q-{n}").replace("多久", f"第{n}件多久").replace("answer: B", f"answer: {letter}")
        for n in range(count)
    ]
    judges = [JUDGE.replace("q-1", f"t-{n}").replace("每季", f"第{n}件每季") for n in range(5)] if judgement else []
    return bank(*singles, *(judge.replace("对", judgement) for judge in judges))


def test_a_lean_to_one_letter_is_told_from_twenty_questions_on() -> None:
    assert lines(many(19, "B")) == []
    assert lines(many(20, "B")) == ["7:1 W302 单选答案偏向 B（100%）。"]


def test_judgements_that_are_all_alike_are_told_from_five_on() -> None:
    assert lines(many(1, "B", "错")) == ["7:1 W303 判断题答案全是“错”。"]
    assert lines(many(1, "B", "对")) == ["7:1 W303 判断题答案全是“对”。"]


def test_long_lists_of_numbers_are_cut() -> None:
    text = many(7, "B").replace("    explain: 每季度。\n", "")
    assert lines(text) == ["7:1 W307 7 道题没有解析：q-0、q-1、q-2、q-3、q-4 等。"]


def test_a_superseded_edition_is_told_where_it_is_registered() -> None:
    old = "  zb: {title: 条例, edition: 2018年, effective: 2018-10-28}\n"
    sources = old + "  new: {title: 《条例》, edition: 2026年, effective: 2026-01-01}"
    text = bank(SINGLE).replace("  zb: {title: 条例, edition: 2018年}", sources)
    assert lines(text) == ["5:3 W305 引用的《条例》2018年已被2026年取代，请核对；随机抽题不再抽到。"]
    assert lines(text.replace("2026-01-01", "2027-01-01")) == []


def test_hints_on_the_whole_bank_wait_until_there_is_no_error() -> None:
    text = changed("    explain: 每季度。\n", "").replace("answer: B", "answer: E")
    assert lines(text) == [at(5, 13, "E112 答案“E”不在选项 A、B 里。")]


def test_hints_on_one_question_come_with_the_errors_of_another() -> None:
    text = bank(SINGLE.replace("q-1", "q-0").replace("answer: B", "answer: E"), SINGLE.replace("B: 每季度", "B: A和B"))
    assert [line.split()[1] for line in lines(text)] == ["E112", "W203"]


def test_an_empty_file_lacks_everything() -> None:
    assert lines("") == [f"1:1 E012 缺少“{key}”。" for key in ("schema", "bank", "title", "questions")]


def test_author_text_never_changes_its_type() -> None:
    text = changed("{A: 每月, B: 每季度}", "[0755, 07:30, 2022-10-16, no]")
    checked = check(text)
    assert checked.bank is not None
    assert checked.bank.questions[0].options == ("0755", "07:30", "2022-10-16", "no")
    judged = check(bank(JUDGE.replace("answer: 对", "answer: no")))
    assert judged.bank is not None
    assert judged.bank.questions[0].answer == "F"


def test_only_fifty_lines_are_printed_unless_all_are_wanted() -> None:
    checked = check(bank(*(SINGLE.replace("q-1", f"Q{n}") for n in range(60))))
    report = views.report(checked)
    assert len(report) == 52
    assert report[50] == "另有 10 处没有列出，加 --all 全部列出。"
    assert len(views.report(checked, None)) == 61
