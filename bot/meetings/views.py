"""Words and buttons of meetings: cards, reminders, notices of change, lists. Plans are worded in `plan_views`."""

from collections.abc import Sequence
from datetime import date, datetime

from bot.meetings.facts import MeetingFacts, Moved, Named, Shifted
from bot.meetings.rules import CORRECTION, MeetingKind, MeetingState, Outcome, Roll, SignIn, VoteRule
from bot.members.views import turns
from bot.message import Button, Buttons, Html, Message, base36, cut, fill, lines, press, rows
from bot.periods import beijing, local_day
from bot.workdays import DayKind, Why

WEEKDAYS = "一二三四五六日"
MOST_NAMES = 20
IN_CHAT = 5  # meetings on a page of a group
VOTES = {
    VoteRule.ORDINARY: "表决",
    VoteRule.COMMITTEE: "表决",
    VoteRule.ADMISSION: "接收党员",
    VoteRule.ELECTION: "选举",
    VoteRule.DEMOCRATIC_LIFE: "民主生活会",
}
REACHED = {
    VoteRule.ORDINARY: "达到半数",
    VoteRule.COMMITTEE: "达到半数",
    VoteRule.ADMISSION: "超过半数",
    VoteRule.ELECTION: "达到五分之四",
    VoteRule.DEMOCRATIC_LIFE: "达到三分之二",
}
REASONS = {"OFFICIAL": "公事", "SICK": "病", "PERSONAL": "事", "OTHER": "其他"}
LABEL = 12  # characters of a name or title on a button
MOST_GROUP_NAME = 12  # a longer one would not stay a name in a sentence


# -- parts ---


def day(on: date, *, now: datetime) -> str:
    """12月4日（周五）, with the year only if it is not this one."""
    return f"{short_day(on, now=now)}（周{WEEKDAYS[on.weekday()]}）"


def short_day(on: date, *, now: datetime) -> str:
    year = "" if on.year == local_day(now).year else f"{on.year}年"
    return f"{year}{on.month}月{on.day}日"


def base_day(on: date, why: Why, *, now: datetime, beside: date | None = None) -> str:
    """10月2日（国庆节）; of a plain weekend the day of the week. A year that the day beside says is not said again."""
    has_said = beside is not None and beside.year == on.year
    shown = f"{on.month}月{on.day}日" if has_said else short_day(on, now=now)
    return f"{shown}（{why.name if why.kind is DayKind.HOLIDAY else '周' + WEEKDAYS[on.weekday()]}）"


def shifted(on: date, base_on: date, why: Why, *, now: datetime) -> str:
    """10月8日（周四），由10月2日（国庆节）顺延"""
    way = "顺延" if on > base_on else "提前"
    return f"{day(on, now=now)}，由{base_day(base_on, why, now=now, beside=on)}{way}"


def clock(at: datetime) -> str:
    return f"{beijing(at):%H:%M}"


def when(at: datetime, *, now: datetime) -> str:
    return day(local_day(at), now=now) + clock(at)


def span(starts_at: datetime, ends_at: datetime, *, now: datetime) -> str:
    end = clock(ends_at) if local_day(starts_at) == local_day(ends_at) else when(ends_at, now=now)
    return f"{when(starts_at, now=now)}—{end}"


def name(meeting: MeetingFacts) -> str:
    """What the meeting is called in a sentence; those of groups would all be alike."""
    if meeting.kind is not MeetingKind.GROUP_MEETING or len(meeting.unit.name) > MOST_GROUP_NAME:
        return meeting.rules.name
    return f"{meeting.unit.name}{'会' if meeting.unit.name.endswith('小组') else meeting.rules.name}"


def head(kind: str, title: str) -> Html:
    return fill("<b>【{kind}】</b>{title}", kind=kind, title=title)


def label(person: Named, people: Sequence[Named]) -> str:
    """A name as a list shows it: with group or number where two are alike."""
    groups = [other.group_name for other in people if other.name == person.name]
    if len(groups) < 2:
        return person.name
    own = person.group_name if groups.count(person.group_name) == 1 else None
    mark = own or person.staff_no or person.group_name
    return f"{person.name}（{mark}）" if mark else person.name


def names(people: Sequence[Named]) -> str:
    shown = "、".join(label(person, people) for person in people[:MOST_NAMES])
    return shown if len(people) <= MOST_NAMES else f"{shown}等{len(people)}人"


def late(message: Message, due_at: datetime) -> Message:
    """A message that comes after its time says so."""
    text = fill("（补发，原定{clock}）\n{text}", clock=clock(due_at), text=Html(message.text))
    return Message(text, message.buttons, message.is_silent)


