"""Words and buttons of corrections and 补课, and of the trail a record leaves."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from bot.attendance.facts import (
    Candidates,
    Correctable,
    Corrected,
    Entry,
    MadeUp,
    Proposal,
    Sheet,
    Step,
    Trail,
)
from bot.attendance.rules import (
    CAME,
    CORRECTIONS,
    Action,
    Answer,
    CorrectionState,
    LeaveState,
    MakeUpHow,
    ReasonKind,
    Status,
    Wanted,
)
from bot.attendance.sheet_views import KIND_NAMES, STATUS_NAMES
from bot.meetings.facts import MeetingFacts
from bot.meetings.rules import MeetingState
from bot.meetings.views import clock, label, name, short_day
from bot.members.views import turns
from bot.message import Button, Buttons, Html, Message, cut, fill, lines, press, rows
from bot.periods import local_day

PAGE = 10
DAYS = 10  # of a make-up are offered as buttons
FORGOT = "忘记签到"
OFF_LIST = "不在应到名单"
HOW_NAMES = {MakeUpHow.SELF_STUDY: "自学", MakeUpHow.LECTURE: "补听党课", MakeUpHow.TALK: "谈话"}


def became(wanted: Wanted, was: Status | None) -> str:
    """The new state, with what kind of entry it is."""
    if wanted.status in CAME and was not in CAME:
        return f"{STATUS_NAMES[wanted.status]}（补签）"
    if wanted.status is Status.ON_LEAVE:
        return f"请假（补假，{KIND_NAMES[wanted.leave_kind or ReasonKind.OTHER]}）"
    return STATUS_NAMES[wanted.status]


def off_list(meeting: MeetingFacts) -> str:
    return "未报名" if meeting.is_voluntary else OFF_LIST


def two(proposer: str, confirmer: str) -> str:
    return f"{proposer}（{confirmer}确认）"


# -- choosing ---


def people(what: Sheet, page: int = 0) -> Message:
    """Whose record is to be corrected."""
    meeting = what.meeting
    everybody = [entry.person for entry in what.entries]
    buttons = [
        Button(
            f"{cut(label(entry.person, everybody), 12)} {_listed(meeting, entry)}",
            press("attendance", "one", meeting.id, entry.person.member_id),
        )
        for entry in what.entries[page * PAGE : (page + 1) * PAGE]
    ]
    turning = turns(page, len(what.entries), PAGE, lambda number: press("attendance", "fix", meeting.id, number, 1))
    add = Button("名册更正：加入名单", press("attendance", "missing", meeting.id))
    text = fill("更正谁的记录：{kind}", kind=name(meeting))
    return Message(text, (*rows(buttons, 2), *turning, (add,)))


def _listed(meeting: MeetingFacts, entry: Entry) -> str:
    return STATUS_NAMES[entry.status] if entry.is_due or meeting.is_voluntary else "名单外"


def missing(found: Candidates, page: int = 0) -> Message:
    meeting = found.meeting
    back = Button("返回", press("attendance", "fix", meeting.id, 0, 1))
    if not found.people:
        return Message("当天名册里的人都已在名单中。", ((back,),))
    buttons = [
        Button(cut(label(one, found.people), 12), press("attendance", "one", meeting.id, one.member_id))
        for one in found.people[page * PAGE : (page + 1) * PAGE]
    ]
    turning = turns(page, len(found.people), PAGE, lambda number: press("attendance", "missing", meeting.id, number))
    return Message("加入名单的是哪一位？", (*rows(buttons, 2), *turning, (back,)))


def record(found: Correctable, *, now: datetime) -> Message:
    """One person's record, with what may be done to it."""
    meeting = found.meeting
    words = {"who": found.person.name, "day": short_day(meeting.on, now=now), "kind": name(meeting)}
    text = fill("{who}，{day}{kind}：{state}", **words, state=_stands(found))
    made_up = fill("补课：{what}", what=make_up_words(found.made_up, now=now)) if found.made_up else ""
    waiting = fill("待确认：{what}", what=_proposed(found.proposal)) if found.proposal else ""
    limits = _limits(found)
    return Message(lines(text, made_up, waiting, limits), _record_buttons(found))


