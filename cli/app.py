"""What every command is made with: its Typer, the ledger that it opens, and how it prints."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import typer
from rich.console import Console

from advisor.advice import terms
from cli.text import plain
from ledger import logs
from ledger import settings as ledger_settings
from ledger.database import Database
from ledger.settings import Settings


def new_console(columns: int | None) -> Console:
    """A console of so many columns, by default the terminal's."""
    # Names come from senders: what looks like markup in them is text.
    return Console(highlight=False, markup=False, emoji=False, width=columns)


console = new_console(None if sys.stdout.isatty() else plain.UNBROKEN)


def new_commands() -> typer.Typer:
    """What a module of `cli.commands` adds its commands to."""
    return typer.Typer(rich_markup_mode=None)


def checked_settings(**overrides: object) -> Settings:
    """All settings, checked, the pairs of models too. Raises UsageError naming the wrong one."""
    settings = ledger_settings.load(**overrides)
    terms.from_settings(settings)
    return settings


@contextmanager
def open_ledger(data: Path | None, **overrides: object) -> Iterator[tuple[Database, Settings]]:
    """The ledger, migrated and ready, and the settings; closed when the command ends."""
    settings = checked_settings(data=data, **overrides)
    # A person reads this terminal: what a command has to say is printed, so only trouble is
    # logged, unless a level is set.
    logs.configure(settings.log_level if "log_level" in settings.model_fields_set else "warning")
    database = Database(settings.database)
    try:
        database.migrate()
        yield database, settings
    finally:
        database.close()


def cannot_write(path: Path, error: OSError) -> str:
    """Why a path cannot be written to, to begin a message with.

    A directory that cannot be made reads "No such file or directory" to the system: the message
    says what was tried instead.
    """
    if not path.exists() and not path.parent.is_dir():
        return f"cannot create {path}"
    return f"cannot write to {path}: {error.strerror}"


def print_json(body: object) -> None:
    """Print a body as indented JSON, the same bytes whether or not a terminal reads them."""
    typer.echo(msgspec.json.format(msgspec.json.encode(body), indent=2))


def print_paths(paths: Iterable[Path], *, as_json: bool) -> None:
    """Print the files that a command wrote, a line each."""
    if as_json:
        print_json([str(path) for path in paths])
        return
    for path in paths:
        typer.echo(path)
