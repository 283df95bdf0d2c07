"""Storing events: each once, duplicates and conflicts, and the intake row of the new ones."""

import random
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlmodel import Session

from collector import ingest
from ledger import bulk, checks, clock, events, rollups, store, tables
from ledger.database import Database
from ledger.events import Event
from ledger.outcomes import Outcome
from tests import ledgers
from worker import rollup

EVENT = tables.EVENT


def count(session: Session) -> int:
    return int(session.execute(select(func.count()).select_from(EVENT)).scalar_one())


def test_a_replayed_group_changes_nothing(database: Database) -> None:
    group = [ledgers.event() for _ in range(10)]
    assert set(ledgers.add(database, group)) == {Outcome.ACCEPTED}
    assert set(ledgers.add(database, group)) == {Outcome.DUPLICATE}
    with database.snapshot() as session:
        assert count(session) == 10
        assert sum(sums.totals()[1][0] for sums in rollups.list_pending(session)) == 10


def test_the_same_identity_with_other_tokens_is_a_conflict_and_the_first_stays(
    database: Database,
) -> None:
    first = ledgers.event(id="a", output_tokens=100)
    other = ledgers.event(id="a", output_tokens=200)
    assert ledgers.add(database, [first, other, first]) == [
        Outcome.ACCEPTED,
        Outcome.CONFLICT,
        Outcome.DUPLICATE,
    ]
    assert ledgers.add(database, [other]) == [Outcome.CONFLICT]
    with database.snapshot() as session:
        assert session.execute(select(EVENT.c.output_tokens)).scalars().all() == [100]


def test_other_labels_alone_do_not_make_a_conflict(database: Database) -> None:
    ledgers.add(database, [ledgers.event(id="a")])
    moved = ledgers.event(id="a", label_set=ledgers.labels(project="another"))
    assert ledgers.add(database, [moved]) == [Outcome.DUPLICATE]


def test_another_sender_with_the_same_id_is_another_event(database: Database) -> None:
    ours, theirs = (
        ledgers.event(id="a"),
        ledgers.event(id="a", label_set=ledgers.labels(namespace="other-proxy")),
    )
    assert ledgers.add(database, [ours, theirs]) == [Outcome.ACCEPTED, Outcome.ACCEPTED]


def test_a_sealed_day_takes_no_event_and_the_others_of_the_group_are_stored(
    database: Database,
) -> None:
    sealed_day = clock.day_of(ledgers.NOON_US)
    with database.transaction() as session:
        session.add(tables.usage.Day(day=sealed_day, last_written_at=0, sealed_at=1))
    late, fresh = ledgers.event(), ledgers.event(ledgers.NOON_US + clock.DAY_US)
    assert ledgers.add(database, [late, fresh]) == [Outcome.SEALED, Outcome.ACCEPTED]


def test_a_rolled_back_transaction_leaves_neither_event_nor_intake(database: Database) -> None:
    group = [ledgers.event()]
    database.prepare_days([clock.day_of(ledgers.NOON_US)])
    try:
        with database.transaction() as session:
            store.add(session, group, now_us=clock.now_us(), max_series=10)
            raise RuntimeError("stop before the commit")
    except RuntimeError:
        pass
    with database.snapshot() as session:
        assert (count(session), rollups.list_pending(session)) == (0, [])
    assert ledgers.add(database, group) == [Outcome.ACCEPTED]


