"""The commands that close the books: close, reprice."""

import getpass
from typing import Annotated

import typer

from advisor import closing, refresh, report, wire, words
from deploy.cli import app, report_text
from ledger import clock
from ledger.errors import UsageError
from worker import rollup

MonthArgument = Annotated[str, typer.Argument(metavar="MONTH", help="YYYY-MM in the reporting zone.")]
By = Annotated[str | None, typer.Option(help="Who does it, for the books; your login name if absent.")]


@app.application.command(epilog="Example: switchwise close 2026-10 --by ada")
def close(
    month: MonthArgument,
    by: By = None,
    despite_gaps: Annotated[
        bool, typer.Option("--despite-gaps", help="Also below 99 % coverage; the figure stays provisional.")
    ] = False,
    data: app.Data = None,
    as_json: app.AsJson = False,
) -> None:
    """Freeze a finished month: its figures, prices and arithmetic never change again.

    What comes later is a dated adjustment beside it.
    """
    closed_by = _name(by)
    with app.opened(data) as (database, settings):
        rollup.roll_up(database, settings.max_metric_sets)
        closing.close(database, settings, month, closed_by, despite_gaps=despite_gaps)
        refresh.refresh(database, settings)
        with database.snapshot() as session:
            found = report.build(session, settings, clock.now_us(), month)
    if as_json:
        app.print_json(wire.report_body(found))
        return
    provisional = " Provisional: below 99 % coverage." if found.total.coverage.provisional else ""
    app.console.print(
        f"{month} is closed at {words.dollars(found.total.cost_usd)}, {words.counted(found.total.requests, 'request')}"
        f" by {closed_by}.{provisional}"
    )
    app.console.print(f"content sha256 {found.content_sha256}", soft_wrap=True)
    app.console.print(f"Line by line: switchwise explain {month}")


@app.application.command(epilog="Example: switchwise reprice 2026-10 --reason 'contract signed late' --by ada")
def reprice(
    month: MonthArgument,
    reason: Annotated[str, typer.Option(help="Why, in words that a reader of the books understands.")],
    by: By = None,
    data: app.Data = None,
    as_json: app.AsJson = False,
) -> None:
    """Book what a closed month would cost at the prices and names in force now, as a dated adjustment."""
    made_by = _name(by)
    with app.opened(data) as (database, settings):
        number = closing.reprice(database, settings, month, reason, made_by)
        refresh.refresh(database, settings)
        with database.snapshot() as session:
            found = report.build(session, settings, clock.now_us(), month)
    booked = next((each for each in found.adjustments if each.number == number), None)
    if as_json:
        app.print_json(booked)
    elif booked is None:
        app.console.print(f"{month} costs the same at the prices and names in force now; nothing is booked.")
    else:
        app.console.print(f"Adjustment {number} of {month} is booked: {words.dollars(booked.cost_usd)}.")
        report_text.show_adjustments(app.console, found)


def _name(by: str | None) -> str:
    name = (by or _login_name()).strip()
    if not name:
        raise UsageError("nobody is named; say who does it with --by NAME")
    return name


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
