"""Under which assumptions the low end of a saving holds, in words for the same breath."""

from collections.abc import Iterator
from fractions import Fraction

from advisor import words
from advisor.switching import factors
from advisor.switching.advice import Advice
from ledger import money, prose


def write_condition(advice: Advice) -> str | None:
    """`if at most 25 % are redone on gpt-4.1 and answers are at most 1.5x as long`.

    None where nothing is assumed, or nothing moves.
    """
    band = advice.factors
    if band.is_proven or not advice.cells:
        return None
    parts = list(_parts(band, advice.from_model))
    return f"if {prose.all_of(parts)}" if parts else None


def _parts(band: factors.Band, source: str) -> Iterator[str]:
    """What the low end takes for granted, the largest first; what was measured is left out."""
    low = band.low
    if band.label_of("escalation_rate") != "measured" and low.escalation_rate < 1:
        yield f"at most {words.percent(low.escalation_rate)} are redone on {source}"
    if band.label_of("phi_out") != "measured":
        yield f"answers are {_times(low.phi_out, 'as long', 'no longer')}"
    if band.label_of("phi_in") != "measured" and low.phi_in != 1:
        yield f"prompts are {_times(low.phi_in, 'the tokens', 'no more tokens')}"
    if band.label_of("extra_attempts") != "measured" and not low.escalation_rate:
        yield f"at most {words.percent(low.extra_attempts)} are tried again"


def _times(ratio: Fraction, more: str, same: str) -> str:
    return same if ratio == 1 else f"at most {words.ratio(money.ratio_text(ratio))}x {more}"
