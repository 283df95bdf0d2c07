"""Giving a name as sent its model: which sender is meant, and whether the model has a price there. Pure; it guesses nothing."""

from collections.abc import Iterable
from dataclasses import replace

from ledger.errors import NotFound, UsageError
from ledger.events import Labels
from ledger.pricing import names
from ledger.pricing.names import Alias
from ledger.pricing.prices import PriceBook

DEFAULT_NAMESPACE = "default"


def sender(
    sent: Iterable[Labels],
    name: str,
    provider: str | None,
    namespace: str | None,
    *,
    unseen: bool = False,
) -> tuple[str, str]:
    """The namespace and provider under which a name is sent. `unseen` accepts a name that nobody has sent yet.

    Raises NotFound for a name that nobody has sent, UsageError where several have and nothing says which is meant.
    """
    word = names.provider_name(provider) if provider else None
    found = {
        (labels.namespace, labels.provider)
        for labels in sent
        if labels.model == name
        and word in (None, labels.provider)
        and namespace in (None, labels.namespace)
    }
    if len(found) == 1:
        return found.pop()
    if found:
        providers, namespaces = (
            sorted({each[1] for each in found}),
            sorted({each[0] for each in found}),
        )
        option, which = (
            ("--provider", providers) if len(providers) > 1 else ("--namespace", namespaces)
        )
        raise UsageError(
            f"{name!r} is sent under {', '.join(which)}; say which is meant with {option}"
        )
    if not unseen:
        where = "".join(
            f" {kind} {given}" for kind, given in (("at", word), ("by", namespace)) if given
        )
        raise NotFound(
            f"nobody has sent the name {name!r}{where}; names without a price: switchwise models unmapped; --yes takes it anyway"
        )
    if word is None:
        raise UsageError(
            f"nobody has sent the name {name!r} yet; name its provider with --provider"
        )
    return namespace or DEFAULT_NAMESPACE, word


def alias(
    book: PriceBook,
    sent: tuple[str, str],
    name: str,
    model: str,
    to_provider: str | None,
    region: str,
    day: int,
) -> Alias:
    """The alias by which a name of a sender is a model from a UTC day on. Raises UsageError for a model without a price there."""
    namespace, provider = sent
    target = names.provider_name(to_provider) if to_provider else provider
    canonical = names.canonical_model(book, target, model)
    regions = {
        key.region for key in book.prices if (key.provider, key.model) == (target, canonical)
    }
    if not regions:
        raise UsageError(_no_price(book, target, model))
    if region not in regions:
        there = f"in {region!r}" if region else "that holds in every region"
        known = ", ".join(sorted(filter(None, regions))) or "none of its own"
        raise UsageError(
            f"{canonical} at {target} has no price {there}; regions with prices: {known};"
            f" set one with: switchwise prices set {canonical} --provider {target} --region REGION"
        )
    if (target, canonical, region) == (provider, names.canonical_model(book, provider, name), ""):
        raise UsageError(
            f"{name!r} at {provider} is priced as {canonical} by itself; end an alias with: switchwise models unmap"
        )
    return Alias(
        namespace=namespace,
        provider=provider,
        name=name,
        model_provider=target,
        model=canonical,
        effective_from=day,
        region=region,
    )


def _no_price(book: PriceBook, target: str, model: str) -> str:
    """What to do about a model that has no price at a provider, the nearest remedy first."""
    if sellers := names.sellers(book, model):
        return f"{target} has no price for {model}; it is sold by {', '.join(sellers)}: name one with --to-provider"
    if not any(key.provider == target for key in book.prices):
        return f"{target!r} is no provider of the price book; see: switchwise prices list"
    return (
        f"no price for {model}; see: switchwise prices list --provider {target},"
        f" or set one with: switchwise prices set {model} --provider {target}"
    )


def ending(
    aliases: Iterable[Alias], name: str, provider: str | None, namespace: str | None, day: int
) -> Alias:
    """What ends the alias of a name on a UTC day. Raises NotFound where none is in force, UsageError where several are."""
    word = names.provider_name(provider) if provider else None
    latest: dict[tuple[str, str, str], Alias] = {}
    for each in sorted(aliases, key=lambda each: each.effective_from):
        fits = (
            each.name == name
            and word in (None, each.provider)
            and namespace in (None, each.namespace)
        )
        if fits and each.effective_from <= day:
            latest[each.sent] = each
    found = [each for each in latest.values() if each.model]
    if not found:
        raise NotFound(
            f"{name!r} is no model's name on that day; aliases and their days: switchwise models list"
        )
    if len(found) > 1:
        senders = ", ".join(f"{each.provider} of {each.namespace}" for each in found)
        raise UsageError(
            f"{name!r} is mapped for {senders}; say which is meant with --provider and --namespace"
        )
    return replace(found[0], model_provider="", model="", region="", effective_from=day)
