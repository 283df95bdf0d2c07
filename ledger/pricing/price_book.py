"""The price book in force: the shipped one, and an operator's own prices over it.

It is data: nothing here fetches a price.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path

from ledger import bands, clock, money
from ledger.errors import UsageError
from ledger.pricing import book_file, contracts
from ledger.pricing.book_file import BookFile
from ledger.pricing.contracts import Contract, ListPrices
from ledger.pricing.prices import Price, PriceBook, PriceKey, Rates

BOOK_PATH = Path(__file__).parent / "data" / "book.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorPrice:
    """An operator's own price from a UTC day on, until the next one of its key.

    The day is a number since 1970-01-01. It replaces the shipped price of exactly its key: the
    model's long-context keys are priced on their own.
    """

    key: PriceKey
    effective_from: int
    rates: Rates
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLine:
    """One price as text, for lists. `effective_from` is None where no first day is known.

    The rates are those after contract, which `contract` names; `list_` ones are the provider's
    list.
    """

    provider: str
    model: str
    service_tier: str
    over_input_tokens: int
    region: str
    effective_from: str | None
    usd_per_million_tokens: dict[str, str]
    source: str
    checked: str
    list_usd_per_million_tokens: dict[str, str]
    contract: str
    in_force: bool


@cache
def _file() -> BookFile:
    return book_file.decode(BOOK_PATH.read_bytes())


@cache
def shipped() -> PriceBook:
    """The price book that this release ships."""
    return book_file.to_price_book(_file())


def build(
    operator_rows: Iterable[OperatorPrice],
    agreed: Iterable[Contract] = (),
    base: PriceBook | None = None,
) -> PriceBook:
    """The shipped book, or `base`, with an operator's prices and contracts; versioned by all three.

    Raises UsageError on a bad row.
    """
    own = tuple(sorted(operator_rows, key=lambda row: (row.key, row.effective_from)))
    contracted = tuple(sorted(agreed, key=lambda row: (row.scope, row.effective_from)))
    if not own and not contracted:
        return base or shipped()
    return _shipped_under(own, contracted) if base is None else _under(base, own, contracted)


# A process asks for the book with every report, and an operator changes it a few times a year.
@lru_cache(maxsize=4)
def _shipped_under(own: tuple[OperatorPrice, ...], contracted: tuple[Contract, ...]) -> PriceBook:
    return _under(shipped(), own, contracted)


def _under(
    book: PriceBook, own: tuple[OperatorPrice, ...], contracted: tuple[Contract, ...]
) -> PriceBook:
    version = book_file.version_of(book.version.encode(), repr((own, contracted)).encode())
    return PriceBook(
        version=version,
        prices=contracts.apply_contracts(list_prices(own, book), contracted),
        facts=book.facts,
        aliases=book.aliases,
        checked=book.checked,
        matchers=book.matchers,
        refusals=book.refusals,
        left_out=book.left_out,
        shutdowns=book.shutdowns,
    )


def list_prices(
    operator_rows: Iterable[OperatorPrice], base: PriceBook | None = None
) -> ListPrices:
    """The list prices alone: the shipped ones, or a base's, with an operator's over them.

    Raises UsageError on a bad row.
    """
    prices = dict((base or shipped()).prices)
    for key, rows in _by_key(operator_rows).items():
        before = (
            price for price in prices.get(key, ()) if price.effective_from < rows[0].effective_from
        )
        prices[key] = (*before, *rows)
    return prices


def _by_key(operator_rows: Iterable[OperatorPrice]) -> dict[PriceKey, list[Price]]:
    own: dict[PriceKey, list[Price]] = {}
    for row in sorted(operator_rows, key=lambda price: (price.key, price.effective_from)):
        reason = fault_of(row.key, row.rates)
        if reason is not None:
            raise UsageError(reason)
        day = clock.date_of(row.effective_from).isoformat()
        rows = own.setdefault(row.key, [])
        if rows and rows[-1].effective_from == row.effective_from:
            raise UsageError(f"two prices of {row.key} from {day}; keep one of them")
        rows.append(
            Price(
                key=row.key,
                effective_from=row.effective_from,
                rates=row.rates,
                list_rates=row.rates,
                source=row.source,
                checked=day,
            )
        )
    return own


def fault_of(key: PriceKey, rates: Rates) -> str | None:
    """Why a price cannot be in a book, with the remedy; None if it can."""
    values = list(rates.by_meter.values())
    if not values or any(rate < 0 for rate in values):
        return f"the price of {key} has no rate or one below 0; give what the provider asks"
    if rates.cached_input is not None and rates.cached_input > (rates.uncached_input or 0):
        return f"cached input of {key} costs more than uncached input; look for swapped figures"
    if key.over_input_tokens and key.over_input_tokens not in bands.SIZES:
        return (
            f"no context band begins at the {key.over_input_tokens} tokens of {key};"
            " add the size to bands.SIZES"
        )
    return None


def lines(
    book: PriceBook, day: int, model: str | None = None, provider: str | None = None
) -> list[PriceLine]:
    """The prices of a model, a provider or all, in order, and which are in force on a UTC day."""
    return [
        _line(price, in_force=price is _in_force(book.prices[key], day))
        for key in sorted(book.prices)
        if model in (None, key.model) and provider in (None, key.provider)
        for price in book.prices[key]
    ]


def _in_force(rows: Sequence[Price], day: int) -> Price:
    """The row in force on a day: the earliest one also prices the days before it."""
    return max(
        (row for row in rows if row.effective_from <= day),
        key=lambda row: row.effective_from,
        default=rows[0],
    )


def reasons_left_out(model: str) -> dict[str, str]:
    """By provider, why the shipped book lacks the catalogue's price of a model."""
    return {provider: reason for provider, name, reason in _file().left_out if name == model}


def _line(price: Price, *, in_force: bool) -> PriceLine:
    first_day = clock.date_of(price.effective_from).isoformat() if price.effective_from else None
    return PriceLine(
        **price.key._asdict(),
        effective_from=first_day,
        usd_per_million_tokens=rate_texts(price.rates),
        source=price.source,
        checked=price.checked,
        list_usd_per_million_tokens=rate_texts(price.list_rates),
        contract=price.contract,
        in_force=in_force,
    )


def rate_texts(rates: Rates) -> dict[str, str]:
    """The known rates by meter, as exact USD per million tokens or other units."""
    return {meter: money.text(Decimal(rate).scaleb(-9)) for meter, rate in rates.by_meter.items()}
