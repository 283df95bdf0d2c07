"""The price book and the aliases in force, read from the database over the shipped ones."""

from hashlib import blake2b

from sqlalchemy import select
from sqlmodel import Session

from ledger import names, price_book, prices, tables

_PRICE = tables.metadata.tables["price"]
_ALIAS = tables.metadata.tables["alias"]


def book(session: Session) -> prices.PriceBook:
    """The shipped price book with the operator's own prices over it."""
    rows = session.execute(select(_PRICE)).mappings()
    return price_book.load(
        price_book.OperatorPrice(
            prices.PriceKey(row["provider"], row["model"], row["service_tier"], row["over_input_tokens"]),
            row["effective_from"],
            prices.Rates(**{meter: row[meter] for meter in prices.METERS}),
            row["source"],
        )
        for row in rows
    )


def aliases(session: Session) -> list[names.Alias]:
    """The operator's own names for models."""
    rows = session.execute(select(_ALIAS).order_by(*_ALIAS.primary_key.columns)).mappings()
    return [
        names.Alias(
            row["namespace"], row["provider"], row["name"], row["model_provider"], row["model"], row["effective_from"]
        )
        for row in rows
    ]


def version_of(found: list[names.Alias]) -> str:
    """A short name of a set of aliases' content."""
    return blake2b(repr(found).encode(), digest_size=6).hexdigest()
