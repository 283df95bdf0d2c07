"""Forecasts of finished months are made again and judged: by hand, by laws, and out of the ledger on every face."""

from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.months import backtest, forecast, forecast_figures, statement_store
from advisor.publishing.exports import review
from advisor.report import report
from ledger import clock
from ledger.database import Database
from ledger.events import Event
from tests import conftest, ledgers
from tests.advisor import books, closed_books, traffic

USD = books.USD
OCTOBER = clock.to_us(clock.EPOCH.replace(year=2026, month=10, day=1)) // clock.DAY_US
SEPTEMBER = OCTOBER - 30
FIRST_DAY = 20_758
"""2026-11-01, a Sunday."""


def test_a_month_of_one_price_a_day_is_forecast_without_error_and_its_bands_hold() -> None:
    tested = backtest.run(FIRST_DAY, [10 * USD] * 30, [[10 * USD] * 28] * 30)
    assert tested == backtest.Backtest(
        actual_femto_usd=300 * USD,
        forecasts=30,
        signed_error_femto_usd=0,
        absolute_error_femto_usd=0,
        banded=30,
        covered=30,
    )


def test_a_jump_that_no_history_foretold_is_worked_by_hand() -> None:
    # A month of two days at 10 USD after four weeks at 5: forecast 10 on its first morning, 10 + 5 on its second.
    tested = backtest.run(FIRST_DAY, [10 * USD] * 2, [[5 * USD] * 28, [5 * USD] * 27 + [10 * USD]])
    assert tested is not None
    assert (tested.forecasts, tested.signed_error_femto_usd, tested.absolute_error_femto_usd) == (
        2,
        -15 * USD,
        15 * USD,
    )
    assert (tested.error_ratio, tested.bias_ratio) == (Fraction(15, 40), Fraction(-15, 40))
    # The first band has no width; half the second is 1.3232 sqrt(s2 x 5/4) = 1.398 USD, s2 = (3 x 1.25^2 + 3.75^2) / 21.
    assert (tested.banded, tested.covered) == (2, 0)


def test_run_rates_are_judged_but_have_no_band_to_hold() -> None:
    tested = backtest.run(FIRST_DAY, [USD] * 30, [[USD] * day for day in range(13)] + [[]] * 17)
    assert tested is not None
    assert (tested.forecasts, tested.banded, tested.covered) == (12, 0, 0)


@pytest.mark.parametrize(("costs", "history"), [([0] * 30, [0] * 28), ([USD] * 30, [])])
def test_nothing_spent_or_nothing_to_forecast_from_tests_nothing(
    costs: list[int], history: list[int]
) -> None:
    assert backtest.run(FIRST_DAY, costs, [history] * 30) is None


def test_a_month_that_the_ledger_saw_in_part_tests_nothing() -> None:
    began_on_the_first = [[USD] * day for day in range(30)]
    began_on_the_second = [[USD] * max(0, day - 1) for day in range(30)]
    assert backtest.run(FIRST_DAY, [USD] * 30, began_on_the_first) is not None
    assert backtest.run(FIRST_DAY, [0] + [USD] * 29, began_on_the_second) is None


@given(
    st.lists(st.integers(0, 10**19), min_size=58, max_size=59),
    st.integers(0, 40),
)
def test_errors_are_those_of_the_forecasts_one_by_one(costs: list[int], began: int) -> None:
    month = costs[28:]
    histories = [costs[began : 28 + day] if began < 28 + day else [] for day in range(len(month))]
    tested = backtest.run(FIRST_DAY, month, histories)
    mornings = [
        forecast.MonthSoFar(
            first_day=FIRST_DAY,
            days=len(month),
            today=FIRST_DAY + day,
            spent_femto_usd=sum(month[:day]),
        )
        for day in range(len(month))
    ]
    forecasts = [
        expected
        for morning, history in zip(mornings, histories, strict=True)
        if (expected := forecast.for_month(morning, history)) is not None
    ]
    if tested is None:
        assert not sum(month) or began > 28
        return
    assert tested.actual_femto_usd == sum(month)
    errors = [expected.cost_femto_usd - sum(month) for expected in forecasts]
    assert tested.signed_error_femto_usd == sum(errors)
    assert tested.absolute_error_femto_usd == sum(map(abs, errors))
    assert abs(tested.bias_ratio) <= tested.error_ratio
    assert 0 <= tested.covered <= tested.banded <= tested.forecasts == len(forecasts)


def _days(first: int, last: int, requests: int = 1) -> Iterator[Event]:
    for day in range(first, last):
        for turn in range(requests):
            yield ledgers.event(day * clock.DAY_US + turn)


@pytest.fixture
def two_months(database: Database, frozen_now: None) -> Database:
    """September and October at one request a day, but three on the 11th of October."""
    ledgers.add(
        database,
        [*_days(SEPTEMBER, OCTOBER + 31), *_days(OCTOBER + 10, OCTOBER + 11, 2), ledgers.event()],
    )
    ledgers.settle(database)
    return database


