"""The command that asks for a scenario: whatif."""

from typing import Annotated

import typer
from rich.text import Text

from advisor import words
from advisor.advice import rendering
from advisor.advice.values import Recommendation
from advisor.report import whatif
from cli import app, options
from cli.text import advice_text
from ledger import clock

commands = app.new_commands()

_VALUE = "One value, or LOW,POINT,HIGH."
_PAIR = (
    "FROM:TO, [provider/]model[@tier]; the first configured one. FROM:FROM with"
    " --cached-share or --tier alone."
)
Pair = Annotated[str | None, typer.Option(help=_PAIR)]


@commands.command(
    name="whatif",
    epilog=(
        "Example: switchwise whatif --project search --escalation 0.2 --share 0.5 --one-off 3000"
    ),
)
def what_if(
    pair: Pair = None,
    tier: Annotated[str | None, typer.Option(help="Serve the target at this tier.")] = None,
    provider: Annotated[str | None, typer.Option(help="Only traffic of this provider.")] = None,
    project: Annotated[str | None, typer.Option(help="Only this project.")] = None,
    workload: Annotated[str | None, typer.Option(help="Only this workload.")] = None,
    month: options.Month = None,
    share: Annotated[
        str | None, typer.Option(help=f"Share of requests that moves. {_VALUE}")
    ] = None,
    phi_in: Annotated[
        str | None, typer.Option(help=f"Input tokens there over here. {_VALUE}")
    ] = None,
    phi_out: Annotated[
        str | None, typer.Option(help=f"Output tokens there over here. {_VALUE}")
    ] = None,
    escalation: Annotated[
        str | None, typer.Option(help=f"Share that runs on the source again. {_VALUE}")
    ] = None,
    retries: Annotated[
        str | None, typer.Option(help=f"Extra attempts per moved request. {_VALUE}")
    ] = None,
    sigma: Annotated[
        str | None,
        typer.Option(help=f"Cost of an escalated request, over an average one. {_VALUE}"),
    ] = None,
    cached_share: Annotated[
        str | None, typer.Option(help=f"Share of input from the target's cache. {_VALUE}")
    ] = None,
    written_share: Annotated[
        str | None,
        typer.Option(help=f"Share of input not from the cache that is written to it. {_VALUE}"),
    ] = None,
    verifier: Annotated[
        str | None, typer.Option(help="USD a month to check the answers of the whole slice.")
    ] = None,
    one_off: Annotated[str | None, typer.Option(help="USD that the move costs once.")] = None,
    pass_rates: Annotated[
        str | None, typer.Option(help="SOURCE,TARGET: shares of right answers.")
    ] = None,
    can_wait: Annotated[
        bool, typer.Option("--can-wait", help="As if the workload could wait for its answers.")
    ] = False,
    steps: Annotated[
        bool, typer.Option("--steps", help="Print every step of the arithmetic too.")
    ] = False,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """What moving one slice would save with your own factors.

    Nothing is stored.
    """
    question = whatif.Question(
        pair=pair,
        service_tier=tier,
        provider=provider,
        project=project,
        workload=workload,
        month=month,
        share=share,
        phi_in=phi_in,
        phi_out=phi_out,
        escalation_rate=escalation,
        extra_attempts=retries,
        sigma=sigma,
        cached_share=cached_share,
        written_share=written_share,
        verifier_usd=verifier,
        one_off_usd=one_off,
        pass_rates=pass_rates,
        can_wait=can_wait,
    )
    with app.open_ledger(data) as (database, settings), database.snapshot() as session:
        scenario = whatif.run(session, settings, clock.now_us(), question)
    if as_json:
        app.print_json(rendering.figure_of(scenario))
    else:
        _show(scenario, steps)


def _show(recommendation: Recommendation, steps: bool) -> None:
    scenario = rendering.figure_of(recommendation)
    app.console.print(Text("A scenario: nothing is stored.", style="bold"))
    advice_text.show_sentences(app.console, scenario)
    if scenario.good_answer_now_usd and scenario.good_answer_instead_usd:
        now, instead = (
            words.dollars(scenario.good_answer_now_usd),
            words.dollars(scenario.good_answer_instead_usd),
        )
        app.console.print(
            f"A right answer costs {now} on {scenario.from_model}, and {instead} on"
            f" {scenario.to_model}."
        )
    if steps:
        advice_text.show_arithmetic(app.console, recommendation)
    else:
        app.console.print(scenario.explanation[-1])
