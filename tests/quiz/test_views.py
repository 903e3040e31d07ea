"""Every text of live rounds and their papers, word for word."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.banks.rules import Citation, Question, QuestionType, Source
from bot.message import Message, strip_tags
from bot.quiz import seat_views, views
from bot.quiz.facts import (
    BankChoice,
    Console,
    ItemCount,
    LiveItem,
    Lobby,
    OwnResult,
    PaperChoice,
    PaperDraft,
    Published,
    Revealed,
    SeatCard,
    Seated,
    Summary,
    TopicChoice,
)
from bot.quiz.rules import DraftStep, PauseReason, RoundState, poll_form, prefix
from tests.quiz.banks import JUDGED, MULTIPLE, SINGLE


def seen(message: Message) -> str:
    """The text, and below it the buttons row by row."""
    rows = ["".join(f"[{button.label}]" for button in row) for row in message.buttons]
    return "\n".join([strip_tags(message.text), *rows])


def revealed(question: Question, *, order: tuple[int, ...] | None = None, answered: int = 9, right: int = 7) -> str:
    form = poll_form(question, prefix(12, 3, 10))
    places = tuple(range(len(question.options))) if order is None else order
    return seen(views.revealed(Revealed(LiveItem(12, 3, 10, question, places, form), answered, right)))


# -- the answer --------------------------------------------------------------------------------------------------------


def test_the_answer_comes_with_counts_explanation_and_source() -> None:
    assert revealed(SINGLE) == (
        "第 3/10 题：B. 每季度。9 人作答，7 人答对。一般每季度召开一次。（《中国共产党支部工作条例（试行）》第十一条）"
    )


def test_where_nobody_answered_the_answer_says_so() -> None:
    silent = revealed(replace(SINGLE, explain="", citation=None), answered=0, right=0)
    assert silent == "第 3/10 题：B. 每季度。没有人作答。"


def test_the_answer_has_the_letters_the_group_saw() -> None:
    assert revealed(replace(SINGLE, explain="", citation=None), order=(1, 0, 3, 2)) == (
        "第 3/10 题：A. 每季度。9 人作答，7 人答对。"
    )


def test_several_right_options_are_all_named() -> None:
    assert revealed(replace(MULTIPLE, explain="", citation=None)) == (
        "第 3/10 题：A. 支部党员大会；B. 支部委员会会议；C. 党小组会。9 人作答，7 人答对。"
    )


def test_a_source_nobody_compared_says_so() -> None:
    assert revealed(JUDGED).endswith("（《中国共产党章程》第七条）（待核）")
    doubtful = replace(SINGLE, citation=Citation(Source("x", "《党史简本》"), "第一章", is_verified=False))
    assert revealed(doubtful).endswith("（《党史简本》第一章）（待核）")


def test_what_an_author_wrote_is_never_markup() -> None:
    text = views.revealed(
        Revealed(LiveItem(1, 1, 1, replace(SINGLE, explain="<b>重点</b>&"), (0, 1, 2, 3), poll_form(SINGLE, "")), 1, 1)
    ).text
    assert "&lt;b&gt;重点&lt;/b&gt;&amp;" in text


# -- in the group ------------------------------------------------------------------------------------------------------


def test_the_choice_of_a_paper() -> None:
    papers = [PaperChoice(3, "党章知识", 10, is_used=False), PaperChoice(2, "三会一课", 5, is_used=True)]
    assert seen(views.choose_paper(papers)) == (
        "现场答题：请选择试卷，或从题库随机出题。\n"
        "[党章知识（10 题）]\n"
        "[三会一课（5 题，本群答过）]\n"
        "[从题库随机 3 题]\n"
        "[从题库随机 5 题]\n"
        "[从题库随机 10 题]\n"
        "[取消]"
    )
    assert seen(views.chosen("党章知识")) == "已选《党章知识》。"
    assert seen(views.left()) == "已取消，没有开始现场答题。"
    assert seen(views.only_in_groups()) == "请在支部群里发送 /round。出题和看试卷请发送 /quiz。"


@pytest.mark.parametrize(("longest", "times"), [(30, "30"), (45, "30–45")])
def test_the_lobby_says_what_comes_and_that_votes_are_seen(longest: int, times: str) -> None:
    facts = Lobby(12, "党章知识", 10, timedelta(seconds=30), timedelta(seconds=longest), timedelta(seconds=60))
    assert seen(views.lobby(facts)) == (
        f"现场答题《党章知识》，10 题，每题 {times} 秒，60 秒后开始，自愿参加。"
        "群投票会显示谁选了什么；不想公开请点“私聊作答”。\n[我参加][私聊作答]"
    )
    assert views.joined(3) == "已登记参加，目前 3 人。"


def test_the_end_of_a_round_has_counts_only() -> None:
    facts = Summary("党章知识", 3, 8, (ItemCount(1, 8, 8), ItemCount(2, 8, 3), ItemCount(3, 7, 6)))
    assert seen(views.summary(facts)) == (
        "现场答题结束：《党章知识》，8 人参加，人均答对 2.1 题（共 3 题），正确率 73.9%。"
        "答对最少：第 2 题（37.5%）。个人成绩已私发本人。"
    )


def test_where_all_was_right_no_question_is_the_hardest() -> None:
    facts = Summary("党章知识", 1, 2, (ItemCount(1, 2, 2),))
    assert seen(views.summary(facts)) == (
        "现场答题结束：《党章知识》，2 人参加，人均答对 1 题（共 1 题），正确率 100%。个人成绩已私发本人。"
    )


def test_a_round_nobody_answered() -> None:
    assert seen(views.summary(Summary("党章知识", 3, 0, ()))) == "现场答题结束：《党章知识》，没有人作答。"


def test_a_round_ended_early() -> None:
    assert seen(views.aborted("党章知识", 0)) == "现场答题《党章知识》已中止，本场不计入统计。"
    assert seen(views.aborted("党章知识", 2)) == "现场答题《党章知识》已中止，已公布 2 题，本场不计入统计。"


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        (PauseReason.BY_HAND, "主持人暂停。"),
        (PauseReason.NOBODY, "连续三题没有人作答。"),
        (PauseReason.UNSENT, "第 4 题没有发出。"),
        (PauseReason.UNSURE, "第 4 题可能未送达。"),
        (PauseReason.LATE, "第 4 题没有按时进行，已收到的投票都算数。"),
    ],
)
def test_a_pause_gives_its_reason(reason: PauseReason, why: str) -> None:
    assert seen(views.paused(12, reason, 4)) == f"现场答题已暂停：{why}\n[继续][结束]"


def test_a_pause_after_an_outage_says_how_long_it_was() -> None:
    message = views.paused(12, PauseReason.LATE, 4, timedelta(minutes=3, seconds=12))
    assert seen(message) == "现场答题已暂停：程序停机 3 分 12 秒，已收到的投票都算数。\n[继续][结束]"
    assert seen(views.still_paused(12)) == "现场答题已暂停。\n[继续][结束]"


@pytest.mark.parametrize(("seconds", "text"), [(45, "45 秒"), (60, "1 分钟"), (3900, "1 小时 5 分"), (0, "0 秒")])
def test_a_span_is_said_as_people_say_it(seconds: int, text: str) -> None:
    assert views.span(timedelta(seconds=seconds)) == text


def test_the_end_asks_once_more() -> None:
    assert seen(views.confirm_end(12)) == (
        "确定结束本场现场答题吗？还没出的题不再出，本场不计入统计。\n[确认结束][不结束]"
    )


# -- in private --------------------------------------------------------------------------------------------------------


def test_the_own_result() -> None:
    assert seen(views.own_result(OwnResult("党章知识", 9, 7, 1450, 2000))) == (
        "《党章知识》：你答了 9 题，对 7 题，得 14.5 分（满分 20 分）。\n[错题本]"
    )
    assert not views.own_result(OwnResult("党章知识", 9, 9, 2000, 2000)).buttons


CONSOLE = Console(12, "党章知识", RoundState.OPEN, 3, 10, joined=8, answered=5, guests=0)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (RoundState.LOBBY, "控制台：《党章知识》即将开始，已报名 8 人。\n[现在开始][结束]"),
        (RoundState.ASKING, "控制台：第 3/10 题，正在发送。\n[暂停][结束]"),
        (RoundState.OPEN, "控制台：第 3/10 题，已答 5 人。\n[下一题][暂停][结束]"),
        (RoundState.REVEALED, "控制台：第 3/10 题，已答 5 人，答案已公布。\n[下一题][暂停][结束]"),
        (RoundState.PAUSED, "控制台：第 3/10 题，已答 5 人，已暂停。\n[继续][结束]"),
        (RoundState.FINISHED, "控制台：《党章知识》已结束。"),
        (RoundState.ABORTED, "控制台：《党章知识》已中止。"),
    ],
)
def test_the_console_offers_what_can_be_done_now(state: RoundState, text: str) -> None:
    assert seen(views.console(replace(CONSOLE, state=state))) == text


def test_the_console_counts_who_is_not_on_the_roster() -> None:
    assert seen(views.console(replace(CONSOLE, guests=2))).startswith(
        "控制台：第 3/10 题，已答 5 人。名册外 2 人，不计。"
    )
    assert seen(views.anonymous_vote()) == "有人以群或频道的身份投票，认不出是谁，这样的投票不计。"


# -- making a paper ----------------------------------------------------------------------------------------------------


def test_the_menu_lists_live_papers() -> None:
    assert seen(views.menu(())) == ("出题与考试\n还没有现场答题卷，三步就能做一份。\n[发起考试][现场答题卷]")
    assert seen(views.menu((PaperChoice(3, "党章知识", 10, is_used=False),))) == (
        "出题与考试\n现场答题卷（在支部群发送 /round 开始）：\n· 党章知识（10 题）\n[发起考试][现场答题卷]"
    )


def test_the_first_step_offers_banks() -> None:
    banks = (BankChoice(4, "党章知识", 12), BankChoice(5, "三会一课", 7))
    assert seen(views.draft(PaperDraft(9, DraftStep.BANK, "", banks=banks))) == (
        "现场答题卷 ① 题库\n[全部题库（19 题）]\n[党章知识（12 题）]\n[三会一课（7 题）]\n[放弃]"
    )


def test_the_second_step_offers_topics_ten_to_a_page() -> None:
    topics = tuple(TopicChoice(n, f"知识点{n}", 20 - n) for n in range(1, 13))
    draft = PaperDraft(9, DraftStep.TOPIC, "", bank="党章知识", topics=topics, have=40)
    first, second = seen(views.draft(draft)), seen(views.draft(draft, 1))
    assert first.startswith("现场答题卷 ② 知识点\n题库：党章知识\n[不限知识点（40 题）]\n[知识点1（19 题）]")
    assert first.endswith("[知识点9（11 题）]\n[下一页]\n[上一步][放弃]")
    assert second == (
        "现场答题卷 ② 知识点\n题库：党章知识\n"
        "[知识点10（10 题）]\n[知识点11（9 题）]\n[知识点12（8 题）]\n[上一页]\n[上一步][放弃]"
    )


def test_the_third_step_offers_numbers_of_questions() -> None:
    draft = PaperDraft(9, DraftStep.COUNT, "", topic="频次", have=12)
    assert seen(views.draft(draft)) == (
        "现场答题卷 ③ 题量\n题库：全部题库\n知识点：频次\n可用 12 题\n"
        "[3 题][5 题][10 题]\n[20 题][30 题][50 题]\n[上一步][放弃]"
    )


def test_the_preview_says_all_that_will_be_published() -> None:
    counts = {QuestionType.SINGLE: 6, QuestionType.TRUE_FALSE: 4}
    draft = PaperDraft(
        9,
        DraftStep.PREVIEW,
        "党章知识·频次",
        bank="党章知识",
        topic="频次",
        counts=counts,
        max_centi=2000,
        takes=timedelta(minutes=6, seconds=10),
    )
    assert seen(views.draft(draft)) == (
        "现场答题卷 预览\n《党章知识·频次》\n题库：党章知识\n知识点：频次\n"
        "10 题（单选 6、判断 4），满分 20 分，约 6 分钟\n[发布][换一批题]\n[上一步][放弃]"
    )
    assert "，约 6 分钟\n已换过 1 次题\n[发布]" in seen(views.draft(replace(draft, redrawn=1)))


def test_what_became_of_a_paper() -> None:
    assert seen(views.published(Published(9, "2026-014", "党章知识", 10))) == (
        "已发布：现场答题卷 2026-014《党章知识》，10 题。\n在支部群发送 /round，选这份卷子就能开始。"
    )
    assert seen(views.dropped()) == "已放弃，没有留下试卷。\n[返回]"


@pytest.mark.parametrize(
    ("bank", "topic", "title"),
    [
        ("党章知识", "频次", "党章知识·频次"),
        ("党章知识", "", "党章知识"),
        ("", "频次", "综合题·频次"),
        ("", "", "综合题"),
    ],
)
def test_a_paper_is_named_after_its_questions(bank: str, topic: str, title: str) -> None:
    assert views.paper_title(bank, topic) == title


# -- a private seat ----------------------------------------------------------------------------------------------------


def seat_card(question: Question, **state: object) -> str:
    item = LiveItem(12, 3, 10, question, (1, 0, 2, 3)[: len(question.options)], poll_form(question, ""))
    facts = SeatCard(item, question.score_centi, datetime(2026, 3, 2, 2, 15, tzinfo=UTC), **state)  # type: ignore[arg-type]  # its fields
    return seen(seat_views.card(facts))


def test_a_question_in_a_private_seat_has_a_button_for_each_letter() -> None:
    assert seat_card(SINGLE) == (
        "第 3/10 题 · 单选（2 分）\n支部党员大会一般多久召开一次？\n\nA. 每季度\nB. 每月\nC. 每半年\nD. 每年\n\n"
        "10:15:00 截止，点一下就是作答，不能再改。\n[A][B][C][D]"
    )
    assert seat_card(JUDGED).endswith("截止，点一下就是作答，不能再改。\n[正确][错误]")


def test_several_options_are_ticked_before_they_are_sent() -> None:
    assert seat_card(MULTIPLE).endswith("\n\n10:15:00 截止，选好后点“确定”，不能再改。\n[A][B][C][D]\n[确定]")
    assert seat_card(MULTIPLE, chosen="AC").endswith(
        "\n\n已选：B、C\n10:15:00 截止，选好后点“确定”，不能再改。\n[A][B √][C √][D]\n[确定]"
    )


def test_an_answer_in_a_private_seat_has_no_buttons_and_no_key() -> None:
    assert seat_card(SINGLE, chosen="B", is_said=True).endswith("D. 每年\n\n已作答：A\n答案在群里公布。")
    lost = timedelta(seconds=80)
    assert seat_card(JUDGED, chosen="F", is_said=True, lost=lost).endswith(
        "已作答：错误\n刚才机器人中断了 1 分 20 秒，本题已顺延 1 分 20 秒，你的作答已记录。\n答案在群里公布。"
    )


def test_a_private_seat_says_that_nobody_sees_it() -> None:
    for is_early, when in ((True, "开始后，每道题会发到这里。"), (False, "接下来的题会发到这里。")):
        assert seen(seat_views.seated(Seated(12, "党章知识", is_early))) == (
            f"已登记私聊作答：《党章知识》{when}你选了什么，群里看不到；成绩照常计入。"
        )
