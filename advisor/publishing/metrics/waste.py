"""A month's paid retries and requests at another tier than asked. What is not priced or not compared has no amount."""

from collections.abc import Iterator

from advisor.months.figures import Waste
from advisor.publishing.metrics.sample import Sample, of_femto_usd
from ledger import money


def of_month(name: str, waste: Waste) -> Iterator[Sample]:
    """The gauges of a month, by canonical model; all projects together."""
    requests: dict[tuple[str, ...], int] = {}
    amounts: dict[tuple[str, ...], int] = {}
    for each in waste.paid_retries.groups:
        _add(requests, amounts, (name, each.provider, each.model), each.requests, each.cost_usd)
    yield from (
        Sample("month_paid_retry_requests", labels, count) for labels, count in requests.items()
    )
    yield from of_femto_usd("month_paid_retry_cost_usd", amounts)
    requests, amounts = {}, {}
    for tier in waste.other_tier.groups:
        labels = (name, tier.provider, tier.model, tier.asked, tier.served)
        _add(requests, amounts, labels, tier.requests, tier.difference_usd)
    yield from (
        Sample("month_other_tier_requests", labels, count) for labels, count in requests.items()
    )
    yield from of_femto_usd("month_other_tier_difference_usd", amounts)


def _add(
    requests: dict[tuple[str, ...], int],
    amounts: dict[tuple[str, ...], int],
    labels: tuple[str, ...],
    count: int,
    amount_usd: str | None,
) -> None:
    requests[labels] = requests.get(labels, 0) + count
    if amount_usd is not None:
        amounts[labels] = amounts.get(labels, 0) + money.femto_usd(amount_usd)
