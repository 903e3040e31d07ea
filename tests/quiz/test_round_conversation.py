"""Seats in private, guests, banks named in words, and what Telegram refuses: the real bot in its own Telegram."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.demo.chats import Chat
from bot.demo.faults import flood
from bot.demo.messages import Message
from bot.demo.polls import Poll
from bot.demo.stage import Actor, Stage
from bot.message import StaleButton

People = Callable[[str], Actor]


@pytest.fixture
def group(stage: Stage) -> Chat:
    return stage.group("一支部群")


@pytest.fixture
async def lobby(chat: People, group: Chat) -> Message:
    """李四 has chosen three questions; the lobby stands in the group."""
    await chat("李四").say("/round", group)
    await chat("李四").press("从题库随机 3 题", in_=group)
    return chat("李四").last(group)


def polls(chat: People, group: Chat) -> list[Message]:
    return [message for message in chat("李四").sees(group) if message.poll is not None]


def labels(message: Message) -> list[str]:
    return [button.text for button in message.buttons()]


def poll(chat: People, group: Chat) -> Poll:
    """The newest question of the group."""
    asked = polls(chat, group)[-1].poll
    assert asked is not None
    return asked


def span(asked: Poll) -> int:
    assert asked.open_period is not None
    return asked.open_period


def position(message: Message) -> str:
    assert message.poll is not None
    return message.poll.question.partition("】")[0].partition("-")[2]


async def answer_in_private(who: Actor, right: tuple[int, ...]) -> None:
    """Press what is right on the newest card; several need 确定."""
    shown = who.last()
    for place in right:
        await who.press(labels(shown)[place], on=shown)
    if "确定" in labels(shown):
        await who.press("确定", on=shown)


# -- private seats -----------------------------------------------------------------------------------------------------


async def test_a_private_seat_is_taken_in_the_group_and_played_in_private(
    stage: Stage, chat: People, group: Chat, lobby: Message
) -> None:
    zhang, li = chat("张三"), chat("李四")
    pressed = (await zhang.press("私聊作答", on=lobby)).press
    assert pressed is not None
    assert pressed.answer is not None
    assert pressed.answer.url.endswith("?start=qr_1")
    assert (await zhang.follow(pressed.answer.url)).message.text == (
        "已登记私聊作答：《题库随机抽题》开始后，每道题会发到这里。你选了什么，群里看不到；成绩照常计入。"
    )
    assert li.last().text == "控制台：《题库随机抽题》即将开始，已报名 1 人。"
    await stage.advance(seconds=60)
    for _ in range(3):
        asked = poll(chat, group)
        card = zhang.last()
        assert card.text.startswith(f"第 {position(polls(chat, group)[-1])} 题 · ")
        assert card.is_protected
        await answer_in_private(zhang, tuple(asked.correct_ids))
        assert "已作答：" in card.text
        assert labels(card) == []
        assert asked.votes == {}
        await stage.advance(seconds=span(asked) + 7)
    assert li.last(group).text == "现场答题结束：《题库随机抽题》，1 人参加（共 3 题）。个人成绩已私发本人。"
    assert "你答了 3 题，对 3 题" in zhang.last().text


async def test_a_card_of_a_question_that_is_over_says_so_and_loses_its_buttons(
    stage: Stage, chat: People, group: Chat, lobby: Message
) -> None:
    zhang = chat("张三")
    await zhang.press("私聊作答", on=lobby)
    await chat("李四").press("现在开始")
    card = zhang.last()
    last_word = "quiz:sure:1:1" if "确定" in labels(card) else "quiz:say:1:1:0"
    await stage.advance(seconds=span(poll(chat, group)) + 5)
    assert "本题已结束，你没有作答。" in card.text
    assert labels(card) == []
    refused = (await zhang.press(data=last_word, on=card)).alert
    assert refused is not None
    assert refused.startswith("本题已于 ")
    assert (await zhang.press(data="quiz:tick:1:1:0", on=card)).alert in (refused, StaleButton.text)
    assert labels(card) == []


async def test_a_stranger_gets_no_seat_by_the_button_or_the_link(
    stage: Stage, chat: People, group: Chat, lobby: Message
) -> None:
    await chat("赵六").join(group)
    stage.involves_strangers = True
    assert (await chat("赵六").press("私聊作答", on=lobby)).alert == "你不在本支部名册里，投票不计。"
    followed = await chat("赵六").say("/start qr_1")
    assert followed.message.text == "你不在本支部名册里，投票不计。"
    assert (await chat("张三").say("/start qr_zz")).message.text == "这场现场答题已经结束。"


# -- guests ------------------------------------------------------------------------------------------------------------


async def test_the_host_shows_guests_the_way_onto_the_roster_once(
    stage: Stage, chat: People, group: Chat, lobby: Message
) -> None:
    stage.involves_strangers = True
    await chat("赵六").join(group)
    await chat("李四").press("现在开始")
    await chat("赵六").vote(0, on=polls(chat, group)[-1])
    for _ in range(2):
        assert (await chat("李四").press("请他们绑定")).toast == "已在群里发出绑定入口。"
    shown = [message for message in chat("李四").sees(group) if message.text.startswith("有投票没有计入")]
    assert [labels(message) for message in shown] == [["绑定名册"]]
    assert "赵六" not in shown[0].text


# -- /round in words ---------------------------------------------------------------------------------------------------


async def test_a_bank_named_in_words_is_played_at_once(chat: People, group: Chat) -> None:
    li = chat("李四")
    offered = (await li.say("/quiz")).message
    await li.press("现场答题卷", on=offered)
    title = labels(li.last())[1].partition("（")[0]
    await li.say(f"/round {title} ３ 题", group)
    assert li.last(group).text.startswith(f"现场答题《{title}》，3 题，")


async def test_a_bank_that_does_not_exist_is_answered_with_those_like_it(chat: People, group: Chat) -> None:
    answer = (await chat("李四").say("/round 党章知识大全 5", group)).message.text
    assert answer.startswith("没有题库“党章知识大全”")
    assert "题）" in answer
    assert (await chat("李四").say("/round 60 题", group)).message.text == "现场答题最多 50 题。"
    assert (await chat("张三").say("/round 党章 5", group)).message.text == "只有书记、组织委员或管理员可以操作。"


# -- what Telegram refuses ---------------------------------------------------------------------------------------------


async def test_after_a_flood_the_question_has_its_whole_time(
    stage: Stage, chat: People, group: Chat, lobby: Message
) -> None:
    stage.expect_refusal("Too Many Requests")
    stage.fault("sendPoll", flood(20), chat=group.id)
    await chat("李四").press("现在开始")
    assert polls(chat, group) == []
    await stage.advance(seconds=21)
    asked = poll(chat, group)
    await chat("张三").vote(*asked.correct_ids, on=polls(chat, group)[-1])
    await stage.advance(seconds=span(asked) - 2)
    assert not asked.is_closed
    assert chat("李四").last().text == "控制台：第 1/3 题，已答 1 人。"
    await stage.advance(seconds=5)
    assert "1 人作答，1 人答对。" in chat("李四").last(group).text


async def test_without_the_right_to_post_the_round_waits_and_goes_on_when_it_is_back(
    stage: Stage, chat: People, group: Chat, lobby: Message
) -> None:
    li = chat("李四")
    stage.expect_refusal("not enough rights")
    await li.press("现在开始")
    await chat("张三").vote(0, on=polls(chat, group)[-1])
    stage.groups.restrict(group, stage.world.bot.id)
    await stage.advance(seconds=span(poll(chat, group)) + 10)
    assert "现场答题已暂停：第 2 题没有发出。" in [message.text for message in li.sees()]
    assert len(polls(chat, group)) == 1
    await stage.promote(group)
    await li.press("继续")
    await stage.advance(seconds=10)
    assert position(polls(chat, group)[-1]) == "2/3"


async def test_a_deadline_moved_by_an_outage_is_said_to_who_pressed_meanwhile(
    stage: Stage, chat: People, group: Chat, lobby: Message
) -> None:
    zhang = chat("张三")
    await zhang.press("私聊作答", on=lobby)
    await chat("李四").press("现在开始")
    card = zhang.last()
    await stage.advance(seconds=5)
    waits = [label for label in (labels(card)[0], "确定") if label in labels(card)]
    pressed = [stage.people.press(zhang.id, card, label=label) for label in waits]
    stage.expect_refusal("query is too old")
    await stage.restart(downtime=timedelta(seconds=80))
    for press in pressed:
        del stage.world.presses[press.id]  # too old to be answered
    assert "刚才机器人中断了 1 分 20 秒，本题已顺延 1 分 20 秒，你的作答已记录。" in card.text
    await stage.advance(seconds=2)
    assert any("1 人作答，" in message.text for message in chat("李四").sees(group))
