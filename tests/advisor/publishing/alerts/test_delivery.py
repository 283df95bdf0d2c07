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


def outcome(database: Database) -> list[tuple[int, str, str | None]]:
    """Attempts, state and last failure of every message."""
    wanted = "SELECT attempts, state, last_failure FROM alert_message ORDER BY id"
    with database.snapshot() as session:
        return [(row[0], row[1], row[2]) for row in session.execute(text(wanted))]


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
    assert outcome(database) == waiting * [(1, "delivered", None)]


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


@pytest.mark.parametrize("reply", [Reply(500), Reply(503)], ids=["500", "503"])
def test_a_passing_fault_is_tried_again_after_a_growing_wait(
    reply: Reply,
    database: Database,
    webhook: FakeSlack,
    travel: time_machine.Traveller,
) -> None:
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


REMOVED = "127.0.0.1 answered 404 no_service: the webhook was removed"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(404, "no_service"),
        Reply(410, "channel_is_archived"),
        Reply(403, "invalid_token"),
        Reply(401),
        Reply(302, "", {"Location": "/login"}),
        Reply(200, "<!doctype html><title>Log in</title>"),
    ],
    ids=["404", "410", "403", "401", "redirect", "login page"],
)
def test_at_a_wrong_address_every_message_is_held_and_sent_once_another_is_set(
    reply: Reply, database: Database, webhook: FakeSlack, travel: time_machine.Traveller
) -> None:
    waiting = fire(database, webhook, slices=3)
    webhook.replies += [reply] * 1_000
    for _ in range(40):  # forty days: no limit of attempts or time loses them
        delivery.deliver(database, telling(webhook))
        travel.shift(24 * 3_600)
    assert [state for _, state, _ in outcome(database)] == waiting * ["held"]
    assert len(webhook.asked) <= 40  # one message is tried, not all of them
    with fake_slack.serving() as right:
        fire(database, right, slices=3)
        assert delivery.deliver(database, telling(right)) == waiting
        assert [state for _, state, _ in outcome(database)] == waiting * ["delivered"]
        assert all("could not be sent before" in body["text"] for body in right.accepted)


def test_a_webhook_that_works_again_gets_all_that_was_held_within_an_hour(
    database: Database, webhook: FakeSlack, travel: time_machine.Traveller
) -> None:
    waiting = fire(database, webhook, slices=3)
    webhook.replies += [Reply(404, "no_service")] * 2
    with capture_logs() as logs:
        delivery.deliver(database, telling(webhook))
        travel.shift(3_601)
        delivery.deliver(database, telling(webhook))
        assert not is_wanted(database)
        travel.shift(3_601)
        assert delivery.deliver(database, telling(webhook)) == waiting
    assert [entry["event"] for entry in logs] == [
        "held_alerts",
        *["alert_delivered_after_failure"] * (waiting - 1),
        "held_alerts_no_longer",
    ]
    assert logs[0]["reason"] == REMOVED
    assert "secret" not in str(logs)


def test_a_message_that_is_refused_for_itself_stops_no_other(
    database: Database, webhook: FakeSlack, travel: time_machine.Traveller
) -> None:
    fire(database, webhook)
    webhook.replies.append(Reply(400, "invalid_blocks"))
    assert delivery.deliver(database, telling(webhook)) == 1
    assert [state for _, state, _ in outcome(database)] == ["held", "delivered"]
    travel.shift(24 * 3_600)
    assert delivery.deliver(database, telling(webhook)) == 1
    assert not is_wanted(database)


def test_a_passing_fault_is_never_the_end_of_a_message(
    database: Database, webhook: FakeSlack, travel: time_machine.Traveller
) -> None:
    waiting = fire(database, webhook)
    webhook.replies += [Reply(500, "")] * 10_000
    for _ in range(70):
        delivery.deliver(database, telling(webhook))
        travel.shift(3_601)
    assert [state for _, state, _ in outcome(database)] == waiting * ["waiting"]
    webhook.replies.clear()
    assert delivery.deliver(database, telling(webhook)) == waiting


