"""Options and arguments that many commands share, and those values that need more than Typer's
check."""

import getpass
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from ledger import clock
from ledger.errors import UsageError

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Directory of the embedded ledger (default ./switchwise-data)."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the exact figures as JSON.")]
Month = Annotated[
    str | None,
    typer.Option("--month", help="YYYY-MM in the reporting zone; the current month if absent."),
]
MonthArgument = Annotated[
    str, typer.Argument(metavar="MONTH", help="YYYY-MM in the reporting zone.")
]
RecommendationId = Annotated[
    str, typer.Argument(metavar="ID", help="A recommendation as `switchwise advise` lists it.")
]
Host = Annotated[
    str | None, typer.Option(help="Address to bind; anything but loopback needs an API key first.")
]
Port = Annotated[int | None, typer.Option(help="Port to bind.", min=0, max=65535)]
Since = Annotated[str | None, typer.Option(help="First UTC day, YYYY-MM-DD; today if absent.")]
Until = Annotated[
    str | None, typer.Option(help="First UTC day without it, YYYY-MM-DD; open if absent.")
]
By = Annotated[
    str | None, typer.Option(help="Who does it, for the books; your login name if absent.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print what would change, and store nothing.")
]


def day(option: str, text: str | None) -> int:
    """The UTC day number of an option's text, by default today.

    Raises UsageError naming the option.
    """
    if text is None:
        return clock.day_of(clock.now_us())
    try:
        number = clock.day_number(date.fromisoformat(text))
    except ValueError as error:
        raise UsageError(f"{option}: {text!r} is not a day; write it as YYYY-MM-DD") from error
    if number < 0:
        raise UsageError(f"{option}: {text} lies before 1970; no ledger begins there")
    return number


def end_day(option: str, text: str | None) -> int | None:
    """The UTC day number of an option's text, None if it is absent. Raises UsageError."""
    return None if text is None else day(option, text)


def who(by: str | None) -> str:
    """The name that goes into the books. Raises UsageError where there is none."""
    name = (by or _login_name()).strip()
    if not name:
        raise UsageError("your login name is unknown; say who does it with --by NAME")
    return name


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
