"""Stages as rows: the append-only history, and the one way to change a stage. The caller owns the transaction."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Row, func, select, update
from sqlmodel import Session

from advisor.stages import table
from advisor.stages.records import UNTOUCHED, ChangeRecord, StageRecord
from advisor.stages.table import Action, Change, Stage
from advisor.stages.wishes import Wish, checked
from ledger import clock, prose, tables
from ledger.errors import NotAllowed, NotFound

_RECOMMENDATION = tables.RECOMMENDATION
_CHANGE = tables.STAGE_CHANGE
_FIELDS = tuple(Change.__dataclass_fields__)
SYSTEM = "switchwise"
"""Who made a change that figures or the calendar brought about."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """An estimate as it was stored with a change of stage: the JSON of a recommendation."""

    frozen_at: int
    document: str


def row_of(session: Session, recommendation_id: str, project: str | None = None) -> Row[Any]:
    """A recommendation's row. Raises NotFound, in the same words where it is not of the project asked for."""
    # PostgreSQL takes no text with a NUL in it, and no id has one.
    named = _RECOMMENDATION.c.id == (recommendation_id if recommendation_id.isprintable() else "")
    row = session.execute(select(_RECOMMENDATION).where(named)).first()
    if row is None or project not in (None, row.project):
        raise NotFound(
            f"no recommendation {recommendation_id[:64]!r}; list them with: switchwise advise"
        )
    return row


def change(
    session: Session, recommendation_id: str, wish: Wish, now_us: int, project: str | None = None
) -> tuple[Stage, int]:
    """Change a stage and write the change down; the new stage and version.

    Raises NotFound, UsageError for a wish that is not well said, and NotAllowed where the stage does not allow it or the
    recommendation has changed since the version that the caller saw. Of several at once exactly one succeeds.
    """
    wanted = checked(wish, clock.day_of(now_us))
    row = row_of(session, recommendation_id, project)
    stage = cast(Stage, row.stage)
    target = table.after(stage, wanted.action)
    if target is None or wanted.version not in (None, row.version):
        raise NotAllowed(_refusal(session, row, wanted))
    version = row.version + 1
    free = (_RECOMMENDATION.c.id == row.id) & (_RECOMMENDATION.c.version == row.version)
    taken = update(_RECOMMENDATION).where(free).values(stage=target, version=version)
    if session.execute(taken.returning(_RECOMMENDATION.c.id)).first() is None:
        raise NotAllowed(_refusal(session, row_of(session, recommendation_id, project), wanted))
    made = Change(
        version,
        wanted.action,
        stage,
        target,
        wanted.by,
        now_us,
        wanted.key_id,
        wanted.share,
        wanted.until_day,
        wanted.note,
        wanted.hold_out,
    )
    values = {name: getattr(made, name) for name in _FIELDS}
    estimate = row.detail if wanted.action in table.FREEZING else None
    session.execute(_CHANGE.insert().values(recommendation_id=row.id, estimate=estimate, **values))
    return target, version


def _refusal(session: Session, row: Row[Any], wish: Wish) -> str:
    """Why not, how it stands, and what can be done."""
    claim = table.holding_claim(histories(session, [row.id]).get(row.id, ()))
    held = f" by {claim.made_by}" if claim and row.stage in table.KEPT else ""
    stands = (
        f"recommendation {row.id} is {row.stage.replace('_', ' ')}{held} at version {row.version}"
    )
    if wish.version not in (None, row.version):
        return (
            f"{stands}, not {wish.version} any more; look again with: switchwise explain {row.id}"
        )
    can = [
        f"switchwise {action} {row.id}" for action in table.open_to_people(cast(Stage, row.stage))
    ]
    return f"{stands}, so it takes no {wish.action}; what it takes: {prose.one_of(can) or 'nothing more'}"


def histories(session: Session, ids: Collection[str] | None = None) -> dict[str, list[Change]]:
    """The changes of these recommendations, or of all, oldest first; one without changes is absent."""
    wanted = select(_CHANGE.c.recommendation_id, *(_CHANGE.c[name] for name in _FIELDS))
    if ids is not None:
        wanted = wanted.where(_CHANGE.c.recommendation_id.in_(list(ids)))
    found: dict[str, list[Change]] = {}
    for recommendation_id, *values in session.execute(
        wanted.order_by(_CHANGE.c.recommendation_id, _CHANGE.c.version)
    ):
        found.setdefault(recommendation_id, []).append(Change(*values))
    return found


