"""Adds every route of the advisor to an app: each module has an `install` of its own.

Holds no route itself.
"""

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from advisor.publishing.api import (
    departures,
    evidence,
    exports,
    health,
    remedies,
    reports,
    scenarios,
)
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
    """Add the advisor's routes to an app over a migrated ledger.

    Install a collector first: its probes then stay.

    `process_registry` holds what this process counts about itself; `/metrics` shows that after the
    ledger's figures.
    """
    web.install_error_handlers(app, remedies.over_http)
    keys_required = settings.require_keys or not access.is_loopback(settings.host)
    outlet = Outlet(database, settings, Gate(database, keys_required=keys_required))
    for module in (
        reports,
        departures,
        scenarios,
        stage_routes,
        evidence,
        trial_routes,
        exports,
        month,
        detail,
    ):
        module.install(app, outlet)
    exposition.install(app, outlet, process_registry)
    if "/readyz" not in {getattr(route, "path", None) for route in app.routes}:
        health.install(app, database)
