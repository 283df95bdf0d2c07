"""The plain comparison of two models by monthly volume at an assumed blend, without traffic."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from advisor import words
from ledger import clock, money
from ledger.errors import ParameterError, PriceUnknown, UsageError
from ledger.pricing import prices

TOKENS_PER_MTOK = 10**6
_VOLUME = re.compile(r"(\d+(?:\.\d+)?)([kmb]?)", re.IGNORECASE)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """A monthly volume on either model."""

    volume_tokens: int
    from_femto_usd: int
    to_femto_usd: int

    @property
    def saving_femto_usd(self) -> int:
        """What the second model saves a month; negative where it costs more."""
        return self.from_femto_usd - self.to_femto_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """Rows by volume, the blended prices they rest on, and a heading that states the blend."""

    heading: str
    from_usd_per_mtok: Decimal
    to_usd_per_mtok: Decimal
    saving_share: Fraction | None
    rows: tuple[VolumeRow, ...]


@dataclass(frozen=True, slots=True)
class Blend:
    """The assumed shares: of output in all tokens, and of cached tokens in the input.

    Raises UsageError for a share that is not between 0 and 1.
    """

    output_share: Fraction
    cached_share: Fraction

    def __post_init__(self) -> None:
        shares = {"output_share": self.output_share, "cached_share": self.cached_share}
        for name, share in shares.items():
            if not 0 <= share <= 1:
                text = f"{Decimal(share.numerator) / share.denominator:f}"
                raise ParameterError(name, text, "write a fraction from 0 to 1")


def compare(
    book: prices.PriceBook,
    source: prices.PriceKey,
    target: prices.PriceKey,
    *,
    blend: Blend,
    volumes_tokens: Sequence[int],
    day: int,
) -> PriceTable:
    """What volumes of tokens cost on two models at the prices of a UTC day.

    Raises PriceUnknown for a model without a price.
    """
    from_rate, to_rate = (_blended_rate(book, key, blend, day) for key in (source, target))
    from_usd, to_usd = _usd_per_mtok(from_rate), _usd_per_mtok(to_rate)
    output_share, cached_share = (
        words.percent(share, decimals=4) for share in (blend.output_share, blend.cached_share)
    )
    heading = (
        f"{source.model} at {money.text(from_usd)} and {target.model} at {money.text(to_usd)} USD"
        f" per MTok: output share {output_share} of all tokens, cached share {cached_share} of"
        f" input, {_tiers(source, target)}, prices of {clock.date_of(day)}"
    )
    rows = tuple(
        VolumeRow(
            volume,
            money.round_to_nano_usd(from_rate * volume),
            money.round_to_nano_usd(to_rate * volume),
        )
        for volume in volumes_tokens
    )
    return PriceTable(
        heading=heading,
        from_usd_per_mtok=from_usd,
        to_usd_per_mtok=to_usd,
        saving_share=(from_rate - to_rate) / from_rate if from_rate else None,
        rows=rows,
    )


def parse_volumes(text: str) -> tuple[int, ...]:
    """Token counts of a comma list such as `1M,250k,1.5B`. Raises UsageError with the bad one."""
    return tuple(_volume(part.strip()) for part in text.split(","))


def _volume(text: str) -> int:
    match = _VOLUME.fullmatch(text)
    tokens = Fraction(match[1]) * _UNITS[match[2].lower()] if match else Fraction(0)
    if tokens <= 0 or tokens.denominator != 1:
        raise UsageError(
            f"{text!r} is not a volume of tokens; write whole tokens such as 250k, 100M or 1.5B"
        )
    return int(tokens)


def _blended_rate(book: prices.PriceBook, key: prices.PriceKey, blend: Blend, day: int) -> Fraction:
    """Femto-USD per token; without a cached rate, cached input costs what input costs."""
    price = book.at(
        key.provider, key.model, key.service_tier, context_band=key.over_input_tokens, day=day
    )
    rates = price.rates if price else prices.Rates()
    cached_rate = rates.uncached_input if rates.cached_input is None else rates.cached_input
    input_share = 1 - blend.output_share
    parts = (
        (input_share * (1 - blend.cached_share), rates.uncached_input),
        (input_share * blend.cached_share, cached_rate),
        (blend.output_share, rates.output),
    )
    blended = Fraction(0)
    for share, rate in parts:
        if rate is not None:
            blended += share * rate
        elif share:
            raise PriceUnknown(
                f"no price for {key.model} ({key.provider}, {key.service_tier}) on"
                f" {clock.date_of(day)}; add one with: prices set {key.model}"
            )
    return blended


def _usd_per_mtok(femto_usd_per_token: Fraction) -> Decimal:
    return money.usd(money.round_to_nano_usd(femto_usd_per_token * TOKENS_PER_MTOK))


def _tiers(source: prices.PriceKey, target: prices.PriceKey) -> str:
    if source.service_tier == target.service_tier:
        return f"{source.service_tier} tier"
    return f"tier {source.service_tier} against {target.service_tier}"
