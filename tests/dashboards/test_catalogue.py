"""Every dashboard keeps the rules, is written as it is, and finds figures in a real Prometheus."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from advisor.stages import realisation
from advisor.switching import decision
from dashboards import catalogue, queries, slices
from ledger import clock
from ledger.errors import UsageError
from tests import servers
from tests.dashboards import lint, past

DASHBOARDS: list[Any] = json.loads(json.dumps(catalogue.dashboards()))
EACH = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard["uid"])


@pytest.fixture(scope="module")
def prometheus() -> Iterator[servers.Prometheus]:
    with past.Prometheus(days=1) as running:
        yield running


@EACH
def test_a_dashboard_keeps_every_rule(dashboard: Any) -> None:
    assert lint.problems(dashboard) == []


def test_no_two_dashboards_share_a_uid() -> None:
    assert len({dashboard["uid"] for dashboard in DASHBOARDS}) == len(DASHBOARDS)


def test_a_file_holds_the_dashboard_and_is_the_same_each_time(tmp_path: Path) -> None:
    first = catalogue.write(tmp_path / "new" / "folder")
    before = [path.read_bytes() for path in first]
    assert [json.loads(text) for text in before] == DASHBOARDS
    assert [path.read_bytes() for path in catalogue.write(tmp_path / "new" / "folder")] == before
    assert [path.name for path in first] == [
        f"switchwise-{name}.json" for name in ("spend", "savings", "operations")
    ]


def _spoil(change: Callable[[Any], None]) -> list[str]:
    dashboard = copy.deepcopy(DASHBOARDS[0])
    change(dashboard)
    return lint.problems(dashboard)


def _expression(text: str) -> Callable[[Any], None]:
    return lambda dashboard: dashboard["panels"][0]["targets"][0].update(expr=text)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (_expression("max (switchwise_no_such_usd)"), "_known_names"),
        (
            _expression("sum by (colour) (max without (instance, pod) (switchwise_cost_usd))"),
            "_known_names",
        ),
        (_expression("sum (switchwise_cost_usd)"), "_replicas_count_once"),
        (_expression("sum (rate(switchwise_cost_usd[1h]))"), "_money_is_no_counter"),
        (
            _expression("sum (increase(switchwise_ingest_bytes_total[1h]))"),
            "_windows_follow_the_time_range",
        ),
        (_expression("sum by (le) (switchwise_ingest_bytes_total)"), "_known_names"),
        (
            _expression('max without (instance, pod) (switchwise_cost_usd{model="$model"})'),
            "_variables",
        ),
        (lambda d: d["panels"].extend(d["panels"]), "_few_panels_with_stats_first"),
        (lambda d: d["panels"][0]["gridPos"].update(w=5), "_grid_is_full"),
        (lambda d: d.update(uid="x" * 41), "_identity"),
        (lambda d: d["panels"][1].update(id=1), "_identity"),
        (lambda d: d.update(refresh="10s"), "_settings"),
        (lambda d: d["links"].clear(), "_settings"),
        (lambda d: d["panels"][0].update(description=""), "_described"),
        (lambda d: d["panels"][0]["fieldConfig"]["defaults"].pop("unit"), "_units"),
        (
            lambda d: d["panels"][0]["fieldConfig"]["defaults"].update(mappings=[]),
            "_absence_is_neutral",
        ),
        (
            lambda d: d["panels"][0]["fieldConfig"]["defaults"].update(
                color={"mode": "thresholds"}
            ),
            "_thresholds_mean_something",
        ),
        (lambda d: d["panels"][0]["targets"][0].update(legendFormat="__auto"), "_queries"),
        (lambda d: d["panels"][0]["datasource"].update(uid="abc"), "_one_data_source"),
        (lambda d: d["templating"]["list"][1].update(refresh=1), "_variables"),
        (lambda d: d["panels"][7]["options"]["tooltip"].update(mode="single"), "_tables_and_lines"),
    ],
)
def test_a_broken_rule_is_named(change: Callable[[Any], None], rule: str) -> None:
    assert rule in {problem.partition(":")[0] for problem in _spoil(change)}


def test_a_query_cannot_name_a_label_its_metric_lacks() -> None:
    with pytest.raises(UsageError, match="switchwise_month_cost_usd has no label project"):
        queries.total("month_cost_usd", "project")


@EACH
def test_every_query_finds_figures(dashboard: Any, prometheus: servers.Prometheus) -> None:
    month = max(row.labels["month"] for row in prometheus.query("switchwise_month_requests"))
    for title, expression in lint.expressions(dashboard):
        within = re.sub(r"\[\$\w+\]", "[2h]", expression.replace("$month", month))
        query = re.sub(r"\$\w+", ".*", within)
        assert prometheus.query(query), f"{title}: {query}"


def test_only_models_in_use_count_down_to_their_shutdown(prometheus: servers.Prometheus) -> None:
    month = max(row.labels["month"] for row in prometheus.query("switchwise_month_requests"))
    [expression] = [
        query for title, query in lint.expressions(DASHBOARDS[0]) if title == "Days to shutdown"
    ]
    counted = [row.labels["model"] for row in prometheus.query(expression.replace("$month", month))]
    announced = {
        row.labels["model"]
        for row in prometheus.query("switchwise_model_retirement_timestamp_seconds")
    }
    assert sorted(counted) == ["gpt-4.1", "gpt-4.1-nano"]
    assert "o1" in announced


def test_every_decision_and_every_method_has_its_words() -> None:
    titles = {panel["title"]: panel for panel in DASHBOARDS[1]["panels"]}
    renamed = {
        override["matcher"]["options"]
        for override in titles["Realised so far"]["fieldConfig"]["overrides"]
    }
    assert renamed == set(realisation.METHODS)
    assert set(slices.DECISIONS) == set(get_args(decision.Kind))


def test_two_replicas_do_not_double_the_spend(prometheus: servers.Prometheus) -> None:
    one = "switchwise_month_cost_usd"
    [truth] = prometheus.query(f"sum ({one})")
    two = f'({one} or label_replace({one}, "instance", "advisor-1:8080", "instance", ".*"))'
    [doubled] = prometheus.query(f"sum ({two})")
    [once] = prometheus.query(queries.total("month_cost_usd").replace(one, two))
    assert float(doubled.value_text) == pytest.approx(2 * float(truth.value_text))
    assert float(once.value_text) == pytest.approx(float(truth.value_text))


def test_days_until_a_shutdown_are_counted_as_the_advice_counts_them(
    prometheus: servers.Prometheus,
) -> None:
    """Whole UTC days from today to the day of the shutdown, whatever the hour."""
    [row] = prometheus.query(
        queries.days_until("max (switchwise_model_retirement_timestamp_seconds)")
    )
    [ends] = prometheus.query("max (switchwise_model_retirement_timestamp_seconds)")
    days = int(float(ends.value_text)) // 86_400 - clock.day_of(clock.now_us())
    assert float(row.value_text) == days
