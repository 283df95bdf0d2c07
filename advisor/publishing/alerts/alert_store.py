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
from advisor.report import outbox
from ledger import clock, facts, money, rollups, tables
from ledger.settings import Settings

_STATE = tables.ALERT_STATE
_MESSAGE = tables.ALERT_MESSAGE
_WEBHOOK_KEY = "webhook_key"
_DEAD_ATTEMPT = "the worker that posted it ended before the answer came"

DELIVERED, SUPERSEDED = "delivered", "superseded"
LEASE_US = 120 * clock.SECOND_US
"""How long a claimed message belongs to its claimer: well over the time that one attempt takes."""
HOLD_US = REPEAT_US = clock.HOUR_US
"""The pauses before a held message is tried again, and before a doubtful one is repeated."""
REFUSED_US = clock.DAY_US
"""The pause of a message that was refused for what it says: another address may take it."""
MOST_DOUBTFUL_POSTS = 2
"""A post that Slack may have taken, and one marked repetition of it."""


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
    created_at: int
    state: str
    state_at: int
    attempts: int
    doubtful_posts: int
    last_failure: str | None


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
        _release_at_new_address(session, settings, now_us)
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
    """Whether a message waits to be delivered now, or an attempt has ended without a word."""
    due = select(_MESSAGE.c.id).where(_MESSAGE.c.due_at <= now_us).limit(1)
    return session.execute(due).first() is not None


