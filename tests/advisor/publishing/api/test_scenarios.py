"""Scenarios over HTTP: one answer by query and by body, and refusals with the remedy."""

from fractions import Fraction

import hypothesis
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import strategies as st

from advisor.publishing import routes
from ledger import access, clock, settings
from ledger.database import Database

pytestmark = pytest.mark.usefixtures("frozen_now")
PATH = "/api/v1/whatif"
FACTORS = [
    "share",
    "phi_in",
    "phi_out",
    "escalation_rate",
    "extra_attempts",
    "sigma",
    "cached_share",
]
HOSTILE = st.text(max_size=20) | st.sampled_from(
    [
        "1e999999",
        "0E+999999999",
        "1e-999999",
        "NaN",
        "Infinity",
        "-0",
        "0.1,,",
        "1,2,3",
        "0.0000000001",
        "\x00",
        "9" * 40,
    ]
)


def client_of(database: Database, **overrides: object) -> TestClient:
    app = FastAPI()
    routes.install(app, database, settings.load(**overrides))
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def client(filled: Database) -> TestClient:
    """An advisor on a ledger with forty days of traffic."""
    return client_of(filled)


def test_a_query_and_a_body_ask_the_same(client: TestClient) -> None:
    scenario = {"project": "search", "escalation_rate": "0.2", "share": "0.5", "one_off_usd": "100"}
    by_query = client.get(PATH, params=scenario)
    by_body = client.post(
        PATH, json={**scenario, "escalation_rate": 0.2, "share": 0.5, "one_off_usd": 100}
    )
    assert by_query.status_code == 200
    assert by_query.json() == by_body.json()
    plain = client.get(PATH, params={"project": "search"}).json()
    labels = {factor["name"]: factor["label"] for factor in by_query.json()["factors"]}
    assert (labels["escalation_rate"], labels["phi_out"]) == ("given", "assumed")
    half, full = (Fraction(factor["cost_month_usd"]) for factor in (by_query.json(), plain))
    assert half == full


def test_a_saving_is_linear_in_the_share(client: TestClient) -> None:
    def saved(share: str) -> list[Fraction]:
        saving = client.get(PATH, params={"project": "search", "share": share}).json()[
            "saving_month"
        ]
        return [Fraction(saving[f"{end}_usd"]) for end in ("low", "expected", "high")]

    nano = Fraction(1, 10**9)
    for quarter, full in zip(saved("0.25"), saved("1"), strict=True):
        assert abs(4 * quarter - full) <= 3 * nano


@pytest.mark.parametrize("factor", ["escalation_rate", "phi_in", "phi_out", "extra_attempts"])
def test_a_saving_falls_in_every_factor_that_costs(client: TestClient, factor: str) -> None:
    points = [
        Fraction(
            client.get(PATH, params={"project": "search", factor: value}).json()["saving_month"][
                "expected_usd"
            ]
        )
        for value in ("0.1", "0.5", "0.9")
    ]
    assert points[0] > points[1] > points[2]


@pytest.mark.parametrize(
    ("scenario", "status", "sentence"),
    [
        ({"project": "nowhere"}, 404, "no slice with traffic fits"),
        ({}, 400, "2 slices fit"),
        ({"escalation": "0.2"}, 400, "escalation"),
        ({"project": "search", "sigma": "0"}, 400, "sigma 0: write a number over 0"),
        ({"project": "search", "pair": "a"}, 400, "is not a pair of models"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_remedy(
    client: TestClient, scenario: dict[str, str], status: int, sentence: str
) -> None:
    for answer in (client.get(PATH, params=scenario), client.post(PATH, json=scenario)):
        assert answer.status_code == status
        assert sentence in answer.json()["error"]


@hypothesis.given(
    st.sampled_from(
        [*FACTORS, "verifier_usd", "one_off_usd", "pass_rates", "pair", "month", "project"]
    ),
    HOSTILE,
)
@hypothesis.settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
def test_no_text_in_a_scenario_breaks_the_server(client: TestClient, name: str, text: str) -> None:
    answer = client.post(PATH, json={"project": "search", name: text})
    assert answer.status_code in (200, 400, 404)


def test_a_key_of_one_project_asks_about_that_project_only(filled: Database) -> None:
    with filled.transaction() as session:
        _, key = access.create_key(
            session,
            "reader",
            ["read"],
            project="support",
            namespace="default",
            now_us=clock.now_us(),
        )
    client = client_of(filled, require_keys=True)
    headers = {"Authorization": f"Bearer {key}"}
    assert client.get(PATH).status_code == 401
    assert client.get(PATH, headers=headers).json()["project"] == "support"
    assert client.post(PATH, headers=headers, json={"project": "search"}).status_code == 404
