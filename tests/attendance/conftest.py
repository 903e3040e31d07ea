import pytest

from bot.db import Database
from tests.make import Make
from tests.meetings.play import Play


@pytest.fixture
def make(database: Database) -> Make:
    return Make(database)


@pytest.fixture
def play(make: Make) -> Play:
    return Play(make)
