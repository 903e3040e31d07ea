"""Exams as people sit them: the real bot in its own Telegram."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.banks.rules import QuestionType
from bot.demo.faults import flood
from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage
from bot.message import Sender
from bot.quiz.blueprint import BlueprintRow
from bot.quiz.exam_facts import Terms
from bot.quiz.rules import Draw
from tests.quiz.hall import publish_exam

People = Callable[[str], Actor]


@pytest.fixture
async def exam(chat: People) -> str:
    """李四 has published the standard paper out of all banks; what he is told."""
    li = chat("李四")
    await li.say("/quiz")
    await li.press("发起考试")
    await li.press("一键标准卷")
    every = next(button.text for button in li.last().buttons() if button.text.startswith("全部题库"))
    await li.press(every)
    preview = li.last()  # one message from the first step to the last
    assert "20 题（单选 10、多选 5、判断 5），满分 100 分，60 分合格" in preview.text
    await li.press("发布")
    return preview.text


def labels(message: Message) -> list[str]:
    return [button.text for button in message.buttons()]


async def test_an_exam_goes_from_three_taps_to_everybodys_result(stage: Stage, chat: People, exam: str) -> None:
    assert exam == (
        "已发布：考试 2026-001《综合测试》，20 题，满分 100 分，3月2日 09:00 至 3月5日 18:00，应考 12 人。\n"
        "开考时通知已绑定的支部群，并私聊每位应考党员；成绩只告诉本人。"
    )
    zhang = chat("张三")
    cover = (await zhang.say("/exam")).message
    assert cover.text == (
        "《综合测试》第 1/1 次\n20 题，满分 100 分，60 分合格，限时 20 分钟。\n多选题：漏选得一半，错选不得分。\n"
        "3月5日 18:00 截止。\n中途可以离开再回来，时间照走；到时自动交卷；程序停机会补时。"
    )
    await zhang.press("开始计时")
    assert zhang.last().text.startswith("第 1/20 题 · 单选（5 分）")
    assert labels(zhang.last()) == ["A", "B", "C", "D", "标记", "下一题", "题号表", "交卷"]
    for _ in range(10):
        told = await zhang.press("A")
    assert told.toast == "第 10 题已记录：A"
    assert zhang.last().text.endswith("可选多项。\n已答 10/20，剩余约 20 分钟")
    await zhang.press("交卷")
    assert zhang.last().text == ("已答 10/20，剩余约 20 分钟。未答：第 11–20 题。交卷后不能再改。")
    await zhang.press("确认交卷")
    done = zhang.last()
    assert done.text.startswith("《综合测试》已交卷：")
    assert done.id == cover.id  # one message from the cover to the result
    assert (await zhang.say("/exam")).message.text == "我的考试\n· 《综合测试》：已交卷"
    await stage.advance(days=4)
    assert (await zhang.say("/exam")).message.text == "我的考试\n· 《综合测试》：成绩已公布"


# -- on the card -------------------------------------------------------------------------------------------------------


@pytest.fixture
async def card(stage: Stage, chat: People) -> Message:
    """张三 sits an exam of one question of each type; his card."""
    li, zhang = chat("李四"), chat("张三")
    now = stage.clock.now()
    rows = tuple(BlueprintRow(1, kind, score_centi=2500) for kind in QuestionType)
    terms = Terms(now, now + timedelta(days=1), timedelta(minutes=20), 1)
    stage.database.run(publish_exam, Sender(li.id, li.id, now), rows, Draw.SAME, terms, {}, now=now)
    await stage.settle()
    await zhang.say("/exam")
    await zhang.press("开始计时")
    return zhang.last()


def tail(message: Message) -> str:
    return message.text.split("\n\n")[-1]


async def test_a_blank_is_filled_by_writing_whatever_the_words_are(stage: Stage, chat: People, card: Message) -> None:
    zhang = chat("张三")
    for _ in range(3):
        await zhang.press("下一题", on=card)
    assert "请直接发送答案。" in card.text
    echo = (await zhang.say("请假")).message  # a word that otherwise opens a door
    assert echo.text == "第 4 题已记录：请假"
    assert labels(echo) == ["重填", "下一题"]
    assert tail(card) == "已填：请假\n再发一次可以改。\n已答 1/4，剩余约 20 分钟"
    assert (await zhang.say("/help")).message.text.startswith("您可以用这些命令：")
    assert (await zhang.say("其实是这个")).message.text == "第 4 题已记录：其实是这个"
    assert "已填：其实是这个" in card.text
    await zhang.press("下一题", on=zhang.last())  # the card comes down to where the person is
    assert zhang.last().text.startswith("第 1/4 题")
    assert (await zhang.say("不是答案")).message.text == "没有看懂。发送 /help 查看可以做什么。"
    for letters in ("B", "d", "ABD"):
        assert (await zhang.say(letters)).message.text == "选择题请点题目下面的字母按钮，打字不算作答。"


async def test_several_letters_are_shown_as_they_are_ticked(chat: People, card: Message) -> None:
    zhang = chat("张三")
    await zhang.press("下一题", on=card)
    await zhang.press("C", on=card)
    assert (await zhang.press("A", on=card)).toast == "第 2 题已记录：A、C"
    assert tail(card) == "已选：A、C\n已答 1/4，剩余约 20 分钟"
    assert labels(card)[:4] == ["A √", "B", "C √", "D"]
    assert (await zhang.press("A √", on=card)).toast == "第 2 题已记录：C"
    assert (await zhang.press("C √", on=card)).toast == "第 2 题已清空"
    assert tail(card) == "可选多项。\n已答 0/4，剩余约 20 分钟"


async def test_marks_and_the_table_of_numbers_lead_back_to_a_question(chat: People, card: Message) -> None:
    zhang = chat("张三")
    await zhang.press("A", on=card)
    await zhang.press("标记", on=card)
    assert card.text.startswith("第 2/4 题 · 多选（25 分） ★")
    await zhang.press("题号表", on=card)
    assert card.text == "题号表　已答 1/4，剩余约 20 分钟\n√ 已答　★ 标记"
    assert labels(card) == ["1√", "2★", "3", "4", "返回", "交卷"]
    await zhang.press("3", on=card)
    assert labels(card)[:2] == ["正确", "错误"]
    await zhang.press("交卷", on=card)
    assert card.text == "已答 1/4，剩余约 20 分钟。未答：第 2、3、4 题。标记：第 2 题。交卷后不能再改。"
    await zhang.press("继续答题", on=card)
    assert card.text.startswith("第 3/4 题")


async def test_a_restart_in_the_middle_loses_nothing_and_costs_no_time(
    stage: Stage, chat: People, card: Message
) -> None:
    zhang = chat("张三")
    await zhang.press("A", on=card)
    await stage.advance(minutes=1)
    await stage.restart(downtime=timedelta(minutes=2))
    assert zhang.last().text == "程序停机 2 分钟，你的考试已补时，新的截止时间 09:22:00。"
    await zhang.press("A", on=card)
    assert tail(card) == "已选：A\n已答 2/4，剩余约 19 分钟"


async def test_the_clock_hands_in_and_the_old_card_says_so(stage: Stage, chat: People, card: Message) -> None:
    zhang = chat("张三")
    await zhang.press("A", on=card)
    await stage.advance(minutes=15)
    assert (zhang.last().text, zhang.last().reply_to) == ("《四月测试》还有 5 分钟自动交卷。", card.id)
    await stage.advance(minutes=6)
    assert zhang.last().text.startswith("时间到，已自动交卷。《四月测试》已交卷：")
    assert (card.text, list(card.buttons())) == ("《四月测试》时间到，已自动交卷。", [])
    assert len([told for told in zhang.sees() if "分钟自动交卷" in told.text]) == 1


async def test_an_exam_taken_up_in_a_new_message_has_one_card(stage: Stage, chat: People, card: Message) -> None:
    zhang = chat("张三")
    await zhang.say("/exam")
    new = zhang.last()
    await zhang.press("继续答题", on=new)
    assert (card.text, list(card.buttons())) == ("请在下面的消息里继续答题。", [])
    assert new.text.startswith("第 1/4 题")
    await stage.advance(minutes=21)
    assert (new.text, list(new.buttons())) == ("《四月测试》时间到，已自动交卷。", [])


async def test_a_clock_started_twice_from_two_covers_leaves_one_card(chat: People, exam: str) -> None:
    zhang = chat("张三")
    assert exam.startswith("已发布")
    covers = [(await zhang.say("/exam")).message for _ in range(2)]
    for cover in covers:
        await zhang.press("开始计时", on=cover)
    assert (covers[0].text, list(covers[0].buttons())) == ("请在下面的消息里继续答题。", [])
    assert covers[1].text.startswith("第 1/20 题")


async def test_a_second_tap_on_handing_in_is_no_refusal(stage: Stage, chat: People, card: Message) -> None:
    zhang = chat("张三")
    await zhang.press("交卷", on=card)
    stage.fault("editMessageText", flood(2), chat=zhang.id)
    await zhang.press("确认交卷", on=card)
    again = await zhang.press("确认交卷", on=card)
    assert (again.toast, again.alert) == ("已记录", None)
    await stage.advance(seconds=5)
    assert zhang.last().text.startswith("《四月测试》已交卷：")
    stage.expect_refusal("retry after 2")


async def test_a_void_attempt_is_given_back_and_its_reason_told(stage: Stage, chat: People, card: Message) -> None:
    zhang, li = chat("张三"), chat("李四")
    await zhang.press("交卷", on=card)
    await zhang.press("确认交卷", on=card)
    await li.say("/quiz")
    await li.press("进行中：四月测试")
    assert li.last().text.endswith("应考 12 人，已交卷 1 人")
    await li.press("作废答卷")
    await li.press("张三")
    await li.press("作废")
    await li.say("手机没电")
    assert li.last().text == "已作废张三同志《四月测试》第 1 次答卷：手机没电。已告知本人。09:05前可撤销。"
    assert labels(li.last()) == ["撤销", "返回"]
    assert zhang.last().text == (
        "《四月测试》第 1 次答卷已作废，不计成绩。原因：手机没电。3月3日 09:00 截止前可以发送 /exam 重新参加。"
    )
    await zhang.say("/exam")
    await zhang.press("开始计时")
    assert zhang.last().text.startswith("第 1/4 题")
    await li.say("/quiz")
    await li.press("进行中：四月测试")
    assert li.last().text.endswith("已交卷 0 人，正在答 1 人")
