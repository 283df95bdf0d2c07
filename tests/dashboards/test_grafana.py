"""How the Grafana adapter behaves when Grafana does not."""

import traceback
from collections.abc import Iterator

import pytest

from dashboards import grafana
from ledger.errors import SwitchwiseError, UsageError
from tests import processes
from tests.dashboards import fake_grafana
from tests.dashboards.fake_grafana import HTML, TOKEN, FakeGrafana


@pytest.fixture
def fake() -> Iterator[FakeGrafana]:
    with fake_grafana.serving() as running:
        yield running


def client(
    fake: FakeGrafana, path: str = "", token: str = TOKEN, org_id: int | None = None
) -> grafana.Grafana:
    return grafana.Grafana(fake.url + path, token, org_id, retries=2, backoff_seconds=0)


def refusal(fake: FakeGrafana, token: str = TOKEN) -> grafana.GrafanaError:
    with pytest.raises(grafana.GrafanaError) as caught:
        client(fake, token=token).organisation()
    assert "\n" not in str(caught.value)
    return caught.value


def test_health_and_the_token_are_two_questions(fake: FakeGrafana) -> None:
    wrong = client(fake, token="wrong")
    assert wrong.version() == "13.0.0"
    with pytest.raises(grafana.GrafanaError, match="SWITCHWISE_GRAFANA_TOKEN"):
        wrong.organisation()


def test_a_grafana_under_a_sub_path_is_found(fake: FakeGrafana) -> None:
    assert client(fake, path="/grafana/").organisation() == "Main Org."


def test_another_organisation_is_named_in_a_header(fake: FakeGrafana) -> None:
    client(fake, org_id=5).organisation()
    client(fake).organisation()
    assert [request.headers.get("X-Grafana-Org-Id") for request in fake.requests] == ["5", None]


@pytest.mark.parametrize(
    "passing", [(502, HTML), (503, {"message": "starting"}), (504, None), None]
)
def test_a_read_outlives_a_short_outage(
    fake: FakeGrafana, passing: tuple[int, object] | None
) -> None:
    fake.refuse("GET /org", passing, passing)
    assert client(fake).organisation() == "Main Org."


@pytest.mark.parametrize("passing", [(502, HTML), (503, {"message": "starting"}), None])
def test_a_write_is_sent_once_because_it_may_have_been_done(
    fake: FakeGrafana, passing: tuple[int, object] | None
) -> None:
    fake.refuse("POST /folders", passing)
    with pytest.raises(grafana.GrafanaError):
        client(fake).create_folder("switchwise", "Switchwise")
    assert fake.lines() == ["POST /folders"]


def test_a_proxy_page_becomes_one_line_without_html(fake: FakeGrafana) -> None:
    fake.refuse("GET /org", *[(502, HTML)] * 3)
    error = refusal(fake)
    assert error.status_code == 502
    assert "<" not in str(error)
    assert "down" in str(error)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(401, "expired"), (403, "Editor"), (404, "sub-path"), (406, "newer format")],
)
def test_a_refusal_says_what_to_do(fake: FakeGrafana, status: int, remedy: str) -> None:
    fake.refuse("GET /org", (status, {"message": "no"}))
    error = refusal(fake)
    assert (error.status_code, remedy in str(error)) == (status, True)
    assert isinstance(error, SwitchwiseError)


def test_an_empty_answer_is_no_failure(fake: FakeGrafana) -> None:
    fake.refuse("POST /folders", (204, None))
    client(fake).create_folder("switchwise", "Switchwise")
    fake.refuse("GET /org", (204, None))
    assert client(fake).organisation() == ""


def test_a_page_instead_of_json_is_not_taken_for_a_grafana(fake: FakeGrafana) -> None:
    fake.refuse("GET /org", (200, HTML))
    assert "is SWITCHWISE_GRAFANA_URL the address of a Grafana?" in str(refusal(fake))


def test_a_redirect_is_shown_and_not_followed(fake: FakeGrafana) -> None:
    fake.refuse("POST /folders", (301, "https://grafana.example.com/api/folders"))
    with pytest.raises(grafana.GrafanaError, match=r"redirects to https://grafana\.example\.com"):
        client(fake).create_folder("switchwise", "Switchwise")
    assert fake.lines() == ["POST /folders"]


def test_no_grafana_at_all_is_one_line_that_names_the_address() -> None:
    url = f"http://127.0.0.1:{processes.free_port()}"
    with pytest.raises(grafana.GrafanaError, match="no answer from Grafana at " + url) as caught:
        grafana.Grafana(url, TOKEN, retries=0).version()
    assert caught.value.status_code is None


@pytest.mark.parametrize(
    "url",
    [
        "grafana.example.com",
        "ftp://grafana",
        "https://admin:secret@grafana",
        "",
        "http://[::1",
        "http://grafana:port",
        "http://grafana:99999",
    ],
)
def test_an_address_that_cannot_be_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(
        UsageError, match="SWITCHWISE_GRAFANA_URL: this is not the address of a Grafana"
    ) as caught:
        grafana.Grafana(url, TOKEN)
    assert "secret" not in str(caught.value)


def test_a_uid_stays_one_part_of_the_path(fake: FakeGrafana) -> None:
    assert client(fake).dashboard("a/b?c") is None
    assert fake.lines() == ["GET /dashboards/uid/a%2Fb%3Fc"]


def test_the_token_is_in_no_message_repr_or_traceback(fake: FakeGrafana) -> None:
    fake.refuse("GET /org", (400, {"message": f"you sent {TOKEN}"}))
    error = refusal(fake)
    unreachable = grafana.Grafana(f"http://127.0.0.1:{processes.free_port()}", TOKEN, retries=0)
    with pytest.raises(grafana.GrafanaError) as caught:
        unreachable.version()
    texts = [
        repr(client(fake)),
        repr(vars(client(fake))),
        str(error),
        *traceback.format_exception(caught.value),
    ]
    assert not [text for text in texts if TOKEN in text]
    assert caught.value.__cause__ is None
    assert error.__cause__ is None


def test_a_data_source_is_asked_through_grafana(fake: FakeGrafana) -> None:
    assert "Successfully" in client(fake).check_data_source("prometheus")
