"""What `doctor` looks at, one function for each part of an installation. It only reads."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session

from advisor import words
from advisor.advice import retirements
from advisor.months import pricings, silence_words, silent_senders, twin_figures, twins
from advisor.publishing.alerts import rules
from advisor.report import outbox
from advisor.report.outbox import UndeliveredAlerts
from ledger import clock, prose, rollups, senders, verification
from ledger.database import Database
from ledger.errors import UsageError
from ledger.settings import Settings
from worker import schedule

State = Literal["ok", "warn", "fail"]

PENDING_LIMIT_US = 5 * 60 * clock.SECOND_US
"""How long events may wait for the rollup before that is a fault."""
MOST_NAMED = 20
"""Silent senders that are named one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What a part of an installation is like, and the remedy; None where it is well."""

    part: str
    state: State
    text: str
    remedy: str | None = None


def find_database(settings: Settings) -> Diagnosis | None:
    """Why there is no ledger to look into; None where there may be one. It creates none."""
    path = settings.data / "ledger.db"
    if settings.database_url is None and not path.is_file():
        return Diagnosis(
            part="database",
            state="fail",
            text=f"there is no ledger in {settings.data}",
            remedy="name its folder with --data, or make one with: switchwise up",
        )
    return None


def examine_database(database: Database) -> Diagnosis:
    """Whether the database answers with this version's tables. Raises StoreUnavailable."""
    if database.is_migrated():
        text = f"{database.address} answers, up to date"
        return Diagnosis(part="database", state="ok", text=text)
    return Diagnosis(
        part="database",
        state="fail",
        text=f"the tables of {database!r} are not those of this version",
        remedy="switchwise migrate",
    )


def examine_ledger(session: Session, settings: Settings, now_us: int) -> Iterator[Diagnosis]:
    """Everything that a migrated ledger tells, in the order of the events' way through it."""
    for examine in _EXAMINATIONS:
        yield from examine(session, settings, now_us)


def _rollup(session: Session, _settings: Settings, now_us: int) -> Iterator[Diagnosis]:
    pending, oldest_us = rollups.count_pending(session, now_us)
    if oldest_us is not None and now_us - oldest_us > PENDING_LIMIT_US:
        waits = silence_words.write_duration(now_us - oldest_us)
        yield Diagnosis(
            part="rollup",
            state="fail",
            text=f"{words.counted(pending, 'group')} of events have waited for {waits}",
            remedy="start the worker (switchwise up, or worker and beat); now: switchwise rollup",
        )
        return
    overdue = schedule.overdue_jobs(session, now_us) if schedule.last_turns(session) else []
    if overdue:
        yield Diagnosis(
            part="rollup",
            state="warn",
            text=f"no worker has run {prose.all_of(overdue)} lately",
            remedy="start the worker, and see: switchwise jobs",
        )
        return
    yield Diagnosis(
        part="rollup", state="ok", text=f"{words.counted(pending, 'group')} of events wait"
    )


def _verification(session: Session, _settings: Settings, now_us: int) -> Iterator[Diagnosis]:
    last = verification.last(session)
    if last is None:
        yield Diagnosis(
            part="ledger", state="ok", text="its sums have not been checked yet: switchwise verify"
        )
    elif last.is_clean:
        when = silence_words.write_duration(now_us - last.verified_at)
        yield Diagnosis(part="ledger", state="ok", text=f"its sums were right {when} ago")
    else:
        broken = [name for name, count in last.findings.items() if count]
        yield Diagnosis(
            part="ledger",
            state="fail",
            text=f"the last check found a fault in {prose.all_of(broken)}",
            remedy="switchwise verify, then: switchwise rebuild",
        )


