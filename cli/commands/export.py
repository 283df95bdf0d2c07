"""The command that writes a month's review as files: export."""

from pathlib import Path
from typing import Annotated

import typer

from advisor.publishing.exports import bundle, folder
from cli import app, options
from ledger import clock

commands = app.new_commands()


@commands.command(
    name="export", epilog="Example: switchwise export 2026-11 --format csv,json --out review"
)
def export_command(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="YYYY-MM in the reporting zone.")],
    format: Annotated[
        str, typer.Option(help=f"A comma list of {', '.join(bundle.FORMATS)}.")
    ] = "csv,json",  # the option's name
    out: Annotated[
        Path,
        typer.Option(help="Directory; the files go into a folder of it named after the month."),
    ] = Path(),
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Write a month's review as files, with their hashes.

    A manifest holds the hashes.
    """
    formats = [name.strip() for name in format.split(",") if name.strip()]
    with app.open_ledger(data) as (database, settings), database.snapshot() as session:
        written = folder.export(
            session, settings, clock.now_us(), month=month, formats=formats, directory=out
        )
    app.print_paths(written, as_json=as_json)