def _stands(found: Correctable) -> str:
    if not found.is_due and found.status not in CAME:
        return off_list(found.meeting)
    mark = "（补签）" if found.is_late_entry else ""
    if found.status is Status.ON_LEAVE and found.leave_kind is not None:
        mark = f"（{KIND_NAMES[found.leave_kind]}）"
    return STATUS_NAMES[found.status] + mark


def _limits(found: Correctable) -> str:
    if found.meeting.state is MeetingState.OPEN:
        list_ = "报名" if found.meeting.is_voluntary else "应到名单"
        return f"会议还在进行：到会和迟到请用点名，这里只更正{list_}。"
    if found.is_too_late:
        return "会议结束已超过7天，不能再更正；补课可以登记。"
    return "" if found.is_at_once else "会议结束已超过48小时，更正需要另一人确认。"


def _record_buttons(found: Correctable) -> Buttons:
    at = (found.meeting.id, found.person.member_id)
    trail = Button("经过", press("attendance", "trail", *at))
    back = Button("返回", press("attendance", "fix", found.meeting.id, 0, 1))
    may_make_up = found.meeting.is_over and found.is_due and found.status in (Status.ON_LEAVE, Status.ABSENT)
    make_up = (Button("登记补课", press("attendance", "madeup", *at)),) if may_make_up else ()
    if found.is_too_late or found.proposal is not None:
        return ((*make_up, trail, back),)
    is_volunteering = found.meeting.is_voluntary
    choices: list[tuple[str, str]] = []
    if found.meeting.is_over:
        choices = [("到会", "p"), ("迟到", "l")]
        if not is_volunteering:
            choices += [("公假", "g"), ("病假", "b"), ("事假", "s"), ("其他假", "q"), ("缺席", "a")]
    if found.is_due or (is_volunteering and found.status in CAME):
        choices.append(("移出名单", "e"))
    elif found.meeting.state is MeetingState.OPEN:
        choices.append(("加入名单", "e"))
    is_so = found.is_due and found.meeting.is_over
    buttons = [
        Button(text, press("attendance", "set", *at, code))
        for text, code in choices
        if not (is_so and CORRECTIONS[code].is_met(found.status, found.leave_kind))
    ]
    return (*rows(buttons, 4), (*make_up, trail, back))


def ask_reason(found: Correctable, wanted: Wanted) -> Message:
    text = "{who}：{what}。请写原因（2到200字），本人可以看到。"
    if not found.is_at_once:
        text += "\n会议结束已超过48小时，另一人确认后才生效。"
    return Message(fill(text, who=found.person.name, what=_change(found.meeting, found.status, wanted, found.is_due)))


def _change(meeting: MeetingFacts, was: Status, wanted: Wanted, is_due: bool) -> str:
    if wanted.status is Status.EXPECTED:
        list_ = "名单" if meeting.is_voluntary else "应到名单"
        return f"移出{list_}" if is_due or was in CAME else f"加入{list_}"
    is_added = not is_due and not meeting.is_voluntary
    old = OFF_LIST if is_added else STATUS_NAMES[was]
    return f"由“{old}”改为“{became(wanted, was)}”"


def done(what: Corrected) -> Message:
    change = _change(what.meeting, what.was, what.wanted, what.was_due)
    after = "已提交，等待另一人确认，7天内有效。" if what.is_proposed else "已更正，本人可以在我的考勤中看到。"
    others = Button("更正其他人", press("attendance", "fix", what.meeting.id, 0))
    return Message(fill("{who}：{change}。{after}", who=what.name, change=change, after=after), ((others,),))


# -- what others read ---


def corrected(
    meeting: MeetingFacts, was: Status | None, wanted: Wanted | None, by: str, reason: str, *, now: datetime
) -> Message:
    """更正, to the person concerned. `was` is none for somebody put on the list, `wanted` for somebody struck off."""
    text = "{by}将您{day}{kind}的记录由“{was}”改为“{became}”，原因：{reason}。如有异议请联系书记。"
    words = {
        "was": STATUS_NAMES[was] if was else off_list(meeting),
        "became": became(wanted, was) if wanted else off_list(meeting),
    }
    return Message(fill(text, by=by, day=short_day(meeting.on, now=now), kind=name(meeting), reason=reason, **words))


