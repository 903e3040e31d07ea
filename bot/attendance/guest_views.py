"""Words and buttons of guests: who is there beside the due list."""

from collections.abc import Sequence

from bot.attendance.facts import GuestLine, GuestList
from bot.attendance.rules import GuestKind
from bot.meetings.views import name
from bot.message import Button, Html, Message, cut, fill, lines, press, rows

MOST_BUTTONS, MOST_NAMES = 20, 20
GUEST_NAMES = {
    GuestKind.OBSERVER: "列席",
    GuestKind.FLOATING: "流动党员",
    GuestKind.ACTIVIST: "积极分子",
    GuestKind.PUBLIC: "群众",
}


def guests(what: GuestList) -> Message:
    """Who is there beside the due list, and what may be added."""
    listed = guest_lines(what.guests)
    kinds = tuple(
        Button(text, press("attendance", "guest", what.meeting.id, kind.name)) for kind, text in GUEST_NAMES.items()
    )
    removals = [
        Button(f"删去{cut(_one(guest), 16)}", press("attendance", "noguest", guest.id))
        for guest in what.guests[:MOST_BUTTONS]
    ]
    text = lines(
        fill("列席人员：{kind}", kind=name(what.meeting)), *(listed or [Html("还没有登记。")]), "不计入应到和实到。"
    )
    return Message(text, (kinds, *rows(removals, 2)))


def guest_lines(found: Sequence[GuestLine]) -> list[Html]:
    """One line for each sort: how many, and the names of those who have one."""
    parts = []
    for kind, title in GUEST_NAMES.items():
        some = [guest for guest in found if guest.what is kind]
        if some:
            count = sum(guest.number for guest in some)
            shown = "、".join(guest.name or f"未列名{guest.number}人" for guest in some[:MOST_NAMES])
            more = "等" if len(some) > MOST_NAMES else ""
            who = f"：{shown}{more}" if any(guest.name for guest in some) else ""
            parts.append(fill("{title}{count}人{who}", title=title, count=count, who=who))
    return parts


def _one(guest: GuestLine) -> str:
    return guest.name or f"{GUEST_NAMES[guest.what]}{guest.number}人"


def ask_guests(what: GuestKind) -> Message:
    return Message(fill("请写{what}姓名，几个人用顿号分开；不列名的只写人数，如32。", what=GUEST_NAMES[what]))
