"""The command `report`: a month of the ledger, or of log files without one."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from advisor import refresh, words
from advisor.advice import pair_names
from advisor.months import statement_store
from advisor.publishing import wire
from advisor.report import figures as report_figures
from advisor.report import report
from cli import app, options, progress
from cli.text import report_text
from collector import block_pool, formats
from collector.direct_sums import DirectSums
from collector.parsing.naming import Naming
from ledger import clock, logs, prose, rollups
from ledger.database import Database
from ledger.errors import UsageError
from ledger.settings import Settings

commands = app.new_commands()


@commands.command(
    name="report",
    epilog=(
        "Example: switchwise report --month 2026-11; or: switchwise report litellm.jsonl.gz"
        " --direct"
    ),
)
def report_command(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE", help="With --direct: log files; - reads stdin."),
    ] = None,
    direct: Annotated[
        bool, typer.Option("--direct", help="Report on FILE..., without a ledger.")
    ] = False,
    month: options.Month = None,
    project: Annotated[
        str | None, typer.Option(help="Only this project; with --direct, that of all records.")
    ] = None,
    format: Annotated[
        str, typer.Option(help=f"With --direct: {prose.one_of(['auto', *formats.NAMES])}.")
    ] = "auto",  # the option's name
    model: Annotated[
        str | None, typer.Option(help="With --direct: model of records that name none.")
    ] = None,
    provider: Annotated[
        str | None, typer.Option(help="With --direct: provider of the records.")
    ] = None,
    workload: Annotated[
        str | None, typer.Option(help="With --direct: workload of the records.")
    ] = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """What a month costs, its forecast and its savings.

    With --direct it is made of log files at list prices: what an import of them into a new ledger
    would say, of the latest month in them unless one is given.
    """
    if direct != bool(paths):
        raise UsageError("a report on log files needs both: switchwise report FILE... --direct")
    if direct:
        naming = Naming(project=project, workload=workload, provider=provider, model=model)
        shown_report, remark = _of_files(paths or [], format, naming, month)
    else:
        shown_report, remark = _of_ledger(data, month, project)
    if as_json:
        app.print_json(wire.body(shown_report))
    else:
        report_text.show(app.console, shown_report)
        if remark:
            app.console.print(remark)


def _of_ledger(
    data: options.Data, month: str | None, project: str | None
) -> tuple[report_figures.Report, str]:
    with app.open_ledger(data) as (database, settings), database.snapshot() as session:
        pair_names.check_models(session, settings.pairs)
        month_report = report.build(
            session,
            settings,
            clock.now_us(),
            month_text=month,
            project=project,
            with_movements=True,
        )
        pending, _ = rollups.count_pending(session, clock.now_us())
    waits = (
        f"{words.counted(pending, 'group')} of events wait for the worker; now: switchwise rollup"
    )
    return month_report, waits if pending else ""


def _of_files(
    paths: list[str], format_name: str, naming: Naming, month: str | None
) -> tuple[report_figures.Report, str]:
    settings = app.checked_settings()
    logs.configure("warning")
    with block_pool.open_pool(paths, processes=os.cpu_count() or 1) as pool:
        summed = DirectSums(pool)
        for path in paths:
            with progress.bar(path) as show:
                summed.add_file(path, format_name, naming, show)
    with _ledger_of(summed, settings) as database, database.snapshot() as session:
        latest = statement_store.month_names(session)[-1:]
        month_report = report.build(
            session, settings, clock.now_us(), month or "".join(latest) or None, with_movements=True
        )
    counts = ", ".join(f"{count:,} {what}" for what, count in summed.counts.items() if count)
    return (
        month_report,
        f"Of the records {counts or 'none was counted'}; at list prices, without a ledger.",
    )


@contextmanager
def _ledger_of(summed: DirectSums, settings: Settings) -> Iterator[Database]:
    """A ledger of these sums alone, for as long as it takes to report on it."""
    with tempfile.TemporaryDirectory(prefix="switchwise-direct-") as folder:
        database = Database(f"sqlite:///{Path(folder) / 'sums.db'}")
        try:
            database.migrate()
            summed.store(database, settings)
            # What only this report sees is no news for a channel.
            refresh.refresh(database, settings.model_copy(update={"slack_webhook_url": None}))
            yield database
        finally:
            database.close()
