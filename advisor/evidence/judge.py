"""What a judge's results are worth: how often it agrees with people, and pass rates put right by that. Pure."""

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from advisor.evidence import paired, ratio, sums

FEWEST_LABELS = 50


@dataclass(frozen=True, slots=True)
class Labels:
    """Answers that a person and the judge both marked: right or wrong, by the person's word first."""

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
        """The share of right answers that the judge calls right; None where none was marked."""
        right = self.right_right + self.right_wrong
        return Fraction(self.right_right, right) if right else None

    @property
    def specificity(self) -> Fraction | None:
        """The share of wrong answers that the judge calls wrong; None where none was marked."""
        wrong = self.wrong_right + self.wrong_wrong
        return Fraction(self.wrong_wrong, wrong) if wrong else None

    @property
    def is_enough(self) -> bool:
        """Whether the judge may speak: 50 labels, of both kinds, and it does better than a coin."""
        sensitivity, specificity = self.sensitivity, self.specificity
        if sensitivity is None or specificity is None:
            return False
        return self.labels >= FEWEST_LABELS and sensitivity + specificity > 1


@dataclass(frozen=True, slots=True)
class Corrected:
    """A pass rate put right, with one-sided 95 % bounds that carry the sample and the labels."""

    low: Fraction
    expected: Fraction
    high: Fraction


def corrected(passes: int, trials: int, labels: Labels) -> Corrected | None:
    """The true pass rate behind a judged one: `(raw + spec - 1) / (sens + spec - 1)`, from 0 to 1.

    None where the labels are not enough. Sources: W. J. Rogan and B. Gladen, American Journal of Epidemiology 107 (1978)
    71-76; for the interval Z. Lang and J. Reiczigel, Preventive Veterinary Medicine 113 (2014) 13-22.
    """
    sensitivity, specificity = labels.sensitivity, labels.specificity
    if not labels.is_enough or sensitivity is None or specificity is None or not trials:
        return None
    expected = (Fraction(passes, trials) + specificity - 1) / (sensitivity + specificity - 1)
    low, high = _interval(passes, trials, labels)
    return Corrected(_share(low), _share(expected), _share(high))


def z_statistic(counts: paired.Counts, threshold: float, labels: Labels) -> float | None:
    """The ratio test of `ratio.z_statistic` on judged pairs, by a judge that errs alike on both models' answers.

    Wrong answers called right flatter whoever is wrong more often. Put right, the ratio asks for
    `pB - th pA > (1 - th)(1 - spec)` of the judged rates; the sensitivity falls out. The label sample is carried along.
    """
    found, specificity = ratio.standard(counts, threshold), labels.specificity
    if found is None or specificity is None or not labels.is_enough:
        return None
    distance, error = found
    _, spread = _adjusted(labels.wrong_wrong, labels.wrong_right)
    flattered = (1 - threshold) * (1 - float(specificity))
    return (distance - flattered) / sqrt(error**2 + (1 - threshold) ** 2 * spread)


def youden_low(labels: Labels) -> float:
    """The one-sided 95 % lower bound of sensitivity + specificity - 1, by which a judge shrinks a difference; 0 at least."""
    sensitivity, of_sensitivity = _adjusted(labels.right_right, labels.right_wrong)
    specificity, of_specificity = _adjusted(labels.wrong_wrong, labels.wrong_right)
    return max(
        0.0, sensitivity + specificity - 1 - paired.Z * sqrt(of_sensitivity + of_specificity)
    )


def _interval(passes: int, trials: int, labels: Labels) -> tuple[float, float]:
    squared = paired.Z**2
    raw = (passes + squared / 2) / (trials + squared)
    sensitivity, of_sensitivity = _adjusted(labels.right_right, labels.right_wrong)
    specificity, of_specificity = _adjusted(labels.wrong_wrong, labels.wrong_right)
    youden = sensitivity + specificity - 1
    if youden <= 0:
        return 0.0, 1.0
    rate = (raw + specificity - 1) / youden
    of_raw = raw * (1 - raw) / (trials + squared)
    error = sqrt(of_raw + rate**2 * of_sensitivity + (1 - rate) ** 2 * of_specificity) / youden
    shift = 2 * squared * (rate * of_sensitivity - (1 - rate) * of_specificity)
    return rate + shift - paired.Z * error, rate + shift + paired.Z * error


def _adjusted(hits: int, misses: int) -> tuple[float, float]:
    """A share with one hit and one miss added, and its variance: none of either never means that there can be none."""
    trials = hits + misses + 2
    share = (hits + 1) / trials
    return share, share * (1 - share) / trials


def _share(value: Fraction | float) -> Fraction:
    return sums.rounded(min(Fraction(1), max(Fraction(0), Fraction(value))))
