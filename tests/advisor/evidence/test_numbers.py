"""Quantiles, ratios of sums, shares, judges and drift: worked examples, and how bounds cover."""

import random
from decimal import Decimal
from fractions import Fraction
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.evidence import drift, judge, measurement, rates, ratio, significance, student
from advisor.evidence.judge import JudgeLabels
from advisor.evidence.pair_counts import PairCounts


@pytest.mark.parametrize(
    ("share", "degrees", "quantile"),
    [
        (0.90, 7, 1.4149239277),
        (0.90, 8, 1.3968153097),
        (0.90, 21, 1.3231878738651732),
        (0.95, 1, 6.3137515147),
        (0.95, 2, 2.9199855804),
        (0.95, 19, 1.7291328115),
        (0.95, 30, 1.6972608866),
        (0.975, 10, 2.2281388520),
    ],
)
def test_quantiles_of_t_are_those_of_the_tables(
    share: float, degrees: int, quantile: float
) -> None:
    assert isclose(student.quantile(share, degrees), quantile, rel_tol=1e-9)


def test_with_many_degrees_of_freedom_t_is_normal_and_nonsense_is_refused() -> None:
    assert isclose(student.quantile(0.95, 10**6), significance.Z, rel_tol=1e-5)
    with pytest.raises(ValueError, match="no quantile"):
        student.quantile(0.5, 3)


def test_a_ratio_of_sums_worked_by_hand() -> None:
    """10 groups of (3, 2), 10 of (1, 2): R = 40/40 = 1; residuals +1 and -1, squares sum to 20."""
    measured = measurement.ratio_of_sums([(3, 2)] * 10 + [(1, 2)] * 10)
    assert measured is not None
    half = Decimal("1.7291328115213671") * (Decimal(20) / Decimal(19) * 20).sqrt() / 40
    assert (measured.expected, measured.groups) == (Fraction(1), 20)
    assert measured.most == Fraction(round(1 + half, 9))
    assert measured.least == Fraction(round(1 - half, 9))


def test_it_is_a_ratio_of_sums_and_never_a_mean_of_ratios() -> None:
    measured = measurement.ratio_of_sums([(1_000, 1_000)] * 10 + [(2, 1)] * 10)
    assert measured is not None
    assert measured.expected == measurement.round_ratio(Fraction(10_020, 10_010))


@pytest.mark.parametrize("groups", [[(3, 2)] * 19, [(0, 0)] * 30])
def test_too_few_groups_or_nothing_to_divide_by_measure_nothing(
    groups: list[tuple[int, int]],
) -> None:
    assert measurement.ratio_of_sums(groups) is None


@given(
    st.lists(st.tuples(st.integers(0, 1_000), st.integers(1, 1_000)), min_size=20, max_size=40),
    st.randoms(),
)
def test_the_order_of_the_groups_does_not_matter_and_the_bounds_enclose(
    groups: list[tuple[int, int]], order: random.Random
) -> None:
    measured = measurement.ratio_of_sums(groups)
    order.shuffle(groups)
    assert measured == measurement.ratio_of_sums(groups)
    assert measured is not None
    assert 0 <= measured.least <= measured.expected <= measured.most


def test_its_upper_bound_covers_the_truth_about_95_times_of_100() -> None:
    draws, covered = random.Random(11), 0  # noqa: S311  # repeatable on purpose
    for _ in range(1_500):
        groups = [
            (round(x * draws.uniform(0.8, 1.6)), x)
            for x in (draws.randint(200, 900) for _ in range(60))
        ]
        measured = measurement.ratio_of_sums(groups)
        covered += measured is not None and measured.most >= Fraction("1.2")
    assert 0.93 <= covered / 1_500 <= 0.97


def test_wilson_worked_by_hand() -> None:
    """10 of 100, z = 1.6448536.

    Centre 0.1 + z^2/200, half z sqrt(0.0009 + z^2/40000), both over 1 + z^2/100.
    """
    z = Decimal("1.6448536269514722")
    half = z * (Decimal("0.0009") + z**2 / 40_000).sqrt()
    scale = 1 + z**2 / 100
    low, high = rates.wilson_bounds(10, 100)
    assert isclose(low, float((Decimal("0.1") + z**2 / 200 - half) / scale), rel_tol=1e-12)
    assert isclose(high, float((Decimal("0.1") + z**2 / 200 + half) / scale), rel_tol=1e-12)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_bounds_enclose_the_share_and_stay_shares(sample: tuple[int, int]) -> None:
    low, high = rates.wilson_bounds(*sample)
    assert 0 <= low <= sample[0] / sample[1] <= high <= 1


def test_none_of_twenty_is_not_never() -> None:
    assert rates.wilson_bounds(0, 20)[1] > 0.1
    with pytest.raises(ValueError, match="no share"):
        rates.wilson_bounds(0, 0)


def labels_of(
    right_right: int, right_wrong: int, wrong_right: int, wrong_wrong: int
) -> JudgeLabels:
    """Labels in the order of a table: the person's word by row, the judge's by column."""
    return JudgeLabels(
        right_right=right_right,
        right_wrong=right_wrong,
        wrong_right=wrong_right,
        wrong_wrong=wrong_wrong,
    )


