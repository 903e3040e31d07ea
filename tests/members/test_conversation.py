"""Members through the whole bot: what people type, press and upload, and what they read."""

import re
from collections.abc import Callable
from io import BytesIO

from openpyxl import load_workbook

from bot.demo.chats import ADMIN_RIGHTS, Membership, Rank
from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage
from bot.demo.world import BOT_ID
from bot.members import chats, service
from tests import stages
from tests.members.files import HEAD, book
from tests.members.test_workbook import bomb

People = Callable[[str], Actor]
BRANCH, BRANCH_GROUP, NEW_GROUP = "城建一支部", "一支部群", "新建群"
NOT_BOUND = "还没有与名册对应。请向支部书记索取加入链接（24 小时有效，仅限本人）。"


def sheet(message: Message) -> list[list[object]]:
    """The lines of the workbook a message carries, without the heading."""
    assert message.file is not None
    rows = load_workbook(BytesIO(message.file.data)).worksheets[0].iter_rows(min_row=2)
    return [[cell.value for cell in row] for row in rows]


# -- start and help -----------------------------------------------------------------------------------------------


async def test_a_member_starts_and_reads_what_there_is(chat: People) -> None:
    assert (await chat("张三").say("/start")).message.text.startswith("您好，张三。\n您可以用这些命令：")
    assert (await chat("张三").say("帮助")).message.text.startswith("您可以用这些命令：")
    assert (await chat("张三").say("我的")).message.text == "张三\n城建一支部 · 第一党小组\n正式党员"


async def test_a_stranger_reads_one_line_whatever_the_command(chat: People) -> None:
    for command in ("/start", "/help", "/me", "/roster", "/invite", "/bind"):
        assert (await chat("吴九").say(command)).message.text == NOT_BOUND


async def test_anybody_may_ask_for_his_own_number(chat: People, stage: Stage) -> None:
    assert (await chat("吴九").say("/id")).message.text == "您的编号：1007"
    group = stage.group("一支部群")
    assert (await chat("张三").say("/id", group)).message.text == f"本群编号：{group.id}"


async def test_a_stranger_with_a_file_reads_the_same(chat: People) -> None:
    assert (await chat("吴九").upload("名册.xlsx", b"x")).message.text == NOT_BOUND


async def test_a_member_has_no_rights_of_the_secretary(chat: People) -> None:
    for command in ("/roster", "/invite", "/bind"):
        answer = (await chat("张三").say(command)).message.text
        assert answer == "这个操作只有支部书记或管理员可以用。需要开通请联系：李四书记。"


async def test_help_in_the_group_names_nobody(chat: People, stage: Stage) -> None:
    answer = await chat("张三").say("/help", in_=stage.group(BRANCH_GROUP))
    assert answer.message.text == ("本群是城建一支部的群。\n会议通知和签到卡片会发到这里，请假和个人记录请私聊机器人。")


async def test_member_secretary_and_admin_see_different_commands(chat: People) -> None:
    assert chat("张三").commands() == ["today", "meetings", "exam", "mistakes", "me", "settings", "help"]
    assert chat("李四").commands() == ["today", "plan", "meetings", "quiz", "roster", "help"]
    assert chat("王五").commands() == ["today", "quiz", "bank", "orgs", "help"]


async def test_a_forged_button_changes_nothing(chat: People, stage: Stage) -> None:
    card = (await chat("张三").say("/help")).message
    for data in ("members:apply:1", "members:undo:1", "members:yes:1:1", "members:unchat:3", "members:again:1"):
        assert (await chat("张三").press(data=data, on=card)).alert
    for data in ("members:apply:é", "members:join:", "members:page:zzzzzzzzzzzzzzzz", "members:no", "members:swap"):
        assert (await chat("张三").press(data=data, on=card)).alert == "这个按钮已失效，请点最新消息里的按钮。"


# -- joining ------------------------------------------------------------------------------------------------------


async def test_an_invitation_binds_and_can_be_undone(chat: People, stage: Stage) -> None:
    listed = (await chat("李四").say("/invite")).message
    [(name, link, until)] = sheet(listed)
    assert (name, until) == ("吴九", "3月3日 09:00")
    bound = await chat("吴九").follow(str(link))
    assert [m.text for m in bound.messages] == [
        f"已绑定：吴九，{BRANCH}。发送 /help 查看可以做什么。",
        "吴九已绑定。",
    ]
    assert chat("李四").last().text == "吴九已绑定。"
    dead = await chat("吴九").follow(str(link))
    assert dead.message.text == f"本账号已绑定“吴九（{BRANCH}）”。"
    undone = await chat("李四").press("撤销")
    assert undone.edits[0].text == "已解除吴九的账号绑定，已有记录保留。09:05前可撤销。"
    assert (await chat("吴九").say("/me")).message.text == NOT_BOUND
    again = await chat("李四").press("撤销")
    assert again.edits[0].text == "已撤销解除，吴九的账号照常使用。"
    assert chat("吴九").last().text == "您的账号已恢复与名册的对应，可以照常使用。"


