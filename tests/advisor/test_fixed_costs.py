"""Costs that are not per token: they add up to the last unit, stand beside usage, and block a move."""

from datetime import date

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from advisor.publishing import routes
from advisor.publishing.exports import review
from advisor.report import report
from advisor.report.figures import Report
from ledger import clock, settings
from ledger.database import Database
from ledger.errors import NotAllowed, UsageError
from ledger.pricing import fixed_cost_store, fixed_costs, in_force, price_book, prices
from ledger.pricing.fixed_costs import FixedCost
from tests import ledgers
from tests.advisor import closed_books, commitments, traffic

DAY = clock.day_number(date(2026, 11, 1))


def build(database: Database, project: str | None = None) -> Report:
    """The report of November."""
    with database.snapshot() as session:
        return report.build(session, ledgers.SETTINGS, clock.now_us(), "2026-11", project)


def agree(database: Database, *costs: FixedCost) -> None:
    """Agree fixed costs and compute the advice again."""
    with database.transaction() as session:
        for cost in costs:
            fixed_cost_store.add(session, cost, clock.now_us())
    ledgers.settle(database)


@given(
    st.integers(1, 10**18),
    st.integers(0, 400),
    st.integers(1, 800),
    st.dictionaries(st.text(min_size=1), st.integers(0, 10**24)),
)
def test_days_and_projects_add_up_to_the_last_unit(
    amount: int, start: int, length: int, weights: dict[str, int]
) -> None:
    first, end = DAY + start, DAY + start + length
    total = commitments.commitment(
        amount_nano_usd=amount, per="total", effective_from=first, effective_until=end
    )
    assert sum(total.nano_usd_in(range(day, day + 1)) for day in range(first, end)) == amount
    monthly = commitments.commitment(amount_nano_usd=amount, effective_from=DAY)
    month = fixed_costs.month_days(first)
    assert monthly.nano_usd_in(month) == amount
    middle = month.start + length % len(month)
    halves = range(month.start, middle), range(middle, month.stop)
    assert sum(map(monthly.nano_usd_in, halves)) == amount
    shares = fixed_costs.split(amount, weights)
    assert sum(shares.values()) == amount
    assert min(shares.values()) >= 0


@pytest.mark.usefixtures("frozen_now")
def test_a_commitment_stands_beside_usage_on_every_face_and_in_no_amount_of_it(
    database: Database,
) -> None:
    traffic.fill(database)
    before = build(database)
    agree(database, commitments.commitment())
    after = build(database)
    assert (after.total, after.projects, after.models) == (
        before.total,
        before.projects,
        before.models,
    )
    figure = after.fixed_costs
    assert figure is not None
    assert figure.total_usd == "1000.00"
    (cost,) = figure.costs
    usage_usd = sum(
        float(model.list_cost_usd or 0)
        for model in after.models
        if model.names["provider"] == "openai"
    )
    assert cost.usage_usd is not None
    assert float(cost.usage_usd) == pytest.approx(usage_usd)
    assert float(cost.utilisation_ratio or 0) == pytest.approx(usage_usd / 1_000)
    app = FastAPI()
    routes.install(app, database, settings.load())
    client = TestClient(app)
    body = client.get("/api/v1/report?month=2026-11").json()["fixed_costs"]
    assert body["total_usd"] == "1000.00"
    assert "Fixed costs" in client.get("/?month=2026-11").text
    labels = traffic.named(month="2026-11", provider="openai", model="all", kind="commitment")
    scrape = traffic.scrape(database)
    assert scrape["month_fixed_cost_usd", labels] == 1_000
    with database.snapshot() as session:
        tables = review.build(session, ledgers.SETTINGS, clock.now_us(), "2026-11")
    rows = tables.section("fixed_costs").rows
    assert {row["project"] for row in rows} == {share.project for share in figure.projects}
    assert any("beside usage and in no amount of it" in note for note in after.notes)


@pytest.mark.usefixtures("frozen_now")
def test_a_project_sees_its_share_alone(database: Database) -> None:
    traffic.fill(database)
    shares = {"search": 600_000, "support": 400_000}
    agree(database, commitments.commitment(shares_ppm=shares))
    project = build(database).projects[0].names["project"]
    figure = build(database, project).fixed_costs
    whole = build(database).fixed_costs
    assert whole is not None
    expected = {share.project: share.amount_usd for share in whole.projects}
    assert expected == {"search": "600.00", "support": "400.00"}
    assert (figure.total_usd if figure else None) == expected.get(project)


@pytest.mark.usefixtures("frozen_now")
def test_traffic_on_capacity_paid_ahead_gets_no_advice_to_move(database: Database) -> None:
    traffic.fill(database)
    assert {advice.decision for advice in build(database).savings.recommendations} != {"blocked"}
    agree(
        database,
        commitments.commitment(kind="capacity", model="gpt-4.1", tokens_a_minute=10**6),
    )
    with database.snapshot() as session:
        figures = report.build(session, ledgers.SETTINGS, clock.now_us())
    moves = [advice for advice in figures.savings.recommendations if advice.from_model == "gpt-4.1"]
    assert moves
    assert {(advice.decision, advice.reason) for advice in moves} == {
        ("blocked", "committed_capacity")
    }
    assert figures.fixed_costs is not None
    assert figures.fixed_costs.costs[0].utilisation_ratio is not None


@pytest.mark.usefixtures("frozen_now")
def test_nothing_is_agreed_or_ended_in_a_closed_month(database: Database) -> None:
    ledgers.add(database, traffic.events())
    ledgers.settle(database)
    october = clock.day_number(date(2026, 10, 1))
    agree(database, commitments.commitment(effective_from=october, source="earlier"))
    ledgers.close(database, closed_books.MONTH, despite_gaps=True)
    with database.snapshot() as session:
        (cost,) = fixed_cost_store.load_all(session)
    for change in (
        lambda session: fixed_cost_store.add(
            session, commitments.commitment(effective_from=october), 1
        ),
        lambda session: fixed_cost_store.end(session, cost.id, october + 3),
    ):
        with (
            pytest.raises(NotAllowed, match="2026-10 is closed"),
            database.transaction() as session,
        ):
            change(session)
    with database.transaction() as session:
        fixed_cost_store.end(session, cost.id, DAY + 3)


def test_what_cannot_be_counted_is_refused() -> None:
    for changed in (
        {"amount_nano_usd": 0},
        {"per": "total"},
        {"effective_until": DAY},
    ):
        with pytest.raises(UsageError):
            fixed_costs.check(commitments.commitment(**changed), [])
    with pytest.raises(UsageError, match="add up to 100 percent"):
        fixed_costs.shares_of("search=60,support=30")
    assert fixed_costs.shares_of("search=66.6,support=33.4") == {
        "search": 666_000,
        "support": 334_000,
    }


@pytest.mark.usefixtures("frozen_now")
def test_a_model_that_the_operator_prices_at_0_says_so(database: Database) -> None:
    free = price_book.OperatorPrice(
        key=prices.PriceKey("house", "house-model", "standard", 0, ""),
        effective_from=0,
        rates=prices.Rates(uncached_input=0, output=0),
        source="ours",
    )
    with database.transaction() as session:
        in_force.apply_change(session, lambda overrides: overrides.with_price(free), 1)
    own = ledgers.labels(provider="house", model="house-model")
    ledgers.add(database, [ledgers.event(clock.now_us() - clock.HOUR_US, label_set=own)])
    ledgers.settle(database)
    assert any("are priced at 0 by you" in note for note in build(database).notes)
