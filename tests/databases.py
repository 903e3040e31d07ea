"""Databases to test against: a SQLite file, and PostgreSQL where a server is named or one can be started here."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

import psycopg
from sqlalchemy import URL, event, make_url

from bot import migrations
from bot.db import Database

R = TypeVar("R")
NO_SERVER = "no PostgreSQL: set TEST_DATABASE_URL, or install a server under /usr/lib/postgresql"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
ROUNDS = 40  # of emptying by deleting
# What hangs in a transaction would keep its tables; connections that rest are the next test's.
BUSY = "WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
# Nothing in it outlives the tests, so nothing waits for a disk.
SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "100",
    "plan_cache_mode": "force_generic_plan",
}

# Where files need no disk either: what the tests write is gone with them. A container's is often too small.
MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30
PLACE = MEMORY if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM else None


@cache
def _lasting(url: str) -> Database:
    database = Database(url)
    if not database.is_sqlite:
        event.listen(database.engine, "connect", _keep_plans)
    return database


def _keep_plans(connection: psycopg.Connection[tuple[object, ...]], _: object) -> None:
    """What a process comes to that runs for a while, from the second time on: it has prepared its statements, and the
    server has planned them for any values."""
    connection.prepare_threshold, connection.prepared_max = 1, 10_000


class Again(Database):
    """A database as a process has it that runs for a while: statements are compiled and PostgreSQL's connections open,
    by the tests before. Who listens to its engine listens to this one alone."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        before = _lasting(url)
        self._own = self._writer, self._reader
        self._writer, self._reader = before._writer.execution_options(), before._reader.execution_options()
        self.runs = 0
        self.steps: list[Hashable] = []  # what the runs were, as long as each is one that others begin with, too

    def run(self, fn: Callable[..., R], *args: object, **kwargs: object) -> R:
        self.runs += 1
        return super().run(fn, *args, **kwargs)

    def close(self) -> None:
        """Finish what is queued. Connections to a file end, as the next test has a file of its own."""
        if not self.is_sqlite:
            self._writer, self._reader = self._own
        super().close()


def migrate(url: str) -> None:
    database = Database(url)
    try:
        migrations.upgrade(database)
    finally:
        database.close()


def sqlite_template(folder: Path) -> Path:
    """A migrated database to be copied: migrating takes longer than most tests."""
    file = folder / "template.db"
    migrate(f"sqlite:///{file}")
    return file


