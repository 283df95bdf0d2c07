"""Delivery to a webhook over real HTTP, on both databases: each message is accepted once, whatever Slack or workers do."""

import threading
from collections.abc import Iterator

import pytest
import time_machine
from sqlalchemy import text
from structlog.testing import capture_logs

from advisor.publishing.alerts import alert_store, delivery, slack
from ledger import clock, settings
from ledger.database import Database
from ledger.settings import Settings
from tests import conftest
from tests.advisor import advised
from tests.advisor.publishing.alerts import fake_slack
from tests.advisor.publishing.alerts.fake_slack import FakeSlack, Reply
from worker import jobs


@pytest.fixture
def webhook() -> Iterator[FakeSlack]:
    """A fake webhook."""
    with fake_slack.serving() as serving:
        yield serving


@pytest.fixture
def travel() -> Iterator[time_machine.Traveller]:
    """A clock that stands still at the demo's instant until the test moves it."""
    with time_machine.travel(conftest.NOW, tick=False) as traveller:
        yield traveller


def telling(webhook: FakeSlack) -> Settings:
    """Settings with that webhook."""
    return settings.load(slack_webhook_url=webhook.url)


def fire(database: Database, webhook: FakeSlack, slices: int = 1) -> int:
    """Let alerts fire, the total among them; how many messages wait."""
    found = [advised.recommendation(workload=f"workload {number}") for number in range(slices)]
    with database.transaction() as session:
        alert_store.evaluate(session, found, telling(webhook), clock.now_us())
    return slices + 1


def outcome(database: Database) -> list[tuple[int, bool, bool, str | None]]:
    """Attempts, delivered, given up and last failure of every message."""
    wanted = "SELECT attempts, delivered_at IS NOT NULL, given_up_at IS NOT NULL, last_failure FROM alert_message ORDER BY id"
    with database.snapshot() as session:
        return [
            (row[0], bool(row[1]), bool(row[2]), row[3]) for row in session.execute(text(wanted))
        ]


def is_wanted(database: Database) -> bool:
    """Whether the job of the table would run now."""
    (job,) = (job for job in jobs.JOBS if job.name == "deliver_alerts")
    with database.snapshot() as session:
        return job.has_work(session)


def test_each_message_is_delivered_once_over_restarts(
    database: Database, webhook: FakeSlack, travel: time_machine.Traveller
) -> None:
    waiting = fire(database, webhook, slices=3)
    assert is_wanted(database)
    assert delivery.deliver(database, telling(webhook)) == waiting
    for _ in range(3):
        travel.shift(3_600)
        fire(database, webhook, slices=3)
        assert not is_wanted(database)
        assert (
            delivery.deliver(
                Database(database.engine.url.render_as_string(hide_password=False)),
                telling(webhook),
            )
            == 0
        )
    assert len(webhook.accepted) == waiting
    assert len({body["text"].rpartition("Ref ")[2] for body in webhook.accepted}) == waiting


