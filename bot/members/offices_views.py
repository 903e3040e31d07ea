"""Words of 组织与角色: the tree of offices, appointments, who is not counted."""

from collections.abc import Sequence
from datetime import date

from bot.members import views
from bot.members.exempting_views import ending, exemption_line, suspension_line
from bot.members.facts import Change, Choice, Office, OfficeCard, PostChoice, UnitCard
from bot.members.rules import Grant, Role, UnitKind, UnitRef
from bot.message import Button, Buttons, Html, Message, cut, fill, lines, press, rows
from bot.periods import beijing

LABEL = 30  # characters of a unit on a button


def post(grant: Grant) -> str:
    return views.post(grant)


def tops(choice: Choice) -> Message:
    if not choice.units:
        return Message("还没有任何组织。请先把名册文件（.xlsx 或 .yaml）发给我，导入后再来设置角色。")
    return Message("从哪个组织开始？", rows([_unit(ref) for ref in choice.units], 1))


def _unit(ref: UnitRef) -> Button:
    return Button(cut(ref.name, LABEL), press("members", "org", ref.id))


def unit(shown: UnitCard) -> Message:
    """A unit: who holds what there, then the units or the people below it as buttons."""
    held = [f"{name}：{'、'.join(people)}" for name, people in _by_post(shown.offices, shown.unit).items()]
    ask = "点姓名任免。" if shown.people else "点下级组织继续。" if shown.below else ""
    count = f"共{len(shown.people)}人。" if shown.unit.kind is UnitKind.BRANCH else ""
    text = lines(fill("<b>{unit}</b>", unit=shown.unit.name), *(held or ["还没有任命任何人。"]), count + ask)
    first = shown.page * views.PAGE
    known = views.names(shown.people)
    buttons: list[Button] = [
        Button(views.short(known[one.member_id]), press("members", "office", one.member_id)) for one in shown.people
    ]
    if not shown.people:
        buttons = [_unit(ref) for ref in shown.below]
    page = rows(buttons[first : first + views.PAGE], 3 if shown.people else 1)
    holders = {} if shown.people else {office.member_id: office.name for office in shown.offices}
    above_page = [Button(views.short(name), press("members", "office", number)) for number, name in holders.items()]
    turning = views.turns(
        shown.page, len(buttons), views.PAGE, lambda number: press("members", "org", shown.unit.id, number)
    )
    up = (Button("上级组织", press("members", "org", shown.above.id)),) if shown.above else ()
    years = (Button("工作日历", press("members", "years")),) if shown.has_calendar else ()
    return Message(text, (*rows(above_page, 3), *page, *turning, *_filled(up, years)))


def _by_post(offices: Sequence[Office], place: UnitRef) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for office in offices:
        is_own = office.grant.unit.id == place.id
        found.setdefault(views.ROLES[office.grant.role] if is_own else post(office.grant), []).append(office.name)
    return found


def _filled(*some: tuple[Button, ...]) -> Buttons:
    return tuple(row for row in some if row)


def person(shown: OfficeCard) -> Message:
    """Somebody with his offices, and a button for each thing the reader may change."""
    who = shown.record.person
    text = lines(
        views.record(shown.record),
        suspension_line(*shown.suspended) if shown.suspended else "",
        *(exemption_line(one) for one in shown.exemptions),
    )
    taking = [
        Button(
            f"免去{cut(post(grant), LABEL)}", press("members", "unpost", who.member_id, grant.unit.id, grant.role.name)
        )
        for grant in shown.removable
    ]
    giving = (Button("任命", press("members", "posts", who.member_id), style="primary"),) if shown.may_appoint else ()
    erasing = (Button("删除个人信息", press("members", "eraseof", who.member_id)),) if shown.may_erase else ()
    back = (Button("返回", press("members", "org", shown.back_id)),) if shown.back_id is not None else ()
    return Message(text, (*_filled(giving), *rows(taking, 1), *_exempting(shown), *_filled(erasing, back)))


def _exempting(shown: OfficeCard) -> Buttons:
    if not shown.may_exempt:
        return ()
    who = shown.record.person
    ends = [Button(ending(one), press("members", "unexempt", one.id)) for one in shown.exemptions]
    suspend = Button("留党察看", press("members", "suspend", who.member_id))
    if shown.suspended:
        suspend = Button("结束留党察看", press("members", "unsuspend", who.member_id))
    leader = "取消党员领导干部" if who.is_leader else "设为党员领导干部"
    is_leader = press("members", "leads", who.member_id, int(not who.is_leader))
    exempt = Button("不计入应到", press("members", "exempt", who.member_id))
    first = (exempt,) if who.is_probationary and not shown.suspended else (exempt, suspend)
    return (*rows(ends, 1), first, (Button(leader, is_leader),))


# -- appointing ------------------------------------------------------------------------------------------------------


def places(shown: PostChoice) -> Message:
    buttons = [Button(cut(ref.name, LABEL), press("members", "posts", shown.member_id, ref.id)) for ref in shown.units]
    return Message(fill("任命{name}在哪个组织任职？", name=shown.name), (*rows(buttons, 1), _back(shown.member_id)))


