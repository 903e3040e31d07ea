"""Words about single days of series: which day is asked for, what new days off would change, what was decided."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.meetings.change_views import change_row
from bot.meetings.facts import Adopted, Difference, Differences, MeetingFacts, Undated
from bot.meetings.rules import MeetingState
from bot.meetings.series_views import landing_line
from bot.meetings.views import base_day, day, name, span, when
from bot.message import Button, Html, Message, fill, lines, press, rows
from bot.workdays import DayKind

MOST_LINES = 20


# -- a single day ---


def undated(what: Undated, *, now: datetime) -> Message:
    """The question about a day: which one, or whether a tentative one stands."""
    if what.meeting.state is MeetingState.NEEDS_DATE:
        return ask_date(what, now=now)
    return ask_tentative(what, now=now) if what.meeting.is_tentative else single(what.meeting, now=now)


def ask_date(what: Undated, *, now: datetime) -> Message:
    meeting, landing = what.meeting, what.landing
    at = (meeting.id, meeting.version)
    base = base_day(meeting.on, landing.why, now=now) if landing else day(meeting.on, now=now)
    offered_on = [on for on in (landing.before, landing.after) if on is not None] if landing else []
    starts = [meeting.starts_at + (on - meeting.on) for on in offered_on]
    choices = [
        Button(when(start, now=now), press("meetings", "date", *at, int(start.timestamp()) // 60))
        for start in starts
        if start > now
    ]
    other = Button("其他日期…", press("meetings", "dates", *at))
    skip = Button("跳过本次", press("meetings", "skip", *at), style="danger")
    text = fill("{base}不是工作日，{unit}的{kind}改到哪一天？", base=base, unit=meeting.unit.name, kind=name(meeting))
    return Message(text, (*rows(choices, 1), (other, skip)))


def ask_tentative(what: Undated, *, now: datetime) -> Message:
    """The day was reckoned without the announced days off; with them, what would be right is offered first."""
    meeting, landing = what.meeting, what.landing
    at = (meeting.id, meeting.version)
    words = {"when": when(meeting.starts_at, now=now), "unit": meeting.unit.name, "kind": name(meeting)}
    keep = Button("按此日期确认", press("meetings", "sure", *at), style="success")
    move = Button("改期", press("meetings", "move", *at))
    if landing is None or landing.is_tentative or landing.on in (None, meeting.on):
        silent = f"不处理的话，{when(what.notice_at, now=now)}按暂定日期通知大家。" if what.notice_at else ""
        text = "{when} {unit} {kind}的日期是暂定的，当年放假安排还没有导入。要按这个日期通知大家吗？\n{silent}"
        return Message(fill(text, **words, silent=silent).rstrip("\n"), ((keep, move),))
    assert landing.on is not None
    text = "{when} {unit} {kind}的日期是暂定的。放假安排已经公布，按周期应改到{right}。"
    adopt = Button(f"改到{day(landing.on, now=now)}", press("meetings", "adopt", *at), style="success")
    return Message(
        fill(text, **words, right=landing_line(landing, now=now)), ((adopt,), (replace(keep, style=None), move))
    )


def single(meeting: MeetingFacts, *, now: datetime) -> Message:
    place = f"，{meeting.place}" if meeting.place else ""
    text = fill(
        "{span} {kind}{place}\n在这里只改这一次，不影响周期。",
        span=span(meeting.starts_at, meeting.ends_at, now=now),
        kind=name(meeting),
        place=place,
    )
    return Message(text, (change_row(meeting),))


def ask_other_date() -> Message:
    return Message("请写日期和时间，例如：12月8日15点。\n发送“取消”放弃输入。")


def which_date(meeting: MeetingFacts, starts: Sequence[datetime], *, now: datetime) -> Message:
    at = (meeting.id, meeting.version)
    buttons = [Button(when(one, now=now), press("meetings", "date", *at, int(one.timestamp()) // 60)) for one in starts]
    return Message("是哪一天？", rows(buttons, 1))


def kept(meeting: MeetingFacts, *, now: datetime) -> Message:
    text = fill("已确认：{when} {kind}，按时通知大家。", when=when(meeting.starts_at, now=now), kind=name(meeting))
    return Message(text, (change_row(meeting),))


def dated(meeting: MeetingFacts, *, now: datetime) -> Message:
    text = fill("{kind}定在{when}。", kind=name(meeting), when=when(meeting.starts_at, now=now))
    return Message(text, (change_row(meeting),))


def skipped(meeting: MeetingFacts, *, now: datetime) -> Message:
    undo = Button("撤销", press("meetings", "undo", meeting.id, meeting.version))
    text = "已跳过{day}的{kind}，以后各次照常。10分钟内可撤销。"
    return Message(fill(text, day=day(meeting.on, now=now).partition("（")[0], kind=name(meeting)), ((undo,),))


# -- after new days off ---


def differences(what: Differences, *, now: datetime) -> Message:
    """会议 · 原日 → 新日 · 原因; below what people know of already."""
    if not what.open and not what.announced:
        return Message("按现在的放假安排，没有会议要换日子。")
    told = ["已通知，不自动变动：", *_few(what.announced, now=now)] if what.announced else []
    parts = ["按新的放假安排，这些会议要换日子（还没有通知）：", *_few(what.open, now=now)] if what.open else []
    adopt = (
        Button("全部采用", press("meetings", "adopts", what.mark), style="success"),
        Button("逐个", press("meetings", "differ")),
    )
    return Message(lines(*parts, *told), (adopt,) if what.open else ())


def _few(found: Sequence[Difference], *, now: datetime) -> list[str]:
    shown: list[str] = [difference(one, now=now) for one in found[:MOST_LINES]]
    return shown if len(found) <= MOST_LINES else [*shown, f"另有{len(found) - MOST_LINES}场。"]


def difference(of: Difference, *, now: datetime) -> Html:
    meeting = of.meeting
    return fill(
        "{unit} {kind} · {was} → {will} · {why}",
        unit=meeting.unit.name,
        kind=name(meeting),
        was=day(meeting.on, now=now) if meeting.state is not MeetingState.NEEDS_DATE else "待定",
        will=_will(of, now=now),
        why=_why(of, now=now),
    )


def _will(of: Difference, *, now: datetime) -> str:
    if of.landing is None or (of.landing.on is None and not of.landing.is_asked):
        return "跳过"
    return day(of.landing.on, now=now) if of.landing.on else "请您选日期"


def _why(of: Difference, *, now: datetime) -> str:
    if of.why.kind is DayKind.HOLIDAY:
        return of.why.name
    if of.why.kind is DayKind.WEEKEND:
        return "周末"
    is_back = of.landing is not None and of.landing.on == of.landing.base_on
    return f"{day(of.landing.base_on, now=now)}上班" if is_back and of.landing else "放假安排有变化"


def one_by_one(of: Difference, count: int, *, now: datetime) -> Message:
    at = (of.meeting.id, of.meeting.version)
    buttons = (
        Button("采用", press("meetings", "adopt", *at), style="success"),
        Button("不变", press("meetings", "stay", *at)),
    )
    rest = f"（另有{count - 1}场）" if count > 1 else ""
    return Message(lines(f"要换日子吗？{rest}", difference(of, now=now)), (buttons,))


def next_difference(what: Differences, *, now: datetime) -> Message:
    if not what.open:
        return Message("都处理好了。")
    return one_by_one(what.open[0], len(what.open), now=now)


def adopted(what: Adopted, *, now: datetime) -> Message:
    """What was done, and the next one if any is left."""
    done = [f"已换日子：{len(what.done)}场。"] if len(what.done) > 1 else []
    done += [lines("已换日子：", difference(one, now=now)) for one in what.done if len(what.done) == 1]
    left = ["新日子已有同类会议，没有动：", *_few(what.left, now=now)] if what.left else []
    following = next_difference(what.remaining, now=now)
    return Message(Html(f"{lines(*done, *left)}\n\n{following.text}"), following.buttons)


def to_review(unit: str, count: int) -> Message:
    """To the secretary, once after an import."""
    text = fill("放假安排已更新，{unit}有{count}场周期会议要换日子。", unit=unit, count=count)
    return Message(text, ((Button("查看", press("meetings", "differences")),),))
