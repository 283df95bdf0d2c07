"""Amounts of advice as a terminal shows them: the three ends of a saving, and break-evens."""

from advisor import words
from advisor.advice.figures import Ends, RecommendationFigure


def three_dollars(ends: Ends | None) -> tuple[str, str, str]:
    """The low, the expected and the high end in dollars; each `unknown` where there is none."""
    if ends is None:
        return (words.UNKNOWN,) * 3
    return (
        words.dollars(ends.low_usd),
        words.dollars(ends.expected_usd),
        words.dollars(ends.high_usd),
    )


def break_even(figure: RecommendationFigure) -> str | None:
    """The break-even as priced, and at the expected factors; None where nothing is known of it."""
    as_priced = figure.breakeven_escalation_ratio()
    if as_priced is None:
        return None
    expected = figure.breakeven_escalation_ratio(at="expected")
    remark = "" if expected is None else f" ({words.percent(expected)} at the expected factors)"
    return (
        f"break-even: {words.percent(as_priced)} of requests sent back"
        f" to {figure.from_model}{remark}"
    )
