"""Statement lines as figures: usage, its cost, and how much of that is known, in total and by any of the lines' names. Pure."""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

from advisor.months import coverage
from advisor.months import figures as month_figures
from advisor.months.statements import Line, LineKey
from ledger import money
from ledger.pricing import prices

Late = Mapping[LineKey, int] | None
"""Requests that came after the month was closed, by line, beside the lines themselves; None without any adjustment."""


def total(lines: Mapping[LineKey, Line], late: Late = None) -> month_figures.UsageFigure:
    """All of these lines as one figure, which has no names."""
    return _usage({}, lines.values(), None if late is None else sum(late.values()))


def grouped(
    lines: Mapping[LineKey, Line], names_of: Callable[[LineKey], dict[str, str]], late: Late = None
) -> tuple[month_figures.UsageFigure, ...]:
    """The lines by the names that a key has here, the dearest first. The groups add up to the total."""
    groups: dict[tuple[tuple[str, str], ...], list[Line]] = {}
    for key, line in lines.items():
        groups.setdefault(tuple(names_of(key).items()), []).append(line)
    ranked = sorted(
        groups.items(), key=lambda item: (-sum(line.cost.femto_usd for line in item[1]), item[0])
    )
    came_late: dict[tuple[tuple[str, str], ...], int] = {}
    for key, requests in (late or {}).items():
        names = tuple(names_of(key).items())
        came_late[names] = came_late.get(names, 0) + requests
    return tuple(
        _usage(dict(names), held, None if late is None else came_late.get(names, 0))
        for names, held in ranked
    )


def _usage(
    names: dict[str, str], lines: Iterable[Line], late_requests: int | None
) -> month_figures.UsageFigure:
    held = list(lines)
    spent = prices.sum_costs(line.cost for line in held)
    blended = prices.blended_usd_per_mtok(spent)
    priced = spent.priced_tokens > 0
    return month_figures.UsageFigure(
        names=names,
        cost_usd=money.usd_text(spent.femto_usd) if priced else None,
        list_cost_usd=money.usd_text(sum(line.list_cost_femto_usd for line in held))
        if priced
        else None,
        usd_per_mtok=None if blended is None else money.text(blended),
        requests=sum(line.requests for line in held),
        tokens=sum(line.counts.total_tokens for line in held),
        input_tokens=sum(line.counts.input_tokens for line in held),
        cached_input_tokens=sum(line.counts.cached_input_tokens for line in held),
        cache_write_input_tokens=sum(line.counts.cache_write_input_tokens for line in held),
        output_tokens=sum(line.counts.output_tokens for line in held),
        reasoning_tokens=sum(line.counts.reasoning_tokens for line in held),
        avoided_tokens=sum(line.avoided_tokens for line in held),
        unpriced_tokens=spent.unpriced_tokens,
        tier_mismatch_requests=sum(line.tier_mismatch_requests for line in held),
        coverage=_coverage(held, late_requests),
    )


def _coverage(lines: list[Line], late_requests: int | None) -> month_figures.CoverageFigure:
    tokens = sum(line.counts.total_tokens for line in lines)
    requests = sum(line.requests for line in lines)
    successes = sum(line.successes for line in lines)
    priced = sum(line.cost.priced_tokens for line in lines)
    known = sum(line.provider_usage_successes for line in lines)
    found = coverage.ratio(priced, tokens, known, successes)
    shares = {
        "unpriced": (tokens - priced, tokens),
        "tier_unknown": (sum(line.tier_unknown_tokens for line in lines), tokens),
        "estimated": (sum(line.estimated_requests for line in lines), requests),
        "missing": (sum(line.missing_requests for line in lines), successes),
        "detail_unknown": (sum(line.detail_unknown_requests for line in lines), requests),
        "folded": (sum(line.folded_requests for line in lines), requests),
    }
    if late_requests is not None:
        shares["late"] = (late_requests, requests + late_requests)
    gaps = {name: _share(part, whole) for name, (part, whole) in shares.items() if whole}
    provisional = found is None or found < coverage.FLOOR
    return month_figures.CoverageFigure(money.optional_ratio_text(found), provisional, gaps)


def _share(part: int, whole: int) -> str:
    # Most gaps of most lines are empty, and a Fraction is dear.
    return (money.optional_ratio_text(Fraction(part, whole)) if part else None) or "0.00"
