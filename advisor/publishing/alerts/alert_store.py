"""Alerts as rows: what has fired, and the messages to deliver.

They are written in the transaction of the advice, which the caller owns.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import Row, Update, func, select, update
from sqlmodel import Session

from advisor.advice.retirements import Retiring
from advisor.advice.values import Recommendation
from advisor.months.silent_senders import SilentSender
from advisor.publishing.alerts import rules
from ledger import clock, facts, money, rollups, tables
from ledger.settings import Settings

_STATE = tables.ALERT_STATE
_MESSAGE = tables.ALERT_MESSAGE
_WAITING = _MESSAGE.c.delivered_at.is_(None) & _MESSAGE.c.given_up_at.is_(None)

LEASE_US = 60 * clock.SECOND_US
"""How long a claimed message belongs to its claimer: well over the time that one attempt takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertStanding:
    """An alert as it stands: whether it has fired, since when, and the figure it last saw."""

    rule: str
    scope: str
    fired: bool
    figure_usd: str | None
    changed_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message that was claimed for one attempt to deliver it."""

    id: int
    rule: str
    scope: str
    text: str
    attempts: int


def evaluate(
    session: Session,
    recommendations: Sequence[Recommendation],
    settings: Settings,
    now_us: int,
    *,
    retiring: Sequence[Retiring] = (),
    silent: Sequence[SilentSender] = (),
) -> None:
    """Bring every alert up to date with this advice, and write a message for each new crossing.

    Without a webhook the states are still written; what has fired is sent once there is one.
    """
    before = {(row.rule, row.scope): row for row in session.execute(select(_STATE))}
    verdicts = rules.judge(
        recommendations,
        retiring,
        {key: row.fired for key, row in before.items()},
        threshold_femto_usd=money.femto_usd(str(settings.alert_threshold_usd)),
        sample_projects=facts.sample_projects(session),
        silent=silent,
    )
    crossed_at = {
        _key(verdict): _changed_at(verdict, before.get(_key(verdict)), now_us)
        for verdict in verdicts
    }
    rows = [
        {
            "rule": verdict.rule,
            "scope": verdict.scope,
            "fired": verdict.fired,
            "figure_usd": None
            if verdict.low_femto_usd is None
            else money.usd_text(verdict.low_femto_usd),
            "changed_at": crossed_at[_key(verdict)],
        }
        for verdict in verdicts
    ]
    rollups.upsert(
        session, _STATE, ("rule", "scope"), rows, replaced=("fired", "figure_usd", "changed_at")
    )
    if settings.slack_webhook_url is not None:
        _write_messages(session, verdicts, crossed_at, now_us)


def load_states(session: Session) -> list[AlertStanding]:
    """Every alert, those that have fired first."""
    rows = session.execute(
        select(_STATE).order_by(_STATE.c.fired.desc(), _STATE.c.rule, _STATE.c.scope)
    )
    return [
        AlertStanding(
            rule=row.rule,
            scope=row.scope,
            fired=row.fired,
            figure_usd=row.figure_usd,
            changed_at=clock.rfc3339(row.changed_at),
        )
        for row in rows
    ]


def has_due(session: Session, now_us: int) -> bool:
    """Whether a message waits to be delivered now."""
    due = select(_MESSAGE.c.id).where(_WAITING, _MESSAGE.c.due_at <= now_us).limit(1)
    return session.execute(due).first() is not None


def claim(session: Session, now_us: int) -> Outgoing | None:
    """The message that is due longest, for LEASE_US the caller's alone; None if there is none."""
    due = (
        select(_MESSAGE)
        .where(_WAITING, _MESSAGE.c.due_at <= now_us)
        .order_by(_MESSAGE.c.due_at, _MESSAGE.c.id)
    )
    row = session.execute(due.limit(1).with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    attempts = row.attempts + 1
    lease = update(_MESSAGE).where(_MESSAGE.c.id == row.id)
    session.execute(lease.values(due_at=now_us + LEASE_US, attempts=attempts))
    return Outgoing(id=row.id, rule=row.rule, scope=row.scope, text=row.text, attempts=attempts)


def note_delivery(session: Session, message: Outgoing, now_us: int) -> None:
    """Note that the message was accepted, even if another attempt has begun since."""
    accepted = update(_MESSAGE).where(_MESSAGE.c.id == message.id)
    session.execute(accepted.values(delivered_at=now_us, last_failure=None))


def postpone(session: Session, message: Outgoing, failure: str, due_at: int) -> None:
    """Try the message again at an instant, unless another attempt has begun since."""
    session.execute(_of_attempt(message).values(due_at=due_at, last_failure=failure))


def give_up(session: Session, message: Outgoing, failure: str, now_us: int) -> None:
    """Never try the message again, unless another attempt has begun since."""
    session.execute(_of_attempt(message).values(given_up_at=now_us, last_failure=failure))


def hold_all(session: Session, until_us: int) -> None:
    """Let every waiting message wait at least until an instant.

    Slack limits the webhook, not the message.
    """
    session.execute(
        update(_MESSAGE).where(_WAITING, _MESSAGE.c.due_at < until_us).values(due_at=until_us)
    )


def _of_attempt(message: Outgoing) -> Update:
    return update(_MESSAGE).where(
        _MESSAGE.c.id == message.id, _MESSAGE.c.attempts == message.attempts, _WAITING
    )


def _key(verdict: rules.Verdict) -> tuple[str, str]:
    return verdict.rule, verdict.scope


def _changed_at(verdict: rules.Verdict, before: Row[Any] | None, now_us: int) -> int:
    """When the alert last fired or was armed.

    No two crossings have the same instant, even where the clock is set back.
    """
    if before is None:
        return now_us
    changed_at: int = before.changed_at
    return changed_at if before.fired == verdict.fired else max(now_us, changed_at + 1)


def _write_messages(
    session: Session,
    verdicts: Sequence[rules.Verdict],
    crossed_at: dict[tuple[str, str], int],
    now_us: int,
) -> None:
    """One message a crossing.

    It has the crossing's instant, so that a message that exists is never written again.
    """
    latest = select(_MESSAGE.c.rule, _MESSAGE.c.scope, func.max(_MESSAGE.c.created_at))
    query = latest.group_by(_MESSAGE.c.rule, _MESSAGE.c.scope)
    written = {tuple(row) for row in session.execute(query)}
    rows = [
        {
            "rule": verdict.rule,
            "scope": verdict.scope,
            "created_at": crossed_at[_key(verdict)],
            "due_at": now_us,
            "attempts": 0,
            "text": f"{verdict.text}\nRef {_reference(verdict, crossed_at[_key(verdict)])}",
        }
        for verdict in verdicts
        if verdict.fired and verdict.text is not None
        if (verdict.rule, verdict.scope, crossed_at[_key(verdict)]) not in written
    ]
    if rows:
        session.execute(_MESSAGE.insert(), rows)


def _reference(verdict: rules.Verdict, crossing: int) -> str:
    """The same for each copy of a message, so that a reader recognises a second delivery."""
    key = json.dumps({"rule": verdict.rule, "scope": verdict.scope, "crossed_at": crossing})
    return f"sw-{blake2b(key.encode(), digest_size=5).hexdigest()}"
