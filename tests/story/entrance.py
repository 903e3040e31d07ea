"""What a door is, how it is knocked at, and the ways of saying to whom the matrix of rights opens it."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.meetings.facts import MeetingFacts
from bot.members.rules import NO_CASE, Case, Right, UnitRef
from bot.message import press
from tests.story.scene import Knocker

Who = Callable[[Knocker], bool]


@dataclass(frozen=True, slots=True)
class Door:
    """`knock` is what is typed or pressed; of documents the file name. `prompt`: what the typed text answers."""

    table: str
    name: str
    knock: str
    who: Who
    prompt: str = ""
    data: bytes = b""
    is_in_group: bool = False
    is_alone: bool = False  # who comes second finds it shut
    is_personal: bool = False  # nobody else is ever asked for this text

    def __str__(self) -> str:
        place = " in the group" if self.is_in_group else ""
        return f"{self.table} {self.name} 〔{self.knock[:40]}〕{place}"


# -- to whom ----------------------------------------------------------------------------------------------------------


def anybody(_: Knocker) -> bool:
    return True


def nobody(_: Knocker) -> bool:
    return False


def known(one: Knocker) -> bool:
    return one.actor is not None


def unbound(one: Knocker) -> bool:
    """Root users outside the roster have no account of the roster either."""
    return one.actor is None or not one.actor.member_id


def own(name: str) -> Who:
    return lambda one: one.name == name


def somewhere(right: Right) -> Who:
    return lambda one: one.actor is not None and one.actor.may(right)


def at(right: Right, unit: UnitRef, case: Case = NO_CASE) -> Who:
    return lambda one: one.actor is not None and one.actor.may(right, unit, case)


def on(right: Right, meeting: MeetingFacts) -> Who:
    return at(right, meeting.unit, meeting.case)


def due(meeting: MeetingFacts) -> Who:
    """Who belongs to the body that meets."""
    return lambda one: one.actor is not None and belongs(one, meeting.unit)


def belongs(one: Knocker, unit: UnitRef) -> bool:
    assert one.actor is not None
    home = one.actor.group or one.actor.branch
    return home is not None and unit.covers(home)


def of_branch(unit: UnitRef) -> Who:
    """Who belongs to the branch, whatever roles others have there."""
    return lambda one: one.actor is not None and belongs(one, unit)


def either(*ways: Who) -> Who:
    return lambda one: any(way(one) for way in ways)


# -- how ---------------------------------------------------------------------------------------------------------------


def pressing(name: str, who: Who, *args: int | str, in_group: bool = False, alone: bool = False) -> Door:
    feature, _, verb = name.partition(":")
    return Door("presses", name, press(feature, verb, *args), who, is_in_group=in_group, is_alone=alone)
