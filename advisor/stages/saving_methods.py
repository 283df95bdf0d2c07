"""What each of the three methods says of an adoption's traffic, or why it cannot tell."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from advisor.months import statements
from advisor.stages import realisation
from advisor.stages.adoption_traffic import AdoptionTally, AdoptionTraffic, AmountsBySeries
from advisor.stages.realisation import Behaviour, Method, Saving, Spend
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
    stayed, moved, coverage = Spend(), Spend(), (AdoptionTally(), AdoptionTally())
    for day in traffic.days:
        held_out = traffic.tally(traffic.held_out_by_day.get(day, {}), day)
        answered = traffic.tally(traffic.by_day.get(day, {}), day)
        stayed += held_out.spend(UNMOVED)
        moved += answered.spend(traffic.adoption.behaviour)
        coverage[0].add_coverage_of(held_out)
        coverage[1].add_coverage_of(answered)
    saving = realisation.hold_out(stayed, moved)
    return _if_known(saving, coverage, otherwise="no_traffic_in_hold_out")


def _before_after(traffic: AdoptionTraffic) -> Saving | Unknown:
    saving, before, coverage = Saving(), AdoptionTally(), AdoptionTally()
    a_day, change_days = Spend(), traffic.change_days()
    for day in traffic.days:
        if day in change_days:
            before = traffic.tally(traffic.before, day)
            a_day = before.spend(UNMOVED).over(len(traffic.adoption.window))
        after = traffic.tally(traffic.by_day.get(day, {}), day)
        coverage.add_coverage_of(after)
        of_day = realisation.before_after(a_day, after.spend(traffic.adoption.behaviour))
        # On a day without traffic the volume effect is all there is.
        saving += of_day or Saving(volume_femto_usd=-a_day.cost_femto_usd)
    return _if_known(
        saving if a_day.requests else None, (before, coverage), otherwise="no_traffic_before"
    )


def _repricing(traffic: AdoptionTraffic) -> Saving | Unknown:
    adoption, saving, coverage = traffic.adoption, Saving(), AdoptionTally()
    before_a_day = _on_target_before(traffic)
    for day, amounts in traffic.by_day.items():
        tally = traffic.tally(amounts, day)
        coverage.add_coverage_of(tally)
        work = _work_on_source(traffic, amounts, day)
        if work is None:
            return Unknown("source_unpriced")
        on_target = Fraction(tally.first_attempts["target"])
        moved = realisation.moved_share(on_target, before_a_day)
        spend = Spend(on_target * moved, tally.cost_femto_usd["target"] * moved)
        source_cost = Fraction(tally.cost_femto_usd["source"])
        saving += realisation.repricing(work * moved, spend, source_cost, adoption.behaviour)
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
