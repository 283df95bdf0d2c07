"""What a stored recommendation was computed from, as the advisor's own values again: its cells with their prices, its factors."""

from dataclasses import replace
from fractions import Fraction

from advisor.advice import figures as advice_figures
from advisor.switching import cost, counterfactual, factors
from ledger import money
from ledger.pricing import prices
from ledger.tokens import TokenCounts

_NAMELESS = prices.Price(
    key=prices.PriceKey("", "", ""),
    effective_from=0,
    rates=prices.Rates(),
    list_rates=prices.Rates(),
    source="",
    checked="",
)


def priced_cell(figure: advice_figures.CellFigure) -> counterfactual.PricedCell:
    """A cell that moves, with the rates on either side."""
    counts = TokenCounts(
        input_tokens=figure.input_tokens,
        cached_input_tokens=figure.cached_input_tokens,
        cache_write_input_tokens=figure.cache_write_input_tokens,
        output_tokens=figure.output_tokens,
        input_audio_tokens=figure.input_audio_tokens,
        output_audio_tokens=figure.output_audio_tokens,
    )
    cell = cost.Cell(
        figure.service_tier,
        figure.context_band,
        counts,
        figure.requests,
        figure.detail_unknown_input_tokens,
        figure.region,
    )
    now, instead = (
        replace(_NAMELESS, rates=prices.Rates(**rates))
        for rates in (figure.rates_now, figure.rates_instead)
    )
    return counterfactual.PricedCell(cell, now, instead)


def factors_at(item: advice_figures.RecommendationFigure, end: str) -> factors.Factors:
    """The factors at one end, as they are stored; what is not stored is neutral."""
    found = factors.NEUTRAL
    for each in item.factors:
        text: str = getattr(each, end)
        value: Fraction | int | bool | None
        if each.name == "unknown_input_is_cached":
            value = text == "yes"
        elif each.name == "verifier_femto_usd":
            value = money.femto_usd(text)
        else:
            value = None if text == "as today" else Fraction(text)
        found = replace(found, **{each.name: value})  # type: ignore[arg-type]  # the names are those of the fields
    return found
