"""Polls: who may vote how, what the bot is told, when they close."""

from datetime import timedelta

import pytest

from bot.demo import api, shown
from bot.demo.chats import CHANNEL_BOT, Chat
from bot.demo.messages import Message
from bot.demo.people import People, Voice
from bot.demo.refusals import Refused
from bot.demo.updates import Update
from bot.demo.world import World
from tests.demo.conftest import LI, WU, ZHANG, FrozenClock

OPTIONS = ["甲", "乙", "丙", "丁"]


def send(world: World, chat: Chat, **fields: object) -> Message:
    given = {"chat_id": chat.id, "question": "党的根本宗旨是什么？", "options": OPTIONS, "is_anonymous": False}
    reply = api.answer(world, "sendpoll", given | fields, {})
    assert reply.status == 200, reply.body
    return world.chats[chat.id].messages[reply.body["result"]["message_id"]]


def quiz(world: World, chat: Chat, **fields: object) -> Message:
    return send(world, chat, **({"type": "quiz", "correct_option_ids": [1]} | fields))


def told(world: World, kind: str) -> list[Update]:
    return [update for update in world.updates.batch(100) if update.kind == kind]


def test_a_vote_is_told_with_its_options_and_counts(world: World, people: People, group: Chat):
    people.vote(ZHANG, send(world, group), "乙")
    answer, counts = told(world, "poll_answer")[0].body, told(world, "poll")[0].body
    assert (answer["user"]["id"], answer["option_ids"], answer["option_persistent_ids"]) == (ZHANG, [1], ["1"])
    assert [option["voter_count"] for option in counts["options"]] == [0, 1, 0, 0]


def test_a_second_vote_in_a_quiz_is_refused_to_the_person(world: World, people: People, group: Chat):
    question = quiz(world, group)
    people.vote(ZHANG, question, "乙")
    with pytest.raises(Refused, match="REVOTE_NOT_ALLOWED"):
        people.vote(ZHANG, question, "甲")
    with pytest.raises(Refused, match="REVOTE_NOT_ALLOWED"):
        people.withdraw(ZHANG, question)
    assert len(told(world, "poll_answer")) == 1


def test_a_quiz_that_allows_it_is_voted_again(world: World, people: People, group: Chat):
    question = quiz(world, group, allows_revoting=True)
    people.vote(ZHANG, question, 0)
    people.vote(ZHANG, question, 1)
    assert question.poll.votes == {ZHANG: (1,)}


def test_a_withdrawn_vote_is_told_with_no_options(world: World, people: People, group: Chat):
    survey = send(world, group)
    people.vote(ZHANG, survey, "甲")
    people.withdraw(ZHANG, survey)
    assert [update.body["option_ids"] for update in told(world, "poll_answer")] == [[0], []]
    assert told(world, "poll")[-1].body["total_voter_count"] == 0


def test_several_options_need_a_poll_that_allows_them(world: World, people: People, group: Chat):
    with pytest.raises(Refused, match="OPTIONS_TOO_MUCH"):
        people.vote(ZHANG, send(world, group), "甲", "乙")
    several = send(world, group, allows_multiple_answers=True)
    people.vote(ZHANG, several, "丙", "甲")
    assert told(world, "poll_answer")[0].body["option_ids"] == [0, 2]


@pytest.mark.parametrize("chosen", [(), (4,), (-1,)])
def test_a_vote_for_no_option_is_refused(world: World, people: People, group: Chat, chosen: tuple[int, ...]):
    with pytest.raises(Refused, match="OPTION_INVALID"):
        people.vote(ZHANG, send(world, group), *chosen)


def test_an_anonymous_poll_tells_counts_only(world: World, people: People, group: Chat):
    people.vote(ZHANG, send(world, group, is_anonymous=True), "甲")
    assert told(world, "poll_answer") == []
    assert told(world, "poll")[0].body["total_voter_count"] == 1


def test_a_vote_as_the_group_carries_the_chat_and_not_the_person(world: World, people: People, group: Chat):
    people.vote(LI, send(world, group), "甲", voice=Voice.GROUP)
    answer = told(world, "poll_answer")[0].body
    assert (answer["voter_chat"]["id"], answer["user"]["id"]) == (group.id, CHANNEL_BOT)


