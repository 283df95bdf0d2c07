"""A month's paid retries and requests at another tier than asked.

What is not priced or not compared has no amount.
"""

from collections.abc import Iterator

from advisor.months.waste import Waste
from advisor.publishing.metrics import sample
from advisor.publishing.metrics.sample import Labels, MetricSample


def samples(name: str, waste: Waste) -> Iterator[MetricSample]:
    """The gauges of the month of this name, by canonical model; all projects together."""
    retry_requests: dict[Labels, int] = {}
    retry_femto_usd: dict[Labels, int] = {}
    for retry in waste.paid_retries.groups:
        labels: Labels = (name, retry.provider, retry.model)
        _add(retry_requests, labels, retry.requests)
        if retry.cost_femto_usd is not None:
            _add(retry_femto_usd, labels, retry.cost_femto_usd)
    tier_requests: dict[Labels, int] = {}
    tier_femto_usd: dict[Labels, int] = {}
    for tier in waste.other_tier.groups:
        labels = (name, tier.provider, tier.model, tier.asked_tier, tier.served_tier)
        _add(tier_requests, labels, tier.requests)
        if tier.difference_femto_usd is not None:
            _add(tier_femto_usd, labels, tier.difference_femto_usd)
    for labels, requests in retry_requests.items():
        yield MetricSample("month_paid_retry_requests", labels, requests)
    yield from sample.from_femto_usd("month_paid_retry_cost_usd", retry_femto_usd)
    for labels, requests in tier_requests.items():
        yield MetricSample("month_other_tier_requests", labels, requests)
    yield from sample.from_femto_usd("month_other_tier_difference_usd", tier_femto_usd)


def _add(sums: dict[Labels, int], labels: Labels, amount: int) -> None:
    sums[labels] = sums.get(labels, 0) + amount
