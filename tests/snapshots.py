"""Rows of a database as they once were, to be put back: making them by the services takes a hundred times as long."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from bot.db import Database, dialect_of
from bot.migrations.tables import METADATA
from tests.databases import Again

Row = Mapping[str, object]
Rows = Mapping[str, Sequence[Row]]


class Scene(Protocol):
    """A play on a database: what else it knows, its clock and its numbers, goes with the rows."""

    @property
    def database(self) -> Database: ...


S = TypeVar("S", bound=Scene)
_remembered: dict[tuple[Callable[..., None], bool], tuple["Snapshot", dict[str, object]]] = {}
_steps: dict[tuple[Hashable, ...], "Snapshot"] = {}

# Where PostgreSQL goes on counting.
_COUNTERS = text("SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL")
_COUNT_ON = text("SELECT setval(:sequence, :last)")


@dataclass(frozen=True)
class Snapshot:
    """What leads from the rows of before to those of after."""

    emptied: Sequence[str]
    added: Rows
    counters: Sequence[Row]

    def put_back(self, session: Session) -> None:
        for name in reversed(self.emptied):
            session.execute(delete(METADATA.tables[name]))
        for name, rows in self.added.items():
            session.execute(insert(METADATA.tables[name]), rows)
        if self.counters:
            session.execute(_COUNT_ON, self.counters)


def all_rows(session: Session) -> Rows:
    """Every row of every table that has some."""
    tables = METADATA.sorted_tables
    found = {t.name: session.execute(select(t).order_by(*t.primary_key)).mappings().all() for t in tables}
    return {name: [dict(row) for row in rows] for name, rows in found.items() if rows}


def since(session: Session, before: Rows) -> Snapshot:
    """How the rows have changed; where one of before is not as it was, all are written anew."""
    after, counters = all_rows(session), _counters(session)
    if all(row in after.get(name, ()) for name, rows in before.items() for row in rows):
        added = {name: [row for row in rows if row not in before.get(name, ())] for name, rows in after.items()}
        return Snapshot((), {name: rows for name, rows in added.items() if rows}, counters)
    return Snapshot(tuple(before), after, counters)


def after(scene: S, act: Callable[[S], None]) -> S:
    """The scene as it stands after the act, played once, for the first test that asks: it must always begin alike."""
    key, database = (act, scene.database.is_sqlite), scene.database
    if (known := _remembered.get(key)) is None:
        before = database.look(all_rows)
        act(scene)
        own = {name: value for name, value in vars(scene).items() if name != "database"}
        _remembered[key] = database.look(since, before), deepcopy(own)
    else:
        database.run(known[0].put_back)
        vars(scene).update(deepcopy(known[1]))
    return scene


def step(database: Database, name: Hashable, act: Callable[[], object]) -> None:
    """One transaction with which tests begin: made once for all of them that have come to it by the same steps, in
    any other database by the act."""
    if not isinstance(database, Again) or database.runs > len(database.steps):
        act()
        return
    database.steps.append(name)
    way = (database.is_sqlite, *database.steps)
    if (known := _steps.get(way)) is not None:
        database.run(known.put_back)
        return
    before = database.look(all_rows)
    act()
    assert database.runs == len(database.steps), f"{name} takes more than one transaction"
    _steps[way] = database.look(since, before)


def _counters(session: Session) -> Sequence[Row]:
    if dialect_of(session) == "sqlite":  # counts on from the highest number there is
        return []
    return [{"sequence": name, "last": last} for name, last in session.execute(_COUNTERS)]
