"""Reading the slices that advice is given on: their look-back window, cells, coverage and limits. Reads rollups only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from sqlmodel import Session

from advisor.evidence import slice_evidence
from advisor.evidence import store as evidence_store
from advisor.months import coverage, statements
from advisor.switching import advice, candidates, cost, fit, headroom, window, workloads
from advisor.switching.standing import Standing
from ledger import bands, clock, pairs, readings, tokens, usage
from ledger.months import Month
from ledger.pricing import names, prices

LONGEST_GAP_DAYS = window.MOST_WEEKS * 7
"""A slice silent for longer than the longest window starts anew: its earlier life says nothing of a window's first day."""

NO_TERMS = advice.Terms(pairs=())

SliceKey = tuple[str, str, str, str]
"""Provider, project, workload, canonical model."""


@dataclass(frozen=True, slots=True)
class SliceReading:
    """A slice over its window, and what is known of it beside its tokens."""

    slice: candidates.Slice
    standing: Standing
    window: window.Window


@dataclass(slots=True)
class _Gathered:
    """What adds up while the series of one slice are read."""

    cells: dict[tuple[str, int, str, int], list[int]] = field(default_factory=dict)
    requests_by_features: dict[int, int] = field(default_factory=dict)
    sized: list[int] = field(default_factory=list)
    largest_input_tokens: int = 0
    largest_output_tokens: int = 0
    priced_tokens: int = 0
    tokens: int = 0
    successes: int = 0
    provider_usage_successes: int = 0


def read(
    session: Session,
    pricing: statements.Pricing,
    now_us: int,
    month: Month | None = None,
    terms: advice.Terms = NO_TERMS,
) -> list[SliceReading]:
    """Every slice with traffic in its window: of the last weeks, or of one month's closed days."""
    today = clock.day_of(now_us)
    first, last = (
        (month.touched_days.start, month.touched_days.stop - 1)
        if month
        else (today - LONGEST_GAP_DAYS, today)
    )
    days = readings.traffic_days(session, first, last)
    members: dict[SliceKey, list[int]] = {}
    for series_id in days:
        provider, model, *_ = pricing.resolve(series_id, today)
        labels = pricing.series[series_id].labels
        members.setdefault((provider, labels.project, labels.workload, model), []).append(series_id)
    compared = evidence_store.without_withdrawn(evidence_store.load_all(session))
    windows: dict[window.Window, list[SliceKey]] = {}
    for key, series_ids in members.items():
        traffic = sorted({day for series_id in series_ids for day in days[series_id]})
        found = _window(session, traffic, series_ids, today, month)
        windows.setdefault(found, []).append(key)
    read_slices: list[SliceReading] = []
    for span, keys in windows.items():
        amounts = readings.sum_span(session, _hours(span)) if span.days else {}
        room = {
            provider: _headroom(session, provider, members, span, terms, pricing.book)
            for provider in {key[0] for key in keys}
        }
        for key in keys:
            reading = _slice(
                session, key, members[key], span, amounts, terms, room[key[0]], pricing, today
            )
            proof = slice_evidence.by_target(
                session, compared, _traffic(key, span), pricing=pricing, today=today
            )
            read_slices.append(replace(reading, standing=replace(reading.standing, evidence=proof)))
    return sorted(
        read_slices,
        key=lambda each: (
            each.slice.provider,
            each.slice.project,
            each.slice.workload,
            each.slice.model,
        ),
    )


def _traffic(key: SliceKey, span: window.Window) -> slice_evidence.SliceTraffic:
    provider, project, workload, model = key
    return slice_evidence.SliceTraffic(
        provider=provider,
        project=project,
        workload=workload,
        model=model,
        days=range(span.first_day, span.last_day + 1),
    )


def _hours(span: window.Window) -> range:
    return range(span.first_day * 24, (span.last_day + 1) * 24)


def _headroom(
    session: Session,
    provider: str,
    members: Mapping[SliceKey, list[int]],
    span: window.Window,
    terms: advice.Terms,
    book: prices.PriceBook,
) -> dict[tuple[str, str], Fraction]:
    """The share that fits into the rate limit of each model that has one, of all slices that a pair lets move to it.

    They move into the same limit, so each is left the same share: then the savings of several may be added up.
    """
    shares = {}
    for limited, limit in terms.rate_limits.items() if span.days else ():
        sold_by = limited.provider or provider
        target = sold_by, names.canonical_model(book, sold_by, limited.model)
        coming = [
            each
            for key, ids in members.items()
            if _may_move(key, target, terms, book)
            for each in ids
        ]
        served = [
            each for key, ids in members.items() if (key[0], key[3]) == target for each in ids
        ]
        shares[target] = headroom.share(
            limit,
            readings.tokens_by_hour(session, _hours(span), coming),
            readings.tokens_by_hour(session, _hours(span), served),
        )
    return shares


