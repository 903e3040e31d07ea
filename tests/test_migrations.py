"""Starting on whatever database is there: empty, older, newer, shared, unwritable, damaged, gone."""

import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, time, timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Column, Connection, MetaData, event, inspect, select, text

from bot import migrations
from bot.db import Database
from bot.errors import UserError
from bot.migrations.tables import METADATA
from tests import databases

NOBODY = 65534


@contextmanager
def connected(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


def upgrade(url: str) -> str | None:
    with connected(url) as database:
        return migrations.upgrade(database)


def refusal(url: str) -> str:
    """What a start on this database is told; "" if it succeeds."""
    try:
        upgrade(url)
    except UserError as error:
        return str(error)
    return ""


def _become_nobody() -> None:
    """Give up all rights: there is no way back from it."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def obstacle(url: str) -> str:
    """What `ketang check` says without trying."""
    return str(migrations.obstacle(url))


@pytest.fixture(scope="module")
def nobody() -> Iterator[ProcessPoolExecutor]:
    """A process without any rights."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_become_nobody) as pool:
        yield pool


@pytest.fixture(params=["sqlite", "postgresql"])
def blank_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database on which nobody has started yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/data/ketang.db"
        return
    server: databases.Server | None = request.getfixturevalue("postgres")
    if server is None:
        pytest.skip(databases.NO_SERVER)
    with server.blank() as url:
        yield url


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody can enter, unlike pytest's own."""
    with TemporaryDirectory(prefix="ketang-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


# -- versions ---------------------------------------------------------------------------------------------------------


def test_the_names_of_the_files_tell_the_newest_version() -> None:
    assert ScriptDirectory(str(Path(migrations.__file__).parent)).get_heads() == [migrations.newest()]


def test_the_first_start_makes_all_tables_and_the_second_nothing(blank_url: str) -> None:
    assert upgrade(blank_url) == ""
    assert upgrade(blank_url) is None
    with connected(blank_url) as database:
        assert migrations.is_current(database)


def test_migrated_tables_are_those_of_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_processes_that_start_together_upgrade_once(blank_url: str, children: ProcessPoolExecutor) -> None:
    told = list(children.map(upgrade, [blank_url] * 2))
    assert sorted(told, key=str) == ["", None]


FIRST_DAY = datetime(2026, 3, 1, 9, tzinfo=UTC)
SAMPLES: dict[type, object] = {
    int: 1,
    str: "x",
    bool: True,
    datetime: FIRST_DAY,
    date: FIRST_DAY.date(),
    time: FIRST_DAY.time(),
    dict: {},
}
Rows = dict[str, list[dict[str, object]]]


def fill(connection: Connection) -> None:
    """A row in every table, as the tables are: what may be empty is, what points to a row points to the only one."""
    metadata = MetaData()
    metadata.reflect(connection)
    for table in metadata.sorted_tables:
        if table.name != "alembic_version":
            must = [column for column in table.columns if not column.nullable]
            connection.execute(table.insert().values({column.name: _sample(column) for column in must}))


def _sample(column: Column[object]) -> object:
    if column.name == "ends_at":
        return FIRST_DAY + timedelta(hours=1)
    return {} if isinstance(column.type, JSON) else SAMPLES[column.type.python_type]


def contents(connection: Connection, columns: Mapping[str, Collection[str]]) -> Rows:
    """All rows, in the columns that are named."""
    metadata = MetaData()
    metadata.reflect(connection)
    found: Rows = {}
    for name, wanted in columns.items():
        table = metadata.tables[name]
        rows = connection.execute(select(*(table.columns[one] for one in wanted)))
        found[name] = [dict(row) for row in rows.mappings()]
    return found


def test_a_filled_database_of_the_first_version_keeps_every_row(blank_url: str) -> None:
    with connected(blank_url) as database, database.engine.connect() as connection, connection.begin():
        migrations.step_up(connection, "0001")
        fill(connection)
        seen = inspect(connection)
        columns = {name: [one["name"] for one in seen.get_columns(name)] for name in seen.get_table_names()}
        del columns["alembic_version"]
        before = contents(connection, columns)
    assert all(len(rows) == 1 for rows in before.values())
    assert upgrade(blank_url) == "0001"
    with connected(blank_url) as database, database.engine.connect() as connection:
        assert contents(connection, columns) == before
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_no_version_knows_a_way_back() -> None:
    """An older program refuses a newer database, so nothing is to take tables away."""
    steps = ScriptDirectory(str(Path(migrations.__file__).parent)).walk_revisions()
    assert [step.revision for step in steps if hasattr(step.module, "downgrade")] == []


class Cut(Exception):
    """The process ends here."""


def test_an_upgrade_that_ends_in_the_middle_leaves_nothing_and_the_next_start_does_it_all(blank_url: str) -> None:
    made: list[str] = []

    def count(_: object, __: object, statement: str, *___: object) -> None:
        if statement.lstrip().startswith("CREATE TABLE"):
            made.append(statement)
        if len(made) == 20:
            raise Cut

    with connected(blank_url) as database:
        event.listen(database.engine, "before_cursor_execute", count)
        with pytest.raises(Cut):
            migrations.upgrade(database)
    with connected(blank_url) as database:
        assert inspect(database.engine).get_table_names() == []
    assert upgrade(blank_url) == ""
    with connected(blank_url) as database:
        assert migrations.is_current(database)


def test_a_newer_database_is_left_alone(database: Database, database_url: str) -> None:
    database.run(lambda session: session.execute(text("UPDATE alembic_version SET version_num = 'v9999'")))
    assert refusal(database_url) == (
        "数据库是更新的程序建立的（版本 v9999），这个程序不认识。请升级程序，数据没有改动。"
    )
    version = database.look(lambda session: session.scalar(text("SELECT version_num FROM alembic_version")))
    assert version == "v9999"


# -- what cannot be opened --------------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_written_is_named(open_folder: Path, nobody: ProcessPoolExecutor) -> None:
    open_folder.chmod(0o555)
    told = nobody.submit(refusal, f"sqlite:///{open_folder}/data/ketang.db").result()
    assert told.startswith(f"没有权限写入 {open_folder}/data，请检查目录属主（当前用户：")
    assert nobody.submit(obstacle, f"sqlite:///{open_folder}/data/ketang.db").result() == told


def test_a_file_that_cannot_be_written_is_named(open_folder: Path, nobody: ProcessPoolExecutor) -> None:
    file = open_folder / "ketang.db"
    assert refusal(f"sqlite:///{file}") == ""
    file.chmod(0o444)
    open_folder.chmod(0o555)
    told = nobody.submit(refusal, f"sqlite:///{file}").result()
    assert told.startswith(f"没有权限写入 {file}，请检查目录属主（当前用户：")


@pytest.mark.parametrize("damage", [b"this is no database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_damaged_file_is_not_touched(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "ketang.db"
    file.write_bytes(damage)
    assert refusal(f"sqlite:///{file}") == (
        f"数据库文件 {file} 已损坏，程序没有启动，也没有改动它。请用备份替换这个文件后再启动。"
    )
    assert file.read_bytes() == damage


def test_a_torn_page_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "ketang.db"
    upgrade(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(file.read_bytes())
    content[100:4096] = b"\xff" * 3996
    file.write_bytes(content)
    assert "已损坏" in refusal(f"sqlite:///{file}")


def test_a_server_that_does_not_answer_is_said_so() -> None:
    told = refusal("postgresql+psycopg://ketang:secret@127.0.0.1:1/ketang")
    assert told.startswith("连不上数据库：")
    assert "127.0.0.1" in told
    assert "secret" not in told
    assert "\n" not in told
