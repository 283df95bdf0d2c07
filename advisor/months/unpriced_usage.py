"""The inbox of tokens without a price: their name as sent, why they have none, and what would help.

It only reads.
"""

import functools
import shlex
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from sqlmodel import Session

from advisor import words
from advisor.months import mapping, month_computation, statements
from ledger import events, meters, money, prose, tokens, usage
from ledger.events import Labels
from ledger.months import Month
from ledger.pricing import charges, names, omissions, prices
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
_REQUESTS, _METER_REQUESTS = usage.INDEX["requests"], usage.INDEX["meter_requests"]
_FEMTO_USD_PER_NANO_USD = money.FEMTO_PER_USD // money.NANO_PER_USD

Reason = Literal[
    "unknown_provider",
    "unknown_name",
    "left_out",
    "another_price",
    "no_region",
    "no_tier",
    "no_size",
    "no_rate",
    "no_modifier",
]


class Why(NamedTuple):
    """Why tokens have no price: a reason, and what exactly is missing unless that is the name.

    unknown_provider, unknown_name: nothing is sold there, or nothing of that name. left_out: the
    price book knows the model and has no price of it. another_price: the name is like that of a
    priced model and costs something else. `missing` then says why. no_region,
    no_tier: the model has prices, but not in that region or at that tier. no_size: nor for requests
    as small, or, where `missing` has a tier and a size, for requests of more input at that tier.
    no_rate: it has a price without a rate for the meters in `missing`. no_modifier: nor a factor
    for the modifiers there, such as `geo=eu`.
    """

    reason: Reason
    missing: tuple[str, ...] = ()


