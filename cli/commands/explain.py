"""The command that prints the arithmetic behind a figure: explain."""

from typing import Annotated

import typer
from sqlmodel import Session

from advisor.months import month_explanation
from advisor.publishing.api import recommendation_body
from advisor.stages import recommendations
from cli import app, options
from cli.text import advice_text, plain, trace_text
from ledger import clock, exact_json, months
from ledger.settings import Settings

commands = app.new_commands()


@commands.command(epilog="Example: switchwise explain 2026-10 --project search")
def explain(
    subject: Annotated[
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
        if "-" not in subject:
            _explain_recommendation(session, settings, subject, as_json=as_json)
            return
        explained_month = month_explanation.explain(
            session, settings, clock.now_us(), subject, project=project, model=model
        )
    if as_json:
        app.print_json(exact_json.render(explained_month))
        return
    for line in trace_text.lines(explained_month, plain.wrap_at(app.console, trace_text.WIDTH)):
        typer.echo(line)


def _explain_recommendation(
    session: Session, settings: Settings, recommendation_id: str, *, as_json: bool
) -> None:
    recommendation = recommendations.find(session, recommendation_id)
    now = months.containing(clock.now_us(), settings.zone)
    body = recommendation_body.load_one(session, recommendation, now)
    if as_json:
        app.print_json(body)
    else:
        advice_text.show_one(app.console, recommendation, body.move)
