"""The prices, contracts and aliases in force: the operator's rows, over the shipped book.

Never commits.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from hashlib import blake2b
from typing import Any

import msgspec
from sqlalchemy import RowMapping, Table, delete, select
from sqlmodel import Session

from ledger import rollups, tables
from ledger.pricing import prices
from ledger.pricing.contracts import Contract, Discount, FixedPrice
from ledger.pricing.names import Alias
from ledger.pricing.overrides import Overrides
from ledger.pricing.price_book import OperatorPrice

Change = Callable[[Overrides], Overrides]
"""A change that a person asks for, applied to the overrides of that moment."""

_PRICE, _FIXED = tables.PRICE, tables.CONTRACT_PRICE
_DISCOUNT, _ALIAS = tables.CONTRACT_DISCOUNT, tables.ALIAS
_Rows = dict[tuple[Table, tuple[Any, ...]], Mapping[str, Any]]
"""By table and primary key."""


def load_book(session: Session, base: prices.PriceBook | None = None) -> prices.PriceBook:
    """The shipped price book, or `base`, with the operator's prices and contracts applied."""
    return Overrides(tuple(_prices(session)), tuple(_contracts(session))).book(base)


def load_aliases(session: Session) -> list[Alias]:
    """The operator's own names for models."""
    return [Alias(**_without_time(row)) for row in _read(session, _ALIAS)]


def aliases_version(aliases: list[Alias]) -> str:
    """A short hash of a set of aliases."""
    return blake2b(repr(aliases).encode(), digest_size=6).hexdigest()


def load_overrides(session: Session) -> Overrides:
    """All prices, contracts and aliases of the operator."""
    return Overrides(
        tuple(_prices(session)), tuple(_contracts(session)), tuple(load_aliases(session))
    )


def apply_change(session: Session, change: Change, now_us: int) -> None:
    """Store the operator's rows after a change. Raises the change's UsageError or NotFound."""
    overrides = load_overrides(session)
    before, after = _rows(overrides), _rows(change(overrides))
    for table, key in before.keys() - after.keys():
        session.execute(
            delete(table).where(
                *(table.c[name] == part for name, part in zip(_names(table), key, strict=True))
            )
        )
    for (table, key), row in after.items():
        if before.get((table, key)) != row:
            others = tuple(column.name for column in table.columns if not column.primary_key)
            rollups.upsert(
                session, table, _names(table), [{**row, "created_at": now_us}], replaced=others
            )


def _prices(session: Session) -> Iterator[OperatorPrice]:
    for row in _read(session, _PRICE):
        yield OperatorPrice(
            key=_key(row),
            effective_from=row["effective_from"],
            rates=_rates(row),
            source=row["source"],
        )


def _contracts(session: Session) -> Iterator[Contract]:
    for row in _read(session, _DISCOUNT):
        yield Discount(**_without_time(row))
    for row in _read(session, _FIXED):
        yield FixedPrice(
            effective_from=row["effective_from"],
            effective_until=row["effective_until"],
            source=row["source"],
            key=_key(row),
            rates=_rates(row),
        )


def _names(table: Table) -> tuple[str, ...]:
    """The columns of a table's primary key."""
    return tuple(column.name for column in table.primary_key.columns)


def _read(session: Session, table: Table) -> Iterator[RowMapping]:
    yield from session.execute(select(table).order_by(*table.primary_key.columns)).mappings()


def _key(row: RowMapping) -> prices.PriceKey:
    return prices.PriceKey(**{name: row[name] for name in prices.PriceKey._fields})


def _rates(row: RowMapping) -> prices.Rates:
    rare = msgspec.json.decode(row["rare"], type=dict[str, int])
    plain = {meter: row[meter] for meter in prices.METERS if row[meter] is not None}
    return prices.from_meters(plain | rare)


def _without_time(row: RowMapping) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "created_at"}


def _rows(overrides: Overrides) -> _Rows:
    """The rows of overrides, without the time at which they were made."""
    rows = [(_PRICE, _priced(price)) for price in overrides.prices]
    rows += [
        (_DISCOUNT, asdict(contract))
        for contract in overrides.contracts
        if isinstance(contract, Discount)
    ]
    rows += [
        (_FIXED, _priced(contract))
        for contract in overrides.contracts
        if isinstance(contract, FixedPrice)
    ]
    rows += [(_ALIAS, asdict(alias)) for alias in overrides.aliases]
    return {(table, tuple(row[name] for name in _names(table))): row for table, row in rows}


def _priced(price: OperatorPrice | FixedPrice) -> dict[str, Any]:
    """The row of a price: its key and its rates have columns of their own."""
    row = asdict(price)
    rates = row.pop("rates")
    return {
        **price.key._asdict(),
        **rates,
        "rare": msgspec.json.encode(dict(price.rates.rare)).decode(),
        **{name: row[name] for name in row if name != "key"},
    }
