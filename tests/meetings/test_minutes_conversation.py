"""Agenda, minutes and 补录 as the secretary lives them, by buttons and short texts."""

from collections.abc import Callable

from bot.demo.stage import Actor, Stage

Cast = Callable[[str], Actor]


async def test_from_the_agenda_to_filed_minutes(stage: Stage, chat: Cast) -> None:
    li = chat("李四")
    await li.say("/plan 3月6日15点 支部党员大会 讨论发展对象 @三楼会议室")
    await li.press("确认发布")
    await li.press("议题")
    await li.press("添加议题")
    await li.say("1. 传达学习精神\n2. 接收预备党员")
    await li.press("2")
    await li.press("表决方式")
    await li.press("接收党员")
    await li.say("郑十、冯一")
    assert li.last().text == (
        "议题：支部党员大会\n1. 传达学习精神\n2. 接收预备党员（郑十）：接收党员，待表决\n"
        "3. 接收预备党员（冯一）：接收党员，待表决\n点序号写表决和结果。"
    )
    await stage.at("2026-03-06 15:30")
    assert li.last().text.endswith("有表决权应到11，到会0，还差6人，不能表决。")
    waits = await li.press("继续等待")
    assert waits.toast == "15:45再向您报告"
    assert waits.edits[0].text == "3月6日支部党员大会：继续等待，15:45再向您报告。"
    assert [button.text for button in waits.edits[0].buttons()] == ["考勤表", "延期", "改为学习会"]
    await stage.at("2026-03-06 15:45")
    assert (await li.press("改为学习会")).edits[0].text == "3月6日支部党员大会已改为学习会，本次不表决。"
    await stage.at("2026-03-06 17:30")
    await li.press("写记录")
    await li.press("主持人")
    await li.press("李四")
    await li.press("记录人")
    await li.press("孙七")
    await li.press("写内容")
    written = await li.say("会议传达了有关精神，与会同志作了交流发言。")
    assert "还缺" not in written.message.text
    asked = (await li.press("归档")).edits[-1]
    assert asked.text.endswith("归档后不能再改，确认归档吗？")
    await li.press("返回", on=asked)
    await li.press("归档")
    filed = (await li.press("确认归档")).edits[-1]
    assert filed.text.startswith("会议记录（已归档）\n【支部党员大会】讨论发展对象\n")
    assert filed.text.endswith(
        "主持人：李四\n记录人：孙七\n本次为学习会，不表决\n议题：\n1. 传达学习精神\n2. 接收预备党员（郑十）：未表决\n"
        "3. 接收预备党员（冯一）：未表决\n会议内容：会议传达了有关精神，与会同志作了交流发言。"
    )
    exported = await li.press("导出", on=filed)
    assert exported.toast == "文件会发到私聊"
    await stage.settle()
    file = li.last().file
    assert file is not None
    assert file.name == "城建一支部党员大会会议记录20260306.txt"
    lines = file.data.decode("utf-8-sig").split("\r\n")
    assert lines[2] == "时间：2026年3月6日（周五）15:00—16:30"
    assert lines[7].startswith("缺席：李四（未说明）、")
    assert lines[8:12] == ["本次为学习会，不表决", "议题：", "1. 传达学习精神", "2. 接收预备党员（郑十）：未表决"]
    assert lines[-2] == "李四于2026年3月6日 17:30导出"


async def test_a_meeting_held_without_the_bot_is_written_down(chat: Cast) -> None:
    li, zhang = chat("李四"), chat("张三")
    await li.say("/plan 2月27日15点 主题党日 义务植树 @北山公园")
    asked = (await li.press("补录2月27日（周五）15:00")).edits[0]
    assert "请写补录原因" in asked.text
    await li.say("当天没有网络")  # the answer needs no button before it
    await li.press("改原因")
    await li.say("当天山里没有网络")
    done = await li.press("确认补录")
    assert (
        done.edits[0].text == "已补录：【主题党日】义务植树\n2月27日（周五）15:00—17:00，北山公园\n请点名，完成后结束。"
    )
    assert done.messages == []  # nobody is written to
    await li.press("逐人点名")
    await li.press("张三 未签")
    await li.press("结束")
    ended = await li.press("确认结束")
    assert ended.edits[0].text == "主题党日已结束，结果见下一条。"
    assert "签到" not in [button.text for button in (await zhang.say("/meetings")).message.buttons()]


async def test_in_a_group_minutes_point_to_the_private_chat(stage: Stage, chat: Cast) -> None:
    li, group = chat("李四"), stage.group("一支部群")
    told = (await li.say("/minutes", group)).message
    assert told.text == "会议记录请在私聊中填写。"
    assert (await li.press("打开私聊", on=told)).messages[0].text == "近期没有需要写记录的会议。"
