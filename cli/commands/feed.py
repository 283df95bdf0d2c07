"""The commands that bring traffic in: import, tail."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from advisor import refresh
from cli import app, options, progress
from collector import files, formats, tail
from collector.parsing.naming import Naming
from ledger import logs, prose
from ledger.database import Database
from ledger.settings import Settings
from worker import rollup

commands = app.new_commands()

Model = Annotated[str | None, typer.Option(help="Model of records that name none.")]
Provider = Annotated[str | None, typer.Option(help="Provider of the records.")]
Project = Annotated[str | None, typer.Option(help="Project of the records.")]
Workload = Annotated[str | None, typer.Option(help="Workload of the records.")]


@commands.command(
    name="import", epilog="Example: switchwise import litellm-2026-11.jsonl.gz --source proxy-eu"
)
def import_command(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Log files, plain, .gz or .zst; - reads stdin."),
    ],
    format: Annotated[
        str, typer.Option(help=f"{prose.one_of(['auto', *formats.NAMES])}.")
    ] = "auto",  # the option's name
    model: Model = None,
    provider: Provider = None,
    project: Project = None,
    workload: Workload = None,
    source: Annotated[
        str, typer.Option(help="Name of the sender; another name makes a separate copy.")
    ] = "default",
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Import log files; importing again changes nothing.

    Files keep their own times, and an import that was stopped goes on where it stopped.
    """
    naming = Naming(
        namespace=source, project=project, workload=workload, provider=provider, model=model
    )
    with app.open_ledger(data) as (database, settings):
        receipts = [_import(database, settings, path, format, naming) for path in paths]
        rollup.roll_up(database, settings.max_metric_sets)
        refresh.refresh(database, settings)
    if as_json:
        app.print_json(receipts)
        return
    for receipt in receipts:
        _print(receipt)


@commands.command(
    name="tail", epilog="Example: switchwise tail /var/log/proxy/requests.jsonl --project search"
)
def tail_command(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="A log file; it need not be there yet.")
    ],
    format: Annotated[
        str, typer.Option(help=f"{prose.one_of(['auto', *formats.NAMES_WITH_IDS])}.")
    ] = "auto",  # the option's name
    model: Model = None,
    provider: Provider = None,
    project: Project = None,
    workload: Workload = None,
    source: Annotated[
        str, typer.Option(help="Name of the sender, part of the identity of its events.")
    ] = "default",
    data: options.Data = None,
) -> None:
    """Follow a log file as it is written, until stopped.

    It goes on over rotations. How far it was read is kept in the ledger, so a restart goes on
    where it stopped. A worker rolls up what it brings.
    """
    naming = Naming(
        namespace=source, project=project, workload=workload, provider=provider, model=model
    )
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopped.set())
    with app.open_ledger(data) as (database, settings):
        logs.configure(settings.log_level)
        following = tail.Tail(
            database=database,
            settings=settings,
            path=path,
            format_name=format,
            naming=naming,
            stop=stopped,
        )
        following.run()
    counts = ", ".join(
        f"{count:,} {what}" for what, count in sorted(following.counts.items()) if count
    )
    app.console.print(f"{path}: {counts or 'nothing new'}", soft_wrap=True)


def _import(
    database: Database, settings: Settings, path: str, format_name: str, naming: Naming
) -> files.ImportReceipt:
    with progress.bar(path) as show:
        return files.import_file(
            database, settings, path, format_name=format_name, naming=naming, progress=show
        )


def _print(receipt: files.ImportReceipt) -> None:
    counts = {
        name: getattr(receipt, name)
        for name in ("accepted", "duplicate", "conflict", "ignored", "rejected")
    }
    counted = ", ".join(
        f"{count:,} {name}" for name, count in counts.items() if count or name == "accepted"
    )
    app.console.print(
        f"{receipt.name} ({receipt.format}): {counted}", soft_wrap=True
    )  # a path is for copying
    if receipt.resumed_after:
        app.console.print(f"  resumed after {receipt.resumed_after:,} records of an earlier import")
    for refusal in receipt.refusals:
        app.console.print(f"  record {refusal.index}: {refusal.reason}")
    if remark := receipt.remark():
        app.console.print(f"  {remark}")
