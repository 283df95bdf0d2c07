"""What adopted recommendations saved, kept as rows and computed when closed days, prices or stages changed.

The caller owns the transaction.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
from sqlalchemy import select
from sqlmodel import Session

from advisor.advice import values
from advisor.months import statements
from advisor.stages import adoption, measuring, store
from advisor.stages.adoption import Adoption
from advisor.stages.measuring import Measured
from advisor.stages.realisation import METHODS, Realised
from ledger import clock, facts, money, readings, rollups, tables

COMPUTED_ON = "realised_on"
"""The fact that holds everything that the stored figures rest on."""
_REALISED = tables.REALISED_SAVING


@dataclass(frozen=True, slots=True)
class Outcome:
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


def compute(session: Session, pricing: statements.Pricing, now_us: int) -> Outcome | None:
    """What every adoption saved up to the last closed day; None where nothing that it rests on has changed."""
    today = clock.day_of(now_us)
    closed = sum(
        revision for day, revision in readings.day_revisions(session).items() if day < today
    )
    stages_revision = store.revision(session)
    rests_on = json.dumps(
        (closed, pricing.book.version, pricing.names_version, today, stages_revision)
    )
    if facts.get(session, COMPUTED_ON) == rests_on:
        return None
    adoptions = read_adoptions(session)
    return Outcome(
        rests_on,
        {
            adopted.id: _measure(session, adopted, adoptions, pricing, today)
            for adopted in adoptions
        },
    )


def write(session: Session, outcome: Outcome | None, now_us: int) -> None:
    """Keep the figures."""
    if outcome is None:
        return
    rows = [
        {
            "recommendation_id": recommendation_id,
            "method": realised.method,
            "computed_at": now_us,
            "detail": msgspec.json.encode(realised).decode(),
        }
        for recommendation_id, by_method in outcome.by_recommendation.items()
        for realised in by_method
    ]
    rollups.upsert(
        session,
        _REALISED,
        ("recommendation_id", "method"),
        rows,
        replaced=("computed_at", "detail"),
    )
    facts.put(session, COMPUTED_ON, outcome.rests_on)


def read_adoptions(session: Session) -> list[Adoption]:
    """Everything that was ever adopted, with the estimates that were frozen."""
    histories, adoptions = store.histories(session), []
    for recommendation_id, documents in store.estimates(session).items():
        if "adopt" in documents:
            frozen = {action: values.decode(text) for action, text in documents.items()}
            adopted = adoption.from_history(recommendation_id, histories[recommendation_id], frozen)
            adoptions += [adopted] if adopted else []
    return adoptions


def read(session: Session) -> dict[str, tuple[Realised, ...]]:
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
    adopted: Adoption,
    adoptions: Iterable[Adoption],
    pricing: statements.Pricing,
    today: int,
) -> list[Realised]:
    """What each method says of the closed days that are claimed."""
    claimed = adopted.claimed
    retirement = pricing.book.facts_of(claimed.provider, claimed.from_model).retirement
    end_day = adopted.end_day(
        retirement.shutdown_day if retirement else None,
        adoption.superseded_at(adopted, adoptions),
    )
    days = range(adopted.first_day, max(adopted.first_day, min(end_day, today)))
    traffic = measuring.read(session, adopted, pricing, days)
    return [_realised(measured, adopted, days) for measured in measuring.every_method(traffic)]


def _realised(measured: Measured, adopted: Adoption, days: range) -> Realised:
    """The amounts, rounded once."""
    saved = measured.saved
    return Realised(
        method=measured.method,
        label=adopted.claimed.factors.basis if measured.method == "repricing" else "measured",
        reason=measured.reason,
        first_day=days.start,
        days=len(days),
        requests=measured.requests,
        instead_femto_usd=money.round_to_nano_usd(saved.instead_femto_usd) if saved else None,
        cost_femto_usd=money.round_to_nano_usd(saved.cost_femto_usd) if saved else None,
        volume_effect_femto_usd=money.round_to_nano_usd(saved.volume_femto_usd)
        if saved and measured.method == "before_after"
        else None,
    )
