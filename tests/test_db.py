"""What the database thread promises: one commit for many calls, none of which hears of success before it."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import ForeignKey, event, insert, select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError, StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bot.batches import GROUP
from bot.db import Database, UtcDateTime, signal
from bot.errors import UserError

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


class Tables(DeclarativeBase):
    """Tables of these tests alone."""


class Note(Tables):
    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(unique=True)


class Remark(Tables):
    """Its note must exist at the commit, not before."""

    __tablename__ = "remarks"

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("notes.id", deferrable=True, initially="DEFERRED"))


class Moment(Tables):
    __tablename__ = "moments"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Refusal(UserError):
    text = "不行：{why}。"


@pytest.fixture(autouse=True)
def tables(database: Database) -> None:
    Tables.metadata.create_all(database.engine)


@pytest.fixture
def commits(database: Database) -> list[int]:
    """The moments the engine is about to commit."""
    seen: list[int] = []
    event.listen(database.engine, "commit", lambda _: seen.append(len(seen)))
    return seen


def write(session: Session, word: str) -> str:
    session.execute(insert(Note).values(word=word))
    return word


def write_and_refuse(session: Session, word: str) -> None:
    write(session, word)
    raise Refusal(why=word)


def words(database: Database) -> list[str]:
    return database.look(lambda session: sorted(session.scalars(select(Note.word))))


@contextmanager
def held_up(database: Database) -> Iterator[None]:
    """The writing thread is busy inside this block, so that what is called in it comes together."""
    begun, may_end = threading.Event(), threading.Event()

    def wait(session: Session) -> None:
        session.execute(select(1))
        begun.set()
        may_end.wait()

    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(database.run, wait)
        begun.wait()
        try:
            yield
        finally:
            may_end.set()
            waiting.result()


async def together(database: Database, *calls: tuple[Callable[..., object], str]) -> list[object]:
    """The results or errors of calls that share one batch."""
    with held_up(database):
        tasks = [asyncio.create_task(database.transact(fn, word)) for fn, word in calls]
        await asyncio.to_thread(int)  # by now each has put its call into the queue
    return await asyncio.gather(*tasks, return_exceptions=True)


# -- one commit for many ----------------------------------------------------------------------------------------------


async def test_calls_that_come_together_share_one_commit(database: Database, commits: list[int]) -> None:
    results = await together(database, *((write, f"w{n}") for n in range(50)))
    assert results == [f"w{n}" for n in range(50)]
    assert len(commits) == 2  # the call that held the thread up, and these fifty
    assert len(words(database)) == 50


async def test_a_crowd_is_cut_into_groups(database: Database, commits: list[int]) -> None:
    await together(database, *((write, f"w{n}") for n in range(GROUP + 1)))
    assert len(commits) == 3
    assert len(words(database)) == GROUP + 1


def write_all(session: Session, words: Sequence[str]) -> list[str]:
    write(session, "+".join(words))
    if "no" in words:
        raise Refusal(why="no")
    return [word.upper() for word in words]


async def crowd(database: Database, *words: str) -> list[object]:
    """What calls hear that share one batch and one function."""
    with held_up(database):
        tasks = [asyncio.create_task(database.transact_together(write_all, word)) for word in words]
        await asyncio.to_thread(int)
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_a_crowd_does_is_one_call(database: Database) -> None:
    assert await crowd(database, "a", "b", "c") == ["A", "B", "C"]
    assert words(database) == ["a+b+c"]


async def test_of_a_crowd_one_who_is_refused_is_refused_alone(database: Database) -> None:
    first, second, third = await crowd(database, "a", "no", "c")
    assert (first, str(second), third) == ("A", "不行：no。", "C")
    assert words(database) == ["a", "c"]


async def test_one_of_a_crowd_waits_for_nobody(database: Database) -> None:
    assert await database.transact_together(write_all, "alone") == "ALONE"
    assert words(database) == ["alone"]


async def test_a_call_that_comes_alone_is_committed_at_once(database: Database, commits: list[int]) -> None:
    assert await database.transact(write, "alone") == "alone"
    assert len(commits) == 1


async def test_nobody_hears_of_success_before_the_commit(database: Database) -> None:
    calls: list[asyncio.Task[str]] = []
    told: list[bool] = []
    event.listen(database.engine, "commit", lambda _: told.extend(call.done() for call in calls))
    with held_up(database):
        calls += [asyncio.create_task(database.transact(write, word)) for word in ("one", "two")]
        await asyncio.to_thread(int)
    assert await asyncio.gather(*calls) == ["one", "two"]
    assert told == [False] * 4  # at the commit of the call before, and at their own


async def test_a_commit_that_fails_is_told_to_every_call_of_it(database: Database) -> None:
    def orphan(session: Session, _: str) -> None:
        session.execute(insert(Remark).values(note_id=404))

    first, second = await together(database, (write, "one"), (orphan, ""))
    assert isinstance(first, IntegrityError)
    assert isinstance(second, IntegrityError)
    assert words(database) == []


# -- each for itself --------------------------------------------------------------------------------------------------


async def test_a_refused_call_takes_only_its_own_effect_back(database: Database) -> None:
    results = await together(database, (write, "one"), (write_and_refuse, "two"), (write, "three"))
    assert results[0::2] == ["one", "three"]
    assert str(results[1]) == "不行：two。"
    assert words(database) == ["one", "three"]


async def test_a_broken_constraint_concerns_only_the_call_that_broke_it(database: Database) -> None:
    results = await together(database, (write, "one"), (write, "one"), (write, "two"))
    assert results[0::2] == ["one", "two"]
    assert isinstance(results[1], IntegrityError)
    assert words(database) == ["one", "two"]


async def test_what_a_session_cannot_flush_concerns_only_its_call(database: Database) -> None:
    def add(session: Session, word: str) -> None:
        session.add(Note(word=word))

    results = await together(database, (write, "one"), (add, "one"), (add, "two"), (write, "three"))
    assert results[0] == "one"
    assert isinstance(results[1], IntegrityError)
    assert results[2:] == [None, "three"]
    assert words(database) == ["one", "three", "two"]


async def test_a_statement_that_cannot_run_concerns_only_its_call(database: Database) -> None:
    def ask_nonsense(session: Session, _: str) -> None:
        session.execute(text("SELECT * FROM no_such_table"))

    results = await together(database, (write, "one"), (ask_nonsense, ""), (write, "two"))
    assert results[0::2] == ["one", "two"]
    assert isinstance(results[1], DatabaseError)
    assert words(database) == ["one", "two"]


async def test_a_call_never_sees_what_another_kept_in_memory(database: Database) -> None:
    kept: list[Note] = []

    def remember(session: Session, word: str) -> None:
        kept.append(session.scalars(select(Note).where(Note.word == word)).one())

    def rename(session: Session, word: str) -> None:
        session.connection().execute(update(Note).values(word=word))

    def recall(session: Session, _: str) -> str:
        return session.scalars(select(Note)).one().word

    await database.transact(write, "old")
    assert (await together(database, (remember, "old"), (rename, "new"), (recall, "")))[2] == "new"


async def test_an_error_after_a_flush_leaves_no_row_behind_in_memory(database: Database) -> None:
    def add(session: Session, word: str) -> None:
        session.add(Note(id=7, word=word))
        session.flush()
        raise Refusal(why=word)

    def count(session: Session, _: str) -> object:
        return session.get(Note, 7)

    assert (await together(database, (add, "x"), (count, "")))[1] is None


# -- signals ----------------------------------------------------------------------------------------------------------


def signalling(session: Session, name: str) -> None:
    write(session, name)
    signal(session, name)


def signalling_and_refusing(session: Session, name: str) -> None:
    signal(session, name)
    raise Refusal(why=name)


async def test_signals_of_a_batch_are_heard_once_after_its_commit(database: Database, commits: list[int]) -> None:
    heard: list[tuple[int, frozenset[str]]] = []
    database.listen(lambda signals: heard.append((len(commits), signals)))
    await together(database, (signalling, "outbox"), (signalling, "jobs"), (signalling_and_refusing, "never"))
    assert heard == [(2, frozenset({"outbox", "jobs"}))]


def test_a_quiet_call_wakes_nobody(database: Database) -> None:
    heard: list[frozenset[str]] = []
    database.listen(heard.append)
    database.run(write, "quiet")
    with pytest.raises(Refusal):
        database.run(signalling_and_refusing, "x")
    assert heard == []


# -- reading ----------------------------------------------------------------------------------------------------------


async def test_reading_keeps_nothing(database: Database) -> None:
    with pytest.raises(DatabaseError):
        await database.read(write, "never")
    assert words(database) == []


async def test_a_reading_sees_one_moment(database: Database) -> None:
    await database.transact(write, "before")
    looked, may_go_on = threading.Event(), threading.Event()

    def look_twice(session: Session) -> list[list[str]]:
        first = list(session.scalars(select(Note.word)))
        looked.set()
        may_go_on.wait()
        return [first, list(session.scalars(select(Note.word)))]

    reading = asyncio.create_task(database.read(look_twice))
    await asyncio.to_thread(looked.wait)
    await database.transact(write, "after")
    may_go_on.set()
    assert await reading == [["before"], ["before"]]
    assert words(database) == ["after", "before"]


# -- values -----------------------------------------------------------------------------------------------------------


def test_a_moment_comes_back_aware_and_in_utc(database: Database) -> None:
    beijing = timezone(timedelta(hours=8))
    database.run(lambda session: session.add(Moment(id=1, at=NOON.astimezone(beijing))))
    moment = database.look(lambda session: session.scalars(select(Moment.at)).one())
    assert moment == NOON
    assert moment is not None
    assert moment.tzinfo is UTC


def test_moments_are_compared_in_the_database(database: Database) -> None:
    database.run(lambda session: session.add_all([Moment(id=1, at=NOON), Moment(id=2, at=None)]))
    later = select(Moment.id).where(Moment.at > NOON - timedelta(microseconds=1))
    assert database.look(lambda session: list(session.scalars(later))) == [1]


def test_a_moment_without_zone_is_not_stored(database: Database) -> None:
    with pytest.raises(StatementError, match="naive"):
        database.run(lambda session: session.execute(insert(Moment).values(id=1, at=NOON.replace(tzinfo=None))))


# -- ends -------------------------------------------------------------------------------------------------------------


async def test_closing_finishes_what_is_queued(database_url: str) -> None:
    database = Database(database_url)
    with held_up(database):
        tasks = [asyncio.create_task(database.transact(write, f"w{n}")) for n in range(GROUP + 1)]
        await asyncio.to_thread(int)
        closing = asyncio.create_task(asyncio.to_thread(database.close))
        await asyncio.to_thread(int)
    await closing
    assert len(await asyncio.gather(*tasks)) == GROUP + 1


async def test_a_caller_who_no_longer_waits_disturbs_nobody(database: Database) -> None:
    with held_up(database):
        gone = asyncio.create_task(database.transact(write, "gone"))
        stays = asyncio.create_task(database.transact(write, "stays"))
        await asyncio.to_thread(int)
        gone.cancel()
    assert await stays == "stays"
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert words(database) == ["gone", "stays"]


def test_work_on_other_threads_is_not_mixed_up(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda n: database.run(write, f"w{n}"), range(40))) == [f"w{n}" for n in range(40)]
