"""The installed genai-prices package as our price rows.

Used only while the book is compiled. No network, no clock. Known limit: a tier's first row begins
on the day it was checked, so that earlier days read as backdated.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal

from genai_prices import data, types

from ledger import meters
from ledger.errors import UsageError
from ledger.meters import Meter
from ledger.pricing import book_file, names, omissions, prices
from ledger.pricing.book_file import FactRow, PriceRow
from ledger.pricing.matchers import Condition, MatcherRow
from ledger.pricing.prices import PriceKey, Rates

_Rate = Decimal | types.TieredPrices

# Sellers whose price a model name decides. Left out: resellers where the route decides it
# (openrouter, huggingface_*), and subscriptions that list their models at no or a converted price
# (github-copilot, cursor).
SELLERS = (
    "anthropic",
    "aws",
    "azure",
    "cerebras",
    "cohere",
    "deepseek",
    "fireworks",
    "google",
    "groq",
    "minimax",
    "mistral",
    "moonshotai",
    "openai",
    "perplexity",
    "together",
    "voyageai",
    "x-ai",
    "zai",
)
# One price list, two words for its seller.
_SECOND_WORD = {"azure": "azure.ai.inference", "google": "gcp.vertex_ai"}

# Our tier -> how genai-prices asks for it. `fast` is a second name of `priority` there.
_TIERS: Mapping[str, dict[str, str]] = {
    "standard": {},
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
}
_METER_KEYS = {
    "uncached_input": "input_mtok",
    "cached_input": "cache_read_mtok",
    "cache_write_input": "cache_write_mtok",
    "output": "output_mtok",
    "input_audio": "input_audio_mtok",
    "output_audio": "output_audio_mtok",
}
_RARE = {meter.catalogue: meter for meter in meters.BY_NAME.values() if meter.catalogue}
_SECOND_NAMES = {"audio_hours": "input_audio_hours"}
"""Rates that the catalogue lists a second time, for input and output together."""


def providers() -> Iterator[tuple[str, types.Provider]]:
    """Each provider of the catalogue that we price, with each of our words for it."""
    for provider in data.providers:
        if provider.id in SELLERS:
            yield names.provider_name(provider.id), provider
            if provider.id in _SECOND_WORD:
                yield _SECOND_WORD[provider.id], provider


def nano_usd(amount_usd: Decimal) -> int:
    """USD per million tokens as integer nano-USD.

    The remainder of a binary float (0.18000000000000002) is removed; a rate that is really finer is
    refused, never rounded.
    """
    rounded = _rounded(amount_usd)
    if rounded is None:
        raise UsageError(
            f"a rate of {amount_usd} USD is finer than nano-USD;"
            " leave the model out or round it in the overlay"
        )
    return rounded


def _rounded(amount_usd: Decimal) -> int | None:
    nano = amount_usd.scaleb(9)
    rounded = nano.to_integral_value()
    return None if abs(nano - rounded) > abs(nano) * Decimal("1e-12") else int(rounded)


def reason_left_out(word: str, model: types.ModelInfo) -> str | None:
    """Why a model gets no price rows under a provider's word; None if it does."""
    if word == "gcp.gemini" and model.id.startswith("claude"):
        return omissions.VERTEX_ONLY
    conditions = model.prices if isinstance(model.prices, list) else []
    if any(isinstance(entry.constraint, types.TimeOfDateConstraint) for entry in conditions):
        return omissions.TIME_OF_DAY
    listed = [entry.prices for entry in conditions] if conditions else [model.prices]
    rates = {
        key: rate
        for entry in listed
        if isinstance(entry, types.ModelPrice)
        for key, rate in _listed(entry).items()
    }
    if not rates:
        return omissions.NO_PRICE
    uncounted = rates.keys() - _METER_KEYS.values() - _RARE.keys()
    unnamed = sorted(key for key in uncounted if _SECOND_NAMES.get(key) not in rates)
    if unnamed:
        return f"it bills {', '.join(unnamed)}, which events do not count"
    too_fine = sorted(key for key in rates.keys() & _RARE.keys() if _is_too_fine(key, rates[key]))
    if too_fine:
        return f"its rate for {', '.join(too_fine)} is finer than our unit of money"
    if not any(_at_size(rate, 0) for rate in rates.values()):
        return omissions.ZERO_PRICE
    return None


