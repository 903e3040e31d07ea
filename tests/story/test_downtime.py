"""The bot away while something was due: what still helps comes late and says so, the rest stays away."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.attendance.models import Attendance
from bot.attendance.rules import Status
from bot.demo.chats import Chat
from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage, moment
from bot.demo.world import BOT_ID
from bot.inbox import Outage
from bot.meetings.models import Meeting, Rung
from bot.meetings.rules import RungName, RungState
from tests import stages

People = Callable[[str], Actor]


@pytest.fixture
def group(stage: Stage) -> Chat:
    return stage.group(stages.BRANCH_GROUP)


@pytest.fixture
async def card(stage: Stage) -> Message:
    """A theme day on Friday the 6th at 15:00, announced on Monday."""
    return await stages.announced(stage)


async def away(stage: Stage, since: str, until: str) -> int:
    """Kill the bot at one moment and start it at another; how many messages anybody had before."""
    await stage.at(since)
    said = len(stage.calls("sendMessage"))
    await stage.restart(downtime=moment(until) - moment(since))
    return said


def since(stage: Stage, said: int) -> list[tuple[int | None, str]]:
    """What was said after so many messages: to whom, and the text as sent."""
    return [(call.chat_id, str(call.parameters["text"])) for call in stage.calls("sendMessage")[said:]]


def outages(session: Session) -> list[tuple[timedelta, bool]]:
    """How long each lasted, and whether all that came meanwhile has been handled."""
    return [(one.to_at - one.from_at, one.drained_at is not None) for one in session.scalars(select(Outage))]


def rungs(session: Session) -> dict[RungName, RungState]:
    """Of the theme day."""
    of_it = select(Rung).join(Meeting, Meeting.id == Rung.meeting_id).where(stages.OF_THE_PLAY)
    return {rung.rung: rung.state for rung in session.scalars(of_it)}


def standing(session: Session) -> list[tuple[Status, bool]]:
    """Whoever has signed in: how, and whether the time is in doubt."""
    present = select(Attendance).where(Attendance.status.in_([Status.PRESENT, Status.LATE]))
    present = present.join(Meeting, Meeting.id == Attendance.meeting_id).where(stages.OF_THE_PLAY)
    return [(one.status, one.time_unsure) for one in session.scalars(present)]


async def test_a_reminder_due_meanwhile_comes_late_and_says_so(stage: Stage, chat: People, card: Message) -> None:
    await chat("周八").press("参加", on=card)
    said = await away(stage, "2026-03-05 15:00", "2026-03-05 18:00")
    late = "（补发，原定16:00）\n请回复：3月6日（周五）15:00 主题党日，三楼会议室。能参加吗"
    heard = since(stage, said)
    assert [to for to, text in heard if text == late].count(chat("张三").id) == 1
    assert chat("周八").id not in [to for to, _ in heard]
    assert len([text for _, text in heard if text == late]) == 10
    assert stage.session(outages) == [(timedelta(hours=3), True)]
    assert (await chat("张三").press("参加")).toast == "已登记：参加"


async def test_of_two_reminders_due_meanwhile_only_the_newer_is_sent(stage: Stage, chat: People, card: Message) -> None:
    said = await away(stage, "2026-03-06 12:00", "2026-03-06 15:20")
    heard = since(stage, said)
    newer = "（补发，原定15:10）\n主题党日已开始，您还没有签到。"
    assert [text for to, text in heard if to == chat("张三").id] == [newer]
    assert stage.session(rungs)[RungName.R3] is RungState.SUPERSEDED
    assert (await chat("张三").press("签到", on=card)).toast == "已签到15:20（迟到）"


async def test_after_two_months_nothing_old_is_sent(stage: Stage, chat: People, card: Message) -> None:
    said = await away(stage, "2026-03-05 15:00", "2026-05-04 15:00")
    heard = since(stage, said)
    assert chat("张三").id not in [to for to, _ in heard]
    assert stage.session(rungs)[RungName.R2] is RungState.EXPIRED
    assert stage.session(outages) == [(timedelta(days=60), True)]


async def test_a_tap_of_two_minutes_ago_counts_its_time_in_doubt(stage: Stage, chat: People, card: Message) -> None:
    stage.expect_refusal("query is too old")
    await stage.at("2026-03-06 14:50")
    press = stage.people.press(chat("张三").id, card, label="签到")
    await stage.restart(downtime=timedelta(seconds=140))
    assert stage.session(standing) == [(Status.PRESENT, True)]
    assert "实到1" in card.text
    assert (await chat("张三").press("签到", on=card)).alert == "已于14:50签到"
    del stage.world.presses[press.id]  # too old to be answered


async def test_a_tap_of_three_minutes_ago_is_lost_and_made_again(stage: Stage, chat: People, card: Message) -> None:
    await stage.at("2026-03-06 14:50")
    press = stage.people.press(chat("张三").id, card, label="签到")
    await stage.restart(downtime=timedelta(seconds=160))
    assert stage.session(standing) == []
    assert (await chat("张三").press("签到", on=card)).toast == "已签到14:52（准时）"
    del stage.world.presses[press.id]  # Telegram let it die


async def test_a_clean_restart_says_nothing_twice_and_is_no_outage(
    stage: Stage, chat: People, group: Chat, card: Message
) -> None:
    await stage.at("2026-03-05 16:00")
    seen = [(message.chat_id, message.text) for one in (group, None) for message in chat("张三").sees(one)]
    for _ in range(5):
        await stage.restart(is_clean=True, downtime=timedelta(seconds=5))
    assert [(m.chat_id, m.text) for one in (group, None) for m in chat("张三").sees(one)] == seen
    assert stage.session(outages) == []
    assert sum(m.sender.user_id == BOT_ID for m in chat("张三").sees()) == 1
