"""Words of series: how a repetition is called, where its days go, its list, what is asked about a single day."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from bot.meetings import kinds
from bot.meetings.facts import Plan, SeriesPreview
from bot.meetings.phrases import Every, Question
from bot.meetings.recurrence import Dates, Landing, MonthlyDay, MonthlyWeekday, MonthlyWorkday, Rule, Weekly
from bot.meetings.repeating import Begun, Coming, Ended, SeriesFacts, SeriesList, SeriesView, Terms
from bot.meetings.rules import Guard, MeetingState, Shift
from bot.meetings.views import WEEKDAYS, base_day, day, head, when
from bot.members.views import turns
from bot.message import Button, Buttons, Html, Message, cut, fill, lines, press, rows
from bot.periods import beijing, last_of_month, local_day

TENTATIVE = "暂定"
NUMBERS = "零一二三四五六七八九十"
SHIFTS = {
    Shift.ASIS: "照常召开",
    Shift.LATER: "顺延到下一个工作日",
    Shift.EARLIER: "提前到上一个工作日",
    Shift.SKIP: "跳过这一次",
    Shift.ASK: "到时问我",
}
SHIFT_LABELS = {Shift.LATER: "顺延", Shift.EARLIER: "提前", Shift.ASIS: "照常", Shift.SKIP: "跳过", Shift.ASK: "问我"}
GUARDS = {
    Guard.NONE: "",
    Guard.WEEK: "不出本周",
    Guard.MONTH: "不出本月",
    Guard.QUARTER: "不出本季度",
    Guard.YEAR: "不出本年",
}
GUARD_LABELS = {
    Guard.WEEK: "不出本周",
    Guard.MONTH: "不出本月",
    Guard.QUARTER: "不出本季度",
    Guard.YEAR: "不出本年",
    Guard.NONE: "不限",
}


# -- how a repetition is called ---


def rule(of: Rule) -> str:
    """每月第一个周五; with what happens in months that have no such day."""
    match of:
        case Weekly():
            days = "、".join(f"周{WEEKDAYS[one]}" for one in sorted(of.weekdays))
            return f"每{days}" if of.interval == 1 else f"每{'两三四'[of.interval - 2]}周的{days}"
        case MonthlyDay():
            return _months(of.every, of.month) + _day_of_month(of)
        case MonthlyWeekday():
            without = "（没有第五个的月份不开）" if of.n == 5 else ""
            return f"{_months(of.every, of.month)}{_place(of.n)}周{WEEKDAYS[of.weekday]}{without}"
        case MonthlyWorkday():
            return f"{_months(of.every, of.month)}{_place(of.n)}工作日"
        case Dates():
            return f"选定的{len(of.days)}天"


def _months(every: int, month: int) -> str:
    nth = f"第{NUMBERS[month]}个月" if month <= 10 else ""
    return {1: "每月", 2: "单月" if month == 1 else "双月", 3: f"每季度{nth}", 6: f"每半年{nth}"}.get(
        every, f"每年{month}月"
    )


def _place(n: int) -> str:
    if n > 0:
        return f"第{NUMBERS[n]}个"
    return "最后一个" if n == -1 else f"倒数第{NUMBERS[-n]}个"


def _day_of_month(of: MonthlyDay) -> str:
    if of.day == 31 and of.clamp:
        return "最后一天"
    shortest = min(last_of_month(2023, month).day for month in range(of.month, 13, of.every))
    if of.day <= shortest:
        return f"{of.day}日"
    span_ = "年份" if of.every == 12 else "月份"
    return f"{of.day}日（没有{of.day}日的{span_}" + ("改在月末）" if of.clamp else "不开）")


def hours(clock: time, minutes: int) -> str:
    end = datetime.combine(date.min, clock) + timedelta(minutes=minutes)
    return f"{clock:%H:%M}—{end:%H:%M}"


def repetition(terms: Terms) -> str:
    return f"{rule(terms.rule)} {hours(terms.clock, terms.minutes)}"


def off_days(terms: Terms) -> str:
    """What becomes of days off; nothing where the rule names workdays only."""
    if isinstance(terms.rule, MonthlyWorkday | Dates):
        return ""
    has_place = terms.shift in (Shift.LATER, Shift.EARLIER)
    guard = f"，{GUARDS[terms.guard]}" if has_place and GUARDS[terms.guard] else ""
    makeup = "，可以排在调休上班的周末" if has_place and terms.allow_makeup else ""
    return f"遇非工作日：{SHIFTS[terms.shift]}{guard}{makeup}"


def title(series: SeriesFacts) -> str:
    kind = kinds.of(series.kind, series.unit.kind).name
    return f"{kind} {series.title}" if series.title else kind


# -- days ---


def landing_line(of: Landing, *, now: datetime) -> str:
    """One day of a preview, with where it comes from."""
    if of.on is None:
        fate = "届时请您选日期" if of.is_asked else "跳过"
        return f"{base_day(of.base_on, of.why, now=now)}，{fate}{_tentative(of.is_tentative)}"
    return f"{day(of.on, now=now)}{_from(of, now=now)}{_tentative(of.is_tentative)}"


def _from(of: Landing, *, now: datetime) -> str:
    if of.on is None or of.on == of.base_on:
        return ""
    return f"，由{base_day(of.base_on, of.why, now=now, beside=of.on)}{'顺延' if of.on > of.base_on else '提前'}"


def _tentative(is_tentative: bool) -> str:
    return f"，{TENTATIVE}" if is_tentative else ""


def coming_line(of: Coming, *, now: datetime) -> str:
    on = day(local_day(of.starts_at), now=now)
    if of.state is MeetingState.CANCELLED:
        return f"{on}，已取消"
    if of.landing is not None and (of.landing.on is None or of.state is None):
        return landing_line(of.landing, now=now)
    come = _from(of.landing, now=now) if of.landing else "，单独改过"
    told = "，已通知" if of.is_announced else ""
    return f"{on}{come}{_tentative(of.is_tentative)}{told}"


def with_note(days: Sequence[str]) -> Sequence[str]:
    """Where one of them says 暂定, what that means."""
    note = "标“暂定”的日期要等国务院办公厅公布放假安排后才能确定。"
    return [*days, note] if any(TENTATIVE in one for one in days) else days


# -- planning ---


def ask_rule(plan: Plan, way_out: Button) -> Message:
    """Which repetition, or what to do in short months."""
    assert plan.kind is not None
    assert plan.unit is not None
    buttons = [
        Button(_reading(one, plan.question), press("meetings", "rule", plan.draft_id, number))
        for number, one in enumerate(plan.repetitions)
    ]
    other = Button("输入…", press("meetings", "ask", plan.draft_id, "phrase"))
    if plan.question is Question.SHORT_MONTHS:
        return Message(_short_months(plan.repetitions[0].rule), (tuple(buttons), (other, way_out)))
    text = fill(
        "<b>{kind}</b>（{unit}）\n多久开一次？", kind=kinds.of(plan.kind, plan.unit.kind).name, unit=plan.unit.name
    )
    return Message(text, (*rows(buttons, 1), (other, way_out)))


def preview_days(what: SeriesPreview, *, now: datetime) -> Html:
    """The days to come of a series that is being planned."""
    days = [landing_line(one, now=now) for one in what.coming]
    return lines(Html(f"<b>接下来{len(what.coming)}次</b>"), *with_note(days))


def beside(what: SeriesPreview) -> list[str]:
    """What a new series replaces, and others of its kind that go on."""
    old = what.replaces
    instead = "代替现在的周期：{terms}。\n已经通知的会议照常，还没通知的按新周期重排，单独改过的也重排。"
    replaced = instead.format(terms=repetition(old.terms)) if old and not what.is_as_before else ""
    others = "、".join(rule(one.terms.rule) for one in what.besides)
    return [replaced, f"本组织另有同类周期：{others}，都会召开。" if others else ""]


def _reading(one: Every, question: Question | None) -> str:
    if question is Question.SHORT_MONTHS and isinstance(one.rule, MonthlyDay):
        return "改在月末" if one.rule.clamp else "跳过"
    return f"{rule(one.rule)} {one.clock:%H:%M}"


def _short_months(of: Rule) -> str:
    assert isinstance(of, MonthlyDay)
    lacking = f"年份没有{of.month}月" if of.every == 12 else "月份没有"
    return f"有的{lacking}{of.day}日，遇到时怎么办？"


def ask_off_days(plan: Plan) -> Message:
    assert plan.series is not None
    terms = plan.series.terms
    chosen = Button("好了", press("meetings", "show", plan.draft_id), style="success")
    text = lines(rule(terms.rule), off_days(terms), _guarded(terms))
    return Message(text, (*_shift_rows(plan.draft_id, terms), (chosen,)))


def _guarded(terms: Terms) -> str:
    """What a guard does, for who has to choose one."""
    ways = {Shift.LATER: ("顺延", "提前"), Shift.EARLIER: ("提前", "顺延")}
    if terms.shift not in ways or terms.guard is Guard.NONE:
        return ""
    first, other = ways[terms.shift]
    span_ = GUARDS[terms.guard].removeprefix("不出")
    return f"{first}会出{span_}的改为{other}，两头都不行时问您。"


def _shift_rows(draft_id: int, terms: Terms) -> Buttons:
    def button(label: str, word: str, is_on: bool) -> Button:
        return Button(f"✓ {label}" if is_on else label, press("meetings", "off", draft_id, word))

    shifts = tuple(button(label, one.name, one is terms.shift) for one, label in SHIFT_LABELS.items())
    guards = [button(label, one.name, one is terms.guard) for one, label in GUARD_LABELS.items()]
    makeup = button("调休上班的周末也可以", "MAKEUP", terms.allow_makeup)
    has_place = terms.shift in (Shift.LATER, Shift.EARLIER)
    return (shifts[:3], shifts[3:], *((*rows(guards, 3), (makeup,)) if has_place else ()))


def begun(what: Begun, *, now: datetime) -> Message:
    series, first = what.series, what.coming[0]
    notice = "首次通知马上发出。" if what.notice_at and what.notice_at <= now else ""
    if what.notice_at and not notice:
        notice = f"首次通知将于{when(what.notice_at, now=now)}发出。"
    place = f"，{series.place}" if series.place else ""
    text = fill(
        "已安排：<b>{title}</b>\n{terms}{place}\n下一次：{first}\n{notice}",
        title=title(series),
        terms=repetition(series.terms),
        place=place,
        first=coming_line(first, now=now),
        notice=notice,
    )
    ended = _renewed(what.replaced, now=now) if what.replaced else ""
    look = Button("查看", press("meetings", "series", series.id))
    return Message(lines(text.rstrip("\n") and Html(text.rstrip("\n")), ended), ((look,),))


def stopped(what: Ended, *, now: datetime) -> Message:
    text = fill("已停止：{title}，{terms}。", title=title(what.series), terms=rule(what.series.terms.rule))
    if what.undo is None:
        return Message(lines(text, _ended(what, now=now)))
    undo_id, until = what.undo
    undo = Button("撤销", press("meetings", "resume", undo_id), style="danger")
    return Message(lines(text, _ended(what, now=now), f"{beijing(until):%H:%M}前可撤销。"), ((undo,),))


def resumed(view: SeriesView, *, now: datetime) -> Message:
    """撤销 of a stop."""
    coming = next((one for one in view.coming if one.state is not MeetingState.CANCELLED), None)
    ahead = f"下一次：{coming_line(coming, now=now)}" if coming else ""
    text = fill("已撤销停止：{title}，{terms}。", title=title(view.series), terms=rule(view.series.terms.rule))
    return Message(lines(text, ahead), ((Button("查看", press("meetings", "series", view.series.id)),),))


def _renewed(what: Ended, *, now: datetime) -> str:
    return _staying(f"原来尚未通知的{what.count_gone}场已按新的周期重排。" if what.count_gone else "", what, now=now)


def _ended(what: Ended, *, now: datetime) -> str:
    return _staying(f"尚未通知的{what.count_gone}场不再召开。" if what.count_gone else "", what, now=now)


def _staying(gone: str, what: Ended, *, now: datetime) -> str:
    stay = "、".join(when(at, now=now) for at in what.staying)
    return f"{gone}已经通知的{stay}照常，要取消请单独取消。" if stay else gone


# -- the list ---


def listed(what: SeriesList, *, now: datetime) -> Message:
    new = (Button("新的周期会议", press("meetings", "repeat")),)
    if not what.shown:
        text = "还没有周期会议。也可以直接写，例如：\n/plan 每月第一个周五15点 主题党日 @三楼会议室"
        return Message(text, (new,))
    items = [_item(view, has_unit=what.has_several_units, now=now) for view in what.shown]
    buttons = [
        Button(
            cut(f"{title(view.series)} {rule(view.series.terms.rule)}", 36), press("meetings", "series", view.series.id)
        )
        for view in what.shown
    ]
    pages = what.page + 1 + what.has_more
    turning = turns(what.page, pages, 1, lambda page: press("meetings", "serieses", page))
    return Message(Html("\n\n".join(items)), (*rows(buttons, 1), *turning, new))


def _item(view: SeriesView, *, has_unit: bool, now: datetime) -> Html:
    series = view.series
    unit = f"（{series.unit.name}）" if has_unit else ""
    ahead = next((one for one in view.coming if one.state is not MeetingState.CANCELLED), None)
    following = f"下一次：{coming_line(ahead, now=now)}" if ahead else ""
    name = fill("<b>{title}</b>{unit}", title=title(series), unit=unit)
    return lines(name, repetition(series.terms), following)


def shown(view: SeriesView, *, now: datetime) -> Message:
    """One series: its terms, what is ahead, and the single meetings to be changed alone."""
    series = view.series
    kind = kinds.of(series.kind, series.unit.kind).name
    terms = lines(
        head(kind, series.title),
        f"周期：{repetition(series.terms)}",
        fill("地点：{place}", place=series.place) if series.place else "",
        fill("召开：{unit}", unit=series.unit.name),
        off_days(series.terms),
    )
    singles = [
        Button(day(local_day(one.starts_at), now=now), press("meetings", "one", one.meeting_id))
        for one in view.coming
        if one.meeting_id is not None and one.state in (MeetingState.SCHEDULED, MeetingState.NEEDS_DATE)
    ]
    days = lines(
        Html("<b>接下来</b>"),
        *with_note([coming_line(one, now=now) for one in view.coming]),
        "点日期，只改那一次。" if singles else "",
    )
    text = Html(f"{terms}\n\n{days}")
    change = Button("修改周期", press("meetings", "alter", series.id))
    end = Button("停止", press("meetings", "stop", series.id), style="danger")
    back = Button("返回", press("meetings", "serieses", 0))
    return Message(text, (*rows(singles, 2), (change, end, back)))


def ask_stop(view: SeriesView) -> Message:
    unheard = sum(
        one.meeting_id is not None and not one.is_announced and one.state is not MeetingState.CANCELLED
        for one in view.coming
    )
    gone = f"已排好、尚未通知的{unheard}场会一并取消；" if unheard else ""
    text = "停止：{title}，{rule}\n{gone}已经通知的照常召开。"
    filled = fill(text, title=title(view.series), rule=rule(view.series.terms.rule), gone=gone)
    yes = Button("确认停止", press("meetings", "halt", view.series.id), style="danger")
    return Message(filled, ((yes, Button("不停止", press("meetings", "series", view.series.id))),))
