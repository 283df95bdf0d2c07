"""Everything that the advisor serves over HTTP, put on one app: each outlet has an `install` of its own. Holds no route."""

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from advisor.publishing.api import evidence as evidence_routes
from advisor.publishing.api import exports as export_routes
from advisor.publishing.api import health, reading, scenarios
from advisor.publishing.api import stages as stage_routes
from advisor.publishing.api import trials as trial_routes
from advisor.publishing.metrics import exposition
from advisor.publishing.outlet import Outlet
from advisor.publishing.pages import detail, month
from ledger import access, web
from ledger.access import Gate
from ledger.database import Database
from ledger.settings import Settings


def install(
    app: FastAPI,
    database: Database,
    settings: Settings,
    process_registry: CollectorRegistry | None = None,
) -> None:
    """Add the advisor's routes to an app over a migrated ledger. Install a collector first: its probes then stay.

    `process_registry` holds what this process counts about itself; `/metrics` shows it beside the ledger's figures.
    """
    web.install_error_handlers(app)
    gate = Gate(
        database, keys_required=settings.require_keys or not access.is_loopback(settings.host)
    )
    given = Outlet(database, settings, gate)
    reading.install(app, given)
    scenarios.install(app, given)
    stage_routes.install(app, given)
    evidence_routes.install(app, given)
    trial_routes.install(app, given)
    exposition.install(app, given, process_registry)
    export_routes.install(app, given)
    month.install(app, given)
    detail.install(app, given)
    if "/readyz" not in {getattr(route, "path", None) for route in app.routes}:
        health.install(app, database)
