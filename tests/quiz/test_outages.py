"""The bot away in the middle of a timed exam: what was pressed meanwhile, what is given back, what is told."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.banks.rules import QuestionType
from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage
from bot.message import Sender
from bot.quiz.blueprint import BlueprintRow
from bot.quiz.exam_facts import Terms
from bot.quiz.models import Attempt, AttemptItem
from bot.quiz.rules import AttemptState, Draw
from tests.quiz.hall import publish_exam

People = Callable[[str], Actor]
LIMIT = timedelta(minutes=20)
LEFT = timedelta(seconds=90)  # when the bot goes away


@pytest.fixture
async def card(stage: Stage, chat: People) -> Message:
    """张三 has a minute and a half left for two single choices."""
    li, zhang, now = chat("李四"), chat("张三"), stage.clock.now()
    rows = (BlueprintRow(2, QuestionType.SINGLE, score_centi=5000),)
    terms = Terms(now, now + timedelta(days=1), LIMIT, 1)
    stage.database.run(publish_exam, Sender(li.id, li.id, now), rows, Draw.SAME, terms, {}, now=now)
    await stage.settle()
    await zhang.say("/exam")
    await zhang.press("开始计时")
    await stage.advance(seconds=(LIMIT - LEFT).total_seconds())
    return next(message for message in reversed(zhang.sees()) if message.text.startswith("第 1/2 题"))


def attempt(session: Session) -> Attempt:
    return session.scalars(select(Attempt)).one()


def answered(session: Session) -> int:
    return len(session.scalars(select(AttemptItem).where(AttemptItem.selection.is_not(None))).all())


async def press_and_go_away(stage: Stage, who: Actor, card: Message, gone_for: timedelta) -> None:
    """He presses A as soon as nobody hears him."""
    press = stage.people.press(who.id, card, label="A")
    stage.expect_refusal("query is too old")
    await stage.restart(downtime=gone_for)
    if press.answer is None:
        del stage.world.presses[press.id]


@pytest.mark.parametrize(
    ("seconds", "is_kept", "until", "told"),
    [
        (60, True, "09:21:00", "程序停机 1 分钟"),
        (140, True, "09:22:20", "程序停机 2 分 20 秒"),
        (200, False, "09:23:20", "程序停机 3 分 20 秒"),  # Telegram keeps a press for 150 seconds
    ],
)
async def test_an_outage_is_credited_and_told_once(
    stage: Stage, chat: People, card: Message, seconds: int, until: str, told: str, *, is_kept: bool
) -> None:
    zhang = chat("张三")
    await press_and_go_away(stage, zhang, card, timedelta(seconds=seconds))
    assert stage.session(answered) == is_kept
    running = stage.session(attempt)
    assert running.deadline_at == running.started_at + LIMIT + timedelta(seconds=seconds)
    await stage.restart()
    notices = [message.text for message in zhang.sees() if message.text.startswith("程序停机")]
    assert notices == [f"{told}，你的考试已补时，新的截止时间 {until}。"]
    await stage.advance(seconds=LEFT.total_seconds() - 1)
    assert (await zhang.press(data="quiz:pick:1:2:B", on=card)).toast == "第 2 题已记录：B"
    await stage.advance(seconds=30)
    assert stage.session(attempt).state is AttemptState.AUTO_SUBMITTED
    assert stage.session(answered) == is_kept + 1


async def test_of_a_long_outage_half_an_hour_is_credited(stage: Stage, chat: People, card: Message) -> None:
    await press_and_go_away(stage, chat("张三"), card, timedelta(minutes=45))
    ended = stage.session(attempt)
    assert ended.credit_s == 30 * 60
    assert ended.deadline_at == ended.started_at + LIMIT + timedelta(minutes=30)
    await stage.advance(seconds=30)
    assert stage.session(attempt).state is AttemptState.NO_ANSWER
