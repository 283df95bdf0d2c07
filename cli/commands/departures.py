"""The command that plans how to leave models that shut down: models plan."""

from pathlib import Path
from typing import Annotated

import typer

from advisor.months import pricings
from advisor.report import calendar_file, departure_plan
from cli import app, options
from cli.text import departure_text
from ledger import clock
from ledger.errors import UsageError

commands = app.new_commands()


@commands.command("plan", epilog="Example: switchwise models plan --ics shutdowns.ics")
def plan_departures(
    project: Annotated[str | None, typer.Option(help="Only this project.")] = None,
    ics: Annotated[
        Path | None, typer.Option(help="Write the days to this file, for a calendar.")
    ] = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Where work on models that shut down can go, and by when.

    With what it costs there, what a trial takes, and the last day on which one can start.
    `switchwise migrate plan` is another name of this command.
    """
    now_us = clock.now_us()
    with app.open_ledger(data) as (database, _), database.snapshot() as session:
        departures = departure_plan.build(session, pricings.in_force(session), now_us, project)
    if ics is not None:
        try:
            ics.write_bytes(calendar_file.write_calendar(departures, clock.rfc3339(now_us)))
        except OSError as error:
            raise UsageError(app.cannot_write(ics, error)) from error
    if as_json:
        app.print_json(departures)
    elif not departures:
        app.console.print("No model in use has an announced shutdown.")
    else:
        departure_text.show(app.console, departures)
