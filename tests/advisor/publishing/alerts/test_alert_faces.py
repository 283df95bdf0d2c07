"""Alerts that did not reach Slack: counts, reason and remedy are the same on every face."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from advisor.publishing import routes
from advisor.publishing.alerts import alert_store, delivery, slack
from advisor.report import outbox
from ledger import clock, settings
from ledger.database import Database
from ledger.settings import Settings
from tests import ledgers
from tests.advisor import advised, traffic
from tests.advisor.publishing.alerts import fake_slack
from tests.advisor.publishing.alerts.fake_slack import Reply

pytestmark = pytest.mark.usefixtures("frozen_now")
REASON = "127.0.0.1 answered 404 no_service: the webhook was removed"


def post_with(database: Database, reply: Reply) -> Settings:
    """Let two alerts fire and a webhook answer so; the settings, whose webhook is gone by now."""
    with fake_slack.serving() as webhook:
        webhook.replies += [reply] * 3
        chosen = settings.load(slack_webhook_url=webhook.url)
        with database.transaction() as session:
            alert_store.evaluate(session, [advised.recommendation()], chosen, clock.now_us())
        delivery.deliver(database, chosen)
    return chosen


def faces(database: Database, chosen: Settings) -> tuple[str, list[str], Any]:
    """The page, the report's notes and its alerts, as the web serves them."""
    app = FastAPI()
    routes.install(app, database, chosen)
    client = TestClient(app)
    body = client.get("/api/v1/report").json()
    return client.get("/").text, body["notes"], body["alerts"]


def test_held_alerts_stand_on_every_face_with_reason_and_remedy(database: Database) -> None:
    ledgers.add(database, traffic.events())
    ledgers.settle(database)
    chosen = post_with(database, Reply(404, "no_service"))
    page, notes, alerts = faces(database, chosen)
    assert notes[0].startswith("2 alerts held since 2026-11-")
    assert f": {REASON}; set SWITCHWISE_SLACK_WEBHOOK_URL to the address" in notes[0]
    assert notes[0].replace("'", "&#39;") in page
    assert alerts["waiting"]["count"] == alerts["unconfirmed"]["count"] == 0
    assert alerts["held"]["count"] == 2
    assert alerts["held"]["reason"] == REASON
    scrape = traffic.scrape(database)
    counts = [scrape[f"{state}_alerts", ()] for state in ("waiting", "held", "unconfirmed")]
    assert counts == [0, 2, 0]
    assert "secret" not in f"{page} {notes} {alerts} {scrape}"


def test_unconfirmed_alerts_stand_there_for_a_week(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack, "TIMEOUT_SECONDS", 0.2)
    chosen = post_with(database, Reply(0))
    _, notes, alerts = faces(database, chosen)
    assert (alerts["unconfirmed"]["count"], alerts["waiting"]["count"]) == (1, 1)
    assert notes[0].startswith("1 alert not confirmed by Slack since 2026-11-")
    assert "127.0.0.1 was sent the whole message and did not answer in time" in notes[0]
    with database.snapshot() as session:
        later = outbox.load_outbox(session, chosen, clock.now_us() + 8 * clock.DAY_US)
    assert later.unconfirmed.count == 0


def test_alerts_that_wait_say_why_once_they_wait_for_long(database: Database) -> None:
    chosen = settings.load(slack_webhook_url="http://127.0.0.1:9/x")
    with database.transaction() as session:
        alert_store.evaluate(session, [advised.recommendation()], chosen, clock.now_us())
    with database.snapshot() as session:
        at_once = outbox.load_outbox(session, chosen, clock.now_us())
        later = outbox.load_outbox(session, chosen, clock.now_us() + clock.HOUR_US)
        without = outbox.load_outbox(session, settings.load(), clock.now_us())
    assert (at_once.waiting.count, list(outbox.write_notes(at_once))) == (2, [])
    assert later.waiting.reason == "no worker tries to send them"
    assert without.waiting.reason == "no webhook is set"
