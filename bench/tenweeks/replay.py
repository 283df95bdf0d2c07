"""Traffic replayed into a ledger as if its weeks were passing: imports, advice, actions, scrapes.

The clock of the process is set to each step, so that advice, alerts and stages carry the times of
the replay. The settings are those of the environment.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path

import time_machine

from advisor import refresh
from advisor.publishing.alerts import delivery
from advisor.publishing.metrics import exposition
from advisor.stages import recommendations, store
from advisor.stages.change_requests import ChangeRequest
from bench.tenweeks.history import History
from bench.tenweeks.traffic import TrafficPlan
from collector import files
from collector.parsing.naming import Naming
from ledger import clock, settings
from ledger.database import Database
from ledger.errors import UsageError
from ledger.settings import Settings
from worker import rollup

STEP = timedelta(hours=6)
PAIRS = (
    "gpt-4.1:gpt-4.1-mini",
    "gpt-4.1:gpt-4.1@batch",
    "claude-sonnet-4-5:claude-haiku-4-5",
)
"""The pairs of models to advise on, where SWITCHWISE_PAIRS names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAction:
    """What somebody does with a workload's recommendation after this part of the weeks."""

    after: Fraction
    project: str
    workload: str
    request: ChangeRequest


ACTIONS = (
    PlannedAction(
        after=Fraction(17, 70),
        project="search",
        workload="answers",
        request=ChangeRequest(action="claim", by="ada", share="1"),
    ),
    PlannedAction(
        after=Fraction(21, 70),
        project="support-chat",
        workload="answers",
        request=ChangeRequest(action="claim", by="ada", share="0.92"),
    ),
    PlannedAction(
        after=Fraction(28, 70),
        project="support-chat",
        workload="answers",
        request=ChangeRequest(action="pilot", by="ada", share="0.05", hold_out="answers-control"),
    ),
    PlannedAction(
        after=Fraction(1, 2),
        project="support-chat",
        workload="answers",
        request=ChangeRequest(action="adopt", by="ada", hold_out="answers-control"),
    ),
    PlannedAction(
        after=Fraction(56, 70),
        project="code-assistant",
        workload="completion",
        request=ChangeRequest(action="dismiss", by="ada", note="latency budget under review"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Lines of a day's file, and the instant at which the ledger takes them in."""

    instant: datetime
    is_first_of_day: bool
    lines: tuple[str, ...]


def settings_of(data: Path) -> Settings:
    """The settings for a new ledger in a folder.

    Raises UsageError where there is a ledger already, or the environment names a database server.
    """
    loaded = settings.load(data=data)
    if loaded.database_url is not None:
        raise UsageError("SWITCHWISE_DATABASE_URL is set; unset it, for this makes its own ledger")
    if (data / "ledger.db").exists():
        raise UsageError(f"{data} holds a ledger already; choose another folder")
    if "pairs" in loaded.model_fields_set:
        return loaded
    return settings.load(data=data, pairs=",".join(PAIRS))


def replay(
    plan: TrafficPlan, days: Iterable[Path], data: Path, *, step: timedelta = STEP
) -> History:
    """Take the files of a plan into a new ledger; what `/metrics` said after each step.

    Raises UsageError as `settings_of` does.
    """
    loaded = settings_of(data)
    data.mkdir(parents=True, exist_ok=True)
    database = Database(loaded.database)
    history = History()
    try:
        database.migrate()
        for path in days:
            actions = _actions(plan, day_of(path))
            for arrival in arrivals(path, step=step, until=plan.until):
                with time_machine.travel(arrival.instant, tick=False):
                    _take_in(database, loaded, arrival.lines)
                    if arrival.is_first_of_day:
                        _act(database, actions)
                    while delivery.deliver(database, loaded):
                        pass
                    history.add(_scrape(database, loaded), arrival.instant)
    finally:
        database.close()
    return history


def arrivals(path: Path, *, step: timedelta, until: datetime) -> Iterator[Arrival]:
    """The lines of a day's file, those of a step together; none arrive after `until`."""
    midnight = datetime.combine(day_of(path), time(), UTC)
    lines_by_step: dict[int, list[str]] = {}
    with path.open(encoding="utf-8") as file:
        for line in file:
            number = (datetime.fromisoformat(json.loads(line)["time"]) - midnight) // step
            lines_by_step.setdefault(number, []).append(line)
    for number, lines in sorted(lines_by_step.items()):
        yield Arrival(
            instant=min(midnight + (number + 1) * step, until),
            is_first_of_day=number == min(lines_by_step),
            lines=tuple(lines),
        )


def day_of(path: Path) -> date:
    """The UTC day that a file of traffic is named after."""
    return date.fromisoformat(path.stem)


def _actions(plan: TrafficPlan, day: date) -> list[PlannedAction]:
    """What people do on a day. On the first day nobody does anything: there is no advice yet."""
    passed_days = (day - plan.first_day).days
    return [
        action
        for action in ACTIONS
        if passed_days and passed_days == action.after * 7 * plan.weeks // 1
    ]


def _take_in(database: Database, loaded: Settings, lines: Iterable[str]) -> None:
    """Import lines, roll them up and compute the advice again, as a worker does within seconds."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.writelines(lines)
        file.flush()
        files.import_file(
            database,
            loaded,
            path=file.name,
            format_name="native",
            naming=Naming(),
            progress=lambda *_: None,
        )
    rollup.roll_up(database, loaded.max_metric_sets)
    refresh.refresh(database, loaded)


def _act(database: Database, actions: Iterable[PlannedAction]) -> None:
    for action in actions:
        with database.transaction() as session:
            ids = [
                record.recommendation.id
                for record in recommendations.read_current(session)
                if record.recommendation.project == action.project
                and record.recommendation.workload == action.workload
            ]
            store.change(session, ids[-1], action.request, clock.now_us())


def _scrape(database: Database, loaded: Settings) -> str:
    # A new one each time: it repeats its text for some seconds, and the clock stands still.
    return exposition.Exposition(database, loaded).render().decode()
