"""The compiled price book on disk: one row a line, so that a change of price is a clear diff.

Pure.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from hashlib import sha256
from typing import TypeVar

import msgspec

from ledger import clock
from ledger.pricing.matchers import MatcherRow, RefusalRow
from ledger.pricing.prices import METERS, ModelFacts, Price, PriceBook, PriceKey, Rates, Retirement

VERSION_CHARACTERS = 12
EVER = date(1970, 1, 1)
"""The first day of a price for which no source names a first day."""
_Row = TypeVar("_Row", MatcherRow, RefusalRow)
UNCONFIRMED = "unconfirmed: "
"""The prefix of an unconfirmed source: its rows have no day of a check."""


class PriceRow(msgspec.Struct, frozen=True, array_like=True, order=True, kw_only=True):
    """One price: its key, first day, nano-USD per million units by meter, and its source.

    `checked` is None where the catalogue dates no check of its own (as of its release), and where
    the source is unconfirmed.
    """

    provider: str
    model: str
    service_tier: str
    over_input_tokens: int
    region: str
    effective_from: date
    uncached_input: int | None
    cached_input: int | None
    cache_write_input: int | None
    output: int | None
    input_audio: int | None
    output_audio: int | None
    source: str
    checked: date | None
    rare: tuple[tuple[str, int], ...] = ()

    @property
    def key(self) -> PriceKey:
        """What the price is for."""
        return PriceKey(
            provider=self.provider,
            model=self.model,
            service_tier=self.service_tier,
            over_input_tokens=self.over_input_tokens,
            region=self.region,
        )

    @property
    def rates(self) -> Rates:
        """The rates alone."""
        return Rates(**{meter: getattr(self, meter) for meter in METERS}, rare=self.rare)


def price_row(
    key: PriceKey, effective_from: date, *, rates: Rates, source: str, checked: date | None
) -> PriceRow:
    """The row of a key's rates from a day on."""
    return PriceRow(
        provider=key.provider,
        model=key.model,
        service_tier=key.service_tier,
        over_input_tokens=key.over_input_tokens,
        region=key.region,
        effective_from=effective_from,
        uncached_input=rates.uncached_input,
        cached_input=rates.cached_input,
        cache_write_input=rates.cache_write_input,
        output=rates.output,
        input_audio=rates.input_audio,
        output_audio=rates.output_audio,
        source=source,
        checked=checked,
        rare=rates.rare,
    )


class FactRow(msgspec.Struct, frozen=True, array_like=True, order=True, kw_only=True):
    """Facts of a model other than its prices."""

    provider: str
    model: str
    context_window: int | None = None
    max_output_tokens: int | None = None
    modalities: tuple[str, ...] = ()
    shutdown: date | None = None
    successor: str | None = None
    source: str = ""
    without_rate: tuple[tuple[str, str], ...] = ()
    lacks: tuple[str, ...] = ()
    multipliers: tuple[tuple[str, str], ...] = ()
    maker: str | None = None
    reasons: bool | None = None
    efforts: tuple[str, ...] = ()
    default_effort: str | None = None
    tokenizer: str | None = None
    writes_cache_from_tokens: int | None = None
    least_cached_tokens: int | None = None
    smaller: str | None = None
    sources: tuple[tuple[str, str], ...] = ()


class ShutdownRow(msgspec.Struct, frozen=True, array_like=True, order=True, kw_only=True):
    """When a name stops being served, and the successor that the provider names."""

    provider: str
    name: str
    shutdown: date
    successor: str | None
    source: str


class BookFile(msgspec.Struct, frozen=True, kw_only=True):
    """A compiled book. `left_out` has the catalogue's models without a price here, and why.

    `matchers` stand in the catalogue's order, which decides between them.
    """

    catalogue: str
    released: date
    checked: date
    aliases: tuple[tuple[str, str, str], ...]
    facts: tuple[FactRow, ...]
    left_out: tuple[tuple[str, str, str], ...]
    prices: tuple[PriceRow, ...]
    matchers: tuple[MatcherRow, ...] = ()
    refusals: tuple[RefusalRow, ...] = ()
    shutdowns: tuple[ShutdownRow, ...] = ()
    version: str = ""


