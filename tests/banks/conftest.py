import pytest

from bot.db import Database
from tests.make import Cast, Make


@pytest.fixture
def make(database: Database) -> Make:
    return Make(database)


@pytest.fixture
def cast(make: Make) -> Cast:
    return make.cast()