GOOD_JUDGE = labels_of(57, 3, 4, 36)


def test_a_judged_rate_is_put_right_worked_by_hand() -> None:
    """Sensitivity 0.95, specificity 0.9, raw 0.85: (0.85 + 0.9 - 1) / (0.95 + 0.9 - 1)."""
    rate = judge.corrected_rate(170, 200, GOOD_JUDGE)
    assert rate is not None
    assert rate.expected == measurement.round_ratio(Fraction(75, 85))
    assert rate.low < rate.expected < rate.high


@pytest.mark.parametrize(
    "labels",
    [
        labels_of(24, 1, 1, 23),  # 49
        labels_of(25, 25, 25, 25),  # no better than a coin
        labels_of(60, 0, 0, 0),  # nothing wrong among them
        labels_of(10, 40, 30, 10),  # worse than a coin
    ],
)
def test_labels_that_are_too_few_or_show_no_skill_are_refused(labels: JudgeLabels) -> None:
    assert (labels.is_enough, judge.corrected_rate(170, 200, labels)) == (False, None)


def test_fifty_labels_of_both_kinds_are_enough() -> None:
    assert labels_of(24, 1, 1, 24).is_enough


def test_a_judge_shrinks_a_difference_by_what_it_surely_tells_apart_worked_by_hand() -> None:
    """One hit and one miss added: 58 of 62, 37 of 42, so 0.8165, less 1.645 standard errors."""
    error = ((58 / 62) * (4 / 62) / 62 + (37 / 42) * (5 / 42) / 42) ** 0.5
    assert judge.youden_low(GOOD_JUDGE) == pytest.approx(
        58 / 62 + 37 / 42 - 1 - 1.6448536269514722 * error
    )
    assert judge.youden_low(labels_of(10, 40, 30, 10)) == 0


def test_the_interval_of_a_judged_rate_carries_both_samples() -> None:
    few, many = (
        judge.corrected_rate(170, 200, GOOD_JUDGE),
        judge.corrected_rate(170, 200, labels_of(570, 30, 40, 360)),
    )
    assert few is not None
    assert many is not None
    assert few.expected == many.expected
    assert few.low < many.low < many.high < few.high


def test_the_interval_covers_the_truth_at_least_89_times_of_100() -> None:
    draws, covered, rounds = random.Random(5), 0, 3_000  # noqa: S311  # repeatable on purpose
    for _ in range(rounds):
        right = sum(draws.random() < 0.8 for _ in range(60))
        hits, correct = (
            sum(draws.random() < 0.93 for _ in range(right)),
            sum(draws.random() < 0.9 for _ in range(60 - right)),
        )
        labels = labels_of(hits, right - hits, 60 - right - correct, correct)
        passes = sum(draws.random() < (0.93 if draws.random() < 0.8 else 0.1) for _ in range(200))
        rate = judge.corrected_rate(passes, 200, labels)
        covered += rate is None or rate.low <= Fraction("0.8") <= rate.high
    assert covered / rounds >= 0.89


def test_a_target_at_the_margin_does_not_pass_on_a_lenient_judges_word() -> None:
    """The judge calls 3 of 10 wrong answers right, which alone would pass far too many."""
    draws, rounds, plain, corrected = random.Random(9), 3_000, 0, 0  # noqa: S311  # repeatable on purpose
    for _ in range(rounds):
        wrong = sum(draws.random() < 0.3 for _ in range(30))
        labels = labels_of(66, 4, wrong, 30 - wrong)
        marks = [
            (draws.random() < (0.94 if a else 0.3), draws.random() < (0.94 if b else 0.3))
            for a, b in draws.choices(
                [(1, 1), (1, 0), (0, 1), (0, 0)], (0.69, 0.11, 0.03, 0.17), k=300
            )
        ]
        counts = PairCounts.from_marks(marks)
        plain += significance.verdict(ratio.z_statistic(counts, 0.9)) == "non_inferior"
        corrected += significance.verdict(judge.z_statistic(counts, 0.9, labels)) == "non_inferior"
    assert corrected / rounds <= 0.06 < plain / rounds


def test_drift_worked_by_hand_and_its_edges() -> None:
    """Halves that become 60 and 40 %: 0.1 ln 1.2 + (-0.1) ln 0.8 = 0.0405465."""
    then, now = {7: 1_000, 8: 1_000}, {7: 1_200, 8: 800}
    index = drift.population_stability_index(then, now)
    assert index is not None
    assert isclose(index, 0.0405465, abs_tol=1e-6)
    assert drift.population_stability_index(then, then) == 0
    assert drift.population_stability_index({7: 999}, now) is None
    assert drift.population_stability_index({7: 1_000}, {7: 1_000}) == 0
    moved = drift.population_stability_index({7: 2_000}, {9: 2_000})
    assert moved is not None
    assert moved > drift.STRONG
