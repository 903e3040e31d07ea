"""Words of attendance in files, and of asking for them. No text of a reason is ever among them."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime

from bot.attendance.correction_views import HOW_NAMES
from bot.attendance.facts import Amended, Choice, Export, Files, Line, Part
from bot.attendance.guest_views import GUEST_NAMES, guest_lines
from bot.attendance.rules import CAME, Answer, GuestKind, LeaveState, Proof, ReasonKind, Status
from bot.attendance.sheet_views import KIND_NAMES, STATUS_NAMES
from bot.meetings.minutes import MinutesFacts
from bot.meetings.minutes_views import Quorate, agenda_whole
from bot.meetings.rules import Outcome, RungName
from bot.meetings.views import button_label, span
from bot.members.rules import UnitRef
from bot.members.views import turns
from bot.message import Button, Message, clean, cut, press, rows, strip_tags
from bot.periods import PeriodKind, beijing, local_day
from bot.workbook import plain

RUNGS = {
    RungName.R1: "会议通知",
    RungName.R2: "催复",
    RungName.R3: "会前提醒",
    RungName.R4: "开始签到",
    RungName.R5: "催签",
    RungName.R8: "缺席说明",
}


# -- 明细 ------------------------------------------------------------------------------------------------------------


def clock(at: datetime | None) -> str:
    return f"{beijing(at):%H:%M}" if at else ""


def _yes(is_so: bool) -> str:
    return "是" if is_so else ""


ANSWERS = {Answer.NONE: "", Answer.GOING: "参加", Answer.ONLINE: "线上参加", Answer.LEAVE: "请假"}
LEAVES = {
    LeaveState.NONE: "",
    LeaveState.ASKED: "待批",
    LeaveState.APPROVED: "同意",
    LeaveState.REJECTED: "不同意",
    LeaveState.WITHDRAWN: "撤回",
}
PROOFS = {Proof.BUTTON: "自助签到", Proof.CODE: "签到码", Proof.LINK: "扫码", Proof.ROLL_CALL: "点名"}

COLUMNS: tuple[tuple[str, int, Callable[[Part, Line], str]], ...] = (
    ("组织", 16, lambda part, _: part.unit),
    ("日期", 12, lambda part, _: f"{beijing(part.starts_at):%Y-%m-%d}"),
    ("时间", 15, lambda part, _: f"{clock(part.starts_at)}—{clock(part.ends_at)}"),
    ("会议", 14, lambda part, _: part.kind),
    ("名称", 24, lambda part, _: part.title),
    ("姓名", 10, lambda _, line: line.name),
    ("工号", 10, lambda _, line: line.staff_no),
    ("党小组", 12, lambda _, line: line.group),
    ("应到", 6, lambda _, line: _yes(line.is_due)),
    ("表决权", 7, lambda _, line: _yes(line.is_due and line.has_vote)),
    ("回复", 9, lambda _, line: ANSWERS[line.answer]),
    ("状态", 7, lambda _, line: _status(line)),
    ("签到时间", 9, lambda _, line: clock(line.arrived_at)),
    ("时间待核", 9, lambda _, line: _yes(line.is_time_unsure)),
    ("离会时间", 9, lambda _, line: clock(line.left_at)),
    ("签到方式", 10, lambda _, line: PROOFS[line.proof] if line.proof else ""),
    ("线上", 6, lambda _, line: _yes(line.is_online)),
    ("代录", 6, lambda _, line: _yes(line.is_for_other)),
    ("补签", 6, lambda _, line: _yes(line.is_late_entry)),
    ("请假类别", 9, lambda _, line: KIND_NAMES[line.leave_kind] if line.leave_kind else ""),
    ("请假审批", 9, lambda _, line: LEAVES[line.leave_state]),
    ("说明类别", 9, lambda _, line: KIND_NAMES[line.explained_as] if line.explained_as else ""),
    ("补课", 10, lambda _, line: HOW_NAMES[line.made_up.how] if line.made_up else ""),
    ("补课日期", 11, lambda _, line: line.made_up.done_on.isoformat() if line.made_up else ""),
    ("更正", 40, lambda _, line: "；".join(_change(change) for change in line.changes)),
)


def _status(line: Line) -> str:
    return STATUS_NAMES[line.status] if line.is_due or line.status in CAME else "名单外"


def _change(change: Amended) -> str:
    return f"{change.was}→{change.became}（{change.actor} {beijing(change.at):%m-%d %H:%M}）"


def detail(what: Export) -> list[list[str]]:
    """Headings, then a row for each person at each meeting."""
    rows = [[plain(read(part, line)) for _, _, read in COLUMNS] for part in what.parts for line in part.lines]
    return [[heading for heading, _, _ in COLUMNS], *rows]


def is_voluntary(part: Part) -> bool:
    """Whether all on the list came, or said they would, without being due."""
    return bool(part.lines) and not any(line.is_due for line in part.lines)


def counted(part: Part) -> str:
    """应到, 实到 and the rest in one line."""
    if is_voluntary(part):
        return f"报名{len(part.lines)}人　{'参加' if part.is_over else '已签到'}{part.held.joined}人"
    turnout = part.held.turnout
    late = f"（迟到{turnout.late}人）" if turnout.late else ""
    last = f"缺席{turnout.absent}人" if part.is_over else f"未签{turnout.unsigned}人"
    rate = f"　到会率{rate_text(turnout.rate)}" if part.is_over else ""
    return f"应到{turnout.expected}人　实到{turnout.present}人{late}　请假{turnout.on_leave}人　{last}{rate}"


def rate_text(rate: int | None) -> str:
    return "—" if rate is None else f"{rate // 10}.{rate % 10}%"


def shown(line: Line) -> str:
    return "" if line.status is Status.EXPECTED else _status(line)


def remark(line: Line, *, is_voluntary: bool = False) -> str:
    marks = (
        ("补签", line.is_late_entry),
        ("代录", line.is_for_other),
        ("时间待核", line.is_time_unsure),
        (f"{clock(line.left_at)}离会", line.left_at is not None),
        (KIND_NAMES[line.leave_kind or ReasonKind.OTHER], line.status is Status.ON_LEAVE),
        ("线上", line.is_online),
        ("已补课", line.made_up is not None),
        ("自愿报名", not line.is_due and not is_voluntary),
    )
    return "，".join(text for text, is_so in marks if is_so)


def closing_lines(part: Part, what: Export) -> list[str]:
    guests = "；".join(
        f"{GUEST_NAMES[kind]}{sum(one.number for one in some)}人"
        + (f"（{'、'.join(one.name for one in some if one.name)}）" if any(one.name for one in some) else "")
        for kind in GuestKind
        if (some := [one for one in part.guests if one.what is kind])
    )
    excused = "；".join(
        f"{one.person.name}（{one.basis}，{one.approver}{_day(one.approved_on)}批准）" for one in part.excused
    )
    texts = [
        f"另有：{guests}{'' if is_voluntary(part) else '，不计入应到和实到'}" if guests else "",
        f"不计入应到：{excused}" if excused else "",
        *part.votes,
        _verified(part),
        "操作记录完整，没有改动" if part.is_intact else "操作记录有缺失或改动，请联系管理员核查",
        f"{what.made_by}于{_moment(what.made_at)}导出",
    ]
    return [plain(text) for text in texts if text]


def _verified(part: Part) -> str:
    is_open = part.self_signed and not is_voluntary(part)  # nobody is asked to vouch for volunteers
    return f"名单属实：{part.vouched}" if part.vouched else "自助签到未核对" if is_open else ""


def _day(on: date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"


def _moment(at: datetime) -> str:
    return f"{_day(local_day(at))} {clock(at)}"


# -- 会议记录 ---------------------------------------------------------------------------------------------------------


def minutes(what: MinutesFacts, part: Part, is_quorate: Quorate, by: str, *, now: datetime) -> str:
    """Filed minutes as a text to print: nothing is cut, reasons are told by their class alone."""
    texts = [
        f"{_joined(part.unit, part.kind)}会议记录",
        f"名称：{part.title}" if part.title else "",
        f"时间：{beijing(part.starts_at).year}年{span(part.starts_at, part.ends_at, now=part.starts_at)}",
        f"地点：{part.place}" if part.place else "",
        f"主持人：{part.chair}",
        f"记录人：{part.recorder}",
        f"主讲人：{'、'.join(one.name for one in what.lecturers)}" if what.lecturers else "",
        counted(part),
        *_away(part),
        *(strip_tags(line) for line in guest_lines(part.guests)),
        _verified(part),
        "本次为学习会，不表决" if what.meeting.outcome is Outcome.STUDY_ONLY else "",
        *agenda_whole(what, is_quorate),
        f"会议内容：\n{what.summary}" if what.summary else "",
        f"决议：\n{what.decisions}" if what.decisions else "",
        f"纸质记录编号：{what.paper_ref}" if what.paper_ref else "",
        "主持人签字：　　　　　　　　记录人签字：　　　　　　　　",
        f"{by}于{_moment(now)}导出",
    ]
    return "\n".join(clean(text) for text in texts if text) + "\n"


def _away(part: Part) -> list[str]:
    """Who was not there, with the class of the reason."""
    due = [line for line in part.lines if line.is_due]
    leaving = [line.name + _class(line.leave_kind) for line in due if line.status is Status.ON_LEAVE]
    absent = [line.name + _class(line.explained_as) for line in due if line.status is Status.ABSENT]
    named = (("请假", leaving), ("缺席", absent))
    return [f"{title}：{'、'.join(people)}" for title, people in named if people]


def _class(kind: ReasonKind | None) -> str:
    return f"（{KIND_NAMES[kind]}）" if kind else "（未说明）"


def minutes_name(unit: str, kind: str, on: date) -> str:
    return _file(f"{_joined(unit, kind)}会议记录{on:%Y%m%d}")


TERMS = (
    "应到＝实到＋请假＋缺席（会议结束前另有未签）；实到含迟到，补课不改变实到。",
    "到会率＝实到÷应到，合计按各次人数相加计算；应到为0时不计。",
    "列席、流动党员、积极分子、群众和自愿报名的人不计入应到和实到。",
)


# -- asking -----------------------------------------------------------------------------------------------------------

PAGE = 10


def choose_unit(units: Sequence[UnitRef], page: int = 0) -> Message:
    buttons = [
        Button(cut(unit.name, 30), press("attendance", "files", unit.id))
        for unit in units[page * PAGE : (page + 1) * PAGE]
    ]
    turning = turns(page, len(units), PAGE, lambda number: press("attendance", "units", number))
    return Message("导出哪一个组织的考勤？", (*rows(buttons, 1), *turning))


def choose(what: Choice, *, now: datetime) -> Message:
    """One meeting, or all of a month."""
    if not what.meetings:
        return Message(f"{clean(what.unit.name)}还没有可以导出的会议。")
    months = [
        Button(PeriodKind.MONTH.of(first).label, press("attendance", "month", what.unit.id, first.toordinal()))
        for first in what.months
    ]
    some = [Button(button_label(one, now=now), press("attendance", "export", one.id)) for one in what.meetings]
    return Message("导出哪一次会议，或哪一个月？", (*rows(some, 1), *rows(months, 2)))


def vouched(name: str, at: datetime) -> str:
    return f"{name}，{_day(beijing(at).date())}核对"


def on_its_way() -> str:
    return "文件会发到私聊"


def in_private() -> Message:
    return Message("导出请在私聊中进行。", ((Button("打开私聊", link="ex"),),))


def caption(files: Files, what: Export) -> str:
    """Under the workbook: the figures, and what the CSV is recognised by."""
    total = sum((part.held.turnout.expected for part in what.parts), 0)
    present = sum((part.held.turnout.present for part in what.parts), 0)
    count = f"{len(what.parts)}次会议，" if len(what.parts) > 1 else ""
    joined = sum(part.held.joined for part in what.parts)
    if all(is_voluntary(part) for part in what.parts):
        return f"{count}参加{joined}。含姓名，请妥善保管。\nCSV SHA-256：{files.sha256[:16]}…"
    return f"{count}应到{total}，实到{present}。含姓名，请妥善保管。\nCSV SHA-256：{files.sha256[:16]}…"


def heading(unit: str, kind: str) -> str:
    return f"{_joined(unit, kind)}签到表"


def _joined(unit: str, kind: str) -> str:
    """一支部 and 支部党员大会 are 一支部党员大会."""
    shared = next(size for size in range(len(kind), -1, -1) if unit.endswith(kind[:size]))
    return unit + kind[shared:]


def one_name(unit: str, kind: str, on: date) -> str:
    return _file(f"{_joined(unit, kind)}考勤{on:%Y%m%d}")


def month_name(unit: str, month: str) -> str:
    return _file(f"{unit}考勤{month}")


def _file(name: str) -> str:
    return re.sub(r'[\\/:*?"<>|\s]', "", clean(name))[:60]
