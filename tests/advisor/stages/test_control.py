"""The hold-out of an adopted move has to stay on the source, so it is not advised on."""

from datetime import timedelta

import pytest
import time_machine

from advisor.report import report
from advisor.stages import missed_savings, outcomes, recommendations
from advisor.stages.stored_recommendation import StoredRecommendation
from ledger import clock
from ledger.database import Database
from tests import conftest, ledgers
from tests.advisor.stages.advised_ledger import change, traffic

pytestmark = pytest.mark.usefixtures("frozen_now")


def advice(database: Database, workload: str) -> StoredRecommendation:
    with database.snapshot() as session:
        (row,) = [
            row
            for row in recommendations.read_current(session)
            if row.recommendation.workload == workload
        ]
    return row


def missed(database: Database, recommendation_id: str) -> int:
    with database.snapshot() as session:
        return missed_savings.by_recommendation(session).get(recommendation_id, 0)


@pytest.fixture
def adopted(
    frozen_now: None, database: Database
) -> str:  # the clock stands before anything is stored
    """The id of a move that was adopted with the workload `control` as its hold-out."""
    for workload in ("chat", "control"):
        ledgers.add(database, traffic(range(1, 29), workload=workload))
    ledgers.settle(database)
    assert advice(database, "control").recommendation.decision.kind == "pilot"
    recommendation_id = advice(database, "chat").recommendation.id
    change(database, recommendation_id, "claim")
    change(database, recommendation_id, "pilot")
    change(database, recommendation_id, "adopt", hold_out="control")
    ledgers.settle(database)
    return recommendation_id


@pytest.mark.usefixtures("adopted")
def test_a_control_is_in_no_total_and_misses_nothing(database: Database) -> None:
    control = advice(database, "control").recommendation
    assert (control.decision.kind, control.decision.reason) == ("keep", "control")
    with database.snapshot() as session:
        savings = report.build(session, ledgers.SETTINGS, clock.now_us()).savings
    assert savings.total is not None
    assert savings.total.low_usd == "0.00"
    before = missed(database, control.id)
    with time_machine.travel(conftest.NOW + timedelta(hours=5), tick=False):
        ledgers.add(database, traffic(range(1), hour=22, workload="control"))
        ledgers.settle(database)
        ledgers.settle(database)
    assert missed(database, control.id) == before


def test_a_rollback_ends_the_control(database: Database, adopted: str) -> None:
    change(database, adopted, "rollback", note="too many wrong answers")
    ledgers.settle(database)
    assert advice(database, "control").recommendation.decision.kind == "pilot"


@pytest.mark.usefixtures("adopted")
def test_it_ends_with_the_claim_too(database: Database) -> None:
    with database.snapshot() as session:
        today = clock.day_of(clock.now_us())
        assert len(outcomes.find_controls(session, today)) == 1
        assert not outcomes.find_controls(session, today + 367)
