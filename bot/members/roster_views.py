"""Words of the roster: who is on it, and of its files: what is wrong with one, what it would change, what was done."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from bot.members import views
from bot.members.changes import Entry, FieldChange, Plan, Posts
from bot.members.facts import Choice, Invitation, Leaver, Record, RosterList
from bot.members.phrases import POSTS
from bot.members.roster import Applied, Preview
from bot.members.rows import Fault, Flaw
from bot.members.rules import Reach, Role
from bot.members.service import Person
from bot.members.views import ROLES
from bot.message import Button, Html, Message, fill, lines, press, rows
from bot.reasons import why

TEMPLATE_FILE = "名册模板.xlsx"
PROBLEMS_FILE = "名册问题清单.xlsx"
SHOWN = 10  # lines of one sort in a message
MOST_NAMES = 20
MOST_TEXT = 3500

_TEXTS = {
    Flaw.MISSING_COLUMN: "缺少“{column}”列；看到的列：{seen}。",
    Flaw.DOUBLE_COLUMN: "第 {line} 行表头“{column}”出现了两次，请删掉一列。",
    Flaw.MERGED: "第 {line}–{last} 行“{column}”是合并单元格，只有第一行有内容，请取消合并。",
    Flaw.NO_NAME: "第 {line} 行缺少姓名。",
    Flaw.NO_BRANCH: "第 {line} 行缺少党支部。",
    Flaw.NO_CATEGORY: "第 {line} 行缺少类别，请填正式党员或预备党员。",
    Flaw.BAD_CATEGORY: "第 {line} 行类别“{value}”不能识别，只能是正式党员或预备党员。",
    Flaw.NO_RESULT: "第 {line} 行“{column}”是公式且没有保存结果，请粘贴为数值。",
    Flaw.DIGITS_LOST: "第 {line} 行{column}显示为 {value}，后几位已丢失，请把该列设为文本后重填。",
    Flaw.HALF_DATE: "第 {line} 行{column}“{value}”缺少日期，请写 {better}。",
    Flaw.BAD_DATE: "第 {line} 行{column}“{value}”看不懂，请写成 2021-07-01。",
    Flaw.NO_SUCH_DATE: "第 {line} 行{column}“{value}”不存在，请检查。",
    Flaw.FUTURE_DATE: "第 {line} 行{column} {value} 在将来，请检查。",
    Flaw.EARLY_DATE: "第 {line} 行{column} {value} 早于 1921 年 7 月，请检查。",
    Flaw.FULL_BEFORE_JOINED: "第 {line} 行转正日期早于入党日期。",
    Flaw.FULL_AHEAD: "第 {line} 行类别是正式党员，转正日期却在将来。",
    Flaw.PROBATION_OVER: "第 {line} 行转正日期已到，类别应为正式党员。",
    Flaw.TOO_LONG: "第 {line} 行“{column}”超过 {most} 字。",
    Flaw.BAD_MARK: "第 {line} 行{column}“{value}”不能识别，请写“是”或留空。",
    Flaw.UNKNOWN_POST: "第 {line} 行职务“{value}”不认识，可选：" + "、".join(POSTS) + "。",
    Flaw.TWICE: "第 {line} 行与第 {first} 行都是“{name}（{branch}）”，请加工号区分。",
    Flaw.SAME_NUMBER: "第 {line} 行与第 {first} 行的工号都是“{number}”。",
    Flaw.PROBATIONARY_OFFICER: "第 {line} 行预备党员不能担任书记或委员。",
    Flaw.LEADER_WITHOUT_GROUP: "第 {line} 行党小组长未填党小组。",
    Flaw.UNKNOWN_KEY: "第 {line} 行第 {column} 列不认识“{key}”。",
    Flaw.WRONG_SHAPE: "第 {line} 行“{key}”应是以“- ”开头的列表。",
    Flaw.NO_ROWS: "名册是空的，没有可导入的人员。",
    Flaw.NO_SUCH_BRANCH: "第 {line} 行支部“{branch}”不存在，您无权新建。",
    Flaw.AMBIGUOUS_BRANCH: "第 {line} 行支部“{branch}”无法确定是哪一个，请填写国企或上级党组织。",
    Flaw.AMBIGUOUS_PERSON: "第 {line} 行：{branch}现有不止一位“{name}”，请加工号区分。",
    Flaw.NO_COMMITTEE: "第 {line} 行职务属于党委或党总支，但没有填上级党组织。",
    Flaw.NOT_YOURS_TO_GRANT: "第 {line} 行{role}的职务变更由上级管理员办理，您可以设党小组长。",
    Flaw.NOT_YOURS_TO_MOVE: "第 {line} 行“{name}”现在另一支部，转入由上级管理员办理。",
    Flaw.MOVED_TOO_EARLY: "第 {line} 行转入日期早于在原支部的起始日期 {value}。",
    Flaw.TWO_SECRETARIES: "第 {line} 行：{unit}有两名书记：{names}。",
    Flaw.OVER_FIFTY: "{branch}共 {n} 人，超过 50 人（支部工作条例第四条）。",
    Flaw.YOUNG_SECRETARY: "第 {line} 行书记“{name}”党龄不足一年（条号待核）。",
    Flaw.NO_FULL_DATE: "第 {line} 行预备党员未填转正日期。",
    Flaw.PRIVATE_COLUMN: "发现“{column}”列：本系统不需要，已忽略且未保存。",
    Flaw.NAMESAKE: (
        "第 {line} 行“{name}”：{branch}有同名党员，本次按新增处理。如是转入，请先给他补上工号，再按工号导入。"
    ),
}
_FIELDS = {
    "name": "姓名",
    "staff_no": "工号",
    "is_probationary": "类别",
    "is_leader": "党员领导干部",
    "joined_on": "入党日期",
    "full_on": "转正日期",
    "group": "党小组",
}


def fault_text(fault: Fault) -> str:
    values: dict[str, str | int] = {"line": fault.line, **fault.values}
    if fault.flaw is Flaw.NOT_YOURS_TO_GRANT:
        values["role"] = ROLES[Role[str(values["role"])]]
    text = _TEXTS[fault.flaw].format(**values)
    if fault.flaw is Flaw.MISSING_COLUMN and values["near"]:
        text += f"“{values['near']}”是否就是“{values['column']}”？"
    if fault.flaw is Flaw.UNKNOWN_KEY and values["near"]:
        text += f"是否想写“{values['near']}”？"
    return text


def problem_lines(faults: Sequence[Fault]) -> list[tuple[str, str, str]]:
    """Row, 问题 or 提醒, text: problems first."""
    ordered = sorted(faults, key=lambda fault: (fault.is_warning, fault.line))
    return [(str(f.line or ""), "提醒" if f.is_warning else "问题", fault_text(f)) for f in ordered]


def counts(numbers: Mapping[str, int]) -> str:
    text = "新增{new}，变更{changed}，转入{moved}，职务变更{posts}，无变化{same}，文件中无{missing}，问题{problems}。"
    return text.format(**numbers)


def preview_lines(preview: Preview, *, most: int | None = None) -> list[str]:
    """Everything a plan says, at most `most` lines of one sort."""
    plan = preview.plan
    return [
        f"名册预览：{counts(plan.counts)}",
        *_few([f"问题 {fault_text(fault)}" for fault in plan.problems], most),
        *_few([f"提醒 {fault_text(fault)}" for fault in plan.faults if fault.is_warning], most),
        *_few(list(_changes(plan, preview.units)), most),
        *_named_together("名册中有、文件中无（不会移除）", [person.name for person in plan.missing]),
    ]


def preview(shown: Preview, import_id: int) -> Message:
    """One 问题 blocks everything; then only the list of problems is offered."""
    new = _named_together("新增", [entry.row.name for entry in shown.plan.entries if entry.member_id is None])
    text = lines(*preview_lines(shown, most=SHOWN), *([] if shown.plan.problems else new))
    give_up = Button("放弃", press("members", "drop", import_id), style="danger")
    confirm = Button("确认导入", press("members", "apply", import_id), style="success")
    download = Button("下载问题清单", press("members", "faults", import_id))
    first = (download, give_up) if shown.plan.problems else (confirm, give_up)
    second = ((download,),) if shown.plan.faults and not shown.plan.problems else ()
    return Message(_cut_lines(text), (first, *second))


def _cut_lines(text: Html) -> Html:
    """Whole lines only, so that no tag is cut; the rest is in the list of problems."""
    kept: list[str] = []
    size = 0
    for line in text.split("\n"):
        size += len(line) + 1
        if size > MOST_TEXT:
            return Html("\n".join([*kept, "……"]))
        kept.append(line)
    return text


def applied(numbers: Mapping[str, int]) -> str:
    return "已导入：新增{new}，变更{changed}，转入{moved}，职务变更{posts}，无变化{same}。".format(**numbers)


def done(what: Applied) -> Message:
    """The receipt, with the way on: the links for those who are new."""
    if what.branch_id is None:
        return Message(applied(what.counts))
    invite = Button("邀请单", press("members", "invite", what.branch_id))
    return Message(applied(what.counts), ((_to_roster(what.branch_id, "查看名册"), invite),))


def unchanged(shown: Preview) -> list[str]:
    warnings = [f"提醒 {fault_text(fault)}" for fault in shown.plan.faults]
    return [*_few(warnings, SHOWN), "与现有名册一致，无变化。"]


def not_applied() -> str:
    return "没有写入。加上 --apply 才会导入。"


def template_written(path: Path) -> str:
    return f"已写入 {path}。"


def no_folder(folder: Path) -> str:
    return f"没有目录 {folder}，请先建立。"


def unusable(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"找不到 {error.filename}。"
    if isinstance(error, IsADirectoryError):
        return f"{error.filename} 是目录，不是文件。"
    if isinstance(error, PermissionError):
        return f"没有权限读写 {error.filename}。"
    return f"读写 {error.filename} 失败（{why(error)}）。"


def dropped() -> Message:
    return Message("已放弃，没有写入任何内容。")


def _few(found: Sequence[str], most: int | None) -> list[str]:
    if most is None or len(found) <= most:
        return list(found)
    return [*found[:most], f"……等 {len(found)} 条"]


def _changes(plan: Plan, units: Mapping[int, str]) -> Iterator[str]:
    for new in plan.units:
        yield f"新建 {new.name}"
    for entry in plan.entries:
        if entry.opens and entry.member_id is not None:
            former = units[entry.moved_from] if entry.moved_from else "无"
            yield f"转入 {entry.row.name}：{former} → {units[entry.branch_id]}（{entry.from_on}起）"
        for change in entry.fields:
            old, new_value = _value(change, change.old), _value(change, change.new)
            yield f"变更 {entry.row.name}：{_FIELDS[change.field]} {old} → {new_value}"
        if entry.gains or entry.losses:
            yield f"职务 {entry.row.name}：{_posts(entry, units)}"


def _posts(entry: Entry, units: Mapping[int, str]) -> str:
    return "，".join(
        part
        for part in (
            "任 " + _named(entry.gains, entry, units) if entry.gains else "",
            "免 " + _named(entry.losses, entry, units) if entry.losses else "",
        )
        if part
    )


def _named(posts: Posts, entry: Entry, units: Mapping[int, str]) -> str:
    return "、".join(
        units[at] + views.GROUP_LEADER
        if role is Role.GROUP_LEADER
        else ("" if at == entry.branch_id else units[at]) + ROLES[role]
        for role, at in posts
    )


def _value(change: FieldChange, value: object) -> str:
    if change.field == "is_probationary":
        return "预备党员" if value else "正式党员"
    if isinstance(value, bool):
        return "是" if value else "否"
    return value.isoformat() if isinstance(value, date) else str(value or "无")


def _named_together(title: str, people: Sequence[str]) -> list[str]:
    if not people:
        return []
    more = f"等 {len(people)} 人" if len(people) > MOST_NAMES else ""
    return [f"{title}：{'、'.join(people[:MOST_NAMES])}{more}"]


# -- roster in the chat ----------------------------------------------------------------------------------------------

_REACH = {Reach.OK: "已激活", Reach.UNKNOWN: "已激活", Reach.BLOCKED: "无法私信"}


def roster_choice(choice: Choice) -> Message:
    message = views.unit_choice("查看哪个支部的名册？也可以直接把名册文件（.xlsx 或 .yaml）发给我。", "roster", choice)
    return Message(message.text, (*message.buttons, (_TEMPLATE,)))


_TEMPLATE = Button("下载模板", press("members", "template"))


def roster_list(shown: RosterList) -> Message:
    first = shown.page * views.PAGE
    page = shown.people[first : first + views.PAGE]
    active = sum(person.user_id is not None for person in shown.people)
    head = fill("<b>{unit}名册</b>", unit=shown.unit.name)
    known = views.names(shown.people)
    listed = [f"{n}. {_entry(person, known, shown.roles)}" for n, person in enumerate(page, start=first + 1)]
    text = lines(
        head, f"共{len(shown.people)}人，已激活{active}人。导入：把名册文件（.xlsx 或 .yaml）发给我。", *listed
    )
    people = [Button(views.short(known[p.member_id]), press("members", "person", p.member_id)) for p in page]
    invite = Button("邀请单", press("members", "invite", shown.unit.id))
    turning = views.turns(
        shown.page, len(shown.people), views.PAGE, lambda page: press("members", "page", shown.unit.id, page)
    )
    return Message(text, (*rows(people, 3), *turning, (invite, _TEMPLATE)))


def _entry(person: Person, known: dict[int, str], roles: dict[int, list[Role]]) -> str:
    posts = "、".join(ROLES[role] for role in roles.get(person.member_id, []))
    kind = "预备党员" if person.is_probationary else ""
    state = _REACH[person.reach] if person.user_id is not None else "未激活"
    guest = "流动党员" if person.is_guest else ""
    return " · ".join(part for part in (known[person.member_id], posts, kind, guest, state) if part)


def person(shown: Record) -> Message:
    who = shown.person
    state = _REACH[who.reach] if who.user_id is not None else "未激活"
    buttons: list[Button] = []
    if who.user_id is not None:
        buttons.append(Button("解除账号绑定", press("members", "loose", who.member_id)))
    elif not who.is_guest:
        buttons.append(Button("生成加入链接", press("members", "link", who.member_id)))
    leaving: tuple[Button, ...] = ()
    if who.branch_id is not None:
        leaving = (Button("移出名册", press("members", "leaves", who.member_id)),) if not who.is_guest else ()
        buttons.append(_to_roster(who.branch_id))
    return Message(lines(views.record(shown), state), tuple(row for row in (leaving, tuple(buttons)) if row))


def ask_leave(gone: Leaver) -> Message:
    text = "把{name}移出{branch}名册？从今天起不再计入应到，已有记录保留。跨支部转移请导入名册。"
    yes = Button("确认移出", press("members", "left", gone.member_id), style="danger")
    back = Button("返回", press("members", "person", gone.member_id))
    return Message(fill(text, name=gone.name, branch=gone.branch.name), ((yes, back),))


def left(gone: Leaver) -> Message:
    undo_id, until = ((gone.undo[0],), views.until(gone.undo[1])) if gone.undo else ((), "")
    text = fill("已把{name}移出{branch}名册。{until}", name=gone.name, branch=gone.branch.name, until=until)
    undo = Button("撤销", press("members", "back", gone.member_id, *undo_id), style="danger")
    return Message(text, ((undo, _to_roster(gone.branch.id)),))


def _to_roster(branch_id: int, label: str = "返回名册") -> Button:
    return Button(label, press("members", "roster", branch_id))


def short_day(on: date) -> str:
    return f"{on.month}月{on.day}日"


def left_told(gone: Leaver) -> Message:
    """To the person concerned."""
    text = "您已移出{branch}名册，不再收到会议通知。如有疑问请联系支部书记。"
    return Message(fill(text, branch=gone.branch.name))


def back_told(back: Leaver) -> Message:
    return Message(fill("移出已撤销，您仍在{branch}名册。", branch=back.branch.name))


def came_back(back: Leaver) -> Message:
    text = fill("{name}仍在{branch}名册。", name=back.name, branch=back.branch.name)
    return Message(text, ((_to_roster(back.branch.id),),))


def ask_unbind(name: str, member_id: int) -> Message:
    yes = Button("确认解除", press("members", "undo", member_id), style="danger")
    back = Button("返回", press("members", "person", member_id))
    return Message(fill("解除后，{name}需要重新取得加入链接。确认解除？", name=name), ((yes, back),))


def link(made: Invitation, url: str) -> Message:
    """One personal link, to be passed on; the words are for whoever gets it."""
    text = "{name}的加入链接，只能由本人用一次，{until}前有效；以前的链接作废：\n{url}"
    return Message(fill(text, name=made.name, until=views.moment(made.expires_at), url=url))
