"""The slices that advice is given on, read from rollups: window, cells, coverage and limits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from sqlmodel import Session

from advisor.advice.slice_tally import SliceTally
from advisor.evidence import slice_evidence
from advisor.evidence import store as evidence_store
from advisor.evidence.comparisons import StoredComparison
from advisor.evidence.slice_evidence import SliceTraffic
from advisor.months import statements
from advisor.switching import advice, candidates, headroom, proposals, window, workloads
from advisor.switching.market import Market
from advisor.switching.standing import Standing
from advisor.switching.workloads import WorkloadClass
from ledger import clock, pairs, policies, readings, slots
from ledger.months import Month
from ledger.policies import OptOut
from ledger.pricing import fixed_cost_store, names
from ledger.pricing.fixed_costs import FixedCost

LONGEST_GAP_DAYS = window.MOST_WEEKS * 7
"""A slice without traffic for longer than the longest window starts anew."""

NO_TERMS = advice.Terms(pairs=())


class SliceKey(NamedTuple):
    """What makes a slice one: its names, the model canonical."""

    provider: str
    project: str
    workload: str
    model: str


@dataclass(frozen=True, slots=True)
class SliceReading:
    """A slice over its window, and what is known of it besides its tokens."""

    slice: candidates.Slice
    standing: Standing
    window: window.Window


@dataclass(frozen=True, slots=True, kw_only=True)
class _Basis:
    """What all slices of one reading share."""

    pricing: statements.Pricing
    terms: advice.Terms
    today: int
    comparisons: Sequence[StoredComparison]
    members: Mapping[SliceKey, list[int]]
    """The series of each slice."""

    @property
    def market(self) -> Market:
        """The prices of today."""
        return Market(self.pricing.book, self.today)


def read_slices(
    session: Session,
    pricing: statements.Pricing,
    now_us: int,
    *,
    month: Month | None = None,
    terms: advice.Terms = NO_TERMS,
) -> list[SliceReading]:
    """Every slice with traffic in its window: the last weeks, or one month's closed days."""
    today = clock.day_of(now_us)
    traffic_days = readings.traffic_days(session, *_searched_days(month, today))
    members: dict[SliceKey, list[int]] = {}
    for series_id in traffic_days:
        provider, model, *_ = pricing.resolve(series_id, today)
        labels = pricing.series[series_id].labels
        key = SliceKey(provider, labels.project, labels.workload, model)
        members.setdefault(key, []).append(series_id)
    basis = _Basis(
        pricing=pricing,
        terms=terms,
        today=today,
        comparisons=evidence_store.load_all(session),
        members=members,
    )
    by_window: dict[window.Window, list[SliceKey]] = {}
    for key, series_ids in members.items():
        days = sorted({day for series_id in series_ids for day in traffic_days[series_id]})
        span = _window(session, days, series_ids, today=today, month=month)
        by_window.setdefault(span, []).append(key)
    slice_readings = [
        reading
        for span, keys in by_window.items()
        for reading in _read_window(session, basis, span, keys)
    ]
    costs = fixed_cost_store.load_all(session)
    opt_outs = policies.load_opt_outs(session)
    return sorted(
        (
            _with_opt_out(_with_capacity(reading, costs, today), opt_outs)
            for reading in slice_readings
        ),
        key=lambda reading: key_of(reading.slice),
    )


def _with_capacity(reading: SliceReading, costs: Sequence[FixedCost], today: int) -> SliceReading:
    slice_ = reading.slice
    capacity = fixed_cost_store.find_capacity(costs, slice_.provider, slice_.model, today)
    return replace(reading, slice=replace(slice_, is_paid_ahead=capacity is not None))


def _with_opt_out(reading: SliceReading, opt_outs: Sequence[OptOut]) -> SliceReading:
    slice_ = reading.slice
    reasons = [
        opt_out.reason
        for opt_out in opt_outs
        if opt_out.covers(slice_.project, slice_.workload, slice_.model)
    ]
    return replace(reading, slice=replace(slice_, opt_out_reason="; ".join(reasons) or None))


def _searched_days(month: Month | None, today: int) -> tuple[int, int]:
    if month is None:
        return today - LONGEST_GAP_DAYS, today
    return month.touched_days.start, month.touched_days.stop - 1


def key_of(slice_: candidates.Slice) -> SliceKey:
    """The names of a slice."""
    return SliceKey(slice_.provider, slice_.project, slice_.workload, slice_.model)


