from collections.abc import Callable

import pytest

from bot.banks import revisions
from bot.banks.revisions import Scope
from bot.banks.rules import Bank, Origin
from bot.db import Database
from tests import snapshots
from tests.make import NOW, Cast, Make
from tests.quiz.banks import BASICS
from tests.quiz.hall import Hall, bank
from tests.quiz.play import Play

AddBank = Callable[[Bank], None]


@pytest.fixture
def make(database: Database) -> Make:
    return Make(database)


@pytest.fixture
def cast(make: Make) -> Cast:
    cast = make.cast()
    snapshots.step(make.database, "chat", lambda: make.chat(cast.branch))
    return cast


@pytest.fixture
def add_bank(database: Database) -> AddBank:
    def add(bank: Bank) -> None:
        def write() -> None:
            ready = revisions.ready(bank, bank.slug.encode())
            database.run(revisions.write, ready, Scope(), Origin.CLI, base_id=None, by=None, now=NOW)

        snapshots.step(database, bank, write)

    return add


@pytest.fixture
def hall(database: Database, cast: Cast, add_bank: AddBank) -> Hall:
    """一支部 with a bank of three questions of each type."""
    add_bank(bank())
    return Hall(database, cast)


@pytest.fixture
def play(database: Database, cast: Cast, add_bank: AddBank) -> Play:
    """一支部 with its group and a bank of three questions: a single and a multiple choice, and a judgement."""
    add_bank(BASICS)
    return Play(database, cast)
