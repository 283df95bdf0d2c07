"""The overlay file: prices and facts that genai-prices lacks, with their sources.

Used only while the book is compiled.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from ledger.pricing import book_file, catalogue
from ledger.pricing.book_file import PriceRow
from ledger.pricing.prices import PriceKey, Rates

PATH = Path(__file__).parent / "data" / "overlay.toml"


class _Entry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    source: str


class SheetRow(
    msgspec.Struct,
    forbid_unknown_fields=True,
    kw_only=True,
    rename={
        "service_tier": "tier",
        "over_input_tokens": "over",
        "effective_from": "since",
        "uncached_input": "input",
        "cached_input": "cached",
        "cache_write_input": "cache_write",
    },
):
    """One price of a sheet, in USD per million tokens. Days that it lacks are the sheet's."""

    model: str
    service_tier: str = "standard"
    over_input_tokens: int = 0
    effective_from: date | None = None
    uncached_input: Decimal | None = None
    cached_input: Decimal | None = None
    cache_write_input: Decimal | None = None
    output: Decimal | None = None
    input_audio: Decimal | None = None
    output_audio: Decimal | None = None
    checked: date | None = None


class Sheet(_Entry, rename={"effective_from": "since"}):
    """Prices of one provider from one source, read on the day `checked`; without it unconfirmed.

    They hold from `since` on (absent: from ever) and in each of the regions (absent: everywhere).
    """

    provider: str
    rows: tuple[SheetRow, ...]
    checked: date | None = None
    effective_from: date = book_file.EVER
    regions: tuple[str, ...] = ("",)

    def price_rows(self) -> Iterator[PriceRow]:
        """A row of the book for each row and region."""
        for row in self.rows:
            for region in self.regions:
                key = PriceKey(
                    provider=self.provider,
                    model=row.model,
                    service_tier=row.service_tier,
                    over_input_tokens=row.over_input_tokens,
                    region=region,
                )
                yield book_file.price_row(
                    key,
                    row.effective_from or self.effective_from,
                    rates=_rates(row),
                    source=source_text(self),
                    checked=row.checked or self.checked,
                )


class Copy(_Entry, rename={"seller": "from", "reseller": "to"}):
    """Models that a reseller sells at the seller's price, without a price in the catalogue."""

    seller: str
    reseller: str
    service_tier: str
    models: tuple[str, ...]
    checked: date | None = None


class WithoutRate(_Entry):
    """Models without a price per token at a tier, and why: tokens there are unpriced."""

    providers: tuple[str, ...]
    models: tuple[str, ...]
    service_tier: str
    reason: str


class Lack(_Entry):
    """Features that requests may ask for and some models lack."""

    providers: tuple[str, ...]
    models: tuple[str, ...]
    lacks: tuple[Literal["tools", "json_schema"], ...]


class Multiplier(_Entry):
    """What multiplies every rate of some models where a request has a modifier, as `speed=fast`."""

    providers: tuple[str, ...]
    models: tuple[str, ...]
    modifier: str
    factor: Decimal


class Facts(_Entry):
    """Facts of some models; they replace the catalogue's."""

    providers: tuple[str, ...]
    models: tuple[str, ...]
    context_window: int | None = None
    max_output_tokens: int | None = None
    modalities: tuple[str, ...] = ()


class Shutdown(_Entry):
    """When some models are shut down, and the successor that the provider names."""

    providers: tuple[str, ...]
    models: tuple[str, ...]
    shutdown: date
    successor: str | None = None


class Omission(_Entry):
    """Models that the catalogue lists at a provider and we do not price there, and why."""

    provider: str
    models: tuple[str, ...]
    reason: str


class Refusal(_Entry):
    """Names that a matcher of the catalogue fits and that cost something else, and why.

    They are expressions over names in lower case.
    """

    provider: str
    patterns: tuple[str, ...]
    reason: str


class Release(msgspec.Struct, forbid_unknown_fields=True):
    """The release of genai-prices that the overlay was written over."""

    version: str
    released: date


class Overlay(msgspec.Struct, forbid_unknown_fields=True):
    """The overlay file."""

    genai_prices: Release
    leave_out: tuple[Omission, ...]
    refuse: tuple[Refusal, ...]
    sheet: tuple[Sheet, ...]
    copy: tuple[Copy, ...]
    without_rate: tuple[WithoutRate, ...]
    model: tuple[Facts, ...]
    lack: tuple[Lack, ...]
    multiplier: tuple[Multiplier, ...]
    retirement: tuple[Shutdown, ...]


def load_overlay(path: Path = PATH) -> Overlay:
    """The overlay. Raises msgspec.ValidationError with the name of a misspelt field."""
    return msgspec.toml.decode(path.read_bytes(), type=Overlay)


def source_text(entry: Sheet | Copy) -> str:
    """The source of an entry, marked as unconfirmed where the entry has no day of a check."""
    return entry.source if entry.checked else book_file.UNCONFIRMED + entry.source


def _rates(row: SheetRow) -> Rates:
    return Rates(
        uncached_input=_nano(row.uncached_input),
        cached_input=_nano(row.cached_input),
        cache_write_input=_nano(row.cache_write_input),
        output=_nano(row.output),
        input_audio=_nano(row.input_audio),
        output_audio=_nano(row.output_audio),
    )


def _nano(amount_usd: Decimal | None) -> int | None:
    return None if amount_usd is None else catalogue.nano_usd(amount_usd)