def test_the_latest_message_of_an_alert_takes_the_place_of_a_held_one(
    database: Database, webhook: FakeSlack, travel: time_machine.Traveller
) -> None:
    webhook.replies.append(Reply(404, "no_service"))
    for low_end in ("60.00", "39.99", "70.00"):
        with database.transaction() as session:
            alert_store.evaluate(
                session, [advised.recommendation(low_end)], telling(webhook), clock.now_us()
            )
        delivery.deliver(database, telling(webhook))
        travel.shift(60)
    travel.shift(3_600)
    while is_wanted(database):
        delivery.deliver(database, telling(webhook))
    states = [state for _, state, _ in outcome(database)]
    assert states == ["superseded", "superseded", "delivered", "delivered"]
    assert len(webhook.accepted) == 2
    assert all("$70.00" in body["text"] for body in webhook.accepted)


def test_a_late_answer_is_waited_for_and_nothing_is_posted_twice(
    database: Database, webhook: FakeSlack
) -> None:
    # Slack has been seen to answer after 12 s: a post may take much longer than that.
    assert slack.TIMEOUT_SECONDS >= 2 * 12
    waiting = fire(database, webhook, slices=2)
    webhook.replies += [Reply(wait_seconds=0.3)] * waiting
    while is_wanted(database):
        delivery.deliver(database, telling(webhook))
    assert waiting == len(webhook.asked) == 3
    assert outcome(database) == waiting * [(1, "delivered", None)]


@pytest.mark.parametrize("reply", [Reply(0), Reply(200, ""), Reply(-1)])
def test_a_post_without_an_answer_is_repeated_once_marked_and_then_never(
    reply: Reply,
    database: Database,
    webhook: FakeSlack,
    travel: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slack, "TIMEOUT_SECONDS", 0.2)
    waiting = fire(database, webhook, slices=2)
    webhook.replies += [reply] * 1_000
    for _ in range(10):  # ten minutes
        delivery.deliver(database, telling(webhook))
        travel.shift(61)
    assert len(webhook.asked) == waiting
    for _ in range(60):  # ten hours
        delivery.deliver(database, telling(webhook))
        travel.shift(601)
    marks = ["may be a repetition of sw-" in body["text"] for body in webhook.asked]
    assert marks == waiting * [False] + waiting * [True]
    assert [state for _, state, _ in outcome(database)] == waiting * ["unconfirmed"]
    assert not is_wanted(database)


def test_a_worker_that_died_after_posting_leaves_one_marked_repetition(
    database: Database, webhook: FakeSlack, travel: time_machine.Traveller
) -> None:
    fire(database, webhook)
    with database.transaction() as session:
        claimed = alert_store.claim(session, clock.now_us())
    assert claimed is not None
    slack.post(telling(webhook).slack_webhook_url or pytest.fail("no webhook"), claimed.text)
    assert delivery.deliver(database, telling(webhook)) == 1
    travel.shift(121)
    assert delivery.deliver(database, telling(webhook)) == 0
    travel.shift(3_601)
    assert delivery.deliver(database, telling(webhook)) == 1
    references = sorted(body["text"].rpartition("Ref ")[2] for body in webhook.accepted)
    assert (len(references), len(set(references))) == (3, 2)
    assert "This may be a repetition of sw-" in webhook.accepted[-1]["text"]


def test_a_late_worker_neither_postpones_nor_loses_what_another_delivered(
    database: Database, webhook: FakeSlack, travel: time_machine.Traveller
) -> None:
    fire(database, webhook, slices=1)
    with database.transaction() as session:
        late = alert_store.claim(session, clock.now_us())
    assert late is not None
    for seconds in (121, 3_601):
        travel.shift(seconds)
        delivery.deliver(database, telling(webhook))
    with database.transaction() as session:
        alert_store.postpone(session, late, "too late", clock.now_us())
        alert_store.hold(session, late, "too late", clock.now_us(), pause_us=1)
        alert_store.note_doubt(session, late, "too late", clock.now_us())
    assert outcome(database)[0] == (2, "delivered", None)
    assert not is_wanted(database)


def test_without_a_webhook_nothing_is_claimed(database: Database, webhook: FakeSlack) -> None:
    waiting = fire(database, webhook)
    assert delivery.deliver(database, settings.load()) == 0
    assert outcome(database) == waiting * [(0, "waiting", None)]
