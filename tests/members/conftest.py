from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.db import Base, Database
from tests.make import Make


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/test.db")
    Base.metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def make(database: Database) -> Make:
    return Make(database)
