"""Stages as rows: the append-only history, and the one way to change a stage.

The caller owns the transaction.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Row, func, select, update
from sqlmodel import Session

from advisor.stages import change_requests, refusals, transitions
from advisor.stages.change_requests import ChangeRequest
from advisor.stages.records import UNTOUCHED, ChangeRecord, StageRecord
from advisor.stages.transitions import Action, Change, Stage
from ledger import clock, tables
from ledger.errors import NotAllowed, NotFound

_RECOMMENDATION = tables.RECOMMENDATION
_CHANGE = tables.STAGE_CHANGE
_FIELDS = tuple(Change.__dataclass_fields__)
SYSTEM = "switchwise"
"""The author of a change that happened by itself."""


@dataclass(frozen=True, slots=True)
class FrozenEstimate:
    """A recommendation's JSON as it was stored with a change of stage."""

    frozen_at: int
    document: str


def load_row(session: Session, recommendation_id: str, project: str | None = None) -> Row[Any]:
    """A recommendation's row.

    Raises NotFound for an unknown id and, in the same words, for one of another project.
    """
    # PostgreSQL takes no text with a NUL in it, and no id has one.
    id = recommendation_id if recommendation_id.isprintable() else ""
    row = session.execute(select(_RECOMMENDATION).where(_RECOMMENDATION.c.id == id)).first()
    if row is None or project not in (None, row.project):
        raise NotFound(
            f"no recommendation {recommendation_id[:64]!r}; list them with: switchwise advise"
        )
    return row


def change(
    session: Session,
    recommendation_id: str,
    request: ChangeRequest,
    now_us: int,
    *,
    project: str | None = None,
) -> tuple[Stage, int]:
    """Change a stage and write the change down; the new stage and version.

    Raises NotFound, UsageError for a request that is not complete, and NotAllowed where the stage
    does not allow it or the recommendation has changed since the version that the caller saw. Of
    several at once exactly one succeeds.
    """
    request = change_requests.complete(request, clock.day_of(now_us))
    row = load_row(session, recommendation_id, project)
    stage = cast(Stage, row.stage)
    target = transitions.after(stage, request.action)
    if target is None or request.version not in (None, row.version):
        raise NotAllowed(_refusal(session, row, request))
    version = row.version + 1
    is_unchanged = (_RECOMMENDATION.c.id == row.id) & (_RECOMMENDATION.c.version == row.version)
    moved = update(_RECOMMENDATION).where(is_unchanged).values(stage=target, version=version)
    if session.execute(moved.returning(_RECOMMENDATION.c.id)).first() is None:
        raise NotAllowed(_refusal(session, load_row(session, recommendation_id, project), request))
    new_change = Change(
        version=version,
        action=request.action,
        from_stage=stage,
        to_stage=target,
        made_by=request.by,
        made_at=now_us,
        key_id=request.key_id,
        share=request.share,
        until_day=request.until_day,
        note=request.note,
        hold_out=request.hold_out,
    )
    columns = {name: getattr(new_change, name) for name in _FIELDS}
    estimate = row.detail if request.action in transitions.FREEZING else None
    session.execute(_CHANGE.insert().values(recommendation_id=row.id, estimate=estimate, **columns))
    return target, version


def _refusal(session: Session, row: Row[Any], request: ChangeRequest) -> str:
    history = load_histories(session, [row.id]).get(row.id, ())
    return refusals.sentence(request, row.id, stage=row.stage, version=row.version, history=history)


def load_histories(session: Session, ids: Collection[str] | None = None) -> dict[str, list[Change]]:
    """The changes of these recommendations, or of all, oldest first; one without any is absent."""
    query = select(_CHANGE.c.recommendation_id, *(_CHANGE.c[name] for name in _FIELDS))
    if ids is not None:
        query = query.where(_CHANGE.c.recommendation_id.in_(list(ids)))
    histories: dict[str, list[Change]] = {}
    for row in session.execute(query.order_by(_CHANGE.c.recommendation_id, _CHANGE.c.version)):
        history = histories.setdefault(row.recommendation_id, [])
        history.append(Change(**{name: getattr(row, name) for name in _FIELDS}))
    return histories


def load_frozen(
    session: Session, recommendation_id: str, action: Action = "claim"
) -> FrozenEstimate | None:
    """The estimate stored with the latest claim, or with the adoption; None where there is none."""
    column = _CHANGE.c
    query = (
        select(column.made_at, column.estimate)
        .where(column.recommendation_id == recommendation_id, column.action == action)
        .order_by(column.version.desc())
        .limit(1)
    )
    row = session.execute(query).first()
    return None if row is None else FrozenEstimate(row.made_at, row.estimate)


