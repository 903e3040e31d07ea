"""Votes: counted once, the first per question, whatever comes before its news, twice, or from outside the roster."""

from dataclasses import replace

import pytest
from sqlalchemy import event

from bot.quiz import answering, hosting, service, votes
from bot.quiz.models import RoundGuest, RoundPoll, StrayVote
from bot.quiz.rules import Refusal, RoundState, Via
from tests.make import Make, Someone
from tests.quiz.play import BOT, Play

MOST_STATEMENTS = 8  # beside the transaction's own


def begin(play: Play) -> None:
    play.start()
    play.begin()


def test_a_vote_is_kept_as_an_event_and_as_the_answer(play: Play) -> None:
    begin(play)
    play.vote(play.cast.zhang, 1)
    (kept,), (answer,) = play.events, play.answers
    assert (kept.via, kept.selection, kept.accepted, kept.reason) == (Via.POLL, "B", True, None)
    assert (kept.bot_id, kept.received_at) == (BOT, play.now)
    assert (answer.selection, answer.last_event_id, answer.awarded_centi) == ("B", kept.id, 200)


def test_the_same_update_twice_is_one_vote(play: Play) -> None:
    begin(play)
    sender = play.sender(play.cast.zhang)
    for _ in range(2):
        play.database.run(votes.vote, sender, play.poll.poll_id, (1,), now=play.now)
    assert [event.accepted for event in play.events] == [True]
    assert len(play.answers) == 1


def test_the_first_answer_to_a_question_stays(play: Play) -> None:
    begin(play)
    play.vote(play.cast.zhang, 1)
    play.vote(play.cast.zhang, 2)
    assert [(event.accepted, event.reason) for event in play.events] == [(True, None), (False, Refusal.ALREADY)]
    assert [answer.selection for answer in play.answers] == ["B"]


def test_a_withdrawn_vote_is_noted_and_the_answer_stays(play: Play) -> None:
    begin(play)
    play.vote(play.cast.zhang, 1)
    play.vote(play.cast.zhang)
    assert [(event.accepted, event.reason) for event in play.events] == [(True, None), (False, Refusal.EMPTY)]
    assert [answer.selection for answer in play.answers] == ["B"]


def test_several_options_are_one_answer(play: Play) -> None:
    begin(play)
    play.vote(play.cast.sun, 0)
    play.wait(37)
    play.vote(play.cast.zhang, 2, 0, 1)
    assert play.answers[-1].selection == "ABC"
    assert play.answers[-1].awarded_centi == 400


def test_a_vote_before_its_poll_is_known_counts_as_soon_as_it_is(play: Play) -> None:
    play.start()
    play.is_deaf = True
    play.begin()
    play.act(votes.vote, play.cast.zhang, "poll1", (1,))
    assert (play.events, len(play.rows(StrayVote))) == ([], 1)
    play.is_deaf = False
    play.settle()
    assert play.poll.poll_id == "poll1"
    assert [answer.selection for answer in play.answers] == ["B"]
    assert play.rows(StrayVote) == []


def test_a_stray_vote_holds_up_no_other_vote_of_the_person(play: Play) -> None:
    begin(play)
    play.act(votes.vote, play.cast.zhang, "foreign", (0,))
    play.vote(play.cast.zhang, 1)
    assert [answer.selection for answer in play.answers] == ["B"]


def test_a_vote_in_a_foreign_poll_is_forgotten_after_ten_minutes(play: Play) -> None:
    play.act(votes.vote, play.cast.zhang, "foreign", (0,))
    play.wait(9 * 60 + 59)
    assert len(play.rows(StrayVote)) == 1
    play.wait(1)
    assert play.rows(StrayVote) == []


def test_people_off_the_roster_are_guests_and_in_no_figure(play: Play) -> None:
    begin(play)
    play.vote(play.cast.wu, 1)  # known to the roster, but has no account
    play.vote(play.cast.zhao, 1)
    play.vote(play.cast.zhao, 0)
    play.vote(play.cast.wang, 1)  # the admin above belongs to another branch
    assert {guest.user_id for guest in play.rows(RoundGuest)} == {1003, 1004, 1007}
    assert (play.attempts, play.events) == ([], [])
    assert play.consoles[-1].text == "控制台：第 1/3 题，已答 0 人。名册外 3 人，不计。"


