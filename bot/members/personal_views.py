"""Words of what is one's own: the record, reminders, one's data as a file, their erasure."""

from collections.abc import Sequence
from datetime import date, datetime, time

from bot.members import views
from bot.members.facts import Choice, ErasureCard, Record, Table
from bot.members.quiet import OWN_ENDS, OWN_STARTS, UNIT_ENDS, UNIT_STARTS, Settings
from bot.members.rules import ExemptionScope, Role, UnitRef, Way
from bot.message import Button, Content, Html, Message, fill, lines, press, rows, strip_tags
from bot.periods import QuietHours, beijing

EXPORT_FILE = "我的数据.xlsx"
EXPORT_CAPTION = "系统中与您有关的全部记录，仅发给您本人。"


# -- one's own record ------------------------------------------------------------------------------------------------


def own_record(shown: Record, more: tuple[Button, ...]) -> Message:
    export = Button("导出我的数据", press("members", "mydata"))
    erase = Button("删除我的数据", press("members", "eraseme"))
    return Message(views.record(shown), (*((more,) if more else ()), (export, erase)))


# -- reminders -------------------------------------------------------------------------------------------------------


def settings(shown: Settings) -> Message:
    """提醒设置 of one person."""
    common = shown.of_unit
    whose = fill("{unit}的免打扰时段是{span}。", unit=shown.unit.name if shown.unit else "通用", span=_span(common))
    text = lines(
        fill("<b>提醒设置</b>\n您的免打扰时段：每天{span}", span=_span(shown.own)),
        whose + "您可以开始得更早、结束得更晚，不能缩短。",
        "会议开始前后的签到提醒不受影响。",
    )
    starts = [common.from_at, *(clock for clock in reversed(OWN_STARTS) if clock < common.from_at)]
    ends = [common.to_at, *(clock for clock in OWN_ENDS if clock > common.to_at)]
    buttons = (
        *rows([_choice("mystart", clock, shown.own.from_at, "起") for clock in starts], 3),
        *rows([_choice("myend", clock, shown.own.to_at, "止") for clock in ends], 3),
    )
    unit = (Button("支部的免打扰时段", press("members", "hours")),) if shown.may_set_unit else ()
    return Message(text, (*buttons, *((unit,) if unit else ())))


def unit_settings(unit: UnitRef, hours: QuietHours) -> Message:
    text = lines(
        fill("<b>{unit}</b>的免打扰时段：每天{span}", unit=unit.name, span=_span(hours)),
        "这段时间不发通知和提醒，临近开会的除外。党员本人可以设得更宽。",
    )
    buttons = (
        *rows([_choice("hoursfrom", clock, hours.from_at, "起", unit.id) for clock in UNIT_STARTS], 3),
        *rows([_choice("hoursto", clock, hours.to_at, "止", unit.id) for clock in UNIT_ENDS], 3),
    )
    return Message(text, buttons)


def settings_elsewhere() -> Message:
    return Message("提醒设置在私聊里。", ((Button("打开私聊", link="st"),),))


def hours_choice(choice: Choice) -> Message:
    return views.unit_choice("设置哪个组织的免打扰时段？", "hour", choice)


def _span(hours: QuietHours) -> str:
    return f"{hours.from_at:%H:%M}—{hours.to_at:%H:%M}"


def _choice(verb: str, clock: time, chosen: time, word: str, *args: int) -> Button:
    mark = "✓ " if clock == chosen else ""
    return Button(f"{mark}{clock:%H:%M}{word}", press("members", verb, *args, clock.hour * 60 + clock.minute))


# -- one's data as a file --------------------------------------------------------------------------------------------

Cells = Sequence[tuple[object, ...]]
_WAYS: dict[object, str] = {Way.OFFICE: "办理", Way.ROSTER: "名册导入", Way.UNDO: "撤销", Way.SETUP: "初始设置"}
_SCOPES = {ExemptionScope.DUE: "不计入应到", ExemptionScope.VOTE: "不计入表决", ExemptionScope.BOTH: "不计入应到和表决"}


