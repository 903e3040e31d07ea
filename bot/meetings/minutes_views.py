"""Words and buttons of agenda and minutes: what stands there, what is still missing, what can be changed."""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.meetings.agenda import PERSONAL, Agenda, Item, OneItem
from bot.meetings.facts import MeetingFacts, Named
from bot.meetings.minutes import LONGEST, LONGEST_REF, Candidates, MinutesFacts, Missing, Post
from bot.meetings.rules import AgendaState, MeetingKind, MeetingState, Outcome, VoteRule
from bot.meetings.views import button_label, head, label, name, names, outcome, so_far, span
from bot.members.views import turns
from bot.message import Button, Buttons, Html, Message, cut, fill, lines, press, rows

Quorate = Callable[[VoteRule, int, int], bool]  # whether so many voters present out of so many due are enough

PAGE = 10
# A page must fit into one message, with twenty items and long texts: titles and texts are cut, an item shows all of it.
SHOWN, SHOWN_TITLE = 350, 36
POSTS = {Post.CHAIR: "主持人", Post.RECORDER: "记录人", Post.LECTURER: "主讲人"}
MISSING = {
    Missing.CHAIR: "主持人",
    Missing.RECORDER: "记录人",
    Missing.VERIFIED: "名单属实",
    Missing.VOTES: "表决结果",
    Missing.CONTENT: "会议内容或纸质记录编号",
}
RULES = {
    VoteRule.ORDINARY: "一般表决",
    VoteRule.COMMITTEE: "支委会表决",
    VoteRule.ADMISSION: "接收党员",
    VoteRule.ELECTION: "选举",
    VoteRule.DEMOCRATIC_LIFE: "只核对到会人数",
}
STATES = {AgendaState.DISCUSSED: "已讨论", AgendaState.WITHDRAWN: "撤回", AgendaState.DEFERRED: "暂缓"}
ASKED = {
    "summary": f"请写会议内容（发言要点），最多{LONGEST}个字，可以直接粘贴。",
    "decisions": f"请写会议决议，最多{LONGEST}个字。",
    "paper_ref": f"请写纸质记录编号，最多{LONGEST_REF}个字。",
}
GIVE_UP = "发送“取消”放弃输入。"


# -- minutes ---


def in_private() -> Message:
    return Message("会议记录请在私聊中填写。", ((Button("打开私聊", link="mn"),),))


def pick(found: Sequence[MeetingFacts], page: int = 0, *, now: datetime) -> Message:
    shown = found[page * PAGE : (page + 1) * PAGE]
    buttons = [Button(button_label(one, now=now), press("meetings", "minutes", one.id)) for one in shown]
    turning = turns(page, len(found), PAGE, lambda number: press("meetings", "unfiled", number))
    return Message("写哪一个会议的记录？", (*rows(buttons, 1), *turning))


def minutes(what: MinutesFacts, is_quorate: Quorate, *, is_sure: bool = False, now: datetime) -> Message:
    """Everything on one page; `is_sure` asks whether it is to be filed."""
    meeting = what.meeting
    text = lines(
        fill("<b>会议记录</b>{filed}", filed="（已归档）" if what.is_filed else ""),
        head(name(meeting), meeting.title),
        _when_where(meeting, now=now),
        outcome(meeting, what.roll) if meeting.is_over else so_far(meeting, what.roll),
        _person("主持人", what.chair),
        _person("记录人", what.recorder),
        fill("主讲人：{who}", who=names(what.lecturers)) if what.lecturers else "",
        _same_person(what),
        _verified(what),
        "本次为学习会，不表决" if _is_study(what.meeting) else "",
        *_agenda_lines(what, is_quorate),
        _written("会议内容", what.summary),
        _written("决议", what.decisions),
        fill("纸质记录编号：{ref}", ref=what.paper_ref) if what.paper_ref else "",
        _lacking(what),
        "归档后不能再改，确认归档吗？" if is_sure else "",
    )
    if what.is_filed:
        return Message(text, ((Button("导出", press("attendance", "minutes", meeting.id)),),))
    return Message(text, _asked("确认归档", "seal", meeting) if is_sure else _minutes_buttons(what))


def _asked(yes: str, verb: str, meeting: MeetingFacts) -> Buttons:
    sure = Button(yes, press("meetings", verb, meeting.id), style="success")
    return ((sure, Button("返回", press("meetings", "again", meeting.id))),)


def _when_where(meeting: MeetingFacts, *, now: datetime) -> Html:
    place = f"，{meeting.place}" if meeting.place else ""
    return fill("{span}{place}", span=span(meeting.starts_at, meeting.ends_at, now=now), place=place)


def _person(post: str, who: Named | None) -> Html:
    return fill("{post}：{who}", post=post, who=who.name if who else "未填")


def _same_person(what: MinutesFacts) -> str:
    is_same = what.chair is not None and what.recorder is not None and what.chair == what.recorder
    return "提示：主持人与记录人相同" if is_same else ""


