"""What comes after a month was closed: dated adjustments, priced once, growing only while their usage does."""

from datetime import timedelta

import msgspec
import pytest
import time_machine
from sqlalchemy import text

from advisor import refresh
from advisor.months import adjustment_store, adjustments, pricings
from advisor.report import report
from ledger import clock, rebuild, settings, slots
from ledger.database import Database
from ledger.outcomes import Outcome
from tests import ledgers
from tests.advisor import closed_books
from tests.advisor.closed_books import (
    MONTH,
    OCTOBER_US,
    built,
    come_late,
    findings,
    reprice,
    set_price,
    stored,
)
from tests.conftest import NOW
from tests.worker import usage_events
from worker import rollup

pytestmark = pytest.mark.usefixtures("frozen_now")


@pytest.fixture
def october(database: Database) -> Database:
    """A ledger of one request in October, closed, and one in November."""
    return closed_books.close_october(database)


def booked(database: Database) -> list[tuple[int, str, str, int, str | None]]:
    return [
        (
            adjustment.number,
            adjustment.kind,
            adjustment.dated,
            adjustment.requests,
            adjustment.cost_usd,
        )
        for adjustment in built(database).adjustments
    ]


def test_a_late_event_of_a_closed_month_is_a_dated_adjustment(october: Database) -> None:
    before = stored(october)
    come_late(october)
    assert stored(october) == before
    assert booked(october) == [(1, "late", "2026-11-23", 1, "0.0028")]
    october_report = built(october)
    assert (
        october_report.adjustments[0].reason
        == "1 request of 2026-10-20 came after the month was closed"
    )
    assert october_report.adjustments[0].made_by == adjustments.BY_THE_LEDGER
    assert october_report.adjusted is not None
    assert (
        october_report.total.cost_usd,
        october_report.adjusted.cost_usd,
        october_report.adjusted.requests,
    ) == (
        "0.0028",
        "0.0056",
        2,
    )
    assert october_report.total.coverage.gaps["late"] == "0.50"
    assert october_report.projects[0].coverage.gaps["late"] == "0.50"
    assert findings(october) == []
    with october.snapshot() as session:
        assert refresh.is_current(session, ledgers.SETTINGS)


def test_a_late_event_of_an_open_month_bumps_its_revision_and_is_no_adjustment(
    october: Database,
) -> None:
    before = built(october, "2026-11").revision
    ledgers.add(october, [ledgers.event()])
    ledgers.settle(october)
    november_report = built(october, "2026-11")
    assert (
        november_report.revision,
        november_report.adjustments,
        november_report.total.requests,
    ) == (before + 1, (), 2)
    assert "late" not in november_report.total.coverage.gaps


def test_late_usage_of_one_day_is_one_adjustment_and_of_another_day_another(
    october: Database,
) -> None:
    come_late(october)
    come_late(october, 2)
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        come_late(october)
    assert booked(october) == [
        (1, "late", "2026-11-23", 3, "0.0084"),
        (2, "late", "2026-11-24", 1, "0.0028"),
    ]


def test_an_adjustment_is_priced_once_and_never_again_because_prices_changed(
    october: Database,
) -> None:
    come_late(october)
    set_price(october, "1", "4")
    refresh.refresh(october, ledgers.SETTINGS)
    assert booked(october) == [(1, "late", "2026-11-23", 1, "0.0028")]
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        come_late(october)
    assert booked(october) == [
        (1, "late", "2026-11-23", 1, "0.0028"),
        (2, "late", "2026-11-24", 1, "0.0014"),
    ]


def test_late_usage_after_a_repricing_of_the_same_day_is_an_adjustment_of_its_own(
    october: Database,
) -> None:
    """Growing the earlier one would price again what the repricing has priced already."""
    come_late(october)
    set_price(october, "1", "4")
    assert reprice(october) == 2
    come_late(october)
    assert booked(october) == [
        (1, "late", "2026-11-23", 1, "0.0028"),
        (2, "repricing", "2026-11-23", 0, "-0.0028"),
        (3, "late", "2026-11-23", 1, "0.0014"),
    ]
    adjusted = built(october).adjusted
    assert adjusted is not None
    assert (adjusted.cost_usd, adjusted.requests) == ("0.0042", 3)
    assert reprice(october) is None
    assert findings(october) == []


def test_a_repricing_books_late_usage_that_no_refresh_has_seen_first(october: Database) -> None:
    ledgers.add(october, [ledgers.event(OCTOBER_US)])
    rollup.roll_up(october, 10)
    set_price(october, "1", "4")
    assert reprice(october) == 2
    assert booked(october) == [
        (1, "late", "2026-11-23", 1, "0.0014"),
        (2, "repricing", "2026-11-23", 0, "-0.0014"),
    ]


def test_a_refresh_that_read_before_a_repricing_adds_nothing_to_it(october: Database) -> None:
    ledgers.add(october, [ledgers.event(OCTOBER_US)])
    rollup.roll_up(october, 10)
    with october.snapshot() as session:
        (bucket,) = adjustment_store.find_unbooked(session)
        early = adjustment_store.draft_late_adjustment(
            session, bucket, pricings.in_force(session), clock.now_us()
        )
    set_price(october, "1", "4")
    reprice(october)
    before = booked(october)
    with october.transaction() as session:
        assert adjustment_store.book(session, *early) is None
    assert booked(october) == before