def standin(message: Message) -> Message:
    return Message(
        fill("书记暂不能收到，转给您。\n{text}", text=Html(message.text)), message.buttons, message.is_silent
    )


# -- the card ---


def card(meeting: MeetingFacts, roll: Roll, moved: Moved | Shifted | None = None, *, now: datetime) -> Message:
    """The card of a chat: counts, never names."""
    if meeting.state is MeetingState.CANCELLED:
        return cancelled_card(meeting, now=now)
    if meeting.is_over:
        return Message(lines(*_head(meeting, None, now=now), "已结束", outcome(meeting, roll)))
    if meeting.is_open(now):
        how, signing = _signing_in(meeting, roll, now=now)
        return Message(lines(*_head(meeting, None, now=now), *how, signed(meeting, roll), voting(roll)), signing)
    buttons = (
        Button("参加", press("attendance", "go", meeting.id, meeting.version)),
        Button("请假", link=f"lv_{base36(meeting.id)}"),
    )
    return Message(lines(*_head(meeting, moved, now=now), answered(meeting, roll)), (_as_allowed(meeting, buttons),))


def private_card(meeting: MeetingFacts, own: Roll, moved: Moved | Shifted | None = None, *, now: datetime) -> Message:
    """The card of one person, where a meeting has no chat: his own state instead of counts."""
    if meeting.state is MeetingState.CANCELLED:
        return cancelled_card(meeting, now=now)
    if meeting.is_over:
        return Message(lines(*_head(meeting, None, now=now), "已结束", own_outcome(own)))
    if meeting.is_open(now):
        how, signing = _signing_in(meeting, own, now=now)
        text = lines(*_head(meeting, None, now=now), *how, own_sign_in(own))
        return Message(text, () if own.present else signing)
    return Message(
        lines(*_head(meeting, moved, now=now), own_state(own)), answer_row(meeting, has_joined=bool(own.joined))
    )


def _head(meeting: MeetingFacts, moved: Moved | Shifted | None, *, now: datetime) -> list[str]:
    parts: list[str] = [head(name(meeting), meeting.title)]
    parts.append("时间：" + span(meeting.starts_at, meeting.ends_at, now=now))
    parts.append(fill("地点：{place}", place=meeting.place) if meeting.place else "")
    parts.append("暂定，待放假安排公布" if meeting.is_tentative else "")
    if isinstance(moved, Shifted):
        parts.append(shifted(meeting.on, moved.base_on, moved.why, now=now))
    elif moved is not None:
        parts.append(fill("由{was}改期。原因：{reason}", was=when(moved.starts_at, now=now), reason=moved.reason))
    return parts


def _signing_in(meeting: MeetingFacts, roll: Roll, *, now: datetime) -> tuple[list[str], Buttons]:
    """What a sign-in counts as at this moment, and its button while there is one."""
    study = ["本次为学习会，不表决"] if meeting.outcome is Outcome.STUDY_ONLY else []
    if meeting.rules.sign_in is SignIn.ROLL_CALL:
        return ["由书记点名", *study], ()
    on_time, last = (meeting.starts_at + after for after in (meeting.rules.window.on_time, meeting.rules.window.late))
    if now < last:
        counts = f"{clock(on_time)}前为准时" if now < on_time else f"{clock(last)}前签到记为迟到"
        return [*study, f"签到中，{counts}"], sign_in_row(meeting)
    if roll.reopened_until is not None and now < roll.reopened_until:
        return [*study, f"补开签到到{clock(roll.reopened_until)}为止"], sign_in_row(meeting)
    is_left = roll.unsigned or len(roll.joined) > len(roll.joined_present)
    return [*study, "自助签到已结束，请找书记登记" if is_left else "自助签到已结束"], ()


def cancelled_card(meeting: MeetingFacts, *, now: datetime) -> Message:
    text = "<s>【{kind}】{title}</s>\n<s>时间：{span}</s>\n已取消：{reason}"
    times = span(meeting.starts_at, meeting.ends_at, now=now)
    return Message(fill(text, kind=name(meeting), title=meeting.title, span=times, reason=meeting.reason or ""))


def answered(meeting: MeetingFacts, roll: Roll) -> str:
    if meeting.is_voluntary:
        return f"已报名{len(roll.joined)}人"
    return f"已回复 {roll.answered}/{roll.expected}：{answers(roll)}"


def answers(roll: Roll) -> str:
    online = f" · 线上{len(roll.online)}" if roll.online else ""
    return f"参加{len(roll.going)}{online} · 请假{roll.leaving} · 未回复{len(roll.unanswered)}"


def signed(meeting: MeetingFacts, roll: Roll) -> str:
    if meeting.is_voluntary:
        return f"报名{len(roll.joined)} · 已签到{len(roll.joined_present)}"
    late = f"（迟到{len(roll.late)}）" if roll.late else ""
    return f"实到{len(roll.present)}{late} · 请假{len(roll.on_leave)} · 未签{len(roll.unsigned)}"


