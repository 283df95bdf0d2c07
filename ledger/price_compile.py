"""Compiles the shipped price book: the installed genai-prices with our overlay over it. Same inputs, same bytes; no network.

Run as `python -m ledger.price_compile` after a change of either. Nothing that serves requests may import this module.
"""

import sys
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from importlib import metadata
from pathlib import Path

import msgspec

from ledger import price_catalogue, price_file
from ledger.errors import UsageError
from ledger.price_book import BOOK_PATH, fault_of
from ledger.price_file import BookFile, FactRow, PriceRow
from ledger.prices import PriceKey, Rates

OVERLAY_PATH = Path(__file__).parent / "price_data" / "overlay.toml"


class _Entry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    source: str


class OverlayPrice(_Entry):
    """A price of our own, in USD per million tokens."""

    provider: str
    model: str
    checked: date | None = None
    service_tier: str = "standard"
    over_input_tokens: int = 0
    region: str = ""
    effective_from: date = price_catalogue.EVER
    uncached_input: Decimal | None = None
    cached_input: Decimal | None = None
    cache_write_input: Decimal | None = None
    output: Decimal | None = None
    input_audio: Decimal | None = None
    output_audio: Decimal | None = None


class OverlayCopy(_Entry, rename={"seller": "from", "reseller": "to"}):
    """Models that a second provider sells at the first one's price, where the catalogue does not price them there."""

    seller: str
    reseller: str
    service_tier: str
    models: tuple[str, ...]
    checked: date | None = None


class OverlayModel(_Entry):
    """What is known of some models; it replaces what the catalogue says."""

    providers: tuple[str, ...]
    models: tuple[str, ...]
    context_window: int | None = None
    max_output_tokens: int | None = None
    modalities: tuple[str, ...] = ()


class OverlayRetirement(_Entry):
    """When some models are shut down, and the successor that the provider names."""

    providers: tuple[str, ...]
    models: tuple[str, ...]
    shutdown: date
    successor: str | None = None


class OverlayOmission(_Entry):
    """Models that the catalogue lists at a provider, and why we do not price them there."""

    provider: str
    models: tuple[str, ...]
    reason: str


class Release(msgspec.Struct, forbid_unknown_fields=True):
    """The release of genai-prices that the overlay was written over."""

    version: str
    released: date


class Overlay(msgspec.Struct, forbid_unknown_fields=True):
    """The overlay file."""

    genai_prices: Release
    leave_out: tuple[OverlayOmission, ...]
    price: tuple[OverlayPrice, ...]
    copy: tuple[OverlayCopy, ...]
    model: tuple[OverlayModel, ...]
    retirement: tuple[OverlayRetirement, ...]


def overlay(path: Path = OVERLAY_PATH) -> Overlay:
    """The overlay; a misspelt field stops with its name."""
    return msgspec.toml.decode(path.read_bytes(), type=Overlay)


def compiled(own: Overlay) -> BookFile:
    """The book of the installed genai-prices and an overlay. Raises UsageError where either holds what may not be."""
    installed = metadata.version("genai-prices")
    if installed != own.genai_prices.version:
        raise UsageError(
            f"genai-prices {installed} is installed, the overlay is for {own.genai_prices.version}; review both"
        )
    book = _Draft()
    omitted = {(entry.provider, model): entry.reason for entry in own.leave_out for model in entry.models}
    for word, provider in price_catalogue.providers():
        for model in provider.models:
            reason = omitted.get((word, model.id)) or price_catalogue.reason_left_out(word, model)
            if reason is not None:
                book.left_out.append((word, model.id, reason))
                continue
            book.add_all(price_catalogue.price_rows(word, provider, model))
            book.facts[word, model.id] = price_catalogue.fact_row(word, model)
            book.claim(word, model.id, price_catalogue.exact_names(model))
    for copy in own.copy:
        book.copy(copy)
    book.add_all(_own_row(price) for price in own.price)
    book.describe(own)
    days = [row.checked for row in book.rows.values() if row.checked is not None]
    return BookFile(
        catalogue=f"genai-prices {installed}",
        released=own.genai_prices.released,
        checked=max([own.genai_prices.released, *days]),
        aliases=tuple(book.settled_aliases()),
        facts=tuple(book.known_facts()),
        left_out=tuple(book.left_out),
        prices=tuple(_without_repeats(book.rows.values())),
    )


