"""The read API: the report's own figures, errors with remedies, one project only for its key."""

import json
from dataclasses import asdict
from typing import Any

import hypothesis
import jsonschema
import msgspec
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import strategies as st
from sqlalchemy import select

from advisor.advice import rendering, values
from advisor.publishing import routes, wire
from advisor.report import report
from advisor.stages import records
from ledger import access, clock, money, settings, tables
from ledger.database import Database
from ledger.events import Event
from tests import ledgers, processes

pytestmark = pytest.mark.usefixtures("frozen_now")
READ = ["/api/v1/report", "/api/v1/usage", "/api/v1/recommendations"]
NAMES = ["provider", "model", "service_tier", "project", "workload"]
COUNTS = (
    "requests",
    "tokens",
    "input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "avoided_tokens",
    "unpriced_tokens",
)


def client_of(database: Database, **overrides: object) -> TestClient:
    """An advisor alone on a ledger."""
    app = FastAPI()
    chosen = {"pairs": ledgers.SETTINGS.pairs, **overrides}
    routes.install(app, database, settings.load(**chosen))
    return TestClient(app)


@pytest.fixture
def client(filled: Database) -> TestClient:
    """An advisor on a ledger with forty days of traffic."""
    return client_of(filled)


def test_the_report_is_the_body_that_the_command_line_prints(
    client: TestClient, filled: Database
) -> None:
    with filled.snapshot() as session:
        built = report.build(session, ledgers.SETTINGS, clock.now_us(), with_movements=True)
    assert client.get("/api/v1/report").content == wire.encode(built)


def test_a_report_has_its_names_beside_its_amounts(client: TestClient) -> None:
    body = client.get("/api/v1/report", params={"month": "2026-10"}).json()
    assert (body["month"], body["currency"], body["state"]) == ("2026-10", "USD", "open")
    assert [list(usage)[:2] for usage in body["projects"]] == [["project", "cost_usd"]] * 3
    assert [list(usage)[:3] for usage in body["models"]] == [["provider", "model", "cost_usd"]] * 3
    assert (
        next(usage["cost_usd"] for usage in body["models"] if usage["model"] == "house-model")
        is None
    )
    assert any("house-model" in note for note in body["notes"])


def test_projects_and_models_each_add_up_to_the_total(client: TestClient) -> None:
    body = client.get("/api/v1/report").json()
    for part in ("projects", "models", "slices"):
        assert_sums(body[part], body["total"])


def assert_sums(parts: list[dict[str, Any]], total: dict[str, Any]) -> None:
    """Groups hold everything once, to the last digit."""
    for name in COUNTS:
        assert sum(part[name] for part in parts) == total[name]
    costs = [money.femto_usd(part["cost_usd"]) for part in parts if part["cost_usd"] is not None]
    assert sum(costs) == (
        money.femto_usd(total["cost_usd"]) if total["cost_usd"] is not None else 0
    )


