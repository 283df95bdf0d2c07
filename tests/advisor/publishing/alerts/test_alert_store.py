"""Alerts as rows on both databases: one message a crossing, over restarts, later webhooks and clocks that are set back."""

import json
from collections.abc import Sequence

import pytest
from sqlalchemy import text

from advisor import refresh
from advisor.advice.retirements import Retiring
from advisor.advice.values import Recommendation
from advisor.publishing.alerts import alert_store
from ledger import clock, facts, settings
from ledger.database import Database
from ledger.settings import Settings
from tests import conftest, ledgers
from tests.advisor import advised, traffic

QUIET = settings.load()
TELLING = settings.load(slack_webhook_url="https://hooks.slack.com/services/secret")
SLICE = "openai/search/ranking/gpt-4.1->gpt-4.1-mini"
RETIRING = Retiring(
    provider="openai",
    model="gpt-4.1",
    shutdown_day=20_832,
    days_left=29,
    successor="gpt-6",
    source="",
)


def evaluate(
    database: Database,
    *found: Recommendation,
    chosen: Settings = TELLING,
    now_us: int = 1_000,
    retiring: Sequence[Retiring] = (),
) -> None:
    """Evaluate in a transaction of its own, as a worker that has just started."""
    with database.transaction() as session:
        alert_store.evaluate(session, found, chosen, now_us, retiring=retiring)


def messages(database: Database) -> list[tuple[str, str]]:
    """Rule and scope of every message, oldest first."""
    with database.snapshot() as session:
        return [
            tuple(row)
            for row in session.execute(text("SELECT rule, scope FROM alert_message ORDER BY id"))
        ]


def fired(database: Database) -> dict[tuple[str, str], bool]:
    """Whether each alert has fired."""
    with database.snapshot() as session:
        return {
            (state.rule, state.scope): state.fired for state in alert_store.load_states(session)
        }


def test_a_crossing_is_told_once_however_often_it_is_seen(database: Database) -> None:
    for now_us in (1_000, 2_000, 3_000):
        evaluate(database, advised.recommendation(), now_us=now_us)
    assert messages(database) == [("savings", SLICE), ("savings", "total")]


@pytest.mark.parametrize("later_us", [9_000, 1_000, 0], ids=["later", "at once", "clock set back"])
def test_an_alert_that_was_armed_again_is_told_again(database: Database, later_us: int) -> None:
    evaluate(database, advised.recommendation("60.00"))
    evaluate(database, advised.recommendation("45.00"), now_us=later_us)
    evaluate(database, advised.recommendation("60.00"), now_us=later_us)
    assert len(messages(database)) == 2
    evaluate(database, advised.recommendation("39.99"), now_us=later_us)
    evaluate(database, advised.recommendation("60.00"), now_us=later_us)
    evaluate(database, advised.recommendation("60.00"), now_us=later_us)
    assert messages(database) == 2 * [("savings", SLICE), ("savings", "total")]


def test_without_a_webhook_nothing_is_queued_and_the_state_is_told_once_there_is_one(
    database: Database,
) -> None:
    evaluate(database, advised.recommendation(), chosen=QUIET, retiring=[RETIRING])
    assert messages(database) == []
    assert fired(database)["savings", SLICE]
    evaluate(database, advised.recommendation(), now_us=2_000, retiring=[RETIRING])
    evaluate(database, advised.recommendation(), now_us=3_000, chosen=QUIET, retiring=[RETIRING])
    evaluate(database, advised.recommendation(), now_us=4_000, retiring=[RETIRING])
    assert messages(database) == [
        ("savings", SLICE),
        ("savings", "total"),
        ("shutdown", "openai/gpt-4.1/30"),
    ]


def test_a_change_to_blocked_is_told_once_each_time(database: Database) -> None:
    blocked = advised.recommendation(None, decision="blocked", reason="target_retires")
    evaluate(database, blocked)
    evaluate(database, advised.recommendation("10.00"))
    evaluate(database, blocked)
    evaluate(database, blocked)
    assert messages(database) == [("blocked", SLICE)]


def test_what_a_rolled_back_transaction_would_have_told_is_not_told(database: Database) -> None:
    def evaluate_and_fail() -> None:
        with database.transaction() as session:
            alert_store.evaluate(session, [advised.recommendation()], TELLING, 1_000)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        evaluate_and_fail()
    assert (messages(database), fired(database)) == ([], {})


def test_a_refresh_tells_of_real_advice_in_the_transaction_that_writes_it(
    database: Database, frozen_now: object
) -> None:
    with database.transaction() as session:
        facts.put(session, facts.SAMPLE_PROJECTS, json.dumps(["search"]))
    ledgers.add(database, traffic.events())
    ledgers.settle(database, TELLING)
    told = dict(messages(database))
    assert set(told) == {"savings", "shutdown"}
    with database.snapshot() as session:
        wording = session.execute(
            text("SELECT text FROM alert_message WHERE scope <> 'total' ORDER BY id")
        ).scalars()
        (saving, *shutdowns) = wording
    assert saving.startswith("Could save $")
    assert "Replayed sample traffic, not your spend.\nRef sw-" in saving
    assert any("gpt-4.1 at openai shuts down in " in shutdown for shutdown in shutdowns)
    count = len(messages(database))
    ledgers.add(database, [ledgers.event(clock.to_us(conftest.NOW) - clock.HOUR_US)])
    ledgers.settle(database, TELLING)
    assert len(messages(database)) == count


def test_a_webhook_that_is_set_later_is_told_without_new_traffic(
    database: Database, frozen_now: object
) -> None:
    ledgers.add(database, traffic.events())
    ledgers.settle(database, QUIET)
    assert messages(database) == []
    refresh.refresh(database, TELLING)
    assert ("savings", "total") in messages(database)