def roles(shown: PostChoice) -> Message:
    assert shown.unit is not None
    buttons = [
        Button(_role(role), press("members", "post", shown.member_id, shown.unit.id, role.name)) for role in shown.roles
    ]
    text = fill("任命{name}担任{unit}的什么职务？", name=shown.name, unit=shown.unit.name)
    return Message(text, (*rows(buttons, 2), _back(shown.member_id)))


def _role(role: Role) -> str:
    return views.GROUP_LEADER if role is Role.GROUP_LEADER else views.ROLES[role]


def _back(member_id: int) -> tuple[Button, ...]:
    return (Button("返回", press("members", "office", member_id)),)


def ask_give(change: Change) -> Message:
    text = lines(
        fill("任命{name}为{post}，今天起生效。", name=change.name, post=post(change.grant)),
        fill("现任{name}同时免去。", name=change.former) if change.former else "",
        "提醒：书记党龄不足一年（条号待核）。" if change.is_young else "",
    )
    return Message(text, (_sure("确认任命", "give", change),))


def ask_take(change: Change) -> Message:
    text = fill("免去{name}的{post}职务？", name=change.name, post=post(change.grant))
    return Message(text, (_sure("确认免去", "take", change),))


def _sure(label: str, verb: str, change: Change) -> tuple[Button, ...]:
    yes = press("members", verb, change.member_id, change.grant.unit.id, change.grant.role.name)
    return (Button(label, yes, style="danger"), *_back(change.member_id))


def done(change: Change, card: OfficeCard | None) -> Message:
    """What was done, above the person as he stands now, if the reader still sees him."""
    text, undo = Html(_done(change) + _until(change)), _filled(_undo(change))
    if card is None:
        return Message(text, undo)
    shown = person(card)
    return Message(lines(text, Html(shown.text)), (*undo, *shown.buttons))


def _undo(change: Change) -> tuple[Button, ...]:
    return (Button("撤销", press("members", "unrole", change.undo[0]), style="danger"),) if change.undo else ()


def _until(change: Change) -> str:
    return f"{beijing(change.undo[1]):%H:%M}前可撤销。" if change.undo else ""


def _done(change: Change) -> Html:
    if change.is_undo:
        return fill("已{what}", what=_taken_back(change))
    if not change.is_given:
        return fill("已免去{name}的{post}职务。", name=change.name, post=post(change.grant))
    former = fill("{name}同时免去。", name=change.former) if change.former else Html("")
    return fill("已任命{name}为{post}。{former}", name=change.name, post=post(change.grant), former=former)


def _taken_back(change: Change) -> Html:
    if change.is_given:
        return fill("撤销免职：{name}仍任{post}。", name=change.name, post=post(change.grant))
    former = fill("{name}仍任该职。", name=change.former) if change.former else Html("")
    text = "撤销任命：{name}不再担任{post}。{former}"
    return fill(text, name=change.name, post=post(change.grant), former=former)


def told(change: Change, by: str) -> Message:
    """To the person concerned."""
    by = by or views.ROOT
    if change.is_given:
        text = "您已担任{post}（{by}办理）。发送 /help 查看可以做什么。"
    else:
        text = "您不再担任{post}（{by}办理）。如有疑问请联系上级管理员。"
    return Message(fill(text, post=post(change.grant), by=by))


def told_by_roster(gained: Sequence[Grant], lost: Sequence[Grant], by: str, from_on: date | None) -> Message:
    """The same where a roster file brought it about; `from_on` is a day ahead on which an office begins."""
    since = f"从{from_on.month}月{from_on.day}日起" if from_on is not None else ""
    parts = [f"{'将' + since if since else '已'}担任{_posts(gained)}"] if gained else []
    parts += [f"不再担任{_posts(lost)}"] if lost else []
    hint = "发送 /help 查看可以做什么。" if gained else "如有疑问请联系上级管理员。"
    text = "您{what}（{by}导入名册）。{hint}"
    return Message(fill(text, what="，".join(parts), by=by or views.ROOT, hint=hint))


def _posts(held: Sequence[Grant]) -> str:
    return "、".join(post(one) for one in held)


def report(change: Change, by: str) -> Message:
    """To every ADMIN above, who can take it back."""
    by = by or views.ROOT
    look = Button("查看", press("members", "office", change.member_id))
    if change.is_undo:
        return Message(fill("{by}{what}", by=by, what=_taken_back(change)), ((look,),))
    did = fill("任命{name}为{post}", name=change.name, post=post(change.grant))
    if not change.is_given:
        did = fill("免去{name}的{post}职务", name=change.name, post=post(change.grant))
    former = fill("，{name}同时免去", name=change.former) if change.former else Html("")
    text = fill("{by}{did}{former}。{until}", by=by, did=did, former=former, until=_until(change))
    return Message(text, ((*_undo(change), look),))
