"""Words and buttons of members: who somebody is, joining, groups, help. Roster: `roster_views`, menus: `menu_views`."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.exports import Kept
from bot.members import menu_views
from bot.members.facts import Bound, ChatBound, Choice, ClaimCard, CodeCard, Record, Undoable
from bot.members.rules import Actor, Grant, NotBound, Role, TopicOf, UnitKind, UnitRef
from bot.members.service import Person
from bot.message import Button, Buttons, Content, Document, Html, Message, Poll, cut, escape, fill, lines, press, rows
from bot.periods import beijing

LABEL = 12  # characters of a name on a button
PAGE = 10

ROLES = {
    Role.SECRETARY: "书记",
    Role.DEPUTY: "副书记",
    Role.ORGANIZER: "组织委员",
    Role.COMMISSIONER: "委员",
    Role.GROUP_LEADER: "党小组长",
    Role.STUDY_MEMBER: "中心组成员",
    Role.ADMIN: "管理员",
}
GROUP_LEADER = "组长"  # behind the name of the group
ROOT = "系统管理员"

# -- parts -----------------------------------------------------------------------------------------------------------


def names(people: Sequence[Person]) -> dict[int, str]:
    """How to call each of these people: two of one name are told apart by group or number."""
    return {person.member_id: _told_apart(person, people) for person in people}


def _told_apart(person: Person, people: Sequence[Person]) -> str:
    groups = [other.group_name for other in people if other.name == person.name]
    own = person.group_name if groups.count(person.group_name) == 1 else None
    mark = own or person.staff_no or person.group_name
    return f"{person.name}（{mark}）" if len(groups) > 1 and mark else person.name


def short(name: str) -> str:
    return cut(name, LABEL)


def moment(at: datetime) -> str:
    local = beijing(at)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def export_kept(kept: Kept) -> Message:
    """To whoever asked for files that stay on the machine: where they lie in its folder, not where that is."""
    named = (fill("{name}", name=name) for name in kept.names)
    return Message(lines("已存入服务器的导出文件夹：", *named, f"{kept.days} 天后自动删除。领取请联系系统管理员。"))


def role_names(grants: Sequence[Grant], home: UnitRef | None = None) -> str:
    """Roles with their unit unless it is the person's own branch."""
    return "、".join(ROLES[g.role] if home is not None and g.unit.id == home.id else post(g) for g in grants)


def post(grant: Grant) -> str:
    """A role with its unit: 第一党小组组长, not 第一党小组党小组长."""
    at_group = grant.role is Role.GROUP_LEADER and grant.unit.kind is UnitKind.PARTY_GROUP
    return f"{grant.unit.name}{GROUP_LEADER if at_group else ROLES[grant.role]}"


def turns(page: int, count: int, size: int, to: Callable[[int], str]) -> Buttons:
    """The row of 上一页 and 下一页, as far as there are any; `to` gives the callback data of a page."""
    before = (Button("上一页", to(page - 1)),) if page else ()
    after = (Button("下一页", to(page + 1)),) if (page + 1) * size < count else ()
    return ((*before, *after),) if before or after else ()


# -- start, help, own record -----------------------------------------------------------------------------------------


def stranger() -> Message:
    return Message(escape(NotBound()), ((Button("没有链接，申请加入", press("members", "claim")),),))


def own_id(chat_id: int) -> Message:
    """In private the person's own number, in a group the group's."""
    whose = "您的编号" if chat_id > 0 else "本群编号"
    return Message(fill("{whose}：<code>{id}</code>", whose=whose, id=chat_id))


def welcome(who: Actor) -> Message:
    name = fill("您好，{name}。", name=who.name) if who.name else Html("您好。")
    return Message(lines(name, menu_views.commands(who)))


def help_private(who: Actor) -> Message:
    return Message(menu_views.commands(who))


