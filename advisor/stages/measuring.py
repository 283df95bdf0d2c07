"""Reading what adopted moves saved: the days of usage of one project's workload, told apart by where they ran. Changes no row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from sqlmodel import Session

from advisor.months import coverage, statements
from advisor.stages import realisation
from advisor.stages.adoption import Adoption
from advisor.stages.realisation import Behaviour, Ran, Saved
from ledger import readings, tokens, usage
from ledger.pricing import prices

Amounts = Mapping[int, list[int]]
"""By series id."""
UNMOVED = Behaviour()
"""Of traffic that nobody has moved nothing is escalated or verified."""


@dataclass(slots=True)
class Tally:
    """What adds up over series at the prices of one day: first attempts and cost by side, and how much of it is known."""

    first_attempts: dict[str, int] = field(default_factory=lambda: {"source": 0, "target": 0})
    cost_femto_usd: dict[str, int] = field(default_factory=lambda: {"source": 0, "target": 0})
    priced_tokens: int = 0
    tokens: int = 0
    successes: int = 0
    provider_usage_successes: int = 0

    @property
    def is_known(self) -> bool:
        """Whether enough of it is priced and reported to be compared at all."""
        ratio = coverage.ratio(
            priced_tokens=self.priced_tokens,
            tokens=self.tokens,
            known_successes=self.provider_usage_successes,
            successes=self.successes,
        )
        return coverage.is_enough(ratio)

    def cover(self, other: "Tally") -> None:
        """Let what is known of another count here too."""
        for name in ("priced_tokens", "tokens", "successes", "provider_usage_successes"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def ran(self, at: Behaviour) -> Ran:
        """All of it, an escalated request counted once, with the verifier of what ran on the target."""
        on_source, on_target = (
            Fraction(self.first_attempts[side]) for side in ("source", "target")
        )
        cost = sum(self.cost_femto_usd.values()) + at.verifier_femto_usd * on_target
        return Ran(at.answered(on_source, on_target), Fraction(cost))


@dataclass(frozen=True, slots=True)
class Measured:
    """What one method found over the days that it covers; `saved` is None where it cannot tell, for this reason."""

    method: realisation.Method
    saved: Saved | None
    reason: str | None
    requests: int


@dataclass(slots=True)
class Traffic:
    """The usage of an adoption's work: by day after it, of its days before, and of the arm that was held out."""

    adopted: Adoption
    pricing: statements.Pricing
    days: range
    by_day: Mapping[int, Amounts]
    before: Amounts
    held_out: Mapping[int, Amounts]

    def tally(self, amounts: Amounts, day: int) -> Tally:
        """Amounts at one day's prices."""
        found = Tally()
        for series_id, held in amounts.items():
            labels, priced = (
                self.pricing.series[series_id].labels,
                self.pricing.resolve(series_id, day),
            )
            side = self.side(series_id, day)
            if side is None:
                continue
            requests = held[usage.INDEX["requests"]]
            if labels.status == "success" and labels.usage_source != "gateway_cache":
                found.successes += requests
                found.provider_usage_successes += (
                    requests if labels.usage_source == "provider" else 0
                )
            counts = usage.token_counts(held)
            if counts != tokens.NONE:
                cost = prices.cost(counts, priced.price.rates if priced.price else None)
                found.first_attempts[side] += requests - held[usage.INDEX["paid_retry_requests"]]
                found.cost_femto_usd[side] += cost.femto_usd
                found.priced_tokens += cost.priced_tokens
                found.tokens += counts.total_tokens
        return found

    def change_days(self) -> set[int]:
        """The first day, and each on which a price or a name of either side may have changed."""
        figure, days, book = self.adopted.claimed, self.days, self.pricing.book
        models = [(figure.provider, figure.from_model), (figure.to_provider, figure.to_model)]
        return {
            days.start,
            *book.change_days(models, days.start, days.stop),
            *self.pricing.names.change_days(),
        }

    def side(self, series_id: int, day: int) -> str | None:
        """Where a series ran; None for a model that has nothing to do with the move."""
        labels, priced = self.pricing.series[series_id].labels, self.pricing.resolve(series_id, day)
        if self.adopted.is_target(priced, labels):
            return "target"
        return "source" if self.adopted.is_source(priced, labels) else None


def read(session: Session, adopted: Adoption, pricing: statements.Pricing, days: range) -> Traffic:
    """The usage that the three methods compare."""
    figure = adopted.claimed
    ids = _series(pricing, figure.project, figure.workload)
    held_ids = _series(pricing, figure.project, adopted.hold_out) if adopted.hold_out else []
    by_day, held_out = (
        readings.sum_days(session, days, ids),
        readings.sum_days(session, days, held_ids),
    )
    before: dict[int, list[int]] = {}
    for amounts in readings.sum_days(session, adopted.window, ids).values():
        for series_id, held in amounts.items():
            before[series_id] = (
                usage.combine(before[series_id], held) if series_id in before else held
            )
    return Traffic(adopted, pricing, days, by_day, before, held_out)


