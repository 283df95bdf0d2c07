"""The test of graded scores: a bootstrap-t bound of a mean over conversations. Pure; seeded, so it says the same each time.

Source: B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993), section 12.5. Whole conversations are drawn,
because answers of one conversation resemble each other; a plain t bound passes 5 to 13 % of targets exactly at the margin.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf, sqrt
from operator import itemgetter

from advisor.evidence import paired

FEWEST_ITEMS, FEWEST_CONVERSATIONS = 200, 100
RESAMPLES = 1_999
NOMINAL_LEVEL = 0.04
"""A little under 5 %: at this the measured share of false passes stays under 6 %."""
_SEED = 20_020_417


@dataclass(frozen=True, slots=True)
class Difference:
    """What one conversation came to: the sum over its items of B's score less what is asked of it, and how many items."""

    total: int
    items: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """One-sided bounds of the mean difference per item, in the unit of the differences."""

    low: float
    mean: Fraction
    high: float


def bounds(conversations: Sequence[Difference]) -> Bounds | None:
    """The bounds; None for fewer than two conversations, or where all of them agree and nothing can be said of the spread."""
    sample = _Sample.of(conversations)
    error = sample.standard_error
    if not error:
        return None
    draws = random.Random(_SEED)  # noqa: S311
    studentised = sorted(_studentised(sample.resampled(draws), sample) for _ in range(RESAMPLES))
    place = round((RESAMPLES + 1) * NOMINAL_LEVEL)
    mean = sample.mean
    return Bounds(
        low=float(mean) - studentised[-place] * error,
        mean=mean,
        high=float(mean) - studentised[place - 1] * error,
    )


def verdict(conversations: Sequence[Difference], found: Bounds | None) -> paired.Verdict:
    """Whether the mean difference is over 0, under it, or not decided; never decided on less than is asked for."""
    if (
        len(conversations) < FEWEST_CONVERSATIONS
        or sum(each.items for each in conversations) < FEWEST_ITEMS
    ):
        return "inconclusive"
    if found is None:
        return "inconclusive"
    return "non_inferior" if found.low > 0 else "inferior" if found.high < 0 else "inconclusive"


def _studentised(drawn: "_Sample", sample: "_Sample") -> float:
    above, error = drawn.mean - sample.mean, drawn.standard_error
    if not error:
        return inf if above > 0 else -inf if above < 0 else 0.0
    return float(above) / error


@dataclass(frozen=True, slots=True)
class _Sample:
    """Some conversations, in whole numbers, so that the sums of a resample are exact."""

    totals: tuple[int, ...]
    items: tuple[int, ...]

    @classmethod
    def of(cls, conversations: Sequence[Difference]) -> "_Sample":
        return cls(
            tuple(each.total for each in conversations), tuple(each.items for each in conversations)
        )

    def resampled(self, draws: random.Random) -> "_Sample":
        chosen = itemgetter(*draws.choices(range(len(self.totals)), k=len(self.totals)))
        return _Sample(chosen(self.totals), chosen(self.items))

    @property
    def mean(self) -> Fraction:
        """A ratio of sums: long conversations weigh more, as their items do."""
        return Fraction(sum(self.totals), sum(self.items))

    @property
    def standard_error(self) -> float:
        """Of the mean, linearised; 0 where every conversation agrees with it."""
        groups, total, count = len(self.totals), sum(self.totals), sum(self.items)
        if groups < 2:
            return 0.0
        # count^2 times the sum of (total_i - mean items_i)^2, without leaving the whole numbers.
        spread = sum(
            (each * count - total * items) ** 2
            for each, items in zip(self.totals, self.items, strict=True)
        )
        return sqrt(groups / (groups - 1) * spread) / count**2
