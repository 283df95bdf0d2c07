"""The commands that look after the ledger: verify, rebuild, retention."""

import typer

from cli import app, options
from cli.text import plain
from ledger import checks, clock, rebuild, retention

commands = app.new_commands()


@commands.command(epilog="Example: switchwise verify")
def verify(data: options.Data = None, as_json: options.AsJson = False) -> None:
    """Prove the ledger's invariants; exit 1 if one is broken."""
    with app.open_ledger(data) as (database, _):
        checks_made = checks.verify(database)
    if as_json:
        app.print_json(checks_made)
    else:
        for check in checks_made:
            app.console.print(f"{'broken' if check.findings else 'ok':<8}{check.rule}")
            for finding in check.findings:
                app.console.print(f"        {finding}")
    if any(check.findings for check in checks_made):
        typer.echo(
            "switchwise: the ledger disagrees with itself; repair it with: switchwise rebuild",
            err=True,
        )
        raise typer.Exit(1)


@commands.command(name="rebuild", epilog="Example: switchwise rebuild")
def rebuild_command(data: options.Data = None) -> None:
    """Repair the rollups from the raw events."""
    with app.open_ledger(data) as (database, _):
        repaired = rebuild.rebuild_rollups(database)
    app.console.print(
        f"{repaired} sums were wrong and have been set right." if repaired else "Nothing was wrong."
    )


@commands.command(name="retention", epilog="Example: switchwise retention --dry-run")
def retention_command(
    dry_run: options.DryRun = False, data: options.Data = None, as_json: options.AsJson = False
) -> None:
    """Drop raw events that are old enough, now.

    Every figure stays, and the days of dropped events take no more events.
    """
    with app.open_ledger(data) as (database, settings):
        keep_days, now_us = settings.raw_retention_days, clock.now_us()
        if dry_run:
            with database.snapshot() as session:
                going = retention.due_days(session, keep_days, now_us)
        else:
            going = list(retention.drop_events(database, keep_days, now_us))
            retention.drop_hours(database, now_us)
    if as_json:
        app.print_json(
            [
                {"day": str(clock.date_of(expiring_day.day)), "requests": expiring_day.requests}
                for expiring_day in going
            ]
        )
        return
    retention_text = (
        f"kept for {keep_days} days after the last of their day came in"
        if keep_days
        else "kept for ever"
    )
    app.console.print(
        f"Raw events are {retention_text} (SWITCHWISE_RAW_RETENTION_DAYS).", soft_wrap=True
    )
    if not going:
        app.console.print("None is older.")
        return
    grid = plain.table(("UTC day", "requests"), right=1)
    for expiring_day in going:
        grid.add_row(str(clock.date_of(expiring_day.day)), f"{expiring_day.requests:,}")
    app.console.print(grid)
    app.console.print(
        "Without --dry-run these go." if dry_run else "These are gone; their days are sealed."
    )


@commands.command(epilog="Example: switchwise migrate")
def migrate(data: options.Data = None) -> None:
    """Create the tables or bring them up to date."""
    with app.begin_ledger(data) as (database, _):
        app.console.print(f"{database.address} is up to date.")
