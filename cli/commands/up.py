"""The command that runs the whole product: up."""

import sys
from typing import Annotated

import typer

from advisor.advice import pair_names
from cli import app, options, program
from deploy import supervisor
from ledger import access, presence
from ledger import settings as ledger_settings
from ledger.settings import Settings

commands = app.new_commands()


@commands.command(epilog="Example: switchwise up --demo")
def up(
    host: options.Host = None,
    port: options.Port = None,
    data: options.Data = None,
    demo: Annotated[
        bool, typer.Option(help="Replay sample traffic into the ledger, plainly labelled.")
    ] = False,
) -> None:
    """Run the whole product in one process group."""
    settings = app.checked_settings(host=host, port=port, data=data)
    if settings.is_embedded:
        _check_pairs(settings)
    if not access.is_loopback(settings.host):
        with app.begin_ledger(data, is_announced=False) as (database, _):
            access.refuse_open_bind(settings.host, database)
    if sys.stderr.isatty() and "log_level" not in settings.model_fields_set:
        # A person reads this terminal; what they need to know is printed, and trouble is logged.
        settings = ledger_settings.load(host=host, port=port, data=data, log_level="warning")
    demonstration = supervisor.Program("cli.demo", options=("--switchwise", program.command_name()))
    raise typer.Exit(supervisor.run(settings, _announce, run_once=demonstration if demo else None))


def _check_pairs(settings: Settings) -> None:
    if not presence.is_there(settings):
        pair_names.check_shipped(settings.pairs)
        return
    with app.open_ledger(settings.data) as (database, _), database.snapshot() as session:
        pair_names.check_models(session, settings.pairs)


def _announce(address: str) -> None:
    app.console.print(f"Switchwise runs at {address} until Ctrl-C")
    for name, path in (
        ("page", "/"),
        ("API", "/docs"),
        ("metrics", "/metrics"),
        ("LiteLLM posts to", "/v1/litellm"),
    ):
        app.console.print(f"  {name:<17} {address}{path}")
    app.console.print()
