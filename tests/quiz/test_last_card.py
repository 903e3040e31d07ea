"""The card of an exam when its time is up: the message it stands in by then no longer counts the minutes."""

from datetime import timedelta

import pytest

from bot.banks.rules import QuestionType
from bot.message import Edit, from_json, strip_tags
from bot.quiz import exam_views, starting
from bot.quiz.exam_facts import Saved, TakenUp, Terms
from tests.make import NOW
from tests.quiz.hall import Hall

SHORT = Terms(NOW, NOW + timedelta(days=1), timedelta(minutes=9), 1)
EVENING = Terms(NOW, NOW + timedelta(minutes=4), timedelta(minutes=20), 1)  # begun too late for a last call


def ended(hall: Hall) -> list[tuple[int | None, str]]:
    """Which messages say instead of a card that the time is up."""
    edits = [from_json(row.body) for row in hall.outbox() if ":card:" in row.key and row.body]
    return [(one.message_id, strip_tags(one.message.text)) for one in edits if isinstance(one, Edit) and one.message]


@pytest.mark.parametrize("terms", [SHORT, EVENING])
def test_of_a_short_attempt_the_card_is_ended_too(hall: Hall, terms: Terms) -> None:
    hall.publish(terms=terms)
    hall.start(hall.cast.zhang)
    hall.wait(minutes=10)
    assert ended(hall) == [(55, "《四月测试》时间到，已自动交卷。")]


@pytest.mark.parametrize("minutes", [9, 20])
def test_an_attempt_taken_up_in_another_message_is_ended_there(hall: Hall, minutes: int) -> None:
    hall.publish(terms=Terms(NOW, NOW + timedelta(days=1), timedelta(minutes=minutes), 1))
    card = hall.start(hall.cast.zhang)
    again = hall.sender(hall.cast.zhang, message_id=77)
    assert hall.database.run(starting.take_up, again, card.attempt_id, 0, now=hall.now) == TakenUp(card, 55)
    assert hall.database.run(starting.take_up, again, card.attempt_id, 0, now=hall.now) == TakenUp(card)
    third = hall.sender(hall.cast.zhang, message_id=78)
    hall.database.run(starting.start, third, hall.paper_id, now=hall.now)  # 开始计时 on another cover
    hall.wait(minutes=minutes + 1)
    assert [message_id for message_id, _ in ended(hall)] == [78]


def test_a_card_that_goes_on_in_an_echo_says_so(hall: Hall) -> None:
    hall.publish()
    card = hall.card_of(hall.cast.zhang, hall.start(hall.cast.zhang), QuestionType.BLANK)
    saved = hall.write(hall.cast.zhang, card, "三\n五十")
    assert isinstance(saved, Saved)
    ways = [button.data for row in exam_views.echo(saved).buttons for button in row]
    following = card.position + 1 if card.position < card.total else 0  # the first without an answer
    assert ways == [f"quiz:card:{card.attempt_id}:{place}:1" for place in (card.position, following)]
