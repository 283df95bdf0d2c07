"""The same rollups in any order, grouping, repetition and interleaving of events."""

import concurrent.futures
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from ledger import checks, rebuild, usage
from ledger.database import Database
from ledger.events import Event
from ledger.outcomes import Outcome
from tests.properties import folding
from tests.worker import usage_events

# One ledger serves all examples of a test, wiped between them. An example takes many commits, so
# there are fewer of them.
on_one_ledger = settings(
    max_examples=settings.default.max_examples // 4 if settings.default else 10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def findings(database: Database) -> list[str]:
    return [finding for check in checks.verify(database) for finding in check.findings]


@on_one_ledger
@given(data=st.data())
def test_any_order_grouping_and_repetition_gives_the_same_rollups(
    database: Database, data: st.DataObject
) -> None:
    folding.wipe(database)
    sent = data.draw(folding.event_lists())
    outcomes: Counter[Outcome] = Counter()
    delivered = data.draw(folding.deliveries(sent))
    for group in delivered:
        outcomes.update(usage_events.store(database, group))
        if data.draw(st.booleans()):
            folding.roll_up(database)
    assert findings(database) == []
    folding.roll_up(database)
    assert outcomes[Outcome.ACCEPTED] == len(sent)
    assert outcomes[Outcome.DUPLICATE] == sum(map(len, delivered)) - len(sent)
    assert folding.stored_hours(database) == folding.expected_hours(sent)
    assert findings(database) == []


@on_one_ledger
@given(data=st.data())
def test_of_conflicting_versions_exactly_the_first_counts_in_every_order(
    database: Database, data: st.DataObject
) -> None:
    folding.wipe(database)
    versions = [
        msgspec.structs.replace(event, output_tokens=(event.output_tokens or 0) + version)
        for event in data.draw(folding.event_lists(max_size=6))
        for version in range(data.draw(st.integers(1, 3)))
    ]
    delivered = data.draw(folding.deliveries(versions))
    outcomes = Counter(
        outcome for group in delivered for outcome in usage_events.store(database, group)
    )
    folding.roll_up(database)
    first: dict[str, Event] = {}
    for event in (event for group in delivered for event in group):
        first.setdefault(event.dedupe_key, event)
    assert folding.stored_hours(database) == folding.expected_hours(first.values())
    assert outcomes[Outcome.ACCEPTED] == len(folding.identities(versions))
    assert outcomes.total() == sum(map(len, delivered))
    assert outcomes[Outcome.CONFLICT] >= len(versions) - len(first)
    assert findings(database) == []


def test_four_senders_and_four_workers_at_once_give_the_same_rollups(
    database: Database, database_url: str
) -> None:
    sent = usage_events.make_events(600)
    groups = [sent[start : start + 40] for start in range(0, 600, 20)]
    stop = threading.Event()

    def send(number: int) -> None:
        own = Database(database_url)
        for group in groups[number:] + groups[:number]:
            usage_events.store(own, group)
        own.close()

    def work() -> None:
        own = Database(database_url)
        # Not without a pause: SQLite's lock is not fair, and one of eight who never rest may wait
        # longer than it does.
        while not stop.wait(0.005):
            folding.roll_up(own)
        own.close()

    with ThreadPoolExecutor(8) as executor:
        workers = [executor.submit(work) for _ in range(4)]
        senders = [executor.submit(send, 7 * number) for number in range(4)]
        concurrent.futures.wait(senders)
        stop.set()
    for future in senders + workers:
        future.result()
    folding.roll_up(database)
    assert folding.stored_hours(database) == folding.expected_hours(sent)
    assert findings(database) == []


DAMAGE = [
    "UPDATE usage_hour SET requests = requests + 7 WHERE slot / 4 % 2 = 0",
    "UPDATE usage_hour SET largest_input_tokens = 0",
    "UPDATE usage_day SET last_occurred_at = last_occurred_at - 1",
    "UPDATE usage_total SET last_occurred_at = 0",
    "DELETE FROM usage_hour WHERE slot / 4 % 3 = 0",
    "UPDATE usage_day SET output_tokens = output_tokens * 2 + 1",
    "DELETE FROM usage_day",
    "UPDATE usage_total SET input_tokens = 0",
    "DELETE FROM usage_total",
    "DELETE FROM distribution_day WHERE measure = 1",
    "UPDATE distribution_day SET requests = requests + 1",
    (
        "INSERT INTO usage_total (series_id, {columns})"
        " SELECT series_id + 1000, {columns} FROM usage_total"
    ),
]


@on_one_ledger
@given(data=st.data())
def test_rebuild_repairs_any_damage_to_rollups(database: Database, data: st.DataObject) -> None:
    folding.wipe(database)
    sent = data.draw(folding.event_lists())
    for group in data.draw(folding.deliveries(sent)):
        usage_events.store(database, group)
        if data.draw(st.booleans()):
            folding.roll_up(database)
    damage(database, data.draw(st.lists(st.sampled_from(DAMAGE), max_size=3, unique=True)))
    rebuild.rebuild_rollups(database)
    assert findings(database) == []
    folding.roll_up(database)
    assert findings(database) == []
    assert folding.stored_hours(database) == folding.expected_hours(sent)


@pytest.mark.parametrize("statement", DAMAGE)
def test_each_kind_of_damage_is_found_before_it_is_repaired(
    database: Database, statement: str
) -> None:
    usage_events.store(database, usage_events.make_events(30))
    folding.roll_up(database)
    damage(database, [statement])
    assert findings(database) != []
    assert rebuild.rebuild_rollups(database) > 0 or "distribution" in statement
    assert findings(database) == []


def damage(database: Database, statements: Sequence[str]) -> None:
    with database.transaction() as session:
        for statement in statements:
            session.execute(text(statement.format(columns=", ".join(usage.COLUMNS))))
