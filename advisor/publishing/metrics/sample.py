"""One sample, and the one place where an exact decimal becomes the float that Prometheus takes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from ledger import money


class Sample(NamedTuple):
    """A value of the metric of this short name; `labels` are its label values in the order of the table of metrics."""

    name: str
    labels: tuple[str, ...]
    value: float


def of_text(name: str, labels: tuple[str, ...], text: str) -> Sample:
    """A sample of decimal text, whether money or a ratio."""
    return Sample(name, labels, float(Decimal(text)))


def of_femto_usd(name: str, sums: Mapping[tuple[str, ...], int]) -> list[Sample]:
    """A sample in USD for each sum of femto-USD."""
    return [of_text(name, labels, money.usd_text(femto_usd)) for labels, femto_usd in sums.items()]
