"""The database beside other processes, on a full disk, after its server has hung up."""

import resource
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import make_url, select, text, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bot.db import Database, NotSaved

ROUNDS = 60
ROOM = 256 * 1024  # bytes a file may have before the disk is called full


class Tables(DeclarativeBase):
    """Tables of these tests alone."""


class Counter(Tables):
    __tablename__ = "counters"

    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int]


class Line(Tables):
    __tablename__ = "lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str]


@dataclass(frozen=True)
class Told:
    """What the child was told while its disk had room, was full, and had room again."""

    saved: int
    refused: str
    saved_later: int


@contextmanager
def connected(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


def count_up(session: Session) -> None:
    """Read, compute, write: what loses updates wherever two may do it at the same time."""
    value = session.scalars(select(Counter.value)).one()
    session.execute(update(Counter).values(value=value + 1))


def count_up_often(url: str) -> int:
    """What a second process does: how often it was told that it had counted."""
    done = 0
    with connected(url) as database:
        while done < ROUNDS:
            try:
                database.run(count_up)
            except NotSaved:
                continue
            done += 1
    return done


def fill_the_disk(url: str) -> Told:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def write(session: Session) -> None:
        session.add(Line(words="党章" * 2000))

    with connected(url) as database:
        saved, refused = 0, ""
        resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
        while not refused:
            try:
                database.run(write)
                saved += 1
            except NotSaved as error:
                refused = str(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        database.run(write)
    return Told(saved, refused, 1)


def lines(session: Session) -> int:
    return len(list(session.scalars(select(Line.id))))


def make_tables(session: Session) -> None:
    Tables.metadata.create_all(session.connection())
    session.add(Counter(id=1, value=0))


def value(session: Session) -> int:
    return session.scalars(select(Counter.value)).one()


def test_two_processes_lose_no_update(database: Database, database_url: str, children: ProcessPoolExecutor) -> None:
    database.run(make_tables)
    told = list(children.map(count_up_often, [database_url, database_url]))
    assert told == [ROUNDS, ROUNDS]
    assert database.look(value) == 2 * ROUNDS


def test_a_full_disk_is_told_and_forgotten_when_it_clears(sqlite_url: str, children: ProcessPoolExecutor) -> None:
    with connected(sqlite_url) as database:
        database.run(make_tables)
    told = children.submit(fill_the_disk, sqlite_url).result()
    assert told.saved > 0
    assert told.refused == "暂未保存，请稍后再点一次。"
    with closing(sqlite3.connect(make_url(sqlite_url).database or "")) as file:
        assert file.execute("SELECT count(*) FROM lines").fetchone() == (told.saved + told.saved_later,)
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_lock_of_somebody_else_is_waited_for_then_told(sqlite_url: str) -> None:
    file = make_url(sqlite_url).database or ""
    with connected(f"{sqlite_url}?timeout=0.1") as database, closing(sqlite3.connect(file)) as other:
        database.run(make_tables)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(NotSaved):
            database.run(count_up)
        other.rollback()
        database.run(count_up)
        assert database.look(value) == 1


# -- PostgreSQL restarts ----------------------------------------------------------------------------------------------

Call = Callable[[Database, Callable[[Session], int]], int]


def hang_up(url: str) -> None:
    """What a restart of the server does to the connections we hold."""
    others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with connected(url) as database:
        database.run(lambda session: session.execute(text(f"SELECT pg_terminate_backend(pid) FROM ({others}) o")).all())


@pytest.mark.parametrize("call", [Database.run, Database.look])
def test_a_server_that_hung_up_is_called_again(postgres_url: str, call: Call) -> None:
    with connected(postgres_url) as database:
        database.run(make_tables)
        assert call(database, value) == 0
        hang_up(postgres_url)
        assert call(database, value) == 0


@pytest.mark.parametrize("call", [Database.run, Database.look])
def test_a_server_that_hangs_up_in_the_middle_is_asked_again(postgres_url: str, call: Call) -> None:
    tries: list[int] = []

    def interrupted(session: Session) -> int:
        tries.append(value(session))
        if len(tries) == 1:
            hang_up(postgres_url)
        return value(session)

    with connected(postgres_url) as database:
        database.run(make_tables)
        assert call(database, interrupted) == 0
    assert tries == [0, 0]


@pytest.mark.parametrize("call", [Database.run, Database.look])
def test_a_server_that_is_gone_is_told_as_not_saved(call: Call) -> None:
    with connected("postgresql+psycopg://ketang@127.0.0.1:1/ketang") as database, pytest.raises(NotSaved):
        call(database, value)
