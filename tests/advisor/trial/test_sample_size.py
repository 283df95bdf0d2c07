"""How many pairs a comparison needs: by hand, by its properties, and by trying it."""

import random
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.evidence import gates, margin, ratio, significance
from advisor.evidence.gates import QualityGate
from advisor.trial import sample_size
from advisor.trial.sample_size import SampleSize
from ledger.errors import UsageError
from tests.advisor.evidence import examples

RATIO, MARGIN = gates.parse("ratio", "0.9"), gates.parse("margin", "0.05")


def size(gate: QualityGate, discordant: str, pass_rate: str, power: str = "0.8") -> SampleSize:
    """The sample size of numbers as text."""
    return sample_size.compute(
        gate,
        discordant=Fraction(discordant),
        pass_rate=Fraction(pass_rate),
        power=Fraction(power),
    )


def by_hand(discordant: str, distance: str, z_power: str = "0.8416212335729143") -> int:
    quantiles = Decimal("1.6448536269514722") + Decimal(z_power)
    pairs = quantiles**2 * Decimal(discordant) / Decimal(distance) ** 2
    return int(pairs.to_integral_value(ROUND_CEILING))


def test_a_ratio_worked_by_hand() -> None:
    """Source right in 0.7, 0.3 of the pairs differ: M 0.07, 6.1826 x 0.3 / 0.0049 = 378.5."""
    needed = size(RATIO, "0.3", "0.7")
    assert (needed.pairs, needed.pairs_by_formula, needed.distance) == (
        379,
        by_hand("0.3", "0.07"),
        Fraction("0.07"),
    )


def test_a_margin_worked_by_hand() -> None:
    """0.1 of the pairs differ, 5 points are allowed: 6.1826 x 0.1 / 0.0025 = 247.3."""
    needed = size(MARGIN, "0.1", "0.9")
    assert (needed.pairs, needed.pairs_by_formula) == (248, by_hand("0.1", "0.05"))


def test_more_power_needs_more_pairs() -> None:
    needed = size(MARGIN, "0.1", "0.9", power="0.9")
    assert needed.pairs == by_hand("0.1", "0.05", "1.2815515655446004")


def test_it_is_never_under_200() -> None:
    needed = size(RATIO, "0.1", "0.9")
    assert (needed.pairs, needed.pairs_by_formula) == (200, by_hand("0.1", "0.09"))


shares = st.fractions(Fraction(1, 100), Fraction(1, 5))


@given(shares, shares, st.sampled_from(["0.8", "0.9", "0.95"]))
def test_it_grows_with_the_share_that_differs_and_falls_with_the_distance(
    one: Fraction, other: Fraction, threshold: str
) -> None:
    gate = gates.parse("ratio", threshold)
    low, high = sorted((one, other))
    pass_rate = Fraction(4, 5)
    assert (
        sample_size.compute(gate, discordant=low, pass_rate=pass_rate).pairs_by_formula
        <= sample_size.compute(gate, discordant=high, pass_rate=pass_rate).pairs_by_formula
    )
    stricter = QualityGate("ratio", (gate.threshold + 1) / 2)
    assert (
        sample_size.compute(gate, discordant=low, pass_rate=pass_rate).pairs_by_formula
        <= sample_size.compute(stricter, discordant=low, pass_rate=pass_rate).pairs_by_formula
    )


@pytest.mark.parametrize(
    ("gate", "pass_rate", "discordant"), [(RATIO, 0.7, 0.3), (MARGIN, 0.9, 0.1)]
)
def test_a_target_that_is_as_good_passes_about_as_often_as_planned(
    gate: QualityGate, pass_rate: float, discordant: float
) -> None:
    pairs = size(gate, str(discordant), str(pass_rate)).pairs
    half = discordant / 2
    cells = (pass_rate - half, half, half, 1 - pass_rate - half)
    draws, passes, rounds = random.Random(4), 0, 3_000  # noqa: S311  # repeatable on purpose
    for _ in range(rounds):
        drawn = draws.choices(range(4), cells, k=pairs)
        counts = examples.counts_of(*(drawn.count(cell) for cell in range(4)))
        statistic = (ratio if gate.rule == "ratio" else margin).z_statistic(counts, gate.limit)
        passes += significance.verdict(statistic) == "non_inferior"
    assert 0.75 <= passes / rounds <= 0.87


@pytest.mark.parametrize(
    ("discordant", "pass_rate", "power", "says"),
    [
        ("0", "0.9", "0.8", "no share of pairs that differ"),
        ("1.1", "0.9", "0.8", "no share of pairs that differ"),
        ("0.1", "0", "0.8", "no pass rate"),
        ("0.1", "0.9", "0.4", "no power"),
        ("0.1", "0.9", "1", "no power"),
        ("0.3", "0.9", "0.8", "cannot differ"),
    ],
)
def test_what_cannot_be_is_refused(discordant: str, pass_rate: str, power: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        sample_size.compute(
            RATIO,
            discordant=Fraction(discordant),
            pass_rate=Fraction(pass_rate),
            power=Fraction(power),
        )


def test_a_gate_without_room_is_refused() -> None:
    with pytest.raises(UsageError, match="allows no loss at all"):
        size(gates.parse("ratio", "1"), "0.1", "0.9")
