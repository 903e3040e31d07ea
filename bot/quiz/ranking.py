"""Places by score and time, where an exam asks for them. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rank:
    place: int
    is_shared: bool


def ranks(sat: Sequence[tuple[int, int]]) -> list[Rank]:
    """For each (score, seconds) its place: the higher score, then the shorter time. Equal in both share one place, and
    the next comes after all of them: 1, 2, 2, 4.
    """
    count = Counter(sat)
    place: dict[tuple[int, int], int] = {}
    before = 0
    for one in sorted(count, key=lambda pair: (-pair[0], pair[1])):
        place[one] = before + 1
        before += count[one]
    return [Rank(place[one], count[one] > 1) for one in sat]


def top(ranked: Sequence[Rank], k: int) -> list[int]:
    """Which of them are the first k. A tie that would make more than 2k is left out whole."""
    count = Counter(rank.place for rank in ranked)
    kept: set[int] = set()
    total = 0
    for place in sorted(count):
        if place > k or total + count[place] > 2 * k:
            break
        kept.add(place)
        total += count[place]
    return [number for number, rank in enumerate(ranked) if rank.place in kept]
