"""The command that plans a comparison: trial plan."""

from collections.abc import Iterator
from typing import Annotated

import typer

from advisor import words
from advisor.stages import recommendations
from advisor.trial import plan
from advisor.trial.figures import PlanFigure, SplitFigure
from cli import app, options
from cli.text import plain
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
            help=f"Percentage to print LiteLLM's weights for: {', '.join(map(str, _PERCENTAGES))}."
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
        raise UsageError(f"--share: {share} is none of {', '.join(map(str, _PERCENTAGES))}")
    asked = plan.Asked(
        rule, threshold, power, discordant, pass_rate, requests_per_conversation, judge_usd
    )
    with app.open_ledger(data) as (database, _), database.snapshot() as session:
        found = plan.of(recommendations.find(session, id).recommendation, asked)
    if as_json:
        app.print_json(found)
    else:
        _show(found, found.splits[_PERCENTAGES.index(share)])


def _show(found: PlanFigure, chosen: SplitFigure) -> None:
    target = words.target(found.to_model, found.to_service_tier)
    app.console.print(
        f"{found.project} / {found.workload}: {found.from_model} -> {target}", soft_wrap=True
    )
    for sentence in _sentences(found):
        app.console.print(f"  {sentence}", soft_wrap=True)
    grid = plain.table("compared", "pairs a day", "days", right=2)
    for each in found.splits:
        days = words.UNKNOWN if each.days is None else f"{each.days:,}"
        grid.add_row(words.percent(each.share_ratio), words.ratio(each.pairs_a_day), days)
    app.console.print(grid)
    app.console.print(f"LiteLLM's weights for {words.percent(chosen.share_ratio)} on the target:")
    app.console.print(chosen.routing.rstrip(), soft_wrap=True)
    for note in found.notes:
        app.console.print(f"- {note}", soft_wrap=True)
    app.console.print("Then: switchwise evidence import FILE", soft_wrap=True)


def _sentences(found: PlanFigure) -> Iterator[str]:
    asked = (
        f"{words.ratio(found.threshold)} of the source's pass rate"
        if found.rule == "ratio"
        else f"at most {words.ratio(found.threshold)} below the source's pass rate"
    )
    yield (
        f"{found.pairs:,} pairs, so that a target as good passes {words.percent(found.power_ratio)} of the time; asked is"
        f" {asked}."
    )
    yield (
        f"By the formula {found.pairs_by_formula:,}, at {words.percent(found.pass_ratio)} right and"
        f" {words.percent(found.discordant_ratio)} of the pairs different; never under 200."
    )
    if found.assumed:
        yield f"Nobody has measured {' and '.join(_LABELS[name] for name in found.assumed)}, so it is assumed."
    if found.cost_usd is None:
        yield "What it costs is unknown, because no part of the slice has a price on the target."
    else:
        yield (
            f"It costs {words.dollars(found.cost_usd)}: the target's answers {words.dollars(found.target_cost_usd)}, marking"
            f" them {words.dollars(found.judge_cost_usd)}."
        )
    if found.waiting_month_usd is not None:
        yield f"Each month of waiting costs at least {words.dollars(found.waiting_month_usd)}."
