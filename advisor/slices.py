"""Reading the slices that advice is given on: their look-back window, cells, coverage and limits. Reads rollups only."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlmodel import Session

from advisor import advice, candidates, cost, risk, statements, window
from ledger import clock, prices, readings, tokens, usage
from ledger.months import Month

LONGEST_GAP_DAYS = window.MOST_WEEKS * 7
"""A slice silent for longer than the longest window starts anew: its earlier life says nothing of a window's first day."""

SliceKey = tuple[str, str, str, str]
"""Provider, project, workload, canonical model."""


@dataclass(frozen=True, slots=True)
class SliceReading:
    """A slice over its window, and what is known of it beside its tokens."""

    slice: candidates.Slice
    standing: advice.Standing
    window: window.Window


@dataclass(slots=True)
class _Gathered:
    """What adds up while the series of one slice are read."""

    cells: dict[tuple[str, int, str], list[int]] = field(default_factory=dict)
    features: int = 0
    largest_input_tokens: int = 0
    largest_output_tokens: int = 0
    priced_tokens: int = 0
    tokens: int = 0
    successes: int = 0
    provider_usage_successes: int = 0


def read(session: Session, pricing: statements.Pricing, now_us: int, month: Month | None = None) -> list[SliceReading]:
    """Every slice with traffic in its window: of the last weeks, or of one month's closed days."""
    today = clock.day_of(now_us)
    first, last = (
        (month.touched_days.start, month.touched_days.stop - 1) if month else (today - LONGEST_GAP_DAYS, today)
    )
    days = readings.traffic_days(session, first, last)
    members: dict[SliceKey, list[int]] = {}
    for series_id in days:
        provider, model, *_ = pricing.of(series_id, today)
        labels = pricing.series[series_id].labels
        members.setdefault((provider, labels.project, labels.workload, model), []).append(series_id)
    windows: dict[window.Window, list[SliceKey]] = {}
    for key, series_ids in members.items():
        traffic = sorted({day for series_id in series_ids for day in days[series_id]})
        found = _window(session, traffic, series_ids, today, month)
        windows.setdefault(found, []).append(key)
    read_slices: list[SliceReading] = []
    for span, keys in windows.items():
        amounts = readings.sums(session, range(span.first_day * 24, (span.last_day + 1) * 24)) if span.days else {}
        read_slices += [_slice(key, members[key], span, amounts, pricing, today) for key in keys]
    return sorted(
        read_slices, key=lambda each: (each.slice.provider, each.slice.project, each.slice.workload, each.slice.model)
    )


def _window(
    session: Session, traffic: list[int], series_ids: Iterable[int], today: int, month: Month | None
) -> window.Window:
    if month is not None:
        return window.of_month(month.whole_days.start, month.whole_days.stop - 1, traffic, today)
    first_hour = readings.first_hour_of_day(session, traffic[0], series_ids)
    return window.look_back(traffic[0] * 24 if first_hour is None else first_hour, today)


def _slice(
    key: SliceKey,
    series_ids: list[int],
    span: window.Window,
    amounts: dict[int, list[int]],
    pricing: statements.Pricing,
    today: int,
) -> SliceReading:
    gathered = _Gathered()
    for series_id in series_ids:
        if series_id in amounts:
            _gather(gathered, series_id, amounts[series_id], pricing, today)
    cells = tuple(
        cost.Cell(
            tier, band, usage.token_counts(held), held[usage.INDEX["requests"]],
            held[usage.INDEX["detail_unknown_input_tokens"]], region,
        )
        for (tier, band, region), held in sorted(gathered.cells.items())
    )  # fmt: skip
    provider, project, workload, model = key
    slice_ = candidates.Slice(
        provider, project, workload, model, cells, span.days, gathered.largest_input_tokens,
        gathered.largest_output_tokens, gathered.features,
    )  # fmt: skip
    coverage = statements.coverage_ratio(
        gathered.priced_tokens, gathered.tokens, gathered.provider_usage_successes, gathered.successes
    )
    return SliceReading(slice_, advice.Standing(coverage, risk.UNLABELLED_RISK), span)


def _gather(gathered: _Gathered, series_id: int, amounts: list[int], pricing: statements.Pricing, today: int) -> None:
    stored, index = pricing.series[series_id], usage.INDEX
    labels, counts = stored.labels, usage.token_counts(amounts)
    if labels.status == "success" and labels.usage_source != "gateway_cache":
        gathered.successes += amounts[index["requests"]]
        if labels.usage_source == "provider":
            gathered.provider_usage_successes += amounts[index["requests"]]
    if counts == tokens.NONE:
        return
    priced = pricing.of(series_id, today)
    gathered.tokens += counts.total_tokens
    gathered.priced_tokens += prices.cost(counts, priced.price.rates if priced.price else None).priced_tokens
    gathered.features |= labels.features
    gathered.largest_input_tokens = max(gathered.largest_input_tokens, amounts[index["largest_input_tokens"]])
    gathered.largest_output_tokens = max(gathered.largest_output_tokens, amounts[index["largest_output_tokens"]])
    place = (statements.priced_tier(labels), labels.context_band, priced.region)
    held = gathered.cells.get(place)
    gathered.cells[place] = amounts if held is None else usage.combined(held, amounts)
