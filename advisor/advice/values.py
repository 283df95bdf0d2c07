"""A recommendation as a value: as this it is computed, stored, added up and measured."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import msgspec

from advisor.advice import conditions
from advisor.advice.latency_figures import LatencyFigure
from advisor.switching import factors, ranking
from advisor.switching.advice import Advice
from advisor.switching.candidates import Estimate
from advisor.switching.decision import Decision
from advisor.switching.window import Window
from ledger import exact_json


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherTarget:
    """Another state that the slice could move to, with its decision; they exclude each other."""

    to_provider: str
    to_model: str
    to_service_tier: str | None
    decision: Decision
    saving: Estimate | None
    """None where it is not known, and where it cannot save anything."""
    replacement: Estimate | None
    """What the same work costs there."""
    is_proven: bool
    """Whether its low end is the least that it saves: nothing in it is assumed."""
    ends_with_source: bool
    """Whether the source has to be left soon, and this target no later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation(Advice):
    """The advice chosen for a slice, with its window and what else there is to choose."""

    price_book_version: str
    window: Window
    next_step: "Recommendation | None" = None
    """What a trial may add, where this can be done today: a move instead of this one."""
    other_targets: tuple[OtherTarget, ...] = ()
    other_models: tuple[ranking.OtherModel, ...] = ()
    latency: LatencyFigure | None = None
    set_aside: bool = False
    """Whether people have taken it out of the totals, or it is not advised any more."""
    is_scenario: bool = False
    """Whether it answers a question of `whatif` and is stored nowhere."""

    @property
    def counted(self) -> bool:
        """Whether its saving enters the totals.

        One away from a model that is gone saves nothing, nor does a forced one that costs more.
        """
        saves = self.low_femto_usd > 0 and self.has_potential
        return self.decision.counted and not self.set_aside and saves

    @property
    def compares(self) -> bool:
        """Whether its source is there to compare with and to fall back on, or in a scenario."""
        return self.is_scenario or not self.is_source_gone

    @property
    def is_open(self) -> bool:
        """Whether it could save something, known or not, if only in a scenario."""
        return self.has_potential or self.is_scenario

    @property
    def changed_factors(self) -> list[str]:
        """The factors that are not neutral, without those that speak of a source that is gone."""
        names = factors.changed(self.factors)
        return [name for name in names if self.compares or name not in factors.OF_SOURCE]

    @property
    def potential(self) -> Estimate | None:
        """What it can save per average month, as faces show it.

        None where that is unknown, and where there is nothing to save: the move cannot be made, or
        its source is gone. A scenario asks what would be, so it has its saving all the same.
        """
        return self.saving if self.is_open else None

    @property
    def potential_until_retirement(self) -> Estimate | None:
        """What it can save over the next year, until the first of the models shuts down."""
        return self.until_retirement if self.potential is not None else None

    @property
    def condition(self) -> str | None:
        """Under which assumptions the low end holds; None without one that is assumed."""
        return conditions.write_condition(self) if self.is_open else None

    @property
    def is_safe(self) -> bool:
        """Whether it can be done today, without a trial."""
        return self.decision.kind == "switch_now"

    @property
    def added(self) -> Estimate | None:
        """What the next step adds per average month; at no end less than nothing."""
        return _added(self.potential, self.next_step.potential if self.next_step else None)

    @property
    def added_until_retirement(self) -> Estimate | None:
        """What the next step adds over the next year, until the first of its models shuts down."""
        return _added(
            self.potential_until_retirement,
            self.next_step.potential_until_retirement if self.next_step else None,
        )


def recommend(
    advice: Advice,
    window: Window,
    price_book_version: str,
    *,
    others: Sequence[Advice] = (),
    next_step: Advice | None = None,
    other_models: Iterable[ranking.OtherModel] = (),
    is_scenario: bool = False,
) -> Recommendation:
    """The recommendation of the chosen advice; `others` are those of its slice not chosen.

    Among them may be the `next_step`.
    """
    inherited: dict[str, Any] = {
        field.name: getattr(advice, field.name) for field in fields(Advice)
    }
    return Recommendation(
        **inherited,
        price_book_version=price_book_version,
        window=window,
        next_step=None
        if next_step is None
        else recommend(next_step, window, price_book_version, others=(advice, *others)),
        other_targets=tuple(other_target_of(other) for other in others if other is not next_step),
        other_models=tuple(other_models),
        is_scenario=is_scenario,
    )


