"""Words of who is not counted as due, has no vote, or is under 留党察看."""

from dataclasses import replace
from datetime import date, timedelta

from bot.members.facts import Exempted
from bot.members.phrases import EXEMPT_EXAMPLE, SUSPEND_EXAMPLE
from bot.members.rules import ExemptionScope
from bot.message import Button, Html, Message, fill, lines, press, rows

SCOPES = {
    ExemptionScope.DUE: "不计入应到",
    ExemptionScope.VOTE: "不计入表决",
    ExemptionScope.BOTH: "不计入应到和表决",
}


def _span(from_on: date, to_on: date | None) -> str:
    """The last day that still counts, as people write it."""
    return f"{_day(from_on)}至{_day(to_on - timedelta(days=1))}" if to_on else f"{_day(from_on)}起"


def _day(on: date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"


def exemption_line(one: Exempted) -> str:
    basis = f"依据：{one.basis}，{one.approver}{_day(one.approved_on)}批准"
    return f"{SCOPES[one.scope]}（{_span(one.from_on, one.to_on)}，{basis}）"


def ending(one: Exempted) -> str:
    """On the button that ends it."""
    return f"结束{SCOPES[one.scope]}（{one.from_on.month}月{one.from_on.day}日起）"


def suspension_line(from_on: date, to_on: date | None) -> str:
    return f"留党察看（{_span(from_on, to_on)}）：计入应到，没有表决权"


def ask_scope(member_id: int, name: str) -> Message:
    buttons = [Button(text, press("members", "exempts", member_id, scope.name)) for scope, text in SCOPES.items()]
    text = fill("为{name}登记哪一种？登记要有依据、批准人和批准日期，会显示在考勤表上。", name=name)
    return Message(text, (*rows(buttons, 1), (_back(member_id),)))


def _back(member_id: int) -> Button:
    return Button("返回", press("members", "office", member_id))


def ask_basis(name: str, scope: ExemptionScope) -> Message:
    text = lines(
        fill("{name}{scope}。请用一条消息发送，各项用逗号隔开：", name=name, scope=SCOPES[scope]),
        "依据，批准人，批准日期，开始日期，结束日期（最后一天，可不写）",
        f"例如：{EXEMPT_EXAMPLE}",
        "发送“取消”可放弃。",
    )
    return Message(text)


def ask_span(name: str) -> Message:
    text = lines(
        fill("{name}留党察看。请发送开始日期和结束日期（最后一天，可不写），用逗号隔开。", name=name),
        f"例如：{SUSPEND_EXAMPLE}",
        "发送“取消”可放弃。",
    )
    return Message(text)


def exempted(member_id: int, name: str, made: Exempted) -> Message:
    text = fill("已登记：{name}{line}。", name=name, line=exemption_line(made))
    undo = Button("撤销", press("members", "unexempt", made.id), style="danger")
    return Message(text, ((undo, _back(member_id)),))


def told(made: Exempted) -> Message:
    """To the person concerned."""
    return Message(fill("您已登记为{line}。如有异议请联系上级管理员。", line=exemption_line(made)))


def over_told() -> Message:
    return Message("您的不计入登记已经结束，今天起按党员名册参加。")


def over(card: Message) -> Message:
    """The receipt, above what the person's card shows now."""
    return replace(card, text=lines("不计入登记已结束。", Html(card.text)))


def unsuspended(card: Message) -> Message:
    return replace(card, text=lines("留党察看登记已结束。", Html(card.text)))


def suspended(member_id: int, name: str, from_on: date, to_on: date | None) -> Message:
    text = fill("已登记：{name}{line}。", name=name, line=Html(suspension_line(from_on, to_on)))
    return Message(text, ((_back(member_id),),))
