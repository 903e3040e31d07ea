"""How a database is opened: SQLite once for writing and once for reading, PostgreSQL with what its sessions need."""

import getpass
from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import UserError

BUSY_TIMEOUT = 10.0  # seconds SQLite waits for another process's write
CACHE = 512  # KiB of pages a connection keeps: its own measure is 2,000, and there are four; the system keeps them too


class NotWritable(UserError):
    text = "没有权限写入 {path}，请检查目录属主（当前用户：{user}）。"


class NoFolder(UserError):
    text = "数据库要放在目录 {path} 里，但那里有一个同名文件，请改名或换一个目录。"


def sqlite(url: URL, *, writes: bool) -> Engine:
    folder = Path(url.database or "").parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise not_writable(folder) if isinstance(error, PermissionError) else NoFolder(path=folder) from None
    url = url.update_query_dict({"timeout": str(BUSY_TIMEOUT), **url.query})
    engine = create_engine(url, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver's own transactions break savepoints and locking
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"query_only={int(not writes)}",
            f"cache_size=-{CACHE}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A plain BEGIN takes the write lock only later and then fails at once when another process holds it.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def not_writable(path: Path) -> NotWritable:
    return NotWritable(path=path, user=getpass.getuser())


def postgres(url: URL) -> Engine:
    options = {"connect_timeout": 10, "options": "-c statement_timeout=30000 -c timezone=UTC"}
    # Two processes that read, compute and write one row: the second is told (40001) and repeats on what is there now.
    isolation = "REPEATABLE READ"
    return create_engine(url, pool_pre_ping=True, pool_size=6, connect_args=options, isolation_level=isolation)
