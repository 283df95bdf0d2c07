"""How many pairs a comparison needs so that a target that is as good would pass. Pure."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from statistics import NormalDist

from advisor.evidence import rules, significance
from advisor.evidence.gates import QualityGate
from ledger.errors import UsageError

POWER = Fraction("0.8")
"""How often a target that is exactly as good as the source should pass."""
MOST_POWER = Fraction("0.999")


@dataclass(frozen=True, slots=True)
class Sample:
    """How large a sample has to be, and by which numbers: the distance that is tested for, and what the formula gives."""

    pairs: int
    distance: Fraction
    by_formula: int


def of(
    gate: QualityGate, discordant: Fraction, pass_rate: Fraction, power: Fraction = POWER
) -> Sample:
    """The pairs needed: `ceil((z_a + z_b)^2 psi / M^2)`, and at least the 200 that the decision asks for.

    `discordant` (psi) is the share of pairs that only one of the two gets right, `pass_rate` the source's; M is
    (1 - threshold) x pass rate for a ratio and the threshold for a margin. One-sided 5 %, and no true difference.
    Source: R. J. Connor, Sample size for testing differences in proportions for the paired-sample design, Biometrics 43
    (1987) 207-211. Raises UsageError on values that cannot be.
    """
    if not 0 < discordant <= 1:
        raise UsageError(
            f"{float(discordant):g} is no share of pairs that differ; give one over 0 and at most 1"
        )
    if not 0 < pass_rate <= 1:
        raise UsageError(
            f"{float(pass_rate):g} is no pass rate of the source; give one over 0 and at most 1"
        )
    if not Fraction(1, 2) <= power <= MOST_POWER:
        raise UsageError(
            f"{float(power):g} is no power to plan for; give one from 0.5 to {float(MOST_POWER)}"
        )
    # Where as many are right on either side, each wrong answer of the source is at most one pair that differs.
    if discordant > 2 * min(pass_rate, 1 - pass_rate) and pass_rate < 1:
        raise UsageError(
            f"{float(discordant):g} of the pairs cannot differ where both are right in {float(pass_rate):g};"
            f" give at most {float(2 * min(pass_rate, 1 - pass_rate)):g}"
        )
    distance = (1 - gate.threshold) * pass_rate if gate.rule == "ratio" else gate.threshold
    if not distance:
        raise UsageError(
            "a gate that allows no loss at all cannot be passed by a target that is just as good"
        )
    quantiles = significance.Z + NormalDist().inv_cdf(float(power))
    by_formula = ceil(quantiles**2 * float(discordant) / float(distance) ** 2)
    return Sample(max(rules.ENOUGH_PAIRS, by_formula), distance, by_formula)
