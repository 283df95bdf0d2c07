"""What a month paid for requests sent again, and for tiers other than those asked for, as every face shows it. No arithmetic."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryFigure:
    """Requests of a project to a model that their client had sent before and that used tokens; the cost is of the priced ones.

    It was paid twice only as far as the attempt before was billed too, as after a time-out; no log says that.
    """

    project: str
    provider: str
    model: str
    requests: int
    tokens: int
    unpriced_tokens: int
    cost_usd: str | None


@dataclass(frozen=True, slots=True)
class PaidRetries:
    """A month's requests sent again. The groups add up to the rest; the cost is None where nothing is priced."""

    requests: int
    tokens: int
    unpriced_tokens: int
    cost_usd: str | None
    groups: tuple[RetryFigure, ...]


@dataclass(frozen=True, slots=True)
class TierFigure:
    """Requests that asked for one service tier and were served, and are priced, at another.

    `asked_cost_usd` is what the same tokens cost on the same days at the tier asked for, `difference_usd` the cost less that:
    above 0 what was paid more, below 0 a higher price that was not charged. Both are known only where the state is `compared`; the
    others say why not: `asked_unpriced`, `served_unpriced`, `no_usage`.
    """

    project: str
    provider: str
    model: str
    asked: str
    served: str
    state: str
    requests: int
    tokens: int
    unpriced_tokens: int
    cost_usd: str | None
    asked_cost_usd: str | None
    difference_usd: str | None
    meaning: str


@dataclass(frozen=True, slots=True)
class OtherTier:
    """A month's requests at another tier than asked. The groups add up to the rest; amounts are None where none is compared.

    `difference_usd` is `paid_more_usd` less `not_charged_usd`, neither of which is below 0.
    """

    requests: int
    tokens: int
    not_compared_tokens: int
    paid_more_usd: str | None
    not_charged_usd: str | None
    difference_usd: str | None
    groups: tuple[TierFigure, ...]


@dataclass(frozen=True, slots=True)
class Waste:
    """A month's paid retries and its requests at another tier than asked, as stored with its statement."""

    paid_retries: PaidRetries
    other_tier: OtherTier
