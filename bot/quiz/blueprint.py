"""What a paper is made of: its blueprint, and the draw of its questions from a pool. Pure."""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from bot.banks.rules import QuestionType, Rule

LIVE_TYPES = (QuestionType.SINGLE, QuestionType.MULTIPLE, QuestionType.TRUE_FALSE)
_TYPE_ORDER = {kind: place for place, kind in enumerate(QuestionType)}


@dataclass(frozen=True, slots=True)
class BlueprintRow:
    """`count` questions of one kind; no type means any that a group poll can carry, no score the question's own."""

    count: int
    type: QuestionType | None = None
    topic: str | None = None
    difficulty: int | None = None
    score_centi: int | None = None
    rule: Rule | None = None


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What a paper is drawn from; no banks means every bank its makers may use."""

    bank_ids: tuple[int, ...] = ()
    rows: tuple[BlueprintRow, ...] = ()
    is_quick: bool = False  # made by one tap for one round

    def to_json(self) -> dict[str, object]:
        rows = [
            {
                "count": row.count,
                "type": row.type.value if row.type else None,
                "topic": row.topic,
                "difficulty": row.difficulty,
                "score_centi": row.score_centi,
                "rule": row.rule.value if row.rule else None,
            }
            for row in self.rows
        ]
        return {"bank_ids": list(self.bank_ids), "rows": rows, "is_quick": self.is_quick}

    @classmethod
    def from_json(cls, body: Mapping[str, object]) -> "Blueprint":
        rows = tuple(_row(row) for row in cast("list[dict[str, object]]", body.get("rows", [])))
        return cls(tuple(cast("list[int]", body.get("bank_ids", []))), rows, bool(body.get("is_quick")))


def _row(body: Mapping[str, object]) -> BlueprintRow:
    return BlueprintRow(
        count=cast("int", body["count"]),
        type=QuestionType(str(body["type"])) if body["type"] else None,
        topic=cast("str | None", body["topic"]),
        difficulty=cast("int | None", body["difficulty"]),
        score_centi=cast("int | None", body["score_centi"]),
        rule=Rule(str(body["rule"])) if body["rule"] else None,
    )


@dataclass(frozen=True, slots=True)
class Pooled:
    """A question as the draw sees it."""

    version_id: int
    type: QuestionType
    topics: tuple[str, ...]
    difficulty: int
    fingerprint: str
    is_fresh: bool = True


@dataclass(frozen=True, slots=True)
class Picked:
    """One drawn question and the row it was drawn for."""

    version_id: int
    type: QuestionType
    row: BlueprintRow


class TooFewError(Exception):
    """The pool has only `have` questions for `row`."""

    def __init__(self, row: BlueprintRow, have: int) -> None:
        super().__init__()
        self.row, self.have = row, have


def draw(rows: Sequence[BlueprintRow], pool: Sequence[Pooled], seed: int) -> tuple[Picked, ...]:
    """The questions of a paper, always the same for one seed and order of the pool; raises TooFewError.

    Questions the branch has not had lately come first, no fingerprint comes twice, and a paper runs from single choice
    to blanks.
    """
    rng = random.Random(seed)  # noqa: S311  # a draw that can be repeated, no secret
    taken: set[str] = set()
    picked: list[Picked] = []
    for row in rows:
        matching = matches(row, pool, taken)
        if len(matching) < row.count:
            raise TooFewError(row, len(matching))
        fresh, used = [one for one in matching if one.is_fresh], [one for one in matching if not one.is_fresh]
        chosen = _sample(fresh, used, row.count, rng)
        taken |= {one.fingerprint for one in chosen}
        picked += [Picked(one.version_id, one.type, row) for one in chosen]
    return tuple(sorted(picked, key=lambda one: _TYPE_ORDER[one.type]))


T = TypeVar("T")


def share_out(rows: Sequence[BlueprintRow], pool: Sequence[Pooled]) -> list[list[Pooled]]:
    """Every question of the pool that a row can use, given to one row, so that each attempt can be drawn from any of
    them; raises TooFewError. Rows that few questions match choose first.
    """
    order = sorted(range(len(rows)), key=lambda place: len(matches(rows[place], pool)))
    shares: list[list[Pooled]] = [[] for _ in rows]
    taken: set[str] = set()
    for place in order:
        shares[place] = matches(rows[place], pool, taken)
        taken |= {one.fingerprint for one in shares[place]}
    for place in order:
        _top_up(rows, shares, place)
    return shares


def _top_up(rows: Sequence[BlueprintRow], shares: list[list[Pooled]], place: int) -> None:
    """What a row lacks comes from rows that have more than they need."""
    for other, share in enumerate(shares):
        for one in share[rows[other].count :]:
            if len(shares[place]) >= rows[place].count:
                return
            if other != place and matches(rows[place], [one]):
                share.remove(one)
                shares[place].append(one)
    if len(shares[place]) < rows[place].count:
        raise TooFewError(rows[place], len(shares[place]))


def draw_each(
    rows: Sequence[BlueprintRow], shares: Mapping[int, Sequence[int]], had: Collection[int], rng: random.Random
) -> list[tuple[int, BlueprintRow]]:
    """The versions of one attempt, out of the share of each row; those had before come in where there are too few."""
    picked = []
    for place, row in enumerate(rows):
        share = shares.get(place, ())
        fresh, used = [one for one in share if one not in had], [one for one in share if one in had]
        picked += [(version_id, row) for version_id in _sample(fresh, used, row.count, rng)]
    return picked


def shuffled(questions: Sequence[T], types: Sequence[QuestionType], rng: random.Random) -> list[T]:
    """From single choice to blanks, in an order of chance inside each type."""
    mixed = rng.sample(list(zip(questions, types, strict=True)), len(questions))
    return [question for question, kind in sorted(mixed, key=lambda pair: _TYPE_ORDER[pair[1]])]


def matches(row: BlueprintRow, pool: Sequence[Pooled], taken: Collection[str] = ()) -> list[Pooled]:
    """What could be drawn for `row`, each fingerprint once."""
    found: dict[str, Pooled] = {}
    for one in pool:
        kinds = (row.type,) if row.type else LIVE_TYPES
        is_due = one.type in kinds and one.fingerprint not in taken
        if is_due and row.topic in (None, *one.topics) and row.difficulty in (None, one.difficulty):
            found.setdefault(one.fingerprint, one)
    return list(found.values())


def _sample(fresh: Sequence[T], used: Sequence[T], count: int, rng: random.Random) -> list[T]:
    """Used ones only where there are too few."""
    if len(fresh) >= count:
        return rng.sample(fresh, count)
    return rng.sample(fresh, len(fresh)) + rng.sample(used, count - len(fresh))
