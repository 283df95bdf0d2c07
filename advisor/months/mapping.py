"""Mapping a name, as it is sent, to a model: who sends it, and whether the model has a price there.

Pure. It guesses nothing: where several senders or models fit, it asks.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from ledger import prose
from ledger.errors import NotFound, UsageError
from ledger.events import Labels
from ledger.pricing import names
from ledger.pricing.names import Alias
from ledger.pricing.prices import PriceBook

DEFAULT_NAMESPACE = "default"


class Sender(NamedTuple):
    """Where a name comes from: the namespace that sends it, and the provider it is sent to."""

    namespace: str
    provider: str


def find_sender(
    labels_sent: Iterable[Labels],
    name: str,
    *,
    provider: str | None = None,
    namespace: str | None = None,
    accept_unsent: bool = False,
) -> Sender:
    """Who sends a name, at this provider and namespace where they are not None.

    `accept_unsent` accepts a name that nobody has sent yet. Raises NotFound for another such name,
    UsageError where several senders fit.
    """
    provider_name = names.provider_name(provider) if provider else None
    senders = {
        Sender(labels.namespace, labels.provider)
        for labels in labels_sent
        if labels.model == name
        and provider_name in (None, labels.provider)
        and namespace in (None, labels.namespace)
    }
    if len(senders) == 1:
        return senders.pop()
    if senders:
        raise UsageError(_several_senders(name, senders))
    if not accept_unsent:
        where = f" at {provider_name}" if provider_name else ""
        where += f" by {namespace}" if namespace else ""
        raise NotFound(
            f"nobody has sent the name {name!r}{where}; list names without a price with:"
            " switchwise models unmapped; to map it anyway add --yes"
        )
    if provider_name is None:
        raise UsageError(
            f"nobody has sent the name {name!r} yet; give its provider with --provider"
        )
    return Sender(namespace or DEFAULT_NAMESPACE, provider_name)


def _several_senders(name: str, senders: Iterable[Sender]) -> str:
    providers = sorted({sender.provider for sender in senders})
    namespaces = sorted({sender.namespace for sender in senders})
    option, choices = (
        ("--provider", providers) if len(providers) > 1 else ("--namespace", namespaces)
    )
    return f"{name!r} is sent under {prose.all_of(choices)}; choose one with {option}"


def new_alias(
    book: PriceBook,
    sender: Sender,
    name: str,
    model: str,
    *,
    to_provider: str | None,
    region: str,
    day: int,
) -> Alias:
    """The alias by which a sender's name means a model from a UTC day on.

    Raises UsageError for a model without a price at the provider and region.
    """
    target = names.provider_name(to_provider) if to_provider else sender.provider
    canonical = names.canonical_model(book, target, model)
    regions = {
        key.region for key in book.prices if (key.provider, key.model) == (target, canonical)
    }
    if not regions:
        raise UsageError(_no_price(book, target, model))
    if region not in regions:
        where = f"in {region!r}" if region else "for every region"
        priced_regions = prose.all_of(sorted(filter(None, regions))) or "none"
        raise UsageError(
            f"{canonical} at {target} has no price {where}; regions with prices: {priced_regions};"
            f" set one with: switchwise prices set {canonical} --provider {target} --region REGION"
        )
    own_model = names.canonical_model(book, sender.provider, name)
    if (target, canonical, region) == (sender.provider, own_model, ""):
        raise UsageError(
            f"{name!r} at {sender.provider} has the price of {canonical} without an alias;"
            " end one with: switchwise models unmap"
        )
    return Alias(
        namespace=sender.namespace,
        provider=sender.provider,
        name=name,
        model_provider=target,
        model=canonical,
        effective_from=day,
        region=region,
    )


def _no_price(book: PriceBook, target: str, model: str) -> str:
    """What to do about a model that has no price at a provider, the nearest remedy first."""
    if sellers := names.sellers(book, model):
        return (
            f"{target} has no price for {model}; it is sold by {prose.all_of(sellers)};"
            " choose one with --to-provider"
        )
    if not any(key.provider == target for key in book.prices):
        return f"unknown provider {target!r}; list the providers with: switchwise prices list"
    return (
        f"no price for {model}; list what has one with: switchwise prices list --provider {target},"
        f" or set one with: switchwise prices set {model} --provider {target}"
    )


def end_alias(
    aliases: Iterable[Alias],
    name: str,
    *,
    provider: str | None = None,
    namespace: str | None = None,
    day: int,
) -> Alias:
    """The entry that ends the alias of a name on a UTC day.

    Raises NotFound where no alias is in force, UsageError where several are.
    """
    provider_name = names.provider_name(provider) if provider else None
    latest: dict[tuple[str, str, str], Alias] = {}
    for alias in sorted(aliases, key=lambda alias: alias.effective_from):
        fits = (
            alias.name == name
            and provider_name in (None, alias.provider)
            and namespace in (None, alias.namespace)
        )
        if fits and alias.effective_from <= day:
            latest[alias.sent] = alias
    in_force = [alias for alias in latest.values() if alias.model]
    if not in_force:
        raise NotFound(
            f"{name!r} is mapped to no model on that day;"
            " list aliases and their days with: switchwise models list"
        )
    if len(in_force) > 1:
        senders = prose.all_of(f"{alias.provider} of {alias.namespace}" for alias in in_force)
        raise UsageError(
            f"{name!r} is mapped for {senders}; choose one with --provider and --namespace"
        )
    return replace(in_force[0], model_provider="", model="", region="", effective_from=day)
