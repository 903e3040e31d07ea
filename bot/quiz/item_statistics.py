"""How a question did, by classical test theory, out of sums over first attempts. Pure, integers and fractions only.

Per question x is its points and o = t - x the points of all other questions of the same attempt; s attempts.
"""

from dataclasses import dataclass
from enum import Enum, auto
from fractions import Fraction
from math import isqrt

from bot.quiz.marking import half_up

HIDDEN_BELOW = 10  # attempts: with fewer a figure is chance
DOUBTFUL_BELOW = 30
HARD_BELOW, EASY_ABOVE = 300, 850  # facility in thousandths


class Worth(Enum):
    """What the discrimination says: Ebel and Frisbie, Essentials of Educational Measurement, name 40, 30 and 20 as the
    limits (unverified here)."""

    EXCELLENT = auto()
    GOOD = auto()
    FAIR = auto()
    LOOK = auto()
    WRONG_KEY = auto()  # who knows more does worse: most likely the key is wrong


@dataclass(frozen=True, slots=True)
class Sums:
    """Of one question over s attempts: points x, and totals t of the same attempts, in 0.01 分."""

    s: int
    x: int
    xx: int
    t: int
    tt: int
    xt: int
    max_centi: int

    @property
    def facility(self) -> int | None:
        """mean(x)/m in thousandths: the share of the points that was earned. The higher the easier."""
        if self.s < HIDDEN_BELOW or not self.max_centi:
            return None
        return half_up(1000 * self.x, self.s * self.max_centi)

    @property
    def is_hard(self) -> bool:
        return self.facility is not None and self.facility < HARD_BELOW

    @property
    def is_easy(self) -> bool:
        return self.facility is not None and self.facility > EASY_ABOVE

    @property
    def discrimination(self) -> int | None:
        """100 · cov(x, o)/√(var x · var o), the corrected item-total correlation (Henrysson 1963, unverified here).

        The factor s - 1 of covariance and variances cancels. None where nobody differs.
        """
        if self.s < HIDDEN_BELOW:
            return None
        o, xo = self.t - self.x, self.xt - self.xx
        oo = self.tt - 2 * self.xt + self.xx
        covariance = self.s * xo - self.x * o
        spread = (self.s * self.xx - self.x**2) * (self.s * oo - o**2)
        if spread <= 0:
            return None
        size = (isqrt(40_000 * covariance**2 // spread) + 1) // 2
        return size if covariance >= 0 else -size

    @property
    def worth(self) -> Worth | None:
        r = self.discrimination
        if r is None:
            return None
        limits = ((40, Worth.EXCELLENT), (30, Worth.GOOD), (20, Worth.FAIR), (0, Worth.LOOK))
        return next((worth for limit, worth in limits if r >= limit), Worth.WRONG_KEY)

    @property
    def variance(self) -> Fraction:
        """Of x, with s - 1."""
        return Fraction(self.s * self.xx - self.x**2, self.s * (self.s - 1))


def alpha(items: list[Sums]) -> int | None:
    """Cronbach's α (1951) in hundredths: k/(k-1) · (1 - Σ var x/var t), for a paper whose questions all got.

    Below nought where the questions have nothing in common; None where nobody differs or there are too few attempts.
    """
    k = len(items)
    if k < 2 or items[0].s < HIDDEN_BELOW or len({one.s for one in items}) > 1:
        return None
    first = items[0]
    total = Fraction(first.s * first.tt - first.t**2, first.s * (first.s - 1))
    if total <= 0:
        return None
    found = Fraction(k, k - 1) * (1 - sum((one.variance for one in items), Fraction()) / total)
    size = half_up(abs(100 * found.numerator), found.denominator)
    return size if found >= 0 else -size
