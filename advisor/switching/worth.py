"""What a move is worth besides its saving: break-evens, right answers, a router. Femto-USD."""

from fractions import Fraction

from advisor.switching import breakeven, candidates, counterfactual, factors, window
from ledger import money


def scale_to_month(amount_femto_usd: int | Fraction, days: int) -> int | None:
    """Femto-USD per average month of an amount of some days; None without a day."""
    return (
        money.round_to_nano_usd(window.per_average_month(amount_femto_usd, days)) if days else None
    )


def find_break_even(
    alternative: candidates.Alternative,
    at: factors.Factors,
    pass_rates: breakeven.PassRates | None,
) -> breakeven.BreakEven | None:
    """The limits of a move; None where no request moves."""
    if not alternative.cells or alternative.stays:
        return None
    return breakeven.compute(alternative.cells, at, pass_rates)


def price_good_answers(
    alternative: candidates.Alternative, pass_rates: breakeven.PassRates | None
) -> tuple[Fraction | None, Fraction | None]:
    """What a right answer costs on source and target; None without pass rates or cells."""
    if pass_rates is None or not alternative.cells:
        return None, None
    expected = alternative.factors.expected
    requests = sum(priced.cell.requests for priced in alternative.cells)
    costs = counterfactual.legs(alternative.cells, expected)
    return (
        breakeven.good_answer_femto_usd(costs.stay_femto_usd, requests, pass_rates.now),
        breakeven.good_answer_femto_usd(
            costs.attempts_femto_usd(expected), requests, pass_rates.instead
        ),
    )


def price_replacement(alternative: candidates.Alternative) -> candidates.Estimate | None:
    """What the work that moves costs on the target per average month, the least end first.

    Tried and checked as the factors say, with nothing run on the source again: so it holds when the
    source is gone. None where its saving is.
    """
    days, band = alternative.slice.days, alternative.factors
    if alternative.estimate is None:
        return None
    amounts = []
    for at in (band.high, band.expected, band.low):
        costs = counterfactual.legs(alternative.cells, at)
        window_femto_usd = at.share * (costs.attempts_femto_usd(at) + at.verifier_femto_usd)
        amounts.append(money.round_to_nano_usd(window.per_average_month(window_femto_usd, days)))
    return candidates.Estimate(*sorted(amounts))


def price_router(alternative: candidates.Alternative) -> int | None:
    """A router's saving; None where the same model answers, as no request is too hard for it."""
    if not alternative.cells or alternative.keeps_model:
        return None
    expected = alternative.factors.expected
    costs = counterfactual.legs(alternative.cells, expected)
    return scale_to_month(counterfactual.router_saving(costs, expected), alternative.slice.days)
