"""Closing a month: its figures are frozen with their arithmetic, and what is not fit to be frozen is refused with the reason."""

import json

import pytest
import time_machine
from sqlalchemy import text

from advisor import refresh
from advisor.months import closing
from ledger import clock, closed_statements, settings, slots
from ledger.database import Database
from ledger.errors import NotAllowed, NotFound, SwitchwiseError, UsageError
from tests import ledgers
from tests.advisor import closed_books
from tests.advisor.closed_books import (
    MONTH,
    OCTOBER_US,
    built,
    findings,
    map_deployment,
    reprice,
    set_price,
    stored,
)

pytestmark = pytest.mark.usefixtures("frozen_now")


@pytest.fixture
def october(database: Database) -> Database:
    """A ledger of one request in October, closed, and one in November."""
    return closed_books.close_october(database)


def test_a_closed_month_says_when_by_whom_and_with_which_content(october: Database) -> None:
    october_report = built(october)
    assert (october_report.state, october_report.closed_by, october_report.closed_at) == (
        "closed",
        "ada",
        "2026-11-23T20:00:00Z",
    )
    with october.snapshot() as session:
        content = closed_statements.load_document(session, MONTH)
    assert content is not None
    assert october_report.content_sha256 == closed_statements.hash_document(content)
    document = json.loads(content)
    assert (document["month"], document["zone"], document["closed_at"]) == (
        MONTH,
        "UTC",
        october_report.closed_at,
    )
    assert document["price_book_version"] == october_report.price_book_version
    assert (
        [line["cost_usd"] for line in document["lines"]]
        == ["0.0028"]
        == [row["cost_usd"] for row in document["arithmetic"]]
    )
    assert october_report.total.cost_usd == "0.0028"
    assert october_report.adjusted == october_report.total
    assert built(october, "2026-11").adjusted is None
    assert october_report.notes[0] == (
        "2026-10 was closed on 2026-11-23 by ada: its figures stay as they were then, and nothing has been adjusted since."
    )
    assert findings(october) == []


def test_what_is_acknowledged_before_the_close_is_in_it(database: Database) -> None:
    ledgers.add(database, [ledgers.event(OCTOBER_US)])
    ledgers.settle(database)
    ledgers.add(database, [ledgers.event(OCTOBER_US)])
    ledgers.close(database, MONTH)
    ledgers.settle(database)
    assert (built(database).total.requests, built(database).adjustments) == (2, ())
    assert findings(database) == []


def test_ccusage_1636_codexbar_2671_lf_12184_a_later_price_leaves_a_closed_month_as_it_was(
    october: Database,
) -> None:
    """And an open month is priced again from the day of the change on."""
    before, november = stored(october), built(october, "2026-11").total.cost_usd
    set_price(october, "1", "4")
    refresh.refresh(october, ledgers.SETTINGS)
    assert stored(october) == before
    assert (november, built(october, "2026-11").total.cost_usd) == ("0.0028", "0.0014")
    assert built(october).adjustments == ()


def test_an_alias_of_earlier_days_leaves_a_closed_month_as_it_was(database: Database) -> None:
    deployment = ledgers.labels(provider="azure.ai.openai", model="prod-chat")
    ledgers.add(database, [ledgers.event(OCTOBER_US, label_set=deployment)])
    ledgers.settle(database)
    ledgers.close(database, MONTH, despite_gaps=True)
    before = stored(database)
    map_deployment(database)
    refresh.refresh(database, ledgers.SETTINGS)
    assert stored(database) == before


def test_another_zone_leaves_a_closed_month_as_it_was(october: Database) -> None:
    before = stored(october)
    berlin = settings.load(reporting_zone="Europe/Berlin")
    refresh.refresh(october, berlin)
    assert stored(october) == before
    october_report = built(october, chosen=berlin)
    assert october_report.zone == "UTC"
    assert "It is a month of UTC; months are counted in Europe/Berlin now." in october_report.notes
    shared = built(october, "2026-11", berlin).notes
    assert "1 hour of it also count in 2026-10, which was closed in another zone." in shared


@pytest.mark.parametrize(
    ("month", "error", "message"),
    [
        (
            "2026-11",
            UsageError,
            "2026-11 is not over in UTC; the latest month that can be closed is 2026-10",
        ),
        ("2026-12", UsageError, "2026-12 is not over in UTC"),
        ("2026-09", NotFound, "no traffic in 2026-09"),
        ("October", UsageError, "'October' is not a month"),
        (
            MONTH,
            NotAllowed,
            "2026-10 was closed at 2026-11-23T20:00:00Z by ada; correct it with: switchwise reprice 2026-10",
        ),
    ],
)
def test_what_cannot_be_closed_is_refused_with_the_reason(
    october: Database, month: str, error: type[SwitchwiseError], message: str
) -> None:
    before = stored(october)
    with pytest.raises(error, match=message):
        ledgers.close(october, month)
    assert stored(october) == before


