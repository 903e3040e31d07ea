"""The wrong-answer book as its owner meets it: the real bot in its own Telegram."""

from collections.abc import Callable

import pytest

from bot.demo.chats import Chat
from bot.demo.stage import Actor, Stage
from tests.quiz.test_conversation import labels, poll, wrong

People = Callable[[str], Actor]


@pytest.fixture
async def erring(stage: Stage, chat: People) -> Chat:
    """张三 answered three questions of a round wrong, and it is the next day."""
    group = stage.group("一支部群")
    await chat("李四").say("/round", group)
    await chat("李四").press("从题库随机 3 题", in_=group)
    people = (chat("张三"), chat("周八"))
    for one in people:
        await one.press("我参加", in_=group)
    await stage.advance(seconds=60)
    for _ in range(3):
        asked = poll(chat, group)
        for one in people:
            await one.vote(wrong(asked), on=asked)
        await stage.advance(seconds=7)
    return group


async def test_a_member_learns_from_his_errors_the_next_day(stage: Stage, chat: People, erring: Chat) -> None:
    zhang = chat("张三")
    await zhang.say("错题")
    assert zhang.last().text == ("错题本：3 道在练，今天 0 道到期，已掌握 0 道。下次：明天 3 道。\n只有您自己看得到。")
    assert labels(zhang.last()) == ["再练一遍", "导出", "设置"]
    await stage.advance(hours=24)
    await zhang.say("/mistakes")
    await zhang.press("开始 3 题")
    for left in (2, 1, 0):
        assert zhang.last().text.startswith(f"错题复习 {3 - left}/3 · ")
        if "确定" not in labels(zhang.last()) and "A" in labels(zhang.last()):
            await zhang.press("A")
        elif "正确" in labels(zhang.last()):
            await zhang.press("正确")
        if "确定" in labels(zhang.last()):
            await zhang.press("确定")
        assert "您的答案：" in zhang.last().text
        assert "答对了。" in zhang.last().text or "答错了。正确答案：" in zhang.last().text
        await zhang.press("下一题" if left else "看结果")
    assert zhang.last().text.startswith("今天的错题练完了：对 ")
    assert "张三" not in "".join(message.text for message in chat("李四").sees(erring))


async def test_the_book_opens_below_a_result_which_stays(chat: People, erring: Chat) -> None:
    del erring
    zhang = chat("张三")
    result = zhang.last()
    assert result.text.startswith("《题库随机抽题》：你答了 3 题，对 0 题")
    await zhang.press("错题本", on=result)
    assert result.text.startswith("《题库随机抽题》：你答了 3 题，对 0 题")
    assert zhang.last().text.startswith("错题本：3 道在练")


async def test_a_member_sets_the_book_as_he_likes_and_takes_it_along(chat: People, erring: Chat) -> None:
    del erring
    zhang = chat("张三")
    await zhang.say("/mistakes")
    await zhang.press("设置")
    await zhang.press("每天 5 题")
    await zhang.press("打开每日一题")
    assert "每天最多 5 题。\n到期提醒：关\n每日一题：开，工作日 12:30" in zhang.last().text
    await zhang.press("返回错题本")
    await zhang.press("导出")
    assert zhang.last().file is not None
    await zhang.say("每日一题")
    assert zhang.last().text.startswith("每日一题 · ")


async def test_who_asked_for_it_is_offered_a_question_at_noon(stage: Stage, chat: People) -> None:
    zhang = chat("张三")
    await zhang.say("/mistakes")
    await zhang.press("设置")
    await zhang.press("打开每日一题")
    await stage.advance(hours=4)
    offered = zhang.last()
    assert offered.text == "今天的一题已备好。"
    await stage.advance(hours=24)
    assert zhang.last().text == offered.text
    assert zhang.last() is not offered
    await zhang.press("看题")
    assert zhang.last().text.startswith("每日一题 · ")
    assert zhang.last().is_protected


async def test_what_is_switched_on_in_the_afternoon_begins_the_next_day(stage: Stage, chat: People) -> None:
    zhang = chat("张三")
    await stage.advance(hours=6)
    await zhang.say("/mistakes")
    await zhang.press("设置")
    await zhang.press("打开每日一题")
    switched = zhang.last()
    await stage.advance(hours=4)
    assert zhang.last() is switched
    await stage.advance(hours=20)
    assert zhang.last().text == "今天的一题已备好。"


async def test_the_book_opens_in_private_only(chat: People, erring: Chat) -> None:
    await chat("张三").say("/mistakes", erring)
    assert chat("张三").last(erring).text == "错题本只有您自己看得到，请在私聊里打开。"
