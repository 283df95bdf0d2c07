"""Recommendations as rows: written with their stage, and read back with their history."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update
from sqlmodel import Session

from advisor.advice import values
from advisor.advice.values import Recommendation
from advisor.stages import store as stage_store
from advisor.stages import transitions
from advisor.stages.records import UNTOUCHED, StageRecord
from advisor.stages.stored_recommendation import StoredRecommendation
from ledger import rollups, tables

_TABLE = tables.RECOMMENDATION


def write(session: Session, recommendations: Sequence[Recommendation], now_us: int) -> None:
    """Make these the current recommendations.

    A stage that people set stays. What is not advised any more stays too, but not as current.
    """
    session.execute(update(_TABLE).values(current=False, follows=""))
    rows = [_row(recommendation, now_us) for recommendation in recommendations]
    rows += [
        _row(recommendation.next_step, now_us, follows=recommendation.id)
        for recommendation in recommendations
        if recommendation.next_step is not None
    ]
    rollups.upsert(
        session,
        _TABLE,
        ("id",),
        rows,
        replaced=("decision", "reason", "current", "follows", "computed_at", "detail"),
    )


def _row(recommendation: Recommendation, now_us: int, *, follows: str = "") -> dict[str, Any]:
    """A recommendation's row; a next step is not current, but can be explained and claimed."""
    return {
        "id": recommendation.id,
        "provider": recommendation.provider,
        "project": recommendation.project,
        "workload": recommendation.workload,
        "from_model": recommendation.from_model,
        "to_model": recommendation.to_model,
        "to_service_tier": recommendation.to_service_tier or "",
        "decision": recommendation.decision.kind,
        "reason": recommendation.decision.reason,
        "stage": "active",
        "version": 1,
        "current": not follows,
        "follows": follows,
        "computed_at": now_us,
        "detail": values.encode(recommendation),
    }


def read_current(session: Session) -> list[StoredRecommendation]:
    """The current recommendations, the best low end first.

    What people have dismissed or adopted does not count in totals any more.
    """
    return _read(session, _TABLE.c.current)


def read_in_hand(session: Session) -> list[StoredRecommendation]:
    """What people have in hand and is not advised any more, as it was last advised."""
    return _read(session, ~_TABLE.c.current & _TABLE.c.stage.in_(transitions.IN_HAND))


def read_touched(session: Session) -> list[StoredRecommendation]:
    """What is advised now, and all that people have claimed, piloted, adopted or dismissed."""
    return _read(session, _TABLE.c.current | _TABLE.c.stage.not_in(("active", "expired")))


def _read(session: Session, where: ColumnElement[bool]) -> list[StoredRecommendation]:
    rows = session.execute(select(_TABLE).where(where)).all()
    histories = stage_store.load_histories(session, [row.id for row in rows if row.version > 1])
    records = (stage_store.record_of(row.stage, histories.get(row.id, ())) for row in rows)
    return sorted(
        map(_stored, rows, records), key=lambda stored: values.rank(stored.recommendation)
    )


def find(
    session: Session, recommendation_id: str, project: str | None = None
) -> StoredRecommendation:
    """One recommendation, current or not, with its history and frozen estimate.

    Raises NotFound for an unknown id and, in the same words, for one of another project.
    """
    row = stage_store.load_row(session, recommendation_id, project)
    history = stage_store.load_histories(session, [row.id]).get(row.id, ())
    stored_recommendation = _stored(row, stage_store.record_of(row.stage, history))
    frozen = stage_store.load_frozen(session, row.id)
    if frozen is None:
        return stored_recommendation
    return replace(
        stored_recommendation,
        frozen_at_us=frozen.frozen_at,
        frozen=values.decode(frozen.document),
    )


def _stored(row: Row[Any], record: StageRecord = UNTOUCHED) -> StoredRecommendation:
    is_open = row.current and row.stage in transitions.OPEN
    return StoredRecommendation(
        stage=row.stage,
        version=row.version,
        computed_at_us=row.computed_at,
        recommendation=replace(values.decode(row.detail), set_aside=not is_open),
        record=record,
    )


def find_in_hand_ids(session: Session) -> frozenset[str]:
    """The recommendations whose target stays the chosen one, because people have them in hand."""
    return stage_store.find_ids(session, transitions.IN_HAND)


def find_dismissed_ids(session: Session) -> frozenset[str]:
    """The recommendations that people do not want to hear of."""
    return stage_store.find_ids(session, ("dismissed",))