def _tested(database: Database, month: str = "2026-10") -> backtest.Backtest:
    tested = closed_books.stored(database, month).backtest
    assert tested is not None
    return tested


def test_the_stored_back_test_is_worked_by_hand(database: Database, frozen_now: None) -> None:
    # Of 55 days no trend is made. A request costs 0.0028 USD; the month came to 33 of them. The 1st
    # to the 11th foresaw 31. From the 12th on, the two Sundays left of the jump's weekday were
    # forecast at the mean of 1, 1, 1 and 3 = 1.5.
    ledgers.add(
        database,
        [*_days(OCTOBER - 24, OCTOBER + 31), *_days(OCTOBER + 10, OCTOBER + 11, 2)],
    )
    ledgers.settle(database)
    tested = _tested(database)
    assert tested.actual_femto_usd == 33 * USD * 28 // 10_000
    assert (tested.forecasts, tested.banded) == (31, 31)
    too_low = 11 * 2
    too_high = Fraction(
        sum(other % 7 == 10 % 7 for day in range(11, 31) for other in range(day, 31)), 2
    )
    assert abs(tested.error_ratio - (too_low + too_high) / (31 * 33)) < Fraction(1, 10**9)
    assert abs(tested.bias_ratio - (too_high - too_low) / (31 * 33)) < Fraction(1, 10**9)


def test_the_first_month_of_a_ledger_is_tested_from_its_first_full_day_on(
    two_months: Database,
) -> None:
    # September begins with the ledger: no forecast on its first morning, run rates to the 14th, bands
    # from the 15th.
    tested = _tested(two_months, "2026-09")
    assert (tested.forecasts, tested.banded, tested.covered) == (29, 16, 16)
    assert tested.error_ratio == 0


def test_a_late_event_of_the_month_before_is_tested_again(two_months: Database) -> None:
    before = _tested(two_months)
    ledgers.add(two_months, list(_days(OCTOBER - 3, OCTOBER - 2, 5)))
    ledgers.settle(two_months)
    assert _tested(two_months).error_ratio != before.error_ratio
    assert _tested(two_months).actual_femto_usd == before.actual_femto_usd


def test_a_closed_month_keeps_its_back_test(two_months: Database) -> None:
    before = _tested(two_months)
    ledgers.close(two_months, "2026-10")
    ledgers.add(two_months, list(_days(OCTOBER - 3, OCTOBER - 2, 5)))
    ledgers.settle(two_months)
    assert _tested(two_months) == before


def test_report_metrics_and_storage_tell_the_same_record(two_months: Database) -> None:
    record = closed_books.built(two_months, "2026-11").forecast_record
    assert record is not None
    assert [tested.month for tested in record.months] == ["2026-10", "2026-09"]
    assert record.months[0] == forecast_figures.backtest_figure("2026-10", _tested(two_months))
    assert (record.banded, record.covered) == (47, sum(tested.covered for tested in record.months))
    scraped = traffic.scrape(two_months)
    errors = traffic.of(scraped, "forecast_error_ratio")
    assert errors == {
        (("month", tested.month),): float(tested.error_ratio) for tested in record.months
    }
    assert traffic.of(scraped, "forecast_coverage_ratio") == {
        (): float(record.coverage_ratio or "nan")
    }


def test_the_review_lists_every_tested_month_exactly(two_months: Database) -> None:
    with two_months.snapshot() as session:
        november_review = review.build(
            session, ledgers.SETTINGS, clock.to_us(conftest.NOW), "2026-11"
        )
    (section,) = (
        section for section in november_review.sections if section.name == "forecast_record"
    )
    assert [row["month"] for row in section.rows] == ["2026-10", "2026-09"]
    figure = forecast_figures.backtest_figure("2026-10", _tested(two_months))
    october = section.rows[0]
    assert (str(october["error_ratio"]), october["covered"]) == (figure.error_ratio, figure.covered)


def test_a_report_of_an_earlier_month_knows_no_later_record(two_months: Database) -> None:
    record = closed_books.built(two_months, "2026-09").forecast_record
    assert record is not None
    assert [tested.month for tested in record.months] == ["2026-09"]


def test_a_project_alone_has_no_record(two_months: Database) -> None:
    with two_months.snapshot() as session:
        of_search = report.build(
            session, ledgers.SETTINGS, clock.to_us(conftest.NOW), "2026-11", "search"
        )
    assert of_search.forecast_record is None


def test_the_months_tested_are_bounded(two_months: Database) -> None:
    month = closed_books.stored(two_months, "2026-10").month
    with two_months.snapshot() as session:
        assert list(statement_store.read_backtests(session, month, 1)) == ["2026-10"]
