"""Advice in a terminal: the list of recommendations, and one of them line by line."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from advisor import figures, words
from deploy.cli import plain


def show_list(console: Console, found: Sequence[figures.RecommendationFigure], total: figures.Ends) -> None:
    """Print recommendations, the best low end first."""
    if not found:
        console.print(
            "No advice: no configured pair starts at a model in use. The setting SWITCHWISE_PAIRS names them."
        )
        return
    for item in found:
        _show_item(console, item)
    console.print()
    console.print(f"In all, pilot and switch_now: {_ends(total)} per average month (low / expected / high).")
    console.print("One of them line by line: switchwise explain ID")


def _show_item(console: Console, item: figures.RecommendationFigure) -> None:
    title = f"{item.id}  {item.project} / {item.workload}: {item.from_model} -> {item.to_model}"
    console.print(Text(title, style="bold"))
    why = f"{item.decision}, because {words.label(item.reason)}"
    console.print(f"  {why}; risk {item.risk_level} of 4, confidence {item.confidence}")
    cost, gap = words.dollars(item.cost_month_usd), words.percent(item.price_gap_ratio)
    console.print(
        f"  saves {_ends(item.saving_month)} per average month ({item.saving_label}) of {cost}; price gap {gap}"
    )
    if item.days_left is not None:
        console.print(f"  ends in {item.days_left} days, when a model shuts down")
    for other in item.other_models:
        kind = "named successor" if other.is_successor else "other model"
        gap = words.percent(other.price_gap_ratio)
        line = f"  {kind} {other.model}: price gap {gap}; to decide on it add the pair {other.pair}"
        console.print(Text(line, style="dim"))


def _ends(ends: figures.Ends | None) -> str:
    if ends is None:
        return words.UNKNOWN
    return " / ".join(words.dollars(amount) for amount in (ends.low_usd, ends.point_usd, ends.high_usd))


def show_one(console: Console, stored: figures.StoredRecommendation) -> None:
    """Print one recommendation: its sentences, then the tokens and rates they follow from."""
    item = stored.figure
    console.print(Text(f"Recommendation {item.id}  (stage {stored.stage})", style="bold"))
    for sentence in item.explanation:
        console.print(f"- {sentence}")
    console.print()
    grid = plain.table("cell", "meter", "tokens", "now", "instead", "cost now", "cost instead", right=5)
    for cell in item.cells:
        for meter, tokens, now, instead in _meters(cell):
            grid.add_row(
                f"{cell.service_tier}, over {cell.context_band:,}", meter, f"{tokens:,}", words.rate(now), words.rate(instead),
                words.femto_dollars(tokens, now), words.femto_dollars(tokens, instead),
            )  # fmt: skip
    console.print(grid)
    console.print(
        Text("Rates in USD per million tokens; costs of the window, before factors and scaling.", style="dim")
    )


def _meters(cell: figures.CellFigure) -> list[tuple[str, int, int | None, int | None]]:
    uncached = cell.input_tokens - cell.cached_input_tokens - cell.cache_write_input_tokens
    parts = (
        ("uncached_input", uncached),
        ("cached_input", cell.cached_input_tokens),
        ("cache_write_input", cell.cache_write_input_tokens),
        ("output", cell.output_tokens),
    )
    return [
        (meter, tokens, _rate(cell.rates_now, meter), _rate(cell.rates_instead, meter))
        for meter, tokens in parts
        if tokens
    ]


def _rate(rates: dict[str, int], meter: str) -> int | None:
    """A meter's rate; cached and cache-write input without one of their own are ordinary input."""
    return rates.get(meter, rates.get("uncached_input") if meter.endswith("input") else None)
