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
LOWEST_POWER, HIGHEST_POWER = Fraction("0.5"), Fraction("0.999")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSize:
    """How many pairs a comparison needs, and why."""

    pairs: int
    distance: Fraction
    """How far below the source's pass rate the gate lies."""
    pairs_by_formula: int
    """The formula's number, which can be less than the 200 that are recommended."""


def compute(
    gate: QualityGate, *, discordant: Fraction, pass_rate: Fraction, power: Fraction = POWER
) -> SampleSize:
    """The pairs needed: `ceil((z_a + z_b)^2 psi / M^2)`, and at least 200.

    `discordant` (psi) is the share of pairs that only one of the two models gets right, `pass_rate`
    the source's. M is (1 - threshold) x pass rate for a ratio, and the threshold for a margin. The
    test is one-sided at 5 %, and the true difference is 0. Raises UsageError on impossible values.
    Source: R. J. Connor, Sample size for testing differences in proportions for the paired-sample
    design, Biometrics 43 (1987) 207-211.
    """
    _check(discordant, pass_rate, power)
    distance = (1 - gate.threshold) * pass_rate if gate.rule == "ratio" else gate.threshold
    if not distance:
        raise UsageError(
            "this gate allows no loss at all, so a target that is just as good cannot be shown to"
            " pass; use a ratio under 1 or a margin over 0"
        )
    quantiles = significance.Z + NormalDist().inv_cdf(float(power))
    pairs = ceil(quantiles**2 * float(discordant) / float(distance) ** 2)
    return SampleSize(
        pairs=max(rules.ENOUGH_PAIRS, pairs), distance=distance, pairs_by_formula=pairs
    )


def _check(discordant: Fraction, pass_rate: Fraction, power: Fraction) -> None:
    if not 0 < discordant <= 1:
        raise UsageError(
            f"{float(discordant):g} is no share of pairs that differ; use one over 0 and at most 1"
        )
    if not 0 < pass_rate <= 1:
        raise UsageError(
            f"{float(pass_rate):g} is no pass rate of the source; use one over 0 and at most 1"
        )
    if not LOWEST_POWER <= power <= HIGHEST_POWER:
        raise UsageError(
            f"{float(power):g} is no power to plan for;"
            f" use one from {float(LOWEST_POWER)} to {float(HIGHEST_POWER)}"
        )
    # Both models are right equally often, so each wrong answer makes at most one pair that differs.
    most_discordant = 2 * min(pass_rate, 1 - pass_rate)
    if discordant > most_discordant and pass_rate < 1:
        raise UsageError(
            f"{float(discordant):g} of the pairs cannot differ where both models are right in"
            f" {float(pass_rate):g}; use at most {float(most_discordant):g}"
        )