def _series(pricing: statements.Pricing, project: str, workload: str) -> list[int]:
    return [
        each.id
        for each in pricing.series.values()
        if (each.labels.project, each.labels.workload) == (project, workload)
    ]


def every_method(found: Traffic) -> list[Measured]:
    """What each method says of these days."""
    requests = sum(
        found.tally(amounts, day).first_attempts["target"] for day, amounts in found.by_day.items()
    )
    if not requests:
        reason = "no_traffic_on_target" if found.days else "no_closed_day"
        return [Measured(method, None, reason, 0) for method in realisation.METHODS]
    return [
        Measured(method, *(by(found)), requests)
        for method, by in zip(
            realisation.METHODS, (_hold_out, _before_after, _repricing), strict=True
        )
    ]


Found = tuple[Saved | None, str | None]


def _hold_out(found: Traffic) -> Found:
    if found.adopted.hold_out is None:
        return None, "no_hold_out"
    stayed, moved, covered = Ran(), Ran(), (Tally(), Tally())
    for day in found.days:
        tallies = [found.tally(each.get(day, {}), day) for each in (found.held_out, found.by_day)]
        stayed, moved = (
            stayed + tallies[0].ran(UNMOVED),
            moved + tallies[1].ran(found.adopted.behaviour),
        )
        for whole, tally in zip(covered, tallies, strict=True):
            whole.cover(tally)
    return _known(realisation.hold_out(stayed, moved), covered, "no_traffic_in_hold_out")


def _before_after(found: Traffic) -> Found:
    whole, before, covered = Saved(), Tally(), Tally()
    a_day, changes = Ran(), found.change_days()
    for day in found.days:
        if day in changes:
            before = found.tally(found.before, day)
            a_day = before.ran(UNMOVED).over(len(found.adopted.window))
        now = found.tally(found.by_day.get(day, {}), day)
        covered.cover(now)
        saved = realisation.before_after(a_day, now.ran(found.adopted.behaviour))
        # A day without traffic: all that is missing is the volume effect.
        whole += saved or Saved(volume_femto_usd=-a_day.cost_femto_usd)
    return _known(whole if a_day.requests else None, (before, covered), "no_traffic_before")


def _repricing(found: Traffic) -> Found:
    adopted, whole, covered = found.adopted, Saved(), Tally()
    before_a_day = _on_target_before(found)
    for day, amounts in found.by_day.items():
        tally = found.tally(amounts, day)
        covered.cover(tally)
        work = _work_on_source(found, amounts, day)
        if work is None:
            return None, "source_unpriced"
        on_target = Fraction(tally.first_attempts["target"])
        moved = realisation.moved_share(on_target, before_a_day)
        ran = Ran(on_target * moved, tally.cost_femto_usd["target"] * moved)
        source_cost = Fraction(tally.cost_femto_usd["source"])
        whole += realisation.repricing(work * moved, ran, source_cost, adopted.behaviour)
    return _known(whole, (covered,), "no_traffic_on_target")


def _known(saved: Saved | None, covered: Iterable[Tally], otherwise: str) -> Found:
    if saved is None:
        return None, otherwise
    return (saved, None) if all(each.is_known for each in covered) else (None, "low_coverage")


def _on_target_before(found: Traffic) -> Fraction:
    """The first attempts a day that ran on the target before there was any move."""
    days = len(found.adopted.window)
    tally = found.tally(found.before, found.adopted.first_day)
    return Fraction(tally.first_attempts["target"], days) if days else Fraction(0)


def _work_on_source(found: Traffic, amounts: Amounts, day: int) -> Fraction | None:
    """What the target's tokens of a day come to as work of the source, at the source's price of that day."""
    adopted, work = found.adopted, Fraction(0)
    usual = adopted.usual_cell
    for series_id, held in amounts.items():
        counts = usage.token_counts(held)
        if found.side(series_id, day) != "target" or counts == tokens.NONE:
            continue
        labels = found.pricing.series[series_id].labels
        tier = statements.priced_tier(labels)
        if adopted.claimed.to_service_tier is not None and usual is not None:
            tier = usual.service_tier
        figure, region = adopted.claimed, usual.region if usual else ""
        price = found.pricing.book.at(
            figure.provider,
            figure.from_model,
            tier,
            context_band=labels.context_band,
            day=day,
            region=region,
        )
        added = (
            realisation.source_work(counts, price.rates, adopted.split, adopted.behaviour)
            if price
            else None
        )
        if added is None:
            return None
        work += added
    return work