def _read_window(
    session: Session, basis: _Basis, span: window.Window, keys: Iterable[SliceKey]
) -> Iterator[SliceReading]:
    """The slices that share a window."""
    amounts = readings.sum_span(session, slots.of_days(span.day_numbers)) if span.days else {}
    room = {
        provider: _headroom(session, basis, provider, span)
        for provider in {key.provider for key in keys}
    }
    for key in keys:
        tally = SliceTally()
        for series_id in basis.members[key]:
            if series_id in amounts:
                priced = basis.pricing.resolve(series_id, basis.today)
                tally.add(basis.pricing.series[series_id], amounts[series_id], priced)
        slice_ = _slice(key, tally, span, terms=basis.terms, room=room[key.provider])
        workload_class = _class(session, slice_, tally, span=span, basis=basis)
        traffic = SliceTraffic(**key._asdict(), days=span.day_numbers)
        standing = Standing(
            coverage=tally.coverage(),
            class_level=workload_class.risk_level,
            workload_class=workload_class,
            evidence=slice_evidence.by_target(
                session, basis.comparisons, traffic, pricing=basis.pricing, today=basis.today
            ),
            withdrawn_runs=slice_evidence.withdrawn_by_target(
                basis.comparisons, traffic, basis.pricing.book
            ),
        )
        yield SliceReading(slice_, standing, span)


def _hours(span: window.Window) -> range:
    return range(span.first_day * 24, (span.last_day + 1) * 24)


def _headroom(
    session: Session, basis: _Basis, provider: str, span: window.Window
) -> dict[tuple[str, str], Fraction]:
    """The share of all slices together that fits into each rate limit, by (provider, model).

    All slices that a pair lets move to a model move into the same limit, so each has the same
    share: then the savings of several may be added up.
    """
    shares = {}
    for limited, limit in basis.terms.rate_limits.items() if span.days else ():
        seller = limited.provider or provider
        target = seller, names.canonical_model(basis.pricing.book, seller, limited.model)
        moving, staying = [], []
        for key, series_ids in basis.members.items():
            if (key.provider, key.model) == target:
                staying += series_ids
            elif _may_move(key, target, basis):
                moving += series_ids
        shares[target] = headroom.share(
            limit,
            readings.tokens_by_hour(session, _hours(span), moving),
            readings.tokens_by_hour(session, _hours(span), staying),
        )
    return shares


def _may_move(key: SliceKey, target: tuple[str, str], basis: _Basis) -> bool:
    """Whether a pair or a proposal leads from a slice to a target (provider, model)."""
    seller, model = target
    if basis.terms.proposes and seller == key.provider:
        proposed = proposals.propose_models(key.provider, key.model, basis.market)
        if model in proposed:
            return True
    moves = (
        pairs.canonicalise(pair, key.provider, basis.pricing.book) for pair in basis.terms.pairs
    )
    return any(
        (pair.target.provider or key.provider, pair.target.model) == target
        and (pair.source.provider or key.provider, pair.source.model) == (key.provider, key.model)
        for pair in moves
    )


def _window(
    session: Session,
    traffic_days: Sequence[int],
    series_ids: Iterable[int],
    *,
    today: int,
    month: Month | None,
) -> window.Window:
    if month is not None:
        return window.for_month(month.whole_days, traffic_days, today)
    first_day = traffic_days[0]
    first_hour = readings.first_hour_of_day(session, first_day, series_ids)
    return window.look_back(first_day * 24 if first_hour is None else first_hour, today)


def _slice(
    key: SliceKey,
    tally: SliceTally,
    span: window.Window,
    *,
    terms: advice.Terms,
    room: Mapping[tuple[str, str], Fraction],
) -> candidates.Slice:
    return candidates.Slice(
        provider=key.provider,
        project=key.project,
        workload=key.workload,
        model=key.model,
        cells=tuple(tally.cells()),
        meter_uses=tally.meter_uses(),
        days=span.days,
        largest_output_tokens=tally.largest_output_tokens,
        can_wait=workloads.can_wait(terms.workload_settings, key.project, key.workload),
        headroom=room,
    )


def _class(
    session: Session,
    slice_: candidates.Slice,
    tally: SliceTally,
    *,
    span: window.Window,
    basis: _Basis,
) -> WorkloadClass:
    """The class of a slice's workload. Sizes are only read where advice will rest on a guess."""
    features = tally.requests_by_features
    labelled = workloads.labelled_class(
        basis.terms.workload_settings, slice_.project, slice_.workload, features
    )
    if labelled is not None:
        return labelled
    if not proposals.find_states(
        slice_, basis.terms.pairs, basis.market, proposes=basis.terms.proposes
    ):
        return workloads.UNLABELLED
    answers = readings.distribution(
        session, span.day_numbers, tally.sized_series_ids, "output_tokens"
    )
    return workloads.guess_class(workloads.Profile(features, answers))