def test_a_poll_closes_exactly_when_its_period_is_over(world: World, people: People, group: Chat, clock: FrozenClock):
    question = quiz(world, group, correct_option_ids=[0, 1, 2], open_period=604_800)
    assert world.polls.next_close() == clock.now() + timedelta(days=7)
    clock.advance(days=7, seconds=-1)
    assert world.polls.close_due() == []
    people.vote(ZHANG, question, "乙")
    clock.advance(seconds=1)
    assert [poll.id for poll in world.polls.close_due()] == [question.poll.id]
    assert told(world, "poll")[-1].body["is_closed"] is True
    assert world.polls.next_close() is None
    with pytest.raises(Refused, match="MESSAGE_POLL_CLOSED"):
        people.vote(WU, question, "甲")


def test_a_late_vote_finds_the_poll_closed_though_nobody_closed_it(
    world: World, people: People, group: Chat, clock: FrozenClock
):
    question = quiz(world, group, open_period=30)
    clock.advance(seconds=30)
    with pytest.raises(Refused, match="MESSAGE_POLL_CLOSED"):
        people.vote(ZHANG, question, "乙")


def test_what_the_bot_says_after_the_time_of_a_poll_finds_it_closed(world: World, group: Chat, clock: FrozenClock):
    question = quiz(world, group, open_period=30)
    clock.advance(seconds=32)
    api.answer(world, "sendmessage", {"chat_id": group.id, "text": "第 1/5 题：乙。"}, {})
    assert question.poll.is_closed


def test_the_period_beats_the_date(world: World, group: Chat, clock: FrozenClock):
    date = int((clock.now() + timedelta(hours=1)).timestamp())
    assert send(world, group, open_period=60, close_date=date).poll.closes_at == clock.now() + timedelta(minutes=1)
    assert send(world, group, close_date=date).poll.closes_at == clock.now() + timedelta(hours=1)


def test_polls_close_in_the_order_of_their_times(world: World, group: Chat, clock: FrozenClock):
    late, early = send(world, group, open_period=60), send(world, group, open_period=30)
    clock.advance(minutes=2)
    assert [poll.id for poll in world.polls.close_due()] == [early.poll.id, late.poll.id]


def test_stopping_shows_the_result_and_tells_it(world: World, people: People, group: Chat):
    question = quiz(world, group)
    people.vote(ZHANG, question, "乙")
    reply = api.answer(world, "stoppoll", {"chat_id": group.id, "message_id": question.id}, {})
    assert reply.body["result"]["is_closed"] is True
    assert told(world, "poll")[-1].body["is_closed"] is True
    again = api.answer(world, "stoppoll", {"chat_id": group.id, "message_id": question.id}, {})
    assert again.body["description"] == "Bad Request: poll has already been closed"


def test_the_explanation_and_description_are_formatted(world: World, group: Chat):
    poll = quiz(
        world,
        group,
        explanation="<b>第二条</b>",
        explanation_parse_mode="HTML",
        description="<i>限时</i>",
        description_parse_mode="HTML",
    ).poll
    assert (poll.explanation, poll.explanation_entities[0].type) == ("第二条", "bold")
    assert (poll.description, poll.description_entities[0].type) == ("限时", "italic")
    page = shown.poll(poll)
    assert (page["description"], page["descriptionEntities"][0]["type"]) == ("限时", "italic")


def test_a_hidden_result_is_shown_when_the_poll_closes(world: World, people: People, group: Chat):
    question = quiz(world, group, hide_results_until_closes=True, explanation="为人民服务")
    people.vote(ZHANG, question, "甲")
    before = shown.poll(question.poll)
    assert (before["hidden"], before["counts"], before["correct"], before["explanation"]) == (True, [0] * 4, [], "")
    assert (before["total"], before["votes"]) == (1, {str(ZHANG): [0]})
    world.polls.close(question.poll)
    after = shown.poll(question.poll)
    assert (after["hidden"], after["counts"], after["correct"]) == (False, [1, 0, 0, 0], [1])
    assert after["explanation"] == "为人民服务"
