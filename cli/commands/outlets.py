"""The commands that hand figures on: export, dashboards."""

from pathlib import Path
from typing import Annotated

import typer

from advisor.publishing.exports import bundle, folder
from cli import app
from dashboards import catalogue, publish
from dashboards.grafana import Grafana
from ledger import clock, settings
from ledger.errors import UsageError
from ledger.settings import Settings

dashboards = typer.Typer(help="The Grafana dashboards.", no_args_is_help=True)
app.application.add_typer(dashboards, name="dashboards")


@app.application.command(
    name="export", epilog="Example: switchwise export 2026-11 --format csv,json --out review"
)
def export_command(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="YYYY-MM in the reporting zone.")],
    format: Annotated[
        str, typer.Option(help=f"A comma list of {', '.join(bundle.FORMATS)}.")
    ] = "csv,json",  # the option's name
    out: Annotated[
        Path,
        typer.Option(help="Directory; the files go into a folder of it named after the month."),
    ] = Path(),
    data: app.Data = None,
    as_json: app.AsJson = False,
) -> None:
    """Write the monthly review as files, with a manifest that holds their hashes."""
    formats = [name.strip() for name in format.split(",") if name.strip()]
    with app.opened(data) as (database, chosen), database.snapshot() as session:
        written = folder.export(session, chosen, clock.now_us(), month, formats, out)
    _print_paths(written, as_json)


@dashboards.command(
    "write", epilog="Example: switchwise dashboards write deploy/grafana/dashboards"
)
def write_dashboards(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="For Grafana's file provisioning.")
    ],
    as_json: app.AsJson = False,
) -> None:
    """Write the dashboards as JSON files."""
    try:
        written = catalogue.write(directory)
    except OSError as error:
        raise UsageError(
            f"cannot write into {directory}: {error.strerror}; choose another directory"
        ) from error
    _print_paths(written, as_json)


@dashboards.command(
    "publish",
    epilog="Example: SWITCHWISE_GRAFANA_URL=https://grafana.example switchwise dashboards publish",
)
def publish_dashboards(as_json: app.AsJson = False) -> None:
    """Bring the dashboards of a Grafana up to date; what is unchanged is left alone."""
    outcomes = publish.publish(_grafana(settings.load()), catalogue.dashboards())
    if as_json:
        app.print_json(outcomes)
        return
    for outcome in outcomes:
        app.console.print(f"{outcome.action:<10}{outcome.title}  {outcome.url}")


def _grafana(chosen: Settings) -> Grafana:
    if chosen.grafana_url is None:
        raise UsageError("SWITCHWISE_GRAFANA_URL is not set; give the address of your Grafana")
    if chosen.grafana_token is None:
        raise UsageError(
            "SWITCHWISE_GRAFANA_TOKEN is not set; give a token of a service account with the role Editor"
        )
    return Grafana(
        chosen.grafana_url, chosen.grafana_token.get_secret_value(), chosen.grafana_org_id
    )


def _print_paths(written: list[Path], as_json: bool) -> None:
    if as_json:
        app.print_json([str(path) for path in written])
        return
    for path in written:
        typer.echo(path)
