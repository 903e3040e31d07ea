"""The database's versions. `upgrade` brings any older one to ours and refuses a newer one."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from bot.db import Database
from bot.errors import UserError

LOCK = 7_240_921  # of PostgreSQL: two processes that start together upgrade one after the other


class NewerSchema(UserError):
    text = "数据库是更新的程序建立的（版本 {found}），这个程序不认识。请升级程序，数据没有改动。"


def upgrade(database: Database) -> str | None:
    """Bring the database to our version; the version it came from, or None if it was ours already."""
    with database.engine.connect() as connection, connection.begin():
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