def marked(meeting: MeetingFacts, status: Status, left_at: datetime | None, by: str, *, now: datetime) -> Message:
    """To who was noted by another as here or as gone, once the meeting is over."""
    text = "{by}登记您{day}{kind}：{status}{left}。如有异议请联系书记。"
    words = {"day": short_day(meeting.on, now=now), "kind": name(meeting), "status": STATUS_NAMES[status]}
    left = f"，{clock(left_at)}离会" if left_at is not None else ""
    return Message(fill(text, by=by, left=left, **words), is_silent=True)


def forgotten() -> str:
    return "已提交，等待书记确认"


def waits_for_confirmation(meeting: MeetingFacts, *, now: datetime) -> Message:
    """What stays of the question to who forgot to sign in."""
    text = "{day}{kind}，您已申请补签（忘记签到），等待书记确认。"
    return Message(fill(text, day=short_day(meeting.on, now=now), kind=name(meeting)))


def proposal(what: Proposal, *, now: datetime) -> Message:
    """To those who may confirm; afterwards it says how it ended."""
    day = short_day(what.meeting.on, now=now)
    if what.is_own:
        asked = fill("{who}申请补签（忘记签到）：{day}{kind}。", who=what.name, day=day, kind=name(what.meeting))
    else:
        text = "{by}提出更正：{who}，{day}{kind}，{change}。\n原因：{reason}"
        was = STATUS_NAMES[what.was] if what.was else OFF_LIST
        change = f"由“{was}”改为“{_wanted(what)}”"
        words = {"by": what.proposed_by, "who": what.name, "day": day, "kind": name(what.meeting)}
        asked = fill(text, **words, change=change, reason=what.reason)
    outcomes = {
        CorrectionState.APPLIED: fill("已由{name}处理：同意", name=what.decided_by),
        CorrectionState.REJECTED: fill("已由{name}处理：不同意", name=what.decided_by),
        CorrectionState.EXPIRED: Html("7天内没有人确认，已失效。"),
    }
    if what.state in outcomes:
        return Message(lines(asked, outcomes[what.state]))
    return Message(asked, (confirm_row(what),))


def confirm_row(what: Proposal) -> tuple[Button, ...]:
    return (
        Button("同意", press("attendance", "agree", what.id), style="success"),
        Button("不同意", press("attendance", "refuse", what.id)),
    )


def _wanted(what: Proposal) -> str:
    return off_list(what.meeting) if what.wanted.status is Status.EXPECTED else became(what.wanted, what.was)


def _proposed(what: Proposal) -> str:
    return f"{what.proposed_by}提出改为“{_wanted(what)}”，原因：{what.reason}"


def settled(what: Proposal, *, now: datetime) -> Message:
    """To who had proposed it."""
    day = short_day(what.meeting.on, now=now)
    whose = "您" if what.is_own else f"您提出的{what.name}"
    refused = (
        "未同意{whose}{day}{kind}的更正，如有疑问请联系书记。"
        if what.is_own
        else "{by}未同意{whose}{day}{kind}的更正。"
    )
    texts = {
        CorrectionState.APPLIED: "{by}已同意{whose}{day}{kind}的更正。",
        CorrectionState.REJECTED: refused,
        CorrectionState.EXPIRED: "{whose}{day}{kind}的更正7天内没有人确认，已失效。",
    }
    return Message(fill(texts[what.state], by=what.decided_by, whose=whose, day=day, kind=name(what.meeting)))


# -- 补课 ---


def ask_how(found: Correctable) -> Message:
    at = (found.meeting.id, found.person.member_id)
    buttons = tuple(Button(text, press("attendance", "how", *at, how.name)) for how, text in HOW_NAMES.items())
    back = Button("返回", press("attendance", "one", *at))
    return Message(fill("{who}怎样补的课？", who=found.person.name), (buttons, (back,)))


def ask_day(found: Correctable, how: MakeUpHow, *, today: date) -> Message:
    """The last days since the meeting as buttons; any other is written."""
    at = (found.meeting.id, found.person.member_id, how.name)
    since = max(found.meeting.on, today - timedelta(days=DAYS - 1))
    days = [today - timedelta(days=back) for back in range((today - since).days + 1)]
    buttons = [Button(f"{day.month}月{day.day}日", press("attendance", "day", *at, day.toordinal())) for day in days]
    earlier = (
        f"更早的日期请直接写，如{found.meeting.on.month}月{found.meeting.on.day}日。"
        if since > found.meeting.on
        else ""
    )
    text = fill("{who}，{how}：哪一天补的？{earlier}", who=found.person.name, how=HOW_NAMES[how], earlier=earlier)
    return Message(text, rows(buttons, 5))


