"""What each of the three methods says of an adoption's traffic, or why it cannot tell."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from advisor.months import statements
from advisor.stages import realisation
from advisor.stages.adoption_traffic import AdoptionTally, AdoptionTraffic, AmountsBySeries
from advisor.stages.realisation import ZERO, Behaviour, Method, Saving, Spend
from ledger import tokens, usage

UNMOVED = Behaviour()
"""Of traffic that was not moved nothing is escalated or verified."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why a method cannot tell."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodResult:
    """What one method says of the days that it covers, and the requests that the target served."""

    method: Method
    saving: Saving | Unknown
    requests: int


def apply_all(traffic: AdoptionTraffic) -> list[MethodResult]:
    """What each method says of these days."""
    requests = sum(
        traffic.tally(amounts, day).first_attempts["target"]
        for day, amounts in traffic.by_day.items()
    )
    savings: dict[Method, Saving | Unknown] = {}
    if requests:
        savings["hold_out"] = _hold_out(traffic)
        savings["before_after"] = _before_after(traffic)
        savings["repricing"] = _repricing(traffic)
    else:
        reason = "no_traffic_on_target" if traffic.days else "no_closed_day"
        savings = dict.fromkeys(realisation.METHODS, Unknown(reason))
    return [
        MethodResult(method=method, saving=saving, requests=requests)
        for method, saving in savings.items()
    ]


def _hold_out(traffic: AdoptionTraffic) -> Saving | Unknown:
    if traffic.adoption.hold_out is None:
        return Unknown("no_hold_out")
    stayed, answered = AdoptionTally(), AdoptionTally()
    for day in traffic.days:
        stayed.add(traffic.tally(traffic.held_out_by_day.get(day, {}), day))
        answered.add(traffic.tally(traffic.by_day.get(day, {}), day))
    before = _on_target_before(traffic) * len(traffic.days)
    saving = realisation.hold_out(
        stayed.spend(UNMOVED), answered.spend(traffic.adoption.behaviour, before)
    )
    return _if_known(saving, (stayed, answered), otherwise="no_traffic_in_hold_out")


def _before_after(traffic: AdoptionTraffic) -> Saving | Unknown:
    """Days of the same prices are compared together, as escalations are told from what stays."""
    saving, before, coverage = Saving(), AdoptionTally(), AdoptionTally()
    a_day, change_days = Spend(), sorted(traffic.change_days() & set(traffic.days))
    for first, end in pairwise([*change_days, traffic.days.stop]):
        before = traffic.tally(traffic.before, first)
        a_day = before.spend(UNMOVED).over(len(traffic.adoption.window))
        after, span = AdoptionTally(), range(first, end)
        for day in span:
            after.add(traffic.tally(traffic.by_day.get(day, {}), day))
        coverage.add_coverage_of(after)
        on_target_before = _on_target_before(traffic) * len(span)
        as_before = Spend(a_day.requests * len(span), a_day.cost_femto_usd * len(span))
        of_span = realisation.before_after(
            as_before, after.spend(traffic.adoption.behaviour, on_target_before)
        )
        # On days without traffic the volume effect is all there is.
        saving += of_span or Saving(volume_femto_usd=-as_before.cost_femto_usd)
    return _if_known(
        saving if a_day.requests else None, (before, coverage), otherwise="no_traffic_before"
    )


def _repricing(traffic: AdoptionTraffic) -> Saving | Unknown:
    adoption, coverage = traffic.adoption, AdoptionTally()
    before_a_day, all_work, on_target, on_source = (
        _on_target_before(traffic),
        ZERO,
        Spend(),
        Spend(),
    )
    for day, amounts in traffic.by_day.items():
        tally = traffic.tally(amounts, day)
        coverage.add_coverage_of(tally)
        work = _work_on_source(traffic, amounts, day)
        if work is None:
            return Unknown("source_unpriced")
        target = tally.on("target")
        moved = realisation.moved_share(target.requests, before_a_day)
        all_work += work * moved
        on_target += Spend(target.requests * moved, target.cost_femto_usd * moved)
        on_source += tally.on("source")
    source_cost = adoption.behaviour.escalated_cost(on_source, on_target.requests)
    saving = realisation.repricing(all_work, on_target, source_cost, adoption.behaviour)
    return _if_known(saving, (coverage,), otherwise="no_traffic_on_target")


def _if_known(
    saving: Saving | None, coverage: Iterable[AdoptionTally], *, otherwise: str
) -> Saving | Unknown:
    if saving is None:
        return Unknown(otherwise)
    return saving if all(tally.is_known for tally in coverage) else Unknown("low_coverage")


def _on_target_before(traffic: AdoptionTraffic) -> Fraction:
    """The first attempts a day that ran on the target before there was any move."""
    days = len(traffic.adoption.window)
    tally = traffic.tally(traffic.before, traffic.adoption.first_day)
    return Fraction(tally.first_attempts["target"], days) if days else Fraction(0)


def _work_on_source(
    traffic: AdoptionTraffic, amounts_by_series: AmountsBySeries, day: int
) -> Fraction | None:
    """What the target's tokens of a day cost as work of the source, at its price of that day."""
    adoption, work = traffic.adoption, Fraction(0)
    claimed, usual_cell = adoption.claimed, adoption.usual_cell
    for series_id, amounts in amounts_by_series.items():
        counts = usage.token_counts(amounts)
        if traffic.side(series_id, day) != "target" or counts == tokens.NONE:
            continue
        labels = traffic.pricing.series[series_id].labels
        tier = statements.priced_tier(labels)
        if claimed.to_service_tier is not None and usual_cell is not None:
            tier = usual_cell.service_tier
        price = traffic.pricing.book.at(
            claimed.provider,
            claimed.from_model,
            tier,
            context_band=labels.context_band,
            day=day,
            region=usual_cell.region if usual_cell else "",
        )
        if price is None:
            return None
        added = realisation.source_work(
            counts, price.rates, adoption.input_split, adoption.behaviour
        )
        if added is None:
            return None
        work += added
    return work
