"""Recommendations: advice on every slice as figures, stored so that all faces show the same, and read back."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, select, update
from sqlmodel import Session

from advisor import advice_figures, figures, latencies, pairs, slices
from advisor.months import statements, track_record
from advisor.months.statement_store import MonthStatement
from advisor.stages import store as stage_store
from advisor.stages import table as stage_table
from advisor.stages.records import UNTOUCHED, StageRecord
from advisor.stages.stored import StoredRecommendation
from advisor.switching import advice, headroom, workloads
from ledger import clock, money, months, rollups, tables
from ledger.errors import UsageError
from ledger.months import Month
from ledger.settings import Settings

_TABLE = tables.metadata.tables["recommendation"]
_KEPT = ("provider", "project", "workload", "from_model", "to_model", "decision", "reason")


def terms_of(settings: Settings) -> advice.Terms:
    """The user's policy as the advisor takes it. Raises UsageError naming the setting that cannot be read."""
    try:
        chosen = pairs.parse(settings.pairs)
    except UsageError as error:
        raise UsageError(f"SWITCHWISE_PAIRS: {error}") from error
    return advice.Terms(
        pairs=chosen,
        threshold_femto_usd=money.femto_usd(str(settings.alert_threshold_usd)),
        one_off_femto_usd=money.femto_usd(str(settings.move_cost_usd)),
        stance=settings.default_stance,
        said=workloads.parse(settings.workload_classes, settings.can_wait),
        rate_limits=headroom.parse(settings.rate_limits),
    )


def compute(
    session: Session,
    pricing: statements.Pricing,
    settings: Settings,
    now_us: int,
    month: Month | None = None,
    computed: Iterable[MonthStatement] = (),
) -> list[figures.RecommendationFigure]:
    """The chosen advice of every slice that a pair starts at, over its look-back or over one month's closed days.

    Now, a target that somebody claimed stays the chosen one; of a month, the best one is told. `computed` are statements of
    the same run, from whose back-tests the confidence follows where they are not written yet.
    """
    error = track_record.error_ratio(session, month or months.containing(now_us, settings.zone), computed)
    terms, today = terms_of(settings), clock.day_of(now_us)
    kept = frozenset[str]() if month else stage_store.ids_in(session, stage_table.KEPT)
    found = []
    for reading in slices.read(session, pricing, now_us, month, terms):
        standing = replace(reading.standing, forecast_error=error)
        ranked = advice.on_slice(reading.slice, standing, terms, pricing.book, today, kept)
        if ranked:
            others = advice.other_models(reading.slice, terms, pricing.book, today)
            chosen, *beside = ranked
            found.append(advice_figures.of(chosen, reading.window, standing, others, pricing.book, beside))
    return sorted(latencies.beside(session, pricing, found, today), key=lambda each: (-_low(each), each.id))


def total(found: Iterable[figures.RecommendationFigure], *, until_retirement: bool = False) -> figures.Ends:
    """The sum over slices decided pilot or switch_now, each once: exact decimal text in USD."""
    sums = [0, 0, 0]
    for each in found:
        ends = each.saving_until_retirement if until_retirement else each.saving_month
        if each.counted and ends is not None:
            parts = (ends.low_usd, ends.point_usd, ends.high_usd)
            sums = [held + money.femto_usd(part) for held, part in zip(sums, parts, strict=True)]
    return figures.Ends(*(money.usd_text(amount) for amount in sums))


def write(session: Session, found: Sequence[figures.RecommendationFigure], now_us: int) -> None:
    """Make the current recommendations these. A stage set by people stays; one that no longer applies is kept, not current."""
    session.execute(update(_TABLE).values(current=False))
    rows = [
        {
            "id": each.id, **{name: getattr(each, name) for name in _KEPT},
            "to_service_tier": each.to_service_tier or "", "stage": "active", "version": 1, "current": True,
            "computed_at": now_us, "detail": msgspec.json.encode(each).decode(),
        }
        for each in found
    ]  # fmt: skip
    rollups.upsert(session, _TABLE, ("id",), rows, replaced=("decision", "reason", "current", "computed_at", "detail"))


def read(session: Session) -> list[StoredRecommendation]:
    """The current recommendations, the best low end first. What was dismissed or adopted is not counted any more."""
    return _read(session, _TABLE.c.current)


def in_hand(session: Session) -> list[StoredRecommendation]:
    """What somebody claimed, tries or has adopted and is not advised any more, as it was last advised."""
    return _read(session, ~_TABLE.c.current & _TABLE.c.stage.in_(stage_table.KEPT))


def with_a_life(session: Session) -> list[StoredRecommendation]:
    """What is advised now, and all that somebody has claimed, tried, adopted, taken back or dismissed."""
    return _read(session, _TABLE.c.current | _TABLE.c.stage.not_in(("active", "expired")))


def _read(session: Session, wanted: ColumnElement[bool]) -> list[StoredRecommendation]:
    rows = session.execute(select(_TABLE).where(wanted)).all()
    histories = stage_store.histories(session, [row.id for row in rows if row.version > 1])
    found = (_stored(row, stage_store.record(row.stage, histories.get(row.id, ()))) for row in rows)
    return sorted(found, key=lambda each: (-_low(each.figure), each.figure.id))


def find(session: Session, recommendation_id: str, project: str | None = None) -> StoredRecommendation:
    """One recommendation, current or not, with its history and frozen estimate.

    Raises NotFound, in the same words where it is not of the project asked for.
    """
    row = stage_store.row_of(session, recommendation_id, project)
    history = stage_store.histories(session, [row.id]).get(row.id, ())
    found, frozen = _stored(row, stage_store.record(row.stage, history)), stage_store.frozen(session, row.id)
    if frozen is None:
        return found
    return replace(found, frozen_at=clock.rfc3339(frozen.frozen_at), frozen=figure_of(frozen.document))


def figure_of(document: str) -> figures.RecommendationFigure:
    """A recommendation of its stored JSON."""
    return msgspec.json.decode(document, type=figures.RecommendationFigure)


def _stored(row: Row[Any], record: StageRecord = UNTOUCHED) -> StoredRecommendation:
    figure = figure_of(row.detail)
    counted = figure.counted and row.current and row.stage in stage_table.OPEN
    return StoredRecommendation(
        row.stage, row.version, clock.rfc3339(row.computed_at), replace(figure, counted=counted), record
    )


def _low(each: figures.RecommendationFigure) -> int:
    return money.femto_usd(each.saving_month.low_usd) if each.saving_month else 0
