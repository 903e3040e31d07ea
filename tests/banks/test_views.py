"""What people read in chat about banks, whole texts."""

from bot.banks import import_views, views
from bot.banks.importing import Applied, Choice, Preview
from bot.banks.revisions import Difference
from bot.banks.rules import QuestionType, ScopeKind
from bot.banks.scopes import Scope
from bot.banks.service import Summary
from bot.members.rules import UnitKind, UnitRef
from bot.message import MAX_TEXT, Button, Document, Message, units
from tests.banks.files import GOOD, HEAD, SINGLE, bank, check

BRANCH = UnitRef(4, UnitKind.BRANCH, "一支部", "/1/2/4/")
SUMMARY = Summary(
    7,
    "zhibu",
    "支部工作",
    3,
    {QuestionType.SINGLE: 2, QuestionType.BLANK: 1},
    Scope(ScopeKind.BRANCH, BRANCH),
    ("条例",),
    1,
)


TEMPLATE = (Button("下载模板", "banks:template"),)


def test_a_good_file_is_shown_before_anything_is_written() -> None:
    preview = Preview(check(GOOD, "good.yaml"), Difference(3, 1, 1, 2, 1), "5a5a")
    assert import_views.previewed(preview) == (
        Message(
            "试读：good.yaml → 题库“支部工作应知应会”（版本 3）\n"
            "读到 4 行：可导入 4 道（单选 1、多选 1、判断 1、填空 1），"
            "其中新增 1、修改 1、未变 2；略去重复 0；出错 0 行。\n"
            "文件里没有的 1 道将停用。",
            (
                (Button("导入 4 道", "banks:apply:5a5a", style="success"),),
                (Button("取消", "banks:discard:5a5a"),),
            ),
        ),
    )


def test_a_new_bank_is_called_new_and_its_hints_follow() -> None:
    text = bank(SINGLE.replace("B: 每季度", "B: 以上都对"))
    (message,) = import_views.previewed(Preview(check(text), Difference(0, added=1), "5a5a"))
    assert isinstance(message, Message)
    assert message.text.splitlines() == [
        "试读：demo.yaml → 题库“演示题库”（新建）",
        "读到 1 行：可导入 1 道（单选 1、多选 0、判断 0、填空 0），其中新增 1、修改 0、未变 0；略去重复 0；出错 0 行。",
        "demo.yaml:11:25 W204 “以上都对”已自动固定在最后。",
    ]


def test_a_refused_file_has_no_buttons() -> None:
    (message,) = import_views.previewed(Preview(check(HEAD + "  - <b>\n", "a&b.yaml"), None))
    assert message == Message(
        "a&amp;b.yaml:8:5 E015 “questions”应写成“- ”开头的题目列表。\n"
        "共 1 处错误、0 处提醒；没有写入题库。修好后再发一次即可。"
    )


def test_more_than_ten_faults_come_as_a_text_file() -> None:
    message, listing = import_views.previewed(Preview(check(HEAD + "  - 甲\n" * 30), None))
    assert isinstance(message, Message)
    assert isinstance(listing, Document)
    assert len(message.text.splitlines()) == 11
    assert listing.name == "demo.yaml.出错清单.txt"
    assert len(listing.data.decode("utf-8-sig").splitlines()) == 30


def test_the_longest_faults_still_fit_one_message() -> None:
    question = SINGLE.replace("q-1", "长" * 3000)
    message, *_ = import_views.previewed(Preview(check(bank(*[question] * 10)), None))
    assert isinstance(message, Message)
    assert units(message.text) <= MAX_TEXT


def test_an_import_can_be_undone_by_a_button() -> None:
    assert import_views.applied(Applied("5a5a", 4, Difference(3, 1, 1, 2, 1))) == Message(
        "已导入：新增 1，修改 1，未变 2，停用 1。题库版本 4。\n要用它出卷，请发送 /quiz。",
        ((Button("撤销本次导入", "banks:undo:5a5a"),),),
    )
    assert import_views.undone(3) == Message("已撤销，题库内容回到版本 3。")
    assert import_views.undone(0) == Message("已撤销，这个题库的题目已全部停用。")
    assert import_views.discarded() == Message("已取消，没有写入题库。")


def test_the_list_says_what_each_bank_holds_and_offers_it_as_a_file() -> None:
    assert views.bank_list([SUMMARY], 0) == Message(
        "题库共 1 个。\n\n"
        "支部工作（zhibu）\n3 题：单选 2、多选 0、判断 0、填空 1\n版本 3，归属 一支部；待核对 1 道\n\n"
        "把题库文件发到这里，先试读，再确认导入。可以是 Excel、CSV、文本题单、Word、JSON 或 YAML。",
        ((Button("导出《支部工作》", "banks:export:7"),), TEMPLATE),
    )


def test_a_long_list_is_turned_over_page_by_page() -> None:
    banks = [SUMMARY] * 13
    last_rows = [views.bank_list(banks, page).buttons[-2] for page in (0, 1, 2, 9)]
    assert [[button.label for button in row] for row in last_rows] == [
        ["下一页"],
        ["上一页", "下一页"],
        ["上一页"],
        ["上一页"],
    ]


def test_an_empty_list_says_what_to_do() -> None:
    how = "把题库文件发到这里，先试读，再确认导入。可以是 Excel、CSV、文本题单、Word、JSON 或 YAML。"
    message = views.bank_list([], 0)
    assert message == Message(f"题库共 0 个。\n\n还没有题库。\n\n{how}", (TEMPLATE,))


def test_banks_to_choose_from_are_turned_over_too() -> None:
    choices = [Choice(n, f"b-{n}", f"题库{n}") for n in range(1, 20)]
    first, last = (import_views.choose_bank(choices, "5a5a", page).buttons for page in (0, 9))
    assert first[0] == (Button("题库1（b-1）", "banks:into:5a5a:1"),)
    assert [[button.label for button in row] for row in first[-3:]] == [["下一页"], ["新建题库"], ["返回"]]
    assert [[button.label for button in row] for row in last[2:]] == [
        ["题库19（b-19）"],
        ["上一页"],
        ["新建题库"],
        ["返回"],
    ]
