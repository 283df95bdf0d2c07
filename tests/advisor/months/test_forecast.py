"""The month's forecast: by hand, and never below what is spent."""

import random
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from advisor.months import forecast
from advisor.months.forecast import MonthSoFar
from tests.advisor import books

USD = books.USD
FIRST_DAY = 20_758
"""2026-11-01, a Sunday."""


def so_far(
    closed_days: int, spent_femto_usd: int, *, days: int = 30, today_femto_usd: int = 0
) -> MonthSoFar:
    """A month that began on FIRST_DAY, after some closed days."""
    return MonthSoFar(
        first_day=FIRST_DAY,
        days=days,
        today=FIRST_DAY + closed_days,
        spent_femto_usd=spent_femto_usd,
        today_femto_usd=today_femto_usd,
    )


def expected(
    cost_femto_usd: int,
    low_femto_usd: int | None,
    high_femto_usd: int | None,
    method: forecast.Method,
) -> forecast.Forecast:
    """A forecast as it is worked by hand."""
    return forecast.Forecast(
        cost_femto_usd=cost_femto_usd,
        low_femto_usd=low_femto_usd,
        high_femto_usd=high_femto_usd,
        method=method,
    )


def forecast_of(month: MonthSoFar, closed: list[int]) -> forecast.Forecast:
    estimate = forecast.for_month(month, closed)
    assert estimate is not None
    return estimate


def test_a_weekday_forecast_and_its_band_worked_by_hand() -> None:
    # 28 closed days: every day costs 10 USD, but the four days of today's weekday cost 6, 8, 12 and 14 (mean 10).
    closed = [10 * USD] * 28
    for week, dollars in enumerate((6, 8, 12, 14)):
        closed[week * 7] = dollars * USD
    # The 24th: 23 days closed, 7 left, one of each weekday. s2 = (16 + 4 + 4 + 16) / 21, Var = s2 x 7 x (1 + 1/4) = 50/3,
    # half the band = 1.3231878738651732 x 4.08248290463863 = 5.401891874... USD.
    month = so_far(23, 230 * USD)
    assert forecast_of(month, closed) == expected(
        300 * USD, 294_598_108_125 * 10**6, 305_401_891_875 * 10**6, "weekday_mean"
    )


def test_weekends_keep_their_own_mean() -> None:
    # Weekdays 10 USD, Saturday and Sunday 1; the month's first Sunday is day 0, so the last three days are Sat, Sun, Mon.
    closed = [USD if (FIRST_DAY + offset) % 7 in (2, 3) else 10 * USD for offset in range(-1, 27)]
    assert [cost // USD for cost in closed[:3]] == [1, 1, 10]
    month = so_far(27, 0)
    assert forecast_of(month, closed).cost_femto_usd == (1 + 1 + 10) * USD


def test_only_the_last_28_days_count() -> None:
    month = so_far(20, 0)
    assert forecast_of(month, [999 * USD] * 40 + [USD] * 28).cost_femto_usd == 10 * USD


def test_a_short_history_uses_its_own_counts_and_says_so() -> None:
    # 14 days, two of each weekday, alternating weeks of 8 and 12 USD: mean 10, s2 = 14 x 4 / 7 = 8.
    # One day left: Var = 8 x (1 + 1/2) = 12, half = 1.4149239277 x 3.464101615 = 4.901440263... USD.
    month = so_far(29, 290 * USD)
    estimate = forecast_of(month, [8 * USD] * 7 + [12 * USD] * 7)
    assert estimate == expected(
        300 * USD, 295_098_559_737 * 10**6, 304_901_440_263 * 10**6, "short_history"
    )


def test_27_days_are_short_and_28_are_not() -> None:
    month = so_far(28, 0)
    assert [forecast_of(month, [USD] * days).method for days in (13, 14, 27, 28)] == [
        "run_rate",
        "short_history",
        "short_history",
        "weekday_mean",
    ]


def test_a_run_rate_has_no_band() -> None:
    # Five closed days at 3 USD on average, a month of 30.
    month = so_far(5, 15 * USD)
    assert forecast_of(month, [USD, 2 * USD, 3 * USD, 4 * USD, 5 * USD]) == expected(
        90 * USD, None, None, "run_rate"
    )


def test_before_a_day_has_closed_the_historys_mean_day_counts() -> None:
    month = so_far(0, 0)
    assert forecast_of(month, [USD, 3 * USD]).cost_femto_usd == 60 * USD


def test_a_ledger_that_began_mid_month_is_not_credited_with_days_it_never_saw() -> None:
    month = so_far(20, 10 * USD)
    assert forecast_of(month, [USD] * 10).cost_femto_usd == 20 * USD


def test_without_history_there_is_no_forecast() -> None:
    assert forecast.for_month(so_far(0, 5, today_femto_usd=5), []) is None


def test_a_finished_month_is_its_actual() -> None:
    estimate = forecast_of(so_far(30, 123), [USD] * 40)
    assert estimate == expected(123, 123, 123, "actual")


def test_on_the_last_day_the_forecast_is_not_below_what_today_has_already_spent() -> None:
    month = so_far(30, 400 * USD, days=31, today_femto_usd=100 * USD)
    estimate = forecast_of(month, [10 * USD] * 28)
    assert (estimate.cost_femto_usd, estimate.low_femto_usd) == (400 * USD, 400 * USD)


@given(
    st.lists(st.integers(0, 10**20), max_size=60),
    st.integers(0, 40),
    st.integers(28, 31),
    st.integers(0, 10**21),
    st.fractions(0, 1, max_denominator=100),
)
def test_neither_forecast_nor_low_end_is_ever_below_the_spend(
    closed: list[int], day: int, days: int, spent: int, today_share: Fraction
) -> None:
    month = so_far(
        day,
        spent,
        days=days,
        today_femto_usd=int(spent * today_share) if day < days else 0,
    )
    estimate = forecast.for_month(month, closed)
    if estimate is not None:
        assert estimate.cost_femto_usd >= spent
        if estimate.low_femto_usd is not None and estimate.high_femto_usd is not None:
            assert (
                spent
                <= estimate.low_femto_usd
                <= estimate.cost_femto_usd
                <= estimate.high_femto_usd
            )


def test_the_band_covers_80_percent_of_independent_months() -> None:
    draws = random.Random(41)  # noqa: S311
    covered = 0
    for _ in range(2_000):
        days = [int(draws.gauss(100, 15) * 10**6) * 10**9 for _ in range(28 + 15)]
        month = so_far(15, sum(days[13:28]))
        estimate = forecast_of(month, days[:28])
        assert estimate.low_femto_usd is not None
        assert estimate.high_femto_usd is not None
        covered += estimate.low_femto_usd <= sum(days[13:]) <= estimate.high_femto_usd
    assert 0.75 <= covered / 2_000 <= 0.85
