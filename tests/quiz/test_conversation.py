"""Live rounds as people play them: the real bot in its own Telegram."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.demo.chats import Chat
from bot.demo.faults import CUT_AFTER
from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage

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


def poll(chat: People, group: Chat) -> Message:
    """The newest poll of the group."""
    return polls(chat, group)[-1]


def question(message: Message) -> str:
    assert message.poll is not None
    return message.poll.question


def is_closed(message: Message) -> bool:
    assert message.poll is not None
    return message.poll.is_closed


def right(message: Message) -> tuple[int, ...]:
    assert message.poll is not None
    return tuple(message.poll.correct_ids)


def wrong(message: Message) -> int:
    """An option that is not the answer; where all of them together are, one alone is not."""
    assert message.poll is not None
    return next((n for n in range(len(message.poll.options)) if n not in message.poll.correct_ids), 0)


def labels(message: Message) -> list[str]:
    return [button.text for button in message.buttons()]


# -- a round -----------------------------------------------------------------------------------------------------------


async def test_three_questions_from_the_bank_are_played_to_the_end(
    stage: Stage, chat: People, group: Chat, lobby: Message
) -> None:
    li, zhang, zhou = chat("李四"), chat("张三"), chat("周八")
    assert lobby.text.startswith("现场答题《题库随机抽题》，3 题，每题 ")
    assert lobby.text.endswith(" 秒，60 秒后开始，自愿参加。群投票会显示谁选了什么；不想公开请点“私聊作答”。")
    assert (await zhang.press("我参加", in_=group)).toast == "已登记参加，目前 1 人。"
    assert (await zhou.press("我参加", in_=group)).toast == "已登记参加，目前 2 人。"
    await stage.advance(seconds=60)
    for number in (1, 2, 3):
        asked = poll(chat, group)
        assert f"-{number}/3】" in question(asked)
        await zhang.vote(*right(asked), on=asked)
        await zhou.vote(wrong(asked), on=asked)
        assert is_closed(asked)  # all who joined have answered
        await stage.advance(seconds=7)
    assert li.last(group).text.startswith(
        "现场答题结束：《题库随机抽题》，2 人参加，人均答对 1.5 题（共 3 题），正确率 50%。"
    )
    assert zhang.last().text.startswith("《题库随机抽题》：你答了 3 题，对 3 题")
    assert zhou.last().text.startswith("《题库随机抽题》：你答了 3 题，对 0 题，得 ")
    assert not [name for name in ("张三", "周八") if any(name in message.text for message in li.sees(group)[2:])]


async def test_a_question_is_a_named_quiz_poll_that_closes_by_itself(
    stage: Stage, chat: People, group: Chat, lobby: Message
) -> None:
    await chat("李四").press("现在开始")
    (call,) = stage.calls("sendPoll")
    asked = poll(chat, group).poll
    assert asked is not None
    assert (asked.is_quiz, asked.is_anonymous, asked.allows_revoting) == (True, False, False)
    assert call.parameters["protect_content"]
    assert call.parameters["hide_results_until_closes"]
    assert asked.open_period in (30, 45)
    await stage.advance(seconds=asked.open_period)
    assert asked.is_closed


async def test_everybody_else_together_answers_after_the_two(
    stage: Stage, chat: People, group: Chat, lobby: Message
) -> None:
    """Without the lobby's button too: the first question takes its whole time."""
    await stage.advance(seconds=60)
    for name in ("张三", "周八", "孙七", "龚䶮", "钱一", "冯二"):
        await chat(name).vote(*right(poll(chat, group)), on=poll(chat, group))
    await stage.advance(seconds=50)
    assert "6 人作答，6 人答对。" in next(m.text for m in chat("李四").sees(group) if m.text.startswith("第 1/3 题"))


# -- who may -----------------------------------------------------------------------------------------------------------


async def test_a_plain_member_is_refused(chat: People, group: Chat) -> None:
    answer = (await chat("张三").say("/round", group)).message
    assert answer.text == "只有书记、组织委员或管理员可以操作。"


async def test_a_member_cannot_press_what_the_secretary_was_offered(chat: People, group: Chat) -> None:
    offered = (await chat("李四").say("/round", group)).message
    assert (await chat("张三").press("从题库随机 3 题", on=offered)).alert == "只有书记、组织委员或管理员可以操作。"
    assert (await chat("张三").press("取消", on=offered)).alert == "只有书记、组织委员或管理员可以操作。"
    assert (await chat("李四").press("取消", on=offered)).edits[0].text == "已取消，没有开始现场答题。"


async def test_a_second_round_is_refused(chat: People, group: Chat, lobby: Message) -> None:
    assert (await chat("孙七").say("/round", group)).message.text.startswith("本群已有一场现场答题。")


