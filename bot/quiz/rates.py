"""Figures of an exam with their denominators: counts and sums, and what they come to in tenths. Pure, integers only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.quiz.marking import half_up
from bot.quiz.rules import Outcome

FEWEST = 3  # people: the mean of fewer would tell what one of them scored


@dataclass(frozen=True, slots=True)
class Standing:
    """What one candidate came to, as far as figures ask."""

    outcome: Outcome
    score_centi: int | None = None
    max_centi: int | None = None
    is_passed: bool = False
    is_excellent: bool = False


@dataclass(frozen=True, slots=True)
class Rates:
    """应考 is who was due, 参考 who handed in an answer; scores and verdicts are of 参考 alone."""

    expected: int = 0
    sat: int = 0
    no_answer: int = 0
    absent: int = 0
    exempt: int = 0
    passed: int = 0
    excellent: int = 0
    full: int = 0
    score_centi: int = 0

    def __add__(self, other: "Rates") -> "Rates":
        return Rates(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def sat_rate(self) -> int | None:
        return tenths_of(self.sat, self.expected)

    @property
    def pass_rate(self) -> int | None:
        return tenths_of(self.passed, self.sat)

    @property
    def good_rate(self) -> int | None:
        return tenths_of(self.excellent, self.sat)

    @property
    def full_rate(self) -> int | None:
        return tenths_of(self.full, self.sat)

    @property
    def mean(self) -> int | None:
        """Tenths of a point."""
        return half_up(self.score_centi, 10 * self.sat) if self.sat else None


def tenths_of(n: int, d: int) -> int | None:
    """n of d in tenths of a per cent, halves up; None where there is nobody to count."""
    return half_up(1000 * n, d) if d else None


def rates(standings: Iterable[Standing]) -> Rates:
    total = Rates()
    for one in standings:
        total += _of(one)
    return total


def _of(one: Standing) -> Rates:
    if one.outcome is Outcome.EXEMPT:
        return Rates(exempt=1)
    if one.outcome is not Outcome.SAT:
        is_absent = one.outcome is Outcome.ABSENT
        return Rates(expected=1, absent=int(is_absent), no_answer=int(not is_absent))
    return Rates(
        expected=1,
        sat=1,
        passed=int(one.is_passed),
        excellent=int(one.is_excellent),
        full=int(one.score_centi is not None and one.score_centi == one.max_centi),
        score_centi=one.score_centi or 0,
    )


def withheld(branches: Sequence[Rates]) -> frozenset[int]:
    """At which places no mean may stand beside that of the total: those of very few people, and one more if the rest
    would tell theirs, that of the next few."""
    few = {place for place, one in enumerate(branches) if 0 < one.sat < FEWEST}
    if few and sum(branches[place].sat for place in few) < FEWEST:
        others = [(one.sat, place) for place, one in enumerate(branches) if one.sat >= FEWEST]
        few |= {place for _, place in sorted(others)[:1]}
    return frozenset(few)
