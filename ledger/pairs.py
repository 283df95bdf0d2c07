"""The user's policy: which model may move to which, in the setting `PAIRS`; `auto` adds proposals.

Uses the names of the price book, no price.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ledger import lists, prose
from ledger.pricing import names, prices

TIERS = ("standard", "batch", "flex", "priority")

_PLAIN = r'[^":,/@\s]+'
_PROVIDER = lists.name_pattern(_PLAIN)
_MODEL = lists.name_pattern(f"{_PLAIN}(?:/{_PLAIN})*")
_MODEL_SIDE = f"(?:{_PROVIDER}/)?{_MODEL}(?:@[a-z]+)?"
_SIDE_FORM = "[provider/]model[@tier], with double quotes round a name that holds a colon"
_SIDE = lists.Grammar(
    noun="a model",
    form=_SIDE_FORM,
    part=re.compile(
        rf"(?:(?P<provider>{_PROVIDER})/)?(?P<model>{_MODEL})(?:@(?P<tier>[a-z]+))?",
    ),
)
_PAIR = lists.Grammar(
    noun="a pair of models",
    form=f"FROM:TO, each {_SIDE_FORM}",
    part=re.compile(rf"(?P<source>{_MODEL_SIDE})\s*:\s*(?P<target>{_MODEL_SIDE})"),
)
AUTO = "auto"
_SETTING = replace(
    _PAIR,
    variable="SWITCHWISE_PAIRS",
    form=f"{_PAIR.form}, or {AUTO}",
    part=re.compile(rf"(?P<auto>{AUTO})|{_PAIR.part.pattern}"),
)


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


@dataclass(frozen=True, slots=True)
class Policy:
    """The setting: the pairs that it names, and whether facts may propose others (`auto`)."""

    pairs: tuple[Pair, ...] = ()
    proposes: bool = False


def parse_policy(text: str) -> Policy:
    """The policy of the setting, such as `gpt-4.1:gpt-4.1-mini,gpt-4.1:openai/gpt-4.1@batch,auto`.

    A blank text has none. Raises UsageError with the first bad pair.
    """
    matches = _SETTING.match_all(text)
    named = (_pair(match, _SETTING) for match in matches if not match["auto"])
    return Policy(tuple(dict.fromkeys(named)), any(match["auto"] for match in matches))


def parse(text: str) -> tuple[Pair, ...]:
    """The pairs that the setting names. Raises UsageError with the first bad pair."""
    return parse_policy(text).pairs


def parse_one(text: str, *, may_stay: bool = False) -> Pair:
    """The pair of a text FROM:TO. Raises UsageError with the text.

    Only with `may_stay` a model may move to itself.
    """
    return _pair(_PAIR.match(text), _PAIR, may_stay=may_stay)


def parse_side(text: str) -> Side:
    """The side of a text `[provider/]model[@tier]`. Raises UsageError with the text."""
    match = _SIDE.match(text)
    return _side(match, match[0], _SIDE)


def _pair(match: re.Match[str], grammar: lists.Grammar, *, may_stay: bool = False) -> Pair:
    source, target = (
        _side(_SIDE.match(match[side]), match[0], grammar) for side in ("source", "target")
    )
    pair = Pair(source, target)
    moves = not pair.keeps_model or target.service_tier not in (None, source.service_tier)
    if not moves and not may_stay:
        raise grammar.refusal(
            f"the pair {match[0]!r} moves a model to itself; name another model or another tier"
        )
    return pair


def _side(match: re.Match[str], text: str, grammar: lists.Grammar) -> Side:
    provider, model, tier = match["provider"], lists.unquote(match["model"]), match["tier"]
    if tier is not None and tier not in TIERS:
        raise grammar.refusal(f"{text!r} names the tier {tier!r}; use {prose.one_of(TIERS)}")
    return Side(names.provider_name(lists.unquote(provider)) if provider else None, model, tier)


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


def _joined(model_move: Pair, tier_move: Pair) -> Pair:
    tier_from = (
        tier_move.source.service_tier
        if tier_move.source.service_tier != model_move.source.service_tier
        else None
    )
    return Pair(
        model_move.source,
        replace(model_move.target, service_tier=tier_move.target.service_tier),
        tier_from,
    )