def test_a_month_is_over_when_it_is_in_its_own_zone(database: Database) -> None:
    ledgers.add(database, [ledgers.event(OCTOBER_US)])
    west = settings.load(reporting_zone="Etc/GMT+12")
    with (
        time_machine.travel("2026-11-01T11:59:59Z", tick=False),
        pytest.raises(UsageError, match="is not over"),
    ):
        ledgers.close(database, MONTH, west)
    with time_machine.travel("2026-11-01T12:00:00Z", tick=False):
        ledgers.close(database, MONTH, west)
    assert built(database).state == "closed"


def test_below_the_coverage_floor_a_month_is_closed_on_demand_alone_and_stays_provisional(
    database: Database,
) -> None:
    house = ledgers.labels(model="house-model")
    ledgers.add(database, [ledgers.event(OCTOBER_US), ledgers.event(OCTOBER_US, label_set=house)])
    ledgers.settle(database)
    with pytest.raises(
        NotAllowed,
        match=r"the coverage of 2026-10 is 50 % \(unpriced 50 %\), below 99 %; .*--despite-gaps",
    ):
        ledgers.close(database, MONTH)
    assert built(database).state == "open"
    ledgers.close(database, MONTH, despite_gaps=True)
    october_report = built(database)
    assert october_report.state == "closed"
    assert october_report.total.coverage.provisional
    note = "It was closed below 99 % coverage, so its figures stay provisional."
    assert note in october_report.notes


def test_a_month_whose_rollups_disagree_with_its_events_is_not_frozen(database: Database) -> None:
    ledgers.add(database, [ledgers.event(OCTOBER_US), ledgers.event()])
    ledgers.settle(database)
    with database.transaction() as session:
        wrong = {"slot": slots.row_of(OCTOBER_US)}
        session.execute(
            text("UPDATE usage_hour SET output_tokens = output_tokens + 7 WHERE slot = :slot"),
            wrong,
        )
    with pytest.raises(
        NotAllowed, match=r"the rollups of 2026-10 disagree with its events .* switchwise rebuild"
    ):
        ledgers.close(database, MONTH)


def test_a_repricing_books_the_difference_once_and_the_closed_figures_stay(
    october: Database,
) -> None:
    before = stored(october)
    set_price(october, "1", "4")
    assert reprice(october) == 1
    october_report = built(october)
    (adjustment,) = october_report.adjustments
    assert (adjustment.kind, adjustment.dated, adjustment.reason, adjustment.made_by) == (
        "repricing",
        "2026-11-23",
        "rates agreed late",
        "bob",
    )
    assert (adjustment.cost_usd, adjustment.requests, adjustment.tokens) == ("-0.0014", 0, 0)
    assert october_report.adjusted is not None
    assert (october_report.total.cost_usd, october_report.adjusted.cost_usd) == ("0.0028", "0.0014")
    assert stored(october) == before
    assert reprice(october) is None
    assert len(built(october).adjustments) == 1
    assert findings(october) == []


def test_a_repricing_after_an_alias_fix_moves_the_usage_to_its_model(database: Database) -> None:
    deployment = ledgers.labels(provider="azure.ai.openai", model="prod-chat")
    ledgers.add(database, [ledgers.event(OCTOBER_US, label_set=deployment)])
    ledgers.close(database, MONTH, despite_gaps=True)
    map_deployment(database)
    assert reprice(database) == 1
    (adjustment,) = built(database).adjustments
    assert {
        (line.model, line.cost_usd, line.tokens, line.unpriced_tokens) for line in adjustment.lines
    } == {
        ("prod-chat", None, -1_100, -1_100),
        ("gpt-4.1", "0.0028", 1_100, 0),
    }
    assert (adjustment.cost_usd, adjustment.requests, adjustment.tokens) == ("0.0028", 0, 0)
    assert findings(database) == []


def test_only_a_closed_month_is_repriced_and_with_a_reason(october: Database) -> None:
    with pytest.raises(NotAllowed, match="2026-11 is not closed"):
        closing.reprice(october, ledgers.SETTINGS, "2026-11", reason="why not", made_by="bob")
    with pytest.raises(UsageError, match="needs a reason"):
        closing.reprice(october, ledgers.SETTINGS, MONTH, reason="  ", made_by="bob")


def test_a_month_of_another_zone_is_closed_to_the_hour(database: Database) -> None:
    """The edge days: an hour before and an hour after the month in Berlin, and both sides of its change to winter time."""
    berlin = settings.load(reporting_zone="Europe/Berlin")
    hours = (
        "2026-09-30T21",
        "2026-09-30T22",
        "2026-10-25T00",
        "2026-10-25T01",
        "2026-10-31T22",
        "2026-10-31T23",
    )
    instants = [clock.to_us(clock.EPOCH.fromisoformat(f"{hour}:30:00+00:00")) for hour in hours]
    ledgers.add(database, [ledgers.event(instant) for instant in instants])
    ledgers.close(database, MONTH, berlin)
    ledgers.settle(database, berlin)
    assert built(database, chosen=berlin).total.requests == 4
    ledgers.add(database, [ledgers.event(instant + 1) for instant in instants])
    ledgers.settle(database, berlin)
    october_report = built(database, chosen=berlin)
    assert october_report.total.requests == 4
    assert [adjustment.requests for adjustment in october_report.adjustments] == [4]
    assert findings(database) == []