async def test_an_invitation_in_the_wrong_hands(chat: People, stage: Stage) -> None:
    link = str(sheet((await chat("李四").say("/invite")).message)[0][1])
    stage.world.add_person(1099, "路人", has_started=False)
    await chat("吴九").follow(link)
    answer = "这个链接已失效，请向支部书记索取新的加入链接。"
    assert (await chat("路人").follow(link)).message.text == answer
    for _ in range(4):
        await chat("路人").follow("https://t.me/ketang_demo_bot?start=j_AAAAAAAAAAAAAAAAAAAAAA")
    assert (await chat("路人").follow(link)).messages == []


async def test_a_claim_waits_for_the_secretary(chat: People) -> None:
    await chat("吴九").say("/start")
    asked = await chat("吴九").press("没有链接，申请加入")
    assert asked.edits[0].text == "您在哪个单位？"
    asked = await chat("吴九").press("示范城建集团")
    assert asked.edits[0].text == "您在哪个支部？"
    assert [button.text for button in asked.edits[0].buttons()] == ["城建一支部", "城建二支部"]
    asked = await chat("吴九").press(BRANCH)
    assert asked.message.text == f"请发送您的姓名，由{BRANCH}书记确认。发送“取消”可放弃。"
    assert (await chat("吴九").say("吴 九")).messages[0].text == "已提交，请等支部书记确认。"
    assert chat("孙七").last().text == f"“吴九”申请绑定{BRANCH}名册，是哪一位？"
    decided = await chat("李四").press("是吴九")
    assert decided.edits[0].text == f"“吴九”的申请：已绑定吴九，{BRANCH}。"
    assert chat("吴九").last().text == f"已绑定：吴九，{BRANCH}。发送 /help 查看可以做什么。"
    assert [button.text for button in decided.edits[0].buttons()] == ["撤销"]
    others = chat("孙七").last()
    assert others.text == f"“吴九”的申请：已绑定吴九，{BRANCH}。已由李四处理。"
    assert list(others.buttons()) == []


async def test_a_dialogue_is_left_by_a_word(chat: People) -> None:
    await chat("吴九").say("/start")
    await chat("吴九").press("没有链接，申请加入")
    await chat("吴九").press("示范城建集团")
    await chat("吴九").press(BRANCH)
    assert (await chat("吴九").say("取消")).message.text == "已放弃刚才的输入，没有改动。"
    assert (await chat("吴九").say("取消")).message.text == "现在没有要取消的输入。"
    assert (await chat("吴九").say("吴九")).message.text == "没有看懂。发送 /help 查看可以做什么。"


# -- the roster ---------------------------------------------------------------------------------------------------


async def test_the_roster_shows_who_is_active(chat: People) -> None:
    listed = (await chat("李四").say("/roster")).message
    assert listed.text.startswith("城建一支部名册\n共12人，已激活11人。")
    assert "周八 · 预备党员 · 已激活" in listed.text
    shown = await chat("李四").press("张三")
    assert shown.edits[0].text == "张三\n城建一支部 · 第一党小组\n正式党员\n已激活"
    assert (await chat("李四").press("解除账号绑定")).edits[0].text == "解除后，张三需要重新取得加入链接。确认解除？"
    await chat("李四").press("确认解除")
    assert (await chat("张三").say("/me")).message.text == NOT_BOUND


async def test_an_admin_chooses_the_branch_first(chat: People) -> None:
    choice = (await chat("王五").say("/roster")).message
    assert [button.text for button in choice.buttons()] == ["城建一支部", "城建二支部", "交通一支部", "下载模板"]
    assert (await chat("王五").press("交通一支部")).edits[0].text.startswith("交通一支部名册\n共7人")


