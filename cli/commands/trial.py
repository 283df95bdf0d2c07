"""The command that plans a comparison: trial plan."""

import shlex
from collections.abc import Iterator
from typing import Annotated

import typer

from advisor import words
from advisor.evidence import rules
from advisor.stages import recommendations
from advisor.trial import figures, plan, terms
from advisor.trial.figures import PlanFigure, SplitFigure
from cli import app, options
from cli.text import plain
from ledger import prose
from ledger.errors import UsageError

commands = app.new_commands()
_PERCENTAGES = tuple(int(share * 100) for share in plan.SHARES)
_LABELS = {
    "pass_ratio": "the source's pass rate",
    "discordant_ratio": "the share of pairs that differ",
}


@commands.command(
    "plan",
    epilog="Example: switchwise trial plan 8a409b66e80aaa0a --pass-rate 0.93 --discordant 0.08",
)
def plan_trial(
    id: Annotated[
        str, typer.Argument(metavar="ID", help="A recommendation as `switchwise advise` lists it.")
    ],
    rule: Annotated[
        str, typer.Option(help="What is asked of the target: a ratio or a margin.")
    ] = "ratio",
    threshold: Annotated[
        str | None, typer.Option(help="0.9 of the source's pass rate if absent.")
    ] = None,
    power: Annotated[
        str | None, typer.Option(help="How often a target as good should pass; 0.8 if absent.")
    ] = None,
    discordant: Annotated[
        str | None, typer.Option(help="Share of pairs that only one gets right.")
    ] = None,
    pass_rate: Annotated[
        str | None, typer.Option(help="The source's share of right answers.")
    ] = None,
    requests_per_conversation: Annotated[
        int,
        typer.Option(
            "--per-conversation", help="Requests of a conversation, of which one counts.", min=1
        ),
    ] = 1,
    judge_usd: Annotated[str | None, typer.Option(help="USD that marking one pair costs.")] = None,
    share: Annotated[
        int,
        typer.Option(
            help=f"Percentage to print LiteLLM's weights for: {prose.one_of(_PERCENTAGES)}."
        ),
    ] = _PERCENTAGES[1],
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """How many pairs a comparison needs, and what it costs.

    It says how long that takes at several shares of the traffic, and prints the weights that make
    LiteLLM split the traffic.
    """
    if share not in _PERCENTAGES:
        raise UsageError(f"--share: {share} is not offered; use {prose.one_of(_PERCENTAGES)}")
    trial_terms = terms.parse(
        rule=rule,
        threshold=threshold,
        power=power,
        discordant=discordant,
        pass_rate=pass_rate,
        requests_per_conversation=requests_per_conversation,
        judge_usd=judge_usd,
    )
    with app.open_ledger(data) as (database, _), database.snapshot() as session:
        trial_plan = plan.make(recommendations.find(session, id).recommendation, trial_terms)
    figure = figures.figure_of(trial_plan)
    if as_json:
        app.print_json(figure)
    else:
        _show(figure, figure.splits[_PERCENTAGES.index(share)])


def _show(figure: PlanFigure, printed_split: SplitFigure) -> None:
    target = words.target(figure.to_model, figure.to_service_tier)
    app.console.print(
        f"{figure.project} / {figure.workload}: {figure.from_model} -> {target}", soft_wrap=True
    )
    for sentence in _sentences(figure):
        app.console.print(f"  {sentence}", soft_wrap=True)
    grid = plain.table(("compared", "pairs a day", "days"), right=2)
    for split in figure.splits:
        days = words.UNKNOWN if split.days is None else f"{split.days:,}"
        grid.add_row(words.percent(split.share_ratio), words.ratio(split.pairs_a_day), days)
    app.console.print(grid)
    share = words.percent(printed_split.share_ratio)
    app.console.print(f"LiteLLM's weights for {share} on the target:")
    app.console.print(printed_split.routing.rstrip(), soft_wrap=True)
    for note in figure.notes:
        app.console.print(f"- {note}", soft_wrap=True)
    pair = shlex.quote(f"{figure.from_model}:{target}")
    app.console.print(
        f"Then: switchwise trial run PROMPTS --pair {pair} --endpoint URL,"
        " or with tools of your own: switchwise evidence import FILE",
        soft_wrap=True,
    )


def _sentences(figure: PlanFigure) -> Iterator[str]:
    threshold = words.ratio(figure.threshold)
    required = (
        f"it must reach {threshold} of the source's pass rate"
        if figure.rule == "ratio"
        else f"it may lie at most {threshold} below the source's pass rate"
    )
    yield (
        f"{figure.pairs:,} pairs, so that a target that is just as good passes"
        f" {words.percent(figure.power_ratio)} of the time; {required}."
    )
    yield (
        f"The formula gives {figure.pairs_by_formula:,}, with {words.percent(figure.pass_ratio)}"
        f" right and {words.percent(figure.discordant_ratio)} of the pairs different;"
        f" {rules.ENOUGH_PAIRS} is the minimum."
    )
    if figure.assumed:
        names = prose.all_of(_LABELS[name] for name in figure.assumed)
        yield f"Assumed, because nobody has measured it: {names}."
    if figure.cost_usd is None:
        yield "The cost is unknown, because no part of the slice has a price on the target."
    else:
        yield (
            f"It costs {words.dollars(figure.cost_usd)}:"
            f" {words.dollars(figure.target_cost_usd)} for the target's answers and"
            f" {words.dollars(figure.judge_cost_usd)} to mark them."
        )
    if figure.waiting_month_usd is not None:
        cost = words.dollars(figure.waiting_month_usd)
        yield f"Each month of waiting costs {cost}, by the low end."
