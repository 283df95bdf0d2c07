"""`/metrics`: the same figures as every other face, bounded, and never a zero for unknown."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import hypothesis
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter
from sqlalchemy import event, func, select, update

from advisor.publishing import routes
from advisor.publishing.metrics import exposition
from advisor.publishing.metrics.exposition import Exposition
from advisor.report import report
from advisor.report.figures import Report
from advisor.stages import recommendations
from ledger import (
    access,
    checks,
    clock,
    metric_kinds,
    metrics,
    money,
    rollups,
    settings,
    tables,
    verification,
)
from ledger.checks import Check
from ledger.database import Database
from ledger.events import Event
from ledger.pricing import price_book
from tests import ledgers, processes
from tests.advisor import traffic
from tests.advisor.traffic import named, of

pytestmark = pytest.mark.usefixtures("frozen_now")
AWKWARD = ['say "hi"', "two\nlines", "back\\slash", "ends in \\", "naïve ✓", "a,b={c}"]


def report_of(database: Database, month: str | None = None) -> Report:
    """The report that every other face shows."""
    with database.snapshot() as session:
        return report.build(session, ledgers.SETTINGS, clock.now_us(), month)


def as_float(text: str | None) -> float:
    """The one conversion that Prometheus needs."""
    assert text is not None
    return float(Decimal(text))


def test_an_exposition_with_a_process_of_its_own_passes_the_linter_of_prometheus(
    filled: Database,
) -> None:
    registry = CollectorRegistry()
    metric = metrics.find_metric("ingest_bytes_total")
    Counter(metric.name, metric.help, registry=registry).inc(5)
    text = Exposition(filled, ledgers.SETTINGS, registry).render()
    command = [processes.command_path("promtool", "prometheus"), "check", "metrics"]
    checked = subprocess.run(command, input=text, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")
    assert (("ingest_bytes_total", ()), 5.0) in traffic.read(text).items()


@pytest.mark.parametrize("month", ["2026-10", "2026-11"])
def test_every_amount_of_a_month_is_the_float_of_the_reports_text(
    filled: Database, month: str
) -> None:
    scrape, figures = traffic.scrape(filled), report_of(filled, month)
    models = {named(month=month, **usage.names): usage for usage in figures.models}
    priced = {
        labels: as_float(usage.cost_usd)
        for labels, usage in models.items()
        if usage.cost_usd is not None
    }
    assert len(priced) == 2
    assert {
        labels: v
        for labels, v in of(scrape, "month_cost_usd").items()
        if ("month", month) in labels
    } == priced
    requests = {labels: usage.requests for labels, usage in models.items()}
    assert {
        labels: v
        for labels, v in of(scrape, "month_requests").items()
        if ("month", month) in labels
    } == requests
    projects = {
        named(month=month, **usage.names): as_float(usage.cost_usd)
        for usage in figures.projects
        if usage.cost_usd is not None
    }
    assert {
        labels: v
        for labels, v in of(scrape, "month_project_cost_usd").items()
        if ("month", month) in labels
    } == projects


def test_forecast_savings_and_coverage_are_the_floats_of_the_reports_texts(
    filled: Database,
) -> None:
    scrape, figures = traffic.scrape(filled), report_of(filled)
    forecast, total, coverage = figures.forecast, figures.savings.total, figures.total.coverage
    assert forecast is not None
    assert total is not None
    safe = figures.savings.safe_now
    assert safe is not None
    expected = {
        "month_forecast_low_usd": forecast.low_usd,
        "month_forecast_usd": forecast.cost_usd,
        "month_forecast_high_usd": forecast.high_usd,
        "savings_total_low_usd": total.low_usd,
        "savings_total_usd": total.expected_usd,
        "savings_total_high_usd": total.high_usd,
        "savings_safe_low_usd": safe.low_usd,
        "savings_safe_usd": safe.expected_usd,
        "savings_safe_high_usd": safe.high_usd,
        "coverage_ratio": coverage.ratio,
    }
    assert {name: scrape[name, ()] for name in expected} == {
        name: as_float(text) for name, text in expected.items()
    }
    gaps = {named(reason=reason): as_float(ratio) for reason, ratio in coverage.gaps.items()}
    assert of(scrape, "coverage_gap_ratio") == gaps
    assert {reason for reason, ratio in coverage.gaps.items() if ratio != "0.00"} >= {
        "unpriced",
        "estimated",
        "missing",
    }


def test_each_slices_saving_is_the_float_of_its_recommendation(filled: Database) -> None:
    scrape, advised = traffic.scrape(filled), report_of(filled).savings.recommendations
    assert {advice.decision for advice in advised} >= {"pilot"}
    names = metrics.find_metric("savings_potential_usd").labels
    for advice in advised:
        labels = named(**{name: getattr(advice, name) for name in names})
        saving = advice.saving_month
        assert saving is not None
        assert scrape["savings_potential_low_usd", labels] == as_float(saving.low_usd)
        assert scrape["savings_potential_usd", labels] == as_float(saving.expected_usd)
        assert scrape["savings_potential_high_usd", labels] == as_float(saving.high_usd)
        assert scrape["breakeven_escalation_ratio", labels] == as_float(
            advice.breakeven_escalation_ratio()
        )
    assert len(of(scrape, "savings_potential_usd")) == len(advised)
    assert sum(of(scrape, "recommendations").values()) == len(advised)


def test_the_cost_since_the_beginning_is_the_sum_of_the_months(filled: Database) -> None:
    scrape = traffic.scrape(filled)
    spent, by_month = (
        sum(of(scrape, "cost_usd").values()),
        sum(of(scrape, "month_cost_usd").values()),
    )
    assert spent == pytest.approx(by_month, rel=1e-12)
    assert spent == pytest.approx(sum(of(scrape, "month_project_cost_usd").values()), rel=1e-12)


def test_token_kinds_are_disjoint_and_add_up_to_the_rollups(filled: Database) -> None:
    scrape = traffic.scrape(filled)
    with filled.snapshot() as session:
        total = rollups.TOTAL.c
        sums = (
            total.input_tokens + total.output_tokens,
            total.avoided_input_tokens + total.avoided_output_tokens,
        )
        tokens, avoided = session.execute(select(*(func.sum(column) for column in sums))).one()
    assert sum(of(scrape, "tokens_total").values()) == tokens
    assert sum(of(scrape, "avoided_tokens_total").values()) == avoided
    kinds = {dict(labels)["kind"] for labels in of(scrape, "tokens_total")}
    assert kinds == {"uncached_input", "cached_input", "cache_write_input", "input_audio", "output"}


def test_a_model_as_sent_is_joined_to_its_canonical_name(filled: Database) -> None:
    joined = {
        dict(labels)["model"]: dict(labels)["canonical_model"]
        for labels in of(traffic.scrape(filled), "model_info")
    }
    assert joined["gpt-4.1-2025-04-14"] == "gpt-4.1"
    assert joined["house-model"] == "house-model"


def test_a_model_without_a_price_has_requests_and_no_amount_of_money(filled: Database) -> None:
    scrape = traffic.scrape(filled)
    named_models = {name for name, labels in scrape if ("model", "house-model") in labels}
    assert named_models == {"requests_total", "tokens_total", "model_info", "month_requests"}
    assert not [labels for _, labels in scrape if ("project", "lab") in labels and "usd" in _]


def test_a_model_in_use_and_its_target_show_when_they_end(filled: Database) -> None:
    ends = of(traffic.scrape(filled), "model_retirement_timestamp_seconds")
    for model in ("gpt-4.1", "gpt-4.1-mini"):
        retirement = price_book.shipped().facts_of("openai", model).retirement
        end = ends.get(named(provider="openai", model=model))
        assert end == (None if retirement is None else retirement.shutdown_day * 86_400)


def test_a_restart_and_a_second_replica_show_the_same(filled: Database, filled_url: str) -> None:
    first = Exposition(filled, ledgers.SETTINGS).render()
    reopened = Database(filled_url)
    assert Exposition(reopened, ledgers.SETTINGS).render() == first
    reopened.close()


def test_a_remembered_month_is_read_again_once_its_statement_has_changed(filled: Database) -> None:
    # The clock stands still, so a reading is believed for ever unless its time is set back.
    replica = Exposition(filled, ledgers.SETTINGS)
    replica.render()
    ledgers.add(filled, [ledgers.event(traffic.NOW_US - 30 * clock.DAY_US)])
    ledgers.settle(filled)
    replica._read_again_at = 0.0
    assert traffic.read(replica.render()) == traffic.scrape(filled)


@hypothesis.settings(
    max_examples=12, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(group=st.lists(ledgers.any_event(), min_size=1, max_size=8))
def test_counters_never_fall_while_events_arrive(database: Database, group: list[Event]) -> None:
    # The ledger grows from example to example, as one does that serves.
    before = traffic.scrape(database)
    ledgers.add(database, group)
    ledgers.settle(database)
    after = traffic.scrape(database)
    counters = {key: value for key, value in before.items() if key[0].endswith("_total")}
    assert all(after[key] >= value for key, value in counters.items())


def test_audio_that_was_cached_lets_no_counter_fall(database: Database) -> None:
    ledgers.add(database, [ledgers.event(input_tokens=100)])
    ledgers.settle(database)
    before = traffic.scrape(database)
    ledgers.add(
        database, [ledgers.event(input_tokens=50, cached_input_tokens=40, input_audio_tokens=30)]
    )
    ledgers.settle(database)
    after = traffic.scrape(database)
    assert all(
        after["tokens_total", labels] >= value
        for labels, value in of(before, "tokens_total").items()
    )
    assert [finding for check in checks.verify(database) for finding in check.findings] == []


def test_beyond_the_limit_label_sets_read_other_and_the_sums_stay_exact(database: Database) -> None:
    limited = settings.load(max_metric_sets=3)
    for number in range(12):
        labels = ledgers.labels(project=f"project-{number}", workload=f"workload-{number}")
        ledgers.add(database, [ledgers.event(label_set=labels)], limited)
        ledgers.settle(database, limited)
    scrape = traffic.scrape(database, max_metric_sets=3)
    assert sum(of(scrape, "requests_total").values()) == 12
    assert sum(of(scrape, "tokens_total").values()) == 12 * 1_100
    for name in ("requests_total", "cost_usd", "month_project_cost_usd", "savings_potential_usd"):
        assert len(of(scrape, name)) <= 7
        assert sum("project-" in str(labels) for labels in of(scrape, name)) <= 6
    total = report_of(database).total.cost_usd
    for name in ("cost_usd", "month_project_cost_usd"):
        assert sum(of(scrape, name).values()) == pytest.approx(as_float(total), rel=1e-12)


def test_a_label_value_comes_back_as_it_was_sent(database: Database) -> None:
    ledgers.add(
        database,
        [ledgers.event(label_set=ledgers.labels(project=text, workload=text)) for text in AWKWARD],
    )
    ledgers.settle(database)
    scrape = traffic.scrape(database)
    for name in ("requests_total", "cost_usd", "month_project_cost_usd"):
        assert {dict(labels)["project"] for labels in of(scrape, name)} == set(AWKWARD)


def test_an_empty_ledger_shows_no_amount_of_money(database: Database) -> None:
    scrape = traffic.scrape(database)
    assert {name for name, _ in scrape} == {
        "rollup_lag_seconds",
        "early_events",
        "held_alerts",
        "unconfirmed_alerts",
        "waiting_alerts",
        "price_book_info",
        "ledger_info",
    }


def test_traffic_without_any_price_shows_no_amount_of_money(database: Database) -> None:
    house = ledgers.labels(model="house-model")
    ledgers.add(
        database,
        [
            ledgers.event(traffic.NOW_US - age * clock.DAY_US, label_set=house)
            for age in range(1, 20)
        ],
    )
    ledgers.settle(database)
    assert [name for name, _ in traffic.scrape(database) if "usd" in name] == []


def test_the_lag_is_the_age_of_the_oldest_group_that_waits(database: Database) -> None:
    ledgers.add(database, [ledgers.event()])
    with database.transaction() as session:
        session.execute(
            update(rollups.INTAKE).values(created_at=clock.now_us() - 90 * clock.SECOND_US)
        )
    assert traffic.scrape(database)["rollup_lag_seconds", ()] == 90.0


def test_the_last_rollup_is_when_its_job_ended(database: Database) -> None:
    jobs = tables.JOB_SLOT
    with database.transaction() as session:
        session.execute(
            jobs.insert().values(job="roll_up", taken_at=1, finished_at=1_700_000_000_500_000)
        )
    assert traffic.scrape(database)["last_rollup_timestamp_seconds", ()] == 1_700_000_000.5


@pytest.mark.parametrize("findings", [(), ("an hour is off",)])
def test_a_check_shows_how_many_findings_it_had(
    database: Database, findings: tuple[str, ...]
) -> None:
    with database.transaction() as session:
        verification.record(session, [Check("hours", "", findings)], clock.now_us())
    assert traffic.scrape(database)["ledger_findings", ()] == len(findings)


def test_scrapes_that_come_together_share_one_reading(filled: Database) -> None:
    begun: list[object] = []
    event.listen(filled.engine, "begin", begun.append)
    replica = Exposition(filled, ledgers.SETTINGS)
    with ThreadPoolExecutor(8) as threads:
        texts = set(threads.map(lambda _: replica.render(), range(16)))
    assert (len(begun), len(texts)) == (1, 1)


def test_where_keys_are_needed_only_a_scrape_key_for_all_projects_reads_metrics(
    database: Database,
) -> None:
    app = FastAPI()
    routes.install(app, database, settings.load(require_keys=True))
    client = TestClient(app)
    keys = {}
    with database.transaction() as session:
        for scope, project in (("scrape", None), ("read", None), ("scrape", "search")):
            _, keys[scope, project] = access.create_key(
                session,
                "test",
                [scope],
                project=project,
                namespace="default",
                now_us=clock.now_us(),
            )
    codes = {
        key: client.get("/metrics", headers={"Authorization": f"Bearer {text}"}).status_code
        for key, text in keys.items()
    }
    assert codes == {("scrape", None): 200, ("read", None): 403, ("scrape", "search"): 403}
    assert client.get("/metrics").status_code == 401


def test_every_ledger_metric_of_the_table_can_be_told_apart_from_what_a_process_counts(
    filled: Database,
) -> None:
    names = {metric_kinds.PREFIX + name for name, _ in traffic.scrape(filled)}
    assert names <= {metric.name for metric in metrics.METRICS if metric.scope == "ledger"}
    assert exposition.RENDERED_AGAIN_AFTER_SECONDS <= 10


def test_only_the_chosen_target_of_a_slice_has_a_saving(database: Database) -> None:
    pairs = "gpt-4.1:gpt-4.1-mini,gpt-4.1:gpt-6-luna,gpt-4.1:gpt-4.1@batch"
    with_pairs = settings.load(pairs=pairs, can_wait="search")
    traffic.fill(database, with_pairs)
    scrape = traffic.scrape(database, pairs=pairs, can_wait="search")
    potential = traffic.of(scrape, "savings_potential_low_usd")
    assert sorted(dict(labels)["project"] for labels in potential) == ["search", "support"]
    with database.snapshot() as session:
        advised = [row.recommendation for row in recommendations.read_current(session)]
    counted = [recommendation for recommendation in advised if recommendation.counted]
    low = sum(recommendation.low_femto_usd for recommendation in counted)
    assert scrape["savings_total_low_usd", ()] == float(money.usd(low))
    assert [recommendation.to_service_tier for recommendation in counted] == ["batch"]
