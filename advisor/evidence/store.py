"""Comparisons as they are stored: each once, never changed, withdrawn with a reason where one was a mistake."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from hashlib import blake2b
from typing import Any

import msgspec
from sqlalchemy import Row, func, insert, select, update
from sqlmodel import Session

from advisor.evidence import result
from advisor.evidence.items import Item
from advisor.evidence.judge import Labels
from advisor.evidence.result import Gate, Result
from ledger import clock, money, tables
from ledger.errors import NotAllowed, NotFound

_SET = tables.EVIDENCE_SET
_ITEM = tables.EVIDENCE_ITEM
_CHUNK = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Paired results of two models on one workload, and how they came about. Models are named as given."""

    project: str
    workload: str
    from_model: str
    to_model: str
    gate: Gate
    measured_day: int
    source: str
    items: tuple[Item, ...]
    judge: str | None = None
    labels: Labels | None = None
    left_out: int = 0

    @property
    def id(self) -> str:
        """Hash of what was compared and what came out: the same whatever order the items are in."""
        about = replace(self, items=(), source="")
        document = repr((about, sorted(map(repr, self.items))))
        return blake2b(document.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSet:
    """A stored comparison with its result, without its items."""

    id: str
    project: str
    workload: str
    from_model: str
    to_model: str
    gate: Gate
    measured_day: int
    imported_at: int
    imported_by: str
    source: str
    judge: str | None
    labels: Labels | None
    left_out: int
    result: Result
    withdrawn_at: int | None
    withdrawn_note: str | None


def add(session: Session, comparison: Comparison, by: str, now_us: int) -> tuple[StoredSet, bool]:
    """Store a comparison and what it says; a tuple of it and whether it is new. The same one twice is stored once."""
    held = session.execute(select(_SET).where(_SET.c.id == comparison.id)).first()
    if held is not None:
        return _stored(held), False
    found = result.of(comparison.items, comparison.gate, comparison.labels)
    row = {
        "id": comparison.id,
        "project": comparison.project,
        "workload": comparison.workload,
        "from_model": comparison.from_model,
        "to_model": comparison.to_model,
        "rule": comparison.gate.rule,
        "threshold": _text(comparison.gate.threshold),
        "measured_day": comparison.measured_day,
        "imported_at": now_us,
        "imported_by": by,
        "source": comparison.source,
        "judge": comparison.judge,
        "judge_labels": msgspec.json.encode(comparison.labels).decode()
        if comparison.labels
        else None,
        "left_out": comparison.left_out,
        "result": msgspec.json.encode(found, enc_hook=_encoded).decode(),
    }
    session.execute(insert(_SET), [row])
    rows = [{"set_id": comparison.id, **asdict(item)} for item in comparison.items]
    for start in range(0, len(rows), _CHUNK):
        session.execute(insert(_ITEM), rows[start : start + _CHUNK])
    return read_one(session, comparison.id), True


def read(session: Session, project: str | None = None) -> list[StoredSet]:
    """Every comparison, the one that was measured last first; those of one project if named."""
    wanted = select(_SET).order_by(_SET.c.measured_day.desc(), _SET.c.imported_at.desc(), _SET.c.id)
    if project is not None:
        wanted = wanted.where(_SET.c.project == project)
    return [_stored(row) for row in session.execute(wanted)]


def read_one(session: Session, set_id: str, project: str | None = None) -> StoredSet:
    """One comparison. Raises NotFound, in the same words where it is not of the project asked for."""
    row = session.execute(
        select(_SET).where(_SET.c.id == (set_id if set_id.isprintable() else ""))
    ).first()
    if row is None or project not in (None, row.project):
        raise NotFound(f"no evidence {set_id[:64]!r}; list it with: switchwise evidence list")
    return _stored(row)


def items_of(session: Session, set_id: str) -> list[Item]:
    """The items of a comparison, in no order that means anything."""
    columns = [column for column in _ITEM.c if column.name != "set_id"]
    rows = session.execute(select(*columns).where(_ITEM.c.set_id == set_id))
    return [Item(**row._mapping) for row in rows]


def withdraw(
    session: Session, set_id: str, note: str, now_us: int, project: str | None = None
) -> StoredSet:
    """Take a comparison back, with the reason: it stays listed and counts no more. Raises NotAllowed where it is already."""
    held = read_one(session, set_id, project)
    if held.withdrawn_at is not None:
        raise NotAllowed(
            f"evidence {set_id} was withdrawn on {clock.rfc3339(held.withdrawn_at)[:10]} already"
        )
    session.execute(
        update(_SET).where(_SET.c.id == set_id).values(withdrawn_at=now_us, withdrawn_note=note)
    )
    return replace(held, withdrawn_at=now_us, withdrawn_note=note)


def revision(session: Session) -> tuple[int, int]:
    """What changes with every comparison that is stored or withdrawn."""
    counted = select(func.count(_SET.c.id), func.count(_SET.c.withdrawn_at))
    stored, withdrawn = session.execute(counted).one()
    return int(stored), int(withdrawn)


def current(found: Iterable[StoredSet]) -> list[StoredSet]:
    """Those that were not withdrawn, in the order given."""
    return [each for each in found if each.withdrawn_at is None]


def _stored(row: Row[Any]) -> StoredSet:
    labels = msgspec.json.decode(row.judge_labels, type=Labels) if row.judge_labels else None
    return StoredSet(
        id=row.id,
        project=row.project,
        workload=row.workload,
        from_model=row.from_model,
        to_model=row.to_model,
        gate=Gate(row.rule, Fraction(row.threshold)),
        measured_day=row.measured_day,
        imported_at=row.imported_at,
        imported_by=row.imported_by,
        source=row.source,
        judge=row.judge,
        labels=labels,
        left_out=row.left_out,
        result=msgspec.json.decode(row.result, type=Result, dec_hook=_decoded),
        withdrawn_at=row.withdrawn_at,
        withdrawn_note=row.withdrawn_note,
    )


def _text(value: Fraction) -> str:
    return money.text(money.usd(int(value * money.FEMTO_PER_USD)))


def _encoded(value: Any) -> str:
    if isinstance(value, Fraction):
        return str(value)
    raise NotImplementedError(type(value))


def _decoded(kind: type, value: Any) -> Any:
    if kind is Fraction:
        return Fraction(value)
    raise NotImplementedError(kind)
