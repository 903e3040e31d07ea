"""A small quarter of 城建一支部 on the virtual clock: planned, moved, cancelled, signed in, played, and counted."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from bot.attendance.models import Attendance
from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage
from bot.meetings.models import Meeting
from bot.meetings.rules import MeetingState
from bot.members.models import Member
from bot.outbox import OutboxRow, State
from bot.quiz.models import Attempt, AttemptItem, Round
from bot.quiz.rules import RoundState
from tests import stages

People = Callable[[str], Actor]
OTHERS = ("李四", "孙七", "龚䶮", "钱一", "冯二", "陈九", "褚三", "卫五", "蒋六")


def totals(session: Session) -> dict[str, dict[str, int]]:
    """Every meeting by its title: how many stand how."""
    query = select(Meeting.title, Attendance.status, func.count()).join(Meeting, Meeting.id == Attendance.meeting_id)
    query = query.where(stages.OF_THE_PLAY)
    found: dict[str, dict[str, int]] = {}
    for title, status, count in session.execute(query.group_by(Meeting.title, Attendance.status)):
        found.setdefault(title, {})[status.name] = count
    return found


def states(session: Session) -> dict[str, MeetingState]:
    return {
        row.title: row.state for row in session.execute(select(Meeting.title, Meeting.state).where(stages.OF_THE_PLAY))
    }


def rounds(session: Session) -> list[RoundState]:
    return list(session.scalars(select(Round.state)))


def right_answers(session: Session) -> dict[str, int]:
    """Of each who played: how many questions were answered with full marks."""
    full = case((AttemptItem.awarded_centi == AttemptItem.max_centi, 1), else_=0)
    query = select(Member.name, func.sum(full)).join(Attempt, Attempt.member_id == Member.id)
    query = query.join(AttemptItem, AttemptItem.attempt_id == Attempt.id).group_by(Member.name)
    return {name: int(count) for name, count in session.execute(query)}


def unsettled(session: Session) -> list[str]:
    """Messages that are neither said nor given up."""
    open_states = [State.PENDING, State.SENDING, State.UNKNOWN, State.DEAD]
    return list(session.scalars(select(OutboxRow.key).where(OutboxRow.state.in_(open_states))))


async def sign_in(stage: Stage, on: Message, *names: str) -> None:
    for name in names:
        assert (await stage.actor(name).press("签到", on=on)).toast is not None


async def march(stage: Stage) -> None:
    """A theme day: 周八 is on leave, 蒋六 does not come, 褚三 and 卫五 are late."""
    card = await stages.announced(stage, "3月6日15点 主题党日 三月主题党日 @三楼会议室")
    for name in ("张三", *OTHERS):
        await stage.actor(name).press("参加", on=card)
    await stage.actor("周八").press("请假", on=card)
    await stage.actor("周八").press("公假")
    await stage.actor("李四").press("同意")
    await stage.at("2026-03-06 14:50")
    await sign_in(stage, card, "张三", *OTHERS[:6])
    await stage.at("2026-03-06 15:15")
    await sign_in(stage, card, "褚三", "卫五")
    await stage.at("2026-03-06 17:31")
    assert card.text.endswith("应到12 · 实到9 · 请假1 · 缺席2 · 到会率75.0%")


async def play_a_round(stage: Stage) -> None:
    """Three questions: 张三 knows them, 周八 does not."""
    li, zhang, zhou, group = *map(stage.actor, ("李四", "张三", "周八")), stage.group(stages.BRANCH_GROUP)
    await li.say("/round", group)
    await li.press("从题库随机 3 题", in_=group)
    for player in (zhang, zhou):
        await player.press("我参加", in_=group)
    await stage.advance(seconds=20)
    await li.press("现在开始")
    for _ in range(3):
        asked = next(m for m in reversed(li.sees(group)) if m.poll is not None)
        assert asked.poll is not None
        right = asked.poll.correct_ids
        await zhang.vote(*right, on=asked)
        wrong = next((n for n in range(len(asked.poll.options)) if n not in right), right[0])  # one of all is wrong too
        await zhou.vote(wrong, on=asked)
        await stage.advance(seconds=7)
    assert stage.session(rounds) == [RoundState.FINISHED]


async def april(stage: Stage) -> None:
    """The assembly is moved by three days; the bot is killed over the old time and back after two hours."""
    li, group = stage.actor("李四"), stage.group(stages.BRANCH_GROUP)
    await stage.at("2026-04-07 09:30")
    card = await stages.announced(stage, "4月10日15点 支部党员大会 二季度大会 @三楼会议室")
    await stage.actor("张三").press("参加", on=card)
    await li.press("改期")
    await li.say("4月13日15点")
    await li.say("党委会议冲突")
    await stage.at("2026-04-10 15:30")
    await stage.restart(downtime=timedelta(hours=2))
    await stage.at("2026-04-13 14:50")
    card = next(m for m in reversed(li.sees(group)) if "二季度大会" in m.text)
    await sign_in(stage, card, "张三", "周八", *OTHERS)
    await stage.at("2026-04-13 18:00")
    assert "应到12 · 实到11" in card.text


async def may(stage: Stage) -> None:
    """A lecture is cancelled."""
    await stage.at("2026-05-06 09:30")
    await stages.announced(stage, "5月8日15点 党课 五月党课 @三楼会议室")
    await stage.actor("李四").press("取消")
    await stage.actor("李四").say("讲师生病")
    await stage.at("2026-05-31 12:00")


async def test_a_quarter_of_a_branch(stage: Stage, chat: People) -> None:
    for part in (march, play_a_round, april, may):
        await part(stage)
    assert stage.session(states) == {
        "三月主题党日": MeetingState.CLOSED,
        "二季度大会": MeetingState.CLOSED,
        "五月党课": MeetingState.CANCELLED,
    }
    assert stage.session(totals) == {
        "三月主题党日": {"PRESENT": 7, "LATE": 2, "ON_LEAVE": 1, "ABSENT": 2},
        "二季度大会": {"PRESENT": 11, "ABSENT": 1},
    }
    assert stage.session(right_answers) == {"张三": 3, "周八": 0}
    assert stage.session(unsettled) == []
    zhang = chat("张三")
    mine = await zhang.press(on=zhang.last(), data="attendance:mine")
    # Six of the winter, the two of the play, and the 党小组会 of March that nobody signed in to.
    assert mine.message.text.startswith("2026年应到9次：到会8（迟到0） · 请假0 · 缺席1")
