"""The rollup of all waiting events, compared with the database's own GROUP BY over them.

Both read each event's sums.
"""

from contextlib import ExitStack

from bench import serving, timing, traffic
from bench.floors import GROUP
from bench.timing import ResultRow
from collector import ingest
from collector.formats import native
from collector.parsing.naming import Naming
from ledger import clock, events, recount, settings, store
from ledger.database import Database
from worker import rollup

EVENTS, ROUNDS = 200_000, 3
SETTINGS = settings.Settings()


def run() -> list[ResultRow]:
    """P10."""
    result_rows = []
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
            result_rows.append(
                timing.compare(
                    f"P10 rollup of intake rows, {name}",
                    "events/s",
                    ours=ours,
                    floor=floor,
                    floor_name="GROUP BY hour, series",
                )
            )
    return result_rows


def _round(database: Database, number: int) -> tuple[float, float]:
    """The events per second of a rollup, and of the recount of all events so far."""
    memory, first = store.Memory(), number * EVENTS
    for start in range(first, first + EVENTS, GROUP):
        ingest.commit_group(database, _group(start), max_series=1_000, memory=memory)
    merging = timing.seconds(lambda: rollup.roll_up(database, SETTINGS.max_metric_sets))
    day = clock.day_of(traffic.START_US)
    with database.snapshot() as session:
        grouping = timing.seconds(lambda: recount.count_hours(session, day, day + 1))
    return EVENTS / merging, (first + EVENTS) / grouping


def _group(start: int) -> list[events.Event]:
    body = traffic.batch(traffic.START_US, range(start, start + GROUP))
    readings = native.parse_body(body, Naming()) or []
    return [reading for reading in readings if isinstance(reading, events.Event)]
