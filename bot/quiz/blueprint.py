"""What a paper is made of: its blueprint, and the draw of its questions from a pool. Pure."""

import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
    rule: Rule | None = None  # none: each question's own
    each_centi: int | None = None  # with Rule.EACH: what one right letter earns


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
                "each_centi": row.each_centi,
            }
            for row in self.rows
        ]
        return {"bank_ids": list(self.bank_ids), "rows": rows, "is_quick": self.is_quick}

    def each_centi(self) -> int | None:
        """What one right letter of a multiple choice earns on this paper under Rule.EACH; None if each question says
        so itself. All multiple choices of a paper are marked by one rule, which its cover names."""
        return next((row.each_centi for row in self.rows if row.rule is Rule.EACH), None)

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
        each_centi=cast("int | None", body.get("each_centi")),
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
    """The questions of a paper, always the same for one seed and order of the pool; raises TooFewError only if no
    choice of questions fills all rows.

    As many as can be are questions the branch has not had lately, no fingerprint comes twice, and a paper runs from
    single choice to blanks.
    """
    rng = random.Random(seed)  # noqa: S311  # a draw that can be repeated, no secret
    texts = _texts(rows, pool)
    fresh, used = [one for one in texts if one.is_fresh], [one for one in texts if not one.is_fresh]
    allotted = _Allotment([row.count for row in rows])
    allotted.add_all(rng.sample(fresh, len(fresh)) + rng.sample(used, len(used)))
    picked = []
    for place, row in enumerate(rows):
        given = allotted.given[place]
        if len(given) < row.count:
            raise TooFewError(row, len(given))
        picked += [Picked(text.by_place[place].version_id, text.by_place[place].type, row) for text in given]
    return tuple(sorted(picked, key=lambda one: _TYPE_ORDER[one.type]))


T = TypeVar("T")


def share_out(rows: Sequence[BlueprintRow], pool: Sequence[Pooled]) -> list[list[Pooled]]:
    """Every question of the pool that a row can use, given to one row, so that each attempt can be drawn from any of
    them; raises TooFewError. What no row needs goes to the one that the fewest questions match.
    """
    texts = _texts(rows, pool)
    allotted = _Allotment([row.count for row in rows])
    left = allotted.add_all(texts)
    matching = Counter(place for text in texts for place in text.by_place)
    for text in left:
        allotted.given[min(text.by_place, key=lambda place: matching[place])].append(text)
    for place, row in enumerate(rows):
        if len(allotted.given[place]) < row.count:
            raise TooFewError(row, len(allotted.given[place]))
    return [[text.by_place[place] for text in given] for place, given in enumerate(allotted.given)]


def supply(rows: Sequence[BlueprintRow], pool: Sequence[Pooled]) -> list[int]:
    """How many questions each row gets when all are drawn together: its count, or what there is."""
    allotted = _Allotment([row.count for row in rows])
    allotted.add_all(_texts(rows, pool))
    return [len(given) for given in allotted.given]


def most_for(rows: Sequence[BlueprintRow], pool: Sequence[Pooled], place: int) -> int:
    """The greatest count that row `place` may have while the other rows keep theirs."""
    texts = _texts([*rows[:place], replace(rows[place], count=1), *rows[place + 1 :]], pool)
    counts = [row.count for row in rows]
    counts[place] = 0
    allotted = _Allotment(counts)
    left = allotted.add_all(texts)
    allotted.raise_to(place, len(texts))
    allotted.add_all(left)
    return len(allotted.given[place])


@dataclass(frozen=True, slots=True)
class _Text:
    """A question by its fingerprint, and the version of it that each row it matches would ask."""

    by_place: Mapping[int, Pooled]
    is_fresh: bool


def _texts(rows: Sequence[BlueprintRow], pool: Sequence[Pooled]) -> list[_Text]:
    """What at least one row with a count can use, in the order of the pool."""
    found: dict[str, dict[int, Pooled]] = {}
    stale = {one.fingerprint for one in pool if not one.is_fresh}
    for one in pool:
        own = found.setdefault(one.fingerprint, {})
        for place, row in enumerate(rows):
            if row.count and _is_match(row, one):
                own.setdefault(place, one)
    return [_Text(own, print_ not in stale) for print_, own in found.items() if own]


class _Allotment:
    """Rows and the questions they are given, one row to a question. Where rows want the same ones, those given already
    move over as long as that makes room (augmenting paths), so that nothing is refused that could be filled.
    """

    def __init__(self, counts: Sequence[int]) -> None:
        self.given: list[list[_Text]] = [[] for _ in counts]
        self._counts = list(counts)
        self._closed: set[frozenset[int]] = set()  # for whoever matches just these rows no room can be made any more

    def raise_to(self, place: int, count: int) -> None:
        self._counts[place] = count
        self._closed.clear()

    def add_all(self, texts: Iterable[_Text]) -> list[_Text]:
        """Each in its turn, if there is room for it; those that found none."""
        left = []
        for text in texts:
            places = frozenset(text.by_place)
            if places in self._closed or not self._add(text, set()):
                self._closed.add(places)
                left.append(text)
        return left

    def _add(self, text: _Text, tried: set[int]) -> bool:
        for place in text.by_place:
            if place in tried:
                continue
            tried.add(place)
            if len(self.given[place]) < self._counts[place]:
                self.given[place].append(text)
                return True
            for nth, other in enumerate(self.given[place]):
                if self._add(other, tried):
                    self.given[place][nth] = text
                    return True
        return False


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


def matches(row: BlueprintRow, pool: Sequence[Pooled]) -> list[Pooled]:
    """What could be drawn for `row`, each fingerprint once."""
    found: dict[str, Pooled] = {}
    for one in pool:
        if _is_match(row, one):
            found.setdefault(one.fingerprint, one)
    return list(found.values())


def _is_match(row: BlueprintRow, one: Pooled) -> bool:
    kinds = (row.type,) if row.type else LIVE_TYPES
    return one.type in kinds and row.topic in (None, *one.topics) and row.difficulty in (None, one.difficulty)


def _sample(fresh: Sequence[T], used: Sequence[T], count: int, rng: random.Random) -> list[T]:
    """Used ones only where there are too few."""
    if len(fresh) >= count:
        return rng.sample(fresh, count)
    return rng.sample(fresh, len(fresh)) + rng.sample(used, count - len(fresh))