def test_eight_threads_with_the_same_500_events_store_500(database: Database) -> None:
    group = [ledgers.event(id=str(number)) for number in range(500)]
    outcomes: list[Outcome] = []
    threads = [
        threading.Thread(target=lambda: outcomes.extend(ledgers.add(database, group)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (outcomes.count(Outcome.ACCEPTED), outcomes.count(Outcome.DUPLICATE)) == (500, 3_500)
    with database.snapshot() as session:
        assert (
            sum(
                sums.totals()[key][0]
                for sums in rollups.list_pending(session)
                for key in sums.totals()
            )
            == 500
        )


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(groups=st.lists(st.lists(ledgers.any_event(), max_size=30), max_size=4))
def test_every_event_has_one_outcome_and_the_intake_counts_what_was_accepted(
    database: Database, groups: list[list[Event]]
) -> None:
    with database.transaction() as session:
        for name in ("event", "event_meter", "intake", "series"):
            session.execute(text(f"DELETE FROM {name}"))
    outcomes = [outcome for group in groups for outcome in ledgers.add(database, group)]
    assert len(outcomes) == sum(map(len, groups))
    with database.snapshot() as session:
        accepted = outcomes.count(Outcome.ACCEPTED)
        counted = sum(
            amounts[0]
            for sums in rollups.list_pending(session)
            for amounts in sums.totals().values()
        )
        assert accepted == count(session) == counted


def test_an_unknown_count_is_stored_as_unknown_and_zero_as_zero(database: Database) -> None:
    ledgers.add(database, [ledgers.event(cached_input_tokens=None, reasoning_tokens=0)])
    with database.snapshot() as session:
        row = session.execute(select(EVENT.c.cached_input_tokens, EVENT.c.reasoning_tokens)).one()
        assert tuple(row) == (None, 0)


def test_a_writer_forgets_the_series_of_a_transaction_that_did_not_commit(
    database: Database,
) -> None:
    database.prepare_days([clock.day_of(ledgers.NOON_US)])
    memory, group = store.Memory(), [ledgers.event()]
    try:
        with database.transaction() as session:
            store.add(session, group, now_us=1, max_series=10, memory=memory)
            raise RuntimeError("stop before the commit")
    except RuntimeError:
        memory.forget()
    other = ledgers.event(label_set=ledgers.labels(project="another"))
    ledgers.add(database, [other])
    for sent in (group, [ledgers.event()]):
        with database.transaction() as session:
            assert store.add(session, sent, now_us=1, max_series=10, memory=memory) == [
                Outcome.ACCEPTED
            ]
        memory.confirm()
    with database.snapshot() as session:
        series_ids = set(session.execute(select(tables.SERIES.c.id)).scalars())
        assert set(session.execute(select(EVENT.c.series_id)).scalars()) == series_ids


def test_groups_of_any_size_and_share_of_repeats_are_stored_once(database: Database) -> None:
    memory = store.Memory()
    database.prepare_days([clock.day_of(ledgers.NOON_US)])
    group = [ledgers.event(id=str(number)) for number in range(700)]
    for start, end, new in ((0, 1, 1), (0, 300, 299), (10, 250, 0), (299, 700, 400), (0, 700, 0)):
        outcomes = add_as_a_writer(database, group[start:end], memory)
        assert (outcomes.count(Outcome.ACCEPTED), outcomes.count(Outcome.DUPLICATE)) == (
            new,
            end - start - new,
        )
    with database.snapshot() as session:
        assert count(session) == 700


def test_a_repeat_costs_a_transaction_at_most_once_and_then_the_writer_looks_first(
    database: Database,
) -> None:
    memory, group = store.Memory(), [ledgers.event(id=str(number)) for number in range(3)]
    database.prepare_days([clock.day_of(ledgers.NOON_US)])
    add_as_a_writer(database, group, memory)
    assert memory.wary_groups == 0
    assert add_as_a_writer(database, group, memory) == [Outcome.DUPLICATE] * 3
    wary_groups = memory.wary_groups
    for _ in range(wary_groups):
        with database.group() as session:
            store.add(session, [ledgers.event()], now_us=1, max_series=10, memory=memory)
    assert (wary_groups > 5, memory.wary_groups) == (True, 0)


@pytest.mark.parametrize("backend", ["postgresql"])
def test_looking_for_repeats_reads_their_keys_and_no_others(database: Database) -> None:
    """Without statistics of a young partition the planner would read all of it."""
    ledgers.add(database, [ledgers.event() for _ in range(2_000)])
    with database.snapshot() as session:
        rows = bulk.driver_of(session).execute(
            f"EXPLAIN {bulk.LOOK_UP}", (["ab"] * 500, clock.day_of(ledgers.NOON_US))
        )
        plan = "\n".join(line for (line,) in rows.fetchall())
    assert "AND (key = wanted.key)" in plan
    assert "Seq Scan" not in plan


def add_as_a_writer(database: Database, group: list[Event], memory: store.Memory) -> list[Outcome]:
    """Store a group as the collector's writer does: again where a repeat costs the transaction."""
    try:
        with database.group() as session:
            outcomes = store.add(session, group, now_us=1, max_series=10, memory=memory)
    except bulk.TransactionLost:
        with database.group() as session:
            outcomes = store.add(session, group, now_us=1, max_series=10, memory=memory)
    memory.confirm()
    return outcomes


@pytest.mark.parametrize("is_grouped", [True, False])
def test_a_larger_snapshot_replaces_the_stored_one_and_a_smaller_one_changes_nothing(
    database: Database, *, is_grouped: bool
) -> None:
    small, middle, large = (
        ledgers.event(id="a", output_tokens=tokens, is_snapshot=True) for tokens in (1, 50, 100)
    )
    sent = [middle, large, small, large]
    groups = [sent] if is_grouped else [[event] for event in sent]
    outcomes = [outcome for group in groups for outcome in ledgers.add(database, group)]
    assert outcomes == [Outcome.ACCEPTED, Outcome.GROWN, Outcome.DUPLICATE, Outcome.DUPLICATE]
    with database.snapshot() as session:
        assert session.execute(select(EVENT.c.output_tokens)).scalars().all() == [100]


@pytest.mark.parametrize(
    "changed",
    [
        {"input_tokens": 500, "output_tokens": 200},
        {"output_tokens": 200, "label_set": ledgers.labels(model="gpt-4.1-mini")},
        {"output_tokens": 200, "label_set": ledgers.labels(project="another")},
        {"output_tokens": 200, "label_set": ledgers.labels(service_tier="unknown")},
        {"output_tokens": 200, "label_set": ledgers.labels(usage_source="gateway_cache")},
    ],
)
def test_a_snapshot_that_says_less_or_is_of_another_model_or_project_is_a_conflict(
    database: Database, changed: dict[str, object]
) -> None:
    ledgers.add(database, [ledgers.event(id="a", is_snapshot=True)])
    other = ledgers.event(id="a", is_snapshot=True, **changed)  # type: ignore[arg-type]  # as there
    assert ledgers.add(database, [other]) == [Outcome.CONFLICT]
    with database.snapshot() as session:
        assert session.execute(select(EVENT.c.output_tokens)).scalars().all() == [100]


def test_a_snapshot_brings_its_cost_latency_and_meters(database: Database) -> None:
    begun = ledgers.event(id="a", is_snapshot=True, cached_input_tokens=None)
    ended = ledgers.event(
        id="a",
        is_snapshot=True,
        latency_ms=900,
        sender_cost_pico_usd=77,
        meters=(("web_searches", 2),),
    )
    ledgers.add(database, [begun])
    assert ledgers.add(database, [ended]) == [Outcome.GROWN]
    assert ledgers.add(database, [ended, begun]) == [Outcome.DUPLICATE] * 2
    with database.snapshot() as session:
        columns = EVENT.c.cached_input_tokens, EVENT.c.latency_ms, EVENT.c.sender_cost_pico_usd
        assert session.execute(select(*columns)).one() == (0, 900, 77)
        assert session.execute(select(tables.EVENT_METER.c.quantity)).scalars().all() == [2]


def test_a_snapshot_grows_although_its_names_are_folded_by_now(database: Database) -> None:
    few = ledgers.SETTINGS.model_copy(update={"max_series": 1})
    begun = ledgers.event(id="a", is_snapshot=True)
    longer = ledgers.labels(context_band=2**15)
    grown = ledgers.event(id="a", is_snapshot=True, input_tokens=40_000, label_set=longer)
    larger = ledgers.event(id="a", is_snapshot=True, input_tokens=41_000, label_set=longer)
    outcomes = [ledgers.add(database, [event], few) for event in (begun, grown, larger)]
    assert outcomes == [[Outcome.ACCEPTED], [Outcome.GROWN], [Outcome.GROWN]]


def test_eight_threads_with_the_snapshots_of_one_stream_store_the_largest(
    database: Database, database_url: str
) -> None:
    snapshots = [
        ledgers.event(
            id=str(number),
            output_tokens=100 * size,
            input_tokens=25_000 * size,
            label_set=ledgers.labels(context_band=events.context_band(25_000 * size)),
            is_snapshot=True,
        )
        for size in range(1, 9)
        for number in range(20)
    ]
    outcomes: list[Outcome] = []

    def send(seed: int) -> None:
        own, order = Database(database_url), random.Random(seed).sample(snapshots, len(snapshots))  # noqa: S311  # repeatable on purpose
        for start in range(0, len(order), 40):
            outcomes.extend(ingest.commit_group(own, order[start : start + 40], max_series=1_000))
            rollup.roll_up(own, 10)
        own.close()

    threads = [threading.Thread(target=send, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rollup.roll_up(database, 10)
    assert len(outcomes) == 4 * len(snapshots)
    assert outcomes.count(Outcome.ACCEPTED) == 20
    assert set(outcomes) == {Outcome.ACCEPTED, Outcome.GROWN, Outcome.DUPLICATE}
    assert [check for check in checks.verify(database) if check.findings] == []
    with database.snapshot() as session:
        columns = rollups.TOTAL.c.requests, rollups.TOTAL.c.output_tokens
        assert session.execute(select(*columns)).all() == [(20, 16_000)]
