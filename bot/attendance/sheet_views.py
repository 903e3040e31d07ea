"""Words and buttons of the list with names, and of what is done on it; private, for who may see names."""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.attendance.facts import Closed, Entry, Sheet
from bot.attendance.guest_views import guest_lines
from bot.attendance.rules import CAME, Answer, LeaveState, ReasonKind, Status
from bot.meetings.facts import MeetingFacts, Named
from bot.meetings.rules import MeetingState, Outcome
from bot.meetings.views import (
    answered,
    button_label,
    clock,
    head,
    label,
    name,
    outcome,
    relative,
    signed,
    so_far,
    span,
    voting,
)
from bot.members.rules import UnitKind, UnitRef
from bot.members.views import turns
from bot.message import Button, Buttons, Html, Message, cut, fill, lines, press, rows

PAGE = 10
MANY = 2
MOST_EXCUSED = 10
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


def sheet(what: Sheet, host: str = "", *, now: datetime) -> Message:
    """考勤表: counts, then names by state; private, for who may see names."""
    meeting = what.meeting
    parts = [
        head(name(meeting), meeting.title),
        *([fill("{host}", host=host)] if host else []),
        span(meeting.starts_at, meeting.ends_at, now=now),
        _counts(what),
        *filter(None, (*_notes(what, now=now), voting(what.roll), "只列出您负责的党员。" if what.is_part else "")),
        "",
        *(_replies(what) if meeting.state is MeetingState.SCHEDULED else _groups(what)),
        *guest_lines(what.guests),
        *_excused(what),
    ]
    return Message("\n".join(parts).strip(), _sheet_buttons(what))


def _counts(what: Sheet) -> str:
    if what.meeting.is_over:
        return outcome(what.meeting, what.roll)
    if what.meeting.state is MeetingState.SCHEDULED:
        return answered(what.meeting, what.roll)
    return so_far(what.meeting, what.roll)


def _notes(what: Sheet, *, now: datetime) -> list[str]:
    meeting = what.meeting
    until = meeting.extra_until if meeting.state is MeetingState.OPEN else None
    return [
        "本次为学习会，不表决" if meeting.outcome is Outcome.STUDY_ONLY else "",
        f"{relative(until, now=now)}自动结束" if until else "",
    ]


def _excused(what: Sheet) -> list[str]:
    """Who is not due, on what ground and on whose word."""
    text = "{who}（{basis}，{approver}{day}批准）"
    people = "；".join(
        fill(text, who=one.person.name, basis=one.basis, approver=one.approver, day=one.approved_on.isoformat())
        for one in what.excused[:MOST_EXCUSED]
    )
    return [fill("<b>不计入应到{count}</b>：{people}", count=len(what.excused), people=Html(people))] if people else []


def _replies(what: Sheet) -> list[str]:
    """Before sign-in: who said what."""
    due = [entry for entry in what.entries if entry.is_due]
    leaving = [entry for entry in due if entry.status is Status.ON_LEAVE or entry.leave_state is LeaveState.ASKED]
    coming = [entry for entry in due if entry not in leaving]
    groups = (
        ("参加", [entry for entry in coming if entry.answer is Answer.GOING], False),
        ("线上", [entry for entry in coming if entry.answer is Answer.ONLINE], False),
        ("请假", leaving, True),
        ("未回复", [entry for entry in coming if entry.answer not in (Answer.GOING, Answer.ONLINE)], False),
        ("报名", [entry for entry in what.entries if not entry.is_due and entry.answer is Answer.GOING], False),
    )
    people = [entry.person for entry in what.entries]
    return [
        fill("<b>{title}{count}</b>：{names}", title=title, count=len(found), names=_people(found, people, has_marks))
        for title, found, has_marks in groups
        if found
    ]


def _groups(what: Sheet) -> list[str]:
    """Each state with its people; long lists are shortened, 点名 shows them all."""
    due = [entry for entry in what.entries if entry.is_due]
    joined = [entry for entry in what.entries if not entry.is_due and entry.answer is Answer.GOING]
    people = [entry.person for entry in what.entries]
    groups: tuple[tuple[str, list[Entry]], ...] = (
        ("到会", [entry for entry in due if entry.status is Status.PRESENT]),
        ("迟到", [entry for entry in due if entry.status is Status.LATE]),
        ("请假", [entry for entry in due if entry.status is Status.ON_LEAVE]),
        ("未签", [entry for entry in due if entry.status is Status.EXPECTED]),
        ("缺席", [entry for entry in due if entry.status is Status.ABSENT]),
        ("到会", [entry for entry in joined if entry.status in CAME]),
        ("报名未到" if what.meeting.is_over else "报名未签", [one for one in joined if one.status not in CAME]),
    )
    return [
        fill("<b>{title}{count}</b>：{names}", title=title, count=len(found), names=_people(found, people))
        for title, found in groups
        if found
    ]


