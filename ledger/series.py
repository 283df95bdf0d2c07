"""Interning label sets: each stored once, and folded into `other` beyond the limits on how many names are kept."""

from collections.abc import Collection, Iterable
from hashlib import blake2b

import msgspec
from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from ledger import events, tables
from ledger.events import Labels

MAX_UNPRICED_NAMES = 1_000
FOLD_ORDER = ("key", "request_model", "workload", "project")
"""The names that a new label set gives up beyond the limit, all of them; never provider, model or tier."""

_TABLE = tables.metadata.tables["series"]


def digest_of(labels: Labels) -> bytes:
    """The 16-byte name of a label set (packed as a list, so no two sets share one by joining)."""
    return blake2b(msgspec.msgpack.encode(msgspec.structs.astuple(labels)), digest_size=16).digest()


def intern(session: Session, label_sets: Iterable[Labels], max_series: int) -> dict[Labels, int]:
    """The series id of each label set; new sets are stored, in label order so that concurrent writers cannot deadlock."""
    digests = {labels: digest_of(labels) for labels in label_sets}
    known = _known(session, digests.values())
    missing = sorted(labels for labels, digest in digests.items() if digest not in known)
    if missing:
        stored = {labels: labels for labels in missing}
        room = max_series - _count(session)
        for labels in missing[max(room, 0) :]:
            stored[labels] = folded(labels)
        _insert(session, sorted(set(stored.values())), folded_sets={stored[m] for m in missing if stored[m] != m})
        digests |= {labels: digest_of(kept) for labels, kept in stored.items()}
        known = _known(session, digests.values())
    return {labels: known[digest] for labels, digest in digests.items()}


def folded(labels: Labels) -> Labels:
    """The label set with the names it gives up replaced by `other`."""
    return msgspec.structs.replace(labels, **dict.fromkeys(FOLD_ORDER, events.OTHER))


def _known(session: Session, digests: Collection[bytes]) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    wanted = list(set(digests))
    for start in range(0, len(wanted), 500):
        rows = session.execute(
            select(_TABLE.c.digest, _TABLE.c.id).where(_TABLE.c.digest.in_(wanted[start : start + 500]))
        )
        found |= {bytes(digest): series_id for digest, series_id in rows}
    return found


def _count(session: Session) -> int:
    return int(session.execute(select(func.count()).select_from(_TABLE)).scalar_one())


def _insert(session: Session, label_sets: list[Labels], folded_sets: set[Labels]) -> None:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(_TABLE).on_conflict_do_nothing(index_elements=["digest"])
    rows = [
        {**msgspec.structs.asdict(labels), "digest": digest_of(labels), "folded": labels in folded_sets}
        for labels in label_sets
    ]
    session.execute(statement, rows)