def test_two_workers_at_once_deliver_each_message_once(
    database: Database, webhook: FakeSlack
) -> None:
    waiting = fire(database, webhook, slices=7)
    workers = [
        threading.Thread(target=delivery.deliver, args=(database, telling(webhook)))
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(webhook.asked) == waiting
    assert outcome(database) == waiting * [(1, True, False, None)]


def test_429_lets_every_message_wait_as_long_as_slack_asks(
    database: Database, webhook: FakeSlack, travel: time_machine.Traveller
) -> None:
    waiting = fire(database, webhook)
    webhook.replies.append(Reply(429, "", {"Retry-After": "40"}))
    assert delivery.deliver(database, telling(webhook)) == 0
    assert len(webhook.asked) == 1
    travel.shift(39)
    assert delivery.deliver(database, telling(webhook)) == 0
    assert len(webhook.asked) == 1
    travel.shift(2)
    assert delivery.deliver(database, telling(webhook)) == waiting
    assert len(webhook.accepted) == waiting


@pytest.mark.parametrize("reply", [Reply(500), Reply(503), Reply(0)], ids=["500", "503", "timeout"])
def test_a_passing_fault_is_tried_again_after_a_growing_wait(
    reply: Reply,
    database: Database,
    webhook: FakeSlack,
    travel: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slack, "TIMEOUT_SECONDS", 0.2)
    waiting = fire(database, webhook)
    webhook.replies.append(reply)
    with capture_logs() as logs:
        assert delivery.deliver(database, telling(webhook)) == 0
    assert [entry["event"] for entry in logs] == ["alert_postponed"]
    assert "secret" not in str(logs)
    travel.shift(6)
    assert delivery.deliver(database, telling(webhook)) == waiting
    assert len(webhook.accepted) == waiting


def test_waits_double_to_an_hour_and_differ_by_chance() -> None:
    for attempts, whole in ((1, 5), (2, 10), (5, 80), (11, 3_600), (1_000, 3_600)):
        waits = {delivery.wait_seconds(attempts) for _ in range(200)}
        assert whole // 2 <= min(waits) < max(waits) <= whole


def test_all_the_waits_of_a_message_add_up_to_about_38_hours() -> None:
    runs = 200
    waited = sum(
        delivery.wait_seconds(attempt)
        for _ in range(runs)
        for attempt in range(1, delivery.MOST_ATTEMPTS)
    )
    assert 37 < waited / runs / 3_600 < 39


def test_a_refused_message_is_given_up_and_the_next_one_is_sent(
    database: Database, webhook: FakeSlack, travel: time_machine.Traveller
) -> None:
    fire(database, webhook)
    webhook.replies.append(Reply(404, "no_service"))
    with capture_logs() as logs:
        assert delivery.deliver(database, telling(webhook)) == 1
    assert [(entry["event"], entry["reason"]) for entry in logs] == [
        ("alert_given_up", "answered 404 no_service")
    ]
    travel.shift(10**6)
    assert not is_wanted(database)
    assert outcome(database) == [
        (1, False, True, "answered 404 no_service"),
        (1, True, False, None),
    ]


def test_a_message_that_never_gets_through_is_given_up_after_many_attempts(
    database: Database,
    webhook: FakeSlack,
    travel: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "MOST_ATTEMPTS", 3)
    waiting = fire(database, webhook)
    webhook.replies += [Reply(500, "")] * 20
    for _ in range(10):
        delivery.deliver(database, telling(webhook))
        travel.shift(3_601)
    assert outcome(database) == waiting * [(3, False, True, "answered 500")]


def test_a_worker_that_died_after_posting_leaves_one_repeat_with_the_same_reference(
    database: Database, webhook: FakeSlack, travel: time_machine.Traveller
) -> None:
    fire(database, webhook)
    with database.transaction() as session:
        claimed = alert_store.claim(session, clock.now_us())
    assert claimed is not None
    slack.post(telling(webhook).slack_webhook_url or pytest.fail("no webhook"), claimed.text)
    assert delivery.deliver(database, telling(webhook)) == 1
    travel.shift(61)
    assert delivery.deliver(database, telling(webhook)) == 1
    references = sorted(body["text"].rpartition("Ref ")[2] for body in webhook.accepted)
    assert len(references) == 3
    assert len(set(references)) == 2


def test_a_late_worker_neither_postpones_nor_loses_what_another_delivered(
    database: Database, webhook: FakeSlack, travel: time_machine.Traveller
) -> None:
    fire(database, webhook, slices=1)
    with database.transaction() as session:
        late = alert_store.claim(session, clock.now_us())
    assert late is not None
    travel.shift(61)
    delivery.deliver(database, telling(webhook))
    with database.transaction() as session:
        alert_store.postpone(session, late, "too late", clock.now_us())
        alert_store.give_up(session, late, "too late", clock.now_us())
    assert outcome(database)[0] == (2, True, False, None)
    assert not is_wanted(database)


def test_without_a_webhook_nothing_is_claimed(database: Database, webhook: FakeSlack) -> None:
    waiting = fire(database, webhook)
    assert delivery.deliver(database, settings.load()) == 0
    assert outcome(database) == waiting * [(0, False, False, None)]
