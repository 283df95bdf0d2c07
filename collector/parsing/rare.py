"""Meters and modifiers that few requests have, from what a sender says of them. Pure."""

from collections.abc import Iterable, Mapping

from ledger import meters
from ledger.tokens import TokenCounts

Quantities = tuple[tuple[str, int], ...]
"""Quantities by meter, in rising order of names, without zeros."""

_USUAL_GEOGRAPHIES = frozenset({"", "global", "not_available", "none"})
_USUAL_SPEEDS = frozenset({"", "standard", "default"})


def quantities(counts: Mapping[str, int | None]) -> Quantities:
    """The counts of meters that are known and not zero."""
    return tuple(sorted((name, count) for name, count in counts.items() if count))


def fit_parts(counts: Mapping[str, int | None], tokens: TokenCounts) -> dict[str, int | None]:
    """The same counts, each part cut to the plain tokens that it can be a part of.

    Image and video tokens beyond the uncached input are cached ones.
    """
    audio = min(tokens.input_audio_tokens, tokens.uncached_input_tokens)
    room = {
        "uncached_input": tokens.uncached_input_tokens - audio,
        "cached_input": tokens.cached_input_tokens,
        "cache_write_input": tokens.cache_write_input_tokens,
        "output": tokens.output_tokens - tokens.output_audio_tokens,
    }
    images = counts.get("input_image_tokens") or 0
    fitted = dict(counts) | {"cached_image_tokens": max(0, images - room["uncached_input"])}
    for name, count in fitted.items():
        whole = meters.BY_NAME[name].part_of
        if whole and count:
            fitted[name] = min(count, room[whole])
            room[whole] -= fitted[name] or 0
    return fitted


def known_quantities(counts: Mapping[str, int]) -> Quantities:
    """The same of a sender's own words; a meter that is not known here is counted as another."""
    by_meter: dict[str, int] = {}
    for name, count in counts.items():
        meter = name if name in meters.SENT else meters.OTHER
        by_meter[meter] = by_meter.get(meter, 0) + count
    return quantities(by_meter)


def modifiers(*, geography: str | None = None, speed: str | None = None) -> str:
    """What sets the rates of a request besides its tier, as a label: `geo=us speed=fast`."""
    named = {
        "geo": _word(geography, _USUAL_GEOGRAPHIES),
        "speed": _word(speed, _USUAL_SPEEDS),
    }
    return " ".join(f"{name}={word}" for name, word in named.items() if word)


def unaccounted_tokens(total: int | None, parts: Iterable[int | None]) -> int:
    """The tokens of a sender's total that stand in no part of it."""
    return max(0, (total or 0) - sum(part or 0 for part in parts))


def _word(text: str | None, usual_words: frozenset[str]) -> str:
    word = "".join((text or "").lower().split())[:32]
    return "" if word in usual_words or not word.isprintable() else word
