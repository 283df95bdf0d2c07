"""Prices, contracts and aliases in force: an operator's rows in the database, over the shipped ones. Never commits."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from hashlib import blake2b
from typing import Any

from sqlalchemy import RowMapping, Table, delete, select
from sqlmodel import Session

from ledger import rollups, tables
from ledger.pricing import prices
from ledger.pricing.contracts import Contract, Discount, FixedPrice
from ledger.pricing.names import Alias
from ledger.pricing.overrides import Overrides
from ledger.pricing.price_book import OperatorPrice

Change = Callable[[Overrides], Overrides]
"""What a person wants changed, applied to what is in force at that moment."""

_PRICE, _FIXED = tables.PRICE, tables.CONTRACT_PRICE
_DISCOUNT, _ALIAS = tables.CONTRACT_DISCOUNT, tables.ALIAS
_Rows = dict[tuple[Table, tuple[Any, ...]], Mapping[str, Any]]
"""By table and primary key."""


def load_book(session: Session, base: prices.PriceBook | None = None) -> prices.PriceBook:
    """The shipped price book, or another one, with the operator's own prices over it, under the operator's contracts."""
    return Overrides(tuple(_prices(session)), tuple(_contracts(session))).book(base)


def load_aliases(session: Session) -> list[Alias]:
    """The operator's own names for models."""
    return [Alias(**_without_time(row)) for row in _read(session, _ALIAS)]


def aliases_version(aliases: list[Alias]) -> str:
    """A short name of a set of aliases' content."""
    return blake2b(repr(aliases).encode(), digest_size=6).hexdigest()


def load_overrides(session: Session) -> Overrides:
    """Everything that the operator has said."""
    return Overrides(
        tuple(_prices(session)), tuple(_contracts(session)), tuple(load_aliases(session))
    )


def apply_change(session: Session, change: Change, now_us: int) -> None:
    """Store what a change makes of what the operator has said. Raises UsageError or NotFound where it cannot be made."""
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
        yield OperatorPrice(_key(row), row["effective_from"], _rates(row), row["source"])


def _contracts(session: Session) -> Iterator[Contract]:
    for row in _read(session, _DISCOUNT):
        yield Discount(**_without_time(row))
    for row in _read(session, _FIXED):
        yield FixedPrice(
            row["effective_from"], row["effective_until"], row["source"], _key(row), _rates(row)
        )


def _names(table: Table) -> tuple[str, ...]:
    """The columns of a table's primary key."""
    return tuple(column.name for column in table.primary_key.columns)


def _read(session: Session, table: Table) -> Iterator[RowMapping]:
    yield from session.execute(select(table).order_by(*table.primary_key.columns)).mappings()


def _key(row: RowMapping) -> prices.PriceKey:
    return prices.PriceKey(**{name: row[name] for name in prices.PriceKey._fields})


def _rates(row: RowMapping) -> prices.Rates:
    return prices.Rates(**{meter: row[meter] for meter in prices.METERS})


def _without_time(row: RowMapping) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "created_at"}


def _rows(overrides: Overrides) -> _Rows:
    """The rows that hold what was said, without the time at which it was."""
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
    """A row of rates; its key and rates stand in columns of their own."""
    row = asdict(price)
    return {
        **price.key._asdict(),
        **row.pop("rates"),
        **{name: row[name] for name in row if name != "key"},
    }
