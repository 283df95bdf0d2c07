"""The catalogue's own matchers of model names, as data: which model a name as sent means.

Pure. A row is one alternative of a model: all of its conditions must hold. The rows of a provider
stand in the catalogue's order, and the first one that holds decides.
"""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

Kind = Literal["equals", "starts_with", "ends_with", "contains", "regex"]


class Condition(msgspec.Struct, frozen=True, array_like=True, order=True):
    """What must hold of a name in lower case: a kind, and its text in lower case or expression."""

    kind: Kind
    text: str


class MatcherRow(msgspec.Struct, frozen=True, array_like=True, order=True, kw_only=True):
    """One alternative of a model's matcher at a provider."""

    provider: str
    model: str
    conditions: tuple[Condition, ...]


class RefusalRow(msgspec.Struct, frozen=True, array_like=True, order=True, kw_only=True):
    """Names that take no price from a matcher, as an expression in lower case, and why."""

    provider: str
    pattern: str
    reason: str


class Match(NamedTuple):
    """The model that a matcher finds, and what of the name it does not explain."""

    model: str
    leftover: str


# What may stand around a matched name without making it another product: how a model is reached
# (routes, sellers), which snapshot of it (a version, a date, `latest`), and sizes that the
# catalogue prices alike. Anything else (`tts`, `image`, a name of one's own) may be something that
# is billed otherwise.
_PLAIN_WORDS = frozenset(
    {
        "ai",
        "amazon",
        "anthropic",
        "aws",
        "bedrock",
        "beta",
        "converse",
        "customtools",
        "deepseek",
        "default",
        "exp",
        "experimental",
        "free",
        "gemini",
        "gla",
        "google",
        "high",
        "instruct",
        "invoke",
        "it",
        "latest",
        "low",
        "mantle",
        "medium",
        "meta",
        "minimax",
        "mistral",
        "mistralai",
        "models",
        "moonshotai",
        "nvidia",
        "online",
        "openai",
        "preview",
        "publishers",
        "qwen",
        "thinking",
        "vertex",
        "x",
        "xai",
    }
)
_GEOGRAPHIES = frozenset({"apac", "au", "ca", "eu", "global", "in", "jp", "sa", "us"})
"""How names of Amazon Bedrock begin."""
_NUMBER = re.compile(r"v?\d+|e?\d+b|\d+x\d+b")
_SEPARATORS = re.compile(r"[-/.:@_]")
# `-20251211`, which LiteLLM and OpenRouter write, as the catalogue's names have it: `-2025-12-11`.
_COMPACT_DATE = re.compile(r"-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


def first_match(rows: Sequence[MatcherRow], name: str) -> Match | None:
    """What the first row that holds says of a name; the catalogue tries compact dates last."""
    name = name.lower()
    match = _first(rows, name)
    if match is None:
        dashed = _COMPACT_DATE.sub(r"-\1-\2-\3", name)
        match = _first(rows, dashed) if dashed != name else None
    return match


def is_plain(match: Match, *, with_geography: bool) -> bool:
    """Whether a match explains its whole name, less words that change no price."""
    plain = _PLAIN_WORDS | _GEOGRAPHIES if with_geography else _PLAIN_WORDS
    words = filter(None, _SEPARATORS.split(match.leftover))
    return all(word in plain or _NUMBER.fullmatch(word) for word in words)


def reason_refused(rows: Sequence[RefusalRow], name: str) -> str | None:
    """Why a name takes no price from a matcher; None if it may."""
    lowered = name.lower()
    return next((row.reason for row in rows if re.search(row.pattern, lowered)), None)


def _first(rows: Sequence[MatcherRow], name: str) -> Match | None:
    for row in rows:
        open_parts = [_leftover(condition, name) for condition in row.conditions]
        leftovers = [part for part in open_parts if part is not None]
        if len(leftovers) == len(open_parts):
            return Match(row.model, min(leftovers, key=len))
    return None


def _leftover(condition: Condition, name: str) -> str | None:
    """The part of a name that a condition leaves open; None if the condition does not hold."""
    text = condition.text
    match condition.kind:
        case "equals":
            return "" if name == text else None
        case "starts_with":
            return name[len(text) :] if name.startswith(text) else None
        case "ends_with":
            return name[: len(name) - len(text)] if name.endswith(text) else None
        case "contains":
            before, inside, after = name.partition(text)
            return f"{before}/{after}" if inside else None
        case "regex":
            hit = re.search(text, name)
            return name[: hit.start()] + name[hit.end() :] if hit else None
