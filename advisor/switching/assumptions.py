"""What is assumed of a move between two models, from what is known of them.

Pairs of one kind have the shipped factors; a target that reasons or counts tokens otherwise has
wider ones. All of it holds only until a pilot has measured it.
"""

from dataclasses import replace
from fractions import Fraction

from advisor.switching import factors
from ledger.pricing.prices import ModelFacts

REASONING_OUTPUT = (Fraction(8), Fraction(3), Fraction(1))
"""The target's output over the source's at the three ends, where only the target reasons.

Reasoning is billed as output. Assumed: short answers are thought about for longer than they are.
"""
OTHER_TOKENIZER_INPUT = (Fraction("1.35"), Fraction("1.1"), Fraction(1))
"""The target's input over the source's at the three ends, where they count tokens otherwise.

The low end is the most that Anthropic names of its newer tokenizer; the others are assumed.
Source: https://platform.claude.com/docs/en/models/haiku-5-5/overview
"""
ANOTHER_SELLER = factors.Band(
    low=replace(
        factors.ASSUMED_LOW,
        phi_out=factors.ONE,
        escalation_rate=Fraction("0.05"),
        sigma=factors.ONE,
    ),
    expected=replace(factors.ASSUMED_EXPECTED, escalation_rate=factors.ZERO, sigma=factors.ONE),
    high=factors.NEUTRAL,
    label="assumed",
)
"""The same model at another seller, who may serve it otherwise: cut down, slower, without a cache.

Assumed: few answers differ, and no prompt is read from the cache at the low end.
"""


def of_another_model(source: ModelFacts, target: ModelFacts) -> factors.Band:
    """The factors of a move, none of them measured.

    Where it is not known whether the target reasons, its answers have no longest length: the low
    end is then no bound.
    """
    band = factors.ASSUMED
    if source.tokenizer is None or target.tokenizer is None:
        band = band.with_assumed("phi_in", OTHER_TOKENIZER_INPUT, "tokenizer_unknown")
    elif source.tokenizer != target.tokenizer:
        band = band.with_assumed("phi_in", OTHER_TOKENIZER_INPUT, "other_tokenizer")
    if target.reasons and not source.reasons:
        band = band.with_assumed("phi_out", REASONING_OUTPUT, "target_reasons")
    elif target.reasons is None:
        band = band.with_assumed("phi_out", REASONING_OUTPUT, "target_unknown")
    return band
