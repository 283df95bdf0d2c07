"""The command `doctor`: what is well with an installation, what is not, and the remedy."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import typer
from rich.text import Text

from cli import app, diagnosis, options
from cli.diagnosis import Diagnosis
from ledger import clock, logs
from ledger.database import Database
from ledger.errors import StoreUnavailable, UsageError
from ledger.settings import Settings

commands = app.new_commands()

_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@commands.command(epilog="Example: switchwise doctor --json")
def doctor(data: options.Data = None, as_json: options.AsJson = False) -> None:
    """What is well and what is not; exit 1 if it fails.

    Each fault has its remedy. It looks at settings, database, rollup, sums, senders, webhook and
    shutdowns, and only reads: no ledger is made or migrated, and no message is sent.
    """
    logs.configure("error")
    diagnoses = list(_examine(data))
    if as_json:
        app.print_json([asdict(line) for line in diagnoses])
    else:
        for line in diagnoses:
            _print(line)
    if any(line.state == "fail" for line in diagnoses):
        raise typer.Exit(1)


def _examine(data: Path | None) -> Iterator[Diagnosis]:
    settings, of_settings = diagnosis.examine_settings(lambda: app.checked_settings(data=data))
    yield of_settings
    if settings is None:
        return
    missing = diagnosis.find_database(settings)
    if missing is not None:
        yield missing
        return
    try:
        yield from _examine_ledger(settings)
    except (StoreUnavailable, UsageError) as error:
        yield Diagnosis(
            part="database",
            state="fail",
            text=str(error),
            remedy="see that it runs, and that SWITCHWISE_DATABASE_URL is its address",
        )


def _examine_ledger(settings: Settings) -> Iterator[Diagnosis]:
    database = Database(settings.database)
    try:
        of_database = diagnosis.examine_database(database)
        yield of_database
        if of_database.state == "ok":
            with database.snapshot() as session:
                yield from diagnosis.examine_ledger(session, settings, clock.now_us())
    finally:
        database.close()


def _print(line: Diagnosis) -> None:
    state = Text(f"{line.state:<5}", style=_STYLES[line.state])
    app.console.print(Text.assemble(state, f"{line.part:<12} {line.text}"), soft_wrap=True)
    if line.remedy:
        app.console.print(Text(f"{'':<18}{line.remedy}", style="dim"), soft_wrap=True)
