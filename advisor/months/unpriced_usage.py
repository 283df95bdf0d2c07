"""The inbox of tokens without a price: under which name they were sent, why they have none, and what would help. Reads only."""

import functools
import shlex
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from sqlmodel import Session

from advisor import words
from advisor.months import month_computation, statements
from ledger import money, tokens, usage
from ledger.months import Month
from ledger.pricing import names, prices
from ledger.pricing.prices import PriceBook, PriceKey, Rates

OPTIONS = {
    "uncached_input": "--input",
    "cached_input": "--cached",
    "cache_write_input": "--cache-write",
    "output": "--output",
    "input_audio": "--input-audio",
    "output_audio": "--output-audio",
}
"""By meter, the option by which a command takes its rate."""


class Why(NamedTuple):
    """Why tokens have no price: a reason, and what exactly is missing where that is not the name.

    unknown_provider and unknown_name: nothing is sold there, or nothing of that name; no_region, no_tier, no_size: the model
    has prices, but not there, at that tier or for requests as small; no_rate: it has a price without a rate for those meters.
    """

    reason: str
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Tokens without a price under a name as sent. `hint` leads to `command`, or says why there is none, where that is exact.

    `requests` are all that were sent under the name and share the reason: of some only a part of the tokens is unpriced.
    """

    namespace: str
    provider: str
    name: str
    why: Why
    unpriced_tokens: int
    requests: int
    hint: str | None
    command: str | None


class _Sent(NamedTuple):
    namespace: str
    provider: str
    name: str
    why: Why


@dataclass(slots=True)
class _Stake:
    key: PriceKey
    tokens: int = 0
    requests: int = 0
    asked: set[str] = field(default_factory=set)


def in_month(session: Session, month: Month, pricing: statements.Pricing) -> list[Unpriced]:
    """Everything without a price in a month, the most tokens first."""
    stakes: dict[_Sent, _Stake] = {}
    # Every answer is a scan of the whole book, and a name without a price comes again each day and in each series.
    why_no_price = functools.cache(functools.partial(_why_no_price, pricing.book))
    for part in month_computation.usage_by_day(session, month):
        for series_id, amounts in part.amounts.items():
            counts, priced = usage.token_counts(amounts), pricing.resolve(series_id, part.day)
            rates = priced.price.rates if priced.price else None
            if unpriced_tokens := prices.cost(counts, rates).unpriced_tokens:
                labels = pricing.series[series_id].labels
                key = PriceKey(
                    priced.provider,
                    priced.model,
                    statements.priced_tier(labels),
                    labels.context_band,
                    priced.region,
                )
                why = why_no_price(key) if rates is None else _why_no_rate(counts, rates)
                sent = _Sent(labels.namespace, labels.provider, labels.model, why)
                stake = stakes.setdefault(sent, _Stake(key))
                stake.tokens += unpriced_tokens
                stake.requests += amounts[usage.INDEX["requests"]]
                stake.asked.add(labels.request_model)
    ranked = sorted(stakes.items(), key=lambda item: (-item[1].tokens, item[0]))
    return [
        Unpriced(*sent, stake.tokens, stake.requests, *_remedy(sent, stake, pricing.book))
        for sent, stake in ranked
    ]


def reason_text(why: Why) -> str:
    """A reason in a few words."""
    missing = words.label(why.missing)
    return {
        "unknown_provider": "unknown provider",
        "unknown_name": "unknown name",
        "no_region": f"no price in {why.missing}",
        "no_tier": f"no {missing} price",
        "no_size": "no price for its size",
        "no_rate": f"no rate for {missing}",
    }[why.reason]


def _why_no_price(book: PriceBook, key: PriceKey) -> Why:
    sold = [each for each in book.prices if each.provider == key.provider]
    of_model = [each for each in sold if each.model == key.model]
    in_region = [each for each in of_model if each.region == key.region]
    if not of_model:
        return Why("unknown_name" if sold else "unknown_provider")
    if not in_region:
        return Why("no_region", key.region)
    at_tier = any(each.service_tier == key.service_tier for each in in_region)
    return Why("no_size") if at_tier else Why("no_tier", key.service_tier)


def _why_no_rate(counts: tokens.TokenCounts, rates: Rates) -> Why:
    used = (meter for meter, amount in prices.tokens_by_meter(counts, rates).items() if amount)
    return Why("no_rate", ", ".join(meter for meter in used if getattr(rates, meter) is None))


def _remedy(sent: _Sent, stake: _Stake, book: PriceBook) -> tuple[str | None, str | None]:
    """What speaks for a remedy, and the command. For a name only where one single model fits it by an exact rule."""
    if sent.why.reason not in ("unknown_provider", "unknown_name"):
        never = book.facts_of(stake.key.provider, stake.key.model).without_rate.get(
            stake.key.service_tier
        )
        if sent.why.reason == "no_tier" and never is not None:
            return f"no price per token at {stake.key.service_tier}: {never}", None
        return _missing_price(stake.key, sent.why, book)
    if (asked := _asked_for(sent, stake, book)) is not None:
        return f"everyone who sent it asked for {asked}; if it is that", _map(sent, asked)
    sellers = names.sellers(book, sent.name)
    seller = sellers[0] if len(sellers) == 1 else names.sole_vendor(book, sent.name)
    if seller is not None:
        model = names.canonical_model(book, seller, sent.name)
        return (
            f"{seller} sells {model}; if that is what it costs",
            f"{_map(sent, model)} --to-provider {seller}",
        )
    return None, None


def _asked_for(sent: _Sent, stake: _Stake, book: PriceBook) -> str | None:
    """The one priced model that every request under a name asked its proxy for."""
    models = {names.canonical_model(book, sent.provider, asked) for asked in stake.asked}
    (model,) = models if len(models) == 1 else (None,)
    return model if model and sent.provider in names.sellers(book, model) else None


def _map(sent: _Sent, model: str) -> str:
    namespace = "" if sent.namespace == "default" else f" --namespace {shlex.quote(sent.namespace)}"
    named = f"{shlex.quote(sent.name)} {shlex.quote(model)}"
    return f"switchwise models map {named} --provider {shlex.quote(sent.provider)}{namespace}"


def _missing_price(key: PriceKey, why: Why, book: PriceBook) -> tuple[str, str]:
    """The command that prices a model where it has no price, with the rates that it has there already."""
    same = [
        each for each in book.prices if (each.provider, each.model) == (key.provider, key.model)
    ]
    held = [
        book.prices[each][-1].list_rates
        for each in same
        if each == key._replace(over_input_tokens=0)
    ]
    rates = held[0] if held and why.reason == "no_rate" else Rates()
    given = {
        meter: money.text(Decimal(rate).scaleb(-9))
        for meter in OPTIONS
        if (rate := getattr(rates, meter)) is not None
    }
    wanted = why.missing.split(", ") if why.reason == "no_rate" else ("uncached_input", "output")
    options = [
        f"{OPTIONS[meter]} {rate}"
        for meter, rate in (given | dict.fromkeys(wanted, "RATE")).items()
    ]
    tier = "" if key.service_tier == "standard" else f" --tier {key.service_tier}"
    region = f" --region {shlex.quote(key.region)}" if key.region else ""
    command = f"switchwise prices set {shlex.quote(key.model)} --provider {shlex.quote(key.provider)}{tier}{region}"
    sold = sorted({" in ".join(filter(None, (each.service_tier, each.region))) for each in same})
    return f"{key.model} is sold at {', '.join(sold)}; once the rate is known", " ".join(
        [command, *options]
    )