def voting(roll: Roll) -> str:
    """Whether enough voters are in the room, by each voting rule on the agenda; empty without a voting item."""
    if not roll.short:
        return ""
    if not roll.voters:
        return f"应到名单里没有人有表决权，不能{'召开' if roll.only_meets else '表决'}"
    is_one = len(roll.short) == 1
    parts = (
        ("" if is_one else VOTES[rule]) + (f"还差{missing}人" if missing else REACHED[rule])
        for rule, missing in roll.short
    )
    return f"有表决权应到{len(roll.voters)}，到会{len(roll.voters_present)}，{'；'.join(parts)}"


def so_far(meeting: MeetingFacts, roll: Roll) -> str:
    """Where no card with 应到 stands above it."""
    due = "" if meeting.is_voluntary else f"应到{roll.expected} · "
    return due + signed(meeting, roll)


def outcome(meeting: MeetingFacts, roll: Roll) -> str:
    if meeting.is_voluntary:
        return f"报名{len(roll.joined)} · 参加{len(roll.joined_present)}"
    counts = f"应到{roll.expected} · 实到{len(roll.present)} · 请假{len(roll.on_leave)} · 缺席{len(roll.absent)}"
    return f"{counts} · 到会率{rate(roll)}"


def rate(roll: Roll) -> str:
    """实到 / 应到, half up, in integers."""
    if not roll.expected:
        return "—"
    tenths = (2000 * len(roll.present) + roll.expected) // (2 * roll.expected)
    return f"{tenths // 10}.{tenths % 10}%"


def own_state(own: Roll) -> str:
    """One person's own state, from a roll that holds nobody else."""
    states = (
        (own.late, "您已签到（迟到）"),
        (own.present or own.joined_present, "您已签到（准时）"),
        (own.on_leave or own.leave_approved, "您已请假"),
        (own.leave_asked, "您的请假等待同意"),
        (own.absent, "您缺席了本次会议"),
        (own.going or own.joined, "您已回复：参加"),
        (own.online, "您已回复：线上参加"),
    )
    return next((text for people, text in states if people), "您还没有回复")


def own_sign_in(own: Roll) -> str:
    """The same while one can sign in."""
    is_settled = own.present or own.joined_present or own.on_leave or own.leave_approved or own.leave_asked
    return own_state(own) if is_settled else "您还没有签到"


def own_outcome(own: Roll) -> str:
    """The same when all is over, whoever noted it and when."""
    if own.late:
        return "您的记录：迟到"
    if own.joined and not own.joined_present:
        return "没有您的签到记录"
    return "您的记录：到会" if own.present or own.joined_present else own_state(own)


def answer_row(meeting: MeetingFacts, *, has_joined: bool | None = None) -> Buttons:
    """参加 and 请假 for a private message; of who joined without being due, the way back."""
    at = (meeting.id, meeting.version)
    buttons = (Button("参加", press("attendance", "go", *at)), Button("请假", press("attendance", "leave", *at)))
    return (_as_allowed(meeting, buttons, has_joined),)


def _as_allowed(
    meeting: MeetingFacts, buttons: tuple[Button, Button], has_joined: bool | None = None
) -> tuple[Button, ...]:
    """Where nobody is due one joins and steps back instead of asking leave; where it is allowed, one may come by wire.
    `has_joined` is none where many press the same buttons."""
    going, leave = buttons
    at = (meeting.id, meeting.version)
    online = (Button("线上参加", press("attendance", "online", *at)),) if meeting.rules.is_online_allowed else ()
    if not meeting.is_voluntary:
        return (going, *online, leave)
    back = (Button("退出报名", press("attendance", "quit", *at)),)
    return {None: (going, *online, *back), False: (going, *online), True: back}[has_joined]


def sign_in_row(meeting: MeetingFacts) -> Buttons:
    if meeting.rules.sign_in is SignIn.ROLL_CALL:
        return ()
    return ((Button("签到", press("attendance", "in", meeting.id), style="success"),),)


# -- the ladder ---


def ask_again(meeting: MeetingFacts, *, now: datetime) -> Message:
    text = fill("请回复：{what}。能参加吗", what=_what_where(meeting, now=now))
    return Message(text, answer_row(meeting))


def ask_again_in_chat(roll: Roll) -> Message:
    return Message(f"还有{len(roll.unanswered)}人未回复，请在卡片上选择参加或请假。")


