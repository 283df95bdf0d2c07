"""Everything that the advisor serves over HTTP, put on one app: each outlet has an `install` of its own. Holds no route."""

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from advisor import api, exposition, health, whatif_routes
from advisor.evidence import routes as evidence
from advisor.exports import routes as exports
from advisor.outlet import Outlet
from advisor.pages import detail, month
from advisor.stages import routes as stages
from advisor.trial import routes as trial
from ledger import access, web
from ledger.access import Gate
from ledger.database import Database
from ledger.settings import Settings


def install(
    app: FastAPI, database: Database, settings: Settings, process_registry: CollectorRegistry | None = None
) -> None:
    """Add the advisor's routes to an app over a migrated ledger. Install a collector first: its probes then stay.

    `process_registry` holds what this process counts about itself; `/metrics` shows it beside the ledger's figures.
    """
    web.answer_errors(app)
    gate = Gate(database, keys_required=settings.require_keys or not access.is_loopback(settings.host))
    given = Outlet(database, settings, gate)
    api.install(app, given)
    whatif_routes.install(app, given)
    stages.install(app, given)
    evidence.install(app, given)
    trial.install(app, given)
    exposition.install(app, given, process_registry)
    exports.install(app, given)
    month.install(app, given)
    detail.install(app, given)
    if "/readyz" not in {getattr(route, "path", None) for route in app.routes}:
        health.install(app, database)
