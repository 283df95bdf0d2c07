"""The price book in force: the shipped one, and an operator's own prices over it. It is data: nothing here fetches a price."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from ledger import bands, clock, money, price_file
from ledger.errors import UsageError
from ledger.price_file import BookFile
from ledger.prices import METERS, Price, PriceBook, PriceKey, Rates

BOOK_PATH = Path(__file__).parent / "price_data" / "book.json"


@dataclass(frozen=True, slots=True)
class OperatorPrice:
    """An operator's own price from a UTC day (number since 1970-01-01) on, until the operator's next one of that key.

    It replaces the shipped price of exactly its key: the long-context keys of the model are priced on their own.
    """

    key: PriceKey
    effective_from: int
    rates: Rates
    source: str


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One price as text, for lists. `effective_from` is None where the price has no known first day."""

    provider: str
    model: str
    service_tier: str
    over_input_tokens: int
    region: str
    effective_from: str | None
    usd_per_million_tokens: dict[str, str]
    source: str
    checked: str


@cache
def _file() -> BookFile:
    return price_file.decode(BOOK_PATH.read_bytes())


@cache
def shipped() -> PriceBook:
    """The price book that this release ships."""
    return price_file.price_book(_file())


def load(operator_rows: Iterable[OperatorPrice], base: PriceBook | None = None) -> PriceBook:
    """The shipped book or another, with an operator's prices over it; its version names both. Raises UsageError on a bad row."""
    own: dict[PriceKey, list[Price]] = {}
    for row in sorted(operator_rows, key=lambda each: (each.key, each.effective_from)):
        reason = fault_of(row.key, row.rates)
        if reason is not None:
            raise UsageError(reason)
        day = clock.date_of(row.effective_from).isoformat()
        listed = own.setdefault(row.key, [])
        if listed and listed[-1].effective_from == row.effective_from:
            raise UsageError(f"two prices of {_named(row.key)} from {day}; keep one of them")
        listed.append(Price(row.key, row.effective_from, row.rates, row.rates, row.source, day))
    book = base or shipped()
    if not own:
        return book
    merged = dict(book.prices)
    for key, rows in own.items():
        before = (price for price in book.prices.get(key, ()) if price.effective_from < rows[0].effective_from)
        merged[key] = (*before, *rows)
    version = price_file.version_of(book.version.encode(), repr(sorted(own.items())).encode())
    return PriceBook(version, merged, book.facts, book.aliases, book.checked)


def fault_of(key: PriceKey, rates: Rates) -> str | None:
    """Why a price cannot stand in a book, naming the remedy; None if it can."""
    name = _named(key)
    values = [rate for meter in METERS if (rate := getattr(rates, meter)) is not None]
    if not values or any(rate < 0 for rate in values):
        return f"the price of {name} has no rate or one below 0; give what the provider asks"
    if rates.cached_input is not None and rates.cached_input > (rates.uncached_input or 0):
        return f"cached input of {name} costs more than uncached input; look for swapped figures"
    if key.over_input_tokens and key.over_input_tokens not in bands.SIZES:
        return f"no context band begins at the {key.over_input_tokens} tokens of {name}; add the size to bands.SIZES"
    return None


def lines(book: PriceBook, model: str | None = None, provider: str | None = None) -> list[PriceLine]:
    """The prices of a model, a provider or all, in the order of their keys and days."""
    return [
        _line(price)
        for key in sorted(book.prices)
        if model in (None, key.model) and provider in (None, key.provider)
        for price in book.prices[key]
    ]


def reasons_left_out(model: str) -> dict[str, str]:
    """By provider, why the catalogue's price of a model is not in the shipped book."""
    return {provider: reason for provider, name, reason in _file().left_out if name == model}


def _line(price: Price) -> PriceLine:
    rates = {meter: rate for meter in METERS if (rate := getattr(price.rates, meter)) is not None}
    return PriceLine(
        *price.key,
        clock.date_of(price.effective_from).isoformat() if price.effective_from else None,
        {meter: money.text(Decimal(rate).scaleb(-9)) for meter, rate in rates.items()},
        price.source,
        price.checked,
    )


def _named(key: PriceKey) -> str:
    over = f" over {key.over_input_tokens} tokens" if key.over_input_tokens else ""
    region = f" in {key.region}" if key.region else ""
    return f"{key.model} at {key.provider}, {key.service_tier}{over}{region}"
