"""The databases: one writing thread that groups commits, a few reading threads, and what all tables share.

Only this module commits. A call of `transact` is one transaction to its caller; calls that come together share one
commit, each inside its own savepoint, and none hears of success before the commit. Those of `transact_together` share
the savepoint too, as long as nothing goes wrong in it.
"""

import asyncio
import random
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import structlog
from sqlalchemy import DateTime, Dialect, Engine, Index, MetaData, Table, event, make_url, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from bot import batches, engines, faults, statements
from bot.batches import Call
from bot.clock import monotonic
from bot.errors import UserError

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

log = structlog.get_logger()
A = TypeVar("A")
R = TypeVar("R")
Guard = AbstractContextManager[object]

SLOW = 0.1  # seconds of one body after which it is logged: it holds up everybody else
FOR_POSTGRES = "where"  # in an index's `info`: the condition in its own words, where it has others than SQLite
REPEATS = 5  # of a batch after a lost connection or a serialization failure


class NotSaved(UserError):
    text = "暂未保存，请稍后再点一次。"


class Damaged(UserError):
    text = "数据库文件 {path} 已损坏，程序没有启动，也没有改动它。请用备份替换这个文件后再启动。"


class Unreachable(UserError):
    text = "连不上数据库：{reason}"


class SpoiltError(Exception):
    """A flush failed and the session gave up the whole transaction: the batch has to be done again."""


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def only(name: str, *columns: str, where: str) -> Index:
    """At most one row per value of `columns` among those for which `where` holds.

    PostgreSQL hears of `where` when tables are made: to name it here loads its dialect, 30 ms and 3 MB of each start.
    """
    return Index(name, *columns, unique=True, sqlite_where=text(where))


@event.listens_for(Base.metadata, "before_create")
def _tell_postgres(metadata: MetaData, connection: Connection, **_: object) -> None:
    if connection.dialect.name == "postgresql":
        for index in (index for table in metadata.tables.values() for index in table.indexes):
            where = index.info.get(FOR_POSTGRES) or index.dialect_options["sqlite"]["where"]
            index.dialect_options["postgresql"]["where"] = where


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC; SQLite, which knows no zones, keeps it naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], object] | None:
        """For SQLite at once the text it keeps: by the library's three steps each moment takes 4 µs, not 1."""
        return _as_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], datetime | None] | None:
        """And back: read, checked and given its zone in three steps, a moment took 2 µs, now 0.3."""
        return _as_moment if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: datetime | None, _: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _as_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a naive datetime cannot be stored")
    return value.astimezone(UTC).isoformat(" ", "microseconds")[:26]


def _as_moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