async def test_two_taps_on_the_offer_make_one_round(chat: People, group: Chat) -> None:
    offered = (await chat("李四").say("/round", group)).message
    await chat("李四").press("从题库随机 3 题", on=offered)
    second = await chat("孙七").press("从题库随机 5 题", on=offered, stale=0)
    assert (second.alert or "").startswith("本群已有一场现场答题。")


async def test_sent_as_the_group_the_presser_s_role_decides(stage: Stage, chat: People, group: Chat) -> None:
    asked = (await chat("李四").say("/round", group, as_group=True)).message
    assert asked.text.startswith("您正以群身份发言")
    assert (await chat("张三").press("请本人确认", on=asked)).alert == "只有书记、组织委员或管理员可以操作。"
    offered = await chat("李四").press("请本人确认", on=asked)
    assert offered.message.text == "现场答题：请选择试卷，或从题库随机出题。"


async def test_in_private_the_command_points_to_the_group(chat: People) -> None:
    assert (await chat("李四").say("/round")).message.text.startswith("请在支部群里发送 /round。")


async def test_somebody_off_the_roster_is_counted_as_a_guest_only(
    stage: Stage, chat: People, group: Chat, lobby: Message
) -> None:
    await chat("赵六").join(group)
    assert (await chat("赵六").press("我参加", on=lobby)).alert == "你不在本支部名册里，投票不计。"
    await chat("李四").press("现在开始")
    await chat("赵六").vote(0, on=poll(chat, group))
    assert chat("李四").last().text == "控制台：第 1/3 题，已答 0 人。名册外 1 人，不计。"
    stage.involves_strangers = True


# -- steering ----------------------------------------------------------------------------------------------------------


async def test_the_host_steers_from_his_private_chat(stage: Stage, chat: People, group: Chat, lobby: Message) -> None:
    li = chat("李四")
    assert li.last().text == "控制台：《题库随机抽题》即将开始，已报名 0 人。"
    await li.press("现在开始")
    assert (li.last().text, labels(li.last())) == ("控制台：第 1/3 题，已答 0 人。", ["下一题", "暂停", "结束"])
    await chat("张三").vote(*right(poll(chat, group)), on=poll(chat, group))
    assert li.last().text == "控制台：第 1/3 题，已答 1 人。"
    await li.press("下一题")
    assert is_closed(poll(chat, group))
    await stage.advance(seconds=2)
    assert li.last().text == "控制台：第 1/3 题，已答 1 人，答案已公布。"
    await stage.advance(seconds=5)
    await li.press("暂停")
    assert li.last(group).text == "现场答题已暂停：主持人暂停。"
    assert labels(li.last()) == ["继续", "结束"]
    assert (await chat("张三").press("继续", in_=group)).alert == "只有书记、组织委员或管理员可以操作。"
    await chat("孙七").press("继续", in_=group)
    (paused,) = [message for message in li.sees(group) if "暂停" in message.text]
    assert (paused.text, labels(paused)) == ("现场答题暂停后已继续。", [])
    assert question(poll(chat, group)) == question(polls(chat, group)[-2])  # nobody had answered it


async def test_a_round_ended_in_its_pause_leaves_no_button_in_the_group(
    chat: People, group: Chat, lobby: Message
) -> None:
    li = chat("李四")
    await li.press("现在开始")
    await li.press("暂停")
    paused = li.last(group)
    await li.press("结束", on=paused)
    assert paused.text.startswith("确定结束本场现场答题吗？")
    await li.press("确认结束", on=paused)
    assert (paused.text, labels(paused)) == ("现场答题暂停后已结束。", [])


async def test_the_end_takes_a_second_tap(chat: People, group: Chat, lobby: Message) -> None:
    li = chat("李四")
    await li.press("现在开始")
    await li.press("结束")
    assert li.last().text.startswith("确定结束本场现场答题吗？")
    await li.press("不结束")
    assert li.last().text == "控制台：第 1/3 题，已答 0 人。"
    await li.press("结束")
    await li.press("确认结束")
    assert li.last().text == "控制台：《题库随机抽题》已中止。"
    assert li.last(group).text == "现场答题《题库随机抽题》已中止，本场不计入统计。"
    assert is_closed(poll(chat, group))


async def test_an_old_button_of_the_lobby_goes_when_it_is_pressed_late(
    chat: People, group: Chat, lobby: Message
) -> None:
    await chat("李四").press("现在开始")
    late = await chat("张三").press("我参加", on=lobby)
    assert late.alert == "答题已经开始，直接在投票里作答就可以。"
    assert labels(lobby) == []


async def test_forged_presses_change_nothing(chat: People, group: Chat, lobby: Message) -> None:
    for data in ("quiz:begin:zz", "quiz:begin", "quiz:next:1:!", "quiz:abort:1:1:1", "quiz:quick:999", "quiz:what:1"):
        assert (await chat("张三").press(data=data, on=lobby)).alert is not None
    assert polls(chat, group) == []


# -- away, lost, moved -------------------------------------------------------------------------------------------------


