"""The user's policy: which model may move to which. Parses the `PAIRS` setting; reads names of the price book, no price."""

import re
from dataclasses import dataclass, replace

from ledger import names, prices
from ledger.errors import UsageError

TIERS = ("standard", "batch", "flex", "priority")
_PART = r'"[^"]+"|[^":,/@\s]+'
_MODEL = r'(?:"[^"]+"|[^":,/@\s]+(?:/[^":,/@\s]+)*)'
_SIDE = re.compile(rf"\s*(?:(?P<provider>{_PART})/)?(?P<model>{_MODEL})(?:@(?P<tier>[a-z]+))?\s*")
_FORM = "write FROM:TO, each [provider/]model[@tier], with double quotes round a name that holds a colon"


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a pair. Without a provider it means the slice's own, without a tier each request keeps its tier."""

    provider: str | None
    model: str
    service_tier: str | None = None

    def __str__(self) -> str:
        name = f'"{self.model}"' if re.search(r"[:,/@\s]", self.model) else self.model
        provider = f"{self.provider}/" if self.provider else ""
        return provider + name + (f"@{self.service_tier}" if self.service_tier else "")


@dataclass(frozen=True, slots=True)
class Pair:
    """A from-model and a to-model, chosen by the user."""

    source: Side
    target: Side

    def __str__(self) -> str:
        return f"{self.source}:{self.target}"

    @property
    def keeps_model(self) -> bool:
        """Whether only the tier moves."""
        same_provider = self.target.provider in (None, self.source.provider)
        return same_provider and self.source.model == self.target.model


def parse(text: str) -> tuple[Pair, ...]:
    """The pairs of a comma list such as `gpt-4.1:gpt-4.1-mini,gpt-4.1:openai/gpt-4.1@batch`; an empty text has none.

    Raises UsageError naming the first pair that is not one.
    """
    return tuple(dict.fromkeys(parse_one(part) for part in _split(text, ","))) if text.strip() else ()


def parse_one(text: str) -> Pair:
    """One pair of text FROM:TO. Raises UsageError naming it."""
    sides = _split(text, ":")
    if len(sides) != 2:
        raise UsageError(f"{text.strip()!r} is not a pair of models; {_FORM}")
    pair = Pair(parse_side(sides[0], text), parse_side(sides[1], text))
    if pair.keeps_model and pair.target.service_tier in (None, pair.source.service_tier):
        raise UsageError(f"the pair {text.strip()!r} moves a model to itself; name another model or another tier")
    return pair


def parse_side(text: str, pair_text: str | None = None) -> Side:
    """One side `[provider/]model[@tier]`. Raises UsageError naming the pair it stands in, and the tiers there are."""
    named = (pair_text or text).strip()
    found = _SIDE.fullmatch(text)
    if found is None:
        raise UsageError(f"{named!r} is not a pair of models; {_FORM}")
    provider, model, tier = found["provider"], found["model"].strip('"'), found["tier"]
    if tier is not None and tier not in TIERS:
        raise UsageError(f"{named!r} names the tier {tier!r}; use one of {', '.join(TIERS)}")
    return Side(names.provider_name(provider.strip('"')) if provider else None, model, tier)


def canonical(pair: Pair, provider: str, book: prices.PriceBook) -> Pair:
    """The pair with the price book's ids for its models, as a slice of a provider reads it."""
    source, target = (
        replace(side, model=names.canonical(book, side.provider or provider, side.model))
        for side in (pair.source, pair.target)
    )
    return Pair(source, target)


def _split(text: str, separator: str) -> list[str]:
    """The parts of a text between separators that stand outside double quotes."""
    if text.count('"') % 2:
        raise UsageError(f"{text.strip()!r} holds a double quote that is not closed; {_FORM}")
    return re.split(rf'{separator}(?=(?:[^"]*"[^"]*")*[^"]*$)', text)
