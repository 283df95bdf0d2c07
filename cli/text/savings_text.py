"""The part of the report about savings: what could be saved, what was decided, and what limits
it."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from rich.console import Console
from rich.text import Text

from advisor import words
from advisor.advice import other_models, reasons
from advisor.advice.figures import NextStepFigure, RecommendationFigure
from advisor.months.figures import UsageFigure
from advisor.report.figures import Report, SavingsReport
from cli.text import amounts, plain
from ledger import prose

COULD_SAVE, MUST_MOVE = "Could save", "Must move"


def departures(savings: SavingsReport) -> Iterator[tuple[str, str, str]]:
    """The models that have to be left: by when, and what to do."""
    for departure in savings.departures:
        yield MUST_MOVE, departure.shutdown_day if departure.days_left else "now", departure.task


def headlines(savings: SavingsReport) -> Iterator[tuple[str, str, str]]:
    """What could be saved per average month and in all, each a name, an amount and a remark."""
    is_counted = any(figure.counted for figure in savings.recommendations)
    if not (is_counted and savings.total and savings.until_retirement):
        return
    yield from _steps(savings)
    in_all, low_name = savings.until_retirement.low_usd, savings.until_retirement.low_name
    remark = f"in all, until the first model retires ({low_name})"
    yield "", words.dollars(in_all), remark


def _steps(savings: SavingsReport) -> Iterator[tuple[str, str, str]]:
    """What can be saved today, and what trials may add."""
    name = COULD_SAVE
    steps = {"today, without a trial": savings.safe_now, "after a trial": savings.after_trial}
    for remark, ends in steps.items():
        if ends is not None and Decimal(ends.expected_usd) > 0:
            low, expected, _ = amounts.three_dollars(ends)
            yield name, low, f"a month {remark} ({ends.low_name}), {expected} expected"
            name = ""


def show_opt_outs(console: Console, report: Report) -> None:
    """Print what people took out of advice."""
    for place in report.opt_outs:
        console.print(Text(f"Out of advice: {place.sentence}", style="dim"))
    if report.opt_outs:
        console.print()


def show(
    console: Console, savings: SavingsReport, models: Sequence[UsageFigure], rows: int
) -> None:
    """Print the recommendations move by move, then what a reader must know about the amounts."""
    if not savings.recommendations:
        in_use = ", ".join(dict.fromkeys(model.names["model"] for model in models))
        console.print(
            "No advice: the setting SWITCHWISE_PAIRS leads from no model in use."
            f" Models in use: {in_use}."
        )
        console.print()
        return
    grid = plain.table(
        ("Savings per average month", "decision", "low", "expected", "high"), right=3
    )
    figures = savings.recommendations[:rows]
    stages = {move.id: move.stage for move in savings.so_far.moves} if savings.so_far else {}
    for move in dict.fromkeys(map(_move, figures)):
        source, target, gap = move
        grid.add_row(f"{source} -> {target}, price gap {words.percent(gap)}")
        for figure in figures:
            if _move(figure) == move:
                decision = stages.get(figure.id) if figure.is_set_aside else None
                grid.add_row(
                    f"  {figure.project} / {figure.workload}",
                    words.label(decision or figure.decision),
                    *_ends(figure),
                )
                if figure.replacement is not None and not figure.is_set_aside:
                    grid.add_row("    costs there", "", *_costs(figure))
                if figure.next_step is not None and not figure.is_set_aside:
                    grid.add_row(*_next_step(figure.next_step))
    console.print(grid)
    for line in _conditions(savings):
        console.print(Text(line, style="dim"))
    console.print()


def _ends(figure: RecommendationFigure) -> tuple[str, ...]:
    """The three ends; what cannot be made, or is gone, has nothing to save."""
    if figure.decision == "blocked" or figure.replacement is not None:
        return "", "", ""
    return amounts.three_dollars(figure.saving_month)


def _costs(figure: RecommendationFigure) -> tuple[str, ...]:
    """What the work costs on the target, the least end first."""
    return amounts.three_dollars(figure.replacement_month)


def _next_step(step: NextStepFigure) -> tuple[str, ...]:
    """The row of what a trial adds to the move above it."""
    target = words.target(step.to_model, step.to_service_tier)
    added = amounts.three_dollars(step.added_month)
    return f"    then {target} adds", words.label(step.decision), *added


def _move(figure: RecommendationFigure) -> tuple[str, str, str | None]:
    """Where from, where to, and the price gap."""
    target = words.target(figure.to_model, figure.to_service_tier)
    return figure.from_model, target, figure.price_gap_ratio


def _conditions(savings: SavingsReport) -> Iterator[str]:
    """Why each decision, how long the models live, the break-even, and the successor's price."""
    figures = savings.recommendations
    yield from (departure.sentence for departure in savings.departures)
    labels = prose.all_of(sorted({figure.saving_label for figure in figures}))
    yield f"Estimated over {savings.basis} with {labels} factors, at today's prices."
    for source, target, condition in dict.fromkeys(
        (*_move(figure)[:2], figure.condition) for figure in figures if figure.condition
    ):
        yield f"{source} -> {target}: low is cautious, {condition}."
    if any(figure.is_set_aside for figure in figures):
        yield "What could be saved leaves out what people have decided on."
    for decision, reason in dict.fromkeys((figure.decision, figure.reason) for figure in figures):
        yield f"{words.label(decision)}: {reasons.why(reason)}."
    yield from _lives(figures)
    yield from other_models.write_notes(figures)
    yield "Line by line: switchwise advise, then switchwise explain ID"


def _lives(figures: Sequence[RecommendationFigure]) -> Iterator[str]:
    """When each move ends with one of its models; of several slices the lowest break-even."""
    by_break_even = sorted(figures, key=_expected_break_even, reverse=True)
    shortest = {
        _move(figure)[:2]: figure
        for figure in by_break_even
        if figure.days_left is not None
        and figure.source_days_left != 0
        and figure.decision != "blocked"
    }
    for (source, target), figure in shortest.items():
        days = words.counted(figure.days_left or 0, "day")
        limit = amounts.break_even(figure)
        end = f"{source} -> {target} ends in {days}, on {figure.ends_on}, when a model shuts down"
        if not figure.days_left:
            end = f"{source} -> {target} has ended: a model was shut down on {figure.ends_on}"
        yield f"{end}; {limit}." if limit else f"{end}."


def _expected_break_even(figure: RecommendationFigure) -> Decimal:
    """The break-even share at the expected factors; more than all where none is known."""
    return Decimal(figure.breakeven_escalation_ratio(at="expected") or "2")
