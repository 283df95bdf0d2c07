"""A recommendation as a value: as this it is computed, stored, added up and measured."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import msgspec

from advisor.advice.latency_figures import LatencyFigure
from advisor.switching import ranking
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation(Advice):
    """The advice chosen for a slice, with its window and what else there is to choose."""

    price_book_version: str
    window: Window
    other_targets: tuple[OtherTarget, ...] = ()
    other_models: tuple[ranking.OtherModel, ...] = ()
    latency: LatencyFigure | None = None
    set_aside: bool = False
    """Whether people have taken it out of the totals, or it is not advised any more."""
    is_scenario: bool = False
    """Whether it answers a question of `whatif` and is stored nowhere."""

    @property
    def counted(self) -> bool:
        """Whether its saving enters the totals."""
        return self.decision.counted and not self.set_aside


def recommend(
    advice: Advice,
    window: Window,
    price_book_version: str,
    *,
    others: Iterable[Advice] = (),
    other_models: Iterable[ranking.OtherModel] = (),
    is_scenario: bool = False,
) -> Recommendation:
    """The recommendation of the chosen advice; `others` are those of its slice not chosen."""
    inherited: dict[str, Any] = {
        field.name: getattr(advice, field.name) for field in fields(Advice)
    }
    return Recommendation(
        **inherited,
        price_book_version=price_book_version,
        window=window,
        other_targets=tuple(_other_target(other) for other in others),
        other_models=tuple(other_models),
        is_scenario=is_scenario,
    )


def _other_target(advice: Advice) -> OtherTarget:
    return OtherTarget(
        to_provider=advice.to_provider,
        to_model=advice.to_model,
        to_service_tier=advice.to_service_tier,
        decision=advice.decision,
        saving=advice.saving,
    )


def total(recommendations: Iterable[Recommendation], *, until_retirement: bool = False) -> Estimate:
    """The sum over the counted recommendations, each slice once, in femto-USD."""
    amounts = (
        recommendation.until_retirement if until_retirement else recommendation.saving
        for recommendation in recommendations
        if recommendation.counted
    )
    return sum((amount for amount in amounts if amount is not None), Estimate(0, 0, 0))


def encode(recommendation: Recommendation) -> str:
    """The JSON that is stored: amounts are whole numbers of any length, fractions are `3/7`."""
    return msgspec.json.encode(recommendation, enc_hook=exact_json.encode_fraction).decode()


def decode(document: str) -> Recommendation:
    """The recommendation of its stored JSON, equal to the one that was encoded."""
    return msgspec.json.decode(document, type=Recommendation, dec_hook=exact_json.decode_fraction)