async def test_a_roster_is_imported_after_its_preview(chat: People) -> None:
    bad = book([*HEAD, "手机"], [BRANCH, "郑十", "群众", "13800000000"], [BRANCH, "钱二", "正式党员"])
    shown = (await chat("李四").upload("名册.xlsx", bad)).message
    assert shown.text == (
        "名册预览：新增2，变更0，转入0，职务变更0，无变化0，文件中无12，问题1。\n"
        "问题 第 2 行类别“群众”不能识别，只能是正式党员或预备党员。\n"
        "提醒 发现“手机”列：本系统不需要，已忽略且未保存。\n"
        "名册中有、文件中无（不会移除）：李四、孙七、钱一、张三、龚䶮、冯二、陈九、褚三、周八、吴九、卫五、蒋六"
    )
    assert [button.text for button in shown.buttons()] == ["下载问题清单", "放弃"]
    listed = (await chat("李四").press("下载问题清单")).message
    assert [row[0] for row in sheet(listed)] == ["2", ""]
    good = book(HEAD, [BRANCH, "郑十", "正式党员"], [BRANCH, "钱二", "正式党员"])
    await chat("李四").upload("名册.xlsx", good)
    assert (await chat("李四").press("确认导入")).edits[0].text == "已导入：新增2，变更0，转入0，职务变更0，无变化0。"
    assert (await chat("李四").upload("名册.xlsx", good)).message.text == "与现有名册一致，无变化。"
    assert (await chat("李四").say("/roster")).message.text.startswith("城建一支部名册\n共14人")


async def test_a_yaml_file_is_a_roster_if_it_says_so(chat: People) -> None:
    text = "roster:\n  - branch: 城建一支部\n    members:\n      - name: 郑十\n"
    shown = (await chat("李四").upload("名册.yaml", text.encode())).message
    assert shown.text.startswith("名册预览：新增1，")
    other = (await chat("李四").upload("题库.yaml", b"schema: 1\nbank: x\n")).messages
    assert other
    assert not any(message.text.startswith("名册预览") for message in other)


async def test_a_preview_is_given_up(chat: People) -> None:
    await chat("李四").upload("名册.xlsx", book(HEAD, [BRANCH, "郑十", "正式党员"]))
    given_up = await chat("李四").press("放弃")
    assert given_up.edits[0].text == "已放弃，没有写入任何内容。"
    again = await chat("李四").press("确认导入", on=given_up.edits[0], stale=0)
    assert again.alert == "这份预览已处理或已过期，请重新上传文件。"


async def test_a_bomb_is_refused_and_nobody_waits(chat: People) -> None:
    assert (await chat("李四").upload("名册.xlsx", bomb())).message.text == "文件展开后过大，已拒绝处理。"
    assert (await chat("李四").upload("名册.xlsx", b"PK")).message.text == "文件不完整，可能上传中断，请重新发送。"
    huge = await chat("李四").upload("名册.xlsx", b"\0" * (3 * 1024 * 1024))
    assert huge.message.text == "文件 3 MB，超过 2 MB 上限，请删去图片或分批导入。"
    for _ in range(2):
        await chat("李四").upload("名册.xlsx", b"x")
    assert (await chat("李四").upload("名册.xlsx", b"x")).message.text == "文件发得太频繁，请十分钟后再试。"


async def test_a_member_uploads_no_roster(chat: People) -> None:
    answer = await chat("张三").upload("名册.xlsx", book(HEAD))
    assert answer.message.text == "这个操作只有支部书记或管理员可以用。需要开通请联系：李四书记。"


# -- groups -------------------------------------------------------------------------------------------------------


async def code(chat: People, name: str = "李四") -> str:
    """A new code for 城建一支部."""
    await chat(name).say("/bind")
    card = (await chat(name).press(BRANCH)).message
    found = re.search(f"/bind ([{chats.CODE_LETTERS}]{{6}})", card.text)
    assert found is not None
    return found[1]


async def test_each_purpose_of_a_group_has_its_topic(stage: Stage, chat: People) -> None:
    li = chat("李四")
    forum = stage.world.add_group("论坛群", owner=li.id, members=[chat("张三").id], is_forum=True)
    forum.members[BOT_ID] = Membership(Rank.ADMINISTRATOR, ADMIN_RIGHTS)
    stage.expect_refusal("user not found")  # 孙七 has a list of commands in his branch's group, but is not in this one
    notices, study = (stage.world.add_topic(forum, name).id for name in ("通知", "学习"))
    await li.say("/bind")
    told = (await li.press(BRANCH)).message
    code = re.search(r"/bind (\w{6})", told.text)
    assert code is not None
    asked = (await li.say(f"/bind {code[1]}", forum, topic=notices)).message
    bound = (await li.press("更换", on=asked)).edits[0]
    assert "“这里”是指本话题" in bound.text
    asked = (await li.say("/bind", forum, topic=study)).message
    await li.press("现场答题", on=asked)
    assert asked.text == "现场答题以后在这个话题里进行。"
    card = await stages.announced(stage, group=forum.title)
    await li.say("/round", forum)
    await li.press("从题库随机 3 题", in_=forum)
    assert [message.thread_id for message in (bound, asked, card, li.last(forum))] == [notices, study, notices, study]


