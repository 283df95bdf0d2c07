"""Settings: a wrong one stops the start with one sentence, and no secret is ever shown."""

import re
from pathlib import Path

import pytest

from integrations import switchwise_litellm
from ledger import settings
from ledger.errors import UsageError


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("port", "eighty", "'eighty' is not a whole number; write one from 0 to 65535"),
        ("port", "", "'' is not a whole number; write one from 0 to 65535"),
        ("port", "70000", "'70000' is out of range; write a whole number from 0 to 65535"),
        ("max_series", "0", "'0' is out of range; write a whole number of 1 or more"),
        ("grafana_org_id", "main", "'main' is not a whole number; write one"),
        ("alert_threshold_usd", "lots", "'lots' is not an amount; write USD such as 50"),
        ("alert_threshold_usd", "NaN", "'NaN' is not an amount; write USD such as 50"),
        ("move_cost_usd", "-1", "'-1' is out of range; write USD from 0 to 1000000000000"),
        ("log_level", "loud", "'loud' is unknown; use debug, info, warning or error"),
        ("require_keys", "maybe", "'maybe' is neither true nor false; write true or false"),
        (
            "reporting_zone",
            "../etc/passwd",
            "'../etc/passwd' is not a time zone; use a name such as UTC or Europe/Berlin",
        ),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(f"SWITCHWISE_{name.upper()}", value)
    with pytest.raises(UsageError) as refused:
        settings.load()
    assert str(refused.value) == f"SWITCHWISE_{name.upper()}: {sentence}"


@pytest.mark.parametrize("name", list(settings.Settings.model_fields))
def test_no_error_of_a_setting_speaks_of_input_or_parsing(name: str) -> None:
    for value in ("\0", "-99999999999999999999", ["a"], object()):
        sentence = _refusal(name, value)
        assert sentence.startswith(f"SWITCHWISE_{name.upper()}: ") or not sentence
        assert not re.search(r"[Ii]nput should|valid|parse|\n", sentence)


def _refusal(name: str, value: object) -> str:
    """The error of a setting's value; empty where it is accepted."""
    try:
        settings.load(**{name: value})
    except UsageError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.slack.example/services/x",
        "hooks.slack.com/x",
        "file:///etc/passwd",
        "https:///x",
        "x",
        "https://[canary",
    ],
)
def test_an_address_that_no_webhook_has_is_refused_without_showing_it(address: str) -> None:
    with pytest.raises(
        UsageError,
        match="SWITCHWISE_SLACK_WEBHOOK_URL: this is not the address of a webhook; write",
    ) as refused:
        settings.load(slack_webhook_url=address)
    assert f" {address}" not in str(refused.value)


@pytest.mark.parametrize(
    "address", ["https://hooks.slack.com/services/T/B/x", "http://127.0.0.1:9/x"]
)
def test_a_webhook_is_https_or_on_this_machine(address: str) -> None:
    assert settings.load(slack_webhook_url=address).slack_webhook_url is not None


def test_no_secret_is_in_a_repr_or_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("database_url", "redis_url", "slack_webhook_url", "grafana_token"):
        monkeypatch.setenv(f"SWITCHWISE_{name.upper()}", "https://user:canary@host/path")
    monkeypatch.setenv("SWITCHWISE_PORT", "x")
    with pytest.raises(UsageError) as refused:
        settings.load()
    monkeypatch.delenv("SWITCHWISE_PORT")
    assert "canary" not in f"{refused.value} {settings.load()!r} {settings.load()}"


def test_a_child_gets_the_same_settings_through_its_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = settings.load(
        port=1234, slack_webhook_url="https://hooks.slack.com/services/x", pairs="a:b"
    )
    for name, value in settings.as_environment(original).items():
        monkeypatch.setenv(name, value)
    assert settings.load() == original


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("SWITCHWISE_PAIR", "did you mean SWITCHWISE_PAIRS?"),
        ("SWITCHWISE_REPORTING_ZONES", "did you mean SWITCHWISE_REPORTING_ZONE?"),
        ("SWITCHWISE_SLACK_WEBHOOK", "did you mean SWITCHWISE_SLACK_WEBHOOK_URL?"),
        ("switchwise_dat", "did you mean SWITCHWISE_DATA?"),
        ("SWITCHWISE_XYZZY", "unset it; docs/reference/settings.md lists them all"),
    ],
)
def test_a_variable_that_nothing_reads_is_refused_with_the_nearest_name(
    monkeypatch: pytest.MonkeyPatch, name: str, remedy: str
) -> None:
    monkeypatch.setenv(name, "secret")
    with pytest.raises(UsageError) as error:
        settings.load()
    assert (str(error.value), error.value.exit_code) == (f"{name} is no setting; {remedy}", 2)


@pytest.mark.parametrize("name", settings.Settings.model_fields)
def test_every_setting_with_a_letter_too_few_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    variable = settings.variable(name)
    mistyped = variable[:-2] + variable[-1]
    monkeypatch.setenv(mistyped, "1")
    with pytest.raises(UsageError, match=f"^{mistyped} is no setting; did you mean {variable}"):
        settings.load()


def test_variables_of_the_callback_and_of_kubernetes_are_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    callback = Path(switchwise_litellm.__file__).read_text()
    for name in set(re.findall(r"SWITCHWISE_[A-Z_]+", callback)) - {"SWITCHWISE_SPOOL_DIR"}:
        monkeypatch.setenv(name, "1")
    for name, value in {
        "SWITCHWISE_SERVICE_HOST": "10.0.0.1",
        "SWITCHWISE_COLLECTOR_SERVICE_PORT_HTTP": "8080",
        "SWITCHWISE_COLLECTOR_PORT": "tcp://10.0.0.1:8080",
        "SWITCHWISE_COLLECTOR_PORT_8080_TCP_ADDR": "10.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    assert settings.load().port == 8080
