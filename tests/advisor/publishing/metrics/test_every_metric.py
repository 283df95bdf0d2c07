"""Every metric can appear: on a ledger that has lived, and on a collector with a spool."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from prometheus_client import generate_latest
from sqlmodel import Session

from advisor.report import report
from advisor.stages import recommendations
from ledger import clock, events, metric_kinds, metrics, money, policies, tables, verification
from ledger.checks import Check
from ledger.database import Database
from ledger.events import Event
from ledger.policies import Budget, Owner, Scope
from ledger.pricing import fixed_cost_store
from tests import conftest, ledgers, samples, serving
from tests.advisor import closed_books, commitments, traffic
from tests.advisor.evidence import paired_rows
from tests.advisor.stages import advised_ledger

AGAIN = events.FEATURE_CLIENT_RETRY
HISTOGRAM_PARTS = ("_bucket", "_sum", "_count", "_created")


def names_in(scope: str) -> set[str]:
    """The names of the table's metrics of a scope, as a scrape reads them."""
    return {
        metric.name.removeprefix(metric_kinds.PREFIX)
        for metric in metrics.METRICS
        if metric.scope == scope
    }


def wasteful_events() -> Iterator[Event]:
    """Requests that were sent again, and requests at another tier than asked."""
    for labels in (
        ledgers.labels(features=AGAIN),
        ledgers.labels(project="support", service_tier_requested="priority"),
    ):
        yield ledgers.event(
            traffic.NOW_US - clock.HOUR_US, label_set=labels, retry_count=labels.features // AGAIN
        )
    yield ledgers.event(
        traffic.NOW_US - clock.HOUR_US,
        label_set=ledgers.labels(project="searches"),
        meters=(("rerank_searches", 1), ("web_searches", 2)),
        sender_cost_pico_usd=10**10,
    )


def names_shown(database: Database) -> set[str]:
    """The names of an advisor's metrics."""
    return {name for name, _ in traffic.scrape(database)}


def test_every_metric_of_the_ledger_appears_once_there_is_something_to_show(
    database: Database,
) -> None:
    with time_machine.travel(conftest.NOW, tick=False):
        ledgers.add(database, [*traffic.events(), *wasteful_events()])
        ledgers.add(
            database, [ledgers.event(id="refused"), ledgers.event(id="refused", output_tokens=9)]
        )
        # Two finished months, so that their forecasts can be judged; the answers were timed.
        timed = [
            ledgers.event(event.occurred_at, input_tokens=400_000, latency_ms=100 + number % 50)
            for number, event in enumerate(advised_ledger.traffic(range(1, 90), turns=20))
        ]
        ledgers.add(database, timed)
        ledgers.settle(database)
        paired_rows.store(database, paired_rows.rows())
        ledgers.settle(database)
        ledgers.close(database, closed_books.MONTH, despite_gaps=True)
        closed_books.come_late(database)
        with database.transaction() as session:
            fixed_cost_store.add(session, commitments.commitment(), clock.now_us())
            set_budget(session)
            verification.record(session, [Check("hours", "", ())], clock.now_us())
            slot = {"job": "roll_up", "taken_at": 1, "finished_at": clock.now_us()}
            session.execute(tables.JOB_SLOT.insert().values(slot))
        names = names_shown(database)
    # The rest needs a life: advice that waits for two hours, and then a move that is adopted.
    with time_machine.travel(conftest.NOW + timedelta(hours=2), tick=False):
        ledgers.settle(database)
        names |= names_shown(database)
        adopt_all(database)
    with time_machine.travel(conftest.NOW + timedelta(days=4), tick=False):
        ledgers.add(database, advised_ledger.traffic(range(-3, 0), "gpt-4.1-mini", 40))
        ledgers.settle(database)
        names |= names_shown(database)
    # After the end of GPT-4.1 there is nothing to save, but a cost in its place.
    with time_machine.travel(conftest.NOW + timedelta(days=60), tick=False):
        ledgers.add(database, advised_ledger.traffic(range(-59, -31), turns=40, project="late"))
        ledgers.settle(database)
        names |= names_shown(database)
    assert sorted(names_in("ledger") - names) == []
    assert names == names_in("ledger")


def set_budget(session: Session) -> None:
    """A budget of half of what is still to come this month, so that it runs out, and an owner."""
    forecast = report.build(session, ledgers.SETTINGS, clock.now_us())
    assert forecast.forecast is not None
    spent, whole = (
        money.femto_usd(text)
        for text in (forecast.total.cost_usd or "0", forecast.forecast.cost_usd)
    )
    budget = Budget(
        scope=Scope(),
        from_month=forecast.month,
        amount_nano_usd=(spent + whole) // 2 // 10**6,
        made_by="ada",
    )
    policies.put_budget(session, budget, clock.now_us())
    owner = Owner(project="chat", owner="ada", channel=None, target_nano_usd=10**9, made_by="ada")
    policies.put_owner(session, owner, clock.now_us())


def adopt_all(database: Database) -> None:
    """Adopt every move that is advised."""
    with database.snapshot() as session:
        advised = [row.recommendation for row in recommendations.read_current(session)]
    for recommendation in advised:
        if recommendation.decision.counted:
            for action in ("claim", "pilot", "adopt"):
                advised_ledger.change(database, recommendation.id, action)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)  # SQLite has no spool
def test_every_metric_of_a_process_appears_on_a_collector_with_a_spool(
    database: Database, tmp_path: Path
) -> None:
    with serving.collector(database, spool_dir=tmp_path) as collector:
        serving.post(collector, [samples.native_event(1)])
        scrape = traffic.read(generate_latest(collector.state.registry))
    names = {name for name, _ in scrape}
    for part in HISTOGRAM_PARTS:
        names = {name.removesuffix(part) for name in names}
    assert names == names_in("process")
