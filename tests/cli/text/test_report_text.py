"""The report in a terminal names the break-even that every face shows, and beside it the one at the expected factors."""

import io
from dataclasses import replace
from fractions import Fraction

import pytest
from rich.console import Console

from advisor.advice import rendering
from advisor.advice.figures import RecommendationFigure
from advisor.months.figures import BacktestFigure, ForecastRecordFigure
from advisor.report import report
from advisor.switching import factors
from advisor.switching.breakeven import BreakEven
from cli.text import report_text
from ledger import clock
from ledger.database import Database
from tests import ledgers
from tests.advisor import advised, traffic

AS_PRICED, EXPECTED = (
    BreakEven(Fraction("0.80"), None),
    BreakEven(Fraction("0.637"), None),
)


def advised_figure(**changed: object) -> RecommendationFigure:
    """A recommendation as it is shown."""
    return rendering.figure_of(advised.recommendation(**changed))  # type: ignore[arg-type]  # fields by name


@pytest.mark.usefixtures("frozen_now")
def test_the_conditions_name_the_break_even_as_priced_and_at_the_expected_factors(
    database: Database,
) -> None:
    traffic.fill(database)
    with database.snapshot() as session:
        found = report.build(session, ledgers.SETTINGS, clock.now_us())
    console = Console(file=io.StringIO(), width=200)
    with console.capture() as shown:
        report_text.show(console, found)
    assert "it saves nothing once 80 % of the requests come back (" in shown.get()
    assert "% at the expected factors)" in shown.get()


@pytest.mark.parametrize(
    ("banded", "said"),
    [
        (
            16,
            "mean error of the forecasts made in 2026-10; of 60 forecasts; the 80 % band held in 12 of 16",
        ),
        (0, "mean error of the forecasts made in 2026-10; of 60 forecasts"),
    ],
)
def test_the_back_test_names_its_month_and_counts_no_band_where_none_was_forecast(
    banded: int, said: str
) -> None:
    months = tuple(
        BacktestFigure(
            month=month,
            actual_usd="1.00",
            forecasts=30,
            error_ratio="0.0425",
            bias_ratio="-0.01",
            banded=banded,
            covered=12,
        )
        for month in ("2026-10", "2026-09")
    )
    record = ForecastRecordFigure(coverage_ratio=None, banded=banded, covered=12, months=months)
    assert report_text.track_record(record) == ("4.2 %", said)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (
            {"at_neutral": AS_PRICED, "at_expected": EXPECTED},
            "; it saves nothing once 80 % of the requests come back (63.7 % at the expected factors)",
        ),
        (
            {"at_neutral": AS_PRICED, "at_expected": None},
            "; it saves nothing once 80 % of the requests come back",
        ),
        ({"at_neutral": None, "at_expected": None}, ""),
    ],
)
def test_a_break_even_that_is_not_known_is_not_told(
    limits: dict[str, BreakEven | None], said: str
) -> None:
    assert report_text.bound(advised_figure(**limits)) == said


@pytest.mark.usefixtures("frozen_now")
def test_a_model_that_two_providers_sell_is_told_with_its_provider(database: Database) -> None:
    traffic.fill(database)
    with database.snapshot() as session:
        found = report.build(session, ledgers.SETTINGS, clock.now_us())
    (one, *others) = found.models
    again = replace(one, names={**one.names, "provider": "azure"})
    console = Console(file=io.StringIO(), width=200)
    with console.capture() as shown:
        report_text.show(console, replace(found, models=(one, again, *others)))
    for model in (one, again):
        assert f"{model.names['model']} ({model.names['provider']})" in shown.get()
    assert all(f"{each.names['model']} (" not in shown.get() for each in others)


@pytest.mark.usefixtures("frozen_now")
def test_of_slices_with_different_factors_the_one_that_bears_least_is_told(
    database: Database,
) -> None:
    traffic.fill(database)
    with database.snapshot() as session:
        found = report.build(session, ledgers.SETTINGS, clock.now_us())
    measured = replace(factors.ASSUMED, measured=frozenset({"cached_share"}))
    recommendations = (
        advised_figure(factors=measured, at_expected=BreakEven(Fraction("0.612"), None)),
        advised_figure(factors=factors.ASSUMED, workload="chat", at_expected=EXPECTED),
    )
    console = Console(file=io.StringIO(), width=200)
    with console.capture() as shown:
        report_text.show(
            console, replace(found, savings=replace(found.savings, recommendations=recommendations))
        )
    assert "with assumed and partly measured factors, at today's prices." in shown.get()
    assert "(61.2 % at the expected factors)" in shown.get()
    assert "63.7 %" not in shown.get()
