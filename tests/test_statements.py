"""Constant statements: the same rows and errors as by SQLAlchemy's own way, on both databases."""

from datetime import UTC, datetime
from enum import Enum

import pytest
from sqlalchemy import JSON, Integer, bindparam, event, insert, select, update
from sqlalchemy import Enum as EnumType
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bot.db import Database, UtcDateTime
from bot.statements import Query, Write, among

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


class Colour(Enum):
    RED = 1
    GOLD = 2


class Tables(DeclarativeBase):
    """Tables of these tests alone."""


class Flag(Tables):
    __tablename__ = "flags"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    colour: Mapped[Colour] = mapped_column(EnumType(Colour, native_enum=False, length=8), default=Colour.RED)
    raised_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    marks: Mapped[list[int]] = mapped_column(JSON, default=None)


NEW = Query(insert(Flag).returning(Flag.id))
ALL = Query(select(Flag.name, Flag.colour, Flag.raised_at, Flag.marks).order_by(Flag.name))
PAINTED = Write(update(Flag).where(Flag.colour == Colour.RED, Flag.name == bindparam("called")))
FLAGS = Write(insert(Flag))
SOME = Query(lambda dialect: select(Flag.name).where(among(dialect, Flag.id, "numbers")))


@pytest.fixture(autouse=True)
def tables(database: Database) -> None:
    Tables.metadata.create_all(database.engine)


def hoist(session: Session, name: str) -> int:
    [(id_,)] = NEW.all(session, {"name": name, "raised_at": NOON, "marks": [1, 2]})
    return id_


def test_values_go_in_and_come_out_as_the_columns_say(database: Database) -> None:
    assert database.run(hoist, "a") == 1
    assert database.look(ALL.all, {}) == [("a", Colour.RED, NOON, [1, 2])]


def test_an_update_sets_what_it_is_given(database: Database) -> None:
    database.run(hoist, "a")
    assert database.run(PAINTED.run, {"called": "a", "raised_at": None}) == 1
    assert database.run(PAINTED.run, {"called": "a", "colour": Colour.GOLD}) == 1
    assert database.run(PAINTED.run, {"called": "a", "colour": Colour.GOLD}) == 0
    assert database.look(ALL.all, {}) == [("a", Colour.GOLD, None, [1, 2])]


def test_many_rows_are_written_at_once(database: Database) -> None:
    rows = [{"name": name, "colour": Colour.GOLD, "marks": []} for name in "cab"]
    assert database.run(FLAGS.run_all, rows) == 3
    assert database.run(FLAGS.run_all, []) == 0
    assert [row[0] for row in database.look(ALL.all, {})] == ["a", "b", "c"]


def test_a_broken_constraint_is_told_as_always(database: Database) -> None:
    database.run(hoist, "a")
    with pytest.raises(IntegrityError):
        database.run(hoist, "a")


def test_a_value_that_was_forgotten_is_told(database: Database) -> None:
    with pytest.raises(InvalidRequestError, match="called"):
        database.run(PAINTED.run, {"colour": Colour.GOLD})


def test_a_list_of_values_is_refused(database: Database) -> None:
    some = Query(select(Flag.id).where(Flag.name.in_(["a", "b"])))
    with pytest.raises(TypeError, match="list"):
        database.look(some.all, {})


@pytest.mark.parametrize(("numbers", "found"), [([], []), ([2], ["b"]), ([3, 1, 2**40], ["a", "c"])])
def test_a_list_of_any_length_is_one_value(database: Database, numbers: list[int], found: list[str]) -> None:
    for name in "abc":
        database.run(hoist, name)
    assert sorted(name for (name,) in database.look(SOME.all, {"numbers": numbers})) == found


def test_an_update_of_several_says_how_many(database: Database) -> None:
    for name in "abc":
        database.run(hoist, name)
    many = [{"called": name, "colour": Colour.GOLD} for name in ("a", "b", "z")]
    assert database.run(PAINTED.run_all, many) == 2


def test_who_listens_for_statements_hears_of_these(database: Database) -> None:
    heard: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *told: heard.append(told[2]))
    database.run(hoist, "a")
    assert [statement.split()[0] for statement in heard if "flags" in statement] == ["INSERT"]
