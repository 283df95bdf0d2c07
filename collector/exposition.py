"""`/metrics` of a collector without an advisor: what its process counts about itself.

The figures of the ledger are served by the advisor.
"""

from fastapi import FastAPI, Request, Response
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from collector import openapi
from collector.routes import CollectorState
from ledger import web


def install(app: FastAPI, collector: CollectorState) -> None:
    """Add `/metrics` to an app that has no advisor."""

    async def read_metrics(request: Request) -> Response:
        """The metrics of this process for Prometheus."""
        await web.access_of(collector.gate, request, "scrape")
        return Response(generate_latest(collector.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    app.add_api_route("/metrics", read_metrics, methods=["GET"], name="metrics", **openapi.METRICS)