def _is_silent(entry: Entry) -> bool:
    return entry.status is Status.EXPECTED and entry.leave_state is not LeaveState.ASKED


_NOTES: tuple[tuple[str, Callable[[Entry], bool]], ...] = (
    ("代录", lambda entry: entry.is_for_other),
    ("补签", lambda entry: entry.is_late_entry),
    ("已补课", lambda entry: entry.is_made_up),
)


def _people(found: Sequence[Entry], everybody: Sequence[Named], has_marks: bool = True) -> str:
    said = ((entry, _mark(entry) if has_marks else "") for entry in found[:MOST_NAMES])
    shown = "、".join(label(entry.person, everybody) + mark for entry, mark in said)
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
    if entry.status in (Status.EXPECTED, Status.ABSENT) and entry.leave_state is LeaveState.ASKED:
        marks.append("请假待批")
    if entry.is_time_unsure:
        marks.append("时间待核")
    marks += [text for text, is_so in _NOTES if is_so(entry)]
    if entry.is_due and entry.status is Status.EXPECTED and entry.answer is Answer.GOING:
        marks.append("已回复参加")
    return f"（{'，'.join(marks)}）" if marks else ""


def _sheet_buttons(what: Sheet) -> Buttons:
    meeting_id = what.meeting.id
    mark = Button("点名", press("attendance", "marks", meeting_id, 0))
    leave = Button("离会", press("attendance", "leaving", meeting_id, 0))
    guests = Button("列席", press("attendance", "guests", meeting_id))
    more = Button("延长30分钟", press("attendance", "more", meeting_id))
    end = Button("结束", press("attendance", "end", meeting_id), style="danger")
    export = Button("导出", press("attendance", "export", meeting_id))
    correct = Button("更正" if what.meeting.is_over else "名册更正", press("attendance", "fix", meeting_id, 0))
    vouch = Button("名单属实", press("attendance", "true", meeting_id), style="success")
    votes = Button("表决", press("attendance", "votes", meeting_id))
    is_closed = what.meeting.state is MeetingState.CLOSED
    shown = (
        ((mark, leave, guests), what.may_mark),
        ((vouch,), what.may_vouch),
        ((more,), what.may_mark),
        ((votes,), what.may_vote),
        ((correct,), what.may_correct),
        ((guests,), what.may_correct and is_closed),
        ((export,), what.may_export),
    )
    buttons = [button for some, is_shown in shown if is_shown for button in some]
    return (*rows(buttons, 3), *(((end,),) if what.may_mark else ()))


def marking(what: Sheet, page: int = 0, *, is_sure: bool = False, is_for_other: bool = False) -> Message:
    """A page of 点名: a tap goes from 未签 to 到会 to 迟到 and back; 代录 is noted while it is switched on."""
    due = [entry for entry in what.entries if entry.is_due or entry.answer is Answer.GOING]
    page, flag = _last(page, due), int(is_for_other)
    people = [entry.person for entry in due]
    steps = {Status.EXPECTED: "p", Status.PRESENT: "l", Status.LATE: "e", Status.ON_LEAVE: "p", Status.ABSENT: "p"}
    buttons = [
        Button(
            f"{cut(label(entry.person, people), 12)} {STATUS_NAMES[entry.status]}{'·代' if entry.is_for_other else ''}",
            press("attendance", "mark", entry.attendance_id, steps[entry.status], page, flag),
        )
        for entry in due[page * PAGE : (page + 1) * PAGE]
    ]
    of = what.meeting.id
    turning = turns(page, len(due), PAGE, lambda number: press("attendance", "turn", of, number, flag))
    text = fill("点名：{kind}\n{counts}", kind=name(what.meeting), counts=signed(what.meeting, what.roll))
    hint = "代录已开：现在点到的人记为代录。" if is_for_other else "点姓名依次换成到会、迟到、未签。"
    return Message(lines(text, hint), (*rows(buttons, 2), *turning, _last_row(what, page, is_sure, is_for_other)))