class Server:
    """A PostgreSQL server with one migrated database for these tests, empty at the begin of each."""

    def __init__(self, url: URL) -> None:
        self._url = url.set(database=f"ketang_test_{os.getpid()}")
        self._elsewhere = url
        with _connected(url) as connection:
            _all(connection, f"DROP DATABASE IF EXISTS {self._url.database}")
            _all(connection, f"CREATE DATABASE {self._url.database}")
        migrate(self.url)
        self._own = _connected(self._url)
        self._times = 0
        self._tables = set(_all(self._own, TABLES))
        self._are_filled = " UNION ALL ".join(f"SELECT '{t}' WHERE EXISTS (SELECT 1 FROM {t})" for t in self._tables)
        (self._version,) = _all(self._own, "SELECT version_num FROM alembic_version")

    @property
    def url(self) -> str:
        return self._url.render_as_string(hide_password=False)

    def empty(self) -> None:
        """As it was after the migration: no rows, no other tables, every sequence at its start."""
        try:
            self._empty()
        except psycopg.OperationalError:  # a test has restarted the server
            self._own = _connected(self._url)
            self._empty()

    def _empty(self) -> None:
        own = self._own
        _all(own, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity " + BUSY)
        for table in set(_all(own, TABLES)) - self._tables:
            _all(own, f"DROP TABLE {table} CASCADE")
        if filled := _all(own, self._are_filled):
            self._clear(filled)
        if used := _all(own, "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"):
            _all(own, "SELECT " + ", ".join(f"setval('{sequence}', 1, false)" for sequence in used))
        _all(own, f"UPDATE alembic_version SET version_num = '{self._version}'")  # tests play newer ones

    def _clear(self, tables: list[str]) -> None:
        """Deleting leaves the other connections the plans they have made; now and then what was deleted is cleared
        away."""
        self._times += 1
        if self._times % ROUNDS == 0 or not self._delete(tables):
            _all(self._own, f"TRUNCATE {', '.join(tables)} CASCADE")

    def _delete(self, tables: list[str]) -> bool:
        """False: it takes somebody who rules the server, for some rows may never go."""
        statements = ("SET LOCAL session_replication_role = replica", *(f"DELETE FROM {table}" for table in tables))
        try:
            _all(self._own, "; ".join(statements))
        except psycopg.errors.InsufficientPrivilege:
            return False
        return True

    @contextmanager
    def blank(self) -> Iterator[str]:
        """A database that nobody has migrated."""
        url = self._elsewhere.set(database=f"{self._url.database}_blank")
        with _connected(self._elsewhere) as connection:
            _all(connection, f"CREATE DATABASE {url.database}")
            try:
                yield url.render_as_string(hide_password=False)
            finally:
                _all(connection, f"DROP DATABASE {url.database} WITH (FORCE)")

    def drop(self) -> None:
        self._own.close()
        with _connected(self._elsewhere) as connection:
            _all(connection, f"DROP DATABASE {self._url.database} WITH (FORCE)")


Connection = psycopg.Connection[tuple[object, ...]]


def _connected(url: URL) -> Connection:
    """A connection that ends with its block; each statement is a transaction."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)


def _all(connection: Connection, statement: str) -> list[str]:
    """The first column of what the statement gives, if it gives something."""
    cursor = connection.execute(statement.encode())
    return [str(row[0]) for row in cursor.fetchall()] if cursor.description else []


@contextmanager
def server() -> Iterator[Server | None]:
    """The server of TEST_DATABASE_URL, one started for these tests, or None."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        with _used(make_url(given).set(drivername="postgresql+psycopg")) as server:
            yield server
        return
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    if not programs:
        yield None
        return
    address = URL.create("postgresql+psycopg", "ketang", database="postgres")
    with _started(programs[-1]) as folder, _used(address.set(query={"host": str(folder)})) as server:
        yield server


@contextmanager
def _used(url: URL) -> Iterator[Server]:
    server = Server(url)
    try:
        yield server
    finally:
        server.drop()


# Started and watched over by a shell, which ends the server as soon as we end, in whatever way.
WATCH = """
"$1/initdb" -D "$2/data" -U ketang -A trust --no-sync $3 >/dev/null 2>&1 &&
"$1/pg_ctl" -D "$2/data" -l "$2/log" -o "$4" -w start </dev/null >/dev/null 2>&1 && echo ready
read -r _
"$1/pg_ctl" -D "$2/data" -m immediate stop >/dev/null 2>&1
rm -rf "$2"
"""


@contextmanager
def _started(programs: Path) -> Iterator[Path]:
    """A server that listens in a folder of its own only; yields that folder."""
    folder = Path(tempfile.mkdtemp(prefix="ketang-pg-", dir=PLACE))  # short: the name of a socket has at most 107 bytes
    person = _person()
    if person is not None:
        os.chown(folder, person.pw_uid, person.pw_gid)
    # Sorted as on an office's server: what only holds for the order of bytes is found here.
    has_icu = int(programs.parent.name) >= 15
    encoding = "-E UTF8 --locale=C" + (" --locale-provider=icu --icu-locale=zh-CN" if has_icu else "")
    settings = " ".join([f"-k {folder}", *(f"-c {name}={value}" for name, value in SETTINGS.items())])
    with subprocess.Popen(
        ["sh", "-c", WATCH, "sh", programs, folder, encoding, settings],
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        user=person.pw_uid if person else None,
        group=person.pw_gid if person else None,
        extra_groups=[] if person else None,
        start_new_session=True,  # who ends us and all we started would end it before the server
    ) as watch:
        assert watch.stdout is not None
        assert watch.stdout.readline() == b"ready\n", "PostgreSQL did not start"
        yield folder


def _person() -> pwd.struct_passwd | None:
    """Whom the server runs as: it refuses to be root's."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


@contextmanager
def sqlite(template: Path, folder: Path) -> Iterator[str]:
    """A copy of the template, always in the same place of the folder."""
    file = folder / "ketang.db"
    for ending in ("-wal", "-shm"):
        file.with_name(f"{file.name}{ending}").unlink(missing_ok=True)
    file.unlink(missing_ok=True)
    shutil.copyfile(template, file)
    yield f"sqlite:///{file}"
