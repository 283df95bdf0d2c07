"""Budgets, owners and opt-outs: what people set stands on every face, and closed months keep it."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from advisor.months import budgets
from advisor.months.budgets import MonthClock, ScopeOutlook
from advisor.publishing import routes
from advisor.publishing.exports import review
from advisor.report import report
from advisor.report.figures import Report
from ledger import clock, money, policies, settings
from ledger.database import Database
from ledger.errors import NotAllowed, NotFound, UsageError
from ledger.policies import Budget, OptOut, Owner, Scope
from tests import conftest, ledgers
from tests.advisor import closed_books, traffic

NANO = 10**9
DAY = clock.DAY_US


def build(database: Database, project: str | None = None, month: str = "2026-11") -> Report:
    """The report of a month."""
    with database.snapshot() as session:
        return report.build(session, ledgers.SETTINGS, clock.now_us(), month, project)


def budget(usd: int | None, from_month: str = "2026-11", **scope: str) -> Budget:
    """A budget of so many USD."""
    return Budget(
        scope=Scope(**scope),
        from_month=from_month,
        amount_nano_usd=None if usd is None else usd * NANO,
        made_by="ada",
    )


def put(database: Database, *changes: Budget) -> None:
    """Set budgets in order."""
    with database.transaction() as session:
        for change in changes:
            policies.put_budget(session, change, clock.now_us())


@given(
    st.integers(0, 10**20),
    st.integers(1, 10**20),
    st.integers(0, 10**20),
    st.integers(0, 30 * DAY),
)
def test_a_budget_runs_out_in_the_rest_of_the_month_or_not_at_all(
    spent: int, amount: int, to_come: int, elapsed_us: int
) -> None:
    month = MonthClock(begun_us=0, end_us=30 * DAY, as_of_us=elapsed_us)
    outlook = ScopeOutlook(
        spent_femto_usd=spent,
        expected_femto_usd=spent + to_come,
        high_femto_usd=None,
        method="weekday_mean",
        has_unknown=False,
    )
    runs_out_us, standing = outlook.runs_out_us(amount, month), outlook.standing(amount)
    assert (runs_out_us is not None) == (spent < amount < spent + to_come)
    assert (standing == "used_up") == (spent >= amount)
    if runs_out_us is not None:
        assert elapsed_us <= runs_out_us <= month.end_us
        # By then the amount is spent, to the microsecond.
        by_then = spent + to_come * (runs_out_us + 1 - elapsed_us) // (month.end_us - elapsed_us)
        assert by_then >= amount or runs_out_us == month.end_us - 1


def test_the_latest_row_of_a_scope_holds_and_others_stay() -> None:
    rows = [
        budget(100, "2026-10"),
        budget(200, "2026-12"),
        budget(None, "2027-02"),
        budget(5, "2026-11", project="chat"),
    ]
    held = {
        month: [(str(row.scope), row.amount_nano_usd) for row in policies.budgets_in(rows, month)]
        for month in ("2026-09", "2026-10", "2026-11", "2026-12", "2027-02")
    }
    chat = ("chat", 5 * NANO)
    assert held == {
        "2026-09": [],
        "2026-10": [("total", 100 * NANO)],
        "2026-11": [("total", 100 * NANO), chat],
        "2026-12": [("total", 200 * NANO), chat],
        "2027-02": [chat],
    }


def test_a_scope_without_a_forecast_goes_by_its_run_rate_and_too_early_is_unknown() -> None:
    early = MonthClock(begun_us=0, end_us=30 * DAY, as_of_us=DAY - 1)
    later = MonthClock(begun_us=0, end_us=30 * DAY, as_of_us=10 * DAY)
    of_project = Scope(project="chat")
    assert budgets.look_ahead(of_project, {}, early, None).standing(1) == "unknown"
    outlook = budgets.look_ahead(of_project, {}, later, None)
    assert (outlook.method, outlook.standing(1)) == ("run_rate", "within")


@pytest.mark.usefixtures("frozen_now")
def test_budgets_and_owners_stand_on_every_face(database: Database) -> None:
    traffic.fill(database)
    before = build(database)
    project = before.projects[0].names["project"]
    spent = Decimal(before.projects[0].cost_usd or "0")
    put(database, budget(1_000_000), budget(int(spent) or 1, project=project))
    with database.transaction() as session:
        policies.put_owner(
            session,
            Owner(project=project, owner="ada", channel="#ai", target_nano_usd=NANO, made_by="ada"),
            clock.now_us(),
        )
    after = build(database)
    assert after.total == before.total
    total, own = after.budgets
    assert (total.name, total.spent_usd) == (
        "total",
        money.text(Decimal(before.total.cost_usd or 0)),
    )
    assert total.method == (before.forecast.method if before.forecast else None)
    assert Decimal(own.spent_usd) == spent
    assert Decimal(own.remaining_usd) == Decimal(own.amount_usd) - spent
    assert own.method == "run_rate"
    app = FastAPI()
    routes.install(app, database, settings.load())
    client = TestClient(app)
    body = client.get("/api/v1/report?month=2026-11").json()
    assert [part["name"] for part in body["budgets"]] == ["total", project]
    assert body["owners"][0]["channel"] == "#ai"
    page = client.get("/?month=2026-11").text
    assert f"Budget: {project}" in page
    assert "alerts to #ai" in page
    scrape = traffic.scrape(database)
    labels = traffic.named(provider="", model="", project="", workload="")
    assert scrape["budget_usd", labels] == 1_000_000
    assert scrape["budget_remaining_usd", labels] == float(Decimal(total.remaining_usd))
    assert scrape["project_target_usd", traffic.named(project=project)] == 1
    with database.snapshot() as session:
        tables = review.build(session, ledgers.SETTINGS, clock.now_us(), "2026-11")
    assert [row["name"] for row in tables.section("budgets").rows] == ["total", project]
    assert [row["owner"] for row in tables.section("owners").rows] == ["ada"]
    of_project = build(database, project)
    assert [part.name for part in of_project.budgets] == [project]


@pytest.mark.usefixtures("frozen_now")
def test_unknown_spend_makes_what_remains_an_upper_bound(database: Database) -> None:
    ledgers.add(
        database,
        [
            ledgers.event(clock.now_us() - DAY, label_set=ledgers.labels(model="gpt-4.1")),
            ledgers.event(
                clock.now_us() - DAY, id="own", label_set=ledgers.labels(model="nobody-knows")
            ),
        ],
    )
    ledgers.settle(database)
    put(database, budget(50), budget(50, model="gpt-4.1"))
    total, known = build(database).budgets
    assert total.has_unknown_spend
    assert "at most" in total.sentence
    assert not known.has_unknown_spend
    assert "at most" not in known.sentence


@pytest.mark.usefixtures("frozen_now")
def test_a_closed_month_keeps_the_budgets_that_it_was_closed_with(database: Database) -> None:
    ledgers.add(database, traffic.events())
    ledgers.settle(database)
    put(database, budget(70, "2026-09"))
    ledgers.close(database, closed_books.MONTH, despite_gaps=True)
    for change in (budget(90, "2026-09"), budget(90, "2026-10"), budget(None, "2026-10")):
        with pytest.raises(NotAllowed, match="2026-10 is closed"):
            put(database, change)
    put(database, budget(90, "2026-11"))
    with pytest.raises(NotAllowed, match="2026-10 is closed"):
        put(database, budget(80, "2026-10"))
    closed, current = build(database, month="2026-10"), build(database)
    assert [part.amount_usd for part in closed.budgets] == ["70.00"]
    assert closed.budgets[0].method == "actual"
    assert [part.amount_usd for part in current.budgets] == ["90.00"]


def test_what_makes_no_sense_is_refused(database: Database) -> None:
    with pytest.raises(UsageError, match="--project"):
        put(database, budget(5, workload="triage"))
    with pytest.raises(NotFound, match="budget list"):
        put(database, budget(None))
    for amount in ("0", "-5", "1e-10", "much"):
        with pytest.raises(UsageError):
            policies.nano_usd(amount)


def opt_out(database: Database, project: str, workload: str = "", model: str = "") -> None:
    """Take a place out of advice."""
    place = OptOut(
        project=project,
        workload=workload,
        model=model,
        reason="audited until March",
        made_by="ada",
        made_at=clock.now_us(),
    )
    with database.transaction() as session:
        policies.opt_out(session, place)
    ledgers.settle(database)


def test_a_place_out_of_advice_is_blocked_in_no_total_and_does_not_expire(
    database: Database,
) -> None:
    with time_machine.travel(conftest.NOW, tick=False):
        traffic.fill(database)
        before = build(database).savings
        counted = next(advice for advice in before.recommendations if advice.counted)
        opt_out(database, counted.project, counted.workload, counted.from_model)
        check_out(build(database), counted.project, counted.workload, counted.from_model)
    with time_machine.travel(conftest.NOW + timedelta(days=2), tick=False):
        ledgers.settle(database)
        after = build(database, month=clock.rfc3339(clock.now_us())[:7])
        check_out(after, counted.project, counted.workload, counted.from_model)
        with database.transaction() as session:
            policies.opt_in(session, counted.project, counted.workload, counted.from_model)
        ledgers.settle(database)
        back = build(database, month=after.month).savings.recommendations
        assert all(advice.opt_out_reason is None for advice in back)


def check_out(figures: Report, project: str, workload: str, model: str) -> None:
    """The place has no advice but the reason, and no part of the total."""
    advised = [
        advice
        for advice in figures.savings.recommendations
        if (advice.project, advice.workload, advice.from_model) == (project, workload, model)
    ]
    assert advised
    for advice in advised:
        assert (advice.decision, advice.reason) == ("blocked", "opted_out")
        assert advice.opt_out_reason == "audited until March"
        assert not advice.counted
        assert "Taken out of advice: audited until March." in advice.explanation


@pytest.mark.usefixtures("frozen_now")
def test_a_reason_is_needed_and_a_slash_may_be_part_of_a_name(database: Database) -> None:
    ledgers.add(database, [ledgers.event(label_set=ledgers.labels(project="team/app"))])
    ledgers.settle(database)
    with database.snapshot() as session:
        assert policies.find_place(session, "team/app") == ("team/app", "")
        assert policies.find_place(session, "team/app/triage") == ("team/app", "triage")
        assert policies.find_place(session, "search/triage") == ("search", "triage")
    with database.transaction() as session, pytest.raises(UsageError, match="--reason"):
        policies.opt_out(
            session,
            OptOut(project="a", workload="", model="", reason=" ", made_by="ada", made_at=1),
        )
    with database.transaction() as session, pytest.raises(NotFound, match="opt list"):
        policies.opt_in(session, "a", "", "")
