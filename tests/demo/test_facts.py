"""What ticks a step of the tour: the fact itself, however it came about, and nothing less."""

from collections.abc import Iterator

import pytest

from bot.banks import revisions
from bot.banks.revisions import Scope
from bot.banks.rules import Origin
from bot.db import Database
from bot.demo import facts
from bot.practice import service as practice
from bot.quiz.rules import RoundState
from tests.make import NOW, Make
from tests.quiz.banks import BASICS
from tests.quiz.play import Play


@pytest.fixture
def play(sqlite_url: str) -> Iterator[Play]:
    """张三 and 周八 before a live round."""
    database = Database(sqlite_url)
    make = Make(database)
    cast = make.cast()
    make.chat(cast.branch)
    ready = revisions.ready(BASICS, b"")
    database.run(revisions.write, ready, Scope(), Origin.CLI, base_id=None, by=None, now=NOW)
    yield Play(database, cast)
    database.close()


def is_ticked(play: Play) -> bool:
    return play.database.look(facts.holding, since=NOW)[5]


def answer(play: Play, *, is_zhang_right: bool, is_zhou_right: bool) -> None:
    play.start(3)
    play.begin()
    for number in (1, 2, 3):
        play.vote(play.cast.zhang, *(play.right if is_zhang_right else play.wrong))
        assert not is_ticked(play)  # the round still runs
        play.vote(play.cast.zhou, *(play.right if is_zhou_right else play.wrong))
        while len(play.polls) == number and play.state is not RoundState.FINISHED:
            play.wait(4)
    assert play.state is RoundState.FINISHED


def look(play: Play) -> None:
    """周八 opens the wrong-answer book."""
    play.act(practice.book, play.cast.zhou, chat_id=None)


def test_the_quiz_is_done_once_one_was_right_and_the_other_finds_his_error_in_his_book(play: Play) -> None:
    answer(play, is_zhang_right=True, is_zhou_right=False)
    assert not is_ticked(play)
    look(play)
    assert is_ticked(play)


@pytest.mark.parametrize(("is_zhang_right", "is_zhou_right"), [(True, True), (False, False)])
def test_other_answers_leave_the_quiz_undone(play: Play, is_zhang_right: bool, is_zhou_right: bool) -> None:
    answer(play, is_zhang_right=is_zhang_right, is_zhou_right=is_zhou_right)
    look(play)
    assert not is_ticked(play)
