"""The command that runs the whole product: up."""

import sys
from typing import Annotated

import typer

from cli import app
from deploy import supervisor
from ledger import access, settings


@app.application.command(epilog="Example: switchwise up --demo")
def up(
    host: app.Host = None,
    port: app.Port = None,
    data: app.Data = None,
    demo: Annotated[
        bool, typer.Option(help="Replay sample traffic into the ledger, plainly labelled.")
    ] = False,
) -> None:
    """Run the whole product in one process group."""
    chosen = app.checked_settings(host=host, port=port, data=data)
    if not access.is_loopback(chosen.host):
        with app.opened(data) as (database, _):
            access.refuse_open_bind(chosen.host, database)
    if sys.stderr.isatty() and "log_level" not in chosen.model_fields_set:
        # A person reads this terminal; what they need to know is printed, and trouble is still logged.
        chosen = settings.load(host=host, port=port, data=data, log_level="warning")
    raise typer.Exit(supervisor.run(chosen, demo, _announce))


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
