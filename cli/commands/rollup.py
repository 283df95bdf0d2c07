"""The command that brings every figure up to date now: rollup."""

from advisor import refresh, words
from advisor.advice import pair_names
from cli import app, options
from worker import rollup

commands = app.new_commands()


@commands.command(name="rollup", epilog="Example: switchwise rollup")
def roll_up(data: options.Data = None) -> None:
    """Roll up and compute statements and advice, now."""
    with app.open_ledger(data) as (database, settings):
        with database.snapshot() as session:
            pair_names.check_models(session, settings.pairs)
        rows = rollup.roll_up(database, settings.max_metric_sets)
        changed = refresh.refresh(database, settings)
    app.console.print(
        f"{words.counted(rows, 'group')} rolled up, {words.counted(changed, 'month')}"
        " computed again."
    )
