"""The page of models: what the shipped price book knows of each beside its prices."""

from collections.abc import Iterable, Iterator, Mapping

from docs.generators import markdown
from ledger.pricing import families, price_book
from ledger.pricing.prices import ModelFacts, PriceBook

_INTRODUCTION = """\
What the advisor knows of models beside their prices, at every seller that has a price for them. A
model that reasons bills its thoughts as output. Models of one tokenizer count the same text as the
same number of tokens. An unknown fact is empty, never a guess; a fact that nobody published says
what it follows from. The names are without a seller's region and version, and without dates."""


def generate() -> str:
    """The page `docs/reference/models.md`."""
    facts = dict(_facts_by_name(price_book.shipped()))
    numbers = {source: str(number) for number, source in enumerate(_sources(facts.values()), 1)}
    makers = sorted({fact.maker for fact in facts.values() if fact.maker})
    blocks = []
    for maker in makers:
        of_maker = {name: fact for name, fact in facts.items() if fact.maker == maker}
        blocks += [f"## {maker}", _table(of_maker, numbers)]
    blocks += ["## Sources", "\n".join(f"{number}. {text}" for text, number in numbers.items())]
    return markdown.page("Models", _INTRODUCTION, blocks)


def _facts_by_name(book: PriceBook) -> Iterator[tuple[str, ModelFacts]]:
    """By bare name, the facts of the models that we know something of; a maker's own come first."""
    rows = sorted(
        (families.bare_name(model), provider != fact.maker, provider, model, fact)
        for (provider, model), fact in book.facts.items()
        if fact.sources and not model.startswith("ft:")
    )
    listed: set[str] = set()
    for name, *_, fact in rows:
        if name not in listed:
            listed.add(name)
            yield name, fact


def _sources(facts: Iterable[ModelFacts]) -> list[str]:
    return sorted({source for fact in facts for source in fact.sources.values()})


def _table(facts: Mapping[str, ModelFacts], numbers: Mapping[str, str]) -> str:
    return markdown.table(
        ("model", "reasons", "efforts", "tokenizer", "prompt cache", "next smaller", "sources"),
        (
            (
                markdown.code(name),
                _reasons(fact),
                _efforts(fact),
                fact.tokenizer or "",
                _cache(fact),
                markdown.code(families.bare_name(fact.smaller) if fact.smaller else ""),
                ", ".join(sorted({numbers[text] for text in fact.sources.values()}, key=int)),
            )
            for name, fact in sorted(facts.items())
        ),
    )


def _reasons(fact: ModelFacts) -> str:
    if fact.reasons is None:
        return "can; its default is unknown" if fact.can_reason else ""
    if fact.reasons:
        return "yes"
    return "when asked to" if fact.can_reason else "no"


def _efforts(fact: ModelFacts) -> str:
    return ", ".join(
        f"**{effort}**" if effort == fact.default_effort else effort for effort in fact.efforts
    )


def _cache(fact: ModelFacts) -> str:
    parts = []
    if fact.least_cached_tokens is not None:
        parts.append(f"from {fact.least_cached_tokens:,} tokens")
    if fact.writes_cache_from_tokens is not None:
        parts.append(f"bills writes unasked from {fact.writes_cache_from_tokens:,}")
    return "; ".join(parts)
