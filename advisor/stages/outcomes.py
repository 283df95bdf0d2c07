"""What adopted recommendations saved, as rows; computed when days, prices or stages changed.

The caller owns the transaction.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import msgspec
from sqlalchemy import select
from sqlmodel import Session

from advisor.advice import values
from advisor.advice.slices import SliceKey
from advisor.months import statements
from advisor.stages import adoption_traffic, saving_methods, store
from advisor.stages.adoption import CLAIMED_DAYS, Adoption
from advisor.stages.realisation import METHODS, Realised
from advisor.stages.saving_methods import MethodResult, Unknown
from ledger import clock, facts, money, readings, rollups, tables

COMPUTED_ON = "realised_on"
"""The fact that holds everything that the stored figures rest on."""
_REALISED = tables.REALISED_SAVING


@dataclass(frozen=True, slots=True)
class RealisedSavings:
    """Figures by recommendation, and what they rest on."""

    rests_on: str
    by_recommendation: dict[str, list[Realised]]

    @property
    def measured(self) -> list[str]:
        """The recommendations of which a realised saving is known."""
        return [
            recommendation_id
            for recommendation_id, by_method in self.by_recommendation.items()
            if any(realised.saving_femto_usd is not None for realised in by_method)
        ]


def compute(session: Session, pricing: statements.Pricing, now_us: int) -> RealisedSavings | None:
    """What every adoption saved up to the last closed day; None where nothing has changed."""
    today = clock.day_of(now_us)
    revisions = readings.day_revisions(session)
    closed_days = sum(revision for day, revision in revisions.items() if day < today)
    stages_revision = store.revision(session)
    rests_on = json.dumps(
        (closed_days, pricing.book.version, pricing.names_version, today, stages_revision)
    )
    if facts.get(session, COMPUTED_ON) == rests_on:
        return None
    adoptions = load_adoptions(session)
    return RealisedSavings(
        rests_on,
        {
            adoption.id: _measure(session, adoption, adoptions, pricing=pricing, today=today)
            for adoption in adoptions
        },
    )


def write(session: Session, savings: RealisedSavings | None, now_us: int) -> None:
    """Keep the figures."""
    if savings is None:
        return
    rows = [
        {
            "recommendation_id": recommendation_id,
            "method": realised.method,
            "computed_at": now_us,
            "detail": msgspec.json.encode(realised).decode(),
        }
        for recommendation_id, by_method in savings.by_recommendation.items()
        for realised in by_method
    ]
    rollups.upsert(
        session,
        _REALISED,
        ("recommendation_id", "method"),
        rows,
        replaced=("computed_at", "detail"),
    )
    facts.put(session, COMPUTED_ON, savings.rests_on)


def load_adoptions(session: Session) -> list[Adoption]:
    """Everything that was ever adopted, with the estimates that were frozen."""
    histories, adoptions = store.load_histories(session), []
    for recommendation_id, documents in store.load_estimates(session).items():
        if "adopt" in documents:
            frozen = {action: values.decode(text) for action, text in documents.items()}
            history = histories[recommendation_id]
            adoption = Adoption.from_history(recommendation_id, history, frozen)
            adoptions += [adoption] if adoption else []
    return adoptions


def find_controls(session: Session, today: int) -> frozenset[SliceKey]:
    """The slices that adopted moves are measured against, while their saving is claimed."""
    return frozenset(
        SliceKey(
            provider=adoption.claimed.provider,
            project=adoption.claimed.project,
            workload=adoption.hold_out,
            model=adoption.claimed.from_model,
        )
        for adoption in load_adoptions(session)
        if adoption.hold_out is not None
        and adoption.rolled_back_at is None
        and today < adoption.first_day + CLAIMED_DAYS
    )


def load_realised(session: Session) -> dict[str, tuple[Realised, ...]]:
    """The stored figures by recommendation, in the order of the methods."""
    rows = session.execute(select(_REALISED.c.recommendation_id, _REALISED.c.detail))
    by_recommendation: dict[str, list[Realised]] = {}
    for recommendation_id, detail in rows:
        realised = msgspec.json.decode(detail, type=Realised)
        by_recommendation.setdefault(recommendation_id, []).append(realised)
    return {
        recommendation_id: tuple(
            sorted(by_method, key=lambda realised: METHODS.index(realised.method))
        )
        for recommendation_id, by_method in by_recommendation.items()
    }


def _measure(
    session: Session,
    adoption: Adoption,
    adoptions: Iterable[Adoption],
    *,
    pricing: statements.Pricing,
    today: int,
) -> list[Realised]:
    """What each method says of the closed days that are claimed."""
    claimed = adoption.claimed
    retirement = pricing.book.facts_of(claimed.provider, claimed.from_model).retirement
    shutdown_day = retirement.shutdown_day if retirement else None
    end_day = adoption.end_day(shutdown_day, adoption.superseded_at(adoptions))
    days = range(adoption.first_day, max(adoption.first_day, min(end_day, today)))
    traffic = adoption_traffic.load_traffic(session, adoption, pricing, days)
    return [_realised(result, adoption, days) for result in saving_methods.apply_all(traffic)]


def _realised(result: MethodResult, adoption: Adoption, days: range) -> Realised:
    """The amounts, rounded once."""
    saving = None if isinstance(result.saving, Unknown) else result.saving
    volume = saving.volume_femto_usd if saving and result.method == "before_after" else None
    return Realised(
        method=result.method,
        label=adoption.claimed.factors.basis if result.method == "repricing" else "measured",
        reason=result.saving.reason if isinstance(result.saving, Unknown) else None,
        first_day=days.start,
        days=len(days),
        requests=result.requests,
        instead_femto_usd=_rounded(saving.instead_femto_usd if saving else None),
        cost_femto_usd=_rounded(saving.cost_femto_usd if saving else None),
        volume_effect_femto_usd=_rounded(volume),
    )


def _rounded(amount_femto_usd: Fraction | None) -> int | None:
    return None if amount_femto_usd is None else money.round_to_nano_usd(amount_femto_usd)