def test_a_vote_as_a_group_cannot_be_attributed_and_the_host_hears_once(play: Play) -> None:
    begin(play)
    for _ in range(2):
        nobody = replace(play.sender(play.cast.zhang), user_id=0)
        play.database.run(votes.vote, nobody, play.poll.poll_id, (1,), now=play.now)
    play.settle()
    told = [text for text in play.texts(chat_id=1002) if text.startswith("有人以群")]
    assert told == ["有人以群或频道的身份投票，认不出是谁，这样的投票不计。"]
    assert (play.attempts, play.rows(RoundGuest)) == ([], [])


def test_a_late_joiner_starts_with_the_open_question(play: Play) -> None:
    begin(play)
    play.vote(play.cast.zhang, 1)
    play.wait(37)
    play.vote(play.cast.zhou, 0, 1, 2)
    late = play.attempts[-1]
    assert [(a.position, a.awarded_centi) for a in play.answers if a.attempt_id == late.id] == [(2, 400)]


def test_a_vote_that_reaches_us_after_the_answer_still_counts(play: Play) -> None:
    """Telegram has closed the poll by itself, so the vote was cast in time."""
    begin(play)
    first = play.poll
    play.vote(play.cast.zhou, 0)
    play.wait(33)
    assert play.state is RoundState.REVEALED
    play.vote(play.cast.zhang, 1, poll=first)
    assert [answer.awarded_centi for answer in play.answers] == [0, 200]


def test_a_vote_after_the_end_is_kept_but_not_counted(play: Play) -> None:
    begin(play)
    play.vote(play.cast.zhang, 1)
    play.act(hosting.abort, play.cast.li, play.round.id, chat_id=None)
    play.vote(play.cast.zhou, 1)
    assert [(event.accepted, event.reason) for event in play.events] == [(True, None), (False, Refusal.LATE)]
    assert len(play.answers) == 1


def test_the_question_ends_when_all_who_joined_have_answered(play: Play) -> None:
    play.start()
    for who in (play.cast.zhang, play.cast.zhou):
        play.act(hosting.join, who, play.round.id)
    play.wait(60)
    play.wait(5)
    play.vote(play.cast.zhang, 1)
    assert play.stopped == []
    play.vote(play.cast.zhou, 0)
    assert play.stopped == [play.poll.message_id]
    play.wait(2)
    assert play.state is RoundState.REVEALED


def test_without_anybody_in_the_lobby_the_first_question_takes_its_whole_time(play: Play) -> None:
    begin(play)
    for who in (play.cast.zhang, play.cast.zhou, play.cast.sun):
        play.vote(who, 1)
    assert play.stopped == []
    play.wait(37)
    for who in (play.cast.zhang, play.cast.zhou):
        play.vote(who, 0)
    assert play.stopped == []
    play.vote(play.cast.sun, 0)
    assert play.stopped == [play.poll.message_id]


def test_one_who_joined_alone_does_not_close_the_question_for_the_others(play: Play) -> None:
    play.start()
    play.act(hosting.join, play.cast.zhang, play.round.id)
    play.wait(60)
    play.vote(play.cast.zhang, 1)
    assert play.stopped == []


def test_two_polls_of_one_question_give_one_answer(play: Play) -> None:
    begin(play)
    first = play.poll
    play.act(hosting.pause, play.cast.li, play.round.id, chat_id=None)
    play.act(hosting.resume, play.cast.li, play.round.id, chat_id=None)
    assert len(play.rows(RoundPoll)) == 2
    play.vote(play.cast.zhang, 1, poll=first)
    play.vote(play.cast.zhang, 0)
    play.vote(play.cast.zhou, 1)
    assert [answer.selection for answer in play.answers] == ["B", "B"]


def test_the_second_sitting_of_a_paper_is_an_attempt_of_its_own(play: Play) -> None:
    paper_id = play.make_paper()
    for _ in range(2):
        play.act(hosting.start, play.cast.li, paper_id)
        play.begin()
        play.vote(play.cast.zhang, 1)
        play.act(hosting.abort, play.cast.li, play.round.id, chat_id=None)
    assert [(attempt.paper_id, attempt.number) for attempt in play.attempts] == [(paper_id, 1), (paper_id, 2)]


