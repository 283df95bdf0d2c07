"""Every HTTP face: one form of errors, the right status, and no route without its scope."""

from collections.abc import Iterator

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

from ledger import access, errors, web
from ledger.access import Access, Gate
from ledger.database import Database

RAISED: list[tuple[Exception, int]] = [
    (errors.Unauthorised("no key"), 401),
    (errors.Forbidden("no scope"), 403),
    (errors.NotFound("no such thing"), 404),
    (errors.UsageError("no such month"), 400),
    (errors.StoreUnavailable("locked"), 503),
    (errors.PriceUnknown("no such price"), 500),
    (ZeroDivisionError("a secret of the server"), 500),
]


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    web.install_error_handlers(app)
    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(("error", "status"), RAISED)
def test_every_error_has_its_status_and_the_one_shape(
    app: FastAPI, client: TestClient, error: Exception, status: int
) -> None:
    def fail() -> None:
        raise error

    app.get("/fail")(fail)
    answer = client.get("/fail")
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]
    assert "secret" not in answer.text
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def test_those_who_are_refused_are_told_to_return_at_different_times() -> None:
    waits = {web.error_response(503, "busy").headers["Retry-After"] for _ in range(200)}
    assert waits == {"1", "2", "3", "4", "5"}


def test_an_unknown_path_a_wrong_method_and_a_wrong_argument_have_the_one_shape(
    app: FastAPI, client: TestClient
) -> None:
    def double(number: int) -> int:
        return 2 * number

    app.get("/double")(double)
    for answer, status in (
        (client.get("/nowhere"), 404),
        (client.get("/double/", params={"number": 1}, follow_redirects=False), 404),
        (client.post("/double"), 405),
        (client.get("/double", params={"number": "x"}), 400),
    ):
        assert answer.status_code == status
        assert list(answer.json()) == ["error"]
    assert client.post("/double").headers["allow"] == "GET"


@pytest.fixture
def key(database: Database) -> str:
    """The text of a key with the scope read."""
    with database.transaction() as session:
        return access.create_key(
            session, "reader", ["read"], project="search", namespace="eu", now_us=1
        )[1]


def guard(app: FastAPI, gate: Gate) -> None:
    """Add a route for each scope, which answers with the project of the key."""
    for scope in access.SCOPES:
        required = web.require_scope(gate, scope)

        def answer(access: Access = Depends(required)) -> str | None:  # noqa: B008  # FastAPI's way
            return access.project

        app.add_api_route(f"/{scope}", answer, methods=["GET", "POST"])


def test_a_key_is_taken_from_either_header_and_opens_its_scope_only(
    database: Database, app: FastAPI, client: TestClient, key: str
) -> None:
    guard(app, Gate(database, keys_required=True))
    for headers in (
        {"Authorization": f"Bearer {key}"},
        {"authorization": f"bearer  {key}"},
        {"X-API-Key": key},
    ):
        assert client.get("/read", headers=headers).json() == "search"
        assert client.get("/ingest", headers=headers).status_code == 403
        assert client.get("/admin", headers=headers).status_code == 403
    for wrong in (
        {},
        {"Authorization": f"Basic {key}"},
        {"Authorization": "Bearer"},
        {"X-API-Key": f"{key}x"},
    ):
        for scope in access.SCOPES:
            assert client.get(f"/{scope}", headers=wrong).status_code == 401


def test_without_keys_a_page_of_another_site_cannot_write(
    database: Database, app: FastAPI, client: TestClient
) -> None:
    guard(app, Gate(database, keys_required=False))
    assert (
        client.post("/ingest", headers={"Origin": "https://elsewhere.example"}).status_code == 403
    )
    assert client.post("/ingest", headers={"Origin": "null"}).status_code == 403
    assert client.post("/ingest", headers={"Origin": "http://testserver"}).status_code == 200
    assert client.post("/ingest").status_code == 200
    assert client.get("/read", headers={"Origin": "https://elsewhere.example"}).status_code == 200
