"""The command that looks at what the prices and names in force change, and books it for a closed
month: reprice."""

from typing import Annotated

import typer

from advisor import refresh, words
from advisor.months import closing, repricing
from advisor.report import report
from cli import app, options, progress
from cli.text import change_text, report_text
from ledger import clock
from ledger.errors import UsageError

commands = app.new_commands()


@commands.command(
    epilog=(
        "Example: switchwise reprice --dry-run, then: switchwise reprice 2026-10 --reason"
        " 'contract signed late' --by ada"
    )
)
def reprice(
    month: Annotated[
        str | None,
        typer.Argument(metavar="MONTH", help="A closed month whose difference is to be booked."),
    ] = None,
    dry_run: options.DryRun = False,
    reason: Annotated[
        str | None, typer.Option(help="Why, in words that a reader of the books understands.")
    ] = None,
    by: options.By = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Compare published figures with today's prices.

    With --dry-run the difference is printed, such as after an upgrade. With a closed MONTH it is
    booked as a dated adjustment.
    """
    if dry_run:
        _look(month, data, as_json)
    elif month is None:
        raise UsageError(
            "open months follow the prices by themselves, now with: switchwise rollup; to"
            " look first: --dry-run"
        )
    elif reason is None:
        raise UsageError(
            "a correction of a closed month needs its reason: --reason TEXT; to look first:"
            " --dry-run"
        )
    else:
        _book(month, data, reason=reason, made_by=options.who(by), as_json=as_json)


def _look(month: str | None, data: options.Data, as_json: bool) -> None:
    with (
        app.open_ledger(data) as (database, settings),
        progress.bar("months") as show,
        database.snapshot() as session,
    ):
        shifts = repricing.compare_published(session, settings, show)
    shown_shifts = [shift for shift in shifts if month in (None, shift.month)]
    if as_json:
        app.print_json(change_text.bodies(shown_shifts))
    else:
        change_text.show(app.console, shown_shifts)


def _book(month: str, data: options.Data, *, reason: str, made_by: str, as_json: bool) -> None:
    with app.open_ledger(data) as (database, settings):
        number = closing.reprice(database, settings, month, reason=reason, made_by=made_by)
        refresh.refresh(database, settings)
        with database.snapshot() as session:
            month_report = report.build(session, settings, clock.now_us(), month)
    adjustment = next((line for line in month_report.adjustments if line.number == number), None)
    if as_json:
        app.print_json(adjustment)
    elif adjustment is None:
        app.console.print(
            f"{month} costs the same at the prices and names in force now; nothing is booked."
        )
    else:
        app.console.print(
            f"Adjustment {number} of {month} is booked: {words.dollars(adjustment.cost_usd)}."
        )
        report_text.show_adjustments(app.console, month_report)
