"""The traffic of an adopted move, read day by day: what ran on source and target, and its cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from sqlmodel import Session

from advisor.months import coverage, statements
from advisor.stages.adoption import Adoption
from advisor.stages.realisation import ZERO, Behaviour, Spend
from ledger import readings, tokens, usage
from ledger.pricing import prices

AmountsBySeries = Mapping[int, list[int]]
Side = Literal["source", "target"]


@dataclass(slots=True)
class AdoptionTally:
    """Sums over series at the prices of one day: first attempts and cost by side, and coverage."""

    first_attempts: dict[Side, int] = field(default_factory=lambda: {"source": 0, "target": 0})
    cost_femto_usd: dict[Side, int] = field(default_factory=lambda: {"source": 0, "target": 0})
    priced_tokens: int = 0
    tokens: int = 0
    successes: int = 0
    provider_usage_successes: int = 0

    @property
    def is_known(self) -> bool:
        """Whether enough of it is priced and reported to be compared at all."""
        return coverage.is_enough(
            coverage.ratio(
                priced_tokens=self.priced_tokens,
                tokens=self.tokens,
                known_successes=self.provider_usage_successes,
                successes=self.successes,
            )
        )

    def add_coverage_of(self, other: "AdoptionTally") -> None:
        """Count here too what is known of another."""
        self.priced_tokens += other.priced_tokens
        self.tokens += other.tokens
        self.successes += other.successes
        self.provider_usage_successes += other.provider_usage_successes

    def add(self, other: "AdoptionTally") -> None:
        """Count here too what another has."""
        for side in ("source", "target"):
            self.first_attempts[side] += other.first_attempts[side]
            self.cost_femto_usd[side] += other.cost_femto_usd[side]
        self.add_coverage_of(other)

    def on(self, side: Side) -> Spend:
        """What ran on one side."""
        return Spend(Fraction(self.first_attempts[side]), Fraction(self.cost_femto_usd[side]))

    def spend(self, at: Behaviour, before: Fraction = ZERO) -> Spend:
        """All of it, an escalated request counted once, with the verifier of the target's part.

        `before` are the requests that would run on the target without any move.
        """
        on_source = Fraction(self.first_attempts["source"])
        on_target = Fraction(self.first_attempts["target"])
        cost = sum(self.cost_femto_usd.values()) + at.verifier_femto_usd * on_target
        moved = max(ZERO, on_target - before)
        return Spend(at.answered(on_source, on_target, moved), Fraction(cost))


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptionTraffic:
    """The usage of an adoption's work: after it by day, in the window before, in the hold-out."""

    adoption: Adoption
    pricing: statements.Pricing
    days: range
    by_day: Mapping[int, AmountsBySeries]
    before: AmountsBySeries
    held_out_by_day: Mapping[int, AmountsBySeries]

    def tally(self, amounts_by_series: AmountsBySeries, day: int) -> AdoptionTally:
        """Amounts at one day's prices; models that are neither side of the move do not count."""
        tally = AdoptionTally()
        for series_id, amounts in amounts_by_series.items():
            labels = self.pricing.series[series_id].labels
            side = self.side(series_id, day)
            if side is None:
                continue
            requests = amounts[usage.INDEX["requests"]]
            if labels.status == "success" and labels.usage_source != "gateway_cache":
                tally.successes += requests
                if labels.usage_source == "provider":
                    tally.provider_usage_successes += requests
            counts = usage.token_counts(amounts)
            if counts != tokens.NONE:
                price = self.pricing.resolve(series_id, day).price
                cost = prices.cost(counts, price.rates if price else None)
                repeats = amounts[usage.INDEX["paid_retry_requests"]]
                tally.first_attempts[side] += requests - repeats
                tally.cost_femto_usd[side] += cost.femto_usd
                tally.priced_tokens += cost.priced_tokens
                tally.tokens += counts.total_tokens
        return tally

    def change_days(self) -> set[int]:
        """The first day, and each on which a price or a name of either side may have changed."""
        claimed, days, book = self.adoption.claimed, self.days, self.pricing.book
        models = [
            (claimed.provider, claimed.from_model),
            (claimed.to_provider, claimed.to_model),
        ]
        return {
            days.start,
            *book.change_days(models, days.start, days.stop),
            *self.pricing.names.change_days(),
        }

    def side(self, series_id: int, day: int) -> Side | None:
        """Where a series ran; None for a model that has nothing to do with the move."""
        labels = self.pricing.series[series_id].labels
        priced = self.pricing.resolve(series_id, day)
        if self.adoption.is_target(priced, labels):
            return "target"
        return "source" if self.adoption.is_source(priced, labels) else None


def load_traffic(
    session: Session, adoption: Adoption, pricing: statements.Pricing, days: range
) -> AdoptionTraffic:
    """The usage that the three methods compare."""
    project, hold_out = adoption.claimed.project, adoption.hold_out
    series_ids = _series_ids(pricing, project, adoption.claimed.workload)
    held_out_ids = _series_ids(pricing, project, hold_out) if hold_out else []
    before: dict[int, list[int]] = {}
    for amounts_by_series in readings.sum_days(session, adoption.window, series_ids).values():
        for series_id, amounts in amounts_by_series.items():
            before[series_id] = (
                usage.combine(before[series_id], amounts) if series_id in before else amounts
            )
    return AdoptionTraffic(
        adoption=adoption,
        pricing=pricing,
        days=days,
        by_day=readings.sum_days(session, days, series_ids),
        before=before,
        held_out_by_day=readings.sum_days(session, days, held_out_ids),
    )


def _series_ids(pricing: statements.Pricing, project: str, workload: str) -> list[int]:
    return [
        series.id
        for series in pricing.series.values()
        if (series.labels.project, series.labels.workload) == (project, workload)
    ]
