"""Delivering alerts to Slack: claim a message, post it outside any transaction, note the result."""

import secrets

import structlog

from advisor.publishing.alerts import alert_store, slack
from advisor.publishing.alerts.alert_store import Outgoing
from ledger import clock
from ledger.database import Database
from ledger.settings import Settings

MOST_ATTEMPTS = 60
"""The waits between them add up to about 38 hours, so that a message outlives a day's outage."""
MOST_A_RUN = 10
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 5, 3_600

log = structlog.get_logger()


def deliver(database: Database, settings: Settings) -> int:
    """Deliver what is due, the oldest first, until one fails; how many were accepted."""
    if settings.slack_webhook_url is None:
        return 0
    accepted = 0
    for _ in range(MOST_A_RUN):
        with database.transaction() as session:
            message = alert_store.claim(session, clock.now_us())
        if message is None:
            break
        answer = slack.post(settings.slack_webhook_url, message.text, settings.public_url)
        if not _note(database, message, answer):
            break
        accepted += answer.failure is None
    return accepted


def wait_seconds(attempts: int) -> int:
    """How long to wait after a failed attempt: doubling up to an hour.

    Half of it is random, so that workers do not come at once.
    """
    longest = min(_FIRST_WAIT_SECONDS << min(attempts - 1, 16), _LONGEST_WAIT_SECONDS)
    shortest = longest // 2
    return shortest + secrets.randbelow(longest - shortest + 1)


def _note(database: Database, message: Outgoing, answer: slack.Answer) -> bool:
    """Store what became of an attempt; whether the next message may be tried at once."""
    now_us = clock.now_us()
    given_up = answer.final or message.attempts >= MOST_ATTEMPTS
    with database.transaction() as session:
        if answer.failure is None:
            alert_store.note_delivery(session, message, now_us)
            return True
        if given_up:
            alert_store.give_up(session, message, answer.failure, now_us)
        else:
            seconds = (
                answer.wait_seconds
                if answer.wait_seconds is not None
                else wait_seconds(message.attempts)
            )
            alert_store.postpone(
                session, message, answer.failure, now_us + seconds * clock.SECOND_US
            )
        if answer.wait_seconds is not None:
            alert_store.hold_all(session, now_us + answer.wait_seconds * clock.SECOND_US)
    log.warning(
        "alert_given_up" if given_up else "alert_postponed",
        rule=message.rule,
        scope=message.scope,
        attempts=message.attempts,
        reason=answer.failure,
    )
    return answer.final
