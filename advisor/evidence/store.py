"""Comparisons in the database: each stored once, never changed, withdrawn with a reason."""

from dataclasses import asdict, replace
from fractions import Fraction
from typing import Any

import msgspec
from sqlalchemy import Row, func, insert, select, update
from sqlmodel import Session

from advisor.evidence import comparisons, evaluation
from advisor.evidence.comparisons import Comparison, StoredComparison
from advisor.evidence.evaluation import Evaluation
from advisor.evidence.gates import QualityGate
from advisor.evidence.items import Item
from advisor.evidence.judge import JudgeLabels
from ledger import clock, exact_json, money, tables
from ledger.errors import NotAllowed, NotFound

_SET = tables.EVIDENCE_SET
_ITEM = tables.EVIDENCE_ITEM
_ITEMS_PER_INSERT = 1_000


def add(
    session: Session, comparison: Comparison, by: str, now_us: int
) -> tuple[StoredComparison, bool]:
    """Store a comparison with its evaluation; what is stored, and whether it is new.

    The same comparison twice is stored once. Comparisons have different times of import, because
    the order of the looks counts: one of the same microsecond as another has a later one.
    """
    id = comparisons.key_of(comparison)
    row = session.execute(select(_SET).where(_SET.c.id == id)).first()
    if row is not None:
        return _from_row(row), False
    last_us = session.execute(select(func.max(_SET.c.imported_at))).scalar_one()
    imported_at = now_us if last_us is None else max(now_us, last_us + 1)
    session.execute(insert(_SET), [_set_row(comparison, id, by, imported_at)])
    item_rows = [{"set_id": id, **asdict(item)} for item in comparison.items]
    for start in range(0, len(item_rows), _ITEMS_PER_INSERT):
        session.execute(insert(_ITEM), item_rows[start : start + _ITEMS_PER_INSERT])
    return load_one(session, id), True


def load_all(session: Session, project: str | None = None) -> list[StoredComparison]:
    """Every comparison (of one project, if named), the one that was measured last first."""
    query = select(_SET).order_by(_SET.c.measured_day.desc(), _SET.c.imported_at.desc(), _SET.c.id)
    if project is not None:
        query = query.where(_SET.c.project == project)
    return [_from_row(row) for row in session.execute(query)]


def load_one(session: Session, id: str, project: str | None = None) -> StoredComparison:
    """One comparison. Raises NotFound, in the same words where it is not of `project`."""
    query = select(_SET).where(_SET.c.id == (id if id.isprintable() else ""))
    row = session.execute(query).first()
    if row is None or project not in (None, row.project):
        raise NotFound(f"no evidence {id[:64]!r}; list it with: switchwise evidence list")
    return _from_row(row)


def load_items(session: Session, id: str) -> list[Item]:
    """The items of a comparison, in no particular order."""
    columns = [column for column in _ITEM.c if column.name != "set_id"]
    rows = session.execute(select(*columns).where(_ITEM.c.set_id == id))
    return [Item(**row._mapping) for row in rows]


def withdraw(
    session: Session,
    id: str,
    note: str,
    now_us: int,
    *,
    by: str | None = None,
    project: str | None = None,
) -> StoredComparison:
    """Take a comparison back with a reason.

    Its answers count no more. It stays listed with its reason, and the look at it stays spent.
    Raises NotAllowed where it is withdrawn already, NotFound as `load_one` does.
    """
    comparison = load_one(session, id, project)
    if comparison.withdrawn_at is not None:
        day = clock.rfc3339(comparison.withdrawn_at)[:10]
        raise NotAllowed(f"evidence {id} was withdrawn on {day} already")
    withdrawn_at = max(now_us, comparison.imported_at + 1)
    session.execute(
        update(_SET)
        .where(_SET.c.id == id)
        .values(withdrawn_at=withdrawn_at, withdrawn_by=by, withdrawn_note=note)
    )
    return replace(comparison, withdrawn_at=withdrawn_at, withdrawn_by=by, withdrawn_note=note)


def revision(session: Session) -> tuple[int, int]:
    """A number pair that changes with every comparison that is stored or withdrawn."""
    query = select(func.count(_SET.c.id), func.count(_SET.c.withdrawn_at))
    comparison_count, withdrawal_count = session.execute(query).one()
    return int(comparison_count), int(withdrawal_count)


def _set_row(comparison: Comparison, id: str, by: str, now_us: int) -> dict[str, object]:
    labels = comparison.labels
    findings = evaluation.evaluate(comparison.items, comparison.gate, labels)
    return {
        "id": id,
        "project": comparison.project,
        "workload": comparison.workload,
        "from_model": comparison.from_model,
        "to_model": comparison.to_model,
        "rule": comparison.gate.rule,
        "threshold": money.ratio_text(comparison.gate.threshold),
        "measured_day": comparison.measured_day,
        "imported_at": now_us,
        "imported_by": by,
        "source": comparison.source,
        "judge": comparison.judge,
        "judge_labels": msgspec.json.encode(labels).decode() if labels else None,
        "left_out": comparison.left_out,
        "prompt_version": comparison.prompt_version,
        "result": msgspec.json.encode(findings, enc_hook=exact_json.encode_fraction).decode(),
    }


def _from_row(row: Row[Any]) -> StoredComparison:
    labels = row.judge_labels
    return StoredComparison(
        id=row.id,
        project=row.project,
        workload=row.workload,
        from_model=row.from_model,
        to_model=row.to_model,
        gate=QualityGate(row.rule, Fraction(row.threshold)),
        measured_day=row.measured_day,
        imported_at=row.imported_at,
        imported_by=row.imported_by,
        source=row.source,
        judge=row.judge,
        labels=msgspec.json.decode(labels, type=JudgeLabels) if labels else None,
        left_out=row.left_out,
        evaluation=msgspec.json.decode(
            row.result, type=Evaluation, dec_hook=exact_json.decode_fraction
        ),
        withdrawn_at=row.withdrawn_at,
        withdrawn_note=row.withdrawn_note,
        withdrawn_by=row.withdrawn_by,
        prompt_version=row.prompt_version,
    )