def help_group(unit: UnitRef | None) -> Message:
    whose = fill("本群是{unit}的群。", unit=unit.name) if unit else Html("本群还没有绑定支部。")
    text = "会议通知和签到卡片会发到这里，请假和个人记录请私聊机器人。"
    return Message(lines(whose, text), ((Button("打开私聊", link="help"),),))


def record(shown: Record) -> Html:
    """Who somebody is."""
    person = shown.person
    where = " · ".join(part for part in (shown.branch, person.group_name) if part) or "目前不在任何支部"
    kind = "预备党员" if person.is_probationary else "正式党员"
    number = f"（工号 {person.staff_no}）" if person.staff_no else ""
    # The branch stands one line above: its offices go without its name.
    posts = "、".join(ROLES[held.role] if held.unit.name == shown.branch else post(held) for held in shown.grants)
    return lines(
        fill("<b>{name}</b>{number}", name=person.name, number=number),
        where,
        kind + ("，党员领导干部" if person.is_leader else ""),
        f"职务：{posts}" if posts else "",
    )


def confirm_yourself(data: str) -> Message:
    """The answer to a command sent as the group: the press carries the person."""
    buttons = (Button("请本人确认", data), Button("打开私聊", link="help"))
    return Message("您正以群身份发言，系统认不出是谁。", (buttons,))


def standin(message: Message) -> Message:
    """What is for the secretary, told to whoever stands in."""
    return replace(message, text=fill("书记暂不能收到，转给您。\n{text}", text=Html(message.text)))


def cancelled(*, was_awaited: bool) -> Message:
    return Message("已放弃刚才的输入，没有改动。" if was_awaited else "现在没有要取消的输入。")


# -- invitations and claims ------------------------------------------------------------------------------------------


def invite_choice(choice: Choice) -> Message:
    return unit_choice("为哪个支部生成邀请单？", "invite", choice)


def invite_caption(unit: UnitRef, count: int, until: datetime) -> str:
    return f"{unit.name}还有{count}人没有激活。每条链接只能由本人用一次，{moment(until)}前有效；重新生成后旧链接作废。"


def invite_file(unit: UnitRef) -> str:
    return f"{unit.name}邀请单.xlsx"


def all_active(unit: UnitRef) -> Message:
    return Message(fill("{unit}的党员都已激活。", unit=unit.name))


def bound(done: Bound) -> Message:
    return Message(fill("已绑定：{name}，{branch}。发送 /help 查看可以做什么。", name=done.name, branch=done.branch))


def bound_notice(done: Bound, username: str) -> Message:
    """To the secretary, who may undo it."""
    account = f"（@{username}）" if username else ""
    text = fill("{name}已绑定{account}。", name=done.name, account=account)
    return Message(text, ((Button("撤销", press("members", "undo", done.member_id), style="danger"),),))


def undone(done: Undoable, member_id: int) -> Message:
    text = fill("已解除{name}的账号绑定，已有记录保留。{until}", name=done.name, until=_until(done))
    back = Button("返回", press("members", "person", member_id))
    return Message(text, ((_undo(done, "rebind"), back),))


def _until(done: Undoable) -> str:
    return until(done.until)


def until(at: datetime) -> str:
    return f"{beijing(at):%H:%M}前可撤销。"


def _undo(done: Undoable, verb: str) -> Button:
    return Button("撤销", press("members", verb, done.undo_id), style="danger")


def restored(name: str) -> Message:
    return Message(fill("已撤销解除，{name}的账号照常使用。", name=name))


def restored_notice() -> Message:
    return Message("您的账号已恢复与名册的对应，可以照常使用。")


def undone_notice() -> Message:
    return Message("您的账号与名册的对应已由支部解除，如有疑问请联系支部书记。")


def company_choice(choice: Choice) -> Message:
    return unit_choice("您在哪个单位？", "among", choice)


def branch_choice(choice: Choice) -> Message:
    return unit_choice("您在哪个支部？", "join", choice)


NO_UNITS = "名册里还没有这样的组织。请管理员先导入名册：把名册文件（.xlsx 或 .yaml）发给我。"


