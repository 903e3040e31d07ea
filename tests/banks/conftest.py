from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.banks import models as banks
from bot.db import Base, Database
from tests.make import Cast, Make

assert banks.Base is Base  # its tables are registered before they are made


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/test.db")
    Base.metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def make(database: Database) -> Make:
    return Make(database)


@pytest.fixture
def cast(make: Make) -> Cast:
    return make.cast()
