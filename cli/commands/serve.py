"""The command that serves HTTP in production: serve."""

from enum import StrEnum
from typing import Annotated

import typer

from cli import app, options
from deploy import web

commands = app.new_commands()


class Room(StrEnum):
    """What `serve` can serve."""

    COLLECTOR = "collector"
    ADVISOR = "advisor"


@commands.command(epilog="Example: switchwise serve collector --host 0.0.0.0 --port 4318")
def serve(
    room: Annotated[Room, typer.Argument(help="What to serve.")],
    host: options.Host = None,
    port: options.Port = None,
) -> None:
    """Serve the collector or the advisor."""
    raise typer.Exit(web.serve(app.checked_settings(host=host, port=port), (room.value,)))
