"""The test of graded scores: a bootstrap-t bound of a mean over conversations. Pure and seeded.

Source: B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993), section 12.5. Whole
conversations are drawn, because answers of one conversation resemble each other. A plain t bound
passes 5 to 13 % of targets exactly at the margin.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import inf, isinf, sqrt
from operator import itemgetter

from advisor.evidence import ratio, significance
from advisor.evidence.pair_counts import PairCounts
from advisor.evidence.significance import LEVEL, Verdict

FEWEST_ITEMS, FEWEST_CONVERSATIONS = 200, 100
RESAMPLES = 1_999
NOMINAL_LEVEL = 0.04
"""A little under 5 %: at this level the measured share of false passes stays under 6 %."""
_SEED = 20_020_417
_RATIO_OF_FAILURES = 0.9
"""Where every conversation falls short, this says how many of them it takes to be sure."""


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


def bounds(conversations: Sequence[Surplus], level: float = LEVEL) -> SurplusBounds | None:
    """The bounds of the mean surplus: the lower one at `level`, the upper one at 5 %.

    None for fewer than two conversations, and where all conversations agree: then nothing is known
    of the spread. A level too small for so many resamples leaves the lower bound without an end.
    """
    sample = _Sample.from_conversations(conversations)
    error = sample.standard_error
    if not error:
        return None
    studentised = _studentised_resamples(sample)
    place = round((RESAMPLES + 1) * NOMINAL_LEVEL)
    place_low = round((RESAMPLES + 1) * NOMINAL_LEVEL * level / LEVEL)
    mean = sample.mean
    return SurplusBounds(
        low=float(mean) - (studentised[-place_low] * error if place_low else inf),
        mean=mean,
        high=float(mean) - studentised[place - 1] * error,
    )


def verdict(
    conversations: Sequence[Surplus],
    surplus_bounds: SurplusBounds | None,
    *,
    largest_shortfall: int | None = None,
    level: float = LEVEL,
) -> Verdict:
    """Whether the mean surplus is over 0, under 0 or not decided.

    Where (nearly) all conversations agree, the resamples have no spread and the lower bound no end;
    then conversations are judged like pass and fail, if the `largest_shortfall` that one can have
    is known. Otherwise fewer than 200 items or 100 conversations decide nothing.
    """
    if surplus_bounds is None or isinf(surplus_bounds.low):
        return _like_pass_fail(conversations, largest_shortfall, level)
    item_count = sum(conversation.items for conversation in conversations)
    if len(conversations) < FEWEST_CONVERSATIONS or item_count < FEWEST_ITEMS:
        return "inconclusive"
    if surplus_bounds.low > 0:
        return "non_inferior"
    return "inferior" if surplus_bounds.high < 0 else "inconclusive"


def _like_pass_fail(
    conversations: Sequence[Surplus], largest_shortfall: int | None, level: float
) -> Verdict:
    """The ratio test of the conversations that meet the requirement.

    One that meets it has at least the smallest surplus among them, one that does not may fall short
    by the most that is possible. So the mean is over 0 where the share that meets it is over
    `shortfall / (shortfall + surplus)`: 0.9 where the target scores exactly as the source does.
    """
    totals = [conversation.total for conversation in conversations]
    smallest_surplus = min((total for total in totals if total > 0), default=0)
    if totals and max(totals) < 0:
        all_short = PairCounts(both=0, only_a=len(totals), only_b=0, neither=0)
        return significance.verdict(ratio.z_statistic(all_short, _RATIO_OF_FAILURES), level)
    if not smallest_surplus or largest_shortfall is None:
        return "inconclusive"
    met = sum(total > 0 for total in totals)
    counts = PairCounts(both=met, only_a=len(totals) - met, only_b=0, neither=0)
    required = largest_shortfall / (largest_shortfall + smallest_surplus)
    result = significance.verdict(ratio.z_statistic(counts, required), level) if required else None
    return "non_inferior" if result == "non_inferior" else "inconclusive"


@lru_cache(maxsize=64)
def _studentised_resamples(sample: "_Sample") -> tuple[float, ...]:
    """Of all resamples, in rising order. The looks at one pool share them."""
    draws = random.Random(_SEED)  # noqa: S311
    return tuple(sorted(_studentised(sample.resample(draws), sample) for _ in range(RESAMPLES)))


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
