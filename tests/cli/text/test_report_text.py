"""The report in a terminal names the break-even that every face shows, and beside it the one at the expected factors."""

import io
from dataclasses import replace
from fractions import Fraction

import pytest
from rich.console import Console

from advisor.advice import rendering
from advisor.advice.figures import RecommendationFigure
from advisor.months.forecast_figures import BacktestFigure, ForecastRecordFigure
from advisor.report import report
from advisor.stages.records import SoFar
from advisor.switching import factors
from advisor.switching.breakeven import BreakEven
from cli.text import amounts, report_text, stage_text
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
    assert "; break-even: 80 % of requests sent back to gpt-4.1 (" in shown.get()
    assert "% at the expected factors)" in shown.get()


@pytest.mark.usefixtures("frozen_now")
def test_the_report_says_how_forecasts_did(database: Database) -> None:
    traffic.fill(database)
    with database.snapshot() as session:
        current = report.build(session, ledgers.SETTINGS, clock.now_us())
    october = BacktestFigure(
        month="2026-10",
        actual_usd="1.00",
        forecasts=30,
        error_ratio="0.0425",
        bias_ratio="-0.01",
        banded=16,
        covered=8,
    )
    record = ForecastRecordFigure(coverage_ratio=None, banded=16, covered=8, months=(october,))
    console = Console(file=io.StringIO(), width=200)
    with console.capture() as shown:
        report_text.show(console, replace(current, forecast_record=record))
    assert (
        "October's forecasts were 4.2 % off on average, 1 % too low; the 80 % band was too narrow"
        " (right on 8 of 16 days)" in shown.get()
    )


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (
            {"at_neutral": AS_PRICED, "at_expected": EXPECTED},
            "break-even: 80 % of requests sent back to gpt-4.1 (63.7 % at the expected factors)",
        ),
        (
            {"at_neutral": AS_PRICED, "at_expected": None},
            "break-even: 80 % of requests sent back to gpt-4.1",
        ),
        ({"at_neutral": None, "at_expected": None}, None),
    ],
)
def test_a_break_even_that_is_not_known_is_left_out(
    limits: dict[str, BreakEven | None], text: str | None
) -> None:
    assert amounts.break_even(advised_figure(**limits)) == text


@pytest.mark.parametrize(
    ("usd_by_method", "amount", "remark"),
    [
        ({"before_after": "419.33"}, "$419.33", "measured before and after"),
        (
            {"hold_out": "425.02", "before_after": "419.33"},
            "$419.33",
            "to $425.02: one saving, measured in 2 ways: against a hold-out, before and after",
        ),
        (
            {"hold_out": "1.00", "before_after": "1.00"},
            "$1.00",
            "one saving, measured in 2 ways: against a hold-out, before and after",
        ),
    ],
)
def test_what_was_saved_so_far_is_one_figure_however_it_was_measured(
    usd_by_method: dict[str, str], amount: str, remark: str
) -> None:
    so_far = SoFar(missed_usd=None, missed_month_usd=None, realised_usd=usd_by_method, moves=())
    assert list(stage_text.so_far(so_far)) == [("Saved so far", amount, remark)]


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
