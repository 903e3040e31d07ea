"""Statement 27 of the specification's acceptance: an error of an exam, from its release to its mastery and back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.banks import revisions
from bot.banks.rules import RIGHT, WRONG, Bank, Origin, Question, QuestionType
from bot.banks.scopes import Scope
from bot.db import Database
from bot.message import strip_tags
from bot.practice import service, views
from bot.practice.facts import Asked, Book, Verdict
from bot.practice.models import PracticeCard, PracticeEvent
from bot.practice.rules import CardState, Mode
from bot.quiz.blueprint import BlueprintRow
from bot.quiz.exam_facts import Terms
from tests.make import Cast
from tests.quiz.office import Office

ASKED = Question("q-1", QuestionType.TRUE_FALSE, "预备党员有表决权。", answer=WRONG)
ONE = Bank("one", "一题", (ASKED,))
EVE = datetime(2025, 12, 31, 1, tzinfo=UTC)  # 09:00 in Beijing
Sit = Callable[[datetime], None]


def edit(database: Database, bank: Bank, now: datetime) -> None:
    known = database.look(revisions.find, bank.slug)
    ready = revisions.ready(bank, repr(bank).encode())
    base = known.revision_id if known else None
    database.run(revisions.write, ready, Scope(), Origin.CLI, base_id=base, by=None, now=now)


@pytest.fixture
def office(database: Database, cast: Cast) -> Office:
    edit(database, ONE, EVE)
    office = Office(database, cast, now=EVE)
    err(office)
    return office


def err(office: Office) -> None:
    """张三 errs in an exam of today, whose results are out tomorrow at nine."""
    closes_at = office.now + timedelta(days=1)
    terms = Terms(office.now, closes_at, timedelta(minutes=20), 1)
    office.publish(BlueprintRow(1, QuestionType.TRUE_FALSE, score_centi=10_000), terms=terms)
    office.answer(office.cast.zhang, right=[])
    assert book(office).practising == 0  # the key is not out yet
    office.release()


def book(office: Office) -> Book:
    return office.act(service.book, office.cast.zhang)


def card(office: Office) -> PracticeCard:
    (one,) = office.rows(PracticeCard)
    return one


def practise(office: Office, day: date, *, is_right: bool, mode: Mode = Mode.DUE) -> Verdict:
    office.now = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
    asked = office.act(service.ask, office.cast.zhang, mode)
    assert isinstance(asked, Asked)
    key = asked.question.answer
    letter = key if is_right else {RIGHT: WRONG, WRONG: RIGHT}[key]
    return office.act(service.answer, office.cast.zhang, asked.review_id, letter)


def january(day: int) -> date:
    return date(2026, 1, day)


def test_an_error_comes_back_on_its_days_is_mastered_and_comes_back_after_the_next(office: Office) -> None:
    assert book(office).practising == 1
    assert (card(office).state, card(office).due_on) == (CardState.ACTIVE, january(2))
    for day, due in ((2, 4), (4, 10)):
        verdict = practise(office, january(day), is_right=True)
        assert (verdict.is_mastered, card(office).due_on) == (False, january(due))
    assert practise(office, january(10), is_right=True).is_mastered
    assert card(office).state is CardState.MASTERED
    assert (book(office).practising, book(office).mastered) == (0, 1)
    office.now = datetime(2026, 3, 2, 1, tzinfo=UTC)
    err(office)
    assert book(office).practising == 1
    assert (card(office).state, card(office).due_on, card(office).streak) == (CardState.ACTIVE, date(2026, 3, 4), 0)


def test_an_error_is_collected_once_however_often_the_book_is_opened(office: Office) -> None:
    for _ in range(2):
        book(office)
    assert (len(office.rows(PracticeCard)), len(office.rows(PracticeEvent))) == (1, 1)


def test_going_through_again_leaves_the_day_when_right_and_makes_it_tomorrow_when_wrong(office: Office) -> None:
    book(office)
    for day in (2, 4):
        practise(office, january(day), is_right=True)
    practise(office, january(5), is_right=True, mode=Mode.EXTRA)
    assert (card(office).due_on, card(office).streak) == (january(10), 2)
    practise(office, january(6), is_right=False, mode=Mode.EXTRA)
    assert (card(office).due_on, card(office).streak) == (january(7), 0)


def test_a_changed_key_begins_anew_and_says_so(office: Office) -> None:
    book(office)
    practise(office, january(2), is_right=True)
    edit(office.database, replace(ONE, questions=(replace(ASKED, answer=RIGHT),)), office.now)
    book(office)
    assert (card(office).fsrs, card(office).streak, card(office).state) == ({}, 0, CardState.ACTIVE)
    asked = office.act(service.ask, office.cast.zhang, Mode.DUE)
    assert isinstance(asked, Asked)
    assert strip_tags(views.question(asked).text).splitlines()[1] == "题目已更新"
