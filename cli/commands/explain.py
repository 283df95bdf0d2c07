"""The command that prints the arithmetic behind a figure: explain."""

from typing import Annotated

import typer

from advisor.months import month_explanation
from advisor.publishing.api import recommendation_body
from advisor.stages import recommendations
from advisor.stages.stored_recommendation import StoredRecommendation
from cli import app, options
from cli.text import advice_text, trace_text
from ledger import clock, exact_json, months

commands = app.new_commands()


@commands.command(epilog="Example: switchwise explain 2026-10 --project search")
def explain(
    what: Annotated[
        str,
        typer.Argument(
            metavar="MONTH|ID", help="A month, or a recommendation as `switchwise advise` lists it."
        ),
    ],
    project: Annotated[str | None, typer.Option(help="Of a month: only this project.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Of a month: only this model, as the report names it.")
    ] = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """The arithmetic behind a month or a recommendation.

    A month's figure and its adjustments, or one recommendation, step by step.
    """
    with app.open_ledger(data) as (database, settings), database.snapshot() as session:
        # The id of a recommendation is hexadecimal, so only a month has a hyphen.
        found: month_explanation.ExplainedMonth | StoredRecommendation
        if "-" in what:
            found, body = (
                month_explanation.explain(
                    session, settings, clock.now_us(), what, project=project, model=model
                ),
                None,
            )
        else:
            found = recommendations.find(session, what)
            body = recommendation_body.load_one(
                session, found, months.containing(clock.now_us(), settings.zone)
            )
    if isinstance(found, month_explanation.ExplainedMonth):
        if as_json:
            app.print_json(exact_json.render(found))
        else:
            for line in trace_text.lines(found):
                typer.echo(line)
    elif as_json:
        app.print_json(body)
    else:
        advice_text.show_one(app.console, found, body.move if body else None)