def make_up_words(what: MadeUp, *, now: datetime) -> str:
    note = f"，{what.note}" if what.note else ""
    return f"{HOW_NAMES[what.how]}，{short_day(what.done_on, now=now)}{note}"


def made_up(who: str, what: MadeUp, *, now: datetime) -> Message:
    text = "已登记{who}补课：{what}。实到人数不变。\n可以再写一句内容，不写也可以。"
    return Message(fill(text, who=who, what=make_up_words(what, now=now)))


def note_kept() -> Message:
    return Message("已记下补课内容。")


def made_up_told(meeting: MeetingFacts, what: MadeUp, by: str, *, now: datetime) -> Message:
    """To the person concerned."""
    text = "{by}登记了您{day}{kind}的补课：{what}。如有异议请联系书记。"
    words = {"day": short_day(meeting.on, now=now), "kind": name(meeting), "what": make_up_words(what, now=now)}
    return Message(fill(text, by=by, **words))


# -- the trail ---


def trail(what: Trail, *, now: datetime) -> Message:
    """Who did what to one record, and when; the person himself reads the same."""
    head = fill("{who}，{day}{kind}", who=what.name, day=short_day(what.meeting.on, now=now), kind=name(what.meeting))
    if not what.steps:
        return Message(lines(head, "还没有记录。"))
    return Message(lines(head, *(_step(step, now=now) for step in what.steps)))


def _step(step: Step, *, now: datetime) -> Html:
    words = _STEPS[step.action]
    who = "本人" if step.is_own else step.actor or "到时自动"
    change = {"was": state_words(step.was), "became": state_words(step.became)}
    text = fill(words, **change)
    if step.action is Action.LEFT and not step.became:
        text = Html("取消离会")
    if step.action is Action.ANSWERED and step.became == Answer.NONE.name:
        text = Html("退出报名")
    if step.action is Action.ROLL_CORRECTED:
        text = fill("名册更正，加入名单（{became}）", **change) if step.became else Html("名册更正，移出名单")
    reason = f"，原因：{step.reason}" if step.reason else ""
    moment = f"{short_day(local_day(step.at), now=now)}{clock(step.at)}"
    return fill("{at} {who}：{text}{reason}", at=moment, who=who, text=text, reason=reason)


_STEPS: Mapping[Action, str] = {
    Action.ANSWERED: "回复{became}",
    Action.LEAVE_ASKED: "申请请假",
    Action.LEAVE_APPROVED: "同意请假",
    Action.LEAVE_REJECTED: "不同意请假",
    Action.LEAVE_WITHDRAWN: "撤回请假",
    Action.CHECKED_IN: "签到，{became}",
    Action.MARKED: "点名，{became}",
    Action.LEFT: "离会",
    Action.RESET: "改期，恢复为{became}",
    Action.CLOSED: "会议结束，{became}",
    Action.EXPLAINED: "说明原因：{became}",
    Action.PROPOSED: "提出更正为{became}",
    Action.PROPOSAL_REFUSED: "不同意更正为{became}",
    Action.PROPOSAL_EXPIRED: "更正没有人确认，失效",
    Action.CORRECTED: "{was}更正为{became}",
    Action.ROLL_CORRECTED: "名册更正",
    Action.MADE_UP: "登记补课",
    Action.MAKE_UP_DROPPED: "删去补课",
}
TOLD = frozenset(_STEPS)
_WORDS = {
    **{status.name: text for status, text in STATUS_NAMES.items()},
    **{kind.name: text for kind, text in KIND_NAMES.items()},
    **{state.name: "" for state in LeaveState},
    "GOING": "参加",
    "ONLINE": "线上参加",
    "NONE": "未回复",
}


def state_words(text: str) -> str:
    """A state as the chain keeps it, in words: `ON_LEAVE SICK` is 请假（病假）."""
    status, _, kind = text.partition(" ")
    word = _WORDS.get(status, "")
    return f"{word}（{KIND_NAMES[ReasonKind[kind]]}）" if kind in ReasonKind.__members__ else word


def on_list(text: str | None) -> str:
    """The same for a correction of the list, where nothing stands for somebody who is not on it."""
    return state_words(text) if text else OFF_LIST
