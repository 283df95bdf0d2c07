"""The test of graded scores: a bootstrap-t bound of a mean over conversations. Pure and seeded.

Source: B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993), section 12.5. Whole
conversations are drawn, because answers of one conversation resemble each other. A plain t bound
passes 5 to 13 % of targets exactly at the margin.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf, sqrt
from operator import itemgetter

from advisor.evidence.significance import Verdict

FEWEST_ITEMS, FEWEST_CONVERSATIONS = 200, 100
RESAMPLES = 1_999
NOMINAL_LEVEL = 0.04
"""A little under 5 %: at this level the measured share of false passes stays under 6 %."""
_SEED = 20_020_417


@dataclass(frozen=True, slots=True)
class Surplus:
    """The sum of B's scores over what is required of them, in one conversation, and its items."""

    total: int
    items: int


@dataclass(frozen=True, slots=True)
class SurplusBounds:
    """The mean surplus of an item and its one-sided bounds, in the unit of the surpluses."""

    low: float
    mean: Fraction
    high: float


def bounds(conversations: Sequence[Surplus]) -> SurplusBounds | None:
    """The bounds of the mean surplus.

    None for fewer than two conversations, and where all conversations agree: then nothing is known
    of the spread.
    """
    sample = _Sample.from_conversations(conversations)
    error = sample.standard_error
    if not error:
        return None
    draws = random.Random(_SEED)  # noqa: S311
    studentised = sorted(_studentised(sample.resample(draws), sample) for _ in range(RESAMPLES))
    place = round((RESAMPLES + 1) * NOMINAL_LEVEL)
    mean = sample.mean
    return SurplusBounds(
        low=float(mean) - studentised[-place] * error,
        mean=mean,
        high=float(mean) - studentised[place - 1] * error,
    )


def verdict(conversations: Sequence[Surplus], surplus_bounds: SurplusBounds | None) -> Verdict:
    """Whether the mean surplus is over 0, under 0 or not decided.

    Fewer than 200 items or 100 conversations decide nothing.
    """
    item_count = sum(conversation.items for conversation in conversations)
    if len(conversations) < FEWEST_CONVERSATIONS or item_count < FEWEST_ITEMS:
        return "inconclusive"
    if surplus_bounds is None:
        return "inconclusive"
    if surplus_bounds.low > 0:
        return "non_inferior"
    return "inferior" if surplus_bounds.high < 0 else "inconclusive"


def _studentised(resample: "_Sample", sample: "_Sample") -> float:
    above, error = resample.mean - sample.mean, resample.standard_error
    if not error:
        return inf if above > 0 else -inf if above < 0 else 0.0
    return float(above) / error


@dataclass(frozen=True, slots=True)
class _Sample:
    """Some conversations in whole numbers, so that the sums of a resample are exact."""

    totals: tuple[int, ...]
    items: tuple[int, ...]

    @classmethod
    def from_conversations(cls, conversations: Sequence[Surplus]) -> "_Sample":
        return cls(
            totals=tuple(conversation.total for conversation in conversations),
            items=tuple(conversation.items for conversation in conversations),
        )

    def resample(self, draws: random.Random) -> "_Sample":
        drawn = itemgetter(*draws.choices(range(len(self.totals)), k=len(self.totals)))
        return _Sample(totals=drawn(self.totals), items=drawn(self.items))

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
            (total_i * count - total * items_i) ** 2
            for total_i, items_i in zip(self.totals, self.items, strict=True)
        )
        return sqrt(groups / (groups - 1) * spread) / count**2
