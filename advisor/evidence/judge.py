"""How often a judge agrees with people, and pass rates corrected by that. Pure."""

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from advisor.evidence import measurement, ratio, significance
from advisor.evidence.pair_counts import PairCounts

FEWEST_LABELS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeLabels:
    """Answers marked both by a person and by the judge; the person's mark is named first."""

    right_right: int
    right_wrong: int
    wrong_right: int
    wrong_wrong: int

    @property
    def labels(self) -> int:
        """All of them."""
        return self.right_right + self.right_wrong + self.wrong_right + self.wrong_wrong

    @property
    def sensitivity(self) -> Fraction | None:
        """The share of right answers that the judge calls right; None where no answer was right."""
        right = self.right_right + self.right_wrong
        return Fraction(self.right_right, right) if right else None

    @property
    def specificity(self) -> Fraction | None:
        """The share of wrong answers that the judge calls wrong; None where no answer was wrong."""
        wrong = self.wrong_right + self.wrong_wrong
        return Fraction(self.wrong_wrong, wrong) if wrong else None

    @property
    def is_enough(self) -> bool:
        """Whether the judge counts: 50 labels of both kinds, and it does better than a coin."""
        sensitivity, specificity = self.sensitivity, self.specificity
        if sensitivity is None or specificity is None:
            return False
        return self.labels >= FEWEST_LABELS and sensitivity + specificity > 1


@dataclass(frozen=True, slots=True)
class CorrectedRate:
    """A corrected pass rate; its one-sided 95 % bounds carry the sample and the labels."""

    low: Fraction
    expected: Fraction
    high: Fraction


def corrected_rate(passes: int, trials: int, labels: JudgeLabels) -> CorrectedRate | None:
    """The true pass rate behind a judged one: `(raw + spec - 1) / (sens + spec - 1)`, from 0 to 1.

    None where the labels are not enough. Sources: W. J. Rogan and B. Gladen, American Journal of
    Epidemiology 107 (1978) 71-76; for the interval Z. Lang and J. Reiczigel, Preventive Veterinary
    Medicine 113 (2014) 13-22.
    """
    sensitivity, specificity = labels.sensitivity, labels.specificity
    if not labels.is_enough or sensitivity is None or specificity is None or not trials:
        return None
    expected = (Fraction(passes, trials) + specificity - 1) / (sensitivity + specificity - 1)
    low, high = _interval(passes, trials, labels)
    return CorrectedRate(low=_share(low), expected=_share(expected), high=_share(high))


def z_statistic(counts: PairCounts, threshold: float, labels: JudgeLabels) -> float | None:
    """The ratio test of `ratio.z_statistic` on judged pairs, by a judge that errs alike on A and B.

    Wrong answers that are called right favour the model that is wrong more often. Corrected, the
    ratio requires `pB - th pA > (1 - th)(1 - spec)` of the judged rates; the sensitivity falls out.
    The uncertainty of the labels is part of the error.
    """
    distance_and_error, specificity = ratio.distance(counts, threshold), labels.specificity
    if distance_and_error is None or specificity is None or not labels.is_enough:
        return None
    distance, error = distance_and_error
    _, variance = _adjusted_share(labels.wrong_wrong, labels.wrong_right)
    favour = (1 - threshold) * (1 - float(specificity))
    return (distance - favour) / sqrt(error**2 + (1 - threshold) ** 2 * variance)


def youden_low(labels: JudgeLabels) -> float:
    """The one-sided 95 % lower bound of sensitivity + specificity - 1; 0 at least.

    A judge shrinks a difference of pass rates by this factor.
    """
    sensitivity, sensitivity_variance = _adjusted_share(labels.right_right, labels.right_wrong)
    specificity, specificity_variance = _adjusted_share(labels.wrong_wrong, labels.wrong_right)
    error = sqrt(sensitivity_variance + specificity_variance)
    return max(0.0, sensitivity + specificity - 1 - significance.Z * error)


def _interval(passes: int, trials: int, labels: JudgeLabels) -> tuple[float, float]:
    squared = significance.Z**2
    raw = (passes + squared / 2) / (trials + squared)
    sensitivity, sensitivity_variance = _adjusted_share(labels.right_right, labels.right_wrong)
    specificity, specificity_variance = _adjusted_share(labels.wrong_wrong, labels.wrong_right)
    youden = sensitivity + specificity - 1
    if youden <= 0:
        return 0.0, 1.0
    rate = (raw + specificity - 1) / youden
    variance = raw * (1 - raw) / (trials + squared)
    variance += rate**2 * sensitivity_variance + (1 - rate) ** 2 * specificity_variance
    error = sqrt(variance) / youden
    shift = 2 * squared * (rate * sensitivity_variance - (1 - rate) * specificity_variance)
    return rate + shift - significance.Z * error, rate + shift + significance.Z * error


def _adjusted_share(hits: int, misses: int) -> tuple[float, float]:
    """A share with one hit and one miss added, and its variance.

    So a sample without a miss never means that the judge cannot miss.
    """
    trials = hits + misses + 2
    share = (hits + 1) / trials
    return share, share * (1 - share) / trials


def _share(rate: Fraction | float) -> Fraction:
    return measurement.round_ratio(min(Fraction(1), max(Fraction(0), Fraction(rate))))
