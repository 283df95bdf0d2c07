"""What a metric is: its name, kind, unit, help and labels, and every label that one may carry."""

from dataclasses import dataclass
from typing import Literal

PREFIX = "switchwise_"

_LABEL_NAMES = """
provider model canonical_model service_tier service_tier_requested project workload status kind
month from_model to_model decision stage method reason version checked traffic reporting_zone
route code format outcome side share namespace meter
"""
LABELS = tuple(_LABEL_NAMES.split())
"""Every label that a metric may carry.

Senders cannot make values without end: the ledger folds them into `other`.
"""

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric. `labels` are in the order in which samples give their values.

    `scope` is `ledger` for figures that are derived from rows, hence equal on every replica and
    after every restart, and `process` for what one process counts about itself.
    """

    name: str
    kind: Kind
    unit: str
    help: str
    labels: tuple[str, ...] = ()
    scope: Literal["ledger", "process"] = "ledger"


def counter(name: str, unit: str, text: str, *, labels: tuple[str, ...] = ()) -> Metric:
    """A counter of the ledger; its name without the prefix."""
    return Metric(name=PREFIX + name, kind="counter", unit=unit, help=text, labels=labels)


def gauge(name: str, unit: str, text: str, *, labels: tuple[str, ...] = ()) -> Metric:
    """A gauge of the ledger; its name without the prefix."""
    return Metric(name=PREFIX + name, kind="gauge", unit=unit, help=text, labels=labels)


def process(name: str, kind: Kind, unit: str, text: str, *, labels: tuple[str, ...] = ()) -> Metric:
    """A metric that one process counts about itself; its name without the prefix."""
    name = PREFIX + name
    return Metric(name=name, kind=kind, unit=unit, help=text, labels=labels, scope="process")
