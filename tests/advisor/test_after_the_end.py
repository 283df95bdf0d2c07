"""In the last days of a model and after them, advice leads with what to do, and tells its day."""

from datetime import datetime

import pytest
import time_machine

from advisor.advice.figures import RecommendationFigure
from advisor.report import report
from ledger import clock
from ledger.database import Database
from tests import ledgers
from tests.advisor import traffic

END = datetime.fromisoformat("2027-01-14T00:00:00+00:00")


def _advise(database: Database, instant: datetime) -> RecommendationFigure:
    """The advice on five weeks of GPT-4.1 up to an instant."""
    ledgers.add(
        database,
        (
            ledgers.event(
                clock.to_us(instant) - age * clock.DAY_US - clock.HOUR_US + turn,
                label_set=ledgers.labels(model="gpt-4.1-2025-04-14"),
                input_tokens=300_000,
                output_tokens=10_003,
            )
            for age in range(35)
            for turn in range(60)
        ),
    )
    ledgers.settle(database)
    with database.snapshot() as session:
        (advice,) = report.build(
            session, ledgers.SETTINGS, clock.now_us(), None
        ).savings.recommendations
    return advice


@pytest.mark.parametrize("day", ["2026-12-15", "2027-01-14", "2027-01-15", "2027-01-20"])
def test_the_successor_leads_and_the_day_of_the_end_stands_still(
    database: Database, day: str
) -> None:
    instant = datetime.fromisoformat(f"{day}T09:00:00+00:00")
    with time_machine.travel(instant, tick=False):
        advice = _advise(database, instant)
        scrape = traffic.scrape(database)
    assert advice.decision in ("pilot", "switch_now")
    assert advice.to_model != "gpt-4.1-mini"
    assert advice.ends_on == advice.source_shutdown_day == "2027-01-14"
    assert advice.must_move is not None
    assert "2027-01-14" in advice.must_move
    assert advice.must_move.startswith("You must move now") is (instant >= END)
    assert advice.counted is (instant < END)
    assert not advice.is_set_aside
    ends = set(traffic.of(scrape, "savings_end_timestamp_seconds").values())
    assert ends == {END.timestamp()}
    retirements = traffic.of(scrape, "model_retirement_timestamp_seconds")
    assert END.timestamp() in retirements.values()
