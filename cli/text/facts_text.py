"""What is known of a model beside its prices, as one line for people. Pure."""

from collections.abc import Iterator

from ledger.pricing.prices import ModelFacts


def describe_facts(facts: ModelFacts) -> str:
    """The facts of a model in one sentence; empty where none are known."""
    return "; ".join(_parts(facts))


def list_sources(facts: ModelFacts) -> list[str]:
    """The sources of these facts, each once."""
    return sorted(set(facts.sources.values()))


def _parts(facts: ModelFacts) -> Iterator[str]:
    reasoning = _reasoning(facts)
    if reasoning:
        yield reasoning
    if facts.tokenizer:
        yield f"tokenizer {facts.tokenizer}"
    if facts.least_cached_tokens is not None:
        yield f"caches prompts from {facts.least_cached_tokens:,} tokens"
    if facts.writes_cache_from_tokens is not None:
        yield f"bills cache writes unasked from {facts.writes_cache_from_tokens:,}"
    if facts.smaller:
        yield f"next smaller {facts.smaller}"


def _reasoning(facts: ModelFacts) -> str:
    if facts.can_reason is None:
        return ""
    if facts.reasons is None:
        answer = "can reason, its default is unknown"
    elif facts.reasons:
        answer = "reasons by default"
    else:
        answer = "reasons only when asked to" if facts.can_reason else "does not reason"
    efforts = ", ".join(facts.efforts)
    default = f", {facts.default_effort} by default" if facts.default_effort else ""
    return f"{answer} (efforts {efforts}{default})" if efforts else answer
