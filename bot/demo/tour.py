"""The guided tour as data: what a newcomer does, where "带我去" leads, and whether it has happened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from bot.demo.chats import Chat
from bot.demo.polls import Poll
from bot.demo.wire import Payload
from bot.demo.world import World

# Says of each step whether its fact holds in the database since the tour began.
Facts = Callable[[], Awaitable[Mapping[int, bool]]]

BRANCH_GROUP = "一支部群"
ZHANG_SAN, LI_SI, ZHOU_BA = 1001, 1002, 1006


class Pick(Enum):
    RIGHT = auto()
    WRONG = auto()


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing to do within a step: by whom, where, and what the page rings.

    `mark`: composer, next, menu, crowd, or `key:` and the beginning of a button's label (`key:poll`: an open poll).
    `pick`: how the open question is to be answered; the card then says which options that means."""

    person: int
    who: str
    what: str
    mark: str
    is_in_group: bool = False
    pick: Pick | None = None


@dataclass(frozen=True, slots=True)
class Step:
    number: int
    title: str
    sentence: str
    stops: tuple[Stop, ...]


STEPS = (
    Step(
        1,
        "发布一次主题党日",
        "李四在私聊里发 /plan，点几下选好时间地点，看过每条提醒何时发出，再发布。",
        (
            Stop(LI_SI, "李四", "私聊发 /plan，选主题党日、3月6日（周五）15:00、党员活动室", "composer"),
            Stop(LI_SI, "李四", "看过预览，点〔确认发布〕", "key:确认发布"),
        ),
    ),
    Step(
        2,
        "回复与请假",
        "在群里点一下就算回复；请假的理由只在私聊里说，由书记答复。",
        (
            Stop(ZHANG_SAN, "张三", "在群里点〔参加〕", "key:参加", is_in_group=True),
            Stop(ZHOU_BA, "周八", "在群里点〔请假〕，到私聊选〔公假〕", "key:请假", is_in_group=True),
            Stop(LI_SI, "李四", "在私聊点〔同意〕", "key:同意"),
        ),
    ),
    Step(
        3,
        "到点提醒",
        "一直拨到会前的催办：只提醒还没回复的人，张三和周八不再打扰。",
        (Stop(LI_SI, "李四", "点上方的“下一个提醒”，直到催办发出", "next", is_in_group=True),),
    ),
    Step(
        4,
        "签到与到会率",
        "签到开放后各点一下；会议结束，书记收到应到、实到、请假、缺席。",
        (
            Stop(ZHANG_SAN, "张三", "点“下一个提醒”，直到签到开放", "next", is_in_group=True),
            Stop(ZHANG_SAN, "张三", "点〔签到〕，再点一次看弹窗", "key:签到", is_in_group=True),
            Stop(ZHANG_SAN, "张三", "点“其余党员一起”", "crowd", is_in_group=True),
            Stop(LI_SI, "李四", "拨过会议结束，在私聊看小结", "next"),
        ),
    ),
    Step(
        5,
        "以考促学",
        "李四在群里发 /round，现场答三道题：张三答对，周八答错；群里只公布总数，成绩私发本人；错题进周八自己的错题本。",
        (
            Stop(LI_SI, "李四", "在群里发 /round，选随机 3 题，再点“下一个提醒”", "composer", is_in_group=True),
            Stop(ZHANG_SAN, "张三", "答对这道题", "key:poll", is_in_group=True, pick=Pick.RIGHT),
            Stop(ZHOU_BA, "周八", "答错这道题", "key:poll", is_in_group=True, pick=Pick.WRONG),
            Stop(ZHOU_BA, "周八", "点“其余党员一起”", "crowd", is_in_group=True),
            Stop(ZHOU_BA, "周八", "点“拨快”里的“+10分钟”，等到公布成绩", "menu", is_in_group=True),
            Stop(ZHOU_BA, "周八", "在私聊看自己的成绩，再发 /mistakes 看错题本", "composer"),
        ),
    ),
)


@dataclass(slots=True)
class Tour:
    """The steps with their ticks; what has once been done stays ticked."""

    facts: Facts
    done: set[int] = field(default_factory=set)

    async def look(self, world: World) -> list[Payload]:
        if len(self.done) < len(STEPS):
            self.done |= {number for number, holds in (await self.facts()).items() if holds}
        group = next((chat for chat in world.chats.values() if chat.title == BRANCH_GROUP), None)
        poll = _open_question(group) if group is not None else None
        return [_card(step, group, poll, is_done=step.number in self.done) for step in STEPS]


def _open_question(group: Chat) -> Poll | None:
    newest = (message.poll for message in reversed(group.messages.values()) if message.poll is not None)
    return next((poll for poll in newest if poll.is_quiz and not poll.is_closed), None)


def _card(step: Step, group: Chat | None, poll: Poll | None, *, is_done: bool) -> Payload:
    return {
        "number": step.number,
        "title": step.title,
        "sentence": step.sentence,
        "done": is_done,
        "stops": [_stop(stop, group, poll) for stop in step.stops],
    }


def _stop(stop: Stop, group: Chat | None, poll: Poll | None) -> Payload:
    chat = group.id if stop.is_in_group and group is not None else stop.person
    hint = _hint(stop.pick, poll) if stop.pick is not None and poll is not None else ""
    return {"who": stop.who, "what": stop.what, "hint": hint, "person": stop.person, "chat": chat, "mark": stop.mark}


def _hint(pick: Pick, poll: Poll) -> str:
    """Which options to take: a newcomer should not have to know the answer."""
    right = poll.correct_ids
    others = [option for option in range(len(poll.options)) if option not in right]
    if pick is Pick.RIGHT:
        return f"（选第 {'、'.join(str(option + 1) for option in right)} 项）"
    return f"（选第 {others[0] + 1} 项）" if others else f"（只选第 {right[0] + 1} 项）"
