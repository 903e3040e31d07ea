"""What follows a meeting as people see it: corrections, 补课, guests, votes and files, through the whole bot."""

from collections.abc import Callable
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.demo.chats import Chat
from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage
from bot.meetings.models import AgendaItem, Meeting
from bot.meetings.rules import MeetingState, VoteRule
from tests.stages import announced

Cast = Callable[[str], Actor]
ASSEMBLY = "3月6日15点 支部党员大会 讨论发展对象 @三楼会议室"


@pytest.fixture
async def group(stage: Stage) -> Chat:
    """一支部群 with the card of an assembly on Friday, on whose agenda stands one vote."""
    await announced(stage, ASSEMBLY)
    stage.database.run(_put_to_vote)
    return stage.group("一支部群")


def _put_to_vote(session: Session) -> None:
    meeting_id = session.scalars(select(Meeting.id).where(Meeting.state == MeetingState.SCHEDULED)).first()
    row = AgendaItem(meeting_id=meeting_id, position=1, title="接收预备党员", person_name="李明")
    row.vote_rule = VoteRule.ADMISSION
    session.add(row)


def labels(message: Message) -> list[str]:
    return [button.text for button in message.buttons()]


async def sheet(li: Actor) -> Message:
    """Posted anew; where several meetings are near, the assembly's is chosen."""
    asked = (await li.say("/roll")).messages[0]
    if "3月6日 15:00 支部党员大会" in labels(asked):
        await li.press("3月6日 15:00 支部党员大会", on=asked)
    return li.last()


async def test_a_vote_is_typed_in_one_line_and_judged(stage: Stage, chat: Cast, group: Chat) -> None:
    li = chat("李四")
    await stage.at("2026-03-06 15:20")
    shown = await sheet(li)
    await li.press("其余全部到会", on=(await li.press("点名", on=shown)).message)
    await li.press("确认12人到会")
    assert "有表决权应到11，到会11，超过半数" in shown.text
    votes = (await li.press("表决", on=shown)).message
    assert labels(votes) == ["1 登记票数"]
    asked = (await li.press("1 登记票数", on=votes)).message
    assert asked.text.startswith("1. 接收预备党员（李明）\n有表决权应到11，到会11，超过半数\n\n请写票数")
    assert (await li.say("赞成12")).message.text == "票数之和超过到会人数"
    told = (await li.say("赞成10 弃权1")).message
    assert told.text == "1. 接收预备党员（李明）\n15:20，有表决权应到11，到会11，超过半数：赞成10，反对0，弃权1。通过"


async def test_who_forgot_to_sign_says_so_and_the_secretary_agrees(stage: Stage, chat: Cast, group: Chat) -> None:
    li, zhang = chat("李四"), chat("张三")
    await stage.at("2026-03-09 09:31")
    assert (await zhang.press("忘记签到")).toast == "已提交，等待书记确认"
    today = (await li.say("/today")).messages[0]
    asked = (await li.press("确认张三的更正", on=today)).message
    assert (asked.text, labels(asked)) == ("张三申请补签（忘记签到）：3月6日支部党员大会。", ["同意", "不同意"])
    await li.press("同意", on=asked)
    assert asked.text.endswith("已由李四处理：同意")
    assert zhang.last().text == (
        "李四将您3月6日支部党员大会的记录由“缺席”改为“到会（补签）”，原因：忘记签到。如有异议请联系书记。"
    )
    mine = (await zhang.press("我的考勤", on=(await zhang.say("/meetings")).message)).message
    trail = (await zhang.press("3月6日 支部党员大会", on=mine)).message
    assert trail.text.split("\n")[1:] == [
        "3月6日17:00 到时自动：会议结束，缺席",
        "3月9日09:31 本人：提出更正为到会，原因：忘记签到",
        "3月9日09:31 李四：缺席更正为到会，原因：忘记签到",
    ]


async def test_a_correction_is_chosen_by_buttons_and_explained(stage: Stage, chat: Cast, group: Chat) -> None:
    li, sun = chat("李四"), chat("孙七")
    await stage.at("2026-03-06 18:00")
    page = (await li.press("更正", on=await sheet(li))).message
    await li.press("孙七 缺席", on=page)
    assert page.text == "孙七，3月6日支部党员大会：缺席"
    await li.press("公假", on=page)
    assert (await li.say("会")).message.text == "请用2到200个字写明原因。"
    told = await li.say("上级临时通知开会")
    assert told.messages[0].text == "孙七：由“缺席”改为“请假（补假，公假）”。已更正，本人可以在我的考勤中看到。"
    assert sun.last().text.startswith("李四将您3月6日支部党员大会的记录由“缺席”改为“请假（补假，公假）”")
    page = (await li.press("更正", on=await sheet(li))).message
    await li.press("孙七 请假", on=page)
    await li.press("登记补课", on=page)
    await li.press("自学", on=page)
    await li.press("3月6日", on=page)
    assert page.text.startswith("已登记孙七补课：自学，3月6日。实到人数不变。")
    assert (await li.say("学习发展党员工作细则")).message.text == "已记下补课内容。"
    assert "请假1：孙七（公假，已补课）" in (await sheet(li)).text


async def test_guests_are_told_by_name_or_number(stage: Stage, chat: Cast, group: Chat) -> None:
    li = chat("李四")
    await stage.at("2026-03-06 15:20")
    shown = await sheet(li)
    await li.press("列席", on=shown)
    await li.press("群众")
    assert (await li.say("三十多人")).message.text.startswith("没看懂。请写姓名")
    assert (await li.say("32")).message.text.split("\n")[1] == "群众32人"
    await li.press("列席", on=shown)
    await li.press("积极分子")
    listed = (await li.say("李明、王红")).message
    await li.press("删去王红", on=listed)
    assert shown.text.endswith("\n积极分子1人：李明\n群众32人")


async def test_the_list_is_taken_home_as_a_workbook(stage: Stage, chat: Cast, group: Chat) -> None:
    li, zhang = chat("李四"), chat("张三")
    await stage.at("2026-03-06 15:05")
    await zhang.press("签到", in_=group)
    sent = await li.press("导出", on=await sheet(li))
    assert sent.toast == "文件会发到私聊"
    workbook, listing = (message.file for message in sent.messages)
    assert workbook is not None
    assert listing is not None
    assert (workbook.name, listing.name) == (
        "城建一支部党员大会考勤20260306.xlsx",
        "城建一支部党员大会考勤20260306.csv",
    )
    assert load_workbook(BytesIO(workbook.data)).sheetnames == ["签到表", "明细", "统计", "通知送达"]
    choice = (await li.say("/export")).message
    assert "2026年3月" in labels(choice)
    assert (await zhang.say("/export")).message.text.startswith("这个操作只有支部书记或管理员可以用。")
    assert labels((await li.say("/export", group)).message) == ["打开私聊"]
