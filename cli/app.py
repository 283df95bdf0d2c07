"""The Typer application, the options that many commands share, and how a command opens the ledger and prints figures."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from advisor.advice import computation
from ledger import logs, settings
from ledger.database import Database
from ledger.settings import Settings

application = typer.Typer(
    name="switchwise",
    epilog="Try it: switchwise up --demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
# Names come from senders: what looks like markup in them is text.
console = Console(highlight=False, markup=False, emoji=False)


@application.callback()
def switchwise() -> None:
    """What your LLM traffic costs, and what moving it to a cheaper model would save."""
    # Without a callback Typer would take an application of one command for that command, and its name for an argument.


Data = Annotated[
    Path | None,
    typer.Option("--data", help="Directory of the embedded ledger (default ./switchwise-data)."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the exact figures as JSON.")]
MonthOption = Annotated[
    str | None,
    typer.Option("--month", help="YYYY-MM in the reporting zone; the current month if absent."),
]

Host = Annotated[
    str | None, typer.Option(help="Address to bind; anything but loopback needs an API key first.")
]
Port = Annotated[int | None, typer.Option(help="Port to bind.", min=0, max=65535)]


def checked_settings(**overrides: object) -> Settings:
    """The settings, every one of them checked, the pairs of models too. Raises UsageError naming the one that is wrong."""
    found = settings.load(**overrides)
    computation.terms_of(found)
    return found


@contextmanager
def opened(data: Path | None, **overrides: object) -> Iterator[tuple[Database, Settings]]:
    """The settings and the ledger, migrated and ready, closed when the command ends."""
    found = checked_settings(data=data, **overrides)
    # A person reads this terminal: what a command has to say is printed, so only trouble is logged unless asked for.
    logs.configure(found.log_level if "log_level" in found.model_fields_set else "warning")
    database = Database(found.database)
    try:
        database.migrate()
        yield database, found
    finally:
        database.close()


def print_json(value: object) -> None:
    """Print a value as indented JSON, the same bytes whether or not a terminal reads them."""
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))
