"""The commands of the Grafana dashboards: dashboards write, publish."""

from pathlib import Path
from typing import Annotated

import typer

from cli import app, options
from dashboards import catalogue, publish
from dashboards.grafana import Grafana
from ledger.errors import UsageError
from ledger.settings import Settings

commands = app.new_commands()


@commands.command("write", epilog="Example: switchwise dashboards write deploy/grafana/dashboards")
def write_dashboards(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="For Grafana's file provisioning.")
    ],
    as_json: options.AsJson = False,
) -> None:
    """Write the dashboards as JSON files."""
    try:
        paths = catalogue.write(directory)
    except OSError as error:
        raise UsageError(f"{app.cannot_write(directory, error)}; choose another DIR") from error
    app.print_paths(paths, as_json=as_json)


@commands.command(
    "publish",
    epilog="Example: SWITCHWISE_GRAFANA_URL=https://grafana.example switchwise dashboards publish",
)
def publish_dashboards(as_json: options.AsJson = False) -> None:
    """Bring the dashboards of a Grafana up to date.

    Dashboards that have not changed are left alone.
    """
    outcomes = publish.publish(_grafana(app.checked_settings()), catalogue.dashboards())
    if as_json:
        app.print_json(outcomes)
        return
    for outcome in outcomes:
        app.console.print(f"{outcome.action:<10}{outcome.title}  {outcome.url}")


def _grafana(settings: Settings) -> Grafana:
    if settings.grafana_url is None:
        raise UsageError("SWITCHWISE_GRAFANA_URL is not set; set it to the address of your Grafana")
    if settings.grafana_token is None:
        raise UsageError(
            "SWITCHWISE_GRAFANA_TOKEN is not set;"
            " set it to a token of a service account with the role Editor"
        )
    token = settings.grafana_token.get_secret_value()
    return Grafana(settings.grafana_url, token, settings.grafana_org_id)
