"""Of the snapshots of a growing record the largest counts, whatever their order and grouping."""

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from ledger import checks, clock, events, growth, rebuild, rollups, tables
from ledger.database import Database
from ledger.events import Event
from ledger.outcomes import Outcome
from tests.properties import folding, growing
from tests.worker import usage_events

on_one_ledger = settings(
    max_examples=settings.default.max_examples // 2 if settings.default else 20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)


def findings(database: Database) -> list[str]:
    return [finding for check in checks.verify(database) for finding in check.findings]


def stored_fingerprints(database: Database) -> list[int]:
    with database.snapshot() as session:
        return sorted(session.execute(select(tables.EVENT.c.fingerprint)).scalars())


@on_one_ledger
@given(data=st.data())
def test_any_order_grouping_and_repetition_of_snapshots_counts_the_largest(
    database: Database, data: st.DataObject
) -> None:
    folding.wipe(database)
    chain_list = data.draw(growing.chain_lists())
    delivered = data.draw(folding.deliveries([event for chain in chain_list for event in chain]))
    outcomes: list[Outcome] = []
    for group in delivered:
        outcomes += usage_events.store(database, group)
        if data.draw(st.booleans()):
            folding.roll_up(database)
        if data.draw(st.booleans()):
            assert findings(database) == []
        if data.draw(st.integers(0, 3)) == 0:
            rebuild.rebuild_rollups(database)
    assert findings(database) == []
    folding.roll_up(database)
    expected = growing.largest(chain_list)
    assert folding.stored_hours(database) == growing.expected_hours(expected)
    assert stored_fingerprints(database) == sorted(map(events.fingerprint_of, expected))
    assert findings(database) == []
    assert rebuild.rebuild_rollups(database) == 0
    assert outcomes.count(Outcome.ACCEPTED) == len(chain_list)
    assert {*outcomes} <= {Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.GROWN}


@on_one_ledger
@given(data=st.data())
def test_one_mark_is_enough_to_make_a_record_grow(database: Database, data: st.DataObject) -> None:
    """Senders mark every snapshot, all but the last, or all but the first."""
    folding.wipe(database)
    chain = data.draw(growing.chains("0"))
    unmarked = data.draw(st.sampled_from([0, len(chain) - 1]))
    chain[unmarked] = msgspec.structs.replace(chain[unmarked], is_snapshot=len(chain) == 1)
    for event in chain:
        usage_events.store(database, [event])
        if data.draw(st.booleans()):
            folding.roll_up(database)
    folding.roll_up(database)
    assert folding.stored_hours(database) == growing.expected_hours(chain[-1:])
    assert findings(database) == []


@given(data=st.data())
def test_what_says_more_is_an_order(data: st.DataObject) -> None:
    versions = [
        event
        for chain in (data.draw(growing.chains("0")), data.draw(growing.chains("0")))
        for event in chain
    ]
    first, second, third = (data.draw(st.sampled_from(versions)) for _ in range(3))
    order = growth.compare(first, second)
    assert order == (None if (back := growth.compare(second, first)) is None else -back)
    assert growth.compare(first, first) == 0
    if order == growth.compare(second, third) == 1:
        assert growth.compare(first, third) == 1


def test_a_series_that_nothing_is_left_of_has_no_row(database: Database) -> None:
    """An answer whose usage is known at its end only moves from one label set to another."""
    folding.wipe(database)
    begun = snapshot(usage_source="missing", input_tokens=None, output_tokens=None)
    usage_events.store(database, [begun])
    folding.roll_up(database)
    assert usage_events.store(database, [snapshot()]) == [Outcome.GROWN]
    assert findings(database) == []
    folding.roll_up(database)
    with database.snapshot() as session:
        for table in (rollups.HOUR, rollups.DAY_SUMS, rollups.TOTAL):
            assert session.execute(select(func.count()).select_from(table)).scalar_one() == 1
            assert session.execute(select(table.c.requests, table.c.output_tokens)).one() == (1, 9)
    assert findings(database) == []


def test_the_larger_maxima_of_others_stay_when_a_record_leaves_their_series(
    database: Database,
) -> None:
    folding.wipe(database)
    others = [
        msgspec.structs.replace(snapshot(), dedupe_key=f"other-{size}", input_tokens=size)
        for size in (3_000, 7_000)
    ]
    begun = snapshot(input_tokens=20_000)
    grown = snapshot(input_tokens=40_000, context_band=events.context_band(40_000))
    usage_events.store(database, [*others, begun])
    folding.roll_up(database)
    assert usage_events.store(database, [grown]) == [Outcome.GROWN]
    folding.roll_up(database)
    expected = growing.expected_hours([*others, grown])
    assert sorted(amounts[-3] for amounts in expected.values()) == [7_000, 40_000]
    assert folding.stored_hours(database) == expected
    assert findings(database) == []


def test_a_damaged_maximum_is_found_while_a_difference_waits(database: Database) -> None:
    folding.wipe(database)
    usage_events.store(database, [snapshot(input_tokens=20_000)])
    folding.roll_up(database)
    usage_events.store(
        database, [snapshot(input_tokens=40_000, context_band=events.context_band(40_000))]
    )
    assert findings(database) == []
    with database.transaction() as session:
        session.execute(text("UPDATE usage_hour SET largest_input_tokens = 19999"))
    assert findings(database) != []


def test_early_snapshots_wait_for_their_time_and_the_largest_counts_then(
    database: Database,
) -> None:
    folding.wipe(database)
    ahead_us = clock.now_us() + clock.HOUR_US
    begun, ended = (
        msgspec.structs.replace(snapshot(output_tokens=tokens), occurred_at=ahead_us)
        for tokens in (3, 9)
    )
    assert usage_events.store(database, [begun]) == [Outcome.ACCEPTED]
    assert usage_events.store(database, [ended, begun]) == [Outcome.GROWN, Outcome.DUPLICATE]
    folding.roll_up(database)
    with database.snapshot() as session:
        assert rollups.count_early(session, clock.now_us())[0] == 1
    assert folding.stored_hours(database) == {}
    assert findings(database) == []
    assert rebuild.rebuild_rollups(database) == 0
    with database.transaction() as session:
        sums = rollups.claim(session, ahead_us + clock.SECOND_US)
        for part in sums:
            rollups.add(session, part, ahead_us + clock.SECOND_US, folding.MAX_METRIC_SETS)
    assert folding.stored_hours(database) == growing.expected_hours([ended])
    assert findings(database) == []


def snapshot(output_tokens: int | None = 9, **changed: object) -> Event:
    """A snapshot of one request, with changes of its counts or labels."""
    event = Event(
        dedupe_key="one",
        occurred_at=folding.START_US,
        labels=folding.LABELS,
        input_tokens=5,
        output_tokens=output_tokens,
        is_snapshot=True,
    )
    of_labels = {
        name: changed.pop(name) for name in list(changed) if name not in event.__struct_fields__
    }
    labels = msgspec.structs.replace(event.labels, **of_labels)
    return msgspec.structs.replace(event, labels=labels, **changed)
