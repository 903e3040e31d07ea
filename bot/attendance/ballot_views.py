"""Words and buttons of votes counted in the room, with the rule and the article each rests on."""

from collections.abc import Sequence

from bot.attendance.facts import Ballot
from bot.attendance.quorum import RULES
from bot.meetings.kinds import VoteSource
from bot.meetings.rules import VoteRule
from bot.meetings.views import REACHED, clock, name
from bot.message import Button, Html, Message, fill, lines, press, rows

TERMS = {
    VoteRule.ORDINARY: "到会达到应到的半数可以表决，赞成超过应到的半数通过",
    VoteRule.COMMITTEE: "到会达到应到的半数可以表决，赞成超过应到的半数通过",
    VoteRule.ADMISSION: "到会超过应到的半数可以表决，赞成和书面赞成超过应到的半数通过，逐人表决",
    VoteRule.ELECTION: "到会达到应到的五分之四可以选举，赞成超过到会的半数当选，逐人计票",
    VoteRule.DEMOCRATIC_LIFE: "到会达到应到的三分之二可以召开，不表决",
}
INVALID = "未达法定人数，表决无效"


def ballots(found: Sequence[Ballot]) -> Message:
    """All voting items, with what was counted or is still needed."""
    meeting = found[0].meeting
    head = fill("表决登记：{kind}\n票在会场里投，这里只登记结果。", kind=name(meeting))
    rules = dict.fromkeys(one.rule for one in found)
    bases = [_basis(rule, next(one.source for one in found if one.rule is rule)) for rule in rules]
    buttons = [_button(one) for one in found]
    return Message("\n\n".join([head, *(lines(_title(one), _state(one)) for one in found), *bases]), rows(buttons, 2))


def _title(one: Ballot) -> Html:
    person = f"（{one.person_name}）" if one.person_name else ""
    return fill("<b>{number}. {title}{person}</b>", number=one.position, title=one.title, person=person)


def _button(one: Ballot) -> Button:
    if not RULES[one.rule].has_vote:
        return Button(f"{one.position} 登记到会", press("attendance", "there", one.item_id))
    return Button(
        f"{one.position} {'更改' if one.decided_at else '登记'}票数", press("attendance", "vote", one.item_id)
    )


def _state(one: Ballot) -> str:
    return result(one) if one.decided_at else _room(one)


def _room(one: Ballot) -> str:
    if not one.quorum.voters:
        return "应到名单里没有人有表决权"
    there = f"有表决权应到{one.quorum.voters}，到会{one.quorum.present}"
    enough = REACHED[one.rule] if one.quorum.is_valid else f"还差{one.quorum.missing}人"
    return f"{there}，{enough}"


def result(one: Ballot) -> str:
    """How it was decided, as it also stands in the minutes."""
    at = f"{clock(one.decided_at)}，" if one.decided_at else ""
    counts = ""
    if one.votes is not None:
        yes, no, abstain, written = one.votes
        in_writing = f"，书面赞成{written}" if written else ""
        counts = f"：赞成{yes}，反对{no}，弃权{abstain}{in_writing}"
    return f"{at}{_room(one)}{counts}。{_outcome(one)}"


def in_file(one: Ballot) -> str:
    """One line of the printed list."""
    person = f"（{one.person_name}）" if one.person_name else ""
    found = result(one) if one.decided_at else "未表决"
    return f"第{one.position}项 {one.title}{person}：{found}。依据：{article(one.source)}"


def _outcome(one: Ballot) -> str:
    if not one.quorum.is_valid:
        return INVALID if RULES[one.rule].has_vote else "未达法定人数"
    if one.has_passed is None:
        return "达到法定人数"
    words = ("当选", "未当选") if one.rule is VoteRule.ELECTION else ("通过", "未通过")
    return words[0] if one.has_passed else words[1]


def _basis(rule: VoteRule, source: VoteSource) -> Html:
    return fill("规则：{terms}。\n依据：{source}", terms=TERMS[rule], source=article(source))


def article(source: VoteSource) -> str:
    """《…》第…条, with what was not compared with the official text."""
    pending = f"（{source.pending}待核）" if source.pending else ""
    return f"《{source.document}》{source.article}{pending}"


def ask(one: Ballot) -> Message:
    has_written = one.rule is VoteRule.ADMISSION  # opinions in writing count there alone
    counts, numbers = ("赞成、反对、弃权、书面赞成", "11 2 1 0") if has_written else ("赞成、反对、弃权", "11 2 1")
    text = (
        "{title}\n{room}\n\n请写票数，依次是{counts}，例如：赞成11 反对2 弃权1，或 {numbers}。"
        "事后登记的请带上表决时间，例如：16:05 {numbers}。\n\n{basis}"
    )
    where = {"title": _title(one), "room": _state(one), "basis": _basis(one.rule, one.source)}
    return Message(fill(text, counts=counts, numbers=numbers, **where))


def recorded(one: Ballot) -> Message:
    again = Button("更改票数", press("attendance", "vote", one.item_id))
    others = Button("其他议题", press("attendance", "votes", one.meeting.id))
    buttons = (again, others) if RULES[one.rule].has_vote else (others,)
    return Message(lines(_title(one), result(one)), (buttons,))
