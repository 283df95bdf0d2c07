"""What the table of metrics promises to those who scrape it."""

import re
import subprocess

import pytest

from ledger import metric_kinds, metrics
from tests import processes

UNITS = {
    "usd",
    "tokens",
    "requests",
    "recommendations",
    "events",
    "seconds",
    "ratio",
    "bytes",
    "info",
    "units",
    "alerts",
    "findings",
    "senders",
}
TABLE = pytest.mark.parametrize("metric", metrics.METRICS, ids=lambda metric: metric.name)


def exposition() -> str:
    """One sample of every metric, in the text that a scrape reads."""
    lines = []
    for metric in metrics.METRICS:
        labels = [f'{label}="x"' for label in metric.labels]
        lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}"]
        if metric.kind == "histogram":
            buckets = ",".join([*labels, 'le="+Inf"'])
            lines.append(f"{metric.name}_bucket{{{buckets}}} 1")
            lines += [f"{metric.name}_{part}{{{','.join(labels)}}} 1" for part in ("sum", "count")]
        else:
            lines.append(f"{metric.name}{{{','.join(labels)}}} 1")
    return "\n".join(lines) + "\n"


def test_the_whole_table_passes_the_linter_of_prometheus() -> None:
    promtool = processes.command_path("promtool", "prometheus")
    checked = subprocess.run(
        [promtool, "check", "metrics"],
        input=exposition(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_no_two_metrics_share_a_name() -> None:
    assert len(metrics.BY_NAME) == len(metrics.METRICS)


@TABLE
def test_a_name_has_our_prefix_and_ends_in_its_base_unit(metric: metric_kinds.Metric) -> None:
    assert re.fullmatch(r"switchwise(_[a-z]+)+", metric.name)
    assert metric.unit in UNITS
    assert metric.name.removesuffix("_total").endswith(metric.unit)


@TABLE
def test_only_counters_end_in_total(metric: metric_kinds.Metric) -> None:
    assert metric.name.endswith("_total") == (metric.kind == "counter")


@TABLE
def test_money_is_a_gauge_because_a_corrected_price_may_lower_it(
    metric: metric_kinds.Metric,
) -> None:
    assert metric.unit != "usd" or metric.kind == "gauge"


@TABLE
def test_labels_come_from_the_fixed_list_once_each_and_are_not_reserved(
    metric: metric_kinds.Metric,
) -> None:
    assert set(metric.labels) <= set(metric_kinds.LABELS)
    assert len(set(metric.labels)) == len(metric.labels)
    assert not {"le", "quantile", "job", "instance", "pod", "__name__"} & set(metric.labels)


def test_every_label_of_the_list_is_in_use() -> None:
    assert set(metric_kinds.LABELS) == {
        label for metric in metrics.METRICS for label in metric.labels
    }


@TABLE
def test_help_is_one_sentence_or_more_and_names_the_unit(metric: metric_kinds.Metric) -> None:
    words = {"usd": "USD", "ratio": "0 to 1", "seconds": r"[Tt]ime|Age|Seconds", "info": "Always 1"}
    assert metric.help.endswith(".")
    assert re.search(words.get(metric.unit, metric.unit), metric.help, flags=re.IGNORECASE)


def test_a_metric_is_found_by_its_name_without_the_prefix() -> None:
    assert metrics.find_metric("month_cost_usd").labels == ("month", "provider", "model")
    with pytest.raises(KeyError):
        metrics.find_metric("no_such_metric")
