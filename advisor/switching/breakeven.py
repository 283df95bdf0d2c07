"""How wrong the assumptions may be before a move saves nothing.

A limit that is not defined is None, never 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from advisor.switching import counterfactual
from advisor.switching.factors import Factors


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The limits at one set of factors; they do not depend on how many days are looked at."""

    escalation_rate: Fraction | None
    """Nothing is saved when this share of requests runs on the source again; may be negative."""
    output_inflation: Fraction | None
    """Nothing is saved when the target writes this many times the source's output tokens."""
    wrong_answer_femto_usd: Fraction | None = None
    """Nothing is saved when each answer that only the source gets right costs this much.

    None without pass rates.
    """


@dataclass(frozen=True, slots=True)
class PassRates:
    """The share of answers that are right, on the source and on the target, of the same inputs."""

    now: Fraction
    instead: Fraction


def compute(
    cells: Sequence[counterfactual.PricedCell], factors: Factors, rates: PassRates | None = None
) -> BreakEven:
    """The break-evens of a move at the factors; that of a wrong answer only with pass rates."""
    costs = counterfactual.legs(cells, factors)
    wrong_answer = None
    if rates is not None:
        saving = counterfactual.saving_of(costs, factors)
        requests = sum(priced.cell.requests for priced in cells)
        wrong_answer = wrong_answer_femto_usd(saving, factors, requests, rates)
    return BreakEven(
        escalation_rate(costs, factors), output_inflation(costs, factors), wrong_answer
    )


def escalation_rate(costs: counterfactual.Legs, factors: Factors) -> Fraction | None:
    """e* = (1 - ((1 + r) K_B + V) / K_A) / sigma; None where the source costs nothing."""
    if not costs.stay_femto_usd:
        return None
    moved = costs.attempts_femto_usd(factors) + factors.verifier_femto_usd
    return (1 - moved / costs.stay_femto_usd) / factors.sigma


def output_inflation(costs: counterfactual.Legs, factors: Factors) -> Fraction | None:
    """phi_out* = [(K_A (1 - e sigma) - V) / (1 + r) - input cost on B] / (O x output rate of B).

    None without output.
    """
    if not costs.output_femto_usd:
        return None
    not_escalated = costs.stay_femto_usd * (1 - factors.escalated_cost_share)
    affordable = (not_escalated - factors.verifier_femto_usd) / (1 + factors.extra_attempts)
    return (affordable - costs.input_femto_usd) / costs.output_femto_usd


def wrong_answer_femto_usd(
    saving_femto_usd: Fraction, factors: Factors, requests: int, rates: PassRates
) -> Fraction | None:
    """What one more wrong answer may cost before nothing is saved: S / (s N (pA - pB)).

    In femto-USD; saving and requests are of the same window. None unless the source passes more
    often than the target.
    """
    more_wrong = factors.share * requests * (rates.now - rates.instead)
    return saving_femto_usd / more_wrong if more_wrong > 0 else None


def good_answer_femto_usd(
    cost_femto_usd: Fraction, requests: int, pass_rate: Fraction
) -> Fraction | None:
    """What a right answer costs, K / (N p), in femto-USD; None where there is none."""
    return cost_femto_usd / (requests * pass_rate) if requests and pass_rate else None