def version_of(*content: bytes) -> str:
    """The short name of a content."""
    return sha256(b"\n".join(content)).hexdigest()[:VERSION_CHARACTERS]


def encode(book: BookFile) -> bytes:
    """The file's bytes, sorted and with their version; the same content gives the same bytes."""
    head = [
        f'"{name}": {msgspec.json.encode(getattr(book, name)).decode()}'
        for name in ("catalogue", "released", "checked")
    ]
    tables = [
        _table(name, sorted(getattr(book, name), key=msgspec.json.encode))
        for name in ("aliases", "facts", "left_out", "prices", "refusals", "shutdowns")
    ]
    tables.append(_table("matchers", book.matchers))
    body = ",\n".join(head + tables)
    return f'{{\n"version": "{version_of(body.encode())}",\n{body}\n}}\n'.encode()


def _table(name: str, rows: Iterable[object]) -> str:
    lines = ",\n".join(msgspec.json.encode(row).decode() for row in rows)
    return f'"{name}": [\n{lines}\n]'


def decode(content: bytes) -> BookFile:
    """The book in a file's bytes."""
    return msgspec.json.decode(content, type=BookFile)


def to_price_book(book: BookFile) -> PriceBook:
    """The book in the form that the ledger uses.

    Nothing is under contract here, so the list rates are the rates.
    """
    prices: dict[PriceKey, list[Price]] = {}
    for row in book.prices:
        rates = row.rates
        checked = (
            "" if row.source.startswith(UNCONFIRMED) else (row.checked or book.released).isoformat()
        )
        first_day = clock.day_number(row.effective_from)
        price = Price(
            key=row.key,
            effective_from=first_day,
            rates=rates,
            list_rates=rates,
            source=row.source,
            checked=checked,
        )
        prices.setdefault(price.key, []).append(price)
    return PriceBook(
        version=book.version,
        prices={key: _in_order(rows) for key, rows in prices.items()},
        facts={(row.provider, row.model): _facts(row) for row in book.facts},
        aliases={(provider, name): model for provider, name, model in book.aliases},
        checked=book.checked.isoformat(),
        matchers=_by_provider(book.matchers),
        refusals=_by_provider(book.refusals),
        left_out={(provider, model): reason for provider, model, reason in book.left_out},
        shutdowns={
            (row.provider, row.name): Retirement(
                clock.day_number(row.shutdown), row.successor, row.source
            )
            for row in book.shutdowns
        },
    )


def _by_provider(rows: Iterable[_Row]) -> dict[str, tuple[_Row, ...]]:
    of_provider: dict[str, list[_Row]] = {}
    for row in rows:
        of_provider.setdefault(row.provider, []).append(row)
    return {provider: tuple(listed) for provider, listed in of_provider.items()}


def _in_order(rows: Sequence[Price]) -> tuple[Price, ...]:
    return tuple(sorted(rows, key=lambda row: row.effective_from))


def _facts(row: FactRow) -> ModelFacts:
    retirement = None
    if row.shutdown is not None:
        retirement = Retirement(clock.day_number(row.shutdown), row.successor, row.source)
    modalities, without_rate = frozenset(row.modalities), dict(row.without_rate)
    return ModelFacts(
        context_window=row.context_window,
        max_output_tokens=row.max_output_tokens,
        modalities=modalities,
        retirement=retirement,
        without_rate=without_rate,
        lacks=frozenset(row.lacks),
        multipliers={modifier: Fraction(factor) for modifier, factor in row.multipliers},
        maker=row.maker,
        reasons=row.reasons,
        efforts=row.efforts,
        default_effort=row.default_effort,
        tokenizer=row.tokenizer,
        writes_cache_from_tokens=row.writes_cache_from_tokens,
        least_cached_tokens=row.least_cached_tokens,
        smaller=row.smaller,
        sources=dict(row.sources),
    )
