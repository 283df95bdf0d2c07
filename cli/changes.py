"""How a command changes prices, contracts or names: it stores the change, and shows what moves."""

from collections.abc import Mapping

from advisor import refresh, words
from advisor.months import repricing
from cli import app, progress
from cli.text import change_text
from ledger import clock
from ledger.database import Database
from ledger.pricing import in_force
from ledger.settings import Settings


def carry_out(
    database: Database,
    settings: Settings,
    change: in_force.Change,
    description: str,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Store a change, unless it is a dry run, and show what it moves in each month.

    It is stored before anything is printed: printing may fail. Raises what the change raises.
    """
    with progress.bar("months") as show, database.snapshot() as session:
        months = repricing.preview_change(session, settings, change, show)
    computed = 0
    if not dry_run:
        with database.transaction() as session:
            in_force.apply_change(session, change, clock.now_us())
        computed = refresh.refresh(database, settings)
    if as_json:
        app.print_json(
            {"change": description, "stored": not dry_run, "months": change_text.bodies(months)}
        )
        return
    app.console.print(description)
    change_text.show(app.console, months)
    if dry_run:
        app.console.print("Nothing is stored: this was a dry run.")
    else:
        again = f"; {words.counted(computed, 'month')} computed again" if computed else ""
        app.console.print(f"Stored{again}.")


def tell(
    sentence: str, body: Mapping[str, object], *, as_json: bool, dry_run: bool = False
) -> None:
    """Say what a command changed, and whether it is stored; `body` is what it is about, as JSON."""
    if as_json:
        app.print_json({"change": sentence, "stored": not dry_run, **body})
        return
    app.console.print(sentence)
    app.console.print("Without --dry-run this is stored." if dry_run else "Stored.")