def frozen(session: Session, recommendation_id: str, action: Action = "claim") -> Frozen | None:
    """The estimate stored with the latest claim, or with the adoption; None where there is none."""
    chosen = (_CHANGE.c.recommendation_id == recommendation_id) & (_CHANGE.c.action == action)
    latest = (
        select(_CHANGE.c.made_at, _CHANGE.c.estimate)
        .where(chosen)
        .order_by(_CHANGE.c.version.desc())
    )
    row = session.execute(latest.limit(1)).first()
    return None if row is None else Frozen(row.made_at, row.estimate)


def estimates(session: Session) -> dict[str, dict[str, str]]:
    """The JSON that was frozen last, by recommendation and action."""
    rows = session.execute(
        select(_CHANGE.c.recommendation_id, _CHANGE.c.action, _CHANGE.c.estimate)
        .where(_CHANGE.c.estimate.is_not(None))
        .order_by(_CHANGE.c.version)
    )
    found: dict[str, dict[str, str]] = {}
    for recommendation_id, action, estimate in rows:
        found.setdefault(recommendation_id, {})[action] = estimate
    return found


def record(stage: str, history: Sequence[Change]) -> StageRecord:
    """What faces show of a history."""
    if not history:
        return UNTOUCHED
    claim = table.holding_claim(history) if stage in (*table.KEPT, "rolled_back") else None
    shared = table.last_of(history, "pilot") if stage == "piloting" else claim
    ends = table.last_of(history, "dismiss") if stage == "dismissed" else None
    return StageRecord(
        owner=claim.made_by if claim else None,
        since=clock.rfc3339(history[-1].made_at),
        share=shared.share if shared else None,
        until=_date(ends.until_day if ends else None),
        history=tuple(_shown(each) for each in history),
    )


def _shown(made: Change) -> ChangeRecord:
    return ChangeRecord(
        version=made.version,
        action=made.action,
        from_stage=made.from_stage,
        to_stage=made.to_stage,
        by=made.made_by,
        at=clock.rfc3339(made.made_at),
        share=made.share,
        until=_date(made.until_day),
        note=made.note,
        hold_out=made.hold_out,
    )


def _date(day: int | None) -> str | None:
    return None if day is None else clock.date_of(day).isoformat()


def ids_in(session: Session, stages: Iterable[Stage]) -> frozenset[str]:
    """The recommendations that stand at any of these stages."""
    chosen = select(_RECOMMENDATION.c.id).where(_RECOMMENDATION.c.stage.in_(list(stages)))
    return frozenset(session.execute(chosen).scalars())


def counts(session: Session) -> dict[tuple[str, str], int]:
    """How many recommendations there are by decision and stage, those that are not advised any more too."""
    by = (_RECOMMENDATION.c.decision, _RECOMMENDATION.c.stage)
    rows = session.execute(select(*by, func.count()).group_by(*by))
    return {(decision, stage): count for decision, stage, count in rows}


def revision(session: Session) -> int:
    """A number that rises with every change of any stage."""
    return int(session.execute(select(func.count()).select_from(_CHANGE)).scalar_one())


def follow(session: Session, measured: Collection[str], now_us: int) -> None:
    """Bring about the changes that nobody asks for, after the advice was written.

    What is no longer advised expires, what is advised again returns, a dismissal ends on its day, and an adoption that has
    a realised figure is measured.
    """
    column = _RECOMMENDATION.c
    moving = (
        ((column.stage == "active") & ~column.current)
        | ((column.stage == "expired") & column.current)
        | (column.stage == "dismissed")
        | ((column.stage == "adopted") & column.id.in_(list(measured)))
    )
    rows = session.execute(
        select(column.id, column.stage, column.version).where(moving).order_by(column.id)
    ).all()
    ended = {
        recommendation_id
        for recommendation_id, history in histories(
            session, [row.id for row in rows if row.stage == "dismissed"]
        ).items()
        if table.stage_at(history, now_us) == "active"
    }
    told: dict[str, tuple[Action, str]] = {
        "active": (
            "expire",
            "it is not advised any more: its traffic, price or pair is gone, or another target is better",
        ),
        "expired": ("return", "it is advised again"),
        "dismissed": ("undismiss", "the dismissal has ended"),
        "adopted": ("measure", "a realised saving is known"),
    }
    for row in rows:
        action, note = told[row.stage]
        if row.stage != "dismissed" or row.id in ended:
            with suppress(NotAllowed):  # somebody was faster: the next run looks again
                change(
                    session,
                    row.id,
                    Wish(action=action, by=SYSTEM, version=row.version, note=note),
                    now_us,
                )
