"""Delivering alerts to Slack: claim a message, post it outside any transaction, note the result.

No message is dropped because of a fault: what certainly did not arrive is tried again for as long
as it takes, and what may have arrived is repeated at most once, marked.
"""

import secrets

import structlog
from sqlmodel import Session

from advisor.publishing.alerts import alert_store, alert_text, slack
from advisor.publishing.alerts.alert_store import Outgoing
from ledger import clock
from ledger.database import Database
from ledger.settings import Settings

MOST_A_RUN = 10
RUN_SECONDS = 20
"""When a run posts no further message: an embedded worker's other jobs wait for its end."""
DOUBT_PAUSE_SECONDS = 60
"""How long the other messages wait once an answer did not come."""
DELAY_US = clock.HOUR_US
"""How old a message may be before it says so."""
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 5, 3_600

log = structlog.get_logger()


def deliver(database: Database, settings: Settings) -> int:
    """Deliver what is due, the oldest first, until one fails; how many were accepted."""
    if settings.slack_webhook_url is None:
        return 0
    accepted, end = 0, clock.monotonic_seconds() + RUN_SECONDS
    for _ in range(MOST_A_RUN):
        with database.transaction() as session:
            message = alert_store.claim(session, clock.now_us())
        if message is None:
            break
        text = _text_of(message, clock.now_us())
        answer = slack.post(settings.slack_webhook_url, text, settings.public_url)
        with database.transaction() as session:
            before = alert_store.has_held(session)
            _note(session, message, answer, clock.now_us())
            after = alert_store.has_held(session)
        _log(message, answer, was_holding=before, is_holding=after)
        accepted += answer.outcome == "accepted"
        may_go_on = answer.outcome in ("accepted", "refused")
        if not may_go_on or clock.monotonic_seconds() > end:
            break
    return accepted


def wait_seconds(attempts: int) -> int:
    """How long to wait after a failed attempt: doubling up to an hour.

    Half of it is random, so that workers do not come at once.
    """
    longest = min(_FIRST_WAIT_SECONDS << min(attempts - 1, 16), _LONGEST_WAIT_SECONDS)
    shortest = longest // 2
    return shortest + secrets.randbelow(longest - shortest + 1)


def _text_of(message: Outgoing, now_us: int) -> str:
    if message.doubtful_posts:
        return alert_text.mark_repetition(message.text)
    if now_us - message.created_at > DELAY_US:
        return alert_text.mark_delay(message.text, clock.day_of(message.created_at))
    return message.text


def _note(session: Session, message: Outgoing, answer: slack.Answer, now_us: int) -> None:
    """Store what became of an attempt, for this message and for those behind it."""
    if answer.outcome == "accepted":
        alert_store.note_delivery(session, message, now_us)
    elif answer.outcome == "doubtful":
        alert_store.note_doubt(session, message, answer.reason, now_us)
        alert_store.put_off_all(session, now_us + DOUBT_PAUSE_SECONDS * clock.SECOND_US)
    elif answer.outcome == "passing":
        seconds = answer.wait_seconds
        if seconds is not None:
            alert_store.put_off_all(session, now_us + seconds * clock.SECOND_US)
        pause = wait_seconds(message.attempts) if seconds is None else seconds
        alert_store.postpone(session, message, answer.reason, now_us + pause * clock.SECOND_US)
    elif answer.outcome == "refused":
        alert_store.hold(session, message, answer.reason, now_us, pause_us=alert_store.REFUSED_US)
    else:
        alert_store.hold(session, message, answer.reason, now_us, pause_us=alert_store.HOLD_US)
        alert_store.hold_all(session, answer.reason, now_us)


def _log(message: Outgoing, answer: slack.Answer, *, was_holding: bool, is_holding: bool) -> None:
    """Log a fault when it begins and when it ends, not at every attempt between."""
    fields = {"rule": message.rule, "scope": message.scope, "attempts": message.attempts}
    if was_holding and not is_holding:
        log.info("held_alerts_no_longer", **fields)
    elif is_holding and not was_holding:
        log.warning("held_alerts", reason=answer.reason, **fields)
    elif answer.outcome == "accepted" and message.last_failure is not None:
        log.info("alert_delivered_after_failure", **fields)
    elif answer.outcome == "doubtful":
        log.warning("alert_unconfirmed", reason=answer.reason, **fields)
    elif answer.outcome == "passing" and answer.reason != message.last_failure:
        log.warning("alert_postponed", reason=answer.reason, **fields)
