"""One person's book on a real database: errors come in once, come back on their day, and leave it mastered."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.banks import revisions
from bot.banks.rules import RIGHT, WRONG, Bank, Blank, BlankKind, Origin, Question, QuestionType, Status
from bot.banks.scopes import Scope
from bot.members.models import Account
from bot.message import StaleButton
from bot.outbox import OutboxRow
from bot.periods import local_day
from bot.practice import daily, jobs, personal, service, views
from bot.practice.facts import Asked, Book, Done, Verdict
from bot.practice.models import PracticeCard, PracticeEvent, Review
from bot.practice.rules import AnsweredAlready, BookEmpty, CardState, Mode, NothingPicked, WrongParts
from tests import snapshots
from tests.make import Someone
from tests.quiz.banks import BASICS, JUDGED, MULTIPLE, SINGLE
from tests.quiz.conftest import AddBank
from tests.quiz.play import Play

BLANK = Question(
    "zb-004",
    QuestionType.BLANK,
    "正式党员____人以上成立党支部，一般不超过____人。",
    blanks=(Blank(("三",), BlankKind.NUMBER), Blank(("五十",), BlankKind.NUMBER)),
    score_centi=200,
)


@pytest.fixture
def lost(play: Play) -> Play:
    """张三 has answered all three questions of a round wrong; it is over."""
    return snapshots.after(play, _lose)


def _lose(play: Play) -> None:
    play.start(3)
    play.begin()
    for _ in range(3):
        play.vote(play.cast.zhang, *play.wrong)
        play.wait(60)
    assert not any(item.awarded_centi for item in play.answers)


def book(play: Play, who: Someone | None = None) -> Book:
    return play.act(service.book, who or play.cast.zhang, chat_id=None)


def ask(play: Play, mode: Mode = Mode.DUE) -> Asked:
    found = play.act(service.ask, play.cast.zhang, mode, chat_id=None)
    assert isinstance(found, Asked)
    return found


def done(play: Play, mode: Mode = Mode.DUE) -> Done:
    found = play.act(service.ask, play.cast.zhang, mode, chat_id=None)
    assert isinstance(found, Done)
    return found


def answer(play: Play, asked: Asked, *, is_right: bool = True) -> Verdict:
    """As a person would: by the letters that are shown."""
    question = asked.question
    if question.type is QuestionType.TRUE_FALSE:
        letter = question.answer if is_right else {RIGHT: WRONG, WRONG: RIGHT}[question.answer]
        return play.act(service.answer, play.cast.zhang, asked.review_id, letter, chat_id=None)
    shown = {letter: "ABCD"[n] for n, place in enumerate(asked.order) if (letter := "ABCD"[place])}
    wanted = question.answer if is_right else next(x for x in question.letters if x not in question.answer)
    if question.type is QuestionType.SINGLE:
        return play.act(service.answer, play.cast.zhang, asked.review_id, shown[wanted], chat_id=None)
    for letter in wanted:
        play.act(service.toggle, play.cast.zhang, asked.review_id, shown[letter], chat_id=None)
    return play.act(service.answer, play.cast.zhang, asked.review_id, chat_id=None)


def edit(play: Play, bank: Bank) -> None:
    """The bank comes in anew."""
    ready = revisions.ready(bank, repr(bank).encode())
    known = play.database.look(revisions.find, bank.slug)
    head = known.revision_id if known else None
    play.database.run(revisions.write, ready, Scope(), Origin.CLI, base_id=head, by=None, now=play.now)


def next_day(play: Play) -> date:
    play.jump(24 * 3600)
    return local_day(play.now)


# -- what comes in -----------------------------------------------------------------------------------------------------


def test_errors_of_a_round_come_in_once_and_are_due_the_next_day(lost: Play) -> None:
    first = book(lost)
    assert (first.practising, first.plan, first.mastered) == (3, 0, 0)
    assert first.ahead is not None
    assert (first.ahead.on, first.ahead.count) == (first.today + timedelta(days=1), 3)
    assert book(lost) == first
    assert len(lost.rows(PracticeCard)) == len(lost.rows(PracticeEvent)) == 3
    next_day(lost)
    assert book(lost).plan == 3


def test_a_round_that_was_not_finished_and_a_question_left_open_teach_nothing(play: Play) -> None:
    play.start(3)
    play.begin()
    play.vote(play.cast.zhang, *play.wrong)
    assert book(play).practising == 0  # nobody may know the key yet
    play.wait(300)
    assert book(play).practising == 1


def test_nobody_sees_or_answers_anothers_question(lost: Play) -> None:
    next_day(lost)
    asked = ask(lost)
    assert book(lost, lost.cast.zhou).practising == 0
    with pytest.raises(StaleButton):
        lost.act(service.answer, lost.cast.li, asked.review_id, "A", chat_id=None)
    with pytest.raises(StaleButton):
        lost.act(service.set_aside, lost.cast.li, asked.review_id, chat_id=None)


# -- practising --------------------------------------------------------------------------------------------------------


def test_a_day_of_practice_ends_with_its_count_and_the_next_day(lost: Play) -> None:
    next_day(lost)
    places = []
    for is_right in (True, True, False):
        asked = ask(lost)
        places.append((asked.place, asked.of))
        verdict = answer(lost, asked, is_right=is_right)
        assert verdict.is_right is is_right
        assert verdict.has_next is (asked.place < 3)
    assert places == [(1, 3), (2, 3), (3, 3)]
    end = done(lost)
    assert (end.right, end.asked) == (2, 3)
    assert end.book.ahead is not None
    assert (end.book.ahead.on, end.book.ahead.count) == (end.book.today + timedelta(days=1), 1)


def test_a_judgement_is_told_in_its_words(lost: Play) -> None:
    next_day(lost)
    while (asked := ask(lost)).question.type is not QuestionType.TRUE_FALSE:
        answer(lost, asked)
    said = lost.act(service.answer, lost.cast.zhang, asked.review_id, RIGHT, chat_id=None)
    assert "您的答案：正确" in views.verdict(said).text


def test_the_first_answer_is_final_and_a_question_waits_through_anything(lost: Play) -> None:
    next_day(lost)
    asked = ask(lost)
    assert ask(lost) == asked  # pressed twice, or after a restart
    answer(lost, asked, is_right=False)
    with pytest.raises(AnsweredAlready):
        answer(lost, asked)
    assert [review.is_right for review in lost.rows(Review)] == [False]


def test_a_multiple_choice_needs_something_ticked(lost: Play) -> None:
    next_day(lost)
    while (asked := ask(lost)).question.type is not QuestionType.MULTIPLE:
        answer(lost, asked)
    with pytest.raises(NothingPicked):
        lost.act(service.answer, lost.cast.zhang, asked.review_id, chat_id=None)
    ticked = lost.act(service.toggle, lost.cast.zhang, asked.review_id, "A", chat_id=None)
    assert ticked.shown == "A"
    assert lost.act(service.toggle, lost.cast.zhang, asked.review_id, "A", chat_id=None).shown == ""


def test_three_right_answers_on_their_days_master_a_question(lost: Play) -> None:
    book(lost)
    start = local_day(lost.now)
    due = []
    for _ in range(3):
        while not book(lost).plan:
            next_day(lost)
        due.append((local_day(lost.now) - start).days)
        while isinstance(asked := lost.act(service.ask, lost.cast.zhang, Mode.DUE, chat_id=None), Asked):
            answer(lost, asked)
    assert due == [1, 3, 9]
    assert (book(lost).practising, book(lost).mastered) == (0, 3)


def test_going_through_again_moves_no_day_unless_it_goes_wrong(lost: Play) -> None:
    book(lost)
    tomorrow = local_day(lost.now) + timedelta(days=1)
    for is_right in (True, True, False):
        answer(lost, ask(lost, Mode.EXTRA), is_right=is_right)
    assert {card.due_on for card in lost.rows(PracticeCard)} == {tomorrow}
    assert [event.rating for event in lost.rows(PracticeEvent)[3:]] == [None, None, 1]
    assert done(lost, Mode.EXTRA).right == 2


def test_no_more_is_asked_on_a_day_than_one_wants(play: Play, add_bank: AddBank) -> None:
    del add_bank
    play.start(3)
    play.begin()
    for _ in range(3):
        play.vote(play.cast.zhang, *play.wrong)
        play.wait(60)
    play.act(service.set_wish, play.cast.zhang, "per_day", 5, chat_id=None)
    with pytest.raises(StaleButton):
        play.act(service.set_wish, play.cast.zhang, "per_day", 7, chat_id=None)
    next_day(play)
    assert book(play).wish.per_day == 5
    assert book(play).plan == 3


def test_what_is_set_aside_is_not_asked_until_it_is_taken_back(lost: Play) -> None:
    next_day(lost)
    asked = ask(lost)
    left = lost.act(service.set_aside, lost.cast.zhang, asked.review_id, chat_id=None)
    assert (left.practising, left.plan, left.set_aside) == (2, 2, 1)
    with pytest.raises(StaleButton):
        lost.act(service.answer, lost.cast.zhang, asked.review_id, "A", chat_id=None)
    back = lost.act(service.take_back, lost.cast.zhang, chat_id=None)
    assert (back.practising, back.plan, back.set_aside) == (3, 3, 0)


# -- questions that change ---------------------------------------------------------------------------------------------


def test_a_changed_key_begins_anew_and_other_words_do_not(lost: Play) -> None:
    next_day(lost)
    book(lost)
    other_key = replace(SINGLE, answer="A")
    other_words = replace(JUDGED, explain="换一种说法。")
    edit(lost, replace(BASICS, questions=(other_key, MULTIPLE, other_words)))
    cards = {card.question_id: card for card in lost.rows(PracticeCard)}
    before = {number: card.fsrs for number, card in cards.items()}
    book(lost)
    renewed = [card for card in lost.rows(PracticeCard) if card.is_renewed]
    assert [card.fsrs for card in renewed] == [{}]
    assert all(card.fsrs == before[card.question_id] for card in lost.rows(PracticeCard) if not card.is_renewed)
    shown = [asked for asked in _asked_all(lost) if asked.is_renewed]
    assert [asked.question.answer for asked in shown] == ["A"]
    assert not any(card.is_renewed for card in lost.rows(PracticeCard))


def _asked_all(play: Play) -> list[Asked]:
    found = []
    while isinstance(asked := play.act(service.ask, play.cast.zhang, Mode.DUE, chat_id=None), Asked):
        found.append(asked)
        answer(play, asked)
    return found


def test_a_retired_question_is_hidden_and_comes_back_with_it(lost: Play) -> None:
    book(lost)
    edit(lost, replace(BASICS, questions=(SINGLE, MULTIPLE)))
    assert book(lost).practising == 2
    edit(lost, replace(BASICS, questions=(SINGLE, MULTIPLE, replace(JUDGED, status=Status.ACTIVE))))
    assert book(lost).practising == 3


# -- blanks, the day's question, the file ------------------------------------------------------------------------------


def test_the_days_question_is_one_a_day_and_only_a_wrong_one_becomes_a_card(play: Play) -> None:
    edit(play, replace(BASICS, questions=(BLANK,)))
    asked = play.act(daily.ask, play.cast.zhang, chat_id=None)
    with pytest.raises(WrongParts, match="需要 2 个答案，每行一个；收到 1 个。"):
        play.act(service.answer_blanks, play.cast.zhang, asked.review_id, "三", chat_id=None)
    verdict = play.act(service.answer_blanks, play.cast.zhang, asked.review_id, "3\n50 人", chat_id=None)
    assert (verdict.is_right, verdict.is_card) == (True, False)
    with pytest.raises(daily.AnsweredToday):
        play.act(daily.ask, play.cast.zhang, chat_id=None)
    next_day(play)
    with pytest.raises(daily.NoQuestion):
        play.act(daily.ask, play.cast.zhang, chat_id=None)  # the only one was asked within 90 days
    play.jump(91 * 24 * 3600)
    again = play.act(daily.ask, play.cast.zhang, chat_id=None)
    assert not play.act(service.answer_blanks, play.cast.zhang, again.review_id, "三；二十", chat_id=None).is_right
    assert book(play).practising == 1


def test_only_who_wishes_it_hears_at_noon_of_a_workday_and_once(lost: Play) -> None:
    lost.act(service.set_wish, lost.cast.zhang, "reminder", 1, chat_id=None)
    book(lost)

    def told() -> list[tuple[int | None, str]]:
        lost.database.run(daily.remind, now=lost.now)
        return [(row.chat_id, row.key) for row in lost.rows(OutboxRow) if row.key.startswith("practice:")]

    day = next_day(lost)
    assert told() == []  # in the morning
    noon = lost.database.look(daily.next_due, lost.now)
    assert noon is not None
    lost.now = noon
    first = told()
    assert [chat_id for chat_id, _ in first] == [lost.cast.zhang.user_id]
    assert told() == first
    assert day <= local_day(lost.now)


def test_a_book_leaves_as_a_file_and_goes_with_its_owner(lost: Play) -> None:
    with pytest.raises(BookEmpty):
        lost.act(service.entries, lost.cast.li, chat_id=None)
    book(lost)
    entries = lost.act(service.entries, lost.cast.zhang, chat_id=None)
    assert {entry.question.stem for entry in entries} == {one.stem for one in BASICS.questions}
    assert {entry.state for entry in entries} == {CardState.ACTIVE}
    tables = lost.database.look(personal.export, lost.cast.zhang.id)
    assert [len(table.rows) for table in tables] == [3, 0, 0]


def test_old_questions_are_forgotten_and_the_cards_stay(lost: Play) -> None:
    next_day(lost)
    answer(lost, ask(lost))
    lost.jump(731 * 24 * 3600)
    lost.database.run(jobs.JOBS[1].run, now=lost.now)
    assert lost.rows(Review) == []
    assert len(lost.rows(PracticeCard)) == 3
    assert len(lost.rows(PracticeEvent)) == 3  # what says that an error has been collected
    assert book(lost).practising == 3
    assert lost.rows(Account)
