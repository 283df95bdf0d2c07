"""Paid retries and other tiers: worked by hand, and exact under the statement's own pricing."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.months import statements, waste
from advisor.months.statements import DayUsage
from advisor.months.waste_figures import TierFigure, WasteFigure
from collector.formats import native
from collector.parsing.naming import Naming
from ledger import clock, events
from ledger.database import Database
from ledger.events import Event
from ledger.pricing import prices
from tests import conftest, ledgers
from tests.advisor import closed_books, priced_usage

AGAIN = events.FEATURE_CLIENT_RETRY
NOW_US = clock.to_us(conftest.NOW)
OCTOBER_US = closed_books.OCTOBER_US


def waste_of(database: Database, *requests: Event, month: str = "2026-11") -> WasteFigure:
    """The waste of a month with these requests."""
    ledgers.add(database, requests)
    ledgers.settle(database)
    wasted = closed_books.built(database, month).waste
    assert wasted is not None
    return wasted


def retry(at: int = NOW_US - clock.HOUR_US, **changed: object) -> Event:
    return ledgers.event(at, label_set=ledgers.labels(features=AGAIN, **changed), retry_count=2)


def tiered(
    asked_tier: str, served_tier: str, at: int = NOW_US - clock.HOUR_US, **changed: object
) -> Event:
    return ledgers.event(
        at,
        label_set=ledgers.labels(
            service_tier_requested=asked_tier, service_tier=served_tier, **changed
        ),
    )


def tier_of(wasted: WasteFigure) -> TierFigure:
    (only,) = wasted.other_tier.groups
    return only


@pytest.mark.usefixtures("frozen_now")
def test_a_paid_retry_is_what_was_sent_again_and_used_tokens(database: Database) -> None:
    silent = ledgers.labels(features=AGAIN, status="failure", usage_source="none")
    failed = ledgers.event(
        NOW_US - clock.HOUR_US,
        label_set=silent,
        input_tokens=None,
        output_tokens=None,
        retry_count=1,
    )
    retries = waste_of(
        database, ledgers.event(), retry(), retry(project="lab", model="house-model"), failed
    ).paid_retries
    assert (retries.requests, retries.tokens, retries.unpriced_tokens, retries.cost_usd) == (
        2,
        2_200,
        1_100,
        "0.0028",
    )
    assert [(retried.project, retried.model, retried.cost_usd) for retried in retries.groups] == [
        ("search", "gpt-4.1", "0.0028"),
        ("lab", "house-model", None),
    ]


@pytest.mark.usefixtures("frozen_now")
def test_a_retry_costs_the_price_of_its_day(database: Database) -> None:
    closed_books.set_price(database, "4", "8", since=clock.day_of(NOW_US))
    wasted = waste_of(database, retry(NOW_US - clock.DAY_US), retry())
    assert wasted.paid_retries.cost_usd == "0.0076"


@pytest.mark.usefixtures("frozen_now")
@pytest.mark.parametrize(
    ("asked_tier", "served_tier", "model", "cost", "at_asked", "difference", "meaning"),
    [
        (
            "priority",
            "standard",
            "gpt-4.1",
            "0.0028",
            "0.0049",
            "-0.0021",
            "its higher price was not charged",
        ),
        (
            "standard",
            "priority",
            "gpt-4.1",
            "0.0049",
            "0.0028",
            "0.0021",
            "paid more than at the tier asked for",
        ),
        (
            "flex",
            "standard",
            "gpt-5-nano",
            "0.00009",
            "0.000045",
            "0.000045",
            "paid more than at the tier asked for",
        ),
    ],
)
def test_a_tier_that_was_not_asked_for_is_compared_with_the_one_that_was(
    database: Database,
    asked_tier: str,
    served_tier: str,
    model: str,
    cost: str,
    at_asked: str,
    difference: str,
    meaning: str,
) -> None:
    tier = tier_of(waste_of(database, tiered(asked_tier, served_tier, model=model)))
    assert (tier.asked_tier, tier.served_tier, tier.state) == (asked_tier, served_tier, "compared")
    assert (tier.cost_usd, tier.asked_cost_usd, tier.difference_usd) == (
        cost,
        at_asked,
        difference,
    )
    assert meaning in tier.meaning


@pytest.mark.usefixtures("frozen_now")
@pytest.mark.parametrize(
    ("asked_tier", "served_tier", "state", "cost"),
    [
        ("flex", "standard", "asked_unpriced", "0.0028"),
        ("standard", "flex", "served_unpriced", None),
    ],
)
def test_what_a_tier_without_a_price_would_have_cost_is_unknown_and_named(
    database: Database, asked_tier: str, served_tier: str, state: str, cost: str | None
) -> None:
    wasted = waste_of(database, tiered(asked_tier, served_tier))
    tier = tier_of(wasted)
    assert (tier.state, tier.cost_usd, tier.asked_cost_usd, tier.difference_usd) == (
        state,
        cost,
        None,
        None,
    )
    assert "is not known" in tier.meaning
    assert (wasted.other_tier.difference_usd, wasted.other_tier.not_compared_tokens) == (
        None,
        1_100,
    )


@pytest.mark.usefixtures("frozen_now")
def test_the_tier_asked_for_has_the_price_of_the_same_day(database: Database) -> None:
    closed_books.set_price(database, "4", "8", since=clock.day_of(NOW_US))
    tier = tier_of(
        waste_of(
            database,
            tiered("standard", "priority", NOW_US - clock.DAY_US),
            tiered("standard", "priority"),
        )
    )
    assert (tier.cost_usd, tier.asked_cost_usd, tier.difference_usd) == (
        "0.0098",
        "0.0076",
        "0.0022",
    )


@pytest.mark.usefixtures("frozen_now")
def test_more_paid_and_premium_not_charged_stand_apart(database: Database) -> None:
    other_tier = waste_of(
        database,
        tiered("priority", "standard"),
        tiered("standard", "priority"),
        tiered("standard", "priority"),
        tiered("unknown", "standard"),
        tiered("flex", "unknown"),
        tiered("standard", "standard"),
    ).other_tier
    assert (
        other_tier.requests,
        other_tier.paid_more_usd,
        other_tier.not_charged_usd,
        other_tier.difference_usd,
    ) == (
        3,
        "0.0042",
        "0.0021",
        "0.0021",
    )


@pytest.mark.usefixtures("frozen_now")
def test_a_closed_month_keeps_its_waste(database: Database) -> None:
    before = waste_of(
        database, retry(OCTOBER_US), tiered("priority", "standard", OCTOBER_US), month="2026-10"
    )
    ledgers.close(database, "2026-10")
    closed_books.set_price(database, "1", "1")
    after = waste_of(database, retry(OCTOBER_US + 1), month="2026-10")
    assert after == before
    assert closed_books.findings(database) == []


@pytest.mark.usefixtures("frozen_now")
def test_the_retries_of_a_statement_are_those_of_its_lines(database: Database) -> None:
    waste_of(
        database,
        retry(),
        retry(usage_source="gateway_cache"),
        retry(project="lab"),
        ledgers.event(),
    )
    statement = closed_books.stored(database, "2026-11")
    assert (
        statement.waste.paid_retries.requests
        == sum(line.paid_retry_requests for line in statement.lines.values())
        == 2
    )


@given(days=priced_usage.DAYS, data=st.data())
def test_the_order_of_days_changes_nothing(days: list[DayUsage], data: st.DataObject) -> None:
    pricing = priced_usage.pricing()
    in_another_order = waste.from_usage(data.draw(st.permutations(days)), pricing)
    assert in_another_order == waste.from_usage(days, pricing)


@given(days=priced_usage.DAYS)
def test_waste_is_part_of_the_statement_and_adds_up(days: list[DayUsage]) -> None:
    pricing = priced_usage.pricing()
    wasted, lines = waste.from_usage(days, pricing), statements.lines(days, pricing).values()
    spent = prices.sum_costs(line.cost for line in lines)
    retries, tiers = wasted.paid_retries, wasted.other_tier
    retries_femto_usd = sum(retry.cost_femto_usd or 0 for retry in retries.groups)
    assert (retries.cost_femto_usd or 0) == retries_femto_usd <= spent.femto_usd
    assert retries.unpriced_tokens <= spent.unpriced_tokens
    assert tiers.requests == sum(line.tier_mismatch_requests for line in lines)
    assert sum(swap.cost_femto_usd or 0 for swap in tiers.groups) <= spent.femto_usd
    for swap in tiers.groups:
        assert (swap.difference_femto_usd is None) == (swap.state != "compared")
        if swap.difference_femto_usd is not None:
            asked_femto_usd = swap.asked_cost_femto_usd or 0
            assert (swap.cost_femto_usd or 0) - asked_femto_usd == swap.difference_femto_usd
    more, less = tiers.paid_more_femto_usd or 0, tiers.not_charged_femto_usd or 0
    assert more - less == (tiers.difference_femto_usd or 0)


@given(days=priced_usage.DAYS)
def test_a_retry_costs_what_the_statement_of_retries_alone_costs(days: list[DayUsage]) -> None:
    pricing = priced_usage.pricing()
    again = {number for number, series in pricing.series.items() if series.labels.features & AGAIN}
    alone = [
        DayUsage(day.day, {number: day.amounts[number] for number in day.amounts.keys() & again})
        for day in days
    ]
    spent = prices.sum_costs(line.cost for line in statements.lines(alone, pricing).values())
    retries = waste.from_usage(days, pricing).paid_retries
    assert (retries.cost_femto_usd or 0) == spent.femto_usd
    assert retries.unpriced_tokens == spent.unpriced_tokens
    assert (retries.cost_femto_usd is None) == (not spent.priced_tokens)


@given(days=priced_usage.DAYS)
def test_projects_add_up_to_the_whole(days: list[DayUsage]) -> None:
    wasted = waste.from_usage(days, priced_usage.pricing())
    projects = [waste.for_project(wasted, name) for name in ("search", "support", "lab")]
    for kind in ("paid_retries", "other_tier"):
        total = getattr(wasted, kind)
        for name in (column.name for column in fields(total) if column.name != "groups"):
            amounts = [getattr(getattr(project, kind), name) for project in projects]
            assert sum(amount or 0 for amount in amounts) == (getattr(total, name) or 0)


@given(count=st.none() | st.integers(0, 9), has_feature=st.booleans())
def test_a_native_event_says_by_feature_and_by_count_alike_that_it_was_sent_again(
    count: int | None, has_feature: bool
) -> None:
    features = '"client_retry"' if has_feature else ""
    text = f'{{"id": "a", "time": 1800000000, "model": "gpt-4.1", "retry_count": {"null" if count is None else count},'
    event = native.parse(
        f'{text} "features": [{features}], "input_tokens": 1, "output_tokens": 1}}'.encode(),
        Naming(),
    )
    assert isinstance(event, Event)
    assert (
        bool(event.labels.features & AGAIN)
        == (event.retry_count > 0)
        == (has_feature or bool(count))
    )
