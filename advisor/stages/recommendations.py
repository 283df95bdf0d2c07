"""Recommendations as rows: written with the stage that people set, and read back with their history."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, select, update
from sqlmodel import Session

from advisor.advice import figures as advice_figures
from advisor.advice.figures import RecommendationFigure
from advisor.stages import store as stage_store
from advisor.stages import table as stage_table
from advisor.stages.records import UNTOUCHED, StageRecord
from advisor.stages.stored import StoredRecommendation
from ledger import clock, rollups, tables

_TABLE = tables.RECOMMENDATION


_KEPT = ("provider", "project", "workload", "from_model", "to_model", "decision", "reason")


def write(session: Session, found: Sequence[RecommendationFigure], now_us: int) -> None:
    """Make the current recommendations these. A stage set by people stays; one that no longer applies is kept, not current."""
    session.execute(update(_TABLE).values(current=False))
    rows = [
        {
            "id": each.id,
            **{name: getattr(each, name) for name in _KEPT},
            "to_service_tier": each.to_service_tier or "",
            "stage": "active",
            "version": 1,
            "current": True,
            "computed_at": now_us,
            "detail": msgspec.json.encode(each).decode(),
        }
        for each in found
    ]
    rollups.upsert(
        session,
        _TABLE,
        ("id",),
        rows,
        replaced=("decision", "reason", "current", "computed_at", "detail"),
    )


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
    return sorted(
        found, key=lambda each: (-advice_figures.low_femto_usd(each.figure), each.figure.id)
    )


def find(
    session: Session, recommendation_id: str, project: str | None = None
) -> StoredRecommendation:
    """One recommendation, current or not, with its history and frozen estimate.

    Raises NotFound, in the same words where it is not of the project asked for.
    """
    row = stage_store.row_of(session, recommendation_id, project)
    history = stage_store.histories(session, [row.id]).get(row.id, ())
    found, frozen = (
        _stored(row, stage_store.record(row.stage, history)),
        stage_store.frozen(session, row.id),
    )
    if frozen is None:
        return found
    return replace(
        found, frozen_at=clock.rfc3339(frozen.frozen_at), frozen=figure_of(frozen.document)
    )


def figure_of(document: str) -> RecommendationFigure:
    """A recommendation of its stored JSON."""
    return msgspec.json.decode(document, type=RecommendationFigure)


def _stored(row: Row[Any], record: StageRecord = UNTOUCHED) -> StoredRecommendation:
    figure = figure_of(row.detail)
    counted = figure.counted and row.current and row.stage in stage_table.OPEN
    return StoredRecommendation(
        row.stage,
        row.version,
        clock.rfc3339(row.computed_at),
        replace(figure, counted=counted),
        record,
    )


def in_hand_ids(session: Session) -> frozenset[str]:
    """The recommendations whose target stays the chosen one: somebody has claimed, tries or has adopted it."""
    return stage_store.ids_in(session, stage_table.KEPT)
