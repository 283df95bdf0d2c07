"""The commands of an installation: init, which prepares it, and jobs, which tells whether its
worker works."""

from pathlib import Path
from typing import Annotated

import typer

from cli import app, options
from cli.text import plain
from dashboards import catalogue
from deploy import first_keys
from ledger import clock, logs, prose, startup
from ledger.errors import UsageError
from worker import schedule

commands = app.new_commands()


@commands.command(epilog="Example: switchwise init --keys-dir /keys --dashboards-dir /dashboards")
def init(
    keys_dir: Annotated[Path, typer.Option(help="Directory for the first API keys.")],
    dashboards_dir: Annotated[
        Path | None, typer.Option(help="Directory for the dashboards that Grafana loads.")
    ] = None,
    data: options.Data = None,
) -> None:
    """Prepare an installation: tables, keys, dashboards.

    A second run changes nothing.
    """
    settings = app.checked_settings(data=data)
    logs.configure(settings.log_level)
    database = startup.open_ledger(settings.database)
    try:
        written = first_keys.create(database, keys_dir)
        typer.echo(f"{database.address} is up to date.")
    finally:
        database.close()
    for path in written:
        typer.echo(f"A new API key is in {path}")
    if not written:
        typer.echo("The API keys exist; see: switchwise keys list")
    if dashboards_dir is not None:
        try:
            count = len(catalogue.write(dashboards_dir))
        except OSError as error:
            raise UsageError(
                f"cannot write to {dashboards_dir}: {error.strerror}; choose another"
                " --dashboards-dir"
            ) from error
        typer.echo(f"{count} dashboards are in {dashboards_dir}")


@commands.command(epilog="Example: switchwise jobs --json")
def jobs(data: options.Data = None, as_json: options.AsJson = False) -> None:
    """When each job last ran; exit 1 if one is overdue.

    A job is overdue when no worker is at work.
    """
    with app.open_ledger(data) as (database, _), database.snapshot() as session:
        turns, overdue = (
            schedule.last_turns(session),
            schedule.overdue_jobs(session, clock.now_us()),
        )
    jobs = [
        {
            "job": job,
            "taken_at": clock.rfc3339(turn.taken_at),
            "ended_at": None if turn.ended_at is None else clock.rfc3339(turn.ended_at),
            "failed": turn.failed_at is not None and turn.failed_at == turn.ended_at,
            "overdue": job in overdue,
        }
        for job, turn in sorted(turns.items())
    ]
    if as_json:
        app.print_json(jobs)
    else:
        grid = plain.table(("job", "started", "ended", ""))
        for row in jobs:
            state = "overdue" if row["overdue"] else "failed" if row["failed"] else ""
            grid.add_row(
                str(row["job"]), str(row["taken_at"]), str(row["ended_at"] or "runs"), state
            )
        app.console.print(grid)
    if overdue:
        typer.echo(
            (
                f"switchwise: no worker has run {prose.all_of(overdue)}; start worker and beat,"
                " and see their logs"
            ),
            err=True,
        )
        raise typer.Exit(1)
