"""Evidence over HTTP: all rows or none, no other project's, and no request is a 500."""

import pytest

from advisor.publishing.api import evidence as evidence_routes
from ledger.database import Database
from tests import ledgers
from tests.advisor.evidence import paired_rows
from tests.advisor.publishing.api.test_stages import client_of, key_of
from tests.advisor.stages import advised_ledger

pytestmark = pytest.mark.usefixtures("frozen_now")
PATH = "/api/v1/evidence"


def test_results_are_stored_listed_and_change_the_advice(database: Database) -> None:
    recommendation = advised_ledger.fill(database)
    client = client_of(database)
    answered = client.post(
        PATH, json={"by": "ada", "results": paired_rows.rows(note="x"), "measured_on": "2026-11-22"}
    )
    assert answered.status_code == 200, answered.text
    (comparison,) = answered.json()["comparisons"]
    assert (
        comparison["is_new"],
        comparison["evidence"]["verdict"],
        answered.json()["unknown_fields"],
    ) == (
        True,
        "non_inferior",
        ["note"],
    )
    assert client.get(PATH).json() == {"evidence": [comparison["evidence"]]}
    ledgers.settle(database)
    advice = client.get(f"/api/v1/recommendations/{recommendation.recommendation.id}").json()
    assert (advice["decision"], advice["evidence"]["id"]) == (
        "switch_now",
        comparison["evidence"]["id"],
    )
    # By itself a comparison says nothing of the traffic since; what advice rests on does.
    assert {**advice["evidence"], "drift_ratio": None} == comparison["evidence"]
    again = client.post(
        PATH, json={"by": "bob", "results": paired_rows.rows(), "measured_on": "2026-11-22"}
    )
    assert again.json()["comparisons"] == [{**comparison, "is_new": False}]


def test_a_comparison_is_withdrawn_once_with_a_reason(database: Database) -> None:
    client = client_of(database)
    evidence = client.post(PATH, json={"by": "ada", "results": paired_rows.rows()}).json()[
        "comparisons"
    ][0]["evidence"]
    path = f"{PATH}/{evidence['id']}/withdraw"
    assert client.post(path, json={}).status_code == 400
    assert (
        client.post(path, json={"reason": "wrong workload"}).json()["withdrawn"] == "wrong workload"
    )
    assert client.post(path, json={"reason": "again"}).status_code == 409
    assert client.post(f"{PATH}/%00/withdraw", json={"reason": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"results": []}, "no row"),
        ({"results": [{"a": 1}]}, "row 1 has no pair"),
        ({"results": [1]}, "results"),
        ({"results": paired_rows.rows(1) * (evidence_routes.MOST_ROWS + 1)}, "results"),
        ({"rule": "guess"}, "unknown rule"),
        ({"threshold": "2"}, "tests nothing"),
        ({"measured_on": "2026-11-24"}, "yet to come"),
        ({"measured_on": "soon"}, "measured_on"),
        ({"judge": "gpt-5", "judge_labels": {"right_right": -1}}, "judge_labels"),
        ({"judge_label": {}}, "judge_label"),
        ({"by": ""}, "by"),
    ],
)
def test_what_cannot_be_read_is_400_with_the_remedy_and_stores_nothing(
    database: Database, changed: dict[str, object], says: str
) -> None:
    client = client_of(database)
    answered = client.post(PATH, json={"by": "ada", "results": paired_rows.rows(3), **changed})
    assert (answered.status_code, client.get(PATH).json()) == (400, {"evidence": []})
    assert says in answered.json()["error"]


def test_a_key_of_one_project_sees_and_stores_its_own_alone(database: Database) -> None:
    client = client_of(database, require_keys=True)
    _, admin = key_of(database, "admin")
    _, of_search = key_of(database, "admin", "search")
    _, reads_search = key_of(database, "read", "search")
    body = {"by": "ada", "results": paired_rows.rows(60, project="support")}
    assert client.post(PATH, json=body, headers=of_search).status_code == 403
    assert client.post(PATH, json=body, headers=reads_search).status_code == 403
    evidence = client.post(PATH, json=body, headers=admin).json()["comparisons"][0]["evidence"]
    assert client.get(PATH, headers=reads_search).json() == {"evidence": []}
    assert client.get(f"{PATH}?project=support", headers=reads_search).json() == {"evidence": []}
    path = f"{PATH}/{evidence['id']}/withdraw"
    assert client.post(path, json={"reason": "x"}, headers=of_search).status_code == 404
    assert client.post(path, json={"reason": "x"}, headers=admin).status_code == 200
