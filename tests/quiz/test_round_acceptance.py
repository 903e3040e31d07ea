"""Statements 21 and 23 of the specification's acceptance: what Telegram is given, and a kill during question 3."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot import inbox
from bot.banks import revisions
from bot.banks.rules import Origin
from bot.banks.scopes import Scope
from bot.demo.stage import Actor, Stage
from bot.quiz import hosting, votes
from bot.quiz.rules import RoundState
from tests.make import Make, Someone
from tests.quiz.banks import BASICS, many
from tests.quiz.conftest import AddBank
from tests.quiz.play import Play

HEARTBEAT = "process"


@pytest.fixture
def crowd(play: Play, make: Make) -> list[Someone]:
    return [make.member(f"党员{n}", play.cast.branch) for n in range(8)]


@pytest.fixture
def third(play: Play, add_bank: AddBank, crowd: list[Someone]) -> Play:
    """Question 3 of ten has stood in the group for five seconds; then the process is killed."""
    add_bank(many(10))
    play.database.run(inbox.hold, HEARTBEAT, lambda _: True, now=play.now)
    play.database.run(inbox.mark_drained, now=play.now)
    play.act(hosting.start, play.cast.li, play.make_paper(10, bank="党章知识"))
    play.begin()
    for position in (1, 2):
        play.vote(crowd[0], *play.right)
        play.act(hosting.next_item, play.cast.li, play.round.id, position, chat_id=None)
        play.wait(7)
    assert (play.state, play.round.position) == (RoundState.OPEN, 3)
    play.wait(5)
    play.database.run(inbox.beat, HEARTBEAT, now=play.now)
    return play


def back_after(play: Play, seconds: int, crowd: list[Someone]) -> None:
    """Another process starts, fetches the eight votes that waited at Telegram, and knows that these were all."""
    play.jump(seconds)
    play.database.run(inbox.hold, "next", lambda _: True, now=play.now)
    play.settle()
    for who in crowd:
        play.database.run(votes.vote, play.sender(who), play.poll.poll_id, play.right, now=play.now)
    play.database.run(inbox.mark_drained, now=play.now)
    play.settle()
    play.wait(1)


def test_eight_votes_of_a_killed_process_count_and_the_round_goes_on(third: Play, crowd: list[Someone]) -> None:
    asked = len(third.polls)
    back_after(third, 40, crowd)
    assert third.texts()[-1].startswith("第 3/10 题：正确。8 人作答，8 人答对。")
    third.wait(5)
    assert (third.state, third.round.position) == (RoundState.OPEN, 4)
    assert len(third.polls) == asked + 1


def test_five_minutes_later_the_votes_count_and_the_round_is_paused(third: Play, crowd: list[Someone]) -> None:
    back_after(third, 5 * 60, crowd)
    assert third.state is RoundState.PAUSED
    assert third.texts()[-2].startswith("第 3/10 题：正确。8 人作答，8 人答对。")
    assert third.texts()[-1].startswith("现场答题已暂停：程序停机 5 分钟")
    third.wait(5 * 60)
    assert third.round.position == 3
    third.act(hosting.resume, third.cast.li, third.round.id, chat_id=None)
    assert (third.state, third.round.position) == (RoundState.OPEN, 4)


async def test_telegram_is_given_named_quizzes_with_every_right_option(
    stage: Stage, chat: Callable[[str], Actor]
) -> None:
    asked = tuple(replace(one, citation=None) for one in BASICS.questions)  # of which the stage has a later edition
    basics = revisions.ready(replace(BASICS, slug="three", title="支部规范", questions=asked, sources=()), b"three")
    stage.database.run(revisions.write, basics, Scope(), Origin.CLI, base_id=None, by=None, now=stage.clock.now())
    await chat("李四").say("/round 支部规范 3 题", stage.group("一支部群"))
    await chat("李四").press("现在开始")
    await stage.advance(seconds=40)
    single, multiple = (call.parameters for call in stage.calls("sendPoll"))
    assert single["question"] == "【1-1/3】支部党员大会一般多久召开一次？"
    assert single["options"] == [{"text": text} for text in ("A. 每月", "B. 每季度", "C. 每半年", "D. 每年")]
    assert (single["type"], single["correct_option_ids"], single["open_period"]) == ("quiz", [1], 30)
    assert (single["is_anonymous"], single["protect_content"], single["allows_multiple_answers"]) == (
        False,
        True,
        False,
    )
    assert multiple["question"] == "【1-2/3】“三会一课”中的“三会”包括（　）。"
    assert (multiple["type"], multiple["correct_option_ids"], multiple["open_period"]) == ("quiz", [0, 1, 2], 45)
    assert (multiple["is_anonymous"], multiple["allows_multiple_answers"]) == (False, True)
    for given in (single, multiple):
        assert (given["allows_revoting"], given["shuffle_options"]) == (False, False)
        assert (given["hide_results_until_closes"], given["protect_content"]) == (True, True)
