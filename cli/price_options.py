"""The options of a price and those of a contract, each as one value, and how rates read."""

from dataclasses import dataclass
from typing import Annotated, get_args

import typer

from advisor import words
from cli import options
from ledger import bands, events, meters, money, prose
from ledger.errors import UsageError
from ledger.pricing import names, price_book, prices
from ledger.pricing.prices import PriceBook, PriceKey, Rates

TIERS = tuple(tier for tier in get_args(events.ServiceTier) if tier != events.UNKNOWN)

Rate = Annotated[str | None, typer.Option(help="USD per million tokens.", metavar="RATE")]
Region = Annotated[str, typer.Option(help="Where the model runs, if its price differs there.")]
Source = Annotated[str, typer.Option(help="Where it is written down, for later readers.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TermOptions:
    """The options of every contract: its days, where it is written down, and what a change does."""

    since: options.Since = None
    until: options.Until = None
    source: Source = "set by the operator"
    dry_run: options.DryRun = False
    data: options.Data = None
    as_json: options.AsJson = False

    @property
    def first_day(self) -> int:
        """The UTC day number of --since. Raises UsageError."""
        return options.day("--since", self.since)

    @property
    def end_day(self) -> int | None:
        """The UTC day number of --until; None without one. Raises UsageError."""
        return options.end_day("--until", self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceOptions:
    """The options of a command that sets a price of one model; each field is an option."""

    provider: Annotated[
        str | None, typer.Option(help="Its provider; the vendor's own if one vendor sells it.")
    ] = None
    input: Rate = None
    cached: Rate = None
    cache_write: Rate = None
    output: Rate = None
    input_audio: Rate = None
    output_audio: Rate = None
    meter: Annotated[
        list[str] | None,
        typer.Option(
            help="Another meter: USD for one search, image or the like, or per million tokens.",
            metavar="NAME=RATE",
        ),
    ] = None
    tier: Annotated[str, typer.Option(help=f"One of {prose.one_of(TIERS)}.")] = "standard"
    over: Annotated[
        int, typer.Option(help="Only for requests of more input tokens than this.", min=0)
    ] = 0
    region: Region = ""

    def rates(self) -> Rates:
        """The rates that were typed, by meter. Raises UsageError for one that is no rate."""
        texts = {
            "uncached_input": self.input,
            "cached_input": self.cached,
            "cache_write_input": self.cache_write,
            "output": self.output,
            "input_audio": self.input_audio,
            "output_audio": self.output_audio,
        }
        plain = {
            meter: money.nano_usd_per_mtok(text)
            for meter, text in texts.items()
            if text is not None
        }
        return prices.from_meters(plain | dict(map(_rare_rate, self.meter or ())))

    def key(self, book: PriceBook, model: str) -> PriceKey:
        """The price of a model that is meant. Raises UsageError naming what is missing or wrong."""
        check_tier(self.tier)
        if self.over and self.over not in bands.SIZES:
            sizes = prose.one_of(bands.SIZES)
            raise UsageError(f"--over {self.over}: no price changes at that size; use {sizes}")
        provider = self.provider or names.sole_vendor(book, model)
        if provider is None:
            raise UsageError(f"no single vendor sells {model!r}; name its provider with --provider")
        return PriceKey(
            provider=names.provider_name(provider),
            model=model,
            service_tier=self.tier,
            over_input_tokens=self.over,
            region=self.region,
        )


def _rare_rate(option: str) -> tuple[str, int]:
    name, _, text = option.partition("=")
    meter = meters.BY_NAME.get(name)
    if meter is None:
        known_names = prose.one_of(sorted(meters.BY_NAME))
        raise UsageError(f"--meter {option}: {name!r} is no meter; use {known_names}")
    rate = money.nano_usd_per_mtok(text)
    return name, rate if meter.unit == "token" else rate * 1_000_000


def rates_text(rates: Rates) -> str:
    """Rates in a line, to follow the name of what they are for."""
    texts = (f"{words.label(meter)} {rate}" for meter, rate in price_book.rate_texts(rates).items())
    return f"{', '.join(texts)} USD per MTok"


def check_tier(tier: str) -> None:
    """Raises UsageError for an unknown service tier."""
    if tier not in TIERS:
        raise UsageError(f"unknown service tier {tier!r}; use {prose.one_of(TIERS)}")
