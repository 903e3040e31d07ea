"""A round after we were away, and questions of which nobody knows whether they arrived."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import claims, inbox, outbox
from bot.inbox import Received
from bot.members import reach
from bot.outbox import State
from bot.quiz import hosting, jobs, service, votes
from bot.quiz.models import RoundPoll
from bot.quiz.rules import ItemState, RoundState
from tests import snapshots
from tests.quiz.play import Play

QUESTION = "【1-1/3】支部党员大会一般多久召开一次？"


def receive(play: Play, owner: str) -> None:
    """A process takes up receiving; its predecessor is dead."""
    play.database.run(inbox.hold, owner, lambda _: True, now=play.now)


def drain(play: Play) -> None:
    play.database.run(inbox.mark_drained, now=play.now)
    play.settle()


@pytest.fixture
def asked(play: Play) -> Play:
    """Question 1 has stood in the group for five seconds, and the process is killed."""
    return snapshots.after(play, _ask)


def _ask(play: Play) -> None:
    receive(play, "first")
    drain(play)
    play.start()
    play.begin()
    play.wait(5)
    play.database.run(inbox.beat, "first", now=play.now)


def vote_from_backlog(play: Play) -> None:
    """What Telegram kept for us while we were away."""
    for who in (play.cast.zhang, play.cast.li, play.cast.sun, play.cast.zhou):
        play.database.run(votes.vote, play.sender(who), play.poll.poll_id, play.right, now=play.now)


def test_a_short_outage_loses_no_vote_and_the_round_goes_on(asked: Play) -> None:
    asked.jump(40)
    receive(asked, "second")
    asked.settle()
    assert asked.state is RoundState.OPEN  # the votes that wait at Telegram come first
    vote_from_backlog(asked)
    drain(asked)
    asked.wait(1)
    assert "4 人作答，4 人答对" in asked.texts()[-1]
    asked.wait(5)
    assert (asked.state, asked.round.position) == (RoundState.OPEN, 2)


def test_after_a_long_outage_the_votes_count_and_the_host_decides(asked: Play) -> None:
    asked.jump(5 * 60)
    receive(asked, "second")
    vote_from_backlog(asked)
    drain(asked)
    asked.wait(1)
    assert asked.state is RoundState.PAUSED
    assert "4 人作答，4 人答对" in asked.texts()[-2]
    assert asked.texts()[-1] == "现场答题已暂停：程序停机 5 分钟，已收到的投票都算数。"
    asked.act(hosting.resume, asked.cast.li, asked.round.id, chat_id=None)
    assert (asked.state, asked.round.position) == (RoundState.OPEN, 2)


def test_a_stored_vote_that_has_not_acted_holds_the_answer_back(asked: Play) -> None:
    asked.wait(10)
    waiting = Received(9001, "u1001", None, "{}", asked.now)
    asked.database.run(inbox.store, [waiting], owner="first", now=asked.now)
    asked.wait(30)
    assert asked.state is RoundState.OPEN
    asked.database.run(inbox.finish, 9001, now=asked.now)
    asked.wait(1)
    assert asked.state is RoundState.REVEALED


def test_a_round_that_waited_for_nothing_but_the_clock_is_paused_too(asked: Play) -> None:
    """The machine slept while the process lived: no outage is recorded."""
    asked.vote(asked.cast.zhang, *asked.right)
    asked.jump(5 * 60)
    asked.settle()
    assert asked.texts()[-1] == "现场答题已暂停：第 1 题没有按时进行，已收到的投票都算数。"


def test_after_an_outage_behind_the_answer_the_host_decides(asked: Play) -> None:
    asked.vote(asked.cast.zhang, *asked.right)
    asked.wait(27)
    assert asked.state is RoundState.REVEALED
    asked.jump(3 * 60 + 12)
    receive(asked, "second")
    drain(asked)
    assert asked.texts()[-1] == "现场答题已暂停：程序停机 3 分 39 秒，已收到的投票都算数。"


def test_a_lobby_older_than_ten_minutes_is_forgotten_silently(play: Play) -> None:
    play.start()
    told = play.texts()
    play.jump(10 * 60 + 1)
    play.settle()
    assert play.state is RoundState.ABORTED
    assert play.texts() == told


def test_a_lobby_found_late_still_begins(play: Play) -> None:
    play.start()
    play.jump(9 * 60)
    play.settle()
    assert play.state is RoundState.OPEN


def test_a_pause_that_ended_while_we_were_away_ends_the_round(play: Play) -> None:
    play.start()
    play.begin()
    play.act(hosting.pause, play.cast.li, play.round.id, chat_id=None)
    play.jump(3 * 60 * 60)
    play.settle()
    assert play.state is RoundState.ABORTED


def test_a_group_that_becomes_a_supergroup_plays_on(asked: Play) -> None:
    old, new = asked.round.chat_id, -1001999999999
    open_poll = asked.poll
    asked.database.run(reach.chat_migrated, old, new, now=asked.now)
    asked.vote(asked.cast.zhang, *asked.right, poll=open_poll)
    assert [answer.awarded_centi for answer in asked.answers] == [200]
    with pytest.raises(service.CannotClose):  # it stays in the old group, under its old number
        asked.act(hosting.next_item, asked.cast.li, asked.round.id, 1, chat_id=None)
    asked.wait(40)
    assert "1 人作答，1 人答对" in asked.texts(chat_id=new)[0]
    assert (asked.poll.chat_id, asked.round.position) == (new, 2)
    asked.vote(asked.cast.zhou, *asked.right)
    assert len(asked.answers) == 2


# -- a question of which nobody knows ----------------------------------------------------------------------------------


@pytest.fixture
def unknown(play: Play) -> Play:
    """The first question went out, and the process died before it heard so."""
    receive(play, "first")
    drain(play)
    play.start()
    play.is_deaf = True
    play.begin()
    for row in play.database.look(claims.look, now=play.now, most=100).waiting:
        play.database.run(claims.claim, row.id, jobs.HOOKS, now=play.now)
    play.is_deaf = False
    return play


def test_telegrams_report_makes_the_poll_ours(unknown: Play) -> None:
    unknown.wait(5)
    unknown.act(votes.vote, unknown.cast.zhang, "lost", (1,))
    unknown.report("lost", QUESTION, closes_at=unknown.now + timedelta(seconds=25))
    assert unknown.state is RoundState.OPEN
    assert [answer.selection for answer in unknown.answers] == ["B"]
    unknown.wait(27)
    assert "1 人作答，1 人答对" in unknown.texts()[-1]
    unknown.wait(5)
    assert [poll.text[:7] for poll in unknown.polls] == ["【1-2/3】"]  # question 1 was not asked again


def test_an_adopted_poll_cannot_be_closed_early(unknown: Play) -> None:
    unknown.report("lost", QUESTION)
    with pytest.raises(service.CannotClose):
        unknown.act(hosting.next_item, unknown.cast.li, unknown.round.id, 1, chat_id=None)
    assert unknown.state is RoundState.OPEN


@pytest.mark.parametrize("question", ["【1-2/3】支部", "【2-1/3】支部", "【1-1/4】支部", "1-1/3 支部", "大家好"])
def test_another_question_is_not_adopted(unknown: Play, question: str) -> None:
    unknown.report("lost", question)
    assert unknown.state is RoundState.ASKING
    assert unknown.rows(RoundPoll) == []


def test_the_news_of_the_sending_completes_an_adopted_poll(play: Play) -> None:
    play.start()
    play.is_deaf = True
    play.begin()
    play.report("poll1", QUESTION)
    assert [poll.message_id for poll in play.rows(RoundPoll)] == [None]
    play.database.run(
        jobs.HOOKS["round"].sent,
        "round:1:item:1:1",
        claims.Sent(chat_id=-1001000000001, message_id=77, poll_id="poll1", at=play.now),
    )
    assert [poll.message_id for poll in play.rows(RoundPoll)] == [77]
    assert play.items[0].state is ItemState.OPEN


def test_of_a_question_that_may_not_have_arrived_only_the_round_tells() -> None:
    tells = jobs.HOOKS["round"].tells_unsure
    assert tells is not None
    assert [what for what in ("item:1:1", "pre:1:1", "lobby", "reveal:1", "end") if tells(f"round:1:{what}")] == [
        "item:1:1",
        "pre:1:1",
    ]


def test_without_any_news_the_round_is_paused_and_only_its_host_asks_again(unknown: Play) -> None:
    unknown.wait(39)
    assert unknown.state is RoundState.ASKING
    unknown.wait(1)
    assert unknown.state is RoundState.PAUSED
    assert unknown.texts()[-1] == "现场答题已暂停：第 1 题可能未送达。"
    unknown.wait(5 * 60)
    assert unknown.polls == []
    unknown.act(hosting.resume, unknown.cast.li, unknown.round.id)
    assert [poll.text for poll in unknown.polls] == [QUESTION]


def test_an_unknown_result_waits_for_the_report(play: Play) -> None:
    play.start()
    play.is_deaf = True
    play.begin()
    play.refuse(State.UNKNOWN)
    assert play.state is RoundState.ASKING
    play.report("lost", QUESTION)
    assert play.state is RoundState.OPEN


def test_a_poll_that_turns_up_in_a_pause_keeps_its_votes(unknown: Play) -> None:
    unknown.wait(40)
    unknown.act(votes.vote, unknown.cast.zhang, "lost", (1,))
    unknown.report("lost", QUESTION, closes_at=unknown.now - timedelta(seconds=10))
    assert unknown.state is RoundState.PAUSED
    unknown.act(hosting.resume, unknown.cast.li, unknown.round.id)
    assert "1 人作答，1 人答对" in unknown.texts()[-1]
    assert unknown.polls == []


def test_the_console_follows_though_the_answer_to_its_press_was_never_sent(play: Play) -> None:
    """The process died behind the commit: what it had yet to say of the press comes out of the outbox."""
    play.start()
    play.begin()
    console = play.database.look(outbox.message_of, f"round:{play.round.id}:console")
    private = play.sender(play.cast.li, chat_id=None)
    play.database.run(hosting.pause, replace(private, message_id=console), play.round.id, now=play.now)
    play.settle()
    assert play.consoles[-1].text == "控制台：第 1/3 题，已答 0 人，已暂停。"
