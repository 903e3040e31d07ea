"""组织与角色 and 提醒设置 as people meet them: by buttons, in private."""

from collections.abc import Callable
from io import BytesIO

from openpyxl import load_workbook

from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage

People = Callable[[str], Actor]


def labels(message: Message) -> list[str]:
    return [button.text for button in message.buttons()]


async def test_the_admin_walks_the_tree_and_appoints(chat: People) -> None:
    top = (await chat("王五").say("/orgs")).message
    assert top.text == "示范区国资系统党委\n管理员：王五\n点下级组织继续。"
    assert labels(top) == ["王五", "示范城建集团", "示范交通集团", "工作日历"]
    assert (await chat("王五").press("工作日历")).message.text.startswith("工作日历\n2004—2026年：程序自带")
    await chat("王五").press("示范城建集团")
    branch = (await chat("王五").press("城建一支部")).edits[0]
    assert branch.text == (
        "城建一支部\n书记：李四\n组织委员：孙七\n委员：钱一\n第一党小组组长：钱一\n第二党小组组长：褚三\n共12人。点姓名任免。"
    )
    shown = (await chat("王五").press("张三")).edits[0]
    assert shown.text == "张三\n城建一支部 · 第一党小组\n正式党员"
    assert labels((await chat("王五").press("任命")).edits[0])[:2] == ["第一党小组", "城建一支部"]
    assert labels((await chat("王五").press("城建一支部")).edits[0]) == ["书记", "副书记", "组织委员", "委员", "返回"]
    asked = (await chat("王五").press("副书记")).edits[0]
    assert asked.text == "任命张三为城建一支部副书记，今天起生效。"
    done = (await chat("王五").press("确认任命")).edits[0]
    assert done.text.startswith("已任命张三为城建一支部副书记。09:05前可撤销。\n张三\n城建一支部")
    assert chat("张三").commands() == ["today", "plan", "meetings", "quiz", "roster", "help"]
    assert chat("张三").last().text == "您已担任城建一支部副书记（王五办理）。发送 /help 查看可以做什么。"
    await chat("王五").press("免去城建一支部副书记")
    assert (await chat("王五").press("确认免去")).edits[0].text.startswith("已免去张三的城建一支部副书记职务。")
    assert chat("张三").commands() == ["today", "meetings", "exam", "mistakes", "me", "settings", "help"]


async def test_the_secretary_appoints_group_leaders(chat: People) -> None:
    branch = (await chat("李四").say("/orgs")).message
    assert branch.text.startswith("城建一支部\n书记：李四")
    await chat("李四").press("张三")
    asked = (await chat("李四").press("任命")).edits[0]
    assert asked.text == "任命张三担任第一党小组的什么职务？"
    await chat("李四").press("组长")
    await chat("李四").press("确认任命")
    assert chat("王五").last().text == "李四任命张三为第一党小组组长。09:05前可撤销。"
    assert labels((await chat("王五").press("查看")).edits[0])[0] == "任命"


async def test_an_exemption_by_one_message(chat: People) -> None:
    await chat("王五").say("/orgs")
    for button in ("示范城建集团", "城建一支部", "张三", "不计入应到", "不计入应到"):
        asked = await chat("王五").press(button)
    assert asked.message.text.startswith("张三不计入应到。请用一条消息发送，各项用逗号隔开：\n依据，批准人，批准日期")
    wrong = (await chat("王五").say("病休")).message
    assert wrong.text.startswith("没有看懂。请用逗号隔开，例如：长期病休")
    told = await chat("王五").say("长期病休，上级党委，2026-02-20，2026-03-01")
    line = "不计入应到（2026年3月1日起，依据：长期病休，上级党委2026年2月20日批准）"
    assert told.messages[0].text == f"已登记：张三{line}。"
    assert chat("张三").last().text == f"您已登记为{line}。如有异议请联系上级管理员。"
    card = (await chat("王五").press("撤销")).edits[0]
    assert card.text == "不计入登记已结束。\n张三\n城建一支部 · 第一党小组\n正式党员"


async def test_quiet_hours_are_widened_by_buttons(chat: People) -> None:
    shown = (await chat("张三").say("/settings")).message
    assert shown.text == (
        "提醒设置\n您的免打扰时段：每天21:30—07:30\n"
        "城建一支部的免打扰时段是21:30—07:30。您可以开始得更早、结束得更晚，不能缩短。\n会议开始前后的签到提醒不受影响。"
    )
    changed = (await chat("张三").press("20:00起")).edits[0]
    assert "您的免打扰时段：每天20:00—07:30" in changed.text
    assert "✓ 20:00起" in labels(changed)
    assert "支部的免打扰时段" not in labels(changed)


async def test_the_secretary_sets_the_hours_of_the_branch(chat: People, stage: Stage) -> None:
    await chat("李四").say("/settings")
    shown = (await chat("李四").press("支部的免打扰时段")).edits[0]
    assert shown.text.startswith("城建一支部的免打扰时段：每天21:30—07:30")
    await chat("李四").press("21:00起")
    assert "城建一支部的免打扰时段是21:00—07:30。" in (await chat("张三").say("/settings")).message.text
    there = await chat("张三").say("/settings@ketang_demo_bot", stage.group("一支部群"))
    assert there.message.text == "提醒设置在私聊里。"


async def test_ones_own_data_come_as_a_file(chat: People) -> None:
    shown = (await chat("张三").say("/me")).message
    assert labels(shown) == ["我的考勤", "错题本", "导出我的数据", "删除我的数据"]
    told = (await chat("张三").press("导出我的数据")).message
    assert told.text == "系统中与您有关的全部记录，仅发给您本人。"
    assert told.file is not None
    book = load_workbook(BytesIO(told.file.data))
    assert book["名册"]["A2"].value == "张三"


async def test_the_data_of_a_member_are_erased_in_two_steps_by_two_people(chat: People) -> None:
    await chat("张三").say("/me")
    asked = (await chat("张三").press("删除我的数据")).edits[0]
    assert asked.text == (
        "删除我的数据\n将删除：姓名、工号、日期、账号绑定、请假和说明的原因、答题内容、收到的消息。\n"
        "将保留：参加会议和答题的次数，只用于支部统计，不再与姓名对应。\n删除后不能恢复。\n"
        "您在支部名册中，由上级管理员确认后删除，删除后名册中不再有您。"
    )
    assert (await chat("张三").press("提交申请")).edits[0].text == "已提交，请等上级管理员确认。"
    assert chat("王五").last().text == "城建一支部张三申请删除个人信息。"
    sure = (await chat("王五").press("查看")).edits[0]
    assert sure.text.startswith("删除张三的个人信息\n将删除：")
    assert (await chat("王五").press("确认删除")).edits[0].text == "个人信息已删除。"
    assert chat("张三").last().text == "您的个人信息已按申请删除，机器人不再保存您的账号。"
    assert (await chat("张三").say("/me")).message.text.startswith("还没有与名册对应。")
    assert (await chat("李四").say("/roster")).message.text.startswith("城建一支部名册\n共11人")


async def test_a_wish_thought_better_of(chat: People) -> None:
    await chat("张三").say("/me")
    await chat("张三").press("删除我的数据")
    assert (await chat("张三").press("不删除")).edits[0].text == "没有删除任何内容。"