def upsert(session: Session, model: type[Base]) -> "sqlite.Insert | postgresql.Insert":
    """The dialect's INSERT with `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return upsert_on(dialect_of(session), model)


def upsert_on(dialect: str, model: type[Base]) -> "sqlite.Insert | postgresql.Insert":
    """The same for statements that are built once: where thousands a second run, building one costs more than it."""
    table = model.__table__
    assert isinstance(table, Table)
    if dialect == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415  # a tenth of a start, for those who have no server

    return postgresql.insert(table)


def dialect_of(session: Session) -> str:
    return session.get_bind().dialect.name


def signal(session: Session, name: str) -> None:
    """Wake whoever listens for `name` once this transaction is committed."""
    session.info.setdefault("signals", set()).add(name)


class Database:
    """A database by SQLAlchemy URL; `listen` functions hear the signals of each commit on the writing thread."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._writer = engines.sqlite(self.url, writes=True) if self.is_sqlite else engines.postgres(self.url)
        self._reader = (
            engines.sqlite(self.url, writes=False)
            if self.is_sqlite
            else self._writer.execution_options(postgresql_readonly=True)
        )
        self._listeners: list[Callable[[frozenset[str]], None]] = []
        self._coming: dict[asyncio.AbstractEventLoop, list[Call]] = {}
        self._calls = batches.Waiting()
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None  # of that thread
        self._readers = ThreadPoolExecutor(3, "db-read")
        self._starting = threading.Lock()

    @property
    def file(self) -> Path | None:
        return Path(self.url.database or "") if self.is_sqlite else None

    def unusable(self, error: DBAPIError) -> UserError | None:
        """What to tell whoever starts the program on a database that cannot be used; None: it is not that."""
        if self.file is not None:
            code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
            if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}:
                return engines.not_writable(self.file if self.file.exists() else self.file.parent)
            return Damaged(path=self.file) if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} else None
        return Unreachable(reason=str(error.orig).partition("\n")[0]) if faults.concerns_all(error) else None

    @property
    def engine(self) -> Engine:
        """For migrations and bulk loading before anything else runs."""
        return self._writer

    def listen(self, listener: Callable[[frozenset[str]], None]) -> None:
        self._listeners.append(listener)

    async def transact(self, fn: Callable[..., R], *args: object, **kwargs: object) -> R:
        """Run `fn(session, …)` in a transaction of its own and return after the commit.

        Raises what `fn` raises (its effect undone), or NotSaved when nothing could be committed.
        """
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[R] = loop.create_future()
        self._come(Call(fn, batches.telling(waiting), loop, args, kwargs), loop)
        return await waiting

    async def transact_together(self, fn: Callable[[Session, Sequence[A]], Sequence[R]], item: A) -> R:
        """`transact` for what a crowd does in one moment: all who wait for the same `fn` are one call of it, and what
        it returns holds a result for each.

        If that raises, it is made again for each alone, and each hears of his own.
        """
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[R] = loop.create_future()
        self._come(Call(fn, batches.telling(waiting), loop, (item,), is_item=True), loop)
        return await waiting

    def run(self, fn: Callable[..., R], *args: object, **kwargs: object) -> R:
        """`transact` for callers without an event loop."""
        waiting: Future[R] = Future()
        self._put([Call(fn, batches.telling(waiting), None, args, kwargs)])
        return waiting.result()

    async def read(self, fn: Callable[..., R], *args: object, **kwargs: object) -> R:
        """Run `fn(session, …)` on a reading thread, on a snapshot; nothing it does is kept. Raises NotSaved, too."""
        work = asyncio.get_running_loop().run_in_executor(self._readers, lambda: self.look(fn, *args, **kwargs))
        return await work

    def look(self, fn: Callable[..., R], *args: object, **kwargs: object) -> R:
        """`read` for callers without an event loop."""
        repeat = 0
        while True:
            try:
                with Session(self._reader, expire_on_commit=False) as session:
                    return fn(session, *args, **kwargs)
            except DBAPIError as error:
                if repeat == REPEATS or not faults.is_transient(error):
                    is_down = faults.concerns_all(error) and not faults.is_write(error)
                    raise (NotSaved() if is_down else error) from error
            _wait(repeat)
            repeat += 1

    def close(self) -> None:
        """Finish what is queued, then let the connections go."""
        if self._thread is not None:
            self._calls.end()
            self._thread.join()
            self._thread = None
        self._readers.shutdown()
        self._reader.dispose()
        self._writer.dispose()

    def _come(self, call: Call, loop: asyncio.AbstractEventLoop) -> None:
        coming = self._coming.setdefault(loop, [])
        if not coming:  # handlers that go on together ask together: sent at the end of the turn, they share a commit
            loop.call_soon(self._send, loop)
        coming.append(call)

    def _send(self, loop: asyncio.AbstractEventLoop) -> None:
        self._put(self._coming.pop(loop))

    def _put(self, calls: list[Call]) -> None:
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._write, name="db-write", daemon=True)
                    self._thread.start()
        for call in calls:
            self._calls.put(call)

    def _write(self) -> None:
        while (batch := self._calls.take()) is not None:
            self._commit(batch)
            batches.hand_back(batch)
        self._let_go()

    def _commit(self, batch: list[Call]) -> None:
        for repeat in range(REPEATS + 1):
            try:
                signals = self._attempt(batch)
            except DBAPIError as error:
                if repeat < REPEATS and faults.is_transient(error):
                    _wait(repeat)
                    continue
                log.exception("commit_failed", calls=len(batch))
                batches.fail(batch, NotSaved() if faults.concerns_all(error) else error)
            except Exception as error:  # the writing thread must outlive whatever a driver raises
                log.exception("commit_failed", calls=len(batch))
                batches.fail(batch, error)
            else:
                for listener in self._listeners if signals else ():
                    listener(signals)
            return

    def _attempt(self, batch: Iterable[Call]) -> frozenset[str]:
        try:
            return self._run_all(batch, statements.Savepoint)
        except SpoiltError:  # rare: now with savepoints that a failed flush cannot go beyond
            return self._run_all(batch, Session.begin_nested)

    @contextmanager
    def _kept(self) -> Iterator[Connection]:
        """The writing thread's connection, held from batch to batch: to take and return it was a third of a small one.

        After whatever goes wrong it is given back, for the pool to judge, and another is taken.
        """
        if self._connection is None:
            self._connection = self._writer.connect()
        is_well = False
        try:
            yield self._connection
            is_well = True
        finally:
            if not is_well:
                self._let_go()

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _run_all(self, batch: Iterable[Call], alone: Callable[[Session], Guard]) -> frozenset[str]:
        signals: set[str] = set()
        with self._kept() as connection, Session(connection, expire_on_commit=False) as session, session.begin():
            statements.keep_line(session)
            coming = deque(batches.together(batch))
            while coming:
                calls = coming.popleft()
                began = monotonic()
                try:
                    with alone(session):
                        batches.perform(session, calls)
                except Exception as error:  # handed back to its caller; the others go on
                    coming.extendleft(_undone(session, calls, error))
                else:
                    signals |= session.info.pop("signals", set())
                if any(True for _ in session):
                    session.expunge_all()  # the next call is a transaction of its own and remembers nothing
                if (took := monotonic() - began) > SLOW:
                    log.warning("transaction_dragged", call=calls[0].name, seconds=round(took, 3))
        return frozenset(signals)


def _undone(session: Session, calls: Sequence[Call], error: Exception) -> list[list[Call]]:
    """What is left to do after calls of one transaction have failed: of several, each alone, the last first."""
    if isinstance(error, DBAPIError) and faults.concerns_all(error):
        raise error
    if not session.is_active:
        raise SpoiltError from error
    session.info.pop("signals", None)
    if len(calls) > 1:
        return [[call] for call in reversed(calls)]
    batches.fail(calls, error)
    return []


def _wait(repeat: int) -> None:
    threading.Event().wait(random.uniform(0.02, 0.1) * 2**repeat)  # noqa: S311  # jitter
