"""A month's costs that are not per token, as every face shows them: beside usage, never in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from advisor.months.statements import Line, LineKey
from ledger import clock, money
from ledger.months import Month
from ledger.pricing import fixed_costs
from ledger.pricing.fixed_costs import FixedCost

_FEMTO_PER_NANO = 10**6
_MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectShareFigure:
    """What falls on one project of a fixed cost."""

    project: str
    amount_usd: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedCostFigure:
    """A fixed cost in a month: what falls on its days, and how far it is used.

    `amount_usd` is of the whole month, and the projects' shares add up to it. `usage_usd` is the
    usage that counts towards a commitment, at list price, priced part only. `utilisation_ratio` is
    that share of the amount, or the tokens' share of what the capacity could have served on the
    days so far; None where it is not known. It may exceed 1.
    """

    id: str
    kind: str
    provider: str
    model: str
    terms: str
    source: str
    amount_usd: str
    usage_usd: str | None
    utilisation_ratio: str | None
    projects: tuple[ProjectShareFigure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedCostsFigure:
    """A month's fixed costs, beside its usage: no amount of usage holds any of it."""

    total_usd: str
    costs: tuple[FixedCostFigure, ...]
    projects: tuple[ProjectShareFigure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedCostRowFigure:
    """One project's share of one fixed cost, as a row of the review."""

    project: str
    kind: str
    provider: str
    model: str
    amount_usd: str
    utilisation_ratio: str | None
    terms: str
    source: str
    id: str


def rows_of(figure: FixedCostsFigure | None) -> Iterator[FixedCostRowFigure]:
    """Fixed costs as rows of the review; their amounts add up to the total."""
    for cost in figure.costs if figure else ():
        for share in cost.projects:
            yield FixedCostRowFigure(
                project=share.project,
                kind=cost.kind,
                provider=cost.provider,
                model=cost.model,
                amount_usd=share.amount_usd,
                utilisation_ratio=cost.utilisation_ratio,
                terms=cost.terms,
                source=cost.source,
                id=cost.id,
            )


def fixed_costs_figure(
    costs: Sequence[FixedCost],
    month: Month,
    lines: Mapping[LineKey, Line],
    *,
    today: int,
    project: str | None = None,
) -> FixedCostsFigure | None:
    """The fixed costs that fall on a month, of all projects or one; None without any.

    `lines` are those of all projects, since they may split a cost.
    """
    days = fixed_costs.month_days(clock.day_number(date(month.year, month.month, 1)))
    figures = []
    by_project: dict[str, int] = {}
    for cost in costs:
        amount = cost.nano_usd_in(days)
        if not amount:
            continue
        covered = {key: line for key, line in lines.items() if cost.covers(key.provider, key.model)}
        shares = fixed_costs.split(amount, cost.shares_ppm or _usage_by_project(covered))
        if project is not None:
            shares = {name: share for name, share in shares.items() if name == project}
            if not shares:
                continue
        for name, share in shares.items():
            by_project[name] = by_project.get(name, 0) + share
        figures.append(_figure(cost, shares, covered, days=days, today=today, amount=amount))
    if not figures:
        return None
    return FixedCostsFigure(
        total_usd=_usd_text(sum(by_project.values())),
        costs=tuple(figures),
        projects=_shares(by_project),
    )


def _figure(
    cost: FixedCost,
    shares: Mapping[str, int],
    covered: Mapping[LineKey, Line],
    *,
    days: range,
    today: int,
    amount: int,
) -> FixedCostFigure:
    usage_femto_usd = sum(line.list_cost_femto_usd for line in covered.values())
    is_commitment = cost.kind == "commitment"
    ratio: Fraction | None = None
    if is_commitment:
        ratio = Fraction(usage_femto_usd, amount * _FEMTO_PER_NANO)
    elif cost.tokens_a_minute:
        elapsed = cost.days_in(range(days.start, min(days.stop, today + 1)))
        capacity = cost.tokens_a_minute * _MINUTES_A_DAY * len(elapsed)
        tokens = sum(line.counts.total_tokens for line in covered.values())
        ratio = Fraction(tokens, capacity) if capacity else None
    return FixedCostFigure(
        id=cost.id,
        kind=cost.kind,
        provider=cost.provider,
        model=cost.model,
        terms=str(cost),
        source=cost.source,
        amount_usd=_usd_text(sum(shares.values())),
        usage_usd=money.usd_text(usage_femto_usd) if is_commitment else None,
        utilisation_ratio=money.optional_ratio_text(ratio),
        projects=_shares(shares),
    )


def _usage_by_project(covered: Mapping[LineKey, Line]) -> dict[str, int]:
    """What the split by usage weighs: list cost, or tokens where nothing is priced."""
    costs: dict[str, int] = {}
    tokens: dict[str, int] = {}
    for key, line in covered.items():
        costs[key.project] = costs.get(key.project, 0) + line.list_cost_femto_usd
        tokens[key.project] = tokens.get(key.project, 0) + line.counts.total_tokens
    return costs if sum(costs.values()) else tokens


def _shares(nano_usd: Mapping[str, int]) -> tuple[ProjectShareFigure, ...]:
    return tuple(
        ProjectShareFigure(project=name, amount_usd=_usd_text(amount))
        for name, amount in sorted(nano_usd.items())
    )


def _usd_text(nano_usd: int) -> str:
    return money.usd_text(nano_usd * _FEMTO_PER_NANO)
