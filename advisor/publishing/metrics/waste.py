"""A month's paid retries and requests at another tier than asked.

What is not priced or not compared has no amount.
"""

from collections.abc import Iterator

from advisor.months.figures import Waste
from advisor.publishing.metrics import sample
from advisor.publishing.metrics.sample import Labels, MetricSample
from ledger import money


def samples(name: str, waste: Waste) -> Iterator[MetricSample]:
    """The gauges of the month of this name, by canonical model; all projects together."""
    retry_requests: dict[Labels, int] = {}
    retry_femto_usd: dict[Labels, int] = {}
    for retry in waste.paid_retries.groups:
        labels: Labels = (name, retry.provider, retry.model)
        retry_requests[labels] = retry_requests.get(labels, 0) + retry.requests
        if retry.cost_usd is not None:
            _add_usd(retry_femto_usd, labels, retry.cost_usd)
    tier_requests: dict[Labels, int] = {}
    tier_femto_usd: dict[Labels, int] = {}
    for tier in waste.other_tier.groups:
        labels = (name, tier.provider, tier.model, tier.asked, tier.served)
        tier_requests[labels] = tier_requests.get(labels, 0) + tier.requests
        if tier.difference_usd is not None:
            _add_usd(tier_femto_usd, labels, tier.difference_usd)
    for labels, requests in retry_requests.items():
        yield MetricSample("month_paid_retry_requests", labels, requests)
    yield from sample.from_femto_usd("month_paid_retry_cost_usd", retry_femto_usd)
    for labels, requests in tier_requests.items():
        yield MetricSample("month_other_tier_requests", labels, requests)
    yield from sample.from_femto_usd("month_other_tier_difference_usd", tier_femto_usd)


def _add_usd(sums: dict[Labels, int], labels: Labels, amount_usd: str) -> None:
    sums[labels] = sums.get(labels, 0) + money.femto_usd(amount_usd)
