"""What a month's faces show: usage, days and adjustments, as decimal text and integers.

The one place where these values become text. API, exports, page and terminal share it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from advisor.months import coverage, meter_sums
from advisor.months.adjustments import Adjustment, ByNumber
from advisor.months.meter_sums import MeterSum, MeterSums
from advisor.months.statement_store import DayCost
from advisor.months.statements import Line, LineKey
from ledger import clock, meters, money
from ledger.pricing import prices

_Names = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CoverageFigure:
    """How much of a figure is known: the ratio that advice rests on, and the share of each gap."""

    ratio: str | None
    provisional: bool
    gaps: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterFigure:
    """What was used of a meter besides plain tokens, and what it cost.

    `unpriced_quantity` of it has no rate; `cost_usd` is None where none of it has one.
    """

    meter: str
    unit: str
    quantity: int
    requests: int
    unpriced_quantity: int
    cost_usd: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFigure:
    """Usage and its cost, under the names that it is grouped by.

    `cost_usd` is the cost of the priced part, None when nothing is priced; `list_cost_usd` the same
    without contracts. `tier_mismatch_requests` asked for one tier and were served at another.
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
    meters: tuple[MeterFigure, ...] = ()


@dataclass(frozen=True, slots=True)
class DayFigure:
    """Cost (None when nothing is priced) and requests of a UTC day of the month."""

    day: str
    cost_usd: str | None
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentLineFigure:
    """What an adjustment changes of one line.

    Amounts may be below 0. Costs are None where nothing is priced.
    """

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


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentFigure:
    """A dated correction on top of a closed month: late usage of one UTC day, or a repricing.

    Its lines add up to it.
    """

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
    lines: tuple[AdjustmentLineFigure, ...]


LateRequests = Mapping[LineKey, int] | None
"""By line, requests that came after the month was closed; None of a month without adjustments."""


def usage_figure(lines: Mapping[LineKey, Line], late: LateRequests = None) -> UsageFigure:
    """All of these lines as one figure, which has no names."""
    return _usage_figure({}, list(lines.values()), None if late is None else sum(late.values()))


def usage_figures(
    lines: Mapping[LineKey, Line],
    names_of: Callable[[LineKey], dict[str, str]],
    late: LateRequests = None,
) -> tuple[UsageFigure, ...]:
    """The lines grouped by some of the names in their keys, the most expensive group first.

    The groups add up to the figure of all lines.
    """
    groups: dict[_Names, list[Line]] = {}
    for key, line in lines.items():
        groups.setdefault(tuple(names_of(key).items()), []).append(line)
    late_by_group: dict[_Names, int] = {}
    for key, requests in (late or {}).items():
        names = tuple(names_of(key).items())
        late_by_group[names] = late_by_group.get(names, 0) + requests
    return tuple(
        _usage_figure(dict(names), group, None if late is None else late_by_group.get(names, 0))
        for names, group in sorted(groups.items(), key=_by_falling_cost)
    )


def with_gap(usage: UsageFigure, name: str, share: Fraction) -> UsageFigure:
    """Usage whose coverage has one more gap, of this share of the whole.

    A gap that stands in no line: what never came is in none. Coverage is at most what it leaves.
    """
    before = usage.coverage
    ratio = None if before.ratio is None else min(Fraction(before.ratio), 1 - share)
    after = CoverageFigure(
        ratio=money.optional_ratio_text(ratio),
        provisional=not coverage.is_enough(ratio),
        gaps={**before.gaps, name: money.ratio_text(share)},
    )
    return replace(usage, coverage=after)


def _by_falling_cost(group: tuple[_Names, list[Line]]) -> tuple[int, _Names]:
    names, lines = group
    return -sum(line.cost.femto_usd for line in lines), names


def _usage_figure(
    names: dict[str, str], lines: list[Line], late_requests: int | None
) -> UsageFigure:
    cost = prices.sum_costs(line.cost for line in lines)
    list_cost_femto_usd = sum(line.list_cost_femto_usd for line in lines)
    priced = cost.priced_tokens > 0 or cost.femto_usd > 0
    metered = sum((line.meters for line in lines), meter_sums.NONE)
    fees = prices.Cost(sum(total.femto_usd for _, total in metered))
    usd_per_mtok = prices.blended_usd_per_mtok(cost - fees)
    return UsageFigure(
        names=names,
        cost_usd=money.optional_usd_text(cost.femto_usd if priced else None),
        list_cost_usd=money.optional_usd_text(list_cost_femto_usd if priced else None),
        usd_per_mtok=None if usd_per_mtok is None else money.text(usd_per_mtok),
        requests=sum(line.requests for line in lines),
        tokens=sum(line.counts.total_tokens for line in lines),
        input_tokens=sum(line.counts.input_tokens for line in lines),
        cached_input_tokens=sum(line.counts.cached_input_tokens for line in lines),
        cache_write_input_tokens=sum(line.counts.cache_write_input_tokens for line in lines),
        output_tokens=sum(line.counts.output_tokens for line in lines),
        reasoning_tokens=sum(line.counts.reasoning_tokens for line in lines),
        avoided_tokens=sum(line.avoided_tokens for line in lines),
        unpriced_tokens=cost.unpriced_tokens,
        tier_mismatch_requests=sum(line.tier_mismatch_requests for line in lines),
        coverage=_coverage_figure(lines, metered, late_requests),
        meters=tuple(meter_figure(name, total) for name, total in metered),
    )


