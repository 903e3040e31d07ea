"""content/meetings.yaml: what an office decided about each kind of meeting, checked and frozen.

The arithmetic of votes is `attendance.quorum`'s; here stand only the sources of its rules.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType

from bot.errors import UserError
from bot.meetings import kindfile
from bot.meetings.kindfile import KindPart, KindsFile
from bot.meetings.rules import Host, Ladder, MeetingKind, SignIn, VoteRule, Window
from bot.members.rules import COMMITTEES, ChatRule, DueList, UnitKind

SHIPPED = Path(__file__).resolve().parents[2] / "content" / "meetings.yaml"


@dataclass(frozen=True)
class KindRules:
    """One kind as one sort of body holds it."""

    kind: MeetingKind
    name: str
    due_list: DueList
    votes: tuple[VoteRule, ...]
    needs_committee: bool  # the branch must have a 支部委员会
    chat: ChatRule
    ladder: Ladder
    start: time
    length: timedelta
    is_online_allowed: bool
    sign_in: SignIn
    window: Window
    margin: timedelta  # grace at the end of each part of the window for the way a tap takes


@dataclass(frozen=True)
class VoteSource:
    """The article a rule of voting rests on; `pending` names what was not compared with the official text."""

    document: str
    article: str
    in_force: date | None
    pending: str


@dataclass(frozen=True)
class NamedKind:
    """A kind found by one of its names in a planner's line, and the text on both sides of it."""

    kind: MeetingKind
    before: str
    after: str


class KindNotHeld(UserError):
    text = "{name}不由这一级召开。"


@dataclass(frozen=True)
class Kinds:
    """All kinds; `names` gives every name a planner may type."""

    rules: Mapping[MeetingKind, Mapping[Host, KindRules]]
    names: Mapping[str, MeetingKind]
    votes: Mapping[VoteRule, VoteSource]
    agenda_tags: tuple[str, ...]

    def of(self, kind: MeetingKind, unit: UnitKind | None = None) -> KindRules:
        """As held by this sort of unit, or by the first of its hosts; raises KindNotHeld."""
        hosts = self.rules[kind]
        first = next(iter(hosts.values()))
        if unit is None:
            return first
        host = host_of(unit)
        if host is None or host not in hosts:
            raise KindNotHeld(name=first.name)
        return hosts[host]

    def held_by(self, unit: UnitKind) -> tuple[KindRules, ...]:
        """What this sort of unit may call, in the order of the file."""
        host = host_of(unit)
        return tuple(hosts[host] for hosts in self.rules.values() if host is not None and host in hosts)

    def find(self, line: str) -> NamedKind | None:
        """The first name of a kind in the line, the longest where several begin."""
        words = sorted(self.names, key=len, reverse=True)
        found = re.search("|".join(map(re.escape, words)), line)
        if found is None:
            return None
        return NamedKind(self.names[found[0]], line[: found.start()].strip(), line[found.end() :].strip())


_HOSTS = {**dict.fromkeys(COMMITTEES, Host.COMMITTEE), UnitKind.BRANCH: Host.BRANCH, UnitKind.PARTY_GROUP: Host.GROUP}


def host_of(unit: UnitKind) -> Host | None:
    return _HOSTS.get(unit)


def load_kinds(path: Path) -> Kinds:
    """Read and check a file like the shipped one; raises kindfile.KindsError with every mistake in it."""
    file = kindfile.read(path)
    rules = {kind: MappingProxyType(dict(_hosted(kind, one, file))) for kind, one in file.kinds.items()}
    names = {name: kind for kind, one in file.kinds.items() for name in one.names}
    votes = {
        rule: VoteSource(one.document, one.article or "", one.in_force, one.pending or "")
        for rule, one in file.votes.items()
    }
    return Kinds(MappingProxyType(rules), MappingProxyType(names), MappingProxyType(votes), file.agenda_tags)


def _hosted(kind: MeetingKind, one: KindPart, file: KindsFile) -> Iterator[tuple[Host, KindRules]]:
    ladder = {rung: at for rung, raw in file.ladders[one.ladder].items() if (at := raw.read()) is not None}
    window = Window(*(timedelta(minutes=span) for span in (one.window.opens, one.window.on_time, one.window.late)))
    for host, held in one.hosts.items():
        yield (
            host,
            KindRules(
                kind=kind,
                name=held.name or one.name,
                due_list=held.due,
                votes=held.votes,
                needs_committee=one.needs_committee,
                chat=held.chat or one.chat,
                ladder=MappingProxyType(ladder),
                start=one.start,
                length=timedelta(minutes=one.minutes),
                is_online_allowed=one.online,
                sign_in=one.sign_in,
                window=window,
                margin=timedelta(seconds=one.margin),
            ),
        )


@cache
def shipped() -> Kinds:
    """The kinds of content/meetings.yaml, read once."""
    return load_kinds(SHIPPED)


def of(kind: MeetingKind, unit: UnitKind | None = None) -> KindRules:
    """The rules of a kind, as this sort of unit holds it."""
    return shipped().of(kind, unit)
