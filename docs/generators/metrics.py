"""The page of metrics, from the table that the exposition itself is made of."""

from collections.abc import Iterable

from docs.generators import markdown
from ledger import metrics
from ledger.metric_kinds import Metric

_INTRODUCTION = "Prometheus scrapes these at `/metrics`. Labels come from the lists below only."
_LEDGER = """\
These come from rows of the ledger. Every replica shows the same figures, and a restart changes
none, so a query takes `max without (instance, pod)` first. Money is a gauge: a new price may lower
it. The advisor and `switchwise up` serve these metrics at `/metrics`."""
_PROCESS = "These count what one process has done since it started. Each collector serves its own."


def generate() -> str:
    """The page `docs/reference/metrics.md`."""
    ledger = [metric for metric in metrics.METRICS if metric.scope == "ledger"]
    process = [metric for metric in metrics.METRICS if metric.scope == "process"]
    sections = ("## Of the ledger", _LEDGER, _table(ledger), "## Of a process", _PROCESS)
    return markdown.page("Metrics", _INTRODUCTION, [*sections, _table(process)])


def _table(listed: Iterable[Metric]) -> str:
    return markdown.table(
        ("metric", "kind", "unit", "labels", "what it shows"),
        (
            (
                markdown.code(metric.name),
                metric.kind,
                metric.unit,
                ", ".join(map(markdown.code, metric.labels)),
                metric.help,
            )
            for metric in listed
        ),
    )
