"""Every text of members in full, and every button's data within Telegram's limit."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.members import roster_views, views
from bot.members.facts import (
    Bound,
    ChatBound,
    Choice,
    ClaimCard,
    CodeCard,
    Invitation,
    Record,
    RosterList,
    Undoable,
)
from bot.members.phrases import HEADINGS
from bot.members.rules import Actor, Grant, Reach, Role, UnitKind, UnitRef
from bot.members.service import Person
from bot.message import MAX_DATA, Message, base36
from bot.undo import WINDOW
from tests.make import NOW

DISTRICT = UnitRef(1, UnitKind.DISTRICT_COMMITTEE, "示范区国资系统党委", "/1/")
BRANCH = UnitRef(3, UnitKind.BRANCH, "一支部", "/1/2/3/")
BIG = 2**31 - 1
DONE = Bound(BIG, "张三", "一支部")


def someone(
    name: str = "张三",
    member_id: int = 10,
    *,
    group: str | None = None,
    number: str | None = None,
    user_id: int | None = 1001,
    reach: Reach = Reach.OK,
    is_probationary: bool = False,
    is_leader: bool = False,
    is_guest: bool = False,
) -> Person:
    return Person(
        member_id=member_id,
        name=name,
        staff_no=number,
        branch_id=3,
        group_id=4 if group else None,
        group_name=group,
        is_probationary=is_probationary,
        is_leader=is_leader,
        is_suspended=False,
        is_guest=is_guest,
        user_id=user_id,
        reach=reach,
    )


def actor(*roles: Role, member_id: int = 10, is_root: bool = False) -> Actor:
    grants = tuple(Grant(role, DISTRICT if role is Role.ADMIN else BRANCH) for role in roles)
    return Actor(member_id, 1001, "张三" if member_id else "", BRANCH, None, grants, is_root)


def labels(message: Message) -> list[str]:
    return [button.label for row in message.buttons for button in row]


# -- start, help, own record --------------------------------------------------------------------------------------


def test_a_stranger_reads_one_neutral_line() -> None:
    message = views.stranger()
    assert message.text == "还没有与名册对应。请向支部书记索取加入链接（24 小时有效，仅限本人）。"
    assert labels(message) == ["没有链接，申请加入"]


def test_help_lists_what_one_may() -> None:
    everybody = (
        "您可以用这些命令：\n/today 今天要参加和要处理的事\n/meetings 近期会议、参加与请假\n"
        "/exam 我的考试\n/mistakes 错题本\n/daily 每日一题\n"
        "/me 我的记录，导出或删除我的数据\n/settings 提醒设置：免打扰时段\n/help 本说明"
    )
    words = "也可以直接发送：签到、请假、考试、错题、我的、帮助、取消。"
    assert views.help_private(actor()).text == f"{everybody}\n\n{words}"
    assert views.welcome(actor()).text == f"您好，张三。\n{everybody}\n\n{words}"
    officers = (
        "负责人还可以用：\n"
        "/plan 安排会议，例如 /plan 下周五15点 主题党日\n"
        "/series 周期会议：每月、每周的固定会议\n"
        "/roll 考勤表：谁到会、谁请假；点名、更正\n"
        "/minutes 会议记录\n"
        "/export 导出考勤：签到表、明细、统计\n"
        "/quiz 出题与考试\n"
        "/round 在支部群里开始现场答题\n"
        "/bank 题库；直接发送题库文件可导入\n"
        "/roster 名册；直接发送名册文件可导入\n"
        "/invite 给还没有激活的党员生成加入链接\n"
        "/bind 把支部群与机器人绑定"
    )
    assert views.help_private(actor(Role.ORGANIZER)).text == f"{everybody}\n\n{officers}\n\n{words}"
    leaders = "/orgs 组织与角色：任免党小组长"
    assert views.help_private(actor(Role.SECRETARY)).text == f"{everybody}\n\n{officers}\n{leaders}\n\n{words}"
    above = officers.replace("；点名、更正", "；点名")
    top = "/orgs 组织与角色：任免、不计入应到\n/calendar 工作日历；直接发送放假安排可导入"  # ADMIN of the top unit
    assert views.help_private(actor(Role.ADMIN)).text == f"{everybody}\n\n{above}\n{top}\n\n{words}"
    assert "/plan" in views.help_private(actor(Role.GROUP_LEADER)).text
    commissioner = views.help_private(actor(Role.COMMISSIONER)).text
    assert "/roll 考勤表：谁到会、谁请假\n" in commissioner
    assert "/roster" not in commissioner


def test_a_root_user_outside_the_roster_reads_of_the_roster_only() -> None:
    assert views.welcome(actor(member_id=0, is_root=True)).text == (
        "您好。\n"
        "您可以用这些命令：\n"
        "/roster 名册；直接发送名册文件可导入\n"
        "/invite 给还没有激活的党员生成加入链接\n"
        "/bind 把支部群与机器人绑定\n"
        "/orgs 组织与角色：任免管理员\n"
        "/calendar 工作日历；直接发送放假安排可导入"
    )


def test_help_in_a_group() -> None:
    assert views.help_group(BRANCH).text == (
        "本群是一支部的群。\n会议通知和签到卡片会发到这里，请假和个人记录请私聊机器人。"
    )
    assert views.help_group(None).text.startswith("本群还没有绑定支部。\n")
    assert labels(views.help_group(None)) == ["打开私聊"]


def test_ones_own_record() -> None:
    grants = [Grant(Role.SECRETARY, BRANCH), Grant(Role.STUDY_MEMBER, DISTRICT)]
    assert views.record(Record(someone(group="第一党小组", number="A1", is_leader=True), "一支部", grants)) == (
        "<b>张三</b>（工号 A1）\n一支部 · 第一党小组\n正式党员，党员领导干部\n职务：书记、示范区国资系统党委中心组成员"
    )
    assert views.record(Record(someone('<b>&"张', is_probationary=True), None, ())) == (
        '<b>&lt;b&gt;&amp;"张</b>\n目前不在任何支部\n预备党员'
    )


def test_roles_of_the_own_branch_need_no_unit() -> None:
    grants = [Grant(Role.SECRETARY, BRANCH), Grant(Role.ADMIN, DISTRICT)]
    assert views.role_names(grants, BRANCH) == "书记、示范区国资系统党委管理员"


def test_a_command_sent_as_the_group() -> None:
    message = views.confirm_yourself("members:as:bind:7F3K2Q")
    assert message.text == "您正以群身份发言，系统认不出是谁。"
    assert labels(message) == ["请本人确认", "打开私聊"]


def test_two_people_of_one_name_are_told_apart() -> None:
    people = [
        someone("张三", 1, group="第二小组"),
        someone("张三", 2, number="A2"),
        someone("李四", 3, group="第二小组"),
    ]
    assert views.names(people) == {1: "张三（第二小组）", 2: "张三（A2）", 3: "李四"}
    alike = [someone("张三", 1, group="第二小组", number="A1"), someone("张三", 2, group="第二小组", number="A2")]
    assert views.names(alike) == {1: "张三（A1）", 2: "张三（A2）"}
    assert views.short("欧阳" * 8) == "欧阳" * 5 + "欧…"


# -- joining ------------------------------------------------------------------------------------------------------


def test_texts_of_joining() -> None:
    assert views.bound(DONE).text == "已绑定：张三，一支部。发送 /help 查看可以做什么。"
    assert views.bound_notice(DONE, "zhang").text == "张三已绑定（@zhang）。"
    assert views.bound_notice(DONE, "").text == "张三已绑定。"
    assert labels(views.bound_notice(DONE, "")) == ["撤销"]
    released = Undoable("张三", 7, NOW + WINDOW)
    assert views.undone(released, 4).text == "已解除张三的账号绑定，已有记录保留。09:05前可撤销。"
    assert views.ask_name(BRANCH).text == "请发送您的姓名，由一支部书记确认。发送“取消”可放弃。"
    assert views.claim_sent().text == "已提交，请等支部书记确认。"
    assert views.all_active(BRANCH).text == "一支部的党员都已激活。"
    assert views.invite_caption(BRANCH, 5, NOW + timedelta(days=1)) == (
        "一支部还有5人没有激活。每条链接只能由本人用一次，3月3日 09:00前有效；重新生成后旧链接作废。"
    )
    assert views.invite_file(BRANCH) == "一支部邀请单.xlsx"
    assert roster_views.ask_unbind("张三", 10).text == "解除后，张三需要重新取得加入链接。确认解除？"
    assert views.cancelled(was_awaited=True).text == "已放弃刚才的输入，没有改动。"
    assert views.cancelled(was_awaited=False).text == "现在没有要取消的输入。"


def test_a_claim_for_those_who_decide() -> None:
    card = views.claim_card(ClaimCard(BIG, "张三", "一支部", [someone("张三", BIG, user_id=None)]))
    assert card.text == "“张三”申请绑定一支部名册，是哪一位？"
    assert labels(card) == ["是张三", "不是本支部党员"]
    nobody = views.claim_card(ClaimCard(1, "路人", "一支部", []))
    assert nobody.text == "“路人”申请绑定一支部名册，名册中没有未激活的同名党员。"
    assert labels(nobody) == ["不是本支部党员"]
    assert views.claim_decided("张三", DONE).text == "“张三”的申请：已绑定张三，一支部。"
    assert views.claim_decided("路人", None).text == "“路人”的申请：不是本支部党员。"
    assert views.claim_decided("路人", None, by="李四") == Message("“路人”的申请：不是本支部党员。已由李四处理。")


def units(count: int) -> Sequence[UnitRef]:
    return [UnitRef(n, UnitKind.BRANCH, f"第{n}支部", f"/1/{n}/") for n in range(1, count + 1)]


@pytest.mark.parametrize(("page", "shown"), [(0, [*range(1, 11), "下一页"]), (2, [21, "上一页"])])
def test_units_are_chosen_by_pages_of_ten(page: int, shown: list[int | str]) -> None:
    message = views.branch_choice(Choice(units(21), page, DISTRICT))
    assert message.text == "您在哪个支部？"
    assert labels(message) == [name if isinstance(name, str) else f"第{name}支部" for name in shown]


# -- the roster in the chat ---------------------------------------------------------------------------------------


def test_a_branchs_roster() -> None:
    people = [
        someone("李四", 1),
        someone("周八", 2, is_probationary=True, reach=Reach.BLOCKED),
        someone("吴九", 3, user_id=None),
        someone("王五", 4, is_guest=True),
    ]
    message = roster_views.roster_list(RosterList(BRANCH, people, {1: [Role.SECRETARY]}))
    assert message.text == (
        "<b>一支部名册</b>\n"
        "共4人，已激活3人。导入：把名册文件（.xlsx 或 .yaml）发给我。\n"
        "1. 李四 · 书记 · 已激活\n"
        "2. 周八 · 预备党员 · 无法私信\n"
        "3. 吴九 · 未激活\n"
        "4. 王五 · 流动党员 · 已激活"
    )
    assert labels(message) == ["李四", "周八", "吴九", "王五", "邀请单", "下载模板"]


def test_a_second_page_goes_on_counting() -> None:
    people = [someone(f"党员{n}", n) for n in range(1, 13)]
    message = roster_views.roster_list(RosterList(BRANCH, people, {}, 1))
    assert message.text.endswith("11. 党员11 · 已激活\n12. 党员12 · 已激活")
    assert labels(message) == ["党员11", "党员12", "上一页", "邀请单", "下载模板"]


def test_a_person_in_the_secretarys_hand() -> None:
    message = roster_views.person(Record(someone(), "一支部", ()))
    assert message.text == "<b>张三</b>\n一支部\n正式党员\n已激活"
    assert labels(message) == ["移出名册", "解除账号绑定", "返回名册"]
    assert labels(roster_views.person(Record(someone(user_id=None), "一支部", ()))) == [
        "移出名册",
        "生成加入链接",
        "返回名册",
    ]
    made = Invitation("一支部", "吴九", "x" * 22, datetime(2026, 3, 3, 1, 0, tzinfo=UTC))
    assert roster_views.link(made, "https://t.me/b?start=j_x").text == (
        "吴九的加入链接，只能由本人用一次，3月3日 09:00前有效；以前的链接作废：\nhttps://t.me/b?start=j_x"
    )


# -- groups -------------------------------------------------------------------------------------------------------


def test_texts_of_groups() -> None:
    card = views.code_card(CodeCard(BRANCH, "7F3K2Q", None))
    assert card.text == (
        "为<b>一支部</b>绑定群，10分钟内有效，只能用一次：\n"
        "1. 机器人还不在群里：点下面的按钮，选择群。\n"
        "2. 机器人已在群里：在群里发送 <code>/bind 7F3K2Q</code>"
    )
    assert [button.group_link for row in card.buttons for button in row] == ["gb_7F3K2Q"]
    assert labels(views.code_card(CodeCard(BRANCH, "7F3K2Q", "一支部群"))) == ["选择群并绑定", "解除现有群"]
    assert views.chat_bound(ChatBound(BRANCH)).text == (
        "本群已绑定一支部，会议通知和签到卡片会发到这里，群内只显示人数。\n"
        "需要置顶通知时，请把机器人设为管理员并允许置顶消息。"
    )
    assert views.ask_replace(ChatBound(BRANCH, "7F3K2Q", "一支部群")).text == "一支部已绑定“一支部群”。更换为本群？"
    replaced = views.chat_bound(ChatBound(BRANCH, undo=Undoable("一支部群", 7, NOW + WINDOW)))
    assert replaced.text.split("\n")[-1] == "原来的“一支部群”不再使用。09:05前可撤销。"
    assert [button.data for row in replaced.buttons for button in row] == ["members:unswap:7"]
    assert views.put_back(BRANCH, "一支部群").text == "已撤销更换，一支部的通知照常发到“一支部群”，本群不再使用。"
    assert views.ask_loosen(BRANCH, "一支部群").text == "解除一支部与“一支部群”的绑定？会议通知改为私信。"
    assert labels(views.ask_loosen(BRANCH, "一支部群")) == ["确认解除", "返回"]
    loosened = views.chat_loosened(Undoable("一支部", 7, NOW + WINDOW), BRANCH.id)
    assert loosened.text == "已解除一支部的群绑定，会议通知改为私信。09:05前可撤销。"
    assert [button.data for row in loosened.buttons for button in row] == [
        *("members:rejoin:7", f"members:code:{base36(BRANCH.id)}"),
    ]
    assert views.how_to_bind().text == "请先私聊机器人发送 /bind 取得口令，再在本群使用。"
    assert views.wrong_code().text == "口令不对或已过期，请私聊机器人发送 /bind 重新取得。"


# -- roster files -------------------------------------------------------------------------------------------------


def test_a_result_is_told_in_one_line() -> None:
    counts = {"new": 3, "changed": 1, "moved": 1, "posts": 0, "same": 20, "missing": 2, "problems": 0}
    assert roster_views.counts(counts) == "新增3，变更1，转入1，职务变更0，无变化20，文件中无2，问题0。"
    assert roster_views.applied(counts) == "已导入：新增3，变更1，转入1，职务变更0，无变化20。"


def test_where_there_is_nothing_to_choose_from_the_way_on_is_told() -> None:
    none, told = Choice([]), "名册里还没有这样的组织。请管理员先导入名册：把名册文件（.xlsx 或 .yaml）发给我。"
    offered = [views.invite_choice(none), views.bind_choice(none), views.company_choice(none)]
    assert [(message.text, message.buttons) for message in offered] == [(told, ())] * 3
    listed = roster_views.roster_choice(none)
    assert (listed.text, [button.label for row in listed.buttons for button in row]) == (told, ["下载模板"])


def test_all_callback_data_fits() -> None:
    person = someone(member_id=BIG)
    large = UnitRef(BIG, UnitKind.BRANCH, "支部" * 30, "/1/")
    many = Choice([large] * 30, 1, large)
    messages = [
        views.stranger(),
        views.bound_notice(DONE, ""),
        views.company_choice(many),
        views.branch_choice(many),
        views.invite_choice(many),
        roster_views.roster_choice(many),
        views.bind_choice(many),
        views.claim_card(ClaimCard(BIG, "张三", "一支部", [person])),
        roster_views.roster_list(RosterList(large, [person] * 30, {}, 1)),
        roster_views.person(Record(person, "一支部", ())),
        roster_views.ask_unbind("张三", BIG),
        views.code_card(CodeCard(large, "7F3K2Q", "群")),
        views.ask_replace(ChatBound(large, "7F3K2Q", "群")),
        views.unsure("群", BIG),
    ]
    data = [button.data for message in messages for row in message.buttons for button in row if button.data]
    assert len(data) > 60
    assert all(len(word.encode()) <= MAX_DATA and word.startswith("members:") for word in data)


def test_the_template_names_every_column_by_its_first_heading() -> None:
    assert [words[0] for words in HEADINGS.values()] == [
        "国企",
        "上级党组织",
        "党支部",
        "党小组",
        "姓名",
        "工号",
        "类别",
        "入党日期",
        "转正日期",
        "职务",
        "党员领导干部",
        "起始日期",
        "备注",
    ]