async def test_a_group_is_bound_by_the_link_and_replaces_the_first(chat: People, stage: Stage) -> None:
    new = stage.group(NEW_GROUP)
    await chat("李四").say("/bind")
    card = (await chat("李四").press(BRANCH)).message
    assert "现有群“一支部群”在绑定新群后停用。" in card.text
    asked = await chat("李四").follow(str(card.button("选择群并绑定").url), in_=new)
    assert asked.message.text == f"{BRANCH}已绑定“一支部群”。更换为本群？"
    assert (await chat("张三").press("更换", in_=new)).alert == (
        "这个操作只有支部书记或管理员可以用。需要开通请联系：李四书记。"
    )
    done = await chat("李四").press("更换", in_=new)
    assert done.edits[0].text.startswith(f"本群已绑定{BRANCH}，会议通知和签到卡片会发到这里，群内只显示人数。")
    unit = stage.session(service.unit_of_chat, new.id)
    assert unit is not None
    assert unit.name == BRANCH


async def test_a_code_said_as_the_group_waits_for_the_person(chat: People, stage: Stage) -> None:
    new = stage.group(NEW_GROUP)
    await stage.add_bot(new, by=chat("李四").id)
    word = await code(chat)
    asked = await chat("李四").say(f"/bind {word}", in_=new, as_group=True)
    assert asked.message.text == "您正以群身份发言，系统认不出是谁。"
    assert (await chat("张三").press("请本人确认", in_=new)).alert == (
        "这个操作只有支部书记或管理员可以用。需要开通请联系：李四书记。"
    )
    assert stage.session(service.unit_of_chat, new.id) is None
    confirmed = await chat("李四").press("请本人确认", in_=new)
    assert confirmed.message.text == f"{BRANCH}已绑定“一支部群”。更换为本群？"
    replaced = (await chat("李四").press("更换", in_=new)).edits[0]
    unit = stage.session(service.unit_of_chat, new.id)
    assert unit is not None
    assert unit.name == BRANCH
    assert (await chat("李四").press("撤销", on=replaced)).edits[0].text == (
        f"已撤销更换，{BRANCH}的通知照常发到“一支部群”，本群不再使用。"
    )
    assert stage.session(service.unit_of_chat, new.id) is None


async def test_a_wrong_code(chat: People, stage: Stage) -> None:
    group = stage.group(BRANCH_GROUP)
    answer = await chat("李四").say("/bind AAAAAA", in_=group)
    assert answer.message.text == "口令不对或已过期，请私聊机器人发送 /bind 重新取得。"
    answer = await chat("李四").say("/bind", in_=group)
    assert answer.message.text == "请先私聊机器人发送 /bind 取得口令，再在本群使用。"


async def test_a_stranger_who_adds_the_bot_is_left_politely(chat: People, stage: Stage) -> None:
    new = stage.group(NEW_GROUP)
    result = await stage.add_bot(new, by=chat("张三").id)
    assert [m.text for m in result.messages] == [
        "您好，本机器人只为已登记的党支部服务，请支部书记来绑定。打扰了，先退出。"
    ]
    assert not new.holds(BOT_ID)


async def test_the_secretary_hears_once_that_the_bot_is_gone(chat: People, stage: Stage) -> None:
    group = stage.group(BRANCH_GROUP)
    await stage.kick(group)
    assert chat("李四").last().text == "机器人已不在“一支部群”，请重新邀请。在此之前会议通知改为私信。"
    assert stage.session(service.unit_of_chat, group.id) is None
    await stage.add_bot(group, by=chat("张三").id)
    assert stage.session(service.unit_of_chat, group.id) is not None


async def test_a_bound_group_that_is_upgraded_stays_bound(chat: People, stage: Stage) -> None:
    new = stage.group(NEW_GROUP)
    await stage.add_bot(new, by=chat("李四").id)
    await chat("李四").say(f"/bind {await code(chat)}", in_=new)
    await chat("李四").press("更换", in_=new)
    larger = await stage.upgrade(new)
    unit = stage.session(service.unit_of_chat, larger.id)
    assert unit is not None
    assert unit.name == BRANCH


async def test_the_secretary_hears_of_somebody_who_blocked_the_bot(chat: People) -> None:
    await chat("张三").block()
    assert chat("李四").last().text == "张三收不到机器人的私信（停用或屏蔽了机器人），请当面通知。"
    assert "张三 · 无法私信" in (await chat("李四").say("/roster")).message.text
    await chat("张三").unblock()
    assert "张三 · 已激活" in (await chat("李四").say("/roster")).message.text