def _may_move(
    key: SliceKey, target: tuple[str, str], terms: advice.Terms, book: prices.PriceBook
) -> bool:
    provider, *_, model = key
    read = (pairs.canonicalise(pair, provider, book) for pair in terms.pairs)
    return (provider, model) != target and any(
        (pair.target.provider or provider, pair.target.model) == target
        and (pair.source.provider or provider, pair.source.model) == (provider, model)
        for pair in read
    )


def _window(
    session: Session, traffic: list[int], series_ids: Iterable[int], today: int, month: Month | None
) -> window.Window:
    if month is not None:
        return window.of_month(month.whole_days.start, month.whole_days.stop - 1, traffic, today)
    first_hour = readings.first_hour_of_day(session, traffic[0], series_ids)
    return window.look_back(traffic[0] * 24 if first_hour is None else first_hour, today)


def _slice(
    session: Session,
    key: SliceKey,
    series_ids: list[int],
    span: window.Window,
    amounts: Mapping[int, list[int]],
    terms: advice.Terms,
    room: Mapping[tuple[str, str], Fraction],
    pricing: statements.Pricing,
    today: int,
) -> SliceReading:
    gathered = _Gathered()
    for series_id in series_ids:
        if series_id in amounts:
            _gather(gathered, series_id, amounts[series_id], pricing, today)
    cells = tuple(
        cost.Cell(
            tier,
            band,
            usage.token_counts(held),
            held[usage.INDEX["requests"]],
            held[usage.INDEX["detail_unknown_input_tokens"]],
            region,
            features,
        )
        for (tier, band, region, features), held in sorted(gathered.cells.items())
    )
    provider, project, workload, model = key
    slice_ = candidates.Slice(
        provider,
        project,
        workload,
        model,
        cells,
        span.days,
        gathered.largest_input_tokens,
        gathered.largest_output_tokens,
        workloads.can_wait(terms.said, project, workload),
        room,
    )
    covered = coverage.ratio(
        priced_tokens=gathered.priced_tokens,
        tokens=gathered.tokens,
        known_successes=gathered.provider_usage_successes,
        successes=gathered.successes,
    )
    found = _class(session, slice_, gathered, span, terms, pricing.book)
    return SliceReading(
        slice_,
        Standing(coverage=covered, class_level=found.risk_level, workload_class=found),
        span,
    )


def _class(
    session: Session,
    slice_: candidates.Slice,
    gathered: _Gathered,
    span: window.Window,
    terms: advice.Terms,
    book: prices.PriceBook,
) -> workloads.Class:
    """The class of a slice's workload. Sizes are only read where advice will rest on a guess."""
    said = workloads.class_said(
        terms.said, slice_.project, slice_.workload, gathered.requests_by_features
    )
    if said is not None:
        return said
    if not advice.states(slice_, terms, book):
        return workloads.UNLABELLED
    days = range(span.first_day, span.last_day + 1)
    answers = readings.distribution(session, days, gathered.sized, "output_tokens")
    return workloads.class_guessed(workloads.Seen(gathered.requests_by_features, answers))


def _gather(
    gathered: _Gathered, series_id: int, amounts: list[int], pricing: statements.Pricing, today: int
) -> None:
    stored, index = pricing.series[series_id], usage.INDEX
    labels, counts = stored.labels, usage.token_counts(amounts)
    if labels.status == "success" and labels.usage_source != "gateway_cache":
        gathered.successes += amounts[index["requests"]]
        if labels.usage_source == "provider":
            gathered.provider_usage_successes += amounts[index["requests"]]
    if counts == tokens.NONE:
        return
    priced = pricing.resolve(series_id, today)
    gathered.tokens += counts.total_tokens
    gathered.priced_tokens += prices.cost(
        counts, priced.price.rates if priced.price else None
    ).priced_tokens
    _gather_sizes(gathered, stored, amounts)
    place = (
        statements.priced_tier(labels),
        labels.context_band,
        priced.region,
        labels.features & fit.DECISIVE_FEATURES,
    )
    held = gathered.cells.get(place)
    gathered.cells[place] = amounts if held is None else usage.combine(held, amounts)


def _gather_sizes(gathered: _Gathered, stored: readings.StoredSeries, amounts: list[int]) -> None:
    labels, features, index = stored.labels, gathered.requests_by_features, usage.INDEX
    features[labels.features] = features.get(labels.features, 0) + amounts[index["requests"]]
    largest_input = amounts[index["largest_input_tokens"]]
    if labels.service_tier == "batch" and bands.band_of(largest_input) > labels.context_band:
        # A batch that was polled as a whole: its totals are the size of no request.
        return
    gathered.sized.append(stored.id)
    gathered.largest_input_tokens = max(gathered.largest_input_tokens, largest_input)
    gathered.largest_output_tokens = max(
        gathered.largest_output_tokens, amounts[index["largest_output_tokens"]]
    )
