"""The models that nobody decided on, in sentences for report and page. Pure."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from advisor import words
from advisor.advice.figures import OtherModelFigure, RecommendationFigure


def write_notes(figures: Iterable[RecommendationFigure]) -> Iterator[str]:
    """A sentence for each source: the other models, how far prices differ, and how long they last.

    `Other models for gpt-4.1, by prices alone: gpt-5.6-luna (gap 86.4 % to 87.4 %, no end
    announced).`
    """
    by_source: dict[str, dict[str, list[OtherModelFigure]]] = {}
    for figure in figures:
        for other in figure.other_models:
            by_source.setdefault(figure.from_model, {}).setdefault(other.model, []).append(other)
    for source, by_model in by_source.items():
        named = "; ".join(_write_model(others) for others in by_model.values())
        pair = next(iter(by_model.values()))[0].pair
        yield (
            f"Other models for {source}, by prices alone: {named}. For advice on one, add its pair"
            f" to SWITCHWISE_PAIRS: {pair}"
        )


def _write_model(others: list[OtherModelFigure]) -> str:
    ratios = [Fraction(other.price_gap_ratio) for other in others]
    ends = (words.percent(ratio) for ratio in (min(ratios), max(ratios)))
    gap = " to ".join(dict.fromkeys(ends))
    first = others[0]
    successor = "the named successor, " if first.is_successor else ""
    return f"{first.model} ({successor}gap {gap}, {words.days_left(first.days_left)})"
