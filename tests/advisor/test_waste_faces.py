"""Paid retries and other tiers on every face: the stored figures to the last digit, of an open month and of a closed one."""

import json
from decimal import Decimal
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from rich.console import Console

from advisor.months import waste, waste_figures
from advisor.months.waste_figures import WasteFigure
from advisor.publishing import routes
from advisor.publishing.exports import review
from cli.text import report_text, waste_text
from ledger import access, clock, events, settings
from ledger.database import Database
from tests import conftest, ledgers
from tests.advisor import closed_books, traffic

pytestmark = pytest.mark.usefixtures("frozen_now")
NOW_US = clock.to_us(conftest.NOW)
MONTHS = pytest.mark.parametrize("month", ["2026-10", "2026-11"])
AGAIN = events.FEATURE_CLIENT_RETRY


@pytest.fixture
def two_months(database: Database) -> Database:
    """October closed and November open: retries with and without a price, tiers dearer, cheaper and without one."""
    for at in (closed_books.OCTOBER_US, NOW_US - clock.HOUR_US):
        kinds = [
            ledgers.labels(features=AGAIN),
            ledgers.labels(features=AGAIN, project="lab", model="house-model"),
            ledgers.labels(features=AGAIN, project="support", service_tier_requested="priority"),
            ledgers.labels(project="support", service_tier="priority"),
            ledgers.labels(service_tier_requested="flex"),
            ledgers.labels(service_tier="flex"),
            ledgers.labels(),
        ]
        ledgers.add(
            database,
            [
                ledgers.event(
                    at + turn,
                    label_set=labels,
                    input_tokens=10**6,
                    output_tokens=10**5,
                    retry_count=labels.features // AGAIN,
                )
                for labels in kinds
                for turn in range(3)
            ],
        )
    ledgers.settle(database)
    ledgers.close(database, "2026-10", despite_gaps=True)
    return database


def stored(database: Database, month: str) -> WasteFigure:
    return waste_figures.waste_figure(closed_books.stored(database, month).waste)


@MONTHS
def test_the_api_shows_what_is_stored(two_months: Database, month: str) -> None:
    app = FastAPI()
    routes.install(app, two_months, settings.load())
    body = TestClient(app).get(f"/api/v1/report?month={month}").json()
    wasted = stored(two_months, month)
    assert body["waste"]["paid_retries"]["cost_usd"] == wasted.paid_retries.cost_usd == "16.80"
    assert (
        body["waste"]["other_tier"]["difference_usd"] == wasted.other_tier.difference_usd == "0.00"
    )
    assert [group["meaning"] for group in body["waste"]["other_tier"]["groups"]] == [
        group.meaning for group in wasted.other_tier.groups
    ]


@MONTHS
def test_the_review_has_each_group_exactly(two_months: Database, month: str) -> None:
    with two_months.snapshot() as session:
        month_review = review.build(session, ledgers.SETTINGS, clock.now_us(), month)
    sections = {section.name: section for section in month_review.sections}
    wasted = stored(two_months, month)
    groups: dict[str, tuple[Any, ...]] = {
        "paid_retries": wasted.paid_retries.groups,
        "other_tier": wasted.other_tier.groups,
    }
    for name, stored_groups in groups.items():
        rows = sections[name].rows
        assert len(rows) == len(stored_groups) > 0
        for row, group in zip(rows, stored_groups, strict=True):
            for column in sections[name].columns:
                figure = getattr(group, column)
                assert row[column] == (
                    Decimal(figure) if column.endswith("_usd") and figure is not None else figure
                )


@MONTHS
def test_metrics_are_the_floats_of_the_groups_by_model(two_months: Database, month: str) -> None:
    scraped, wasted = traffic.scrape(two_months), stored(two_months, month)
    expected: dict[tuple[str, tuple[tuple[str, str], ...]], Decimal | int] = {}
    for retry in wasted.paid_retries.groups:
        labels = traffic.named(month=month, provider=retry.provider, model=retry.model)
        _add(expected, "month_paid_retry_requests", labels, retry.requests)
        _add(expected, "month_paid_retry_cost_usd", labels, retry.cost_usd)
    for tier in wasted.other_tier.groups:
        labels = traffic.named(
            month=month,
            provider=tier.provider,
            model=tier.model,
            service_tier_requested=tier.asked_tier,
            service_tier=tier.served_tier,
        )
        _add(expected, "month_other_tier_requests", labels, tier.requests)
        _add(expected, "month_other_tier_difference_usd", labels, tier.difference_usd)
    names = {name for name, _ in expected}
    assert len(names) == 4
    samples = {
        key: value
        for key, value in scraped.items()
        if key[0] in names and ("month", month) in key[1]
    }
    assert samples == {key: float(value) for key, value in expected.items()}


def _add(
    sums: dict[tuple[str, tuple[tuple[str, str], ...]], Decimal | int],
    name: str,
    labels: tuple[tuple[str, str], ...],
    amount: str | int | None,
) -> None:
    if amount is not None:
        sums[name, labels] = sums.get((name, labels), 0) + (
            Decimal(amount) if isinstance(amount, str) else amount
        )


@MONTHS
def test_a_terminal_and_the_page_show_the_amounts_and_what_they_mean(
    two_months: Database, month: str
) -> None:
    console = Console(width=200)
    with console.capture() as capture:
        report_text.show(console, closed_books.built(two_months, month))
    text = capture.get()
    assert "Paid retries    $16.80  9 requests sent again by their clients; at most: a" in text
    assert "standard asked, priority served: 3 requests, $6.30 more expensive than asked" in text
    assert "priority asked, standard served: 3 requests, $6.30 cheaper than asked" in text
    assert "asked flex, served standard: the tier asked for has no price for these tokens" in text
    app = FastAPI()
    routes.install(app, two_months, settings.load())
    page = TestClient(app).get(f"/?month={month}").text
    assert "$16.80 in all, for 9 requests that clients sent again" in page
    assert "standard asked, priority served: 3 requests, $" in page


def test_a_key_of_one_project_sees_its_own_part(two_months: Database) -> None:
    app = FastAPI()
    routes.install(app, two_months, settings.load(require_keys=True))
    with two_months.transaction() as session:
        _, key = access.create_key(
            session, "one", ["read"], project="support", namespace="n", now_us=0
        )
    body = TestClient(app).get("/api/v1/report", headers={"x-api-key": key}).json()
    own = waste.for_project(closed_books.stored(two_months, "2026-11").waste, "support")
    cost_usd = waste_figures.waste_figure(own).paid_retries.cost_usd
    assert body["waste"]["paid_retries"]["cost_usd"] == cost_usd == "8.40"
    assert "house-model" not in json.dumps(body["waste"])


def test_a_month_without_either_says_nothing_of_it(database: Database) -> None:
    ledgers.add(database, [ledgers.event()])
    ledgers.settle(database)
    wasted = closed_books.built(database, "2026-11").waste
    assert list(waste_text.headlines(wasted)) == list(waste_text.headlines(None)) == []
    assert closed_books.built(database, "2026-05").waste is None
