"""The command that closes the books: close."""

from typing import Annotated

import typer

from advisor import refresh, words
from advisor.months import closing
from advisor.publishing import wire
from advisor.report import report
from cli import app, options
from ledger import clock
from worker import rollup

commands = app.new_commands()


@commands.command(epilog="Example: switchwise close 2026-10 --by ada")
def close(
    month: options.MonthArgument,
    by: options.By = None,
    despite_gaps: Annotated[
        bool,
        typer.Option(
            "--despite-gaps", help="Also below 99 % coverage; the figure stays provisional."
        ),
    ] = False,
    even_if_silent: Annotated[
        bool,
        typer.Option(
            "--even-if-silent", help="Also where a sender fell silent; its usage may be missing."
        ),
    ] = False,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Freeze a finished month: its figures never change again.

    Prices and arithmetic of the month are frozen with them. What comes later is booked as a dated
    adjustment.
    """
    closed_by = options.who(by)
    with app.open_ledger(data) as (database, settings):
        rollup.roll_up(database, settings.max_metric_sets)
        closing.close(
            database,
            settings,
            month,
            closed_by,
            despite_gaps=despite_gaps,
            even_if_silent=even_if_silent,
        )
        refresh.refresh(database, settings)
        with database.snapshot() as session:
            closed_report = report.build(session, settings, clock.now_us(), month)
    if as_json:
        app.print_json(wire.body(closed_report))
        return
    provisional = (
        " Provisional: below 99 % coverage." if closed_report.total.coverage.provisional else ""
    )
    app.console.print(
        f"{month} is closed at {words.dollars(closed_report.total.cost_usd)},"
        f" {words.counted(closed_report.total.requests, 'request')}"
        f" by {closed_by}.{provisional}"
    )
    refused = sum(figure.requests for figure in closed_report.refused)
    if refused:
        app.console.print(
            f"{words.counted(refused, 'request')} refused at the door: in no figure of it."
            f" Reasons: switchwise report --month {month}",
            soft_wrap=True,
        )
    app.console.print(f"content sha256 {closed_report.content_sha256}", soft_wrap=True)
    app.console.print(f"Line by line: switchwise explain {month}")
