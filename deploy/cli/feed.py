"""The commands that bring traffic in: import."""

from typing import Annotated

import typer

from advisor import refresh
from collector import files, records
from collector.formats.reading import Naming
from deploy.cli import app, progress
from ledger.database import Database
from ledger.settings import Settings
from worker import rollup


@app.application.command(name="import", epilog="Example: switchwise import litellm-2026-11.jsonl.gz --source proxy-eu")
def import_command(
    paths: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Log files, plain, .gz or .zst; - reads stdin.")
    ],
    format: Annotated[str, typer.Option(help=f"auto, {', '.join(records.FORMATS)}.")] = "auto",  # noqa: A002  # the option's name
    model: Annotated[str | None, typer.Option(help="Model of records that name none.")] = None,
    provider: Annotated[str | None, typer.Option(help="Provider of the records.")] = None,
    project: Annotated[str | None, typer.Option(help="Project of the records.")] = None,
    workload: Annotated[str | None, typer.Option(help="Workload of the records.")] = None,
    source: Annotated[str, typer.Option(help="Name of the sender; another name makes a separate copy.")] = "default",
    data: app.Data = None,
    as_json: app.AsJson = False,
) -> None:
    """Import log files; importing again changes nothing.

    Files keep their own times, and an import that was stopped goes on where it stopped.
    """
    naming = Naming(namespace=source, project=project, workload=workload, provider=provider, model=model)
    with app.opened(data) as (database, settings):
        receipts = [_import(database, settings, path, format, naming) for path in paths]
        rollup.roll_up(database, settings.max_metric_sets)
        refresh.refresh(database, settings)
    if as_json:
        app.print_json(receipts)
        return
    for receipt in receipts:
        _print(receipt)


def _import(database: Database, settings: Settings, path: str, format_name: str, naming: Naming) -> files.ImportReceipt:
    with progress.bar(path) as show:
        return files.import_file(database, settings, path, format_name, naming, show)


def _print(receipt: files.ImportReceipt) -> None:
    counts = {name: getattr(receipt, name) for name in ("accepted", "duplicate", "conflict", "ignored", "rejected")}
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count or name == "accepted")
    app.console.print(f"{receipt.name} ({receipt.format}): {told}", soft_wrap=True)  # a path is for copying
    if receipt.resumed_after:
        app.console.print(f"  resumed after {receipt.resumed_after:,} records of an earlier import")
    for refusal in receipt.refusals:
        app.console.print(f"  record {refusal.index}: {refusal.reason}")
    if remark := receipt.remark():
        app.console.print(f"  {remark}")
