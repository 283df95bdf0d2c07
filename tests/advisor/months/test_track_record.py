"""How sure advice is rests on how the latest forecasts did, as of the same run, on every road to advice."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from advisor.advice import computation, rendering
from advisor.advice import figures as advice_figures
from advisor.months import pricings, track_record
from advisor.report import whatif
from advisor.stages import recommendations
from ledger import clock, months
from ledger.database import Database
from ledger.events import Event
from tests import conftest, ledgers
from tests.advisor import closed_books

pytestmark = pytest.mark.usefixtures("frozen_now")
NOW_US = clock.to_us(conftest.NOW)
NOVEMBER = clock.to_us(clock.EPOCH.replace(year=2026, month=11, day=1)) // clock.DAY_US
OCTOBER, SEPTEMBER, AUGUST, JULY = NOVEMBER - 31, NOVEMBER - 61, NOVEMBER - 92, NOVEMBER - 123


def days(first: int, last: int, requests: int = 1) -> Iterator[Event]:
    for day in range(first, last):
        for turn in range(requests):
            yield ledgers.event(day * clock.DAY_US + turn)


@pytest.fixture
def four_months(database: Database) -> Database:
    """July to November at one request a day, with more of them on one day of each month but July."""
    jumps = [
        *days(AUGUST + 3, AUGUST + 4, 9),
        *days(SEPTEMBER + 9, SEPTEMBER + 10, 5),
        *days(OCTOBER + 4, OCTOBER + 5, 2),
    ]
    ledgers.add(database, [*days(JULY, NOVEMBER + 22), *jumps])
    ledgers.settle(database)
    return database


def stored(database: Database) -> advice_figures.RecommendationFigure:
    with database.snapshot() as session:
        (found,) = recommendations.read_current(session)
    return rendering.figure_of(found.recommendation)


def errors(database: Database, month: str) -> list[Fraction]:
    """The errors of the back-tested months through one, the latest first, as the report tells them."""
    record = closed_books.built(database, month).forecast_record
    return [Fraction(each.error_ratio) for each in record.months] if record else []


def of_month(database: Database, month: str | None) -> advice_figures.RecommendationFigure:
    """Advice as it is computed when it is read."""
    with database.snapshot() as session:
        chosen = months.parse_or_current(month, ledgers.SETTINGS.zone, NOW_US) if month else None
        (found,) = computation.compute(
            session, pricings.in_force(session), ledgers.SETTINGS, NOW_US, month=chosen
        )
    return rendering.figure_of(found)


def test_the_first_run_grades_the_forecast_by_the_months_it_tests_itself(
    four_months: Database,
) -> None:
    told = errors(four_months, "2026-11")
    assert len(told) == 4
    mean = sum(told[:3], Fraction(0)) / 3
    assert abs(Fraction(stored(four_months).forecast_error_ratio or "nan") - mean) < Fraction(
        1, 10**9
    )
    assert mean < Fraction("0.10")
    assert stored(four_months).confidence_grades["forecast"] == "high"


def test_what_is_stored_is_what_a_second_computation_says(four_months: Database) -> None:
    assert stored(four_months) == of_month(four_months, None)


def test_a_run_that_tests_a_month_again_advises_by_the_new_error(four_months: Database) -> None:
    before = stored(four_months).forecast_error_ratio
    ledgers.add(four_months, list(days(OCTOBER + 20, OCTOBER + 21, 90)))
    ledgers.settle(four_months)
    after = stored(four_months)
    assert after.forecast_error_ratio != before
    assert after == of_month(four_months, None)
    assert after.confidence_grades["forecast"] == "medium"


@pytest.mark.parametrize(
    ("month", "tested"), [("2026-10", 3), ("2026-09", 3), ("2026-08", 2), ("2026-07", 1)]
)
def test_advice_of_an_earlier_month_knows_no_later_error(
    four_months: Database, month: str, tested: int
) -> None:
    told = errors(four_months, month)[:3]
    assert len(told) == tested
    with four_months.snapshot() as session:
        through = months.parse_or_current(month, ledgers.SETTINGS.zone, NOW_US)
        assert track_record.error_ratio(session, through) == sum(told, Fraction(0)) / tested
        asked = whatif.run(session, ledgers.SETTINGS, NOW_US, whatif.Question(month=month))
    ratio = rendering.figure_of(asked).forecast_error_ratio
    assert ratio == of_month(four_months, month).forecast_error_ratio
    assert ratio is not None


def test_a_scenario_of_now_is_as_sure_as_the_advice(four_months: Database) -> None:
    with four_months.snapshot() as session:
        asked = whatif.run(session, ledgers.SETTINGS, NOW_US, whatif.Question())
    assert asked.confidence.grades == stored(four_months).confidence_grades


def test_a_statement_of_the_run_stands_in_for_the_stored_one(four_months: Database) -> None:
    untested = replace(closed_books.stored(four_months, "2026-10"), backtest=None)
    told = errors(four_months, "2026-11")
    with four_months.snapshot() as session:
        current = months.parse_or_current(None, ledgers.SETTINGS.zone, NOW_US)
        assert (
            track_record.error_ratio(session, current, [untested])
            == sum(told[1:4], Fraction(0)) / 3
        )


def test_where_no_month_was_tested_nothing_is_known_and_the_grade_is_low(
    database: Database,
) -> None:
    ledgers.add(database, list(days(NOVEMBER, NOVEMBER + 22)))
    ledgers.settle(database)
    found = stored(database)
    assert (found.forecast_error_ratio, found.confidence_grades["forecast"]) == (None, "low")
