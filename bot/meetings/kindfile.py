"""content/meetings.yaml as text: its keys, the form of each value, and what is wrong with it, by line and column.

What the values mean together is `kinds`'. Values come in as the author's text, so nothing is turned into a bool or time
behind his back.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Sequence as Row
from contextlib import suppress
from datetime import date, time, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from bot import yamlfile
from bot.errors import UserError
from bot.meetings.rules import AfterEnd, At, FromDay, FromStart, Host, MeetingKind, RungName, SignIn, VoteRule, Workdays
from bot.members.rules import ChatRule, DueList

E = TypeVar("E")


class KindsError(UserError):
    """Everything wrong with the file, one line each: file:line:column, reason."""

    text: ClassVar[str] = "{problems}"


class Problem(UserError):
    """One mistake; `at` is its line and column."""

    text = "这里的内容不对。"

    def __init__(self, at: tuple[int, int], **values: object) -> None:
        super().__init__(**values)
        self.at = at


class UnreadableFile(Problem):
    text = "找不到或读不了这个文件。"


class UnknownKey(Problem):
    text = "不认识“{key}”。"


class MisspeltKey(Problem):
    text = "不认识“{key}”，是否想写“{near}”？"


class MissingKey(Problem):
    text = "缺少“{key}”。"


class NotAWord(Problem):
    text = "“{value}”不能识别，可以写：{words}。"


class NotAClock(Problem):
    text = '时间“{value}”请写成 "09:00" 的样子。'


class NotADay(Problem):
    text = "日期“{value}”不存在，请写成 2018-10-28 的样子。"


class NotInRange(Problem):
    text = "“{value}”应是{low}到{high}的整数。"


class BadShape(Problem):
    text = "这里的写法不对，请对照文件里的说明。"


class BadRung(Problem):
    text = "提醒“{rung}”的时间请写成：{sample}。"


class LateBeforeOnTime(Problem):
    text = "late 不能小于 on_time。"


class UnknownLadder(Problem):
    text = "没有提醒阶梯“{name}”，已有：{names}。"


class RepeatedName(Problem):
    text = "名称“{name}”已经用于另一种会议。"


class NoSource(Problem):
    text = "表决规则“{name}”没有写依据，请在文件末尾补上。"


def _word(words: Mapping[str, E]) -> BeforeValidator:
    def read(value: object) -> E:
        if isinstance(value, str) and (found := words.get(value)) is not None:
            return found
        raise PydanticCustomError("word", "word", {"value": str(value), "words": "、".join(words)})

    return BeforeValidator(read)


def _lower(kind: type[Enum]) -> BeforeValidator:
    return _word({member.name.lower(): member for member in kind})


def _upper(kind: type[Enum]) -> BeforeValidator:
    return _word({member.name: member for member in kind})


def _number(low: int, high: int) -> BeforeValidator:
    def read(value: object) -> int:
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,6}", value) and low <= int(value) <= high:
            return int(value)
        raise PydanticCustomError("number", "number", {"value": str(value), "low": low, "high": high})

    return BeforeValidator(read)


def _clock(value: object) -> time:
    if isinstance(value, str) and re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        return time.fromisoformat(value)
    raise PydanticCustomError("clock", "clock", {"value": str(value)})


def _date(value: object) -> date:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        with suppress(ValueError):
            return date.fromisoformat(value)
    raise PydanticCustomError("day", "day", {"value": str(value)})


Clock = Annotated[time, BeforeValidator(_clock)]
Day = Annotated[date, BeforeValidator(_date)]
Text = Annotated[str, Field(min_length=1, max_length=60)]
Flag = Annotated[bool, _word({"true": True, "false": False})]
Vote = Annotated[VoteRule, _upper(VoteRule)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AtPart(Part):
    days: Annotated[int, _number(-60, 0)] | None = None
    workdays: Annotated[int, _number(-30, 30)] | None = None
    minutes: Annotated[int, _number(-10_080, 600)] | None = None
    after_end: Annotated[int, _number(0, 1440)] | None = None
    clock: Clock | None = None

    def read(self) -> At | None:
        """The one way of the four that is written; None for none or several."""
        if len(self.model_fields_set - {"clock"}) != 1 or (self.clock is None) == self.is_day:
            return None
        if self.clock is not None:
            if self.days is not None:
                return FromDay(self.days, self.clock)
            return Workdays(self.workdays or 0, self.clock)
        if self.minutes is not None:
            return FromStart(timedelta(minutes=self.minutes))
        return AfterEnd(timedelta(minutes=self.after_end or 0))

    @property
    def is_day(self) -> bool:
        return self.days is not None or self.workdays is not None


class HostPart(Part):
    due: Annotated[DueList, _lower(DueList)]
    votes: tuple[Vote, ...] = ()
    name: Text | None = None
    chat: Annotated[ChatRule, _lower(ChatRule)] | None = None


class WindowPart(Part):
    opens: Annotated[int, _number(1, 240)]
    on_time: Annotated[int, _number(0, 240)]
    late: Annotated[int, _number(0, 240)]


class KindPart(Part):
    name: Text
    also: tuple[Text, ...] = ()
    hosts: Annotated[dict[Annotated[Host, _lower(Host)], HostPart], Field(min_length=1)]
    needs_committee: Flag = False
    chat: Annotated[ChatRule, _lower(ChatRule)]
    ladder: str
    start: Clock
    minutes: Annotated[int, _number(1, 720)]
    online: Flag = False
    sign_in: Annotated[SignIn, _lower(SignIn)]
    window: WindowPart
    margin: Annotated[int, _number(0, 120)]

    @property
    def names(self) -> tuple[str, ...]:
        """All that a planner may type, each once."""
        of_hosts = (host.name for host in self.hosts.values() if host.name)
        return tuple(dict.fromkeys((self.name, *self.also, *of_hosts)))


class VotePart(Part):
    document: Text
    article: Text | None = None
    in_force: Day | None = None
    pending: Text | None = None


class KindsFile(Part):
    agenda_tags: tuple[Text, ...]
    ladders: dict[Text, dict[Annotated[RungName, _word({rung.value: rung for rung in RungName})], AtPart]]
    kinds: dict[Annotated[MeetingKind, _upper(MeetingKind)], KindPart]
    votes: dict[Vote, VotePart]


PARTS: tuple[type[Part], ...] = (AtPart, HostPart, WindowPart, KindPart, VotePart, KindsFile)
WORDS = yamlfile.Words(
    keys=frozenset(name for part in PARTS for name in part.model_fields) | {rung.value for rung in RungName},
    text_keys=frozenset({"name", "document", "article", "pending"}),
)


def read(path: Path) -> KindsFile:
    """Read and check the file; raises KindsError with every mistake in it."""
    try:
        document = yamlfile.read(path.read_bytes(), WORDS)
    except OSError:
        raise _refusal(path, [UnreadableFile((1, 1))]) from None
    if document.faults:
        raise KindsError(problems="\n".join(yamlfile.line(str(path), fault) for fault in document.faults))
    if not isinstance(document.root, yamlfile.Mapping):
        raise _refusal(path, [BadShape((1, 1))])
    try:
        file = KindsFile.model_validate(yamlfile.plain(document.root))
    except ValidationError as error:
        raise _refusal(path, _problems(error.errors(), document.root)) from None
    if problems := list(_contradictions(file, document.root)):
        raise _refusal(path, problems)
    return file


def _refusal(path: Path, problems: Iterable[Problem]) -> KindsError:
    ordered = sorted(problems, key=lambda problem: problem.at)
    return KindsError(problems="\n".join(f"{path}:{found.at[0]}:{found.at[1]} {found}" for found in ordered))


def _key_place(root: yamlfile.Mapping, path: Row[str | int]) -> tuple[int, int]:
    """Where the last key of a path itself stands; what is not there is placed with its parent."""
    node: yamlfile.Node | None = root
    for step in path[:-1]:
        node = node.get(str(step)) if isinstance(node, yamlfile.Mapping) else None
    if isinstance(node, yamlfile.Mapping) and (key := node.keys.get(str(path[-1]))):
        return key.line, key.column
    return yamlfile.place(root, path)


def _problems(errors: Row[ErrorDetails], root: yamlfile.Mapping) -> Iterator[Problem]:
    """One for each mistake: of a misspelt key it is not also said that the right one is missing."""
    found = [(error["loc"][:-1], _problem(error, root)) for error in errors]
    misspelt = {(owner, problem.values["near"]) for owner, problem in found if isinstance(problem, MisspeltKey)}
    for owner, problem in found:
        if not isinstance(problem, MissingKey) or (owner, problem.values["key"]) not in misspelt:
            yield problem


def _problem(error: ErrorDetails, root: yamlfile.Mapping) -> Problem:
    path = [part for part in error["loc"] if part != "[key]"]
    key, context = str(path[-1]) if path else "", error.get("ctx", {})
    at = _key_place(root, path) if error["loc"][-1:] == ("[key]",) else yamlfile.place(root, path)
    if error["type"] == "missing":
        return MissingKey(yamlfile.place(root, path[:-1]), key=key)
    if error["type"] == "extra_forbidden":
        near = yamlfile.nearest(key, WORDS.keys)
        place = _key_place(root, path)
        return MisspeltKey(place, key=key, near=near) if near else UnknownKey(place, key=key)
    made = {"word": NotAWord, "number": NotInRange, "clock": NotAClock, "day": NotADay}.get(error["type"], BadShape)
    return made(at, **context)


def _contradictions(file: KindsFile, root: yamlfile.Mapping) -> Iterator[Problem]:
    """What each part alone does not show."""
    yield from _misplaced_rungs(file, root)
    for kind, one in file.kinds.items():
        path = ["kinds", kind.name]
        if one.ladder not in file.ladders:
            at = yamlfile.place(root, [*path, "ladder"])
            yield UnknownLadder(at, name=one.ladder, names="、".join(file.ladders))
        if one.window.late < one.window.on_time:
            yield LateBeforeOnTime(yamlfile.place(root, [*path, "window", "late"]))
    yield from _repeated_names(file, root)
    for rule in sorted(_used_votes(file) - set(file.votes), key=lambda rule: rule.value):
        yield NoSource(_key_place(root, ["votes"]), name=rule.name)
    for kind in sorted(set(MeetingKind) - set(file.kinds), key=lambda kind: kind.value):
        yield MissingKey(_key_place(root, ["kinds"]), key=kind.name)


def _misplaced_rungs(file: KindsFile, root: yamlfile.Mapping) -> Iterator[Problem]:
    for name, rungs in file.ladders.items():
        if RungName.R1 not in rungs:  # without it nobody would ever see a card
            yield MissingKey(_key_place(root, ["ladders", name]), key=RungName.R1.value)
        for rung, raw in rungs.items():
            if not _fits(rung, raw.read()):
                yield BadRung(_key_place(root, ["ladders", name, rung.value]), rung=rung.value, sample=SAMPLES[rung])


def _repeated_names(file: KindsFile, root: yamlfile.Mapping) -> Iterator[Problem]:
    """A name has to tell the kind: planners type it."""
    seen: set[str] = set()
    for kind, one in file.kinds.items():
        for name in one.names:
            if name in seen:
                yield RepeatedName(_key_place(root, ["kinds", kind.name]), name=name)
        seen.update(one.names)


def _used_votes(file: KindsFile) -> set[VoteRule]:
    return {rule for one in file.kinds.values() for host in one.hosts.values() for rule in host.votes}


SAMPLES = {
    RungName.R1: '{days: -7, clock: "09:00"}',
    RungName.R2: '{workdays: -1, clock: "16:00"}',
    RungName.R3: "{minutes: -120}",
    RungName.R4: "{minutes: -15}",
    RungName.R5: "{minutes: 10}",
    RungName.R6: "{minutes: 30}",
    RungName.R7: "{after_end: 60}",
    RungName.R8: '{workdays: 1, clock: "09:30"}',
}


def _fits(rung: RungName, at: At | None) -> bool:
    """A rung before the meeting cannot be set after it, nor the other way round."""
    match at:
        case FromDay():
            return rung in (RungName.R1, RungName.R2)
        case Workdays():
            return at.workdays > 0 if rung is RungName.R8 else at.workdays < 0 and rung in (RungName.R1, RungName.R2)
        case FromStart():
            before = (RungName.R3, RungName.R4)
            return at.span < timedelta(0) if rung in before else rung in (RungName.R5, RungName.R6)
        case _:
            return at is not None and rung is RungName.R7