@hypothesis.settings(
    max_examples=12, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(
    group=st.lists(ledgers.any_event(), max_size=8),
    names=st.lists(st.sampled_from(NAMES), max_size=5),
)
def test_usage_adds_up_to_the_total_however_it_is_grouped(
    database: Database, group: list[Event], names: list[str]
) -> None:
    ledgers.add(database, group)
    ledgers.settle(database)
    asking = client_of(database)
    grouped = asking.get("/api/v1/usage", params={"group_by": ",".join(names)}).json()
    assert_sums(grouped["usage"], asking.get("/api/v1/report").json()["total"])
    assert grouped["group_by"] == list(dict.fromkeys(names))
    assert all(set(usage) & set(NAMES) == set(names) for usage in grouped["usage"])


def test_usage_is_grouped_by_provider_model_and_project_unless_told_otherwise(
    client: TestClient,
) -> None:
    assert client.get("/api/v1/usage").json()["group_by"] == ["provider", "model", "project"]


def test_a_recommendation_is_the_stored_row_in_full_and_the_reports_in_short(
    client: TestClient, filled: Database
) -> None:
    listed = client.get("/api/v1/recommendations").json()["recommendations"]
    reported = client.get("/api/v1/report").json()["savings"]["recommendations"]
    assert [
        {**advice, "stage": "active", "version": 1, "owner": None} for advice in reported
    ] == listed
    row_of = tables.RECOMMENDATION
    for advice in listed:
        full = client.get(f"/api/v1/recommendations/{advice['id']}").json()
        with filled.snapshot() as session:
            row = session.execute(select(row_of).where(row_of.c.id == advice["id"])).one()
        row_fields = {
            "stage": row.stage,
            "version": row.version,
            "computed_at": clock.rfc3339(row.computed_at),
        }
        untouched = {
            "record": {**asdict(records.UNTOUCHED), "history": []},
            "frozen_at": None,
            "frozen": None,
        }
        move = full.pop("move")
        assert (move["id"], move["missed_usd"], move["realised"]) == (advice["id"], None, [])
        figure = rendering.figure_of(values.decode(row.detail))
        figure_body = json.loads(msgspec.json.encode(figure))
        assert full == {**figure_body, **row_fields, **untouched}
        neutral, expected = full["break_evens"]
        assert (neutral["at"], advice["breakeven_escalation_ratio"]) == (
            "neutral",
            neutral["escalation_ratio"],
        )
        assert advice["breakeven_output_ratio"] == neutral["output_inflation_ratio"]
        assert expected["escalation_ratio"] != neutral["escalation_ratio"]
        assert full["record"]["owner"] == advice.pop("owner")
        assert {name: full[name] for name in advice if name in full} == {
            name: value for name, value in advice.items() if not name.startswith("breakeven_")
        }


def test_an_earlier_months_advice_is_on_that_month(client: TestClient) -> None:
    body = client.get("/api/v1/recommendations", params={"month": "2026-10"}).json()
    assert body["month"] in body["basis"]


@pytest.mark.parametrize(
    "month", ["november", "2026-13", "2026-1", "2027-01", "0000-01", "2026-11-01"]
)
@pytest.mark.parametrize("path", READ)
def test_a_month_that_is_none_or_lies_ahead_is_refused_in_one_line(
    client: TestClient, path: str, month: str
) -> None:
    answered = client.get(path, params={"month": month})
    assert answered.status_code == 400
    assert list(answered.json()) == ["error"]
    assert "\n" not in answered.json()["error"]


def test_a_name_that_usage_is_not_grouped_by_is_refused_with_those_it_is(
    client: TestClient,
) -> None:
    answered = client.get("/api/v1/usage", params={"group_by": "model,user"})
    assert answered.status_code == 400
    assert all(name in answered.json()["error"] for name in NAMES)


def test_an_unknown_recommendation_is_not_found(client: TestClient) -> None:
    answered = client.get("/api/v1/recommendations/0123456789abcdef")
    assert (answered.status_code, list(answered.json())) == (404, ["error"])


def test_an_empty_ledger_says_so_and_names_no_amount(database: Database) -> None:
    body = client_of(database).get("/api/v1/report").json()
    assert body["notes"] == ["No traffic in 2026-11; nothing has been recorded yet."]
    assert (body["total"]["cost_usd"], body["total"]["requests"], body["projects"]) == (None, 0, [])
    assert (body["forecast"], body["savings"]["total"], body["savings"]["until_retirement"]) == (
        None,
        None,
        None,
    )
    assert '"0.00"' not in json.dumps(body)


def test_a_month_without_traffic_names_the_latest_that_has_some(client: TestClient) -> None:
    (note,) = client.get("/api/v1/report", params={"month": "2026-01"}).json()["notes"]
    assert note == "No traffic in 2026-01; the latest month with traffic is 2026-11."


def test_a_ledger_that_cannot_be_reached_is_a_503_that_says_when_to_ask_again() -> None:
    database = Database(f"postgresql://127.0.0.1:{processes.free_port()}/none")
    client = client_of(database)
    for path in [*READ, "/api/v1/recommendations/x", "/metrics", "/readyz"]:
        answered = client.get(path)
        assert (answered.status_code, list(answered.json())) == (503, ["error"])
        assert int(answered.headers["Retry-After"]) > 0
    assert client.get("/healthz").status_code == 200
    database.close()


def test_an_advisor_alone_is_ready_once_it_can_read(client: TestClient) -> None:
    assert client.get("/readyz").json() == {"status": "ok"}


def test_where_keys_are_needed_a_key_must_be_known_and_for_reading(database: Database) -> None:
    client = client_of(database, require_keys=True)
    ingest = key_of(database, "ingest")
    for path in READ:
        assert client.get(path).status_code == 401
        assert (
            client.get(path, headers={"x-api-key": "sw_000000000000_" + "x" * 43}).status_code
            == 401
        )
        assert client.get(path, headers={"x-api-key": ingest}).status_code == 403
        assert (
            client.get(
                path, headers={"Authorization": f"Bearer {key_of(database, 'read')}"}
            ).status_code
            == 200
        )


def key_of(database: Database, scope: str, project: str | None = None) -> str:
    """A new key's text."""
    with database.transaction() as session:
        return access.create_key(
            session, "test", [scope], project=project, namespace="default", now_us=clock.now_us()
        )[1]


def test_a_key_of_one_project_sees_nothing_of_another(client: TestClient, filled: Database) -> None:
    ids = {
        advice["project"]: advice["id"] for advice in client.get(READ[2]).json()["recommendations"]
    }
    assert set(ids) == {"search", "support"}
    headers = {"x-api-key": key_of(filled, "read", "support")}
    texts = [client.get(path, headers=headers).text for path in READ]
    assert all(
        '"support"' in text and '"search"' not in text and "house-model" not in text
        for text in texts
    )
    other = client.get(f"/api/v1/recommendations/{ids['search']}", headers=headers)
    absent = client.get("/api/v1/recommendations/0123456789abcdef", headers=headers)
    assert (other.status_code, absent.status_code) == (404, 404)
    assert other.text == absent.text.replace("0123456789abcdef", ids["search"])
    assert (
        client.get(f"/api/v1/recommendations/{ids['support']}", headers=headers).status_code == 200
    )


def test_every_answer_is_what_the_documentation_says_and_nothing_more(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    id = client.get(READ[2]).json()["recommendations"][0]["id"]
    for path in [*READ, "/api/v1/recommendations/{id}"]:
        responses = document["paths"][path]["get"]["responses"]
        assert set(responses) == {"200", "4XX", "503"}
        schema = responses["200"]["content"]["application/json"]["schema"]
        answered = client.get(path.replace("{id}", id))
        jsonschema.validate(answered.json(), {**schema, "components": document["components"]})
