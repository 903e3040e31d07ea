"""Results as people read them: the real bot in its own Telegram, from the closing to a corrected key."""

from collections.abc import Callable

from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage
from tests.quiz.test_exam_conversation import labels

People = Callable[[str], Actor]


def told(who: Actor, part: str) -> Message:
    return next(message for message in reversed(who.sees()) if part in message.text)


async def pressed(who: Actor, label: str, on: Message) -> str:
    """What the message says after the press."""
    await who.press(label, on=on)
    return next(message.text for message in who.sees() if message.id == on.id)


async def sit(chat: People, name: str, letter: str, judged: str) -> None:
    who = chat(name)
    await who.say("/exam")
    await who.press("开始计时")
    for _ in range(10):
        await who.press(letter)
    for _ in range(5):
        for one in ("A", "B"):
            await who.press(one)
        await who.press("下一题")
    for _ in range(5):
        await who.press(judged)
    await who.press("交卷")
    await who.press("确认交卷")


async def test_results_reach_everybody_and_open_for_their_authors(stage: Stage, chat: People) -> None:
    li, zhang = chat("李四"), chat("张三")
    await li.say("/quiz")
    await li.press("发起考试")
    await li.press("一键标准卷")
    await li.press(next(button.text for button in li.last().buttons() if button.text.startswith("全部题库")))
    await li.press("发布")
    await sit(chat, "张三", "A", "正确")
    await stage.advance(days=3, hours=12)

    result = zhang.last()
    assert result.text.startswith("《综合测试》成绩：")
    assert labels(result) == ["看错题", "错题本"]
    await zhang.press("看错题")
    page = zhang.last()
    assert page.text.startswith("《综合测试》错题 1/")
    assert "你的答案：A" in page.text
    assert "正确答案：" in page.text
    await zhang.press("返回成绩")
    assert zhang.last().text == result.text

    report = told(li, "本支部应考")
    assert "缺考：" in report.text
    assert labels(report) == ["导出 Excel", "查看名单", "试题分析", "发布补考"]
    assert (await li.press("导出 Excel", on=report)).toast == "正在生成，稍后发到这里。"
    await stage.settle()
    assert li.last().text == "含姓名和成绩，请注意保管，不要转发。"
    assert "· 张三　" in (await pressed(li, "查看名单", report))
    await pressed(li, "返回", report)
    items = await pressed(li, "试题分析", report)
    assert items.startswith("《综合测试》试题分析\n首次答卷 1 份")
    assert "无人选：" in (await pressed(li, "1", report))
    assert "本题送分预览" in (await pressed(li, "本题送分", report))
    assert (await pressed(li, "确认送分", report)).startswith("《综合测试》成绩已更新为第 2 版")
    await stage.settle()
    assert zhang.last().text.startswith("《综合测试》成绩")
