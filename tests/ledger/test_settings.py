"""Settings: a wrong one stops the start with one line that names it, and no secret is ever shown."""

import pytest

from ledger import settings
from ledger.errors import UsageError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "eighty"),
        ("port", "70000"),
        ("alert_threshold_usd", "fifty"),
        ("alert_threshold_usd", "-1"),
        ("alert_threshold_usd", "NaN"),
        ("reporting_zone", "Mars/Base"),
        ("reporting_zone", "../etc/passwd"),
        ("max_series", "0"),
        ("log_level", "loud"),
        ("require_keys", "perhaps"),
    ],
)
def test_a_wrong_value_is_refused_naming_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"SWITCHWISE_{name.upper()}", value)
    with pytest.raises(UsageError, match=f"^SWITCHWISE_{name.upper()}: ") as refused:
        settings.load()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.slack.example/services/x",
        "hooks.slack.com/x",
        "file:///etc/passwd",
        "https:///x",
        "x",
    ],
)
def test_an_address_that_no_webhook_has_is_refused_without_showing_it(address: str) -> None:
    with pytest.raises(UsageError, match="SWITCHWISE_SLACK_WEBHOOK_URL: must look like") as refused:
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
    chosen = settings.load(
        port=1234, slack_webhook_url="https://hooks.slack.com/services/x", pairs="a:b"
    )
    for name, value in settings.as_environment(chosen).items():
        monkeypatch.setenv(name, value)
    assert settings.load() == chosen
