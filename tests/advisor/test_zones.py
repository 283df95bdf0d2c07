"""Zones off the whole hour: their months and days on every face, their close, and what comes late."""

import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text, update

from advisor import refresh
from advisor.months import statement_store
from advisor.publishing import routes
from advisor.publishing.metrics.exposition import Exposition
from ledger import clock, months, rebuild, retention, rollups, settings
from ledger.database import Database
from ledger.errors import NotAllowed
from ledger.months import Month
from tests import conftest, ledgers
from tests.advisor import closed_books, test_months_add_up, traffic
from tests.advisor.closed_books import MONTH, built, findings

pytestmark = pytest.mark.usefixtures("frozen_now")
ZONES = [
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Yangon",
    "Asia/Tehran",
    "Australia/Adelaide",
    "Australia/Eucla",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Chatham",
    "Pacific/Marquesas",
]
MINUTE_US = 60 * clock.SECOND_US
KOLKATA = settings.Settings(reporting_zone="Asia/Kolkata")


def october_in(zone: str) -> Month:
    return months.parse(MONTH, ZoneInfo(zone))


def edges_of(month: Month) -> list[int]:
    """The last instant before a month, its first, its last, and the first after it."""
    return [month.start_us - 1, month.start_us, month.end_us - 1, month.end_us]


def add_at(database: Database, instants: Sequence[int], chosen: settings.Settings) -> None:
    ledgers.add(database, [ledgers.event(instant) for instant in instants])
    ledgers.settle(database, chosen)


@pytest.mark.parametrize("zone", ZONES)
def test_a_month_is_closed_to_the_microsecond_and_takes_what_is_late_to_the_microsecond(
    database: Database, zone: str
) -> None:
    chosen, month = settings.Settings(reporting_zone=zone), october_in(zone)
    add_at(database, edges_of(month), chosen)
    ledgers.close(database, MONTH, chosen)
    add_at(database, edges_of(month) * 2, chosen)
    october = built(database, MONTH, chosen)
    assert october.total.requests == 2
    assert [adjustment.requests for adjustment in october.adjustments] == [4]
    assert october.adjusted is not None
    assert october.adjusted.requests == 6
    assert built(database, "2026-09", chosen).total.requests == 3
    assert built(database, "2026-11", chosen).total.requests == 3
    assert findings(database) == []


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE usage_hour SET requests = requests + 1",
        "DELETE FROM usage_hour WHERE slot % 4 > 0",
        "UPDATE usage_hour SET slot = slot - slot % 4 WHERE slot % 4 > 0",
    ],
)
def test_a_damaged_part_of_an_hour_stops_the_close_is_named_and_repaired(
    database: Database, damage: str
) -> None:
    """The last one is what stands in a ledger that knows whole hours only."""
    add_at(database, edges_of(october_in("Asia/Kolkata"))[1:3], KOLKATA)
    with database.transaction() as session:
        session.execute(text(damage))
    with pytest.raises(NotAllowed, match="disagree with its events"):
        ledgers.close(database, MONTH, KOLKATA)
    assert any("2026-09-30T18:30:00Z series" in finding for finding in findings(database))
    assert rebuild.rebuild_rollups(database) > 0
    assert findings(database) == []
    ledgers.close(database, MONTH, KOLKATA)
    assert built(database, MONTH, KOLKATA).total.requests == 2


@hypothesis_settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    instants=st.lists(
        st.integers(
            clock.to_us(clock.EPOCH.replace(year=2026, month=9, day=29)), ledgers.NOON_US
        ).map(lambda instant_us: instant_us // MINUTE_US * MINUTE_US),
        min_size=1,
        max_size=30,
    ),
    zones=st.lists(st.sampled_from(["UTC", "Europe/Berlin", *ZONES]), min_size=1, max_size=3),
)
def test_the_zone_may_be_changed_at_any_time_and_each_month_is_counted_anew(
    database: Database, instants: list[int], zones: list[str]
) -> None:
    test_months_add_up.wipe(database)
    ledgers.add(database, [ledgers.event(instant) for instant in instants])
    for zone in zones:
        chosen = settings.Settings(reporting_zone=zone)
        ledgers.settle(database, chosen)
        expected = Counter(
            f"{clock.from_us(instant).astimezone(ZoneInfo(zone)):%Y-%m}" for instant in instants
        )
        requests = {
            month: built(database, month, chosen).total.requests for month in sorted(expected)
        }
        assert requests == expected
        assert sum(requests.values()) == len(instants)
        with database.snapshot() as session:
            names = statement_store.month_names(session)
        assert {name for name in names if built(database, name, chosen).total.requests} == {
            *expected
        }


def test_a_month_has_nothing_left_of_traffic_that_another_zone_puts_into_its_neighbour(
    database: Database,
) -> None:
    add_at(database, [october_in("Asia/Kolkata").end_us], KOLKATA)
    assert built(database, "2026-11", KOLKATA).total.requests == 1
    refresh.refresh(database, ledgers.SETTINGS)
    assert built(database, "2026-11").total.requests == 0
    assert built(database, MONTH).total.requests == 1
    assert refresh.refresh(database, ledgers.SETTINGS) == 0


