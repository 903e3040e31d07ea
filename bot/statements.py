"""Statements that never change, compiled once for each kind of database and run on the driver's own cursor.

What hundreds of people do in the same minute is made of these. SQLAlchemy still writes the SQL and converts the values;
only its way to the cursor and back is left out, 40 to 60 µs a statement where SQLite itself takes 5 to 15.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Generic, NamedTuple, TypeVarTuple, cast

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Insert,
    Select,
    Update,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor, DBAPIModule, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate
from sqlalchemy.types import TypeEngine

Ts = TypeVarTuple("Ts")
Values = Mapping[str, object]
Convert = Callable[[object], object]
Bound = Sequence[object] | dict[str, object]
Executable = Select[*tuple[object, ...]] | Insert | Update


_NONE: Values = {}


class _Compiled(NamedTuple):
    sql: str
    names: Sequence[str] | None  # the order of places; none: the driver takes them by name
    fixed: dict[str, object]  # what stands in the statement or is a column's default, as the driver wants it
    into: dict[str, Convert]
    out_of: tuple[tuple[int, Convert], ...]


class _Statement:
    """Values that differ from call to call are bound parameters; a list of them is one by `among`. What differs
    between databases is a function of the dialect's name. Nothing is flushed: what the session holds back is not seen.
    """

    def __init__(self, built: Executable | Callable[[str], Executable]) -> None:
        self._built = built
        self._compiled: dict[tuple[str, ...], _Compiled] = {}

    def _for(self, dialect: Dialect, values: Values) -> _Compiled:
        key = (dialect.name, *values)  # an insert or update has the columns it is given
        found = self._compiled.get(key)
        if found is None:
            built = self._built(dialect.name) if callable(self._built) else self._built
            found = self._compiled[key] = _compile(built, dialect, values)
        return found


class Query(_Statement, Generic[*Ts]):
    """A statement that gives rows, as plain tuples."""

    def __init__(
        self,
        built: Select[*Ts]
        | ReturningInsert[*Ts]
        | ReturningUpdate[*Ts]
        | Callable[[str], Select[*Ts] | ReturningInsert[*Ts]],
    ) -> None:
        super().__init__(built)

    def all(self, session: Session, values: Values) -> list[tuple[*Ts]]:
        line = _line(session)
        compiled = self._for(line.dialect, values)
        rows = _run(line, compiled.sql, _bound(compiled, values)).fetchall()
        if compiled.out_of:
            rows = [_converted(row, compiled.out_of) for row in rows]
        return cast("list[tuple[*Ts]]", rows)

    def first(self, session: Session, values: Values) -> tuple[*Ts] | None:
        rows = self.all(session, values)
        return rows[0] if rows else None


class Write(_Statement):
    """A statement that gives no rows."""

    def run(self, session: Session, values: Values) -> int:
        """How many rows it concerned."""
        line = _line(session)
        compiled = self._for(line.dialect, values)
        return _run(line, compiled.sql, _bound(compiled, values)).rowcount

    def run_all(self, session: Session, many: Sequence[Values], common: Values = _NONE) -> int:
        """Once for each of `many`, which all have the same names, with what is `common` to them; how many rows it
        concerned in all.
        """
        if not many:
            return 0
        line = _line(session)
        compiled = self._for(line.dialect, {**common, **many[0]})
        return _run(line, compiled.sql, _all_bound(compiled, many, common), is_many=True).rowcount


def among(dialect: str, column: ColumnElement[int] | InstrumentedAttribute[int], name: str) -> ColumnElement[bool]:
    """Whether the column is in the list bound as `name`: of any length, and the statement stays the same."""
    if dialect == "sqlite":
        return column.in_(select(func.json_each(bindparam(name, type_=JSON)).table_valued("value").c.value))
    return column == any_(bindparam(name, type_=ARRAY(BigInteger)))


@dataclass(frozen=True, slots=True)
class _Line:
    """A session's way to its database."""

    connection: Connection
    dialect: Dialect
    driver: DBAPIConnection | PoolProxiedConnection
    listeners: tuple[Callable[..., object], ...]  # who wants to hear of statements


def keep_line(session: Session) -> None:
    """Begin the one transaction of this session; to find the way for each of its statements takes as long as they."""
    session.info["line"] = _new_line(session)


def _line(session: Session) -> _Line:
    kept = session.info.get("line")
    return kept if isinstance(kept, _Line) else _new_line(session)


