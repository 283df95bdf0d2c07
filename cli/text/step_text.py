"""The arithmetic of a recommendation: one step a line, its amount behind the last equals sign."""

from collections.abc import Iterable, Iterator

from advisor import words
from advisor.advice import arithmetic
from advisor.advice import figures as advice_figures

WIDTH, _NAME_WIDTH = 100, 30


def lines(blocks: Iterable[arithmetic.Block], wrap_at: int | None = WIDTH) -> Iterator[str]:
    """The blocks, each after an empty line.

    A step that is longer than `wrap_at` columns has its numbers on a line of their own.
    """
    yield "Each step exact; divisions to 9 decimals. Rates are USD per million tokens."
    for block in blocks:
        yield ""
        yield block.title
        for step in block.steps:
            equation = f"{step.how} = {step.result}"
            line = f"  {step.name:<{_NAME_WIDTH}} {equation}"
            if wrap_at is None or len(line) <= wrap_at:
                yield line
            else:
                yield f"  {step.name}"
                yield f"      {equation}"


def sensitivity(figure: advice_figures.RecommendationFigure) -> list[tuple[str, str, str]]:
    """Rows of a table: each factor, and the saving per average month at its low and high end."""
    return [
        (
            words.label(swing.factor.removesuffix("_femto_usd")),
            words.dollars(swing.at_low_usd),
            words.dollars(swing.at_high_usd),
        )
        for swing in figure.sensitivity
    ]