def test_every_face_shows_the_same_month_of_kolkata(database: Database) -> None:
    month = october_in("Asia/Kolkata")
    add_at(database, [*edges_of(month), closed_books.OCTOBER_US], KOLKATA)
    app = FastAPI()
    routes.install(app, database, KOLKATA)
    client = TestClient(app)
    report_json = client.get("/api/v1/report", params={"month": MONTH}).json()
    assert (report_json["zone"], report_json["total"]["requests"]) == ("Asia/Kolkata", 3)
    assert [(day["day"], day["requests"]) for day in report_json["days"]] == [
        ("2026-09-30", 1),
        ("2026-10-20", 1),
        ("2026-10-31", 1),
    ]
    usage = client.get("/api/v1/usage", params={"month": MONTH, "group_by": ""}).json()
    assert usage["usage"][0]["requests"] == 3
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"/api/v1/exports/{MONTH}.zip").content))
    manifest = json.loads(archive.read("manifest.json"))
    assert manifest["window"] == {"first": "2026-09-30T18:30:00Z", "end": "2026-10-31T18:30:00Z"}
    text_ = archive.read("headline.csv").decode()
    (headline,) = csv.DictReader(io.StringIO(text_, newline=""))
    assert headline["cost_usd"] == report_json["total"]["cost_usd"] == "0.0084"
    scraped = traffic.read(Exposition(database, KOLKATA).render())
    by_month = {
        dict(labels)["month"]: amount
        for labels, amount in traffic.of(scraped, "month_requests").items()
    }
    assert by_month == {"2026-09": 1, MONTH: 3, "2026-11": 1}
    assert "Asia/Kolkata" in client.get("/", params={"month": MONTH}).text


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/St_Johns", "America/Los_Angeles"])
def test_a_month_is_over_at_its_own_midnight_though_nobody_sends_anything(
    database: Database, zone: str
) -> None:
    chosen, month = settings.Settings(reporting_zone=zone), october_in(zone)
    days = [month.end_us - age * clock.DAY_US for age in range(1, 31)]
    with time_machine.travel(clock.from_us(month.end_us - 1), tick=False):
        add_at(database, days, chosen)
        forecast = built(database, MONTH, chosen).forecast
        assert forecast is not None
        assert forecast.method == "weekday_mean"
    with time_machine.travel(clock.from_us(month.end_us), tick=False):
        assert refresh.refresh(database, chosen) == 1
        forecast = built(database, MONTH, chosen).forecast
        assert forecast is not None
        assert forecast.method == "actual"
        assert refresh.refresh(database, chosen) == 0


def test_a_change_of_zone_back_to_yesterday_is_no_older_statement(database: Database) -> None:
    """It is the 24th already in Kolkata when it is the 23rd in New York."""
    with time_machine.travel(conftest.NOW, tick=False):
        add_at(database, [clock.to_us(conftest.NOW)], KOLKATA)
        assert refresh.refresh(database, settings.Settings(reporting_zone="America/New_York")) == 1
    with database.snapshot() as session:
        rows = session.execute(statement_store._STATEMENT.select()).all()
    assert [row.zone for row in rows] == ["America/New_York"]


def test_after_a_change_of_zone_the_report_names_the_shared_time_in_hours_and_minutes(
    database: Database,
) -> None:
    october = october_in("UTC")
    add_at(database, edges_of(october), ledgers.SETTINGS)
    ledgers.close(database, MONTH)
    refresh.refresh(database, KOLKATA)
    notes = built(database, "2026-11", KOLKATA).notes
    assert (
        "5 hours and 30 minutes of it also count in 2026-10, which was closed in another zone."
        in notes
    )


def test_what_no_month_counts_after_a_change_of_zone_is_named_with_its_requests(
    database: Database,
) -> None:
    end_us = october_in("Asia/Kolkata").end_us
    add_at(database, [end_us - 1, end_us, end_us + clock.HOUR_US, ledgers.NOON_US], KOLKATA)
    ledgers.close(database, MONTH, KOLKATA)
    refresh.refresh(database, ledgers.SETTINGS)
    notes = built(database, "2026-11").notes
    assert (
        "2 requests in the 5 hours and 30 minutes between it and 2026-10, which was closed in"
        " another zone, count in neither." in notes
    )
    assert built(database, "2026-11").total.requests == 1


@pytest.mark.parametrize(("zone", "is_known"), [("UTC", True), ("Asia/Kolkata", False)])
def test_days_whose_hours_are_dropped_are_no_back_test_where_they_would_have_to_be_cut(
    database: Database, zone: str, is_known: bool
) -> None:
    chosen = settings.Settings(reporting_zone=zone)
    add_at(database, [october_in(zone).end_us - age * clock.DAY_US for age in range(1, 90)], chosen)
    before = statement_of(database, zone)
    assert before.backtest is not None
    with database.transaction() as session:
        session.execute(update(rollups.DAY).values(sealed_at=1))
    later = clock.to_us(conftest.NOW) + (retention.HOURS_STAY_DAYS + 90) * clock.DAY_US
    assert retention.drop_hours(database, later) > 0
    closed_books.set_price(database, "2", "8")
    refresh.refresh(database, chosen)
    after = statement_of(database, zone)
    assert after.lines == before.lines
    assert after.backtest == (before.backtest if is_known else None)


def statement_of(database: Database, zone: str) -> statement_store.MonthStatement:
    with database.snapshot() as session:
        statement = statement_store.read_statement(session, october_in(zone))
    assert statement is not None
    return statement