def _new_line(session: Session) -> _Line:
    connection = session.connection()
    listeners = tuple(connection.dispatch.before_cursor_execute)
    lent = connection.connection
    # Past the pool's wrapper, which is asked twice a statement: 10 µs of a vote.
    return _Line(connection, connection.dialect, lent.dbapi_connection or lent, listeners)


class Savepoint:
    """What happens inside is undone alone if it raises: at 10 µs where the session's own savepoint takes 110.

    A flush that fails inside makes the session give up everything: then it is not active any more.
    """

    def __init__(self, session: Session) -> None:
        self._session, self._line = session, _line(session)

    def __enter__(self) -> None:
        _run(self._line, "SAVEPOINT call", ())

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._session.flush()
            _run(self._line, "RELEASE SAVEPOINT call", ())
        elif self._session.is_active and not self._line.connection.invalidated:
            _run(self._line, "ROLLBACK TO SAVEPOINT call", ())


def _compile(built: Executable, dialect: Dialect, values: Values) -> _Compiled:
    compiled = built.compile(dialect=dialect, column_keys=list(values), for_executemany=True)
    if compiled.post_compile_params or compiled.literal_execute_params:
        raise TypeError("a list of values cannot be part of a constant statement")
    converts = {name: into for bind, name in compiled.bind_names.items() if (into := _into(bind.type, dialect))}
    given = {
        **compiled.construct_params(dict.fromkeys(values)),
        **{c.key: _default(c.default) for c in compiled.prefetch},
    }
    return _Compiled(
        str(compiled),
        compiled.positiontup if compiled.positional else None,
        {n: converts[n](v) if n in converts else v for n, v in given.items() if n not in values},
        {name: into for name, into in converts.items() if name in values},
        tuple((n, out) for n, c in enumerate(built.exported_columns) if (out := _out_of(c.type, dialect))),
    )


def _default(default: object) -> object:
    if not getattr(default, "is_scalar", False):
        raise TypeError("only a plain default can be part of a constant statement")
    return getattr(default, "arg", None)


def _into(kind: TypeEngine[object], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _out_of(kind: TypeEngine[object], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _bound(compiled: _Compiled, values: Values) -> Bound:
    bound = {**compiled.fixed, **values}
    for name, into in compiled.into.items():
        bound[name] = into(bound[name])
    return bound if compiled.names is None else [bound[name] for name in compiled.names]


def _all_bound(compiled: _Compiled, many: Sequence[Values], common: Values) -> Sequence[Bound]:
    """The same for many rows, a column at a time: half of what it takes a row at a time."""
    into, same = compiled.into, {**compiled.fixed, **common}
    shared = {name: into[name](value) if name in into and name in common else value for name, value in same.items()}
    columns = {
        name: [into[name](values[name]) for values in many] if name in into else [values[name] for values in many]
        for name in many[0]
    }
    if compiled.names is None:
        names = list(columns)
        return [{**shared, **dict(zip(names, row, strict=True))} for row in zip(*columns.values(), strict=True)]
    return list(zip(*(columns.get(name) or repeat(shared[name], len(many)) for name in compiled.names), strict=True))


def _converted(row: Sequence[object], converts: tuple[tuple[int, Convert], ...]) -> tuple[object, ...]:
    fresh = list(row)
    for place, out in converts:
        fresh[place] = out(fresh[place])
    return tuple(fresh)


def _run(line: _Line, sql: str, values: Bound | Sequence[Bound], *, is_many: bool = False) -> DBAPICursor:
    """On the driver's cursor. Its errors become SQLAlchemy's, and who listens for statements hears of this one."""
    cursor = line.driver.cursor()
    for listener in line.listeners:
        listener(line.connection, cursor, sql, values, None, is_many)
    try:
        (cursor.executemany if is_many else cursor.execute)(sql, values)  # type: ignore[arg-type]  # as `is_many` says
    except line.dialect.loaded_dbapi.Error as error:
        raise _wrapped(line, cursor, sql, error) from error
    return cursor


def _wrapped(line: _Line, cursor: DBAPICursor, sql: str, error: DBAPIModule.Error) -> Exception:
    is_gone = line.dialect.is_disconnect(error, line.driver, cursor)
    if is_gone:
        line.connection.invalidate(error)
    base = line.dialect.loaded_dbapi.Error
    return DBAPIError.instance(sql, None, error, base, connection_invalidated=is_gone, dialect=line.dialect)
