"""What a month's faces show of its waste: paid retries, and requests at another tier than asked.

The one place where these values become text. API, exports, page and terminal share it.
"""

from dataclasses import dataclass

from advisor.months.waste import PaidRetry, TierSwap, Waste
from ledger import money


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryFigure:
    """Requests of a project to a model that their client had sent before, and that used tokens.

    The cost is that of the priced tokens, None without any. It was paid twice only as far as the
    earlier attempt was billed too, as after a time-out; no log says that.
    """

    project: str
    provider: str
    model: str
    requests: int
    tokens: int
    unpriced_tokens: int
    cost_usd: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidRetriesFigure:
    """A month's requests sent again: the sums over the groups.

    The cost is None where nothing is priced.
    """

    requests: int
    tokens: int
    unpriced_tokens: int
    cost_usd: str | None
    groups: tuple[RetryFigure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TierFigure:
    """Requests that asked for one service tier and were served, and are priced, at another.

    `asked_cost_usd` is the cost of the same tokens on the same days at the tier asked for, and
    `difference_usd` the cost less that: above 0 more was paid, below 0 a higher price was not
    charged. Both are known only where the state is `compared`. The others say why not:
    `asked_unpriced`, `served_unpriced`, `no_usage`.
    """

    project: str
    provider: str
    model: str
    asked_tier: str
    served_tier: str
    state: str
    requests: int
    tokens: int
    unpriced_tokens: int
    cost_usd: str | None
    asked_cost_usd: str | None
    difference_usd: str | None
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherTierFigure:
    """A month's requests at another tier than asked: the sums over the groups.

    The amounts are None where no group is compared. `difference_usd` is `paid_more_usd` less
    `not_charged_usd`, neither of which is below 0.
    """

    requests: int
    tokens: int
    not_compared_tokens: int
    paid_more_usd: str | None
    not_charged_usd: str | None
    difference_usd: str | None
    groups: tuple[TierFigure, ...]


@dataclass(frozen=True, slots=True)
class WasteFigure:
    """A month's paid retries, and its requests at another tier than asked."""

    paid_retries: PaidRetriesFigure
    other_tier: OtherTierFigure


def waste_figure(waste: Waste) -> WasteFigure:
    """A month's paid retries and its requests at another tier than asked."""
    retries, tiers = waste.paid_retries, waste.other_tier
    return WasteFigure(
        PaidRetriesFigure(
            requests=retries.requests,
            tokens=retries.tokens,
            unpriced_tokens=retries.unpriced_tokens,
            cost_usd=money.optional_usd_text(retries.cost_femto_usd),
            groups=tuple(map(retry_figure, retries.groups)),
        ),
        OtherTierFigure(
            requests=tiers.requests,
            tokens=tiers.tokens,
            not_compared_tokens=tiers.not_compared_tokens,
            paid_more_usd=money.optional_usd_text(tiers.paid_more_femto_usd),
            not_charged_usd=money.optional_usd_text(tiers.not_charged_femto_usd),
            difference_usd=money.optional_usd_text(tiers.difference_femto_usd),
            groups=tuple(map(tier_figure, tiers.groups)),
        ),
    )


def retry_figure(retry: PaidRetry) -> RetryFigure:
    """A group of requests sent again."""
    return RetryFigure(
        project=retry.project,
        provider=retry.provider,
        model=retry.model,
        requests=retry.requests,
        tokens=retry.tokens,
        unpriced_tokens=retry.unpriced_tokens,
        cost_usd=money.optional_usd_text(retry.cost_femto_usd),
    )


def tier_figure(swap: TierSwap) -> TierFigure:
    """A group of requests at another tier than asked, with what the difference means."""
    return TierFigure(
        project=swap.project,
        provider=swap.provider,
        model=swap.model,
        asked_tier=swap.asked_tier,
        served_tier=swap.served_tier,
        state=swap.state,
        requests=swap.requests,
        tokens=swap.tokens,
        unpriced_tokens=swap.unpriced_tokens,
        cost_usd=money.optional_usd_text(swap.cost_femto_usd),
        asked_cost_usd=money.optional_usd_text(swap.asked_cost_femto_usd),
        difference_usd=money.optional_usd_text(swap.difference_femto_usd),
        meaning=_meaning(swap),
    )


def _meaning(swap: TierSwap) -> str:
    if swap.state == "no_usage":
        return "no tokens were used"
    if swap.state == "served_unpriced":
        return (
            "the tier served has no price for some of these tokens, so what was paid is not known"
        )
    if swap.difference_femto_usd is None:
        return (
            "the tier asked for has no price for these tokens,"
            " so what it would have cost is not known"
        )
    if swap.difference_femto_usd > 0:
        return "paid more than at the tier asked for"
    if swap.difference_femto_usd < 0:
        return "the tier asked for did not serve, and its higher price was not charged"
    return "costs the same"