_TIER_UNKNOWN = Why("no_tier", (events.UNKNOWN,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpriced:
    """Tokens without a price under a name as sent.

    `requests` are all that were sent under the name for this reason; of some only a part of the
    tokens is unpriced. `hint` leads to `command`, or says why there is none. Both are None where no
    exact rule finds a remedy.
    """

    namespace: str
    provider: str
    name: str
    why: Why
    unpriced_tokens: int
    requests: int
    hint: str | None
    command: str | None


class _SentName(NamedTuple):
    namespace: str
    provider: str
    name: str
    why: Why


class _Remedy(NamedTuple):
    hint: str | None
    command: str | None


@dataclass(slots=True)
class _Sums:
    key: PriceKey
    tokens: int = 0
    requests: int = 0
    request_models: set[str] = field(default_factory=set)


def in_month(session: Session, month: Month, pricing: statements.Pricing) -> list[Unpriced]:
    """Everything without a price in a month, the most tokens first."""
    sums: dict[_SentName, _Sums] = {}
    # Each answer scans the whole book, and a name without a price comes again each day and series.
    why_no_price = functools.cache(functools.partial(_why_no_price, pricing.book))
    for day in month_computation.usage_by_day(session, month):
        for series_id, amounts in day.amounts.items():
            labels, priced = pricing.series[series_id].labels, pricing.resolve(series_id, day.day)
            rates = priced.price.rates if priced.price else None
            unpriced_tokens = charges.cost_of(labels, amounts, rates).unpriced_tokens
            if not unpriced_tokens and not _has_unpriced_fee(labels, amounts, rates):
                continue
            key = PriceKey(
                provider=priced.provider,
                model=priced.model,
                service_tier=statements.priced_tier(labels),
                over_input_tokens=labels.context_band,
                region=priced.region,
            )
            if labels.meter:
                why = Why("no_rate", (labels.meter,))
            elif rates is not None:
                why = _why_no_rate(usage.token_counts(amounts), rates)
            elif _is_sold_without_modifiers(pricing.book, key, labels, day.day):
                why = Why("no_modifier", (labels.modifiers,))
            else:
                why = why_no_price(key)
            if why.reason == "no_size":
                why = _why_no_size(pricing.book, key, day.day)
            sent = _SentName(labels.namespace, labels.provider, labels.model, why)
            of_name = sums.setdefault(sent, _Sums(key))
            of_name.tokens += unpriced_tokens
            of_name.requests += amounts[_REQUESTS] + amounts[_METER_REQUESTS]
            of_name.request_models.add(labels.request_model)
    return [
        _unpriced(sent, of_name, pricing.book)
        for sent, of_name in sorted(sums.items(), key=_by_tokens)
    ]


def _has_unpriced_fee(labels: Labels, amounts: list[int], rates: Rates | None) -> bool:
    """Whether a fee has no rate that somebody could set."""
    fee = charges.fee_of(labels, amounts, rates)
    return fee is not None and fee.femto_usd is None and fee.meter not in meters.WITHOUT_RATE


def _is_sold_without_modifiers(book: PriceBook, key: PriceKey, labels: Labels, day: int) -> bool:
    return bool(labels.modifiers) and (
        book.at(
            key.provider,
            key.model,
            key.service_tier,
            context_band=key.over_input_tokens,
            day=day,
            region=key.region,
        )
        is not None
    )


def _by_tokens(entry: tuple[_SentName, _Sums]) -> tuple[int, _SentName]:
    sent, sums = entry
    return -sums.tokens, sent


def _unpriced(sent: _SentName, sums: _Sums, book: PriceBook) -> Unpriced:
    return Unpriced(
        **sent._asdict(),
        unpriced_tokens=sums.tokens,
        requests=sums.requests,
        **_remedy(sent, sums, book)._asdict(),
    )


def reason_text(why: Why) -> str:
    """A reason in a few words."""
    missing = prose.all_of(map(words.label, why.missing))
    if why.reason == "no_size" and why.missing:
        tier, size = why.missing
        return f"no {tier} price over {int(size):,} tokens"
    if why == _TIER_UNKNOWN:
        return "its tier is not known here"
    return {
        "unknown_provider": "unknown provider",
        "unknown_name": "unknown name",
        "left_out": "known, left out",
        "another_price": "another price",
        "no_region": f"no price in {missing}",
        "no_tier": f"no {missing} price",
        "no_size": "no price for its size",
        "no_rate": f"no rate for {missing}",
        "no_modifier": f"no rate with {missing}",
    }[why.reason]


def reason_known(book: PriceBook, provider: str, name: str) -> str | None:
    """What the price book says of why a name has no price there; None if it says nothing."""
    if (provider, name.lower()) in book.names:
        return None
    why = _why_no_model(book, PriceKey(provider, name, "standard"))
    return why.missing[0] if why.missing else None


def _why_no_price(book: PriceBook, key: PriceKey) -> Why:
    of_provider = [other for other in book.prices if other.provider == key.provider]
    of_model = [other for other in of_provider if other.model == key.model]
    in_region = [other for other in of_model if other.region == key.region]
    if not of_model:
        return _why_no_model(book, key) if of_provider else Why("unknown_provider")
    if not in_region:
        return Why("no_region", (key.region,))
    at_tier = any(other.service_tier == key.service_tier for other in in_region)
    return Why("no_size") if at_tier else Why("no_tier", (key.service_tier,))


def _why_no_model(book: PriceBook, key: PriceKey) -> Why:
    refused = names.reason_refused(book, key.provider, key.model)
    if refused is not None:
        return Why("another_price", (refused,))
    left_out = names.left_out(book, key.provider, key.model)
    return Why("left_out", (left_out.reason,)) if left_out else Why("unknown_name")


def _why_no_size(book: PriceBook, key: PriceKey, day: int) -> Why:
    step = book.missing_step(key._replace(over_input_tokens=0), key.over_input_tokens, day)
    return Why("no_size", () if step is None else (key.service_tier, str(step)))


def _why_no_rate(counts: tokens.TokenCounts, rates: Rates) -> Why:
    by_meter = prices.tokens_by_meter(counts, rates)
    return Why(
        "no_rate",
        tuple(
            meter
            for meter, metered in by_meter.items()
            if metered and getattr(rates, meter) is None
        ),
    )


def _remedy(sent: _SentName, sums: _Sums, book: PriceBook) -> _Remedy:
    """What would help. A name without an exact rule gets the model that it is most like, to ask."""
    key, why = sums.key, sent.why
    match why.reason:
        case "left_out":
            return _remedy_of_left_out(sent, key, book)
        case "another_price":
            return _Remedy(
                f"{why.missing[0]}; once you know the rate",
                _set_command(key, why, book),
            )
        case "unknown_provider" | "unknown_name":
            return _remedy_of_name(sent, sums, book)
    if why.reason == "no_modifier":
        return _Remedy(
            f"the price book has no factor for {why.missing[0]} of {key.model} and leaves these"
            " tokens unpriced",
            None,
        )
    if why == _TIER_UNKNOWN:
        return _Remedy(
            "the answer, or the request where that does not say, names a tier that is not known"
            " here; no price of another tier stands for it",
            None,
        )
    never_sold = book.facts_of(key.provider, key.model).without_rate.get(key.service_tier)
    if why.reason == "no_tier" and never_sold is not None:
        return _Remedy(f"no price per token at {key.service_tier}: {never_sold}", None)
    return _set_price(key, why, book)


def _remedy_of_left_out(sent: _SentName, key: PriceKey, book: PriceBook) -> _Remedy:
    """A price per token where it could be right; never one for what is billed otherwise."""
    (reason,) = sent.why.missing
    hint = f"the price book leaves it out: {reason}"
    if reason == omissions.VERTEX_ONLY:
        command = f"{_map(sent, key.model)} --to-provider gcp.vertex_ai"
        return _Remedy(f"{hint}; if it was called there", command)
    if omissions.is_by_token(reason):
        return _Remedy(f"{hint}; once you know the rate", _set_command(key, sent.why, book))
    return _Remedy(f"{hint}; no price per token or other model stands for it", None)


def _remedy_of_name(sent: _SentName, sums: _Sums, book: PriceBook) -> _Remedy:
    model = _model_asked_for(sent, sums, book)
    if model is not None:
        return _Remedy(
            f"all of its requests asked for {model}; if that is the model", _map(sent, model)
        )
    sellers = names.sellers(book, sent.name)
    seller = sellers[0] if len(sellers) == 1 else names.sole_vendor(book, sent.name)
    if seller is not None:
        model = names.canonical_model(book, seller, sent.name)
        return _Remedy(
            f"{seller} sells {model}; if that is the price",
            f"{_map(sent, model)} --to-provider {seller}",
        )
    model = names.near_miss(book, sent.provider, sent.name)
    if model is not None:
        return _Remedy(f"the name is like one of {model}; if it costs the same", _map(sent, model))
    model = names.nearest(book, sent.provider, sent.name)
    if model is not None:
        return _Remedy(f"no model has that name; if {model} is meant", _map(sent, model))
    return _Remedy(None, None)


def _model_asked_for(sent: _SentName, sums: _Sums, book: PriceBook) -> str | None:
    """The one priced model that every request under a name asked its proxy for."""
    models = {
        names.canonical_model(book, sent.provider, request_model)
        for request_model in sums.request_models
    }
    (model,) = models if len(models) == 1 else (None,)
    return model if model and sent.provider in names.sellers(book, model) else None


def _map(sent: _SentName, model: str) -> str:
    """The command that maps a name to a model."""
    arguments = ["switchwise", "models", "map", sent.name, model, "--provider", sent.provider]
    if sent.namespace != mapping.DEFAULT_NAMESPACE:
        arguments += ["--namespace", sent.namespace]
    return shlex.join(arguments)


def _set_price(key: PriceKey, why: Why, book: PriceBook) -> _Remedy:
    """The command that sets the missing price, and where the model has one."""
    command = _set_command(key, why, book)
    if why.reason == "no_size" and why.missing:
        return _Remedy(
            f"{key.model} has another price for long requests at standard, and no source names"
            f" that at {key.service_tier}; once you know the rate",
            command,
        )
    same_model = [
        other for other in book.prices if (other.provider, other.model) == (key.provider, key.model)
    ]
    places = sorted(
        {" in ".join(filter(None, (other.service_tier, other.region))) for other in same_model}
    )
    sold = f"is sold at {prose.all_of(places)}" if places else "has no price in the price book"
    return _Remedy(f"{key.model} {sold}; once you know the rate", command)


def _set_command(key: PriceKey, why: Why, book: PriceBook) -> str:
    """The command that sets a price, with the rates that are there already."""
    arguments = ["switchwise", "prices", "set", key.model, "--provider", key.provider]
    if key.service_tier != "standard":
        arguments += ["--tier", key.service_tier]
    if key.region:
        arguments += ["--region", key.region]
    if why.reason == "no_size" and why.missing:
        arguments += ["--over", why.missing[1]]
    for meter, rate in _rates_to_set(key, why, book).items():
        arguments += [OPTIONS[meter], rate] if meter in OPTIONS else ["--meter", f"{meter}={rate}"]
    return shlex.join(arguments)


def _rates_to_set(key: PriceKey, why: Why, book: PriceBook) -> dict[str, str]:
    """By meter, the rate as a command takes it; RATE where the reader must fill it in."""
    rates = Rates()
    base = key._replace(over_input_tokens=0)
    if why.reason == "no_rate" and base in book.prices:
        rates = book.prices[base][-1].list_rates
    known_rates = {
        meter: money.usd_text(rate * _FEMTO_USD_PER_NANO_USD // _units(meter))
        for meter, rate in rates.by_meter.items()
    }
    missing = why.missing if why.reason == "no_rate" else ("uncached_input", "output")
    return known_rates | dict.fromkeys(missing, "RATE")


def _units(meter: str) -> int:
    """How many units one rate of a command is for, of the million that a rate is for."""
    is_fee = meter in meters.BY_NAME and meters.BY_NAME[meter].unit != "token"
    return 1_000_000 if is_fee else 1