def unit_choice(question: str, verb: str, choice: Choice) -> Message:
    if not choice.units:
        return Message(NO_UNITS)
    shown = choice.units[choice.page * PAGE : (choice.page + 1) * PAGE]
    buttons = [Button(cut(unit.name, 30), press("members", verb, unit.id)) for unit in shown]
    above = [choice.above.id] if choice.above else []
    turning = turns(choice.page, len(choice.units), PAGE, lambda page: press("members", f"{verb}s", *above, page))
    return Message(question, (*rows(buttons, 1), *turning))


def ask_name(branch: UnitRef) -> Message:
    return Message(fill("请发送您的姓名，由{branch}书记确认。发送“取消”可放弃。", branch=branch.name))


def claim_sent() -> Message:
    return Message("已提交，请等支部书记确认。")


def claim_card(claim: ClaimCard) -> Message:
    known = names(claim.candidates)
    ask = "是哪一位？" if claim.candidates else "名册中没有未激活的同名党员。"
    text = fill("“{name}”申请绑定{branch}名册，{ask}", name=claim.typed_name, branch=claim.branch, ask=ask)
    yes = [
        Button(f"是{short(label)}", press("members", "yes", claim.claim_id, member_id), style="success")
        for member_id, label in known.items()
    ]
    no = Button("不是本支部党员", press("members", "no", claim.claim_id))
    return Message(text, (*rows(yes, 1), (no,)))


def claim_decided(typed_name: str, done: Bound | None, by: str = "") -> Message:
    """To who decided, who may take it back, or to all others who were asked: `by` is who did it."""
    told = fill("已由{by}处理。", by=by) if by else ""
    if done is None:
        return Message(fill("“{name}”的申请：不是本支部党员。{told}", name=typed_name, told=told))
    text = "“{typed}”的申请：已绑定{name}，{branch}。{told}"
    undo = Button("撤销", press("members", "undo", done.member_id), style="danger")
    told_of = fill(text, typed=typed_name, name=done.name, branch=done.branch, told=told)
    return Message(told_of, () if by else ((undo,),))


def claim_refused() -> Message:
    return Message("您的申请没有通过，请与支部书记联系。")


# -- groups ----------------------------------------------------------------------------------------------------------


def bind_choice(choice: Choice) -> Message:
    return unit_choice("为哪个组织绑定群？", "code", choice)


def code_card(card: CodeCard) -> Message:
    former = fill("现有群“{title}”在绑定新群后停用。", title=card.former) if card.former else Html("")
    text = lines(
        fill("为<b>{unit}</b>绑定群，10分钟内有效，只能用一次：", unit=card.unit.name),
        "1. 机器人还不在群里：点下面的按钮，选择群。",
        fill("2. 机器人已在群里：在群里发送 <code>/bind {code}</code>", code=card.code),
        former,
    )
    add = Button("选择群并绑定", group_link=f"gb_{card.code}")
    loose = (Button("解除现有群", press("members", "unchat", card.unit.id)),) if card.former else ()
    return Message(text, ((add,), *((loose,) if loose else ())))


def chat_bound(done: ChatBound) -> Message:
    text = "本群已绑定{unit}，会议通知和签到卡片会发到这里，群内只显示人数。"
    topics = (
        "“这里”是指本话题，现场答题也在这里；要分到别的话题，请在那个话题里发送 /bind。" if done.is_in_topic else ""
    )
    more = "需要置顶通知时，请把机器人设为管理员并允许置顶消息。"
    if done.undo is None:
        return Message(lines(fill(text, unit=done.unit.name), topics, more))
    former = fill("原来的“{title}”不再使用。{until}", title=done.undo.name, until=_until(done.undo))
    return Message(lines(fill(text, unit=done.unit.name), topics, more, former), ((_undo(done.undo, "unswap"),),))


