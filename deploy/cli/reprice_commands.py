"""The command that looks at what the prices and names in force change: reprice."""

from typing import Annotated

import typer

from advisor import repricing
from deploy.cli import app, change_text, progress
from ledger.errors import UsageError


@app.application.command(epilog="Example: switchwise reprice --dry-run")
def reprice(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would change, and store nothing.")] = False,
    data: app.Data = None,
    as_json: app.AsJson = False,
) -> None:
    """What is published against what the prices and names in force make of it, such as after an upgrade."""
    if not dry_run:
        raise UsageError(
            "open months follow the prices by themselves, now with: switchwise rollup; to look first: --dry-run"
        )
    with app.opened(data) as (database, settings), progress.bar("months") as show, database.snapshot() as session:
        months = repricing.of_ledger(session, settings, show)
    if as_json:
        app.print_json(change_text.bodies(months))
    else:
        change_text.show(app.console, months)
