"""The command that writes a month's review as files: export."""

from pathlib import Path
from typing import Annotated

import typer

from advisor.publishing.exports import bundle, folder
from cli import app, options
from ledger import clock, months, prose

commands = app.new_commands()


@commands.command(
    name="export",
    epilog="Example: switchwise export --month 2026-11 --format csv,json --out review",
)
def export_command(
    month: options.Month = None,
    format: Annotated[
        str, typer.Option(help=f"{prose.one_of(bundle.FORMATS)}, or several with commas between.")
    ] = "csv,json",  # the option's name
    out: Annotated[
        Path,
        typer.Option(help="Directory; the files go into a folder of it named after the month."),
    ] = Path(),
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Write a month's review as files, with their hashes.

    The hashes are in a manifest.
    """
    formats = [name.strip() for name in format.split(",") if name.strip()]
    now_us = clock.now_us()
    with app.open_ledger(data) as (database, settings), database.snapshot() as session:
        exported_month = months.parse_or_current(month, settings.zone, now_us)
        paths = folder.export(
            session, settings, now_us, month=str(exported_month), formats=formats, directory=out
        )
    app.print_paths(paths, as_json=as_json)
