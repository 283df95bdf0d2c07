"""Every route of both rooms asks for a key with its scope, where keys are required. A new route has to be listed here."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from collector import formats
from deploy import web
from ledger import access, settings
from ledger.database import Database
from ledger.settings import Settings
from tests import serving

SCOPES = {
    **{("POST", format.route): "ingest" for format in formats.JSON_FORMATS},
    ("GET", "/metrics"): "scrape",
    ("GET", "/api/v1/usage"): "read",
    ("GET", "/api/v1/report"): "read",
    ("GET", "/api/v1/recommendations"): "read",
    ("GET", "/api/v1/recommendations/{id}"): "read",
    **{
        ("POST", f"/api/v1/recommendations/{{id}}/{action}"): "admin"
        for action in ("claim", "unclaim", "dismiss", "undismiss", "pilot", "adopt", "rollback")
    },
    ("GET", "/api/v1/exports/{month}.{format}"): "read",
    ("GET", "/api/v1/whatif"): "read",
    ("POST", "/api/v1/whatif"): "read",
    ("GET", "/api/v1/evidence"): "read",
    ("GET", "/api/v1/recommendations/{id}/trial"): "read",
    ("GET", "/api/v1/departures"): "read",
    ("GET", "/api/v1/departures.ics"): "read",
    ("POST", "/api/v1/evidence"): "admin",
    ("POST", "/api/v1/evidence/{id}/withdraw"): "admin",
    ("GET", "/"): "read",
    ("GET", "/recommendations/{id}"): "read",
}
OPEN = {
    ("GET", path)
    for path in ("/healthz", "/readyz", "/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc")
}
"""What holds no figure: the probes, and the description of the API."""


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings that require keys."""
    return settings.load(data=tmp_path_factory.mktemp("ledger"), require_keys=True)


@pytest.fixture(scope="module")
def keys(chosen: Settings) -> dict[str, str]:
    """A key of each scope, in a fresh ledger."""
    database, made = Database(chosen.database), {}
    database.migrate()
    with database.transaction() as session:
        for scope in access.SCOPES:
            _, made[scope] = access.create_key(
                session, scope, [scope], project=None, namespace="default", now_us=1
            )
    database.close()
    return made


@pytest.fixture(scope="module")
def app(chosen: Settings, keys: dict[str, str]) -> FastAPI:
    """Both rooms over that ledger."""
    assert keys
    return web.create_app(chosen)


@pytest.fixture(scope="module")
def address(app: FastAPI) -> Iterator[str]:
    """Where the app is served as in production."""
    with serving.serve(app, app.state.http) as served:
        yield served


def routes_of(app: FastAPI) -> set[tuple[str, str]]:
    return {
        (method, getattr(route, "path", ""))
        for route in app.routes
        for method in getattr(route, "methods", None) or ()
        if method != "HEAD"
    }


def test_every_route_is_listed_here(app: FastAPI) -> None:
    slashed = {
        (method, f"{path}/") for (method, path), scope in SCOPES.items() if scope == "ingest"
    }
    assert routes_of(app) == SCOPES.keys() | OPEN | slashed


@pytest.mark.parametrize(
    ("route", "scope"),
    SCOPES.items(),
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_a_route_answers_those_with_its_scope_only(
    address: str, keys: dict[str, str], route: tuple[str, str], scope: str
) -> None:
    method, path = route
    url = f"{address}{path.format(id='0' * 16, month='2026-11', format='json')}"
    with httpx.Client() as client:

        def status(key: str | None) -> int:
            headers = {"x-api-key": key} if key else {}
            return client.request(
                method, url, headers=headers, content=b"[]" if method == "POST" else None
            ).status_code

        assert status(None) == 401
        assert status("sw_nonsense") == 401
        for other in access.SCOPES:
            assert (status(keys[other]) == 403) == (other not in (scope, "admin")), other


@pytest.mark.parametrize("route", sorted(OPEN), ids=" ".join)
def test_a_probe_and_the_description_need_no_key(address: str, route: tuple[str, str]) -> None:
    assert httpx.request(route[0], f"{address}{route[1]}").status_code == 200