def test_late_usage_without_a_price_is_an_unknown_amount_until_it_is_repriced(
    october: Database,
) -> None:
    ledgers.add(october, [ledgers.event(OCTOBER_US, label_set=ledgers.labels(model="house-model"))])
    ledgers.settle(october)
    assert booked(october) == [(1, "late", "2026-11-23", 1, None)]
    assert built(october).adjustments[0].unpriced_tokens == 1_100
    set_price(october, "1", "4", model="house-model")
    assert reprice(october) == 2
    assert booked(october)[1] == (2, "repricing", "2026-11-23", 0, "0.0014")
    assert built(october).adjustments[1].unpriced_tokens == -1_100


def test_a_project_sees_the_adjustments_of_its_own_lines_alone(october: Database) -> None:
    other = ledgers.labels(project="support")
    ledgers.add(
        october,
        [
            ledgers.event(OCTOBER_US),
            ledgers.event(OCTOBER_US, label_set=other),
            ledgers.event(OCTOBER_US, label_set=other),
        ],
    )
    ledgers.settle(october)
    with october.snapshot() as session:
        project_report = report.build(session, ledgers.SETTINGS, clock.now_us(), MONTH, "support")
    assert (
        project_report.total.requests,
        [adjustment.requests for adjustment in project_report.adjustments],
    ) == (0, [2])
    assert [
        line.project for adjustment in project_report.adjustments for line in adjustment.lines
    ] == ["support"]


def test_an_hour_that_two_closed_months_share_is_late_for_each_since_its_own_close(
    database: Database,
) -> None:
    """After a change of zone the last hour of October in UTC is the first of November in Berlin."""
    last_hour = clock.to_us(clock.EPOCH.replace(year=2026, month=10, day=31, hour=23))
    berlin = settings.load(reporting_zone="Europe/Berlin")
    ledgers.add(database, [ledgers.event(last_hour)])
    ledgers.close(database, MONTH)
    ledgers.add(database, [ledgers.event(last_hour)])
    ledgers.settle(database, berlin)
    with time_machine.travel(NOW + timedelta(days=30), tick=False):
        ledgers.close(database, "2026-11", berlin)
        ledgers.add(database, [ledgers.event(last_hour)])
        ledgers.settle(database, berlin)
        october_, november = built(database, chosen=berlin), built(database, "2026-11", berlin)
    assert (
        october_.total.requests,
        [adjustment.requests for adjustment in october_.adjustments],
    ) == (
        1,
        [1, 1],
    )
    assert (
        november.total.requests,
        [adjustment.requests for adjustment in november.adjustments],
    ) == (2, [1])
    assert findings(database) == []


def damage(database: Database) -> None:
    """Take a request away from the rollups of October, and what it brought."""
    slot = {"slot": slots.row_of(OCTOBER_US)}
    with database.transaction() as session:
        session.execute(
            text("UPDATE usage_hour SET requests = requests - 1 WHERE slot = :slot"), slot
        )
        session.execute(
            text("UPDATE usage_day SET requests = requests - 1 WHERE day = :slot / 96"), slot
        )


def test_rebuilding_what_was_damaged_after_the_close_leaves_the_books_alone(
    october: Database,
) -> None:
    come_late(october)
    before = booked(october)
    damage(october)
    assert any(MONTH in finding for finding in findings(october))
    assert rebuild.rebuild_rollups(october) > 0
    ledgers.settle(october)
    assert (booked(october), findings(october)) == (before, [])
    assert reprice(october) is None


def test_what_a_rebuild_changes_under_a_closed_month_is_found_and_booked_by_a_repricing(
    october: Database,
) -> None:
    """As if the month had been closed on rollups that lacked a request, whose events came back later."""
    ledgers.add(october, [ledgers.event(OCTOBER_US)])
    with october.transaction() as session:
        session.execute(text("DELETE FROM intake"))
    assert rebuild.rebuild_rollups(october) > 0
    ledgers.settle(october)
    assert booked(october) == []
    assert any(
        finding.endswith("book it with: switchwise reprice 2026-10")
        for finding in findings(october)
    )
    assert reprice(october) == 1
    assert booked(october) == [(1, "repricing", "2026-11-23", 1, "0.0028")]
    assert findings(october) == []


def test_a_record_of_a_closed_month_does_not_grow_and_what_it_lacks_is_refused_by_name(
    database: Database,
) -> None:
    begun = msgspec.structs.replace(ledgers.event(OCTOBER_US), is_snapshot=True)
    ledgers.add(database, [begun, ledgers.event()])
    ledgers.settle(database)
    ledgers.close(database, MONTH)
    before, as_closed = stored(database), built(database).total
    grown = msgspec.structs.replace(begun, output_tokens=1_100)
    assert usage_events.store(database, [grown, begun]) == [Outcome.CONFLICT, Outcome.DUPLICATE]
    ledgers.settle(database)
    october = built(database)
    assert stored(database) == before
    assert (october.adjustments, october.total.tokens) == ((), as_closed.tokens)
    assert [refused.reason for refused in october.refused] == ["conflict"]
    assert findings(database) == []
    assert rebuild.rebuild_rollups(database) == 0
