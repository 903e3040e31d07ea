"""Planning, moving and cancelling as people see it: the real bot in a Telegram of its own."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.demo.chats import Chat
from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage
from bot.meetings.models import Meeting

Cast = Callable[[str], Actor]
LINE = "/plan 本周五15点 主题党日 学习二十大精神 @三楼会议室"
HEAD = "【主题党日】学习二十大精神\n时间：3月6日（周五）15:00—17:00\n地点：三楼会议室"


@pytest.fixture
def group(stage: Stage) -> Chat:
    return stage.group("一支部群")


async def published(chat: Cast, line: str = LINE) -> Actor:
    li = chat("李四")
    await li.say(line)
    await li.press("确认发布")
    return li


def meetings(session: Session) -> int:
    return session.scalar(select(func.count(Meeting.id)).where(Meeting.created_by.is_not(None))) or 0


async def test_four_taps_publish_a_theme_day(stage: Stage, chat: Cast, group: Chat) -> None:
    li = chat("李四")
    await li.say("/plan")
    for label in ("主题党日", "3月6日（周五）15:00", "党员活动室"):
        await li.press(label)
    assert li.last().text == (
        "【主题党日】\n"
        "时间：3月6日（周五）15:00—17:00\n"
        "地点：党员活动室\n"
        "召开：城建一支部，应到12人\n\n"
        "提醒（通知发到群里，催办只私信本人）\n"
        "通知 立即\n"
        "催复 3月5日 16:00\n"
        "会前提醒 3月6日 13:00\n"
        "开始签到 3月6日 14:45\n"
        "催签 3月6日 15:10\n"
        "到会报告 3月6日 15:30\n"
        "会后整理 3月6日 18:00\n"
        "缺席说明 3月9日 09:30"
    )
    await li.press("确认发布")
    card = "【主题党日】\n时间：3月6日（周五）15:00—17:00\n地点：党员活动室\n已回复 0/12：参加0 · 请假0 · 未回复12"
    assert li.last(group).text == card
    assert [button.text for button in li.last(group).buttons()] == ["参加", "请假"]


async def test_one_line_and_one_tap_do_the_same(chat: Cast, group: Chat) -> None:
    li = await published(chat)
    assert li.last(group).text == f"{HEAD}\n已回复 0/12：参加0 · 请假0 · 未回复12"


async def test_the_second_press_is_answered_and_creates_nothing(stage: Stage, chat: Cast) -> None:
    li = chat("李四")
    preview = (await li.say(LINE)).message
    before = stage.session(meetings)
    await li.press("确认发布", on=preview)
    again = await li.press("确认发布", on=preview, stale=0)
    assert again.alert == "已保存，未重复创建"
    assert stage.session(meetings) == before + 1


async def test_a_typed_title_and_time_change_the_preview(chat: Cast) -> None:
    li = chat("李四")
    await li.say("/plan 本周五15点 主题党日 @三楼会议室")
    await li.press("写主题")
    assert li.last().text == "请写会议主题。\n发送“取消”放弃输入。"
    assert (await li.say("学习 5<6 精神")).message.text.startswith("【主题党日】学习 5<6 精神\n")
    await li.press("修改")
    await li.press("改时间")
    await li.press("输入…")
    assert (await li.say("每天8点")).message.text == "不支持每天的会议"
    assert (await li.say("大后天晚上11点")).message.text.split("\n")[1:3] == [
        "时间：3月5日（周四）23:00—3月6日（周五）01:00",
        "时间较早或较晚，请再确认时间。",
    ]


async def test_a_part_that_was_asked_for_again_can_stay_as_it_was(chat: Cast) -> None:
    li = chat("李四")
    shown = (await li.say(LINE)).message
    before = shown.text
    for part in ("改时间", "改地点", "改类别", "改时间"):
        await li.press("修改")
        asked = (await li.press(part)).edits[0]
        assert not {button.text for button in asked.buttons()} & {"放弃", "周期会议"}
        await li.press("不改了")
        assert (li.last().text, next(li.last().buttons()).text) == (before, "确认发布")


async def test_another_kind_keeps_day_and_place(chat: Cast) -> None:
    li = chat("李四")
    await li.say(LINE)
    for label in ("修改", "改类别", "党课"):
        await li.press(label)
    assert li.last().text.startswith("【党课】学习二十大精神\n时间：3月6日（周五）15:00—16:30\n地点：三楼会议室\n")


async def test_an_ambiguous_day_is_asked_with_buttons(chat: Cast) -> None:
    li = chat("李四")
    asked = (await li.say("/plan 下个周五15点 主题党日 学习 @三楼")).message
    assert asked.text == "是哪一天？"
    shown = (await li.press("3月13日（周五）15:00", on=asked)).edits[0]
    assert "时间：3月13日（周五）15:00—17:00" in shown.text


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/plan 每天15点 主题党日", "不支持每天的会议"),
        ("/plan 周八9点 主题党日", "没有“周八”"),
        ("/plan 12月31日（周五）14:00 主题党日", "12月31日是周四，不是周五"),
        ("/plan 本周一8点 主题党日", "该时间已过。是补录已经开过的会吗？"),
        ("/plan 下周五15点 座谈会", "没看懂“座谈会”，例如：下周五15点、每月第一个周五15点"),
        ("/plan 国庆节后第一个工作日 主题党日", "没看懂“国庆节后第一个工作日”，例如：下周五15点、每月第一个周五15点"),
        ("/plan " + "主题党日 长" * 900, "太长了，请不超过100个字。"),
    ],
)
async def test_what_cannot_be_planned_is_said_shortly(chat: Cast, line: str, answer: str) -> None:
    assert (await chat("李四").say(line)).message.text == answer


async def test_a_member_may_not_plan(chat: Cast) -> None:
    refused = "这个操作只有支部书记或管理员可以用。需要开通请联系：李四书记。"
    assert (await chat("张三").say(LINE)).message.text == refused


async def test_in_the_group_plan_points_to_the_private_chat(chat: Cast, group: Chat) -> None:
    li = chat("李四")
    told = (await li.say("/plan", group)).message
    assert told.text == "安排会议请在私聊中进行。"
    assert (await li.press("打开私聊", on=told)).messages[0].text == "安排哪一种会议？"


async def test_moved_by_two_texts_the_card_and_a_reply_say_so(chat: Cast, group: Chat) -> None:
    li = await published(chat)
    await li.press("改期")
    assert li.last().text == "主题党日原定3月6日（周五）15:00。请写新的时间，例如：12月8日15点。\n发送“取消”放弃。"
    await li.say("3月9日15点")
    assert (await li.say("忙")).message.text == "请用2到200个字写明原因。"
    moved = await li.say("党委会议冲突")
    assert [message.text for message in moved.messages] == [
        "主题党日已改为3月9日（周一）15:00。已通知相关人员。",
        "改期：主题党日由3月6日（周五）15:00改为3月9日（周一）15:00，地点不变。原因：党委会议冲突。",
    ]
    assert moved.messages[1].reply_to == card(li, group).id
    assert card(li, group).text == (
        "【主题党日】学习二十大精神\n时间：3月9日（周一）15:00—17:00\n地点：三楼会议室\n"
        "由3月6日（周五）15:00改期。原因：党委会议冲突\n已回复 0/12：参加0 · 请假0 · 未回复12"
    )


async def test_a_press_on_the_old_card_is_refused_and_loses_its_buttons(stage: Stage, chat: Cast, group: Chat) -> None:
    li, zhang = await published(chat), chat("张三")
    await stage.at("2026-03-05 16:00")
    question = zhang.last()
    await li.press("改期")
    await li.say("3月9日15点")
    await li.say("党委会议冲突")
    stale = await zhang.press("参加", on=question)
    assert stale.alert == "这条通知已更新，请看最新一条。"
    assert list(question.buttons()) == []
    assert card(li, group).text.endswith("已回复 0/12：参加0 · 请假0 · 未回复12")


def card(who: Actor, group: Chat) -> Message:
    return next(message for message in who.sees(group) if message.text.startswith("【主题党日】"))


async def test_cancelled_and_called_back_by_one_tap(chat: Cast, group: Chat) -> None:
    li, zhang = await published(chat), chat("张三")
    await li.press("取消")
    await li.say("讲师生病")
    assert card(li, group).text == "【主题党日】学习二十大精神\n时间：3月6日（周五）15:00—17:00\n已取消：讲师生病"
    gone = await zhang.press("参加", on=card(li, group), stale=0)
    assert gone.alert == "会议已取消（3月6日）"
    back = await li.press("撤销")
    assert back.messages[0].text == "恢复：3月6日（周五）15:00主题党日照常召开。"
    assert card(li, group).text == f"{HEAD}\n已回复 0/12：参加0 · 请假0 · 未回复12"


async def test_the_word_cancel_ends_the_question_only(chat: Cast, group: Chat) -> None:
    li = await published(chat)
    await li.press("取消")
    await li.say("取消")
    assert card(li, group).text == f"{HEAD}\n已回复 0/12：参加0 · 请假0 · 未回复12"


async def test_a_title_may_be_a_word_that_opens_a_list_but_none_that_acts_at_once(chat: Cast) -> None:
    li = chat("李四")
    await li.say("/plan 3月6日15点 主题党日 @三楼会议室")
    await li.press("写主题")
    assert (await li.say("签到")).message.text == "现在没有正在签到的会议。"
    assert (await li.say("考试")).message.text.startswith("【主题党日】考试\n")
    opened = (await li.say("考试")).message.text  # nothing is asked any more
    assert not opened.startswith("【主题党日】")


async def test_a_name_with_signs_stands_as_it_is_written(chat: Cast, group: Chat) -> None:
    li = await published(chat, '/plan 本周五15点 主题党日 5<6&"学习" @<三楼>')
    assert li.last(group).text.startswith('【主题党日】5<6&"学习"\n')
    assert "地点：<三楼>" in li.last(group).text


async def test_what_is_asked_with_buttons_may_be_written_too(chat: Cast) -> None:
    li = chat("李四")
    await li.say("/plan 主题党日")
    assert (await li.say("下周五15点")).message.text.endswith("在哪里开？")
    assert (await li.say("签到")).message.text == "现在没有正在签到的会议。"  # a word of its own is no place
    preview = (await li.say("北山公园")).message
    assert "时间：3月13日（周五）15:00—17:00\n地点：北山公园\n" in preview.text
    assert (await li.say("北山公园")).message.text.startswith("没有看懂")
