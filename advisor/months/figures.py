"""What a month's faces show: usage, forecasts, waste and adjustments, as decimal text and integers. No arithmetic."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CoverageFigure:
    """How much of a figure is known: the ratio that advice rests on, and the share of each gap."""

    ratio: str | None
    provisional: bool
    gaps: dict[str, str]


@dataclass(frozen=True, slots=True)
class UsageFigure:
    """Usage and its cost. `cost_usd` is the priced part, None when nothing is priced; the names are those grouped by.

    `list_cost_usd` is the same without contracts. `tier_mismatch_requests` asked for one tier and were served at another.
    """

    names: dict[str, str]
    cost_usd: str | None
    list_cost_usd: str | None
    usd_per_mtok: str | None
    requests: int
    tokens: int
    input_tokens: int
    cached_input_tokens: int
    cache_write_input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    avoided_tokens: int
    unpriced_tokens: int
    tier_mismatch_requests: int
    coverage: CoverageFigure


@dataclass(frozen=True, slots=True)
class ForecastReport:
    """The whole month's expected cost in USD with its 80 % band (None for a run rate), and the method."""

    cost_usd: str
    low_usd: str | None
    high_usd: str | None
    method: str


@dataclass(frozen=True, slots=True)
class DayReport:
    """Cost (None when nothing is priced) and requests of a UTC day of the month."""

    day: str
    cost_usd: str | None
    requests: int


@dataclass(frozen=True, slots=True)
class AdjustmentLine:
    """What an adjustment changes of one line; amounts may be below 0. `cost_usd` is None where nobody prices its usage."""

    provider: str
    model: str
    service_tier: str
    project: str
    workload: str
    cost_usd: str | None
    list_cost_usd: str | None
    requests: int
    tokens: int
    unpriced_tokens: int


@dataclass(frozen=True, slots=True)
class AdjustmentFigure:
    """A dated correction on top of a closed month: late usage of one UTC day, or a repricing. Its lines add up to it."""

    number: int
    dated: str
    kind: str
    reason: str
    made_by: str
    price_book_version: str
    cost_usd: str | None
    requests: int
    tokens: int
    unpriced_tokens: int
    lines: tuple[AdjustmentLine, ...]


@dataclass(frozen=True, slots=True)
class BacktestFigure:
    """How the forecasts made on the mornings of a finished month did, against what it came to.

    `error_ratio` is their mean distance from the actual as a share of it, `bias_ratio` the same with signs. `covered` of the
    `banded` forecasts held the actual in their 80 % band.
    """

    month: str
    actual_usd: str
    forecasts: int
    error_ratio: str
    bias_ratio: str
    banded: int
    covered: int


@dataclass(frozen=True, slots=True)
class ForecastRecord:
    """How forecasts did in the finished months, the latest first; `coverage_ratio` is the share of their bands that held."""

    coverage_ratio: str | None
    banded: int
    covered: int
    months: tuple[BacktestFigure, ...]


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
