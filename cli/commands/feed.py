"""The commands that bring traffic in: import, tail."""

import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from advisor import refresh, words
from cli import app, option_groups, options, progress
from collector import files, formats, reason_counts, tail
from collector.parsing.naming import Naming
from ledger import logs, prose
from ledger.database import Database
from ledger.settings import Settings
from worker import rollup

commands = app.new_commands()


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderOptions:
    """The options that say who sent the records and what they do not name; each is a field."""

    model: Annotated[str | None, typer.Option(help="Model of records that name none.")] = None
    provider: Annotated[str | None, typer.Option(help="Provider of the records.")] = None
    project: Annotated[str | None, typer.Option(help="Project of the records.")] = None
    workload: Annotated[str | None, typer.Option(help="Workload of the records.")] = None
    source: Annotated[
        str, typer.Option(help="Name of the sender; under another name records count again.")
    ] = "default"

    def naming(self) -> Naming:
        """The names that the records get."""
        return Naming(
            namespace=self.source,
            project=self.project,
            workload=self.workload,
            provider=self.provider,
            model=self.model,
        )


@commands.command(
    name="import", epilog="Example: switchwise import litellm-2026-11.jsonl.gz --source proxy-eu"
)
@option_groups.spread
def import_command(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="FILE", help="Log files, plain, .gz or .zst; - reads stdin."),
    ],
    sender: SenderOptions,
    format: Annotated[
        str, typer.Option(help=f"{prose.one_of(['auto', *formats.NAMES])}.")
    ] = "auto",  # the option's name
    allow_rejected: Annotated[
        bool,
        typer.Option("--allow-rejected", help="End with 0 although records were refused."),
    ] = False,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Import log files; importing again changes nothing.

    Files keep their own times, and an import that was stopped goes on where it stopped. It ends
    with 1 if a record was refused: rejected, or in conflict with one that is stored.
    """
    with app.begin_ledger(data) as (database, settings):
        receipts = [_import(database, settings, path, format, sender.naming()) for path in paths]
        rollup.roll_up(database, settings.max_metric_sets)
        refresh.refresh(database, settings)
    if as_json:
        app.print_json(receipts)
    else:
        for receipt in receipts:
            _print(receipt)
    if any(receipt.refused for receipt in receipts) and not allow_rejected:
        raise typer.Exit(1)


@commands.command(
    name="tail", epilog="Example: switchwise tail /var/log/proxy/requests.jsonl --project search"
)
@option_groups.spread
def tail_command(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="A log file; it need not be there yet.")
    ],
    sender: SenderOptions,
    format: Annotated[
        str, typer.Option(help=f"{prose.one_of(['auto', *formats.NAMES_WITH_IDS])}.")
    ] = "auto",  # the option's name
    data: options.Data = None,
) -> None:
    """Follow a log file as it is written, until stopped.

    It goes on over rotations. The ledger remembers how far the file was read, so a restart goes on
    where it stopped. A worker rolls up the new events.
    """
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopped.set())
    with app.begin_ledger(data) as (database, settings):
        logs.configure(settings.log_level)
        following = tail.Tail(
            database=database,
            settings=settings,
            path=path,
            format_name=format,
            naming=sender.naming(),
            stop=stopped,
        )
        following.run()
    counts = _counts_text(dict(sorted(following.counts.items())))
    app.console.print(f"{path}: {counts or 'nothing new'}", soft_wrap=True)


def _import(
    database: Database, settings: Settings, path: str, format_name: str, naming: Naming
) -> files.ImportReceipt:
    with progress.bar(path) as show:
        return files.import_file(
            database, settings, path, format_name=format_name, naming=naming, progress=show
        )


def _print(receipt: files.ImportReceipt) -> None:
    outcomes = ("accepted", "duplicate", "grown", "conflict", "ignored", "rejected")
    counts = _counts_text({name: getattr(receipt, name) for name in outcomes})
    # A path is there to be copied: it is never wrapped.
    app.console.print(
        f"{receipt.name} ({receipt.format}): {counts or '0 accepted'}", soft_wrap=True
    )
    if receipt.resumed_after:
        app.console.print(f"  resumed after {receipt.resumed_after:,} records of an earlier import")
    for reason in receipt.reasons:
        app.console.print(f"  {_reason_text(reason)}", soft_wrap=True)
    if receipt.conflict:
        app.console.print(
            f"  {words.counted(receipt.conflict, 'event')} in conflict: stored already with other"
            " counts, which stay",
            soft_wrap=True,
        )
    if receipt.refused:
        app.console.print(
            f"  {words.counted(receipt.refused, 'record')} refused: in no figure, but counted in"
            " the report of the month",
            soft_wrap=True,
        )
    if remark := receipt.remark():
        app.console.print(f"  {remark}")


def _reason_text(reason: reason_counts.RefusedReason) -> str:
    place = (
        f"record {reason.first_record}"
        if reason.first_line is None
        else f"line {reason.first_line}"
    )
    return f"{reason.records:,} rejected, the first at {place}: {reason.sentence}"


def _counts_text(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