def _senders(session: Session, _settings: Settings, now_us: int) -> Iterator[Diagnosis]:
    last_events = senders.last_events(session)
    if not last_events:
        yield Diagnosis(
            part="senders",
            state="warn",
            text="no event has come in yet",
            remedy="post or import some: switchwise import FILE",
        )
        return
    silent = silent_senders.find(session, now_us)
    for sender in silent[:MOST_NAMED]:
        yield Diagnosis(
            part="senders",
            state="warn",
            text=silence_words.write_silence(sender.sender, sender.last_occurred_at, now_us),
            remedy="see that it still sends, and bring in what is missing: switchwise import FILE",
        )
    if len(silent) > MOST_NAMED:
        text = f"and {len(silent) - MOST_NAMED} more are silent"
        yield Diagnosis(part="senders", state="warn", text=text, remedy="switchwise report --json")
    for sender in silent:
        del last_events[sender.sender]
    for name, last in list(last_events.items())[:MOST_NAMED]:
        ago = silence_words.write_duration(now_us - last.occurred_at)
        who, when = silence_words.write_sender(name), silence_words.write_instant(last.occurred_at)
        yield Diagnosis(part="senders", state="ok", text=f"{who}: last event {when} ({ago} ago)")


def _clocks(session: Session, _settings: Settings, now_us: int) -> Iterator[Diagnosis]:
    early, first_us = rollups.count_early(session, now_us)
    if first_us is not None:
        yield Diagnosis(
            part="clocks",
            state="warn",
            text=f"{words.counted(early, 'event')} came from a clock ahead of ours, the next counts"
            f" at {silence_words.write_instant(first_us)}",
            remedy="set the sender's clock right (NTP)",
        )


def _twins(session: Session, _settings: Settings, _now_us: int) -> Iterator[Diagnosis]:
    for pair in twins.load(session):
        yield Diagnosis(
            part="twins",
            state="warn",
            text=twin_figures.write_twins(twin_figures.twin_figure(pair)),
            remedy="let only one of them report; see docs/explanation/what-counts.md",
        )


def _webhook(session: Session, settings: Settings, now_us: int) -> Iterator[Diagnosis]:
    """Whether alerts reach Slack; held ones are a fault, others that did not arrive a warning."""
    counts = outbox.load_outbox(session, settings, now_us)
    states: tuple[tuple[UndeliveredAlerts, str, State], ...] = (
        (counts.held, "held", "fail"),
        (counts.unconfirmed, "not confirmed by Slack", "warn"),
        (counts.waiting, "not sent yet", "warn"),
    )
    troubles = [
        Diagnosis(
            part="webhook",
            state=state,
            text=f"{words.counted(alerts.count, 'alert')} {what} since {alerts.since}:"
            f" {alerts.reason}",
            remedy=alerts.remedy,
        )
        for alerts, what, state in states
        if alerts.remedy is not None
    ]
    if troubles:
        yield from troubles
        return
    is_set = settings.slack_webhook_url is not None
    yield Diagnosis(
        part="webhook",
        state="ok",
        text="it is set, and no alert is held; it is not tried"
        if is_set
        else "no alerts are sent: SWITCHWISE_SLACK_WEBHOOK_URL is not set",
    )


def _retirements(session: Session, _settings: Settings, now_us: int) -> Iterator[Diagnosis]:
    retiring = retirements.find_in_use(session, pricings.in_force(session), now_us)
    for model in retiring:
        if model.days_left > max(rules.NOTICE_DAYS):
            continue
        day = clock.date_of(model.shutdown_day)
        successor = f" to {model.successor}" if model.successor else ""
        yield Diagnosis(
            part="retirements",
            state="warn" if model.days_left else "fail",
            text=f"{model.model} at {model.provider} is in use and shuts down on {day}",
            remedy=f"move its traffic{successor}; what fits: switchwise advise",
        )


_EXAMINATIONS: tuple[Callable[[Session, Settings, int], Iterator[Diagnosis]], ...] = (
    _rollup,
    _verification,
    _senders,
    _clocks,
    _twins,
    _webhook,
    _retirements,
)


def examine_settings(load: Callable[[], Settings]) -> tuple[Settings | None, Diagnosis]:
    """The settings, and whether they can be used."""
    try:
        settings = load()
    except UsageError as error:
        return None, Diagnosis(
            part="settings", state="fail", text=str(error), remedy="set it right, or unset it"
        )
    names = sorted(settings.model_fields_set)
    text = f"{words.counted(len(names), 'setting')} changed from the defaults"
    return settings, Diagnosis(
        part="settings", state="ok", text=f"{text}: {prose.all_of(names)}" if names else text
    )
