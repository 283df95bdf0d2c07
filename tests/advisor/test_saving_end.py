"""When a slice's saving ends, as metrics show it: at the first shutdown of its two models."""

import pytest

from advisor.advice.figures import RecommendationFigure
from advisor.report import report
from ledger import clock, metrics
from ledger.database import Database
from ledger.pricing import price_book
from tests import ledgers
from tests.advisor import traffic
from tests.advisor.traffic import named, of

pytestmark = pytest.mark.usefixtures("frozen_now")
END = "savings_end_timestamp_seconds"


def advised(database: Database) -> tuple[RecommendationFigure, ...]:
    """What the report of the current month advises."""
    with database.snapshot() as session:
        return report.build(session, ledgers.SETTINGS, clock.now_us(), None).savings.recommendations


def test_a_saving_ends_when_the_first_of_its_two_models_shuts_down(database: Database) -> None:
    traffic.fill(database)
    shown, book, expected = of(traffic.scrape(database), END), price_book.shipped(), {}
    for item in advised(database):
        sides = ((item.provider, item.from_model), (item.to_provider, item.to_model))
        announced = [
            each.shutdown_day
            for each in (book.facts_of(*side).retirement for side in sides)
            if each
        ]
        if announced:
            labels = named(
                **{name: str(getattr(item, name)) for name in metrics.find_metric(END).labels}
            )
            expected[labels] = float(min(announced) * 86_400)
    assert shown == expected
    assert expected
