"""One recommendation in a terminal: its sentences, its tokens and rates, and every step."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from advisor import words
from advisor.advice import arithmetic, latency, rendering
from advisor.advice import figures as advice_figures
from advisor.advice.values import Recommendation
from advisor.stages.records import MoveFigure
from advisor.stages.stored_recommendation import StoredRecommendation
from cli.text import amounts, plain, stage_text, step_text
from ledger import tokens
from ledger.pricing import prices


def show_one(
    console: Console, current: StoredRecommendation, move: MoveFigure | None = None
) -> None:
    """Print one recommendation: its stage, its sentences, and the arithmetic from its tokens on."""
    figure = rendering.figure_of(current.recommendation)
    console.print(Text(f"Recommendation {figure.id}  (version {current.version})", style="bold"))
    console.print(f"Stage: {stage_text.standing(current)}", soft_wrap=True)
    if current.frozen is not None:
        console.print(stage_text.frozen(current), soft_wrap=True)
    for line in stage_text.history(current):
        console.print(f"  {line}", soft_wrap=True)
    for line in stage_text.savings_of(move) if move else ():
        console.print(line, soft_wrap=True)
    show_sentences(console, figure)
    _show_cells(console, figure)
    show_arithmetic(console, current.recommendation)


def show_sentences(console: Console, figure: advice_figures.RecommendationFigure) -> None:
    """Print the sentences, what each factor could change, and the alternatives."""
    # The last sentence names the command that shows the arithmetic.
    for sentence in (*figure.explanation[:-1], *_speed(figure)):
        console.print(f"- {sentence}")
    console.print()
    if figure.sensitivity:
        grid = plain.table(
            ("Saves per average month", "at its low end", "at its high end"), right=2
        )
        for row in step_text.sensitivity(figure):
            grid.add_row(*row)
        console.print(grid)
        console.print(Text("One factor at a time, the others as expected.", style="dim"))
        console.print()
    if figure.alternatives:
        grid = plain.table(("Not chosen", "decision", "low", "expected", "high"), right=3)
        for alternative in figure.alternatives:
            grid.add_row(
                words.target(alternative.to_model, alternative.to_service_tier),
                f"{alternative.decision}: {words.label(alternative.reason)}",
                *_worth(alternative),
            )
        console.print(grid)
        console.print()


def _worth(alternative: advice_figures.AlternativeFigure) -> tuple[str, ...]:
    """The three ends; what cannot be made, or is gone, has nothing to save."""
    if alternative.decision == "blocked" and alternative.saving_month is None:
        return "", "", ""
    return amounts.three_dollars(alternative.saving_month)


def _speed(figure: advice_figures.RecommendationFigure) -> Iterator[str]:
    measured = [f"Measured latency of {line}." for line in latency.lines(figure.latency)]
    yield from measured or ["No latency of either model was measured in the window."]


def show_arithmetic(console: Console, recommendation: Recommendation) -> None:
    """Print every step from tokens and rates to the figures."""
    blocks = arithmetic.blocks(recommendation)
    for line in step_text.lines(blocks, plain.wrap_at(console, step_text.WIDTH)):
        console.print(line, soft_wrap=True)


def _show_cells(console: Console, figure: advice_figures.RecommendationFigure) -> None:
    columns = ("cell", "tokens now", "rate", "cost", "tokens instead", "rate", "cost")
    grid = plain.table(columns, right=6)
    for cell in figure.cells:
        grid.add_row(f"{cell.service_tier}, over {cell.context_band:,}")
        for meter, now, instead in _meters(cell):
            grid.add_row(f"  {meter}", *now, *instead)
    console.print(grid)
    remark = "Rates in USD per million tokens; costs of the window, before factors and scaling."
    console.print(Text(remark, style="dim"))
    console.print()


def _meters(
    cell: advice_figures.CellFigure,
) -> Iterator[tuple[str, tuple[str, str, str], tuple[str, str, str]]]:
    """Each meter that holds tokens, and its tokens, rate and cost on both sides.

    The lines of a side add up to its cost.
    """
    counts = tokens.TokenCounts(
        input_tokens=cell.input_tokens,
        cached_input_tokens=cell.cached_input_tokens,
        cache_write_input_tokens=cell.cache_write_input_tokens,
        output_tokens=cell.output_tokens,
        input_audio_tokens=cell.input_audio_tokens,
        output_audio_tokens=cell.output_audio_tokens,
    )
    # A side without a rate for cached or cache-write input bills those tokens as ordinary input,
    # so the sides may differ.
    now = prices.tokens_by_meter(counts, prices.from_meters(cell.rates_now))
    instead = prices.tokens_by_meter(counts, prices.from_meters(cell.rates_instead))
    for meter in prices.METERS:
        if now[meter] or instead[meter]:
            yield (
                meter,
                _side(now[meter], cell.rates_now.get(meter)),
                _side(instead[meter], cell.rates_instead.get(meter)),
            )


def _side(metered_tokens: int, nano_usd_per_mtok: int | None) -> tuple[str, str, str]:
    if not metered_tokens:
        return "", "", ""
    cost = None if nano_usd_per_mtok is None else metered_tokens * nano_usd_per_mtok
    return f"{metered_tokens:,}", words.rate(nano_usd_per_mtok), words.femto_dollars(cost)
