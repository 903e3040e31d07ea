"""Exams as people sit them: the real bot in its own Telegram."""

from collections.abc import Callable

import pytest

from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage

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
    preview = li.last()
    assert "20 题（单选 10、多选 5、判断 5），满分 100 分，60 分合格" in preview.text
    await li.press("发布")
    return li.last().text


def labels(message: Message) -> list[str]:
    return [button.text for button in message.buttons()]


async def test_an_exam_goes_from_three_taps_to_everybodys_result(stage: Stage, chat: People, exam: str) -> None:
    assert exam == (
        "已发布：考试 2026-001《综合测试》，20 题，满分 100 分，3月2日 09:00 至 3月5日 18:00，应考 12 人。\n"
        "党员私聊发送 /exam 就能参加，成绩只告诉本人。"
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
    assert zhang.last().text == (
        "已答 10/20，剩余约 20 分钟。未答：第 11、12、13、14、15、16、17、18、19、20 题。交卷后不能再改。"
    )
    await zhang.press("确认交卷")
    done = zhang.last()
    assert done.text.startswith("《综合测试》已交卷：")
    assert done.id == cover.id  # one message from the cover to the result
    assert (await zhang.say("/exam")).message.text == "我的考试\n· 《综合测试》：已交卷"
    await stage.advance(days=4)
    assert (await zhang.say("/exam")).message.text == "我的考试\n· 《综合测试》：已结束"
