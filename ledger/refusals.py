"""What was refused at the door: counted by UTC day, namespace and reason. Never commits.

A refused element is in no sum of the ledger, so each month names how many there were. Its day is
that of its own time where that could be read, else that of its arrival.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from ledger import clock, events, slots, tables
from ledger.events import Event
from ledger.months import Month
from ledger.refusal_reasons import RefusalReason

DIGEST_BYTES = 10
REMEMBERED = 1_000
"""Elements of a day, namespace and reason that are told from a re-send; later ones all count."""

_TABLE = tables.REFUSED_ELEMENTS
_GROUP = (_TABLE.c.namespace, _TABLE.c.reason)
_COUNTS = ("requests", "readable_requests", "input_tokens", "output_tokens")
_NOON = 12 * slots.PER_HOUR


class RefusedElement(msgspec.Struct, frozen=True, kw_only=True):
    """One refused element.

    `digest` tells a re-send; empty where the element cannot be recognised, and then each one
    counts. The counts are those that the sender named, None where they could not be read.
    """

    day: int
    namespace: str
    reason: str
    sentence: str
    digest: bytes
    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedSum:
    """The refused elements of some days under one reason; tokens of the readable ones only."""

    namespace: str
    reason: str
    sentence: str
    requests: int
    readable_requests: int
    input_tokens: int
    output_tokens: int


def digest_of(*parts: bytes) -> bytes:
    """The hash that recognises an element."""
    return blake2b(b"\0".join(parts), digest_size=DIGEST_BYTES).digest()


def of_event(event: Event, reason: RefusalReason, sentence: str, now_us: int) -> RefusedElement:
    """The refusal of an element that could be read. Another content counts as another one."""
    fingerprint = events.fingerprint_of(event).to_bytes(8, "big")
    return RefusedElement(
        day=day_of(event.occurred_at, now_us),
        namespace=event.labels.namespace,
        reason=reason,
        sentence=sentence,
        digest=digest_of(events.key_of(event), fingerprint),
        input_tokens=event.input_tokens,
        output_tokens=event.output_tokens,
    )


def day_of(occurred_at: int | None, now_us: int) -> int:
    """The UTC day that a refusal counts in: of the element's time, if that is one to believe."""
    today = now_us // clock.DAY_US
    if occurred_at is None or occurred_at < events.EARLIEST_US:
        return today
    day = occurred_at // clock.DAY_US
    return day if day <= today + 1 else today


def add(session: Session, refusals: Iterable[RefusedElement]) -> None:
    """Count refusals, each once where it can be recognised. The caller owns the transaction."""
    groups: dict[tuple[int, str, str], list[RefusedElement]] = {}
    for refusal in refusals:
        groups.setdefault((refusal.day, refusal.namespace, refusal.reason), []).append(refusal)
    # In one order, so that two writers cannot wait for each other.
    for key in sorted(groups):
        _add_group(session, key, groups[key])


def _add_group(
    session: Session, key: tuple[int, str, str], group: Sequence[RefusedElement]
) -> None:
    day, namespace, reason = key
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(
        insert(_TABLE)
        .values(
            day=day,
            namespace=namespace,
            reason=reason,
            sentence=group[0].sentence,
            digests=b"",
            **dict.fromkeys(_COUNTS, 0),
        )
        .on_conflict_do_nothing()
    )
    is_row = (_TABLE.c.day == day) & (_TABLE.c.namespace == namespace) & (_TABLE.c.reason == reason)
    digests = bytes(
        session.execute(select(_TABLE.c.digests).where(is_row).with_for_update()).scalar_one()
    )
    new, digests = _unrepeated(group, digests)
    if not new:
        return
    readable = [refusal for refusal in new if _is_readable(refusal)]
    columns = _TABLE.c
    session.execute(
        update(_TABLE)
        .where(is_row)
        .values(
            requests=columns.requests + len(new),
            readable_requests=columns.readable_requests + len(readable),
            input_tokens=columns.input_tokens + sum(row.input_tokens or 0 for row in readable),
            output_tokens=columns.output_tokens + sum(row.output_tokens or 0 for row in readable),
            digests=digests,
        )
    )


def _unrepeated(
    group: Sequence[RefusedElement], digests: bytes
) -> tuple[list[RefusedElement], bytes]:
    """The refusals that these digests do not hold yet, and the digests with theirs."""
    remembered = {
        digests[start : start + DIGEST_BYTES] for start in range(0, len(digests), DIGEST_BYTES)
    }
    new: list[RefusedElement] = []
    for refusal in group:
        if refusal.digest in remembered:
            continue
        new.append(refusal)
        if refusal.digest and len(remembered) < REMEMBERED:
            remembered.add(refusal.digest)
            digests += refusal.digest
    return new, digests


def _is_readable(refusal: RefusedElement) -> bool:
    return refusal.input_tokens is not None or refusal.output_tokens is not None


def list_month(session: Session, month: Month) -> list[RefusedSum]:
    """What was refused of a month, by namespace and reason.

    A UTC day counts in the month that holds its noon.
    """
    table = _TABLE.c
    first_day, end_day = _day_after_noon(month.slots.start), _day_after_noon(month.slots.stop)
    sums = [func.sum(table[name]).label(name) for name in _COUNTS]
    rows = session.execute(
        select(*_GROUP, func.min(table.sentence).label("sentence"), *sums)
        .where(table.day >= first_day, table.day < end_day)
        .group_by(*_GROUP)
        .order_by(*_GROUP)
    ).mappings()
    return [
        RefusedSum(
            namespace=row["namespace"],
            reason=row["reason"],
            sentence=row["sentence"],
            **{name: int(row[name]) for name in _COUNTS},
        )
        for row in rows
    ]


def _day_after_noon(slot: int) -> int:
    """The first UTC day whose noon is not before a slot."""
    return -((_NOON - slot) // slots.PER_DAY)