def test_rounds_in_two_topics_do_not_touch_each_other(play: Play) -> None:
    play.start()
    play.begin()
    first, general = play.round, play.poll
    play.start(thread_id=7)
    play.begin()
    second, topic = play.round, play.poll
    play.vote(play.cast.zhang, *play.right, poll=topic)
    play.vote(play.cast.zhou, 0, poll=general)
    assert [(one.round_id, one.member_id) for one in play.attempts] == [
        (second.id, play.cast.zhang.id),
        (first.id, play.cast.zhou.id),
    ]
    play.act(hosting.pause, play.cast.li, first.id, chat_id=None)
    assert [one.state for one in play.rounds] == [RoundState.PAUSED, RoundState.OPEN]
    with pytest.raises(service.PausedIsOn) as refused:
        play.act(service.offer, play.cast.li)
    assert str(refused.value) == "本群已有一场现场答题。《题库随机抽题》暂停了，请点“继续”或“结束”。"


# -- a crowd's ---------------------------------------------------------------------------------------------------------


def ballot(play: Play, who: Someone, *options: int) -> votes.Ballot:
    return votes.Ballot(play.sender(who), str(play.poll.poll_id), options)


def cast_together(play: Play, *ballots: votes.Ballot) -> None:
    play.database.run(votes.count, ballots, now=play.now)
    play.settle()


def test_votes_of_a_moment_are_counted_together(play: Play) -> None:
    begin(play)
    cast = play.cast
    cast_together(play, *(ballot(play, who, 1) for who in (cast.zhang, cast.zhou, cast.zhao)), ballot(play, cast.sun))
    assert [(event.accepted, event.reason) for event in play.events] == [
        (True, None),
        (True, None),
        (False, Refusal.EMPTY),
    ]
    assert [(answer.selection, answer.last_event_id) for answer in play.answers] == [
        ("B", event.id) for event in play.events[:2]
    ]
    assert [guest.user_id for guest in play.rows(RoundGuest)] == [1004]
    assert play.consoles[-1].text == "控制台：第 1/3 题，已答 2 人。名册外 1 人，不计。"


def test_votes_in_several_polls_find_each_its_own(play: Play) -> None:
    begin(play)
    foreign = votes.Ballot(play.sender(play.cast.zhou), "foreign", (0,))
    cast_together(play, foreign, ballot(play, play.cast.zhang, 1), replace(foreign, sender=play.sender(play.cast.sun)))
    assert [stray.user_id for stray in play.rows(StrayVote)] == [1006, 1005]
    assert [answer.selection for answer in play.answers] == ["B"]


def test_a_second_answer_among_a_crowds_takes_them_apart(play: Play) -> None:
    begin(play)
    play.vote(play.cast.zhang, 0)
    with pytest.raises(answering.MixedError):
        cast_together(play, ballot(play, play.cast.zhang, 1), ballot(play, play.cast.zhou, 1))
    assert len(play.events) == 1


def test_a_vote_counted_before_takes_a_crowd_apart(play: Play) -> None:
    begin(play)
    before = ballot(play, play.cast.zhang, 0)
    cast_together(play, before)
    with pytest.raises(answering.MixedError):
        cast_together(play, before, ballot(play, play.cast.zhou, 1))
    assert [event.update_id for event in play.events] == [before.sender.update_id]


def test_two_votes_of_one_person_are_never_one(play: Play) -> None:
    begin(play)
    with pytest.raises(answering.MixedError):
        cast_together(play, ballot(play, play.cast.zhang, 0), ballot(play, play.cast.zhang, 1))
    assert (play.events, play.answers) == ([], [])


def test_the_last_of_a_crowd_ends_the_question(play: Play) -> None:
    play.start()
    for who in (play.cast.zhang, play.cast.zhou):
        play.act(hosting.join, who, play.round.id)
    play.wait(65)
    cast_together(play, ballot(play, play.cast.zhang, 1), ballot(play, play.cast.zhou, 0))
    assert play.stopped == [play.poll.message_id]


def test_a_vote_takes_few_statements_however_many_have_joined(play: Play, make: Make) -> None:
    crowd = [make.member(f"党员{n}", play.cast.branch) for n in range(40)]
    play.start()
    for one in crowd:
        play.database.run(hosting.join, play.sender(one), play.round.id, now=play.now)
    play.wait(60)
    statements: list[str] = []
    listen = lambda *args: statements.append(args[2])  # noqa: E731
    event.listen(play.database.engine, "before_cursor_execute", listen)
    play.database.run(votes.vote, play.sender(crowd[0]), play.poll.poll_id, (1,), now=play.now)
    event.remove(play.database.engine, "before_cursor_execute", listen)
    counted = [one for one in statements if not one.startswith(("BEGIN", "SAVEPOINT", "RELEASE"))]
    assert len(counted) < MOST_STATEMENTS, counted  # and one more marks the update as handled
