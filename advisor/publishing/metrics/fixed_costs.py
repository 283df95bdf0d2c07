"""Costs of the current month that are not per token, beside its usage."""

from collections.abc import Iterator
from decimal import Decimal

from advisor.publishing.metrics import sample
from advisor.publishing.metrics.sample import Labels, MetricSample
from advisor.report.figures import Report
from ledger import money


def samples(report: Report) -> Iterator[MetricSample]:
    """What each fixed cost comes to this month, and how far it is used."""
    costs = report.fixed_costs.costs if report.fixed_costs else ()
    sums: dict[Labels, Decimal] = {}
    ratios: dict[Labels, str] = {}
    for cost in costs:
        labels: Labels = (report.month, cost.provider, cost.model or "all", cost.kind)
        sums[labels] = sums.get(labels, Decimal(0)) + Decimal(cost.amount_usd)
        if cost.utilisation_ratio is not None:
            ratios[labels] = cost.utilisation_ratio
    for labels, amount_usd in sums.items():
        yield sample.from_text("month_fixed_cost_usd", labels, money.text(amount_usd))
    for labels, ratio in ratios.items():
        yield sample.from_text("fixed_cost_utilisation_ratio", labels, ratio)