def other_target_of(advice: Advice) -> OtherTarget:
    """A state that the slice could move to, as it stands beside another one."""
    return OtherTarget(
        to_provider=advice.to_provider,
        to_model=advice.to_model,
        to_service_tier=advice.to_service_tier,
        decision=advice.decision,
        saving=advice.saving if advice.has_potential else None,
        replacement=advice.replacement,
        is_proven=advice.factors.is_proven,
        ends_with_source=advice.ends_with_source,
    )


def _added(first: Estimate | None, then: Estimate | None) -> Estimate | None:
    if first is None or then is None:
        return None
    return Estimate(
        max(0, then.low_femto_usd - first.low_femto_usd),
        max(0, then.expected_femto_usd - first.expected_femto_usd),
        max(0, then.high_femto_usd - first.high_femto_usd),
    )


def rank(recommendation: Recommendation) -> tuple[bool, bool, int, str]:
    """The key that sorts recommendations: what has to leave a model that is gone, by its cost.

    Then the best low end first; what is unknown, or cannot be made, goes last.
    """
    if recommendation.is_source_gone:
        return False, False, -(recommendation.cost_month_femto_usd or 0), recommendation.id
    potential = recommendation.potential
    low_femto_usd = potential.low_femto_usd if potential else 0
    return True, potential is None, -low_femto_usd, recommendation.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The savings of counted recommendations together, each slice once, in femto-USD.

    Without a trial, and what trials may add. Per average month, and over the next year until the
    first of the models shuts down.
    """

    safe: Estimate
    after_trial: Estimate
    safe_until_retirement: Estimate
    after_trial_until_retirement: Estimate
    safe_is_proven: bool
    after_trial_is_proven: bool

    @property
    def month(self) -> Estimate:
        """All of it per average month."""
        return self.safe + self.after_trial

    @property
    def until_retirement(self) -> Estimate:
        """All of it over the next year, until the first of the models shuts down."""
        return self.safe_until_retirement + self.after_trial_until_retirement

    @property
    def is_proven(self) -> bool:
        """Whether nothing in its low end is assumed."""
        return self.safe_is_proven and self.after_trial_is_proven


def total(recommendations: Iterable[Recommendation]) -> Total:
    """The total over the counted recommendations."""
    counted = [recommendation for recommendation in recommendations if recommendation.counted]
    safe = [recommendation for recommendation in counted if recommendation.is_safe]
    trials = [recommendation for recommendation in counted if not recommendation.is_safe]
    steps = [recommendation.next_step for recommendation in safe if recommendation.next_step]
    return Total(
        safe=_sum(recommendation.saving for recommendation in safe),
        after_trial=_sum(
            [
                *(recommendation.saving for recommendation in trials),
                *(recommendation.added for recommendation in safe),
            ]
        ),
        safe_until_retirement=_sum(recommendation.until_retirement for recommendation in safe),
        after_trial_until_retirement=_sum(
            [
                *(recommendation.until_retirement for recommendation in trials),
                *(recommendation.added_until_retirement for recommendation in safe),
            ]
        ),
        safe_is_proven=all(recommendation.factors.is_proven for recommendation in safe),
        after_trial_is_proven=all(
            recommendation.factors.is_proven for recommendation in (*trials, *steps)
        ),
    )


def _sum(amounts: Iterable[Estimate | None]) -> Estimate:
    return sum((amount for amount in amounts if amount is not None), Estimate(0, 0, 0))


def encode(recommendation: Recommendation) -> str:
    """The JSON that is stored: amounts are whole numbers of any length, fractions are `3/7`."""
    return msgspec.json.encode(recommendation, enc_hook=exact_json.encode_fraction).decode()


def decode(document: str) -> Recommendation:
    """The recommendation of its stored JSON, equal to the one that was encoded."""
    return msgspec.json.decode(document, type=Recommendation, dec_hook=exact_json.decode_fraction)
