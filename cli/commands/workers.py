"""The commands that run Celery in production: worker, beat."""

import typer

from cli import app
from worker import celery_app

commands = app.new_commands()


@commands.command(epilog="Example: SWITCHWISE_REDIS_URL=redis://redis:6379/0 switchwise worker")
def worker() -> None:
    """Run a Celery worker on Redis."""
    raise typer.Exit(celery_app.run_worker(app.checked_settings()))


@commands.command(epilog="Example: SWITCHWISE_REDIS_URL=redis://redis:6379/0 switchwise beat")
def beat() -> None:
    """Run the scheduler on Redis.

    A second one does no harm.
    """
    raise typer.Exit(celery_app.run_beat(app.checked_settings()))
