"""The commands of production: serve, worker, beat, migrate."""

from enum import StrEnum
from typing import Annotated

import typer

from cli import app
from deploy import web
from worker import celery_app


class Room(StrEnum):
    """What `serve` can serve."""

    COLLECTOR = "collector"
    ADVISOR = "advisor"


@app.application.command(epilog="Example: switchwise serve collector --host 0.0.0.0 --port 4318")
def serve(
    room: Annotated[Room, typer.Argument(help="What to serve.")],
    host: app.Host = None,
    port: app.Port = None,
) -> None:
    """Serve the collector or the advisor (production)."""
    raise typer.Exit(web.serve(app.checked_settings(host=host, port=port), (room.value,)))


@app.application.command(
    epilog="Example: SWITCHWISE_REDIS_URL=redis://redis:6379/0 switchwise worker"
)
def worker() -> None:
    """Run a Celery worker on Redis (production)."""
    raise typer.Exit(celery_app.run_worker(app.checked_settings()))


@app.application.command(
    epilog="Example: SWITCHWISE_REDIS_URL=redis://redis:6379/0 switchwise beat"
)
def beat() -> None:
    """Run the scheduler on Redis (production).

    A second one does no harm.
    """
    raise typer.Exit(celery_app.run_beat(app.checked_settings()))


@app.application.command(epilog="Example: switchwise migrate")
def migrate(data: app.Data = None) -> None:
    """Create the tables or bring them up to date."""
    with app.opened(data) as (database, _):
        app.console.print(f"{database!r} is up to date.")