async def test_a_restart_of_forty_seconds_loses_no_vote(
    stage: Stage, chat: People, group: Chat, lobby: Message
) -> None:
    await chat("李四").press("现在开始")
    asked = poll(chat, group)
    await stage.advance(seconds=5)
    for name in ("张三", "周八", "孙七"):
        stage.people.vote(chat(name).id, asked, *right(asked))  # nobody fetches these
    await stage.restart(downtime=timedelta(seconds=40))
    await stage.advance(seconds=2)
    assert "3 人作答，3 人答对。" in chat("李四").last(group).text
    await stage.advance(seconds=5)
    assert "-2/3】" in question(poll(chat, group))


async def test_a_restart_after_five_minutes_pauses_with_all_votes_counted(
    stage: Stage, chat: People, group: Chat, lobby: Message
) -> None:
    await chat("李四").press("现在开始")
    asked = poll(chat, group)
    stage.people.vote(chat("张三").id, asked, *right(asked))
    await stage.restart(downtime=timedelta(minutes=5))
    await stage.advance(seconds=2)
    said = [message.text for message in chat("李四").sees(group)[-2:]]
    assert "1 人作答，1 人答对。" in said[0]
    assert said[1] == "现场答题已暂停：程序停机 5 分钟，已收到的投票都算数。"


async def test_a_lobby_survives_a_restart(stage: Stage, chat: People, group: Chat, lobby: Message) -> None:
    await stage.restart(downtime=timedelta(seconds=20))
    assert (await chat("张三").press("我参加", on=lobby)).toast == "已登记参加，目前 1 人。"
    await stage.advance(seconds=40)
    assert "-1/3】" in question(poll(chat, group))


async def test_a_poll_whose_sending_nobody_confirmed_is_adopted_by_its_first_vote(
    stage: Stage, chat: People, group: Chat, lobby: Message
) -> None:
    stage.fault("sendPoll", CUT_AFTER)
    stage.expect_refusal("cut_after")
    await chat("李四").press("现在开始")
    asked = poll(chat, group)
    await chat("张三").vote(*right(asked), on=asked)
    assert chat("李四").last(group) == asked
    await stage.advance(seconds=47)
    assert len([one for one in polls(chat, group) if "-1/3】" in question(one)]) == 1
    assert any("1 人作答，1 人答对。" in message.text for message in chat("李四").sees(group))


async def test_the_bot_thrown_out_pauses_the_round_and_tells_its_host(
    stage: Stage, chat: People, group: Chat, lobby: Message
) -> None:
    stage.expect_refusal("bot was kicked")
    stage.groups.kick(group)
    await stage.advance(seconds=60)
    told = [message.text for message in chat("李四").sees()]
    assert "现场答题已暂停：第 1 题没有发出。" in told


# -- making a paper ----------------------------------------------------------------------------------------------------


async def test_a_paper_is_made_by_buttons_and_played_in_the_group(stage: Stage, chat: People, group: Chat) -> None:
    li = chat("李四")
    assert (await li.say("/quiz")).message.text.startswith("出题与考试")
    steps = li.last()
    await li.press("现场答题卷")
    assert steps.text == "现场答题卷 ① 题库"
    await li.press(labels(steps)[1])
    assert steps.text.startswith("现场答题卷 ② 知识点\n题库：")
    await stage.restart()  # between two steps
    await li.press(labels(steps)[0])
    await li.press("3 题")
    assert "3 题（" in steps.text
    await li.press("换一批题")
    title = steps.text.splitlines()[1]
    await li.press("发布")
    assert steps.text.startswith(f"已发布：现场答题卷 2026-001{title}，3 题。")
    offered = (await li.say("/round", group)).message
    await li.press(labels(offered)[0], on=offered)
    assert offered.text == f"已选{title}。"
    assert li.last(group).text.startswith(f"现场答题{title}，3 题，")


async def test_too_few_questions_are_said_with_their_number(stage: Stage, chat: People) -> None:
    li = chat("李四")
    await li.say("出题")
    await li.press("现场答题卷")
    steps = li.last()
    smallest = min(labels(steps)[1:-1], key=lambda label: int(label.rpartition("（")[2].split(" ")[0]))
    have = int(smallest.rpartition("（")[2].split(" ")[0])
    await li.press(smallest)
    await li.press(f"不限知识点（{have} 题）")
    assert (await li.press("50 题")).alert == f"题量不够：题目需要 50 道，可用 {have} 道。请减少题量或换题库。"
    await li.press("放弃")
    assert steps.text == "已放弃，没有留下试卷。"
    await stage.advance(seconds=10)
    assert (await li.press("3 题", on=steps, stale=-2)).alert == "这份试卷已经发布或放弃，请重新发送 /quiz。"


async def test_a_member_is_told_who_makes_papers(chat: People) -> None:
    answer = (await chat("张三").say("/quiz")).message
    assert answer.text == "这个操作只有支部书记或管理员可以用。需要开通请联系：李四书记。"