def claim(session: Session, now_us: int) -> Outgoing | None:
    """The message that is due longest, for LEASE_US the caller's alone; None if there is none."""
    _note_dead_attempts(session, now_us)
    due = (
        select(_MESSAGE)
        .where(_MESSAGE.c.posting_since.is_(None), _MESSAGE.c.due_at <= now_us)
        .order_by(_MESSAGE.c.due_at, _MESSAGE.c.id)
    )
    row = session.execute(due.limit(1).with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    message = _outgoing(row, row.attempts + 1)
    lease = {
        "due_at": now_us + LEASE_US,
        "posting_since": now_us,
        "attempts": message.attempts,
    }
    session.execute(update(_MESSAGE).where(_MESSAGE.c.id == row.id).values(lease))
    return message


def note_delivery(session: Session, message: Outgoing, now_us: int) -> None:
    """Note that the message was accepted, even if another attempt has begun since.

    The address is right then: what was held because of it is due at once.
    """
    accepted = update(_MESSAGE).where(_MESSAGE.c.id == message.id)
    session.execute(
        accepted.values(
            state=DELIVERED, state_at=now_us, due_at=None, posting_since=None, last_failure=None
        )
    )
    _release(session, now_us, held_until_us=now_us + HOLD_US)


def postpone(session: Session, message: Outgoing, failure: str, due_at: int) -> None:
    """Try the message again at an instant, unless another attempt has begun since."""
    session.execute(
        _of_attempt(message).values(due_at=due_at, posting_since=None, last_failure=failure)
    )


def hold(session: Session, message: Outgoing, failure: str, now_us: int, *, pause_us: int) -> None:
    """Hold the message: it is tried again after a long pause, for as long as it takes."""
    ended = {"due_at": now_us + pause_us, "posting_since": None, "last_failure": failure}
    state_at = message.state_at if message.state == outbox.HELD else now_us
    session.execute(_of_attempt(message).values(**ended, state=outbox.HELD, state_at=state_at))


def hold_all(session: Session, failure: str, now_us: int) -> None:
    """Hold every message that waits: the address is wrong for all of them.

    One of them is tried after a long pause.
    """
    waiting = update(_MESSAGE).where(
        _MESSAGE.c.state == outbox.WAITING, _MESSAGE.c.posting_since.is_(None)
    )
    session.execute(waiting.values(state=outbox.HELD, state_at=now_us, last_failure=failure))
    put_off_all(session, now_us + HOLD_US)


def has_held(session: Session) -> bool:
    """Whether any message is held."""
    held_messages = select(_MESSAGE.c.id).where(_MESSAGE.c.state == outbox.HELD).limit(1)
    return session.execute(held_messages).first() is not None


def note_doubt(session: Session, message: Outgoing, failure: str, now_us: int) -> None:
    """Note that Slack may have taken the message: it is repeated once after a pause, marked.

    After a second doubt it is never posted again.
    """
    doubtful_posts = message.doubtful_posts + 1
    state_at = message.state_at if message.state == outbox.UNCONFIRMED else now_us
    session.execute(
        _of_attempt(message).values(
            state=outbox.UNCONFIRMED,
            state_at=state_at,
            due_at=now_us + REPEAT_US if doubtful_posts < MOST_DOUBTFUL_POSTS else None,
            posting_since=None,
            doubtful_posts=doubtful_posts,
            last_failure=failure,
        )
    )


def put_off_all(session: Session, until_us: int) -> None:
    """Let every message that is not being posted wait at least until an instant.

    Slack limits the webhook, not the message.
    """
    session.execute(
        update(_MESSAGE)
        .where(_MESSAGE.c.posting_since.is_(None), _MESSAGE.c.due_at < until_us)
        .values(due_at=until_us)
    )


def webhook_key(settings: Settings) -> str | None:
    """What tells one webhook's address from another without showing it; None without a webhook."""
    if settings.slack_webhook_url is None:
        return None
    address = settings.slack_webhook_url.get_secret_value().encode()
    return blake2b(address, digest_size=8, person=b"sw-webhook").hexdigest()


def _release_at_new_address(session: Session, settings: Settings, now_us: int) -> None:
    """What was held at another address is due at once."""
    key = webhook_key(settings)
    if key is not None and facts.get(session, _WEBHOOK_KEY) != key:
        facts.put(session, _WEBHOOK_KEY, key)
        _release(session, now_us, held_until_us=now_us + REFUSED_US)


def _release(session: Session, now_us: int, held_until_us: int) -> None:
    """Let what is held no longer than until an instant be due now."""
    session.execute(
        update(_MESSAGE)
        .where(
            _MESSAGE.c.state == outbox.HELD,
            _MESSAGE.c.posting_since.is_(None),
            _MESSAGE.c.due_at <= held_until_us,
        )
        .values(due_at=now_us)
    )


def _note_dead_attempts(session: Session, now_us: int) -> None:
    """An attempt whose worker died may have posted its message."""
    dead = select(_MESSAGE).where(
        _MESSAGE.c.posting_since.is_not(None), _MESSAGE.c.due_at <= now_us
    )
    for row in session.execute(dead.with_for_update(skip_locked=True)).all():
        note_doubt(session, _outgoing(row, row.attempts), _DEAD_ATTEMPT, now_us)


def _outgoing(row: Row[Any], attempts: int) -> Outgoing:
    return Outgoing(
        id=row.id,
        rule=row.rule,
        scope=row.scope,
        text=row.text,
        created_at=row.created_at,
        state=row.state,
        state_at=row.state_at,
        attempts=attempts,
        doubtful_posts=row.doubtful_posts,
        last_failure=row.last_failure,
    )


def _of_attempt(message: Outgoing) -> Update:
    return update(_MESSAGE).where(
        _MESSAGE.c.id == message.id,
        _MESSAGE.c.attempts == message.attempts,
        _MESSAGE.c.posting_since.is_not(None),
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
            "state": outbox.WAITING,
            "state_at": now_us,
            "due_at": now_us,
            "attempts": 0,
            "doubtful_posts": 0,
            "text": f"{verdict.text}\nRef {_reference(verdict, crossed_at[_key(verdict)])}",
        }
        for verdict in verdicts
        if verdict.fired and verdict.text is not None
        if (verdict.rule, verdict.scope, crossed_at[_key(verdict)]) not in written
    ]
    _supersede(session, [(str(row["rule"]), str(row["scope"])) for row in rows], now_us)
    if rows:
        session.execute(_MESSAGE.insert(), rows)


def _supersede(session: Session, alerts: Sequence[tuple[str, str]], now_us: int) -> None:
    """Older messages of these alerts that nobody can have read give way to the latest."""
    for rule, scope in alerts:
        older = update(_MESSAGE).where(
            _MESSAGE.c.rule == rule,
            _MESSAGE.c.scope == scope,
            _MESSAGE.c.state.in_((outbox.WAITING, outbox.HELD)),
            _MESSAGE.c.posting_since.is_(None),
        )
        session.execute(older.values(state=SUPERSEDED, state_at=now_us, due_at=None))


def _reference(verdict: rules.Verdict, crossing: int) -> str:
    """The same for each copy of a message, so that a reader recognises a second delivery."""
    key = json.dumps({"rule": verdict.rule, "scope": verdict.scope, "crossed_at": crossing})
    return f"sw-{blake2b(key.encode(), digest_size=5).hexdigest()}"
