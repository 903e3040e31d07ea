"""Words and buttons of attendance: what a tap answers, leave, the list with names, lists of one's own."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from bot.attendance.correction_views import proposal
from bot.attendance.facts import Answered, CheckedIn, LeaveRequest, Own, Record, Today
from bot.attendance.rules import Answer, LeaveState, ReasonKind, Status
from bot.attendance.sheet_views import KIND_NAMES, KINDS, STATUS_NAMES, hosted, hosts
from bot.meetings.change_views import change_row
from bot.meetings.facts import MeetingFacts, Named
from bot.meetings.rules import EARLY_OPENING, MeetingState, Roll
from bot.meetings.views import (
    answer_row,
    button_label,
    clock,
    day,
    head,
    name,
    names,
    own_outcome,
    own_sign_in,
    own_state,
    rate,
    reasons,
    sheet_row,
    short_day,
    sign_in_row,
    span,
    when,
)
from bot.members.views import turns
from bot.message import Button, Buttons, Html, Message, cut, fill, lines, press, rows

SIGN_IN, LEAVE = "签到", "请假"
PAGE = 10
MOST_MINUTES = 3  # of the list of the day; a branch new to the bot may have a year of them


# -- what a tap answers ---


def answered(result: Answered) -> str:
    texts = {Answer.GOING: "已登记：参加", Answer.ONLINE: "已登记：线上参加", Answer.NONE: "已退出报名"}
    return texts[result.answer]


def stays_on_leave() -> str:
    return "已登记：仍请假"


def checked_in(result: CheckedIn) -> str:
    how = "迟到" if result.status is Status.LATE else "准时"
    unsure = "，时间待核" if result.is_time_unsure else ""
    return f"已签到{clock(result.arrived_at)}（{how}{unsure}）"


def left(at: datetime) -> str:
    return f"已离会{clock(at)}"


# -- leave ---


def leave_kinds(meeting: MeetingFacts, *, now: datetime) -> Message:
    at = (meeting.id, meeting.version)
    buttons = [Button(text, press("attendance", "kind", *at, kind.name)) for kind, text in KINDS]
    text = fill("{when}{kind}，请选择请假类别", when=when(meeting.starts_at, now=now), kind=name(meeting))
    return Message(text, (tuple(buttons),))


SUBMITTED = "已提交请假，等待同意"


def leave_submitted(meeting: MeetingFacts, kind: ReasonKind, *, now: datetime) -> Message:
    text = "已提交请假（{leave}）：{day}{kind}，等待同意。\n可以再写一句原因，仅书记和组织委员可见；不写也可以。"
    words = {"leave": KIND_NAMES[kind], "day": short_day(meeting.on, now=now), "kind": name(meeting)}
    return Message(fill(text, **words))


def reason_noted() -> Message:
    return Message("已记下请假原因，仅书记和组织委员可见。")


def request(what: LeaveRequest, *, now: datetime) -> Message:
    """For who decides; afterwards it says who did."""
    meeting = what.meeting
    asked = fill(
        "{who}申请请假（{kind}）：{day}{meeting}。",
        who=what.name,
        kind=KIND_NAMES[what.kind],
        day=short_day(meeting.on, now=now),
        meeting=name(meeting),
    )
    reason = fill("原因：{reason}", reason=what.reason) if what.reason else ""
    if meeting.state is MeetingState.CANCELLED:
        return Message(lines(asked, reason, "会议已取消。"))
    outcomes = {
        LeaveState.APPROVED: fill("已由{name}处理：同意", name=what.decided_by),
        LeaveState.REJECTED: fill("已由{name}处理：不同意", name=what.decided_by),
        LeaveState.WITHDRAWN: Html("本人已撤回。"),
    }
    if what.state in outcomes:
        return Message(lines(asked, reason, outcomes[what.state]))
    return Message(lines(asked, reason), (decision_row(what),))


def decision_row(what: LeaveRequest) -> tuple[Button, ...]:
    return (
        Button("同意", press("attendance", "yes", what.attendance_id), style="success"),
        Button("不同意", press("attendance", "no", what.attendance_id)),
    )


def decision_noted(what: LeaveRequest) -> str:
    return "已同意" if what.state is LeaveState.APPROVED else "已记下：不同意"


def decided(what: LeaveRequest, *, is_secretary: bool = False, now: datetime) -> Message:
    """To who had asked; the secretary is not sent to the secretary."""
    texts = {
        LeaveState.APPROVED: "已同意您{day}{kind}的请假。",
        LeaveState.REJECTED: "未同意您{day}{kind}的请假，如有疑问请联系书记。",
    }
    text = (
        "{by}未同意您{day}{kind}的请假。" if is_secretary and what.state is LeaveState.REJECTED else texts[what.state]
    )
    words = {"day": short_day(what.meeting.on, now=now), "kind": name(what.meeting), "by": what.decided_by}
    return Message(fill(text, **words))


# -- explaining ---


def ask_explanation(own: Own, *, now: datetime) -> Message:
    buttons = reasons(own.meeting, was_absent=bool(own.roll.absent), now=now)
    return Message("请说明原因，仅书记和组织委员可见。", buttons)


EXPLAINED = "已记下，谢谢说明"
_SAID = {
    ReasonKind.OFFICIAL: "公事",
    ReasonKind.SICK: "因病",
    ReasonKind.PERSONAL: "因事",
    ReasonKind.OTHER: "其他",
}


def explained(meeting: MeetingFacts, kind: ReasonKind, *, now: datetime) -> Message:
    """What stays of the question."""
    text = "{day}{meeting}，您已说明原因：{kind}。仅书记和组织委员可见。"
    return Message(fill(text, day=short_day(meeting.on, now=now), meeting=name(meeting), kind=_SAID[kind]))


# -- at closing, after downtime ---


def summary(meeting: MeetingFacts, roll: Roll, people: Sequence[Named]) -> Message:
    """For the secretary: who is absent, or where nobody is due who took part."""
    write = Button("写记录", press("meetings", "minutes", meeting.id))
    return Message(
        _helped(meeting, roll, people) if meeting.is_voluntary else _attended(meeting, roll, people),
        ((*sheet_row(meeting), write),),
    )


def _helped(meeting: MeetingFacts, roll: Roll, came: Sequence[Named]) -> Html:
    if not roll.joined:
        return fill("{kind}已结束：没有人报名。", kind=name(meeting))
    outcome = f"参加{len(came)}人：{names(came)}" if came else "没有人签到"
    return fill("{kind}已结束：报名{count}人，{outcome}。", kind=name(meeting), count=len(roll.joined), outcome=outcome)


def _attended(meeting: MeetingFacts, roll: Roll, absent: Sequence[Named]) -> Html:
    text = "{kind}已结束：应到{due}，实到{present}{late}，请假{leave}，缺席{absent}{names}。到会率{rate}。"
    return fill(
        text,
        kind=name(meeting),
        due=roll.expected,
        present=len(roll.present),
        late=f"（迟到{len(roll.late)}）" if roll.late else "",
        leave=len(roll.on_leave),
        absent=len(roll.absent),
        names=f"：{names(absent)}" if absent else "",
        rate=rate(roll),
    )


def ask_after_downtime(meeting: MeetingFacts) -> Message:
    text = "机器人在{kind}的签到时间里中断过，部分人没能签到。会议暂未结束，请选择怎样登记；24小时后自动结束。"
    buttons = (
        (Button("补开签到30分钟", press("attendance", "reopen", meeting.id)),),
        (
            Button("逐人点名", press("attendance", "marks", meeting.id, 0)),
            Button("直接结束", press("attendance", "end", meeting.id), style="danger"),
        ),
    )
    return Message(fill(text, kind=name(meeting)), buttons)


# -- lists of one's own ---


def meeting_list(found: Sequence[Own], page: int = 0, *, now: datetime) -> Message:
    """会议与请假."""
    mine = Button("我的考勤", press("attendance", "mine"))
    if not found:
        return Message("近期没有会议。", ((mine,),))
    page = max(0, min(page, (len(found) - 1) // PAGE))
    shown = found[page * PAGE : (page + 1) * PAGE]
    whose = hosts([own.meeting for own in found], is_elsewhere=any(own.is_elsewhere for own in found))
    items = [
        lines(
            head(name(own.meeting), own.meeting.title),
            fill("{unit}", unit=whose[own.meeting.id]),
            fill("{span}{place}", span=span(own.meeting.starts_at, own.meeting.ends_at, now=now), place=_place(own)),
            _state(own, now=now),
        )
        for own in shown
    ]
    buttons = [hosted(own.meeting, whose[own.meeting.id], "show", now=now) for own in shown]
    turning = turns(page, len(found), PAGE, lambda number: press("attendance", "near", number))
    return Message("\n\n".join(items), (*rows(buttons, 1), *turning, (mine,)))


def _place(own: Own) -> str:
    return f"，{own.meeting.place}" if own.meeting.place else ""


def _state(own: Own, *, now: datetime) -> str:
    if own.meeting.is_over:
        return f"已结束。{own_outcome(own.roll)}" if own.is_due or own.roll.joined else "已结束"
    if not own.is_due and not own.roll.joined:
        return ""
    if own.meeting.is_called:
        return "补录点名中，还没有登记您" if own.roll.unsigned else f"补录点名中。{own_outcome(own.roll)}"
    return own_sign_in(own.roll) if own.meeting.is_open(now) else own_state(own.roll)


def one_meeting(own: Own, *, now: datetime) -> Message:
    """One meeting with everything this person can do there."""
    meeting = own.meeting
    text = lines(
        head(name(meeting), meeting.title),
        "时间：" + span(meeting.starts_at, meeting.ends_at, now=now),
        fill("地点：{place}", place=meeting.place) if meeting.place else "",
        _state(own, now=now),
    )
    buttons: list[tuple[Button, ...]] = []
    if own.is_due or own.roll.joined or meeting.is_voluntary:
        buttons += _own_buttons(own, now=now)
    if own.may_see_names:
        buttons.append(sheet_row(meeting))
    buttons += _leading(own, now=now)
    return Message(text, tuple(buttons))


def _leading(own: Own, *, now: datetime) -> Buttons:
    """What who leads the meeting may do."""
    meeting = own.meeting
    is_soon = meeting.state is MeetingState.SCHEDULED and meeting.starts_at - EARLY_OPENING <= now < meeting.opens_at
    early = (Button("立即开始签到", press("attendance", "open", meeting.id)),) if own.may_open and is_soon else ()
    agenda = (Button("议题", press("meetings", "topics", meeting.id)),) if own.may_plan and meeting.is_live else ()
    has_minutes = own.may_minute and meeting.state in (MeetingState.OPEN, MeetingState.CLOSED, MeetingState.RECORDED)
    minutes = (Button("会议记录", press("meetings", "minutes", meeting.id)),) if has_minutes else ()
    change = change_row(meeting) if own.may_plan and meeting.is_live else ()
    return tuple(row for row in (early, (*agenda, *minutes), change) if row)


def opened(meeting: MeetingFacts) -> str:
    return f"{name(meeting)}现在开始签到"


def _own_buttons(own: Own, *, now: datetime) -> Buttons:
    meeting = own.meeting
    if meeting.state is MeetingState.OPEN and own.roll.present and not meeting.is_called:
        return () if own.has_left else ((Button("离会", press("attendance", "out", meeting.id)),),)
    if meeting.is_open(now):
        return sign_in_row(meeting)
    if meeting.state is MeetingState.SCHEDULED:
        return answer_row(meeting, has_joined=bool(own.roll.joined))
    return ()


Waiting = tuple[str, Buttons]  # one line of the list of the day, with what opens it


def today(what: Today, *, now: datetime) -> Message:
    """今日事项."""
    found = [*_to_do(what, now=now), *_to_decide(what, now=now), *_to_arrange(what, now=now)]
    texts = [text for text, _ in found]
    return Message("\n".join(texts) if texts else "今天没有待办事项。", tuple(row for _, some in found for row in some))


def _to_do(what: Today, *, now: datetime) -> Iterator[Waiting]:
    """What concerns oneself."""
    for own in what.running:
        text = fill("正在签到：{kind}，{state}", kind=name(own.meeting), state=own_sign_in(own.roll))
        buttons = _own_buttons(own, now=now)
        yield text, tuple(tuple(replace(one, data=f"{one.data}:1") for one in row) for row in buttons)
    for own in what.unanswered:
        text = fill("待回复：{when} {kind}", when=when(own.meeting.starts_at, now=now), kind=name(own.meeting))
        yield text, ((Button(button_label(own.meeting, now=now), press("attendance", "show", own.meeting.id)),),)
    for own in what.to_explain:
        which = f"{short_day(own.meeting.on, now=now)}{name(own.meeting)}"
        opens = Button(f"说明{cut(which, 30)}缺席原因", press("attendance", "why", own.meeting.id))
        yield fill("待说明：{which}缺席原因", which=which), ((opens,),)


def _to_decide(what: Today, *, now: datetime) -> Iterator[Waiting]:
    """What others wait for."""
    for one in what.to_approve:
        opens = Button(f"审批{cut(one.name, 12)}的请假", press("attendance", "ask", one.attendance_id))
        yield request(one, now=now).text, ((opens,),)
    for proposed in what.to_confirm:
        opens = Button(f"确认{cut(proposed.name, 12)}的更正", press("attendance", "proposal", proposed.id))
        yield proposal(proposed, now=now).text, ((opens,),)


def _to_arrange(what: Today, *, now: datetime) -> Iterator[Waiting]:
    """Days to choose and minutes to file, of who leads."""
    for meeting in what.to_date:
        words = "选日期" if meeting.state is MeetingState.NEEDS_DATE else "确认日期"
        opens = Button(f"{short_day(meeting.on, now=now)} {words}", press("meetings", "one", meeting.id))
        yield _to_date(meeting, now=now), ((opens,),)
    for meeting in what.to_minute[:MOST_MINUTES]:
        which = f"{short_day(meeting.on, now=now)}{name(meeting)}"
        opens = Button(f"{cut(which, 30)} 写记录", press("meetings", "minutes", meeting.id))
        yield fill("待归档：{which}会议记录", which=which), ((opens,),)
    if (more := len(what.to_minute) - MOST_MINUTES) > 0:
        yield f"另有{more}个会议的记录待归档，发送 /minutes 查看。", ()


def _to_date(meeting: MeetingFacts, *, now: datetime) -> Html:
    """A day of a series that its leaders have been asked about."""
    text = "待确认：{when}{unit} {kind}，日期暂定"
    if meeting.state is MeetingState.NEEDS_DATE:
        text = "待选日期：{when}{unit} {kind}，当天不是工作日"
    words = {"when": day(meeting.on, now=now), "unit": meeting.unit.name, "kind": name(meeting)}
    return fill(text, **words)


def pick(found: Sequence[Own], verb: str, *, now: datetime) -> Message:
    """签到 or 请假 typed while several meetings are meant."""
    buttons = [Button(button_label(own.meeting, now=now), press("attendance", verb, own.meeting.id)) for own in found]
    return Message("是哪一个会议？", rows(buttons, 1))


def record(what: Record, *, now: datetime) -> Message:
    """我的记录: one's own, in private."""
    total = what.present + what.late + what.on_leave + what.absent
    counts = (
        f"{what.year}年应到{total}次：到会{what.present + what.late}（迟到{what.late}） · "
        f"请假{what.on_leave} · 缺席{what.absent}"
    )
    joined = f"志愿服务参加{what.joined}次" if what.joined else ""
    latest = [
        fill(
            "{day} {kind}：{status}",
            day=short_day(meeting.on, now=now),
            kind=name(meeting),
            status=STATUS_NAMES[status],
        )
        for meeting, status in what.latest
    ]
    trails = [
        Button(f"{short_day(meeting.on, now=now)} {name(meeting)}", press("attendance", "trail", meeting.id))
        for meeting, _ in what.latest
    ]
    hint = "点下面的会议，看记录是谁在什么时候登记的。" if trails else ""
    return Message(lines(counts, joined, *latest, hint), rows(trails, 2))
