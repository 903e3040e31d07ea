"""What many tests of a file begin with: made by the services for the first of them, put back as rows for the others."""

from collections.abc import Callable
from copy import copy, deepcopy
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from tests import snapshots
from tests.meetings.play import Play

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class _Played:
    """The database and the play once a scene is over, and what the scene gave."""

    rows: snapshots.Snapshot
    play: Play
    strangers: int
    given: object


_played: dict[object, _Played] = {}


def scene(happens: Callable[Concatenate[Play, P], R]) -> Callable[Concatenate[Play, P], R]:
    """Let `happens` take place once for all plays in which nothing has happened before."""

    @wraps(happens)
    def again(play: Play, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if play.database.runs != play.runs_before:
            return happens(play, *args, **kwargs)
        key = (happens, play.database.is_sqlite, play.now, play.cast, args, tuple(kwargs.items()))
        if (known := _played.get(key)) is None:
            before = play.database.look(snapshots.all_rows)
            given = happens(play, *args, **kwargs)
            rows = play.database.look(snapshots.since, before)
            _played[key] = _Played(rows, _noted(play), play.make.strangers, deepcopy(given))
            return given
        play.database.run(known.rows.put_back)
        _take_over(play, known.play)
        play.make.strangers = known.strangers
        return deepcopy(known.given)  # type: ignore[return-value]  # the key holds the function that gave it

    return again


def _noted(play: Play) -> Play:
    noted = copy(play)
    _take_over(noted, play)
    return noted


def _take_over(play: Play, other: Play) -> None:
    """Everything the play knows besides its database and people."""
    mine = {"make": play.make, "cast": play.cast}
    vars(play).update({name: copy(value) for name, value in vars(other).items()} | mine)