def meter_figure(name: str, total: MeterSum) -> MeterFigure:
    """The figure of one meter."""
    return MeterFigure(
        meter=name,
        unit=meters.BY_NAME[name].unit,
        quantity=total.quantity,
        requests=total.requests,
        unpriced_quantity=total.unpriced_quantity,
        cost_usd=money.optional_usd_text(
            total.femto_usd if total.unpriced_quantity < total.quantity else None
        ),
    )


def _coverage_figure(
    lines: list[Line], metered: MeterSums, late_requests: int | None
) -> CoverageFigure:
    tokens = sum(line.counts.total_tokens for line in lines)
    requests = sum(line.requests for line in lines)
    successes = sum(line.successes for line in lines)
    priced_tokens = sum(line.cost.priced_tokens for line in lines)
    known_successes = sum(line.provider_usage_successes for line in lines)
    ratio = coverage.ratio(
        priced_tokens=priced_tokens,
        tokens=tokens,
        known_successes=known_successes,
        successes=successes,
        gaps=(of_meters := coverage.meter_gaps(metered, requests, tokens)).values(),
    )
    gaps = {
        "unpriced": (tokens - priced_tokens, tokens),
        "tier_unknown": (sum(line.tier_unknown_tokens for line in lines), tokens),
        "estimated": (sum(line.estimated_requests for line in lines), requests),
        "missing": (sum(line.missing_requests for line in lines), successes),
        "detail_unknown": (sum(line.detail_unknown_requests for line in lines), requests),
        **of_meters,
        "folded": (sum(line.folded_requests for line in lines), requests),
    }
    if late_requests is not None:
        gaps["late"] = (late_requests, requests + late_requests)
    return CoverageFigure(
        ratio=money.optional_ratio_text(ratio),
        provisional=not coverage.is_enough(ratio),
        gaps={name: _share_text(part, total) for name, (part, total) in gaps.items() if total},
    )


def _share_text(part: int, total: int) -> str:
    # Most gaps of most lines are empty, and a Fraction is slow to make.
    return money.ratio_text(Fraction(part, total)) if part else "0.00"


def day_figure(day: DayCost) -> DayFigure:
    """A day of a month."""
    return DayFigure(_date_text(day.day), money.optional_usd_text(day.cost_femto_usd), day.requests)


def adjustment_figures(adjustments: ByNumber) -> tuple[AdjustmentFigure, ...]:
    """The adjustments in the order in which they were booked."""
    return tuple(
        adjustment_figure(number, adjustment) for number, adjustment in adjustments.items()
    )


def adjustment_figure(number: int, adjustment: Adjustment) -> AdjustmentFigure:
    """An adjustment with its lines."""
    lines = list(adjustment.lines.values())
    cost = prices.sum_costs(line.cost for line in lines)
    priced = any(line.is_priced for line in lines)
    return AdjustmentFigure(
        number=number,
        dated=_date_text(adjustment.dated_day),
        kind=adjustment.kind,
        reason=adjustment.reason,
        made_by=adjustment.made_by,
        price_book_version=adjustment.price_book_version,
        cost_usd=money.optional_usd_text(cost.femto_usd if priced else None),
        requests=adjustment.requests,
        tokens=sum(line.counts.total_tokens for line in lines),
        unpriced_tokens=cost.unpriced_tokens,
        lines=tuple(_line_figure(key, line) for key, line in sorted(adjustment.lines.items())),
    )


def _line_figure(key: LineKey, line: Line) -> AdjustmentLineFigure:
    return AdjustmentLineFigure(
        **key._asdict(),
        cost_usd=money.optional_usd_text(line.cost.femto_usd if line.is_priced else None),
        list_cost_usd=money.optional_usd_text(line.list_cost_femto_usd if line.is_priced else None),
        requests=line.requests,
        tokens=line.counts.total_tokens,
        unpriced_tokens=line.cost.unpriced_tokens,
    )


def _date_text(day: int) -> str:
    return clock.date_of(day).isoformat()
