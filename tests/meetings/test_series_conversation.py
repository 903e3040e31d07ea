"""Series and days off as people meet them: the real bot in a Telegram of its own."""

from collections.abc import Callable

import pytest

from bot.demo.chats import Chat
from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage

Cast = Callable[[str], Actor]
LINE = "/plan 每月第一个周五15点 主题党日 学习二十大精神 @三楼会议室"
NAME = "主题党日 学习二十大精神 每月第一个周五"


@pytest.fixture
def group(stage: Stage) -> Chat:
    return stage.group("一支部群")


def labels(message: Message) -> list[str]:
    return [button.text for button in message.buttons()]


async def test_planned_in_one_line_its_first_card_stands_in_the_group(stage: Stage, chat: Cast, group: Chat) -> None:
    li = chat("李四")
    shown = (await li.say(LINE)).message
    assert shown.text == (
        "【主题党日】学习二十大精神\n周期：每月第一个周五 15:00—17:00\n地点：三楼会议室\n召开：城建一支部，应到12人\n"
        "遇非工作日：顺延到下一个工作日，不出本月\n\n"
        "接下来6次\n3月6日（周五）\n4月3日（周五）\n5月6日（周三），由5月1日（劳动节）顺延\n"
        "6月5日（周五）\n7月3日（周五）\n8月7日（周五）\n\n"
        "第一次的提醒（通知发到群里，催办只私信本人）\n"
        "通知 立即\n催复 3月5日 16:00\n会前提醒 3月6日 13:00\n开始签到 3月6日 14:45\n"
        "催签 3月6日 15:10\n到会报告 3月6日 15:30\n会后整理 3月6日 18:00\n缺席说明 3月9日 09:30"
    )
    assert labels(shown) == ["确认", "改主题", "修改", "放弃"]
    done = await li.press("确认", on=shown)
    assert done.edits[0].text == (
        "已安排：主题党日 学习二十大精神\n每月第一个周五 15:00—17:00，三楼会议室\n"
        "下一次：3月6日（周五）\n首次通知马上发出。"
    )
    again = await li.press("确认", on=shown, stale=0)
    assert again.alert == "已保存，未重复创建"
    assert li.last(group).text == (
        "【主题党日】学习二十大精神\n时间：3月6日（周五）15:00—17:00\n地点：三楼会议室\n"
        "已回复 0/12：参加0 · 请假0 · 未回复12"
    )


async def test_the_card_says_from_which_day_it_was_shifted(stage: Stage, chat: Cast, group: Chat) -> None:
    li = chat("李四")
    await li.say(LINE.replace("第一个周五", "15日"))
    await li.press("确认")
    await stage.until("时间：3月16日（周一）15:00—17:00")
    assert li.last(group).text.split("\n")[3] == "3月16日（周一），由3月15日（周日）顺延"


async def test_one_occurrence_is_moved_and_the_series_changed_and_stopped(chat: Cast) -> None:
    li = chat("李四")
    await li.say(LINE)
    await li.press("确认")
    await li.press("查看")
    alone = (await li.press("4月3日（周五）")).message
    assert alone.text == "4月3日（周五）15:00—17:00 主题党日，三楼会议室\n在这里只改这一次，不影响周期。"
    await li.press("改期")
    assert (await li.say("每周五15点")).message.text == (
        "改期只改这一次，请写一个日期，例如：12月8日15点。改整个周期请用 /series。"
    )
    await li.say("4月9日15点")
    moved = (await li.say("党委会议冲突")).message
    assert moved.text == "主题党日已改为4月9日（周四）15:00。会议尚未通知，未另行告知。"
    assert (await li.say("/series")).message.text == (
        "主题党日 学习二十大精神\n每月第一个周五 15:00—17:00\n下一次：3月6日（周五），已通知"
    )
    shown = (await li.press(NAME)).edits[0]
    assert shown.text.split("\n")[7:10] == [
        "3月6日（周五），已通知",
        "4月9日（周四），单独改过",
        "5月6日（周三），由5月1日（劳动节）顺延",
    ]
    again = (await li.press("修改周期")).message
    assert (again.text.rpartition("\n")[2], labels(again)) == ("请点要改的部分。", ["改主题", "修改", "放弃"])
    await li.press("修改")
    await li.press("改时间")
    await li.press("每月15日 15:00")
    changed = (await li.press("确认")).edits[0]
    assert changed.text.split("\n")[2:] == [
        "下一次：3月16日（周一），由3月15日（周日）顺延",
        "首次通知将于3月9日（周一）09:00发出。",
        "原来尚未通知的1场已按新的周期重排。已经通知的3月6日（周五）15:00照常，要取消请单独取消。",
    ]
    await li.press("查看")
    await li.press("停止")
    stopped = (await li.press("确认停止")).edits[0]
    assert stopped.text == "已停止：主题党日 学习二十大精神，每月15日。\n尚未通知的2场不再召开。\n09:05前可撤销。"
    back = (await li.press("撤销")).edits[0]
    assert (back.text.split("\n")[0], labels(back)) == ("已撤销停止：主题党日 学习二十大精神，每月15日。", ["查看"])


