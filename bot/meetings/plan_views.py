"""Words and buttons of a plan: the questions it asks, its preview, the receipt."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.meetings import kinds, series_views
from bot.meetings.change_views import change_row
from bot.meetings.facts import MeetingFacts, Plan, Preview, Saved, Step
from bot.meetings.ladder import PlannedRung
from bot.meetings.phrases import Note, Question
from bot.meetings.rules import RungName, RungState
from bot.meetings.views import clock, head, label, names, short_day, span, when
from bot.members.rules import DueList
from bot.members.views import turns
from bot.message import Button, Buttons, Html, Message, cut, fill, lines, press, rows
from bot.periods import at_beijing, beijing, local_day, months_later
from bot.workdays import DayKind

TYPICAL_PLACES = ("党员活动室", "三楼会议室")
PAGE = 10
MOST_BESIDE = 9  # characters of a place that still stands beside another on a telephone
ASKING = frozenset({RungName.R2, RungName.R5, RungName.R8})
RUNG_NAMES = {
    RungName.R1: "通知",
    RungName.R2: "催复",
    RungName.R3: "会前提醒",
    RungName.R4: "开始签到",
    RungName.R5: "催签",
    RungName.R6: "到会报告",
    RungName.R7: "会后整理",
    RungName.R8: "缺席说明",
}
QUESTIONS = {
    Question.WHICH_WEEK: "是哪一天？",
    Question.PAST_OR_NEXT_YEAR: "这个时间已过，补录还是改到明年？",
    Question.TOMORROW: "今天这个时间已过，是否改到明天？",
    Question.SHORT_MONTHS: "是哪一天？",
}
NOTES = {
    Note.AFTERNOON: "没写上午下午，按下午理解。",
    Note.DEFAULT_TIME: "没写几点，用的是默认时间。",
    Note.ODD_HOUR: "时间较早或较晚，请再确认时间。",
}


def in_private() -> Message:
    """/plan in a group."""
    return Message("安排会议请在私聊中进行。", ((Button("打开私聊", link="pl"),),))


def dropped() -> Message:
    return Message("已放弃，没有保存。")


def question(plan: Plan, *, page: int = 0, now: datetime) -> Message:
    """What the plan asks next, or its preview."""
    return _STEPS[plan.step](plan, page, now)


def _choice(plan: Plan, now: datetime) -> Message:
    assert plan.question is not None
    return Message(QUESTIONS[plan.question], (*_past_of(plan, now=now), *_starts(plan, now=now)))


def _ready(plan: Plan, now: datetime) -> Message:
    assert plan.preview is not None
    return preview(plan.draft_id, plan.preview, now=now)


def _past(plan: Plan, now: datetime) -> Message:
    return Message(
        "该时间已过。是补录已经开过的会吗？", (_record(plan, plan.starts[0], now=now), *_starts(plan, now=now)[-1:])
    )


def _kinds(plan: Plan) -> Buttons:
    buttons = [Button(kinds.of(kind).name, press("meetings", "kind", plan.draft_id, kind.value)) for kind in plan.kinds]
    repeated = () if plan.repeats or plan.is_change else (Button("周期会议", press("meetings", "serieses", 0)),)
    return (*rows(buttons, 2), (*repeated, _way_out(plan)))


def _host(plan: Plan, page: int) -> Message:
    assert plan.kind is not None
    return Message(fill("<b>{kind}</b>\n由哪个组织召开？", kind=kinds.of(plan.kind).name), _units(plan, page))


def _units(plan: Plan, page: int) -> Buttons:
    shown = plan.units[page * PAGE : (page + 1) * PAGE]
    buttons = [Button(cut(unit.name, 30), press("meetings", "unit", plan.draft_id, unit.id)) for unit in shown]
    return (*rows(buttons, 1), *_turns(plan.draft_id, page, len(plan.units)), (_way_out(plan),))


def _turns(draft_id: int, page: int, count: int) -> Buttons:
    return turns(page, count, PAGE, lambda number: press("meetings", "page", draft_id, number))


def _day(plan: Plan, *, now: datetime) -> Message:
    text = fill("<b>{kind}</b>（{unit}）\n什么时候开？", **_what(plan))
    return Message(text, _starts(plan, now=now))


def _starts(plan: Plan, *, now: datetime) -> Buttons:
    buttons = [
        Button(when(at, now=now), press("meetings", "at", plan.draft_id, int(at.timestamp()) // 60))
        for at in plan.starts
    ]
    other = Button("输入…", press("meetings", "ask", plan.draft_id, "phrase"))
    return (*rows(buttons, 1), (other, _way_out(plan)))


def _place(plan: Plan) -> Message:
    buttons = [
        Button(cut(place, 30), press("meetings", "place", plan.draft_id, number))
        for number, place in enumerate(plan.places)
    ]
    other = Button("输入…", press("meetings", "ask", plan.draft_id, "place"))
    text = fill("<b>{kind}</b>（{unit}）\n在哪里开？", **_what(plan))
    is_wide = any(len(place) > MOST_BESIDE for place in plan.places)
    return Message(text, (*rows(buttons, 1 if is_wide else 2), (other, _way_out(plan))))


def _people(plan: Plan, page: int) -> Message:
    shown = plan.people[page * PAGE : (page + 1) * PAGE]
    buttons = [
        Button(
            ("✓ " if person.member_id in plan.chosen else "") + cut(label(person, plan.people), 20),
            press("meetings", "who", plan.draft_id, person.member_id, page),
        )
        for person in shown
    ]
    done = (
        Button("全选", press("meetings", "everyone", plan.draft_id)),
        Button(f"选好了（{len(plan.chosen)}）", press("meetings", "chosen", plan.draft_id)),
    )
    turning = _turns(plan.draft_id, page, len(plan.people))
    return Message("请选择参加培训的人。", (*rows(buttons, 2), *turning, done, (_way_out(plan),)))


def _what(plan: Plan) -> dict[str, str]:
    assert plan.kind is not None
    assert plan.unit is not None
    return {"kind": kinds.of(plan.kind, plan.unit.kind).name, "unit": plan.unit.name}


def _drop(draft_id: int) -> Button:
    return Button("放弃", press("meetings", "drop", draft_id), style="danger")


def _way_out(plan: Plan) -> Button:
    """Of a question: back to what was complete already, else out of the plan."""
    return Button("不改了", press("meetings", "keep", plan.draft_id)) if plan.is_change else _drop(plan.draft_id)


def ask(field: str, *, repeats: bool = False) -> Message:
    """What the planner is to type."""
    texts = {
        "phrase": "请写周期，例如：每月第一个周五15点、每周三下午3点半、每季度第一个月10日9点。"
        if repeats
        else "请写时间，例如：下周五15点、12月8日9点到11点、每月第一个周五15点。",
        "place": "请写地点。",
        "title": "请写会议主题。",
    }
    return Message(f"{texts[field]}\n发送“取消”放弃输入。")


# -- 补录 ---


def _past_of(plan: Plan, *, now: datetime) -> Buttons:
    """Beside the day of next year, the one just over that may be meant."""
    if plan.question is not Question.PAST_OR_NEXT_YEAR:
        return ()
    start = beijing(plan.starts[0])
    return (_record(plan, at_beijing(months_later(start.date(), -12), start.time()), now=now),)


def _record(plan: Plan, at: datetime, *, now: datetime) -> tuple[Button, ...]:
    return (Button(f"补录{when(at, now=now)}", press("meetings", "past", plan.draft_id, int(at.timestamp()) // 60)),)


def past_preview(plan: Plan, *, now: datetime) -> Message:
    """A meeting that was held: who was due that day, and why it is written down only now."""
    what = plan.preview
    assert what is not None
    rules = kinds.of(what.kind, what.unit.kind)
    text = lines(
        head(rules.name, what.title),
        f"时间：{span(what.starts_at, what.ends_at, now=now)}",
        fill("地点：{place}", place=what.place),
        fill("召开：{unit}，{due}", unit=what.unit.name, due=_due(what, rules.due_list)),
        _off_day(what),
        fill("补录原因：{reason}", reason=plan.reason) if plan.reason else "请写补录原因。",
        "补录的会议不发通知，由书记点名；7天内没有结束的自动结束。",
    )
    ok = (Button("确认补录", press("meetings", "record", plan.draft_id), style="success"),) if plan.reason else ()
    why = Button("改原因" if plan.reason else "写原因", press("meetings", "pastwhy", plan.draft_id))
    edit = Button("修改", press("meetings", "edit", plan.draft_id))
    return Message(text, ((*ok, why), (edit, _drop(plan.draft_id))))


def ask_past_reason() -> Message:
    return Message("请写补录原因（2到200个字），例如：当天没有网络。\n发送“取消”放弃输入。")


def recorded(meeting: MeetingFacts, *, now: datetime) -> Message:
    text = fill(
        "已补录：{head}\n{span}{place}\n请点名，完成后结束。",
        head=head(meeting.rules.name, meeting.title),
        span=span(meeting.starts_at, meeting.ends_at, now=now),
        place=f"，{meeting.place}" if meeting.place else "",
    )
    call = Button("逐人点名", press("attendance", "marks", meeting.id, 0))
    end = Button("结束", press("attendance", "end", meeting.id), style="danger")
    return Message(text, ((call, end),))


# -- the preview ---


def preview(draft_id: int, what: Preview, *, now: datetime) -> Message:
    rules = kinds.of(what.kind, what.unit.kind)
    terms = lines(
        head(rules.name, what.title),
        f"时间：{span(what.starts_at, what.ends_at, now=now)}",
        _noted(what.notes),
        fill("地点：{place}", place=what.place),
        fill("召开：{unit}，{due}", unit=what.unit.name, due=_due(what, rules.due_list)),
        *_warnings(what, rules.due_list),
    )
    reminders = lines(
        fill("<b>提醒</b>（{how}）", how=_how(what)),
        *(_rung(rung, now=now) for rung in what.rungs if rung.round == 1),
    )
    return Message(Html(f"{terms}\n\n{reminders}"), _confirm(draft_id, what.title))


def series_preview(plan: Plan, *, now: datetime) -> Message:
    """The repetition, the next six days, and the reminders of the first of them."""
    what = plan.series
    assert what is not None
    rules, first = kinds.of(what.kind, what.unit.kind), what.first
    terms = lines(
        head(rules.name, what.title),
        f"周期：{series_views.repetition(what.terms)}",
        _noted(what.notes),
        fill("地点：{place}", place=what.place),
        fill("召开：{unit}{due}", unit=what.unit.name, due=f"，{_due(first, rules.due_list)}" if first else ""),
        series_views.off_days(what.terms),
        *series_views.beside(what),
    )
    days = series_views.preview_days(what, now=now)
    buttons = _confirm(plan.draft_id, what.title, "begin")
    if what.is_as_before and rules.due_list is not DueList.CHOSEN:
        return Message(Html(f"{terms}\n\n{days}\n\n请点要改的部分。"), buttons[1:])
    if first is None:
        return Message(Html(f"{terms}\n\n{days}"), buttons)
    reminders = lines(
        *(f"第一次：{clash}" for clash in _clashes(first, rules.due_list) if clash),
        fill("<b>第一次的提醒</b>（{how}）", how=_how(first)),
        *(_rung(rung, now=now) for rung in first.rungs if rung.round == 1),
    )
    return Message(Html(f"{terms}\n\n{days}\n\n{reminders}"), buttons)


def _noted(notes: Sequence[Note]) -> str:
    return "".join(NOTES[note] for note in notes)


def _how(what: Preview) -> str:
    """Where the reminders go; what asks single people never goes to the group."""
    if not what.has_chat:
        return "逐一私信"
    asks_people = any(rung.rung in ASKING for rung in what.rungs)
    return "通知发到群里，催办只私信本人" if asks_people else "发到群里"


def _due(what: Preview, due_list: DueList) -> str:
    if due_list is DueList.NOBODY:
        return "自愿报名"
    exempt = f"，另有{what.exempt}人不计入应到" if what.exempt else ""
    return f"应到{what.expected}人{exempt}"


def _off_day(what: Preview) -> str:
    day = what.why
    reasons = {
        DayKind.WEEKEND: "这一天是周末，非工作日。",
        DayKind.HOLIDAY: f"这一天是{day.name}假期，非工作日。",
        DayKind.MAKEUP: f"这一天是周末，因{day.name}调休上班。",
    }
    return reasons.get(day.kind, "")


def _warnings(what: Preview, due_list: DueList) -> list[str]:
    return [
        _off_day(what),
        "" if what.is_known else f"{local_day(what.starts_at).year}年放假安排尚未公布，请届时再核对。",
        *_clashes(what, due_list),
    ]


def _clashes(what: Preview, due_list: DueList) -> list[str]:
    return [
        "应到名单为空。" if not what.expected and due_list is not DueList.NOBODY else "",
        fill("{names}此时另有会议。", names=names(what.busy)) if what.busy else "",
        "同一时间该地点已有会议。" if what.is_place_taken else "",
    ]


def _rung(rung: PlannedRung, *, now: datetime) -> str:
    if rung.state is RungState.SKIPPED:
        return f"{RUNG_NAMES[rung.rung]} 略过"
    if rung.due_at <= now:
        return f"{RUNG_NAMES[rung.rung]} 立即"
    return f"{RUNG_NAMES[rung.rung]} {short_day(local_day(rung.due_at), now=now)} {clock(rung.due_at)}"


def _confirm(draft_id: int, title: str, verb: str = "ok") -> Buttons:
    return (
        (Button("确认发布" if verb == "ok" else "确认", press("meetings", verb, draft_id), style="success"),),
        (
            Button("改主题" if title else "写主题", press("meetings", "ask", draft_id, "title")),
            Button("修改", press("meetings", "edit", draft_id)),
            _drop(draft_id),
        ),
    )


def parts(plan: Plan) -> Buttons:
    """修改: which part."""
    steps: tuple[tuple[Step, str], ...] = (
        (Step.DAY, "改时间"),
        (Step.PLACE, "改地点"),
        (Step.KIND, "改类别"),
        (Step.UNIT, "改召开组织"),
    )
    if plan.kind is not None and plan.unit is not None:
        is_chosen = kinds.of(plan.kind, plan.unit.kind).due_list is DueList.CHOSEN
        steps += ((Step.PEOPLE, "改人员"),) if is_chosen else ()
    has_off_days = plan.series is not None and bool(series_views.off_days(plan.series.terms))
    buttons = [Button(text, press("meetings", "redo", plan.draft_id, step.name)) for step, text in steps]
    buttons += [Button("遇非工作日", press("meetings", "offs", plan.draft_id))] if has_off_days else []
    return (*rows(buttons, 2), (Button("不改了", press("meetings", "show", plan.draft_id)),))


def editing(plan: Plan, *, now: datetime) -> Message:
    return Message(question(plan, now=now).text, parts(plan))


def saved(what: Saved, *, now: datetime) -> Message:
    meeting, notice = what.meeting, ""
    if what.notice_at is not None:
        is_due = what.notice_at <= now
        notice = "通知马上发出。" if is_due else f"通知将于{when(what.notice_at, now=now)}发出。"
    text = fill(
        "已发布：{head}\n{span}{place}\n{notice}",
        head=head(meeting.rules.name, meeting.title),
        span=span(meeting.starts_at, meeting.ends_at, now=now),
        place=f"，{meeting.place}" if meeting.place else "",
        notice=notice,
    )
    agenda = ((Button("议题", press("meetings", "topics", meeting.id)),),) if meeting.rules.votes else ()
    return Message(text, (*agenda, change_row(meeting)))


_STEPS: Mapping[Step, Callable[[Plan, int, datetime], Message]] = {
    Step.KIND: lambda plan, _, __: Message("安排哪一种会议？", _kinds(plan)),
    Step.UNIT: lambda plan, page, _: _host(plan, page),
    Step.DAY: lambda plan, _, now: _day(plan, now=now),
    Step.CHOICE: lambda plan, _, now: _choice(plan, now),
    Step.RULE: lambda plan, _, __: series_views.ask_rule(plan, _way_out(plan)),
    Step.OFF_DAYS: lambda plan, _, __: series_views.ask_off_days(plan),
    Step.PAST: lambda plan, _, now: _past(plan, now),
    Step.PAST_PREVIEW: lambda plan, _, now: past_preview(plan, now=now),
    Step.PLACE: lambda plan, _, __: _place(plan),
    Step.PEOPLE: lambda plan, page, _: _people(plan, page),
    Step.PREVIEW: lambda plan, _, now: _ready(plan, now),
    Step.SERIES: lambda plan, _, now: series_preview(plan, now=now),
}
