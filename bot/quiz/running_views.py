"""Words and buttons of an exam that is planned or runs: notices, reminders, who has not sat, what may be changed. Facts
in, messages out; nothing is looked up here.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.members.views import moment, turns, until
from bot.message import Button, Buttons, Html, Message, cut, fill, lines, press
from bot.periods import beijing
from bot.quiz.exam_facts import Candidacy, Choosing, Excused, Missing, MissingCounts
from bot.quiz.rules import PaperState, seconds
from bot.quiz.running_facts import Cancelled, Ending, Moved, Notice, Nudged, Restored
from bot.quiz.views import score, span

PAGE = 24
NAMES_IN_ROW, SHORT_NAME = 3, 6
MOST_NAMES = 60  # in one message
MOST_BRANCHES, MOST_OF_BRANCH = 20, 150  # in one message, and characters of the names of each
DELAYS = {1: "延长 1 天", 3: "延长 3 天", 7: "延长 7 天"}
Window = tuple[datetime, datetime]


# -- what is sent ------------------------------------------------------------------------------------------------------


def announced(facts: Notice) -> Message:
    """T01, to a group."""
    text = fill(
        "【考试】《{title}》{opens} 至 {closes}，{n} 题，满分 {max} 分，限时 {m} 分钟。"
        "请到私聊作答，本群不显示个人成绩。",
        title=facts.title,
        opens=moment(facts.opens_at),
        closes=moment(facts.closes_at),
        n=facts.count,
        max=score(facts.max_centi),
        m=seconds(facts.limit) // 60,
    )
    return Message(text, ((Button("去答题", link=f"qz_{facts.token}"),),))


def moved_told(facts: Notice) -> Message:
    text = "【考试】《{title}》的截止时间改为 {closes}。已经参加的不受影响。"
    told = fill(text, title=facts.title, closes=moment(facts.closes_at))
    return Message(told, ((Button("去答题", link=f"qz_{facts.token}"),),))


def invited(facts: Notice, name: str) -> Message:
    """T02."""
    text = "{name}同志：《{title}》已开考，{closes} 截止，点“开始计时”后才计时。"
    told = fill(text, name=name, title=facts.title, closes=moment(facts.closes_at))
    return Message(told, _begin(facts), is_protected=True)  # it becomes the card of the exam


def nudge(facts: Notice, _: str) -> Message:
    """T12."""
    text = "提醒：《{title}》{closes} 截止，你还没有参加。"
    return Message(fill(text, title=facts.title, closes=moment(facts.closes_at)), _begin(facts), is_protected=True)


def _begin(facts: Notice) -> tuple[tuple[Button, ...], ...]:
    return ((Button("开始答题", press("quiz", "sit", facts.paper_id), style="success"),),)


def still_missing(facts: Notice, names: Sequence[str], *, is_group: bool) -> Message:
    """T13 and T14."""
    text = fill(
        "《{title}》{closes} 截止，{whose}还有 {n} 人没有参加：{names}。",
        title=facts.title,
        closes=moment(facts.closes_at),
        whose="本小组" if is_group else "本支部",
        n=len(names),
        names=_listed(names),
    )
    return Message(text, ((Button("查看名单", press("quiz", "missing", facts.paper_id)),),))


def opened_late(facts: Notice, *, is_over: bool) -> Message:
    text = "因程序停机，《{title}》晚于 {opens} 才开考，截止时间仍是 {closes}。需要时可以延期。"
    if is_over:
        text = "因程序停机，《{title}》没有在 {opens} 按时开考，已于 {closes} 截止。需要时请重新安排。"
    told = fill(text, title=facts.title, opens=moment(facts.opens_at), closes=moment(facts.closes_at))
    return Message(told, ((Button("查看这场考试", press("quiz", "paper", facts.paper_id)),),))


def cancelled_told(facts: Ending) -> Message:
    """T15."""
    return Message(
        fill("《{title}》已取消：{reason}。已作答的不计成绩。", title=facts.title, reason=_sentence(facts.reason))
    )


def restored_told(facts: Notice, *, is_group: bool, may_sit: bool, is_over: bool) -> Message:
    """To whom T15 has reached."""
    goes_on = "已交的答卷有效，成绩稍后公布" if is_over else "照常进行，{closes} 截止，已交的答卷有效"
    text = fill("《{title}》取消已撤回，" + goes_on + "。", title=facts.title, closes=moment(facts.closes_at))
    if is_group:
        ways = () if is_over else ((Button("去答题", link=f"qz_{facts.token}"),),)
        return Message(text, ways)
    return Message(text, _begin(facts) if may_sit and not is_over else (), is_protected=True)


def going_on(facts: Notice, attempt_id: int, deadline_at: datetime) -> Message:
    """The same to whom it has interrupted."""
    text = "《{title}》取消已撤回，请继续答题。已作答的都在，耽误的时间已补上，新的截止时间 {at}。"
    told = fill(text, title=facts.title, at=f"{beijing(deadline_at):%H:%M:%S}")
    go_on = Button("继续答题", press("quiz", "card", attempt_id, 0), style="success")
    return Message(told, ((go_on,),), is_protected=True)


def _sentence(reason: str) -> str:
    return reason.rstrip("。")


def _listed(names: Sequence[str]) -> str:
    more = f"等 {len(names)} 人" if len(names) > MOST_NAMES else ""
    return "、".join(names[:MOST_NAMES]) + more


# -- 未参加名单 --------------------------------------------------------------------------------------------------------


def missing(facts: Missing | MissingCounts) -> Message:
    return _counts(facts) if isinstance(facts, MissingCounts) else _names(facts)


def _names(facts: Missing) -> Message:
    whose = "各支部" if facts.is_of_several else facts.place or ("本小组" if facts.is_of_group else "本支部")
    running = f"正在答 {facts.running} 人。" if facts.running else ""
    head = fill(
        "《{title}》{closes} 截止。{running}", title=facts.title, closes=moment(facts.closes_at), running=running
    )
    if not facts.names:
        told = fill("{whose}应考的人都已参加。", whose=whose)
    elif facts.branches:
        told = _by_branch(facts.branches)
    else:
        told = fill(
            "{whose}还有 {n} 人没有参加：{names}。", whose=whose, n=len(facts.names), names=_listed(facts.names)
        )
    unreached = (
        fill(
            "未触达（没有打开过机器人或已停用）：{names}。请长按“考试链接”复制，转给本人。",
            names=_listed(facts.unreached),
        )
        if facts.unreached
        else ""
    )
    link = ((Button("考试链接", link=f"qz_{facts.token}"),),) if facts.unreached else ()
    nudging = ((_nudge_button(facts.paper_id),),) if facts.can_nudge and len(facts.names) > len(facts.unreached) else ()
    back = () if facts.is_of_group else ((_back(facts.paper_id),),)
    return Message(lines(head, told, unreached), (*nudging, *link, *back))


def _by_branch(branches: Sequence[tuple[str, tuple[str, ...]]]) -> Html:
    shown = [
        fill("{name}还有 {n} 人：{names}。", name=name, n=len(people), names=cut(_listed(people), MOST_OF_BRANCH))
        for name, people in branches[:MOST_BRANCHES]
    ]
    more = len(branches) - len(shown)
    return lines(*shown, f"另有 {more} 个支部也有人没有参加。" if more else "")


def _counts(facts: MissingCounts) -> Message:
    shown = [
        fill("{name}：应考 {due} 人，已交卷 {n} 人", name=one.name, due=one.due, n=one.finished)
        for one in facts.branches
    ]
    nudging = ((_nudge_button(facts.paper_id),),) if facts.can_nudge else ()
    return Message(
        lines(fill("《{title}》各支部参加情况", title=facts.title), *shown), (*nudging, (_back(facts.paper_id),))
    )


def _nudge_button(paper_id: int) -> Button:
    return Button("催考", press("quiz", "nudge", paper_id), style="success")


def _back(paper_id: int) -> Button:
    return Button("返回", press("quiz", "paper", paper_id))


def nudged(facts: Nudged) -> Message:
    unreached = f"另有 {facts.unreached} 人未触达。" if facts.unreached else ""
    own = "你自己也还没有参加。" if facts.is_own_due else ""
    text = "已私聊提醒 {n} 人参加《{title}》，夜间免打扰的人早上收到。{unreached}{own}"
    told = fill(text, n=facts.people, title=facts.title, unreached=unreached, own=own)
    return Message(told, ((_back(facts.paper_id),),))


# -- 增补 免考 ---------------------------------------------------------------------------------------------------------


def choose_added(facts: Choosing, page: int) -> Message:
    if not facts.people:
        return Message(
            fill("《{title}》没有可以增补的人，都在应考名单里。", title=facts.exam.title),
            ((_back(facts.exam.paper_id),),),
        )
    text = fill("增补谁参加《{title}》？", title=facts.exam.title)
    return Message(text, _people(facts, "addone", "add", page))


def choose_excused(facts: Choosing, page: int) -> Message:
    if not facts.people:
        return Message(fill("《{title}》没有可以免考的人。", title=facts.exam.title), ((_back(facts.exam.paper_id),),))
    text = fill("谁免考《{title}》？下一步请写原因。本人仍想参加的，可以照常参加。", title=facts.exam.title)
    return Message(text, _people(facts, "excuseone", "excuse", page))


def _people(facts: Choosing, verb: str, list_verb: str, page: int) -> tuple[tuple[Button, ...], ...]:
    paper_id = facts.exam.paper_id
    shown = facts.people[page * PAGE : (page + 1) * PAGE]
    listed = [Button(_label(one), press("quiz", verb, paper_id, one.member_id)) for one in shown]
    pages = turns(page, len(facts.people), PAGE, lambda to: press("quiz", list_verb, paper_id, to))
    return (*name_rows(listed), *pages, (_back(paper_id),))


def name_rows(people: Sequence[Button]) -> Buttons:
    """Three names to a row; a long one stands alone, or two that begin alike could not be told apart."""
    found: list[list[Button]] = []
    for button in people:
        is_alone = not found or any(len(one.label) > SHORT_NAME for one in (button, found[-1][0]))
        if is_alone or len(found[-1]) == NAMES_IN_ROW:
            found.append([button])
        else:
            found[-1].append(button)
    return tuple(map(tuple, found))


def _label(one: Candidacy) -> str:
    return f"{one.name}（免考）" if one.is_exempt else one.name


def added(facts: Excused) -> Message:
    text = "{name}同志已列入《{title}》应考名单。"
    more = Button("继续增补", press("quiz", "add", facts.paper_id))
    return Message(fill(text, name=facts.name, title=facts.title), ((more, _back(facts.paper_id)),))


def ask_excuse(facts: Excused) -> Message:
    text = fill("请直接发送{name}同志免考的原因。", name=facts.name)
    return Message(text, ((_back(facts.paper_id),),))


def excused(facts: Excused) -> Message:
    text = "{name}同志免考《{title}》：{reason}。不计入应考。"
    told = fill(text, name=facts.name, title=facts.title, reason=_sentence(facts.reason))
    return Message(told, ((_back(facts.paper_id),),))


# -- 改时间 提前收卷 取消 ----------------------------------------------------------------------------------------------


def ask_window(facts: Moved) -> Message:
    now = fill(
        "《{title}》{opens} 至 {closes}",
        title=facts.title,
        opens=moment(facts.opens_at),
        closes=moment(facts.closes_at),
    )
    example = "请发送新的截止时间，例如：明天18:00。"
    if not facts.is_open:
        example = "请发送新的起止时间，例如：3月5日 9:00 至 3月8日 18:00；只写一个时间就是截止时间。"
    delays = [Button(label, press("quiz", "delay", facts.paper_id, days)) for days, label in DELAYS.items()]
    return Message(lines(now, example), (tuple(delays), (_back(facts.paper_id),)))


def moved(facts: Moved) -> Message:
    text = "《{title}》改为 {opens} 至 {closes}。{told}"
    told = "已通知绑定的支部群，提醒按新时间发送。" if facts.is_open else ""
    shown = fill(text, title=facts.title, opens=moment(facts.opens_at), closes=moment(facts.closes_at), told=told)
    return Message(shown, ((_back(facts.paper_id),),))


def moved_note(before: Window, after: Window) -> str:
    """For the log of the paper."""
    return " → ".join(f"{moment(opens)} 至 {moment(closes)}" for opens, closes in (before, after))


def confirm_close(facts: Ending) -> Message:
    running = f"正在答的 {facts.running} 人 1 分钟后自动交卷。" if facts.running else ""
    text = "现在就收《{title}》的卷？已交卷 {n} 人。{running}没有参加的人不能再考。"
    yes = Button("提前收卷", press("quiz", "close", facts.paper_id), style="danger")
    told = fill(text, title=facts.title, n=facts.finished, running=running)
    return Message(told, ((yes, _back(facts.paper_id)),))


def closed(facts: Ending) -> Message:
    running = f"正在答的 {facts.running} 人还有 1 分钟。" if facts.running else ""
    told = fill("《{title}》已收卷。{running}成绩稍后公布。", title=facts.title, running=running)
    return Message(told, ((_back(facts.paper_id),),))


def confirm_cancel(facts: Ending) -> Message:
    sat = (
        f"已交卷 {facts.finished} 人、正在答 {facts.running} 人的答卷都作废。" if facts.finished + facts.running else ""
    )
    yes = Button("取消考试", press("quiz", "cancel", facts.paper_id), style="danger")
    text = fill("取消《{title}》？{sat}下一步请写原因。取消后 5 分钟内可以撤销。", title=facts.title, sat=sat)
    return Message(text, ((yes, _back(facts.paper_id)),))


def ask_cancel(facts: Ending) -> Message:
    return Message(fill("请直接发送取消《{title}》的原因。", title=facts.title), ((_back(facts.paper_id),),))


def cancelled(facts: Cancelled) -> Message:
    of = facts.ending
    text = fill(
        "已取消《{title}》：{reason}。{until}",
        title=of.title,
        reason=_sentence(of.reason),
        until=until(facts.until),
    )
    undo = Button("撤销", press("quiz", "uncancel", facts.undo_id), style="danger")
    return Message(text, ((undo, _back(of.paper_id)),))


def restored(facts: Restored) -> Message:
    what = "按原时间 {opens} 开始" if facts.state is PaperState.SCHEDULED else "照常进行，{closes} 截止"
    text = lines(
        fill(
            "已撤销取消：《{title}》" + ("已到截止时间，照常收卷" if facts.is_over else what) + "。",
            title=facts.title,
            opens=moment(facts.opens_at),
            closes=moment(facts.closes_at),
        ),
        f"正在答的 {facts.running} 人已补时 {span(facts.lost)}。" if facts.running else "",
        f"已另行通知 {facts.told} 人。" if facts.told else "",
    )
    return Message(text, ((_back(facts.paper_id),),))


# -- what may be done with an exam -------------------------------------------------------------------------------------


def acts(paper_id: int, state: PaperState, *, sees_names: bool, leads_all: bool) -> tuple[tuple[Button, ...], ...]:
    """The buttons under an exam, for somebody in charge of it."""
    if state not in (PaperState.SCHEDULED, PaperState.OPEN):
        return ()

    def act(label: str, verb: str) -> Button:
        return Button(label, press("quiz", verb, paper_id))

    is_open = state is PaperState.OPEN
    listing = [act("未参加名单" if sees_names else "各支部情况", "missing")] if is_open else []
    people = [act("增补", "add"), act("免考", "excuse")] if sees_names else []
    times = [act("改时间", "move")] if leads_all else []
    ends = [act("提前收卷", "closing")] if leads_all and is_open else []
    off = [act("取消考试", "cancelling")] if leads_all else []
    return tuple(tuple(row) for row in ([*listing, *times], people, [*ends, *off]) if row)
