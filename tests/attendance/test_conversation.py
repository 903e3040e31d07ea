"""Answering, leave, sign-in and the list with names as people see it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.demo.chats import Chat, Membership, Rank
from bot.demo.stage import Actor, Stage
from bot.message import base36
from tests import stages

Cast = Callable[[str], Actor]


@pytest.fixture
async def group(stage: Stage, chat: Cast) -> Chat:
    """一支部群 with the card of a theme day on Friday."""
    li = chat("李四")
    await li.say("/plan 本周五15点 主题党日 学习 @三楼会议室")
    await li.press("确认发布")
    return stage.group("一支部群")


def card(who: Actor, group: Chat) -> str:
    return next(message.text for message in reversed(who.sees(group)) if message.text.startswith("【主题党日】"))


def last_line(text: str) -> str:
    return text.rpartition("\n")[2]


async def test_an_answer_is_a_toast_and_a_count(chat: Cast, group: Chat) -> None:
    zhang = chat("张三")
    said = await zhang.press("参加", in_=group)
    assert (said.toast, said.messages) == ("已登记：参加", [])
    assert last_line(card(zhang, group)) == "已回复 1/12：参加1 · 请假0 · 未回复11"


async def test_leave_goes_by_the_private_chat_to_the_secretary(chat: Cast, group: Chat) -> None:
    zhou, li, sun = chat("周八"), chat("李四"), chat("孙七")
    asked = (await zhou.press("请假", in_=group)).message
    assert asked.text == "3月6日（周五）15:00主题党日，请选择请假类别"
    submitted = await zhou.press("公假", on=asked)
    assert submitted.toast == "已提交请假，等待同意"
    assert asked.text.startswith("已提交请假（公假）：3月6日主题党日，等待同意。")
    assert (await zhou.say("出差")).messages[0].text == "已记下请假原因，仅书记和组织委员可见。"
    request = li.last()
    assert request.text == "周八申请请假（公假）：3月6日主题党日。\n原因：出差"
    decided = await li.press("同意", on=request)
    assert (decided.toast, decided.messages[0].text) == ("已同意", "已同意您3月6日主题党日的请假。")
    assert request.text.endswith("出差\n已由李四处理：同意")
    assert sun.last().text.endswith("已由李四处理：同意")
    assert list(sun.last().buttons()) == []
    assert "出差" not in card(li, group)


def needless(stage: Stage) -> int:
    """Edits that changed nothing."""
    return sum("not modified" in call.description for call in stage.calls("editMessageText"))


async def test_what_is_decided_is_shown_once(stage: Stage, chat: Cast, group: Chat) -> None:
    zhou, li = chat("周八"), chat("李四")
    asked = (await zhou.press("请假", in_=group)).message
    await zhou.press("公假", on=asked)
    await li.press("同意", on=li.last())
    assert needless(stage) == 0


async def test_a_request_in_the_list_of_the_day_shows_what_was_decided(chat: Cast, group: Chat) -> None:
    zhou, li, sun = chat("周八"), chat("李四"), chat("孙七")
    asked = (await zhou.press("请假", in_=group)).message
    await zhou.press("公假", on=asked)
    await sun.say("/today")
    again = (await sun.press("审批周八的请假")).message
    sent = next(message for message in sun.sees() if message.text.startswith("周八申请请假"))
    assert (await sun.press("不同意", on=again)).toast == "已记下：不同意"
    assert again.text == sent.text == li.last().text == "周八申请请假（公假）：3月6日主题党日。\n已由孙七处理：不同意"


async def test_who_explains_before_the_end_moves_no_list(stage: Stage, chat: Cast, group: Chat) -> None:
    zhang, li = chat("张三"), chat("李四")
    await stage.at("2026-03-06 15:12")
    before = len(li.sees())
    await zhang.press("说明原因")
    await zhang.press("公事")
    assert needless(stage) == 0
    await chat("孙七").press("签到", in_=group)
    assert len(li.sees()) == before


async def test_what_only_lists_with_names_show_leaves_the_card_alone(stage: Stage, chat: Cast, group: Chat) -> None:
    li = chat("李四")
    await li.say("/meetings")
    await li.press("3月6日 15:00 主题党日")
    await li.press("议题")
    await li.press("添加议题")
    await li.say("表彰决定")
    await stage.at("2026-03-06 15:05")
    await chat("张三").press("签到", in_=group)
    await stage.advance(seconds=5)
    await li.press("延长30分钟")
    await stage.advance(seconds=5)
    await li.press("列席")
    await li.press("群众")
    await li.say("3")
    await stage.at("2026-03-06 18:05")
    await li.press("名单属实")
    assert needless(stage) == 0


async def test_sign_in_twice_is_a_toast_and_an_alert(stage: Stage, chat: Cast, group: Chat) -> None:
    zhang = chat("张三")
    await stage.at("2026-03-06 14:58")
    assert (await zhang.press("签到", in_=group)).toast == "已签到14:58（准时）"
    assert (await zhang.press("签到", in_=group)).alert == "已于14:58签到"
    assert last_line(card(zhang, group)) == "实到1 · 请假0 · 未签11"


async def test_late_is_said_and_counted(stage: Stage, chat: Cast, group: Chat) -> None:
    zhang = chat("张三")
    await stage.at("2026-03-06 15:12")
    assert (await zhang.press("签到", in_=group)).toast == "已签到15:12（迟到）"
    assert last_line(card(zhang, group)) == "实到1（迟到1） · 请假0 · 未签11"


async def test_words_do_what_buttons_do(stage: Stage, chat: Cast, group: Chat) -> None:
    zhang = chat("张三")
    assert (await zhang.say("签到")).message.text == "现在没有正在签到的会议。"
    asked = (await zhang.say("请假")).message
    assert [button.text for button in asked.buttons()] == ["3月6日 15:00 主题党日", "3月24日 15:00 第一党小组会"]
    chosen = (await zhang.press("3月6日 15:00 主题党日", on=asked)).message
    assert chosen.text == "3月6日（周五）15:00主题党日，请选择请假类别"
    await stage.at("2026-03-06 14:50")
    assert (await zhang.say("签到")).messages[0].text == "已签到14:50（准时）"


async def test_several_meetings_at_once_are_offered(chat: Cast, group: Chat) -> None:
    li, zhang = chat("李四"), chat("张三")
    await li.say("/plan 本周四15点 支部党员大会 @三楼")
    await li.press("确认发布")
    asked = (await zhang.say("请假")).message
    assert [button.text for button in asked.buttons()] == [
        "3月5日 15:00 支部党员大会",
        "3月6日 15:00 主题党日",
        "3月24日 15:00 第一党小组会",
    ]
    assert (await zhang.press("3月5日 15:00 支部党员大会", on=asked)).message.text.startswith("3月5日（周四）15:00")


async def test_the_secretary_calls_the_roll_on_pages(stage: Stage, chat: Cast, group: Chat) -> None:
    li = chat("李四")
    await stage.at("2026-03-06 15:20")
    await li.say("/roll")
    page = (await li.press("点名")).message
    assert len([button for button in page.buttons() if button.text.endswith("未签")]) == 10
    await li.press("孙七 未签", on=page)
    await li.press("孙七 到会", on=page)
    assert page.text == "点名：主题党日\n实到1（迟到1） · 请假0 · 未签11\n点姓名依次换成到会、迟到、未签。"
    await li.press("下一页", on=page)
    await li.press("其余全部到会", on=page)
    await li.press("确认11人到会", on=page)
    assert last_line(card(li, group)) == "实到12（迟到1） · 请假0 · 未签0"


async def test_ending_asks_once_more_and_tells_the_outcome(stage: Stage, chat: Cast, group: Chat) -> None:
    li, zhang = chat("李四"), chat("张三")
    await stage.at("2026-03-06 15:20")
    await zhang.press("签到", in_=group)
    asked = (await li.press("结束")).message
    assert asked.text == "结束签到后，未签11人记为缺席。确认结束吗？"
    done = await li.press("确认结束", on=asked)
    assert asked.text == "主题党日已结束，结果见下一条。"  # he is who reads it
    assert done.messages[0].text.startswith("主题党日已结束：应到12，实到1（迟到1），请假0，缺席11：")
    assert last_line(card(li, group)) == "应到12 · 实到1 · 请假0 · 缺席11 · 到会率8.3%"
    late = await zhang.press("签到", on=next(m for m in zhang.sees(group) if m.text == card(zhang, group)), stale=-2)
    assert late.alert == "已于15:20签到"


async def test_lists_show_ones_own_state_and_what_one_may_do(stage: Stage, chat: Cast, group: Chat) -> None:
    zhang, li = chat("张三"), chat("李四")
    await zhang.press("参加", in_=group)
    listed = (await zhang.say("/meetings")).message
    theme_day, group_meeting = listed.text.split("\n\n")
    assert theme_day == "【主题党日】学习\n3月6日（周五）15:00—17:00，三楼会议室\n您已回复：参加"
    assert group_meeting.startswith("【第一党小组会】学习交流\n3月24日（周二）15:00—16:00")
    one = (await zhang.press("3月6日 15:00 主题党日", on=listed)).message
    assert [button.text for button in one.buttons()] == ["参加", "请假"]
    own = (await li.press("3月6日 15:00 主题党日", on=(await li.say("/meetings")).message)).message
    assert [button.text for button in own.buttons()] == ["参加", "请假", "考勤表", "议题", "改期", "取消"]
    await stage.at("2026-03-06 16:00")
    in_group = (await zhang.say("/meetings", group)).message.text.split("\n\n")
    assert in_group[0] == "【主题党日】学习\n3月6日（周五）15:00—17:00，三楼会议室\n实到0 · 请假0 · 未签12"


async def test_the_list_of_the_day_holds_what_waits(stage: Stage, chat: Cast, group: Chat) -> None:
    li, zhang = chat("李四"), chat("张三")
    assert (await zhang.say("/today")).message.text == "待回复：3月6日（周五）15:00 主题党日"
    await zhang.press("3月6日 15:00 主题党日")
    await zhang.press("请假")
    await zhang.press("病假")
    today = (await li.say("/today")).message
    assert today.text == "待回复：3月6日（周五）15:00 主题党日\n张三申请请假（病假）：3月6日主题党日。"
    opened = (await li.press("审批张三的请假", on=today)).message
    await li.press("不同意", on=opened)
    assert zhang.last().text == "未同意您3月6日主题党日的请假，如有疑问请联系书记。"


async def test_who_is_not_on_the_roster_signs_nothing(stage: Stage, chat: Cast, group: Chat) -> None:
    zhao = chat("赵六")
    stage.involves_strangers = True
    shown = next(m for m in group.messages.values() if m.text.startswith("【主题党日】"))
    refused = await zhao.follow(f"https://t.me/ketang_demo_bot?start=lv_{base36(stages.shown_on(stage, shown))}")
    assert refused.messages[0].text == "没有这个会议，或您不在应到名单"
    assert (await zhao.say("/meetings")).message.text == "近期没有会议。"


async def test_a_tap_without_an_account_leads_to_where_one_is_asked_for(stage: Stage, chat: Cast, group: Chat) -> None:
    stage.world.add_person(1099, "郑十")
    group.members[1099] = Membership(Rank.MEMBER)
    zheng = chat("郑十")
    pressed = (await zheng.press("参加", in_=group)).press
    assert pressed is not None
    assert pressed.answer is not None
    assert pressed.answer.text == ""
    asked = (await zheng.follow(pressed.answer.url)).message
    assert asked.text == "请发送您的姓名，由城建一支部书记确认。发送“取消”可放弃。"
    await zheng.say("郑十")
    assert chat("李四").last().text.startswith("“郑十”申请绑定城建一支部名册")
    told = (await zheng.press("请假", in_=group)).message
    assert [button.text for button in told.buttons()] == ["没有链接，申请加入"]


async def test_after_a_kill_a_reminder_comes_once_and_says_it_is_late(stage: Stage, chat: Cast, group: Chat) -> None:
    zhang = chat("张三")
    await zhang.press("参加", in_=group)
    await stage.at("2026-03-06 12:55")
    await stage.restart(downtime=timedelta(minutes=25))
    assert zhang.last().text == "（补发，原定13:00）\n今天15:00 三楼会议室，主题党日。参加1 · 请假0 · 未回复11。"


async def test_what_is_pressed_in_private_shows_how_one_stands_now(stage: Stage, chat: Cast, group: Chat) -> None:
    zhang, zhou = chat("张三"), chat("周八")
    await stage.at("2026-03-05 16:00")
    asked = zhang.last()
    assert asked.text == "请回复：3月6日（周五）15:00 主题党日，三楼会议室。能参加吗"
    await zhang.press("参加", on=asked)
    assert last_line(asked.text) == "您已回复：参加"
    await stage.at("2026-03-06 15:12")
    chased = zhou.last()
    assert [button.text for button in chased.buttons()] == ["签到", "说明原因"]
    today = (await zhang.say("/today")).message
    await zhang.press("签到", on=today)
    assert today.text.startswith("正在签到：主题党日，您已签到（迟到）")
    assert [button.text for button in today.buttons()] == ["离会"]
    await zhou.press("签到", on=chased)
    assert last_line(chased.text) == "您已签到（迟到）"
    await zhou.press("离会", on=chased)
    assert list(chased.buttons()) == []


async def test_who_vouches_for_the_list_sees_it_where_that_was_asked(stage: Stage, chat: Cast, group: Chat) -> None:
    zhang, li = chat("张三"), chat("李四")
    await stage.at("2026-03-06 14:58")
    await zhang.press("签到", in_=group)
    sheet = li.last()
    await stage.at("2026-03-06 18:00")
    assert "名单属实" in [button.text for button in sheet.buttons()]
    asked = li.last()
    assert asked.text == "请完成主题党日的会议记录：自助签到1人待核对，未说明缺席11人。"
    assert (await li.press("名单属实", on=asked)).toast == "已记下：名单属实"
    assert asked.text == "请完成主题党日的会议记录：未说明缺席11人。"
    assert [button.text for button in asked.buttons()] == ["逐条处理", "写记录"]
    assert "名单属实" not in [button.text for button in sheet.buttons()]
