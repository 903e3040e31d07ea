"""The database's versions. `upgrade` brings any older one to ours and refuses a newer one.

Alembic is imported only where there is something to do: a start on a database of today is not to wait for it.
"""

import os
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.exc import DBAPIError

from bot.db import Database, Unreachable
from bot.engines import NoFolder, not_writable
from bot.errors import UserError

LOCK = 7_240_921  # of PostgreSQL: two processes that start together upgrade one after the other


class NewerSchema(UserError):
    text = "数据库是更新的程序建立的（版本 {found}），这个程序不认识。请升级程序，数据没有改动。"


def upgrade(database: Database) -> str | None:
    """Bring the database to our version; the version it came from, or None if it was ours already.

    Raises NewerSchema, NotWritable, Damaged, Unreachable: each says what to do before the next start.
    """
    try:
        return _upgrade(database)
    except DBAPIError as error:
        if (refusal := database.unusable(error)) is None:
            raise
        raise refusal from error


def _upgrade(database: Database) -> str | None:
    engine = database.engine
    if engine.dialect.name == "postgresql":  # once it is our turn we must see what those before us made
        engine = engine.execution_options(isolation_level="READ COMMITTED")
    with engine.connect() as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        found = _version(connection)
        if found == newest():
            return None
        if found is not None and found not in _known():
            raise NewerSchema(found=found)
        step_up(connection)
        return found or ""


def step_up(connection: Connection, version: str = "head") -> None:
    from alembic import command  # noqa: PLC0415  # see above
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, version)


def obstacle(url: str) -> UserError | None:
    """What would stand in the way of a start on this database, as far as that can be seen without changing it."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return _silence(url)
    folder = Path(address.database or "").absolute().parent
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir():
        return NoFolder(path=nearest)
    return None if os.access(nearest, os.W_OK) else not_writable(folder)


def _silence(url: str) -> UserError | None:
    """Why a server cannot be asked anything; None if it answers."""
    with closing(Database(url)) as database:
        try:
            with database.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except DBAPIError as error:
            return database.unusable(error) or Unreachable(reason=type(error.orig).__name__)
    return None


def newest() -> str:
    return max(_known())


def is_current(database: Database) -> bool:
    with database.engine.connect() as connection:
        return _version(connection) == newest()


def _known() -> set[str]:
    """Our versions, by the names of their files: v0001_first_tables.py holds version 0001."""
    return {file.stem[1:].partition("_")[0] for file in (Path(__file__).parent / "versions").glob("v*.py")}


def _version(connection: Connection) -> str | None:
    """The version of the database; None: it has no tables of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found