async def test_buttons_lead_through_the_wizard(chat: Cast) -> None:
    li = chat("李四")
    await li.say("/plan")
    await li.press("周期会议")
    asked = (await li.press("新的周期会议")).message
    assert labels(asked)[-1] == "放弃"
    assert "周期会议" not in labels(asked)  # it would lead back to where one comes from
    for label in ("支委会", "每月最后一个工作日 15:00", "党员活动室"):
        await li.press(label)
    assert li.last().text.startswith("【支委会】\n周期：每月最后一个工作日 15:00—16:00\n")
    await li.press("修改")
    await li.press("改时间")
    await li.press("输入…")
    asked = (await li.say("每月31日10点")).message
    assert (asked.text, labels(asked)) == ("有的月份没有31日，遇到时怎么办？", ["改在月末", "跳过", "输入…", "不改了"])
    await li.press("改在月末")
    await li.press("修改")
    await li.press("遇非工作日")
    shown = (await li.press("问我")).edits[0]
    assert shown.text == "每月最后一天\n遇非工作日：到时问我"
    assert "5月31日（周日），届时请您选日期" in (await li.press("好了")).edits[0].text


YEAR = "year: 2027\nsource: 国务院办公厅通知\ndays:\n" + "".join(
    f"  - {{name: 元旦, date: 2027-01-0{day}, isOffDay: true}}\n" for day in range(1, 5)
)


async def test_a_day_that_is_asked_for_is_skipped_called_back_and_chosen(stage: Stage, chat: Cast) -> None:
    li = chat("李四")
    await li.say("/plan 每月15日15点 支部党员大会 @三楼会议室")
    for label in ("修改", "遇非工作日", "问我", "好了", "确认"):
        await li.press(label)
    await stage.settle()
    question = "3月15日（周日）不是工作日，城建一支部的支部党员大会改到哪一天？"
    assert li.last().text == question
    assert labels(li.last()) == ["3月13日（周五）15:00", "3月16日（周一）15:00", "其他日期…", "跳过本次"]
    assert (await li.press("跳过本次")).edits[0].text.startswith("已跳过3月15日的支部党员大会，以后各次照常。")
    back = await li.press("撤销")
    assert back.edits[0].text == "已恢复，支部党员大会还没有定日期。"
    assert (await li.press("选日期")).message.text == question
    await li.press("其他日期…")
    chosen = (await li.say("3月12日10点")).message
    assert chosen.text == "支部党员大会定在3月12日（周四）10:00。"
    assert labels(chosen) == ["改期", "取消"]


async def test_an_imported_year_moves_what_is_adopted(stage: Stage, chat: Cast) -> None:
    li, wang = chat("李四"), chat("王五")
    await stage.at("2026-12-07 08:59")
    await li.say(LINE)
    await li.press("确认")
    await stage.at("2026-12-07 09:00")
    assert wang.last().text == "2027年放假安排尚未导入，届时的会议均为暂定。"
    assert (await wang.press("导入")).message.text.startswith("请把放假安排（.yaml 文件）直接发到这里。")
    refused = await li.upload("2027.yaml", YEAR.encode())
    assert refused.message.text == "这个操作只有管理员可以用。需要开通请联系管理员。"
    faulty = (await wang.upload("2027.yaml", YEAR.replace("01-04, isOffDay: true", "01-04").encode())).message
    assert faulty.text == "放假安排有 1 处问题，没有导入：\n第 7 行：缺少“isOffDay”。"
    told = await wang.upload("2027.yaml", YEAR.encode())
    line = "城建一支部 主题党日 · 2027年1月4日（周一） → 2027年1月5日（周二） · 元旦"
    assert [message.text for message in told.messages] == [
        "已导入2027年放假安排：放假4天。\n提醒：文件里没有春节、清明节、劳动节、端午节、国庆节、中秋节，请核对。",
        f"按新的放假安排，这些会议要换日子（还没有通知）：\n{line}",
        "放假安排已更新，城建一支部有1场周期会议要换日子。",
    ]
    assert [message.chat_id for message in told.messages] == [wang.id, wang.id, li.id]
    await li.press("查看")
    await li.press("逐个")
    adopted = (await li.press("采用")).edits[0]
    assert adopted.text == f"已换日子：\n{line}\n\n都处理好了。"
    assert (await wang.press("全部采用")).edits[0].text == "按现在的放假安排，没有会议要换日子。"
    assert (await wang.upload("2027.yml", YEAR.encode())).message.text == "已导入，无变化。"
    assert "2027年：已导入（国务院办公厅通知）" in (await wang.say("/calendar")).message.text
    await wang.press("下载样例")
    assert wang.last().file is not None


async def test_in_the_group_both_point_to_the_private_chat(chat: Cast, group: Chat) -> None:
    li = chat("李四")
    for command in ("/series", "/calendar"):
        await chat("张三").say(command, group)  # another person each: groups stay calm
        told = await li.say(command, group)
        assert [message.text for message in told.messages] in ([], ["请私聊机器人使用这个命令。"])
    assert li.last(group).text == "请私聊机器人使用这个命令。"
