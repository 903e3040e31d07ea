import pytest

from bot.db import Database
from tests.make import Make


@pytest.fixture
def make(database: Database) -> Make:
    return Make(database)
