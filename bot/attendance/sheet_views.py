"""Words and buttons of the list with names, and of what is done on it; private, for who may see names."""

from collections.abc import Sequence
from datetime import datetime

from bot.attendance.facts import Closed, Entry, Sheet
from bot.attendance.rules import Answer, LeaveState, ReasonKind, Status
from bot.meetings.facts import MeetingFacts, Named
from bot.meetings.views import button_label, clock, head, label, name, outcome, signed, span
from bot.message import Button, Buttons, Message, cut, fill, lines, press, rows

PAGE = 10
MOST_NAMES = 100  # of one state: a list must fit into one message
KINDS = (
    (ReasonKind.OFFICIAL, "公假"),
    (ReasonKind.SICK, "病假"),
    (ReasonKind.PERSONAL, "事假"),
    (ReasonKind.OTHER, "其他"),
)
KIND_NAMES = dict(KINDS)
STATUS_NAMES = {
    Status.EXPECTED: "未签",
    Status.PRESENT: "到会",
    Status.LATE: "迟到",
    Status.ON_LEAVE: "请假",
    Status.ABSENT: "缺席",
}


def sheet(what: Sheet, *, now: datetime) -> Message:
    """考勤表: counts, then names by state; private, for who may see names."""
    meeting = what.meeting
    counts = outcome(what.roll) if meeting.is_over else signed(what.roll)
    parts = [
        head(name(meeting), meeting.title),
        span(meeting.starts_at, meeting.ends_at, now=now),
        fill("应到{expected} · {counts}", expected=what.roll.expected, counts=counts)
        if not meeting.is_over
        else counts,
        "",
        *_groups(what),
    ]
    return Message("\n".join(parts).strip(), _sheet_buttons(what))


def _groups(what: Sheet) -> list[str]:
    """Each state with its people; long lists are shortened, 点名 shows them all."""
    due = [entry for entry in what.entries if entry.is_due]
    people = [entry.person for entry in what.entries]
    groups: tuple[tuple[str, list[Entry]], ...] = (
        ("到会", [entry for entry in due if entry.status is Status.PRESENT]),
        ("迟到", [entry for entry in due if entry.status is Status.LATE]),
        ("请假", [entry for entry in due if entry.status is Status.ON_LEAVE]),
        ("待批请假", [entry for entry in due if entry.leave_state is LeaveState.ASKED and not what.meeting.is_over]),
        ("未签", [entry for entry in due if _is_silent(entry)]),
        ("缺席", [entry for entry in due if entry.status is Status.ABSENT]),
        ("报名", [entry for entry in what.entries if not entry.is_due and entry.answer is Answer.GOING]),
    )
    return [
        fill("<b>{title}{count}</b>：{names}", title=title, count=len(found), names=_people(found, people))
        for title, found in groups
        if found
    ]


def _is_silent(entry: Entry) -> bool:
    return entry.status is Status.EXPECTED and entry.leave_state is not LeaveState.ASKED


def _people(found: Sequence[Entry], everybody: Sequence[Named]) -> str:
    shown = "、".join(label(entry.person, everybody) + _mark(entry) for entry in found[:MOST_NAMES])
    return shown if len(found) <= MOST_NAMES else f"{shown}等{len(found)}人"


def _mark(entry: Entry) -> str:
    """What is worth knowing beside the name."""
    marks = []
    if entry.status is Status.LATE and entry.arrived_at is not None:
        marks.append(clock(entry.arrived_at))
    if entry.status is Status.ON_LEAVE and entry.leave_kind is not None:
        marks.append(KIND_NAMES[entry.leave_kind])
    if entry.left_at is not None:
        marks.append(f"{clock(entry.left_at)}离会")
    if entry.status is Status.ABSENT and entry.leave_state is LeaveState.ASKED:
        marks.append("请假待批")
    if entry.is_time_unsure:
        marks.append("时间待核")
    if entry.status is Status.EXPECTED and entry.answer is Answer.GOING:
        marks.append("已回复参加")
    return f"（{'，'.join(marks)}）" if marks else ""


def _sheet_buttons(what: Sheet) -> Buttons:
    meeting = what.meeting
    if not what.may_mark:
        return ()
    mark = Button("点名", press("attendance", "marks", meeting.id, 0))
    more = Button("延长30分钟", press("attendance", "more", meeting.id))
    end = Button("结束", press("attendance", "end", meeting.id), style="danger")
    return ((mark, more), (end,))


def marking(what: Sheet, page: int = 0, *, is_sure: bool = False) -> Message:
    """A page of 点名: a tap goes from 未签 to 到会 to 迟到 and back."""
    due = [entry for entry in what.entries if entry.is_due]
    page = min(page, max(0, (len(due) - 1) // PAGE))
    people = [entry.person for entry in due]
    shown = due[page * PAGE : (page + 1) * PAGE]
    steps = {Status.EXPECTED: "p", Status.PRESENT: "l", Status.LATE: "e", Status.ON_LEAVE: "p", Status.ABSENT: "p"}
    buttons = [
        Button(
            f"{cut(label(entry.person, people), 12)} {STATUS_NAMES[entry.status]}",
            press("attendance", "mark", entry.attendance_id, steps[entry.status], page),
        )
        for entry in shown
    ]
    before = (Button("上一页", press("attendance", "turn", what.meeting.id, page - 1)),) if page else ()
    has_more = (page + 1) * PAGE < len(due)
    after = (Button("下一页", press("attendance", "turn", what.meeting.id, page + 1)),) if has_more else ()
    pager: Buttons = ((*before, *after),) if before or after else ()
    text = fill("点名：{kind}\n{counts}", kind=name(what.meeting), counts=signed(what.roll))
    return Message(text, (*rows(buttons, 2), *pager, _rest_row(what, page, is_sure=is_sure)))


def _rest_row(what: Sheet, page: int, *, is_sure: bool) -> tuple[Button, ...]:
    if not is_sure:
        return (Button("其余全部到会", press("attendance", "rest", what.meeting.id, page)),)
    count = len([entry for entry in what.entries if entry.is_due and _is_silent(entry)])
    return (
        Button(f"确认{count}人到会", press("attendance", "all", what.meeting.id, page), style="success"),
        Button("返回", press("attendance", "turn", what.meeting.id, page)),
    )


def ask_end(what: Sheet) -> Message:
    text = "结束签到后，未签{count}人记为缺席。确认结束吗"
    count = len(what.roll.unsigned)
    buttons = (
        Button("确认结束", press("attendance", "close", what.meeting.id), style="danger"),
        Button("返回", press("attendance", "back", what.meeting.id)),
    )
    return Message(fill(text, count=count), (buttons,))


def nothing_ended() -> Message:
    return Message("没有结束，签到继续。")


def ended(result: Closed) -> Message:
    return Message(lines(fill("{kind}已结束", kind=name(result.meeting)), outcome(result.roll)))


def extended(until: datetime) -> str:
    return f"已延长，{clock(until)}自动结束"


def vouched() -> str:
    return "已记下：名单属实"


def reopened(until: datetime) -> str:
    return f"签到补开到{clock(until)}"


def pick_sheet(meetings: Sequence[MeetingFacts], *, now: datetime) -> Message:
    buttons = [Button(button_label(meeting, now=now), press("attendance", "sheet", meeting.id)) for meeting in meetings]
    return Message("看哪一个会议的考勤表", rows(buttons, 1))


def sheet_is_coming() -> str:
    return "考勤表已发到私聊"


def roll_in_private() -> Message:
    return Message("考勤表请在私聊中查看。", ((Button("打开私聊", link="rl"),),))
