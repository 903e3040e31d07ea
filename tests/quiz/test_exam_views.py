"""What is said to somebody who sits an exam."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.banks.rules import MAX_CARD, Blank, Question, QuestionType, Rule
from bot.message import MAX_DATA, MAX_TEXT, Message, strip_tags, units
from bot.quiz import exam_views as views
from bot.quiz.exam_facts import Card, Cell, Cover, HandedIn, MyExam, MyStanding, Saved, Sheet
from bot.quiz.marking import MarkingRule
from tests.quiz.banks import JUDGED, MULTIPLE, SINGLE

CLOSES = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
COVER = Cover(
    7,
    "四月测试",
    number=1,
    attempts=2,
    count=20,
    max_centi=10_000,
    pass_centi=6_000,
    limit=timedelta(minutes=20),
    opens_at=CLOSES - timedelta(days=3),
    closes_at=CLOSES,
    rules=(MarkingRule(QuestionType.MULTIPLE, Rule.HALF), MarkingRule(QuestionType.MULTIPLE, Rule.EACH, 150)),
)
CARD = Card(
    9, 2, 20, SINGLE, (2, 0, 3, 1), 500, None, is_marked=False, answered=3, left=timedelta(minutes=12, seconds=1)
)
BLANKS = Question(
    "b", QuestionType.BLANK, "正式党员____人以上的，一般不超过____人。", blanks=(Blank(("三",)), Blank(("五十",)))
)
ENDED = HandedIn(
    "四月测试", 10_000, 7_250, is_passed=True, time=timedelta(seconds=800), closes_at=CLOSES, shows_key=True
)


def test_who_has_an_attempt_left_is_led_to_it() -> None:
    again = replace(ENDED, again_id=7)
    assert seen(views.handed_in(again)).endswith("\n[再考一次]")
    assert seen(views.time_is_up(again)).endswith("\n[再考一次]")
    assert "[再考一次]" not in seen(views.handed_in(replace(again, score_centi=10_000)))  # there is nothing to gain
    assert "[" not in seen(views.handed_in(ENDED))


def seen(message: Message) -> str:
    """A message as people see it: its text, then its buttons row by row."""
    rows = ["".join(f"[{button.label}]" for button in row) for row in message.buttons]
    return "\n".join([strip_tags(message.text), *rows])


def test_the_cover_tells_the_rules_before_the_clock_runs() -> None:
    assert seen(views.cover(COVER)) == (
        "《四月测试》第 1/2 次\n20 题，满分 100 分，60 分合格，限时 20 分钟。\n"
        "多选题：漏选得一半，错选不得分；每选对一项得 1.5 分，错选不得分。\n3月5日 18:00 截止。\n"
        "中途可以离开再回来，时间照走；到时自动交卷；程序停机会补时。\n[开始计时][以后再考]"
    )


def test_the_cover_of_a_second_attempt_says_what_is_safe_already() -> None:
    again = replace(COVER, number=2, best_centi=5_500)
    assert "此前最高 55 分，不合格；几次考试取最高的一次。" in seen(views.cover(again)).splitlines()


def test_the_cover_of_a_resit_says_what_it_counts_at_most() -> None:
    assert seen(views.cover(replace(COVER, is_resit=True))).splitlines()[2] == "补考合格的，按 60 分记入。"


def test_the_cover_says_beforehand_whose_names_a_group_will_read() -> None:
    told = "截止后，支部群公布本支部前 3 名中合格同志的姓名，不公布分数。"
    naming = replace(COVER, top_names=3)
    assert seen(views.cover(naming, can_name=True)).splitlines()[-3] == told
    assert told not in seen(views.cover(naming))  # the office does not allow it any more
    assert told not in seen(views.cover(COVER, can_name=True))


def test_a_card_shows_the_options_in_their_order_under_letters_of_their_own() -> None:
    assert seen(views.card(CARD)) == (
        "第 2/20 题 · 单选（5 分）\n支部党员大会一般多久召开一次？\n\n"
        "A. 每半年\nB. 每月\nC. 每年\nD. 每季度\n\n已答 3/20，剩余约 13 分钟\n"
        "[A][B][C][D]\n[上一题][标记][下一题]\n[题号表][交卷]"
    )
    assert views.card(CARD).is_protected


def test_a_card_shows_what_is_ticked_and_marked() -> None:
    several = replace(CARD, position=20, question=MULTIPLE, selection="AC", is_marked=True, left=timedelta(seconds=59))
    assert seen(views.card(several)).endswith(
        "已选：A、B\n已答 3/20，剩余不到 1 分钟\n[A √][B √][C][D]\n[上一题][取消标记]\n[题号表][交卷]"
    )
    verbs = [button.data for button in views.card(several).buttons[0]]
    assert verbs == ["quiz:unpick:9:k:A", "quiz:unpick:9:k:B", "quiz:pick:9:k:C", "quiz:pick:9:k:D"]
    judged = replace(CARD, question=JUDGED, order=(), selection="F")
    assert "[正确][错误 √]" in seen(views.card(judged))


def test_a_blank_asks_for_a_text_and_shows_what_was_written() -> None:
    card = replace(CARD, question=BLANKS, order=())
    assert seen(views.card(card)).endswith(
        "请直接发送 2 个答案，每行一个，或用“；”隔开。\n已答 3/20，剩余约 13 分钟\n"
        "[上一题][标记][下一题]\n[题号表][交卷]"
    )
    filled = replace(card, selection="三\n<五十>")
    assert "已填：①三 ②<五十>\n再发一次可以改。" in seen(views.card(filled))
    assert "<五十>" not in views.card(filled).text
    saved = Saved(2, BLANKS, (), "三\n五十", filled)
    assert seen(views.echo(saved)) == "第 2 题已记录：①三 ②五十\n[重填][下一题]"
    behind = [views.echo(replace(saved, position=n)).buttons[0][1].data for n in (2, 20)]
    assert behind == ["quiz:card:9:3:1", "quiz:card:9:0:1"]  # from the last to the first that is open
    last = replace(saved, card=replace(filled, answered=20))
    assert seen(views.echo(last)) == "第 2 题已记录：①三 ②五十\n[重填][交卷]"


def test_the_longest_question_fits_a_message_and_its_keyboard() -> None:
    options = tuple("选" * ((MAX_CARD - 2000) // 12) for _ in range(12))
    question = Question("long", QuestionType.MULTIPLE, "题" * 2000, options, "ABCDEFGHIJKL")
    card = Card(2**31 - 1, 200, 200, question, tuple(range(12)), 999, "ABCDEFGHIJKL", True, 199, timedelta(hours=3))
    message = views.card(card)
    assert units(strip_tags(message.text)) <= MAX_TEXT
    assert [len(row) for row in message.buttons[:2]] == [6, 6]
    assert all(len(button.data or "") <= MAX_DATA for row in message.buttons for button in row)
    blank = replace(card, question=replace(BLANKS, stem="题" * 2000), order=(), selection="\n".join(["字" * 200] * 20))
    assert units(strip_tags(views.card(blank).text)) <= MAX_TEXT


def test_many_numbers_come_on_pages() -> None:
    sheet = Sheet(9, 60, tuple(Cell(n, n < 60, n == 61) for n in range(1, 121)), timedelta(minutes=3))
    middle = seen(views.grid(sheet))
    assert middle.startswith("题号表　已答 59/120，剩余约 3 分钟\n√ 已答　★ 标记\n[41√][42√][43√][44√][45√]\n")
    assert middle.endswith("[76][77][78][79][80]\n[第 1–40 题][第 81–120 题]\n[返回][交卷]")
    assert "[60][61★]" in seen(views.grid(sheet)).replace("\n", "")
    assert seen(views.grid(sheet, 2)).endswith("[116][117][118][119][120]\n[第 41–80 题]\n[返回][交卷]")


def test_what_is_missing_is_named_before_handing_in() -> None:
    sheet = Sheet(9, 3, tuple(Cell(n, n > 30, n in (4, 31)) for n in range(1, 41)), timedelta(minutes=3))
    assert seen(views.before_hand_in(sheet)) == (
        "已答 10/40，剩余约 3 分钟。未答：第 1–30 题。标记：第 4、31 题。交卷后不能再改。\n[确认交卷][继续答题]"
    )
    assert [button.style for button in views.before_hand_in(sheet).buttons[0]] == ["success", None]
    gaps = Sheet(
        9, 3, tuple(Cell(n, n not in (1, 3, 4, 6, 7, 8, 9), False) for n in range(1, 10)), timedelta(minutes=3)
    )
    assert "未答：第 1、3、4、6–9 题。" in seen(views.before_hand_in(gaps))
    assert views.before_hand_in(gaps).buttons[0][1].data == "quiz:card:9:3"
    assert views.before_hand_in(replace(gaps, position=5)).buttons[0][1].data == "quiz:card:9:6"
    last = Sheet(9, 9, tuple(Cell(n, n != 4, False) for n in range(1, 10)), timedelta(minutes=3))
    assert views.before_hand_in(last).buttons[0][1].data == "quiz:card:9:4"
    odd = Sheet(9, 3, tuple(Cell(n, n % 2 == 0, False) for n in range(1, 41)), timedelta(minutes=3))
    assert "27、29 等 20 题。" in seen(views.before_hand_in(odd))
    full = Sheet(9, 3, tuple(Cell(n, True, False) for n in range(1, 4)), timedelta(minutes=3))
    assert [button.style for button in views.before_hand_in(full).buttons[0]] == ["success", None]
    assert seen(views.before_hand_in(full)).startswith("已答 3/3，剩余约 3 分钟。交卷后不能再改。")


def test_the_end_tells_as_much_as_the_paper_allows() -> None:
    assert seen(views.handed_in(ENDED)) == (
        "《四月测试》已交卷：72.5 分（满分 100 分），合格，用时 13 分 20 秒。答案和解析在 3月5日 18:00 之后可看。"
    )
    silent = replace(ENDED, score_centi=None)
    assert seen(views.handed_in(silent)) == "《四月测试》已交卷，用时 13 分 20 秒。成绩稍后发给你本人。"
    failed = replace(ENDED, is_passed=False, shows_key=False)
    assert seen(views.time_is_up(failed)) == (
        "时间到，已自动交卷。《四月测试》已交卷：72.5 分（满分 100 分），不合格，用时 13 分 20 秒。"
    )


def test_the_list_leads_to_what_can_be_sat() -> None:
    exams = [
        MyExam(1, "一月", MyStanding.READY, CLOSES, CLOSES),
        MyExam(2, "二月", MyStanding.UPCOMING, CLOSES - timedelta(days=1), CLOSES),
        MyExam(3, "三月", MyStanding.OVER, CLOSES, CLOSES),
        MyExam(4, "四月", MyStanding.RUNNING, CLOSES, CLOSES),
        MyExam(5, "五月", MyStanding.READY, CLOSES, CLOSES, sat=1),
    ]
    assert seen(views.mine(exams)) == (
        "我的考试\n· 《一月》：可以参加，3月5日 18:00 截止\n· 《二月》：3月4日 18:00 开始\n· 《三月》：已结束\n"
        "· 《四月》：正在考试\n· 《五月》：已考 1 次，可以再考，3月5日 18:00 截止\n"
        "[开始答题：一月]\n[继续答题：四月]\n[再考一次：五月]"
    )
    assert seen(views.mine(())) == "目前没有需要你参加的考试。"