def put_back(unit: UnitRef, title: str) -> Message:
    text = "已撤销更换，{unit}的通知照常发到“{title}”，本群不再使用。"
    return Message(fill(text, unit=unit.name, title=title))


_TOPICS = {TopicOf.NOTICE: "会议通知", TopicOf.STUDY: "现场答题", TopicOf.BOTH: "两样都在这里"}


def ask_topic(unit: UnitRef) -> Message:
    buttons = tuple(Button(label, press("members", "topic", topic.name)) for topic, label in _TOPICS.items())
    return Message(fill("本群已绑定{unit}。这个话题用来做什么？", unit=unit.name), (buttons,))


def topic_used(topic: TopicOf) -> Message:
    texts = {
        TopicOf.NOTICE: "会议通知和签到卡片以后发到这个话题。",
        TopicOf.STUDY: "现场答题以后在这个话题里进行。",
        TopicOf.BOTH: "会议通知、签到卡片和现场答题以后都在这个话题。",
    }
    return Message(texts[topic])


def ask_replace(done: ChatBound) -> Message:
    text = fill("{unit}已绑定“{title}”。更换为本群？", unit=done.unit.name, title=done.former)
    return Message(text, ((Button("更换", press("members", "swap", done.code), style="danger"),),))


def ask_loosen(unit: UnitRef, title: str) -> Message:
    text = fill("解除{unit}与“{title}”的绑定？会议通知改为私信。", unit=unit.name, title=title)
    yes = Button("确认解除", press("members", "part", unit.id), style="danger")
    return Message(text, ((yes, _to_code(unit.id)),))


def _to_code(unit_id: int) -> Button:
    return Button("返回", press("members", "code", unit_id))


def chat_loosened(done: Undoable, unit_id: int) -> Message:
    text = fill("已解除{unit}的群绑定，会议通知改为私信。{until}", unit=done.name, until=_until(done))
    return Message(text, ((_undo(done, "rejoin"), _to_code(unit_id)),))


def chat_held_again(unit: UnitRef) -> Message:
    return Message(fill("已撤销解除，{unit}的通知照常发到群里。", unit=unit.name))


def how_to_bind() -> Message:
    return Message("请先私聊机器人发送 /bind 取得口令，再在本群使用。", ((Button("打开私聊", link="bind"),),))


def wrong_code() -> Message:
    return Message("口令不对或已过期，请私聊机器人发送 /bind 重新取得。")


def no_stranger() -> Message:
    """To a group into which somebody without the right added the bot."""
    return Message("您好，本机器人只为已登记的党支部服务，请支部书记来绑定。打扰了，先退出。")


def chat_lost(title: str) -> Message:
    return Message(fill("机器人已不在“{title}”，请重新邀请。在此之前会议通知改为私信。", title=title))


def unreachable(name: str) -> Message:
    return Message(fill("{name}收不到机器人的私信（停用或屏蔽了机器人），请当面通知。", name=name))


def unsure(title: str, row_id: int) -> Message:
    text = fill("发到“{title}”的一条消息可能未送达，请看一下群里。", title=title)
    return Message(text, ((Button("再发一次", press("members", "again", row_id)),),))


_POSTING = {Poll: "发起投票", Document: "发送文件"}


def muted(title: str, kind: type[Content], text: Html) -> Message:
    """What a group did not let the bot post, for the secretary."""
    right = _POSTING.get(kind, "发言")
    told = fill("机器人在“{title}”没有{right}的权限，请群管理员放开；放开之前不再重复提醒。", title=title, right=right)
    return Message(lines(told, fill("没有发出的内容：\n{text}", text=text) if text else ""))


def topic_lost(title: str) -> Message:
    return Message(fill("“{title}”里原来的话题已关闭或删除，消息改发到群的默认话题。", title=title))


SENT_AGAIN = "正在重新发送。"


def roles_changed(by: str, count: int, branches: str) -> Message:
    return Message(
        fill("{by}导入名册，{branches}有{count}人的职务变更。", by=by or "管理员", branches=branches, count=count)
    )
