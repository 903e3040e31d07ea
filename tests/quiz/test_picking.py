"""Presses of a crowd in one moment: asked and kept together, and each fares as it would alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from bot.banks.rules import QuestionType
from bot.errors import UserError
from bot.message import StaleButton
from bot.quiz import attempts, sitting
from bot.quiz.answering import MixedError
from bot.quiz.exam_facts import Card, Late, Saved
from bot.quiz.models import AnswerEvent
from bot.quiz.rules import Refusal
from bot.quiz.sitting import Pick
from tests.make import Someone
from tests.quiz.hall import LIMIT, Hall

Told = Saved | Late | UserError


def press(hall: Hall, who: Someone, card: Card, letter: str, *, is_on: bool = True) -> Pick:
    return Pick(hall.sender(who), card.attempt_id, card.position, letter, is_on)


def picked(hall: Hall, *picks: Pick) -> list[Told]:
    return hall.database.run(sitting.pick_all, picks, now=hall.now)


def saved(told: Told) -> Saved:
    assert isinstance(told, Saved)
    return told


def crowd(hall: Hall) -> list[Someone]:
    return [hall.cast.zhang, hall.cast.li, hall.cast.sun, hall.cast.zhou]


def kept(hall: Hall, card: Card) -> tuple[str | None, int | None]:
    """The answer to a question and the event it came by."""
    item = hall.items(card.attempt_id)[card.position - 1]
    return item.selection, item.last_event_id


def test_a_crowd_at_once_fares_as_each_alone(hall: Hall) -> None:
    hall.publish()
    cards = [hall.start(who) for who in crowd(hall)]
    alone = [hall.pick(hall.cast.zhang, cards[0], "B"), hall.pick(hall.cast.li, cards[1], "C")]
    told = picked(hall, press(hall, hall.cast.sun, cards[2], "B"), press(hall, hall.cast.zhou, cards[3], "C"))
    for before, after, one in zip(alone, told, cards[2:], strict=True):
        mine, theirs = saved(before), saved(after)
        assert mine.selection is not None
        assert (theirs.card.position, theirs.card.answered, theirs.card.total) == (2, 1, mine.card.total)
        assert theirs.selection == kept(hall, one)[0]
    events = hall.rows(AnswerEvent)
    assert [(one.accepted, one.received_at) for one in events] == [(True, hall.now)] * 4
    assert [kept(hall, card) for card in cards] == [(one.selection, one.id) for one in events]


def test_letters_of_a_multiple_are_ticked_and_unticked_in_a_crowd(hall: Hall) -> None:
    hall.publish()
    people = crowd(hall)[:2]
    cards = [hall.card_of(who, hall.start(who), QuestionType.MULTIPLE) for who in people]
    for letter, is_on, answered in (("A", True, 1), ("C", True, 1), ("A", False, 1), ("C", False, 0)):
        told = picked(
            hall, *(press(hall, who, card, letter, is_on=is_on) for who, card in zip(people, cards, strict=True))
        )
        assert [(saved(one).card.position, saved(one).card.answered) for one in told] == [
            (card.position, answered) for card in cards
        ]
    assert [kept(hall, card)[0] for card in cards] == [None, None]


def test_a_judgement_of_a_crowd_opens_the_blank_behind_it_for_each(hall: Hall) -> None:
    hall.publish()
    people = crowd(hall)[:2]
    cards = [hall.card_of(who, hall.start(who), QuestionType.TRUE_FALSE) for who in people]
    told = picked(hall, *(press(hall, who, card, "T") for who, card in zip(people, cards, strict=True)))
    for who, one in zip(people, told, strict=True):
        assert saved(one).card.is_blank
        hall.write(who, saved(one).card, "三\n五十")
    assert [kept(hall, saved(one).card)[0] for one in told] == ["三\n五十"] * 2


def test_who_may_not_press_is_refused_and_holds_up_nobody(hall: Hall) -> None:
    hall.publish()
    zhang, li, sun, zhou = crowd(hall)
    first, second, third = hall.start(zhang), hall.start(li), hall.start(sun)
    hall.submit(sun, third)
    blank = hall.card_of(li, second, QuestionType.BLANK)
    strange = replace(first, attempt_id=9999)
    told = picked(
        hall,
        press(hall, zhang, first, "A"),
        press(hall, li, blank, "A"),
        press(hall, sun, third, "A"),
        press(hall, zhou, strange, "A"),
    )
    assert saved(told[0]).selection == kept(hall, first)[0]
    assert [type(one) for one in told[1:]] == [StaleButton, attempts.HandedIn, StaleButton]
    assert len(hall.rows(AnswerEvent)) == 1


def test_somebody_elses_attempt_is_not_pressed_in_a_crowd_either(hall: Hall) -> None:
    hall.publish()
    zhang, li, sun, _ = crowd(hall)
    mine, theirs = hall.start(zhang), hall.start(li)
    told = picked(hall, press(hall, zhang, mine, "A"), press(hall, sun, theirs, "A"))
    assert saved(told[0]).selection is not None
    assert isinstance(told[1], StaleButton)
    assert kept(hall, theirs) == (None, None)


def test_what_came_too_late_is_kept_and_not_taken_in_a_crowd_either(hall: Hall) -> None:
    hall.publish()
    zhang, li, sun, _ = crowd(hall)
    late = hall.start(zhang)
    hall.now += LIMIT - timedelta(minutes=1)
    others = [hall.start(who) for who in (li, sun)]
    hall.now += timedelta(minutes=2)
    told = picked(hall, press(hall, zhang, late, "A"), *(press(hall, li, card, "A") for card in others[:1]))
    assert [type(one) for one in told] == [Late, Saved]
    assert [(one.accepted, one.reason) for one in hall.rows(AnswerEvent)] == [(True, None), (False, Refusal.LATE)]
    assert kept(hall, late) == (None, None)


def test_two_presses_of_one_attempt_are_not_of_one_moment(hall: Hall) -> None:
    hall.publish()
    card = hall.start(hall.cast.zhang)
    with pytest.raises(MixedError):
        picked(hall, press(hall, hall.cast.zhang, card, "A"), press(hall, hall.cast.zhang, card, "B"))
    assert kept(hall, card) == (None, None)


def test_an_update_that_comes_again_takes_its_crowd_apart(hall: Hall) -> None:
    hall.publish()
    first, second = hall.start(hall.cast.zhang), hall.start(hall.cast.li)
    before = press(hall, hall.cast.zhang, first, "A")
    picked(hall, before)
    with pytest.raises(MixedError):
        picked(hall, before, press(hall, hall.cast.li, second, "A"))
    assert len(hall.rows(AnswerEvent)) == 1
    assert kept(hall, second) == (None, None)


def test_a_crowd_takes_no_more_statements_than_one(hall: Hall) -> None:
    hall.publish()
    cards = [(who, hall.start(who)) for who in crowd(hall)]
    statements: list[str] = []
    listen = lambda *args: statements.append(args[2])  # noqa: E731
    event.listen(hall.database.engine, "before_cursor_execute", listen)
    picked(hall, *(press(hall, who, card, "A") for who, card in cards))
    event.remove(hall.database.engine, "before_cursor_execute", listen)
    counted = [one for one in statements if not one.startswith(("BEGIN", "SAVEPOINT", "RELEASE"))]
    assert len(counted) == 6, counted  # and one more marks the updates as handled
