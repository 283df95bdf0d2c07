"""What adopted recommendations saved, kept as rows: computed when closed days, prices or stages changed. Never commits."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec
from sqlalchemy import select
from sqlmodel import Session

from advisor.months import statements
from advisor.stages import adoption, measuring, recommendations, store
from advisor.stages.adoption import Adoption
from advisor.stages.measuring import Measured
from advisor.stages.realised import METHODS
from advisor.stages.records import RealisedFigure
from ledger import clock, facts, money, readings, rollups, tables

COMPUTED_ON = "realised_on"
"""The fact that holds everything that the stored figures rest on."""
_REALISED = tables.REALISED_SAVING


@dataclass(frozen=True, slots=True)
class Outcome:
    """Figures by recommendation, and what they rest on."""

    rests_on: str
    figures: dict[str, list[RealisedFigure]]

    @property
    def measured(self) -> list[str]:
        """The recommendations of which a realised saving is known."""
        return [
            key
            for key, held in self.figures.items()
            if any(each.saving_usd is not None for each in held)
        ]


def compute(session: Session, pricing: statements.Pricing, now_us: int) -> Outcome | None:
    """What every adoption saved up to the last closed day; None where nothing that it rests on has changed."""
    today = clock.day_of(now_us)
    closed = sum(
        revision for day, revision in readings.day_revisions(session).items() if day < today
    )
    rests_on = repr(
        (closed, pricing.book.version, pricing.names_version, today, store.revision(session))
    )
    if facts.get(session, COMPUTED_ON) == rests_on:
        return None
    every = adoptions(session)
    return Outcome(
        rests_on, {each.id: list(_of(session, each, every, pricing, today)) for each in every}
    )


def write(session: Session, found: Outcome | None, now_us: int) -> None:
    """Keep the figures."""
    if found is None:
        return
    rows = [
        {
            "recommendation_id": key,
            "method": each.method,
            "computed_at": now_us,
            "detail": msgspec.json.encode(each).decode(),
        }
        for key, figures in found.figures.items()
        for each in figures
    ]
    rollups.upsert(
        session,
        _REALISED,
        ("recommendation_id", "method"),
        rows,
        replaced=("computed_at", "detail"),
    )
    facts.put(session, COMPUTED_ON, found.rests_on)


def adoptions(session: Session) -> list[Adoption]:
    """Everything that was ever adopted, with the estimates that were frozen."""
    histories, found = store.histories(session), []
    for key, held in store.estimates(session).items():
        if "adopt" in held:
            figures = {
                action: recommendations.figure_of(document) for action, document in held.items()
            }
            made = adoption.of(key, histories[key], figures)
            found += [made] if made else []
    return found


def read(session: Session) -> dict[str, tuple[RealisedFigure, ...]]:
    """The stored figures by recommendation, in the order of the methods."""
    found: dict[str, list[RealisedFigure]] = {}
    for key, detail in session.execute(select(_REALISED.c.recommendation_id, _REALISED.c.detail)):
        found.setdefault(key, []).append(msgspec.json.decode(detail, type=RealisedFigure))
    order: tuple[str, ...] = METHODS
    return {
        key: tuple(sorted(held, key=lambda each: order.index(each.method)))
        for key, held in found.items()
    }


def _of(
    session: Session,
    adopted: Adoption,
    every: Iterable[Adoption],
    pricing: statements.Pricing,
    today: int,
) -> Iterable[RealisedFigure]:
    figure = adopted.claimed
    retirement = pricing.book.facts_of(figure.provider, figure.from_model).retirement
    end_day = adopted.end_day(
        retirement.shutdown_day if retirement else None, adoption.taken_at(adopted, every)
    )
    days = range(adopted.first_day, max(adopted.first_day, min(end_day, today)))
    traffic = measuring.read(session, adopted, pricing, days)
    for each in measuring.every_method(traffic):
        yield _figure(each, adopted, days)


def _figure(found: Measured, adopted: Adoption, days: range) -> RealisedFigure:
    """The amounts, rounded once; the saving is the difference of the two that are shown."""
    figure = RealisedFigure(
        method=found.method,
        label=adopted.claimed.saving_label if found.method == "repricing" else "measured",
        reason=found.reason,
        first_day=clock.date_of(days.start).isoformat(),
        last_day=clock.date_of(days.stop - 1).isoformat() if len(days) else None,
        days=len(days),
        requests=found.requests,
    )
    if found.saved is None:
        return figure
    instead, cost, volume = (
        money.round_to_nano_usd(amount)
        for amount in (
            found.saved.instead_femto_usd,
            found.saved.cost_femto_usd,
            found.saved.volume_femto_usd,
        )
    )
    return replace(
        figure,
        instead_usd=money.usd_text(instead),
        cost_usd=money.usd_text(cost),
        saving_usd=money.usd_text(instead - cost),
        volume_effect_usd=money.usd_text(volume) if found.method == "before_after" else None,
    )
