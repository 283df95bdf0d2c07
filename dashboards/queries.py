"""PromQL over the table of metrics: every name and label is checked while the dashboard is built.

It runs no query.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from ledger import metric_kinds, metrics
from ledger.errors import UsageError

# The replica that was scraped. Ledger figures are equal on each, so it is dropped before anything
# is added up.
REPLICA = ("instance", "pod")


def once(short_name: str, **matchers: str) -> str:
    """A ledger metric counted once, however many replicas serve it.

    `matchers` are regular expressions by label.
    """
    metric = metrics.find_metric(short_name)
    return f"max without ({', '.join(REPLICA)}) ({_selector(metric, matchers)})"


def total(short_name: str, *by: str, **matchers: str) -> str:
    """The sum of a ledger metric over everything but the labels `by`."""
    for label in by:
        _known(metrics.find_metric(short_name), label)
    return f"{_sum(by)} ({once(short_name, **matchers)})"


def single(short_name: str) -> str:
    """A ledger metric that has no labels of its own, as one number."""
    return f"max ({metrics.find_metric(short_name).name})"


def processes(short_name: str, *by: str) -> str:
    """What processes say of themselves, added up over them; by `instance`, each on its own."""
    metric = metrics.find_metric(short_name)
    for label in by:
        _known(metric, label)
    return f"{_sum(by)} ({metric.name})"


def growth(
    function: Literal["rate", "increase"], window: str, short_name: str, *by: str, **matchers: str
) -> str:
    """How a counter of processes grew in a window such as `$__range`, a second or as a whole."""
    metric = metrics.find_metric(short_name)
    for label in by:
        _known(metric, label)
    return f"{_sum(by)} ({function}({_selector(metric, matchers)}[{window}]))"


def quantile(share: str, window: str, short_name: str) -> str:
    """What this share of a histogram's observations in a window stayed below, over all processes.

    Nothing where there was no observation.
    """
    rates = f"rate({metrics.find_metric(short_name).name}_bucket[{window}])"
    # Without observations the quantile is NaN, which is not 0 or more.
    return f"histogram_quantile({share}, sum by (le) ({rates})) >= 0"


def _sum(by: Sequence[str]) -> str:
    return f"sum by ({', '.join(by)})" if by else "sum"


def _selector(metric: metric_kinds.Metric, matchers: Mapping[str, str]) -> str:
    for label in matchers:
        _known(metric, label)
    inside = ",".join(f'{label}=~"{pattern}"' for label, pattern in matchers.items())
    return f"{metric.name}{{{inside}}}" if inside else metric.name


def days_until(timestamp_seconds: str) -> str:
    """UTC days until an instant at midnight, today counted, as advice counts days left."""
    return f"ceil(({timestamp_seconds} - time()) / 86400)"


def _known(metric: metric_kinds.Metric, label: str) -> None:
    if label not in (*metric.labels, *REPLICA):
        raise UsageError(
            f"{metric.name} has no label {label}; it has {', '.join(metric.labels) or 'none'}"
        )