def _verified(what: MinutesFacts) -> str:
    if what.meeting.verified_at is not None:
        return "名单：已核对属实"
    return f"名单：自助签到{len(what.roll.self_signed)}人未核对" if what.roll.self_signed else ""


def _is_study(meeting: MeetingFacts) -> bool:
    return meeting.outcome is Outcome.STUDY_ONLY


def _agenda_lines(what: MinutesFacts, is_quorate: Quorate) -> list[str]:
    is_study = _is_study(what.meeting)
    found = [item_line(number, one, is_quorate, is_study=is_study) for number, one in _numbered(what.items)]
    return ["议题：", *found] if found else []


def agenda_whole(what: MinutesFacts, is_quorate: Quorate) -> list[str]:
    """The same as plain text with whole titles, for a file."""
    found = []
    for number, one in _numbered(what.items):
        person = f"（{one.person_name}）" if one.person_name else ""
        result = "未表决" if _is_study(what.meeting) and one.is_undecided else item_result(one, is_quorate)
        found.append(f"{number}. {one.title}{person}{f'：{result}' if result else ''}")
    return ["议题：", *found] if found else []


def _numbered(items: Sequence[Item]) -> list[tuple[int, Item]]:
    """Counted as they stand: an item that was removed leaves no gap."""
    return list(enumerate(items, start=1))


def item_line(number: int, item: Item, is_quorate: Quorate, *, is_study: bool = False) -> Html:
    tag = f"〔{item.tag}〕" if item.tag else ""
    person = f"（{item.person_name}）" if item.person_name else ""
    words = {"number": number, "title": cut(item.title, SHOWN_TITLE), "person": person, "tag": tag}
    result = "未表决" if is_study and item.is_undecided else item_result(item, is_quorate)
    return fill("{number}. {title}{person}{tag}{result}", **words, result=f"：{result}" if result else "")


def item_result(item: Item, is_quorate: Quorate) -> str:
    """How the item ended, as far as it has."""
    if item.decided_at is not None and item.vote_rule is not None:
        return _vote_result(item, item.vote_rule, is_quorate)
    unvoted = "，未表决" if item.vote_rule is not None else ""
    if item.state is not None:
        return f"{STATES[item.state]}{unvoted}"
    if item.vote_rule is None:
        return ""
    is_counted = item.vote_rule is VoteRule.DEMOCRATIC_LIFE  # who is there, and nothing else
    return f"{RULES[item.vote_rule]}，{'待登记' if is_counted else '待表决'}"


def _vote_result(item: Item, rule: VoteRule, is_quorate: Quorate) -> str:
    room = f"有表决权应到{item.due}，到会{item.present}"
    written = f"，书面赞成{item.yes_written}" if item.yes_written else ""
    votes = "" if item.yes is None else f"，赞成{item.yes}，反对{item.no}，弃权{item.abstain}{written}"
    if not is_quorate(rule, item.due or 0, item.present or 0):
        return f"{room}{votes}，未达法定人数" + ("" if item.yes is None else "，表决无效")
    if item.passed is None:
        return f"{room}，达到法定人数"
    yes, no = ("当选", "未当选") if rule is VoteRule.ELECTION else ("通过", "未通过")
    return f"{room}{votes}，{yes if item.passed else no}"


def _written(what: str, text: str) -> Html | str:
    if not text:
        return ""
    count = f"（共{len(text)}个字）" if len(text) > SHOWN else ""
    return fill("{what}：{text}{count}", what=what, text=cut(text, SHOWN), count=count)


def _lacking(what: MinutesFacts) -> str:
    if what.is_filed or not what.missing:
        return ""
    return "还缺：" + "、".join(MISSING[one] for one in what.missing)


def _minutes_buttons(what: MinutesFacts) -> Buttons:
    meeting = what.meeting
    posts = (Post.CHAIR, Post.RECORDER) + ((Post.LECTURER,) if meeting.kind is MeetingKind.PARTY_LECTURE else ())
    people = tuple(Button(POSTS[post], press("meetings", "post", meeting.id, post.name, 0)) for post in posts)
    agenda_ = (Button("议题", press("meetings", "agenda", meeting.id)),) if what.may_plan else ()
    is_held = meeting.state in (MeetingState.OPEN, MeetingState.CLOSED)
    has_votes = is_held and not _is_study(meeting) and any(item.vote_rule is not None for item in what.items)
    votes = (Button("表决", press("attendance", "votes", meeting.id)),) if has_votes else ()
    is_unsure = is_held and Missing.VERIFIED in what.missing
    vouch = (Button("名单属实", press("attendance", "true", meeting.id), style="success"),) if is_unsure else ()
    texts = (
        Button("改内容" if what.summary else "写内容", press("meetings", "write", meeting.id, "summary")),
        Button("改决议" if what.decisions else "写决议", press("meetings", "write", meeting.id, "decisions")),
        Button("纸质编号", press("meetings", "write", meeting.id, "paper_ref")),
    )
    again = Button("刷新", press("meetings", "again", meeting.id))
    file = Button("归档", press("meetings", "file", meeting.id), style="success")
    last = (again, file) if what.can_be_filed else (again,)
    return tuple(row for row in (people, (*agenda_, *votes, *vouch), texts, last) if row)


