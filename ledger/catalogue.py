"""The price book and the aliases in force, read from the database over the shipped ones."""

from hashlib import blake2b

from sqlalchemy import select
from sqlmodel import Session

from ledger import names, price_book, prices, rollups, tables
from ledger.errors import UsageError

_PRICE = tables.metadata.tables["price"]
_ALIAS = tables.metadata.tables["alias"]


def book(session: Session, base: prices.PriceBook | None = None) -> prices.PriceBook:
    """The shipped price book, or another one, with the operator's own prices over it."""
    rows = session.execute(select(_PRICE)).mappings()
    own = (
        price_book.OperatorPrice(
            prices.PriceKey(
                row["provider"], row["model"], row["service_tier"], row["over_input_tokens"], row["region"]
            ),
            row["effective_from"],
            prices.Rates(**{meter: row[meter] for meter in prices.METERS}),
            row["source"],
        )
        for row in rows
    )
    return price_book.load(own, base)


def set_price(session: Session, price: price_book.OperatorPrice, now_us: int) -> None:
    """Store an operator's own price in place of the one of the same key and day. Raises UsageError for one that cannot be."""
    fault = price_book.fault_of(price.key, price.rates)
    if fault is not None:
        raise UsageError(fault)
    rates = {meter: getattr(price.rates, meter) for meter in prices.METERS}
    row = {
        **price.key._asdict(), "effective_from": price.effective_from, **rates, "source": price.source, "created_at": now_us,
    }  # fmt: skip
    key = (*price.key._fields, "effective_from")
    rollups.upsert(session, _PRICE, key, [row], replaced=(*prices.METERS, "source", "created_at"))


def aliases(session: Session) -> list[names.Alias]:
    """The operator's own names for models."""
    rows = session.execute(select(_ALIAS).order_by(*_ALIAS.primary_key.columns)).mappings()
    return [
        names.Alias(
            row["namespace"],
            row["provider"],
            row["name"],
            row["model_provider"],
            row["model"],
            row["effective_from"],
            row["region"],
        )
        for row in rows
    ]


def version_of(found: list[names.Alias]) -> str:
    """A short name of a set of aliases' content."""
    return blake2b(repr(found).encode(), digest_size=6).hexdigest()
