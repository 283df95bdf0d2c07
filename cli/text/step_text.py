"""The arithmetic of a recommendation as text: one step a line, its amount behind the last equals sign."""

from collections.abc import Iterable, Iterator

from advisor import words
from advisor.advice import arithmetic
from advisor.advice import figures as advice_figures

WIDTH, _NAME_WIDTH = 100, 30


def lines(blocks: Iterable[arithmetic.Block]) -> Iterator[str]:
    """The blocks, each after an empty line. A step that is too long for a line has its numbers on the next."""
    yield "Each step exact; divisions to 9 decimals. Rates are USD per million tokens."
    for block in blocks:
        yield ""
        yield block.title
        for step in block.steps:
            sum_ = f"{step.how} = {step.result}"
            line = f"  {step.name:<{_NAME_WIDTH}} {sum_}"
            yield from [line] if len(line) <= WIDTH else [f"  {step.name}", f"      {sum_}"]


def sensitivity(item: advice_figures.RecommendationFigure) -> list[tuple[str, str, str]]:
    """Rows of a table: each factor, and the saving per average month with it at its low and at its high end."""
    return [
        (
            words.label(swing.factor.removesuffix("_femto_usd")),
            words.dollars(swing.at_low_usd),
            words.dollars(swing.at_high_usd),
        )
        for swing in item.sensitivity
    ]
