"""The plan for models that shut down: each workload once, where it can go, and by when."""

import json
from datetime import datetime, timedelta

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient

from advisor.months import pricings
from advisor.publishing import routes
from advisor.publishing.exports import review
from advisor.report import departure_plan
from advisor.report.departure_plan import PlannedDepartureFigure
from ledger import access, clock, money, policies, settings
from ledger.database import Database
from ledger.policies import Owner
from tests import ledgers
from tests.advisor import traffic
from tests.conftest import NOW

pytestmark = pytest.mark.usefixtures("frozen_now")
PLACES = [
    ("search", "answers", "openai", "gpt-4.1-2025-04-14"),
    ("search", "ranking", "openai", "gpt-4.1"),
    ("support", "chat", "openai", "gpt-6-luna"),
    ("code", "review", "openai", "gpt-5.1-codex"),
    ("shop", "titles", "openai", "gpt-4.1-nano"),
    ("law", "drafts", "anthropic", "claude-opus-4-1-20250805"),
]


def fill(database: Database, instant: datetime = NOW) -> None:
    """Five weeks of each workload up to an instant."""
    ledgers.add(
        database,
        (
            ledgers.event(
                clock.to_us(instant) - age * clock.DAY_US - clock.HOUR_US + turn,
                id=f"{project}-{workload}-{age}-{turn}",
                label_set=ledgers.labels(
                    project=project, workload=workload, provider=provider, model=model
                ),
                input_tokens=10_000 * (1 + index),
                output_tokens=900,
            )
            for index, (project, workload, provider, model) in enumerate(PLACES)
            for age in range(35)
            for turn in range(20)
        ),
    )
    with database.transaction() as session:
        owner = Owner(
            project="search", owner="ada", channel=None, target_nano_usd=None, made_by="grace"
        )
        policies.put_owner(session, owner, clock.now_us())
    ledgers.settle(database, settings.load())


def planned(
    database: Database, project: str | None = None
) -> dict[tuple[str, str], PlannedDepartureFigure]:
    with database.snapshot() as session:
        departures = departure_plan.build(
            session, pricings.in_force(session), clock.now_us(), project
        )
    by_place = {(departure.project, departure.workload): departure for departure in departures}
    assert len(by_place) == len(departures)
    return by_place


def test_each_workload_on_a_model_that_shuts_down_is_planned_once(database: Database) -> None:
    fill(database)
    departures = planned(database)
    assert set(departures) == {
        ("search", "answers"),
        ("search", "ranking"),
        ("code", "review"),
        ("shop", "titles"),
        ("law", "drafts"),
    }
    answers = departures["search", "answers"]
    assert (answers.shutdown_day, answers.days_left) == ("2027-01-14", 52)
    assert answers.requests == 30 * 20
    # 600 requests of 10,000 tokens in and 900 out, at $2 and $8 per million.
    assert money.femto_usd(answers.cost_usd or "") == money.femto_usd("16.32")
    assert (answers.owner, answers.stage) == ("ada", "active")
    assert departures["law", "drafts"].owner is None
    assert planned(database, "law").keys() == {("law", "drafts")}


def test_what_ends_with_the_source_is_offered_nowhere(database: Database) -> None:
    fill(database)
    answers = planned(database)["search", "answers"]
    offered = {(each.provider, each.model) for each in answers.destinations}
    assert ("openai", "gpt-4.1-mini") not in offered
    assert offered
    for departure in planned(database).values():
        until = max(departure.shutdown_day, NOW.date().isoformat())
        ends = {each.ends_on for each in departure.destinations} - {None}
        assert all(end > until for end in ends if end)
    assert any(each.kind == "same_model" for each in answers.destinations)


def test_a_dearer_place_is_said_to_be_dearer(database: Database) -> None:
    fill(database)
    sentences = []
    for departure in planned(database).values():
        first = next(iter(departure.destinations), None)
        if first is None or first.cost_month_usd is None or departure.cost_month_usd is None:
            continue
        is_dearer = money.femto_usd(first.cost_month_usd) > money.femto_usd(
            departure.cost_month_usd
        )
        assert ("it gets dearer" in departure.sentence) is is_dearer
        sentences.append((is_dearer, departure.sentence))
    assert {is_dearer for is_dearer, _ in sentences} == {True, False}, sentences


@pytest.mark.parametrize("day", ["2026-11-24", "2026-12-01", "2027-01-13", "2027-01-15"])
def test_the_plan_says_by_when_a_trial_has_to_start_until_it_is_too_late(
    database: Database, day: str
) -> None:
    instant = datetime.fromisoformat(f"{day}T09:00:00+00:00")
    with time_machine.travel(instant, tick=False):
        fill(database, instant)
        answers = planned(database)["search", "answers"]
        codex = planned(database)["code", "review"]
    assert "was shut down on 2026-07-23" in codex.sentence
    assert codex.last_trial_start is None
    if day == "2027-01-15":
        assert (answers.last_trial_start, answers.days_left) == (None, 0)
        return
    assert answers.trial_days is not None
    end = datetime.fromisoformat("2027-01-14")
    start = (end - timedelta(days=answers.trial_days)).date().isoformat()
    assert answers.last_trial_start == start
    is_late = start < day
    assert ("no time any more" in answers.sentence) is is_late
    assert (f"start it by {start}" in answers.sentence) is not is_late


def test_every_face_has_the_plan(database: Database) -> None:
    fill(database)
    departures = planned(database)
    app = FastAPI()
    routes.install(app, database, settings.load())
    client = TestClient(app)
    body = client.get("/api/v1/departures").json()["departures"]
    assert [(row["project"], row["workload"]) for row in body] == list(departures)
    page = client.get("/").text
    for departure in departures.values():
        assert f"{departure.project} / {departure.workload}" in page
    with database.snapshot() as session:
        rows = review.build(session, settings.load(), clock.now_us(), "2026-11")
    exported = rows.section("departures").rows
    assert [(row["project"], row["workload"]) for row in exported] == list(departures)
    first = body[0]["destinations"][0]
    assert (exported[0]["to_model"], exported[0]["to_provider"]) == (
        first["model"],
        first["provider"],
    )
    starts = traffic.of(traffic.scrape(database), "departure_last_trial_timestamp_seconds")
    last_start = departures["search", "answers"].last_trial_start
    assert last_start is not None
    assert starts[traffic.named(provider="openai", model="gpt-4.1")] <= (
        datetime.fromisoformat(f"{last_start}T00:00:00+00:00").timestamp()
    )


def test_a_key_of_one_project_sees_the_plan_of_that_project(database: Database) -> None:
    fill(database)
    with database.transaction() as session:
        _, key = access.create_key(
            session,
            "law",
            ["read"],
            project="law",
            namespace="default",
            now_us=clock.now_us(),
        )
    app = FastAPI()
    routes.install(app, database, settings.load(require_keys=True))
    client = TestClient(app, headers={"x-api-key": key})
    body = json.loads(client.get("/api/v1/departures").content)
    assert [row["project"] for row in body["departures"]] == ["law"]
    calendar = client.get("/api/v1/departures.ics").text
    assert "law / drafts" in calendar
    assert "search" not in calendar