def load_estimates(session: Session) -> dict[str, dict[str, str]]:
    """The JSON that was frozen last, by recommendation and action."""
    rows = session.execute(
        select(_CHANGE.c.recommendation_id, _CHANGE.c.action, _CHANGE.c.estimate)
        .where(_CHANGE.c.estimate.is_not(None))
        .order_by(_CHANGE.c.version)
    )
    documents: dict[str, dict[str, str]] = {}
    for recommendation_id, action, estimate in rows:
        documents.setdefault(recommendation_id, {})[action] = estimate
    return documents


def record_of(stage: str, history: Sequence[Change]) -> StageRecord:
    """What every face shows of a history."""
    if not history:
        return UNTOUCHED
    has_owner = stage in (*transitions.IN_HAND, "rolled_back")
    claim = transitions.current_claim(history) if has_owner else None
    pilot = transitions.last_of(history, "pilot") if stage == "piloting" else None
    dismissal = transitions.last_of(history, "dismiss") if stage == "dismissed" else None
    sharing = pilot or claim
    return StageRecord(
        owner=claim.made_by if claim else None,
        since=clock.rfc3339(history[-1].made_at),
        share=sharing.share if sharing else None,
        until=_date(dismissal.until_day if dismissal else None),
        history=tuple(_record(change) for change in history),
    )


def _record(change: Change) -> ChangeRecord:
    return ChangeRecord(
        version=change.version,
        action=change.action,
        from_stage=change.from_stage,
        to_stage=change.to_stage,
        by=change.made_by,
        at=clock.rfc3339(change.made_at),
        share=change.share,
        until=_date(change.until_day),
        note=change.note,
        hold_out=change.hold_out,
    )


def _date(day: int | None) -> str | None:
    return None if day is None else clock.date_of(day).isoformat()


def find_ids(session: Session, stages: Iterable[Stage]) -> frozenset[str]:
    """The recommendations that stand at any of these stages."""
    query = select(_RECOMMENDATION.c.id).where(_RECOMMENDATION.c.stage.in_(list(stages)))
    return frozenset(session.execute(query).scalars())


def count(session: Session) -> dict[tuple[str, str], int]:
    """How many recommendations there are by decision and stage, with those not advised any more."""
    by = (_RECOMMENDATION.c.decision, _RECOMMENDATION.c.stage)
    rows = session.execute(select(*by, func.count()).group_by(*by))
    return {(decision, stage): number for decision, stage, number in rows}


def revision(session: Session) -> int:
    """A number that rises with every change of any stage."""
    return int(session.execute(select(func.count()).select_from(_CHANGE)).scalar_one())


_BY_ITSELF: dict[str, tuple[Action, str]] = {
    "active": (
        "expire",
        (
            "it is not advised any more: its traffic, price or pair is gone, or another target is"
            " better"
        ),
    ),
    "expired": ("return", "it is advised again"),
    "dismissed": ("undismiss", "the dismissal has ended"),
    "adopted": ("measure", "a realised saving is known"),
}
"""By stage, the change that happens without people, and the note in its history."""


def make_due_changes(session: Session, measured: Collection[str], now_us: int) -> None:
    """Make the changes that happen by themselves, after the advice was written.

    What is not advised any more expires, what is advised again returns, a dismissal ends on its
    day, and an adoption with a realised figure (`measured`, by id) is measured.
    """
    column = _RECOMMENDATION.c
    is_advised = column.current | (column.follows != "")
    is_due = (
        ((column.stage == "active") & ~is_advised)
        | ((column.stage == "expired") & is_advised)
        | (column.stage == "dismissed")
        | ((column.stage == "adopted") & column.id.in_(list(measured)))
    )
    query = select(column.id, column.stage, column.version).where(is_due).order_by(column.id)
    rows = session.execute(query).all()
    dismissed_ids = [row.id for row in rows if row.stage == "dismissed"]
    ended_ids = {
        recommendation_id
        for recommendation_id, history in load_histories(session, dismissed_ids).items()
        if transitions.stage_at(history, now_us) == "active"
    }
    for row in rows:
        if row.stage == "dismissed" and row.id not in ended_ids:
            continue
        action, note = _BY_ITSELF[row.stage]
        request = ChangeRequest(action=action, by=SYSTEM, version=row.version, note=note)
        with suppress(NotAllowed):  # somebody was faster: the next run looks again
            change(session, row.id, request, now_us)
