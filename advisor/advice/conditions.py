"""Under which assumptions the low end of a saving holds, in words for the same breath."""

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
    guessed = {
        name: clause
        for name, clause in _clauses(band.low, advice.from_model).items()
        if band.label_of(name) in ("assumed", "given")
    }
    if band.low.phi_in == 1 and band.label_of("phi_in") == "assumed":
        # That two models of one tokenizer count alike is no guess.
        del guessed["phi_in"]
    if len(guessed) > 1 and "escalation_rate" in guessed:
        # Beside what fails for good, what is tried again is small.
        guessed.pop("extra_attempts", None)
    return f"if {prose.all_of(guessed.values())}"


def _clauses(low: factors.Factors, source: str) -> dict[str, str]:
    """What each factor of the low end takes for granted, where it is not the worst there can be."""
    clauses = {
        "escalation_rate": f"at most {words.percent(low.escalation_rate)} are redone on {source}",
        "phi_out": f"answers are {_times(low.phi_out, 'as long', 'no longer')}",
        "phi_in": f"prompts are {_times(low.phi_in, 'the tokens', 'no more tokens')}",
        "extra_attempts": f"at most {words.percent(low.extra_attempts)} are tried again",
    }
    if low.cached_share:
        share = words.percent(low.cached_share)
        clauses["cached_share"] = f"at least {share} of the input is read from the cache"
    if low.written_share is not None and low.written_share < 1:
        share = words.percent(low.written_share)
        clauses[factors.WRITTEN] = f"at most {share} of the other input is written to the cache"
    return clauses


def _times(ratio: Fraction, more: str, same: str) -> str:
    return same if ratio == 1 else f"at most {words.ratio(money.ratio_text(ratio))}x {more}"
