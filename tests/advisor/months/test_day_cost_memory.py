"""Remembered costs of days give the statements that a computation from nothing gives, whatever has changed."""

from collections.abc import Callable

import pytest

from advisor import refresh
from advisor.months import day_cost_memory, month_computation, pricings
from ledger import clock, facts
from ledger.database import Database
from tests import conftest, ledgers
from tests.advisor import closed_books
from tests.advisor.months.test_day_costs import TODAY, events
from worker import rollup

pytestmark = pytest.mark.usefixtures("frozen_now")
FIRST_DAY = TODAY - 120


@pytest.fixture
def four_months(database: Database) -> Database:
    """One request a day, refreshed: the costs of the last months' days are remembered."""
    ledgers.add(database, events(range(FIRST_DAY, TODAY)))
    ledgers.settle(database)
    return database


def add_late(database: Database) -> None:
    ledgers.add(database, events([TODAY - 60, TODAY - 3, TODAY], hour=7))


def raise_price(database: Database) -> None:
    closed_books.set_price(database, "3", "9", since=TODAY - 30)


def change_nothing(_database: Database) -> None:
    return


def remembered(database: Database) -> dict[int, int | None]:
    with database.snapshot() as session:
        pricing = pricings.in_force(session)
        return day_cost_memory.recall(session, ledgers.SETTINGS.zone, pricing).costs


@pytest.mark.parametrize("change", [change_nothing, add_late, raise_price])
def test_statements_are_those_of_a_computation_from_nothing(
    four_months: Database, change: Callable[[Database], None]
) -> None:
    change(four_months)
    ledgers.settle(four_months)
    stored = closed_books.stored(four_months, "2026-11")
    with four_months.snapshot() as session:
        anew = month_computation.compute(
            session,
            stored.month,
            basis=stored.basis,
            pricing=pricings.in_force(session),
            now_us=clock.to_us(conftest.NOW),
        )
    assert stored.forecast == anew.forecast
    assert stored.forecast is not None


def test_a_day_is_remembered_until_usage_of_it_arrives(four_months: Database) -> None:
    before = remembered(four_months)
    assert set(range(FIRST_DAY, TODAY)) <= set(before)
    add_late(four_months)
    rollup.roll_up(four_months, ledgers.SETTINGS.max_metric_sets)
    assert before.keys() - remembered(four_months).keys() == {TODAY - 60, TODAY - 3}


def test_other_prices_forget_all_days(four_months: Database) -> None:
    raise_price(four_months)
    assert remembered(four_months) == {}


def test_today_is_not_remembered_and_nor_is_what_no_forecast_looks_at(
    four_months: Database,
) -> None:
    ledgers.add(four_months, events([TODAY, TODAY - 400]))
    ledgers.settle(four_months)
    assert TODAY not in remembered(four_months)
    assert TODAY - 400 not in remembered(four_months)


def test_a_second_run_without_a_change_writes_nothing(four_months: Database) -> None:
    with four_months.snapshot() as session:
        before = facts.get(session, day_cost_memory.FACT)
    assert refresh.refresh(four_months, ledgers.SETTINGS) == 0
    with four_months.snapshot() as session:
        assert facts.get(session, day_cost_memory.FACT) == before