def _last(page: int, shown: Sequence[Entry]) -> int:
    return max(0, min(page, (len(shown) - 1) // PAGE))


def _last_row(what: Sheet, page: int, is_sure: bool, is_for_other: bool) -> tuple[Button, ...]:
    meeting_id = what.meeting.id
    flag, count = int(is_for_other), len([entry for entry in what.entries if entry.is_due and _is_silent(entry)])
    if not is_sure:
        other = Button("关闭代录" if is_for_other else "代录", press("attendance", "turn", meeting_id, page, 1 - flag))
        rest = Button("其余全部到会", press("attendance", "rest", meeting_id, page, flag))
        return (rest, other) if count else (other,)
    return (
        Button(f"确认{count}人到会", press("attendance", "all", meeting_id, page, flag), style="success"),
        Button("返回", press("attendance", "turn", meeting_id, page, flag)),
    )


def leaving(what: Sheet, page: int = 0) -> Message:
    """A page of 离会: who is here; a tap notes the time, once more takes it back."""
    here = [entry for entry in what.entries if entry.status in CAME]
    if not here:
        return Message("还没有人签到。")
    page, people = _last(page, here), [entry.person for entry in here]
    buttons = [
        Button(
            cut(label(entry.person, people), 12) + (f" {clock(entry.left_at)}离会" if entry.left_at else ""),
            press("attendance", "left", entry.attendance_id, page),
        )
        for entry in here[page * PAGE : (page + 1) * PAGE]
    ]
    text = fill("离会登记：{kind}\n点姓名登记，再点一次取消。", kind=name(what.meeting))
    of = what.meeting.id
    turning = turns(page, len(here), PAGE, lambda number: press("attendance", "leaving", of, number, 1))
    return Message(text, (*rows(buttons, 2), *turning))


def ask_end(what: Sheet) -> Message:
    count = len(what.roll.unsigned)
    text = "结束签到后，未签{count}人记为缺席。确认结束吗？" if count else "结束后不能再自己签到。确认结束吗？"
    buttons = (
        Button("确认结束", press("attendance", "close", what.meeting.id), style="danger"),
        Button("返回", press("attendance", "back", what.meeting.id)),
    )
    return Message(fill(text, count=count), (buttons,))


def nothing_ended() -> Message:
    return Message("没有结束，签到继续。")


def ended(result: Closed) -> Message:
    """To who pressed; who reads the outcome in a message of its own is not told it twice."""
    if result.is_told:
        return Message(fill("{kind}已结束，结果见下一条。", kind=name(result.meeting)))
    return Message(lines(fill("{kind}已结束", kind=name(result.meeting)), outcome(result.meeting, result.roll)))


def extended(until: datetime) -> str:
    return f"已延长，{clock(until)}自动结束"


def vouched() -> str:
    return "已记下：名单属实"


def reopened(until: datetime) -> str:
    return f"签到补开到{clock(until)}"


def hosts(meetings: Sequence[MeetingFacts], *, is_elsewhere: bool) -> dict[int, str]:
    """Whose each meeting is, for who sees those of several branches or of another than his own."""
    homes = {meeting.id: _home(meeting.unit) for meeting in meetings}
    if len(set(homes.values())) < MANY and not is_elsewhere:
        return dict.fromkeys(homes, "")
    names = {meeting.unit.path: meeting.unit.name for meeting in meetings}
    return {meeting.id: names.get(homes[meeting.id], meeting.unit.name) for meeting in meetings}


def _home(unit: UnitRef) -> str:
    """The path of the branch of a group, else of the body itself."""
    return unit.path[: unit.path[:-1].rindex("/") + 1] if unit.kind is UnitKind.PARTY_GROUP else unit.path


def hosted(meeting: MeetingFacts, host: str, verb: str, *, now: datetime) -> Button:
    return Button(cut(f"{host} {button_label(meeting, now=now)}".strip(), 40), press("attendance", verb, meeting.id))


def pick_sheet(
    meetings: Sequence[MeetingFacts], page: int = 0, *, is_elsewhere: bool = False, now: datetime
) -> Message:
    page = max(0, min(page, (len(meetings) - 1) // PAGE))
    shown, whose = meetings[page * PAGE : (page + 1) * PAGE], hosts(meetings, is_elsewhere=is_elsewhere)
    buttons = [hosted(meeting, whose[meeting.id], "sheet", now=now) for meeting in shown]
    turning = turns(page, len(meetings), PAGE, lambda number: press("attendance", "rolls", number))
    return Message("看哪一个会议的考勤表？", (*rows(buttons, 1), *turning))


def sheet_is_coming() -> str:
    return "考勤表已发到私聊"


def roll_in_private() -> Message:
    return Message("考勤表请在私聊中查看。", ((Button("打开私聊", link="rl"),),))
