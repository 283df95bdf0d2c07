"""The user's policy: which model may move to which, in the setting `PAIRS`.

Uses the names of the price book, no price.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ledger.errors import UsageError
from ledger.pricing import names, prices

TIERS = ("standard", "batch", "flex", "priority")
_PART = r'"[^"]+"|[^":,/@\s]+'
_MODEL = r'(?:"[^"]+"|[^":,/@\s]+(?:/[^":,/@\s]+)*)'
_SIDE = re.compile(rf"\s*(?:(?P<provider>{_PART})/)?(?P<model>{_MODEL})(?:@(?P<tier>[a-z]+))?\s*")
_FORM = "write FROM:TO, each [provider/]model[@tier], with double quotes round a name that holds a colon"


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a pair.

    Without a provider it means the slice's own; without a tier each request keeps its tier.
    """

    provider: str | None
    model: str
    service_tier: str | None = None

    def __str__(self) -> str:
        name = f'"{self.model}"' if re.search(r"[:,/@\s]", self.model) else self.model
        provider = f"{self.provider}/" if self.provider else ""
        return provider + name + (f"@{self.service_tier}" if self.service_tier else "")


@dataclass(frozen=True, slots=True)
class Pair:
    """A source and a target model that the user chose, or two such pairs joined.

    `tier_from` is set only where they were: requests of that tier change it, the others keep
    theirs.
    """

    source: Side
    target: Side
    tier_from: str | None = None

    def __str__(self) -> str:
        return f"{self.source}:{self.target}"

    def tier_of(self, service_tier: str) -> str:
        """The tier of a request after the move."""
        return (
            self.target.service_tier
            if self.target.service_tier and self.changes_tier(service_tier)
            else service_tier
        )

    def changes_tier(self, service_tier: str) -> bool:
        """Whether a request of a tier changes to the target's tier."""
        return self.tier_from in (None, service_tier)

    @property
    def keeps_model(self) -> bool:
        """Whether only the tier changes."""
        same_provider = self.target.provider in (None, self.source.provider)
        return same_provider and self.source.model == self.target.model


def parse(text: str) -> tuple[Pair, ...]:
    """The pairs of a list such as `gpt-4.1:gpt-4.1-mini,gpt-4.1:openai/gpt-4.1@batch`.

    An empty text has none.

    Raises UsageError naming the first pair that is not one.
    """
    return (
        tuple(dict.fromkeys(parse_one(part) for part in _split(text, ","))) if text.strip() else ()
    )


def parse_one(text: str, *, may_stay: bool = False) -> Pair:
    """The pair of a text FROM:TO. Raises UsageError with the text.

    Only with `may_stay` a model may move to itself.
    """
    sides = _split(text, ":")
    if len(sides) != 2:
        raise UsageError(f"{text.strip()!r} is not a pair of models; {_FORM}")
    pair = Pair(parse_side(sides[0], text), parse_side(sides[1], text))
    if (
        pair.keeps_model
        and pair.target.service_tier in (None, pair.source.service_tier)
        and not may_stay
    ):
        raise UsageError(
            f"the pair {text.strip()!r} moves a model to itself; name another model or another tier"
        )
    return pair


def parse_side(text: str, pair_text: str | None = None) -> Side:
    """The side of a text `[provider/]model[@tier]`. Raises UsageError with the pair it belongs to."""
    part = (pair_text or text).strip()
    match = _SIDE.fullmatch(text)
    if match is None:
        raise UsageError(f"{part!r} is not a pair of models; {_FORM}")
    provider, model, tier = match["provider"], match["model"].strip('"'), match["tier"]
    if tier is not None and tier not in TIERS:
        raise UsageError(f"{part!r} names the tier {tier!r}; use one of {', '.join(TIERS)}")
    return Side(names.provider_name(provider.strip('"')) if provider else None, model, tier)


def canonicalise(pair: Pair, provider: str, book: prices.PriceBook) -> Pair:
    """The pair with the price book's ids for its models, for a slice of a provider."""
    source, target = (
        replace(side, model=names.canonical_model(book, side.provider or provider, side.model))
        for side in (pair.source, pair.target)
    )
    return Pair(source, target)


def join_moves(pairs: Iterable[Pair], provider: str) -> tuple[Pair, ...]:
    """The moves that canonical pairs allow a slice of a provider.

    Each pair alone, and each change of model joined with each change of tier. A change of model
    that names its tier has its tier. A change of tier joins only where it changes no request that
    the change of model leaves behind, so that the model's factors hold for all that moves.
    """
    alone = tuple(dict.fromkeys(pairs))
    of_tier = [pair for pair in alone if not _moves_model(pair, provider)]
    of_model = [
        pair for pair in alone if _moves_model(pair, provider) and pair.target.service_tier is None
    ]
    joined = (
        _joined(model, tier)
        for model in of_model
        for tier in of_tier
        if tier.target.service_tier
        and model.source.service_tier in (None, tier.source.service_tier)
    )
    return tuple(dict.fromkeys((*alone, *joined)))


def _moves_model(pair: Pair, provider: str) -> bool:
    target = pair.target
    return (target.provider or provider, target.model) != (
        pair.source.provider or provider,
        pair.source.model,
    )


def _joined(model: Pair, tier: Pair) -> Pair:
    only = (
        tier.source.service_tier if tier.source.service_tier != model.source.service_tier else None
    )
    return Pair(model.source, replace(model.target, service_tier=tier.target.service_tier), only)


def _split(text: str, separator: str) -> list[str]:
    """The parts of a text between separators that stand outside double quotes."""
    if text.count('"') % 2:
        raise UsageError(f"{text.strip()!r} holds a double quote that is not closed; {_FORM}")
    return re.split(rf'{separator}(?=(?:[^"]*"[^"]*")*[^"]*$)', text)
