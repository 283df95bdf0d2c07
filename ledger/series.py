"""Interned label sets: each is stored once, and folded into `other` beyond the limits on names."""

from collections.abc import Collection, Iterable, Mapping
from hashlib import blake2b

import msgspec
from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from ledger import events, tables
from ledger.events import Labels
from ledger.pricing import names, price_book

MAX_UNPRICED_NAMES = 1_000
"""Beyond so many unpriced model names, a request without tokens reads model `other`."""
FOLDED = ("key", "request_model", "workload", "project")
"""Labels that a new set gives up beyond the limit; never provider, model or tier."""

MAX_REMEMBERED = 20_000
"""Label sets a writer remembers before it starts again: hostile names must not fill memory."""

Ids = Mapping[Labels, int]

_TABLE = tables.SERIES


def digest_of(labels: Labels) -> bytes:
    """The 16-byte digest of a label set, packed as a list: no two sets share one by joining."""
    return blake2b(msgspec.msgpack.encode(msgspec.structs.astuple(labels)), digest_size=16).digest()


class SeriesIds:
    """Series ids that a committed transaction has found. A series never changes.

    One writer remembers them from group to group. What a transaction finds may still be its own
    uncommitted work, so it counts from `confirm` on, and is forgotten by `forget`.
    """

    def __init__(self) -> None:
        self.ids: dict[Labels, int] = {}
        self._unconfirmed: dict[Labels, int] = {}

    def resolve(self, session: Session, label_sets: Collection[Labels], max_series: int) -> Ids:
        """The series id of each label set, and perhaps of others; new sets are stored."""
        missing = [labels for labels in label_sets if labels not in self.ids]
        if not missing:
            return self.ids
        self._unconfirmed |= intern(session, missing, max_series)
        return self.ids | self._unconfirmed

    def confirm(self) -> None:
        """The transaction has committed."""
        if len(self.ids) > MAX_REMEMBERED:
            self.ids = {}
        self.ids |= self._unconfirmed
        self._unconfirmed = {}

    def forget(self) -> None:
        """The transaction has not committed."""
        self._unconfirmed = {}


def intern(session: Session, label_sets: Iterable[Labels], max_series: int) -> dict[Labels, int]:
    """The series id of each label set; new sets are stored.

    They are stored in label order, so that concurrent writers cannot deadlock.
    """
    digests = {labels: digest_of(labels) for labels in label_sets}
    ids = _ids_by_digest(session, digests.values())
    missing = sorted(labels for labels, digest in digests.items() if digest not in ids)
    if missing:
        replacements = _fold_junk_names(session, missing)
        room = max_series - _count(session)
        for labels in missing[max(room, 0) :]:
            replacements[labels] = fold(replacements[labels])
        _insert(
            session,
            sorted(set(replacements.values())),
            folded_sets={new for labels, new in replacements.items() if new != labels},
        )
        digests |= {labels: digest_of(replacement) for labels, replacement in replacements.items()}
        ids = _ids_by_digest(session, digests.values())
    return {labels: ids[digest] for labels, digest in digests.items()}


def _fold_junk_names(session: Session, missing: list[Labels]) -> dict[Labels, Labels]:
    """Each label set as it will be stored.

    Scanners ask for models that do not exist: their names must not fill the ledger.
    """
    replacements = {labels: labels for labels in missing}
    junk = [
        labels
        for labels in missing
        if labels.usage_source in ("none", "missing")
        and not _has_price(labels.provider, labels.model)
    ]
    if junk:
        rows = session.execute(select(_TABLE.c.provider, _TABLE.c.model).distinct())
        unpriced = {
            (provider, model) for provider, model in rows if not _has_price(provider, model)
        }
        for labels in junk:
            if (labels.provider, labels.model) not in unpriced and len(
                unpriced
            ) >= MAX_UNPRICED_NAMES:
                replacements[labels] = msgspec.structs.replace(
                    labels, model=events.OTHER, request_model=events.OTHER
                )
            unpriced.add((replacements[labels].provider, replacements[labels].model))
    return replacements


def _has_price(provider: str, model: str) -> bool:
    book = price_book.shipped()
    return (provider, names.canonical_model(book, provider, model).lower()) in book.names


def fold(labels: Labels) -> Labels:
    """The label set with its foldable names replaced by `other`."""
    return msgspec.structs.replace(labels, **dict.fromkeys(FOLDED, events.OTHER))


def _ids_by_digest(session: Session, digests: Collection[bytes]) -> dict[bytes, int]:
    ids: dict[bytes, int] = {}
    distinct = list(set(digests))
    for start in range(0, len(distinct), 500):
        rows = session.execute(
            select(_TABLE.c.digest, _TABLE.c.id).where(
                _TABLE.c.digest.in_(distinct[start : start + 500])
            )
        )
        ids |= {bytes(digest): series_id for digest, series_id in rows}
    return ids


def _count(session: Session) -> int:
    return int(session.execute(select(func.count()).select_from(_TABLE)).scalar_one())


def _insert(session: Session, label_sets: list[Labels], folded_sets: set[Labels]) -> None:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(_TABLE).on_conflict_do_nothing(index_elements=["digest"])
    rows = [
        {
            **msgspec.structs.asdict(labels),
            "digest": digest_of(labels),
            "folded": labels in folded_sets,
        }
        for labels in label_sets
    ]
    session.execute(statement, rows)