def price_rows(word: str, provider: types.Provider, model: types.ModelInfo) -> Iterator[PriceRow]:
    """Every price of a model: a row for each tier, long-context threshold and day of change."""
    source = (provider.pricing_urls or ["genai-prices"])[0]
    for tier, context in _TIERS.items():
        listed = {
            day: _listed(model.get_prices(datetime.combine(day, time(), UTC), context))
            for day in _change_days(model, context)
        }
        # A threshold of only some days gets a row on every day, or its high rate would outlive it.
        sizes = {
            step.start
            for rates in listed.values()
            for rate in rates.values()
            for step in _steps(rate)
        }
        checked = min(listed) if listed and min(listed) != book_file.EVER else None
        for size in sorted(sizes | {0}):
            for day, rates in listed.items():
                key = PriceKey(word, model.id, tier, size)
                yield book_file.price_row(
                    key, day, rates=_rates_at(rates, size), source=source, checked=checked
                )


def fact_row(word: str, model: types.ModelInfo) -> FactRow:
    """The catalogue's facts of a model other than its prices."""
    return FactRow(provider=word, model=model.id, context_window=model.context_window)


def exact_names(model: types.ModelInfo) -> set[str]:
    """The names, in lower case, that the catalogue says *are* this model."""
    return {
        clause.equals.lower()
        for clause in _alternatives(model.match)
        if isinstance(clause, types.ClauseEquals)
    }


def matcher_rows(word: str, model: types.ModelInfo) -> Iterator[MatcherRow]:
    """A row for each alternative of the model's matcher, under a provider's word."""
    for clause in _alternatives(model.match):
        parts = clause.and_ if isinstance(clause, types.ClauseAnd) else [clause]
        yield MatcherRow(
            provider=word, model=model.id, conditions=tuple(_condition(part) for part in parts)
        )


def _alternatives(clause: types.MatchLogic) -> list[types.MatchLogic]:
    return clause.or_ if isinstance(clause, types.ClauseOr) else [clause]


def _condition(clause: types.MatchLogic) -> Condition:
    """A clause without parts as data. Raises UsageError for one nested deeper than the book can."""
    match clause:
        case types.ClauseEquals():
            return Condition("equals", clause.equals.lower())
        case types.ClauseStartsWith():
            return Condition("starts_with", clause.starts_with.lower())
        case types.ClauseEndsWith():
            return Condition("ends_with", clause.ends_with.lower())
        case types.ClauseContains():
            return Condition("contains", clause.contains.lower())
        case types.ClauseRegex():
            return Condition("regex", clause.regex)
    raise UsageError(f"the catalogue nests a matcher deeper than the book can hold: {clause!r}")


def _change_days(model: types.ModelInfo, context: dict[str, str]) -> list[date]:
    """The days on which a price of the model in a tier begins; none if the tier is not sold."""
    standard = (
        [_start(entry.constraint) for entry in model.prices]
        if isinstance(model.prices, list)
        else [book_file.EVER]
    )
    if not context:
        return sorted({book_file.EVER, *standard})
    tier = [
        _start(entry.constraint) for entry in model.price_variants or () if entry.when == context
    ]
    return sorted({*tier, *(day for day in standard if day > min(tier))}) if tier else []


def _start(constraint: types.StartDateConstraint | types.TimeOfDateConstraint | None) -> date:
    return (
        constraint.start_date
        if isinstance(constraint, types.StartDateConstraint)
        else book_file.EVER
    )


def _listed(prices: types.ModelPrice) -> dict[str, _Rate]:
    return {key: rate for key, rate in vars(prices).items() if rate is not None}


def _steps(rate: _Rate) -> list[types.Tier]:
    return rate.tiers if isinstance(rate, types.TieredPrices) else []


def _at_size(rate: _Rate, over_input_tokens: int) -> Decimal:
    """The rate for inputs of more than so many tokens: a step begins strictly above its `start`."""
    passed = [step.price for step in _steps(rate) if step.start <= over_input_tokens]
    if passed:
        return passed[-1]
    return rate.base if isinstance(rate, types.TieredPrices) else rate


def _rates_at(listed: Mapping[str, _Rate], over_input_tokens: int) -> Rates:
    at_size = {key: _at_size(rate, over_input_tokens) for key, rate in listed.items()}
    plain = {meter: nano_usd(at_size[key]) for meter, key in _METER_KEYS.items() if key in at_size}
    rare = {
        meter.name: nano_usd(_per_million(meter, at_size[key]))
        for key, meter in _RARE.items()
        if key in at_size
    }
    return prices.from_meters(plain | rare)


def _per_million(meter: Meter, amount_usd: Decimal) -> Decimal:
    """USD per million of our units."""
    return amount_usd * 1_000_000 / meter.catalogue_units


def _is_too_fine(key: str, rate: _Rate) -> bool:
    amounts = [step.price for step in _steps(rate)] + [_at_size(rate, 0)]
    return any(_rounded(_per_million(_RARE[key], amount)) is None for amount in amounts)
