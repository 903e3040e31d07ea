"""The database's versions. `upgrade` brings any older one to ours and refuses a newer one."""

import os
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.exc import DBAPIError

from bot.db import Database, not_writable
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
        found = MigrationContext.configure(connection).get_current_revision()
        config = _config(connection)
        if found == newest():
            return None
        if found is not None and found not in {script.revision for script in _scripts().walk_revisions()}:
            raise NewerSchema(found=found)
        command.upgrade(config, "head")
        return found or ""


def obstacle(url: str) -> UserError | None:
    """What would stand in the way of a start on this database, as far as that can be seen without touching it."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return None
    folder = Path(address.database or "").absolute().parent
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    return None if os.access(nearest, os.W_OK) else not_writable(folder)


def newest() -> str | None:
    return _scripts().get_current_head()


def is_current(database: Database) -> bool:
    with database.engine.connect() as connection:
        is_there = inspect(connection).has_table("alembic_version")
        return is_there and MigrationContext.configure(connection).get_current_revision() == newest()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(None))


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config
