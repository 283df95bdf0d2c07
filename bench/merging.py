"""The rollup of everything that waits, against the database's own GROUP BY over the same events: both read each event's sums."""

from contextlib import ExitStack

from bench import measure, serving, traffic
from bench.floors import GROUP
from bench.measure import Result
from collector import ingest
from collector.formats import native
from collector.parsing.naming import Naming
from ledger import clock, events, recount, settings, store
from ledger.database import Database
from worker import rollup

EVENTS, ROUNDS = 200_000, 3
SETTINGS = settings.Settings()


def run() -> list[Result]:
    """P10."""
    found = []
    with ExitStack() as stack:
        folder = stack.enter_context(serving.folder())
        for name, url in (
            ("SQLite", f"sqlite:///{folder}/ledger.db"),
            ("PostgreSQL", stack.enter_context(serving.postgresql())),
        ):
            database = Database(url)
            stack.callback(database.close)
            database.migrate()
            rates = [_round(database, number) for number in range(ROUNDS)]
            ours, floor = zip(*rates, strict=True)
            found.append(
                measure.compared(
                    f"P10 rollup of intake rows, {name}",
                    "events/s",
                    ours,
                    floor,
                    "GROUP BY hour, series",
                )
            )
    return found


def _round(database: Database, number: int) -> tuple[float, float]:
    """The events that a rollup takes in a second, and those that the recount of all so far does."""
    memory, first = store.Memory(), number * EVENTS
    for start in range(first, first + EVENTS, GROUP):
        ingest.commit_group(database, _group(start), max_series=1_000, memory=memory)
    merging = measure.seconds(lambda: rollup.roll_up(database, SETTINGS.max_metric_sets))
    day = clock.day_of(traffic.START_US)
    with database.snapshot() as session:
        grouping = measure.seconds(lambda: recount.count_hours(session, day, day + 1))
    return EVENTS / merging, (first + EVENTS) / grouping


def _group(start: int) -> list[events.Event]:
    sent = traffic.batch(traffic.START_US, range(start, start + GROUP))
    return [
        each for each in native.parse_whole(sent, Naming()) or [] if isinstance(each, events.Event)
    ]