def table(title: str, headings: Sequence[str], cells: Cells) -> Table:
    """A sheet whose cells read as people write them."""
    return Table(title, tuple(headings), tuple(tuple(cell(value) for value in row) for row in cells))


def cell(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return f"{beijing(value):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Role):
        return views.ROLES[value]
    if isinstance(value, ExemptionScope):
        return _SCOPES[value]
    return "" if value is None else str(value)


def person(cells: Cells) -> Table:
    headings = ("姓名", "工号", "预备党员", "党员领导干部", "入党日期", "转正日期", "留党察看起", "留党察看止")
    return table("名册", headings, cells)


def account(cells: Cells) -> Table:
    return table("账号", ("Telegram 编号", "绑定时间", "免打扰起", "免打扰止"), cells)


def homes(cells: Cells) -> Table:
    return table("所在支部", ("支部", "党小组", "起", "止"), cells)


def posts_held(cells: Cells) -> Table:
    return table("职务", ("职务", "组织", "起", "止"), cells)


def post_changes(cells: Cells) -> Table:
    """How he came to his offices and lost them; who did it is somebody else's matter."""
    shown = [(at, role, unit, "任" if is_given else "免", _WAYS[way]) for at, role, unit, is_given, way in cells]
    return table("任免记录", ("时间", "职务", "组织", "任免", "方式"), shown)


def exemptions(cells: Cells) -> Table:
    return table("不计入", ("范围", "起", "止", "依据", "批准人"), cells)


def messages(told: Sequence[tuple[datetime, Content]]) -> Table:
    shown = [(at, strip_tags(content.text)) for at, content in told if isinstance(content, Message)]
    return table("收到的消息", ("时间", "内容"), shown)


# -- erasing ---------------------------------------------------------------------------------------------------------


def stand_in(member_id: int) -> str:
    """What stands where a name stood."""
    return f"已删除人员{member_id}"


def posts(held: Sequence[tuple[Role, str]]) -> str:
    return "、".join(f"{unit}{views.ROLES[role]}" for role, unit in held)


_WHAT_GOES = (
    "将删除：姓名、工号、日期、账号绑定、请假和说明的原因、答题内容、收到的消息。",
    "将保留：参加会议和答题的次数，只用于支部统计，不再与姓名对应。",
    "删除后不能恢复。",
)


def ask_erasure(shown: ErasureCard) -> Message:
    """The first of two steps; somebody of a branch can only ask for it."""
    if shown.must_ask:
        why = "您在支部名册中，由上级管理员确认后删除，删除后名册中不再有您。"
        button = Button("提交申请", press("members", "askerase"), style="danger")
        return Message(lines(Html("<b>删除我的数据</b>"), *_WHAT_GOES, why), ((button, _KEEP),))
    whose = Html("<b>删除我的数据</b>") if shown.is_own else fill("<b>删除{name}的个人信息</b>", name=shown.name)
    who = "您" if shown.is_own else "此人"
    still = "{who}现在仍在{branch}名册中，删除后名册中不再有{who}。"
    where = fill(still, branch=shown.branch, who=who) if shown.branch else Html("")
    yes = Button("确认删除", press("members", "erase", shown.member_id), style="danger")
    return Message(lines(whose, *_WHAT_GOES, where), ((yes, _KEEP),))


_KEEP = Button("不删除", press("members", "keep"))


def erasure_sent() -> Message:
    return Message("已提交，请等上级管理员确认。")


def erasure_asked(shown: ErasureCard) -> Message:
    text = fill("{branch}{name}申请删除个人信息。", branch=shown.branch or "", name=shown.name)
    look = Button("查看", press("members", "eraseof", shown.member_id))
    return Message(text, ((look,),))


def kept() -> Message:
    return Message("没有删除任何内容。")


def erased() -> Message:
    return Message("个人信息已删除。")


def last_word() -> Message:
    """To the person, from memory: nothing of it is kept."""
    return Message("您的个人信息已按申请删除，机器人不再保存您的账号。")


def erased_notice(unit: UnitRef) -> Message:
    text = "{unit}有1名党员的个人信息已按申请删除，名册中不再有此人，统计数字不变。请核对名册。"
    return Message(fill(text, unit=unit.name))
