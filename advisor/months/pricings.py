"""The prices, names and series that statements and advice are computed with."""

from sqlmodel import Session

from advisor.months import statements
from ledger import readings
from ledger.pricing import in_force as prices_in_force
from ledger.pricing import names, prices


def in_force(session: Session, base: prices.PriceBook | None = None) -> statements.Pricing:
    """The price book, names and series in force; `base` replaces the shipped book."""
    book, aliases = prices_in_force.load_book(session, base), prices_in_force.load_aliases(session)
    return statements.Pricing(
        readings.all_series(session),
        book,
        names.Names(book, aliases),
        prices_in_force.aliases_version(aliases),
    )
