"""One sample, and the one place where an exact decimal becomes the float that Prometheus takes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from ledger import money

Labels = tuple[str, ...]
"""Label values in the order of the table of metrics."""


class MetricSample(NamedTuple):
    """A value of the metric of this name, which is written without its prefix."""

    name: str
    labels: Labels
    value: float


def from_text(name: str, labels: Labels, text: str) -> MetricSample:
    """A sample of decimal text, whether money or a ratio."""
    return MetricSample(name, labels, float(Decimal(text)))


def from_femto_usd(name: str, sums: Mapping[Labels, int]) -> list[MetricSample]:
    """A sample in USD for each sum of femto-USD."""
    return [
        from_text(name, labels, money.usd_text(femto_usd)) for labels, femto_usd in sums.items()
    ]
