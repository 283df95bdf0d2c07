"""Alerts that have not reached Slack for certain: how many, since when, why, and what helps.

Reads the messages only; what sends them is in `advisor/publishing/alerts`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlmodel import Session

from advisor import words
from ledger import clock, tables
from ledger import settings as ledger_settings
from ledger.settings import Settings

WAITING, HELD, UNCONFIRMED = "waiting", "held", "unconfirmed"
UNCONFIRMED_DAYS = 7
"""For how long a message that Slack never confirmed is counted; then it is old news."""
SLOW_SECONDS = 900
"""How long a message may wait before a note says so."""

_MESSAGE = tables.ALERT_MESSAGE
_VARIABLE = ledger_settings.variable("slack_webhook_url")
_HELD_REMEDY = (
    f"set {_VARIABLE} to the address that Slack shows for the webhook and start again; held alerts"
    " are sent then, and tried once an hour until then"
)
_UNCONFIRMED_REMEDY = (
    "look into the channel; an alert is posted once more after an hour, marked as a possible"
    " repetition, and never again: switchwise alerts"
)
_NO_WEBHOOK, _NO_WORKER_REMEDY = "no webhook is set", "see whether one runs: switchwise jobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class UndeliveredAlerts:
    """Alerts in one state; `since`, `reason` and `remedy` are None where there is nothing to say.

    The reason names at most the host of the webhook.
    """

    count: int
    since: str | None = None
    reason: str | None = None
    remedy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertOutbox:
    """Alerts on their way: those that wait for their turn or for a fault to pass, those that are
    held because the webhook's address is wrong, and those that Slack has not confirmed."""

    waiting: UndeliveredAlerts
    held: UndeliveredAlerts
    unconfirmed: UndeliveredAlerts


@dataclass(frozen=True, slots=True, kw_only=True)
class UndeliveredAlert:
    """One alert that has not reached Slack for certain. `headline` is the first line of it."""

    state: str
    since: str
    headline: str
    attempts: int
    last_failure: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """Messages in one state, the oldest since `since_us`, and why the latest attempt failed."""

    count: int
    since_us: int
    reason: str | None


def load_outbox(session: Session, settings: Settings, now_us: int) -> AlertOutbox:
    """How many alerts wait, are held and are unconfirmed, with reasons and remedies."""
    waiting = _load(session, WAITING, now_us)
    has_webhook = settings.slack_webhook_url is not None
    return AlertOutbox(
        waiting=_explain_waiting(waiting, now_us, has_webhook=has_webhook),
        held=_explain(_load(session, HELD, now_us), _HELD_REMEDY),
        unconfirmed=_explain(_load(session, UNCONFIRMED, now_us), _UNCONFIRMED_REMEDY),
    )


def load_alerts(session: Session, now_us: int) -> list[UndeliveredAlert]:
    """Every alert that the outbox counts, the oldest first."""
    rows = session.execute(select(_MESSAGE).where(_is_counted(now_us)).order_by(_MESSAGE.c.id))
    return [
        UndeliveredAlert(
            state=row.state,
            since=clock.rfc3339(row.state_at),
            headline=row.text.partition("\n")[0],
            attempts=row.attempts,
            last_failure=row.last_failure,
        )
        for row in rows
    ]


def write_notes(outbox: AlertOutbox) -> Iterator[str]:
    """What a reader must know: a sentence for each state that needs somebody's eye."""
    for alerts, what in (
        (outbox.held, "held"),
        (outbox.unconfirmed, "not confirmed by Slack"),
        (outbox.waiting, "not sent yet"),
    ):
        if alerts.since is not None and alerts.remedy is not None:
            since = f"{alerts.since[:16]}Z"
            yield (
                f"{words.counted(alerts.count, 'alert')} {what} since {since}:"
                f" {alerts.reason}; {alerts.remedy}."
            )


def _explain_waiting(state: _State, now_us: int, *, has_webhook: bool) -> UndeliveredAlerts:
    """Nothing needs a remedy while the messages have only just been written."""
    is_slow = now_us - state.since_us > SLOW_SECONDS * clock.SECOND_US
    if not has_webhook:
        state, remedy = replace(state, reason=_NO_WEBHOOK), f"set {_VARIABLE}"
    elif state.reason is not None:
        remedy = "they are tried again by themselves, at least once an hour"
    elif is_slow:
        state, remedy = replace(state, reason="no worker tries to send them"), _NO_WORKER_REMEDY
    else:
        remedy = None
    return _explain(state, remedy)


def _explain(state: _State, remedy: str | None) -> UndeliveredAlerts:
    if not state.count:
        return UndeliveredAlerts(count=0)
    since = clock.rfc3339(state.since_us)
    return UndeliveredAlerts(count=state.count, since=since, reason=state.reason, remedy=remedy)


def _load(session: Session, name: str, now_us: int) -> _State:
    of_state = (_MESSAGE.c.state == name, _is_counted(now_us))
    count, since_us = session.execute(
        select(func.count(), func.min(_MESSAGE.c.state_at)).where(*of_state)
    ).one()
    failures = select(_MESSAGE.c.last_failure).where(
        *of_state, _MESSAGE.c.last_failure.is_not(None)
    )
    reason = session.execute(failures.order_by(_MESSAGE.c.attempts.desc()).limit(1)).scalar()
    return _State(count=count, since_us=since_us or 0, reason=reason)


def _is_counted(now_us: int) -> ColumnElement[bool]:
    """All that may still be sent, and what was never confirmed for a while."""
    oldest = now_us - UNCONFIRMED_DAYS * clock.DAY_US
    is_recent = and_(_MESSAGE.c.state == UNCONFIRMED, _MESSAGE.c.state_at > oldest)
    return or_(_MESSAGE.c.state.in_((WAITING, HELD)), is_recent)
