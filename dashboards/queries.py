"""PromQL over the table of metrics: every name and label is checked while the dashboard is built. It runs no query."""

from ledger import metrics
from ledger.errors import UsageError

# The replica that was scraped. Ledger figures are equal on each, so it is dropped before anything is added up.
REPLICA = ("instance", "pod")


def once(short_name: str, **matchers: str) -> str:
    """A ledger metric counted once however many replicas serve it; `matchers` are regular expressions by label."""
    metric = metrics.named(short_name)
    for label in matchers:
        _known(metric, label)
    inside = ",".join(f'{label}=~"{pattern}"' for label, pattern in matchers.items())
    selector = f"{metric.name}{{{inside}}}" if inside else metric.name
    return f"max without ({', '.join(REPLICA)}) ({selector})"


def total(short_name: str, *by: str, **matchers: str) -> str:
    """The sum of a ledger metric over everything but the labels `by`."""
    for label in by:
        _known(metrics.named(short_name), label)
    head = f"sum by ({', '.join(by)})" if by else "sum"
    return f"{head} ({once(short_name, **matchers)})"


def single(short_name: str) -> str:
    """A ledger metric that has no labels of its own, as one number."""
    return f"max ({metrics.named(short_name).name})"


def _known(metric: metrics.Metric, label: str) -> None:
    if label not in metric.labels:
        raise UsageError(f"{metric.name} has no label {label}; it has {', '.join(metric.labels) or 'none'}")
