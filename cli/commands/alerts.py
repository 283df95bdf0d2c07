"""The command `alerts`: what has not reached Slack, why, and what helps."""

from advisor.report import outbox
from cli import app, options
from cli.text import plain
from ledger import clock

commands = app.new_commands()


@commands.command(epilog="Example: switchwise alerts --json")
def alerts(data: options.Data = None, as_json: options.AsJson = False) -> None:
    """Alerts that have not reached Slack, why, and what helps.

    Waiting alerts are sent by the worker; held ones once the webhook's address is right.
    Unconfirmed ones may have arrived: each is posted at most once more, marked as a repetition.
    """
    now_us = clock.now_us()
    with app.open_ledger(data) as (database, settings), database.snapshot() as session:
        counts = outbox.load_outbox(session, settings, now_us)
        undelivered = outbox.load_alerts(session, now_us)
    if as_json:
        app.print_json({"counts": counts, "alerts": undelivered})
        return
    if not undelivered:
        app.console.print("No alert waits, is held or is unconfirmed.")
        return
    for note in outbox.write_notes(counts):
        app.console.print(note)
    grid = plain.table(("state", "since", "alert", "attempts"), right=1)
    for alert in undelivered:
        grid.add_row(alert.state, f"{alert.since[:16]}Z", alert.headline, str(alert.attempts))
    app.console.print(grid)
