"""A trend finds what was planted in daily costs, at any scale, and gives way where costs are no product of effects."""

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.months import trend
from advisor.months.trend import Trend
from ledger import clock
from tests.advisor import books

USD = books.USD
WEEKDAY_USD = (100, 105, 110, 105, 95, 40, 30)
TODAY = 20_788
"""2026-12-01; the 84 days before it hold the ends of September, October and November."""
FIRST_DAY = TODAY - 84


def day_costs(
    *,
    weekly_growth: float = 0.0,
    month_end: tuple[int, float] = (0, 1.0),
    noise: float = 0.0,
    days: int = 84,
) -> list[int]:
    """Costs of the days before TODAY: weekday, growth and month-end multiplied, with seeded noise."""
    draws = random.Random(7)  # noqa: S311
    costs = []
    for day in range(TODAY - days, TODAY):
        usd = WEEKDAY_USD[day % 7] * (1 + weekly_growth) ** ((day - FIRST_DAY) / 7)
        if clock.date_of(day + month_end[0]).day <= month_end[0]:
            usd *= month_end[1]
        costs.append(round(usd * (1 + noise * draws.gauss(0, 1)) * 10**6) * 10**9)
    return costs


def fit(costs: list[int]) -> Trend:
    fitted = trend.fit(TODAY - len(costs), costs)
    assert fitted is not None
    return fitted


def tomorrow(fitted: Trend) -> Fraction:
    return fitted.project(range(TODAY, TODAY + 1)).expected_femto_usd


@pytest.mark.parametrize("weekly_growth", [0.02, 0.05, -0.03])
def test_planted_growth_is_measured(weekly_growth: float) -> None:
    fitted = fit(day_costs(weekly_growth=weekly_growth, noise=0.05))
    assert abs(fitted.weekly_growth - Fraction(str(weekly_growth))) < Fraction("0.004")
    assert fitted.t > 2


def test_growth_without_noise_is_exact_and_fades_by_2_percent_a_day() -> None:
    fitted = fit(day_costs(weekly_growth=0.02))
    assert fitted.weekly_growth == Fraction("0.02")
    # The Tuesday one week before, a week of growth less what two hundredths of a day's growth are.
    last_week = day_costs(weekly_growth=0.02)[-7]
    assert float(tomorrow(fitted) / last_week) == pytest.approx(1.02 ** (1 - 0.02 / 7), rel=1e-6)


def test_where_nothing_grows_there_is_no_trend() -> None:
    assert fit(day_costs(noise=0.1)).weekly_growth == 0
    assert fit(day_costs()).weekly_growth == 0
    assert fit(day_costs()).month_end_factor == 1


@pytest.mark.parametrize(("days", "factor"), [(1, 3.0), (2, 2.0), (3, 1.6), (2, 0.4)])
def test_a_planted_month_end_is_found(days: int, factor: float) -> None:
    fitted = fit(day_costs(month_end=(days, factor), noise=0.05))
    assert fitted.month_end_days == days
    assert float(fitted.month_end_factor) == pytest.approx(factor, rel=0.1)


def test_one_spike_is_no_month_end() -> None:
    costs = day_costs(noise=0.05, days=56)
    costs[-1] *= 3
    assert fit(costs).month_end_days == 0


@given(
    st.lists(st.integers(1, 10**18), min_size=trend.LEAST_DAYS, max_size=90),
    st.integers(2, 10**6),
)
def test_all_costs_times_k_scale_the_trend_by_k(costs: list[int], k: int) -> None:
    plain = trend.fit(FIRST_DAY, costs)
    scaled = trend.fit(FIRST_DAY, [cost * k for cost in costs])
    days = range(FIRST_DAY + len(costs), FIRST_DAY + len(costs) + 30)
    if plain is None or scaled is None:
        assert plain is scaled
        return
    assert scaled.weekly_growth == plain.weekly_growth
    assert scaled.project(days).expected_femto_usd == plain.project(days).expected_femto_usd * k
    assert scaled.project(days).half_femto_usd == plain.project(days).half_femto_usd * k


def test_weekdays_without_any_traffic_cost_nothing_and_break_no_fit() -> None:
    costs = [
        0 if (FIRST_DAY + age) % 7 in (2, 3) else cost
        for age, cost in enumerate(day_costs(weekly_growth=0.02))
    ]
    fitted = fit(costs)
    assert fitted.weekly_growth == Fraction("0.02")
    by_day = [
        fitted.project(range(day, day + 1)).expected_femto_usd for day in range(TODAY, TODAY + 7)
    ]
    assert [cost == 0 for cost in by_day] == [day % 7 in (2, 3) for day in range(TODAY, TODAY + 7)]


def test_a_few_days_without_spend_lower_the_level_and_leave_the_shape() -> None:
    costs = day_costs(weekly_growth=0.02)
    whole = fit(costs)
    costs[40], costs[61] = 0, costs[61] // 1000
    holed = fit(costs)
    assert holed.weekly_growth == whole.weekly_growth
    missing = Fraction(sum(day_costs(weekly_growth=0.02)) - sum(costs), sum(costs))
    assert float(tomorrow(whole) / tomorrow(holed)) == pytest.approx(float(1 + missing), rel=1e-6)


@pytest.mark.parametrize("every", [2, 5])
def test_where_many_days_cost_nothing_no_trend_is_made(every: int) -> None:
    costs = [cost if age % every else 0 for age, cost in enumerate(day_costs())]
    assert trend.fit(FIRST_DAY, costs) is None


def test_too_few_days_or_none_that_cost_anything_make_no_trend() -> None:
    assert trend.fit(FIRST_DAY, [USD] * (trend.LEAST_DAYS - 1)) is None
    assert trend.fit(FIRST_DAY, [0] * 84) is None


def test_only_the_last_84_days_count() -> None:
    costs = day_costs(weekly_growth=0.02, noise=0.05)
    assert trend.fit(FIRST_DAY - 10, [999 * USD] * 10 + costs) == fit(costs)
