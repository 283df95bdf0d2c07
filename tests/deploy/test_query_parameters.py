"""Every route refuses a query parameter that it does not have, and offers the nearest one."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from deploy import web
from ledger.database import Database
from ledger.settings import Settings
from tests import samples, serving
from tests.deploy import test_every_route

ROUTES = sorted(
    test_every_route.SCOPES.keys() | {("GET", "/healthz"), ("GET", "/readyz")},
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """Both rooms over a fresh ledger without keys."""
    folder = tmp_path_factory.mktemp("ledger")
    database = Database(f"sqlite:///{folder / 'ledger.db'}")
    database.migrate()
    database.close()
    return web.create_app(Settings(data=folder))


@pytest.fixture(scope="module")
def address(app: FastAPI) -> Iterator[str]:
    with serving.serve(app, app.state.http) as served:
        yield served


def parameters(app: FastAPI, method: str, path: str) -> list[str]:
    """The names of a route's query parameters, as its own description has them."""
    operation = app.openapi()["paths"].get(path, {}).get(method.lower(), {})
    return [
        parameter["name"]
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query"
    ]


def ask(address: str, method: str, path: str, query: str) -> httpx.Response:
    filled = path.format(id="0" * 16, month="2026-11", format="json")
    body = b"[]" if method == "POST" else None
    return httpx.request(method, f"{address}{filled}?{query}", content=body, timeout=60)


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=" ".join)
def test_an_unknown_parameter_is_refused_by_name(
    address: str, app: FastAPI, method: str, path: str
) -> None:
    answer = ask(address, method, path, "xyzzy=1")
    assert answer.status_code == 400
    message = answer.json()["error"]
    assert message.startswith("`xyzzy` is no parameter of /")
    valid = parameters(app, method, path)
    assert all(f"`{name}`" in message for name in valid)
    assert valid or message.endswith("; it takes none")


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=" ".join)
def test_a_misspelt_parameter_gets_the_nearest_one(
    address: str, app: FastAPI, method: str, path: str
) -> None:
    for name in parameters(app, method, path):
        answer = ask(address, method, path, f"{name}z=1")
        assert answer.status_code == 400
        assert answer.json()["error"].endswith(f"; did you mean `{name}`?")


def test_every_route_of_both_rooms_is_tried(app: FastAPI) -> None:
    described = {
        (method, route.path)
        for route in app.routes
        if isinstance(route, APIRoute) and route.include_in_schema
        for method in route.methods or ()
    }
    assert described <= set(ROUTES)
    assert any(parameters(app, *route) for route in ROUTES)


def test_a_write_with_a_query_is_refused_and_not_stored_as_if_it_had_none(address: str) -> None:
    def post(query: str) -> httpx.Response:
        return httpx.post(f"{address}/v1/events{query}", json=samples.native_event(1))

    assert post("?project=search").status_code == 400
    assert post("").json()["accepted"] == 1


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/api/v1/reprot", "did you mean /api/v1/report?"),
        ("/nothing/of/the/kind", "GET /docs lists every route"),
    ],
)
def test_a_path_without_a_route_gets_a_route(address: str, path: str, hint: str) -> None:
    answer = httpx.get(f"{address}{path}")
    assert answer.status_code == 404
    assert answer.json() == {"error": f"there is no {path} here; {hint}"}