def candidates(what: Candidates, page: int = 0) -> Message:
    shown = what.people[page * PAGE : (page + 1) * PAGE]
    buttons = [
        Button(
            ("✓ " if one.member_id in what.chosen else "") + cut(label(one, what.people), 12),
            press("meetings", "pick", what.meeting.id, what.post.name, one.member_id),
        )
        for one in shown
    ]
    of = (what.meeting.id, what.post.name)
    turning = turns(page, len(what.people), PAGE, lambda number: press("meetings", "post", *of, number))
    back = Button("返回", press("meetings", "again", what.meeting.id))
    text = f"请选择{POSTS[what.post]}" if what.people else "应到名单为空，不能选择。"
    return Message(text, (*rows(buttons, 2), *turning, (back,)))


def ask(field: str) -> Message:
    return Message(f"{ASKED[field]}\n{GIVE_UP}")


# -- agenda ---


def agenda(what: Agenda, is_quorate: Quorate) -> Message:
    meeting = what.meeting
    found = _numbered(what.items)
    is_shut = meeting.state in (MeetingState.RECORDED, MeetingState.CANCELLED)
    text = lines(
        fill("<b>议题</b>：{kind}", kind=name(meeting)),
        *(item_line(number, one, is_quorate) for number, one in found),
        ("点序号写表决和结果。" if not is_shut else "") if found else "还没有议题。",
    )
    each = [Button(str(number), press("meetings", "item", one.id)) for number, one in found]
    more = (Button("添加议题", press("meetings", "additems", meeting.id)),)
    back = (Button("会议记录", press("meetings", "again", meeting.id)),) if what.may_minute else ()
    return Message(text, () if is_shut else (*rows(each, 5), (*more, *back)))


def ask_items() -> Message:
    return Message(f"请写议题，每行一个，例如：\n讨论发展对象\n通报党费收缴情况\n{GIVE_UP}")


def item(what: OneItem, is_quorate: Quorate, *, is_sure: bool = False) -> Message:
    """One item with what may be done to it; `is_sure` asks whether it is to go."""
    one = what.item
    words = {"title": one.title, "tag": one.tag or "无", "vote": RULES[one.vote_rule] if one.vote_rule else "不表决"}
    text = lines(
        fill("<b>{title}</b>", title=one.title),
        fill("标签：{tag}", **words),
        fill("表决方式：{vote}", **words),
        fill("表决对象：{person}", person=one.person_name) if one.person_name else "",
        fill("结果：{result}", result=result) if (result := item_result(one, is_quorate)) else "",
    )
    back = (Button("返回议题", press("meetings", "agenda", what.meeting.id)),)
    if one.decided_at is not None:
        return Message(text, (back,))
    vote = (Button("表决方式", press("meetings", "votes", one.id)),) if what.votes else ()
    states = tuple(_state_button(one, state) for state in AgendaState)
    gone = Button("删除", press("meetings", "delitem", one.id), style="danger")
    if is_sure:
        sure = Button("确认删除", press("meetings", "gone", one.id), style="danger")
        return Message(text, ((sure, Button("返回", press("meetings", "item", one.id))),))
    return Message(text, ((Button("标签", press("meetings", "tags", one.id)), *vote), states, (gone, *back)))


def _state_button(one: Item, state: AgendaState) -> Button:
    is_set = one.state is state
    wanted = "-" if is_set else state.name
    return Button(("✓ " if is_set else "") + STATES[state], press("meetings", "settle", one.id, wanted))


def tags(what: OneItem) -> Message:
    one = what.item
    buttons = [Button(tag, press("meetings", "tag", one.id, number)) for number, tag in enumerate(what.tags)]
    none = Button("不用标签", press("meetings", "tag", one.id, len(what.tags)))
    return Message(fill("给“{title}”选一个标签", title=one.title), (*rows(buttons, 2), (none,)))


def votes(what: OneItem) -> Message:
    one = what.item
    buttons = [Button(RULES[rule], press("meetings", "vote", one.id, rule.name)) for rule in what.votes]
    none = Button("不表决", press("meetings", "vote", one.id, "-"))
    return Message(fill("“{title}”怎样表决？", title=one.title), (*rows(buttons, 2), (none,)))


def vote_set(what: OneItem, word: str, is_quorate: Quorate) -> Message:
    """The item again, or the question whom the vote is about."""
    rule = VoteRule.__members__.get(word)
    if rule not in PERSONAL:
        return item(what, is_quorate)
    text = "{rule}逐人表决，请写姓名，多人用顿号隔开。\n{give_up}"
    return Message(fill(text, rule=RULES[rule], give_up=GIVE_UP))