class _Draft:
    """A book while it is put together. A row replaces the row of the same key and day that came before it."""

    def __init__(self) -> None:
        self.rows: dict[tuple[PriceKey, date], PriceRow] = {}
        self.facts: dict[tuple[str, str], FactRow] = {}
        self.claims: dict[tuple[str, str], set[str]] = {}
        self.left_out: list[tuple[str, str, str]] = []

    def add_all(self, rows: Iterable[PriceRow]) -> None:
        for row in rows:
            reason = fault_of(row.key, row.rates)
            if reason is not None:
                raise UsageError(reason)
            self.rows[row.key, row.effective_from] = row

    def claim(self, provider: str, model: str, exact_names: Iterable[str]) -> None:
        for name in exact_names:
            self.claims.setdefault((provider, name), set()).add(model)

    def copy(self, copy: OverlayCopy) -> None:
        for model in copy.models:
            if any(key[:2] == (copy.reseller, model) for key, _ in self.rows):
                raise UsageError(
                    f"the catalogue prices {model} at {copy.reseller} by itself; drop it from the overlay's copy"
                )
            found = [row for row in self.rows.values() if row.key[:3] == (copy.seller, model, copy.service_tier)]
            self.add_all(
                msgspec.structs.replace(row, provider=copy.reseller, source=_source(copy), checked=copy.checked)
                for row in found
            )
            self._require(copy.reseller, model)
            known = self.facts[copy.seller, model]
            self.facts[copy.reseller, model] = msgspec.structs.replace(known, provider=copy.reseller)
            self.claim(
                copy.reseller,
                model,
                [name for (seller, name), models in self.claims.items() if (seller, models) == (copy.seller, {model})],
            )

    def describe(self, own: Overlay) -> None:
        for known in own.model:
            for provider, model in self._named(known.providers, known.models):
                self.facts[provider, model] = FactRow(
                    provider,
                    model,
                    known.context_window,
                    known.max_output_tokens,
                    known.modalities,
                    source=known.source,
                )
        for end in own.retirement:
            for provider, model in self._named(end.providers, end.models):
                self.facts[provider, model] = msgspec.structs.replace(
                    self.facts.get((provider, model), FactRow(provider, model)),
                    shutdown=end.shutdown,
                    successor=end.successor,
                    source=end.source,
                )

    def settled_aliases(self) -> Iterator[tuple[str, str, str]]:
        """The names that mean one model. A model's own id is no alias, and a name that two models claim means neither."""
        ids = {(provider, model.lower()) for (provider, model, *_), _ in self.rows}
        for (provider, name), models in self.claims.items():
            if len(models) == 1 and (provider, name) not in ids:
                yield provider, name, next(iter(models))

    def known_facts(self) -> Iterator[FactRow]:
        """The facts that say anything."""
        return (fact for fact in self.facts.values() if fact != FactRow(fact.provider, fact.model))

    def _named(self, providers: Iterable[str], models: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        for provider in providers:
            for model in models:
                self._require(provider, model)
                yield provider, model

    def _require(self, provider: str, model: str) -> None:
        if not any(key[:2] == (provider, model) for key, _ in self.rows):
            raise UsageError(
                f"the overlay names {model} at {provider}, which has no price; correct the name or price it first"
            )


def _source(entry: OverlayPrice | OverlayCopy) -> str:
    """A figure that nobody has read at its source says so wherever its source is shown."""
    return entry.source if entry.checked else price_file.UNCONFIRMED + entry.source


def _own_row(price: OverlayPrice) -> PriceRow:
    key = PriceKey(price.provider, price.model, price.service_tier, price.over_input_tokens, price.region)
    rates = Rates(
        uncached_input=_nano(price.uncached_input),
        cached_input=_nano(price.cached_input),
        cache_write_input=_nano(price.cache_write_input),
        output=_nano(price.output),
        input_audio=_nano(price.input_audio),
        output_audio=_nano(price.output_audio),
    )
    return price_file.price_row(key, price.effective_from, rates, _source(price), price.checked)


def _nano(amount_usd: Decimal | None) -> int | None:
    return None if amount_usd is None else price_catalogue.nano_usd(amount_usd)


def _without_repeats(rows: Iterable[PriceRow]) -> Iterator[PriceRow]:
    """The rows that change something: one that repeats its predecessor's rates is no change of price."""
    before: PriceRow | None = None
    for row in sorted(rows, key=lambda each: (each.key, each.effective_from)):
        if before is None or before.key != row.key or before.rates != row.rates:
            yield row
        before = row


def main() -> None:
    """Write the shipped book, and say what it is."""
    content = price_file.encode(compiled(overlay()))
    BOOK_PATH.write_bytes(content)
    book = price_file.decode(content)
    sys.stdout.write(f"price book {book.version}: {len(book.prices)} prices, {len(book.left_out)} models left out\n")


if __name__ == "__main__":
    main()
