"""What publishing does to a Grafana, and what it says when Grafana refuses."""

from collections.abc import Iterator

import pytest

from dashboards import catalogue, frame, grafana, publish
from tests.dashboards import fake_grafana
from tests.dashboards.fake_grafana import TOKEN, FakeGrafana

UID = "switchwise-spend"
UIDS = [str(dashboard["uid"]) for dashboard in catalogue.dashboards()]
EACH = len(UIDS)


@pytest.fixture
def fake() -> Iterator[FakeGrafana]:
    with fake_grafana.serving() as running:
        yield running


def run(fake: FakeGrafana) -> list[str]:
    client = grafana.Grafana(fake.url, TOKEN, retries=2, backoff_seconds=0)
    return [outcome.action for outcome in publish.publish(client, catalogue.dashboards())]


def refused(fake: FakeGrafana, status: int, reason: str) -> str:
    fake.refuse("POST /dashboards/db", (status, {"message": "refused", "status": reason}))
    with pytest.raises(grafana.GrafanaError) as caught:
        run(fake)
    assert caught.value.status_code == status
    return str(caught.value)


def test_a_first_run_makes_the_folder_and_every_dashboard(fake: FakeGrafana) -> None:
    assert run(fake) == ["created"] * EACH
    once = ["GET /health", "GET /org", "GET /folders/switchwise", "POST /folders"]
    by_dashboard = [[f"GET /dashboards/uid/{uid}", "POST /dashboards/db"] for uid in UIDS]
    assert fake.lines() == [*once, *(line for lines in by_dashboard for line in lines)]


def test_the_outcome_says_where_to_open_it(fake: FakeGrafana) -> None:
    outcomes = publish.publish(grafana.Grafana(fake.url, TOKEN), catalogue.dashboards())
    assert [outcome.uid for outcome in outcomes] == UIDS
    assert outcomes[0] == publish.PublishedDashboard(
        UID, "Spend and savings", "created", f"{fake.url}/d/{UID}/slug"
    )


def test_a_second_run_writes_nothing(fake: FakeGrafana) -> None:
    run(fake)
    before = len(fake.requests)
    assert run(fake) == ["unchanged"] * EACH
    assert {request.method for request in fake.requests[before:]} == {"GET"}


def test_a_dashboard_is_sent_into_its_folder_to_be_overwritten_and_without_an_id(
    fake: FakeGrafana,
) -> None:
    run(fake)
    bodies = [request.body for request in fake.requests if request.path == "/dashboards/db"]
    assert [body["dashboard"]["uid"] for body in bodies] == UIDS
    for body in bodies:
        assert (body["folderUid"], body["overwrite"], body["dashboard"]["id"]) == (
            "switchwise",
            True,
            None,
        )
        assert "version" not in body["dashboard"]


def test_a_changed_dashboard_is_published_again(fake: FakeGrafana) -> None:
    run(fake)
    older = fake.dashboards[UID]["dashboard"]
    older["templating"]["list"] = [
        v for v in older["templating"]["list"] if v["name"] != "revision"
    ]
    assert run(fake) == ["updated"] + ["unchanged"] * (EACH - 1)
    assert run(fake) == ["unchanged"] * EACH


def test_a_dashboard_that_was_moved_goes_back_to_its_folder(fake: FakeGrafana) -> None:
    run(fake)
    fake.dashboards[UID]["meta"]["folderUid"] = "elsewhere"
    assert run(fake) == ["updated"] + ["unchanged"] * (EACH - 1)
    assert fake.dashboards[UID]["meta"]["folderUid"] == "switchwise"


def test_the_revision_names_the_content() -> None:
    first, again = catalogue.dashboards()[0], catalogue.dashboards()[0]
    assert frame.revision(first) == frame.revision(again) is not None
    one, other = (
        frame.dashboard("uid", title=title, description="", variables=[], panels=[])
        for title in ("one", "other")
    )
    assert frame.revision(one) != frame.revision(other)


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("version-mismatch", "publish again"),
        ("name-exists", "rename or delete"),
        ("plugin-dashboard", "plugin owns"),
        ("something-new", "something-new"),
    ],
)
def test_the_causes_of_412_are_told_apart(fake: FakeGrafana, reason: str, remedy: str) -> None:
    message = refused(fake, 412, reason)
    assert message.startswith("cannot publish 'Spend and savings' (switchwise-spend): ")
    assert remedy in message


@pytest.mark.parametrize(
    ("status", "remedy"), [(403, "Editor"), (404, "folder switchwise vanished"), (400, "refused")]
)
def test_other_refusals_name_the_dashboard_and_the_remedy(
    fake: FakeGrafana, status: int, remedy: str
) -> None:
    message = refused(fake, status, "")
    assert message.startswith("cannot publish 'Spend and savings'")
    assert remedy in message


def test_a_wrong_token_stops_before_anything_is_written(fake: FakeGrafana) -> None:
    with pytest.raises(grafana.GrafanaError, match="SWITCHWISE_GRAFANA_TOKEN"):
        publish.publish(grafana.Grafana(fake.url, "wrong"), catalogue.dashboards())
    assert fake.lines() == ["GET /health", "GET /org"]


def test_a_data_source_in_bad_health_stops_before_anything_is_written(fake: FakeGrafana) -> None:
    fake.refuse("GET /datasources/uid/prom/health", (400, {"message": "connection refused"}))
    with pytest.raises(grafana.GrafanaError, match="connection refused"):
        publish.publish(
            grafana.Grafana(fake.url, TOKEN), catalogue.dashboards(), data_source_uid="prom"
        )
    assert fake.dashboards == {}


def test_the_fake_itself_notices_a_request_that_grafana_would_not_know() -> None:
    wrong_key = fake_grafana.SentRequest("POST", "/dashboards/db", {}, {"dashbord": {}})
    wrong_type = fake_grafana.SentRequest("POST", "/dashboards/db", {}, {"overwrite": "yes"})
    wrong_path = fake_grafana.SentRequest("GET", "/dashboards/id/7", {}, None)
    assert all(fake_grafana.violations(request) for request in (wrong_key, wrong_type, wrong_path))
