"""The plain comparison of two models by monthly volume at an assumed blend. Pure and exact; measures no traffic."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from advisor import words
from ledger import clock, money
from ledger.errors import PriceUnknown, UsageError
from ledger.pricing import prices

TOKENS_PER_MTOK = 10**6
_VOLUME = re.compile(r"(\d+(?:\.\d+)?)([kmb]?)", re.IGNORECASE)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}


@dataclass(frozen=True, slots=True)
class Row:
    """A monthly volume on either model; the saving is negative where the second is dearer."""

    volume_tokens: int
    from_femto_usd: int
    to_femto_usd: int

    @property
    def saving_femto_usd(self) -> int:
        """What the second model saves a month."""
        return self.from_femto_usd - self.to_femto_usd


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by volume, the blended prices they rest on (USD per MTok), and the heading that states the blend."""

    heading: str
    from_usd_per_mtok: Decimal
    to_usd_per_mtok: Decimal
    saving_share: Fraction | None
    rows: tuple[Row, ...]


def of_pair(
    book: prices.PriceBook,
    source: prices.PriceKey,
    target: prices.PriceKey,
    volumes_tokens: Sequence[int],
    output_share: Fraction,
    cached_share: Fraction,
    day: int,
) -> Table:
    """What volumes of tokens cost on two models at a UTC day's prices, the shares of output and of cached input given.

    Raises PriceUnknown for a model without a price, UsageError for a share that is not between 0 and 1.
    """
    for name, share in (("output share", output_share), ("cached share", cached_share)):
        if not 0 <= share <= 1:
            raise UsageError(f"the {name} is {share}; give a share from 0 to 1")
    from_rate, to_rate = (
        _blend(book, key, output_share, cached_share, day) for key in (source, target)
    )
    rows = tuple(
        Row(
            volume,
            money.round_to_nano_usd(from_rate * volume),
            money.round_to_nano_usd(to_rate * volume),
        )
        for volume in volumes_tokens
    )
    saved = (from_rate - to_rate) / from_rate if from_rate else None
    from_usd, to_usd = _usd_per_mtok(from_rate), _usd_per_mtok(to_rate)
    heading = (
        f"{source.model} at {money.text(from_usd)} and {target.model} at {money.text(to_usd)} USD per MTok:"
        f" output share {words.percent(output_share, decimals=4)} of all tokens, cached share {words.percent(cached_share, decimals=4)} of input,"
        f" {_tiers(source, target)}, prices of {clock.date_of(day)}"
    )
    return Table(heading, from_usd, to_usd, saved, rows)


def volumes(text: str) -> tuple[int, ...]:
    """Token counts of a comma list such as `1M,250k,1.5B`. Raises UsageError naming the first that is none."""
    return tuple(_volume(part.strip()) for part in text.split(","))


def _volume(text: str) -> int:
    found = _VOLUME.fullmatch(text)
    tokens = Fraction(found[1]) * _UNITS[found[2].lower()] if found else Fraction(0)
    if tokens <= 0 or tokens.denominator != 1:
        raise UsageError(
            f"{text!r} is not a volume of tokens; write whole tokens such as 250k, 100M or 1.5B"
        )
    return int(tokens)


def _blend(
    book: prices.PriceBook,
    key: prices.PriceKey,
    output_share: Fraction,
    cached_share: Fraction,
    day: int,
) -> Fraction:
    """Femto-USD per token of the blend; where the provider has no cached rate, cached input costs what input costs."""
    price = book.at(
        key.provider, key.model, key.service_tier, context_band=key.over_input_tokens, day=day
    )
    rates = price.rates if price else prices.Rates()
    cached = rates.uncached_input if rates.cached_input is None else rates.cached_input
    parts = (
        ((1 - output_share) * (1 - cached_share), rates.uncached_input),
        ((1 - output_share) * cached_share, cached),
        (output_share, rates.output),
    )
    blend = Fraction(0)
    for share, rate in parts:
        if rate is not None:
            blend += share * rate
        elif share:
            raise PriceUnknown(
                f"no price for {key.model} ({key.provider}, {key.service_tier}) on {clock.date_of(day)};"
                f" add one with: prices set {key.model}"
            )
    return blend


def _usd_per_mtok(femto_usd_per_token: Fraction) -> Decimal:
    return money.usd(money.round_to_nano_usd(femto_usd_per_token * TOKENS_PER_MTOK))


def _tiers(source: prices.PriceKey, target: prices.PriceKey) -> str:
    if source.service_tier == target.service_tier:
        return f"{source.service_tier} tier"
    return f"tier {source.service_tier} against {target.service_tier}"
