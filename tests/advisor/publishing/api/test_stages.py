"""Stages over HTTP: versions, refusals that say how it stands, no other project's."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from advisor.publishing import routes
from advisor.stages import store, transitions
from ledger import access, settings
from ledger.database import Database
from tests.advisor.stages.advised_ledger import fill

pytestmark = pytest.mark.usefixtures("frozen_now")


def client_of(database: Database, **overrides: object) -> TestClient:
    app = FastAPI()
    routes.install(app, database, settings.load(**overrides))
    return TestClient(app)


def key_of(
    database: Database, scope: str, project: str | None = None
) -> tuple[str, dict[str, str]]:
    """A key's id, and the headers that send it."""
    with database.transaction() as session:
        row, text = access.create_key(
            session, scope, [scope], project=project, namespace="default", now_us=1
        )
    return row.id, {"x-api-key": text}


def test_the_whole_life_over_http(database: Database) -> None:
    path, client = (
        f"/api/v1/recommendations/{fill(database).recommendation.id}",
        client_of(database),
    )
    steps: list[tuple[str, dict[str, object], str]] = [
        ("dismiss", {"note": "exam season", "until": "2026-12-24"}, "dismissed"),
        ("undismiss", {}, "active"),
        ("claim", {"share": "0.5"}, "claimed"),
        ("unclaim", {}, "active"),
        ("claim", {}, "claimed"),
        ("pilot", {"share": 0.1, "hold_out": "chat-control"}, "piloting"),
        ("adopt", {}, "adopted"),
        ("rollback", {"note": "wrong answers"}, "rolled_back"),
    ]
    for version, (action, more, stage) in enumerate(steps, start=1):
        answered = client.post(f"{path}/{action}", json={"by": "ada", "version": version, **more})
        assert (answered.status_code, answered.json().get("stage")) == (200, stage), answered.text
    body = client.get(path).json()
    assert (body["stage"], body["version"], len(body["record"]["history"])) == ("rolled_back", 9, 8)
    assert body["frozen"]["saving_month"] == body["saving_month"]
    assert body["record"]["history"][0] == {
        "version": 2,
        "action": "dismiss",
        "from_stage": "active",
        "to_stage": "dismissed",
        "by": "ada",
        "at": "2026-11-23T20:00:00Z",
        "share": None,
        "until": "2026-12-24",
        "note": "exam season",
        "hold_out": None,
    }


def test_a_stale_version_and_a_wrong_stage_are_409_and_say_how_it_stands(
    database: Database,
) -> None:
    path, client = (
        f"/api/v1/recommendations/{fill(database).recommendation.id}",
        client_of(database),
    )
    assert client.post(f"{path}/claim", json={"by": "ada", "version": 1}).status_code == 200
    stale = client.post(f"{path}/unclaim", json={"by": "grace", "version": 1})
    wrong = client.post(f"{path}/adopt", json={"by": "grace", "version": 2})
    assert (stale.status_code, wrong.status_code) == (409, 409)
    assert "since version 1: it is claimed by ada at version 2 now" in stale.json()["error"]
    assert "only a pilot can be adopted; first: switchwise pilot" in wrong.json()["error"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"by": "ada"}, "version"),
        ({"version": 1}, "by"),
        ({"by": "ada", "version": 1, "shares": "0.5"}, "shares"),
        ({"by": "ada", "version": 1, "share": "2"}, "at most 1"),
        ({"by": "a\x00b", "version": 1}, "printable"),
    ],
)
def test_a_body_that_is_not_right_is_400_with_the_remedy(
    database: Database, body: dict[str, object], says: str
) -> None:
    answered = client_of(database).post(
        f"/api/v1/recommendations/{fill(database).recommendation.id}/claim", json=body
    )
    assert answered.status_code == 400
    assert says in answered.json()["error"]


@pytest.mark.parametrize(
    ("content", "content_type", "words"),
    [
        (b'{"version": 1}', "application/json", "`by` (who does it) is missing"),
        (
            b'{"by": "ada", "version": 1}',
            "text/plain",
            "with `by` (who does it) and `version` (the version that was read",
        ),
        (b"", "application/json", "with `by` (who does it) and `version` (the version"),
        (b'{"by', "application/json", "the body is not valid JSON (Unterminated string"),
        (
            b'{"by": "ada", "version": 1, "shares": 1}',
            "application/json",
            "`shares` is no field here; use by, version, share, until, note or hold_out",
        ),
        (
            b'{"by": "ada", "version": "one"}',
            "application/json",
            "`version` is 'one': it should be a valid integer",
        ),
    ],
)
def test_a_body_that_does_not_fit_is_refused_with_what_to_send(
    database: Database, content: bytes, content_type: str, words: str
) -> None:
    answered = client_of(database).post(
        "/api/v1/recommendations/x/claim", content=content, headers={"Content-Type": content_type}
    )
    assert answered.status_code == 400
    error = answered.json()["error"]
    assert words in error
    assert ("send JSON (Content-Type: application/json)" in error) is (
        "with" in words or "missing" in words
    )


def test_a_404_names_the_route_that_lists_what_there_is(database: Database) -> None:
    answered = client_of(database).get("/api/v1/recommendations/nothing")
    assert answered.json() == {
        "error": "no recommendation 'nothing'; list them with: GET /api/v1/recommendations"
    }


@pytest.mark.parametrize("name", ["%00", "%ED%A0%80", "x" * 2_000, "%F0%9F%92%A9"])
def test_an_id_that_can_be_none_is_404(database: Database, name: str) -> None:
    client = client_of(database)
    assert client.get(f"/api/v1/recommendations/{name}").status_code == 404
    answered = client.post(
        f"/api/v1/recommendations/{name}/claim", json={"by": "ada", "version": 1}
    )
    assert answered.status_code == 404


def test_changing_needs_admin_and_stays_in_the_keys_project(database: Database) -> None:
    recommendation_id = fill(database).recommendation.id
    path, client = (
        f"/api/v1/recommendations/{recommendation_id}",
        client_of(database, require_keys=True),
    )
    wish = {"by": "ada", "version": 1}
    assert (
        client.post(f"{path}/claim", json=wish, headers=key_of(database, "read")[1]).status_code
        == 403
    )
    elsewhere = client.post(
        f"{path}/claim", json=wish, headers=key_of(database, "admin", "support")[1]
    )
    unknown = client.post(
        "/api/v1/recommendations/nothing/claim", json=wish, headers=key_of(database, "admin")[1]
    )
    assert (elsewhere.status_code, unknown.status_code) == (404, 404)
    assert elsewhere.json()["error"] == unknown.json()["error"].replace(
        "nothing", recommendation_id
    )
    key_id, headers = key_of(database, "admin", "search")
    assert client.post(f"{path}/claim", json=wish, headers=headers).status_code == 200
    with database.snapshot() as session:
        history = store.load_histories(session)[recommendation_id]
    assert [change.key_id for change in history] == [key_id]


def test_every_action_of_people_has_a_route_and_no_other(database: Database) -> None:
    app = FastAPI()
    routes.install(app, database, settings.load())
    posts = {
        getattr(route, "path", "")
        for route in app.routes
        if "POST" in (getattr(route, "methods", None) or ())
    }
    actions = {
        path.rpartition("/")[2] for path in posts if path.startswith("/api/v1/recommendations/")
    }
    assert actions == {
        action for action, transition in transitions.TRANSITIONS.items() if transition.by_people
    }