def soon(meeting: MeetingFacts, roll: Roll, *, now: datetime, is_private: bool, is_answered: bool = True) -> Message:
    """R3. Who has not answered can do so on the spot."""
    place = f" {meeting.place}" if meeting.place else ""
    counts = "" if meeting.is_voluntary else f"{answers(roll)}。"
    text = fill(
        "{when}{place}，{kind}。{counts}",
        when=relative(meeting.starts_at, now=now),
        place=place,
        kind=name(meeting),
        counts=counts,
    )
    return Message(text, answer_row(meeting) if is_private and not is_answered else ())


def relative(at: datetime, *, now: datetime) -> str:
    """今天15:00, 明天08:00, else the date."""
    days = (local_day(at) - local_day(now)).days
    near = {0: "今天", 1: "明天"}.get(days)
    return near + clock(at) if near else when(at, now=now)


def sign_in_opens(meeting: MeetingFacts, *, is_private: bool) -> Message:
    if meeting.rules.sign_in is SignIn.ROLL_CALL:
        return Message(fill("{kind}即将开始，由书记点名。", kind=name(meeting)))
    window = meeting.rules.window
    on_time, last = clock(meeting.starts_at + window.on_time), clock(meeting.starts_at + window.late)
    text = f"现在开始签到，{on_time}前为准时，{last}后请找书记登记。"
    if is_private:  # where no card stands above it
        return Message(fill("{kind}{text}", kind=name(meeting), text=text), sign_in_row(meeting))
    return Message(text)


def running(meeting: MeetingFacts, *, is_private: bool) -> Message:
    """R4 that could not be sent before the meeting began."""
    return Message(f"{_running(meeting)}。", sign_in_row(meeting) if is_private else ())


def running_card(card: Message, meeting: MeetingFacts) -> Message:
    """The same for people who have seen no card at all."""
    is_said = meeting.rules.sign_in is SignIn.ROLL_CALL
    return card if is_said else Message(lines(Html(card.text), _running(meeting)), card.buttons)


def _running(meeting: MeetingFacts) -> str:
    if meeting.rules.sign_in is SignIn.ROLL_CALL:
        return "会议正在进行，由书记点名"
    return f"会议正在进行，签到到{clock(meeting.starts_at + meeting.rules.window.late)}为止"


def chase(meeting: MeetingFacts) -> Message:
    text = fill("{kind}已开始，您还没有签到。", kind=name(meeting))
    explain = Button("说明原因", press("attendance", "why", meeting.id))
    return Message(text, ((*sum(sign_in_row(meeting), ()), explain),))


def explain(meeting: MeetingFacts, *, now: datetime) -> Message:
    """R8, to who was absent."""
    text = "您缺席了{day}{kind}，请说明原因，仅书记和组织委员可见。"
    filled = fill(text, day=short_day(meeting.on, now=now), kind=name(meeting))
    return Message(filled, reasons(meeting, was_absent=True, now=now))


def reasons(meeting: MeetingFacts, *, was_absent: bool, now: datetime) -> Buttons:
    """Classes of an explanation; whoever is noted as absent may also have been there, and say so while it can still
    be corrected."""
    buttons = [Button(text, press("attendance", "because", meeting.id, kind)) for kind, text in REASONS.items()]
    if was_absent and now <= meeting.ends_at + CORRECTION:
        buttons.insert(-1, Button("忘记签到", press("attendance", "forgot", meeting.id)))
    return rows(buttons, 4 if len(buttons) == 4 else 3)


def sheet_row(meeting: MeetingFacts) -> tuple[Button, ...]:
    return (Button("考勤表", press("attendance", "sheet", meeting.id)),)


def _what_where(meeting: MeetingFacts, *, now: datetime) -> str:
    place = f"，{meeting.place}" if meeting.place else ""
    return f"{when(meeting.starts_at, now=now)} {name(meeting)}{place}"


# -- lists ---


def in_chat(meetings: Sequence[tuple[MeetingFacts, Roll]], page: int = 0, count: int = 0, *, now: datetime) -> Message:
    """近期会议 of a group: one page of `count`."""
    if not meetings:
        return Message("近期没有会议。")
    items = []
    for meeting, roll in meetings:
        counts = signed(meeting, roll) if meeting.is_open(now) or meeting.is_called else answered(meeting, roll)
        what = head(name(meeting), meeting.title)
        place = f"，{meeting.place}" if meeting.place else ""
        at = fill("{span}{place}", span=span(meeting.starts_at, meeting.ends_at, now=now), place=place)
        items.append(lines(what, at, counts))
    turning = turns(page, count, IN_CHAT, lambda number: press("attendance", "nearby", number))
    return Message("\n\n".join(items), turning)


def button_label(meeting: MeetingFacts, *, now: datetime) -> str:
    return cut(f"{short_day(meeting.on, now=now)} {clock(meeting.starts_at)} {name(meeting)}", 40)
