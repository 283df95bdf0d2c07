"""What every command is made with: its Typer, the ledger that it opens, and how it prints."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
import typer
from rich.console import Console

from advisor.advice import terms
from cli.text import plain
from ledger import beginning, logs, presence
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
    """The ledger, migrated and ready, and the settings; closed when the command ends.

    Raises UsageError where there is none: a mistyped folder must not become an empty ledger.
    """
    settings = _quiet_settings(data, overrides)
    presence.refuse_missing(settings)
    with beginning.migrated(settings.database) as database:
        yield database, settings


@contextmanager
def begin_ledger(
    data: Path | None, *, is_announced: bool = True
) -> Iterator[tuple[Database, Settings]]:
    """As `open_ledger`, but a new ledger is made where there is none, and stderr says so.

    A new one is removed again if the command fails before anything was stored.
    """
    settings = _quiet_settings(data, {})
    is_new = is_announced and not presence.is_there(settings)
    news = presence.describe_new(settings) if is_new else ""
    with beginning.begun(settings) as database:
        yield database, settings
    if news:
        typer.echo(f"switchwise: {news}", err=True)


@contextmanager
def open_prices(data: Path | None) -> Iterator[tuple[Database, Settings]]:
    """As `open_ledger`, for what can be read without any traffic.

    Where no place was named and the default one holds no ledger, it is an empty one in memory: the
    prices are those that were shipped.
    """
    settings = _quiet_settings(data, {})
    is_named = {"data", "database_url"} & settings.model_fields_set
    if is_named or presence.is_there(settings):
        presence.refuse_missing(settings)
        address = settings.database
    else:
        address = "sqlite://"
    with beginning.migrated(address) as database:
        yield database, settings


def _quiet_settings(data: Path | None, overrides: Mapping[str, object]) -> Settings:
    """The checked settings, and a log for a person who reads this terminal.

    What a command has to say is printed, so only trouble is logged, unless a level is set.
    """
    settings = checked_settings(data=data, **overrides)
    logs.configure(settings.log_level if "log_level" in settings.model_fields_set else "warning")
    return settings


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
